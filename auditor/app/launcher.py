"""An entry among this system's programs, so that `auditor app` is a double click."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from platformdirs import user_data_path

from auditor import data as shipped
from auditor.app.commands import argv
from auditor.errors import BadOutput

_OURS = "auditor app"
"""What every entry of ours holds: another file of that name is left alone."""


def install() -> Path:
    """Writes the entry, and returns where it is. One that an earlier installation wrote is replaced.

    Raises: BadOutput where it cannot be written, or something else has that name.
    """
    path, content = _entry()
    try:
        if path.is_symlink() or (path.exists() and _OURS not in path.read_text("utf-8", "replace")):
            raise BadOutput(f"{path} is there already and not ours; nothing is written over. Move it away first")
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(content, "utf-8", newline="\r\n" if sys.platform == "win32" else "\n")
        fresh.chmod(0o755)
        fresh.replace(path)
    except OSError as error:
        raise BadOutput(f"{path} cannot be written: {error.strerror}") from error
    return path


def _entry() -> tuple[Path, str]:
    words = argv("app")
    if sys.platform == "win32":  # a file in this folder is an entry of the Start menu
        menu = (
            Path(os.environ.get("APPDATA", Path.home() / "AppData/Roaming")) / "Microsoft/Windows/Start Menu/Programs"
        )
        return menu / "Auditor.cmd", f"@rem {_OURS}\n@{subprocess.list2cmdline(words)} || @pause\n"
    if sys.platform == "darwin":
        return Path.home() / "Applications/Auditor.command", f"#!/bin/sh\n# {_OURS}\nexec {shlex.join(words)}\n"
    return _desktop(words)


def _desktop(words: list[str]) -> tuple[Path, str]:
    """By the Desktop Entry Specification of freedesktop.org, 1.5."""
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        "Name=Auditor",
        "Comment=Is every photo of the phone safe in its backup?",
        f"Exec={' '.join(map(_quoted, words))}",
        f"Icon={shipped.folder('reports') / 'app' / 'icon.svg'}",
        "Terminal=false",
        "Categories=Utility;Archiving;",
        f"X-Made-By={_OURS}",
    ]
    return user_data_path() / "applications" / "auditor.desktop", "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    for sign in '\\"`$':
        word = word.replace(sign, "\\" + sign)
    return '"' + word.replace("\\", "\\\\").replace("%", "%%") + '"'
