"""`auditor manifest`: lists for other tools, compared, checked."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from auditor.audit.inputs import side
from auditor.scan.run import scan
from tests import media
from tests.commandline import Run, call
from tests.manifest.test_foreign import make, manifest_of

Command = Callable[..., Run]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`auditor manifest WORDS`."""
    return lambda *words: Run(*call(monkeypatch, capsys, "manifest", *map(str, words)))


@pytest.fixture
def lists(tmp_path: Path) -> tuple[Path, Path]:
    """Two lists of a folder in which one file was added, removed, moved and changed each."""
    tree = make(tmp_path / "tree", ("same.jpg", "removed.jpg", "moved.jpg", "changed.jpg"))
    first = manifest_of(tree, tmp_path / "first.jsonl").path
    (tree / "removed.jpg").unlink()
    (tree / "sub").mkdir()
    (tree / "moved.jpg").rename(tree / "sub" / "renamed.jpg")
    (tree / "changed.jpg").write_bytes(b"x" + (tree / "changed.jpg").read_bytes()[1:])
    (tree / "added.jpg").write_bytes(b"added")
    return first, manifest_of(tree, tmp_path / "second.jsonl").path


def test_what_was_read_is_exported_whatever_else_is_wrong_with_it(tmp_path: Path, run: Command) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.jpg").write_bytes(media.jpeg(1))
    (tmp_path / "tree/odd.x3f").write_bytes(b"FOVb" + bytes(5000))
    (tmp_path / "tree/link.jpg").symlink_to("nowhere")
    place = side(str(tmp_path / "tree")).place
    assert place is not None
    listed = scan(place, tmp_path / "list.jsonl", jobs=1, use_cache=False)
    assert any(row.error and row.digests for row in listed.rows()), "the fixture no longer has such a row"
    result = run("export", tmp_path / "list.jsonl", "--to", "sha256sum", "-o", tmp_path / "sums.txt")
    assert result.code == 0 and "2 files, 1 left out that have no digest" in result.err
    lines = (tmp_path / "sums.txt").read_text("utf-8").splitlines()
    assert len([line for line in lines if not line.startswith("# auditor list of")]) == 2


def test_diff_tells_moved_from_removed(lists: tuple[Path, Path], run: Command) -> None:
    result = run("diff", *lists)
    assert result.code == 1
    assert result.out.splitlines() == [
        "added    added.jpg",
        "changed  changed.jpg",
        "moved    moved.jpg -> sub/renamed.jpg",
        "removed  removed.jpg",
    ]
    assert run("diff", lists[0], lists[0]).code == 0


def test_diff_without_a_common_digest_cannot_say(tmp_path: Path, run: Command) -> None:
    for name, digest in (("a", hashlib.md5(b"x").hexdigest()), ("b", hashlib.sha256(b"x").hexdigest())):
        (tmp_path / name).write_text(f"{digest}  x.jpg\n")
    result = run("diff", tmp_path / "a", tmp_path / "b")
    assert result.code == 3 and result.out.startswith("unknown  x.jpg")


@pytest.mark.parametrize("form", ["sha256sum", "hashdeep", "csv", "parquet", "bagit", "mhl"])
def test_export_writes_each_format(tmp_path: Path, lists: tuple[Path, Path], form: str, run: Command) -> None:
    out = tmp_path / "out"
    result = run("export", lists[1], "--to", form, "-o", out)
    assert result.code == 0, result.err
    assert out.exists()
    if form == "sha256sum" and shutil.which("sha256sum"):
        check = ["sha256sum", "-c", "--quiet", str(out)]
        assert subprocess.run(check, cwd=tmp_path / "tree", capture_output=True).returncode == 0
    if form == "parquet":
        with duckdb.connect() as con:
            rows = con.read_parquet(str(out)).project("path, sha256").fetchall()
        assert len(rows) == 4 and all(len(sha256) == 64 for _, sha256 in rows)
    again = run("export", lists[1], "--to", form, "-o", out)
    assert again.code == 2 and "written over" in again.err


def test_check_knows_whole_cut_and_incomplete_lists(tmp_path: Path, lists: tuple[Path, Path], run: Command) -> None:
    assert run("check", lists[0]).code == 0
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(lists[0].read_bytes()[:-40])
    assert run("check", cut).code == 2
    sums = tmp_path / "SUMS"
    sums.write_text(f"{hashlib.sha256(b'x').hexdigest()}  x.jpg\nsomething else\n")
    result = run("check", sums)
    assert result.code == 3 and "line 2" in result.out
    assert run("check", tmp_path / "nowhere").code == 2


def test_one_file_is_one(tmp_path: Path, run: Command) -> None:
    (tmp_path / "SUMS").write_text("ab" * 32 + "  a.jpg\n", "utf-8")
    assert run("export", tmp_path / "SUMS", "--to", "csv", "-o", tmp_path / "list.csv").err.splitlines()[-1] == "1 file"
    assert run("check", tmp_path / "SUMS").out.startswith("whole: 1 file, ")
