"""A phone is one by whatever part of it, name or way it is named, and whatever record was made on it."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

import pytest

from auditor.audit.inputs import sides
from auditor.audit.order import pairs_of
from auditor.audit.refusals import doubt, refusal_of_backup
from auditor.audit.roles import Pair, Role, role_of, role_of_folder
from auditor.places.spec import open_place
from tests import media
from tests.audit.test_doubted_order import deletable
from tests.commandline import call, whole
from tests.copier.runs import OLD_S, back_up, tree, write
from tests.doubles.rclone_server import newest_rclone

DAY = 86_400


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def photos(folder: str, *numbers: int) -> None:
    for number in numbers:
        write(Path(folder, f"IMG_{number}.jpg"), media.jpeg(number), OLD_S + number * DAY)


def paired(source: str, backup: str) -> Pair:
    ours, theirs = sides(source, [backup])
    (found,) = pairs_of(ours, theirs)
    return found


@pytest.mark.parametrize("empty", [(), ("DCIM/Camera",)])
def test_a_phone_without_a_photo_in_its_cameras_folder(
    empty: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only messengers and downloads: nobody took a photo with it."""
    for place, numbers in (("phone", (1, 2, 3, 4)), ("copy", (1, 2, 3))):
        photos(f"{place}/Pictures", *numbers)
        for name in (*empty, "Android/media/com.whatsapp"):
            Path(place, name).mkdir(parents=True)
    before = tree(Path("phone"))
    code, _, err = call(monkeypatch, capsys, "backup", "copy", "phone")
    assert code == 2 and "If phone is the phone, run `auditor backup phone copy`" in err
    assert call(monkeypatch, capsys, "verify", "phone", "--init")[0] == 2
    assert tree(Path("phone")) == before and not Path("phone/.auditor").exists()
    code, out, _ = call(monkeypatch, capsys, "audit", "copy", "phone", "-o", "wrong", "--depth", "hash")
    assert (
        code == 0
        and f"If phone is the phone, run `auditor audit {whole('phone', 'copy')}`" in out
        and not deletable("wrong")
    )
    assert call(monkeypatch, capsys, "backup", "phone", "copy", "--no-audit", "--copy-by-hand")[0] == 0


def test_all_that_lies_in_a_phones_storage_is_a_part_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photos("phone/DCIM/Camera", 1)
    Path("phone/Android").mkdir()
    photos("phone/Pictures", 2, 3)
    photos("copy", 2, 3, 4)
    Path("link").symlink_to("phone/Pictures")
    before = tree(Path("phone"))
    for named in ("phone/Pictures", "phone/Pictures/", "link", "phone/DCIM/../Pictures", "phone/new"):
        code, _, err = call(monkeypatch, capsys, "backup", "copy", named)
        assert code == 2 and f"{named} lies in phone, which looks like a phone's storage" in err, err
    assert call(monkeypatch, capsys, "verify", "phone/Pictures", "--init")[0] == 2
    assert tree(Path("phone")) == before and not Path("phone/new").exists()
    for number, named in enumerate(("phone/Pictures", "link")):
        call(monkeypatch, capsys, "audit", "copy", named, "-o", f"report-{number}", "--depth", "decode")
        assert not deletable(f"report-{number}")
    code, out, _ = call(monkeypatch, capsys, "audit", "phone/Pictures", "copy", "-o", "right", "--depth", "decode")
    assert code == 0 and len(deletable("right")) == 2 and "It is a part of phone, whose other folders" in out


def test_beside_a_mere_cameras_folder_may_lie_anything() -> None:
    photos("nas/DCIM/Camera", 1)
    photos("nas/Summer", 2)
    photos("album", 2)
    assert not paired("album", "nas/Summer").maybe_phone


@pytest.mark.skipif(newest_rclone() is None, reason="rclone is not installed")
@pytest.mark.parametrize("words", [":local:{}", ":alias,remote='{}':", ":union,upstreams='{} {}/../other':"])
def test_a_way_through_rclone_leads_to_the_same_phone(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RCLONE", str(newest_rclone()))
    monkeypatch.setenv("RCLONE_CONFIG", str(tmp_path / "none.conf"))
    for place, numbers in (("phone", (1, 2, 3, 4)), ("copy", (1, 2, 3))):
        photos(f"{place}/DCIM/Camera", *numbers)
        Path(place, "Android").mkdir()
    Path("other").mkdir()
    phone = "rclone:" + words.format(*[tmp_path / "phone"] * 2)
    before = tree(Path("phone"))
    code, _, err = call(monkeypatch, capsys, "backup", "copy", phone)
    assert code == 2 and "looks like a phone's storage" in err
    assert tree(Path("phone")) == before
    assert paired("copy", phone).maybe_phone
    back_up(tmp_path / "phone", tmp_path / "kept")
    code, _, err = call(monkeypatch, capsys, "audit", "kept", phone, "-o", "report")
    assert code == 2 and "kept is the backup that auditor keeps of rclone:" in err
    assert role_of(open_place(f"rclone::local:{tmp_path / 'kept'}")).is_copied


def test_what_is_packed_on_a_phone_is_no_backup_of_it() -> None:
    photos("phone/DCIM/Camera", 1)
    Path("phone/Android").mkdir()
    photos("album", 2)
    Path("phone/Takeout").mkdir()
    for name in ("phone/album.zip", "album.zip"):
        with zipfile.ZipFile(name, "w") as packed:
            packed.write("album/IMG_2.jpg", "IMG_2.jpg")
    found = paired("album", "phone/album.zip")
    told = doubt(found)
    assert told and told.why.startswith("phone/album.zip lies in phone, which looks like")
    assert not paired("phone", "album.zip").maybe_phone


def test_what_is_packed_in_a_copy_by_hand_may_be_on_the_phone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing tells the copy from the phone, and an archive may lie in any folder of it."""
    for place in ("phone", "copy"):
        photos(f"{place}/DCIM/Camera", 1, 2, 3)
        Path(place, "Android/data").mkdir(parents=True)
        Path(place, "Download").mkdir()
    photos("copy/Takeout/Google Photos/2026", 1, 2, 3)
    for name in ("copy/all.zip", "copy/Download/all.zip"):
        with zipfile.ZipFile(name, "w") as packed:
            for number in (1, 2, 3):
                packed.write(f"phone/DCIM/Camera/IMG_{number}.jpg", f"{number}.jpg")
    for named in ("copy/all.zip", "copy/Download/all.zip", "takeout:copy/Takeout"):
        told = doubt(paired("phone", named))
        assert told and f"{named} lies in copy, which looks like" in told.why
        assert told.remedy == f"If copy is the phone, run `auditor audit {whole('copy', 'phone')}`."
    code, out, err = call(monkeypatch, capsys, "audit", "phone", "copy/all.zip", "-o", "report", "--copy-by-hand")
    assert code == 0 and "may be the phone" not in out + err
    assert "Backup:  copy/all.zip, in copy, which has DCIM and Android as a phone or card has" in err


def test_a_record_that_verify_made_is_no_sign_of_a_backup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An iPhone's or a camera's folder may be taken for a backup's once, and would be one for good."""
    photos("phone/DCIM/100APPLE", 1, 2, 3, 9)
    photos("copy/DCIM/100APPLE", 1, 2, 3, 4)
    photos("equal/DCIM/100APPLE", 1, 2, 3, 9)
    call(monkeypatch, capsys, "verify", "phone", "--init")
    for copy in ("copy", "equal"):
        code, _, err = call(monkeypatch, capsys, "backup", copy, "phone")
        assert code == 2 and f"run `auditor backup phone {copy}`" in err, err
        call(monkeypatch, capsys, "audit", copy, "phone", "-o", f"of {copy}", "--depth", "decode")
        assert not deletable(f"of {copy}")
    code, _, err = call(monkeypatch, capsys, "backup", "phone", "copy", "--no-audit")
    assert code == 2 and "add --copy-by-hand" in err, "a copy made by hand may have that record too"
    assert call(monkeypatch, capsys, "backup", "phone", "copy", "--no-audit", "--copy-by-hand")[0] == 0


def test_neither_is_the_journal_of_a_clean_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photos("phone/DCIM/100APPLE", 1, 2, 3, 9)
    shutil.copy2("phone/DCIM/100APPLE/IMG_9.jpg", "phone/DCIM/100APPLE/IMG_9 copy.jpg")
    photos("copy/DCIM/100APPLE", 1, 2, 3)
    assert call(monkeypatch, capsys, "duplicates", "phone", "-o", "found")[0] == 0
    assert call(monkeypatch, capsys, "clean", "found/plan.csv", "--apply")[0] == 0
    assert call(monkeypatch, capsys, "verify", "phone", "--init")[0] == 0
    assert call(monkeypatch, capsys, "backup", "copy", "phone")[0] == 2
    call(monkeypatch, capsys, "audit", "copy", "phone", "-o", "report")
    assert not deletable("report")


def test_a_copy_with_a_record_of_its_own_writes_nothing_to_the_phone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`verify --init` made it, and an edit in the copy is newer than all that is on the phone."""
    photos("phone/DCIM/100APPLE", 1, 2, 3)
    photos("copy/DCIM/100APPLE", 1, 2, 3, 9)
    assert call(monkeypatch, capsys, "verify", "copy", "--init")[0] == 0
    assert call(monkeypatch, capsys, "backup", "copy", "phone")[0] == 2 and not Path("phone/.auditor").exists()


@pytest.mark.parametrize("elsewhere", [(), (7, 8)])
def test_a_list_that_says_of_no_phone_proves_nothing_of_one(
    elsewhere: tuple[int, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list of the backup, or a part of it, and the phone named as its backup."""
    photos("phone/DCIM/Camera", 1, 2, 3)
    photos("phone/Pictures", *elsewhere)
    Path("phone/Android/media").mkdir(parents=True)
    taken = sorted(Path("phone/DCIM/Camera").iterdir())
    lines = (f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in taken)
    Path("list.sha256").write_text("".join(lines))
    _, out, _ = call(monkeypatch, capsys, "audit", "list.sha256", "phone", "-o", "report")
    assert "phone looks like a phone's storage" in out and "may be the phone itself" in out


def test_what_auditor_copied_is_a_backup_however_far_it_came(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photos("phone/DCIM/Camera", 1, 2, 3)
    photos("broken off/DCIM/Camera", 1, 2, 3)
    write(Path("broken off/.auditor/place.toml"), b'id = "1"\ncreated = ""\nlayout = "mirror"\n')
    write(Path("broken off/.auditor/journal/unfinished"), b"1a2b\n")
    back_up(Path("phone").absolute(), Path("whole").absolute())
    for backup in ("broken off", "whole"):
        assert not paired("phone", backup).maybe_phone
    Path("whole/.auditor/place.toml").unlink()
    assert refusal_of_backup(paired("phone", "whole")), "`verify --init` leaves lists too"


def test_nothing_goes_by_a_copy_that_nothing_tells_from_the_phone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Equal to the date: in the wrong order the copy would be emptied. The user says which is which, once."""
    for place in ("phone", "copy"):
        photos(f"{place}/DCIM/Camera", 1, 2, 3)
    for source, backup in (("phone", "copy"), ("copy", "phone")):
        report = f"of {source}"
        code, out, _ = call(monkeypatch, capsys, "audit", source, backup, "-o", report)
        assert code == 0 and "\u2713 SAFE" in out and not deletable(report)
        assert "if it is a copy made by hand, audit with --copy-by-hand" in out
        assert f"If {backup} is the phone, run" in out
    code, out, err = call(monkeypatch, capsys, "audit", "phone", "copy", "-o", "told", "--copy-by-hand")
    assert code == 0 and "may be the phone" not in out + err and len(deletable("told")) == 3
    assert call(monkeypatch, capsys, "backup", "phone", "copy", "--copy-by-hand", "--no-audit")[0] == 0
    code, out, err = call(monkeypatch, capsys, "audit", "phone", "copy", "-o", "kept")
    assert code == 0 and "may be the phone" not in out + err and len(deletable("kept")) == 3


def test_a_word_of_the_user_does_not_make_a_phone_a_copy() -> None:
    photos("nas/DCIM/Camera", 1, 2, 3)
    photos("phone/DCIM/Camera", 2, 3)
    Path("phone/Android").mkdir()
    one, other = (role_of_folder(Path(name).absolute(), name) for name in ("nas", "phone"))
    assert Pair(one, other, is_by_hand=True).maybe_phone
    assert not Pair(one, Role("copy", "copy"), is_by_hand=True).maybe_phone
