"""What audit.json keeps of a run: its sides, its times, and how its places are typed from everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from auditor.audit import refusals, roles
from auditor.audit.inputs import Side, will_be_emptied
from auditor.audit.order import Order, homes
from auditor.audit.phones_within import Beneath
from auditor.config import whole_spec
from auditor.database import caveats as database
from auditor.database.connection import Database
from auditor.manifest.jsonl import Manifest
from auditor.model import Depth
from auditor.places.folder import FolderPlace
from auditor.places.presence import source_gone
from auditor.words import typed


def of_run(
    order: Order,
    out: Path,
    lists: Sequence[Manifest],
    started: datetime,
    finished: datetime,
    doubts: Mapping[str, refusals.Doubt],
    beneath: Sequence[Beneath],
    pairs: Sequence[roles.Pair],
) -> dict[str, object]:
    """The `provenance` of audit.json, whose folder will be `out`, but for what the stations of the audit add to it.
    `lists` are those of its sides, the source's first."""
    source, *backups = lists
    arguments = _arguments(order, doubts, pairs, out)
    return {
        **({"by": order.by} if order.by else {}),
        "source_files": source.footer.files,
        "started": started.astimezone().isoformat(timespec="seconds"),
        "finished": finished.astimezone().isoformat(timespec="seconds"),
        "source": order.source.spec,
        "backups": [backup.spec for backup in order.backups],
        "place_ids": {
            "source": _ids(order.source, source),
            "backups": [_ids(one, listed) for one, listed in zip(order.backups, backups, strict=True)],
        },
        "words": {word: " ".join(map(typed, those)) for word, those in arguments.items()},
        "arguments": arguments,
        **({"went_away": away} if (away := _went_away(order, lists)) else {}),
        **({"maybe_exchanged": _maybe_exchanged(order, doubts)} if doubts else {}),
        **({"maybe_phones_within": _maybe_within(order, beneath)} if beneath else {}),
        "depth": (order.depth or Depth.DECODE).value,
        "waivers": len(order.waivers),
        "baseline": len(order.baseline),
    }


def _went_away(order: Order, lists: Sequence[Manifest]) -> list[str]:
    """The labels of the places that were unplugged while they were read, so that the rest of them is not known."""
    sides = zip((order.source, *order.backups), lists, strict=True)
    return [one.label for one, listed in sides if one.place and source_gone(one.place) in listed.footer.reasons]


def _maybe_exchanged(order: Order, doubts: Mapping[str, refusals.Doubt]) -> list[dict[str, object]]:
    """What may be the phone though it stands as a backup, under the label and with the list that it has here."""
    return [
        {"label": one.label, "list": f"{name}.jsonl", **asdict(doubts[one.label])}
        for name, one in homes(order)[1:]
        if one.label in doubts
    ]


def _maybe_within(order: Order, beneath: Sequence[Beneath]) -> list[dict[str, object]]:
    """Which folders of a backup's list lie in what may be the phone."""
    lists = {one.label: f"{name}.jsonl" for name, one in homes(order)[1:]}
    return [
        {
            "label": one.label,
            "list": lists[one.label],
            "folders": list(one.folders),
            "why": one.doubt.why,
            "wants": one.doubt.wants,
        }
        for one in beneath
    ]


def _arguments(
    order: Order, doubts: Mapping[str, refusals.Doubt], pairs: Sequence[roles.Pair], report: Path
) -> dict[str, list[str]]:
    """What stands in a rule's commands for a place, as arguments: PHONE and BACKUP are the places, or lists, of
    this audit (BACKUPS all of the latter), SOURCE the phone where it is no list, PLACES all backups where none is a
    list, DEST the first that can be written to, REMOTE the only one by rclone, as
    rclone calls it, KEPT the first that has a record to be verified by, REPORT this audit's folder.

    BACKUPS, PLACES and DEST end with the option by which the user said that they are copies made by hand: without it
    the same command would do something else. All are named whole: a report is read in another folder, or much later.
    Where no backup can be, FOLDER stands for one to choose: so it is for what may be the phone. What looks like an
    option is left out.
    """
    said = roles.said_by_hand(pairs)
    phone, *backups = (whole_spec(one.spec) for one in (order.source, *order.backups))
    specs = {"PHONE": phone, "BACKUP": backups[0], "REPORT": str(report.absolute())}
    remotes = [b.spec.removeprefix("rclone:") for b in order.backups if b.spec.startswith("rclone:")]
    if len(remotes) == 1:
        specs["REMOTE"] = remotes[0]
    kept = (
        spec
        for spec, b, pair in zip(backups, order.backups, pairs, strict=True)
        if b.place is not None and b.place.kind == "folder" and _has_record(pair)
    )
    if (spec := next(kept, None)) is not None:
        specs["KEPT"] = spec
    if order.source.place is not None:
        specs["SOURCE"] = phone
        writable = (
            # Alone the word is about this backup: of several it may have meant another one.
            (spec, said if len(pairs) == 1 or replace(pair, is_by_hand=False).maybe_phone else [])
            for spec, b, pair in zip(backups, order.backups, pairs, strict=True)
            if b.place is not None
            and b.place.kind in ("folder", "rclone")
            and not (b.label in doubts or will_be_emptied(b) or refusals.refusal_of_backup(pair))
        )
        specs["DEST"], said_of_it = next(writable, ("FOLDER", []))
    made = {word: [spec] for word, spec in specs.items() if not spec.startswith("-")}
    if "DEST" in made:
        made["DEST"] += said_of_it
    if not any(spec.startswith("-") for spec in backups):
        made["BACKUPS"] = [*backups, *said]
        if all(backup.place is not None for backup in order.backups):
            made["PLACES"] = made["BACKUPS"]
    return made


def _ids(one: Side, listed: Manifest) -> list[str]:
    """By what a later audit knows the place again: a folder gets another id with its first backup, and lies where it
    lay."""
    place = one.place
    return [listed.header.place_id, *([place.location_id] if isinstance(place, FolderPlace) else [])]


def _has_record(pair: roles.Pair) -> bool:
    """Whether a backup has a record of its files, which one that was copied by hand has not, nor a part of one."""
    return pair.backup.is_kept and pair.backup.part_of_backup is None


def not_looked_at(db: Database) -> dict[str, object]:
    """How many files of the source the verdict does not speak of (no photos or videos, and left out by the policy), and
    how many photos and videos that it speaks of no decoder opened."""
    found = database.not_due(db)
    return {
        "other_files": found.others,
        "left_out_files": found.left_out,
        "unopened_files": database.unopened(db).files,
    }
