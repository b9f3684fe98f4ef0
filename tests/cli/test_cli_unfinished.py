"""A run without -o that was stopped is found again by the same command, and by nothing else."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.audit import run as audit
from auditor.audit.inputs import side, sides
from auditor.audit.order import Order
from auditor.cli import unfinished
from auditor.disk import locks
from auditor.errors import BadOutput
from auditor.judge import policy
from auditor.model import Depth
from auditor.places.folder import open_folder
from auditor.scan import run as scan
from tests import media
from tests.commandline import auditor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot tell who writes to a folder")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """phone/, backup/ and other/ with three pictures each in the current folder."""
    for number in range(3):
        path = tmp_path / "phone" / f"IMG_{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(media.jpeg(seed=number))
        os.utime(path, (1_700_000_000, 1_700_000_000))
    for name in ("backup", "other"):
        shutil.copytree(tmp_path / "phone", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def order(source: str = "phone", backup: str = "backup", depth: Depth | None = None) -> Order:
    ours, theirs = sides(source, [backup])
    return Order(ours, theirs, policy.load("family"), (), depth=depth)


def stop_at(files: int) -> Callable[[scan.Progress], None]:
    def progress(now: scan.Progress) -> None:
        if now.files == files:
            raise KeyboardInterrupt

    return progress


def stopped_scan(place: str, out: Path, depth: Depth = Depth.DECODE) -> None:
    out.parent.mkdir(exist_ok=True)
    with pytest.raises(KeyboardInterrupt):
        scan.scan(open_folder(place), out, depth=depth, jobs=1, use_cache=False, on_progress=stop_at(2))


def test_the_same_audit_goes_on(stage: Path) -> None:
    stopped_scan("phone", stage / "audit-1.partial" / "source.jsonl")
    assert unfinished.audit(order()) == Path("audit-1")
    run = auditor("audit", "phone", "backup", cwd=stage)
    assert run.code == 0, run.err
    assert run.err.startswith("Going on with audit-1, which was stopped.\n")
    assert [path.name for path in stage.glob("audit-*")] == ["audit-1"]
    assert auditor("report", "audit-1", "--check", cwd=stage).code == 0


def test_another_audit_begins_anew(stage: Path) -> None:
    folder = stage / "audit-1.partial"
    scan.scan(open_folder("phone"), folder / "source.jsonl", jobs=1)
    stopped_scan("backup", folder / "backup-1.jsonl")
    assert unfinished.audit(order()) == Path("audit-1")
    for other in (order("other"), order(backup="other"), order(depth=Depth.HASH)):
        assert unfinished.audit(other) != Path("audit-1")
    (folder / "backup-2.jsonl.partial").write_bytes(b"")
    assert unfinished.audit(order()) != Path("audit-1")


def test_what_was_stopped_days_ago_is_left_alone(stage: Path) -> None:
    stopped_scan("phone", stage / "audit-1.partial" / "source.jsonl")
    then = time.time() - 2 * 86_400
    os.utime(stage / "audit-1.partial" / "source.jsonl.partial", (then, then))
    assert unfinished.audit(order()) != Path("audit-1")


def test_two_runs_share_no_folder(stage: Path) -> None:
    folder = stage / "audit-1.partial"
    stopped_scan("phone", folder / "source.jsonl")
    with locks.held(folder):
        assert unfinished.audit(order()) != Path("audit-1")
        with pytest.raises(BadOutput, match="another run of auditor is writing"):
            audit.run(order(), Path("audit-1"))
    assert unfinished.audit(order()) == Path("audit-1")


def test_a_folder_that_was_finished_meanwhile_is_not_held(stage: Path) -> None:
    folder = stage / "audit-1.partial"
    folder.mkdir()
    held = locks.held(folder)
    with locks.held(folder):
        folder.rename(stage / "audit-1")
    with pytest.raises(BadOutput):
        held.__enter__()


def test_the_same_scan_goes_on_and_a_running_one_is_left_alone(stage: Path) -> None:
    stopped_scan("phone", stage / "phone-1.jsonl")
    place = open_folder("phone")
    assert unfinished.manifest(place, Depth.DECODE) == Path("phone-1.jsonl")
    assert unfinished.manifest(place, Depth.HASH) != Path("phone-1.jsonl")
    import fcntl

    with (stage / "phone-1.jsonl.partial").open("ab") as stream:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX)
        assert unfinished.manifest(place, Depth.DECODE) != Path("phone-1.jsonl")


def test_new_names_are_never_taken(stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = unfinished.new("audit")
    first.with_name(first.name + ".partial").mkdir()
    assert unfinished.new("audit") != first


def test_the_same_search_for_duplicates_goes_on_and_leaves_nothing(stage: Path) -> None:
    stopped_scan("phone", stage / "duplicates-1.partial" / "place-1.jsonl")
    assert unfinished.duplicates([side("phone"), side("other")]) == Path("duplicates-1")
    for others in (["other", "phone"], ["other"]):
        assert unfinished.duplicates([side(spec) for spec in others]) != Path("duplicates-1")
    run = auditor("duplicates", "phone", "other", "--jobs", "1", cwd=stage)
    assert run.code == 0 and "Going on with duplicates-1, which was stopped." in run.err
    assert [path.name for path in stage.glob("duplicates-*")] == ["duplicates-1"]
    assert len((stage / "duplicates-1/plan.csv").read_text("utf-8").splitlines()) == 7  # three kept, three removed
