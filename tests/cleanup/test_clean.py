"""Plans are carried out exactly or not at all; killed anywhere, every file is in its place or in the quarantine."""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import io
import json
import os
import random
import re
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from auditor.cleanup import apply as applying
from auditor.cleanup import files
from auditor.cleanup import journal as journals
from auditor.cleanup import plan as plans
from auditor.cleanup import undo as undoing
from auditor.cleanup.journal import State
from auditor.cli import app
from auditor.disk import durable
from auditor.disk.folder import Folder
from auditor.duplicates.tables import PLAN
from auditor.errors import AuditorError, BadOutput, BadPlace, BadPlan
from auditor.store.generations import Store, locked
from tests.commandline import call
from tests.pictures.test_verify import jpeg, scene

PICTURE = jpeg(scene(1, (320, 240)), 90)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_plan(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, PLAN.split(","), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return path


def row(root: Path, path: str, kept: str, data: bytes = PICTURE, **other: str) -> dict[str, str]:
    return {
        "action": "remove",
        "place": str(root),
        "path": path,
        "sha256": sha(data),
        "size_bytes": str(len(data)),
        "kept_place": str(root),
        "kept_path": kept,
        "kept_sha256": sha(data),
        "relation": "same-bytes",
        **other,
    }


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with one picture and three copies of it."""
    root = (tmp_path / "photos").resolve()
    for name in ("kept.jpg", "a/one.jpg", "a/b/two.jpg", "three.jpg"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PICTURE)
        os.utime(path, ns=(1_500_000_000_000_000_000, 1_500_000_000_123_456_700))
    return root


@pytest.fixture
def plan(photos: Path, tmp_path: Path) -> Path:
    rows = [row(photos, name, "kept.jpg") for name in ("a/one.jpg", "a/b/two.jpg", "three.jpg")]
    return write_plan(tmp_path / "plan.csv", rows)


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes every kept file for sound: the judge has tests of its own, and is slow to start."""
    monkeypatch.setattr(applying, "judge", lambda kept, *_: dict.fromkeys(kept))
    monkeypatch.setattr(undoing, "judge", lambda kept, *_: dict.fromkeys(kept))


def listing(root: Path) -> dict[str, bytes]:
    own = root / ".auditor"
    files = (path for path in root.rglob("*") if path.is_file() and own not in path.parents)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def held(root: Path) -> list[bytes]:
    return [path.read_bytes() for path in (root / ".auditor" / "quarantine").rglob("*") if path.is_file()]


def test_a_plan_moves_and_undo_puts_back_with_dates(photos: Path, plan: Path) -> None:
    before = listing(photos)
    done = applying.apply(plans.read(plan))
    assert [step.refused for step in done.done] == [None] * 3
    assert listing(photos) == {"kept.jpg": PICTURE}
    assert held(photos) == [PICTURE] * 3
    assert done.freed_bytes == 3 * len(PICTURE)
    (journal,) = done.journals
    assert [result.refused for result in undoing.undo(journal)] == [None] * 3
    assert listing(photos) == before
    assert {(photos / name).stat().st_mtime_ns for name in before} == {1_500_000_000_123_456_700}
    assert undoing.undo(journal) == []
    assert held(photos) == []


def test_the_kept_file_is_read_from_the_device_just_before(
    photos: Path, tmp_path: Path, sound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[int] = []
    drop, begin = durable.drop_cache, journals.Journal.begin

    def forget(fd: int) -> None:
        forgotten.append(os.fstat(fd).st_ino)
        drop(fd)

    def announced(journal: journals.Journal, entry: journals.Entry, cold: list[durable.ColdRead]) -> None:
        assert (photos / "kept.jpg").stat().st_ino in forgotten
        begin(journal, entry, cold)

    monkeypatch.setattr(durable, "drop_cache", forget)
    monkeypatch.setattr(journals.Journal, "begin", announced)
    done = applying.apply(plans.read(write_plan(tmp_path / "plan.csv", [row(photos, "three.jpg", "kept.jpg")])))
    assert done.done[0].refused is None
    (cold,) = done.done[0].cold
    lines = [json.loads(line) for line in done.journals[0].read_text(encoding="utf-8").splitlines()]
    assert [kept["read_from"] for kept in lines[1]["kept"]] == [cold.value]


def test_a_kept_file_that_never_reached_its_device_keeps_nothing(
    photos: Path, tmp_path: Path, sound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = (photos / "kept.jpg").stat().st_ino
    sync = durable.sync_file

    def lost(fd: int) -> None:
        if os.fstat(fd).st_ino == kept:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(fd)

    monkeypatch.setattr(durable, "sync_file", lost)
    (step,) = applying.apply(plans.read(write_plan(tmp_path / "plan.csv", [row(photos, "three.jpg", "kept.jpg")]))).done
    assert step.refused
    assert "cannot be read" in step.refused
    assert (photos / "three.jpg").read_bytes() == PICTURE


def test_both_names_of_a_hard_link_go_and_come_back(photos: Path, tmp_path: Path, sound: None) -> None:
    os.link(photos / "three.jpg", photos / "link.jpg")
    before = listing(photos)
    rows = [row(photos, "three.jpg", "kept.jpg"), row(photos, "link.jpg", "kept.jpg")]
    done = applying.apply(plans.read(write_plan(tmp_path / "plan.csv", rows)))
    assert [step.refused for step in done.done] == [None, None]
    assert sorted(listing(photos)) == ["a/b/two.jpg", "a/one.jpg", "kept.jpg"]
    undoing.undo(done.journals[0])
    assert listing(photos) == before


def test_a_hard_link_of_the_kept_file_is_the_kept_file(photos: Path, tmp_path: Path) -> None:
    os.link(photos / "kept.jpg", photos / "link.jpg")
    rows = [row(photos, "link.jpg", "three.jpg"), row(photos, "three.jpg", "kept.jpg")]
    with pytest.raises(BadPlan, match=r"line 2: link.jpg goes because three.jpg is kept, and line 3"):
        plans.read(write_plan(tmp_path / "plan.csv", rows))
    with pytest.raises(BadPlan, match=r"line 2: three.jpg goes because kept.jpg is kept, and line 3"):
        rows = [row(photos, "three.jpg", "kept.jpg"), row(photos, "link.jpg", "a/one.jpg")]
        plans.read(write_plan(tmp_path / "plan.csv", rows))


def test_again_does_nothing_and_after_an_undo_everything(photos: Path, plan: Path, sound: None) -> None:
    (journal,) = applying.apply(plans.read(plan)).journals
    again = applying.apply(plans.read(plan))
    assert ([step.before for step in again.done], again.journals) == ([True] * 3, ())
    undoing.undo(journal)
    assert [step.before for step in applying.apply(plans.read(plan)).done] == [False] * 3


def test_what_could_not_be_looked_at_is_not_called_moved_before(
    photos: Path, plan: Path, sound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was put back by hand since."""
    before = {name: (photos / name).read_bytes() for name in listing(photos)}
    applying.apply(plans.read(plan))
    for name, content in before.items():
        (photos / name).write_bytes(content)

    def refused(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("auditor.cleanup.files._look", refused)
    assert [step.before for step in applying.apply(plans.read(plan)).done] == [False] * 3


@pytest.mark.parametrize(
    ("unseen", "words"),
    [
        ("a/one.jpg", "could not be looked at after it was moved; it was put back"),
        ("kept.jpg", "could not be found or looked at"),
    ],
)
def test_what_cannot_be_looked_at_after_a_move_goes_back_and_is_told_as_that(
    unseen: str, words: str, photos: Path, tmp_path: Path, sound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody changed it: a share that is mounted twice, or a disk that fails."""
    look = applying.stamp

    def stamp(file: plans.FileAt) -> applying.Stamp | None:
        is_moved = not (photos / "a/one.jpg").exists()
        return None if is_moved and file.path.endswith(unseen) else look(file)

    monkeypatch.setattr(applying, "stamp", stamp)
    before = listing(photos)
    plan = write_plan(tmp_path / "plan.csv", [row(photos, "a/one.jpg", "kept.jpg")])
    (step,) = applying.apply(plans.read(plan)).done
    assert step.refused
    assert words in step.refused
    assert "changed" not in step.refused
    assert (listing(photos), held(photos)) == (before, [])


def changed(path: Path) -> None:
    path.write_bytes(PICTURE + b"x")


HARM: dict[str, tuple[Callable[[Path], None], str]] = {
    "kept file is gone": (lambda root: (root / "kept.jpg").unlink(), "is not what it was|not there"),
    "kept file was changed": (lambda root: changed(root / "kept.jpg"), "the file to keep"),
    "file to go was changed": (lambda root: changed(root / "a/one.jpg"), "is not what it was"),
    "file to go is gone": (lambda root: (root / "a/one.jpg").unlink(), "not there any more"),
}


@pytest.mark.parametrize("name", HARM)
def test_what_is_not_as_planned_stays(name: str, photos: Path, tmp_path: Path) -> None:
    plan = plans.read(write_plan(tmp_path / "plan.csv", [row(photos, "a/one.jpg", "kept.jpg")]))
    harm, words = HARM[name]
    harm(photos)
    before = listing(photos)
    (step,) = applying.apply(plan).done
    assert step.refused
    assert re.search(words, step.refused), step.refused
    assert listing(photos) == before


def test_a_kept_file_that_is_broken_keeps_nothing(photos: Path, tmp_path: Path) -> None:
    broken = PICTURE[: len(PICTURE) // 2]
    (photos / "kept.jpg").write_bytes(broken)
    rows = [row(photos, "a/one.jpg", "kept.jpg", kept_sha256=sha(broken), relation="same-picture")]
    (step,) = applying.apply(plans.read(write_plan(tmp_path / "plan.csv", rows))).done
    assert step.refused
    assert "is not sound" in step.refused
    assert (photos / "a/one.jpg").exists()


def test_hard_links_are_one_file(photos: Path, tmp_path: Path, sound: None) -> None:
    (photos / "a/one.jpg").unlink()
    os.link(photos / "kept.jpg", photos / "a/one.jpg")
    with pytest.raises(BadPlan, match=r"line 2.*line 2 removes that one too"):
        plans.read(write_plan(tmp_path / "plan.csv", [row(photos, "a/one.jpg", "kept.jpg")]))


def test_what_moves_together_stays_together(photos: Path, tmp_path: Path, sound: None) -> None:
    rows = [row(photos, "a/one.jpg", "kept.jpg"), row(photos, "a/b/two.jpg", "kept.jpg", moves_with="a/one.jpg")]
    plan = plans.read(write_plan(tmp_path / "plan.csv", rows))
    changed(photos / "a/b/two.jpg")
    assert all(step.refused for step in applying.apply(plan).done)
    assert (photos / "a/one.jpg").exists()


def test_kept_in_another_place(photos: Path, tmp_path: Path, sound: None) -> None:
    other = (tmp_path / "other").resolve()
    other.mkdir()
    shutil.move(photos / "kept.jpg", other / "kept.jpg")
    rows = [row(photos, "three.jpg", "kept.jpg", kept_place=str(other))]
    done = applying.apply(plans.read(write_plan(tmp_path / "plan.csv", rows)))
    assert not done.done[0].refused
    assert not (other / ".auditor").exists()


def test_what_is_said_of_other_places_of_what_waits_and_of_what_is_gone(photos: Path, tmp_path: Path) -> None:
    def said(*words: str) -> str:
        return CliRunner().invoke(app, [*words]).output

    other = (tmp_path / "other").resolve()
    other.mkdir()
    shutil.move(photos / "kept.jpg", other / "kept.jpg")
    plan = str(write_plan(tmp_path / "plan.csv", [row(photos, "three.jpg", "kept.jpg", kept_place=str(other))]))
    assert f"1 file of {photos.resolve()}, kept in {other}:\n    three.jpg, kept as kept.jpg\n" in said("clean", plan)
    assert "auditor undo " in said("clean", plan, "--apply")
    (journal,) = map(str, (photos / ".auditor/journal").glob("clean-*"))
    assert "1 file is not older than 30d yet" in said("clean", "--purge", journal, "--older-than", "30d")
    purged = said("clean", "--purge", journal, "--older-than", "0d")
    assert "1 file was deleted for good" in purged and "yet" not in purged
    assert "1 file was deleted for good by --purge." in said("undo", journal)


def test_a_folder_without_a_plan_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = call(monkeypatch, capsys, "clean", str(tmp_path))
    assert code == 2 and "holds no plan.csv and no audit; name the folder that a search or an audit wrote" in err


def test_purge_and_undo_tell_what_became_of_the_whole_clean_up(
    photos: Path, plan: Path, sound: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(call(monkeypatch, capsys, *words, "--json")[1])
        return found

    (journal,) = map(str, applying.apply(plans.read(plan)).journals)
    (photos / "three.jpg").write_bytes(b"in its place")
    undone = told("undo", journal)
    assert (undone["back"], len(undone["not_put_back"]), undone["in_all"]) == (2, 1, {"back": 2, "deleted": 0})
    purged = told("clean", "--purge", journal, "--older-than", "0d")
    assert (purged["deleted"], purged["stayed"], purged["in_all"]) == (1, [], {"back": 2, "deleted": 1})
    undone = told("undo", journal)
    assert (undone["back"], undone["not_put_back"], undone["in_all"]) == (0, [], {"back": 2, "deleted": 1})


BAD_PLANS: dict[str, tuple[Callable[[Path], list[dict[str, str]]], str]] = {
    "both copies": (
        lambda r: [row(r, "a/one.jpg", "three.jpg"), row(r, "three.jpg", "a/one.jpg")],
        "line 2: .* line 3 removes that one too",
    ),
    "a circle of three": (
        lambda r: [row(r, "a/one.jpg", "a/b/two.jpg"), row(r, "a/b/two.jpg", "three.jpg")],
        "line 2: .* line 3 removes",
    ),
    "itself": (lambda r: [row(r, "three.jpg", "three.jpg")], "line 2: .* line 2 removes"),
    "a file twice": (lambda r: [row(r, "three.jpg", "kept.jpg")] * 2, "line 3: three.jpg is named already in line 2"),
    "twice, spelled otherwise": (
        lambda r: [row(r, "a/one.jpg", "kept.jpg"), row(r / "a", "one.jpg", "kept.jpg", kept_place=str(r))],
        "line 3: one.jpg is named already in line 2",
    ),
    "upwards": (lambda r: [row(r, "../photos/three.jpg", "kept.jpg")], "line 2: .* lead out"),
    "upwards, kept": (lambda r: [row(r, "three.jpg", "../x.jpg")], "line 2: .* lead out"),
    "from the root": (lambda r: [row(r, "/etc/passwd", "kept.jpg")], "line 2: .* lead out"),
    "a dot": (lambda r: [row(r, "./three.jpg", "kept.jpg")], "line 2: .* lead out"),
    "its own folder": (lambda r: [row(r, ".auditor/x", "kept.jpg")], "line 2: .* auditor's own"),
    "no whole place": (lambda r: [row(r, "three.jpg", "kept.jpg", place="photos")], "line 2: .* no folder"),
    "no such place": (lambda r: [row(r, "three.jpg", "kept.jpg", place=str(r / "x"))], "line 2: .* no folder"),
    "no digest": (lambda r: [row(r, "three.jpg", "kept.jpg", sha256="")], "line 2: '' is no SHA-256"),
    "digest cut": (lambda r: [row(r, "three.jpg", "kept.jpg", kept_sha256="ab12")], "line 2: 'ab12' is no SHA-256"),
    "unknown action": (lambda r: [row(r, "three.jpg", "kept.jpg", action="delete")], "line 2: the action is 'delete'"),
    "cells moved": (
        lambda r: [row(r, "three.jpg", "kept.jpg", kept_sha256=sha(b"x"))],
        "line 2: it says same-bytes, and the two digests differ",
    ),
    "kept in a bin": (lambda r: [row(r, "three.jpg", "#recycle/kept.jpg")], "line 2: .* in a bin or a quarantine"),
    "kept in another's quarantine": (
        lambda r: [row(r, "three.jpg", "a/.auditor/quarantine/x/kept.jpg")],
        "line 2: .* in a bin or a quarantine",
    ),
    "a quarantine for a place": (
        lambda r: [row(r, "three.jpg", "kept.jpg", kept_place=str(r / ".auditor" / "quarantine" / "x"))],
        "line 2: .* in a bin or a quarantine",
    ),
    "goes with one that stays": (
        lambda r: [row(r, "three.jpg", "kept.jpg", moves_with="kept.jpg")],
        "line 2: three.jpg goes with kept.jpg, which stays",
    ),
}


@pytest.mark.parametrize("name", BAD_PLANS)
def test_a_bad_plan_is_refused_with_its_line(name: str, photos: Path, tmp_path: Path) -> None:
    rows, words = BAD_PLANS[name]
    before = listing(photos)
    with pytest.raises(BadPlan, match=words):
        plans.read(write_plan(tmp_path / "plan.csv", rows(photos)))
    assert listing(photos) == before


def test_links_are_refused_with_the_line(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.jpg").write_bytes(PICTURE)
    try:
        (photos / "link").symlink_to(tmp_path / "outside", target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no symbolic links")
    for bad in (row(photos, "link/x.jpg", "kept.jpg"), row(photos, "three.jpg", "link/x.jpg")):
        with pytest.raises(BadPlan, match=r"line 2: .* leads through a link"):
            plans.read(write_plan(tmp_path / "plan.csv", [bad]))
    whole = write_plan(tmp_path / "plan.csv", [row(photos, "three.jpg", "kept.jpg", place=str(tmp_path / "way"))])
    (tmp_path / "way").symlink_to(photos, target_is_directory=True)
    with pytest.raises(BadPlan, match=r"line 2: .* through a link"):
        plans.read(whole)


def test_a_link_made_after_the_look_is_refused(photos: Path, plan: Path, tmp_path: Path, sound: None) -> None:
    found = plans.read(plan)
    (photos / "a").rename(tmp_path / "elsewhere")
    try:
        (photos / "a").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no symbolic links")
    refused = [step.refused for step in applying.apply(found).done]
    assert refused[2] is None
    assert all(reason and "is a link" in reason for reason in refused[:2])
    assert (tmp_path / "elsewhere" / "one.jpg").exists()


def test_spreadsheets_may_have_saved_it(photos: Path, plan: Path) -> None:
    text = plan.read_text("utf-8").replace(",", ";").replace("\n", "\r\n")
    header, first, *rest = text.splitlines(keepends=True)
    turned = [";".join(reversed(line.rstrip().split(";"))) + "\r\n" for line in (header, first, *rest)]
    plan.write_bytes(b"\xef\xbb\xbf" + "".join(turned).encode() + b";;;;;;;;;;\r\n")
    assert [r.file.path for r in plans.read(plan).removals] == ["a/one.jpg", "a/b/two.jpg", "three.jpg"]


def test_a_backup_of_ours_loses_nothing(photos: Path, plan: Path) -> None:
    with locked(Store(photos)) as store:
        store.create("mirror", datetime.now(UTC))
    with pytest.raises(BadPlan, match="a backup that auditor keeps"):
        plans.read(plan)


def test_two_runs_at_once_are_refused(photos: Path, plan: Path, sound: None) -> None:
    found = plans.read(plan)
    before = listing(photos)
    with locked(Store(photos)), pytest.raises(BadPlace, match="another run"):
        applying.apply(found)
    assert listing(photos) == before


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root writes into read-only folders too")
def test_a_read_only_place_is_refused(photos: Path, plan: Path, sound: None) -> None:
    found = plans.read(plan)
    photos.chmod(0o555)
    try:
        with pytest.raises(BadOutput, match="no file was moved"):
            applying.apply(found)
    finally:
        photos.chmod(0o755)


STEPS = [
    (Folder, "create"),
    (Folder, "make_folder"),
    (durable, "write_all"),
    (durable, "sync_file"),
    (Folder, "publish"),
    (Folder, "sync"),
]
"""What is done to the disk."""


@pytest.mark.parametrize(("home", "call"), STEPS)
@pytest.mark.parametrize("at", [1, 2, 3, 5])
def test_a_full_or_read_only_disk_loses_nothing(
    home: object, call: str, at: int, photos: Path, plan: Path, sound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, found = listing(photos), plans.read(plan)
    with monkeypatch.context() as patch:
        real, count = getattr(home, call), iter(range(1, 1000))

        def failing(*arguments: object) -> object:
            if next(count) >= at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments)

        patch.setattr(home, call, failing)
        with contextlib.suppress(AuditorError):
            applying.apply(found)
    assert sorted([*listing(photos).values(), *held(photos)]) == [PICTURE] * 4
    for path in journals.all_of(Store(photos)):
        assert path.stat().st_size, "a journal that says nothing"
        undoing.undo(path)
    assert listing(photos) == before


class Killed(BaseException):
    """The process is gone here."""


def killing(monkeypatch: pytest.MonkeyPatch, moment: int) -> Callable[[], bool]:
    """Dies at the `moment`-th step towards the disk: before it, after it, or with half a line written."""
    count = iter(range(10_000))
    dead: list[bool] = []
    for home, name in STEPS:
        real = getattr(home, name)

        def step(*arguments: object, real: Callable[..., object] = real, name: str = name) -> object:
            now = next(count)
            if dead or now == moment // 2:
                dead.append(True)
                if moment % 2 and name == "write_all":
                    os.write(arguments[0], memoryview(arguments[1])[: len(arguments[1]) // 2])  # type: ignore[arg-type]
                elif moment % 2 and len(dead) == 1:
                    real(*arguments)
                raise Killed
            return real(*arguments)

        monkeypatch.setattr(home, name, step)
    return lambda: bool(dead)


@pytest.mark.parametrize("moment", range(110))
def test_killed_anywhere_it_goes_on_or_is_undone(
    moment: int, photos: Path, plan: Path, sound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, found = listing(photos), plans.read(plan)
    with monkeypatch.context() as patch:
        died = killing(patch, moment)
        with contextlib.suppress(Killed):
            applying.apply(found)
    if not died():
        assert moment // 2 > 20, "the run should take more steps than this"
    assert sorted([*listing(photos).values(), *held(photos)]) == [PICTURE] * 4, "a file is lost or doubled"
    said = [e for path in journals.all_of(Store(photos)) for e in journals.read(path)[1] if e.state is State.MOVED]
    assert sorted(entry.held for entry in said) == sorted(
        path for path in (photos / ".auditor" / "quarantine").rglob("*") if path.is_file()
    ), "the journals do not tell what is in the quarantine"
    if moment % 3 == 0:
        assert not any(step.refused for step in applying.apply(found).done)
        assert listing(photos) == {"kept.jpg": PICTURE}
    for path in journals.all_of(Store(photos)):
        undo_killed_once(path, moment, monkeypatch)
    assert listing(photos) == before
    assert held(photos) == []


def undo_killed_once(path: Path, moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        killing(patch, moment % 23)
        with contextlib.suppress(Killed):
            undoing.undo(path)
    assert not any(result.refused for result in undoing.undo(path))


def test_purge_deletes_only_what_is_old_and_still_kept(photos: Path, plan: Path, sound: None) -> None:
    (journal,) = applying.apply(plans.read(plan)).journals
    assert undoing.purge(journal, timedelta(days=30)) == []
    later = datetime.now(UTC) + timedelta(days=31)
    changed(photos / "kept.jpg")
    results = undoing.purge(journal, timedelta(days=30), now=lambda: later)
    assert all(result.refused for result in results)
    assert len(held(photos)) == 3
    (photos / "kept.jpg").write_bytes(PICTURE)
    results = undoing.purge(journal, timedelta(days=30), now=lambda: later)
    assert [result.refused for result in results] == [None] * 3
    assert (held(photos), listing(photos)) == ([], {"kept.jpg": PICTURE})
    assert undoing.undo(journal) == []


def test_purge_deletes_no_last_copy(photos: Path, plan: Path, sound: None) -> None:
    (journal,) = applying.apply(plans.read(plan)).journals
    one = next(path for path in (photos / ".auditor" / "quarantine").rglob("one.jpg"))
    (photos / "kept.jpg").unlink()
    os.link(one, photos / "kept.jpg")
    results = undoing.purge(journal, timedelta(0), now=lambda: datetime.now(UTC) + timedelta(days=1))
    refused = {result.entry.file.path: result.refused for result in results}
    assert "the last copy of itself" in (refused.pop("a/one.jpg") or "")
    assert set(refused.values()) == {None}
    assert one.exists()


@pytest.mark.parametrize("announced", [journals.State.MOVED, journals.State.PURGING])
def test_what_cannot_be_looked_at_is_called_neither_back_nor_deleted(
    announced: State, photos: Path, plan: Path, sound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (journal,) = applying.apply(plans.read(plan)).journals
    if announced is State.PURGING:
        lines = journal.read_text("utf-8")
        journal.write_text(lines.replace('"moved"', '"purging"'), "utf-8")

    def refused(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("auditor.cleanup.files._look", refused)
    assert {entry.state for entry in journals.read(journal)[1]} == {State.MOVED}


def test_what_is_known_to_have_left_the_quarantine_and_is_not_seen_elsewhere_is_not_called_back(
    photos: Path, plan: Path, sound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (journal,) = applying.apply(plans.read(plan)).journals
    for held_file in (photos / ".auditor" / "quarantine").rglob("*.jpg"):
        held_file.unlink()
    look, old_places = files._look, {entry.file.path for entry in journals.read(journal)[1]}

    def looked(file: files.FileAt) -> files.Stamp:
        if file.path in old_places:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return look(file)

    monkeypatch.setattr(files, "_look", looked)
    assert {entry.state for entry in journals.read(journal)[1]} == {State.LOST}


@pytest.mark.parametrize("is_itself", [True, False])
def test_what_left_the_quarantine_is_back_where_it_lies_in_its_old_place_itself(
    is_itself: bool, photos: Path, plan: Path, sound: None
) -> None:
    """Another file that has its name is none: it has another size, or other bytes."""
    (journal,) = applying.apply(plans.read(plan)).journals
    others = iter((b"another", None, b"a longer one"))
    entries = journals.read(journal)[1]
    for entry in entries:
        entry.held.rename(entry.file.whole)
        if not is_itself:
            entry.file.whole.write_bytes(next(others, None) or bytes(entry.size_bytes))
    wanted = {journals.State.RESTORED if is_itself else journals.State.LOST}
    assert entries and {entry.state for entry in journals.read(journal)[1]} == wanted


def test_what_somebody_copied_back_by_hand_is_not_lost(photos: Path, plan: Path, sound: None) -> None:
    """By its bytes: the copy has a date of its own."""
    (journal,) = applying.apply(plans.read(plan)).journals
    for entry in journals.read(journal)[1]:
        (photos / entry.file.path).parent.mkdir(parents=True, exist_ok=True)
        (photos / entry.file.path).write_bytes((photos / entry.target).read_bytes())
        (photos / entry.target).unlink()
    assert {entry.state for entry in journals.read(journal)[1]} == {State.RESTORED}


def test_what_was_put_back_and_cannot_be_written_down_is_told_as_that(
    photos: Path, tmp_path: Path, sound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = applying.stamp
    monkeypatch.setattr(applying, "stamp", lambda file: None if "quarantine" in file.path else look(file))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(applying.Journal, "note", full)
    plan = write_plan(tmp_path / "plan.csv", [row(photos, "a/one.jpg", "kept.jpg")])
    (step,) = applying.apply(plans.read(plan)).done
    assert (step.refused or "").endswith("it was put back, but that could not be made sure: No space left on device")
    assert (photos / "a/one.jpg").exists()


def test_undo_replaces_nothing(photos: Path, plan: Path, sound: None) -> None:
    (journal,) = applying.apply(plans.read(plan)).journals
    (photos / "three.jpg").write_bytes(b"another")
    refused = [result.refused for result in undoing.undo(journal)]
    assert [bool(reason) for reason in refused] == [False, False, True]
    assert (photos / "three.jpg").read_bytes() == b"another"
    assert held(photos) == [PICTURE]


@pytest.mark.parametrize(
    "line",
    ['"path":"../x"', '"target":".auditor/quarantine/../../../x"', '"target":"photos/x"', '"path":".auditor/x"'],
)
def test_a_line_that_leads_out_is_refused_and_the_others_are_put_back(
    line: str, photos: Path, plan: Path, sound: None
) -> None:
    (journal,) = applying.apply(plans.read(plan)).journals
    text = journal.read_text("utf-8")
    name = line.split(":", 1)[0]
    at = text.index(name)
    journal.write_text(text[:at] + line + text[text.index(',"', at) :], "utf-8")
    refused = [result.refused or "" for result in undoing.undo(journal)]
    assert [bool(reason) for reason in refused] == [True, False, False]
    assert "no move of a clean-up" in refused[0]
    assert len(held(photos)) == 1, "the other files are back"
    assert not (photos.parent / "x").exists()


def test_a_journal_elsewhere_is_refused(photos: Path, plan: Path, tmp_path: Path, sound: None) -> None:
    (journal,) = applying.apply(plans.read(plan)).journals
    shutil.copy(journal, tmp_path / journal.name)
    with pytest.raises(BadPlan, match="no journal"):
        undoing.undo(tmp_path / journal.name)


def test_half_a_line_that_a_failing_disk_keeps_hides_no_other(
    photos: Path, plan: Path, sound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, times, write = listing(photos), iter(range(99)), durable.write_all

    def half(fd: int, data: bytes) -> None:
        if next(times) == 1:  # the announcement of the first move
            write(fd, data[: len(data) // 2])
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        write(fd, data)

    def keeps_it(fd: int, size: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(durable, "write_all", half)
        patch.setattr(os, "ftruncate", keeps_it)
        done = applying.apply(plans.read(plan))
    assert [result.refused is None for result in done.done] == [False, True, True]
    undoing.undo(done.journals[0])
    assert listing(photos) == before


def test_a_moved_disk_is_undone_where_it_is_now(photos: Path, plan: Path, tmp_path: Path, sound: None) -> None:
    before = listing(photos)
    (journal,) = applying.apply(plans.read(plan)).journals
    photos.rename(tmp_path / "mounted")
    undoing.undo(tmp_path / "mounted" / journal.relative_to(photos))
    assert listing(tmp_path / "mounted") == before


def test_plan_is_csv(photos: Path, plan: Path) -> None:
    plan.write_text(io.StringIO("not,a\nplan,x\n").getvalue(), "utf-8")
    with pytest.raises(BadPlan, match="no column"):
        plans.read(plan)


def in_a_process_that_dies(work: Callable[[], object], moment: int, after: bool) -> None:
    """Does the work in a copy of this process, which SIGKILL ends before or after the `moment`-th step to the disk."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    count = iter(range(10_000))
    for home, name in STEPS:
        real = getattr(home, name)

        def step(*arguments: object, real: Callable[..., object] = real) -> object:
            now = next(count)
            if now == moment and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            done = real(*arguments)
            if now == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        setattr(home, name, step)
    try:
        work()
    finally:
        os._exit(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows copies no process")
@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_really_killed_at_random(kills: int, photos: Path, plan: Path, sound: None) -> None:
    before, found, rng = listing(photos), plans.read(plan), random.Random(kills)
    whole = Store(photos)
    stopped = 0
    for _ in range(kills):
        in_a_process_that_dies(lambda: applying.apply(found), rng.randrange(24), rng.random() < 0.5)
        assert sorted([*listing(photos).values(), *held(photos)]) == [PICTURE] * 4
        stopped += 0 < len(held(photos)) < 3
        for path in journals.all_of(whole):
            in_a_process_that_dies(lambda path=path: undoing.undo(path), rng.randrange(12), rng.random() < 0.5)  # type: ignore[misc]
            assert sorted([*listing(photos).values(), *held(photos)]) == [PICTURE] * 4
            undoing.undo(path)
        assert listing(photos) == before
        shutil.rmtree(whole.journals, ignore_errors=True)  # what is undone says no more
    assert stopped, "no kill fell between two moves"


def test_as_shown_moves_what_was_shown_or_nothing(photos: Path, plan: Path, sound: None) -> None:
    told = plans.read(plan).removals_sha256
    whole = plan.read_text()
    plan.write_text("".join(whole.splitlines(keepends=True)[:-1]))
    result = CliRunner().invoke(app, ["clean", str(plan), "--apply", "--as-shown", told])
    assert isinstance(result.exception, BadPlan)
    assert len(listing(photos)) == 4
    plan.write_text(whole)
    assert CliRunner().invoke(app, ["clean", str(plan), "--apply", "--as-shown", told]).exit_code == 0
    assert list(listing(photos)) == ["kept.jpg"]
