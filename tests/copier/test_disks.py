"""Real exFAT, FAT32 and NTFS: twins, names they cannot hold, dates. Nothing is lost, a second run copies nothing."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.copier import preflight, restore
from auditor.copier.backup import carry_out, prepare, session
from auditor.copier.layout import Layout
from auditor.copier.plan import Action
from auditor.copier.publish import Outcome
from auditor.disk.volume import FAT32_MAX_BYTES, volume_of
from auditor.errors import BadPlace
from auditor.places.folder import FolderPlace
from auditor.store.generations import Store
from tests import media
from tests.commandline import call
from tests.copier.runs import DIGESTS, OLD_S, QUICK, back_up, leftovers, lies, noise, tree, write
from tests.doubles.mounts import disk, tmpfs

AWKWARD = (
    *("a:b.jpg", "what?.jpg", "st*r.jpg", "<less>.jpg", "pi|pe.jpg", 'quo"te.jpg', "back\\slash.jpg", "tab\t.jpg"),
    *("line\nbreak.jpg", "bell\x07.jpg", "CON.jpg", "aux", "LPT1.txt", "trailing.", "space ", "50%3A.jpg", "100%.jpg"),
    *(
        "\u00e9 composed.jpg",
        "e\u0301 decomposed.jpg",
        "emoji \U0001f4f7.jpg",
        b"caf\xe9.jpg".decode("utf-8", "surrogateescape"),
    ),
)
TWINS = ("IMG_1.JPG", "img_1.jpg", "Img_1.jpg")


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    for number, name in enumerate((*AWKWARD, *TWINS)):
        write(tmp_path / "phone/DCIM" / name, noise(number, 5_000 + number), OLD_S + number)
    return tmp_path / "phone"


@pytest.mark.parametrize("kind", ["exfat", "fat32", "ntfs", "ext4"])
def test_nothing_is_lost_on(kind: str, phone: Path, tmp_path: Path) -> None:
    with disk(tmp_path, kind) as mount:
        dest = mount / "backup"
        first = back_up(phone, dest)
        assert first.failed == {}
        assert sorted(tree(dest).values()) == sorted(tree(phone).values())
        assert leftovers(dest) == [] and lies(dest) == []
        second = back_up(phone, dest)
        assert second.by_path == {}
        wanted = restore.originals(Store(dest))
        with restore.prepare(Store(dest), tmp_path / "back", wanted, datetime.now(UTC)) as restoring:
            restore.carry_out(restoring, QUICK)
    assert tree(tmp_path / "back") == tree(phone)
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "back/DCIM").iterdir()} == {
        p.name: p.stat().st_mtime_ns for p in (phone / "DCIM").iterdir()
    }


def test_fat32_refuses_a_file_of_4_gib_before_the_first_byte(tmp_path: Path) -> None:
    source = tmp_path / "phone"
    write(source / "small.jpg", noise(1, 100))
    (source / "large.mp4").touch()
    with (source / "large.mp4").open("r+b") as stream:
        stream.truncate(FAT32_MAX_BYTES + 1)
    with disk(tmp_path, "fat32") as mount:
        assert volume_of(mount).max_file_bytes == FAT32_MAX_BYTES
        ran = back_up(source, mount / "backup")
        assert set(tree(mount / "backup")) == {"small.jpg"}
    (large,) = [s for s in ran.backed.prepared.plan.steps if s.path == "large.mp4"]
    assert "no file of 4 GiB" in (large.reason or "")


def test_a_disk_that_fills_up_takes_what_fits(tmp_path: Path) -> None:
    source = tmp_path / "phone"
    write(source / "large.mov", noise("large", 900_000))
    write(source / "small.jpg", noise("small", 10_000))
    with tmpfs(tmp_path, "4m") as mount:
        dest, place = mount / "backup", FolderPlace(source, str(source))
        with session(dest, Layout.MIRROR) as store:
            prepared = prepare(place, store, DIGESTS, QUICK)
            assert prepared.plan.refusals == ()
            filler = mount / "somebody else's"
            filler.write_bytes(b"x" * ((volume_of(mount).free_bytes or 0) - 200_000))
            backed = carry_out(prepared, QUICK)
        assert {r.step.path: r.reason for r in backed.ending.results if r.reason} == {
            "large.mov": "the destination has no space left for it"
        }
        assert tree(dest) == {"small.jpg": noise("small", 10_000)}
        assert lies(dest) == [] and leftovers(dest) == []
        with session(dest, Layout.MIRROR) as store:
            plan = prepare(place, store, DIGESTS, QUICK).plan
        assert plan.refusals == (), "one file without room keeps no other from it"
        assert ["free; make room" in str(step.reason) for step in plan.of(Action.CANNOT)] == [True]
        filler.unlink()
        for name in "abcdef":
            write(source / f"{name}.jpg", noise(name, 900_000))
        with session(dest, Layout.MIRROR) as store:
            refused = prepare(place, store, DIGESTS, QUICK).plan.refusals
        assert "7 new files need" in refused[0].why


def test_after_a_full_disk_the_next_step_is_to_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it was seen before the copy, and as it came in the middle of it."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "phone/DCIM/a.jpg", media.jpeg(1))
    write(tmp_path / "phone/DCIM/large.jpg", media.jpeg(2) + noise("large", 3_000_000))
    for is_sudden in (False, True):
        with tmpfs(tmp_path, "2m") as mount, monkeypatch.context() as patch:
            if is_sudden:
                patch.setattr(preflight, "without_room", lambda steps, volume: tuple(steps))
                patch.setattr(preflight, "space", lambda steps, volume: [])
            words = ("backup", "phone", str(mount / f"to-{is_sudden}"), "-o", f"report-{is_sudden}")
            code, out, err = call(monkeypatch, capsys, *words)
            assert code == 1 and "NOT SAFE: 1 of 2 files" in out, out + err
            said = f"Make room on to-{is_sudden}, where 1 file needs 3.0 MB more, or use a larger disk."
            assert f"Next     Delete nothing on the phone. {said} Run `auditor backup" in out
    record = json.loads(Path("report-True/audit.json").read_text("utf-8"))
    assert record["provenance"]["first"] == said


def test_a_disk_that_is_read_only_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "phone/a.jpg", noise(1, 100))
    with disk(tmp_path, "ext4") as mount:
        subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
        with pytest.raises(BadPlace, match="Read-only file system"):
            back_up(tmp_path / "phone", mount / "backup")


def test_the_date_that_a_disk_cannot_keep_is_in_the_manifest(tmp_path: Path) -> None:
    write(tmp_path / "phone/odd.jpg", noise(1, 1_000), OLD_S + 0.75)
    with disk(tmp_path, "fat32") as mount:
        ran = back_up(tmp_path / "phone", mount / "backup")
        assert ran.paths(Outcome.COPIED) == {"odd.jpg"}
        (original,) = restore.originals(Store(mount / "backup"))
        assert original.mtime_ns == OLD_S * 10**9 + 750_000_000
