"""Another card in the reader while a list is made: what it holds is not called the first one's."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.audit import run as audit
from auditor.audit.inputs import sides
from auditor.audit.order import Order, Steps
from auditor.disk.volume import volume_of
from auditor.judge import policy, rules
from auditor.manifest.jsonl import Manifest
from auditor.model import Depth, ErrorKind, Verdict
from auditor.places import presence
from auditor.places.folder import open_folder
from auditor.scan import run as scanning
from auditor.scan.run import Progress, scan
from tests import media
from tests.commandline import call
from tests.copier.runs import OLD_S, noise, tree, write
from tests.doubles.card_reader import CardReader
from tests.doubles.mounts import make_image, mounted_image, needs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it mounts file systems")

FILES = 24
CHANGES = {
    "another": ["B"],
    "another, and the first one again": ["B", "A"],
    "nothing, then another": ["", "B"],
    "nothing, then another, and the first one again": ["", "B", "A"],
}
"""What is put into the reader, after a third of the files, and at every third file from then on; "" takes it out."""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[CardReader]:
    with contextlib.ExitStack() as stack:
        yield CardReader(tmp_path, stack, FILES, OLD_S + 2)


@pytest.fixture
def on_one_disk(tmp_path: Path) -> Iterator[CardReader]:
    with contextlib.ExitStack() as stack:
        yield CardReader(tmp_path, stack, FILES, OLD_S, on_one_disk=True)


def exchange(reader: CardReader, changes: list[str], after: int) -> Callable[[Progress], None]:
    """Hears of a scan's progress, and puts the cards in."""
    left = list(changes)

    def heard(now: Progress) -> None:
        if left and now.files >= after and (now.files - after) % 3 == 0:
            reader.empty()
            if card := left.pop(0):
                reader.put_in(card)

    return heard


def listed(reader: CardReader, out: Path, changes: list[str], after: int, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    monkeypatch.setattr(scanning, "ASKED_EVERY_S", 0.0)
    monkeypatch.setattr(scanning, "ASKING_SHARE", float("inf"))
    heard = exchange(reader, changes, after)
    place = open_folder(str(reader.mount))
    return scan(place, out, depth=Depth.HASH, jobs=1, use_cache=False, on_progress=heard)


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("after", [0, FILES // 3])
@pytest.mark.parametrize("told_by", ["its device", "its volume", "its files alone"])
def test_nothing_is_listed_as_read_where_another_card_lay(
    told_by: str, after: int, changes: list[str], reader: CardReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if told_by == "its volume":
        monkeypatch.setattr(presence, "volume_id", lambda device: f"volume {device}")
    if told_by == "its files alone":  # of one reader, and of a camera that gives each card one volume's number
        changes = ["", *changes] if changes[0] else changes  # one that was not seen to come nobody can tell
        monkeypatch.setattr(presence, "volume_id", lambda device: "CANON")
        monkeypatch.setattr(presence, "volume_of", lambda folder: replace(volume_of(folder), device=7))
    made = listed(reader, tmp_path / "m.jsonl", changes, after, monkeypatch)
    assert not made.footer.complete
    assert "another card" in made.footer.reasons[0] and "put back the one that was listed" in made.footer.reasons[0]
    rows = list(made.rows())
    assert len(rows) == FILES
    assert all((row.sha256, row.error_kind) == (None, ErrorKind.UNREADABLE) for row in rows)


def test_another_folder_of_the_same_disk_is_another(
    on_one_disk: CardReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files have the names, sizes and dates of the first one's."""
    if not volume_of(tmp_path).keeps_changes:
        pytest.skip("nobody can tell")
    made = listed(on_one_disk, tmp_path / "m.jsonl", ["B"], FILES // 3, monkeypatch)
    assert not made.footer.complete and "another folder lies at" in made.footer.reasons[0]
    assert all(row.sha256 is None for row in made.rows())


def test_what_lies_beneath_a_disk_that_is_unmounted_is_not_the_disks(
    reader: CardReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup that was made while the disk was off lies in the folder that it is mounted on."""
    reader.empty()
    for name in tree(reader.cards["A"]):
        write(reader.mount / name, noise(f"beneath {name}", 2_000), OLD_S)
    reader.put_in("A")
    made = listed(reader, tmp_path / "m.jsonl", [""], FILES // 3, monkeypatch)
    assert not made.footer.complete and "another card or disk lies at" in made.footer.reasons[0]
    assert all(row.sha256 is None for row in made.rows())


def test_what_was_read_of_a_source_that_is_away_at_the_end_stays(
    reader: CardReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "watch_for_another", lambda place, *_: lambda: presence.source_gone(place))
    made = listed(reader, tmp_path / "m.jsonl", [], 0, monkeypatch)
    assert (made.footer.complete, made.footer.reasons) == (False, ("the source CANON is gone",))
    assert all(row.sha256 for row in made.rows())


def test_what_is_stopped_while_another_card_is_in_is_not_taken_up(
    reader: CardReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(now: Progress) -> None:
        if now.files == FILES // 3:
            reader.put_in("B")
        if now.files == FILES // 2:
            raise KeyboardInterrupt

    place, out = open_folder(str(reader.mount)), tmp_path / "m.jsonl"
    with pytest.raises(KeyboardInterrupt):
        scan(place, out, depth=Depth.HASH, jobs=1, use_cache=False, on_progress=stopped)
    assert list(tmp_path.glob("m.jsonl*")) == []


@pytest.mark.parametrize("whose", ["phone", "backup"])
@pytest.mark.parametrize("after", [0, FILES // 2])
def test_no_audit_calls_safe_what_it_read_from_another_card(
    whose: str, after: int, reader: CardReader, tmp_path: Path
) -> None:
    """What was read of the second card lies on the other side, so that by its bytes all would be there."""
    for card in reader.cards:
        for number, name in enumerate(tree(reader.cards[card])):
            (reader.cards[card] / name).write_bytes(media.jpeg(seed=number) + card.encode())
    other = tmp_path / "other"
    shutil.copytree(reader.cards["A"], other / "A")
    shutil.copytree(reader.cards["B"], other / "B")
    if whose == "phone":
        ours, theirs = sides(str(reader.mount), [str(other)])
    else:
        ours, theirs = sides(str(other), [str(reader.mount)])

    def scanning(name: str) -> Callable[[Progress], None]:
        return exchange(reader, ["B"], after) if name == reader.mount.name else lambda now: None

    order = Order(ours, theirs, policy.load("family"), rules.load(()), jobs=1, with_thumbnails=False)
    result = audit.run(order, tmp_path / "out", Steps(scanning=scanning))
    assert result.verdict is Verdict.CANNOT_SAY
    assert result.partition.proven == result.partition.not_safe == 0
    with (tmp_path / "out/safe-to-delete.csv").open(encoding="utf-8-sig") as stream:
        assert list(csv.DictReader(stream)) == []
    assert "as another card would; put back the one that was listed" in (tmp_path / "out/report.html").read_text(
        "utf-8"
    )


def test_a_scan_says_what_to_do(
    reader: CardReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = scanning._rows

    def first(*words: object) -> object:
        reader.put_in("B")
        return rows(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(scanning, "_rows", first)
    _, _, err = call(monkeypatch, capsys, "scan", str(reader.mount), "-o", str(tmp_path / "m.jsonl"))
    assert "another card or disk lies at" in " ".join(err.split()) or "another card would" in " ".join(err.split())
    assert "The list is not complete" in " ".join(err.split())


@pytest.mark.parametrize("kind", ["exfat", "fat32", "ntfs", "ext4"])
def test_the_same_disk_mounted_anew_is_no_other(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "ASKED_EVERY_S", 0.0)
    monkeypatch.setattr(scanning, "ASKING_SHARE", float("inf"))
    needs(root=True)
    image, mount = tmp_path / "card.img", tmp_path / "card"
    make_image(image, kind, "64M")
    with contextlib.ExitStack() as stack:

        def mounted_anew(now: Progress) -> None:
            if now.files in (0, 8):  # no worker is reading then
                stack.close()
                stack.enter_context(mounted_image(image, kind, mount))

        stack.enter_context(mounted_image(image, kind, mount))
        content = {name: noise(name, 300_000) for name in (f"DCIM/{n}.jpg" for n in range(8))}
        for name, data in content.items():
            write(mount / name, data)
        place, out = open_folder(str(mount)), tmp_path / "m.jsonl"
        made = scan(place, out, depth=Depth.HASH, jobs=1, use_cache=False, on_progress=mounted_anew)
    assert (made.footer.complete, made.footer.reasons) == (True, ())
    read = {row.path: row.sha256 for row in made.rows() if row.path.startswith("DCIM") and row.error is None}
    assert len(read) == 8
    assert all(digest == hashlib.sha256(content[path]).hexdigest() for path, digest in read.items())
