"""The script that makes the list on the phone itself, run by the shells and tools that phones have."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.audit import one_copy, pairing
from auditor.audit.apart import Asked
from auditor.audit.inputs import side
from auditor.audit.roles import role
from auditor.database import files, loading
from auditor.database.headers import Listed
from auditor.judge import policy
from auditor.manifest.interop import foreign
from auditor.manifest.jsonl import Manifest
from auditor.places import mtp
from tests.commandline import call
from tests.doubles.phone import TOYS

SCRIPT = Path(mtp.__file__).with_name("phone-manifest.sh")
SHELLS = [("sh", False), ("bash", False), ("mksh", True), ("busybox", False)]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the script runs on phones and Unix")


def run(tree: Path, shell: str, toys: bool, *words: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(shell)
    toybox = shutil.which("toybox")
    if program is None or (toys and toybox is None):
        pytest.skip(f"{shell}{' or toybox' if toys else ''} is not installed")
    tools = tree.parent / "tools"
    tools.mkdir(exist_ok=True)
    for toy in (*TOYS, "grep", "mv") if toys else ():
        if not (tools / toy).exists():
            (tools / toy).symlink_to(str(toybox))
    command = [program, *(["sh"] if shell == "busybox" else []), str(SCRIPT), *words]
    return subprocess.run(
        command, cwd=tree, capture_output=True, text=True, env={"PATH": f"{tools}:/usr/bin:/bin"}, timeout=60
    )


def listed(tree: Path) -> Manifest:
    return foreign.convert(tree / "Download/auditor-phone.txt", tree.parent / "phone.jsonl", datetime.now(UTC))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "sdcard"
    names = (
        "DCIM/Camera/IMG 1.jpg",
        'DCIM/it\'s "quoted" $(x).jpg',
        "Pictures/caf\u00e9.jpg",
        "Download/back\\slash.jpg",
    )
    for name in (*names, "Music/song.mp3", "DCIM/-rf.jpg"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(name.encode() * 100)
        os.utime(tree / name, (1_600_000_000, 1_600_000_000))
    return tree


@pytest.mark.parametrize(("shell", "toys"), SHELLS)
def test_the_list_is_whole_and_true(tree: Path, shell: str, toys: bool) -> None:
    done = run(tree, shell, toys, str(tree), str(tree / "Download/auditor-phone.txt"))
    assert done.returncode == 0, done.stderr
    manifest = listed(tree)
    assert manifest.footer.complete, manifest.footer.reasons
    rows = {facts.path: facts for facts in manifest.rows()}
    expected = {str(p.relative_to(tree)): p for p in tree.rglob("*") if p.is_file() and "auditor-phone" not in p.name}
    assert set(rows) == set(expected)
    for path, file in expected.items():
        assert rows[path].sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        assert (rows[path].size_bytes, rows[path].mtime_ns) == (file.stat().st_size, 1_600_000_000_000_000_000)


def test_without_words_the_media_folders_are_listed(tree: Path) -> None:
    script = tree.parent / "script.sh"
    script.write_text(SCRIPT.read_text().replace("${1:-/sdcard}", f"${{1:-{tree}}}"))
    shell = shutil.which("mksh") or "/bin/sh"
    assert subprocess.run([shell, str(script)], capture_output=True, timeout=60).returncode == 0
    assert "Music/song.mp3" not in {facts.path for facts in listed(tree).rows()}
    assert len(list(listed_again(tree).rows())) == 5


def listed_again(tree: Path) -> Manifest:
    (tree.parent / "phone.jsonl").unlink()
    return listed(tree)


def test_sha256sum_checks_the_list(tree: Path) -> None:
    if not shutil.which("sha256sum"):
        pytest.skip("sha256sum is not installed")
    assert run(tree, "sh", False, str(tree)).returncode == 0
    check = ["sha256sum", "-c", "--quiet", "Download/auditor-phone.txt"]
    assert subprocess.run(check, cwd=tree, capture_output=True).returncode == 0


@pytest.mark.parametrize(("shell", "toys"), SHELLS[::2])
def test_a_name_with_a_line_break_makes_the_list_incomplete(tree: Path, shell: str, toys: bool) -> None:
    (tree / "DCIM/two\nlines.jpg").write_bytes(b"x")
    assert run(tree, shell, toys, str(tree)).returncode == 0
    manifest = listed(tree)
    assert not manifest.footer.complete and "line break" in manifest.footer.reasons[0]
    assert manifest.footer.files == 6


def test_a_file_that_the_phone_cannot_read_makes_the_list_incomplete(tree: Path) -> None:
    (tree.parent / "tools").mkdir()
    failing = tree.parent / "tools" / "sha256sum"
    failing.write_text(
        '#!/bin/sh\nfor f; do case "$f" in *IMG*) echo "$f: I/O error" >&2;; *) /usr/bin/sha256sum "$f";; esac; done\n'
    )
    failing.chmod(0o755)
    assert run(tree, "sh", False, str(tree)).returncode == 0
    manifest = listed(tree)
    assert manifest.footer.reasons == ("the phone could not read 1 of its 6 files",)


def test_a_list_that_was_cut_off_is_noticed(tree: Path) -> None:
    assert run(tree, "sh", False, str(tree)).returncode == 0
    file = tree / "Download/auditor-phone.txt"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:-2]), "utf-8")
    assert not listed(tree).footer.complete


def named(tree: Path, model: str) -> Path:
    """The list of a phone of this model, or of one that does not say it."""
    tools = tree.parent / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "getprop").write_text(f"#!/bin/sh\n[ $1 = ro.product.model ] && printf '%b\\n' '{model}'\n")
    (tools / "getprop").chmod(0o755)
    assert run(tree, "sh", False, str(tree)).returncode == 0
    return tree / "Download/auditor-phone.txt"


@pytest.mark.parametrize(("model", "label"), [("Pixel 8", "Pixel 8"), ("a\\nb", "ab"), ("", "auditor-phone")])
def test_the_list_says_of_which_phone_it_is(tree: Path, model: str, label: str) -> None:
    header = foreign.read(named(tree, model)).place
    assert header is not None and header.label == label
    found = role(side(str(tree / "Download/auditor-phone.txt")))
    assert found.is_phones_list and not found.is_phone


def test_a_list_that_a_phone_made_of_itself_is_no_backup_of_it(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = named(tree, "Pixel 8")
    shutil.copytree(tree, tmp_path / "backup", ignore=shutil.ignore_patterns("auditor-phone*"))
    (tmp_path / "backup/Android").mkdir()  # by hand, all of it: it may be the phone whose list that is
    code, out, err = call(monkeypatch, capsys, "audit", str(file), "backup", "-o", "untold")
    assert code == 3 and "backup looks like a phone's storage" in out
    code, out, err = call(monkeypatch, capsys, "audit", str(file), "backup", "--copy-by-hand", "-o", "told")
    assert code == 3 and "make a new folder around it" in out, "no word decides what the list does not tell"
    assert "a phone made the list of itself, and the backup has" in (tmp_path / "told/files.csv").read_text("utf-8")
    (tmp_path / "new").mkdir()
    shutil.move(tmp_path / "backup", tmp_path / "new/copy")
    code, out, err = call(monkeypatch, capsys, "audit", str(file), "new", "-o", "right")
    assert (
        code == 0 and "Phone:   Pixel 8 (" in err and "says of no phone" not in out and "Of the phone a list of" in out
    ), out
    shutil.move(tmp_path / "new/copy/DCIM", tmp_path / "flat")
    code, _, err = call(monkeypatch, capsys, "audit", "flat", str(file), "-o", "wrong")
    assert code == 2 and "is a list that a phone made of itself, and flat is of no phone" in err
    (tree / "Android").mkdir()
    code, out, _ = call(monkeypatch, capsys, "audit", str(tree), str(file), "-o", "itself")
    assert code == 3 and "CANNOT SAY" in out
    table = (tmp_path / "itself/files.csv").read_text("utf-8")
    assert "a phone made the list of itself, and nothing in it says that it is another phone" in table


@pytest.mark.parametrize(("models", "copies"), [(("One", "Two"), 1), (("One", "One"), 0), (("", "Two"), 0)])
def test_a_list_of_another_model_is_of_another_phone(
    models: tuple[str, str], copies: int, tree: Path, tmp_path: Path
) -> None:
    lists = []
    for number, model in enumerate(models):
        shutil.copy(named(tree, model), tmp_path / f"{number}.txt")
        lists.append(foreign.convert(tmp_path / f"{number}.txt", tmp_path / f"{number}.jsonl", datetime.now(UTC)))
    family = policy.load("family")
    with loading.open_lists(lists[0], [Listed("other", lists[1])], family, datetime.now(UTC)) as opened:
        one_copy.mark_linked(opened, None, [None], Asked())
        pairing.pair(opened, ["other"], None)
        files.summarise(opened, ["other"], family.proof)
        assert opened.con.execute("SELECT max(copies) FROM files").fetchall() == [(copies,)]
