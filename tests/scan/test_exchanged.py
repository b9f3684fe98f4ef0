"""Another card in the reader while a list is made: what it holds is not called the first one's."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import shutil
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from auditor.audit import run as audit
from auditor.audit.inputs import sides
from auditor.audit.order import Order, Steps
from auditor.copier import backup
from auditor.disk.opened import Named, Opened
from auditor.disk.volume import devices_beneath, volume_of
from auditor.errors import BadPlace
from auditor.isolation import pool
from auditor.judge import policy, rules
from auditor.manifest.jsonl import Manifest
from auditor.model import Depth, ErrorKind, FileFacts, Trouble, Verdict
from auditor.places import Entry, EntryKind, Place, archive, presence
from auditor.places.archive import open_archive
from auditor.places.folder import FolderPlace, open_folder
from auditor.places.takeout import open_takeout
from auditor.scan import one_file
from auditor.scan import run as scanning
from auditor.scan.run import Progress, Task, scan
from tests import media
from tests.commandline import call
from tests.copier.runs import OLD_S, noise, tree, write
from tests.doubles.card_reader import CardReader
from tests.doubles.mounts import disk, make_image, mounted, mounted_image, needs

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


@pytest.fixture
def on_fat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing keeps change times or numbers of files, nor has a volume a number of its own."""
    monkeypatch.setattr("auditor.places.folder.keeps_change_times", lambda path: False)
    kinds = frozenset({"vfat"})
    monkeypatch.setattr(presence, "volume_of", lambda folder: replace(volume_of(folder), kinds=kinds))
    monkeypatch.setattr(presence, "volume_id", lambda device: None)


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


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(
    "told_by", ["its device", "its volume", "its files alone", "its files, by one number of volumes"]
)
@pytest.mark.parametrize("files", [9, FILES])
def test_another_card_beneath_the_folder_is_another_though_it_holds_few_of_all_files(
    told_by: str, files: int, changes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of all cards and disks is the source: the one card is little of it."""
    if told_by == "its volume":
        monkeypatch.setattr(presence, "volume_id", lambda device: f"volume {device}")
    if told_by == "its files, by one number of volumes":
        monkeypatch.setattr(presence, "volume_id", lambda device: "CANON")
    if told_by.startswith("its files"):
        monkeypatch.setattr(presence, "devices_beneath", lambda path: dict.fromkeys(devices_beneath(path), 7))
    monkeypatch.setattr(scanning, "ASKED_EVERY_S", 0.0)
    monkeypatch.setattr(scanning.pool, "run", in_this_process)
    with contextlib.ExitStack() as stack:
        reader = CardReader(tmp_path, stack, files, OLD_S + 2)
        cards = reader.mount.parent
        for number in range(4 * FILES):
            write(cards / f"disk/{number}.jpg", noise(f"disk {number}", 500), OLD_S)
        heard = exchange(reader, changes, files // 3)
        place = open_folder(str(cards))
        made = scan(place, tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1, use_cache=False, on_progress=heard)
    assert not made.footer.complete
    assert "another card" in made.footer.reasons[0]
    assert all(row.sha256 is None for row in made.rows())


def test_a_card_that_is_taken_out_beneath_the_folder_costs_its_own_files_alone(
    reader: CardReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = reader.mount.parent
    for number in range(4):
        write(cards / f"disk/{number}.jpg", noise(f"disk {number}", 500), OLD_S)
    monkeypatch.setattr(scanning, "ASKED_EVERY_S", 0.0)
    monkeypatch.setattr(scanning.pool, "run", in_this_process)
    heard = exchange(reader, [""], FILES // 3)
    place = open_folder(str(cards))
    made = scan(place, tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1, use_cache=False, on_progress=heard)
    read = {row.path for row in made.rows() if row.sha256}
    assert len(read) == FILES // 3 + 4 and {f"disk/{number}.jpg" for number in range(4)} <= read


@contextlib.contextmanager
def listed_while(
    cards: Path, then: Callable[[], object], afterwards: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """A folder of all cards, of which the listing reaches `CANON` last: something is done before that."""
    for name in ("CANON/DCIM/0.jpg", "disk/a.jpg"):
        assert (cards / name).exists()
    walk = FolderPlace._list

    def list_one(place: FolderPlace, folder: str, *rest: object) -> tuple[int, int]:
        if place.root == cards and folder == "CANON":
            then()
        found = walk(place, folder, *rest)  # type: ignore[arg-type]
        if place.root == cards and folder == "CANON":
            afterwards()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(FolderPlace, "_list", list_one)
        yield open_folder(str(cards))


@pytest.mark.parametrize("hides", [True, False], ids=["files lie under it", "nothing lies under it"])
@pytest.mark.parametrize("comes_back", [True, False])
def test_a_card_beneath_that_goes_while_the_folder_is_listed_is_missed(
    comes_back: bool, hides: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.ExitStack() as stack:
        reader = CardReader(tmp_path, stack, 0, OLD_S)
        write(reader.cards["A"] / "DCIM/0.jpg", noise("A"), OLD_S)
        cards = reader.mount.parent
        write(cards / "disk/a.jpg", noise("disk"), OLD_S)
        if hides:
            reader.empty()
            write(reader.mount / "hidden.jpg", noise("hidden"), OLD_S)
            reader.put_in("A")

        def put_back() -> None:
            if comes_back:
                reader.put_in("A")

        with listed_while(cards, reader.empty, put_back, monkeypatch) as place:
            made = scan(place, tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1, use_cache=False)
        if not comes_back:
            reader.put_in("A")
        with listed_while(cards, reader.empty, put_back, monkeypatch) as place:
            looked = backup.Looked.at(place)
    assert (made.footer.complete, made.footer.reasons) == (False, ("CANON: it went away while it was listed",))
    assert [(e.path, e.kind) for e in looked.entries if e.error] == [("CANON", EntryKind.FOLDER)]


@pytest.mark.parametrize("files", [0, 1])
def test_a_card_beneath_that_stays_is_listed_whole(files: int, tmp_path: Path) -> None:
    """Though it is empty, lies on files of the folder in which it is mounted, or shows a folder of that disk within."""
    with contextlib.ExitStack() as stack:
        reader = CardReader(tmp_path, stack, files, OLD_S)
        (reader.cards["A"] / "empty").mkdir()
        reader.empty()
        write(reader.mount / "hidden.jpg", noise("hidden"), OLD_S)
        write(reader.mount.parent / "disk/a.jpg", noise("disk"), OLD_S)
        reader.put_in("A")
        place, out = open_folder(str(reader.mount.parent)), tmp_path / "m.jsonl"
        made = scan(place, out, depth=Depth.LIST, use_cache=False)
        with mounted("mount", "--bind", str(reader.mount.parent / "disk"), str(reader.mount / "shown")):
            again = scan(place, out.with_name("n.jsonl"), depth=Depth.LIST, use_cache=False)
    assert (made.footer.complete, made.footer.files) == (True, files + 1)
    assert (again.footer.complete, again.footer.files) == (True, files + 2)


def test_what_lies_beneath_and_could_not_be_listed_has_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share that is dead, and one in a folder that cannot be opened: the row says why."""
    (tmp_path / "a.jpg").write_bytes(b"a")
    place = open_folder(str(tmp_path))
    trouble = Trouble(ErrorKind.UNREADABLE, "Transport endpoint is not connected")
    entries = [Entry("nas", EntryKind.FILE, error=trouble), Entry("shut", EntryKind.FOLDER, error=trouble)]
    beneath = (presence.Beneath("nas", 2, None), presence.Beneath("shut/inner", 3, None))
    before = presence.Mounted("/", 1, None, None, beneath)
    assert presence.unlisted_beneath(place, before, entries) == []
    assert [one.path for one in presence.unlisted_beneath(place, before, [])] == ["nas", "shut/inner"]


def lying(monkeypatch: pytest.MonkeyPatch, *there: presence.Mounted) -> None:
    """Where the source lies at each look, the last one for good."""
    left = list(there)
    monkeypatch.setattr(presence, "mounted", lambda source: left.pop(0) if len(left) > 1 else left[0])


CARD = presence.Beneath("card", 2, "CARD")
DISK = presence.Mounted("/media/me", 1, "DISK", 7, (CARD,))


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (replace(DISK, beneath=()), None),
        (replace(DISK, beneath=(replace(CARD, device=3),)), None),
        (replace(DISK, beneath=(replace(CARD, volume="B"),)), "another card or disk lies at"),
        (replace(DISK, volume="B", beneath=()), "another card or disk lies at"),
        (replace(DISK, folder=8, beneath=()), "another folder lies at"),
    ],
)
def test_numbers_tell_another_one_also_where_a_card_beneath_is_away(
    now: presence.Mounted, says: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All files are as they were listed, as on a copy of the first one."""
    lying(monkeypatch, now)
    told = presence.another(open_folder(str(tmp_path)), DISK, dict, is_doubted=True)
    assert (told or "").startswith(says) if says else told is None


@pytest.mark.parametrize("volume", ["CARD", None])
def test_a_card_beneath_with_one_file_may_be_another_too(
    volume: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        write(tmp_path / f"{number}.jpg", b"photo", OLD_S)
    write(tmp_path / "card/film.mp4", b"another film", OLD_S)
    disk = replace(DISK, beneath=(replace(CARD, volume=volume),))
    lying(monkeypatch, disk)
    place = open_folder(str(tmp_path))
    had = {entry.path: (entry.size_bytes, entry.mtime_ns) for entry in place.walk()} | {"card/film.mp4": (1, 1)}
    told = presence.another(place, disk, lambda: had, is_doubted=True)
    assert told is not None and told.startswith("card has other files now than when it was listed")


@pytest.mark.parametrize(
    ("volume", "away", "doubted"),
    [
        ("CARD", replace(DISK, beneath=()), ["card/b.jpg"]),
        (None, replace(DISK, beneath=()), ["card/b.jpg"]),
        (None, replace(DISK, point="/"), ["a.jpg", "card/b.jpg"]),
        ("CARD", replace(DISK, point="/"), ["card/b.jpg"]),
    ],
)
def test_only_what_lies_on_the_volume_that_was_away_is_perhaps_anothers(
    volume: str | None,
    away: presence.Mounted,
    doubted: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = replace(DISK, volume=volume and "DISK", beneath=(replace(CARD, volume=volume),))
    watch = presence.Watch(open_folder(str(tmp_path)), disk, dict)
    lying(monkeypatch, away, disk)
    watch()
    changed = [Named(path, 1, 1, None, None) for path in ("a.jpg", "card/b.jpg")]
    assert [one.path for one in watch.perhaps_anothers(changed)] == doubted


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
    monkeypatch.setattr(presence.Watch, "__call__", lambda watch: presence.source_gone(watch.source))
    made = listed(reader, tmp_path / "m.jsonl", [], 0, monkeypatch)
    assert (made.footer.complete, made.footer.reasons) == (False, ("CANON went away",))
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


def two_folders(tmp_path: Path, date: float = OLD_S) -> tuple[Path, Callable[[], None], Callable[[], None]]:
    """A folder, and what puts another one of equal names and sizes in its place, and the first one back."""
    card, first, other = tmp_path / "card", tmp_path / "first", tmp_path / "other"
    for number in range(FILES):
        write(card / f"{number:02}.jpg", noise(f"A {number}", 2_000), OLD_S)
        write(other / f"{number:02}.jpg", noise(f"B {number}", 2_000), date)

    def exchange() -> None:
        card.rename(first)
        other.rename(card)

    def put_back() -> None:
        card.rename(other)
        first.rename(card)

    return card, exchange, put_back


def unasked(card: Path, out: Path, at: dict[int, Callable[[], None]], monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """A list during which nobody asks before the end whether the place is still the same; what happens after so many
    files."""
    monkeypatch.setattr(scanning, "ASKED_EVERY_S", float("inf"))
    monkeypatch.setattr(scanning.pool, "run", in_this_process)

    def heard(now: Progress) -> None:
        if now.files in at:
            at.pop(now.files)()

    return scan(open_folder(str(card)), out, depth=Depth.HASH, jobs=1, use_cache=False, on_progress=heard)


def in_this_process(
    function: Callable[[Task], FileFacts], jobs: Iterable[pool.Job[Task]], **_: object
) -> Iterator[object]:
    """Each file is read when the one before has its row."""
    for job in jobs:
        yield function(job.argument) if isinstance(job, pool.Job) else job.result


@pytest.mark.parametrize("date", [OLD_S, OLD_S + 60], ids=["equal dates", "other dates"])
def test_another_that_nobody_saw_come_or_go_is_known_by_its_files(
    date: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not volume_of(tmp_path).keeps_changes:
        pytest.skip("nobody can tell where all dates and sizes are equal")
    card, exchange, put_back = two_folders(tmp_path, date)
    made = unasked(card, tmp_path / "m.jsonl", {3: exchange, 6: put_back}, monkeypatch)
    assert not made.footer.complete
    assert "lay at" in made.footer.reasons[0] and "put back the one that was listed" in made.footer.reasons[0]
    assert all((row.sha256, row.error_kind) == (None, ErrorKind.UNREADABLE) for row in made.rows())


def test_on_file_systems_without_change_times_it_is_known_by_dates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.places.folder.keeps_change_times", lambda path: False)
    card, exchange, put_back = two_folders(tmp_path, OLD_S + 60)
    made = unasked(card, tmp_path / "m.jsonl", {3: exchange, 6: put_back}, monkeypatch)
    assert not made.footer.complete and all(row.sha256 is None for row in made.rows())


@pytest.mark.usefixtures("on_fat")
def test_another_that_nobody_saw_come_and_that_stays_is_known_by_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, exchange, _ = two_folders(tmp_path, OLD_S + 60)
    made = unasked(card, tmp_path / "m.jsonl", {3: exchange}, monkeypatch)
    assert not made.footer.complete and "as another card would; put back the one" in made.footer.reasons[0]
    assert all((row.sha256, row.error_kind) == (None, ErrorKind.UNREADABLE) for row in made.rows())


def test_another_folder_of_a_real_disk_without_numbers_is_not_read_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disk(tmp_path, "ntfs", "16M") as mount:
        assert not volume_of(mount).keeps_changes
        card, exchange, _ = two_folders(mount, OLD_S + 60)
        made = unasked(card, tmp_path / "m.jsonl", {3: exchange}, monkeypatch)
    assert not made.footer.complete and "as another card would" in made.footer.reasons[0]
    assert all(row.sha256 is None for row in made.rows())


@pytest.mark.usefixtures("on_fat")
def test_what_has_no_file_of_the_first_is_another_though_nothing_was_read_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, exchange, _ = two_folders(tmp_path)
    for path in list((tmp_path / "other").iterdir()):
        path.rename(path.with_name(f"X{path.name}"))
    made = unasked(card, tmp_path / "m.jsonl", {3: exchange}, monkeypatch)
    assert not made.footer.complete and "as another card would" in made.footer.reasons[0]


def came_back(card: Path, out: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> Manifest:
    """A list during which the card is seen to be away while the fifth file is read, and what happens meanwhile."""
    monkeypatch.setattr(scanning, "ASKED_EVERY_S", 0.0)
    monkeypatch.setattr(scanning, "ASKING_SHARE", float("inf"))
    monkeypatch.setattr(scanning.pool, "run", in_this_process)
    away = card.with_name("away")

    def heard(now: Progress) -> None:
        if now.files == 4:
            card.rename(away)
        if now.files == 5:
            away.rename(card)
            meanwhile()

    return scan(open_folder(str(card)), out, depth=Depth.HASH, jobs=1, use_cache=False, on_progress=heard)


@pytest.mark.usefixtures("on_fat")
def test_what_is_not_as_listed_once_it_was_away_is_perhaps_anothers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another card may have most files of the first one, as a copy of it has: of the rest nothing is known."""
    card, exchange, _ = two_folders(tmp_path, OLD_S + 60)
    for number in range(FILES - 6):
        shutil.copy2(card / f"{number:02}.jpg", tmp_path / "other")
    first = tree(card)
    made = came_back(card, tmp_path / "m.jsonl", monkeypatch, exchange)
    rows = list(made.rows())
    assert all(row.sha256 in (None, hashlib.sha256(first[row.path]).hexdigest()) for row in rows)
    doubted = [row for row in rows if row.error and "where it lies was away meanwhile" in row.error.reason]
    assert [row.path for row in doubted] == [f"{number:02}.jpg" for number in range(FILES - 6, FILES)]
    assert sum(row.sha256 is not None for row in rows) == FILES - 6 - 1  # and one that was read while it was away


UNLIKE = {*range(4, 10)}


def seen_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Manifest, dict[str, str]]:
    """A list during which another card came after one question and was away at the next: by then its files had their
    rows, and the `UNLIKE` ones are not as they were listed. Also the digests of the first card's files."""
    card, exchange, _ = two_folders(tmp_path, OLD_S + 60)
    for number in {*range(FILES)} - UNLIKE:
        shutil.copy2(card / f"{number:02}.jpg", tmp_path / "other")
    first = {name: hashlib.sha256(content).hexdigest() for name, content in tree(card).items()}
    now_s = 0.0
    monkeypatch.setattr(scanning, "time", SimpleNamespace(monotonic=lambda: now_s))
    monkeypatch.setattr(scanning.pool, "run", in_this_process)

    def heard(now: Progress) -> None:
        nonlocal now_s
        if now.files == 3:
            exchange()
        if now.files == 12:
            now_s += 2 * scanning.ASKED_EVERY_S
            card.rename(tmp_path / "away")
        if now.files == 13:
            (tmp_path / "away").rename(card)

    place = open_folder(str(card))
    made = scan(place, tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1, use_cache=False, on_progress=heard)
    assert not list(tmp_path.glob("m.jsonl.*"))
    return made, first


@pytest.mark.usefixtures("on_fat")
def test_what_had_its_row_before_it_was_seen_to_be_away_is_perhaps_anothers_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, first = seen_late(tmp_path, monkeypatch)
    rows = {row.path: row for row in made.rows()}
    assert list(rows) == sorted(first)
    doubted = {path for path, row in rows.items() if row.error and "was away meanwhile" in row.error.reason}
    assert doubted == {f"{number:02}.jpg" for number in UNLIKE}
    read = {path: row.sha256 for path, row in rows.items() if row.sha256}
    assert len(read) == FILES - len(UNLIKE) - 1  # and one that was read while it was away
    assert read.items() <= first.items() and not read.keys() & doubted


@pytest.mark.usefixtures("on_fat")
def test_no_row_is_left_out_where_the_list_so_far_cannot_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning.jsonl, "take_up", lambda out: None)
    made, first = seen_late(tmp_path, monkeypatch)
    assert {row.path: (row.sha256, row.error_kind) for row in made.rows()} == dict.fromkeys(
        first, (None, ErrorKind.UNREADABLE)
    )


@pytest.mark.usefixtures("on_fat")
def test_what_is_edited_on_a_disk_that_was_never_away_is_read_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, *_ = two_folders(tmp_path)
    made = unasked(card, tmp_path / "m.jsonl", {3: lambda: write(card / "20.jpg", b"edited")}, monkeypatch)
    assert (made.footer.complete, made.footer.reasons) == (True, ())
    assert hashlib.sha256(b"edited").hexdigest() in {row.sha256 for row in made.rows()}


def test_what_is_edited_on_a_disk_that_was_away_and_has_numbers_is_read_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not volume_of(tmp_path).keeps_changes:
        pytest.skip("a folder has no number there")
    monkeypatch.setattr(presence, "volume_id", lambda device: "the same")
    card, *_ = two_folders(tmp_path)
    made = came_back(card, tmp_path / "m.jsonl", monkeypatch, lambda: write(card / "20.jpg", b"edited"))
    assert (made.footer.complete, made.footer.reasons) == (True, ())
    assert hashlib.sha256(b"edited").hexdigest() in {row.sha256 for row in made.rows()}


@pytest.mark.usefixtures("on_fat")
@pytest.mark.parametrize("is_seen_away", [True, False])
@pytest.mark.parametrize("hours", [-1, 1, 13])
def test_a_disk_whose_dates_all_shift_by_hours_is_no_other_one(
    hours: int, is_seen_away: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT keeps local time: daylight saving or another zone shifts all dates."""
    card, *_ = two_folders(tmp_path)
    first = tree(card)

    def shift() -> None:
        for path in card.iterdir():
            os.utime(path, (OLD_S, OLD_S + hours * 3600))

    out = tmp_path / "m.jsonl"
    made = came_back(card, out, monkeypatch, shift) if is_seen_away else unasked(card, out, {3: shift}, monkeypatch)
    assert (made.footer.complete, made.footer.reasons) == (True, ())
    rows = [row for row in made.rows() if not (is_seen_away and row.path == "04.jpg")]  # it was away then
    assert all(row.sha256 == hashlib.sha256(first[row.path]).hexdigest() for row in rows)


@pytest.mark.usefixtures("on_fat")
def test_one_film_that_is_being_written_is_no_other_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = write(tmp_path / "card/film.mp4", noise("film", 2_000))
    after = one_file.was_written

    def written(*opened: Opened | None) -> bool:
        with film.open("ab") as stream:
            stream.write(b"more")
        return after(opened[0], Opened.by(film.stat()))

    monkeypatch.setattr(one_file, "was_written", written)
    made = unasked(film.parent, tmp_path / "m.jsonl", {}, monkeypatch)
    assert made.footer.reasons == ()
    assert [row.error for row in made.rows()] == [one_file.CHANGED]


@pytest.mark.usefixtures("on_fat")
def test_no_audit_calls_safe_what_came_unseen_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read of either folder lies on the other side, so that by its bytes all would be there."""
    card, exchange, _ = two_folders(tmp_path, OLD_S + 60)
    for folder in (card, tmp_path / "other"):
        for number, path in enumerate(sorted(folder.iterdir())):
            write(path, media.jpeg(seed=number) + folder.name.encode(), path.stat().st_mtime)
    both = tmp_path / "both"
    shutil.copytree(tmp_path / "other", both / "B")
    (both / "A").mkdir()
    for number in range(3):
        shutil.copy(card / f"{number:02}.jpg", both / "A")
    monkeypatch.setattr(scanning, "ASKED_EVERY_S", float("inf"))
    monkeypatch.setattr(scanning.pool, "run", in_this_process)
    ours, theirs = sides(str(card), [str(both)])

    def scanning_(name: str) -> Callable[[Progress], None]:
        left = [exchange] if name == card.name else []
        return lambda now: left.pop()() if left and now.files == 3 else None

    order = Order(ours, theirs, policy.load("family"), rules.load(()), jobs=1, with_thumbnails=False)
    result = audit.run(order, tmp_path / "out", Steps(scanning=scanning_))
    assert result.verdict is Verdict.CANNOT_SAY and result.partition.proven == 0
    with (tmp_path / "out/safe-to-delete.csv").open(encoding="utf-8-sig") as stream:
        assert list(csv.DictReader(stream)) == []


def test_numbers_that_a_file_system_makes_up_anew_tell_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT and many FUSE systems number files as they are looked at."""
    monkeypatch.setattr("auditor.places.folder.keeps_change_times", lambda path: False)
    card, *_ = two_folders(tmp_path)
    monkeypatch.setattr("auditor.scan.one_file.file_id", lambda device, inode: f"volume:{inode + 7}")
    made = unasked(card, tmp_path / "m.jsonl", {}, monkeypatch)
    assert (made.footer.complete, made.footer.reasons) == (True, ())
    assert all(row.sha256 for row in made.rows())


def test_another_that_is_taken_away_before_the_end_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, exchange, _ = two_folders(tmp_path, OLD_S + 60)

    def pulled() -> None:
        card.rename(tmp_path / "pulled")
        card.mkdir()

    made = unasked(card, tmp_path / "m.jsonl", {3: exchange, FILES: pulled}, monkeypatch)
    assert not made.footer.complete and "was not as it had been listed" in made.footer.reasons[0]
    assert all(row.sha256 is None for row in made.rows())


@pytest.mark.usefixtures("on_fat")
def test_another_that_cannot_be_listed_at_the_end_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, exchange, _ = two_folders(tmp_path, OLD_S + 60)

    def broken(*_: object) -> list[str]:
        raise OSError

    monkeypatch.setattr(presence, "_unlike", broken)
    made = unasked(card, tmp_path / "m.jsonl", {3: exchange}, monkeypatch)
    assert not made.footer.complete and "was not as it had been listed" in made.footer.reasons[0]
    assert all(row.sha256 is None for row in made.rows())


def test_a_file_that_was_edited_after_it_was_listed_is_no_other_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is of what was read: its change time too, by which a later list knows it again."""
    card, *_ = two_folders(tmp_path)

    def edited() -> None:
        write(card / "20.jpg", b"edited", OLD_S)
        (card / "21.jpg").unlink()
        write(card / "21.jpg", noise("new", 2_000), OLD_S)

    made = unasked(card, tmp_path / "m.jsonl", {3: edited}, monkeypatch)
    assert (made.footer.complete, made.footer.reasons) == (True, ())
    rows = {row.path: row for row in made.rows()}
    for name in ("20.jpg", "21.jpg"):
        facts = (card / name).stat()
        assert rows[name].sha256 == hashlib.sha256((card / name).read_bytes()).hexdigest()
        assert rows[name].size_bytes == facts.st_size
        assert rows[name].file_id is not None and rows[name].file_id.endswith(f":{facts.st_ino}")
        if volume_of(card).keeps_changes:
            assert rows[name].changed_ns == facts.st_ctime_ns


def test_the_last_answer_is_none_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that took long was answered while the first one lay there."""
    if not volume_of(tmp_path).keeps_changes:
        pytest.skip("a folder has no number there")
    card, exchange, _ = two_folders(tmp_path)
    answered = threading.Event()
    look, slow = presence.mounted, []

    def mounted(place: Place) -> presence.Mounted | None:
        found = look(place)
        if slow:
            slow.pop()
            time.sleep(0.3)
            answered.set()
        return found

    monkeypatch.setattr(presence, "mounted", mounted)
    monkeypatch.setattr(scanning, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(scanning, "ASKED_EVERY_S", 0.0)
    monkeypatch.setattr(scanning, "ASKING_SHARE", float("inf"))
    monkeypatch.setattr(scanning.pool, "run", in_this_process)

    def heard(now: Progress) -> None:
        if now.files == 3:
            slow.append(True)
        if now.files == 4:  # the answer is open, and stays so
            monkeypatch.setattr(scanning, "ASKED_EVERY_S", float("inf"))
        if now.files == 5:
            assert answered.wait(30)
            exchange()

    made = scan(open_folder(str(card)), tmp_path / "m.jsonl", depth=Depth.HASH, use_cache=False, on_progress=heard)
    assert not made.footer.complete and "another folder" in made.footer.reasons[0]
    assert all(row.sha256 is None for row in made.rows())


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz"])
def test_another_archive_that_comes_before_it_is_opened_is_not_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was looked at by its name; the file that is opened may be another one by then."""
    path = tmp_path / name
    for kind in ("first", "other"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "a.jpg").write_bytes(noise(kind, 2_000))
        form = {"a.zip": "zip", "a.tar": "tar", "a.tgz": "gztar"}[name]
        Path(shutil.make_archive(str(tmp_path / f"{kind}-made"), form, tmp_path / kind)).rename(tmp_path / f"{kind}.x")
    (tmp_path / "first.x").rename(path)
    place = open_archive(str(path))
    looked = archive.Opened.by

    def exchanged(facts: os.stat_result) -> archive.Opened:
        if (tmp_path / "other.x").exists():
            (tmp_path / "other.x").rename(path)
        return looked(facts)

    monkeypatch.setattr(archive.Opened, "by", exchanged)
    with pytest.raises(BadPlace, match="another file lies at"):
        list(place.walk())


def test_another_archive_is_not_read_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor a part of a Takeout; and put back, the first one is read on."""
    for folder in ("export", "other"):
        (tmp_path / folder).mkdir()
        with zipfile.ZipFile(tmp_path / folder / "takeout-20260101T000000Z-001.zip", "w") as made:
            for number in range(6):
                made.writestr(f"Takeout/Google Photos/A/{number}.jpg", noise(f"{folder} {number}", 2_000))
    archive = tmp_path / "export" / "takeout-20260101T000000Z-001.zip"
    for place in (open_archive(str(archive)), open_takeout(str(tmp_path / "export"))):
        paths = [entry.path for entry in place.walk()]
        (tmp_path / "export").rename(tmp_path / "first")
        (tmp_path / "other").rename(tmp_path / "export")
        for path in paths:
            with pytest.raises(OSError, match="another file lies at"):
                place.open(path)
        (tmp_path / "export").rename(tmp_path / "other")
        (tmp_path / "first").rename(tmp_path / "export")
        archive.chmod(0o600)  # programs that look after new files mark them; it is the same one
        with place.open(paths[0]) as stream:
            assert stream.read() == noise("export 0", 2_000)
