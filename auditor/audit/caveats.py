"""What has to be said beside a verdict: what was not read in this run, not looked into, or cannot be known."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from auditor.audit import one_copy, refusals, roles
from auditor.audit.inputs import Side, place_behind, will_be_emptied
from auditor.config import typed_whole
from auditor.database import caveats as database
from auditor.database.caveats import Unread
from auditor.database.connection import Database
from auditor.disk import marker as markers
from auditor.errors import BadPlace
from auditor.judge.policy import Policy
from auditor.manifest.jsonl import Manifest
from auditor.places.trash import LIES_IN_ONE
from auditor.words import counted, visible

_MOST_NAMED = 3
"""So many folders are named in one sentence."""


def only_listed(source: Side, backups: Sequence[Side], lists: Sequence[Manifest]) -> list[str]:
    """Which sides are lists made before, of when: nothing of them was read in this run."""
    names = ["the phone", *(f"the backup {backup.label}" for backup in backups)]
    told = [
        f"Of {name} a list of {listed.footer.finished[:10]} was taken; nothing there was read in this run."
        f"{'' if one is source else _gone(one)}"
        for name, one, listed in zip(names, (source, *backups), lists, strict=True)
        if one.place is None
    ]
    both = "Lists made before were compared; nothing was read in this run. The oldest is of "
    oldest = min(listed.footer.finished for listed in lists)
    gone = next((said for one in backups if (said := _gone(one))), "")
    return [f"{both}{oldest[:10]}.{gone}"] if len(told) == len(names) else told


def _gone(backup: Side) -> str:
    """What is to be said of the list of a backup that is not at hand: nobody looked whether it is still there."""
    if backup.place is not None or place_behind(backup) is not None:
        return ""
    return " A list proves what was there when it was made: whether it still is, only you can know."


def part_of_phone(pairs: Sequence[roles.Pair]) -> list[str]:
    """What is to be said where only a part of a phone was named: SAFE is read as a word on the whole phone."""
    told = refusals.part_of_phone(pairs)
    return [told] if told else []


def unread_records(source: Side, backups: Sequence[Side]) -> list[str]:
    """Of which folders a record is there that cannot be read: what such a place is, was told without it."""
    told = []
    for one in (source, *backups):
        try:
            if one.place is not None and one.place.folder is not None:
                markers.read(one.place.folder)
        except BadPlace as error:
            told.append(f"{one.spec} was judged without the record that it has of itself: {error}")
    return told


def not_apart(source: Side, backups: Sequence[Side]) -> list[str]:
    """Where a mount may show the phone's own files as a backup's: nothing in that backup licenses a deletion."""
    told = []
    for backup in backups:
        if one_copy.is_provably_apart(source.place, backup.place):
            continue
        seen = backup.label if one_copy.shown_by_another(backup.place) else "the phone"
        told.append(
            f"{seen} is mounted by a file system that may show the same files under other numbers, so nothing is"
            f" offered for deletion by {backup.label}; name the folder that lies behind it"
        )
    return told


def in_bins(backups: Sequence[Side]) -> list[str]:
    """Which backups are none because of where they lie."""
    return [
        f"{backup.spec} {LIES_IN_ONE}: nothing in it is a copy. Move it out of there, then audit again."
        for backup in backups
        if will_be_emptied(backup)
    ]


def may_be_the_phones(db: Database) -> list[str]:
    """What is to be said of files of backups that may be the phone's own."""
    return [
        f"Of {one.backup} {counted(one.files, 'file proves', 'files prove')} nothing: {one.why}."
        for one in database.shown(db)
    ]


def of_programs(db: Database) -> list[str]:
    """What is to be said of proven files whose only copies lie in what may be a program's own folder."""
    found = database.only_of_programs(db)
    if not found:
        return []
    files = sum(one.files for one in found)
    has, them = f"{files:,} files have their only copies", "them"
    if files == 1:
        has, them = "1 file has its only copy", "it"
    where, which = "a folder that may be a program's own", "it"
    if len(found) > 1:
        where, which = "folders that may be a program's own", "them"
    names = ", ".join(visible(one.folder) for one in found[:_MOST_NAMED])
    more = f" and {len(found) - _MOST_NAMED:,} more" if len(found) > _MOST_NAMED else ""
    return [
        f"{has} in {where} ({names}{more}), which may empty {which}: nothing goes by what lies there. Copy {them} to a"
        " folder of yours."
    ]


def without_a_place(backups: Sequence[Side], off_site: Collection[str], min_copies: int) -> list[str]:
    """What is to be said of lists in other tools' forms, which do not say of what disk they are, or which of its files
    they name: these may be the phone's own, by a second name or mount, and count as no further copy."""
    told = []
    for backup in backups:
        is_untold = (
            backup.manifest is not None
            and backup.listed is not None
            and backup.listed.place_kind == "rclone"
            and backup.listed.behind is None
        )
        if (backup.foreign is None and not is_untold) or backup.label in off_site:
            continue
        words, itself = f"{backup.label} is another tool's list, which does not say of what disk it is", "it is"
        beside, alone = " Name the folder itself", ""
        if is_untold:
            words = f"{backup.label} is a list by an earlier build, which does not say what lies behind the remote"
            alone = " List the remote again with `auditor scan`, which writes that down."
            beside = alone
        elif backup.listed is not None:
            words, itself = (
                f"{backup.label} is a list for other tools, which does not say what file each row is",
                "all are",
            )
        if len(backups) > 1 and min_copies > 1:
            told.append(f"{words}: beside other backups it counts as no further copy.{beside}")
        else:
            told.append(f"{words}: that {itself} not of the phone itself, only you can know.{alone}")
    return told


def unread_since(db: Database, source: Side, backups: Sequence[Side], pairs: Sequence[roles.Pair]) -> list[str]:
    """What is to be said of proof that rests on earlier reading, where a backup run gave the list of a place at hand.

    Of a list alone its age is told already; places that are listed here are read anew.
    """
    if source.manifest is None:
        return []
    since = source.manifest.header.started
    told = []
    if source.place is not None:
        again = " ".join((*(typed_whole(one.spec) for one in (source, *backups)), *roles.said_by_hand(pairs)))
        told += _unread("the phone's files", database.unread_files(db, since), f"`auditor audit {again}`")
    for number, backup in enumerate(backups):
        if backup.place is not None and backup.manifest is not None:
            copies = database.unread_copies(db, number, since)
            told += _unread("the copies", copies, f"`auditor verify {typed_whole(backup.spec)}`")
    return told


def _unread(of: str, unread: Unread, command: str) -> list[str]:
    count, oldest = unread.files, unread.oldest
    if not count:
        return []
    be = f"1 of {of} was" if count == 1 else f"{count:,} of {of} were"
    day = f", but on {oldest[:10]}" if oldest and count == 1 else ""
    day = f"; the longest unread was read on {oldest[:10]}" if oldest and count > 1 else day
    return [f"{be} not read again in this run{day}. Size and date are unchanged; {command} reads the bytes."]


def unopened(db: Database) -> list[str]:
    """What is to be said of photos and videos of which only digests were compared, made now or before: no decoder
    opened them."""
    found = database.unopened(db)
    if not found.files:
        return []
    what = "None of the photos and videos was" if found.files == found.media else "1 photo or video was not"
    what = what if found.files in (1, found.media) else f"{found.files:,} photos and videos were not"
    return [f"{what} opened, only compared by their digests: whether they are whole pictures was not looked at."]


def switched_off(policy: Policy) -> list[str]:
    """Which checks a policy leaves out: that they found nothing must not be taken for a pass."""
    names = sorted(set(policy.skip_rules))
    if not names:
        return []
    checks = "This check was" if len(names) == 1 else "These checks were"
    return [f"{checks} not made, as the policy {policy.id} says: {', '.join(names)}."]
