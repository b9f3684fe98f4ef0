"""A phone that no record and no cable gives away: what its folders, dates and newest photos say, and to whom."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from auditor.audit import phone_marks
from auditor.audit.phone_marks import Marks, Phone, marks_of, which
from auditor.audit.refusals import named, refusal_of_backup
from auditor.audit.roles import Pair, pair, role_of_folder
from tests import media
from tests.commandline import call
from tests.copier.runs import OLD_S, back_up, tree, write

DAY = 86_400


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def camera(folder: str, *numbers: int, of: str = "DCIM/Camera", beside: tuple[str, ...] = ()) -> Path:
    """A folder with photos, one taken each day, and empty folders beside them."""
    for number in numbers:
        write(Path(folder, of, f"IMG_{number}.jpg"), media.jpeg(number), OLD_S + number * DAY)
    for name in beside:
        Path(folder, name).mkdir(parents=True)
    return Path(folder)


def marked(folder: str) -> Marks:
    marks = marks_of(Path(folder))
    assert marks is not None
    return marks


def paired(source: str, dest: str, *, is_by_hand: bool = False) -> Pair:
    one, other = (role_of_folder(Path(name).absolute(), name) for name in (source, dest))
    return pair(one, other, is_by_hand=is_by_hand)


def refusal(source: str, dest: str, *, is_by_hand: bool = False) -> str | None:
    return refusal_of_backup(paired(source, dest, is_by_hand=is_by_hand))


@pytest.mark.parametrize(
    ("of", "beside", "storage"),
    [
        ("DCIM/Camera", (), False),
        ("DCIM", (), False),
        ("DCIM/Camera", ("Android",), True),
        ("DCIM/100CANON", ("MISC",), True),
        ("DCIM/101_0315", ("PRIVATE",), True),
        ("DCIM/Camera", ("Misc", "Pictures"), False),  # somebody's own
        ("DCIM/100CANON", ("misc", "Misc"), False),
        ("dcim/camera", (), False),
        ("Dcim/Camera", ("Android",), True),
        ("dcim/camera", ("android",), True),
        ("dcim/100canon", ("misc",), True),
        ("DCIM/100CANON", ("MISC", "2019"), True),
        ("DCIM/100CANON", ("2019 Rome",), None),  # an archive, and one card in it
        ("Pictures", (), None),
        ("Pictures", ("Android/media",), True),
        ("pictures", ("android/media",), True),
        ("Pictures", ("Android/Sdk",), None),  # a home folder, with what programs for phones are made with
        ("Pictures", ("Android/data", "Download"), True),
        ("Audiobooks", ("Android", "Download"), None),  # somebody's disk, with what is for his phone
        ("Holiday", ("Android/media",), None),
        ("Photos/DCIM", ("MISC",), None),
    ],
)
def test_the_marks_of_a_storage_and_of_a_camera(of: str, beside: tuple[str, ...], storage: bool | None) -> None:
    marks = marks_of(camera("place", 1, of=of, beside=beside))
    assert (marks and marks.is_storage) is storage


def test_the_newest_photos_are_on_the_phone() -> None:
    camera("phone", 2, 3, 4)
    camera("copy", 1, 2, 3)
    assert which(marked("phone"), marked("copy"))[0] is Phone.OURS
    assert which(marked("copy"), marked("phone")) == (Phone.THEIRS, "has the newest photos")


def test_the_photos_of_a_card_in_lower_case_are_seen() -> None:
    camera("phone", 2, 3, 4, of="dcim/camera")
    camera("copy", 1, 2, 3)
    assert which(marked("copy"), marked("phone")) == (Phone.THEIRS, "has the newest photos")


def test_two_folders_that_a_case_tells_apart_are_both_of_the_camera() -> None:
    camera("phone", 2, 3)
    camera("phone", 4, of="dcim/camera")
    camera("copy", 1, 2, 3)
    assert which(marked("phone"), marked("copy"))[0] is Phone.OURS


def test_a_copy_that_lost_its_dates_has_later_ones() -> None:
    camera("phone", 1, 2, 3)
    camera("copy", 0, 1, 2, 3)
    for photo in Path("copy").rglob("*.jpg"):
        os.utime(photo, (OLD_S + 30 * DAY,) * 2)
    assert which(marked("phone"), marked("copy"))[0] is Phone.OURS
    assert which(marked("copy"), marked("phone")) == (Phone.THEIRS, "has the earlier dates")


def test_a_time_zone_is_no_later_date() -> None:
    camera("phone", 1, 2, 3)
    camera("copy", 1, 2, 3)
    for photo in Path("copy").rglob("*.jpg"):
        os.utime(photo, (photo.stat().st_mtime + 7199,) * 2)
    assert which(marked("phone"), marked("copy"))[0] is Phone.UNKNOWN


def test_an_edited_copy_is_no_newer_photo() -> None:
    """Rated or turned on the NAS: another size, and a later date."""
    camera("phone", 1, 2, 3)
    camera("copy", 1, 2)
    write(Path("copy/DCIM/Camera/IMG_3.jpg"), media.jpeg(3, quality=70), OLD_S + 30 * DAY)
    assert which(marked("phone"), marked("copy"))[0] is Phone.UNKNOWN
    camera("phone", 4)
    assert which(marked("phone"), marked("copy"))[0] is Phone.OURS


def test_what_speaks_for_both_speaks_for_neither() -> None:
    """A new phone to which the photos were moved without their dates, and on which one was taken since."""
    camera("phone", 1, 2, 3, 40)
    camera("copy", 1, 2, 3)
    for number in (1, 2, 3):
        os.utime(f"phone/DCIM/Camera/IMG_{number}.jpg", (OLD_S + 30 * DAY,) * 2)
    assert which(marked("phone"), marked("copy"))[0] is Phone.UNKNOWN


def test_a_copy_by_hand_may_become_the_backup() -> None:
    """No false alarm: whatever the phone was cleared of, and whichever part of it is named."""
    camera("copy", 1, 2, 3)
    camera("card", 2, 3, 4)  # taken since
    camera("cleared", 3, 4)
    camera("phone", 3, beside=("Android",))
    camera("whole copy", 1, 2, 3, beside=("Android",))
    write(Path("phone/Pictures/1.jpg"), media.jpeg(9))
    write(Path("other/1.jpg"), media.jpeg(9))
    Path("copy/new").mkdir()
    for source, dest in (
        *((source, dest) for source in ("card", "card/DCIM/Camera", "cleared") for dest in ("copy", "copy/DCIM")),
        *((source, "copy") for source in ("phone", "phone/DCIM", "phone/Pictures")),
        *((source, dest) for source in ("other", "card") for dest in ("copy/DCIM/new", "copy/new", "new")),
    ):
        assert refusal(source, dest) is None, (source, dest)
    camera("phone", 4)
    assert refusal("phone", "whole copy") is None


def test_a_folder_that_looks_like_a_phone_does_not() -> None:
    """Unlike what is copied to it, or with photos that were taken since."""
    camera("phone", 2, 3, 4)
    camera("card", 2, 3, of="DCIM/100CANON", beside=("MISC",))
    camera("nas", 1, 2, 3)
    camera("flat", 1, 2, of=".")
    back_up(Path("flat").absolute(), Path("kept").absolute())
    before = tree(Path("phone")), tree(Path("card"))
    for source, dest, told in (
        ("flat", "phone", "phone looks like a phone's storage or card (it has DCIM), and flat does not"),
        ("flat", "phone/DCIM", "phone/DCIM lies in phone, which looks like"),
        ("flat", "card", "card looks like a phone's storage or card (it has DCIM and MISC), and flat does not"),
        ("nas", "phone", "as nas does too, but it has the newest photos"),
        ("nas", "card", "(it has DCIM and MISC), and nas has DCIM alone"),
        ("kept", "phone", "and kept is a backup that auditor keeps"),
    ):
        said = refusal(source, dest)
        assert said and told in said and f"run `auditor backup {dest} {source}`" in said, (source, dest, said)
    assert (tree(Path("phone")), tree(Path("card"))) == before


def test_where_nothing_tells_the_two_apart_the_user_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("one", 1, 2, 3)
    camera("other", 1, 2, 3)
    said = refusal("one", "other")
    assert said and "neither their dates nor their newest photos" in said
    assert (
        "If other is the phone, run `auditor backup other one`. If it is a copy made by hand, add --copy-by-hand"
        in said
    )
    assert refusal("one", "other", is_by_hand=True) is None
    for option, done in (("--new-place", 2), ("--copy-by-hand", 0)):  # the former speaks of another disk
        assert call(monkeypatch, capsys, "backup", "one", "other", "--no-audit", option)[0] == done


def test_the_user_decides_where_no_more_than_a_cameras_folder_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    camera("flat", 1, 2, of=".")
    camera("nas", 1, 2, 3)
    camera("newer", 2, 3, 4)
    camera("card", 2, 3, of="DCIM/100CANON", beside=("MISC",))
    camera("android", 2, 3, beside=("Android",))
    camera("android too", 1, 2, 3, 4, beside=("Android",))
    for source, dest in (("flat", "newer"), ("nas", "newer"), ("nas", "card"), ("android", "android too")):
        said = refusal(source, dest)
        assert said and said.endswith("If it is a copy made by hand, add --copy-by-hand"), (source, dest, said)
        assert refusal(source, dest, is_by_hand=True) is None, (source, dest)
    said = refusal("nas", "android", is_by_hand=True)
    assert said and "--copy-by-hand" not in said
    monkeypatch.setattr(phone_marks, "_is_volume", lambda folder: folder.name == "card")
    assert refusal("nas", "card", is_by_hand=True), "the whole of a card"


@pytest.mark.parametrize("kind", ["vfat", "msdos", "exfat", "FAT", "FAT32", "exFAT"])
def test_the_whole_of_a_fat_volume_is_a_card_by_each_systems_word(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_marks, "filesystem", lambda path: kind)
    assert phone_marks._is_volume(Path("/"))
    monkeypatch.setattr(phone_marks, "filesystem", lambda path: "NTFS")
    assert not phone_marks._is_volume(Path("/"))


def test_the_way_out_for_a_whole_copy_leads_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Followed to the letter: neither `backup` nor `verify --init` refuses what it leads to."""
    camera("nas", 1, 2, 3)
    camera("disk", 2, 3, beside=("Android",))
    for words in (("backup", "nas", "disk", "--copy-by-hand"), ("verify", "disk", "--init")):
        code, _, err = call(monkeypatch, capsys, *words)
        assert code == 2 and "make a new folder around the copy: move all of it, DCIM and what lies beside" in err, err
        assert "it, to `new/copy`, and name `new`" in err
    Path("disk/new/copy").mkdir(parents=True)
    for name in ("DCIM", "Android"):
        Path("disk", name).rename(f"disk/new/copy/{name}")
    assert call(monkeypatch, capsys, "backup", "nas", "disk/new", "--no-audit")[0] == 0
    assert call(monkeypatch, capsys, "verify", "disk/new")[0] == 0


def test_a_copy_of_a_cameras_card_gets_its_first_manifest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("copy", 1, of="DCIM/100CANON", beside=("MISC",))
    code, _, err = call(monkeypatch, capsys, "verify", "copy", "--init")
    assert code == 0 and Path("copy/.auditor").exists(), err


def test_a_folder_of_a_card_may_be_typed_in_lower_case() -> None:
    """FAT knows no case."""
    camera("card", 2, 3, of="DCIM/100CANON", beside=("MISC",))
    camera("flat", 1, of=".")
    said = refusal("flat", "card/dcim/100canon")
    assert said and "card/dcim/100canon lies in card, which looks like a phone's storage or card" in said


def test_two_folders_are_compared_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    camera("nas", 1, 2, 3)
    camera("phone", 2, 3, 4)
    seen = []
    walk = phone_marks._files
    monkeypatch.setattr(phone_marks, "_files", lambda folder: seen.append(folder.parent.name) or walk(folder))
    assert call(monkeypatch, capsys, "audit", "nas", "phone", "-o", "report", "--depth", "hash")[0] == 1
    assert sorted(seen) == ["nas", "phone"]


@pytest.mark.parametrize("depth", ["hash", "decode"])
def test_no_backup_on_a_phone_is_advised(
    depth: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("nas", 1, 2, 3)
    camera("phone", 2, 3, beside=("Android", "Pictures"))
    code, out, err = call(monkeypatch, capsys, "audit", "nas", "phone", "-o", "report", "--depth", depth)
    assert code == 1 and "phone, with DCIM and Android as a phone or card has" in err
    why = "phone looks like a phone's storage or card (it has DCIM and Android), and nas has DCIM alone"
    assert why in err and why in out and "The phone comes first, then its backups." in out
    advice = out.splitlines()[-1]
    assert "Delete nothing on the phone. If phone is the phone, run `auditor audit phone nas`. If not: Run" in advice
    assert "`auditor backup nas FOLDER`" in advice and "backup nas phone" not in out
    assert "backup nas phone" not in Path("report/report.html").read_text("utf-8")


def test_a_safe_audit_of_the_backup_says_that_the_phone_has_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By folders, and where both have them, or only lists are there, by content."""
    camera("flat", 1, 2, of=".")
    camera("nas", 1, 2)
    phone = camera("phone", 1, 2, 3)
    for name in ("nas", "phone"):
        assert call(monkeypatch, capsys, "scan", name, "-o", f"{name}.jsonl", "--depth", "hash")[0] == 0
    shutil.copytree(phone, "same dates")
    for photo in Path().rglob("*/IMG_*.jpg"):
        os.utime(photo, (OLD_S, OLD_S))
    shutil.copytree("nas", "nas of one day")
    for number, (source, backup, told) in enumerate(
        (
            ("flat", "phone", "and flat does not. The phone comes first"),
            ("nas of one day", "same dates", "same dates has 1 photo or video in DCIM that nas of one day lacks"),
            ("nas.jsonl", "phone.jsonl", "phone.jsonl has 1 photo or video in DCIM that nas.jsonl lacks"),
        )
    ):
        words = ("audit", source, backup, "-o", f"report-{number}", "--depth", "hash")
        code, out, _ = call(monkeypatch, capsys, *words)
        assert code == 0 and "\u2713 SAFE" in out and told in out, (source, out)
        assert f"If {backup} is the phone, run `auditor audit " in out


def test_nothing_is_said_of_a_phone_that_was_cleared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("copy", 1, 2, 3, 4)
    camera("phone", 3, 4)
    write(Path("copy/DCIM/Camera/IMG_4.png"), media.png(4), OLD_S + 30 * DAY)  # converted there
    for name in ("copy", "phone"):
        assert call(monkeypatch, capsys, "scan", name, "-o", f"{name}.jsonl", "--depth", "hash")[0] == 0
    for source, backup in (("phone", "copy"), ("phone.jsonl", "copy.jsonl"), ("phone.jsonl", "copy")):
        words = ("audit", source, backup, "-o", f"of-{source}-{backup}", "--depth", "hash")
        code, out, err = call(monkeypatch, capsys, *words)
        assert code == 0 and "comes first" not in out + err, out + err


def test_the_way_out_for_a_phone_that_was_made_a_backup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("nas", 1, 2)
    camera("phone", 1, 2, 3)
    back_up(Path("nas").absolute(), Path("phone").absolute())  # a phone with a backup's record in it
    for command in (("audit", "phone", "nas", "-o", "one"), ("backup", "phone", "nas")):
        code, _, err = call(monkeypatch, capsys, *command)
        assert code == 2 and "If phone is the phone, and was made a backup by mistake: the folder" in err
        assert "phone/.auditor says so. Move it away to another disk, then run this again" in err
    Path("phone/.auditor").rename("away")
    for command in (("backup", "phone", "nas", "--no-audit"), ("audit", "phone", "nas", "-o", "two")):
        code, out, err = call(monkeypatch, capsys, *command)
        assert code == 0, out + err


@pytest.mark.parametrize(
    ("of", "beside", "is_card"),
    [
        ("DCIM/100CANON", (), True),
        ("DCIM/100CANON", ("MISC",), True),
        ("DCIM/DJI_001", (), True),
        ("DCIM/Camera", ("Android",), True),
        ("DCIM/Camera", (), False),
        ("DCIM", (), False),
        ("DCIM/100APPLE", (), False),
        ("DCIM/202401__", ("Documents",), False),
    ],
)
def test_a_disk_onto_which_a_phones_photos_were_put_is_no_card(
    of: str, beside: tuple[str, ...], is_card: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick or disk of exFAT is a backup's as often: `DCIM` alone makes no card of it, and the user may say so."""
    monkeypatch.setattr(phone_marks, "_is_volume", lambda folder: folder.name == "disk")
    camera("disk", 1, 2, 3, of=of, beside=beside)
    camera("phone", 1, 2, 3, of="DCIM/202401__")
    assert marked("disk").is_volume is is_card
    said = refusal("phone", "disk")
    assert said and ("card or stick" in said) is is_card
    assert (refusal("phone", "disk", is_by_hand=True) is None) is not is_card


def test_what_is_said_of_a_part_names_the_whole() -> None:
    camera("disk", 2, 3, of="Pictures/Rome", beside=("Android/media", "Audiobooks"))
    camera("flat", 1, 2, of=".")
    (_, line, _) = named([paired("flat", "disk/Pictures")])
    assert line == "Backup:  disk/Pictures, in disk, which has Android and Audiobooks as a phone or card has"
    said = refusal("flat", "disk/Pictures", is_by_hand=True)
    assert said and "make a new folder around the copy: move all of it, Android and what lies beside it, to" in said
