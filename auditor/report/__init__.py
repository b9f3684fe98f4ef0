"""What an audit leaves behind: the HTML report, tables, provenance and seal."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.database.connection import Database
    from auditor.judge.policy import Policy
    from auditor.judge.rules import Rule
    from auditor.model import Audit
    from auditor.report import thumbnails
    from auditor.report.redact import Pseudonyms
    from auditor.report.since import Before

FILES, FINDINGS, FINDINGS_EXACT, SAFE_TO_DELETE = "files.csv", "findings.csv", "findings.jsonl", "safe-to-delete.csv"
RECORD, PAGE, SEAL = "audit.json", "report.html", "SHA256SUMS"
NAMES = (FILES, FINDINGS, FINDINGS_EXACT, SAFE_TO_DELETE, RECORD, PAGE, SEAL)
"""Every file that an audit writes beside its lists, in every version so far: a stopped one may have left any of them.
A name that is no longer written stays in here."""
AUDITS_SHOWN = 12
"""So many audits a report or a list of them shows."""
DUPLICATES, PLAN, DUPLICATES_PAGE = "duplicates.csv", "plan.csv", "duplicates.html"
"""What a search for duplicates writes beside the lists of its places."""
DRILL, DRILL_TABLE = "drill.json", "drill.csv"
"""What a drill writes."""


def list_name(number: int) -> str:
    """What the list of one side is called, the source being number 0."""
    return f"backup-{number}.jsonl" if number else "source.jsonl"


def write(
    audit: Audit,
    db: Database,
    rules: Sequence[Rule],
    policy: Policy,
    folder: Path,
    manifests: Sequence[Path],
    pictures: Mapping[tuple[str, str], thumbnails.Shown] | None = None,
    zone: tzinfo | None = None,
    homes: Sequence[Path] = (),
    since: Before | None = None,
    names: Pseudonyms | None = None,
    redacted_from: str | None = None,
) -> Path:
    """Writes a whole audit folder and seals it. The caller gives it its final name once this has returned.

    `db` holds the tables `files`, `findings`, `header`, `source`, `backup` and the view `safe_to_delete`; `manifests`
    are the lists judged, the source's first. `pictures` are what is shown of files, by backup (empty for the source)
    and path (`page.pictured`, `page.damaged_copies` and `page.whole_copies` say which, `thumbnails.take` makes one);
    `zone` is that of the page's dates, None for this machine's own. `homes` are the folders in which earlier audits may
    lie; `since` is the audit before this one, None where it is to be looked for there.
    With `names` it is a report that may leave the house: `db` is rewritten, and of lists and pictures it has none;
    `redacted_from` is the SHA-256 of the seal of the whole one.
    Returns the path of report.html.
    """
    from auditor.report import (
        history,
        html,
        provenance,
        redact,
        tables,  # every command says `text`, few write a report
    )

    folder.mkdir(parents=True, exist_ok=True)
    not_read = provenance.not_read_now(db, audit.provenance.get("started"))
    if names is not None:
        audit, policy, not_read = redact.redacted(audit, db, rules, policy, not_read, names)
        manifests, pictures, homes, since = (), None, (), None
    lists = [provenance.sealed_file(path) for path in _kept(manifests, folder)]
    tables.write_files(db, folder / FILES)
    tables.write_findings(db, folder / FINDINGS)
    tables.write_findings_jsonl(db, folder / FINDINGS_EXACT)
    tables.write_safe_to_delete(db, folder / SAFE_TO_DELETE)
    known = history.of(audit.provenance, folder / FILES, homes)
    record = provenance.audit_record(
        audit,
        rules,
        policy,
        lists,
        not_read,
        {**known.record(), **({"redacted_from": redacted_from} if redacted_from else {})},
    )
    provenance.write_record(record, folder / RECORD)
    files = provenance.describe(folder)
    html.write(audit, db, rules, record, files, folder / PAGE, pictures or {}, zone, known, since)
    provenance.seal(folder)
    return folder / PAGE


def _kept(manifests: Sequence[Path], folder: Path) -> list[Path]:
    """The lists inside the audit folder: source.jsonl, backup-1.jsonl, ..."""
    kept = []
    for number, path in enumerate(manifests):
        home = folder / list_name(number)
        if not (home.exists() and home.samefile(path)):
            shutil.copyfile(path, home)
        kept.append(home)
    return kept
