"""How long an audit folder takes to write, and its page to open, filter and sort in Chromium.

Run from the checkout: `python -m benchmarks.report.run [--findings 100000] [--rows 1000000]`. The floors are measured
in the same run: the same rows fetched and written by Python's csv, the same findings as one plain HTML table, and
the page before.
"""

from __future__ import annotations

import argparse
import csv
import html
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from auditor import report as reporting
from auditor.database.connection import Database
from auditor.report import tables
from tests import browser
from tests.report import sample

SECTION = "#missing-from-backup"


def lists(rows: int, findings: int) -> Database:
    """A source of so many files of which so many are missing, in 400 folders over ten years."""
    db = sample.database(proven=0)
    db.con.execute(
        "INSERT INTO files SELECT 1000 + i, printf('DCIM/%03dAPPLE/IMG_%07d.HEIC', i % 400, i),"
        " CASE WHEN i < $1 THEN 'missing' ELSE 'identical' END, CASE WHEN i < $1 THEN 'not_safe' ELSE 'proven' END,"
        " NULL, CASE WHEN i >= $1 THEN 'nas' END, CASE WHEN i >= $1 THEN printf('2026/IMG_%07d.HEIC', i) END,"
        " (i >= $1)::INTEGER, 2000000 + hash(i) % 3000000,"
        " strftime(TIMESTAMP '2016-01-01' + to_minutes(i * 5), '%Y-%m-%dT%H:%M:%S'), sha256(i::VARCHAR), 'photo',"
        " '2026-05-03T16:02:11Z', 'sound', '2026-06-15T09:45:00Z' FROM range($2) t(i)",
        [findings, rows],
    )
    db.con.execute(
        f"INSERT INTO findings ({sample.FINDING}) SELECT 'missing-from-backup', 'error', 'new', 'source', NULL, path,"
        " path || ' is in none of the backups.', '{\"size_bytes\":' || size_bytes || '}', sha256(path), NULL, NULL,"
        " NULL"
        " FROM files WHERE status = 'missing' AND id >= 1000"
    )
    return db


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def plain_csv(db: Database, path: Path) -> None:
    db.con.execute(f"SELECT {', '.join(tables.FILES)} FROM files ORDER BY id")
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        while batch := db.con.fetchmany(10_000):
            writer.writerows(batch)


def plain_html(db: Database, path: Path) -> None:
    db.con.execute("SELECT path, size_bytes, message FROM findings LEFT JOIN files USING (path) WHERE path IS NOT NULL")
    with path.open("w", encoding="utf-8") as out:
        out.write("<!doctype html><meta charset=utf-8><table>")
        for row in db.con.fetchall():
            out.write("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>")


def write_tables(rows: int, folder: Path) -> None:
    db = lists(rows, 100_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    wall, floor = seconds(lambda: plain_csv(db, folder / "floor.csv"))
    print(f"{rows:,} rows fetched and written by csv alone: {wall:.1f} s, {floor:.1f} s CPU")
    for name, write in (
        ("files.csv", tables.write_files),
        ("findings.csv", tables.write_findings),
        ("findings.jsonl", tables.write_findings_jsonl),
        ("safe-to-delete.csv", tables.write_safe_to_delete),
    ):
        wall, cpu = seconds(lambda write=write, name=name: write(db, folder / name))  # type: ignore[misc]
        size = (folder / name).stat().st_size / 1e6
        print(f"  {name}: {wall:.1f} s, {cpu:.1f} s CPU, {cpu / floor:.2f} x that floor, {size:.0f} MB")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"  peak memory of the process: {before} MB with the database loaded, {after} MB after")


def page_now(findings: int, folder: Path) -> Path:
    """The page of this checkout."""
    db = lists(findings + 1000, findings)
    (folder / "a.jsonl").write_text("\n")
    return reporting.write(sample.audit(db), db, sample.RULES, sample.POLICY, folder / "now", [folder / "a.jsonl"])


BEFORE = "c5ee05c"
"""The last commit with the page before: a section for each rule, all rows read when it opens."""
_MAKE_BEFORE = """
import sys
from pathlib import Path
from auditor import report as reporting
from benchmarks.report.run import lists
from tests.report import sample
folder, findings = Path(sys.argv[1]), int(sys.argv[2])
db = lists(findings + 1000, findings)
reporting.write(sample.audit(db), db, sample.RULES, sample.POLICY, folder / "before", [folder / "a.jsonl"])
"""


def page_before(findings: int, folder: Path) -> Path | None:
    """The same audit's page as `BEFORE` wrote it; None where this is no checkout with its history."""
    old = folder / "checkout"
    old.mkdir()
    packed = subprocess.run(["git", "archive", BEFORE], capture_output=True, check=False)
    if packed.returncode:
        return None
    subprocess.run(["tar", "-x", "-C", old], input=packed.stdout, check=True)
    made = [sys.executable, "-c", _MAKE_BEFORE, str(folder), str(findings)]
    subprocess.run(made, cwd=old, env={**os.environ, "PYTHONPATH": str(old)}, check=True)
    return folder / "before" / reporting.PAGE


QUERIES = ("img_00", "img_0042", "after:2016-03 kind:photo", "-heic", "dcim/01", "")
SORTS = ("size", "taken", "file")


def open_page(findings: int, folder: Path) -> None:
    if not browser.USABLE:
        print(f"  not opened: {browser.MISSING}")
        return
    pages = {"now": page_now(findings, folder), "before": page_before(findings, folder)}
    plain_html(lists(findings + 1000, findings), folder / "plain.html")
    with browser.browser() as page:
        page.size(1280, 800)
        for name, path in pages.items():
            if path is None:
                print(f"  {name}: {BEFORE} is not in this checkout")
                continue
            page.open(path)
            opened = [_opened(page, path) for _ in range(5)]
            print(f"{findings:,} findings, the page {name}: {path.stat().st_size / 1e6:.1f} MB")
            print(f"  opened and laid out: {statistics.median(opened):.2f} s (worst of 5: {max(opened):.2f} s)")
            _measure(page)
        page.open(folder / "plain.html")
        print(f"  one HTML table opened and laid out: {_opened(page, folder / 'plain.html'):.2f} s")


def _measure(page: browser.Page) -> None:
    """A person goes to the box, and types half a second later."""
    page.ask(f"document.querySelector('{SECTION} input').focus()")
    page.tab.wait_for_timeout(500)
    for what, actions in (
        ("filter", [_typed(query) for query in QUERIES * 3]),
        ("sort", [_clicked(column) for column in SORTS for _ in range(4)]),
    ):
        spent = [_spent(page, action) for action in actions]
        first, median, most = spent[0], statistics.median(spent), max(spent)
        print(f"  {what}: the first {first:.0f} ms, median {median:.0f} ms, the slowest {most:.0f} ms")


def _typed(query: str) -> str:
    event = f"Object.assign(document.querySelector('{SECTION} input'), {{value: {query!r}}})"
    return f"{event}.dispatchEvent(new Event('input'))"


def _clicked(column: str) -> str:
    return f"document.querySelector('{SECTION} th[data-sort={column}] button').click()"


def _spent(page: browser.Page, action: str) -> float:
    """Milliseconds until the action is done and the page laid out."""
    laid_out = f"{action}; document.body.offsetHeight"
    return float(page.ask(f"(() => {{ const t = performance.now(); {laid_out}; return performance.now() - t; }})()"))


def _opened(page: browser.Page, path: Path) -> float:
    started = time.perf_counter()
    page.open(path)
    page.ask("document.documentElement.getBoundingClientRect().height")
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    if given.rows:
        with tempfile.TemporaryDirectory() as folder:
            write_tables(given.rows, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        # The sample's own findings stand in the page too; stay under what one page holds in full.
        open_page(min(given.findings, 100_000) - 20 if given.findings >= 100_000 else given.findings, Path(folder))


if __name__ == "__main__":
    main()
