"""Which place is the phone, and which is the backup: a wrong order must not be believed, advised or written.

What a place says of itself decides: the record that a backup keeps, the way that leads to a phone, and the marks of a
phone's storage. A copy by hand has these marks too: there the dates and the newest photos say which of the two it is.
That the one holds more than the other does not: so it is when the phone was cleared.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath

from auditor.audit.inputs import Side
from auditor.audit.phone_marks import CAMERAS, Marks, Phone, is_within_cameras, marks_of, which
from auditor.disk import marker as markers
from auditor.places import Place
from auditor.places.folder import FolderPlace, recorded_folder
from auditor.places.mtp import mount_around
from auditor.words import typed, visible

_PHONES = ("adb", "mtp")


@dataclass(frozen=True, slots=True)
class Role:
    """What a place says of itself. `ids` are the names by which a backup knows it as a source, those of the folders
    around it too; none of a backup's own. `sources` are those whose files it holds by its own record, label by id.

    `is_kept`: it is a backup with such a record. `is_phone`: the way to it leads to a phone. `looks_like_phone`: its
    folders are a phone's, as those of a copy by hand are too. `part_of_backup` and `part_of_phone`: the folder around
    it that is the whole of it, as it is typed; None where this place is the whole itself, or is none. `marks`: of
    a phone or card, in it or in a folder around it; `is_marked`: it is that folder, or lies in one that marks it.
    `is_folder`: of this machine, or a list of one; nothing else may be a card. `is_list`: what lies around it may not
    be known. `is_of_cameras`: it is a camera's folder, or lies in one: so do all its files. `holds`: that nothing is
    there yet, in words; "" for all else: an unmounted disk or a mistyped name looks so.
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
    marks: Marks | None = None
    is_marked: bool = False
    is_folder: bool = False
    is_list: bool = False
    is_of_cameras: bool = False
    holds: str = ""


def role(side: Side) -> Role:
    """What one side of an audit is, place or list; another tool's list says nothing."""
    if side.place is not None:
        return role_of(side.place)
    if side.manifest is None:
        return Role(side.spec, side.label, is_list=True)
    header = side.manifest.header
    sources = header.sources or {}
    ids = frozenset[str]() if sources else frozenset({header.place_id})
    is_phone = header.place_kind in _PHONES or bool(header.device and header.device.is_phone)
    behind = recorded_folder(header.place, header.place_id) if header.place_kind == "folder" else None
    there = role_of(behind) if behind else Role(side.spec, side.label)
    return Role(
        side.spec,
        side.label,
        ids,
        sources,
        bool(sources),
        is_phone,
        is_phone,
        part_of_phone=there.part_of_phone,
        marks=there.marks,
        is_marked=there.is_marked,
        is_folder=header.place_kind == "folder",
        is_list=True,
        is_of_cameras=header.place_kind == "folder" and is_within_cameras(PureWindowsPath(header.place)),
    )


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
    marks, is_marked = _marks_around(place.root)
    looks_like_phone = marks is not None and is_marked and marks.is_storage
    phone = next((one for one in around if looks_like_phone and marks and one.root == marks.folder), None)
    return Role(
        place.spec,
        place.label,
        frozenset(one.location_id for one in around),
        (kept.sources if kept else None) or {},
        is_kept=kept is not None,
        looks_like_phone=looks_like_phone,
        part_of_backup=_whole_of(place, kept),
        part_of_phone=_whole_of(place, phone),
        marks=marks,
        is_marked=is_marked,
        is_folder=True,
        is_of_cameras=is_within_cameras(place.root),
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


def _marks_around(root: Path) -> tuple[Marks | None, bool]:
    """The marks of a folder or one around it, and whether it is that folder or lies in one that marks it: these first,
    and a whole storage before a camera's folder."""
    found = [marks for folder in (root, *root.parents) if (marks := marks_of(folder))]
    inside = [(marks, _is_in(root, marks)) for marks in found]
    return max(inside, key=lambda one: (one[1], one[1] and one[0].is_storage), default=(None, False))


def _is_in(root: Path, marks: Marks) -> bool:
    if root == marks.folder:
        return True
    within = root.relative_to(marks.folder).parts[0]  # as it was typed: FAT knows no case
    return within.casefold() in {name.casefold() for name in marks.names}


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


@dataclass(frozen=True, slots=True)
class Pair:
    """A phone and one of its backups, as they were named. `phone` says which of the two may be it where nothing proves
    it, `why` what speaks for the backup, as the beginning of a sentence; "" where nothing does, or as much against it.
    """

    source: Role
    backup: Role
    phone: Phone
    why: str = ""


def pair(source: Role, backup: Role) -> Pair:
    """Compares the two, which may walk through the camera's folders of both: once for each pair."""
    return Pair(source, backup, *_likely(source, backup))


def _likely(source: Role, backup: Role) -> tuple[Phone, str]:
    """Which of two places is the phone, and what speaks for the backup's being it."""
    if source.is_phone or backup.is_kept or backup.is_phone or not (backup.marks and backup.is_marked):
        return Phone.OURS, ""
    if backup.holds and not backup.marks.is_storage:
        return Phone.OURS, ""
    like = f"{backup.spec} {_like_a_phone(backup)}"
    if source.is_kept:
        return Phone.THEIRS, f"{like}, and {source.spec} is a backup that auditor keeps"
    if source.marks is None:
        return (Phone.UNKNOWN, "") if source.is_list else (Phone.THEIRS, f"{like}, and {source.spec} does not")
    phone, told = which(source.marks, backup.marks)
    if phone is not Phone.THEIRS:
        return phone, ""
    besides = f"as {source.spec} does too, but it {told}" if told else f"and {source.spec} has {CAMERAS} alone"
    return phone, f"{like}, {besides}"


def maybe_phone(pair: Pair) -> bool:
    """Whether a backup that has what the source lacks may be the phone: nothing says that the source is it."""
    source, backup = pair.source, pair.backup
    if backup.is_list and backup.is_folder and backup.marks is None:
        return not (source.is_phone or source.looks_like_phone or backup.is_kept)
    return pair.phone is not Phone.OURS


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a backup may be the phone, and what to run if it is, as sentences."""

    why: str
    remedy: str


def doubt(pair: Pair) -> Doubt | None:
    """What is to be said of an audit that is not refused, and may yet be in the wrong order."""
    return doubted(pair.why, pair) if pair.why else None


def doubted(why: str, pair: Pair) -> Doubt:
    """A doubt with the right command; `why` as the beginning of a sentence."""
    return Doubt(
        f"{why}. The phone comes first, then its backups.",
        f"If {pair.backup.spec} is the phone, run {_turned('audit', pair.source, pair.backup)}.",
    )


def refusal_of_audit(pair: Pair) -> str | None:
    """Why an audit in this order would say nothing of the phone, with the right command; None where it is right."""
    source, backup = pair.source, pair.backup
    if why := exchanged(source, backup):
        return f"{why}: the phone comes first, then its backups. Run {_turned('audit', source, backup)}" + _by_mistake(
            source, backup
        )
    return None


def _turned(command: str, source: Role, backup: Role) -> str:
    return f"`auditor {command} {typed(backup.spec)} {typed(source.spec)}`"


def _by_mistake(source: Role, backup: Role) -> str:
    """The way out where a phone was once made a backup: its record says that it is one."""
    if backup.is_phone or not (source.is_marked and backup.ids & source.sources.keys()):
        return ""
    own = Path(source.part_of_backup or source.spec) / markers.OWN_FOLDER
    return (
        f". If {source.spec} is the phone, and was made a backup by mistake: the folder {own} says so. Move it away to"
        " another disk, then run this again"
    )


def refusal_of_backup(pair: Pair, *, is_by_hand: bool = False) -> str | None:
    """Why nothing is written to the backup, with the right command; None where it may be. `is_by_hand`: the user says
    that it is a copy made by hand, and the source the phone; that decides where no more than dates, the newest photos
    or a camera's folder speak against it."""
    source, dest = pair.source, pair.backup
    right = _turned("backup", source, dest)
    if why := exchanged(source, dest):
        back = f"; to bring its files back: `auditor restore {typed(source.spec)} FOLDER`" if source.is_kept else ""
        by_mistake = _by_mistake(source, dest)
        run = f"If {dest.spec} is the phone, run" if by_mistake else "To back up the phone run"
        return f"{why}: nothing is written to it. {run} {right}{back}{by_mistake}"
    if dest.is_phone:
        return f"{dest.spec} is a phone: a backup on it is lost with it. Name a folder on a disk, a stick or a NAS"
    if pair.phone is Phone.OURS or dest.marks is None:
        return None
    may_be_told = not _is_more_than_a_copy(source.marks, dest.marks)
    if may_be_told and is_by_hand:
        return None
    why = f"{pair.why}: a backup on a phone is lost with it, so nothing is written to it"
    if pair.phone is Phone.UNKNOWN:
        why = (
            f"{dest.spec} {_like_a_phone(dest)}, as {source.spec} does too, and neither their dates nor their newest"
            " photos tell which is the copy: nothing is written to it"
        )
    a_copy = f"If it is a copy made by hand, {'add --copy-by-hand' if may_be_told else _FOLDER_AROUND}"
    return f"{why}. If {dest.spec} is the phone, run {right}. {a_copy}"


_FOLDER_AROUND = (
    "make a new folder around the copy: move all of it, DCIM and what lies beside it, to `new/copy`, and name `new`"
)


def _is_more_than_a_copy(ours: Marks | None, theirs: Marks) -> bool:
    """Whether a folder has what a copy made by hand seldom has, and the other place has not."""
    is_android = theirs.is_android and not (ours and ours.is_android)
    return is_android or (theirs.is_volume and not (ours and ours.is_volume))


def _like_a_phone(folder: Role) -> str:
    """Why a folder is taken for a phone, to stand behind its name."""
    if folder.marks is None:
        return "looks like a phone"
    inside = f"lies in {folder.part_of_phone}, which " if folder.part_of_phone else ""
    return f"{inside}looks like a phone's storage or card (it {_shown_marks(folder.marks)})"


def _shown_marks(marks: Marks) -> str:
    return f"has {' and '.join(marks.names)}{', and is the whole of a card or stick' * marks.is_volume}"


def refusal_of_init(folder: Role, backups: Iterable[Role]) -> str | None:
    """Why a folder is not made a backup of its own; None where it may be. `backups` are those that were seen here."""
    why, or_else = None, ""
    if folder.is_phone:
        why = "is a phone"
    elif folder.is_kept:
        return _refusal_of_part(folder, "verify")
    elif folder.looks_like_phone and folder.marks and (folder.marks.is_android or folder.marks.is_volume):
        why = _like_a_phone(folder)
        or_else = f". If it is a copy made by hand, {_FOLDER_AROUND}"
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


def named(pairs: Sequence[Pair]) -> list[str]:
    """Both sides as a person is told them before the work begins, one line each. The pairs have one source."""
    doubts = [one for pair in pairs if (one := doubt(pair))]
    return [
        f"Phone:   {_shown(pairs[0].source)}",
        *(f"Backup:  {_shown(pair.backup)}{_marked(pair.backup)}" for pair in pairs),
        *(visible(f"{one.why} {one.remedy}") for one in doubts),
    ]


def _marked(backup: Role) -> str:
    if backup.marks is None or not backup.is_marked or backup.is_kept or backup.holds:
        return ""
    return f", with {' and '.join(backup.marks.names)} as a phone or card has"


def _shown(one: Role) -> str:
    of = f", auditor's backup of {', '.join(one.sources.values())}" if one.sources else ""
    label = "" if one.spec.rstrip("/").endswith(one.label) else f" ({one.label})"
    return visible(f"{one.spec}{label}{of}{', ' * bool(one.holds)}{one.holds}")
