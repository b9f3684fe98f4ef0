"""The last lists of each place, kept in the user's cache folder: unchanged files need not be read again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from platformdirs import user_cache_path

from auditor.errors import BadManifest
from auditor.manifest.jsonl import Manifest, load
from auditor.model import Depth
from auditor.places import Place


def key(place: Place) -> str:
    """What the lists of a place are kept under: its id, and where it lies. A copied backup has the id of the first."""
    return f"{place.id} {getattr(place, 'location', '')}"


def find(of: str) -> list[Manifest]:
    """The last lists kept under a key, one a depth at most, the newest first; those that are not whole are passed
    over."""
    found = []
    for depth in Depth:
        with contextlib.suppress(BadManifest):
            found.append(load(_path(of, depth)))
    return sorted(found, key=lambda manifest: manifest.footer.finished, reverse=True)


def keep(manifest: Manifest, of: str) -> None:
    """Keeps a manifest under a key. A cache that cannot be written costs only time.

    A list that broke off does not take the place of one that knows more files.
    """
    path = _path(of, manifest.header.depth)
    if not manifest.footer.complete:
        with contextlib.suppress(BadManifest):
            if load(path).footer.files > manifest.footer.files:
                return
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)  # names and places of photos are private
        fresh = path.with_name(path.name + f".{os.getpid()}.tmp")
        shutil.copyfile(manifest.path, fresh)
        fresh.replace(path)


def _path(of: str, depth: Depth) -> Path:
    base = os.environ.get("AUDITOR_CACHE_DIR")
    folder = Path(base) if base else user_cache_path("auditor", appauthor=False)
    name = hashlib.sha256(of.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return folder / "lists" / f"{name}-{depth.value}.jsonl"
