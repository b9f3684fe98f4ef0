"""An audit in which every rule that ships found something, for a page that must stay short and calm."""

from __future__ import annotations

import json
from pathlib import Path

from auditor import report as reporting
from auditor.judge import rules
from auditor.model import Audit, FileVerdict, Partition, RuleOutcome, RuleState, Verdict
from auditor.report.since import Before
from auditor.report.thumbnails import Shown
from tests.report import sample
from tests.report.test_report import ZONE, webp

EACH = 40


def written(folder: Path, caveats: int = 6, backups: int = 1) -> Path:
    """Its page: each rule found `EACH` files, with long and hostile names, some in groups, and some general things.
    Of more `backups` than one, all have long names."""
    known = rules.load()
    db = sample.database(sample.HOSTILE_NAMES, proven=60)
    names = [f"DCIM/{'long name ' * 12}/{name.replace('/', '_')}" for name in sample.HOSTILE_NAMES]
    names += [f"DCIM/Camera/IMG_{n:04d}.JPG" for n in range(EACH)]
    db.con.execute("DELETE FROM findings")
    rows = []
    for rule in known:
        for number in range(EACH):
            name = names[number] if number < EACH - 2 else None
            evidence = {"group": f"g{number // 3}", "keep": "no"} if rule.tidying and number > 20 else {}
            rows.append(
                (rule.id, rule.severity.value, "new", "source", "Family NAS", name, f"{name} has it.",
                 json.dumps(evidence), f"{rule.id}{number}", None, None, None)
            )  # fmt: skip
    places = ", ".join("?" * len(rows[0]))
    db.con.executemany(f"INSERT INTO findings ({sample.FINDING}) VALUES ({places})", rows)
    parts = dict(db.con.execute("SELECT verdict, count(*) FROM files GROUP BY verdict").fetchall())
    counts = [parts.get(name, 0) for name in ("proven", "not_safe", "not_checked", "waived")]
    base = sample.audit(db)
    audit = Audit(
        Verdict.NOT_SAFE,
        base.sentence,
        Partition(sum(counts), *counts),
        tuple(RuleOutcome(rule.id, RuleState.FAILED, rule.severity, 99, EACH) for rule in known),
        tuple(
            map("Of the backup number {} a list was taken; nothing there was read in this run.".format, range(caveats))
        ),
        base.provenance,
    )
    before = Before("2026-06-01T10:00:00Z", Verdict.NOT_SAFE, Partition(30, 28, 2, 0, 0), new=4, mended=1)
    pictures = {("", name): Shown(webp()) for name in names}
    db.con.execute("UPDATE files SET taken_at = NULL, mtime = '2026-02-25T06:38:00Z' WHERE id % 3 = 0")
    db.con.execute("UPDATE files SET verdict = 'not_safe' WHERE verdict = 'proven' AND id % 9 = 0")
    assert FileVerdict.NOT_SAFE in parts
    if backups > 1:
        long = f"repeat('a backup of a long name ', 8) || {'{}'}"
        db.con.execute(f"UPDATE header SET label = {long.format('backup')} WHERE side = 'backup'")
        for number in range(1, backups):
            more = f"* REPLACE ({number} AS backup, {long.format(number)} AS label)"
            db.con.execute(f"INSERT INTO header SELECT {more} FROM header WHERE side = 'backup' LIMIT 1")
    lists = [folder / "phone.jsonl"]
    lists[0].write_text("\n")
    return reporting.write(audit, db, known, sample.POLICY, folder / "audit", lists, pictures, ZONE, since=before)
