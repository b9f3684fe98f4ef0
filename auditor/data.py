"""Where the data that ships with the program lies: `rules/` and `reports/`, in a checkout and in a wheel alike."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `rules` or `reports` that belongs to this copy of the program.

    Raises: FileNotFoundError if the program was installed without its data.
    """
    for base in (_PACKAGE / "data", _PACKAGE.parent):
        if (base / name).is_dir():
            return base / name
    raise FileNotFoundError(f"auditor was installed without its folder {name!r}; install it again")
