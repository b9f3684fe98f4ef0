"""What a backup promises where nothing fails: nothing twice, nothing over another, everything back as it was."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor import config
from auditor.config import Role
from auditor.copier import restore
from auditor.copier.backup import Request, carry_out, prepare, refusals_before, session
from auditor.copier.layout import Layout
from auditor.copier.plan import Action
from auditor.copier.preflight import remember
from auditor.copier.publish import Outcome
from auditor.disk import durable
from auditor.errors import BadManifest, BadPlace
from auditor.model import Depth
from auditor.places.archive import open_archive
from auditor.places.candidates import remember_use
from auditor.places.folder import FolderPlace
from auditor.scrub.verify import Choice, Fate, Verified, first_generation, verify
from auditor.store.generations import Store, locked
from tests import media
from tests.copier import in_process
from tests.copier.runs import DECODED, DIGESTS, OLD_S, QUICK, Ran, back_up, lies, noise, tree, write

BY_DATE = Request(layout=Layout.BY_DATE, examine=Depth.HASH)


def now() -> datetime:
    return datetime.now(UTC)


def scrub(
    dest: Path, choice: Choice | None = None, at: Callable[[], datetime] | None = None, seed: int = 0
) -> Verified:
    with locked(Store(dest)) as store:
        return verify(store, choice or Choice(), QUICK, at or now, seed)


def fates(verified: Verified) -> dict[str, Fate]:
    return {found.path: found.fate for found in verified.found}


def all_fates(verified: Verified) -> set[tuple[str, Fate]]:
    """Of an edit that is bad itself, two are told."""
    return {(found.path, found.fate) for found in verified.found}


def give_back(dest: Path, target: Path, source: str | None = None, only: str | None = None) -> list[str | None]:
    """Restores, and gives the reasons of what could not be."""
    wanted = restore.originals(Store(dest), source, only)
    with restore.prepare(Store(dest), target, wanted, now()) as restoring:
        ending = restore.carry_out(restoring, QUICK)
    cannot = [step.reason for step in restoring.plan.of(Action.CANNOT)]
    return cannot + [r.reason for r in ending.results if r.outcome is Outcome.FAILED]


def same_dates(a: Path, b: Path) -> bool:
    return all((b / p.relative_to(a)).stat().st_mtime_ns == p.stat().st_mtime_ns for p in a.rglob("*") if p.is_file())


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    root = tmp_path / "phone"
    write(root / "DCIM/Camera/IMG_20240518_101010.jpg", media.jpeg(1), OLD_S + 11)
    write(root / "DCIM/Camera/IMG_0002.jpg", media.jpeg(2, exif=media.exif(taken="2023:02:03 04:05:06")), OLD_S)
    write(root / "DCIM/Camera/IMG_0002.mov", noise("mov"), OLD_S)
    write(root / "DCIM/Camera/IMG_0002.xmp", b"<x:xmpmeta/>", OLD_S)
    write(root / "Download/again.jpg", media.jpeg(1), OLD_S + 500)
    write(root / "Download/IMG_0002.jpg", media.jpeg(9, exif=media.exif(taken="2023:02:09 04:05:06")), OLD_S)
    write(root / "Download/note.txt", b"", OLD_S)
    return root


@pytest.mark.parametrize("asked", [DIGESTS, BY_DATE], ids=["mirror", "by-date"])
def test_backup_then_restore_gives_the_same_tree(asked: Request, phone: Path, tmp_path: Path) -> None:
    dest, target = tmp_path / "backup", tmp_path / "back"
    assert back_up(phone, dest, asked).failed == {}
    assert lies(dest) == []
    assert give_back(dest, target) == []
    assert tree(target) == tree(phone)
    assert same_dates(phone, target)
    assert give_back(dest, target) == []  # a second restore changes nothing
    assert tree(target) == tree(phone)


def test_by_date_keeps_companions_together_and_the_undated_apart(phone: Path, tmp_path: Path) -> None:
    back_up(phone, tmp_path / "backup", BY_DATE)
    assert set(tree(tmp_path / "backup")) >= {
        "2024/05/IMG_20240518_101010.jpg",
        "2023/02/IMG_0002.jpg",
        "2023/02/IMG_0002.mov",
        "2023/02/IMG_0002.xmp",
        "undated/Download/note.txt",
    }
    other = next(p for p in tree(tmp_path / "backup") if p.startswith("2023/02/IMG_0002~"))
    assert tree(tmp_path / "backup")[other] == (phone / "Download/IMG_0002.jpg").read_bytes()


@pytest.mark.parametrize("asked", [DIGESTS, BY_DATE], ids=["mirror", "by-date"])
def test_the_same_content_is_stored_once_and_a_second_run_does_nothing(
    asked: Request, phone: Path, tmp_path: Path
) -> None:
    dest = tmp_path / "backup"
    first = back_up(phone, dest, asked)
    assert len(tree(dest)) == len(tree(phone)) - 1
    assert first.paths(Outcome.HELD) == {"Download/again.jpg"}
    (phone / "DCIM/Camera/IMG_0002.jpg").rename(phone / "DCIM/moved.jpg")
    before = tree(dest)
    second = back_up(phone, dest, asked)
    damaged = set() if asked.examine is None else {"DCIM/Camera/IMG_0002.mov"}  # noise, no film: it is read again
    assert second.paths(Outcome.HELD) == {"DCIM/moved.jpg"} | damaged
    assert tree(dest) == before
    generations = sorted((dest / ".auditor/manifests").iterdir())
    assert back_up(phone, dest, asked).by_path.keys() == damaged
    assert sorted((dest / ".auditor/manifests").iterdir()) == generations


def test_a_run_without_work_renews_a_manifest_that_is_old(phone: Path, tmp_path: Path) -> None:
    dest, place = tmp_path / "backup", FolderPlace(phone, str(phone))
    back_up(phone, dest)
    for days, generations in ((6, 1), (40, 2), (41, 2)):
        with session(dest, Layout.MIRROR) as store:
            prepared = prepare(place, store, DIGESTS, QUICK, now=now() + timedelta(days=days))
            carry_out(prepared, QUICK, lambda days=days: now() + timedelta(days=days))
        assert len(list((dest / ".auditor/manifests").iterdir())) == generations
    assert scrub(dest).chain == ()


def test_the_same_name_with_other_content_keeps_both(phone: Path, tmp_path: Path) -> None:
    dest = tmp_path / "backup"
    back_up(phone, dest)
    path = "DCIM/Camera/IMG_0002.jpg"
    old = (phone / path).read_bytes()
    write(phone / path, noise("rolled over"), OLD_S + 999)
    ran = back_up(phone, dest)
    got = tree(dest)
    assert got[path] == old
    tag = hashlib.sha256(noise("rolled over")).hexdigest()[:8]
    assert got[f"DCIM/Camera/IMG_0002~{tag}.jpg"] == noise("rolled over")
    assert ran.paths(Outcome.COPIED) == {path}
    assert back_up(phone, dest).by_path == {}
    give_back(dest, tmp_path / "back")
    assert tree(tmp_path / "back") == tree(phone)


def test_pairs_get_the_same_mark(tmp_path: Path) -> None:
    for folder in ("100APPLE", "101APPLE"):
        write(
            tmp_path / f"phone/{folder}/IMG_0001.jpg",
            media.jpeg(folder == "100APPLE", exif=media.exif(taken="2022:01:01 00:00:00")),
        )
        write(tmp_path / f"phone/{folder}/IMG_0001.mov", noise(folder))
    back_up(tmp_path / "phone", tmp_path / "backup", BY_DATE)
    names = sorted(tree(tmp_path / "backup"))
    stems = {name.rpartition(".")[0] for name in names}
    assert len(names) == 4 and len(stems) == 2, names


def test_what_was_there_before_is_never_touched(phone: Path, tmp_path: Path) -> None:
    dest = tmp_path / "backup"
    mine = write(dest / "DCIM/Camera/IMG_0002.jpg", b"mine, and older")
    held = write(dest / "old/name.jpg", (phone / "DCIM/Camera/IMG_20240518_101010.jpg").read_bytes())
    ran = back_up(phone, dest)
    assert mine.read_bytes() == b"mine, and older"
    assert ran.by_path["DCIM/Camera/IMG_20240518_101010.jpg"].backup_path == "old/name.jpg"
    assert held.exists() and ran.failed == {}


def test_files_that_a_power_cut_left_without_a_row_are_taken_up(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"phone/{number}.jpg", noise(number, 1_000))
    whole = tree(tmp_path / "phone")
    for number in (4, 5):
        (tmp_path / f"phone/{number}.jpg").unlink()
    back_up(tmp_path / "phone", tmp_path / "backup")
    for number in (4, 5):  # they have their names, and no line was written
        write(tmp_path / f"phone/{number}.jpg", whole[f"{number}.jpg"])
        write(tmp_path / f"backup/{number}.jpg", whole[f"{number}.jpg"])
    ran = back_up(tmp_path / "phone", tmp_path / "backup")
    assert ran.paths(Outcome.HELD) == {"4.jpg", "5.jpg"}
    assert tree(tmp_path / "backup") == whole


def test_files_without_a_row_survive_a_second_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {f"{number}.jpg": noise(number, 1_000 + number) for number in range(6)}
    for name, content in whole.items():
        write(tmp_path / "phone" / name, content)
        if name in {"4.jpg", "5.jpg"}:  # the first kill left them their names, and no line was written
            write(tmp_path / "backup" / name, content)
    with monkeypatch.context() as patched:  # the second one came before the manifest was made
        patched.setattr("auditor.copier.backup._next_generation", killed)
        with pytest.raises(KeyboardInterrupt):
            back_up(tmp_path / "phone", tmp_path / "backup")
    back_up(tmp_path / "phone", tmp_path / "backup")
    assert tree(tmp_path / "backup") == whole
    assert lies(tmp_path / "backup") == []
    assert back_up(tmp_path / "phone", tmp_path / "backup").by_path == {}


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_another_phone_goes_beside(phone: Path, tmp_path: Path) -> None:
    dest = tmp_path / "backup"
    back_up(phone, dest)
    write(tmp_path / "other/DCIM/Camera/IMG_0002.jpg", noise("other"))
    write(tmp_path / "other/DCIM/same.jpg", media.jpeg(1))
    ran = back_up(tmp_path / "other", dest)
    assert "go beside them, in other/" in ran.backed.prepared.plan.warnings[-1]
    assert tree(dest)["other/DCIM/Camera/IMG_0002.jpg"] == noise("other")
    assert give_back(dest, tmp_path / "one", source="other") == []
    assert tree(tmp_path / "one") == tree(tmp_path / "other")
    assert give_back(dest, tmp_path / "both") == []
    assert tree(tmp_path / "both/phone") == tree(phone)
    assert tree(tmp_path / "both/other") == tree(tmp_path / "other")


def test_a_source_content_that_comes_back_is_the_one_restored(phone: Path, tmp_path: Path) -> None:
    dest, path = tmp_path / "backup", phone / "Download/IMG_0002.jpg"
    first = path.read_bytes()
    for number, content in enumerate((first, noise("edited"), first)):
        write(path, content, OLD_S + number)
        back_up(phone, dest)
        (dest / ".auditor").stat()
    latest = {o.path: o.sha256 for o in restore.originals(Store(dest))}
    assert latest["Download/IMG_0002.jpg"] == hashlib.sha256(first).hexdigest()


def test_verify_tells_rot_from_edit_from_loss(phone: Path, tmp_path: Path) -> None:
    dest = tmp_path / "backup"
    back_up(phone, dest)
    assert scrub(dest).counts[Fate.UNCHANGED] == len(tree(dest))
    rotted = dest / "DCIM/Camera/IMG_0002.mov"
    content = bytearray(rotted.read_bytes())
    content[1000] ^= 1
    date = rotted.stat().st_mtime_ns
    rotted.write_bytes(content)
    os.utime(rotted, ns=(date, date))
    write(dest / "Download/IMG_0002.jpg", media.jpeg(44), OLD_S + 7777)
    (dest / "DCIM/Camera/IMG_0002.jpg").unlink()
    write(dest / "new.jpg", noise("new"))
    os.utime(dest / "DCIM/Camera/IMG_0002.xmp", (OLD_S + 3600, OLD_S + 3600))
    expected = {
        "DCIM/Camera/IMG_0002.mov": Fate.ROTTED,
        "Download/IMG_0002.jpg": Fate.EDITED,
        "DCIM/Camera/IMG_0002.jpg": Fate.LOST,
        "new.jpg": Fate.NEW,
    }
    assert fates(scrub(dest)) == expected
    again = fates(scrub(dest))  # rot, loss and an edit are told until they are mended; a new file is told once
    assert again == {path: fate for path, fate in expected.items() if fate is not Fate.NEW}
    assert len(give_back(dest, tmp_path / "cannot")) == 2
    ran = back_up(phone, dest)
    assert ran.paths(Outcome.REPAIRED) == {"DCIM/Camera/IMG_0002.mov", "DCIM/Camera/IMG_0002.jpg"}
    aside = [p for p in (dest / ".auditor/quarantine").rglob("*") if p.is_file()]
    assert [p.read_bytes() for p in aside] == [bytes(content)]
    assert fates(scrub(dest)) == {}
    give_back(dest, tmp_path / "back")
    assert (
        tree(tmp_path / "back").items()
        >= {p: b for p, b in tree(phone).items() if p != "Download/IMG_0002.jpg"}.items()
    )


@pytest.mark.parametrize("how", ["put there by hand", "edited"])
def test_rot_is_told_until_it_is_repaired_whatever_is_known_of_the_file(how: str, phone: Path, tmp_path: Path) -> None:
    dest, name = tmp_path / "backup", "new.jpg" if how == "put there by hand" else "DCIM/Camera/IMG_0002.jpg"
    back_up(phone, dest)
    good = media.jpeg(44)
    write(dest / name, good, OLD_S + 7777)
    scrub(dest)
    write(dest / name, good[:500] + b"rot" + good[503:], OLD_S + 7777)
    lacked = {(name, Fate.EDITED)} if how == "edited" else set()  # what was stored is not there either
    for _ in range(3):
        assert all_fates(scrub(dest)) == {(name, Fate.ROTTED)} | lacked
    write(dest / name, b"", OLD_S + 8888)
    for _ in range(3):
        assert all_fates(scrub(dest)) == {(name, Fate.ROTTED)} | lacked  # a bad file under another date is no better
    write(dest / name, good, OLD_S + 9999)
    assert fates(scrub(dest)) == ({name: Fate.EDITED} if how == "edited" else {})  # what was stored is still not there


@pytest.mark.parametrize("how", ["put there by hand", "edited"])
def test_a_spoilt_file_is_told_until_it_is_repaired(how: str, phone: Path, tmp_path: Path) -> None:
    dest, name = tmp_path / "backup", "new.jpg" if how == "put there by hand" else "DCIM/Camera/IMG_0002.jpg"
    back_up(phone, dest)
    write(dest / name, media.jpeg(44), OLD_S + 7777)
    scrub(dest)
    write(dest / name, b"", OLD_S + 8888)
    for _ in range(3):
        assert all_fates(scrub(dest)) == {(name, Fate.SPOILT), *([(name, Fate.EDITED)] if how == "edited" else [])}
    write(dest / name, media.jpeg(44), OLD_S + 9999)
    assert fates(scrub(dest)) == ({name: Fate.EDITED} if how == "edited" else {})


EDITS = {
    "emptied": (lambda photo: b"", Fate.SPOILT),
    "cut short": (lambda photo: photo[: len(photo) // 2], Fate.SPOILT),
    "zeroed": (lambda photo: bytes(len(photo)), Fate.SPOILT),
    "encrypted": (lambda photo: noise("virus", len(photo)), Fate.SPOILT),
    "another picture": (lambda photo: media.jpeg(77), Fate.EDITED),
}


@pytest.mark.parametrize(("change", "fate"), EDITS.values(), ids=EDITS)
def test_an_edit_is_a_picture_that_can_be_opened(
    change: Callable[[bytes], bytes], fate: Fate, phone: Path, tmp_path: Path
) -> None:
    dest, name = tmp_path / "backup", "DCIM/Camera/IMG_0002.jpg"
    back_up(phone, dest)
    bad = change((phone / name).read_bytes())
    write(dest / name, bad, OLD_S + 7777)
    assert fates(scrub(dest)) == {name: fate}
    assert fates(scrub(dest)) == {name: fate}  # it is told until what was stored is back
    assert len(give_back(dest, tmp_path / "back")) == (fate is Fate.SPOILT)
    ran = back_up(phone, dest)
    if fate is Fate.SPOILT:
        assert ran.paths(Outcome.REPAIRED) == {name}
        assert (dest / name).read_bytes() == (phone / name).read_bytes()
        assert [p.read_bytes() for p in (dest / ".auditor/quarantine").rglob("*") if p.is_file()] == [bad]
    else:
        assert ran.paths(Outcome.COPIED) == {name} and (dest / name).read_bytes() == bad
    assert fates(scrub(dest)) == {}
    assert set(tree(phone).values()) <= set(tree(dest).values())


def test_a_backup_repairs_what_was_spoilt_without_a_scrub_before(phone: Path, tmp_path: Path) -> None:
    dest, name = tmp_path / "backup", "DCIM/Camera/IMG_0002.jpg"
    back_up(phone, dest)
    write(dest / name, b"", OLD_S + 7777)
    assert back_up(phone, dest).paths(Outcome.REPAIRED) == {name}
    assert (dest / name).read_bytes() == (phone / name).read_bytes()


def test_what_was_damaged_when_it_was_stored_may_be_edited(phone: Path, tmp_path: Path) -> None:
    dest, name = tmp_path / "backup", "DCIM/Camera/broken.jpg"
    write(phone / name, media.jpeg(5)[:-4000])
    back_up(phone, dest, DECODED)
    write(dest / name, media.jpeg(5)[:-5000], OLD_S + 7777)
    assert fates(scrub(dest)) == {name: Fate.EDITED}


def test_a_file_moved_within_the_backup_is_found_by_its_content(phone: Path, tmp_path: Path) -> None:
    dest = tmp_path / "backup"
    back_up(phone, dest)
    (dest / "album").mkdir()
    (dest / "DCIM/Camera/IMG_0002.mov").rename(dest / "album/film.mov")
    ran = back_up(phone, dest)
    assert ran.by_path == {} and "DCIM/Camera/IMG_0002.mov" not in tree(dest)
    assert fates(scrub(dest)) == {}
    give_back(dest, tmp_path / "back")
    assert tree(tmp_path / "back") == tree(phone)


def test_sampling_reads_the_longest_unread_and_says_what_that_means(tmp_path: Path) -> None:
    dest = tmp_path / "backup"
    for number in range(40):
        write(tmp_path / f"phone/{number}.jpg", noise(number, 500))
    back_up(tmp_path / "phone", dest)
    seen: set[str] = set()
    for day in range(1, 5):
        one = scrub(dest, Choice(share=0.25), lambda day=day: now() + timedelta(days=day), seed=day)
        assert one.counts[Fate.UNCHANGED] == 10 and one.counts[Fate.NOT_READ] == 30
        assert one.statement is not None and "10 of 40 files were read" in one.statement
        assert one.manifest is not None
        read = {
            r.path
            for r in one.manifest.rows()
            if r.read_at and r.read_at > (now() + timedelta(days=day, hours=-1)).isoformat()
        }
        assert not read & seen
        seen |= read
    assert len(seen) == 40
    old = scrub(dest, Choice(older_than=timedelta(days=2)), lambda: now() + timedelta(days=4, hours=1))
    assert old.counts[Fate.UNCHANGED] == 20  # those of the first two days
    assert scrub(dest, Choice(budget_s=0)).counts[Fate.NOT_READ] == 40


def test_generations_that_are_missing_or_edited_are_reported(phone: Path, tmp_path: Path) -> None:
    dest = tmp_path / "backup"
    for number in range(3):
        write(phone / f"new-{number}.jpg", noise(number))
        back_up(phone, dest)
    first, second, third = sorted((dest / ".auditor/manifests").iterdir())
    assert scrub(dest).chain == ()
    text = first.read_bytes()
    first.write_bytes(text.replace(b"IMG_0002", b"IMG_0003"))
    second.rename(tmp_path / "taken")
    found = scrub(dest)
    assert [(g.number, bool(g.trouble)) for g in found.outdated] == [(1, True), (2, True)]
    assert found.chain == (), "the last one lists all files, and is right"
    newest = max((dest / ".auditor/manifests").iterdir())
    newest.unlink()
    ran = back_up(phone, dest)  # the one before it is taken, and that is said
    told = f"{newest.name} is missing. The backup goes on from the one before."
    assert told in ran.backed.prepared.plan.warnings[0]
    assert third.exists()


def test_init_makes_the_first_generation_of_any_folder(phone: Path, tmp_path: Path) -> None:
    with session(phone, Layout.MIRROR) as store:
        first_generation(store, QUICK, now)
    assert fates(scrub(phone)) == {}
    assert give_back(phone, tmp_path / "back") == []
    assert tree(tmp_path / "back") == tree(phone)


def test_only_restores_what_fits_and_never_over_another_file(phone: Path, tmp_path: Path) -> None:
    dest, target = tmp_path / "backup", tmp_path / "back"
    back_up(phone, dest)
    mine = write(target / "DCIM/Camera/IMG_0002.jpg", b"mine")
    assert give_back(dest, target, only="*/IMG_0002.jpg") == []
    assert mine.read_bytes() == b"mine"
    assert sorted(p.rpartition("/")[2][:9] for p in tree(target)) == ["IMG_0002.", "IMG_0002.", "IMG_0002~"]


def test_a_manifest_that_leads_out_is_refused(phone: Path, tmp_path: Path) -> None:
    dest = tmp_path / "backup"
    back_up(phone, dest)
    store = Store(dest)
    last = store.latest()
    assert last is not None
    rows = [replace(r, origins=tuple(replace(o, path="../../evil.jpg") for o in r.origins)) for r in last.rows()]
    columns, started = last.header.columns, last.header.started
    with locked(store) as opened:
        opened.add_generation(rows, columns=columns, depth=Depth.HASH, label="x", spec="x", started=started, now=now())
    with pytest.raises(BadManifest, match="no path inside a folder"):
        restore.originals(store)


def test_a_link_in_the_backup_is_not_followed_out(phone: Path, tmp_path: Path) -> None:
    dest, elsewhere = tmp_path / "backup", tmp_path / "elsewhere"
    elsewhere.mkdir()
    dest.mkdir()
    (dest / "DCIM").symlink_to(elsewhere)
    ran = back_up(phone, dest)
    assert list(elsewhere.iterdir()) == []
    assert ran.failed == {}
    assert tree(dest)["DCIM~/Camera/IMG_0002.jpg"] == (phone / "DCIM/Camera/IMG_0002.jpg").read_bytes()


class TestPreflight:
    def refusals(self, source: Path, dest: Path, asked: Request = DIGESTS) -> list[str]:
        place = FolderPlace(source, str(source))
        if told := refusals_before(place, dest, asked):
            return [one.why for one in told]
        with session(dest, Layout.MIRROR) as store:
            return [one.why for one in prepare(place, store, asked, QUICK).plan.refusals]

    def test_an_empty_source(self, tmp_path: Path) -> None:
        (tmp_path / "phone").mkdir()
        assert "lists no files" in self.refusals(tmp_path / "phone", tmp_path / "backup")[0]

    def test_a_source_that_shrank_sharply(self, tmp_path: Path) -> None:
        for number in range(12):
            write(tmp_path / f"phone/{number}.jpg", noise(number, 100))
        back_up(tmp_path / "phone", tmp_path / "backup")
        for number in range(2, 12):
            (tmp_path / f"phone/{number}.jpg").unlink()
        assert "the last time there were 12" in self.refusals(tmp_path / "phone", tmp_path / "backup")[0]
        assert self.refusals(tmp_path / "phone", tmp_path / "backup", replace(DIGESTS, shrunk=True)) == []

    @pytest.mark.parametrize(("source", "dest"), [("a", "a"), ("a", "a/b"), ("a/b", "a")])
    def test_overlapping_folders(self, source: str, dest: str, tmp_path: Path) -> None:
        write(tmp_path / source / "x.jpg", b"x")
        (tmp_path / dest).mkdir(parents=True, exist_ok=True)
        assert "folder" in self.refusals(tmp_path / source, tmp_path / dest)[0]

    def test_another_disk_than_last_time(self, phone: Path, tmp_path: Path) -> None:
        dest = tmp_path / "backup"
        back_up(phone, dest)
        marker = Store(dest).marker()
        assert marker is not None
        remember(dest, marker.id)
        dest.rename(tmp_path / "taken away")
        dest.mkdir()
        assert "held a backup before" in self.refusals(phone, dest)[0]
        assert self.refusals(phone, dest, replace(DIGESTS, new_place=True)) == []

    @pytest.mark.parametrize("left", [None, "an empty folder"], ids=["nothing", "its mount point"])
    def test_a_folder_that_was_worked_with_and_is_away(self, phone: Path, tmp_path: Path, left: str | None) -> None:
        """As a disk or a NAS that is not connected, which no backup of ours lies on yet."""
        dest = tmp_path / "by hand"
        write(dest / "IMG_0001.jpg", b"x")
        remember_use(str(dest), Role.BACKUP, datetime.now(UTC), held=True)
        assert self.refusals(phone, dest) == []
        shutil.rmtree(dest)
        if left:
            dest.mkdir()
        [why] = self.refusals(phone, dest)
        assert "is its disk connected" in why
        assert self.refusals(phone, dest, replace(DIGESTS, new_place=True)) == []

    def test_a_place_of_the_config_whose_disk_is_away(self, phone: Path, tmp_path: Path) -> None:
        dest = tmp_path / "disk/photos"
        config.change(lambda document: document.update(places={"stick": {"spec": str(dest), "role": "backup"}}))
        assert "the folder around it is not there" in self.refusals(phone, dest)[0]
        dest.parent.mkdir()  # connected, and never backed up to
        assert self.refusals(phone, dest) == []

    def test_an_empty_mount_point(self, phone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if tmp_path.stat().st_dev != Path("/").stat().st_dev:
            pytest.skip("the temporary folder is not on the system's disk")
        monkeypatch.setattr("auditor.disk.mounts._OF_REMOVABLE_DISKS", (str(tmp_path / "media"),))
        (tmp_path / "media/disk").mkdir(parents=True)
        assert "No disk is mounted" in self.refusals(phone, tmp_path / "media/disk")[0]

    def test_two_runs_at_once(self, phone: Path, tmp_path: Path) -> None:
        with session(tmp_path / "backup", Layout.MIRROR), pytest.raises(BadPlace, match="another run"):
            back_up(phone, tmp_path / "backup")


def test_stopping_keeps_what_is_done(tmp_path: Path) -> None:
    for number in range(200):
        write(tmp_path / f"phone/{number}.jpg", noise(number, 20_000))
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    ran = back_up(tmp_path / "phone", tmp_path / "backup", options=replace(QUICK, stop=stop))
    assert ran.backed.ending.stopped and ran.failed == {}
    done = tree(tmp_path / "backup")
    assert 0 < len(done) < 200 and lies(tmp_path / "backup") == []
    rest: Ran = back_up(tmp_path / "phone", tmp_path / "backup")
    assert len(rest.paths(Outcome.COPIED)) == 200 - len(done)
    assert tree(tmp_path / "backup") == tree(tmp_path / "phone")


def test_a_second_read_of_what_lies_in_an_archive_is_cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "IMG_1.jpg", media.jpeg(1))
    with tarfile.open(tmp_path / "phone.tar", "w") as packed:
        packed.add(tmp_path / "IMG_1.jpg", "DCIM/IMG_1.jpg")
    in_process.everything(monkeypatch)
    forgotten = []
    monkeypatch.setattr(durable, "drop_cache", lambda fd: forgotten.append(os.fstat(fd).st_ino))
    ran = back_up(open_archive(str(tmp_path / "phone.tar")), tmp_path / "backup", replace(DIGESTS, paranoid=True))
    assert ran.failed == {} and (tmp_path / "phone.tar").stat().st_ino in forgotten
