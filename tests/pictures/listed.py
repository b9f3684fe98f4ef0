"""Files as a list has them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from auditor.pictures.as_listed import AsListed
from auditor.places.folder import open_folder


def as_listed(folder: Path, name: str) -> AsListed:
    """A file of a folder as a list has it that was made now, or one that is not there; told by its bytes alone."""
    path = folder / name
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "0" * 64
    return AsListed(open_folder(str(folder)), name, sha256)
