"""Names that come from outside: whether one may be a path below a root, and how it is written in a row if not.

An archive, a foreign manifest or a remote may name anything. A row's path is always relative, with `/`, without `.`
and `..`; what would lead out of the root keeps its row, quoted, with the reason beside it.
"""

from __future__ import annotations

import re

from auditor.model import ErrorKind, Trouble

_DRIVE = re.compile(r"[A-Za-z]:(?=[\\/]|$)")


def row_path(name: str) -> tuple[str, Trouble | None]:
    """The path for a row, and why the name must never be used as a path; None where it may.

    `./a//b` becomes `a/b`. An absolute name, a drive and `..` are refused, and quoted with percent signs: `../a`
    becomes `%2E%2E/a`. A backslash is a letter like others here; a place of Windows turns it into `/` before.
    """
    reason: Trouble | None = None
    if not name.strip("/."):
        return (name.replace(".", "%2E").replace("/", "%2F") or "%00"), Trouble(
            ErrorKind.SPECIAL, "not the name of a file"
        )
    quoted = name
    if name.startswith("/"):
        reason = Trouble(ErrorKind.REFUSED, "an absolute name, which would lead out of its folder")
        quoted = "%2F" + name.lstrip("/")
    elif _DRIVE.match(name) or name.startswith("\\\\"):
        reason = Trouble(ErrorKind.REFUSED, "an absolute name, which would lead out of its folder")
        quoted = name.replace(":", "%3A", 1).replace("\\", "%5C")
    if "\0" in name:
        reason = Trouble(ErrorKind.REFUSED, "a name with a NUL byte")
        quoted = quoted.replace("\0", "%00")
    parts = []
    for part in quoted.split("/"):
        if part == ".." or re.fullmatch(r"(?:.*\\)?\.\.(?:\\.*)?", part, re.DOTALL):
            reason = Trouble(ErrorKind.REFUSED, "`..` in the name, which would lead out of its folder")
            part = part.replace("..", "%2E%2E")
        if part not in ("", "."):
            parts.append(part)
    return "/".join(parts), reason
