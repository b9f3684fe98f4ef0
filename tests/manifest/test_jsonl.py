"""Manifests on disk: whole or recognised as not, and what a stopped run leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.errors import BadManifest, BadOutput
from auditor.manifest.jsonl import (
    Manifest,
    Writer,
    copy,
    load,
    looks_like_manifest,
    partial_path,
    stopped,
    take_up,
)
from auditor.model import Depth, Device, FileFacts, Header


def header(**changes: object) -> Header:
    values: dict[str, object] = {
        "schema": 1,
        "tool": "auditor 0",
        "place": "/x",
        "place_id": "folder:x",
        "label": "x",
        "place_kind": "folder",
        "depth": Depth.HASH,
        "started": "2026-01-01T00:00:00Z",
        "columns": ("path",),
        "device": Device(model="P", is_phone=True),
        "exclusions": ("*.tmp",),
        "previous": {"files": 3, "bytes": 4, "finished": "2025"},
    }
    return Header(**{**values, **changes})  # type: ignore[arg-type]


def written(path: Path, names: list[str], **changes: object) -> Manifest:
    writer = Writer.create(path, header(**changes))
    for name in names:
        writer.add(FileFacts(name, size_bytes=len(name)))
    return writer.close(complete=True)


def left(path: Path, names: list[str], *, torn: bytes = b"", **changes: object) -> None:
    writer = Writer.create(path, header(**changes))
    for name in names:
        writer.add(FileFacts(name, size_bytes=len(name)))
    writer.abandon()
    with partial_path(path).open("ab") as stream:
        stream.write(torn)


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = written(tmp_path / "m.jsonl", ["a", "b\n", "c\udcff"])
    found = load(tmp_path / "m.jsonl")
    assert found == made
    assert found.header == header()
    assert (found.footer.files, found.footer.bytes, found.footer.complete) == (3, 5, True)
    assert [facts.path for facts in found.rows()] == ["a", "b\n", "c\udcff"]
    assert looks_like_manifest(tmp_path / "m.jsonl")
    assert [p.name for p in tmp_path.iterdir()] == ["m.jsonl"]


def test_cut_off_at_any_byte_it_is_no_manifest(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    written(path, ["a", "b"])
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(BadManifest):
            load(path)


def test_a_changed_byte_anywhere_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    written(path, ["a.jpg", "b.jpg"])
    whole = path.read_bytes()
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1
        path.write_bytes(changed)
        with pytest.raises(BadManifest):
            load(path)


EDITS = {
    "a row dropped": lambda lines: lines[:1] + lines[2:],
    "a row twice": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "rows swapped": lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    "said to be complete": lambda lines: [*lines[:3], lines[3].replace(b'"complete":false', b'"complete":true')],
    "reasons dropped": lambda lines: [*lines[:3], lines[3].replace(b'["x"]', b"[]")],
    "another place": lambda lines: [lines[0].replace(b"folder:x", b"folder:y"), *lines[1:]],
    "something after the footer": lambda lines: [*lines, b"{}\n"],
    "an empty line": lambda lines: [*lines[:2], b"\n", *lines[2:]],
    "other line ends": lambda lines: [line.replace(b"\n", b"\r\n") for line in lines],
    "two footers": lambda lines: [*lines, lines[-1]],
    "without a header": lambda lines: lines[1:],
}


@pytest.mark.parametrize("case", EDITS)
def test_an_edit_by_hand_is_noticed(tmp_path: Path, case: str) -> None:
    path = tmp_path / "m.jsonl"
    writer = Writer.create(path, header())
    for name in ("a", "b"):
        writer.add(FileFacts(name))
    writer.close(complete=False, reasons=("x",))
    lines = path.read_bytes().splitlines(keepends=True)
    edited = b"".join(EDITS[case](lines))
    assert edited != b"".join(lines)
    path.write_bytes(edited)
    with pytest.raises(BadManifest) as caught:
        load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


GARBAGE = {
    "empty": b"",
    "binary": bytes(random.Random(1).randbytes(100_000)),
    "picture": b"\xff\xd8\xff\xe0" + b"\0" * 1000,
    "text": b"hello\nworld\n",
    "list": b"[1, 2]\n",
    "number": b"5\n",
    "deep": b"[" * 200_000 + b"\n",
    "deep object": b'{"row":' * 200_000 + b"\n",
    "other json": b'{"a": 1}\n{"b": 2}\n',
    "header without anything": b'{"row":"header","schema":1}\n',
    "header of wrong types": b'{"columns":5,"row":"header","schema":1}\n',
    "newer schema": b'{"columns":[],"row":"header","schema":99}\n',
    "schema is true": b'{"columns":[],"row":"header","schema":true}\n',
    "half a pair": b'{"row":"\\ud800"}\n',
    "huge number": b"9" * 10_000 + b"\n",
}


@pytest.mark.parametrize("case", GARBAGE)
def test_what_is_no_manifest_is_said_to_be_none(tmp_path: Path, case: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(GARBAGE[case])
    with pytest.raises(BadManifest) as caught:
        load(path)
    assert str(path) in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["gone", "."])
def test_what_is_not_there_or_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadManifest):
        load(tmp_path / name)
    assert not looks_like_manifest(tmp_path / name)


@pytest.mark.parametrize("start", [b"", b'{"columns":[],"depth":"hash"'])
def test_a_line_of_2_gb_is_refused_in_little_memory(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "long"
    with path.open("wb") as stream:
        stream.write(start)
        stream.truncate(2 << 30)
    script = (
        "import resource, sys; from pathlib import Path; from auditor.manifest.jsonl import load\n"
        "from auditor.errors import BadManifest\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "try: load(Path(sys.argv[1]))\n"
        "except BadManifest as error: print(error)\n"
    )
    if sys.platform != "linux":
        pytest.skip("memory can be limited only here")
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60)
    assert "is not a manifest" in done.stdout and not done.stderr


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text("mine")
    with pytest.raises(BadOutput):
        Writer.create(path, header())
    path.unlink()
    writer = Writer.create(path, header())
    path.write_text("came meanwhile")
    with pytest.raises(BadOutput):
        writer.close(complete=True)
    assert path.read_text() == "came meanwhile"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadOutput):
        Writer.create(path, header())


def test_where_nothing_can_be_written_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadOutput, match="cannot be written"):
        Writer.create(tmp_path / "file" / "m.jsonl", header())


def test_a_disk_that_takes_no_more_is_said(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="file sizes can be limited on POSIX only")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = Writer.create(tmp_path / "m.jsonl", header())
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
        with pytest.raises(BadOutput, match="cannot be written: File too large"):
            for number in range(10_000):
                writer.add(FileFacts(str(number)))
        writer.abandon()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "m.jsonl").exists()
    assert take_up(tmp_path / "m.jsonl") is not None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps an open file by itself")
def test_two_runs_do_not_write_one_manifest(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    first = Writer.create(path, header())
    first.add(FileFacts("a"))
    first.flush()
    with pytest.raises(BadOutput, match="another run"):
        Writer.create(path, header())
    with pytest.raises(BadOutput, match="another run"):
        take_up(path)
    first.add(FileFacts("b"))
    first.close(complete=True)
    assert [facts.path for facts in load(path).rows()] == ["a", "b"]


TORN = [b"", b'{"kind":"photo","pa', b"\0\0\0", b"garbage\n", b'{"path":5}\n', b"[]\n"]


@pytest.mark.parametrize("torn", TORN)
def test_what_a_stopped_run_left_is_taken_up(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "m.jsonl"
    assert take_up(path) is None and stopped(path) is None
    left(path, ["a", "b"], torn=torn)
    assert stopped(path) is not None
    found = take_up(path)
    assert found is not None and found.header == header()
    assert [facts.path for facts in found.rows()] == ["a", "b"]
    again = take_up(path)  # killed at once, and begun again
    assert again is not None and [facts.path for facts in again.rows()] == ["a", "b"]
    manifest = written(path, ["a", "b", "c"])
    assert load(path) == manifest
    assert [p.name for p in tmp_path.iterdir()] == ["m.jsonl"]


def test_rows_of_several_stopped_runs_become_one_list(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    left(path, ["a", "b", "d", "e"], started="first")
    take_up(path)
    left(path, ["a", "b2", "c"], started="second")
    found = take_up(path)
    assert found is not None and found.header.started == "first"
    assert [facts.path for facts in found.rows()] == ["a", "b2", "c", "d", "e"]
    left(path, ["a"], torn=b"{", started="third")
    assert (found := take_up(path)) is not None
    assert [facts.path for facts in found.rows()] == ["a", "b2", "c", "d", "e"]


def test_rows_of_another_scan_are_not_mixed_in(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    left(path, ["a", "z"], depth=Depth.DECODE)
    take_up(path)
    left(path, ["b"])
    found = take_up(path)
    assert found is not None and [facts.path for facts in found.rows()] == ["b"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"row":"header"', b"\0" * 100])
def test_a_partial_without_a_header_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.jsonl"
    partial_path(path).write_bytes(content)
    assert take_up(path) is None
    written(path, ["a"])
    assert [facts.path for facts in load(path).rows()] == ["a"]


def test_rows_that_vanish_while_they_are_read_are_noticed(tmp_path: Path) -> None:
    manifest = written(tmp_path / "m.jsonl", [f"{n:05}" for n in range(5000)])
    rows = manifest.rows()
    next(rows)
    os.truncate(manifest.path, 1000)
    with pytest.raises(BadManifest):
        list(rows)


@pytest.mark.parametrize("rows", [["a", "b"], ["c", "d", "e"]])
def test_a_list_in_whose_place_another_was_put_is_not_taken_for_it(rows: list[str], tmp_path: Path) -> None:
    manifest = written(tmp_path / "m.jsonl", ["a", "c"])
    written(tmp_path / "other.jsonl", rows).path.replace(manifest.path)
    with pytest.raises(BadManifest, match=r"another list took its place|cannot be read"):
        list(manifest.rows())
    with pytest.raises(BadManifest, match="another list took its place"):
        copy(manifest, tmp_path / "copy.jsonl")


def test_the_lines_are_canonical(tmp_path: Path) -> None:
    written(tmp_path / "m.jsonl", ["é", "\x01"])
    for line in (tmp_path / "m.jsonl").read_bytes().splitlines():
        row = json.loads(line)
        assert line == json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


THEIRS = {
    "a letter": b"dear diary\n",
    "a list of their own": b'{"row":"theirs"}\n',
    "an image": b"\xff\xd8\xff\xe0",
    "more than zeros": b"\0" * 40 + b"x",
}


@pytest.mark.parametrize("suffix", [".partial", ".partial.old", ".partial.tmp"])
@pytest.mark.parametrize("what", THEIRS)
def test_what_lies_where_a_list_is_written_aside_stays_as_it_is(what: str, suffix: str, tmp_path: Path) -> None:
    out = tmp_path / "m.jsonl"
    theirs = out.with_name(out.name + suffix)
    if suffix != ".partial":  # a list to be taken up, so that the others are asked for
        left(out, ["a"])
    if suffix == ".partial.tmp":
        take_up(out)
        left(out, ["b"])
    theirs.write_bytes(THEIRS[what])
    with contextlib.suppress(BadOutput):
        take_up(out)
        written(out, ["a"])
    assert theirs.read_bytes() == THEIRS[what]
    if suffix == ".partial":
        assert not out.exists()


def test_a_partial_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("my diary", "utf-8")
    (tmp_path / "m.jsonl.partial").symlink_to(tmp_path / "diary.txt")
    with pytest.raises(BadOutput, match="is no unfinished list"):
        written(tmp_path / "m.jsonl", ["a"])
    left(tmp_path / "theirs.jsonl", ["b"])
    (tmp_path / "theirs.jsonl.partial").rename(tmp_path / "their list")
    (tmp_path / "m.jsonl.partial").unlink()
    (tmp_path / "m.jsonl.partial").symlink_to(tmp_path / "their list")
    assert take_up(tmp_path / "m.jsonl") is None
    with pytest.raises(BadOutput):
        written(tmp_path / "m.jsonl", ["a"])
    assert (tmp_path / "diary.txt").read_text("utf-8") == "my diary"
    assert (tmp_path / "their list").exists()
