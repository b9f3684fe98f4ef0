"""The tables of an audit folder: CSV that no spreadsheet runs as a formula, and JSON Lines that are exact.

Everything streams in chunks: a million rows need no more memory than a thousand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from auditor.database import tables
from auditor.database.connection import Database
from auditor.words import FORMULA, INVISIBLE, NEXT_CELL, SIGNS, defuse

FILES = ("path", "status", "verdict", "detail", "backup", "backup_path", "copies", "size_bytes", "taken_at", "sha256")
FINDINGS = ("rule", "severity", "status", "side", "backup", "path", "message", "evidence")
SAFE_TO_DELETE = ("path", "size_bytes", "mtime", "sha256", "backups", "read_at")

_UNSAFE = f"{FORMULA}|{NEXT_CELL}|{INVISIBLE}"
# Cells joined by `|`: one search through them all says for most chunks that none of them is unsafe.
_ANY_UNSAFE = re.compile(f"(?:^|\\|)[{SIGNS}\t\r\n\x00]|{NEXT_CELL}|{INVISIBLE}")
_HIDDEN_IN_JSON = re.compile(f'{INVISIBLE}|;(?=[ "]*[{SIGNS}])')


def write_files(db: Database, path: Path) -> int:
    """Writes files.csv: every row of the source with its one status, in path order. Returns the number of rows."""
    return _write_csv(tables.files(db, FILES), path)


def write_findings(db: Database, path: Path) -> int:
    """Writes findings.csv, worst first. Returns the number of rows.

    `evidence` is JSON: what would act instead of show is escaped there the JSON way, so that it still parses exactly.
    """
    return _write_csv(tables.findings(db, FINDINGS), path)


def write_safe_to_delete(db: Database, path: Path) -> int:
    """Writes safe-to-delete.csv, which holds no name but exact ones. Returns the number of rows."""
    return _write_csv(tables.safe_to_delete(db, SAFE_TO_DELETE), path)


def write_findings_jsonl(db: Database, path: Path) -> int:
    """Writes findings.jsonl: one finding a line with its evidence, fingerprint and waiver, nothing altered.

    Every line is plain ASCII, so that no program splits it at an odd line break. Returns the number of rows.
    """
    rows = 0
    with path.open("w", encoding="ascii", newline="\n") as out:
        for one in tables.exact_findings(db):
            finding = asdict(one)
            waiver = {name: finding.pop(name) for name in ("reason", "by", "expires")}
            finding["evidence"] = json.loads(one.evidence) if one.evidence else {}
            if any(value is not None for value in waiver.values()):
                finding["waiver"] = waiver
            out.write(json.dumps(finding, separators=(",", ":")) + "\n")
            rows += 1
    return rows


def _write_csv(frames: Iterable[pd.DataFrame], path: Path) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        header = True
        for frame in frames:
            for name in frame.columns:
                frame[name] = _defused(frame[name], _json_escaped if name == "evidence" else defuse)
            frame.to_csv(out, index=False, header=header, lineterminator="\n")
            header = False
            rows += len(frame)
    return rows


def _defused(column: pd.Series[str], cell: Callable[[str], str]) -> pd.Series[str]:
    if not _ANY_UNSAFE.search("|".join(column.to_numpy(dtype=object))):
        return column
    unsafe = column.str.contains(_UNSAFE, regex=True)
    return column.where(~unsafe, column[unsafe].map(cell))


def _json_escaped(text: str) -> str:
    return _HIDDEN_IN_JSON.sub(lambda match: "".join(f"\\u{unit:04x}" for unit in _utf16(match[0])), text)


def _utf16(text: str) -> Iterator[int]:
    raw = text.encode("utf-16-be", "surrogatepass")
    return (int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2))
