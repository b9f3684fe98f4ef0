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

from auditor import data as shipped
from auditor import report as reporting
from auditor.database import page as questions
from auditor.database.connection import Database
from auditor.database.safe_to_delete import Stays
from auditor.judge import rules
from auditor.judge.rules import Rule, Theme
from auditor.model import Audit, FileVerdict, NextStep, Partition, RuleOutcome, RuleState, Severity, Verdict
from auditor.report import findings, lookup, parts, provenance, thumbnails
from auditor.report.since import Before
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
        self.stored: dict[str, Any] = {}
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
            if self._inside == "scriptapplication/json":
                self.stored[self.elements[-1][1]["id"] or ""] = json.loads(data)
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


def test_a_sentence_about_a_file_ends_with_one_full_stop() -> None:
    db = sample.database()
    db.con.execute("UPDATE files SET detail = 'b.mov is in none of the backups.'")
    told = [row.message for row, *_ in findings.waived(db)]
    assert told and all(one.endswith(" (b.mov is in none of the backups).") for one in told)


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    db = sample.database(sample.HOSTILE_NAMES)
    db.con.execute("UPDATE header SET label = ? WHERE side = 'source'", [sample.HOSTILE_NAMES[0]])
    db.con.execute(
        "UPDATE findings SET waiver_reason = ?, waiver_by = ? WHERE status = 'waived'", sample.HOSTILE_NAMES[:2]
    )
    db.con.execute("UPDATE files SET detail = ? WHERE status = 'damaged'", [sample.HOSTILE_NAMES[1]])
    raw = written(tmp_path, db).read_text("utf-8")
    page = Reader(raw)
    scripts = [attributes.get("type") for tag, attributes in page.elements if tag == "script"]
    assert {*scripts[:-1]} == {"application/json"}
    assert scripts[-1] is None
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
    assert "</script><script>alert(1)</" in page.stored["missing-from-backup--rows"]["folders"]


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
    told = "Delete nothing on the phone. Fix the problems listed above, then audit again."
    assert str(findings.next_step(old, rules)) == told
    replaced = dataclasses.replace(judged, partition=Partition(2, 1, 0, 1, 0), outcomes=())
    assert "files.csv has a reason beside each" in str(findings.next_step(replaced, rules))
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
    shown = {copy: thumbnails.Shown(webp(), "the upper 61% can be <seen>")}
    page = Reader(written(tmp_path, db, shown).read_text("utf-8"))
    assert len([a for tag, a in page.elements if tag == "img"]) == 1
    assert "the upper 61% can be <seen>" in page.text
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
    large = thumbnails.make(stream.getvalue(), side=thumbnails.LARGE)
    assert large.webp is not None
    with Image.open(io.BytesIO(large.webp)) as image:
        assert image.size == (360, 480)
    assert thumbnails.make(stream.getvalue()[:500], damaged=True) == thumbnails.Shown(None, "nothing of it can be seen")
    assert thumbnails.make(b"") == thumbnails.Shown(None)


@pytest.mark.parametrize("cut", [0, 4, 11, 15, 21])
def test_a_picture_that_is_no_whole_webp_is_left_out(cut: int) -> None:
    assert thumbnails.vetted({"a": thumbnails.Shown(webp()[:cut])}, ["a"]) == {"a": thumbnails.Shown(None)}
    assert thumbnails.vetted({"a": thumbnails.Shown(webp() + b"more")}, ["a"]) == {"a": thumbnails.Shown(None)}


def test_a_big_audit_is_shared_out_among_its_rules_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "MOST_FINDINGS", 300)
    db = sample.database([f"DCIM/100/{n:04d}.jpg" for n in range(400)])
    page = Reader(written(tmp_path, db).read_text("utf-8"))
    held = {
        name.removesuffix("--rows"): rows["rows"]
        for name, rows in page.stored.items()
        if isinstance(rows.get("rows"), int)
    }
    # Of 404 missing and 7 others, all others are there, and what is left of 300.
    assert held["missing-from-backup"] == 293
    assert held["location-removed"] == 1
    assert "This page holds the first 293 of 404 rows; all of them are in findings.csv." in page.text


@pytest.mark.parametrize(
    ("most", "wanted", "shares"),
    [
        (10, [3, 4], [3, 4]),
        (10, [100, 1, 100], [4, 1, 5]),
        (0, [5], [0]),
        (7, [], []),
        (9, [3, 3, 3], [3, 3, 3]),
        (100_000, [500_000, 30_000, 20], [69_980, 30_000, 20]),
    ],
)
def test_what_a_page_bears_is_shared_out(most: int, wanted: list[int], shares: list[int]) -> None:
    assert findings.shared_out(most, wanted) == shares


def test_of_equal_numbers_what_is_missing_stands_before_what_is_broken_and_that_before_what_is_unchecked() -> None:
    def rule(id: str, family: str, verdict: FileVerdict) -> Rule:
        return dataclasses.replace(sample.rule(id, Severity.ERROR, "", "", verdict=verdict), family=family)

    unchecked = rule("a-list-is-old", "completeness", FileVerdict.NOT_CHECKED)
    broken = rule("content-changed", "integrity", FileVerdict.NOT_SAFE)
    missing = rule("missing-from-backup", "completeness", FileVerdict.NOT_SAFE)
    many = rule("reduced-copy", "quality", FileVerdict.NOT_SAFE)
    found = [
        (RuleOutcome(one.id, RuleState.FAILED, one.severity, 9, number), one)
        for one, number in ((unchecked, 2), (broken, 2), (missing, 2), (many, 3))
    ]
    order = [one.id for _, one in sorted(found, key=lambda both: findings.worst_first(*both))]
    assert order == ["reduced-copy", "missing-from-backup", "content-changed", "a-list-is-old"]


def test_a_finding_stands_in_the_part_that_its_rule_says_and_what_counts_stands_first() -> None:
    def section(theme: Theme, verdict: FileVerdict | None, found: int) -> findings.Section:
        rule = dataclasses.replace(sample.rule(f"r{found}", Severity.WARNING, "", "", verdict=verdict), theme=theme)
        outcome = RuleOutcome(rule.id, RuleState.FAILED, rule.severity, 9, found)
        return findings.Section(outcome, rule, "", found, (), 0, (), (), 0)

    shown = [
        section(Theme.NOTE, None, 1),
        section(Theme.MEMORY, FileVerdict.NOT_SAFE, 2),
        section(Theme.SAFETY, None, 3),
        section(Theme.DAMAGE, None, 4),
        section(Theme.DAMAGE, None, 5),
    ]
    made = parts.of(shown, Partition(9, 7, 2, 0, 0))
    assert [(part.theme, part.number) for part in made] == [
        (Theme.SAFETY, "2"), (Theme.DAMAGE, "9"), (Theme.NOTE, "1"),
    ]  # fmt: skip
    assert [one.total for one in made[0].counting] == [2]
    assert [one.total for one in made[0].others] == [3]
    assert parts.of(shown, Partition(9, 7, 0, 2, 0))[0].title == "Not checked"
    assert parts.of(shown, Partition(9, 9, 0, 0, 0))[0].title == "Look at this first"


def test_no_page_names_a_rule() -> None:
    """Where a finding stands and what it is called is said by its rule alone."""
    ids = {rule.id for rule in rules.load(())}
    code = Path(reporting.__file__).parent.glob("*.py")
    for path in (*(p for p in shipped.folder("reports").rglob("*") if p.is_file()), *code):
        words = set(re.findall(r"[a-z]+(?:-[a-z]+)+", path.read_text("utf-8")))
        assert not words & ids - {"not-checked"}, path  # which is also a number of the sum


@pytest.mark.parametrize(
    ("new", "mended", "said"),
    [
        (4, 1, "4 files are newly not safe, 1 file became proven safe. Must"),
        (0, 3, "3 files became proven safe. Must"),
        (1, 0, "1 file is newly not safe. Must"),
        (0, 0, "Must"),  # what nobody became is not counted
        (None, None, "Must"),
    ],
)
def test_since_the_last_audit_is_said_where_there_was_one(
    new: int | None, mended: int | None, said: str, tmp_path: Path
) -> None:
    db = sample.database()
    before = Before("2026-06-01T10:00:00Z", Verdict.NOT_SAFE, Partition(30, 28, 2, 0, 0), new=new, mended=mended)
    lists = [tmp_path / "phone.jsonl"]
    lists[0].write_text("\n")
    page = reporting.write(
        sample.audit(db), db, sample.RULES, sample.POLICY, tmp_path / "a", lists, None, ZONE, since=before
    )
    words = re.sub(r"\s+", " ", Reader(page.read_text("utf-8")).text)
    assert f"Since the last audit (1 June 2026, 12:00 (UTC+2), NOT SAFE): {said} be backed up" in words
    assert "not safe 2 → 5" in words
    assert "Since the last audit" not in Reader(written(tmp_path, db).read_text("utf-8")).text


@pytest.mark.parametrize(
    ("rule", "words", "action"),
    [("too-few-copies", "or to another disk or cloud", "backup"), ("no-off-site-copy", "is kept elsewhere", None)],
)
def test_what_an_office_lacks_is_the_next_step_and_fits_one_backup(rule: str, words: str, action: str | None) -> None:
    known = {one.id: one for one in rules.load(())}
    lacking = RuleOutcome(rule, RuleState.FAILED, Severity.ERROR, 2, 2, verdict=FileVerdict.NOT_SAFE)
    judged = Audit(Verdict.NOT_SAFE, "", Partition(2, 0, 2, 0, 0), (lacking,), (), {"words": {"SOURCE": "phone"}})
    step = findings.next_step(judged, known)
    assert step is not None and words in str(step) and step.action == action


def test_the_next_step_of_safe_says_how_much_may_go_and_how() -> None:
    proof = {
        "may_go": {"files": 2, "size_bytes": 5_000_000},
        "words": {"REPORT": "audit-1", "PHONE": "p", "BACKUPS": "b"},
        "arguments": {"REPORT": ["/home/audit-1"]},
    }
    judged = Audit(Verdict.SAFE, "", Partition(2, 2, 0, 0, 0), (), (), proof)
    step = findings.next_step(judged, {})
    assert step is not None and (step.action, step.arguments) == ("clean", ("/home/audit-1",))
    assert str(step).startswith("5.0 MB in 2 files may go from the phone: `auditor clean audit-1` shows which; ")
    assert findings.stays(judged) == ""
    far = {"may_go": {"files": 2, "size_bytes": 5_000_000, "by_clean": False}, "words": {"REPORT": "audit-1"}}
    assert findings.next_step(dataclasses.replace(judged, provenance=far), {}) == NextStep(
        "5.0 MB in 2 files may go from the phone: safe-to-delete.csv names them. Delete them on the phone itself."
    )
    unsafe = dataclasses.replace(judged, verdict=Verdict.NOT_SAFE, provenance=far | {"not_read_again": 7})
    assert "may go" not in str(findings.next_step(unsafe, {})) and findings.stays(unsafe) == ""
    nothing = dataclasses.replace(judged, provenance={"may_go": {"files": 0, "size_bytes": 0}})
    assert findings.next_step(nothing, {}) is None


@pytest.mark.parametrize(
    ("places", "again"),
    [
        ({"SOURCE": "p", "PLACES": "b c"}, "`auditor audit p b c`"),
        ({}, "`auditor audit` (the phone first, then the backups themselves, not lists of them)"),  # of lists
        ({"SOURCE": "p"}, "`auditor audit` (the phone first, then the backups themselves, not lists of them)"),
    ],
)
def test_what_stays_for_want_of_reading_goes_after_an_audit_of_the_places(places: dict[str, str], again: str) -> None:
    known = {"REPORT": "audit-1", "PHONE": "p", "BACKUPS": "b c", **places}
    typed = {word: words.split() for word, words in known.items()}
    free = {"files": 2, "size_bytes": 5_000_000}
    some = {"may_go": free, "words": known, "arguments": typed, "not_read_again": 7}
    judged = Audit(Verdict.SAFE, "", Partition(9, 9, 0, 0, 0), (), (), some)
    assert "stay" not in str(findings.next_step(judged, {}))
    assert findings.stays(judged) == (
        "7 more are safe and stay, as they were not read and opened in this audit."
        f" What is sound may go after {again}, which reads and opens all."
    )
    none = dataclasses.replace(judged, provenance=some | {"may_go": {"files": 0, "size_bytes": 0}})
    assert findings.next_step(none, {}) == NextStep(
        f"Run {again}, which reads and opens all: what is sound may go after it.",
        "audit",
        ("p", "b", "c") if len(places) == 2 else None,
    )
    assert findings.stays(none) == (
        "7 files are safe, but were not read and opened in this audit, so nothing may go by it."
    )


def test_why_safe_files_stay_is_said_with_how_many() -> None:
    proof = {"may_go": {"files": 2, "size_bytes": 5}, "stay": {"not_sound": 1, "copies": 3, "of a later build": 4}}
    judged = Audit(Verdict.SAFE, "", Partition(10, 10, 0, 0, 0), (), (), proof)
    assert findings.stays(judged) == (
        "4 safe files stay on the phone in any case: 1 is damaged on the phone, or looks so;"
        " 3 have too few sound copies to rely on."
    )
    one = dataclasses.replace(judged, provenance={"may_go": proof["may_go"], "stay": {"not_identical": 1}})
    assert findings.stays(one).endswith("any case: it is in the backup as the same picture, not byte for byte.")
    assert findings.stays(dataclasses.replace(judged, verdict=Verdict.NOT_SAFE)) == ""


def test_what_another_audit_may_let_go_does_not_stay_in_any_case() -> None:
    proof = {
        "may_go": {"files": 0, "size_bytes": 0},
        "words": {"REPORT": "audit-1", "SOURCE": "p", "PLACES": "disk"},
        "stay": {"sidecar": 1, "read_elsewhere": 2, "copies_read_elsewhere": 1, "maybe_phone": 3},
    }
    judged = Audit(Verdict.SAFE, "", Partition(7, 7, 0, 0, 0), (), (), proof)
    assert findings.stays(judged) == (
        "1 safe file stays on the phone in any case: it holds edits or notes of a photo."
        " 3 safe files stay on the phone: 2 were read by the phone or another program, not here;"
        " 1 has too few copies that were read here: of others a list or a cloud tells."
        " What is sound may go after `auditor audit p disk --depth decode`, which reads and opens all."
        " 3 safe files stay on the phone: they have copies only in what may be the phone itself."
    )
    redacted = dataclasses.replace(judged, provenance={**proof, "words": {}})
    assert "auditor audit" not in findings.stays(redacted)


def test_every_reason_to_stay_has_its_words() -> None:
    for why in Stays:
        proof = {"may_go": {"files": 0, "size_bytes": 0}, "stay": {why.value: 1}}
        assert findings.stays(Audit(Verdict.SAFE, "", Partition(1, 1, 0, 0, 0), (), (), proof)), why


def test_of_too_many_files_those_that_are_not_proven_can_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = sample.database(proven=40)
    page = Reader(written(tmp_path, db).read_text("utf-8"))
    assert len(page.stored["every-file--rows"]["name"]) == 50
    assert "All 50 are in files.csv" in page.text
    monkeypatch.setattr(lookup, "MOST_FILES", 20)
    (again := tmp_path / "again").mkdir()
    page = Reader(written(again, db).read_text("utf-8"))
    assert "50 files are too many for this page: it finds the 7 that are not proven safe." in page.text
    assert len(page.stored["every-file--rows"]["name"]) == 7
    monkeypatch.setattr(lookup, "MOST_FILES", 3)
    (again := tmp_path / "few").mkdir()
    assert "it finds the first 3 of 7 that are not proven safe" in written(again, db).read_text("utf-8")


def test_a_file_that_is_looked_up_is_not_said_twice_to_be_in_no_backup() -> None:
    db = sample.database()
    db.con.execute("UPDATE files SET detail = path || ' is in none of the backups.' WHERE status = 'missing'")
    assert not [detail for detail in lookup.of(db, 100).packed["details"] if "in none of the backups" in detail]


def test_several_reasons_are_spoken_of_only_where_there_are_several() -> None:
    db = sample.database()
    audit = sample.audit(db)
    shown = findings.sections(db, audit, sample.RULES)
    one = [section for section in shown if section.outcome.rule_id == "missing-from-backup"]
    assert "more than one reason" in parts.of(shown, audit.partition)[0].words
    assert "more than one reason" not in parts.of(one, audit.partition)[0].words
