"""What is looked at before the first byte is copied: a sentence for each reason not to start, or to take care."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from auditor import config
from auditor.copier.plan import Action, CopyStep
from auditor.disk import own_notes
from auditor.disk.marker import Marker, SourceMark, is_kept
from auditor.disk.mounts import is_where_disks_go
from auditor.disk.volume import Volume
from auditor.errors import BadPlace
from auditor.model import Device, Refusal
from auditor.paths import display_path, typed_path
from auditor.places import Place, candidates
from auditor.places.nesting import lies_in
from auditor.places.trash import LIES_IN_ONE, is_of_a_program, will_be_emptied
from auditor.store.generations import Remembered, Store
from auditor.words import counted, percent, size

FULL_PHONE = 0.95
SHARP_DROP = 0.5
FEW_FILES = 10
_FILE_COST_BYTES = 8 << 10
_WRITES = frozenset({Action.COPY, Action.REPAIR})
NEW_PLACE, SHRUNK = "--new-place", "--shrunk"
"""The options by which the user says that what speaks against a backup is meant."""


def overlap(source: Place, root: Path, source_is: str = "source", root_is: str = "backup") -> str | None:
    """Why nothing can be copied from the one folder to the other, by whatever links and mounts; None where it can.

    `source_is` and `root_is` are what the two are called.
    """
    top = source.local_root
    if top is None:
        return None
    a, b = top.resolve(), root.resolve()
    inside, around = lies_in(b, a), lies_in(a, b)
    if inside and around:
        return f"The {source_is} and the {root_is} are the same folder ({root}); name another folder for the {root_is}."
    if inside:
        return f"The {root_is} {root} lies inside the {source_is} {top}; name a folder outside of it."
    if around:
        return f"The {source_is} {top} lies inside the {root_is} {root}; name a folder outside of it."
    return None


def in_bin(root: Path) -> str | None:
    """Why a folder that will be emptied is no place for a backup; None where it is none."""
    if will_be_emptied(f"{root.resolve().as_posix()}/"):
        return f"{root} {LIES_IN_ONE}; name a folder outside of it, or move it out."
    whole = root.resolve()
    if is_kept(whole):  # it was said of it before the first copy
        return None
    for folder in (whole, *whole.parents):
        if is_of_a_program(f"{folder.name}/") and _is_a_top(folder.parent):
            return f"{root} lies in {folder}, which may be a program's own and be emptied; name a folder outside of it."
    return None


def _is_a_top(folder: Path) -> bool:
    """Whether programs put their own folders there: the top of a disk or of a backup. A person's home is none."""
    if folder in (Path(folder.anchor), typed_path("~")):
        return False
    return folder.is_mount() or is_kept(folder)


def wrong_disk(root: Path, marker: Marker | None, volume: Volume, expected_id: str | None) -> list[Refusal]:
    """Reasons to think that this is not the disk that is meant."""
    if expected_id is not None and (marker is None or marker.id != expected_id):
        found = "there is no backup there now" if marker is None else "another backup is there now"
        return [
            Refusal(
                f"{root} held a backup before, and {found}: is the right disk connected and mounted?"
                f" If a new backup is meant, add {NEW_PLACE}.",
                NEW_PLACE,
            )
        ]
    if marker is None and (now := candidates.gone(root) or _is_away(root)):
        return [
            Refusal(
                f"{root} {now}: is its disk connected and mounted? If a new backup is meant, add {NEW_PLACE}.",
                NEW_PLACE,
            )
        ]
    on_system_disk = os.name == "posix" and volume.device == Path("/").stat().st_dev
    if marker is None and on_system_disk and _is_mount_point_by_name(root):
        return [
            Refusal(
                f"No disk is mounted at {root}: the files would go to this machine's own disk."
                f" Connect and mount the disk, or add {NEW_PLACE} if this is meant.",
                NEW_PLACE,
            )
        ]
    return []


def _is_away(root: Path) -> str | None:
    """What a folder that the user has named is now, where not even the folder around it is there; None where it is."""
    if config.load().name_of(str(root)) is None or os.path.lexists(root.parent):
        return None
    return "is a place of your config, and the folder around it is not there now"


def shrunk(mark: SourceMark | None, files: int, label: str) -> list[Refusal]:
    """Reasons to think that the source did not list all it has. `files` counts what is not left out."""
    if files == 0:
        return [
            Refusal(
                f"{label} lists no files to back up: is it unlocked, set to file transfer, and the right folder?"
                " Nothing was done."
            )
        ]
    if mark is not None and mark.files >= FEW_FILES and files < mark.files * SHARP_DROP:
        return [
            Refusal(
                f"{label} lists {counted(files, 'file', 'files')}; the last time there were {mark.files:,}. Is it"
                f" unlocked, and all there? If you removed the others on purpose, add {SHRUNK}.",
                SHRUNK,
            )
        ]
    return []


def without_room(steps: Iterable[CopyStep], volume: Volume) -> tuple[CopyStep, ...]:
    """The same steps; a file that alone is larger than the free space cannot be copied, and keeps no other from it."""
    free = volume.free_bytes
    return tuple(
        replace(
            step,
            action=Action.CANNOT,
            no_room=True,
            reason=f"{size(step.size_bytes or 0)}: the destination has only {size(free)} free; make room, or use a"
            " larger disk",
        )
        if free is not None and step.action in _WRITES and _need([step]) > free
        else step
        for step in steps
    )


def space(steps: Iterable[CopyStep], volume: Volume) -> list[Refusal]:
    """A reason where the files do not fit, with a margin of 1%; none where the free space is not known."""
    new = [step for step in steps if step.action in _WRITES]
    need = _need(new)
    if not new or volume.free_bytes is None or need <= volume.free_bytes:
        return []
    needing = counted(len(new), "new file needs", "new files need")
    return [
        Refusal(
            f"The destination has {size(volume.free_bytes)} free; {needing} {size(need)}. Make room, or use a larger"
            " disk."
        )
    ]


def _need(steps: Iterable[CopyStep]) -> int:
    need = sum((step.size_bytes or 0) + _FILE_COST_BYTES for step in steps)
    return need + need // 100


def full_phone(device: Device | None) -> list[str]:
    """A warning where the phone has hardly any space left: cameras then lose pictures."""
    if device is None or not device.storage_total_bytes or device.storage_free_bytes is None:
        return []
    used = 1 - device.storage_free_bytes / device.storage_total_bytes
    if not device.is_phone or used <= FULL_PHONE:
        return []
    return [
        f"The phone's storage is {percent(used)} full; new pictures may be lost. After the backup, free some space."
    ]


def names(pairs: Sequence[tuple[str, str]], escaped: Sequence[str]) -> list[str]:
    """Warnings about names that the destination cannot hold, or not beside each other."""
    told = []
    if pairs:
        first, second = map(display_path, pairs[0])
        told.append(
            f"{counted(len(pairs), 'file', 'files')} would have the name of another there ({second} and {first});"
            " both are kept, one with a mark in its name."
        )
    if escaped:
        told.append(
            f"{counted(len(escaped), 'file', 'files')} cannot have the same name there ({escaped[0]});"
            " it is written with %XX, and the manifest keeps the original."
        )
    return told


def remembered(root: Path) -> Remembered | None:
    """The backup that this machine last saw at this path; None where it saw none."""
    return _registry().get(str(root.resolve()))


def seen_here() -> list[Path]:
    """Where this machine saw backups; whether they are there now is not said."""
    return [Path(path) for path in _registry()]


def remember(root: Path, backup_id: str, generation: int = 0, *, lower: bool = True) -> None:
    """Keeps in mind which backup lies at this path, and its last generation. `lower` False: never an earlier one than
    before of the same backup. Where that cannot be kept, only these safeguards are lost."""

    def fresh(noted: object) -> dict[str, object]:
        before = None if noted is None else _remembered(noted)
        last = before.generation if before is not None and before.id == backup_id and not lower else 0
        return {"id": backup_id, "generation": max(generation, last)}

    own_notes.change("backups", str(root.resolve()), fresh)


def remember_last(store: Store, *, lower: bool = True) -> None:
    """`remember` for a backup as it is now."""
    with contextlib.suppress(OSError, BadPlace):
        if (marker := store.marker()) is not None:
            remember(store.root, marker.id, marker.generation, lower=lower)


def _registry() -> dict[str, Remembered]:
    return {path: _remembered(one) for path, one in own_notes.recall("backups").items()}


def _remembered(value: object) -> Remembered:
    """Earlier versions kept the id alone."""
    if not isinstance(value, dict):
        return Remembered(str(value))
    number = value.get("generation")
    return Remembered(str(value.get("id")), number if type(number) is int else 0)


def _is_mount_point_by_name(root: Path) -> bool:
    path = root.absolute()
    if is_where_disks_go(path):
        return True
    try:
        table = Path("/etc/fstab").read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    points = [fields[1] for line in table if len(fields := re.split(r"\s+", line.strip())) > 1 and line[:1] != "#"]
    return any(p not in {"/", "none", "swap"} and path.is_relative_to(p) for p in points if p.startswith("/"))
