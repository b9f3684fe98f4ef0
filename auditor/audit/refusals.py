"""What is said of the order of phone and backup: a wrong one must not be believed, advised or written.

Each refusal names the command in the right order, and a way out that leads out. A refusal is read at once, and names
places as they were typed; a doubt goes into reports, which are read from other folders, and names them whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.audit.roles import BY_HAND, Pair, Role, exchanged, like_a_phone, said_by_hand
from auditor.config import typed_whole
from auditor.disk import marker as markers
from auditor.model import NextStep, Refusal
from auditor.places.folder import FolderPlace
from auditor.words import typed, visible

_ELSEWHERE = "one on a disk, a stick or a NAS"
"""The way out for a backup that lies on the phone."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a backup may be the phone, and what to run if it is, as sentences. `wants` is the option by which the user
    says that it is none; None where no word helps."""

    why: str
    remedy: str
    wants: str | None


def doubt(pair: Pair) -> Doubt | None:
    """What is to be said of an audit that is not refused, and may yet be in the wrong order."""
    return _doubted(f"{pair.backup.spec} {like_a_phone(pair.backup)}", pair) if pair.maybe_phone else None


def doubt_of_list(names: str, pair: Pair) -> Doubt:
    """The same of a list that `names` what lies in a phone, where the folder itself is not at hand."""
    return _doubted(f"{pair.backup.spec} lists {names}, as a list of a phone or card does", pair)


def _doubted(why: str, pair: Pair) -> Doubt:
    """A doubt with the right command; `why` as the beginning of a sentence."""
    backup = pair.backup
    a_copy = f"audit with {BY_HAND}" if pair.may_be_told else _folder_around(backup)
    if pair.may_be_one:
        return Doubt(
            f"{why}, and may be on the phone itself: if it is on no phone or card, {a_copy}.",
            f"If {backup.marked_folder} is the phone or card, what lies on it is lost with it: name {_ELSEWHERE}.",
            _word(pair),
        )
    return Doubt(
        f"{why}, and may be the phone itself: if it is a copy made by hand, {a_copy}.",
        f"If {_phone_of(backup)} is the phone, run {_turned('audit', pair.source, backup, typed_whole)}.",
        _word(pair),
    )


def doubt_of_part(pair: Pair, source: str, around: str) -> Doubt:
    """What is to be said of a folder beneath a backup that may be the phone; `around` is the backup, as it is typed."""
    part = pair.backup
    backup = f"run `auditor backup {typed_whole(source)} {typed_whole(around)}`"
    a_copy = f"audit with {BY_HAND}" if pair.may_be_told else backup
    return Doubt(
        f"{part.spec} {like_a_phone(part)}, and may be the phone itself, so nothing goes by what lies there: if it is a"
        f" copy made by hand, {a_copy}.",
        f"If {part.spec} is the phone, run {_turned('audit', pair.source, part, typed_whole)}.",
        _word(pair),
    )


def warning_of_part(pair: Pair) -> str:
    """What is to be said before a backup that counts as copied what lies in a folder beneath it."""
    part = pair.backup
    return (
        f"{part.spec} {like_a_phone(part)}: what it holds counts as copied. If it is a phone or card, and no copy made"
        " by hand, stop this and name another folder."
    )


def refusal_of_mounted(pair: Pair) -> Refusal:
    """Why nothing is written to a backup beneath which what may be a phone is mounted."""
    part = pair.backup
    a_copy = f"add {BY_HAND}" if pair.may_be_told else "mount it elsewhere"
    return Refusal(
        f"{part.spec} {like_a_phone(part)}, and is mounted in the folder of the backup: nothing is written, for its"
        " files are no part of the backup. Take it out, or name another folder. If it is a copy made by hand,"
        f" {a_copy}",
        _word(pair),
    )


def refusal_of_audit(pair: Pair) -> Refusal | None:
    """Why an audit in this order would say nothing of the phone, with the right command; None where it is right."""
    source, backup = pair.source, pair.backup
    if why := exchanged(pair):
        right, by_mistake = _turned("audit", source, backup), _by_mistake(source, backup)
        return Refusal(
            f"{why}: the phone comes first, then its backups. Run {right}{by_mistake}",
            instead=_phone_first("audit", source, backup),
        )
    return Refusal(told) if (told := _on_one_phone(pair)) else None


def _on_one_phone(pair: Pair) -> str | None:
    """Why what lies on the phone itself is no backup of it."""
    if pair.one_phone is None:
        return None
    return (
        f"{pair.backup.spec} lies on the same phone or card as {pair.source.spec}, in {pair.one_phone}, and is lost"
        f" with it: it is no backup. Name {_ELSEWHERE}"
    )


def _phone_first(command: str, source: Role, backup: Role) -> NextStep:
    """The same with the phone first, as `_turned` says it."""
    arguments = (_phone_of(backup), source.spec)
    return NextStep(f"put the phone first: {_turned(command, source, backup)}", command, arguments)


def _word(pair: Pair) -> str | None:
    """The option by which the user says that a backup is a copy; None where that is not enough."""
    return BY_HAND if pair.may_be_told else None


def _turned(command: str, source: Role, backup: Role, named: Callable[[str], str] = typed) -> str:
    return f"`auditor {command} {named(_phone_of(backup))} {named(source.spec)}`"


def _phone_of(backup: Role) -> str:
    """What the phone is, if a backup is one or lies on one: never an archive or an export itself."""
    return backup.marked_folder or backup.spec if backup.is_packed else backup.spec


def _by_mistake(source: Role, backup: Role) -> str:
    """The way out where a phone was once made a backup: its record says that it is one."""
    if backup.is_phone or not (source.is_marked and backup.ids & source.sources.keys()):
        return ""
    own = Path(source.part_of_backup or source.spec) / markers.OWN_FOLDER
    return (
        f". If {source.spec} is the phone, and was made a backup by mistake: the folder {own} says so. Move it away to"
        " another disk, then run this again"
    )


def refusal_of_backup(pair: Pair) -> Refusal | None:
    """Why nothing is written to the backup, with the right command; None where it may be."""
    source, dest = pair.source, pair.backup
    right = _turned("backup", source, dest)
    if why := exchanged(pair):
        back = f"; to bring its files back: `auditor restore {typed(source.spec)} FOLDER`" if source.is_kept else ""
        by_mistake = _by_mistake(source, dest)
        run = f"If {dest.spec} is the phone, run" if by_mistake else "To back up the phone run"
        said = f"{why}: nothing is written to it. {run} {right}{back}{by_mistake}"
        return Refusal(said, instead=_phone_first("backup", source, dest))
    if dest.is_phone:
        return Refusal(
            f"{dest.spec} is a phone: a backup on it is lost with it. Name a folder on a disk, a stick or a NAS"
        )
    if told := _on_one_phone(pair):
        return Refusal(f"{told}. Nothing is written to it")
    if not pair.maybe_phone:
        return None
    a_copy = f"add {BY_HAND}" if pair.may_be_told else _folder_around(dest)
    if pair.may_be_one:
        return Refusal(
            f"{dest.spec} {like_a_phone(dest)}, and a backup on a phone is lost with it: nothing is written to it."
            f" If {dest.marked_folder} is the phone or card, name {_ELSEWHERE}. If it is none, {a_copy}",
            _word(pair),
        )
    return Refusal(
        f"{dest.spec} {like_a_phone(dest)}, and a backup on a phone is lost with it: nothing is written to it. If"
        f" {_phone_of(dest)} is the phone, run {right}. If it is a copy made by hand, {a_copy}",
        _word(pair),
        _phone_first("backup", source, dest),
    )


def _folder_around(copy: Role) -> str:
    name = copy.marks.names[0] if copy.marks else "DCIM"
    return f"make a new folder around it: move all of it, {name} and what lies beside it, to `new/copy`, and name `new`"


def refusal_of_init(folder: Role, backups: Iterable[Role]) -> str | None:
    """Why a folder is not made a backup of its own; None where it may be. `backups` are those that were seen here."""
    why, or_else = None, ""
    if folder.is_phone:
        why = "is a phone"
    elif folder.is_kept:
        return _refusal_of_part(folder, "verify")
    elif folder.looks_like_phone and folder.marks and (folder.marks.is_android or folder.marks.is_volume):
        why = like_a_phone(folder)
        or_else = f". If it is a copy made by hand, {_folder_around(folder)}"
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


def refusal_without_record(folder: Role, command: str) -> Refusal:
    """Why `auditor COMMAND` can do nothing with a folder that has no record of its own, and what can be done."""
    if told := _refusal_of_part(folder, command):
        return Refusal(told)
    why = f"{folder.spec} is not a backup that auditor made: it has no manifest of its own"
    if folder.is_phone or folder.looks_like_phone:
        phone = typed(folder.part_of_phone or folder.spec)
        return Refusal(
            f"{why}, and looks like a phone. Name its backup, or make one with `auditor backup {phone} FOLDER`"
        )
    if folder.holds:
        return Refusal(f"{why}, and nothing is in it. Check the name, and that the right disk is connected")
    init = f"`auditor verify {typed(folder.spec)} --init`"
    if command == "restore":
        return Refusal(
            f"{why}, so the original names and dates are not known. Copy the folder as it is; {init} writes down what"
            " it holds now"
        )
    return Refusal(
        f"{why}, so there is nothing to compare with. Name a list with --manifest, or write down what it holds now with"
        f" {init}. To know whether a phone is safe in it, run {with_phone('audit', {}, folder.spec)}",
        instead=NextStep("back the phone up to it", "backup"),
    )


def part_of_phone(pairs: Sequence[Pair]) -> str | None:
    """What an audit of a part of a phone does not cover, as a sentence; None where the whole was named, or holds a
    backup too, and so is no phone."""
    source = pairs[0].source
    if source.part_of_phone is None:
        return None
    around = FolderPlace(Path(source.part_of_phone).absolute(), source.part_of_phone).location_id
    if any(around in pair.backup.ids for pair in pairs):
        return None
    places = (source.part_of_phone, *(pair.backup.spec for pair in pairs))
    whole = " ".join((*map(typed_whole, places), *said_by_hand(pairs)))
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
    names = " and ".join(backup.marks.names)
    if backup.marked_folder:
        return f", in {backup.marked_folder}, which has {names} as a phone or card has"
    return f", with {names} as a phone or card has"


def _shown(one: Role) -> str:
    of = f", auditor's backup of {', '.join(one.sources.values())}" if one.sources else ""
    called = one.spec if one.spec.rstrip("/").endswith(one.label) else f"{one.label} ({one.spec})"
    return visible(f"{called}{of}{', ' * bool(one.holds)}{one.holds}")
