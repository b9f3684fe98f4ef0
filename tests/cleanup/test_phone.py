"""From an audit to a freed phone: only what is whole and sound in every backup counted goes."""

from __future__ import annotations

import csv
import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from auditor.audit import one_copy
from auditor.cleanup import phone
from auditor.cli import app
from auditor.errors import BadPlan
from tests import media
from tests.pictures.test_verify import jpeg, scene

OLD = 1_500_000_000


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An audit of a phone with three photos, two of them in the backup, one of these new."""
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))
    for number, folders in enumerate((("phone", "backup"), ("phone", "backup"), ("phone",))):
        for folder in folders:
            path = tmp_path / folder / "DCIM" / f"IMG_000{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg(scene(number, (320, 240)), 90))
            stamp = OLD if number != 1 else datetime.now(UTC).timestamp()
            os.utime(path, (stamp, stamp))
    out = tmp_path / "audit"
    command = [
        "audit",
        str(tmp_path / "phone"),
        str(tmp_path / "backup"),
        "--copy-by-hand",
        "-o",
        str(out),
        "--no-cache",
    ]
    result = CliRunner().invoke(app, [*command[:-1], "--jobs", "1", "--no-thumbnails"])
    assert out.is_dir(), result.output
    return out


def test_what_can_go_stands_under_the_month_in_which_it_was_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))
    for folder in ("phone", "backup"):
        for number, month in enumerate(("05", "11")):
            path = tmp_path / folder / "DCIM" / f"IMG_{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(media.jpeg(number, exif=media.exif(taken=f"2016:{month}:03 18:02:00")))
            os.utime(path, (OLD, OLD))  # as copying to the phone sets it
    sides = [str(tmp_path / "phone"), str(tmp_path / "backup"), "--copy-by-hand"]
    CliRunner().invoke(app, ["audit", *sides, "-o", str(tmp_path / "audit"), "--jobs", "1", "--no-thumbnails"])
    free = phone.freeing(tmp_path / "audit", None, datetime.now(UTC))
    assert [(share.folder, share.month) for share in free.shares] == [("DCIM", "2016-05"), ("DCIM", "2016-11")]
    shown = CliRunner().invoke(app, ["clean", str(tmp_path / "audit")]).output
    assert re.search(r"^ +2016 .* 2  DCIM$", shown, re.MULTILINE), "a year is one line on the screen"


def test_the_phone_is_freed_of_what_is_safe_and_old(audit: Path, tmp_path: Path) -> None:
    free = phone.freeing(audit, timedelta(days=90), datetime.now(UTC))
    assert (free.files, free.too_new, free.parted, free.hindrance) == (1, 1, 0, None)
    assert [(share.folder, share.month) for share in free.shares] == [("DCIM", "2017-07")]
    shown = CliRunner().invoke(app, ["clean", str(audit), "--keep-newest", "90d"])
    assert shown.exit_code == 0
    assert "Nothing was changed yet." in shown.output and f"{audit} --keep-newest 90d --apply\n" in shown.output
    done = CliRunner().invoke(app, ["clean", str(audit), "--keep-newest", "90d", "--apply"])
    assert done.exit_code == 0, done.output
    left = sorted(path.name for path in (tmp_path / "phone" / "DCIM").iterdir())
    assert left == ["IMG_0001.jpg", "IMG_0002.jpg"]
    (journal,) = (tmp_path / "phone" / ".auditor" / "journal").glob("clean-*")
    assert CliRunner().invoke(app, ["undo", str(journal)]).exit_code == 0
    assert len(list((tmp_path / "phone" / "DCIM").iterdir())) == 3


def test_a_copy_that_is_gone_or_damaged_keeps_the_file_on_the_phone(audit: Path, tmp_path: Path) -> None:
    (tmp_path / "backup" / "DCIM" / "IMG_0000.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    done = CliRunner().invoke(app, ["clean", str(audit), "--apply"])
    assert done.exit_code == 1
    assert sorted(path.name for path in (tmp_path / "phone" / "DCIM").iterdir()) == ["IMG_0000.jpg", "IMG_0002.jpg"]


def test_a_table_that_names_more_than_the_audit_is_refused(audit: Path) -> None:
    table = audit / phone.TABLE
    rows = list(csv.DictReader(table.open(encoding="utf-8", newline="")))
    other = next(iter(rows)) | {"path": "DCIM/IMG_0002.jpg"}
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows([*rows, other])
    with pytest.raises(BadPlan, match=r"line 4: 'DCIM/IMG_0002.jpg' is not in the audit's list"):
        phone.freeing(audit, None, datetime.now(UTC))


def test_an_edited_table_frees_nothing(audit: Path, tmp_path: Path) -> None:
    table = audit / phone.TABLE
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join(lines[:2]), encoding="utf-8")
    done = CliRunner().invoke(app, ["clean", str(audit), "--apply"])
    assert (done.exit_code, isinstance(done.exception, BadPlan)) == (1, True)
    assert "safe-to-delete.csv was changed after the audit" in str(done.exception)
    assert "audit again" in str(done.exception)
    assert len(list((tmp_path / "phone" / "DCIM").iterdir())) == 3


def test_the_policy_says_how_many_copies_there_must_be(audit: Path) -> None:
    record = json.loads((audit / phone.RECORD).read_text(encoding="utf-8"))
    record["policy"]["params"]["min_copies"] = 2
    (audit / phone.RECORD).write_text(json.dumps(record), encoding="utf-8")
    free = phone.freeing(audit, None, datetime.now(UTC))
    assert free.plan is not None
    assert (free.plan.removals, free.files, free.size_bytes, free.shares) == ((), 0, 0, ())
    assert free.hindrance is not None
    assert free.hindrance.startswith("2 of the safe files are not in enough backups")


@pytest.mark.parametrize("record", ["{}", "no JSON", '{"policy": {"params": {"min_copies": 0}}}'])
def test_a_record_that_asks_for_no_copy_frees_nothing(audit: Path, record: str) -> None:
    (audit / phone.RECORD).write_text(record, encoding="utf-8")
    with pytest.raises(BadPlan, match="audit again"):
        phone.freeing(audit, None, datetime.now(UTC))


def test_without_the_folder_there_is_a_list_and_no_plan(audit: Path, tmp_path: Path) -> None:
    (tmp_path / "phone").rename(tmp_path / "unplugged")
    free = phone.freeing(audit, None, datetime.now(UTC))
    assert (free.plan, free.files) == (None, 2)
    assert free.hindrance
    assert "is not there as it was at the audit" in free.hindrance


def test_a_phone_that_was_cleaned_empty_is_told_as_that(audit: Path, tmp_path: Path) -> None:
    """Nobody is to look for what went wrong, and nothing is called safe for it."""

    def said(*words: str) -> str:
        result = CliRunner().invoke(app, [*words])
        codes.append(result.exit_code)
        return result.output

    codes: list[int] = []
    (tmp_path / "phone/DCIM/IMG_0002.jpg").unlink()
    said("clean", str(audit), "--apply")
    (journal,) = (tmp_path / "phone/.auditor/journal").glob("clean-*")
    places = (str(tmp_path / "phone"), str(tmp_path / "backup"), "--jobs", "1")
    shown = said("audit", *places, "-o", str(tmp_path / "again"))
    assert "CANNOT SAY: Nothing is left to check: `auditor clean` took 2 files away from here" in shown
    assert f"They lie in the quarantine, and `auditor undo {journal}` puts them back." in shown
    assert "Besides these there is nothing here to lose." in shown and "Put right" not in shown and "Next" not in shown
    page = (tmp_path / "again/report.html").read_text("utf-8")
    assert "took 2 files away from here" in page and "Put right" not in page
    said("clean", "--purge", str(journal), "--older-than", "0d")
    shown = said("audit", *places, "-o", str(tmp_path / "purged"))
    assert "took 2 files away" in shown and "2 files were deleted for good by --purge" in shown
    assert "There is nothing here to lose." in shown
    assert codes == [0, 3, 0, 3]
    assert said("undo", str(journal)).startswith("Nothing to undo.\n  2 files were deleted for good")


def test_an_empty_phone_that_nobody_cleaned_is_not_told_so(audit: Path, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["clean", str(audit), "--apply"])
    (journal,) = (tmp_path / "phone/.auditor/journal").glob("clean-*")
    assert CliRunner().invoke(app, ["undo", str(journal)]).stdout.endswith("2 files are back in place.\n"), said.output
    again = CliRunner().invoke(app, ["undo", str(journal)])
    assert (again.exit_code, again.output) == (0, "Nothing to undo: 2 files are back already.\n")
    for path in (tmp_path / "phone/DCIM").iterdir():
        path.unlink()
    command = ["audit", str(tmp_path / "phone"), str(tmp_path / "backup"), "-o", str(tmp_path / "again")]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 3 and "Nothing to check: the phone's list holds no photos or videos." in shown.output


def test_what_was_read_and_may_be_the_phones_own_is_not_said_to_be_unread(
    audit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_copy, "is_provably_apart", lambda *_: False)
    again = ["audit", *(str(tmp_path / name) for name in ("phone", "backup")), "--copy-by-hand"]
    said = CliRunner().invoke(app, [*again, "-o", str(tmp_path / "shown")]).output
    assert "nothing is offered for deletion" in " ".join(said.split()) and "not read" not in said
    cleaned = CliRunner().invoke(app, ["clean", str(tmp_path / "shown")]).output
    assert "none may go" in cleaned and "not read" not in cleaned
