"""What an audit says of copies that are other than the phone's files: the right words, and commands to be pasted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from markupsafe import escape
from PIL import Image

from auditor.config import typed_whole
from tests import media
from tests.commandline import call, whole
from tests.copier.runs import write
from tests.report.test_report import Reader

ORIGINAL = media.image(3, (1728, 1296))


def findings(report: str) -> dict[str, str]:
    """The messages by rule."""
    lines = Path(report, "findings.jsonl").read_text("utf-8").splitlines()
    return {finding["rule"]: finding["message"] for finding in map(json.loads, lines)}


def test_a_phone_that_saves_room_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = media.encoded(ORIGINAL.resize((1200, 900)), "JPEG", quality=85)
    write(tmp_path / "Anna's phone/DCIM/a.jpg", small)
    write(tmp_path / "her disk/DCIM/a.jpg", media.encoded(ORIGINAL, "JPEG", quality=92))
    code, out, _ = call(monkeypatch, capsys, "audit", "Anna's phone", "her disk", "-o", "report")
    assert code == 3 and "CANNOT SAY" in out
    said = findings("report")
    assert said["larger-in-backup"] == (
        "her disk holds the larger picture, DCIM/a.jpg on the phone is a smaller one:"
        " the backup's has 1728x1296, the phone's 1200x900."
    )
    assert not {"reduced-copy", "converted-format", "missing-from-backup"} & said.keys()
    assert "ERROR" not in out
    command = " ".join(
        ["auditor audit", typed_whole("Anna's phone"), typed_whole("her disk"), "--policy storage-saver"]
    )
    assert command in out, "the next step can be pasted"
    page = Path("report/report.html").read_text("utf-8")
    assert escape(command) in page
    code, out, _ = call(
        monkeypatch, capsys, "audit", "Anna's phone", "her disk", "--policy", "storage-saver", "-o", "second"
    )
    assert code == 0 and "SAFE: The 1 file is safely backed up." in out
    assert "smaller-copy-accepted" not in findings("second"), "it is the phone that holds the smaller one"


def test_a_copy_with_as_many_pixels_is_not_called_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "phone/a.jpg", media.encoded(ORIGINAL, "JPEG", quality=92))
    write(tmp_path / "disk/a.jpg", media.encoded(ORIGINAL, "JPEG", quality=88))
    code, _, _ = call(monkeypatch, capsys, "audit", "phone", "disk", "-o", "report")
    said = findings("report")["reduced-copy"]
    assert code == 1 and said.startswith("disk holds a.jpg only re-encoded: as many pixels, ") and "smaller" not in said


def test_remedies_name_the_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("my phone/a.jpg", "my phone/b.jpg", "disk/a.jpg"):
        write(tmp_path / name, media.jpeg(1))
    call(monkeypatch, capsys, "audit", "my phone", "disk", "-o", "report")
    page = Path("report/report.html").read_text("utf-8")
    assert f"<code>{escape('auditor duplicates ' + typed_whole('my phone'))}</code>" in page
    assert "auditor duplicates PHONE" not in page


def test_what_clean_leaves_on_the_phone_is_no_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    data = media.encoded(ORIGINAL, "JPEG", quality=92)
    for path in ("phone/DCIM/a.jpg", "phone/DCIM/a (1).jpg", "disk/a.jpg"):
        write(tmp_path / path, data)
    assert call(monkeypatch, capsys, "duplicates", "phone", "-o", "doubles")[0] == 0
    assert call(monkeypatch, capsys, "clean", "doubles/plan.csv", "--apply")[0] == 0
    (journal,) = Path("phone/.auditor/journal").iterdir()
    assert call(monkeypatch, capsys, "audit", "phone", "disk", "-o", "cleaned")[0] == 0
    assert "links-not-followed" not in findings("cleaned")
    assert call(monkeypatch, capsys, "undo", str(journal))[0] == 0
    assert call(monkeypatch, capsys, "audit", "phone", "disk", "-o", "undone")[0] == 0
    assert "links-not-followed" not in findings("undone")
    write(tmp_path / "phone/.auditor/DCIM/only-here.jpg", data)
    assert call(monkeypatch, capsys, "audit", "phone", "disk", "-o", "hidden")[0] == 3
    told = Path("hidden/findings.csv").read_text("utf-8")
    assert "only-here.jpg" in told, "what somebody put in there himself is still told"


def test_every_advice_to_copy_again_names_the_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exif = Image.Exif()
    exif[0x010F], exif[0x0132] = "Maker", "2020:05:06 07:08:09"
    write(tmp_path / "phone/a.jpg", media.encoded(ORIGINAL, "JPEG", quality=92, exif=exif.tobytes()))
    write(tmp_path / "disk/a.jpg", media.encoded(ORIGINAL, "JPEG", quality=92))
    call(monkeypatch, capsys, "audit", "phone", "disk", "-o", "report")
    assert "exif-removed" in findings("report")
    assert f"over a cable with <code>auditor backup {whole('phone', 'disk')}</code>" in Path(
        "report/report.html"
    ).read_text("utf-8")


def test_verify_of_a_phone_names_the_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "phone/a.jpg", b"photo")
    code, _, err = call(monkeypatch, capsys, "verify", "phone")
    assert code == 2
    assert "To know whether a phone is safe in it, run `auditor audit` with the phone first and then phone\n" in err


def test_a_row_says_only_what_its_name_and_the_heading_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("phone/DCIM/a.jpg", "phone/DCIM/b.jpg", "phone/DCIM/c.jpg")):
        write(tmp_path / name, media.jpeg(seed))
    write(tmp_path / "disk/DCIM/a.jpg", media.jpeg(0))
    call(monkeypatch, capsys, "audit", "phone", "disk", "--copy-by-hand", "-o", "report")
    assert findings("report")["missing-from-backup"] == "DCIM/c.jpg is in none of the backups."
    page = Reader(Path("report/report.html").read_text("utf-8")).text
    assert "2 files are not in the backup." in page and "is in none of the backups" not in page
    assert "this file" not in page.replace("this file is gone", ""), "a folder is none"
    assert "3 files, " in page
