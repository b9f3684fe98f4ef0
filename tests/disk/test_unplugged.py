"""The destination goes away in the middle of a run, comes back, or is another one: nothing lands where it should not,
and nothing is said of a file that is not so."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import copying
from auditor.copier import backup, restore, source_manifest
from auditor.copier.backup import Request
from auditor.copier.execute import Progress
from auditor.copier.layout import Layout
from auditor.copier.publish import Outcome
from auditor.disk import durable
from auditor.disk.volume import volume_of
from auditor.errors import BadPlace
from auditor.places import presence
from auditor.places.folder import FolderPlace
from auditor.places.presence import watch
from auditor.scrub import verify
from auditor.store.generations import Store, locked
from auditor.store.index import Index
from tests.commandline import call
from tests.copier import in_process
from tests.copier.runs import DIGESTS, OLD_S, QUICK, Ran, back_up, leftovers, lies, noise, tree, write
from tests.doubles.card_reader import CardReader
from tests.doubles.mounts import detach, faulty

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="open folders cannot be moved there")

FILES = 150
DONE = {Outcome.COPIED, Outcome.HELD}


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    for number in range(FILES):
        write(tmp_path / f"phone/DCIM/{number % 3}/{number}.jpg", noise(number, 2_000))
    return tmp_path / "phone"


def everything(root: Path) -> dict[str, bytes]:
    """Every file, those of the program's own included."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def interrupted(
    phone: Path,
    dest: Path,
    midway: Callable[[], None],
    waited: Callable[[int], None] = lambda times: None,
    asked: Request = DIGESTS,
) -> Ran:
    """A backup in which something happens to the destination once files have their names, and again while it waits."""
    happened: list[int] = []

    def progress(now: Progress) -> None:
        if now.files and not happened:
            happened.append(now.files)
            midway()

    times = iter(range(1, 10_000))

    def sleep(seconds: float) -> None:
        waited(next(times))
        time.sleep(0.01)

    ran = back_up(phone, dest, asked, replace(QUICK, wait_s=1.0, sleep=sleep, on_progress=progress))
    assert happened
    return ran


def test_another_backup_that_is_plugged_in_instead_stays_as_it_is(phone: Path, tmp_path: Path) -> None:
    write(tmp_path / "one/a.jpg", noise("a"))
    back_up(tmp_path / "one", tmp_path / "other")
    before = everything(tmp_path / "other")
    disk = tmp_path / "disk"

    def swap() -> None:
        disk.rename(tmp_path / "away")
        (tmp_path / "other").rename(disk)

    ran = interrupted(phone, disk, swap)
    assert ran.backed.ending.gone is not None
    assert "another backup lies at" in ran.backed.ending.gone
    assert everything(disk) == before
    disk.rename(tmp_path / "other")
    (tmp_path / "away").rename(disk)
    assert lies(disk) == []
    done = {path for path, result in ran.by_path.items() if result.outcome in DONE}
    assert done
    assert all((disk / path).read_bytes() == (phone / path).read_bytes() for path in done)
    again = back_up(phone, disk)
    assert again.failed == {} and leftovers(disk) == [] and lies(disk) == []
    assert tree(disk) == tree(phone)


def test_an_empty_folder_that_is_left_of_a_mount_is_not_written_to(phone: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"

    def unmount() -> None:
        disk.rename(tmp_path / "away")
        disk.mkdir()

    ran = interrupted(phone, disk, unmount)
    assert "is gone" in (ran.backed.ending.gone or "")
    assert list(disk.iterdir()) == []


def test_it_waits_for_the_very_disk_and_goes_on(phone: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"

    def unmount() -> None:
        shutil.copytree(disk, tmp_path / "back", copy_function=shutil.copy2)  # comes back as another device
        disk.rename(tmp_path / "away")
        disk.mkdir()

    def mount(times: int) -> None:
        if times == 3:
            assert list(disk.iterdir()) == []
            disk.rmdir()
            (tmp_path / "back").rename(disk)

    ran = interrupted(phone, disk, unmount, mount)
    assert ran.backed.ending.gone is None
    assert ran.failed == {}
    assert set(tree(phone).values()) <= set(tree(disk).values())
    assert lies(disk) == []
    assert back_up(phone, disk).by_path == {}
    assert leftovers(disk) == []


def test_what_lies_there_at_the_end_of_the_wait_is_said(phone: Path, tmp_path: Path) -> None:
    back_up(write(tmp_path / "one/a.jpg", noise("a")).parent, tmp_path / "other")
    disk = tmp_path / "disk"

    def unmount() -> None:
        disk.rename(tmp_path / "away")
        disk.mkdir()

    def mount_another(times: int) -> None:
        if times == 3:
            disk.rmdir()
            (tmp_path / "other").rename(disk)

    ran = interrupted(phone, disk, unmount, mount_another)
    assert "another backup lies at" in (ran.backed.ending.gone or "")


@pytest.mark.parametrize("instead", ["another backup", "an older one of this phone", "an empty folder", "nothing"])
@pytest.mark.parametrize("when", ["before", "while"])
def test_a_disk_that_is_exchanged_before_the_audit_is_not_judged_by_another(
    instead: str,
    when: str,
    phone: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path / "state"))
    disk, other = tmp_path / "disk", tmp_path / "other"
    if instead == "another backup":
        back_up(write(tmp_path / "one/a.jpg", noise("a")).parent, other)
    elif instead == "an older one of this phone":
        for path in tree(phone):
            write(tmp_path / "older" / path, noise(f"older {path}", 2_000))
        back_up(tmp_path / "older", other)
    elif instead == "an empty folder":
        other.mkdir()
    before = everything(other)

    def exchange(*asked: Any) -> Any:
        disk.rename(tmp_path / "away")
        if instead != "nothing":
            other.rename(disk)
        return None if when == "before" else source_list(*asked)

    source_list = source_manifest.source_list
    if when == "before":
        monkeypatch.setattr(copying, "second_proof", exchange)
    else:
        monkeypatch.setattr(source_manifest, "source_list", exchange)
    code, out, _ = call(monkeypatch, capsys, "backup", str(phone), str(disk), "-o", str(tmp_path / "report"))
    assert code == 1
    assert "NOT SAFE: stopped" in out and "SAFE: All" not in out
    assert ("another backup lies at" if "a" in before.get(".auditor/place.toml", b"").decode() else "is gone") in out
    assert everything(disk) == before
    assert lies(tmp_path / "away") == [] and tree(tmp_path / "away") == tree(phone)


@pytest.mark.parametrize("comes_back", [True, False])
@pytest.mark.parametrize("layout", list(Layout))
def test_a_stick_whose_calls_all_fail(layout: Layout, comes_back: bool, phone: Path, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        stick = stack.enter_context(faulty(tmp_path / "fs"))
        below: list[Path] = []

        def pull() -> None:
            stick.unplug()
            detach(stick.mount)

        def plug_in(times: int) -> None:
            if times == 3:
                below.extend(stick.mount.rglob("*"))
                if comes_back:
                    stack.callback(stick.plug_in().daemon.kill)

        ran = interrupted(phone, stick.mount, pull, plug_in, replace(DIGESTS, layout=layout))
        assert below == []
        assert (ran.backed.ending.gone is None) == comes_back
        detach(stick.mount)
        assert list(stick.mount.rglob("*")) == [], "below the mount point, on this machine's own disk"
    if comes_back:
        assert ran.failed == {}
        assert set(tree(phone).values()) <= set(tree(stick.real).values())
        assert lies(stick.real) == []
        stored = tree(stick.real)
        marked = {path.partition("~")[0] for path in stored if "~" in path}
        assert all(f"{path}.jpg" in stored for path in marked), "only a name that is taken is given with a mark"
    again = back_up(phone, stick.real, replace(DIGESTS, layout=layout))
    assert again.failed == {} and leftovers(stick.real) == [] and lies(stick.real) == []


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_stick_that_takes_nothing_more_and_then_goes_is_waited_for(
    comes_back: bool, phone: Path, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        stick = stack.enter_context(faulty(tmp_path / "fs"))

        def go_and_come(times: int) -> None:
            if times == 3:
                stick.unplug()
                detach(stick.mount)
            if times == 6 and comes_back:
                stack.callback(stick.plug_in().daemon.kill)

        ran = interrupted(phone, stick.mount, lambda: stick.set({"fault": "erofs", "match": "*"}), go_and_come)
        detach(stick.mount)
        assert list(stick.mount.rglob("*")) == [], "below the mount point, on this machine's own disk"
    assert lies(stick.real) == []
    if comes_back:
        assert ran.backed.ending.gone is None and ran.failed == {}
        assert set(tree(phone).values()) <= set(tree(stick.real).values())
    else:
        assert "is gone" in (ran.backed.ending.gone or "")


def test_a_stick_that_stays_and_takes_nothing_more_ends_the_run(phone: Path, tmp_path: Path) -> None:
    looks: list[int] = []
    with faulty(tmp_path / "fs") as stick:
        ran = interrupted(phone, stick.mount, lambda: stick.set({"fault": "erofs", "match": "*"}), looks.append)
    assert ran.backed.ending.gone == "the destination has become read-only"
    assert len(looks) > 3, "it was given a moment to go"
    done = {path for path, result in ran.by_path.items() if result.outcome in DONE}
    assert done and ran.failed == {}
    assert all((stick.real / path).read_bytes() == (phone / path).read_bytes() for path in done)
    again = back_up(phone, stick.real)
    assert again.failed == {} and leftovers(stick.real) == [] and lies(stick.real) == []
    assert tree(stick.real) == tree(phone)


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[CardReader]:
    """Two empty disks, of which one is mounted in a folder of the destination."""
    with contextlib.ExitStack() as stack:
        yield CardReader(tmp_path, stack, 0, OLD_S)


@pytest.fixture
def albums(tmp_path: Path) -> Path:
    """A source of which a part is stored on the disk beneath."""
    for number in range(FILES):
        write(tmp_path / f"phone/{('Album', 'CANON')[number > 20]}/{number:03}.jpg", noise(number, 2_000))
    return tmp_path / "phone"


@pytest.mark.parametrize("then", ["A", "B", ""])
def test_a_disk_beneath_the_destination_that_is_pulled_is_waited_for(
    then: str, albums: Path, disks: CardReader
) -> None:
    dest = disks.mount.parent

    def waited(times: int) -> None:
        if times == 3 and then:
            disks.put_in(then)

    ran = interrupted(albums, dest, disks.empty, waited)
    if then == "A":
        assert (ran.failed, ran.backed.ending.gone) == ({}, None)
        assert back_up(albums, dest).by_path == {}
        assert tree(dest) == tree(albums) and lies(dest) == []
    else:
        assert ran.backed.ending.gone == f"the disk at {disks.mount} is gone, or another one lies there now"
    disks.empty()
    assert tree(disks.mount) == tree(disks.cards["B"]) == {}, "in the folder on which it is mounted, or another disk"


def test_what_goes_to_a_disk_beneath_is_synced_there(
    albums: Path, disks: CardReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Syncing the destination's own disk as a whole makes nothing lasting on another one."""
    synced: list[int] = []
    sync = durable.sync_file

    def noted(fd: int) -> None:
        synced.append(os.fstat(fd).st_dev)
        sync(fd)

    in_process.everything(monkeypatch)
    monkeypatch.setattr(durable, "sync_file", noted)
    ran = back_up(albums, disks.mount.parent)
    assert ran.failed == {}
    assert synced.count(disks.mount.stat().st_dev) >= len(list((albums / "CANON").iterdir()))


def test_a_disk_beneath_that_is_pulled_when_there_is_nothing_to_copy_is_missed(albums: Path, disks: CardReader) -> None:
    back_up(albums, disks.mount.parent)
    ran = back_up(albums, disks.mount.parent, options=replace(QUICK, on_progress=lambda _: disks.empty()))
    assert f"the disk at {disks.mount} is gone" in (ran.backed.ending.gone or "")


def test_a_disk_beneath_that_is_pulled_while_it_is_read_back_is_no_fake(
    albums: Path, disks: CardReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = backup._read_back

    def pulled(*words: Any) -> tuple[str | None, bool]:
        disks.empty()
        return read(*words)

    monkeypatch.setattr(backup, "_read_back", pulled)
    ran = back_up(albums, disks.mount.parent)
    assert f"the disk at {disks.mount} is gone" in (ran.backed.ending.gone or "")
    assert ran.backed.fake is None


def test_a_disk_beneath_the_target_of_a_restore_that_is_pulled_at_the_end_is_missed(
    albums: Path, disks: CardReader, tmp_path: Path
) -> None:
    back_up(albums, tmp_path / "backup")
    store = Store(tmp_path / "backup")
    with restore.prepare(store, disks.mount.parent, restore.originals(store), datetime.now(UTC)) as job:
        total = len(job.plan.to_do)
        pull = replace(QUICK, on_progress=lambda now: disks.empty() if now.files == total else None)
        ending = restore.carry_out(job, pull)
    assert f"the disk at {disks.mount} is gone" in (ending.gone or "")


@pytest.mark.parametrize("told_by", ["its volume", "its files", "its files alone"])
@pytest.mark.parametrize("comes_back", [True, False])
def test_another_card_in_the_reader_is_not_taken_for_the_first_one(
    told_by: str, comes_back: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if told_by == "its volume":
        monkeypatch.setattr(presence, "volume_id", lambda device: f"volume {device}")
    if told_by == "its files alone":  # one reader has one device number, and some cameras give each card one volume's
        monkeypatch.setattr(presence, "volume_id", lambda device: "CANON")
        monkeypatch.setattr(presence, "volume_of", lambda folder: replace(volume_of(folder), device=7))
    with contextlib.ExitStack() as stack:
        reader = CardReader(tmp_path, stack, FILES, OLD_S if told_by == "its volume" else OLD_S + 2)

        def exchange(times: int) -> None:
            if times == 3:
                reader.put_in("B")
            if times == 6 and comes_back:
                reader.take_out()
                reader.put_in("A")

        ran = interrupted(reader.mount, tmp_path / "disk", reader.take_out, exchange)
        first, stored = tree(reader.cards["A"]), tree(tmp_path / "disk")
        assert stored and all(first[path] == content for path, content in stored.items())
        assert lies(tmp_path / "disk") == []
        if comes_back:
            assert ran.backed.ending.gone is None and ran.failed == {} and stored == first
        elif told_by == "its volume":
            assert "another card or disk lies at" in (ran.backed.ending.gone or "")
        else:
            assert "CANON has other files now than when it was listed (DCIM/" in (ran.backed.ending.gone or "")


@pytest.mark.parametrize("told_by", ["its volume", "its files"])
def test_a_card_that_was_exchanged_unseen_ends_the_run(
    told_by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing failed: what was read of the second card is not called the first one's."""
    if told_by == "its volume":
        monkeypatch.setattr(presence, "volume_id", lambda device: f"volume {device}")
    with contextlib.ExitStack() as stack:
        reader = CardReader(tmp_path, stack, FILES, OLD_S + 2)

        def exchange() -> None:
            reader.put_in("B")  # over the first one: its mount point was never empty

        ran = interrupted(reader.mount, tmp_path / "disk", exchange)
        assert "another card" in (ran.backed.ending.gone or "")
        reader.take_out()
        again = back_up(reader.mount, tmp_path / "disk")
        assert again.failed == {} and again.backed.ending.gone is None
        assert set(tree(reader.mount).values()) <= set(tree(tmp_path / "disk").values())
        assert back_up(reader.mount, tmp_path / "disk").by_path == {}


def test_a_card_that_only_its_files_tell_from_another_is_told_where_anything_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "volume_id", lambda device: "CANON")
    monkeypatch.setattr(presence, "volume_of", lambda folder: replace(volume_of(folder), device=7))
    with contextlib.ExitStack() as stack:
        reader = CardReader(tmp_path, stack, FILES, OLD_S + 2)
        (reader.cards["B"] / f"DCIM/{(FILES - 1) % 3}/{FILES - 1}.jpg").unlink()
        ran = interrupted(reader.mount, tmp_path / "disk", lambda: reader.put_in("B"))
        assert f"and {FILES - 1} more of {FILES}), as another card would" in (ran.backed.ending.gone or "")


def test_a_phone_that_is_in_use_is_no_other_one(phone: Path, tmp_path: Path) -> None:
    """A file is rewritten and another deleted while the run goes on."""

    def use() -> None:
        write(phone / "DCIM/0/0.jpg", noise("rewritten", 2_500), OLD_S + 60)
        (phone / f"DCIM/{(FILES - 1) % 3}/{FILES - 1}.jpg").unlink()

    ran = interrupted(phone, tmp_path / "disk", use)
    assert ran.backed.ending.gone is None and ran.backed.ending.failed
    assert ran.failed.keys() == {f"DCIM/{(FILES - 1) % 3}/{FILES - 1}.jpg"}
    assert lies(tmp_path / "disk") == []


@pytest.mark.parametrize(
    ("files", "changed", "is_another"),
    [(10, 0, False), (10, 1, False), (10, 5, False), (10, 6, True), (2, 1, False), (1, 1, True)],
)
@pytest.mark.parametrize("how", ["rewritten", "dated", "deleted"])
def test_a_source_is_another_where_most_of_its_files_are(
    how: str, files: int, changed: int, is_another: bool, tmp_path: Path
) -> None:
    for number in range(files):
        write(tmp_path / f"card/{number}.jpg", noise(number), OLD_S)
    write(tmp_path / "card/else.jpg", noise("else"), OLD_S)
    card = FolderPlace(tmp_path / "card", "card")
    listing = {entry.path: (entry.size_bytes, entry.mtime_ns) for entry in card.walk() if entry.path != "else.jpg"}
    for number in range(changed):
        path = tmp_path / f"card/{number}.jpg"
        path.unlink()
        if how != "deleted":
            write(path, noise(number) + b"x" * (how == "rewritten"), OLD_S + 2 * (how == "dated"))
    at = presence.mounted(card)
    assert presence.another(card, at, lambda: listing) is None, "nothing failed, and nothing came"
    told = presence.another(card, at, lambda: listing, is_doubted=True)
    assert (told is not None) == is_another, told


@pytest.mark.parametrize("at", ["it is listed", "its files are read"])
@pytest.mark.parametrize("others", [False, True])
def test_what_is_pulled_while_it_is_verified_is_not_called_lost(
    at: str, others: bool, phone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    back_up(phone, disk)
    before = everything(disk)

    def pull() -> None:
        disk.rename(tmp_path / "away")
        disk.mkdir()
        if others:
            write(disk / "DCIM/0/0.jpg", noise("another"))

    def listed(*words: object, **more: object) -> object:
        if at == "it is listed":
            pull()
            return backup.listed(*words, **more)
        found = backup.listed(*words, **more)
        pull()
        return found

    monkeypatch.setattr(verify, "listed", listed)
    with locked(Store(disk)) as store:
        options = replace(QUICK, unplugged=watch(FolderPlace(disk, str(disk)), store.door))
        with pytest.raises(BadPlace, match=r"went away while it was being read.* connect it"):
            verify.verify(store, verify.Choice(), options, lambda: datetime.now(UTC))
    assert everything(tmp_path / "away") == before
    assert not (disk / ".auditor").exists()


def test_a_disk_that_is_pulled_while_a_repair_asks_its_manifest_is_said_to_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, disk = tmp_path / "phone", tmp_path / "disk"
    photo = write(phone / "a.jpg", noise("a", 2_000))
    back_up(phone, disk)
    write(disk / "a.jpg", noise("b", 2_000), photo.stat().st_mtime)
    with locked(Store(disk)) as store:
        verify.verify(store, verify.Choice(), QUICK, lambda: datetime.now(UTC))
    asked = Index.origins_at

    def pull(index: Index, path: str) -> object:
        if not (tmp_path / "away").exists():
            disk.rename(tmp_path / "away")
            disk.mkdir()
        return asked(index, path)

    monkeypatch.setattr(Index, "origins_at", pull)
    ran = back_up(phone, disk)
    assert "is gone" in (ran.backed.ending.gone or "")
    assert list(disk.iterdir()) == []
