"""A folder with a phone's marks that no record and no cable tells of: perhaps a phone, whatever its photos say."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from auditor.audit import roles
from auditor.audit.refusals import named, refusal_of_backup
from auditor.audit.roles import Pair, role_of_folder
from auditor.places import phone_marks
from auditor.places.phone_marks import Marks, marks_of
from tests import media
from tests.audit.test_doubted_order import deletable
from tests.commandline import call, whole
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
    return roles.paired(one, other, is_by_hand=is_by_hand)


def refusal(source: str, dest: str, *, is_by_hand: bool = False) -> str | None:
    refusal = refusal_of_backup(paired(source, dest, is_by_hand=is_by_hand))
    return refusal and refusal.why


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
        ("DCIM", ("DCIM/100APPLE",), False),
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


def test_a_folder_without_a_photo_has_its_marks() -> None:
    """A phone that was just cleared."""
    for name in ("android/DCIM/Camera", "android/Android", "iphone/DCIM/100APPLE", "bare/DCIM"):
        Path(name).mkdir(parents=True)
    assert marked("android").is_storage and marked("iphone").names == marked("bare").names == ("DCIM",)


def test_the_whole_of_a_card_is_one_with_any_folder_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_marks, "_is_volume", lambda folder: True)
    assert marked(str(camera("card", 1, of="DCIM/100CANON", beside=("2019 Rome",)))).is_volume


PERHAPS = {
    "equal": lambda: camera("other", 1, 2, 3),
    "more and newer photos": lambda: camera("other", 1, 2, 3, 4, 5),
    "fewer": lambda: camera("other", 1),
    "a whole storage": lambda: camera("other", 1, 2, 3, beside=("Android",)),
    "a whole storage, cleared": lambda: camera("other", beside=("DCIM/Camera", "Android")),
    "an iPhone, cleared": lambda: camera("other", beside=("DCIM/100APPLE",)),
    "a card": lambda: camera("other", 7, of="DCIM/100CANON", beside=("MISC",)),
}


@pytest.mark.parametrize("other", PERHAPS)
def test_nothing_is_written_to_what_may_be_the_phone(other: str) -> None:
    """Neither dates nor photos tell: the one with the newest may be a copy of two phones, the empty one the phone."""
    PERHAPS[other]()
    camera("whole", 1, 2, 3, beside=("Android", "MISC"))
    camera("flat", 1, 2, of=".")
    for source in ("whole", "flat"):
        said = refusal(source, "other")
        assert said and "nothing is written to it. If other is the phone, run `auditor backup other" in said, said
    assert refusal("whole", "other", is_by_hand=True) is None
    assert refusal("whole", "new") is None and refusal("other", "flat") is None, "no marks, no doubt"


def test_a_new_folder_in_a_cameras_folder_lies_on_the_phone() -> None:
    camera("other", 1, 2, 3)
    camera("flat", 1, of=".")
    assert refusal("flat", "other/DCIM/new") and refusal("flat", "other/new") is None


def test_a_word_against_a_storage_or_card_is_taken_from_the_like_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    camera("nas", 1, 2, 3)
    camera("android", 2, 3, beside=("Android",))
    said = refusal("nas", "android", is_by_hand=True)
    assert said and "--copy-by-hand" not in said and "make a new folder around it" in said
    monkeypatch.setattr(phone_marks, "_is_volume", lambda folder: folder.name == "card")
    camera("card", 2, 3, of="DCIM/100CANON", beside=("MISC",))
    assert refusal("nas", "card", is_by_hand=True), "the whole of a card"


@pytest.mark.parametrize("other", PERHAPS)
def test_an_audit_doubts_it_and_advises_no_writing_there(
    other: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    PERHAPS[other]()
    camera("copy", 1, 2, 3, 8, beside=("Android", "MISC"))
    _, out, _ = call(monkeypatch, capsys, "audit", "copy", "other", "-o", "report", "--depth", "hash")
    assert "and may be the phone itself: if it is a copy made by hand, audit with --copy-by-hand" in out
    assert f"If other is the phone, run `auditor audit {whole('other', 'copy')}`" in out
    for places in ("copy other", whole("copy", "other")):
        assert f"backup {places}" not in out + Path("report/report.html").read_text("utf-8")
    assert deletable("report") == []


def test_what_is_advised_after_the_word_needs_no_other_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("phone", 1, 2)
    camera("copy", 1)
    words = ("audit", "phone", "copy", "--copy-by-hand", "-o", "report", "--depth", "hash")
    _, out, _ = call(monkeypatch, capsys, *words)
    (advised,) = re.findall("Run `auditor (backup [^`]*)`", out)
    assert call(monkeypatch, capsys, *advised.split(), "--no-audit")[0] == 0
    assert tree(Path("phone")).items() <= tree(Path("copy")).items()


def test_every_command_of_a_report_repeats_the_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("phone", 1, 2, beside=("Android",))
    camera("plain", 1, 2, of="photos")
    camera("copy", 1, 2, beside=("Android",))
    for number, backups in enumerate((("copy",), ("plain", "copy"), ("copy", "plain"))):
        words = ("audit", "phone/DCIM", *backups, "--copy-by-hand", "-o", f"report{number}", "--depth", "hash")
        code, _, _ = call(monkeypatch, capsys, *words)
        record = json.loads(Path(f"report{number}/audit.json").read_text("utf-8"))
        said = record["provenance"]["words"]
        assert said["BACKUPS"] == said["PLACES"] == f"{' '.join(whole(one) for one in backups)} --copy-by-hand"
        # Of several the word may have meant another than the one that is written to.
        assert said["DEST"] == f"{whole(backups[0])}{' --copy-by-hand' * (backups[0] == 'copy')}"
        (all_of_it,) = re.findall(r"`auditor (audit [^`]*)` covers all", json.dumps(record))
        assert all_of_it == f"audit {whole('phone')} {said['BACKUPS']}"
        assert call(monkeypatch, capsys, *all_of_it.split(), "-o", f"all{number}", "--depth", "hash")[0] == code == 0


def test_one_copy_of_two_phones_is_no_phone_by_its_photos(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("dad", 1, 2, beside=("Android",))
    camera("nas", 1, 2, 9, beside=("Android",))  # the last one is mother's
    for source, backup in (("nas", "dad"), ("dad", "nas")):
        call(monkeypatch, capsys, "audit", source, backup, "-o", f"of {source}")
        assert deletable(f"of {source}") == []
        assert call(monkeypatch, capsys, "backup", source, backup)[0] == 2
    assert call(monkeypatch, capsys, "audit", "dad", "nas", "-o", "told", "--copy-by-hand")[0] == 0
    assert len(deletable("told")) == 2


def test_the_list_of_a_folder_that_is_gone_is_doubted_by_its_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("nas", 1, 2)
    camera("phone", 1, 2)
    camera("flat", 1, 2, of=".")
    for name, place in (("phone", "phone"), ("part", "phone/DCIM/Camera"), ("flat", "flat")):
        assert call(monkeypatch, capsys, "scan", place, "-o", f"{name}.jsonl", "--depth", "hash")[0] == 0
    for name in ("phone", "flat"):
        Path(name).rename(f"{name} elsewhere")
    for name, words in (("phone", ()), ("part", ()), ("flat", ()), ("phone", ("--copy-by-hand",))):
        report = f"of {name} {words}"
        _, out, _ = call(monkeypatch, capsys, "audit", "nas", f"{name}.jsonl", "-o", report, "--depth", "hash", *words)
        assert ("may be the phone itself" in out) is (name != "flat" and not words), out


def test_the_same_of_two_on_one_phone_goes_with_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("phone", 1, 2, beside=("Android", "Download"))
    shutil.copytree("phone/DCIM", "phone/Backup/DCIM")
    with zipfile.ZipFile("phone/Download/all.zip", "w") as packed:
        packed.write("phone/DCIM/Camera/IMG_1.jpg", "IMG_1.jpg")
    for number, place in enumerate(("phone/Backup", "phone/Download/all.zip", "takeout:phone/Download")):
        assert call(monkeypatch, capsys, "scan", place, "-o", f"{number}.jsonl", "--depth", "hash")[0] == 0
    before = tree(Path("phone"))
    for words in ((), ("--copy-by-hand",)):
        for backup in ("phone/Backup", "phone/Download/all.zip", "0.jsonl", "1.jsonl", "2.jsonl"):
            code, _, err = call(monkeypatch, capsys, "audit", "phone/DCIM", backup, "-o", "report", *words)
            assert code == 2 and f"{backup} lies on the same phone or card as phone/DCIM" in err, err
            code, _, err = call(monkeypatch, capsys, "audit", "phone", backup, "-o", "report", *words)
            assert code == 2 and "lies inside the source" in err
        code, _, err = call(monkeypatch, capsys, "backup", "phone/DCIM", "phone/new", *words)
        assert code == 2 and "phone/new lies on the same phone or card as phone/DCIM" in err, err
    assert tree(Path("phone")) == before and not Path("report").exists()


@pytest.mark.parametrize(
    ("source", "copy", "beside"),
    [
        ("DCIM", "copy", ("DCIM/101CANON", "MISC")),
        ("DCIM/100CANON", "copy", ("MISC",)),
        ("DCIM", "copy/new", ("PRIVATE",)),
        ("DCIM", "backup", ("Android", "Pictures")),
    ],
)
def test_a_copy_beside_the_photos_of_a_card_or_phone_goes_with_it(
    source: str, copy: str, beside: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("mnt", 1, 2, of="DCIM/100CANON", beside=beside)
    shutil.copytree("mnt/DCIM", f"mnt/{copy}", dirs_exist_ok=True)
    assert call(monkeypatch, capsys, "scan", f"mnt/{copy}", "-o", "copy.jsonl", "--depth", "hash")[0] == 0
    before = tree(Path("mnt"))
    for words in ((), ("--copy-by-hand",)):
        for backup in (f"mnt/{copy}", "copy.jsonl"):
            code, out, err = call(monkeypatch, capsys, "audit", f"mnt/{source}", backup, "-o", "report", *words)
            assert code == 2 and f"{backup} lies on the same phone or card as mnt/{source}" in err, out + err
        code, _, err = call(monkeypatch, capsys, "backup", f"mnt/{source}", f"mnt/{copy}/new", *words)
        assert code == 2 and "lies on the same phone or card" in err, err
    assert tree(Path("mnt")) == before and not Path("report").exists()


@pytest.mark.parametrize(
    "beside",
    [("Pictures", "Music"), ("WhatsApp", "Download"), ("Alarms", "Ringtones"), ("WhatsApp", "Download", "2023")],
)
def test_a_copy_in_what_may_be_a_home_folder_licenses_nothing_until_somebody_says_what_it_is(
    beside: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("home", 1, 2, beside=beside)
    shutil.copytree("home/DCIM", "home/copy/DCIM/2023")
    Path("home/copy/DCIM/2023").rename("home/copy/2023")
    Path("home/copy/DCIM").rmdir()
    code, out, _ = call(monkeypatch, capsys, "audit", "home/DCIM", "home/copy", "-o", "one")
    assert code == 0 and "home/copy lies in home, which looks like a phone's storage or card" in " ".join(out.split())
    assert "may be on the phone itself" in " ".join(out.split()) and deletable("one") == []
    said = refusal("home/DCIM", "home/new")
    assert said and "If home is the phone or card, name one on a disk, a stick or a NAS. If it is none, add" in said
    assert refusal("home/DCIM", "home/new", is_by_hand=True) is None
    assert call(monkeypatch, capsys, "audit", "home/DCIM", "home/copy", "-o", "two", "--copy-by-hand")[0] == 0
    assert deletable("two") != []


@pytest.mark.parametrize("beside", [(), ("anna",), ("Download",), ("2023",), ("Pictures",)])
def test_a_copy_of_a_camera_folder_on_a_disk_doubts_nothing_beside_it(beside: tuple[str, ...]) -> None:
    camera("disk", 1, 2, beside=beside)
    assert refusal("disk/DCIM", "disk/backup") is None


def test_another_disk_that_is_mounted_in_a_phones_folder_does_not_go_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    camera("home", 1, 2, beside=("Download", "WhatsApp", "nas"))
    monkeypatch.setattr(roles, "mounted_from", lambda path: ("ext4", "nas" if "nas" in path.parts else "home"))
    assert refusal("home/DCIM", "home/nas/new") is None and refusal("home/DCIM", "home/new") is not None


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
        assert code == 2 and "make a new folder around it: move all of it, DCIM and what lies beside it" in err, err
        assert "to `new/copy`, and name `new`" in err
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
    for command in (("backup", "phone", "nas", "--no-audit", "--copy-by-hand"), ("audit", "phone", "nas", "-o", "two")):
        code, out, err = call(monkeypatch, capsys, *command)
        assert code == 0, out + err


@pytest.mark.parametrize(
    ("of", "beside", "is_card"),
    [
        ("DCIM/100CANON", (), True),
        ("DCIM/DJI_001", (), True),
        ("DCIM/100CANON", ("MISC",), True),
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
    assert said and "make a new folder around it: move all of it, Android and what lies beside it, to" in said
