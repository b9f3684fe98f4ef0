"""Which place is the phone, and which is the backup: a wrong order must not be believed, advised or written.

What a place says of itself decides: the record that a backup keeps, and the marks of a phone. What the two hold does
not: a backup with more in it than the phone is what is left after the phone was cleared.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor.audit.inputs import Side
from auditor.disk import marker as markers
from auditor.places import Place
from auditor.places.folder import FolderPlace, recorded_folder
from auditor.places.mtp import mount_around
from auditor.words import typed, visible

_PHONES = ("adb", "mtp")
_PHONE_FOLDERS = ("DCIM", "Android")
"""What lies at the top of every Android phone's storage and of a card that one has used."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a place says of itself. `ids` are the names by which a backup knows it as a source, those of the folders
    around it too; none of a backup's own. `sources` are those whose files it holds by its own record, label by id.

    `is_kept`: it is a backup with such a record. `is_phone`: the way to it leads to a phone. `looks_like_phone`: its
    folders are a phone's, as those of a copy by hand are too. `part_of_backup` and `part_of_phone`: the folder around
    it that is the whole of it, as it is typed; None where this place is the whole itself, or is none. `holds`: that
    nothing is there yet, in words; "" for all else: an unmounted disk or a mistyped name looks so.
    """

    spec: str
    label: str
    ids: frozenset[str] = frozenset()
    sources: Mapping[str, str] = field(default_factory=dict)
    is_kept: bool = False
    is_phone: bool = False
    looks_like_phone: bool = False
    part_of_backup: str | None = None
    part_of_phone: str | None = None
    holds: str = ""


def role(side: Side) -> Role:
    """What one side of an audit is, place or list; another tool's list says nothing."""
    if side.place is not None:
        return role_of(side.place)
    if side.manifest is None:
        return Role(side.spec, side.label)
    header = side.manifest.header
    sources = header.sources or {}
    ids = frozenset[str]() if sources else frozenset({header.place_id})
    is_phone = header.place_kind in _PHONES or bool(header.device and header.device.is_phone)
    behind = recorded_folder(header.place, header.place_id) if header.place_kind == "folder" else None
    part = role_of(behind).part_of_phone if behind else None
    return Role(side.spec, side.label, ids, sources, bool(sources), is_phone, is_phone, part_of_phone=part)


def role_of_folder(root: Path, spec: str) -> Role:
    """What a folder of this machine is, which need not be there yet."""
    there = next((folder for folder in (root, *root.parents) if os.path.isdir(folder)), root)  # noqa: PTH112 (never raises)
    is_phone = mount_around(there) is not None
    holds = "a new folder"
    if there == root:
        try:
            holds = "" if any(root.iterdir()) else "an empty folder"
        except OSError:  # said where it is listed
            holds = ""
    return replace(role_of(FolderPlace(root, spec)), is_phone=is_phone, holds=holds)


def role_of(place: Place) -> Role:
    """What a place is."""
    if not isinstance(place, FolderPlace):
        is_phone = place.kind in _PHONES
        return Role(place.spec, place.label, frozenset({place.id}), is_phone=is_phone, looks_like_phone=is_phone)
    around = [FolderPlace(folder, place.spec) for folder in (place.root, *place.root.parents)]
    kept = next((one for one in around if markers.is_kept(one.root)), None)
    phone = next((one for one in around if _is_of_phone(place.root, one.root)), None)
    return Role(
        place.spec,
        place.label,
        frozenset(one.location_id for one in around),
        (kept.sources if kept else None) or {},
        is_kept=kept is not None,
        looks_like_phone=phone is not None,
        part_of_backup=_whole_of(place, kept),
        part_of_phone=_whole_of(place, phone),
    )


def _whole_of(place: FolderPlace, whole: FolderPlace | None) -> str | None:
    """The folder that a place lies in, as it is typed: below where one stands as a relative path."""
    if whole is None or whole.root == place.root:
        return None
    here = Path.cwd()
    if Path(place.spec).is_absolute() or not whole.root.is_relative_to(here) or whole.root == here:
        return str(whole.root)
    return str(whole.root.relative_to(here))


def role_of_root(root: Path) -> Role:
    """What a folder is that a backup was seen in."""
    return role_of_folder(root, str(root))


def _is_of_phone(root: Path, folder: Path) -> bool:
    """Whether a folder has those of a phone, and `root` is it or lies in one of them."""
    inside = root.relative_to(folder).parts[:1]
    return (not inside or inside[0] in _PHONE_FOLDERS) and all(os.path.isdir(folder / name) for name in _PHONE_FOLDERS)  # noqa: PTH112


def exchanged(source: Role, backup: Role) -> str | None:
    """Why the two stand in the wrong order, as the beginning of a sentence; None where nothing says so.

    Not the wrong order: a backup of a backup, and two phones (has the new one all that the old one had?).
    """
    if source.is_kept:
        if backup.ids & source.sources.keys():
            return f"{source.spec} is the backup that auditor keeps of {backup.spec}"
        if backup.is_phone or (backup.looks_like_phone and not backup.is_kept):
            return f"{source.spec} is a backup that auditor keeps, and {backup.spec} looks like a phone"
    elif backup.is_phone and not source.looks_like_phone:
        return f"{backup.spec} is a phone, and {source.spec} is none"
    return None


def refusal_of_audit(source: Role, backup: Role) -> str | None:
    """Why an audit in this order would say nothing of the phone, with the right command; None where it is right."""
    if why := exchanged(source, backup):
        right = f"auditor audit {typed(backup.spec)} {typed(source.spec)}"
        return f"{why}: the phone comes first, then its backups. Run `{right}`"
    return None


def refusal_of_backup(source: Role, dest: Role) -> str | None:
    """Why nothing is written to `dest`, with the right command; None where it may be."""
    if why := exchanged(source, dest):
        right = f"auditor backup {typed(dest.spec)} {typed(source.spec)}"
        back = f"; to bring its files back: `auditor restore {typed(source.spec)} FOLDER`" if source.is_kept else ""
        return f"{why}: nothing is written to it. To back up the phone run `{right}`{back}"
    if dest.is_phone:
        return f"{dest.spec} is a phone: a backup on it is lost with it. Name a folder on a disk, a stick or a NAS"
    if dest.looks_like_phone and not (dest.is_kept or source.looks_like_phone):
        return (
            f"{dest.spec} {_like_a_phone(dest)}: a backup on it is lost with it. If it is a disk, a stick or a NAS,"
            " name a new folder on it"
        )
    return None


def _like_a_phone(folder: Role) -> str:
    """Why a folder is taken for a phone, to stand behind its name."""
    inside = f"lies in {folder.part_of_phone}, which " if folder.part_of_phone else ""
    return f"{inside}looks like a phone's storage or card (it has {' and '.join(_PHONE_FOLDERS)})"


def refusal_of_init(folder: Role, backups: Iterable[Role]) -> str | None:
    """Why a folder is not made a backup of its own; None where it may be. `backups` are those that were seen here."""
    why, or_else = None, ""
    if folder.is_phone:
        why = "is a phone"
    elif folder.is_kept:
        return _refusal_of_part(folder, "verify")
    elif folder.looks_like_phone:
        why = _like_a_phone(folder)
        or_else = ". If it is a copy that you made, move it into a new folder and name that one"
    elif kept := next((one for one in backups if one.is_kept and folder.ids & one.sources.keys()), None):
        why = f"is the phone that {kept.spec} is a backup of"
    if why is None:
        return None
    whole = folder.part_of_phone or folder.spec
    return (
        f"{folder.spec} {why}. Nothing is written to it, for a phone is never its own backup. To back it up run"
        f" `auditor backup {typed(whole)} FOLDER` with a folder on a disk, a stick or a NAS"
        f"{or_else}"
    )


def _refusal_of_part(folder: Role, command: str) -> str | None:
    """Why a folder within a backup gets no record of its own: the two would contradict each other."""
    if folder.part_of_backup is None:
        return None
    target = " FOLDER" if command == "restore" else ""
    return (
        f"{folder.spec} is a part of the backup {folder.part_of_backup}, which has the record of all its files."
        f" Run `auditor {command} {typed(folder.part_of_backup)}{target}`"
    )


def refusal_without_record(folder: Role, command: str) -> str:
    """Why `auditor COMMAND` can do nothing with a folder that has no record of its own, and what can be done."""
    if told := _refusal_of_part(folder, command):
        return told
    why = f"{folder.spec} is not a backup that auditor made: it has no manifest of its own"
    if folder.is_phone or folder.looks_like_phone:
        phone = typed(folder.part_of_phone or folder.spec)
        return f"{why}, and looks like a phone. Name its backup, or make one with `auditor backup {phone} FOLDER`"
    if folder.holds:
        return f"{why}, and nothing is in it. Check the name, and that the right disk is connected"
    init = f"`auditor verify {typed(folder.spec)} --init`"
    if command == "restore":
        return (
            f"{why}, so the original names and dates are not known. Copy the folder as it is; {init} writes down what"
            " it holds now"
        )
    return (
        f"{why}, so there is nothing to compare with. Name a list with --manifest, or write down what it holds now with"
        f" {init}. To know whether a phone is safe in it, run {with_phone('audit', {}, folder.spec)}"
    )


def part_of_phone(source: Role, backups: Iterable[Role]) -> str | None:
    """What an audit of a part of a phone does not cover, as a sentence; None where the whole was named."""
    if source.part_of_phone is None:
        return None
    whole = " ".join(typed(spec) for spec in (source.part_of_phone, *(backup.spec for backup in backups)))
    return (
        f"This covers the folder {source.label} alone. It is a part of {source.part_of_phone}, whose other folders were"
        f" not looked at: `auditor audit {whole}` covers all of them."
    )


def with_phone(command: str, sources: Mapping[str, str], backup: str) -> str:
    """`auditor COMMAND` for the phone of a backup, in words: the record has its label, which is no path, and where it
    was mounted nobody wrote down."""
    labels = list(sources.values())
    which = f"the phone ({visible(labels[0])})" if len(labels) == 1 else "the phone"
    return f"`auditor {command}` with {which} first and then {visible(typed(backup))}"


def named(source: Role, backups: Iterable[Role]) -> list[str]:
    """Both sides as a person is told them before the work begins, one line each."""
    return [f"Phone:   {_shown(source)}", *(f"Backup:  {_shown(backup)}" for backup in backups)]


def _shown(one: Role) -> str:
    of = f", auditor's backup of {', '.join(one.sources.values())}" if one.sources else ""
    label = "" if one.spec.rstrip("/").endswith(one.label) else f" ({one.label})"
    return visible(f"{one.spec}{label}{of}{', ' * bool(one.holds)}{one.holds}")
