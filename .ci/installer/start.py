"""What the installed program starts with. Its own executable takes the place of Python, which the program calls for its
workers as `python -m auditor....`; without words, the one called auditor-app opens the browser."""

from __future__ import annotations

import multiprocessing
import runpy
import sys
from pathlib import Path

_WITH_VALUE = ("-X", "-W")


def main() -> None:
    """Runs a module of ours where that is what was asked for, else the command line."""
    words = sys.argv[1:]
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "-m":
        at += 2 if words[at] in _WITH_VALUE else 1
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
    main()
