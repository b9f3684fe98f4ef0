"""How a verdict may move where the lists do: a good copy more never makes a file less safe, one less never safer; what
says nothing of a file changes nothing of it. Audits of lists that hypothesis makes."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.audit import engine, pairing
from auditor.database import loading
from auditor.database.files import summarise
from auditor.database.headers import Listed
from auditor.judge import policy, rules, verdict, waivers
from auditor.judge.waivers import Waiver
from auditor.manifest.jsonl import Header, Manifest, Writer
from auditor.manifest.rows import DECODED
from auditor.model import Damage, Depth, DigestOrigin, ErrorKind, FileFacts, Kind, Soundness, Trouble, Verdict
from auditor.pictures import ranked

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
READ = "2026-06-15T11:00:00Z"
FAMILY = policy.load("family")
DECIDING = [rule for rule in rules.load() if rule.verdict or rule.severity == "error"]
NAMED = ("phone", "nas", "disk")
WORSE = {name: number for number, name in enumerate(("proven", "waived", "not_checked", "not_safe"))}
WORST = (Verdict.SAFE, Verdict.CANNOT_SAY, Verdict.NOT_SAFE)

Rows = tuple[FileFacts, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What an audit says: as a whole, and of each file of the phone by its name, which is its number."""

    verdict: Verdict
    files: Mapping[str, str]

    def is_no_worse_than(self, other: Said) -> bool:
        return WORST.index(self.verdict) <= WORST.index(other.verdict) and all(
            WORSE[now] <= WORSE[other.files[name]] for name, now in self.files.items()
        )


def _photo(number: int, folder: str = "DCIM") -> FileFacts:
    def digest(of: str) -> str:
        return sha256(f"{of} {number}".encode()).hexdigest()

    return FileFacts(
        f"{folder}/{number}.jpg",
        size_bytes=100_000 + number,
        mtime_ns=1_700_000_000_000_000_000 + number,
        read_at=READ,
        digest_origin=DigestOrigin.READ,
        digests={"sha256": digest("file")},
        head_sha256=digest("head"),
        kind=Kind.PHOTO,
        format="jpeg",
        width=4000,
        height=3000,
        taken_at="2026-05-03T18:02:00",
        image_sha256=digest("image"),
        coded_sha256=digest("coded"),
        soundness=Soundness.SOUND,
    )


def _other_metadata(photo: FileFacts) -> FileFacts:
    return replace(photo, digests={"sha256": "ab" * 32}, head_sha256="cd" * 32, size_bytes=99_990, latitude=1.0)


def _cut_short(photo: FileFacts) -> FileFacts:
    cut = replace(photo, digests={"sha256": "ef" * 32}, size_bytes=70_000, image_sha256=None, coded_sha256=None)
    return replace(cut, soundness=Soundness.DAMAGED, damage=(Damage("truncated", "cut short"),))


def _unreadable(photo: FileFacts) -> FileFacts:
    trouble = Trouble(ErrorKind.UNREADABLE, "Input/output error")
    return FileFacts(photo.path, size_bytes=photo.size_bytes, kind=Kind.PHOTO, error=trouble)


COPIES: tuple[Callable[[FileFacts], FileFacts | None], ...] = (
    lambda photo: photo,
    lambda photo: replace(photo, path=f"sorted/{photo.path}"),
    _other_metadata,
    _cut_short,
    _unreadable,
    lambda photo: replace(_photo(900), path=photo.path),
    lambda photo: None,
)
"""What a backup may hold of a photo: it, elsewhere, with other metadata, cut short, not to be read, another, none."""


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[Rows, tuple[Rows, Rows]]:
    """A phone and two backups of it."""
    phone = tuple(_photo(number) for number in range(1, draw(st.integers(2, 5))))
    backups = []
    for _ in range(2):
        made = (draw(st.sampled_from(COPIES))(photo) for photo in phone)
        backups.append(tuple(copy for copy in made if copy))
    return phone, (backups[0], backups[1])


def _said(phone: Rows, backups: Sequence[Rows], waived: tuple[Waiver, ...] = ()) -> Said:
    """The stations of an audit in their order, without its report and the rules that decide of no file."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        source, *lists = [_list(folder / n, n, rows) for n, rows in zip(NAMED, (phone, *backups), strict=False)]
        listed = [Listed(name, one) for name, one in zip(NAMED[1:], lists, strict=False)]
        labels = [one.label for one in listed]
        with loading.open_lists(source, listed, FAMILY, NOON) as opened:
            pairing.pair(opened, labels, None)
            summarise(opened, labels, FAMILY.proof)
            ranked.fill(opened, FAMILY.keep)
            outcomes = [engine.run_rule(opened, rule, FAMILY) for rule in DECIDING]
            waivers.apply(opened, waived, NOON.date())
            outcomes = [engine.counts(opened, outcome) for outcome in outcomes]
            partition = verdict.judge_files(opened, FAMILY)
            conclusion = verdict.conclude(opened, partition, outcomes, FAMILY)
            rows = opened.con.execute("SELECT path, verdict FROM files").fetchall()
    files = {Path(path).name: said for path, said in rows}
    assert len(files) == len(phone)
    return Said(conclusion.verdict, files)


def _list(folder: Path, name: str, rows: Rows) -> Manifest:
    header = Header(
        schema=1,
        tool="auditor 0",
        place=f"/{name}",
        place_id=f"folder:{name}",
        label=name,
        place_kind="folder",
        depth=Depth.DECODE,
        started=READ,
        columns=tuple(DECODED),
    )
    writer = Writer.create(folder / "list.jsonl", header)
    for row in rows:
        writer.add(row)
    return writer.close(complete=True, now=NOON)


def _a_good_copy_more(phone: Rows, backups: tuple[Rows, Rows], draw: st.DataObject) -> None:
    photo = draw.draw(st.sampled_from(phone))
    held = [row for row in backups[0] if row.path != f"more/{photo.path}"]
    more = (*held, replace(photo, path=f"more/{photo.path}"))
    before, now = _said(phone, backups), _said(phone, (more, backups[1]))
    assert now.is_no_worse_than(before)
    assert now.files[Path(photo.path).name] == "proven"


def _a_copy_less(phone: Rows, backups: tuple[Rows, Rows], draw: st.DataObject) -> None:
    if not backups[0]:
        return
    gone = draw.draw(st.sampled_from(backups[0]))
    less = tuple(row for row in backups[0] if row is not gone)
    assert _said(phone, backups).is_no_worse_than(_said(phone, (less, backups[1])))


def _another_order_of_rows(phone: Rows, backups: tuple[Rows, Rows], draw: st.DataObject) -> None:
    chance = random.Random(draw.draw(st.integers(0, 999)))
    turned = [tuple(chance.sample(rows, len(rows))) for rows in (phone, *backups)]
    assert _said(turned[0], turned[1:]) == _said(phone, backups)


def _other_folders(phone: Rows, backups: tuple[Rows, Rows], draw: st.DataObject) -> None:
    """Every folder is named otherwise, on all sides alike. Of the dates of folders, a list knows nothing."""
    name = draw.draw(st.sampled_from(("Photos", "é ü", "2026=05", "a/b c", "[x]", "'")))
    moved = [tuple(replace(row, path=f"{name}/{row.path}") for row in rows) for rows in (phone, *backups)]
    assert _said(moved[0], moved[1:]) == _said(phone, backups)


def _other_folders_in_the_backup(phone: Rows, backups: tuple[Rows, Rows], draw: st.DataObject) -> None:
    """A backup may lie in any folder of its disk."""
    moved = tuple(replace(row, path=f"backups/of June/{row.path}") for row in backups[0])
    assert _said(phone, (moved, backups[1])).files == _said(phone, backups).files


def _a_file_that_is_none_of_these(phone: Rows, backups: tuple[Rows, Rows], draw: st.DataObject) -> None:
    stranger = draw.draw(st.sampled_from((_photo(800), _cut_short(_photo(800)), _other_metadata(_photo(800)))))
    assert _said(phone, ((*backups[0], stranger), backups[1])) == _said(phone, backups)


def _two_backups_and_one(phone: Rows, backups: tuple[Rows, Rows], draw: st.DataObject) -> None:
    both = _said(phone, backups)
    for one in backups:
        assert both.is_no_worse_than(_said(phone, (one,)))


def _a_waiver(phone: Rows, backups: tuple[Rows, Rows], draw: st.DataObject) -> None:
    photo = draw.draw(st.sampled_from(phone))
    rule = draw.draw(st.sampled_from([rule.id for rule in DECIDING if rule.verdict]))
    before = _said(phone, backups)
    now = _said(phone, backups, (Waiver(rule, (photo.path,), None, "not worth it", "Anna", date(2027, 1, 1)),))
    own = Path(photo.path).name
    assert {**now.files, own: None} == {**before.files, own: None}
    assert now.files[own] in (before.files[own], "waived")


PROPERTIES = (
    _a_good_copy_more,
    _a_copy_less,
    _another_order_of_rows,
    _other_folders,
    _other_folders_in_the_backup,
    _a_file_that_is_none_of_these,
    _two_backups_and_one,
    _a_waiver,
)
NAMES = [holds.__name__.strip("_") for holds in PROPERTIES]


@pytest.mark.parametrize("holds", PROPERTIES, ids=NAMES)
@settings(max_examples=3, deadline=None, derandomize=True)
@given(world=_worlds(), draw=st.data())
def test_it_holds(
    holds: Callable[[Rows, tuple[Rows, Rows], st.DataObject], None],
    world: tuple[Rows, tuple[Rows, Rows]],
    draw: st.DataObject,
) -> None:
    holds(*world, draw)


@pytest.mark.slow
@pytest.mark.parametrize("holds", PROPERTIES, ids=NAMES)
@settings(max_examples=100, deadline=None)
@given(world=_worlds(), draw=st.data())
def test_it_holds_for_long(
    holds: Callable[[Rows, tuple[Rows, Rows], st.DataObject], None],
    world: tuple[Rows, tuple[Rows, Rows]],
    draw: st.DataObject,
) -> None:
    holds(*world, draw)
