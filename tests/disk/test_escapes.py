"""Links, lists and journals that would lead out of a place: nothing outside is written, moved, dated or removed."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.cleanup import apply as applying
from auditor.cleanup import plan as plans
from auditor.cleanup import undo as undoing
from auditor.errors import AuditorError, LeadsOut
from auditor.store.generations import Store, left_journals
from tests.cleanup.test_clean import PICTURE, row, write_plan
from tests.commandline import auditor as run
from tests.copier.runs import back_up, noise, photos, tree, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


def precious(folder: Path) -> Callable[[], dict[str, tuple[bytes, int]]]:
    """A folder of the user's own, and what is in it."""
    folder.mkdir()
    write(folder / "mine.jsonl", b'{"row":"header"}\n')
    write(folder / "20260101T000000-1.jsonl", b'{"path":"x.jpg","sha256":"00"}\n')
    write(folder / "lock", b"x")
    write(folder / "place.toml", b'id = "mine"\n')

    def now() -> dict[str, tuple[bytes, int]]:
        return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted(folder.rglob("*")) if p.is_file()}

    return now


@pytest.mark.parametrize("own", [".auditor", ".auditor/journal", ".auditor/manifests", ".auditor/lock"])
def test_a_backup_whose_own_folders_are_links_is_refused(own: str, tmp_path: Path) -> None:
    theirs = precious(tmp_path / "theirs")
    before = theirs()
    photos(tmp_path / "phone", "a.jpg")
    (tmp_path / "stick" / own).parent.mkdir(parents=True)
    (tmp_path / "stick" / own).symlink_to(tmp_path / "theirs" / ("lock" if own.endswith("lock") else ""))
    for command in (["backup", "phone", "stick", "-o", "rep"], ["verify", "stick", "--init"], ["verify", "stick"]):
        done = run(*command, cwd=tmp_path)
        assert done.code != 0
        assert "itself failed" not in done.err
    assert "is a link" in run("backup", "phone", "stick", "-o", "rep", cwd=tmp_path).err
    assert theirs() == before


@pytest.mark.parametrize("own", ["manifests", "journal"])
def test_a_backup_whose_own_folder_became_a_file_is_told_in_a_sentence(own: str, tmp_path: Path) -> None:
    photos(tmp_path / "phone", "a.jpg")
    assert run("backup", "phone", "disk", "--copy-by-hand", "-o", "rep", cwd=tmp_path).code == 0
    shutil.rmtree(tmp_path / "disk/.auditor" / own)
    (tmp_path / "disk/.auditor" / own).write_text("x")
    before = tree(tmp_path / "disk")
    for command in ("verify disk", "backup phone disk -o again", "restore disk back", "drill disk"):
        done = run(*command.split(), cwd=tmp_path)
        assert done.code == 2
        assert f"{tmp_path / 'disk/.auditor' / own} cannot be used: Not a directory. Is its disk in order?" in done.err
    assert tree(tmp_path / "disk") == before


@pytest.mark.parametrize("own", [".auditor/quarantine", ".auditor/journal", ".auditor"])
def test_a_clean_up_whose_own_folders_are_links_moves_nothing(own: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    for name in ("keep.jpg", "go.jpg"):
        write(place / name, PICTURE)
    found = plans.read(write_plan(tmp_path / "plan.csv", [row(place, "go.jpg", "keep.jpg")]))
    theirs = precious(tmp_path / "theirs")
    before = theirs()
    (place / own).parent.mkdir(exist_ok=True)
    (place / own).symlink_to(tmp_path / "theirs")
    with contextlib.suppress(AuditorError):
        (done,) = applying.apply(found).done
        assert "is a link" in (done.refused or "")
    assert theirs() == before
    assert tree(place) == {"go.jpg": PICTURE, "keep.jpg": PICTURE}


def test_a_bad_copy_is_not_put_aside_through_a_link(tmp_path: Path) -> None:
    photos(tmp_path / "phone", "a.jpg")
    dest = tmp_path / "backup"
    back_up(tmp_path / "phone", dest)
    bad = bytearray((dest / "a.jpg").read_bytes())
    bad[200] ^= 1
    facts = (dest / "a.jpg").stat()
    (dest / "a.jpg").write_bytes(bad)
    os.utime(dest / "a.jpg", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert run("verify", "backup", cwd=tmp_path).code == 1
    (tmp_path / "theirs").mkdir()
    (dest / ".auditor/quarantine").symlink_to(tmp_path / "theirs")
    ran = back_up(tmp_path / "phone", dest)
    assert "is a link" in (ran.failed["a.jpg"] or "")
    assert list((tmp_path / "theirs").iterdir()) == []
    assert (dest / "a.jpg").read_bytes() == bytes(bad)


def test_only_journals_of_this_program_are_removed_and_none_by_verify(tmp_path: Path) -> None:
    photos(tmp_path / "phone", "a.jpg", "b.jpg")
    dest = tmp_path / "backup"
    back_up(tmp_path / "phone", dest)
    folder = dest / ".auditor/journal"
    row_ = next(iter(Store(dest).latest().rows()))  # type: ignore[union-attr]
    ours = f'{{"path":"{row_.path}","sha256":"{row_.sha256}","size_bytes":{row_.size_bytes}}}\n'.encode()
    write(folder / "20200101T000000-7.jsonl", ours)  # of an older version: its rows are in a generation
    write(folder / "20200101T000000-8.jsonl", b"my notes\n")
    write(folder / "my-list.jsonl", ours)
    write(folder / "20200101T000000-9.jsonl", ours[:30])
    before = sorted(path.name for path in folder.iterdir())
    assert [journal.name for journal in left_journals(Store(dest))] == ["20200101T000000-7.jsonl"]
    assert run("verify", "backup", cwd=tmp_path).code == 0
    assert sorted(path.name for path in folder.iterdir()) == before
    photos(tmp_path / "phone", "c.jpg")
    back_up(tmp_path / "phone", dest)
    assert [name for name in before if not (folder / name).exists()] == ["20200101T000000-7.jsonl"]


def test_what_lies_in_the_quarantine_is_looked_at_before_it_is_put_back(tmp_path: Path) -> None:
    place = tmp_path / "place"
    for name in ("keep.jpg", "link.jpg", "garbage.jpg", "good.jpg"):
        write(place / name, PICTURE)
    lines = [row(place, name, "keep.jpg") for name in ("link.jpg", "garbage.jpg", "good.jpg")]
    (journal,) = applying.apply(plans.read(write_plan(tmp_path / "plan.csv", lines))).journals
    victim = write(tmp_path / "victim", b"x", 1_500_000_000)
    (there,) = (path for path in (place / ".auditor/quarantine").iterdir())
    (there / "link.jpg").unlink()
    (there / "link.jpg").symlink_to(victim)
    (there / "garbage.jpg").write_bytes(b"garbage")
    refused = {result.entry.file.path: bool(result.refused) for result in undoing.undo(journal)}
    assert refused == {"link.jpg": True, "garbage.jpg": True, "good.jpg": False}
    assert victim.stat().st_mtime == 1_500_000_000
    assert tree(place) == {"good.jpg": PICTURE, "keep.jpg": PICTURE}


@contextlib.contextmanager
def swapping(folder: Path, outside: Path, when: Path | None = None) -> Iterator[None]:
    """While it lasts, and something lies at `when`, a folder is swapped for a link that leads outside, and back, again
    and again."""
    stop = threading.Event()
    aside = folder.with_name(folder.name + ".aside")

    def swap() -> None:
        while not stop.is_set():
            if when is not None and not when.exists():
                time.sleep(0.001)
                continue
            with contextlib.suppress(OSError):
                folder.rename(aside)
                folder.symlink_to(outside)
                time.sleep(0.002)
                folder.unlink()
                aside.rename(folder)
            with contextlib.suppress(OSError):
                if folder.is_symlink():
                    folder.unlink()
            time.sleep(0.001)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        with contextlib.suppress(OSError):
            if folder.is_symlink():
                folder.unlink()
            aside.rename(folder)


def test_folders_that_are_swapped_for_links_in_a_loop_lead_nothing_out(tmp_path: Path) -> None:
    outside, dest = tmp_path / "outside", tmp_path / "backup"
    outside.mkdir()
    for number in range(120):
        write(tmp_path / f"phone/DCIM/Camera/{number}.jpg", noise(number, 2_000))
    (dest / "DCIM" / "Camera").mkdir(parents=True)
    with swapping(dest / "DCIM" / "Camera", outside), contextlib.suppress(AuditorError):
        back_up(tmp_path / "phone", dest)
    assert list(outside.rglob("*")) == []
    back_up(tmp_path / "phone", dest)
    assert set(tree(tmp_path / "phone").values()) <= set(tree(dest).values())


def test_a_marker_behind_a_link_is_none_of_ours(tmp_path: Path) -> None:
    write(tmp_path / "other/.auditor/place.toml", b'id = "x"\nlayout = "mirror"\n')
    (tmp_path / "place").mkdir()
    (tmp_path / "place/.auditor").symlink_to(tmp_path / "other/.auditor")
    with pytest.raises(LeadsOut):
        Store(tmp_path / "place").marker()


@pytest.mark.parametrize("command", ["audit", "duplicates"])
def test_a_report_is_written_to_no_folder_of_others(command: str, tmp_path: Path) -> None:
    photos(tmp_path / "phone", "a.jpg")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "rep.partial").symlink_to(tmp_path / "theirs")
    words = [command, "phone", *(["phone"] if command == "audit" else []), "-o", "rep"]
    if command == "audit":
        photos(tmp_path / "backup", "a.jpg")
        words[2] = "backup"
    assert "is a link" in run(*words, cwd=tmp_path).err
    assert list((tmp_path / "theirs").iterdir()) == []
    (tmp_path / "rep.partial").unlink()
    write(tmp_path / "rep.partial" / "novel.txt", b"chapter 1")
    assert "novel.txt" in run(*words, cwd=tmp_path).err
    assert [path.name for path in (tmp_path / "rep.partial").iterdir()] == ["novel.txt"]


@pytest.mark.parametrize("to", ["csv", "parquet", "sha256sum"])
def test_an_export_writes_over_nothing_and_through_no_link(to: str, tmp_path: Path) -> None:
    photos(tmp_path / "phone", "a.jpg")
    assert run("scan", "phone", "-o", "list.jsonl", "--depth", "hash", cwd=tmp_path).code == 0
    diary = write(tmp_path / "diary", b"dear diary")
    (tmp_path / "out.partial").symlink_to(diary)
    assert run("manifest", "export", "list.jsonl", "--to", to, "-o", "out", cwd=tmp_path).code == 0
    assert run("manifest", "export", "list.jsonl", "--to", to, "-o", "diary", cwd=tmp_path).code == 2
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert run("manifest", "export", "list.jsonl", "--to", to, "-o", "link", cwd=tmp_path).code == 2
    assert diary.read_bytes() == b"dear diary"
    assert not (tmp_path / "nowhere").exists()
