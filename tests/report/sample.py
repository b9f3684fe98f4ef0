"""An audit made by hand, as the engine leaves it: tables in DuckDB, rules, policy and outcome. Nothing is random."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from auditor.database import schema
from auditor.database.connection import Database
from auditor.judge.policy import Policy
from auditor.judge.rules import Rule
from auditor.model import Audit, FileVerdict, Partition, RuleOutcome, RuleState, Severity, Status, Verdict

HOSTILE_NAMES = (
    "</script><script>alert(1)</script>.jpg",
    "<img src=x onerror=alert(1)>.jpg",
    "=1+1.jpg",
    "+49 170.jpg",
    "-rf.jpg",
    "@SUM(A1).jpg",
    "\t=1+1.jpg",
    "\r=1.jpg",
    "\n=1.jpg",
    "\uff1d1+1.jpg",
    "photo;=1+1.jpg",
    'photo; "=1+1.jpg',
    "annex\u202egpj.exe",
    "\x1b[31mred\x1b[0m.jpg",
    "two\nlines.jpg",
    "nul\x00.jpg",
    "\\xff-latin1.jpg",
    "IMG[/red].jpg",
    '"quoted", and comma.jpg',
    "zero\u200bwidth.jpg",
    "'=already.jpg",
    "tag\U000e0041.jpg",
    "{{ 7 * 7 }}.jpg",
    "--><b>.jpg",
    "&amp;.jpg",
    "javascript:alert(1).jpg",
    "日本語 é ü.jpg",
    "👨‍👩‍👧 می‌خواهم.jpg",
)


def rule(
    id: str,
    severity: Severity,
    failed_one: str,
    failed_many: str,
    passed: str = "Nothing of the kind was found.",
    why: str = "If the phone is lost or wiped, this file is gone.",
    remedy: str = "Run `auditor backup SOURCE DEST`, then audit again.",
    not_covered: str = "",
    sources: tuple[str, ...] = (),
    verdict: FileVerdict | None = None,
) -> Rule:
    return Rule(
        id, "sample", severity, verdict, "0.1.0", "due", passed, failed_one, failed_many, "$path", why, "SELECT 1",
        hashlib.sha256(id.encode()).hexdigest(), Path(f"{id}.sql"), remedy=remedy, not_covered=not_covered,
        sources=sources,
    )  # fmt: skip


POLICY = Policy(
    "family", "1", "Photos and videos of a family", "", "f0" * 32, proof=(Status.IDENTICAL, Status.METADATA_CHANGED)
)


RULES = (
    rule(
        "missing-from-backup",
        Severity.ERROR,
        "1 file is not in the backup.",
        "$count files are not in the backup.",
        passed="Every file that should be in the backup is there.",
        why="If the phone is lost or wiped, this file is gone. Whole contents are compared by SHA-256: a copy that was "
        "renamed or moved counts, one that was cut short does not.",
        not_covered="Files that could not be read (unreadable-file); re-encoded copies (reduced-copy).",
        sources=("RFC 8493, section 3: complete means that every listed payload file is present",),
        verdict=FileVerdict.NOT_SAFE,
    ),
    rule(
        "damaged-in-backup",
        Severity.ERROR,
        "1 file is damaged in the backup.",
        "$count files are damaged in the backup.",
        why="The copy is there but broken: the picture will not open, or only in part.",
        verdict=FileVerdict.NOT_SAFE,
    ),
    rule(
        "unreadable-file",
        Severity.ERROR,
        "1 file could not be read.",
        "$count files could not be read.",
        why="What cannot be read cannot be compared.",
        remedy="Open the file on the phone; if it opens, scan again.",
        verdict=FileVerdict.NOT_CHECKED,
    ),
    rule(
        "location-removed",
        Severity.WARNING,
        "1 copy lost the place where it was taken.",
        "$count copies lost the place where they were taken.",
        why="Some transfers strip the position: the picture is whole, but no map will find it.",
        remedy="Copy these files again with `auditor backup`.",
    ),
    rule(
        "same-picture",
        Severity.INFO,
        "1 file shows a picture that is there already.",
        "$count files show a picture that is there already.",
        why="The same picture is kept more than once.",
        remedy="Look at `auditor duplicates PHONE`; nothing is ever deleted by an audit.",
    ),
    rule(
        "phone-storage-full",
        Severity.WARNING,
        "The phone's storage is almost full.",
        "$count phones are almost full.",
        why="A full phone stops taking pictures.",
        remedy="Free some space once the backup is safe.",
    ),
    rule("content-changed", Severity.ERROR, "1 file has other content.", "$count files have other content."),
    rule("live-photo-pairs", Severity.WARNING, "1 half is missing.", "$count halves are missing."),
    rule("off-site-copy", Severity.WARNING, "1 file has no copy off-site.", "$count files have none."),
    rule("own-rule", Severity.INFO, "1 file breaks our rule.", "$count files break our rule."),
)

_SEED_ROWS = (  # path, status, verdict, detail, taken
    ("DCIM/100APPLE/IMG_0001.HEIC", "missing", "not_safe", "0 of 1 copies", "2026-05-03T18:02:11"),
    ("DCIM/100APPLE/IMG_0002.HEIC", "missing", "not_safe", "0 of 1 copies", "2026-05-03T18:05:40"),
    ("DCIM/100APPLE/IMG_0007.MOV", "missing", "not_safe", "another version is there: same name, other content", None),
    ("DCIM/101APPLE/IMG_1100.JPG", "missing", "not_safe", "0 of 1 copies", "2026-06-01T09:30:00"),
    ("DCIM/100APPLE/IMG_0003.JPG", "damaged", "not_safe", "cut short at 61%: 2.1 of 3.4 MB", "2026-05-04T10:00:00"),
    ("DCIM/101APPLE/IMG_1200.MOV", "not_checked", "not_checked", "unreadable: Input/output error", None),
    ("DCIM/100APPLE/IMG_0004.JPG", "metadata_changed", "proven", "location removed", "2026-05-05T12:00:00"),
    ("DCIM/100APPLE/IMG_0005.HEIC", "missing", "waived", "0 of 1 copies", "2026-05-05T12:01:00"),
    ("Download/manual.pdf", "not_due", "not_due", "not a photo or video", None),
    ("DCIM/.trashed-1/IMG_0006.JPG", "not_due", "not_due", "left out: .trashed-*", "2026-04-01T08:00:00"),
)


FINDING = (
    "rule, severity, status, side, backup, path, message, evidence, fingerprint, waiver_reason, waiver_by,"
    " waiver_expires"
)
"""The columns of a finding that a report shows."""


def database(names: Sequence[str] = (), proven: int = 30) -> Database:
    """The tables of an audit: the seeded rows, `proven` files that are safe, and one missing file a name."""
    rows = list(_SEED_ROWS)
    rows += [
        (f"DCIM/Camera/IMG_{n:04d}.JPG", "identical", "proven", "", f"2026-0{1 + n % 6}-1{n % 9}T10:00:00")
        for n in range(proven)
    ]
    rows += [(f"{name}", "missing", "not_safe", "0 of 1 copies", None) for name in names]
    rows.sort(key=lambda row: row[0].encode("utf-8", "surrogateescape"))
    db = Database(duckdb.connect(), schema.EVERYTHING)
    schema.create_tables(db)
    db.con.execute(
        "CREATE TABLE files(id BIGINT, path VARCHAR, status VARCHAR, verdict VARCHAR, detail VARCHAR, backup VARCHAR,"
        " backup_path VARCHAR, copies INTEGER, size_bytes BIGINT, taken_at VARCHAR, sha256 VARCHAR, kind VARCHAR,"
        " mtime VARCHAR, soundness VARCHAR, read_at VARCHAR)"
    )
    db.con.executemany(
        "INSERT INTO files VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", [_file(n, *r) for n, r in enumerate(rows)]
    )
    places = ", ".join("?" * len(FINDING.split(",")))
    db.con.executemany(f"INSERT INTO findings ({FINDING}) VALUES ({places})", list(_findings(rows)))
    lists = [
        ("source", None, "Anna's phone", "adb:R5CT/sdcard", "adb", len(rows)),
        ("backup", "Family NAS", "Family NAS", "/mnt/nas/anna", "folder", len(rows) + 20),
    ]
    db.con.executemany(
        "INSERT INTO header (side, backup, label, place, place_kind, files, tool, depth, started, finished, complete,"
        " bytes, digest) VALUES (?,?,?,?,?,?,'auditor 0.1.0','decode','2026-06-15T09:41:00Z','2026-06-15T09:58:12Z',"
        "true,123456789,'ab12')",
        lists,
    )
    db.con.execute(
        "INSERT INTO source BY NAME SELECT id, path, size_bytes, taken_at, kind, sha256,"
        " 'read' AS digest_origin, read_at FROM files"
    )
    db.con.execute(
        "INSERT INTO backup BY NAME SELECT backup, backup_path AS path, size_bytes, taken_at, kind, sha256,"
        " 'read' AS digest_origin, read_at, soundness FROM files"
        " WHERE backup IS NOT NULL"
    )
    db.con.execute(
        "INSERT INTO pairs BY NAME SELECT id, path, backup, status, backup_path, detail FROM files"
        " WHERE backup IS NOT NULL"
    )
    db.con.execute(
        "CREATE VIEW safe_to_delete AS SELECT path, size_bytes, mtime, sha256, backup AS backups, read_at FROM files"
        " WHERE status = 'identical' AND verdict = 'proven'"
    )
    return db


def audit(db: Database) -> Audit:
    """What the verdict says of the sample's tables."""
    counts = dict(db.con.execute("SELECT verdict, count(*) FROM files GROUP BY verdict").fetchall())
    parts = {name: counts.get(name, 0) for name in ("proven", "not_safe", "not_checked", "waived")}
    due = sum(parts.values())
    if parts["not_safe"]:
        verdict, sentence = Verdict.NOT_SAFE, f"{parts['not_safe']:,} of {due:,} files are not safely backed up."
    elif parts["not_checked"]:
        left = parts["not_checked"]
        verdict, sentence = (
            Verdict.CANNOT_SAY,
            f"{due - left:,} of {due:,} files are safely backed up; {left:,} could not be checked.",
        )
    else:
        verdict, sentence = Verdict.SAFE, f"All {due:,} files are safely backed up."
    return Audit(
        verdict,
        sentence,
        Partition(due, **parts),
        tuple(_outcomes(db)),
        caveats=(),
        provenance={
            "started": "2026-06-15T09:58:20Z",
            "finished": "2026-06-15T10:00:00Z",
            "source": "adb:R5CT/sdcard",
            "backups": ["/mnt/nas/anna"],
            "depth": "decode",
        },
    )


def _file(number: int, path: str, status: str, verdict: str, detail: str, taken_at: str | None) -> tuple[Any, ...]:
    held = status in ("identical", "metadata_changed", "damaged")
    kind = "video" if path.endswith(".MOV") else "other" if path.endswith(".pdf") else "photo"
    read = None if status == "not_checked" else hashlib.sha256(path.encode()).hexdigest()
    return (
        number, path, status, verdict, detail, "Family NAS" if held else None,
        f"Photos/2026/{path.rsplit('/', 1)[-1]}" if held else None, int(verdict == "proven"),
        1_000_000 + number * 34_567, taken_at, read, kind, "2026-05-03T16:02:11Z", "sound", "2026-06-15T09:45:00Z",
    )  # fmt: skip


def _findings(rows: Sequence[tuple[str, str, str, str, str | None]]) -> list[tuple[Any, ...]]:
    found = []
    for path, status, verdict, _, _ in rows:
        if status == "missing":
            waiver = ("blurred, thrown away on purpose", "Anna", "2027-01-01") if verdict == "waived" else (None,) * 3
            state = "waived" if verdict == "waived" else "known" if path.endswith("IMG_0002.HEIC") else "new"
            message = f"{path} is in none of the backups."
            found.append(_finding("missing-from-backup", "error", state, path, message, {"size_bytes": 1}, waiver))
        elif status == "damaged":
            message = f"The copy of {path} is cut short at 61%: 2.1 of 3.4 MB."
            evidence = {"backup_path": f"Photos/2026/{path.rsplit('/', 1)[-1]}", "code": "truncated"}
            found.append(_finding("damaged-in-backup", "error", "new", path, message, evidence))
        elif status == "not_checked":
            found.append(_finding("unreadable-file", "error", "new", path, f"{path} could not be read.", {}))
        elif status == "metadata_changed":
            found.append(
                _finding("location-removed", "warning", "new", path, f"The copy of {path} lost its place.", {})
            )
    for n, keep in ((0, "yes"), (1, "no"), (2, "no")):
        why = "more pixels; has date and place" if keep == "yes" else "perceptual distance 2"
        evidence = {"group": "g1", "relation": "same-picture", "keep": keep, "reason": why}
        evidence |= {"width": 4032 // (1 + n), "height": 3024 // (1 + n), "format": "jpeg"}
        path = f"DCIM/Camera/IMG_{n:04d}.JPG"
        if any(row[0] == path for row in rows):
            message = f"{path} shows the same picture as DCIM/Camera/IMG_0000.JPG."
            found.append(_finding("same-picture", "info", "new", path, message, evidence))
    full = {"free_bytes": 1_000_000_000, "total_bytes": 64_000_000_000}
    found.append(_finding("phone-storage-full", "warning", "new", None, "1.0 of 64 GB are free on Anna's phone.", full))
    return found


def _finding(
    rule: str, severity: str, status: str, path: str | None, message: str, evidence: dict[str, Any],
    waiver: tuple[str | None, ...] = (None, None, None),
) -> tuple[Any, ...]:  # fmt: skip
    fingerprint = hashlib.sha256(f"{rule}\0{path}".encode()).hexdigest()
    backup = "Family NAS" if "backup_path" in evidence else None
    return rule, severity, status, "source", backup, path, message, json.dumps(evidence), fingerprint, *waiver


def _outcomes(db: Database) -> list[RuleOutcome]:
    counts = {
        rule: rest
        for rule, *rest in db.con.execute(
            "SELECT rule, count(*) FILTER (status <> 'waived'), count(*) FILTER (status = 'known'),"
            " count(*) FILTER (status = 'waived') FROM findings GROUP BY rule"
        ).fetchall()
    }
    special = {
        "live-photo-pairs": (RuleState.NOT_RUN, "the backup's list has no companion_of"),
        "off-site-copy": (RuleState.NOT_APPLICABLE, "the policy asks for no off-site copy"),
        "own-rule": (RuleState.BROKEN, 'Binder Error: column "pathh" not found'),
    }
    outcomes = []
    for each in RULES:
        found, known, waived = counts.get(each.id, (0, 0, 0))
        state, reason = special.get(each.id, (RuleState.FAILED if found else RuleState.PASSED, None))
        looked_at = 0 if reason else 38
        outcomes.append(RuleOutcome(each.id, state, each.severity, looked_at, found, known, waived, 0.012, reason))
    return outcomes
