"""`auditor backup`, `verify` and `restore` as a person runs them: what they say, write, and exit with."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from auditor import cli
from auditor.audit import inputs
from auditor.cli.work.verify import _record
from auditor.copier.plan import Action, CopyStep
from auditor.copier.second_proof import SecondProof
from auditor.copier.source_manifest import _as_source
from auditor.disk.volume import volume_of
from auditor.errors import ListingCut
from auditor.model import FileFacts
from auditor.places import Entry, Power
from auditor.places.folder import FolderPlace
from auditor.places.spec import open_place
from auditor.scrub.result import conclude
from auditor.scrub.verify import Choice, Verified
from auditor.store.changes import Fate, Found
from tests import media
from tests.copier.runs import OLD_S, back_up, lies, noise, tree, write
from tests.doubles.mounts import CHECKOUT, faulty


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Auditor = Callable[..., Said]


@pytest.fixture
def auditor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Auditor:
    """Runs a command line in the test's folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["auditor", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        return Said(int(end.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    for number in range(4):
        write(tmp_path / f"phone/DCIM/Camera/IMG_{number}.jpg", media.jpeg(number))
    write(tmp_path / "phone/DCIM/Camera/.trashed-1-x.jpg", media.jpeg(9))
    return tmp_path / "phone"


def test_backup_copies_audits_and_says_safe(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    said = auditor("backup", phone, "backup", "-o", "report")
    assert said.code == 0, said
    assert "SAFE: All 4 files are safely backed up." in said.out
    assert "4  copied" in said.err and "1  left out by the policy" in said.err
    assert (tmp_path / "report/report.html").exists()
    assert len(tree(tmp_path / "backup")) == 4
    assert "not read again" not in said.out + said.err
    time.sleep(1.1)  # rows know when they were read to the second
    write(phone / "DCIM/Camera/IMG_4.jpg", media.jpeg(4))
    again = auditor("backup", phone, "backup", "-o", "again")
    assert again.code == 0 and "1  copied" in again.err
    assert "4  there already; on the phone not read again in this run" in again.err
    assert "4 of the copies were not read again in this run; the longest unread was read on 20" in again.out
    assert "4 of the phone's files were not read again in this run; the longest unread was read on 20" in again.out
    assert "4 of the copies were not read again" in (tmp_path / "again/report.html").read_text("utf-8")


def test_a_second_file_of_one_content_is_not_called_unread(auditor: Auditor, phone: Path) -> None:
    write(phone / "DCIM/Camera/again.jpg", media.jpeg(0))
    said = auditor("backup", phone, "backup", "-o", "report")
    assert (
        said.code == 0
        and "1  there already, found by their content\n" in said.err
        and "not read again" not in said.out + said.err
    )


def test_programs_are_told_the_word_that_is_wanted(auditor: Auditor, tmp_path: Path) -> None:
    """What only the user can say, as data: an app gives it by a button."""
    for number in range(12):
        write(tmp_path / f"phone/DCIM/Camera/IMG_{number}.jpg", media.jpeg(number))
    assert auditor("backup", tmp_path / "phone", "backup", "--no-audit").code == 0
    for number in range(8):
        (tmp_path / f"phone/DCIM/Camera/IMG_{number}.jpg").unlink()
    told = json.loads(auditor("backup", tmp_path / "phone", "backup", "--no-audit", "--json").out)
    assert (told["event"], told["wants"]) == ("failed", "--shrunk") and "next" not in told
    assert auditor("backup", tmp_path / "phone", "backup", "--no-audit", "--shrunk").code == 0
    assert auditor("backup", tmp_path / "phone", "backup", "--no-audit").code == 0, "it is said once"
    (tmp_path / "backup").rename(tmp_path / "moved")
    (tmp_path / "backup").mkdir()
    told = json.loads(auditor("backup", tmp_path / "phone", "backup", "--no-audit", "--json").out)
    assert told["wants"] == "--new-place"
    assert auditor("backup", tmp_path / "phone", "backup", "--no-audit", "--new-place").code == 0
    shutil.copytree(tmp_path / "phone", tmp_path / "copy")
    told = json.loads(auditor("backup", tmp_path / "phone", "copy", "--no-audit", "--json").out)
    assert told["wants"] == "--copy-by-hand"
    told = json.loads(auditor("backup", "backup", tmp_path / "phone", "--no-audit", "--json").out)
    assert "wants" not in told
    assert (told["next"]["action"], told["next"]["arguments"]) == ("backup", [str(tmp_path / "phone"), "backup"])


def test_what_a_run_will_write_and_the_room_for_it_are_said_before_it(auditor: Auditor, phone: Path) -> None:
    said = auditor("backup", phone, "backup", "--no-audit").err
    ahead = re.search(r"^To copy +4 files, \d[\d.]* kB(?: at most)?; \d[\d.]* [MGT]B free on backup$", said, re.M)
    assert ahead and ahead.start() < said.index("Copying to backup")
    assert "To copy" not in auditor("backup", phone, "backup", "--no-audit").err
    assert re.search("^To copy +4 files, .* free on back$", auditor("restore", "backup", "back").err, re.M)


def test_all_of_those_there_already_are_called_all(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted(phone.rglob("*.*"))):
        write(tmp_path / f"backup/old/{number}{path.suffix}", path.read_bytes())
    said = auditor("backup", phone, "backup", "--no-audit", "--copy-by-hand").err
    assert re.search(r"^ +4  there already, found by their content\n +all of them under another name", said, re.M), said


def test_a_picture_in_an_album_is_kept_once_and_given_back_in_both_places(auditor: Auditor, phone: Path) -> None:
    write(phone / "Pictures/Album/again.jpg", media.jpeg(0))
    said = auditor("backup", phone, "backup", "--no-audit")
    assert "1  of them under another name or in another folder: what is the same is kept once" in said.err
    assert len(tree(phone.parent / "backup")) == 4
    assert auditor("restore", "backup", "back").code == 0
    kept = (phone / "DCIM/Camera/IMG_0.jpg").read_bytes()
    back = phone.parent / "back"
    assert (back / "Pictures/Album/again.jpg").read_bytes() == (back / "DCIM/Camera/IMG_0.jpg").read_bytes() == kept
    assert "in another folder" not in auditor("backup", phone, "backup", "--no-audit").err


def test_what_is_there_under_another_name_is_told_apart(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    write(tmp_path / "backup/holiday/one.jpg", (phone / "DCIM/Camera/IMG_1.jpg").read_bytes())
    said = auditor("backup", phone, "backup", "-o", "report")
    assert said.code == 0 and "1  there already, found by their content" in said.err, said
    assert "3  copied" in said.err and "not read again" not in said.err


def test_the_plan_writes_nothing(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    said = auditor("backup", phone, "backup", "-n")
    assert said.code == 0 and "4  to copy" in said.out
    assert not (tmp_path / "backup").exists()


def test_a_file_that_cannot_be_read_is_not_safe(auditor: Auditor, tmp_path: Path) -> None:
    with faulty(tmp_path, {"fault": "eio", "match": "*bad*", "at": 0}) as fs:
        write(fs.real / "DCIM/Camera/good.jpg", media.jpeg(1))
        write(fs.real / "DCIM/Camera/bad.jpg", media.jpeg(2))
        said = auditor("backup", fs.mount, "backup", "-o", "report")
    assert said.code in (1, 3), said
    assert "DCIM/Camera/bad.jpg: it cannot be read" in said.err
    assert "SAFE: All" not in said.out


def test_a_file_that_the_destination_refuses_is_missing(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    with faulty(tmp_path, {"fault": "enospc", "match": "*.part", "at": 0}) as fs:
        said = auditor("backup", phone, fs.mount, "-o", "report")
    assert said.code == 1, said
    assert "NOT SAFE: 4 of 4 files" in said.out and "no space left" in said.err
    assert ", 4 not copied" in said.err and "could not be read" not in said.err


def test_a_damaged_source_is_copied_and_told(auditor: Auditor, phone: Path) -> None:
    write(phone / "DCIM/Camera/half.jpg", media.jpeg(5)[:-4000])
    said = auditor("backup", phone, "backup", "-o", "report")
    told = "of these, copied as found, but damaged in the source: two reads say the same"
    assert told in said.err and "half.jpg" in said.err
    again = auditor("backup", phone, "backup", "-o", "again")
    audited = auditor("audit", phone, "backup", "-o", "audited")
    # The exit code is the verdict's, in every run, and what is damaged is not called untidy.
    assert [(s.code, "SAFE: All 5 files" in s.out) for s in (said, again, audited)] == [(0, True)] * 3, (said, again)
    for one in (said, again, audited):
        assert "Damaged on the phone" in one.out
        assert "1 thing is not as it should be" in one.out and "tidied" not in one.out
    assert auditor("backup", phone, "backup", "-o", "strict", "--fail-on", "warning").code == 1


def test_what_a_backup_read_itself_can_go_and_the_rest_says_why_not(auditor: Auditor, phone: Path) -> None:
    auditor("backup", phone, "backup", "-o", "first")
    said = auditor("clean", "first")
    assert said.code == 0 and "in 4 files can go." in said.out and "not read again" not in said.out
    time.sleep(1.1)  # rows know when they were read to the second
    write(phone / "DCIM/Camera/IMG_4.jpg", media.jpeg(4))
    auditor("backup", phone, "backup", "-o", "second")
    said = auditor("clean", "second")
    assert "in 1 file can go." in said.out
    assert "4 files stay: they are safe, but were not read and opened in that audit." in said.out
    command = f"auditor audit {phone} {phone.parent / 'backup'}"
    assert f"`{command}` reads and opens all." in said.out
    assert auditor(*command.split()[1:], "-o", "third").code == 0
    assert "in 5 files can go." in auditor("clean", "third").out


def test_what_goes_and_what_stays_are_all_that_is_due(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    """Files that were there already are compared by their bytes, and no decoder opens them: they stay, and are told."""
    for number in range(3):
        write(tmp_path / f"backup/holiday/{number}.jpg", media.jpeg(number))
    write(phone / "DCIM/Camera/half.jpg", media.jpeg(5)[:-4000])

    def sums(report: str) -> tuple[int, int, int]:
        record = json.loads((tmp_path / report / "audit.json").read_text("utf-8"))
        cleaned = json.loads(auditor("--json", "clean", report).out)
        go, stay = cleaned["can_go"]["files"], cleaned["stay"]
        assert set(stay) == {"too_new", "parted", "unread"} and stay["too_new"] == stay["parted"] == 0
        assert record["provenance"]["may_go"]["files"] == go
        return record["partition"]["due"], go, stay["unread"]

    said = auditor("backup", phone, "backup", "-o", "first")
    assert said.code == 0 and "in 1 file may go from the phone" in said.out, said
    assert "3 more are safe and stay, as they were not read and opened in this audit." in said.out
    assert f"What is sound may go after `auditor audit {phone} {tmp_path / 'backup'}`" in said.out
    assert sums("first") == (5, 1, 3)  # and one that is not sound
    assert "3 files stay: they are safe, but were not read and opened in that audit." in auditor("clean", "first").out
    time.sleep(1.1)  # rows know when they were read to the second
    write(phone / "DCIM/Camera/IMG_4.jpg", media.jpeg(4))
    assert auditor("backup", phone, "backup", "-o", "second").code == 0
    assert sums("second") == (6, 1, 4)
    said = auditor("audit", phone, "backup", "-o", "third")
    assert said.code == 0 and "not read" not in said.out
    assert sums("third") == (6, 5, 0)


def test_a_copy_that_was_read_again_says_nothing_of_the_phones_file(auditor: Auditor, phone: Path) -> None:
    """The backup's file has another date, so it is read; the phone's is only looked at."""
    auditor("backup", phone, "backup", "-o", "first")
    time.sleep(1.1)
    os.utime("backup/DCIM/Camera/IMG_1.jpg", (OLD_S + 900, OLD_S + 900))
    auditor("backup", phone, "backup", "-o", "second")
    said = auditor("clean", "second")
    assert "0 bytes in 0 files can go." in said.out and "4 files stay" in said.out


def test_what_was_only_compared_is_counted(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    for path in sorted(phone.rglob("IMG_*.jpg"))[:3]:
        write(tmp_path / "backup" / path.relative_to(phone), path.read_bytes())
    said = auditor("backup", phone, "backup", "-o", "report")
    assert said.code == 2 and "If it is a copy made by hand, add --copy-by-hand" in said.err
    said = auditor("backup", phone, "backup", "-o", "report", "--copy-by-hand")
    assert said.code == 0
    assert "3 photos and videos were not opened, only compared by their digests" in said.out
    found = (tmp_path / "report/findings.csv").read_text("utf-8")
    assert found.count("not-looked-into") == 3


def test_a_copy_that_the_phone_says_is_another_is_not_safe(
    auditor: Auditor, phone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = SecondProof(4, (("DCIM/Camera/IMG_1.jpg", "the phone's own digest is another one"),))
    with monkeypatch.context() as patch:
        patch.setattr("auditor.cli.copying.second_proof", lambda *asked: told)
        said = auditor("backup", phone, "backup", "-o", "report")
    assert said.code == 3 and "CANNOT SAY: 3 of 4 files" in said.out, said
    assert "the phone's own digest is another one" in said.err
    said = auditor("backup", phone, "backup", "-o", "again")
    assert said.code == 0 and re.search("1  there already, found by", said.err), said.err


class Telling(FolderPlace):
    """A phone that digests its files itself: the first otherwise than it arrived; what happens after it is `then`."""

    then: ClassVar[Callable[[], object]]

    @property
    def powers(self) -> frozenset[Power]:
        return frozenset({Power.DIGESTS, Power.COMPUTES})

    def native_digests(self) -> tuple[str, ...]:
        return ("sha256",)

    def digests_of(self, entries: Sequence[Entry], name: str) -> Iterator[tuple[str, str]]:
        yield entries[0].path, "0" * 64
        Telling.then()
        for entry in entries[1:]:
            yield entry.path, hashlib.sha256((self.root / entry.path).read_bytes()).hexdigest()


def press(times: int) -> None:
    """Ctrl-C."""
    for _ in range(times):
        os.kill(os.getpid(), signal.SIGINT)


def cable_out() -> None:
    raise ListingCut("the phone went away")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("then", "code", "says"),
    [
        (
            lambda: press(1),
            130,
            "2  not compared with the phone's own digests: this run was stopped before; the next backup goes on there",
        ),
        (
            lambda: press(2),
            130,
            "3  not compared with the phone's own digests: this run was stopped before; the next backup goes on there",
        ),
        (
            cable_out,
            3,
            "3  not compared with the phone's own digests: the phone went away; the next backup goes on there",
        ),
    ],
    ids=["Ctrl-C", "Ctrl-C twice", "the cable is out"],
)
def test_what_the_phone_contradicted_until_it_was_stopped_is_read_again(
    then: Callable[[], object],
    code: int,
    says: str,
    auditor: Auditor,
    phone: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handled = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(Telling, "then", staticmethod(then), raising=False)
        patch.setattr(inputs, "open_place", lambda spec: Telling(phone, spec))
        said = auditor("backup", phone, "backup", "-o", "report")
        signal.signal(signal.SIGINT, handled)
    assert said.code == code, said
    assert says in said.err and "1  not what the phone holds" in said.err and "IMG_0.jpg" in said.err, said.err
    said = auditor("backup", phone, "backup", "-o", "again")
    assert said.code == 0 and re.search("1  there already, found by", said.err), said.err


@pytest.mark.parametrize("stopped", ["before it asks", "before it notes"])
def test_what_no_phone_was_asked_for_is_asked_in_the_next_run(
    stopped: str, auditor: Auditor, phone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a stopped run copied arrives altered, and alike each time; and is asked for until an answer was heard."""
    with monkeypatch.context() as patch:
        patch.setattr(inputs, "open_place", lambda spec: Telling(phone, spec))
        patch.setattr(Telling, "then", staticmethod(lambda: None), raising=False)
        with patch.context() as killed:
            at = {"before it asks": "cli.copying.second_proof", "before it notes": "copier.backup.doubt"}[stopped]
            killed.setattr(f"auditor.{at}", _interrupted)
            assert auditor("backup", phone, "backup", "-o", "report").code == 130
        for number in range(3):
            said = auditor("backup", phone, "backup", "-o", f"again {number}")
            assert said.code == 3 and "CANNOT SAY: 3 of 4 files" in said.out, said
            assert "1  not what the phone holds" in said.err and "IMG_0.jpg" in said.err, said.err
            asked = re.search("([0-9]+)  confirmed by a digest", said.err)
            assert asked and asked[1] == ("3" if number == 0 else "0"), said.err
            assert "IMG_0" not in Path(f"again {number}/safe-to-delete.csv").read_text("utf-8-sig")


def _interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("backup", "nowhere", "backup"), "there is no folder nowhere"),
        (("backup", "phone.sha256", "backup"), "phone.sha256 is a list of files: there is nothing in it to copy"),
        (("verify", "phone.sha256"), "phone.sha256 is a file; name a folder"),
        (("backup", "phone", "phone"), "same folder"),
        (("backup", "phone", "phone/inside"), "lies inside the source"),
        (("backup", "phone", "adb:x"), "nothing can be written to adb:x"),
        (("verify", "phone"), "no manifest of its own"),
        (("verify", "phone", "--sample", "lots", "--manifest", "x"), "neither a number of files nor a share"),
        (("verify", "phone", "--budget", "soon", "--manifest", "x"), "--budget soon is no time"),
        (("restore", "phone", "back"), "no manifest of its own"),
        (("restore", "disk", "disk/back"), "The target"),
        (("restore", "disk", "disk"), "The backup and the target are the same folder"),
        (("restore", "disk/in it", "disk"), "lies inside the target"),
    ],
)
def test_bad_input_is_one_sentence(auditor: Auditor, phone: Path, words: tuple[str, ...], says: str) -> None:
    (phone.parent / "phone.sha256").write_text(f"{'0' * 64}  a.jpg\n")
    if words[0] == "restore":
        back_up(phone, phone.parent / "disk")
        back_up(phone, phone.parent / "disk/in it")
    said = auditor(*words)
    assert said.code == 2 and says in said.err
    assert said.err.count("\n") == 1


def test_verify_says_what_rotted_and_backup_repairs_it(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    back_up(phone, tmp_path / "backup")
    assert auditor("verify", "backup").code == 0
    path = tmp_path / "backup/DCIM/Camera/IMG_1.jpg"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    os.utime(path, (OLD_S, OLD_S))
    said = auditor("verify", "backup", "-o", "rotted.json")
    assert said.code == 1 and "NOT SAFE: 1 rotted, of" in said.out
    assert "DCIM/Camera/IMG_1.jpg: as long as before, with other bytes\n" in said.out
    assert not re.search("[0-9a-f]{64}", said.out)  # no person reads them: they are in the record
    (rotted,) = json.loads((tmp_path / "rotted.json").read_text("utf-8"))["files"]
    assert rotted["read_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest() != rotted["stored_sha256"]
    repaired = auditor("backup", phone, "backup", "-o", "report")
    assert repaired.code == 0 and "1  repaired" in repaired.err
    assert auditor("verify", "backup").code == 0


def test_rot_stays_an_alarm_until_it_is_mended(auditor: Auditor, phone: Path) -> None:
    """Also of files that no phone is known of: what they were is written down nowhere else."""
    path = phone / "DCIM/Camera/IMG_1.jpg"
    good, date = path.read_bytes(), path.stat().st_mtime
    assert auditor("verify", phone, "--init").code == 0
    path.write_bytes(good[:-1] + b"x")
    os.utime(path, (date, date))
    for _ in range(3):
        said = auditor("verify", phone)
        assert said.code == 1 and "NOT SAFE: 1 rotted" in said.out
    path.write_bytes(good)
    os.utime(path, (date, date))
    for _ in range(2):
        assert auditor("verify", phone).code == 0
    # What somebody edited and what then rotted is told apart from what was stored at first.
    edited = media.jpeg(77)
    write(path, edited, OLD_S + 5000)
    assert "1  edited" in (said := auditor("verify", phone)).out + said.err and said.code == 3
    write(path, edited[:-1] + b"x", OLD_S + 5000)
    for _ in range(2):
        assert auditor("verify", phone).code == 1
    write(path, edited, OLD_S + 5000)
    assert auditor("verify", phone).code == 0


def test_what_is_read_for_the_first_time_is_new(auditor: Auditor, phone: Path) -> None:
    """Nothing says what it was before, so it is not called as it was stored."""
    auditor("verify", phone, "--init")
    write(phone / "DCIM/Camera/late.jpg", media.jpeg(78))
    counts, statements = [], []
    for number, more in enumerate((["--sample", "1"], [], [])):
        auditor("verify", phone, *more, "-o", f"{number}.json")
        record = json.loads(Path(f"{number}.json").read_text("utf-8"))
        counts.append(record["counts"])
        statements.append(record["statement"])
    assert [c.get("new", 0) for c in counts] == [1, 1, 0]
    assert statements[1:] == ["All of the files were read."] * 2
    assert counts[1]["unchanged"] + 1 == counts[2]["unchanged"]


def test_verify_never_writes_that_all_was_read_where_a_file_could_not_be() -> None:
    counts = Counter({Fate.UNCHANGED: 2, Fate.UNREADABLE: 1})
    found = (Found("a.jpg", Fate.UNREADABLE),)
    verified = Verified(counts, found, 2, 0, None, None, (), None)
    record = _record(verified, conclude(verified, Choice()), "backup", datetime(2026, 6, 15, tzinfo=UTC))
    assert (record["verdict"], record["statement"]) == ("CANNOT SAY", "")


def test_verify_writes_what_a_sample_says(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    back_up(phone, tmp_path / "backup")
    said = auditor("verify", "backup", "--sample", "2", "-o", "verify.json")
    record = json.loads((tmp_path / "verify.json").read_text("utf-8"))
    assert said.code == 0 and record["statement"] in said.out
    assert record["statement"].startswith("2 of 5 files were read") and record["confidence"] == 0.95
    assert (record["verdict"], record["counts"]["unchanged"], record["counts"]["not_read"]) == (None, 2, 3)
    again = auditor("verify", "backup", "-o", "verify.json")
    assert again.code == 2 and "there already" in again.err
    nowhere = auditor("verify", "backup", "-o", "no/verify.json")  # said before hours of reading, not after
    assert nowhere.code == 2 and "there is no folder no;" in nowhere.err and "Reading" not in nowhere.err
    (tmp_path / "backup/DCIM/Camera/IMG_1.jpg").unlink()
    assert auditor("verify", "backup", "-o", "lost.json").code == 1
    record = json.loads((tmp_path / "lost.json").read_text("utf-8"))
    assert record["verdict"] == "NOT SAFE"
    assert [(f["path"], f["fate"]) for f in record["files"]] == [("DCIM/Camera/IMG_1.jpg", "lost")]


def test_verify_names_a_manifest_that_was_edited(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    back_up(phone, tmp_path / "backup")
    first = tmp_path / "backup/.auditor/manifests/000001.jsonl"
    write(phone / "new.jpg", media.jpeg(50))
    back_up(phone, tmp_path / "backup")
    first.write_bytes(first.read_bytes().replace(b"IMG_1", b"IMG_2"))
    said = auditor("verify", "backup")
    assert said.code == 0 and "An older manifest, 000001.jsonl: it was changed or cut off" in said.out
    assert "a later one, which is right, lists all files" in said.out
    last = max((tmp_path / "backup/.auditor/manifests").iterdir())
    last.write_bytes(last.read_bytes().replace(b"IMG_1", b"IMG_2"))
    for _ in range(2):
        said = auditor("verify", "backup")
        assert said.code == 1 and "NOT SAFE: 1 of the backup's manifests is not right" in said.out
        assert f"{last.name}: it was changed or cut off" in said.out and "puts that right" in said.out
    back_up(phone, tmp_path / "backup")
    assert auditor("verify", "backup").code == 0


def test_what_is_restored_already_is_there_already(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    write(phone / "DCIM/Camera/extra.jpg", b"another one")
    write(phone / "DCIM/Camera/old.jpg", b"an old one")
    back_up(phone, tmp_path / "backup")
    write(tmp_path / "back/DCIM/Camera/extra.jpg", b"somebody's own")
    assert auditor("restore", "backup", "back").code == 0
    (tmp_path / "backup/DCIM/Camera/old.jpg").unlink()  # the backup has lost it, the target has it
    assert auditor("verify", "backup").code == 1
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "back").rglob("*.jpg")}
    said = auditor("restore", "backup", "back")
    assert said.code == 0 and f"0 files are restored, {len(tree(phone))} were there already" in said.out
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "back").rglob("*.jpg")} == before
    assert (tmp_path / "back/DCIM/Camera/extra.jpg").read_bytes() == b"somebody's own"


def test_a_file_without_room_keeps_no_other_from_the_backup(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    others = {path for path in tree(phone) if ".trashed" not in path}
    with (phone / "DCIM/Camera/film.mp4").open("wb") as stream:
        stream.truncate((volume_of(tmp_path).free_bytes or 0) + (1 << 30))
    said = auditor("backup", phone, "backup", "--no-audit")
    assert said.code == 1 and "film.mp4" in said.err and "make room" in said.err
    assert set(tree(tmp_path / "backup")) == others


def test_a_first_backup_that_wrote_nothing_down_goes_on(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    from auditor.copier.backup import Layout, session

    with session(tmp_path / "backup", Layout.MIRROR) as store:
        store.put_marks({"0" * 8})
    said = auditor("verify", "backup")
    assert said.code == 2 and "it goes on from there" in said.err
    assert auditor("backup", phone, "backup", "--no-audit").code == 0 and auditor("verify", "backup").code == 0


def test_verify_calls_an_emptied_file_spoilt(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    back_up(phone, tmp_path / "backup")
    write(tmp_path / "backup/DCIM/Camera/IMG_1.jpg", b"", OLD_S + 5000)
    said = auditor("verify", "backup")
    assert said.code == 1 and "NOT SAFE: 1 spoilt, of" in said.out
    assert "IMG_1.jpg: it is empty now" in said.out
    last = max((tmp_path / "backup/.auditor/manifests").iterdir())
    audited = auditor("audit", phone, last, "-o", "report")
    assert audited.code == 1 and "spoilt" in audited.out


def test_verify_with_a_manifest_made_elsewhere(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    auditor("scan", phone, "-o", "list.jsonl", "--depth", "hash")
    assert auditor("verify", phone, "--manifest", "list.jsonl").code == 0
    (phone / "DCIM/Camera/IMG_2.jpg").unlink()
    said = auditor("verify", phone, "--manifest", "list.jsonl")
    assert said.code == 1 and "1 lost" in said.out
    assert not (phone / ".auditor").exists()


def test_the_wrong_phone_is_one_finding(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    auditor("backup", phone, "backup", "--no-audit")
    for number in range(12):
        write(tmp_path / f"other/DCIM/Camera/IMG_{number}.jpg", media.jpeg(100 + number, (320, 240)))
    wrong = auditor("audit", "other", "backup", "-o", "wrong")
    assert wrong.code == 1 and "1 backup is of another phone." in wrong.out
    right = auditor("audit", phone, "backup", "-o", "right")
    assert right.code == 0, right


def test_the_audit_of_a_scrubbed_backup_names_what_rotted(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    auditor("backup", phone, "backup", "--no-audit")
    path = tmp_path / "backup/DCIM/Camera/IMG_1.jpg"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    os.utime(path, (OLD_S, OLD_S))
    auditor("verify", "backup")
    last = max((tmp_path / "backup/.auditor/manifests").iterdir())
    said = auditor("audit", phone, last, "-o", "report")
    assert said.code == 1 and "rotted" in said.out


def test_verify_counts_moved_files_among_those_looked_at(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    auditor("backup", phone, "backup", "--no-audit")
    camera = tmp_path / "backup/DCIM/Camera"
    (camera / "IMG_1.jpg").rename(camera / "Holiday.jpg")
    (camera / "IMG_2.jpg").unlink()
    said = auditor("verify", "backup")
    assert said.code == 1 and "NOT SAFE: 1 lost, of 4 files looked at." in said.out
    assert "`auditor backup` with the phone (phone) first and then backup repairs them" in said.out


def test_one_file_restored_is_one(auditor: Auditor, phone: Path) -> None:
    auditor("backup", phone, "backup", "--no-audit")
    auditor("restore", "backup", "back")
    (phone.parent / "back/DCIM/Camera/IMG_1.jpg").unlink()
    said = auditor("restore", "backup", "back")
    assert said.code == 0 and "1 file is restored, 3 were there already" in said.out


def test_restore_gives_back_the_phone(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    auditor("backup", phone, "backup", "--layout", "by-date", "--no-audit")
    said = auditor("restore", "backup", "back")
    assert said.code == 0 and "4 files are restored" in said.out
    kept = {path: content for path, content in tree(phone).items() if ".trashed" not in path}
    assert tree(tmp_path / "back") == kept


def test_files_that_were_given_each_others_names_are_not_called_damaged(auditor: Auditor, phone: Path) -> None:
    """What `restore` says to do gives both of them back."""
    auditor("backup", phone, "backup", "--no-audit")
    first, second = (phone.parent / f"backup/DCIM/Camera/IMG_{number}.jpg" for number in (1, 2))
    for one, other in ((first, phone.parent / "aside"), (second, first), (phone.parent / "aside", second)):
        one.rename(other)
    said = auditor("restore", "backup", "back")
    assert said.code != 0 and "damaged" not in said.err + said.out
    assert said.err.count("it holds other bytes than were stored: `auditor verify` of the backup looks where") == 2
    auditor("verify", "backup")
    assert auditor("restore", "backup", "back").code == 0
    for number in (1, 2):
        name = f"DCIM/Camera/IMG_{number}.jpg"
        assert (phone.parent / "back" / name).read_bytes() == (phone / name).read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("presses", "apart_s"), [(1, 0), (2, 0.05), (5, 0.01)])
def test_ctrl_c_is_safe(presses: int, apart_s: float, tmp_path: Path) -> None:
    for number in range(400):
        write(tmp_path / f"phone/{number}.jpg", noise(number, 60_000))
    command = [sys.executable, "-m", "auditor", "backup", "--depth", "digests", "--no-audit", "phone", "backup"]
    run = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 120  # a busy machine
    while time.monotonic() < until and not list((tmp_path / "backup").glob("*.jpg")):
        time.sleep(0.01)
    for _ in range(presses):
        run.send_signal(signal.SIGINT)
        time.sleep(apart_s)
    _, err = run.communicate(timeout=120)
    assert run.returncode in {0, 130}, err  # 0: it was finished before the key was seen
    if presses == 1 and run.returncode:
        assert re.search(r"\d+ of 400 files w(as|ere) copied and read back, .*nothing was audited", err), err
    assert lies(tmp_path / "backup") == []
    got = tree(tmp_path / "backup")
    assert {p: noise(int(p.removesuffix(".jpg")), 60_000) for p in got if p.endswith(".jpg")} == {
        p: b for p, b in got.items() if p.endswith(".jpg")
    }
    assert back_up(tmp_path / "phone", tmp_path / "backup").failed == {}
    assert tree(tmp_path / "backup") == tree(tmp_path / "phone")


def test_a_link_to_what_is_copied_anyway_takes_nothing_from_safe(auditor: Auditor, phone: Path) -> None:
    (phone / "again.jpg").symlink_to("DCIM/Camera/IMG_1.jpg")
    said = auditor("backup", phone, "backup", "-o", "report")
    assert said.code == 0 and "SAFE: All 4 files" in said.out, said
    (phone / "album").symlink_to("/", target_is_directory=True)
    said = auditor("backup", phone, "backup", "-o", "again")
    assert said.code == 3 and "4 of 5 files" in said.out, said


def test_a_sample_by_another_places_list_is_one_at_random(auditor: Auditor, tmp_path: Path) -> None:
    """The list says when the phone was read, which says nothing of the folder: neither of its age nor what to read."""
    for number in range(40):
        write(tmp_path / "phone" / f"{number:02}.bin", bytes([number]) * 99)
    auditor("scan", "phone", "-o", "phone.jsonl", "--depth", "hash")
    shutil.copytree(tmp_path / "phone", tmp_path / "cloud")
    said = auditor("verify", "cloud", "--manifest", "phone.jsonl", "--sample", "5", "-o", "verify.json")
    assert said.code == 0
    assert "5 of 40 files were read, chosen at random: 0 bad (" in said.out
    assert "At most 17 of all (42%) are bad" in said.out
    assert "Every file was read" not in said.out
    assert json.loads((tmp_path / "verify.json").read_text("utf-8"))["verdict"] is None


@pytest.mark.parametrize(("packing", "trusted"), [("folder", True), ("zip", False)])
def test_a_copy_s_row_says_no_more_of_the_source_s_date_than_the_source_can(
    tmp_path: Path, packing: str, trusted: bool
) -> None:
    write(tmp_path / "in/a.jpg", media.jpeg(1))
    name = tmp_path / "in"
    if packing == "zip":
        name = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "in"))
    row = FileFacts("2024/a.jpg", 9, mtime_ns=7, digests={"sha256": "ab" * 32})
    step = CopyStep(0, "a.jpg", Action.SKIP, 9, 7, None, None)
    assert _as_source(open_place(str(name)), row, step, None).mtime_trusted is trusted


def test_verify_names_what_it_found_and_nothing_that_it_did_not(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    """No zero counts, no rot where there is none, the worst first; the phone in words, for its way is not recorded."""
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    here = tmp_path / "disk/DCIM/Camera"
    first, second, *_ = sorted(path for path in here.iterdir() if path.suffix == ".jpg")
    shutil.copy(first, second)
    said = auditor("verify", tmp_path / "disk", "--sample", "1")
    assert said.code == 1 and "NOT SAFE: 1 overwritten, of" in said.out
    assert " 0 " not in said.out and "PHONE" not in said.out
    assert f"`auditor backup` with the phone ({phone.name}) first" in said.out
    assert "1 bad (rotted, spoilt, overwritten, exchanged or lost)" in said.out
    assert "1  overwritten: it holds what another file of the backup was stored with" in said.out
    first.unlink()  # what it held lies there under the other name
    assert "NOT SAFE: 1 overwritten, 1 exchanged, of" in auditor("verify", tmp_path / "disk").out


def test_an_edit_of_a_stored_copy_is_not_all_well(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    """The version that was stored may be nowhere else: headline, exit code, record and next step say so."""
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    write(tmp_path / "disk/DCIM/Camera/IMG_1.jpg", media.jpeg(77), OLD_S + 5000)
    said = auditor("verify", tmp_path / "disk", "-o", tmp_path / "verify.json")
    assert said.code == 3
    assert "? CANNOT SAY: 1 file was edited since it was stored, and the version that was stored is not" in said.out
    assert "copies what was stored once more, where the phone still has it" in said.out
    assert json.loads((tmp_path / "verify.json").read_text("utf-8"))["verdict"] == "CANNOT SAY"
    again = auditor("verify", tmp_path / "disk")
    assert again.code == 3 and "? CANNOT SAY: 1 file was edited" in again.out, "told until what was stored is back"
    assert auditor("backup", phone, tmp_path / "disk").code == 0
    assert auditor("verify", tmp_path / "disk").code == 0


def test_an_edit_is_told_though_another_phone_has_it_too(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    """The backup holds what the second phone stored; what the first one stored is nowhere in it."""
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    path = tmp_path / "disk/DCIM/Camera/IMG_1.jpg"
    write(path, media.jpeg(77), OLD_S + 5000)
    auditor("verify", tmp_path / "disk")
    write(tmp_path / "second/x.jpg", media.jpeg(77), OLD_S)
    auditor("backup", tmp_path / "second", tmp_path / "disk", "--no-audit")
    for _ in range(2):
        assert auditor("verify", tmp_path / "disk").code == 3
    path.unlink()
    for _ in range(2):
        said = auditor("verify", tmp_path / "disk")
        assert said.code == 1 and "1 lost" in said.out and "what was stored lies at" not in said.out, said.out


def test_what_two_phones_stored_in_a_file_that_was_edited_twice_is_told_until_all_of_it_is_back(
    auditor: Auditor, phone: Path, tmp_path: Path
) -> None:
    """What the second phone stored lies elsewhere; what the first one stored lies nowhere."""
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    path = tmp_path / "disk/DCIM/Camera/IMG_1.jpg"
    write(path, once := media.jpeg(77), OLD_S + 5000)
    auditor("verify", tmp_path / "disk")
    write(tmp_path / "second/x.jpg", once, OLD_S)
    auditor("backup", tmp_path / "second", tmp_path / "disk", "--no-audit")
    write(path, media.jpeg(78), OLD_S + 90_000)
    write(tmp_path / "disk/kept/x.jpg", once, OLD_S)
    for _ in range(3):
        said = auditor("verify", tmp_path / "disk")
        assert said.code == 3 and "1 file was edited" in said.out, said.out
    path.unlink()
    for _ in range(3):
        said = auditor("verify", tmp_path / "disk")
        assert said.code == 1 and "1 lost" in said.out and "what was stored lies at" not in said.out, said.out
    assert auditor("backup", phone, tmp_path / "disk").code == 0
    for _ in range(2):
        assert auditor("verify", tmp_path / "disk").code == 0
    assert "x.jpg" not in auditor("backup", tmp_path / "second", tmp_path / "disk", "-n").out


def test_an_edit_that_was_copied_and_removed_is_told_all_the_same(
    auditor: Auditor, phone: Path, tmp_path: Path
) -> None:
    """The edit lies elsewhere; what was stored lies nowhere until a backup brings it."""
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    path = tmp_path / "disk/DCIM/Camera/IMG_1.jpg"
    write(path, edited := media.jpeg(77), OLD_S + 5000)
    write(tmp_path / "disk/edited.jpg", edited, OLD_S + 5000)
    assert auditor("verify", tmp_path / "disk").code == 3
    path.unlink()
    for _ in range(2):
        said = auditor("verify", tmp_path / "disk")
        assert said.code == 1 and "1 lost" in said.out, said.out
    assert auditor("backup", phone, tmp_path / "disk").code == 0
    assert auditor("verify", tmp_path / "disk").code == 0


def test_a_backup_whose_lists_are_gone_is_not_safe(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    shutil.rmtree(tmp_path / "disk/.auditor/manifests")
    said = auditor("verify", tmp_path / "disk")
    assert said.code == 1 and "NOT SAFE: the backup's manifests are missing; number 1 was the last" in said.out, said
    assert "broken off" not in said.out + said.err
    assert auditor("verify", tmp_path / "disk", "--init").code == 0
    assert auditor("backup", phone, tmp_path / "disk", "--no-audit").code == 0
    assert auditor("verify", tmp_path / "disk").code == 0


def test_cleaning_by_an_audit_of_lists_asks_for_the_places_themselves(
    auditor: Auditor, phone: Path, tmp_path: Path
) -> None:
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    for place in (phone, tmp_path / "disk"):
        auditor("scan", place, "-o", tmp_path / f"{place.name}.jsonl")
    auditor("audit", tmp_path / f"{phone.name}.jsonl", tmp_path / "disk.jsonl", "-o", tmp_path / "lists")
    said = auditor("clean", tmp_path / "lists")
    assert "with the phone and the backup themselves, not their lists" in said.out, said


def test_an_edit_that_was_taken_back_is_none(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    path = tmp_path / "disk/DCIM/Camera/IMG_1.jpg"
    stored = path.read_bytes()
    write(path, media.jpeg(77), OLD_S + 5000)
    assert auditor("verify", tmp_path / "disk").code == 3
    write(path, stored, OLD_S)
    for _ in range(2):
        said = auditor("verify", tmp_path / "disk")
        assert said.code == 0 and "edited" not in said.out, said.out


@pytest.mark.parametrize("fate", ["rotted", "lost"])
def test_a_bad_edit_is_no_alarm_for_ever(auditor: Auditor, phone: Path, tmp_path: Path, fate: str) -> None:
    """What was stored is there once more, and nobody can bring the edit back: it ends when its file is removed."""
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    path = tmp_path / "disk/DCIM/Camera/IMG_1.jpg"
    write(path, edited := media.jpeg(77), OLD_S + 5000)
    auditor("verify", tmp_path / "disk")
    if fate == "rotted":
        write(path, edited[:-1] + b"x", OLD_S + 5000)
        assert auditor("verify", tmp_path / "disk").code == 1
        auditor("backup", phone, tmp_path / "disk", "--no-audit")
    path.unlink()
    assert "1 lost" in auditor("verify", tmp_path / "disk").out
    auditor("backup", phone, tmp_path / "disk")
    auditor("verify", tmp_path / "disk")
    assert auditor("verify", tmp_path / "disk").code == 0
    assert auditor("backup", phone, tmp_path / "disk").code == 0


def test_a_repaired_backup_holds_nothing_strange(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    """What a repair put aside is the program's own: no warning, and a backup of the backup is whole."""
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    path = tmp_path / "disk/DCIM/Camera/IMG_1.jpg"
    write(path, path.read_bytes()[:-1] + b"x", OLD_S)
    auditor("verify", tmp_path / "disk")
    assert auditor("backup", phone, tmp_path / "disk", "--no-audit").code == 0
    assert list((tmp_path / "disk/.auditor/quarantine").rglob("*.jpg"))
    assert "unreadable" not in (said := auditor("audit", phone, tmp_path / "disk", "-o", tmp_path / "out")).out, said
    assert auditor("backup", tmp_path / "disk", tmp_path / "second").code == 0


def test_a_backup_names_the_first_copied_files(auditor: Auditor, tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"many/DCIM/IMG_{number}.jpg", media.jpeg(number), OLD_S)
    said = auditor("backup", tmp_path / "many", tmp_path / "disk", "--no-audit")
    assert "DCIM/IMG_0.jpg, DCIM/IMG_1.jpg, DCIM/IMG_2.jpg and 2 more" in said.err


def test_a_link_named_as_a_photo_is_not_passed_over_without_an_audit(auditor: Auditor, phone: Path) -> None:
    (phone / "DCIM/outside.jpg").symlink_to("/no/such/photo.jpg")
    (phone / "DCIM/list.txt").symlink_to("/no/such/list.txt")
    assert auditor("backup", phone, "disk", "--no-audit").code == 3
    (phone / "DCIM/outside.jpg").unlink()
    assert auditor("backup", phone, "disk", "--no-audit").code == 0


def test_of_a_marker_that_cannot_be_understood_the_way_out_is_said_and_works(
    auditor: Auditor, phone: Path, tmp_path: Path
) -> None:
    auditor("backup", phone, "backup", "--no-audit")
    marker = tmp_path / "backup/.auditor/place.toml"
    before = marker.read_bytes()
    marker.write_bytes(bytes(300))  # what a fake stick makes of it
    said = auditor("verify", "backup")
    assert said.code == 2 and "remove it and run `auditor backup` with --new-place and --copy-by-hand" in said.err
    marker.unlink()
    assert auditor("backup", phone, "backup", "--new-place", "--copy-by-hand", "--no-audit").code == 0
    assert marker.read_bytes().splitlines()[0] == before.splitlines()[0], "it has its id again"
    assert auditor("verify", "backup").code == 0


def test_no_phone_is_made_its_own_backup(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    """By its folders, within them, by the record of a backup that this computer saw, and by the way to it."""
    auditor("backup", phone, tmp_path / "disk", "--no-audit")
    (tmp_path / "card/DCIM/100").mkdir(parents=True)
    (tmp_path / "card/Android").mkdir()
    for place in (phone, phone / "DCIM", tmp_path / "card", tmp_path / "card/DCIM/100", "adb:", "mtp:"):
        said = auditor("verify", place, "--init")
        assert said.code == 2 and not Path(place, ".auditor").exists(), said
    assert "a phone is never its own backup" in auditor("verify", phone, "--init").err
    assert auditor("verify", tmp_path / "disk", "--init").code == 0


def test_an_empty_mount_point_is_not_made_a_backup(auditor: Auditor, phone: Path, tmp_path: Path) -> None:
    """With a record of its own it would be filled by the next backup, without a question."""
    (tmp_path / "stick").mkdir()
    said = auditor("verify", tmp_path / "stick", "--init")
    assert said.code == 2 and "is its disk connected and mounted?" in said.err
    assert list((tmp_path / "stick").iterdir()) == []


def test_small_pictures_copied_beside_their_originals_are_told(auditor: Auditor, tmp_path: Path) -> None:
    """A phone that optimises its storage: the backup has the originals under the very same names."""
    large = media.image(31, (1200, 900))
    write(tmp_path / "opt/DCIM/a.jpg", media.encoded(large.resize((600, 450)), "JPEG"))
    write(tmp_path / "disk/DCIM/a.jpg", media.encoded(large, "JPEG", quality=92))
    said = auditor("backup", "opt", "disk", "--copy-by-hand")
    assert said.code == 0, said
    assert "Larger file in the backup" in said.out


def test_programs_are_told_the_same_sentence_of_a_restore_as_people(auditor: Auditor, phone: Path) -> None:
    auditor("backup", phone, "backup", "--no-audit")
    assert json.loads(auditor("restore", "backup", "back", "--json").out)["sentence"].startswith("4 files are restored")
