"""Lists in the database: every row is judged, however long, or nothing is."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor import policy
from auditor.errors import BadManifest
from auditor.manifest.jsonl import Manifest, Writer
from auditor.manifest.rows import KNOWN_AT
from auditor.model import Damage, Depth, FileFacts, Header, Kind
from auditor.views import Listed, open_lists

NOW = datetime(2026, 6, 15, tzinfo=UTC)
FAMILY = policy.load("family")


def listed(path: Path, *rows: FileFacts) -> Manifest:
    columns = KNOWN_AT[Depth.DECODE]
    header = Header(1, "test", path.stem, path.stem, path.stem, "folder", Depth.DECODE, "2026-06-15T00:00:00Z", columns)
    writer = Writer.create(path, header)
    for facts in rows:
        writer.add(facts)
    return writer.close(complete=True, now=NOW)


def photo(path: str, **facts: object) -> FileFacts:
    digests = {"sha256": hashlib.sha256(path.encode()).hexdigest()}
    return FileFacts(path=path, size_bytes=1, digests=digests, kind=Kind.PHOTO, **facts)  # type: ignore[arg-type]


def test_a_very_long_row_is_judged_like_all_others(tmp_path: Path) -> None:
    long = photo("b.jpg", damage=tuple(Damage("zero_block", "x" * 200, n) for n in range(20_000)))
    source = listed(tmp_path / "source.jsonl", photo("a.jpg"), long, photo("c.jpg"))
    backup = listed(tmp_path / "nas.jsonl", photo("a.jpg"))
    assert max(len(line) for line in source.path.read_bytes().splitlines()) > 4 << 20
    with open_lists(source, [Listed("nas", backup)], FAMILY, NOW) as lists:
        assert lists.con.execute("SELECT path FROM due ORDER BY id").fetchall() == [("a.jpg",), ("b.jpg",), ("c.jpg",)]


def test_rows_that_are_no_files_stop_the_audit(tmp_path: Path) -> None:
    """The list says itself how many files it holds; a row without a path would be a file that nobody judges."""
    source = listed(tmp_path / "source.jsonl", photo("a.jpg"), photo("b.jpg"))
    path = tmp_path / "source.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"path":"b.jpg"', b'"pfad":"b.jpg"'))
    with (
        pytest.raises(BadManifest, match=r"should hold 2 files, but 1 of its rows"),
        open_lists(source, [], FAMILY, NOW),
    ):
        pass
