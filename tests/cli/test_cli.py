"""The command line's promises: exit codes, one sentence for bad input, the verdict on stdout and nothing else there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from tests import media
from tests.commandline import auditor, call, surroundings


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """phone/ and backup/ with three pictures each, the same; lists of both."""
    root = tmp_path_factory.mktemp("stage")
    for number in range(3):
        path = root / "phone" / "DCIM" / "Camera" / f"IMG_{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(media.jpeg(seed=number))
    shutil.copytree(root / "phone", root / "backup")
    for name in ("phone", "backup"):
        assert auditor("scan", name, "-o", f"{name}.jsonl", cwd=root).code == 0
    return root


def test_safe_is_said_first_with_its_report_and_next_step_last_and_exit_0(stage: Path) -> None:
    run = auditor("audit", "phone", "backup", "-o", "safe", "--copy-by-hand", cwd=stage)
    assert run.code == 0, run.err
    first, *rest = run.out.splitlines()
    assert first == "\u2713 SAFE: All 3 files are safely backed up."
    assert rest[-2].split() == ["Report", str(Path("safe") / "report.html")]
    assert rest[-1].startswith("  Next     ") and "may go from the phone" in rest[-1]
    assert "\x1b" not in run.out  # no colours into a pipe
    phases = [line.split("  ")[0] for line in run.err.splitlines()]
    assert phases == ["Phone:", "Backup:", "Reading phone", "Reading backup", "Running checks", "Writing report"]
    assert all(line.endswith(" s") for line in run.err.splitlines()[2:])


def test_not_safe_is_exit_1_and_quiet_is_one_line(stage: Path) -> None:
    shutil.copytree(stage / "backup", stage / "less")
    (stage / "less/DCIM/Camera/IMG_1.jpg").unlink()
    words = ("audit", "phone.jsonl", "less")
    for folder, line in (("before", ("-q", *words)), ("after", (*words, "-q"))):
        run = auditor(*line, "-o", f"not-safe-{folder}", cwd=stage)
        assert (run.code, run.err) == (1, "")
        assert run.out.splitlines() == ["\u2717 NOT SAFE: 1 of 3 files is not safely backed up."]


def test_nothing_is_called_safe_without_what_limits_it(stage: Path) -> None:
    run = auditor("-q", "audit", "phone.jsonl", "backup", "-o", "safe-quiet", cwd=stage)
    verdict, *limits = run.out.splitlines()
    assert (run.code, run.err, verdict) == (0, "", "\u2713 SAFE: All 3 files are safely backed up.")
    assert any("nothing there was read in this run" in line for line in limits)
    told = json.loads((stage / "safe-quiet/audit.json").read_text("utf-8"))["caveats"]
    assert {line.strip() for line in limits} <= set(told)


def test_the_next_step_can_be_copied_into_a_shell_in_any_folder(stage: Path) -> None:
    shutil.copytree(stage / "phone", stage / "Anna's phone")
    (stage / "old backup").mkdir()
    run = auditor("audit", "Anna's phone", "old backup", "-o", "copyable", cwd=stage)
    command = run.out.splitlines()[-1].split("`")[1]
    assert shlex.split(command) == ["auditor", "backup", f"{stage}/Anna's phone", f"{stage}/old backup"]
    assert f"Run {command}" in re.sub("</?code>", "", unescape((stage / "copyable/report.html").read_text("utf-8")))
    (stage / "elsewhere").mkdir()
    assert auditor(*shlex.split(command)[1:], "-q", cwd=stage / "elsewhere").code == 0
    assert auditor("audit", "Anna's phone", "old backup", "-q", cwd=stage).code == 0


def test_the_next_step_of_places_that_nothing_is_written_to(stage: Path) -> None:
    (stage / "none.sha256").write_text(f"{'0' * 64}  other.jpg\n")
    run = auditor("audit", "phone", "none.sha256", "-o", "to-a-list", cwd=stage)
    assert f"Run `auditor backup {stage}/phone FOLDER`" in run.out
    run = auditor("audit", "phone.jsonl", "none.sha256", "-o", "of-a-list", cwd=stage)
    assert "Run `auditor backup` (the phone first, then its backup), then audit again." in run.out


def test_cannot_say_is_exit_3(stage: Path) -> None:
    assert auditor("scan", "backup", "--depth", "list", "-o", "names.jsonl", cwd=stage).code == 0
    run = auditor("audit", "phone.jsonl", "names.jsonl", "-o", "cannot-say", cwd=stage)
    assert run.code == 3
    assert run.out.startswith("? CANNOT SAY: 0 of 3 files are safely backed up; 3 could not be checked.")
    advice = run.out.splitlines()[-1]
    assert advice.startswith("  Next     Delete nothing on the phone. ")
    assert "make readable what could not be read" in advice and "name the folder itself" in advice
    page = (stage / "cannot-say/report.html").read_text("utf-8")
    assert "only name, size or date are known." in page
    assert "only name, size or date are known (" not in page  # told once


def test_json_is_all_of_stdout(stage: Path) -> None:
    run = auditor("audit", "phone.jsonl", "backup.jsonl", "-o", "json", "--json", cwd=stage)
    record = json.loads(run.out)
    assert record["verdict"] == "SAFE"
    assert record["partition"] == {"due": 3, "proven": 3, "not_safe": 0, "not_checked": 0, "waived": 0}


def test_fail_on_warning(stage: Path) -> None:
    shutil.copytree(stage / "phone", stage / "twice")
    shutil.copy(stage / "twice/DCIM/Camera/IMG_0.jpg", stage / "twice/DCIM/Camera/IMG_9.jpg")
    shutil.copytree(stage / "twice", stage / "twice-backup")
    assert auditor("audit", "twice", "twice-backup", "-o", "t1", cwd=stage).code == 0
    assert auditor("audit", "twice", "twice-backup", "-o", "t2", "--fail-on", "warning", cwd=stage).code == 1


def test_report_says_and_checks(stage: Path) -> None:
    assert auditor("audit", "phone.jsonl", "backup.jsonl", "-o", "sealed", cwd=stage).code == 0
    assert auditor("report", "sealed", "--check", cwd=stage).code == 0
    with (stage / "sealed" / "files.csv").open("a", encoding="utf-8") as stream:
        stream.write("x\n")
    run = auditor("report", "sealed", "--check", cwd=stage)
    assert run.code == 1
    assert "changed: files.csv" in run.out
    (stage / "sealed" / "findings.csv").unlink()
    (stage / "sealed" / "more.txt").touch()
    run = auditor("report", "sealed", "--check", cwd=stage)
    assert "removed: findings.csv" in run.out
    assert "1 file was changed, 1 file was removed and 1 file was added" in run.err


def damaged(stage: Path, name: str) -> str:
    lines = (stage / "phone.jsonl").read_bytes().splitlines(keepends=True)
    wrong = {
        "cut.jsonl": b"".join(lines[:-1]),
        "stub.jsonl": lines[0][:100],
        "torn.jsonl": b"".join(lines)[:-40],
        "edited.jsonl": b"".join(lines).replace(b"IMG_1", b"IMG_7"),
        "garbage.jsonl": b"\x00\x01garbage",
        "empty.jsonl": b"",
    }
    (stage / name).write_bytes(wrong[name])
    return name


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "no such folder": (("audit", "nowhere", "backup"), "nowhere"),
    "not a manifest": (("audit", "garbage.jsonl", "backup"), "garbage.jsonl"),
    "empty manifest": (("audit", "empty.jsonl", "backup"), "empty.jsonl"),
    "cut off": (("audit", "cut.jsonl", "backup"), "cut off"),
    "cut off in its first line": (("audit", "stub.jsonl", "backup"), "cut off"),
    "torn": (("audit", "torn.jsonl", "backup"), "cut off"),
    "edited by hand": (("audit", "edited.jsonl", "backup"), "changed"),
    "same place": (("audit", "phone", "phone"), "same place"),
    "same list": (("audit", "phone.jsonl", "phone"), "same place"),
    "inside": (("audit", "phone/DCIM", "phone"), "inside"),
    "holds": (("audit", "phone", "phone/DCIM"), "inside"),
    "output exists": (("audit", "phone", "backup", "-o", "backup"), "already"),
    "output inside": (("audit", "phone", "backup", "-o", "phone/report"), "inside"),
    "scan output exists": (("scan", "phone", "-o", "backup.jsonl"), "already"),
    "no policy": (("audit", "phone", "backup", "--policy", "nobody"), "nobody"),
    "bad policy": (("audit", "phone", "backup", "--policy", "bad.toml"), "bad.toml"),
    "bad rules": (("audit", "phone", "backup", "--rules", "bad-rules"), "bad-rules"),
    "bad waivers": (("audit", "phone", "backup", "--waivers", "bad.toml"), "bad.toml"),
    "no waivers": (("audit", "phone", "backup", "--waivers", "nowhere.toml"), "nowhere.toml"),
    "no baseline": (("audit", "phone", "backup", "--baseline", "nowhere"), "nowhere"),
    "bad baseline": (("audit", "phone", "backup", "--baseline", "bad.toml"), "bad.toml"),
    "not an audit": (("report", "phone"), "phone"),
}


@pytest.mark.parametrize(("words", "said"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_exit_2(
    stage: Path,
    words: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for word in words:
        if word.endswith(".jsonl") and word.partition(".")[0] in ("cut", "stub", "torn", "edited", "garbage", "empty"):
            damaged(stage, word)
    (stage / "bad.toml").write_text("id = 'x'\nnonsense = 1\n", "utf-8")
    (stage / "bad-rules").mkdir(exist_ok=True)
    (stage / "bad-rules" / "x.sql").write_text("SELECT 1", "utf-8")
    before = sorted(str(p) for p in stage.rglob("*") if ".cache" not in p.parts)
    monkeypatch.chdir(stage)
    code, out, err = call(monkeypatch, capsys, *words)
    assert (code, out) == (2, ""), err
    sentence = err.strip().splitlines()
    assert len(sentence) == 1, err
    assert sentence[0].startswith("auditor: ")
    assert said in sentence[0]
    assert "Traceback" not in err
    assert "Errno" not in err
    assert sorted(str(p) for p in stage.rglob("*") if ".cache" not in p.parts) == before


def test_usage_error_is_exit_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(monkeypatch, capsys, "audit", "phone")[0] == 2
    assert call(monkeypatch, capsys, "nonsense")[0] == 2
    code, _, err = call(monkeypatch, capsys, "manifest", "export", "list.jsonl")
    assert code == 2 and "--to" in err and "hashdeep" in err and "U+0009" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="needs file names that Windows refuses")
def test_hostile_names_reach_no_terminal_and_no_markup(tmp_path: Path) -> None:
    names = [
        b"IMG[red].jpg",
        b"\x1b[31mred\x1b[0m.jpg",
        b"line\nbreak.jpg",
        b"<img src=x onerror=alert(1)>.jpg",
        b"=HYPERLINK(1).jpg",
        b"latin\xff.jpg",
        "\u202egpj.exe.jpg".encode(),
    ]
    (tmp_path / "phone").mkdir()
    for number, name in enumerate(names):
        (tmp_path / "phone" / os.fsdecode(name)).write_bytes(media.jpeg(seed=number))
    (tmp_path / "backup").mkdir()
    run = auditor("audit", "phone", "backup", "-o", "report", cwd=tmp_path)
    assert run.code == 1, run.err
    assert run.out.startswith(f"\u2717 NOT SAFE: {len(names)} of {len(names)} files are not safely backed up.")
    shown = run.out + run.err
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert "<img src=x" not in page
    assert "latin\\xff.jpg" in page
    table = (tmp_path / "report" / "files.csv").read_text("utf-8")
    assert "\n=HYPERLINK" not in table
    assert "'=HYPERLINK" in table
    shutil.copytree(tmp_path / "phone", tmp_path / "copy")
    assert auditor("audit", "phone", "copy", "-o", "safe", cwd=tmp_path).code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind on Windows")
def test_ctrl_c_leaves_no_half_report_and_goes_on(stage: Path) -> None:
    many = stage / "many"
    many.mkdir()
    for number in range(120):
        (many / f"{number}.jpg").write_bytes(media.jpeg(seed=number % 7) + bytes([number % 251, number // 251]))
    words = [sys.executable, "-m", "auditor", "scan", "many", "-o", "many.jsonl", "--jobs", "1"]
    process = subprocess.Popen(
        words, cwd=stage, env=surroundings(stage), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    partial = stage / "many.jsonl.partial"
    while not partial.exists() and process.poll() is None:
        pass
    process.send_signal(2)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    (line,) = err.splitlines()
    assert line.startswith("auditor: stopped. What was read so far, if anything, is kept; the same command goes on")
    assert not (stage / "many.jsonl").exists()
    again = auditor("scan", "many", "-o", "many.jsonl", cwd=stage)
    assert again.code == 0, again.err
    assert not partial.exists()
    assert len((stage / "many.jsonl").read_text("utf-8").splitlines()) == 122


def test_demo_finds_exactly_what_was_seeded(tmp_path: Path) -> None:
    run = auditor("demo", "-o", "demo", cwd=tmp_path)
    assert run.code == 0, run.out + run.err
    assert "exactly the seeded ones" in run.out
    assert auditor("report", "demo/audit", "--check", cwd=tmp_path).code == 0
    assert auditor("demo", "-o", "demo", cwd=tmp_path).code == 2


def test_demo_fails_when_a_finding_is_lost(tmp_path: Path) -> None:
    from auditor.cli.work.demo import differences
    from auditor.demo.story import story

    (tmp_path / "findings.jsonl").write_text("", "utf-8")
    troubles = story()
    lost = differences(tmp_path, troubles)
    assert len(lost) == sum(len(trouble.findings) for trouble in troubles)
    assert all(line.startswith("seeded, but not found: ") for line in lost)


def test_demo_fails_when_a_film_was_not_looked_into(tmp_path: Path) -> None:
    from auditor.cli.work.demo import not_looked_into
    from auditor.demo import media

    (tmp_path / "phone").mkdir()
    (tmp_path / "phone/film.mp4").write_bytes(media.film(1, frames=5))
    changed = "import av\n\ndef without(file, mode='r', format=None):\n    raise AssertionError\n\nav.open = without\n"
    (tmp_path / "sitecustomize.py").write_text(changed, "utf-8")
    path = f"{tmp_path}{os.pathsep}{surroundings(tmp_path)['PYTHONPATH']}"
    for name, environment, says in (("ours", {}, []), ("changed", {"PYTHONPATH": path}, ["film.mp4"])):
        run = auditor("scan", "phone", "--no-cache", "-o", f"{name}/source.jsonl", cwd=tmp_path, **environment)
        assert run.code == 0, run.err
        found = not_looked_into(tmp_path / name)
        assert len(found) == len(says) and all(what in line for what, line in zip(says, found, strict=True))
