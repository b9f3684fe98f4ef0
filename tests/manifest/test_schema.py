"""The published schema is that of the rows, and `check_rows` takes what is written and nothing else."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings

from auditor.errors import BadManifest
from auditor.manifest import rows, schema
from auditor.manifest.jsonl import Writer, load
from auditor.model import Depth, FileFacts
from auditor.places.folder import open_folder
from auditor.scan.run import scan
from tests import media
from tests.manifest.test_jsonl import header
from tests.manifest.test_rows import FACTS

VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema.published()))


def test_the_published_file_is_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema.published()))
    assert schema.FILE.read_text("utf-8") == schema.published(), "write it anew: FILE.write_text(published())"


def test_every_column_is_in_it() -> None:
    facts = {f.name for f in fields(FileFacts)} - {"mtime_ns", "changed_ns", "digests"}
    assert set(schema.COLUMNS) == facts | {"mtime", "changed", "path_bytes", "error_kind"} | set(rows.DIGESTS)
    assert set(rows.DECODED) <= set(schema.COLUMNS)


@settings(max_examples=60, deadline=None)
@given(FACTS)
def test_rows_of_every_kind_pass(facts: FileFacts) -> None:
    row = json.loads(rows.canonical(rows.to_row(facts)))
    for free in ("read_at", "head_sha256"):  # any text, in these tests
        row.pop(free, None)
    VALIDATOR.validate(row)


BAD = {
    "no kind": {"path": "a"},
    "no path": {"kind": "photo"},
    "empty path": {"path": "", "kind": "photo"},
    "size": {"path": "a", "kind": "photo", "size_bytes": "1"},
    "negative size": {"path": "a", "kind": "photo", "size_bytes": -1},
    "kind": {"path": "a", "kind": "picture"},
    "digest": {"path": "a", "kind": "photo", "sha256": "XYZ"},
    "date": {"path": "a", "kind": "photo", "mtime": "2020-01-01"},
    "damage": {"path": "a", "kind": "photo", "damage": [{"code": "x"}]},
    "row of no kind": {"row": "else"},
    "footer": {"row": "footer", "files": 1},
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_row_does_not_pass(case: str) -> None:
    assert not VALIDATOR.is_valid(BAD[case])


@pytest.mark.parametrize("depth", Depth)
def test_every_line_of_a_scan_passes(tmp_path: Path, depth: Depth) -> None:
    root = tmp_path / "phone"
    root.mkdir()
    for name, content in {
        "a.jpg": media.jpeg(1, exif=media.exif(gps=(1.5, -2.5), offset="+02:00", subsec="12", orientation=6)),
        "a.xmp": b"<x/>",
        "b.jpg": media.jpeg(2)[:-500],
        "c.png": media.png(3),
        "empty.jpg": b"",
        "raw\\xff": b"",
    }.items():
        (root / name).write_bytes(content)
    (root / "link.jpg").symlink_to("gone.jpg")
    manifest = scan(open_folder(str(root)), tmp_path / "m.jsonl", depth=depth, jobs=1, extra_digests=("md5",))
    for line in manifest.path.read_bytes().splitlines():
        VALIDATOR.validate(json.loads(line))
    known = {name for facts in manifest.rows() for name in rows.to_row(facts)} - {"soundness", "damage"}
    assert known <= set(manifest.header.columns)
    schema.check_rows(load(manifest.path))


ROWS = {
    "twice": (b'{"kind":"other","path":"a"}\n', b'{"kind":"other","path":"a"}\n'),
    "out of order": (b'{"kind":"other","path":"b"}\n', b'{"kind":"other","path":"a"}\n'),
    "spaces": (b'{"kind": "other","path":"a"}\n',),
    "keys out of order": (b'{"path":"a","kind":"other"}\n',),
    "unknown column": (b'{"aura":1,"kind":"other","path":"a"}\n',),
    "no row": (b"5\n",),
    "nesting": (b"[" * 100_000 + b"\n",),
    "a path escaped that need not be": (b'{"kind":"other","path":"a","path_bytes":"61"}\n',),
    "two paths": (b'{"kind":"other","path":"a","path_bytes":"62"}\n',),
    "a type": (b'{"kind":"other","path":"a","size_bytes":"5"}\n',),
}


@pytest.mark.parametrize("case", ROWS)
def test_rows_that_nobody_would_write_are_found(tmp_path: Path, case: str) -> None:
    writer = Writer.create(tmp_path / "m.jsonl", header())
    for line in ROWS[case]:
        writer._digest.update(line)
        writer._stream.write(line)
        writer._files += 1
    writer.close(complete=True)
    manifest = load(tmp_path / "m.jsonl")
    with pytest.raises(BadManifest, match=r"line [23]"):
        schema.check_rows(manifest)
