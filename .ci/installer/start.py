"""What the installed program starts with. Its own executable takes the place of Python, which the program calls for its
workers as `python -m auditor....`; without words, the one called auditor-app opens the browser."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from pathlib import Path

_WITH_VALUE = ("-X", "-W")
_ALONE = ["-I", "-S"]


def give_back_libraries() -> None:
    """What is started from here (a browser, adb) gets the system's own libraries. Source: PyInstaller's manual,
    Launching External Programs from the Frozen Application."""
    if (before := os.environ.pop("LD_LIBRARY_PATH_ORIG", None)) is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    elif sys.platform == "linux":
        os.environ.pop("LD_LIBRARY_PATH", None)


def main() -> None:
    """Runs a module of ours where that is what was asked for, else the command line."""
    words = sys.argv[1:]
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-m", "-c"):
        at += 2 if words[at] in _WITH_VALUE else 1
    if words[:at] == _ALONE and words[at : at + 1] == ["-c"]:
        sys.argv = ["-c", *words[at + 2 :]]
        exec(words[at + 1], {"__name__": "__main__"})  # noqa: S102 - of ours: what a person types begins otherwise
        return
    if words[at : at + 1] == ["-m"] and words[at + 1 : at + 2] and words[at + 1].partition(".")[0] == "auditor":
        sys.argv = [words[at + 1], *words[at + 2 :]]
        runpy.run_module(words[at + 1], run_name="__main__", alter_sys=True)
        return
    if not words and Path(sys.executable).stem == "auditor-app":
        sys.argv.append("app")
    from auditor.__main__ import main as command

    command()


if __name__ == "__main__":
    multiprocessing.freeze_support()
    give_back_libraries()
    main()
