"""What lies beneath a backup and may be a phone or a card itself: a folder in it, or what is mounted there.

It is asked what a backup is asked as a whole. Who named the folder around it may well mean a copy, so its files are
counted; but nothing goes by them, and it is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.audit import refusals, roles
from auditor.audit.inputs import Side, place_behind
from auditor.database import exchange as compared
from auditor.database.connection import Database
from auditor.disk.volume import mounted_beneath
from auditor.places.folder import FolderPlace
from auditor.places.phone_marks import marks_of, maybe_phone_around


@dataclass(frozen=True, slots=True)
class Beneath:
    """A folder beneath a backup that may be a phone. `folders` are those of the backup's list that lie in it, as the
    list has them; `pair` is the source and it."""

    label: str
    folders: tuple[str, ...]
    pair: roles.Pair
    doubt: refusals.Doubt


def beneath(
    db: Database, source: Side, backups: Sequence[Side], pairs: Sequence[roles.Pair], doubted: Iterable[str]
) -> list[Beneath]:
    """What lies beneath the backups, but for those that are `doubted` as a whole (labels), and holds what the source
    holds. Where a backup is elsewhere, or packed, nothing is known of it."""
    found = []
    around = maybe_phone_around()
    for number, (backup, pair) in enumerate(zip(backups, pairs, strict=True)):
        place = place_behind(backup)
        if backup.label in doubted or place is None or place.is_packed:
            continue
        for thing in place.local_things:
            root = thing.resolve()
            phones: dict[Path, list[str]] = {}
            for listed in compared.folders_in_both(db, number):
                phone = around((root / listed.raw_path).parent)
                if phone is not None and _is_beneath(phone, root):
                    phones.setdefault(phone, []).append(listed.path.rpartition("/")[0])
            for phone, folders in phones.items():
                asked = _pair_of(pair, root, phone)
                if asked.maybe_phone:
                    doubt = refusals.doubt_of_part(asked, source.spec, backup.spec)
                    found.append(Beneath(backup.label, tuple(folders), asked, doubt))
    return found


def mounted(root: Path, pair: roles.Pair) -> roles.Pair | None:
    """The source and the first phone or card that is mounted beneath the folder of a backup; None where none is. Its
    files are its own, not the backup's."""
    top = root.resolve()
    for point in mounted_beneath(top):
        for phone in (point, *_folders_of(point)):
            if phone != top and marks_of(phone) and (asked := _pair_of(pair, top, phone)).maybe_phone:
                return asked
    return None


def told_of(root: Path, folders: Iterable[Path], pair: roles.Pair) -> list[str]:
    """What is to be said of a backup beneath which these folders, absolute, lie: which of them may be a phone."""
    top, around = root.resolve(), maybe_phone_around()
    phones = dict.fromkeys(phone for folder in folders if (phone := around(folder)) and _is_beneath(phone, top))
    asked = (_pair_of(pair, top, phone) for phone in phones)
    return [refusals.warning_of_part(one) for one in asked if one.maybe_phone]


def _pair_of(pair: roles.Pair, root: Path, phone: Path) -> roles.Pair:
    """The same source with a folder beneath the backup. The record of the backup around says nothing of it."""
    spec = str(Path(pair.backup.spec) / phone.relative_to(root)) if Path(pair.backup.spec).is_dir() else str(phone)
    own = replace(roles.role_of(FolderPlace(phone, spec)), sources={}, is_kept=False, was_begun=False)
    return replace(pair, backup=own)


def _is_beneath(phone: Path, root: Path) -> bool:
    return phone != root and phone.is_relative_to(root)


def _folders_of(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())
    except OSError:  # said where it is listed
        return []
