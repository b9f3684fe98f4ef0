"""What the copier must not take for granted: what it believed once, it looks at again before it builds on it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cli.copying import no_room
from auditor.copier import backup, restore
from auditor.copier.backup import Request, session
from auditor.copier.layout import Layout
from auditor.copier.messages import Cause, Failed
from auditor.copier.plan import Action
from auditor.copier.preflight import remember_last, remembered
from auditor.copier.publish import CopyResult, Outcome
from auditor.copier.second_proof import arrived, second_proof
from auditor.copier.source_manifest import ARRIVED_DAMAGED, source_list
from auditor.disk import durable
from auditor.disk.durable import new_mark
from auditor.disk.volume import Volume, volume_of
from auditor.errors import BadPlace
from auditor.manifest.jsonl import Manifest
from auditor.model import Depth, ErrorKind, FileFacts, Kind, Soundness, Verdict
from auditor.places import Entry, Power, folder
from auditor.places.archive import open_archive
from auditor.places.folder import FolderPlace
from auditor.places.takeout import open_takeout
from auditor.scrub.result import conclude
from auditor.scrub.verify import Choice, Verified, first_generation, verify
from auditor.store.changes import Fate
from auditor.store.generations import Journal, Store, left_journals, locked
from auditor.store.index import Index
from tests import media
from tests.copier import in_process
from tests.copier.runs import DECODED, DIGESTS, OLD_S, QUICK, Ran, back_up, noise, tree, write
from tests.doubles.mounts import faulty
from tests.places.test_archive import tar_of, zip_of

HALF = ".auditor-0123456789abcdef.part"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    in_process.everything(monkeypatch)


def now() -> datetime:
    return datetime.now(UTC)


def scrub(dest: Path, choice: Choice | None = None, **more: object) -> Verified:
    with locked(Store(dest)) as store:
        return verify(store, choice or Choice(), QUICK, now, **more)  # type: ignore[arg-type]


def fates(dest: Path) -> dict[str, Fate]:
    return {found.path: found.fate for found in scrub(dest).found}


def rewrite(path: Path, content: bytes) -> None:
    """Other bytes under the same date."""
    date = path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=(date, date))


def rot(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    rewrite(path, bytes(content))


def spoil(manifest: Path) -> None:
    """One wrong bit in its last line: it is not as it was written, and the rows can still be read."""
    content = bytearray(manifest.read_bytes())
    content[content.rindex(b'"complete"') + 3] ^= 1
    manifest.write_bytes(content)


def _damages(dest: Path) -> dict[str, object]:
    last = Store(dest).latest()
    return {row.path: row.damage for row in (last.rows() if last else ()) if row.damage or row.error}


def give_back(dest: Path, target: Path) -> list[str | None]:
    with restore.prepare(Store(dest), target, restore.originals(Store(dest)), now()) as restoring:
        ending = restore.carry_out(restoring, QUICK)
    cannot = [step.reason for step in restoring.plan.of(Action.CANNOT)]
    return cannot + [r.reason for r in ending.results if r.outcome is Outcome.FAILED]


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks that do not keep when a file was changed, as rot is noted by none."""
    monkeypatch.setattr(folder, "keeps_change_times", lambda path: False)


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    for number in range(4):
        write(tmp_path / f"phone/DCIM/{number}.jpg", noise(number, 3_000 + number), OLD_S + number)
    return tmp_path / "phone"


@pytest.fixture
def dest(tmp_path: Path, phone: Path) -> Path:
    back_up(phone, tmp_path / "backup")
    return tmp_path / "backup"


class Locked(FolderPlace):
    """A phone that makes digests, and was started again: it shows no folder until somebody unlocks it."""

    @property
    def powers(self) -> frozenset[Power]:
        return frozenset({Power.DIGESTS, Power.COMPUTES})

    def native_digests(self) -> tuple[str, ...]:
        return ("sha256",)

    def digests_of(self, entries: Sequence[Entry], name: str) -> Iterator[tuple[str, str]]:
        yield entries[0].path, hashlib.sha256((self.root / entries[0].path).read_bytes()).hexdigest()
        raise BadPlace("there is no folder /sdcard on the phone")


def test_a_phone_that_is_locked_at_the_end_costs_no_result(phone: Path, tmp_path: Path) -> None:
    ran = back_up(Locked(phone, str(phone)), tmp_path / "backup")
    heard: list[tuple[int, int]] = []
    source, files = ran.backed.prepared.source, arrived(ran.backed)
    proof = second_proof(source, files, lambda done, total, current: heard.append((done, total)))
    assert proof is not None and (proof.asked, proof.differing, proof.unasked) == (1, (), 3)
    assert proof.cut == "there is no folder /sdcard on the phone"
    assert heard == [(0, 4), (1, 4)]


class TestHalfFiles:
    def test_are_no_copies_and_stay(self, phone: Path, dest: Path) -> None:
        write(phone / "DCIM/new.jpg", noise("new", 500))
        write(dest / HALF, noise("new", 500))
        (found,) = [e for e in FolderPlace(dest, str(dest)).walk() if e.path == HALF]
        assert found.error_kind is ErrorKind.TEMPORARY
        assert fates(dest) == {}
        ran = back_up(phone, dest)
        assert ran.paths(Outcome.COPIED) == {"DCIM/new.jpg"}
        assert (dest / HALF).exists()  # no run of ours wrote down that it made it

    def test_of_a_run_that_wrote_it_down_are_removed_by_the_next_backup_alone(self, phone: Path, dest: Path) -> None:
        with locked(Store(dest)) as store:
            store.put_marks({HALF[9:17]})
        write(dest / "DCIM" / HALF, b"half")
        scrub(dest)
        assert (dest / "DCIM" / HALF).exists()
        back_up(phone, dest)
        assert not (dest / "DCIM" / HALF).exists() and Store(dest).marks() == set()

    def test_in_the_source_are_refused_in_words(self, phone: Path, dest: Path) -> None:
        write(phone / HALF, noise("half", 500))
        ran = back_up(phone, dest)
        (step,) = [s for s in ran.backed.prepared.plan.steps if s.path == HALF]
        assert step.action is Action.CANNOT and "unfinished file of auditor" in (step.reason or "")
        assert (phone / HALF).exists() and HALF not in tree(dest)

    def test_in_a_folder_that_is_restored_to_stay_unless_they_are_ours(self, dest: Path, tmp_path: Path) -> None:
        write(tmp_path / "back" / HALF, b"somebody's")
        assert give_back(dest, tmp_path / "back") == []
        assert (tmp_path / "back" / HALF).read_bytes() == b"somebody's"


class TestEmptyFiles:
    def test_are_copies_of_nothing_but_themselves(self, phone: Path, tmp_path: Path) -> None:
        write(phone / ".nomedia", b"")
        write(phone / "DCIM/wiped.jpg", b"")
        dest = tmp_path / "backup"
        ran = back_up(phone, dest, DECODED)
        assert {".nomedia", "DCIM/wiped.jpg"} <= tree(dest).keys()
        rows = {row.path: row for row in source_list(ran.backed, tmp_path / "source.jsonl", {}).rows()}
        assert rows["DCIM/wiped.jpg"].kind is Kind.PHOTO and rows["DCIM/wiped.jpg"].soundness is Soundness.DAMAGED
        assert rows[".nomedia"].kind is Kind.OTHER
        assert {s.path for s in back_up(phone, dest, DIGESTS).backed.prepared.plan.to_do} <= {"DCIM/wiped.jpg"} | {
            f"DCIM/{n}.jpg" for n in range(4)
        }  # all of it is noise, no photo: it is read again, and not copied
        assert set(tree(dest)) == set(tree(phone))


class TestDamagedOnArrival:
    def test_is_fetched_again_when_the_source_reads_better(self, tmp_path: Path) -> None:
        dest, good = tmp_path / "backup", media.jpeg(7, (1200, 900), 95)
        with faulty(tmp_path, direct_io=True) as fs:
            write(fs.real / "a.jpg", media.jpeg(1))
            write(fs.real / "bad.jpg", good)
            fs.set({"fault": "zeros", "match": "*bad*", "at": 60_000})
            first = back_up(fs.mount, dest, DECODED)
            assert [r.step.path for r in first.backed.arrived_damaged] == ["bad.jpg"]
            rows = {row.path: row for row in source_list(first.backed, tmp_path / "source.jsonl", {}).rows()}
            assert (rows["bad.jpg"].error, rows["a.jpg"].error) == (ARRIVED_DAMAGED, None)
            fs.set()
            second = back_up(fs.mount, dest, DECODED)
        assert second.paths(Outcome.REPAIRED) == {"bad.jpg"}
        assert tree(dest) == {"a.jpg": media.jpeg(1), "bad.jpg": good}
        assert fates(dest) == {}

    def test_is_damaged_in_the_source_when_that_digested_the_same_bytes_itself(self, tmp_path: Path) -> None:
        with faulty(tmp_path, direct_io=True) as fs:
            for name in ("known.jpg", "unknown.jpg"):
                write(fs.real / name, media.jpeg(len(name), (1200, 900), 95)[:-4000])
            backed = back_up(fs.mount, tmp_path / "backup", DECODED).backed
            assert [r.step.path for r in backed.arrived_damaged] == ["known.jpg", "unknown.jpg"]
            backed = replace(backed, confirmed=frozenset({"known.jpg"}))
            assert [r.step.path for r in backed.arrived_damaged] == ["unknown.jpg"]
            rows = {row.path: row for row in source_list(backed, tmp_path / "source.jsonl", {}).rows()}
        assert (rows["known.jpg"].error, rows["unknown.jpg"].error) == (None, ARRIVED_DAMAGED)
        assert rows["known.jpg"].soundness is Soundness.DAMAGED

    def test_is_damaged_in_an_export_that_lies_on_this_disk(self, tmp_path: Path) -> None:
        export = tmp_path / "export" / "Takeout" / "Google Photos" / "Photos from 2024"
        write(export / "a.jpg", media.jpeg(1))
        write(export / "half.jpg", media.jpeg(7, (1200, 900), 95)[:-4000])
        backed = back_up(open_takeout(str(tmp_path / "export")), tmp_path / "backup", DECODED).backed
        assert backed.arrived_damaged == ()

    @pytest.mark.parametrize(
        ("pack", "is_near", "arrived"), [(zip_of, True, 0), (zip_of, False, 0), (tar_of, True, 0), (tar_of, False, 1)]
    )
    def test_is_damaged_in_an_archive_that_lies_on_this_disk_or_has_a_checksum(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        pack: Callable[[Path, Path], Path],
        is_near: bool,
        arrived: int,
    ) -> None:
        monkeypatch.setattr(Volume, "is_near", is_near)
        write(tmp_path / "export/a.jpg", media.jpeg(1))
        write(tmp_path / "export/half.jpg", media.jpeg(7, (1200, 900), 95)[:-4000])
        archive = open_archive(str(pack(tmp_path / "export", tmp_path / "packed")))
        backed = back_up(archive, tmp_path / "backup", DECODED).backed
        assert len(backed.arrived_damaged) == arrived
        assert [r.step.path for r in backed.ending.results if r.damaged] == ["half.jpg"]

    def test_is_damaged_in_the_source_when_a_second_run_reads_the_same(self, tmp_path: Path) -> None:
        dest = tmp_path / "backup"
        with faulty(tmp_path, direct_io=True) as fs:
            write(fs.real / "half.jpg", media.jpeg(7, (1200, 900), 95)[:-4000])
            assert back_up(fs.mount, dest, DECODED).backed.arrived_damaged != ()
            generations = len(list((dest / ".auditor/manifests").iterdir()))
            again = back_up(fs.mount, dest, DECODED)
            assert again.paths(Outcome.HELD) == {"half.jpg"} and again.backed.arrived_damaged == ()
            (row,) = source_list(again.backed, tmp_path / "source.jsonl", {}).rows()
            assert row.soundness is Soundness.DAMAGED and row.error is None
            assert len(list((dest / ".auditor/manifests").iterdir())) == generations


class TestAFileOfTheBackupThatCannotBeRead:
    def test_is_no_copy_until_it_is_read_again(self, phone: Path, tmp_path: Path) -> None:
        with faulty(tmp_path, direct_io=True) as fs:
            back_up(phone, fs.mount)
            os.utime(fs.mount / "DCIM/1.jpg", (OLD_S + 500, OLD_S + 500))
            fs.set({"fault": "eio", "match": "1.jpg"})
            for _ in range(2):
                ran = back_up(phone, fs.mount)
                (step,) = ran.backed.prepared.plan.to_do
                assert (step.path, step.action) == ("DCIM/1.jpg", Action.REPAIR)
                assert ran.backed.manifest is not None
                (row,) = [row for row in ran.backed.manifest.rows() if row.path == "DCIM/1.jpg"]
                assert row.error_kind is ErrorKind.UNREADABLE and not row.digests and row.origins
            fs.set()
            ran = back_up(phone, fs.mount)
            assert ran.backed.prepared.plan.to_do == () and fates(fs.mount) == {}

    def test_has_rotted_if_it_reads_other_bytes_later(self, tmp_path: Path) -> None:
        """A disk gives an error until it has put another sector in the place of the bad one. That is no edit."""
        write(tmp_path / "phone/a.jpg", media.jpeg(1), OLD_S)
        with faulty(tmp_path, direct_io=True) as fs:
            back_up(tmp_path / "phone", fs.mount)
            fs.set({"fault": "eio", "match": "a.jpg"})
            assert fates(fs.mount) == {"a.jpg": Fate.UNREADABLE}
            fs.set()
            rewrite(fs.mount / "a.jpg", media.jpeg(2)[: len(media.jpeg(1))])
            assert [fates(fs.mount) for _ in range(2)] == [{"a.jpg": Fate.ROTTED}] * 2
            (told,) = give_back(fs.mount, tmp_path / "back")
            assert told is not None and "has rotted" in told

    def test_is_given_back_only_with_the_bytes_of_its_edit(self, tmp_path: Path) -> None:
        write(tmp_path / "phone/a.jpg", media.jpeg(1), OLD_S)
        with faulty(tmp_path, direct_io=True) as fs:
            back_up(tmp_path / "phone", fs.mount)
            write(fs.mount / "a.jpg", media.jpeg(2), OLD_S + 5000)
            assert fates(fs.mount) == {"a.jpg": Fate.EDITED}
            fs.set({"fault": "eio", "match": "a.jpg"})
            assert fates(fs.mount) == {"a.jpg": Fate.UNREADABLE}
            fs.set()
            rewrite(fs.mount / "a.jpg", media.jpeg(3))
            (told,) = give_back(fs.mount, tmp_path / "back")
            assert told is not None and not tree(tmp_path / "back")

    def test_is_none_either_where_only_the_last_look_met_it(
        self, phone: Path, dest: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(phone / "DCIM/new.jpg", noise("new", 500))
        with monkeypatch.context() as patch:
            cannot = [Failed(0, Cause.TARGET, "Input/output error", again=False)]
            patch.setattr(backup, "read_files", lambda root, entries, *_: iter(cannot if entries else []))
            ran = back_up(phone, dest)
        assert ran.backed.fake and "Input/output error" in ran.backed.fake
        held = Index.read(Store(dest), "").held
        assert [path for path, one in held.items() if not one.whole] == ["DCIM/new.jpg"]
        assert back_up(phone, dest).backed.prepared.plan.to_do == ()


class TestUnchanged:
    def test_needs_the_change_time_not_only_the_date(self, phone: Path, dest: Path) -> None:
        assert back_up(phone, dest).backed.prepared.plan.to_do == ()
        rewrite(phone / "DCIM/1.jpg", noise("other", 3_001))
        ran = back_up(phone, dest)
        assert ran.paths(Outcome.COPIED) == {"DCIM/1.jpg"}
        assert noise("other", 3_001) in tree(dest).values()

    def test_is_never_said_to_have_been_read(self, phone: Path, dest: Path, tmp_path: Path) -> None:
        for name in tree(dest):
            os.utime(dest / name, (OLD_S + 99, OLD_S + 99))  # so the backup's own file is read again
        ran = back_up(phone, dest)
        for row in source_list(ran.backed, tmp_path / "source.jsonl", {}).rows():
            assert row.read_at is not None and row.read_at < ran.backed.prepared.started


class TestHeld:
    def test_only_by_a_copy_that_was_read_in_this_run(self, blind: None, phone: Path, dest: Path) -> None:
        rot(dest / "DCIM/2.jpg")
        write(phone / "Download/again.jpg", noise(2, 3_002))  # new, with the content that was stored there
        ran = back_up(phone, dest)
        assert ran.by_path["Download/again.jpg"].outcome is Outcome.REPAIRED
        assert (dest / "DCIM/2.jpg").read_bytes() == noise(2, 3_002)
        assert fates(dest) == {}

    def test_by_a_good_one_as_before(self, phone: Path, dest: Path) -> None:
        write(phone / "Download/again.jpg", noise(2, 3_002))
        assert back_up(phone, dest).paths(Outcome.HELD) == {"Download/again.jpg"}


class TestRepair:
    def test_from_a_second_backup(self, phone: Path, dest: Path, tmp_path: Path) -> None:
        second = tmp_path / "second"
        back_up(phone, second)
        for name in ("DCIM/0.jpg", "DCIM/1.jpg"):
            rot(dest / name)
        (dest / "DCIM/2.jpg").unlink()
        scrub(dest)
        ran = back_up(second, dest)
        assert len(ran.paths(Outcome.REPAIRED)) == 3
        assert tree(dest) == tree(phone)
        assert fates(dest) == {}
        assert give_back(dest, tmp_path / "back") == []

    def test_every_copy_of_one_content_in_one_run(self, phone: Path, dest: Path) -> None:
        """Copies that the owner of the backup made himself are of no file of the source's own path."""
        copies = ["album/1.jpg", "print/1.jpg"]
        for name in copies:
            write(dest / name, noise(1, 3_001))
        scrub(dest)
        for name in ("DCIM/1.jpg", *copies):
            rot(dest / name)
        assert set(fates(dest)) == {"DCIM/1.jpg", *copies}
        ran = back_up(phone, dest)
        assert ran.paths(Outcome.REPAIRED) == {"DCIM/1.jpg"} and not ran.paths(Outcome.FAILED)
        assert {(dest / name).read_bytes() for name in ("DCIM/1.jpg", *copies)} == {noise(1, 3_001)}
        assert fates(dest) == {}

    def test_two_files_of_the_source_mend_two_copies(self, phone: Path, dest: Path) -> None:
        write(phone / "DCIM/again.jpg", noise(1, 3_001))
        for name in ("album/1.jpg", "print/1.jpg"):
            write(dest / name, noise(1, 3_001))
        back_up(phone, dest)
        for name in ("DCIM/1.jpg", "album/1.jpg", "print/1.jpg"):
            rot(dest / name)
        scrub(dest)
        assert not back_up(phone, dest).paths(Outcome.FAILED)
        assert fates(dest) == {}

    def test_though_the_content_lies_elsewhere_too(self, phone: Path, dest: Path) -> None:
        rot(dest / "DCIM/1.jpg")
        write(dest / "put there by hand.jpg", noise(1, 3_001))
        scrub(dest)
        assert back_up(phone, dest).paths(Outcome.REPAIRED) == {"DCIM/1.jpg"}
        assert fates(dest) == {}

    def test_what_is_lost_is_told_though_another_version_comes(self, phone: Path, dest: Path) -> None:
        (dest / "DCIM/1.jpg").unlink()
        write(phone / "DCIM/1.jpg", noise("edited", 900), OLD_S + 5_000)
        back_up(phone, dest)
        assert noise("edited", 900) in tree(dest).values()
        for _ in range(2):
            assert fates(dest) == {"DCIM/1.jpg": Fate.LOST}


class TestMoves:
    @pytest.mark.parametrize("first", ["verify", "backup"])
    def test_are_told_as_moves_in_every_order(self, first: str, phone: Path, dest: Path, tmp_path: Path) -> None:
        (dest / "Holiday").mkdir()
        for number in range(3):
            (dest / f"DCIM/{number}.jpg").rename(dest / f"Holiday/{number}.jpg")
        if first == "verify":
            verified = scrub(dest)
            assert verified.counts[Fate.MOVED] == 3 and verified.counts[Fate.LOST] == verified.counts[Fate.NEW] == 0
            assert conclude(verified, Choice()).exit_code == 0
        assert back_up(phone, dest).by_path == {}
        assert fates(dest) == {}
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == tree(phone)

    def test_of_everything_are_no_doubt(self, phone: Path, dest: Path) -> None:
        """Every file was read, under the new name of its folder: nothing is left that could not be said."""
        (dest / "DCIM").rename(dest / "Pictures")
        verified = scrub(dest)
        assert verified.counts[Fate.MOVED] == len(tree(phone)) > 1
        said = conclude(verified, Choice())
        assert (said.verdict, said.exit_code) == (Verdict.SAFE, 0)
        assert said.sentence == "4 files were read under another name in the backup, and are as they were stored."

    def test_that_an_earlier_verify_called_lost_and_new_are_found(self, phone: Path, dest: Path) -> None:
        index = Index.read(Store(dest), "")
        index.lost("DCIM/1.jpg")
        (dest / "DCIM/1.jpg").rename(dest / "moved.jpg")
        index.found("moved.jpg", 3_001, (OLD_S + 1) * 10**9, str(index.held["DCIM/1.jpg"].sha256), "")
        last = Store(dest).latest()
        assert last is not None
        columns = last.header.columns
        with locked(Store(dest)) as store:
            store.add_generation(
                index.rows(), columns=columns, depth=Depth.HASH, label="", spec="", started="", now=now()
            )
        assert fates(dest) == {"DCIM/1.jpg": Fate.MOVED}
        assert fates(dest) == {}

    def test_back_of_what_had_rotted_say_nothing_of_damage(self, phone: Path, dest: Path, tmp_path: Path) -> None:
        name = tmp_path / "aside.jpg"
        (dest / "DCIM/1.jpg").replace(name)
        write(dest / "DCIM/1.jpg", noise("rotten", 3_001), OLD_S + 1)
        assert fates(dest) == {"DCIM/1.jpg": Fate.ROTTED}
        (dest / "DCIM/1.jpg").unlink()
        assert fates(dest) == {"DCIM/1.jpg": Fate.LOST}
        assert all(not damage for damage in _damages(dest).values())
        name.replace(dest / "moved.jpg")
        assert fates(dest) == {"DCIM/1.jpg": Fate.MOVED}
        rot(dest / "DCIM/2.jpg")
        assert fates(dest) == {"DCIM/2.jpg": Fate.ROTTED}
        assert list(_damages(dest)) == ["DCIM/2.jpg"]
        write(dest / "DCIM/2.jpg", noise("other", 3_002), OLD_S + 9)
        (dest / "DCIM/2.jpg").unlink()
        write(dest / "also moved.jpg", noise(2, 3_002), OLD_S + 2)
        assert fates(dest) == {"DCIM/2.jpg": Fate.MOVED}
        assert _damages(dest) == {}

    def test_of_an_edit_whose_first_version_lies_elsewhere_change_nothing(self, phone: Path, dest: Path) -> None:
        """It was copied before it was edited: what was stored is here, and two scrubs say so."""
        write(dest / "copy.jpg", noise(1, 3_001))
        assert fates(dest) == {"copy.jpg": Fate.NEW}
        for name in ("copy.jpg", "DCIM/1.jpg"):  # one that no phone has, and one that a phone has
            write(dest / name, media.jpeg(90 + len(name)), OLD_S + 5_000)
            verified = scrub(dest)
            assert [(f.path, f.fate) for f in verified.found] == [
                (name, Fate.MOVED if name == "copy.jpg" else Fate.EDITED)
            ]
            assert conclude(verified, Choice()).verdict is (Verdict.SAFE if name == "copy.jpg" else Verdict.CANNOT_SAY)
            assert conclude(scrub(dest), Choice()).verdict is conclude(verified, Choice()).verdict

    def test_an_edit_that_was_told_as_lost_is_no_loss_after_its_first_version_was_stored(
        self, phone: Path, dest: Path
    ) -> None:
        write(dest / "DCIM/1.jpg", media.jpeg(91), OLD_S + 5_000)
        assert fates(dest) == {"DCIM/1.jpg": Fate.EDITED}
        (dest / "DCIM/1.jpg").unlink()
        assert fates(dest) == {"DCIM/1.jpg": Fate.LOST}
        back_up(phone, dest)
        assert conclude(scrub(dest), Choice()).verdict is Verdict.SAFE
        assert fates(dest) == {}

    def test_one_of_three_copies_lost_leaves_two(self, phone: Path, dest: Path) -> None:
        """Which copy is known as the holder of a content must not matter."""
        for name in ("a.jpg", "z.jpg"):
            write(dest / name, noise(1, 3_001))
        assert set(fates(dest).values()) == {Fate.NEW}
        for number, name in enumerate(("a.jpg", "DCIM/1.jpg")):
            write(dest / name, media.jpeg(90 + len(name)), OLD_S + 5_000)
            assert fates(dest) == {name: Fate.MOVED}, number
        assert back_up(phone, dest).paths(Outcome.COPIED) == set()

    def test_a_copy_that_was_deleted_is_no_loss_while_another_holds_its_content(self, phone: Path, dest: Path) -> None:
        write(dest / "album/1.jpg", noise(1, 3_001))
        scrub(dest)
        (dest / "DCIM/1.jpg").unlink()
        assert fates(dest) == {"DCIM/1.jpg": Fate.MOVED}
        assert fates(dest) == {}
        assert back_up(phone, dest).by_path == {}


class TestOverwritten:
    def test_swapped_names_are_told_until_a_backup_mends_them(self, phone: Path, dest: Path, tmp_path: Path) -> None:
        (dest / "DCIM/0.jpg").rename(dest / "x")
        (dest / "DCIM/1.jpg").rename(dest / "DCIM/0.jpg")
        (dest / "x").rename(dest / "DCIM/1.jpg")
        for _ in range(2):
            verified = scrub(dest)
            assert verified.counts[Fate.EXCHANGED] == 2 and conclude(verified, Choice()).exit_code == 1
        assert give_back(dest, tmp_path / "before") == [] and tree(tmp_path / "before") == tree(phone)
        back_up(phone, dest)
        assert fates(dest) == {}
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == tree(phone)

    def test_a_copy_of_another_over_a_file_is_told_until_it_is_mended(self, phone: Path, dest: Path) -> None:
        write(dest / "DCIM/0.jpg", noise(1, 3_001), OLD_S + 500)
        for _ in range(2):
            verified = scrub(dest)
            assert [(f.path, f.fate) for f in verified.found] == [("DCIM/0.jpg", Fate.OVERWRITTEN)]
            assert conclude(verified, Choice()).exit_code == 1
        assert back_up(phone, dest).paths(Outcome.REPAIRED) == {"DCIM/0.jpg"}
        assert tree(dest) == tree(phone) and fates(dest) == {}

    def test_the_only_file_with_a_content_is_never_put_aside(self, phone: Path, dest: Path) -> None:
        (dest / "DCIM/1.jpg").replace(dest / "DCIM/0.jpg")
        (phone / "DCIM/1.jpg").unlink()  # so only the backup has it, under the name of another
        scrub(dest)
        back_up(phone, dest)
        assert set(tree(dest).values()) == {noise(n, 3_000 + n) for n in range(4)}
        assert set(fates(dest).values()) <= {Fate.MOVED}
        assert fates(dest) == {}

    @pytest.mark.parametrize("what", ["link", "dangling link", "fifo", "folder"])
    def test_what_is_no_file_any_more_is_told_until_it_is_mended(self, what: str, phone: Path, dest: Path) -> None:
        path = dest / "DCIM/3.jpg"
        path.unlink()
        match what:
            case "link":
                path.symlink_to(dest / "DCIM/0.jpg")
            case "dangling link":
                path.symlink_to("nowhere")
            case "fifo":
                os.mkfifo(path)
            case _:
                write(path / "mine.txt", b"somebody's own")
        for _ in range(2):
            verified = scrub(dest)
            assert ("DCIM/3.jpg", Fate.LOST) in [(f.path, f.fate) for f in verified.found]
            assert conclude(verified, Choice()).exit_code == 1
        back_up(phone, dest)
        assert noise(3, 3_003) in tree(dest).values()
        assert set(fates(dest).values()) <= {Fate.NEW} and fates(dest) == {}
        if what == "folder":
            assert (path / "mine.txt").read_bytes() == b"somebody's own"


class TestToldByABackup:
    """A backup that comes before any scrub says the same of the backup's files."""

    def test_a_file_that_was_moved(self, phone: Path, dest: Path) -> None:
        write(dest / "album/1.jpg", b"")
        (dest / "DCIM/1.jpg").replace(dest / "album/1.jpg")
        ran = back_up(phone, dest)
        assert _learned(ran) == {"DCIM/1.jpg": Fate.MOVED} and ran.by_path == {}
        assert ran.backed.manifest is not None
        assert [row.path for row in ran.backed.manifest.rows()] == sorted(tree(dest))
        assert _learned(back_up(phone, dest)) == {} == fates(dest)

    def test_names_that_were_exchanged(self, phone: Path, dest: Path, tmp_path: Path) -> None:
        for old, new in (("0.jpg", "x"), ("1.jpg", "0.jpg"), ("x", "1.jpg")):
            (dest / "DCIM" / old).rename(dest / "DCIM" / new)
        ran = back_up(phone, dest)
        assert _learned(ran) == dict.fromkeys(("DCIM/0.jpg", "DCIM/1.jpg"), Fate.EXCHANGED) and ran.by_path == {}
        assert fates(dest) == {}
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == tree(phone)

    @pytest.mark.parametrize("scrubbed", [False, True])
    def test_names_that_were_shifted_by_one(self, phone: Path, dest: Path, tmp_path: Path, scrubbed: bool) -> None:
        for number in (3, 2, 1, 0):
            (dest / f"DCIM/{number}.jpg").rename(dest / f"DCIM/{number + 1}.jpg")
        if scrubbed:
            assert fates(dest) == {**_SHIFTED, "DCIM/4.jpg": Fate.NEW}
            assert conclude(scrub(dest), Choice()).exit_code == 1
        ran = back_up(phone, dest)
        assert _learned(ran) == _SHIFTED and ran.by_path == {}
        assert ran.backed.manifest is not None
        assert [row.path for row in ran.backed.manifest.rows()] == sorted(tree(dest))
        assert fates(dest) == {}
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == tree(phone)

    @pytest.mark.parametrize("scrubbed", [False, True])
    def test_names_that_were_shifted_over_a_file_that_is_lost(
        self, phone: Path, dest: Path, tmp_path: Path, scrubbed: bool
    ) -> None:
        """Only what is lost is copied once more: the rest lies there, under other names."""
        for number in (2, 1, 0):
            (dest / f"DCIM/{number}.jpg").replace(dest / f"DCIM/{number + 1}.jpg")
        if scrubbed:
            assert fates(dest) == _SHIFTED | {"DCIM/3.jpg": Fate.OVERWRITTEN}
        ran = back_up(phone, dest)
        assert _learned(ran) == _SHIFTED | {"DCIM/3.jpg": Fate.OVERWRITTEN}
        assert sorted(tree(dest).values()) == sorted(tree(phone).values())
        assert ran.paths(Outcome.REPAIRED) == {"DCIM/3.jpg"} and not ran.paths(Outcome.COPIED)
        assert _learned(back_up(phone, dest)) == {} == fates(dest)
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == tree(phone)

    def test_names_that_were_shifted_over_a_file_that_no_phone_has(
        self, phone: Path, dest: Path, tmp_path: Path
    ) -> None:
        (phone / "DCIM/3.jpg").unlink()
        for number in (2, 1, 0):
            (dest / f"DCIM/{number}.jpg").replace(dest / f"DCIM/{number + 1}.jpg")
        back_up(phone, dest)
        for _ in range(2):
            assert list(_learned(back_up(phone, dest)).values()) == [Fate.LOST] == list(fates(dest).values())
        write(phone / "DCIM/3.jpg", noise(3, 3_003), OLD_S + 3)
        back_up(phone, dest)
        assert fates(dest) == {}
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == tree(phone)

    def test_names_that_were_shifted_to_a_copy_of_another_file(self, phone: Path, dest: Path) -> None:
        """No name is free: the file at the beginning holds another one's content."""
        for number in (2, 1, 0):
            (dest / f"DCIM/{number}.jpg").replace(dest / f"DCIM/{number + 1}.jpg")
        write(dest / "DCIM/0.jpg", noise(1, 3_001))
        back_up(phone, dest)
        assert set(tree(phone).values()) <= set(tree(dest).values())
        back_up(phone, dest)
        assert fates(dest) == {}

    def test_what_is_lost_and_on_no_phone_any_more_every_time(self, phone: Path, dest: Path) -> None:
        for side in (phone, dest):
            (side / "DCIM/1.jpg").unlink()
        for _ in range(2):
            assert _learned(back_up(phone, dest)) == {"DCIM/1.jpg": Fate.LOST}

    def test_a_copy_that_changed_under_its_own_size_and_date(self, phone: Path, dest: Path) -> None:
        """The disk notes when a file was changed, and no program can put that back."""
        rot(dest / "DCIM/1.jpg")
        ran = back_up(phone, dest)
        known = volume_of(dest).keeps_changes
        assert _learned(ran) == ({"DCIM/1.jpg": Fate.ROTTED} if known else {})
        assert ran.paths(Outcome.REPAIRED) == ({"DCIM/1.jpg"} if known else set())

    def test_nothing_of_a_copy_that_was_only_touched(self, phone: Path, dest: Path) -> None:
        (dest / "DCIM/1.jpg").chmod(0o600)
        assert _learned(back_up(phone, dest)) == {} == fates(dest)

    def test_every_file_has_a_row_and_no_name_is_lost(self, phone: Path, dest: Path, tmp_path: Path) -> None:
        """Two files of one content, one of which was copied, and both of whose names were given to others."""
        write(phone / "DCIM/again.jpg", noise(0, 3_000), OLD_S + 50)
        by_hand = tmp_path / "by hand"
        shutil.copytree(phone, by_hand)
        with session(by_hand, Layout.MIRROR) as store:
            first_generation(store, QUICK, now)
        write(by_hand / "DCIM/h.jpg", noise(0, 3_000))
        (by_hand / "DCIM/2.jpg").replace(by_hand / "DCIM/0.jpg")
        (by_hand / "DCIM/3.jpg").replace(by_hand / "DCIM/again.jpg")
        ran = back_up(phone, by_hand)
        assert ran.backed.manifest is not None
        rows = list(ran.backed.manifest.rows())
        assert [row.path for row in rows] == sorted(tree(by_hand)) and all(row.sha256 for row in rows)
        assert tree(phone).keys() <= {origin.path for row in rows for origin in row.origins}
        assert fates(by_hand) == {}

    def test_a_file_whose_row_followed_its_content_has_a_row_of_its_own(self, phone: Path, dest: Path) -> None:
        (dest / "DCIM/0.jpg").rename(dest / "DCIM/9.jpg")
        write(dest / "DCIM/0.jpg", noise(1, 3_001))
        ran = back_up(phone, dest)
        assert _learned(ran) == {"DCIM/0.jpg": Fate.EXCHANGED} and ran.backed.manifest is not None
        assert {row.path: row.sha256 for row in ran.backed.manifest.rows()} == {
            path: hashlib.sha256(content).hexdigest() for path, content in tree(dest).items()
        }
        rot(dest / "DCIM/0.jpg")
        assert fates(dest) == {"DCIM/0.jpg": Fate.ROTTED}

    def test_an_overwritten_file_whose_content_lies_whole_elsewhere_is_no_alarm(self, phone: Path, dest: Path) -> None:
        write(dest / "x.jpg", noise(0, 3_000))
        scrub(dest)
        (phone / "DCIM/0.jpg").unlink()
        write(dest / "x.jpg", noise(1, 3_001), OLD_S + 77)
        back_up(phone, dest)
        assert fates(dest) == {}

    def test_an_edit_that_the_phone_took_over_is_what_is_stored(self, phone: Path, dest: Path, tmp_path: Path) -> None:
        """Its owner put it in the place of what was stored, on both sides: no file of the phone lacks a copy."""
        write(phone / "DCIM/twin.jpg", noise(1, 3_001), OLD_S + 9)
        back_up(phone, dest)
        for side in (dest, phone):
            write(side / "DCIM/1.jpg", media.jpeg(90), OLD_S + 5_000)
        (phone / "DCIM/twin.jpg").unlink()
        for _ in range(2):  # the other name of what was stored is not forgotten
            assert _learned(back_up(phone, dest)) == {"DCIM/1.jpg": Fate.EDITED} == fates(dest)
        write(phone / "DCIM/twin.jpg", noise(1, 3_001), OLD_S + 9)
        back_up(phone, dest)
        assert _learned(back_up(phone, dest)) == {} == fates(dest)
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == tree(phone)

    def test_an_edit_that_was_moved_still_lacks_what_was_stored(self, phone: Path, dest: Path) -> None:
        write(dest / "DCIM/1.jpg", media.jpeg(90), OLD_S + 5_000)
        assert fates(dest) == {"DCIM/1.jpg": Fate.EDITED}
        (dest / "DCIM/1.jpg").rename(dest / "x.jpg")
        for _ in range(2):
            verified = scrub(dest)
            assert [(f.path, f.fate) for f in verified.found] == [("x.jpg", Fate.EDITED)]
            assert conclude(verified, Choice()).exit_code == 3 and not verified.counts[Fate.NOT_READ]
        sampled = scrub(dest, Choice(number=1))
        assert ("x.jpg", Fate.EDITED) in [(f.path, f.fate) for f in sampled.found], "told, whatever is chosen"
        (phone / "DCIM/1.jpg").unlink()
        for _ in range(2):
            assert _learned(back_up(phone, dest)) == {"x.jpg": Fate.EDITED}

    @pytest.mark.parametrize("fate", [Fate.ROTTED, Fate.SPOILT, Fate.OVERWRITTEN, Fate.LOST])
    def test_an_edit_that_is_bad_itself_is_told_with_what_it_replaced(
        self, phone: Path, dest: Path, fate: Fate
    ) -> None:
        """Two contents are gone: the edit, and what a phone stored. Both are told until they are mended."""
        stored = hashlib.sha256((dest / "DCIM/1.jpg").read_bytes()).hexdigest()
        write(dest / "DCIM/1.jpg", edit := media.jpeg(90), OLD_S + 5_000)
        assert fates(dest) == {"DCIM/1.jpg": Fate.EDITED}
        match fate:
            case Fate.ROTTED:
                rot(dest / "DCIM/1.jpg")
            case Fate.SPOILT:
                write(dest / "DCIM/1.jpg", b"", OLD_S + 9_000)
            case Fate.OVERWRITTEN:
                write(dest / "DCIM/1.jpg", noise(2, 3_002), OLD_S + 9_000)
            case _:
                (dest / "DCIM/1.jpg").unlink()
        both = [(fate, hashlib.sha256(edit).hexdigest()), (Fate.EDITED, stored)]
        for _ in range(2):
            verified = scrub(dest)
            assert sorted((f.fate, f.stored) for f in verified.found) == sorted(both)
            assert verified.read == len(tree(dest)) and not verified.counts[Fate.NOT_READ]
            assert conclude(verified, Choice()).sentence == f"1 {fate}, 1 edited, of 4 files looked at."
        ran = back_up(phone, dest)
        assert stored in {hashlib.sha256(content).hexdigest() for content in tree(dest).values()}
        assert sorted((f.fate, f.stored) for f in ran.backed.prepared.learned) == sorted(both)
        assert Fate.EDITED not in {found.fate for found in scrub(dest).found}

    @pytest.mark.parametrize("is_verified", [False, True])
    @pytest.mark.parametrize("is_cleared", ["before", "after", "not"])
    def test_a_file_that_was_moved_over_another_one_before_a_killed_backup(
        self, is_cleared: str, is_verified: bool, phone: Path, dest: Path, tmp_path: Path
    ) -> None:
        whole = tree(phone)
        (dest / "DCIM/0.jpg").replace(dest / "DCIM/1.jpg")
        if is_cleared == "before":  # an audit of earlier called it safe
            (phone / "DCIM/0.jpg").unlink()
        killed_backup(phone, dest)
        if is_cleared == "after":
            (phone / "DCIM/0.jpg").unlink()
        if is_verified:
            assert not {Fate.ROTTED, Fate.LOST, Fate.OVERWRITTEN} & set(fates(dest).values())
        back_up(phone, dest)
        assert list((dest / ".auditor/quarantine").rglob("*.jpg")) == []
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == whole

    def test_what_is_moved_over_after_a_killed_backup_is_told(self, phone: Path, dest: Path) -> None:
        (dest / "DCIM/0.jpg").replace(dest / "DCIM/1.jpg")
        killed_backup(phone, dest)
        lost = hashlib.sha256((dest / "DCIM/1.jpg").read_bytes()).hexdigest()
        (dest / "DCIM/2.jpg").replace(dest / "DCIM/1.jpg")
        told = {found.stored for found in scrub(dest).found if found.fate in {Fate.LOST, Fate.OVERWRITTEN}}
        assert told == {lost}

    def test_a_file_where_the_folder_of_a_lost_one_was(self, phone: Path, dest: Path) -> None:
        (dest / "DCIM/0.jpg").unlink()
        (dest / "DCIM/0.jpg").mkdir()
        (dest / "DCIM/1.jpg").replace(dest / "DCIM/0.jpg/in.jpg")
        scrub(dest)
        shutil.rmtree(dest / "DCIM/0.jpg")
        assert back_up(phone, dest).failed == {}
        assert sorted(tree(dest).values()) == sorted(tree(phone).values())
        assert back_up(phone, dest).by_path == {}

    def test_a_file_that_was_moved_over_another_one_has_one_row(self, phone: Path, dest: Path) -> None:
        """What is stored once more in its place has that row."""
        (dest / "DCIM/1.jpg").replace(dest / "DCIM/2.jpg")
        ran = back_up(phone, dest)
        assert ran.backed.manifest is not None
        rows = [(row.path, row.sha256) for row in ran.backed.manifest.rows()]
        assert rows == [(path, hashlib.sha256(content).hexdigest()) for path, content in sorted(tree(dest).items())]
        assert fates(dest) == {}

    def test_the_last_list_is_read_once_for_all_repairs(
        self, phone: Path, dest: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(4, 40):
            write(phone / f"DCIM/{number}.jpg", noise(number, 3_000 + number), OLD_S + number)
        back_up(phone, dest)
        shutil.rmtree(dest / "DCIM")
        reads: list[object] = []
        rows = Manifest.rows
        monkeypatch.setattr(Manifest, "rows", lambda self: reads.append(self) or rows(self))
        assert len(back_up(phone, dest).paths(Outcome.REPAIRED)) == 40
        assert len(reads) < 12


_SHIFTED = {f"DCIM/{number}.jpg": Fate.EXCHANGED for number in range(4)}
"""What four files are called, by a scrub and a backup alike, that each have the name of the next."""


def _learned(ran: Ran) -> dict[str, Fate]:
    return {found.path: found.fate for found in ran.backed.prepared.learned}


class TestRecords:
    def test_a_last_generation_with_a_wrong_bit_is_passed_over_and_told(
        self, phone: Path, dest: Path, tmp_path: Path
    ) -> None:
        write(phone / "DCIM/new.jpg", noise("new", 777))
        back_up(phone, dest)
        last = dest / ".auditor/manifests/000002.jsonl"
        content = bytearray(last.read_bytes())
        content[len(content) // 2] ^= 1
        last.write_bytes(content)
        assert give_back(dest, tmp_path / "back") == []
        assert tree(tmp_path / "back") == tree(phone)
        verified = scrub(dest)
        assert [g.number for g in verified.chain] == [2] and conclude(verified, Choice()).exit_code == 1
        assert scrub(dest).chain == verified.chain, "a scrub is no backup: it is told until there is one"
        ran = back_up(phone, dest)
        assert ran.paths(Outcome.COPIED) == set() and tree(dest) == tree(phone)
        verified = scrub(dest)
        assert verified.chain == () and [g.number for g in verified.outdated] == [2]
        assert conclude(verified, Choice()).exit_code == 0

    def test_a_backup_that_has_nothing_to_copy_puts_a_broken_last_generation_right(
        self, phone: Path, dest: Path
    ) -> None:
        scrub(dest)
        spoil(dest / ".auditor/manifests/000002.jsonl")
        back_up(phone, dest)
        assert scrub(dest).chain == ()

    def test_names_that_only_a_broken_generation_knows_are_kept(self, phone: Path, tmp_path: Path) -> None:
        dest, by_date = tmp_path / "backup", Request(layout=Layout.BY_DATE, examine=Depth.HASH)
        back_up(phone, dest, by_date)
        write(phone / "DCIM/gone.jpg", noise("gone", 777))
        before = tree(phone)
        back_up(phone, dest, by_date)
        spoil(dest / ".auditor/manifests/000002.jsonl")
        (phone / "DCIM/gone.jpg").unlink()
        back_up(phone, dest, by_date)
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == before

    def test_a_first_backup_killed_before_it_wrote_anything_down(
        self, phone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dest, by_date = tmp_path / "backup", Request(layout=Layout.BY_DATE, examine=Depth.HASH)
        with monkeypatch.context() as patched:
            patched.setattr("auditor.store.generations.Journal.add", killed)
            with pytest.raises(KeyboardInterrupt):
                back_up(phone, dest, by_date)
        with session(dest, Layout.BY_DATE) as store:
            first_generation(store, QUICK, now)
        assert tree(dest)
        back_up(phone, dest)
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == tree(phone)

    def test_of_an_only_generation_with_a_wrong_bit_the_lines_are_restored(self, phone: Path, tmp_path: Path) -> None:
        dest = tmp_path / "backup"
        back_up(phone, dest, Request(layout=Layout.BY_DATE, examine=Depth.HASH))
        only = dest / ".auditor/manifests/000001.jsonl"
        only.write_bytes(only.read_bytes().replace(b'"size_bytes":3002', b'"size_bytes":3003'))
        assert len(give_back(dest, tmp_path / "back")) <= 1
        assert len(tree(tmp_path / "back").items() & tree(phone).items()) >= 3

    @pytest.mark.parametrize("what", ["fifo", "endless"])
    def test_what_is_no_file_in_the_place_of_the_last_generation_is_never_waited_for(
        self, what: str, phone: Path, dest: Path, tmp_path: Path
    ) -> None:
        write(phone / "DCIM/new.jpg", noise("new", 777))
        back_up(phone, dest)
        last = dest / ".auditor/manifests/000002.jsonl"
        last.unlink()
        if what == "fifo":
            os.mkfifo(last)
        else:
            last.symlink_to("/dev/zero")

        def waited(*_: object) -> None:
            raise AssertionError("it waits for what is no file")

        before = signal.signal(signal.SIGALRM, waited)
        try:
            signal.alarm(60)
            assert [g.number for g in scrub(dest).chain] == [2]
            assert give_back(dest, tmp_path / "back") == []
            assert "000002.jsonl was changed" in " ".join(back_up(phone, dest).backed.prepared.plan.warnings)
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)

    def test_an_interrupted_first_backup_can_be_verified(
        self, phone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dest = tmp_path / "backup"
        with monkeypatch.context() as patched:
            patched.setattr("auditor.copier.backup._next_generation", killed)
            with pytest.raises(KeyboardInterrupt):
                back_up(phone, dest, replace(DIGESTS, layout=Layout.BY_DATE))
        rot(next(path for path in dest.rglob("1.jpg")))
        verified = scrub(dest)
        assert verified.counts[Fate.UNCHANGED] == 3 and verified.counts[Fate.ROTTED] == 1
        back_up(phone, dest)
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == tree(phone)

    def test_a_first_manifest_made_anew_keeps_names_and_dates(self, phone: Path, tmp_path: Path) -> None:
        dest = tmp_path / "backup"
        back_up(phone, dest, Request(layout=Layout.BY_DATE, examine=Depth.HASH))
        with session(dest, Layout.BY_DATE) as store:
            first_generation(store, QUICK, now)
        assert give_back(dest, tmp_path / "back") == [] and tree(tmp_path / "back") == tree(phone)

    def test_a_backup_that_was_put_back_is_told(self, phone: Path, dest: Path, tmp_path: Path) -> None:
        import shutil

        shutil.copytree(dest, tmp_path / "older")
        write(phone / "DCIM/new.jpg", noise("new", 777))
        back_up(phone, dest)
        remember_last(Store(dest))
        shutil.rmtree(dest)
        (tmp_path / "older").rename(dest)
        for _ in range(2):
            (told,) = scrub(dest, known=remembered(dest)).chain
            assert told.number == 2 and "an older state of the backup was put back" in str(told.trouble)

    def test_a_lost_marker_is_told_and_made_again_with_its_id(self, phone: Path, dest: Path) -> None:
        marker = Store(dest).marker()
        assert marker is not None
        (dest / ".auditor/place.toml").unlink()
        assert "place.toml" in str(scrub(dest).chain[0].path)
        with session(dest, Layout.MIRROR) as store:
            made = store.marker()
        assert made is not None and (made.id, made.layout) == (marker.id, marker.layout)
        back_up(phone, dest)
        assert scrub(dest).chain == ()

    def test_a_scrub_that_cannot_write_says_what_it_found(self, dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        rot(dest / "DCIM/1.jpg")

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Store, "add_generation", full)
        verified = scrub(dest)
        assert verified.counts[Fate.ROTTED] == 1 and "No space left" in str(verified.unwritten)


class TestClocks:
    def test_set_back_the_newest_content_is_still_the_one_restored(
        self, phone: Path, dest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(phone / "DCIM/1.jpg", noise("edited", 4_000), OLD_S + 9_000)
        monkeypatch.setattr("auditor.copier.backup.moment", lambda when: "2020-01-01T00:00:00.000000Z")
        back_up(phone, dest)
        give_back(dest, tmp_path / "back")
        assert tree(tmp_path / "back")["DCIM/1.jpg"] == noise("edited", 4_000)

    def test_ahead_a_reading_that_is_yet_to_come_is_none(self, dest: Path) -> None:
        with locked(Store(dest)) as store:
            verify(store, Choice(), QUICK, lambda: now() + timedelta(days=40))
        again = scrub(dest, Choice(older_than=timedelta(days=1)))
        assert again.counts[Fate.UNCHANGED] == 4


def test_a_sample_counts_what_is_known_to_be_bad(dest: Path) -> None:
    rot(dest / "DCIM/1.jpg")
    scrub(dest)
    verified = scrub(dest, Choice(number=2))
    assert verified.statement is not None and "3 of 4 files were read" in verified.statement
    assert (
        "1 bad (rotted, spoilt, overwritten, exchanged or lost). If the others are like them, at most 2 of all"
        in verified.statement
    )


def test_a_stick_that_wraps_is_told(phone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.copier import backup

    real, dest = backup._next_generation, tmp_path / "backup"

    def wraps(*words: object) -> object:
        made = real(*words)  # type: ignore[arg-type]
        rewrite(dest / "DCIM/0.jpg", bytes(3_000))  # the last writes landed on the first file
        return made

    monkeypatch.setattr(backup, "_next_generation", wraps)
    ran = back_up(phone, dest)
    assert ran.backed.fake is not None and "DCIM/0.jpg" in ran.backed.fake
    monkeypatch.undo()


def test_what_rotted_since_an_earlier_run_says_nothing_of_the_disk(blind: None, phone: Path, tmp_path: Path) -> None:
    dest = tmp_path / "backup"
    back_up(phone, dest)
    rewrite(dest / "DCIM/0.jpg", bytes(3_000))
    write(phone / "DCIM/new.jpg", noise(77, 3_000))
    ran = back_up(phone, dest)
    assert ran.backed.fake is None and ran.backed.manifest is not None
    (row,) = (row for row in ran.backed.manifest.rows() if row.path == "DCIM/0.jpg")
    assert [damage.code for damage in row.damage] == ["rotted"]


OTHERWISE = {
    Fate.ROTTED: lambda dest: rot(dest / "DCIM/1.jpg"),
    Fate.SPOILT: lambda dest: write(dest / "DCIM/1.jpg", b"", OLD_S + 5_000),
    Fate.OVERWRITTEN: lambda dest: write(dest / "DCIM/1.jpg", noise(2, 3_002), OLD_S + 5_000),
    Fate.EDITED: lambda dest: write(dest / "DCIM/1.jpg", media.jpeg(7), OLD_S + 5_000),
}


@pytest.mark.parametrize("fate", OTHERWISE)
def test_a_copy_that_is_not_as_stored_says_nothing_of_the_phones_file(
    phone: Path, dest: Path, tmp_path: Path, fate: Fate
) -> None:
    """Else both sides would be the copy, and the audit would call them identical."""
    ran = back_up(phone, dest)
    assert ran.backed.prepared.plan.to_do == ()
    OTHERWISE[fate](dest)
    assert fates(dest)["DCIM/1.jpg"] is fate
    found = replace(ran.backed, manifest=Store(dest).latest())
    rows = {row.path: row.sha256 for row in source_list(found, tmp_path / "source.jsonl", {}).rows()}
    assert rows["DCIM/1.jpg"] == hashlib.sha256((phone / "DCIM/1.jpg").read_bytes()).hexdigest()


def test_records_that_a_stick_did_not_keep_are_told(
    phone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from auditor.copier import backup

    real, dest = backup._next_generation, tmp_path / "backup"

    def zeros(*words: object) -> object:
        made = real(*words)  # type: ignore[arg-type]
        newest = max((dest / ".auditor/manifests").iterdir())
        newest.write_bytes(bytes(newest.stat().st_size))
        return made

    monkeypatch.setattr(backup, "_next_generation", zeros)
    assert "other bytes than were written" in str(back_up(phone, dest).backed.fake)


def killed_backup(phone: Path, dest: Path) -> None:
    """One that ends when all is copied and its last list is still to be written."""
    with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("auditor.copier.backup._next_generation", killed)
        back_up(phone, dest)


def killed(*_: object) -> Ran:
    raise KeyboardInterrupt


def test_a_journal_whose_first_rows_found_no_room_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(fd: int) -> None:
        raise OSError(28, "No space left on device")

    row = FileFacts(path="a.jpg", size_bytes=1)
    with session(tmp_path / "disk", Layout.MIRROR) as store:
        journal = Journal.begin(store, 1, new_mark())
        with monkeypatch.context() as full:
            full.setattr(durable, "sync_file", no_space)
            with pytest.raises(OSError, match="No space"):
                journal.add([row])
        journal.add([row])
        journal.add([replace(row, path="b.jpg")])
        (left,) = left_journals(store)
    assert left.after == 0 and [row.path for row in left.rows] == ["a.jpg", "b.jpg"]


def test_of_files_without_a_size_no_bytes_are_said_to_be_needed(phone: Path, tmp_path: Path) -> None:
    backed = back_up(phone, tmp_path / "disk").backed
    for size_bytes, more in ((3_000_000, "3.0 MB more"), (None, "more room")):
        step = replace(backed.ending.results[0].step, size_bytes=size_bytes)
        full = CopyResult(step, Outcome.FAILED, cause=Cause.FULL)
        said = no_room(replace(backed, ending=replace(backed.ending, results=(full,))))
        assert said == f"Make room on disk, where 1 file needs {more}, or use a larger disk."
