"""The last list of each place, kept in the user's cache folder: unchanged files need not be read again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from platformdirs import user_cache_path

from auditor.errors import BadManifest
from auditor.manifest.jsonl import Manifest, load


def _path(place_id: str) -> Path:
    base = os.environ.get("AUDITOR_CACHE_DIR")
    folder = Path(base) if base else user_cache_path("auditor", appauthor=False)
    return folder / "lists" / f"{hashlib.sha256(place_id.encode()).hexdigest()[:32]}.jsonl"


def find(place_id: str) -> Manifest | None:
    """The last list of a place, None where there is none or it is not whole."""
    try:
        manifest = load(_path(place_id))
    except BadManifest:
        return None
    return manifest if manifest.header.place_id == place_id else None


def keep(manifest: Manifest) -> None:
    """Keeps a manifest as the last list of its place. A cache that cannot be written costs only time."""
    path = _path(manifest.header.place_id)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)  # names and places of photos are private
        fresh = path.with_name(path.name + f".{os.getpid()}.tmp")
        shutil.copyfile(manifest.path, fresh)
        fresh.replace(path)
