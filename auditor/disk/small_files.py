"""Small files that anybody may have written: place records, policies, waivers, baselines, plans, journals, records.

One that lies there may be a FIFO, a device, a link to one, endless, or nested a hundred thousand deep. All of that is
an OSError or a ValueError here, with words for a sentence, and never a wait, a crash or all of the memory.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

MOST_BYTES = 16 << 20
"""No small file is larger, unless the caller knows better."""

MOST_DEPTH = 50
"""Nothing that this program reads from TOML or JSON is nested deeper."""

T = TypeVar("T")

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_TOO_DEEP = "it is nested too deeply"
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){50}""")
"""A dotted key of so many parts; tomllib takes a time for one that grows with the square of its length."""
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def read(
    path: Path | str, most_bytes: int = MOST_BYTES, *, follow_link: bool = True, dir_fd: int | None = None
) -> bytes:
    """The bytes of a regular file. With `dir_fd`, `path` is below that open folder.

    `follow_link` is about the file itself, not about the folders on the way to it.
    Raises: OSError where it is not there, is no regular file, is larger than `most_bytes`, or cannot be read.
    """
    with open_file(path, follow_link=follow_link, dir_fd=dir_fd) as stream:
        if os.fstat(stream.fileno()).st_size > most_bytes:
            raise _too_large(most_bytes)
        return read_stream(stream, most_bytes)


def open_file(path: Path | str, *, follow_link: bool = True, dir_fd: int | None = None) -> BinaryIO:
    """An open regular file of any size, without ever waiting for a writer at its other end. Raises: OSError."""
    # Before it is opened: opening a device may already do something, and opening a FIFO wakes who writes into it.
    _must_be_file(os.stat(path, dir_fd=dir_fd, follow_symlinks=follow_link))
    stream = os.fdopen(os.open(path, _FLAGS | (0 if follow_link else _NO_LINK), dir_fd=dir_fd), "rb")
    try:
        _must_be_file(os.fstat(stream.fileno()))
    except OSError:
        stream.close()
        raise
    return stream


def read_stream(stream: BinaryIO, most_bytes: int = MOST_BYTES) -> bytes:
    """All that an open file holds.

    Raises: OSError where it is more than `most_bytes`, whatever size it claims to be, or cannot be read.
    """
    parts: list[bytes] = []
    left = most_bytes + 1
    while left and (part := stream.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    if not left:
        raise _too_large(most_bytes)
    return b"".join(parts)


def parse_toml(content: bytes) -> dict[str, Any]:
    """What a TOML file says, with or without a byte-order mark. Raises: ValueError where it is no TOML."""
    try:
        text = content.decode("utf-8-sig")
        if _LONG_KEY.search(text):
            raise ValueError(_TOO_DEEP)
        found = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 (byte {error.start:,})") from error
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    _must_be_shallow(found)
    return found


def parse_json(content: bytes) -> Any:
    """What a JSON file says, with or without a byte-order mark. Raises: ValueError where it is no JSON."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 (byte {error.start:,})") from error
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    _must_be_shallow(found)
    return found


def value_of(table: object, name: str, kind: type[T], *, default: T | None = None) -> T:
    """A value of a table that anybody may have written, `default` where it is absent.

    Raises: ValueError, with words for a sentence, where there is no such value or it is of another type.
    """
    if not isinstance(table, Mapping):
        raise ValueError(f"it is {shown(table)}, not {_WORDS[dict]}")
    if name not in table and default is not None:
        return default
    if name not in table:
        raise ValueError(f"it has no {name}")
    value = table[name]
    if type(value) is not kind:
        raise ValueError(f"its {name} is {shown(value)}, not {_WORDS[kind]}")
    return value


_WORDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def shown(value: object) -> str:
    """A value of a small file in a sentence: short, and without Python's words."""
    if isinstance(value, list | Mapping):
        return _WORDS[list if isinstance(value, list) else dict]
    text = value if isinstance(value, str) else "null" if value is None else str(value)
    text = text if len(text) <= 40 else f"{text[:40]}..."
    return repr(text) if isinstance(value, str) else text.lower()


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be read or understood, for the end of a sentence."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _must_be_shallow(found: Any) -> None:
    """What parsed may still be too deep to be shown or compared: `a.a.a.a` in TOML nests without recursion."""
    level = [found]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _too_large(most_bytes: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {most_bytes:,} bytes, which such a file never is")


def _must_be_file(facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        kinds = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link"}
        raise OSError(errno.EINVAL, f"it is {kinds.get(stat.S_IFMT(facts.st_mode), 'a device')}, not a file")
