"""A list, and files that were written since on the same disk: what is listed may be no more than these."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor import data as shipped
from auditor.audit import one_copy, pairing, rewritten
from auditor.audit.apart import Asked
from auditor.database import files
from auditor.database.headers import Listed
from auditor.database.loading import open_lists
from auditor.judge import policy
from auditor.manifest.jsonl import Manifest, Writer
from auditor.manifest.rows import DECODED
from auditor.model import Depth, DigestOrigin, FileFacts, Header, Kind, Soundness
from tests import media
from tests.commandline import call


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone and a copy of it, and a policy that wants two copies."""
    monkeypatch.chdir(tmp_path)
    for name in ("phone", "copy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(media.jpeg(seed=1))
        os.utime(tmp_path / name / "a.jpg", (1_700_000_000,) * 2)
    family = (shipped.folder("rules") / "policies/family.toml").read_text("utf-8")
    own = re.sub(r"(?m)^min_copies.*", "min_copies = 2", family).replace('"family"', '"two"', 1)
    (tmp_path / "two.toml").write_text(own, "utf-8")
    return tmp_path


def written_anew(folder: str, into: str) -> None:
    """The folder under another name, its file written anew some seconds later."""
    time.sleep(2.1)
    content = Path(folder, "a.jpg").read_bytes()
    Path(folder, "new").write_bytes(content)
    os.utime(Path(folder, "new"), (1_700_000_000,) * 2)
    Path(folder, "new").rename(Path(folder, "a.jpg"))
    Path(folder).rename(into)


Run = tuple[pytest.MonkeyPatch, pytest.CaptureFixture[str]]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return monkeypatch, capsys


def audited(on: Run, *words: str) -> tuple[str, str]:
    code, *said = call(*on, "audit", *words, "-o", f"out-{time.time_ns()}", "--no-thumbnails")
    assert code in (0, 1, 3), said
    (out,) = sorted(Path().glob("out-*"))[-1:]
    record = json.loads((out / "audit.json").read_text("utf-8"))
    return record["verdict"], " ".join(record["caveats"])


def test_a_list_of_a_backup_that_was_written_anew_is_no_further_copy(here: Path, on: Run) -> None:
    assert call(*on, "scan", "copy", "-o", "list.jsonl")[0] == 0
    written_anew("copy", "elsewhere")
    verdict, caveats = audited(on, "phone", "elsewhere", "list.jsonl", "--policy", "two.toml")
    assert verdict == "NOT SAFE" and "written since on the same disk" in caveats


def test_a_list_beside_a_backup_that_was_there_before_is_a_copy(here: Path, on: Run) -> None:
    (here / "third").mkdir()
    (here / "third/a.jpg").write_bytes(media.jpeg(seed=1))
    assert call(*on, "scan", "copy", "-o", "list.jsonl")[0] == 0
    assert audited(on, "phone", "third", "list.jsonl", "--policy", "two.toml")[0] == "SAFE"


def test_a_list_of_the_phone_is_no_copy_of_what_it_became(here: Path, on: Run) -> None:
    assert call(*on, "scan", "phone", "-o", "list.jsonl")[0] == 0
    written_anew("phone", "moved")
    assert audited(on, "moved", "list.jsonl")[0] == "CANNOT SAY"


def tagged(folder: str, *, in_place: bool) -> None:
    """The photo's file gets a word more about it, as an editor of tags does: in place, or by a new file."""
    path = Path(folder, "a.jpg")
    time.sleep(2.1)
    content = path.read_bytes()
    said = content[:2] + b"\xff\xfe\x00\x08tagged" + content[2:]
    if in_place:
        path.write_bytes(said)
    else:
        Path(folder, "new").write_bytes(said)
        Path(folder, "new").replace(path)


@pytest.mark.parametrize(("in_place", "verdict"), [(True, "NOT SAFE"), (False, "CANNOT SAY")])
def test_a_list_of_what_became_the_phone_and_was_tagged_is_no_copy(
    here: Path, on: Run, in_place: bool, verdict: str
) -> None:
    assert call(*on, "scan", "copy", "-o", "list.jsonl")[0] == 0
    Path("copy").rename("moved")
    tagged("moved", in_place=in_place)
    assert audited(on, "moved", "list.jsonl")[0] == verdict


def test_where_nothing_says_when_a_file_was_changed_it_may_be_the_listed_one(
    here: Path, on: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """exFAT, NTFS by FUSE, or a root that is no mount: no time of change is known."""
    monkeypatch.setattr("auditor.places.folder.keeps_change_times", lambda path: False)
    assert call(*on, "scan", "copy", "-o", "list.jsonl")[0] == 0
    Path("copy").rename("moved")
    tagged("moved", in_place=False)
    assert audited(on, "moved", "list.jsonl")[0] == "CANNOT SAY"


def test_a_list_of_a_copy_that_was_tagged_since_is_no_further_copy(here: Path, on: Run) -> None:
    assert call(*on, "scan", "copy", "-o", "list.jsonl")[0] == 0
    tagged("copy", in_place=False)
    Path("copy").rename("elsewhere")
    verdict, caveats = audited(on, "phone", "elsewhere", "list.jsonl", "--policy", "two.toml")
    assert verdict == "NOT SAFE" and "written since on the same disk" in caveats


Kept = tuple[str, str] | None
"""Which file a list names (its volume and number), and the day on which it was written; None where it names none."""

LISTED = {"a": "2026-01-04", "b": "2026-01-06", "c": "2026-01-08"}
"""When each list was made, and by that no longer is what its folder holds."""

MOVED: dict[str, tuple[int, tuple[Kept, Kept, Kept]]] = {
    "made from the one before": (1, (("v1:1", "2026-01-01"), ("v1:2", "2026-01-05"), ("v1:3", "2026-01-07"))),
    "by another disk": (2, (("v1:1", "2026-01-01"), ("v2:2", "2026-01-05"), ("v1:3", "2026-01-07"))),
    # The later one may be either, and nobody can tell which.
    "two at one time, and a later one": (1, (("v1:1", "2026-01-01"), ("v1:2", "2026-01-01"), ("v1:3", "2026-01-07"))),
    "one listed twice, and another": (2, (("v1:1", "2026-01-01"), ("v1:2", "2026-01-01"), ("v1:2", "2026-01-01"))),
    "three disks": (3, (("v1:1", "2026-01-01"), ("v2:2", "2026-01-05"), ("v3:3", "2026-01-07"))),
    "a disk without a number, after a start": (
        2,
        (("device 45 of r1:1", "2026-01-01"), ("device 46 of r2:2", "2026-01-05"), ("v1:3", "2026-01-07")),
    ),
    "two disks without a number": (
        3,
        (("device 45 of r1:1", "2026-01-01"), ("device 46 of r1:2", "2026-01-05"), ("v1:3", "2026-01-07")),
    ),
    "two of three": (1, (("v1:1", "2026-01-01"), None, ("v1:3", "2026-01-07"))),
}


def _list(path: Path, label: str, day: str, files: dict[str, Kept], **facts: object) -> Manifest:
    """A list that was made on a day, of files by their content."""
    started = f"{day}T12:00:00Z"
    writer = Writer.create(path, Header(1, "test", label, label, label, "folder", Depth.DECODE, started, DECODED))
    for content, kept in files.items():
        if kept is not None:
            known = {"digests": {"sha256": hashlib.sha256(content.encode()).hexdigest()}, "size_bytes": 9, **facts}
            changed_ns = int(datetime.fromisoformat(f"{kept[1]}T12:00:00+00:00").timestamp()) * 10**9
            named = FileFacts(f"{content}.jpg", kind=Kind.PHOTO, digest_origin=DigestOrigin.READ, **known)  # type: ignore[arg-type]
            writer.add(replace(named, file_id=kept[0], changed_ns=changed_ns))
    return writer.close(complete=True, now=datetime.fromisoformat(f"{day}T12:00:10+00:00"))


def _copies(source: Manifest, backups: dict[str, Manifest]) -> tuple[dict[str, int], set[str]]:
    """How many copies of each file these lists are, and of which backups it is said that they count as one."""
    family, labels = policy.load("family"), list(backups)
    listed = [Listed(label, one) for label, one in backups.items()]
    with open_lists(source, listed, family, datetime(2026, 12, 31, tzinfo=UTC)) as db:
        nowhere = [None] * len(labels)
        one_copy.mark_linked(db, None, nowhere, Asked())
        rewritten.mark(db, nowhere)
        said = one_copy.count_once(db, nowhere, Asked())
        pairing.pair(db, labels, None)
        files.summarise(db, labels, family.proof)
        said += rewritten.as_one(db)
        found = db.rows(lambda path, number: (path.removesuffix(".jpg"), number), "SELECT path, copies FROM files")
        return dict(found), {one.split(" were written", 1)[0] for one in said}


def test_a_picture_with_other_metadata_is_asked_which_file_it_is(tmp_path: Path) -> None:
    """As one with the same bytes is."""
    picture = {"image_sha256": "12" * 32, "soundness": Soundness.SOUND}
    backup = _list(tmp_path / "a", "a", "2026-02-01", {"before": ("v1:1", "2026-01-01")}, **picture)
    for number, (kept, copies) in enumerate(
        [
            (("v1:1", "2026-03-01"), 0),  # the same file
            (("v1:2", "2026-03-01"), 0),  # a later file of the disk
            (("v1:2", "2025-12-01"), 1),  # one that was there before
            (("v2:1", "2026-03-01"), 1),  # one of another disk
        ]
    ):
        source = _list(tmp_path / f"phone-{number}", "phone", "2026-04-01", {"tagged": kept}, **picture)
        assert _copies(source, {"a": backup})[0] == {"tagged": copies}, kept


def test_the_order_of_lists_changes_no_number_of_copies(tmp_path: Path) -> None:
    chance = random.Random(1)
    kept = {case: those for case, (_, those) in MOVED.items()}
    for number in range(60):
        files = [
            (f"v{chance.randint(1, 2)}:{chance.randint(1, 4)}", f"2026-01-0{chance.randint(1, 9)}") for _ in LISTED
        ]
        kept[f"by chance {number}"] = (files[0], files[1], files[2])
    of_phone: dict[str, Kept] = {content: (f"v9:{number}", "2025-12-01") for number, content in enumerate(kept)}
    source = _list(tmp_path / "phone", "phone", "2026-02-01", of_phone)
    lists = {
        label: _list(tmp_path / label, label, day, {content: those[number] for content, those in kept.items()})
        for number, (label, day) in enumerate(LISTED.items())
    }
    found = [_copies(source, dict(order)) for order in itertools.permutations(lists.items())]
    assert found == [found[0]] * 6
    assert {case: found[0][0][case] for case in MOVED} == {case: copies for case, (copies, _) in MOVED.items()}


def test_a_list_of_what_is_not_at_hand_says_what_it_proves(here: Path, on: Run) -> None:
    told = "A list proves what was there when it was made"
    assert call(*on, "scan", "copy", "-o", "list.jsonl")[0] == 0
    assert told not in audited(on, "phone", "list.jsonl")[1]
    Path("copy/a.jpg").unlink()
    Path("copy").rmdir()
    assert told in audited(on, "phone", "list.jsonl")[1]
