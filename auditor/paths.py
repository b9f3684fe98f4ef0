"""A path as people type it, and as a list holds it: its bytes, by which lists are sorted, and text that shows every
path and no other."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path

_LOOKS_ESCAPED = re.compile(r"\\x[0-9a-f]{2}")


def typed_path(text: str) -> Path:
    """The path that a person typed: `~/x` and `~anna/x` lie in a home. Where no user has that name, or nothing says
    where the home is, it is as it was typed, as shells have it. Raises nothing."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 (Path's own raises there, and takes `./~anna` for a home)


def path_key(path: str) -> bytes:
    """The bytes that manifests are sorted by: the path's own, whatever the machine's encoding."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a UTF-16 pair, which Windows allows in names
        return path.encode("utf-8", "surrogatepass")


def path_of(raw: bytes) -> str:
    """The inverse of `path_key`: bytes that are not UTF-8 become surrogate escapes."""
    if sys.platform == "win32":
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode("utf-8", "surrogatepass")
    return raw.decode("utf-8", "surrogateescape")


def display_path(path: str) -> str:
    """A path that is text everywhere, and no other path's: bytes that are not UTF-8 are shown as `\\xff`.

    In a path that holds such bytes, or something that looks like their escape, backslashes are doubled.
    """
    if "\0" not in path and not _LOOKS_ESCAPED.search(path):
        try:
            path.encode()
        except UnicodeEncodeError:
            pass
        else:
            return path
    raw = path_key(path).replace(b"\\", b"\\\\").replace(b"\0", b"\\x00")
    return raw.decode("utf-8", "backslashreplace")


def path_shown(shown: str) -> str:
    """The path that `display_path` shows so."""
    if not _LOOKS_ESCAPED.search(shown):
        return shown
    raw = re.sub(
        rb"\\(?:x([0-9a-f]{2})|\\)",
        lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"\\",
        path_key(shown),
    )
    return path_of(raw)
