"""Times every rule on synthetic lists: `python -m benchmarks.audit.rules [FILES ...]` (default 10000 100000).

The lists look like those of a phone: folders of a thousand, a Live Photo in ten, a duplicate in thirty, two backups
that hold nearly all of it. Printed are CPU seconds of each rule, slowest first, and their ratio to a floor of the same
run: one hash join of the due files with their statuses. The budget is 2 s a rule at 100,000 files.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

import duckdb

from auditor.audit import engine
from auditor.database import files, loading, schema
from auditor.database.connection import Database
from auditor.judge import policy, rules
from auditor.model import RuleState

BUDGET_S = 2.0
SHARES = (
    ("missing", 1.0),
    ("damaged", 0.5),
    ("reduced", 1.0),
    ("metadata_changed", 2.0),
    ("not_checked", 0.5),
)
"""Per cent of the files that have this status in the first backup; the rest is identical."""


@contextlib.contextmanager
def lists(count: int) -> Iterator[Database]:
    """A phone of so many files and two backups of it, paired."""
    with contextlib.closing(duckdb.connect()) as con:
        db = Database(con, schema.EVERYTHING)
        schema.create_tables(db)
        db.con.execute("SET memory_limit = '1200MB'")
        db.con.execute(_SOURCE, [files])
        for number, label in enumerate(("nas", "disk")):
            db.con.execute(_BACKUP, {"label": label, "number": number, "offset": number * files})
            db.con.execute(_PAIRS, {"label": label, "shift": number * 5})
        schema.derive(db)
        phone = {"side": "source", "is_phone": True, "place": "adb:", "android_version": "9"}
        full = {"storage_total_bytes": 64_000_000_000, "storage_free_bytes": 1_000_000_000}
        old = {"complete": False, "age_days": 90.0, "files": files, "previous_files": 2 * files}
        backups = ({"side": "backup", "backup": label, "off_site": False} for label in ("nas", "disk"))
        schema.insert(db, "header", [{**row, **full, **old} for row in (phone, *backups)])
        loading.mark_due(db, policy.load("family"))
        files.summarise(db, ("nas", "disk"), policy.load("family").proof)
        yield db


_SOURCE = """
INSERT INTO source BY NAME
SELECT i + 1 AS id,
    concat('DCIM/', 100 + i // 1000, 'APPLE/IMG_', lpad((i // 2 * 2 + if(i % 20 = 1, 0, i % 2))::VARCHAR, 7, '0'),
        CASE WHEN i % 20 = 1 THEN '.MOV' WHEN i % 50 = 4 THEN '.AAE' WHEN i % 3 = 0 THEN '.HEIC' ELSE '.JPG' END
    ) AS path,
    -- One in thirty is the copy of its neighbour.
    sha256((if(i % 30 = 7, i - 1, i))::VARCHAR) AS sha256, sha256(concat('head', i)) AS head_sha256,
    sha256(concat('image', if(i % 60 = 9, i - 1, i))) AS image_sha256,
    CASE WHEN i % 20 = 1 THEN 'video' WHEN i % 50 = 4 THEN 'sidecar' ELSE 'photo' END AS kind,
    CASE WHEN i % 20 = 1 THEN 'mov' WHEN i % 50 = 4 THEN 'aae' WHEN i % 3 = 0 AND i % 300 <> 0 THEN 'heic' ELSE 'jpeg'
    END AS format,
    2000000 + i * 7 % 3000000 AS size_bytes, 4032 AS width, 3024 AS height,
    CASE WHEN i % 5 > 0 THEN strftime(TIMESTAMP '2020-01-01' + to_minutes(i * 3), '%Y-%m-%dT%H:%M:%S') END AS taken_at,
    strftime(TIMESTAMP '2020-01-01' + to_minutes(i * 3), '%Y-%m-%dT%H:%M:%SZ') AS mtime, true AS mtime_trusted,
    CASE WHEN i % 5 > 0 THEN 'Apple' END AS camera_make, CASE WHEN i % 3 > 0 THEN 50.0 + i % 100 / 100 END AS latitude,
    CASE WHEN i % 3 > 0 THEN 14.0 END AS longitude, CASE WHEN i % 10 < 2 THEN uuid()::VARCHAR END AS image_id,
    substr(sha256(concat('phash', i // 2)), 1, 16) AS phash,
    CASE i % 400 WHEN 8 THEN 'damaged' WHEN 9 THEN 'suspicious' WHEN 10 THEN 'not_checked' ELSE 'sound'
    END AS soundness,
    CASE WHEN i % 400 = 8 THEN [{code: 'truncated', detail: 'cut short', "offset": 5}] END AS damage,
    CASE WHEN i % 20 = 1 THEN concat('DCIM/', 100 + i // 1000, 'APPLE/IMG_', lpad((i // 2 * 2)::VARCHAR, 7, '0'),
        CASE WHEN (i - 1) % 3 = 0 THEN '.HEIC' ELSE '.JPG' END) END AS companion_of,
    false AS is_due, false AS excluded
FROM range(?) AS numbers(i)
"""

_BACKUP = """
INSERT INTO backup BY NAME
SELECT * EXCLUDE (is_due, excluded) REPLACE (
        id + $offset AS id, concat('phone/', path) AS path,
        CASE WHEN id % 100 < 3 THEN sha256(concat('other', id)) ELSE sha256 END AS sha256,
        CASE WHEN id % 100 < 1 THEN NULL ELSE latitude END AS latitude,
        CASE WHEN id % 100 < 2 THEN size_bytes - 1000 ELSE size_bytes END AS size_bytes),
    $label AS backup, $number AS backup_number
FROM source
"""

_TIMES = " ".join(
    f"WHEN share < {sum(share for _, share in SHARES[:n])} THEN '{status}'" for n, (status, _) in enumerate(SHARES, 1)
)
_PAIRS = f"""
INSERT INTO pairs BY NAME
SELECT source.id, source.path, $label AS backup, backup.id AS backup_id, backup.path AS backup_path, status,
    CASE WHEN status <> 'identical' THEN concat('a detail of ', status) END AS detail
FROM (
    SELECT *, (id * 7919 + $shift) % 1000 / 10 AS share,
        CASE {_TIMES}
        ELSE 'identical' END AS status
    FROM source WHERE kind <> 'sidecar'
) source
LEFT JOIN backup ON backup.backup = $label AND backup.path = concat('phone/', source.path) AND status <> 'missing'
"""

_FLOOR = "SELECT count(*), sum(due.size_bytes) FROM due JOIN files ON files.id = due.id WHERE files.status = 'missing'"


def measure(files: int) -> bool:
    """Prints the CPU seconds of each rule; whether all kept to the budget, which is for 100,000 files."""
    with lists(files) as opened:
        chosen = policy.load("office")  # every rule has something to do under it
        floor = min(_cpu(opened.con, _FLOOR) for _ in range(5))
        rows = []
        for rule in rules.load():
            cpu, wall = time.process_time(), time.perf_counter()
            outcome = engine.run_rule(opened, rule, chosen)
            rows.append((time.process_time() - cpu, time.perf_counter() - wall, rule.id, outcome))
        rows.sort(key=lambda row: row[0], reverse=True)
        print(f"\n{files:,} files on the phone, two backups; floor (one hash join) {floor * 1000:.1f} ms CPU")
        print(f"{'rule':<28} {'state':<15} {'findings':>9} {'CPU s':>7} {'wall s':>7} {'x floor':>8}")
        for cpu, wall, name, outcome in rows:
            print(f"{name:<28} {outcome.state:<15} {outcome.findings:>9,} {cpu:>7.3f} {wall:>7.3f} {cpu / floor:>8.1f}")
        total = sum(row[0] for row in rows)
        print(f"{'all ' + str(len(rows)):<28} {'':<25} {total:>7.3f} {sum(row[1] for row in rows):>7.3f}")
        if broken := [(row[2], row[3].reason) for row in rows if row[3].state in (RuleState.BROKEN, RuleState.NOT_RUN)]:
            print("broken:", broken)
            return False
        return files > 100_000 or rows[0][0] < BUDGET_S


def _cpu(db: Database, sql: str) -> float:
    start = time.process_time()
    db.con.execute(sql).fetchall()
    return max(time.process_time() - start, 1e-4)


if __name__ == "__main__":
    sys.exit(0 if min(map(measure, map(int, sys.argv[1:] or (10_000, 100_000)))) else 1)
