"""The tables of an audit folder: CSV that no spreadsheet runs as a formula, and JSON Lines that are exact.

Everything streams in chunks: a million rows need no more memory than a thousand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pandas as pd

from auditor.words import FORMULA, INVISIBLE, NEXT_CELL, SIGNS, defuse

FILES = "path,status,verdict,detail,backup,backup_path,copies,size_bytes,taken_at,sha256"
FINDINGS = "rule,severity,status,side,backup,path,message,evidence"
SAFE_TO_DELETE = "path,size_bytes,mtime,sha256,backups,read_at"

_VECTORS_A_CHUNK = 20  # of 2,048 rows each

_UNSAFE = f"{FORMULA}|{NEXT_CELL}|{INVISIBLE}"
# Cells joined by `|`: one search through them all says for most chunks that none of them is unsafe.
_ANY_UNSAFE = re.compile(f"(?:^|\\|)[{SIGNS}\t\r\n\x00]|{NEXT_CELL}|{INVISIBLE}")
_HIDDEN_IN_JSON = re.compile(f'{INVISIBLE}|;(?=[ "]*[{SIGNS}])')


def write_files(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Writes files.csv: every row of the source with its one status, in path order. Returns the number of rows."""
    return _write_csv(con, f"SELECT {_text(FILES)} FROM files ORDER BY id", path)


def write_findings(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Writes findings.csv, worst first. Returns the number of rows.

    `evidence` is JSON: what would act instead of show is escaped there the JSON way, so that it still parses exactly.
    """
    return _write_csv(con, f"SELECT {_text(FINDINGS)} FROM findings ORDER BY {_FINDINGS_ORDER}", path)


def write_safe_to_delete(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Writes safe-to-delete.csv. Returns the number of rows.

    A file whose name a CSV cannot hold exactly (it would be defused or made visible, or it is not UTF-8) is left out:
    its row would be the exact name of another file, and this is the list by which files are deleted.
    """
    return _write_csv(con, f"SELECT {_text(SAFE_TO_DELETE)} FROM safe_to_delete ORDER BY 1", path, _nameable)


def write_findings_jsonl(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Writes findings.jsonl: one finding a line with its evidence, fingerprint and waiver, nothing altered.

    Every line is plain ASCII, so that no program splits it at an odd line break. Returns the number of rows.
    """
    columns = "rule, severity, status, side, backup, path, message, evidence, fingerprint"
    con.execute(
        f"SELECT {columns}, waiver_reason, waiver_by, CAST(waiver_expires AS VARCHAR) FROM findings "
        f"ORDER BY {_FINDINGS_ORDER}"
    )
    names = columns.replace(" ", "").split(",")
    rows = 0
    with path.open("w", encoding="ascii", newline="\n") as out:
        while batch := con.fetchmany(10_000):
            for *values, reason, by, expires in batch:
                finding = dict(zip(names, values, strict=True))
                finding["evidence"] = json.loads(finding["evidence"]) if finding["evidence"] else {}
                if reason is not None or by is not None or expires is not None:
                    finding["waiver"] = {"reason": reason, "by": by, "expires": expires}
                out.write(json.dumps(finding, separators=(",", ":")) + "\n")
            rows += len(batch)
    return rows


_SEVERITY_ORDER = "list_position(['error', 'warning', 'info'], severity)"
_FINDINGS_ORDER = f"{_SEVERITY_ORDER}, rule, path NULLS FIRST, backup NULLS FIRST, side, fingerprint"


def _text(columns: str) -> str:
    """The columns as text with empty for unknown: pandas would turn whole numbers with gaps into 3.0."""
    return ", ".join(f"coalesce(CAST({name} AS VARCHAR), '') AS {name}" for name in columns.split(","))


def _write_csv(
    con: duckdb.DuckDBPyConnection,
    query: str,
    path: Path,
    keep: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        header = True
        for chunk in _chunks(con, query):
            frame = chunk if keep is None else keep(chunk)
            for name in frame.columns:
                frame[name] = _defused(frame[name], _json_escaped if name == "evidence" else defuse)
            frame.to_csv(out, index=False, header=header, lineterminator="\n")
            header = False
            rows += len(frame)
    return rows


def _chunks(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[pd.DataFrame]:
    """The query's rows in frames of some ten thousand; at least one, so that an empty table has its header."""
    con.execute(query)
    chunk = con.fetch_df_chunk(_VECTORS_A_CHUNK)
    yield chunk
    while len(chunk := con.fetch_df_chunk(_VECTORS_A_CHUNK)):
        yield chunk


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


def _nameable(frame: pd.DataFrame) -> pd.DataFrame:
    exact = ~frame["path"].str.contains(_UNSAFE + r"|\\x[89a-f][0-9a-f]", regex=True)
    return frame[exact].copy()
