"""Words in a file are for people: none of them names a place, a program or a machine that is then spoken to."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import auditor
from auditor.manifest.jsonl import Manifest, Writer, load
from auditor.places.folder import FolderPlace, is_whole_local_path, open_folder
from auditor.places.recorded import recorded_folder, recorded_name, recorded_place
from auditor.report import provenance
from auditor.scan.run import scan
from tests import commandline, media

PACKAGE = Path(str(auditor.__file__)).parent

OPENERS = {"open_place", "open_rclone", "open_adb", "open_mtp", "open_takeout", "open_archive"}
"""What turns words into a place that may run a program or speak to another machine."""


def _callers() -> set[str]:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = {a.name for a in node.names} if isinstance(node, ast.ImportFrom) else set()
            names |= {node.attr} if isinstance(node, ast.Attribute) else set()
            if names & OPENERS or (isinstance(node, ast.ImportFrom) and "open_place" in names):
                found.add(path.relative_to(PACKAGE).as_posix())
    return found


def test_only_the_command_line_opens_a_place_by_its_words() -> None:
    """`places/recorded.py` is the home for words of a list: whole paths of this machine, whose id must match."""
    assert {caller for caller in _callers() if not caller.startswith("cli/")} == {
        "audit/inputs.py",
        "places/recorded.py",
    }


@pytest.mark.parametrize("kind", ["folder", "archive", "takeout", "adb", "mtp", "rclone"])
@pytest.mark.parametrize("words", ["adb:", "mtp:", "rclone::local:/", "x.zip", "takeout:x", "-x", "", "/dev/zero"])
def test_no_words_of_a_list_but_a_whole_path_are_opened(kind: str, words: str) -> None:
    assert recorded_place(kind, words, "") is None


def test_the_words_of_a_list_are_never_asked_what_they_name() -> None:
    """`sides.side` and `open_place` take words; none of the calls takes an attribute of something that was read."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {*OPENERS, "side"}:
                given = ast.unparse(node.args[0])
                assert "header" not in given and "manifest" not in given, f"{path}: {ast.unparse(node)}"


def _listed(folder: Path, out: Path, place: str, kind: str = "folder") -> Manifest:
    """A whole and sealed list of a folder that says it is of another place."""
    made = scan(open_folder(str(folder)), out.with_suffix(".own.jsonl"), jobs=1, use_cache=False)
    out.unlink(missing_ok=True)
    writer = Writer.create(out, replace(made.header, place=place, place_kind=kind))
    for row in made.rows():
        writer.add(row)
    made.path.unlink()
    return writer.close(complete=True, now=datetime.now(UTC))


@pytest.fixture
def alarm(tmp_path: Path) -> dict[str, str]:
    """Programs that leave a mark when they are run, in the place of adb and rclone."""
    found = {}
    for name in ("rclone", "adb"):
        program = tmp_path / f"fake-{name}"
        program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/was-run\nexit 1\n')
        program.chmod(0o755)
        found[name.upper()] = str(program)
    return found


HOSTILE = (
    'rclone::webdav,url="http://127.0.0.1:9/",bearer_token_command="touch PWNED":',
    "rclone::sftp,host=127.0.0.1:",
    "adb:127.0.0.1:5555",
    "adb:",
    "mtp:",
    "takeout:.",
)


@pytest.mark.parametrize("place", HOSTILE)
def test_an_audit_of_a_list_speaks_to_nobody(tmp_path: Path, alarm: dict[str, str], place: str) -> None:
    for name in ("phone", "nas"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(media.jpeg(seed=1))
    _listed(tmp_path / "phone", tmp_path / "phone.jsonl", place)
    run = commandline.auditor("audit", "phone.jsonl", "nas", "-o", "out", cwd=tmp_path, **alarm)
    assert run.code in (0, 3), run.err
    assert not (tmp_path / "was-run").exists() and not (tmp_path / "PWNED").exists()


@pytest.mark.parametrize("place", HOSTILE)
def test_a_clean_up_by_an_audit_speaks_to_nobody(tmp_path: Path, alarm: dict[str, str], place: str) -> None:
    for name in ("phone", "nas"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(media.jpeg(seed=1))
    commandline.auditor("audit", "phone", "nas", "-o", "out", cwd=tmp_path)
    for name in ("source", "backup-1"):
        made = load(tmp_path / "out" / f"{name}.jsonl")
        forged = Writer.create(tmp_path / f"{name}.jsonl", replace(made.header, place=place))
        for row in made.rows():
            forged.add(row)
        forged.close(complete=True)
        (tmp_path / f"{name}.jsonl").replace(made.path)
    (tmp_path / "out" / provenance.SEAL).unlink()
    provenance.seal(tmp_path / "out")
    run = commandline.auditor("clean", "out", "--apply", cwd=tmp_path, **alarm)
    assert (tmp_path / "phone/a.jpg").exists(), run
    assert not (tmp_path / "was-run").exists() and not (tmp_path / "PWNED").exists()


def test_a_recorded_folder_is_opened_only_by_its_whole_path_and_as_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path)
    there = open_folder("a")
    assert recorded_name(there) == str(tmp_path / "a"), "a list says where it was made, from wherever it is read"
    assert recorded_folder(recorded_name(there), there.id) == FolderPlace(there.root, recorded_name(there))
    for place in ("a", "./a", "~", "b", str(tmp_path / "b"), str(tmp_path / "a\0"), ""):
        assert recorded_folder(place, there.id) is None, place


@pytest.mark.parametrize("place", [r"\\server\share", "//server/share", "C:photos", "photos"])
def test_on_windows_too_no_other_machine_is_looked_at(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    from pathlib import PureWindowsPath

    monkeypatch.setattr("auditor.places.folder.Path", PureWindowsPath)
    assert not is_whole_local_path(place)
    assert is_whole_local_path(r"C:\photos")
