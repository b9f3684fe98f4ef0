"""The words that name a place, and which module opens each of them.

`adb:SERIAL/path`, `mtp:`, `rclone:REMOTE:PATH`, `takeout:FOLDER`, an archive, or a folder. A manifest is no place; the
command line asks `manifest` about it first.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import cast

from auditor.errors import BadPlace
from auditor.paths import typed_path
from auditor.places import Place
from auditor.places.mtp import mount_around

OPENERS = {
    "adb": "auditor.places.adb:open_adb",
    "archive": "auditor.places.archive:open_archive",
    "mtp": "auditor.places.mtp:open_mtp",
    "rclone": "auditor.places.rclone:open_rclone",
    "takeout": "auditor.places.takeout:open_takeout",
    "folder": "auditor.places.folder:open_folder",
}
"""Kind of place to the function that opens it from what the user typed after the kind's word (folder, archive: all).

Modules are imported when they are asked for: a folder needs no phone's code."""

PREFIXED = ("adb", "mtp", "rclone", "takeout")
"""The kinds that are named by a word and a colon; the others are found by what lies at the path."""

_WORD = re.compile(r"([A-Za-z][A-Za-z0-9_+-]+):(.*)", re.DOTALL)  # two letters or more: `C:\photos` is a folder


def kind_of(spec: str) -> tuple[str, str]:
    """The kind of place that `spec` names, and the words for its opener. Looks at the disk, opens nothing but archives.

    Raises: BadPlace where `spec` is empty or begins with a word that is no kind of place.
    """
    if not spec:
        raise BadPlace(
            "no place was named; name a folder, an archive, or adb:, mtp:, rclone:REMOTE:PATH, takeout:FOLDER"
        )
    match = _WORD.fullmatch(spec)
    if match and match[1].lower() in PREFIXED:
        return match[1].lower(), match[2]
    path = typed_path(spec)
    if match and not path.exists():
        raise BadPlace(
            f"there is no place {spec}: {match[1]}: is not one of {', '.join(f'{word}:' for word in PREFIXED)}"
            f" (for a remote of rclone write rclone:{spec})"
        )
    if path.is_file():
        return "archive", spec
    # A mounted phone looks like any other folder, but its dates and sizes are not to be trusted.
    return ("mtp" if mount_around(path.absolute()) else "folder"), spec


def open_place(spec: str) -> Place:
    """The place that the user named with `spec`, on the command line or in the configuration.

    Never words out of a list, plan or journal: those may name a remote that runs a program. For them there is
    `recorded.recorded_place`.

    Raises: BadPlace, with one sentence, where it is not there or cannot be reached.
    """
    kind, words = kind_of(spec)
    if kind not in OPENERS:
        raise BadPlace(f"{spec} cannot be opened: this version reads no {kind} places")
    module, _, function = OPENERS[kind].partition(":")
    opener = cast(Callable[[str], Place], getattr(importlib.import_module(module), function))
    return opener(words)
