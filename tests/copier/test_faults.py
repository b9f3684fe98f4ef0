"""What other copiers leave behind under these faults is in the facts; here is what this one must do.

In every case the good files arrive, and the faulty one is right, or absent and reported.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from auditor.copier import workers
from auditor.copier.publish import Outcome
from auditor.model import ErrorKind, Soundness, Trouble
from auditor.paths import display_path
from tests import media
from tests.copier.runs import DECODED, DIGESTS, QUICK, Ran, back_up, leftovers, lies, tree, write
from tests.doubles.mounts import faulty

K = 1024
GOOD = ("IMG_0001.jpg", "IMG_0002.jpg", "IMG_zz3.jpg", "IMG_zz4.jpg", "IMG_zz5.jpg")
BAD = "IMG_bad.jpg"
PHOTO = media.jpeg(7, (2000, 1500), 95)


@dataclass(frozen=True)
class Case:
    """A fault, and what becomes of the faulty file. `arrives`: with its right bytes. `says`: part of the reason."""

    name: str
    rule: dict[str, object]
    arrives: bool
    says: str = ""
    direct_io: bool = False


def bad(fault: str, **more: object) -> dict[str, object]:
    return {"fault": fault, "match": "*bad*", **more}


def everywhere(fault: str, **more: object) -> dict[str, object]:
    return {"fault": fault, "match": "*", **more}


def written(fault: str, **more: object) -> dict[str, object]:
    """At the destination the bad file is known by nothing but its own folder's temporary names: strike them once."""
    return {"fault": fault, "match": "*.part", **more}


SOURCE = [
    Case("read error", bad("eio", at=300 * K), False, "cannot be read"),
    Case("read error twice, then fine", bad("eio", at=300 * K, times=2), True, direct_io=True),
    Case("device gone for one file", bad("enodev", at=300 * K), False, "cannot be read"),
    Case("open fails", bad("eio-open"), False, "cannot be read"),
    Case("no permission", bad("eacces-open"), False, "Permission denied"),
    Case("stat fails", bad("eio-stat"), False, "Input/output error"),
    Case("short reads", everywhere("short", max=7000), True, direct_io=True),
    Case("early end", bad("eof", at=300 * K), False, "bytes could be read", direct_io=True),
    Case("early end, cached", bad("eof", at=300 * K), False, "bytes could be read"),
    Case("size said to be 0", bad("size", to=0), True, direct_io=True),
    Case("size said to be 4 GiB - 1", bad("size", to=2**32 - 1), True, direct_io=True),
    Case("size said to be less", bad("size", to=1000), False, "more than the 1,000 that were listed", direct_io=True),
    Case("date said to be 1970", bad("mtime", to=0), True),
    Case("dates in steps of 2 s", everywhere("round-mtime", s=2), True),
    Case("dates an hour off", everywhere("shift-mtime", s=3600), True),
    Case("slow", bad("slow", s=0.02), True),
]


def put_photos(root: Path) -> dict[str, bytes]:
    for number, name in enumerate(GOOD):
        write(root / name, media.jpeg(number))
    write(root / BAD, PHOTO)
    return tree(root)


def check(case: Case, ran: Ran, dest: Path, expected: dict[str, bytes]) -> None:
    got = tree(dest)
    assert {name: got.get(name) == expected[name] for name in GOOD} == dict.fromkeys(GOOD, True)
    assert got.get(BAD) == (expected[BAD] if case.arrives else None)
    if not case.arrives:
        reasons = {**ran.failed, **{s.path: s.reason for s in ran.backed.prepared.plan.steps if s.reason}}
        assert case.says in (reasons[BAD] or ""), reasons
    else:
        assert ran.failed == {}
    assert leftovers(dest) == []
    assert lies(dest) == []


@pytest.mark.parametrize("case", SOURCE, ids=lambda case: case.name)
def test_source_faults(case: Case, tmp_path: Path) -> None:
    with faulty(tmp_path, direct_io=case.direct_io) as fs:
        expected = put_photos(fs.real)
        fs.set(case.rule)
        ran = back_up(fs.mount, tmp_path / "backup")
    check(case, ran, tmp_path / "backup", expected)
    assert tree(tmp_path / "real") == expected


UNSEEN = [
    ("zeros from the middle", bad("zeros", at=300 * K)),
    ("size said to be 0, cached", bad("size", to=0)),
    ("size said to be too small, cached", bad("size", to=300 * K)),
]


@pytest.mark.parametrize("rule", [rule for _, rule in UNSEEN], ids=[name for name, _ in UNSEEN])
def test_what_no_copier_can_see_is_found_by_decoding(rule: dict[str, object], tmp_path: Path) -> None:
    with faulty(tmp_path) as fs:
        expected = put_photos(fs.real)
        fs.set(rule)
        ran = back_up(fs.mount, tmp_path / "backup", DECODED)
    assert ran.failed == {}
    assert {path for path, result in ran.by_path.items() if result.damaged} == {BAD}
    assert {n: b for n, b in tree(tmp_path / "backup").items() if n != BAD} == {n: expected[n] for n in GOOD}


def test_a_flip_on_the_first_read_is_found_by_a_second(tmp_path: Path) -> None:
    with faulty(tmp_path, direct_io=True) as fs:
        expected = put_photos(fs.real)
        fs.set(bad("flip", at=300 * K, times=1))
        ran = back_up(fs.mount, tmp_path / "backup", replace(DIGESTS, paranoid=True))
    assert ran.failed == {}  # the second try read it right twice
    assert tree(tmp_path / "backup") == expected


TARGET = [
    Case("lies: a bit flips on writing", written("flip-write", at=300 * K, times=1), True, direct_io=True),
    Case("lies: a bit flips each time", written("flip-write", at=300 * K), False, "other bytes", direct_io=True),
    Case("lies: drops what is written", written("drop-write", at=300 * K), False, "other bytes", direct_io=True),
    Case("full for the large file", written("enospc", at=300 * K), False, "no space left"),
    Case("file too large", written("efbig", at=300 * K), False, "no file this large"),
    Case("write error", written("eio-write", at=300 * K), False, "did not take it"),
    Case("sync error once", written("eio-fsync", times=1), True),
    Case("close error once", written("eio-close", times=1), True),
    Case("keeps no dates", everywhere("eperm-utimens"), True),
    Case("has no hard links", everywhere("eperm-link"), True),
    Case("rename error", bad("eio-rename"), False, "could not be given its name"),
]


@pytest.mark.parametrize("case", TARGET, ids=lambda case: case.name)
def test_destination_faults(case: Case, tmp_path: Path) -> None:
    expected = put_photos(tmp_path / "phone")
    with faulty(tmp_path, direct_io=case.direct_io) as fs:
        fs.set(case.rule)
        ran = back_up(tmp_path / "phone", fs.mount)
    check(case, ran, tmp_path / "real", expected)
    again = back_up(tmp_path / "phone", tmp_path / "real")  # the same folder, without the faults
    assert again.failed == {}
    assert tree(tmp_path / "real") == expected
    assert again.paths(Outcome.COPIED) == (set() if case.arrives else {BAD})


@pytest.mark.parametrize("fault", ["eio-fsync", "eio-close"])
def test_nothing_is_believed_where_syncing_fails(fault: str, tmp_path: Path) -> None:
    expected = put_photos(tmp_path / "phone")
    with faulty(tmp_path) as fs:
        fs.set(written(fault))
        ran = back_up(tmp_path / "phone", fs.mount)
    assert set(ran.failed) == set(expected)
    assert tree(tmp_path / "real") == {}
    assert leftovers(tmp_path / "real") == []


def test_a_destination_that_becomes_read_only_ends_the_run(tmp_path: Path) -> None:
    expected = put_photos(tmp_path / "phone")
    with faulty(tmp_path) as fs:
        fs.set(written("erofs"))
        ran = back_up(tmp_path / "phone", fs.mount)
    assert "read-only" in (ran.backed.ending.gone or "")
    assert tree(tmp_path / "real") == {}
    again = back_up(tmp_path / "phone", tmp_path / "real")
    assert again.failed == {} and tree(tmp_path / "real") == expected


def test_names_that_the_destination_refuses_are_escaped(tmp_path: Path) -> None:
    source = tmp_path / "phone"
    write(source / "IMG:bad?.jpg", PHOTO)
    write(source / "50%.jpg", media.jpeg(1))
    with faulty(tmp_path) as fs:
        fs.set(everywhere("einval-chars"))
        ran = back_up(source, fs.mount)
        again = back_up(source, fs.mount)
    assert set(tree(tmp_path / "real")) == {"IMG%3Abad%3F.jpg", "50%.jpg"}
    assert "IMG:bad?.jpg" in ran.backed.prepared.plan.warnings[-1]
    assert again.by_path == {}


def test_case_twins_are_both_kept(tmp_path: Path) -> None:
    source = tmp_path / "phone"
    write(source / "IMG_bad.JPG", PHOTO)
    write(source / "img_BAD.jpg", media.jpeg(1))
    with faulty(tmp_path) as fs:
        fs.set(everywhere("nocase"))
        ran = back_up(source, fs.mount)
        again = back_up(source, fs.mount)
    assert sorted(tree(tmp_path / "real").values()) == sorted(tree(source).values())
    assert "img_BAD.jpg" in ran.backed.prepared.plan.warnings[0]
    assert again.by_path == {}


def test_a_hanging_read_costs_its_time_out_and_nothing_else(tmp_path: Path) -> None:
    hang_s = 2.0
    extra_s = []
    with faulty(tmp_path) as fs:
        expected = put_photos(fs.real)
        for attempt in range(3):  # the machine may be busy with other things
            fs.set()
            start = time.monotonic()
            back_up(fs.mount, tmp_path / f"without-{attempt}")
            usual_s = time.monotonic() - start
            fs.set(bad("hang", s=60))
            dest = tmp_path / f"backup-{attempt}"
            start = time.monotonic()
            ran = back_up(fs.mount, dest, options=replace(QUICK, hang_s=hang_s))
            extra_s.append(time.monotonic() - start - usual_s)
            assert set(ran.failed) == {BAD}
            assert "no answer" in (ran.failed[BAD] or "")
            assert set(tree(dest)) == set(expected) - {BAD}
            if extra_s[-1] <= hang_s + 1.0:
                return
    raise AssertionError(f"it cost {extra_s} seconds")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits memory")
def test_a_decoder_that_runs_wild_costs_its_own_look_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory and CPU time of the copier's looks are limited like the scan's; the file is copied all the same."""
    monkeypatch.setattr(workers, "WORKER_MODULE", "tests.copier.wild_decoder")
    names = ("IMG_1.jpg", "IMG_endless.jpg", "IMG_hungry.jpg", "IMG_2.jpg")
    for number, name in enumerate(names):
        write(tmp_path / "phone" / name, media.jpeg(number))
    ran = back_up(tmp_path / "phone", tmp_path / "backup", DECODED)
    assert tree(tmp_path / "backup") == tree(tmp_path / "phone")
    told = {path: (copied.row.soundness, copied.row.error) for path, copied in ran.by_path.items() if copied.row}
    ended = Trouble(ErrorKind.UNDECODABLE, "looking into it ended the process that did it")
    assert told == {
        "IMG_1.jpg": (Soundness.SOUND, None),
        "IMG_2.jpg": (Soundness.SOUND, None),
        "IMG_endless.jpg": (Soundness.NOT_CHECKED, ended),
        "IMG_hungry.jpg": (Soundness.NOT_CHECKED, ended),
    }


def test_unplugged_source_ends_with_everything_so_far_safe(tmp_path: Path) -> None:
    with faulty(tmp_path) as fs:
        expected = put_photos(fs.real)
        fs.set(everywhere("die", after=6))
        ran = back_up(fs.mount, tmp_path / "backup")
    assert ran.backed.ending.gone == "mount went away"
    assert ran.failed == {}  # what was not read is not called bad
    got = tree(tmp_path / "backup")
    assert got == {name: expected[name] for name in got}
    assert lies(tmp_path / "backup") == []


def test_unplugged_source_that_comes_back_is_finished(tmp_path: Path) -> None:
    with faulty(tmp_path) as fs:
        expected = put_photos(fs.real)
        fs.set(everywhere("die", after=6))
        states = []
        back = []

        def on_progress(progress: object) -> None:
            if state := getattr(progress, "state", None):
                states.append(state)
                if not back:
                    back.append(fs.plug_in())

        options = replace(QUICK, wait_s=20.0, on_progress=on_progress)
        ran = back_up(fs.mount, tmp_path / "backup", options=options)
        back[0].daemon.kill()
    assert "waiting for it to come back" in states[0]
    assert ran.failed == {} and ran.backed.ending.gone is None
    assert tree(tmp_path / "backup") == expected


def test_a_name_in_bytes_survives(tmp_path: Path) -> None:
    source = tmp_path / "phone"
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    write(source / name, PHOTO)
    ran = back_up(source, tmp_path / "backup")
    assert ran.failed == {} and (tmp_path / "backup" / name).read_bytes() == PHOTO
    assert display_path(name) == "caf\\xe9.jpg"
