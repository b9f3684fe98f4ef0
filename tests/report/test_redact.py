"""A report that leaves the house: no text in any of its files says a name, a place, a camera or a time of day."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from auditor import report as reporting
from auditor.database import redaction
from auditor.errors import BadOutput
from auditor.judge import policy as policies
from auditor.report import RECORD, history, provenance
from auditor.report.redact import Pseudonyms, own_key
from tests import media
from tests.copier.runs import write
from tests.report import sample
from tests.report.test_report import ZONE, Reader
from tests.report.test_seals import run

NAMES = Pseudonyms(bytes(range(32)))


def texts(report: Path) -> str:
    """Everything that the files of a report say, but for the program's own style and script."""
    said = []
    for path in sorted(report.iterdir()):
        text = path.read_text("utf-8")
        if path.suffix == ".html":
            page = Reader(text)
            attributes = [str(value) for _, each in page.elements for value in each.values()]
            text = "\n".join((page.text, *attributes, json.dumps(page.stored, ensure_ascii=False)))
        said.append(text)
    return "\n".join(said)


def names_in(manifest: Path) -> Iterator[str]:
    """What a list knows of its place and files that must not leave the house."""
    header, *rows = map(json.loads, manifest.read_text("utf-8").splitlines())
    yield from (str(header.get(name) or "") for name in ("label", "place", "place_id"))
    for row in rows:
        for part in (row.get("path") or "").split("/"):
            yield from (part, part.rpartition(".")[0])
        for name in ("camera_make", "camera_model", *(name for name in row if name.endswith("sha256"))):
            yield str(row.get(name) or "")
        yield from (stamp[11:19] for name in ("mtime", "read_at", "taken_at") if (stamp := row.get(name)))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone and a backup with trouble of many kinds, audited, with a redacted report beside it."""
    exif = media.exif(make="Leuchtturm", model="Kolibri 7")
    for nth, name in enumerate(("Sommerfest", "Tante Erna", "Kreuzbandriss", "Reise nach Wien")):
        for side in ("Annas-Handy", "Familienplatte")[: 1 + (nth < 2)]:
            seed = nth + (side == "Familienplatte" and nth == 1) * 50
            folder = tmp_path / side / ("DCIM/Hochzeit" if nth % 2 else "Heimlich")
            write(folder / f"{name}.jpg", media.jpeg(seed, exif=exif), 1_700_000_001 + 4001 * nth)
    whole = media.jpeg(30, exif=exif)
    write(tmp_path / "Annas-Handy/DCIM/Hochzeit/Torte.jpg", whole, 1_700_001_234)
    write(tmp_path / "Familienplatte/DCIM/Hochzeit/Torte.jpg", whole[: len(whole) // 2], 1_700_001_234)
    write(tmp_path / "Annas-Handy/Heimlich/Torte nochmal.jpg", whole, 1_700_001_299)
    write(tmp_path / "Annas-Handy/Heimlich/Kennwort.pdf", b"%PDF-1.4", 1_700_001_299)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Zwetschgenmus.toml").write_bytes(policies.copy_of("family", "Zwetschgenmus"))
    words = ("audit", "Annas-Handy", "Familienplatte", "--copy-by-hand", "--by", "Annegret Kleinschmidt")
    words = (*words, "--policy", "Zwetschgenmus.toml")
    assert run(*words, "-o", "whole", "--redact", "out")[0] == 1
    return tmp_path


def test_no_text_of_any_file_says_a_name_a_camera_or_a_time_of_day(home: Path) -> None:
    assert run("report", home / "out", "--xlsx", home / "out.xlsx")[0] == 0
    assert run("report", home / "out", "--certificate", home / "out" / ".." / "page.html")[0] == 0
    book = openpyxl.load_workbook(home / "out.xlsx")
    cells = "\n".join(str(cell.value) for sheet in book for row in sheet for cell in row if cell.value is not None)
    certificate = Reader((home / "page.html").read_text("utf-8")).text
    said = "\n".join((texts(home / "out"), cells, certificate))
    told = json.loads((home / "whole" / RECORD).read_text("utf-8"))["provenance"]
    secrets = {
        "Annas-Handy",
        "Familienplatte",
        "Annegret",
        "Kleinschmidt",
        "Zwetschgenmus",
        "Leuchtturm",
        "Kolibri",
        str(home),
    }
    secrets |= {told["started"][11:19], told["finished"][11:19]}
    for manifest in (home / "whole").glob("*.jsonl"):
        if manifest.name != "findings.jsonl":
            secrets |= set(names_in(manifest))
    secrets -= {"", "DCIM"}  # the page's own hint says DCIM
    assert len(secrets) > 40
    assert [name for name in secrets if name.lower() in said.lower()] == []
    assert re.findall(r"\d{4}-\d\d-\d\d[T ](?!00:00:00)\d", said) == []
    assert "DCIM/" not in said.replace("folder:DCIM", "")


def test_a_place_has_one_pseudonym_wherever_it_stands(home: Path) -> None:
    """As its path, as its label and in the tables."""
    words = (
        "audit",
        home / "Annas-Handy",
        "./Familienplatte",
        "--copy-by-hand",
        "-o",
        "again",
        "--redact",
        "again-out",
    )
    assert run(*words)[0] == 1
    told = json.loads((home / "again-out" / RECORD).read_text("utf-8"))["provenance"]
    places = [told["source"], *told["backups"]]
    assert set(re.findall(r"(?:phone|backup)-[a-z2-7]{10}", texts(home / "again-out"))) == set(places)
    before = json.loads((home / "out" / RECORD).read_text("utf-8"))["provenance"]
    assert places == [before["source"], *before["backups"]]
    assert len(set(places)) == 2


def test_phone_and_backup_of_one_name_are_told_apart(home: Path) -> None:
    (home / "Annas-Handy").rename(home / "Fotos")
    (home / "nas").mkdir()
    (home / "Familienplatte").rename(home / "nas/Fotos")
    assert run("audit", "Fotos", "nas/Fotos", "--copy-by-hand", "-o", "again", "--redact", "again-out")[0] == 1
    told = json.loads((home / "again-out" / RECORD).read_text("utf-8"))["provenance"]
    phone, [backup] = told["source"], told["backups"]
    assert (phone.partition("-")[0], backup.partition("-")[0]) == ("phone", "backup")
    assert phone.partition("-")[2] != backup.partition("-")[2]
    page = Reader((home / "again-out/report.html").read_text("utf-8")).text
    assert phone in page and backup in page


def test_it_says_the_same_as_the_whole_one_in_numbers(home: Path) -> None:
    whole, out = (json.loads((home / name / RECORD).read_text("utf-8")) for name in ("whole", "out"))
    assert (out["verdict"], out["sentence"], out["partition"]) == (
        whole["verdict"], whole["sentence"], whole["partition"],
    )  # fmt: skip
    found = [[(one["id"], one["state"], one["findings"]) for one in each["rules"]] for each in (whole, out)]
    assert found[0] == found[1]
    assert out["provenance"]["redacted_from"] == provenance.sealed_file(home / "whole/SHA256SUMS").sha256
    assert provenance.check(home / "whole") == provenance.check(home / "out") == []
    for name in ("files.csv", "findings.csv"):
        assert len({len((home / each / name).read_text("utf-8").splitlines()) for each in ("whole", "out")}) == 1


@pytest.mark.parametrize("name", ["again", "again/out", "whole", "Annas-Handy/out"])
def test_it_lies_apart_from_the_whole_one_and_from_what_is_audited(home: Path, name: str) -> None:
    code, _ = run("audit", "Annas-Handy", "Familienplatte", "--copy-by-hand", "-o", "again", "--redact", name)
    assert (code, (home / "again").exists()) == (2, False)


def test_of_a_safe_one_it_keeps_what_names_no_place_and_orders_nothing_that_cannot_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for nth, name in enumerate(("Handy/DCIM/1.jpg", "Handy/DCIM/2.jpg", "Handy/DCIM/2 nochmal.jpg", "Platte/1.jpg")):
        write(tmp_path / name, media.jpeg((1, 2, 2, 1)[nth]), 1_700_000_001)
    write(tmp_path / "Platte/2.jpg", media.jpeg(2), 1_700_000_001)
    monkeypatch.chdir(tmp_path)
    assert run("audit", "Handy", "Platte", "--copy-by-hand", "-o", "whole", "--redact", "out")[0] == 0
    told, redacted = (json.loads((tmp_path / name / RECORD).read_text("utf-8")) for name in ("whole", "out"))
    assert told["caveats"] and redacted["caveats"][1:] == told["caveats"]
    said = Reader((tmp_path / "out/report.html").read_text("utf-8")).text + run("report", "out")[1]
    assert said.count("in 3 files may go from the phone.") >= 2 and "this report's folder" not in said
    words = ("audit", "whole/source.jsonl", "whole/backup-1.jsonl", "-o", "lists", "--redact", "lists-out")
    assert run(*words)[0] == 0
    told, redacted = (json.loads((tmp_path / name / RECORD).read_text("utf-8")) for name in ("lists", "lists-out"))
    assert redacted["caveats"][1] == "1 sentence that may name places is left out here: what the verdict does not say."
    assert redacted["caveats"][2:] == told["caveats"][1:]


def test_a_spreadsheet_in_it_is_refused_before_the_run(home: Path) -> None:
    words = ("audit", "Annas-Handy", "Familienplatte", "--copy-by-hand", "-o", "again", "--redact", "aside")
    code, said = run(*words, "--xlsx", "aside/tables.xlsx")
    assert (code, (home / "again").exists()) == (2, False), said


def test_one_that_is_not_whole_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full at the end."""
    whole = reporting.write

    def failing(*arguments: Any, **named: Any) -> None:
        whole(*arguments, **named)
        if "names" in named:
            raise BadOutput("files.csv cannot be written: No space left on device")

    words = ("audit", "Annas-Handy", "Familienplatte", "--copy-by-hand", "-o", "again", "--redact", "aside")
    with monkeypatch.context() as patch:
        patch.setattr(reporting, "write", failing)
        code, said = run(*words)
    assert code == 2 and "No space left" in said
    assert not any(one.name.startswith("aside") for one in home.iterdir())
    code, said = run(*words)
    assert code in (0, 1) and (home / "aside" / RECORD).exists(), said


def test_it_is_no_audit_of_a_phone_that_another_goes_by(home: Path) -> None:
    assert [past.folder.name for past in history.found([home])] == ["whole"]


def test_a_name_has_one_pseudonym_under_one_key(tmp_path: Path) -> None:
    assert NAMES.path("DCIM/Anna/IMG_1.HEIC") == NAMES.path("DCIM/Anna/IMG_1.HEIC")
    live, film = NAMES.path("DCIM/IMG_1.HEIC"), NAMES.path("DCIM/IMG_1.MOV")
    assert (live.rpartition(".")[0], live[-5:], film[-4:]) == (film.rpartition(".")[0], ".heic", ".mov")
    assert re.fullmatch(r"folder-[a-z2-7]{10}/file-[a-z2-7]{10}", NAMES.path("DCIM/letter to.Erna"))
    assert Pseudonyms(bytes(32)).backup("Anna") != NAMES.backup("Anna")
    assert own_key() == own_key()
    assert len(own_key()) == 32


def test_what_nobody_decided_on_is_empty() -> None:
    """A new column of any table leaks nothing."""
    db = sample.database(sample.HOSTILE_NAMES)
    for table in ("files", "findings", "header", "pairs"):
        db.run(f"ALTER TABLE {table} ADD COLUMN owner VARCHAR DEFAULT 'Anna'")
    hidden = dict.fromkeys(redaction.Hidden, lambda text: "hidden")
    redaction.hide(db, hidden, {})
    for table in ("files", "findings", "header", "pairs"):
        assert db.rows(str, f"SELECT count(owner) FROM {table}") == ["0"]


def test_hostile_names_and_people_are_gone_too(tmp_path: Path) -> None:
    db = sample.database(sample.HOSTILE_NAMES)
    rules = sample.RULES
    reporting.write(sample.audit(db), db, rules, sample.POLICY, tmp_path / "out", (), zone=ZONE, names=NAMES)
    said = texts(tmp_path / "out")
    gone: list[Any] = ["Anna", "Family NAS", "R5CT", "/mnt/nas", "blurred", "09:58", "12:00", "IMG_00", "100APPLE"]
    assert [name for name in (*gone, *sample.HOSTILE_NAMES) if name in said] == []
    assert "5 of 38" not in said
    assert "not safely backed up" in said
