"""The audit folder as a whole, and report.html as text; test_page.py opens it in a browser."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html.parser
import io
import json
import re
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from auditor import report as reporting
from auditor.database import page as questions
from auditor.database.connection import Database
from auditor.judge import rules
from auditor.model import Audit, FileVerdict, Partition, RuleOutcome, RuleState, Severity, Verdict
from auditor.report import findings, provenance, thumbnails
from tests.golden_file import Golden
from tests.report import sample

ZONE = timezone(timedelta(hours=2))
NAMES = {
    "report.html", "files.csv", "findings.csv", "findings.jsonl", "safe-to-delete.csv", "audit.json", "source.jsonl",
    "backup-1.jsonl", "SHA256SUMS",
}  # fmt: skip


def written(folder: Path, db: Database, pictures: dict[tuple[str, str], thumbnails.Shown] | None = None) -> Path:
    lists = []
    for name in ("phone.jsonl", "nas.jsonl"):
        lists.append(folder / name)
        lists[-1].write_text(f"{name}\n", newline="\n")
    return reporting.write(sample.audit(db), db, sample.RULES, sample.POLICY, folder / "audit", lists, pictures, ZONE)


class Reader(html.parser.HTMLParser):
    """Elements with their attributes, and the text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.content: dict[str, str] = {}
        self.text = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag + str(dict(attrs).get("type") or "") if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.content[self._inside] = data
        else:
            self.text += data


def test_the_folder_holds_every_file_of_the_contract_sealed(tmp_path: Path) -> None:
    page = written(tmp_path, sample.database())
    assert {path.name for path in page.parent.iterdir()} == NAMES
    assert page.name == "report.html"
    assert provenance.check(page.parent) == []
    for path in page.parent.iterdir():
        assert b"\r" not in path.read_bytes(), path.name


@pytest.mark.parametrize("name", ["report.html", "audit.json", "files.csv", "findings.csv", "findings.jsonl"])
def test_golden(tmp_path: Path, golden: Golden, name: str) -> None:
    text = (written(tmp_path, sample.database()).parent / name).read_text("utf-8")
    text = re.sub(r"(?s)<style>.*?</style>", "<style></style>", text)
    text = re.sub(r"(?s)<script>.*?</script>", "<script></script>", text)
    scrubs = {
        r"(?<=auditor )\d[\w.]+(?=, python)": "VERSION",
        r"(?<=python )\d[\w.]+": "VERSION",
        r"(?<=duckdb )\d[\w.]+": "VERSION",
        r'(?<=      ")(auditor|python|duckdb)": "[^"]+': r'\1": "VERSION',
        r"\b[0-9a-f]{32}\b": "AUDIT-ID",
        r"sha256-[A-Za-z0-9+/=]{44}": "HASH-OF-ASSET",
        r"(?<=>audit.json</td>).*?[0-9a-f]{64}": "SIZE AND SHA-256",
        r'(?<=audit.json, SHA-256 <span class="hash">)[0-9a-f]{64}': "SHA-256",
    }
    golden.compare(text, f"report/{name}", scrubs)


def test_the_verdict_comes_first_and_the_sum_adds_up(tmp_path: Path) -> None:
    text = Reader(written(tmp_path, sample.database()).read_text("utf-8")).text
    words = re.sub(r"\s+", " ", text)
    assert "NOT SAFE ✗5 of 38 files are not safely backed up." in words
    assert "38 must be backed up = 31 proven safe + 5 not safe + 1 not checked + 1 left out on purpose" in words
    for said in (
        "? NOT RUN", "the backup's list has no companion_of", "✗ BROKEN", "– NOT APPLICABLE", "✓ PASSED",
        "blurred, thrown away on purpose", "known before", "Delete nothing" , "1.0 of 64 GB are free",
        "True on 15 June 2026, 12:00 (UTC+2). Photos taken since are not covered.", "15 June 2026, 12:00 (UTC+2)",
    ):  # fmt: skip
        assert said.lower() in words.lower(), said


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    db = sample.database(sample.HOSTILE_NAMES)
    db.con.execute("UPDATE header SET label = ? WHERE side = 'source'", [sample.HOSTILE_NAMES[0]])
    db.con.execute(
        "UPDATE findings SET waiver_reason = ?, waiver_by = ? WHERE status = 'waived'", sample.HOSTILE_NAMES[:2]
    )
    db.con.execute("UPDATE files SET detail = ? WHERE status = 'damaged'", [sample.HOSTILE_NAMES[1]])
    raw = written(tmp_path, db).read_text("utf-8")
    page = Reader(raw)
    assert [attributes.get("type") for tag, attributes in page.elements if tag == "script"] == [
        "application/json",
        None,
    ]
    assert not [tag for tag, _ in page.elements if tag in ("img", "b", "iframe")] or "b" in {
        t for t, _ in page.elements
    }
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert not [
        name for _, attributes in page.elements for name in attributes if name.startswith("on") or name == "style"
    ]
    for acting in ("\u202e", "\x1b", "\x00", "\u200b"):
        assert acting not in raw
    for shown in ("<img src=x onerror=alert(1)>.jpg", "annex<U+202E>gpj.exe", "{{ 7 * 7 }}.jpg", "👨‍👩‍👧 می‌خواهم.jpg"):
        assert shown in page.text
    data = json.loads(page.content["scriptapplication/json"])
    assert "</script><script>alert(1)</" in {folder for rule in data["rules"] for folder in rule["folders"]}


def test_only_our_style_and_script_may_run(tmp_path: Path) -> None:
    page = Reader(written(tmp_path, sample.database()).read_text("utf-8"))
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.content[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    outside = [v for _, a in page.elements for k, v in a.items() if k in ("src", "href") and v and v[0] != "#"]
    assert outside == ["data:,"]


def test_a_safe_audit_asks_for_nothing_and_a_doubtful_one_does(tmp_path: Path) -> None:
    db = sample.database()
    db.con.execute("DELETE FROM findings WHERE severity = 'error'")
    db.con.execute("UPDATE files SET status = 'identical', verdict = 'proven' WHERE verdict <> 'not_due'")
    text = Reader(written(tmp_path, db).read_text("utf-8")).text
    assert "All 38 files are safely backed up." in text
    assert "delete nothing" not in text
    assert "0 not safe" in re.sub(r"\s+", " ", text)


def test_a_place_that_is_not_known_is_named_in_words() -> None:
    rule = sample.rule(
        "r", Severity.ERROR, "", "", remedy="Run `auditor backup SOURCE DEST --paranoid`, see `auditor x`."
    )
    for places, said in (
        ({"SOURCE": "/p", "DEST": "DEST"}, "Run `auditor backup /p DEST --paranoid`, see `auditor x`."),
        ({"DEST": "/b"}, "Run `auditor backup --paranoid` (the phone first, then its backup), see `auditor x`."),
        ({"SOURCE": "'a`b'", "DEST": "/b"}, "Run `auditor backup --paranoid` (the phone first, then its backup), see"),
        ({"SOURCE": "'a\x1b'", "DEST": "/b"}, "Run `auditor backup --paranoid` (the phone first"),
    ):
        judged = Audit(Verdict.SAFE, "", Partition(0, 0, 0, 0, 0), (), (), {"words": places})
        assert findings.remedy(judged, rule).startswith(said)


def test_what_cannot_be_done_here_is_not_offered() -> None:
    offer = "Read all. [Or a sample: `rclone mount REMOTE FOLDER`, then `auditor verify FOLDER`.] See [1]."
    rule = sample.rule("r", Severity.ERROR, "", "", remedy=offer)
    for places, said in (
        ({"REMOTE": "c:x"}, "Read all. Or a sample: `rclone mount c:x FOLDER`, then `auditor verify FOLDER`. See [1]."),
        ({"REMOTE": "'c`:'"}, "Read all. See [1]."),
        ({}, "Read all. See [1]."),
    ):
        judged = Audit(Verdict.SAFE, "", Partition(0, 0, 0, 0, 0), (), (), {"words": places})
        assert findings.remedy(judged, rule) == said


def test_no_rule_leaves_a_placeholder_to_the_reader() -> None:
    """Where neither the phone nor the backup can be typed, and where both can."""
    for places in ({}, {"PHONE": "p", "SOURCE": "p", "BACKUP": "b", "DEST": "b"}):
        judged = Audit(Verdict.SAFE, "", Partition(0, 0, 0, 0, 0), (), (), {"words": places})
        for rule in rules.load(()):
            said = findings.remedy(judged, rule)
            assert not re.search(r"PHONE|SOURCE|BACKUP|PLACES|REMOTE|KEPT|DEST\b|\[", said), rule.id


def test_lists_are_not_advised_to_be_compared_once_more() -> None:
    """What lists cannot tell, only the phone and the backup themselves do."""
    judged = Audit(
        Verdict.CANNOT_SAY, "", Partition(0, 0, 0, 0, 0), (), (), {"words": {"PHONE": "p.jsonl", "BACKUPS": "b.jsonl"}}
    )
    for rule in rules.load(()):
        if rule.id in ("perhaps-larger-in-backup", "not-looked-into", "not-checked"):
            assert ".jsonl" not in findings.remedy(judged, rule), rule.id


def test_only_a_backup_that_auditor_made_is_advised_to_be_verified() -> None:
    by_hand = {"PHONE": "p", "SOURCE": "p", "BACKUP": "b", "BACKUPS": "b", "PLACES": "b", "DEST": "b"}
    for places, advised in ((by_hand, set()), ({**by_hand, "KEPT": "b"}, {"content-changed"})):
        judged = Audit(Verdict.SAFE, "", Partition(0, 0, 0, 0, 0), (), (), {"words": places})
        said = {rule.id for rule in rules.load(()) if "auditor verify b" in findings.remedy(judged, rule)}
        assert said == advised


def test_no_tidying_up_is_the_next_step_to_a_better_verdict() -> None:
    warning = sample.rule("twice", Severity.WARNING, "", "", remedy="Let one of them go.")
    unsafe = sample.rule("none", Severity.WARNING, "", "", remedy="Copy it.", verdict=FileVerdict.NOT_SAFE)
    failed = [RuleOutcome(r.id, RuleState.FAILED, r.severity, 2, n) for r, n in ((warning, 2), (unsafe, 1))]
    judged = Audit(Verdict.CANNOT_SAY, "The backup's list is 40 days old.", Partition(2, 2, 0, 0, 0), ())
    rules = {"twice": warning, "none": unsafe}
    old = dataclasses.replace(judged, outcomes=tuple(failed[:1]))
    told = "Delete nothing on the phone. Put right what is named above, then audit again."
    assert str(findings.next_step(old, rules)) == told
    assert str(findings.next_step(dataclasses.replace(judged, outcomes=tuple(failed)), rules)).endswith(
        "phone. Copy it."
    )


def test_nothing_to_judge_is_a_page_too(tmp_path: Path) -> None:
    db = sample.database(proven=0)
    for table in ("files", "findings"):
        db.con.execute(f"DELETE FROM {table}")
    text = Reader(written(tmp_path, db).read_text("utf-8")).text
    assert "0 must be backed up" in re.sub(r"\s+", " ", text)


def test_no_position_is_in_the_page(tmp_path: Path) -> None:
    db = sample.database()
    evidence = {"group": "g1", "keep": "yes", "latitude": 48.13743, "longitude": 11.57549, "has_place": True}
    db.con.execute("UPDATE findings SET evidence = ? WHERE rule = 'same-picture'", [json.dumps(evidence)])
    raw = written(tmp_path, db).read_text("utf-8")
    assert "48.137" not in raw
    assert "11.575" not in raw
    assert "place known" in raw


def webp(**extra: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "WEBP", **extra)
    return out.getvalue()


def test_thumbnails_stand_beside_their_file_and_carry_nothing_else(tmp_path: Path) -> None:
    db = sample.database()
    missing, damaged = "DCIM/100APPLE/IMG_0001.HEIC", "DCIM/100APPLE/IMG_0003.JPG"
    secret = Image.Exif()
    secret[0x010E] = "secret"
    pictures = {
        ("", missing): thumbnails.Shown(webp()),
        ("", damaged): thumbnails.Shown(webp(exif=secret)),
        ("", "Download/manual.pdf"): thumbnails.Shown(webp()),
        ("", "x"): thumbnails.Shown(b"<svg onload=alert(1)>"),
    }
    assert {missing, damaged} <= {one.path for one in questions.pictured(db, thumbnails.LIMIT)}
    raw = written(tmp_path, db, pictures).read_text("utf-8")
    sources = [a["src"] for tag, a in Reader(raw).elements if tag == "img"]
    assert sources == [f"data:image/webp;base64,{base64.b64encode(webp()).decode()}"]


def test_what_is_left_of_a_damaged_copy_stands_beside_its_finding(tmp_path: Path) -> None:
    db = sample.database()
    copy = ("Family NAS", "Photos/2026/IMG_0003.JPG")
    assert questions.damaged_copies(db, thumbnails.MOST_COPIES) == [copy]
    shown = {copy: thumbnails.Shown(webp(), "the upper 61 % can be <seen>")}
    page = Reader(written(tmp_path, db, shown).read_text("utf-8"))
    assert len([a for tag, a in page.elements if tag == "img"]) == 1
    assert "the upper 61 % can be <seen>" in page.text
    assert "Damaged copy" in page.text
    nothing = {copy: thumbnails.Shown(None, "nothing of it can be seen")}
    (again := tmp_path / "again").mkdir()
    page = Reader(written(again, db, nothing).read_text("utf-8"))
    assert "nothing of it can be seen" in page.text


def test_a_thumbnail_is_small_upright_and_without_metadata() -> None:
    photo = Image.new("RGB", (4000, 3000), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "camera"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 14.0)
    stream = io.BytesIO()
    photo.save(stream, "JPEG", exif=exif, icc_profile=b"profile" * 20)
    made = thumbnails.make(stream.getvalue())
    assert made.webp is not None
    assert thumbnails.vetted({"a": made}, ["a"]) == {"a": made}
    with Image.open(io.BytesIO(made.webp)) as small:
        assert small.size == (120, 160)
        assert not small.getexif()
    assert thumbnails.make(stream.getvalue()[:500], damaged=True) == thumbnails.Shown(None, "nothing of it can be seen")
    assert thumbnails.make(b"") == thumbnails.Shown(None)


@pytest.mark.parametrize("cut", [0, 4, 11, 15, 21])
def test_a_picture_that_is_no_whole_webp_is_left_out(cut: int) -> None:
    assert thumbnails.vetted({"a": thumbnails.Shown(webp()[:cut])}, ["a"]) == {"a": thumbnails.Shown(None)}
    assert thumbnails.vetted({"a": thumbnails.Shown(webp() + b"more")}, ["a"]) == {"a": thumbnails.Shown(None)}


def test_a_big_audit_holds_the_first_of_each_rule_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "MOST_FINDINGS", 300)
    monkeypatch.setattr(findings, "_FIRST_OF_MANY", 250)
    db = sample.database([f"DCIM/100/{n:04d}.jpg" for n in range(400)])
    page = Reader(written(tmp_path, db).read_text("utf-8"))
    rule = next(
        r for r in json.loads(page.content["scriptapplication/json"])["rules"] if r["id"] == "missing-from-backup"
    )
    assert (rule["rows"], len(rule["name"])) == (250, 250)
    assert "the first 250 of 404 rows" in page.text
    assert "200 of 404 rows are shown here" in page.text
    assert "404 files are not in the backup." in page.text


def test_patterns_count_every_finding(tmp_path: Path) -> None:
    db = sample.database([f"Pictures/{n % 30}/{n:04d}.jpg" for n in range(90)])
    shown = findings.sections(db, sample.audit(db), sample.RULES)[0]
    assert sum(bar.count for bar in shown.months) == sum(bar.count for bar in shown.folders) == shown.total == 94
    assert shown.folders[-1].label == "20 other folders"
    assert [bar.label for bar in shown.months] == ["2026-05", "2026-06", "no date"]
