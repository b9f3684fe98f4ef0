"""auditor duplicates, clean and undo as a person types them."""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from auditor.cli import app
from auditor.duplicates.tables import DUPLICATES, PLAN
from auditor.errors import BadOutput
from auditor.manifest.jsonl import Manifest, Writer
from tests.copier.runs import back_up
from tests.pictures.test_verify import jpeg, scene

SCENE = scene(1, (1000, 750))


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file names")
def test_from_the_search_to_the_plan_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))
    photos = tmp_path / "photos"
    photos.mkdir()
    names = {
        "IMG_0001.jpg": jpeg(SCENE, 95),
        "IMG_0001 (1).jpg": jpeg(SCENE, 95),
        "<script>alert(1)<_script>.jpg": jpeg(SCENE, 50, 800),
        "=1+1.jpg": jpeg(SCENE, 45, 800),
        "bright.jpg": jpeg(SCENE.point(lambda level: min(255, level * 5 // 4)), 90),
    }
    for name, data in names.items():
        (photos / name).write_bytes(data)
    out = tmp_path / "found"
    monkeypatch.chdir(tmp_path)
    code, said = run("duplicates", photos, "-o", "found", "--jobs", 1)
    assert code == 0, said
    assert "in 1 group can be freed; 1 group needs your decision." in said
    assert "1 file has a name that no table can hold: 1 file is not in the plan." in said
    page = (out / "duplicates.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert page.count("data:image/webp") >= 4
    # What becomes of each file stands on it, and the numbers agree with the sentence.
    chips = {
        chip: page.count(f">{chip}</span>") for chip in ("✓ KEEP", "→ GOES", "✓ STAYS", "? YOU DECIDE", "COMPARED WITH")
    }
    assert chips == {"✓ KEEP": 1, "→ GOES": 2, "✓ STAYS": 1, "? YOU DECIDE": 1, "COMPARED WITH": 1}
    assert "No table can hold the name =1+1.jpg exactly, so it is not in the plan." in page
    assert "1 group holds something that can go; 0" not in page and "1 group holds something that can go." in page
    assert "1 group needs your decision." in page
    assert f"auditor clean {out / 'plan.csv'}" in page
    table = list(csv.DictReader((out / "duplicates.csv").open(encoding="utf-8", newline="")))
    assert list(table[0]) == DUPLICATES.split(",")
    assert {row["relation"] for row in table} == {"", "same-bytes", "same-picture", "edited"}
    plan = list(csv.DictReader((out / "plan.csv").open(encoding="utf-8", newline="")))
    assert list(plan[0]) == PLAN.split(",")
    going = sorted(row["path"] for row in plan if row["action"] == "remove")
    assert going == ["<script>alert(1)<_script>.jpg", "IMG_0001 (1).jpg"]

    code, said = run("clean", out)  # its folder stands for the plan, as an audit's does
    assert (code, len(list(photos.iterdir()))) == (0, 5)
    assert "2 files would go into quarantine" in said
    code, said = run("clean", out / "plan.csv", "--apply")
    assert (code, sorted(p.name for p in photos.iterdir() if p.is_file())) == (
        0,
        sorted(set(names) - set(going)),
    ), said
    (journal,) = (photos / ".auditor" / "journal").iterdir()
    assert run("clean", "--purge", journal, "--older-than", "30d")[0] == 0
    assert run("undo", journal)[0] == 0
    assert {p.name: p.read_bytes() for p in photos.iterdir() if p.is_file()} == names

    with pytest.raises(BadOutput, match="is there already"):
        app(["duplicates", str(photos), "-o", str(out)], standalone_mode=False)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file names")
def test_a_place_whose_name_no_table_can_hold_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in it is in the plan, whatever the names of its files."""
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))
    photos = tmp_path / "photos\u202egpj"
    photos.mkdir()
    for name in ("IMG_0001.jpg", "IMG_0001 (1).jpg", "IMG_0001 (2).jpg"):
        (photos / name).write_bytes(jpeg(SCENE, 95))
    code, said = run("duplicates", photos, "-o", tmp_path / "found", "--jobs", 1)
    told = " ".join(said.split())
    assert code == 0 and "photos<U+202E>gpj: 3 files are not in the plan. Give it a plain name." in told, said
    assert "that no table can hold" not in told


@pytest.mark.parametrize("is_list", [False, True])
def test_what_of_a_place_was_not_listed_is_said_in_the_end(
    is_list: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    Path("photos/a.jpg").write_bytes(jpeg(SCENE, 95))
    close = Writer.close

    def in_part(
        writer: Writer, *, complete: bool, reasons: tuple[str, ...] = (), now: datetime | None = None
    ) -> Manifest:
        return close(writer, complete=False, reasons=("DCIM cannot be opened",), now=now)

    monkeypatch.setattr(Writer, "close", in_part)
    if is_list:
        run("scan", "photos", "-o", "photos.jsonl", "--jobs", 1)
    code, said = run("duplicates", "photos.jsonl" if is_list else "photos", "-o", "found", "--jobs", 1)
    assert code == 0 and "Nothing of what could be read is there twice." in said, said
    told = "photos could not be read whole (DCIM cannot be opened): the rest was not compared."
    assert told in " ".join(said.split()) and told in Path("found/duplicates.html").read_text("utf-8")


@pytest.mark.parametrize("order", [("phone", "nas"), ("nas", "phone")])
@pytest.mark.parametrize("beside", ["Android", "other"])
def test_no_copy_goes_for_the_sake_of_what_may_be_the_phone(
    order: tuple[str, str], beside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The phone would be the only place left. Within it all stays as it is."""
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    phone = {name: Path("phone", name) for name in ("DCIM/Camera/IMG_0001.jpg", "DCIM/Camera/IMG_0001 (1).jpg")}
    for path in (*phone.values(), Path("nas/IMG_0001.jpg")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(SCENE, 95))
    Path("phone", beside).mkdir()
    code, said = run("duplicates", *order, "-o", "found", "--jobs", 1)
    assert code == 0 and f"{tmp_path / 'phone'} may be a phone or a copy of one" in said.replace("\n", " "), said
    assert "To free a phone of what its backup has, audit both" in said.replace("\n", " "), said
    plan = list(csv.DictReader(Path("found/plan.csv").read_text("utf-8").splitlines()))
    gone = [row for row in plan if row["action"] == "remove"]
    assert all(row["place"] == row["kept_place"] for row in gone)
    asked = [row for row in plan if row["action"] == "ask"]
    assert asked and all("may be a phone or a copy of one" in row["reason"] for row in asked)
    code, said = run("clean", "found/plan.csv", "--apply")
    assert Path("nas/IMG_0001.jpg").exists() and any(path.exists() for path in phone.values()), said


def test_a_backup_that_auditor_made_is_no_phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the phone's folders, and is what the disk's second copies go for."""
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for path in (Path("phone/DCIM/Camera/IMG_0001.jpg"), Path("disk/IMG_0001.jpg")):
        path.parent.mkdir(parents=True)
        path.write_bytes(jpeg(SCENE, 95))
    back_up(tmp_path / "phone", tmp_path / "kept")
    code, said = run("duplicates", "disk", "kept", "-o", "found", "--jobs", 1)
    assert code == 0 and "1 group can be freed" in said, said
