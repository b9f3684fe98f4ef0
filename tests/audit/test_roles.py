"""Which place is the phone, which the backup: a wrong order is refused with the right command, and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.audit.refusals import refusal_of_backup
from auditor.audit.roles import Pair, Role, exchanged, role_of_folder
from auditor.places.phone_marks import Marks
from tests import media
from tests.commandline import call, whole
from tests.copier.runs import back_up, tree, write


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone whose folder's name needs quotes, backed up, with a photo taken since."""
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        write(tmp_path / f"Phone of Anna/DCIM/Camera/IMG_{number}.jpg", media.jpeg(number))
    back_up(tmp_path / "Phone of Anna", tmp_path / "disk")
    write(tmp_path / "Phone of Anna/DCIM/Camera/IMG_9.jpg", media.jpeg(9))
    return tmp_path / "Phone of Anna"


def test_an_audit_in_the_wrong_order_is_no_proof(
    phone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(monkeypatch, capsys, "audit", "disk", "Phone of Anna", "-o", "report")
    assert code == 2 and "SAFE" not in out
    assert "disk is the backup that auditor keeps of Phone of Anna" in err
    assert "Run `auditor audit 'Phone of Anna' disk`" in err
    assert not Path("report").exists()


def test_neither_is_it_for_folders_within_the_two(
    phone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = call(monkeypatch, capsys, "audit", "disk/DCIM", "Phone of Anna/DCIM", "-o", "report")
    assert code == 2 and "Run `auditor audit 'Phone of Anna/DCIM' disk/DCIM`" in err


def test_nor_for_lists(phone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for place in ("disk", "Phone of Anna"):
        assert call(monkeypatch, capsys, "scan", place, "-o", f"{place}.jsonl", "--depth", "hash")[0] == 0
    code, _, err = call(monkeypatch, capsys, "audit", "disk.jsonl", "Phone of Anna.jsonl", "-o", "report")
    assert code == 2 and "the phone comes first" in err


def test_a_backup_to_where_nothing_is_says_so(
    phone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped name and the folder of a disk that is not mounted look so."""
    Path("mnt").mkdir()
    for dest, words in (("dsik", "dsik, a new folder"), ("mnt", "mnt, an empty folder"), ("disk", "disk, auditor's")):
        _, _, said = call(monkeypatch, capsys, "backup", "Phone of Anna", dest, "-n")
        assert f"Backup:  {words}" in said
    assert not Path("dsik").exists()


@pytest.mark.parametrize("only", [(), ("-n",)])
def test_a_backup_in_the_wrong_order_writes_nothing(
    phone: Path, only: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(phone)
    code, _, err = call(monkeypatch, capsys, "backup", "disk", "Phone of Anna", *only)
    assert code == 2 and "`auditor backup 'Phone of Anna' disk`" in err
    assert "`auditor restore disk FOLDER`" in err
    assert tree(phone) == before and not (phone / ".auditor").exists()


def test_both_sides_are_named_before_the_work(
    phone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (("audit", "-o", "report"), ("backup", "--no-audit")):
        _, _, err = call(monkeypatch, capsys, command[0], "Phone of Anna", "disk", *command[1:])
        assert err.startswith("Phone:   Phone of Anna\nBackup:  disk, auditor's backup of Phone of Anna\n"), err


def test_a_backup_of_a_backup_and_back(
    phone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("backup", "disk", "disk2"), ("backup", "disk2", "disk"), ("backup", "disk", "disk2")):
        code, out, err = call(monkeypatch, capsys, *words, "--no-audit")
        assert code == 0, err
    for words in (("audit", "disk", "disk2", "-o", "one"), ("audit", "disk2", "disk", "-o", "two")):
        code, out, err = call(monkeypatch, capsys, *words, "--depth", "hash")
        assert code == 0 and "SAFE" in out, err


def test_a_phone_that_became_a_backup_by_mistake_is_still_one(
    phone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As earlier builds made it: the record on the phone does not make the wrong order right."""
    back_up(Path("disk"), phone)
    assert (phone / ".auditor/place.toml").exists()
    code, _, err = call(monkeypatch, capsys, "audit", "disk", "Phone of Anna", "-o", "report")
    assert code == 2 and "the phone comes first" in err


KEPT = Role("disk", "disk", sources={"folder:1": "Anna"}, is_kept=True)
PLAIN = Role("photos", "photos", frozenset({"folder:2"}))
BY_CABLE = Role("adb:", "Pixel", frozenset({"adb:7"}), is_phone=True)
BY_HAND = Role(
    "copy",
    "copy",
    frozenset({"folder:3"}),
    marks=Marks(Path("copy"), ("DCIM", "Android"), True),
    is_marked=True,
)
CAMERAS_FOLDER = replace(BY_HAND, marks=Marks(Path("copy"), ("DCIM",)))
KEPT_PHONE_FOLDERS = Role(
    "disk2", "disk2", sources={"folder:9": "Ben"}, is_kept=True, marks=BY_HAND.marks, is_marked=True
)


@pytest.mark.parametrize(
    ("source", "backup", "wrong"),
    [
        (Role("rclone:x", "x", sources={"folder:2": "Anna"}), PLAIN, True),  # uploaded to it: no record is there
        (KEPT, BY_CABLE, True),  # another phone than it was made of, or the same by another way
        (KEPT, BY_HAND, True),  # a card
        (PLAIN, BY_CABLE, True),
        (KEPT, KEPT_PHONE_FOLDERS, False),
        (KEPT, PLAIN, False),
        (BY_CABLE, KEPT, False),
        (BY_CABLE, PLAIN, False),
        (BY_CABLE, BY_HAND, False),
        (BY_HAND, BY_CABLE, False),  # has the new phone all that the old one had?
        (PLAIN, BY_HAND, False),
    ],
)
def test_what_speaks_for_an_exchange(source: Role, backup: Role, wrong: bool) -> None:
    assert (exchanged(Pair(source, backup)) is not None) is wrong


def test_a_copy_of_a_backup_is_one_by_the_users_word() -> None:
    """Unless it is the very place that was backed up, a phone by cable, or has more of a phone than the backup has."""
    kept = replace(KEPT, marks=BY_HAND.marks)
    for source, backup, wrong in (
        (kept, BY_HAND, False),
        (KEPT, BY_HAND, True),
        (kept, BY_CABLE, True),
        (kept, replace(BY_HAND, ids=frozenset({"folder:1"})), True),
    ):
        assert (exchanged(Pair(source, backup, is_by_hand=True)) is not None) is wrong


@pytest.mark.parametrize(
    ("source", "dest", "refused"),
    [
        (BY_CABLE, BY_CABLE, True),
        (BY_HAND, BY_CABLE, True),
        (PLAIN, BY_HAND, True),
        (BY_CABLE, BY_HAND, True),  # a whole storage: perhaps the phone by another way
        (BY_CABLE, CAMERAS_FOLDER, False),  # a copy by hand becomes the backup
        (PLAIN, CAMERAS_FOLDER, True),
        (PLAIN, KEPT_PHONE_FOLDERS, False),
    ],
)
def test_no_phone_becomes_a_backup(source: Role, dest: Role, refused: bool) -> None:
    assert (refusal_of_backup(Pair(source, dest)) is not None) is refused


def test_beside_a_phone_on_a_cable_the_users_word_decides() -> None:
    assert refusal_of_backup(Pair(BY_CABLE, BY_HAND, is_by_hand=True)) is None
    assert refusal_of_backup(Pair(PLAIN, BY_HAND, is_by_hand=True)) is not None


def test_a_folder_is_a_phone_by_its_folders(tmp_path: Path) -> None:
    (tmp_path / "card/DCIM").mkdir(parents=True)
    assert not role_of_folder(tmp_path / "card", "card").looks_like_phone
    (tmp_path / "card/Android").mkdir()
    assert role_of_folder(tmp_path / "card", "card").looks_like_phone
    assert not role_of_folder(tmp_path / "not there/yet", "x").is_kept


def test_safe_of_a_part_of_a_phone_is_no_word_on_the_whole(
    phone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody names DCIM, reads SAFE, and wipes the phone with the pictures of the messengers on it."""
    write(phone / "Android/media/WhatsApp Images/IMG-WA1.jpg", media.jpeg(30))
    back_up(phone / "DCIM", tmp_path / "dcim only")
    for folder in ("Phone of Anna/DCIM", "Phone of Anna/DCIM/Camera"):
        code, out, err = call(monkeypatch, capsys, "audit", folder, "dcim only", "-o", f"report-{Path(folder).name}")
        assert code == 0 and "\u2713 SAFE" in out, out + err
        assert f"This covers the folder {Path(folder).name} alone. It is a part of Phone of Anna, whose other" in out
        assert f"`auditor audit {whole('Phone of Anna', 'dcim only')}` covers all of them." in out
    assert "whose other folders were not looked at" in Path("report-DCIM/report.html").read_text("utf-8")
    assert call(monkeypatch, capsys, "scan", "Phone of Anna/DCIM", "-o", "dcim.jsonl", "--depth", "hash")[0] == 0
    assert "part of" in call(monkeypatch, capsys, "audit", "dcim.jsonl", "dcim only", "-o", "of-a-list")[1]
    of_all = call(monkeypatch, capsys, "audit", "Phone of Anna", "dcim only", "-o", "whole")
    assert of_all[0] == 1 and "1 of 5 files is not" in of_all[1] and "part of" not in of_all[1]


@pytest.mark.parametrize(
    ("beside", "named", "whole"),
    [
        (("Pictures/WhatsApp/b.jpg",), "DCIM/Camera", True),
        (("DCIM/101APPLE/b.jpg",), "DCIM/Camera", True),
        (("Pictures/WhatsApp/b.jpg",), "DCIM", True),
        (("Pictures/WhatsApp/b.jpg",), ".", False),
        ((".hidden/b.jpg",), "DCIM/Camera", False),
        (("Holiday/b.jpg",), "DCIM", False),  # a person's own folder, beside a camera's
    ],
)
def test_what_lies_beside_a_cameras_folder_is_the_phones_too(
    beside: tuple[str, ...], named: str, whole: bool, tmp_path: Path
) -> None:
    """As a phone without apps' folders shows itself: an iPhone, or a copy of one."""
    for name in ("DCIM/Camera/a.jpg", *beside):
        write(tmp_path / "phone" / name, b"x")
    root = tmp_path / "phone" / named
    assert role_of_folder(root, str(root)).part_of_phone == (str(tmp_path / "phone") if whole else None)


def test_beside_its_backup_a_cameras_folder_is_no_part_of_a_phone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("disk/DCIM", "disk/Download"):
        write(tmp_path / folder / "a.jpg", media.jpeg(1))
    code, out, err = call(monkeypatch, capsys, "audit", "disk/DCIM", "disk/Download", "--depth", "hash", "-o", "out")
    assert code == 0 and "part of" not in out, out + err


def test_a_folder_without_a_record_says_what_it_is(
    phone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A phone is never advised to become its own backup, nor a part of a backup another one."""
    (phone / "Android").mkdir()
    Path("empty").mkdir()
    write(Path("photos/1.jpg"), media.jpeg(1))
    for words, told in (
        (("verify", "Phone of Anna"), "looks like a phone. Name its backup, or make one with `auditor backup 'Phone"),
        (("verify", "Phone of Anna/DCIM"), "or make one with `auditor backup 'Phone of Anna' FOLDER`"),
        (("verify", "--init", "Phone of Anna/DCIM"), "DCIM lies in Phone of Anna, which looks like a phone's storage"),
        (("verify", "--init", "Phone of Anna"), "Phone of Anna looks like a phone's storage or card (it has DCIM and"),
        (("restore", "Phone of Anna", "back"), "looks like a phone. Name its backup"),
        (("verify", "disk/DCIM"), "disk/DCIM is a part of the backup disk, which has the record of all its files. Run"),
        (("verify", "--init", "disk/DCIM"), "Run `auditor verify disk`"),
        (("restore", "disk/DCIM", "back"), "disk FOLDER`"),
        (("verify", "empty"), "nothing is in it. Check the name, and that the right disk is connected"),
        (("verify", "photos"), "write down what it holds now with `auditor verify photos --init`."),
    ):
        code, _, err = call(monkeypatch, capsys, *words)
        assert code == 2 and told in err and err.count("\n") == 1, (words, err)
    assert not list(phone.rglob(".auditor")) and not Path("disk/DCIM/.auditor").exists() and not Path("back").exists()
