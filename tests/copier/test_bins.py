"""What lies in a bin of the backup will be emptied: it is no copy, for `backup` and `verify` as for an audit."""

from __future__ import annotations

import csv
import random
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.audit import caveats, inputs
from auditor.audit import run as auditing
from auditor.audit.order import Order
from auditor.cli.work.verify import show_verified
from auditor.copier.backup import refusals_before
from auditor.copier.layout import Layout
from auditor.copier.publish import Outcome
from auditor.judge import policy, rules
from auditor.model import Depth, Verdict
from auditor.places.folder import FolderPlace
from auditor.scrub.result import conclude
from auditor.scrub.verify import Choice, Fate, Verified, verify
from auditor.store.generations import Store, locked
from tests import media
from tests.commandline import call
from tests.copier import in_process
from tests.copier.runs import DIGESTS, OLD_S, QUICK, back_up, noise, tree, write
from tests.doubles.mounts import disk

FAMILY = replace(DIGESTS, excluded=re.compile(policy.load("family").excluded()))
EVERYTHING = DIGESTS
"""As by a policy that leaves nothing out: what earlier builds stored of a phone's bin."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    in_process.everything(monkeypatch)


def scrub(dest: Path) -> Verified:
    with locked(Store(dest)) as store:
        return verify(store, Choice(), QUICK, lambda: datetime.now(UTC))


def order(phone: Path, backup: Path) -> Order:
    ours, theirs = inputs.sides(str(phone), [str(backup)])
    return Order(ours, theirs, policy.load("family"), rules.load(), depth=Depth.HASH, jobs=1)


def verdicts(phone: Path, backup: Path) -> dict[str, set[str]]:
    """The files that must be backed up, by what an audit says of them."""
    out = phone.parent / f"report-{random.random()}"
    auditing.run(order(phone, backup), out)
    found: dict[str, set[str]] = {}
    for row in csv.DictReader((out / "files.csv").open(encoding="utf-8", newline="")):
        found.setdefault(row["verdict"], set()).add(row["path"])
    return found


def told(found: Verified) -> dict[str, tuple[Fate, str]]:
    return {one.path: (one.fate, one.detail) for one in found.found}


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    for seed, name in enumerate(("a.jpg", "b.jpg")):
        write(tmp_path / "phone/DCIM" / name, media.jpeg(seed))
    return tmp_path / "phone"


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.mark.parametrize("into", [".Trash-1000/files", "Trash", "#recycle/DCIM"])
def test_a_copy_that_was_moved_into_a_bin_is_told_and_stored_again(phone: Path, dest: Path, into: str) -> None:
    back_up(phone, dest, FAMILY)
    (dest / into).mkdir(parents=True)
    (dest / "DCIM/a.jpg").rename(dest / into / "a.jpg")
    for _ in range(2):  # until it is mended
        found = scrub(dest)
        assert told(found) == {"DCIM/a.jpg": (Fate.LOST, f"it lies in a bin now, which will be emptied: {into}/a.jpg")}
        assert conclude(found, Choice()).exit_code == 1
    ran = back_up(phone, dest, FAMILY)
    assert ran.paths(Outcome.REPAIRED) == {"DCIM/a.jpg"}
    assert (dest / "DCIM/a.jpg").read_bytes() == (phone / "DCIM/a.jpg").read_bytes()
    assert back_up(phone, dest, FAMILY).backed.prepared.plan.to_do == ()
    assert told(scrub(dest)) == {}
    (dest / into / "a.jpg").unlink()
    assert told(scrub(dest)) == {}  # what was never the backup's is not missed


def test_without_a_look_between_it_is_stored_again_too(phone: Path, dest: Path) -> None:
    back_up(phone, dest, FAMILY)
    (dest / ".Trash-1000").mkdir()
    (dest / "DCIM/a.jpg").rename(dest / ".Trash-1000/a.jpg")
    assert back_up(phone, dest, FAMILY).paths(Outcome.REPAIRED) == {"DCIM/a.jpg"}
    assert "DCIM/a.jpg" in tree(dest)


def test_what_is_taken_out_of_the_bin_again_is_well(phone: Path, dest: Path) -> None:
    back_up(phone, dest, FAMILY)
    (dest / ".Trash-1000").mkdir()
    (dest / "DCIM/a.jpg").rename(dest / ".Trash-1000/a.jpg")
    assert told(scrub(dest))["DCIM/a.jpg"][0] is Fate.LOST
    (dest / ".Trash-1000/a.jpg").rename(dest / "DCIM/a.jpg")
    assert conclude(scrub(dest), Choice()).exit_code == 0


def test_a_copy_of_the_phones_bin_holds_nothing_for_another_folder(phone: Path, dest: Path) -> None:
    write(phone / ".globaltrash/1.jpg", media.jpeg(0))
    back_up(phone, dest, EVERYTHING)
    assert "DCIM/a.jpg" in tree(dest)
    (dest / "DCIM/a.jpg").unlink()
    ran = back_up(phone, dest, FAMILY)
    assert "DCIM/a.jpg" in tree(dest), ran.by_path


@pytest.mark.parametrize("folder", ["Trash", "Recently Deleted", ".globaltrash"])
def test_what_came_from_such_a_folder_is_stored_once(phone: Path, dest: Path, folder: str) -> None:
    """An album may have such a name, and a policy may want everything: neither makes a backup grow with every run."""
    write(phone / folder / "c.jpg", media.jpeg(7))
    back_up(phone, dest, EVERYTHING)
    before = tree(dest)
    assert f"{folder}/c.jpg" in before
    assert back_up(phone, dest, EVERYTHING).backed.prepared.plan.to_do == ()
    assert conclude(scrub(dest), Choice()).exit_code == 0
    assert tree(dest) == before


@pytest.mark.parametrize(
    ("label", "layout"), [("second", Layout.MIRROR), ("second", Layout.BY_DATE), (".Trash-1000", Layout.MIRROR)]
)
def test_an_album_of_a_second_phone_that_is_called_so_is_safe(
    phone: Path, tmp_path: Path, dest: Path, label: str, layout: Layout
) -> None:
    second = tmp_path / label
    for seed, name in enumerate(("DCIM/c.jpg", "Pictures/Trash/d.jpg", "Trash/e.jpg"), 3):
        write(second / name, media.jpeg(seed))
    write(phone / "Trash/f.jpg", media.jpeg(9))
    for source in (phone, second):
        back_up(source, dest, replace(FAMILY, layout=layout))
    for source in (phone, second):
        assert verdicts(source, dest).keys() == {"proven"}
    (stored,) = dest.rglob("Trash/e.jpg")
    elsewhere = dest / "elsewhere/Trash/e.jpg"  # of which the record says nothing
    elsewhere.parent.mkdir(parents=True)
    stored.rename(elsewhere)
    assert verdicts(second, dest)["not_safe"] == {"Trash/e.jpg"}


def test_a_backup_that_lies_in_a_bin_as_a_whole_is_not_called_as_stored(
    phone: Path, tmp_path: Path, dest: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(phone, dest, FAMILY)
    whole = tmp_path / ".Trash-1000/files/backup"
    whole.parent.mkdir(parents=True)
    dest.rename(whole)
    found = conclude(scrub(whole), Choice())
    assert (found.verdict, found.exit_code) == (Verdict.NOT_SAFE, 1)
    of_audit = caveats.in_bins(order(phone, whole).backups)[0].removeprefix(str(whole)).partition(". ")[0]
    assert of_audit in found.sentence and "2 files were read, and are as they were stored" in found.sentence
    code, _, said = call(monkeypatch, capsys, "verify", str(whole), "--init")
    assert code == 2 and "lies in a bin or a quarantine" in said


def test_what_was_read_in_a_bin_makes_the_numbers_agree(
    phone: Path, tmp_path: Path, dest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(phone, dest, FAMILY)
    write(dest / ".Trash-1000/files/c.jpg", media.jpeg(8))
    verified = scrub(dest)
    assert verified.read == 2 and verified.binned == 1
    assert verified.read + verified.binned == verified.from_device + verified.untold
    show_verified(verified, conclude(verified, Choice()), str(dest))
    said = capsys.readouterr().out
    assert "2 files were read, and are as they were stored." in said
    assert "1  lies in a bin here, which will be emptied; not counted" in said


@pytest.mark.parametrize("root", [".Trash-1000/files", "Trash/bk", "old/.auditor/quarantine/x", "#recycle"])
def test_nothing_is_backed_up_into_a_bin(phone: Path, tmp_path: Path, root: str) -> None:
    (told,) = refusals_before(FolderPlace(phone, str(phone)), tmp_path / root, FAMILY)
    assert "lies in a bin or a quarantine" in told.why and not (tmp_path / root).exists()


@pytest.mark.parametrize("name", [".xtrash", "_x_", "@versions", "#old"])
def test_nothing_is_backed_up_into_a_programs_own_folder(phone: Path, tmp_path: Path, dest: Path, name: str) -> None:
    """At the top of a disk or a backup; a person may call a folder of his own so."""
    source = FolderPlace(phone, str(phone))
    assert refusals_before(source, tmp_path / name / "new", FAMILY) == []
    back_up(phone, dest, FAMILY)
    (told,) = refusals_before(source, dest / name / "new", FAMILY)
    assert "may be a program's own and be emptied" in told.why and not (dest / name).exists()


def test_a_phone_that_lies_in_such_a_folder_is_backed_up(tmp_path: Path, dest: Path) -> None:
    write(tmp_path / "Trash/phone/DCIM/a.jpg", media.jpeg(0))
    back_up(tmp_path / "Trash/phone", dest, FAMILY)
    assert set(tree(dest)) == {"DCIM/a.jpg"}


def licensed(phone: Path, backup: Path) -> set[str]:
    """What may go from the phone by an audit."""
    out = phone.parent / f"report-{random.random()}"
    auditing.run(replace(order(phone, backup), depth=Depth.DECODE), out)
    return {row["path"] for row in csv.DictReader((out / "safe-to-delete.csv").open(encoding="utf-8-sig", newline=""))}


@pytest.mark.parametrize("layout", Layout)
def test_of_twins_the_one_that_people_see_is_stored(phone: Path, dest: Path, layout: Layout) -> None:
    """A photo and its twin in a hidden folder: whichever comes first, the photo can go from the phone."""
    write(phone / ".statuses/a.jpg", media.jpeg(0))
    options = replace(FAMILY, layout=layout)
    back_up(phone, dest, options)
    assert not any(".statuses" in path for path in tree(dest))
    assert {"DCIM/a.jpg", "DCIM/b.jpg"} <= licensed(phone, dest)


@pytest.mark.parametrize("layout", Layout)
def test_a_twin_that_lies_in_a_hidden_folder_holds_nothing_for_the_photo(
    phone: Path, dest: Path, layout: Layout
) -> None:
    options = replace(FAMILY, layout=layout)
    (phone / "DCIM").rename(phone / ".statuses")
    back_up(phone, dest, options)
    write(phone / "DCIM/a.jpg", media.jpeg(0))
    back_up(phone, dest, options)
    assert licensed(phone, dest) == {".statuses/a.jpg", ".statuses/b.jpg", "DCIM/a.jpg"}
    before = tree(dest)
    assert back_up(phone, dest, options).backed.prepared.plan.to_do == ()
    assert tree(dest) == before and conclude(scrub(dest), Choice()).exit_code == 0


def test_a_copy_that_lies_only_in_a_hidden_folder_is_stored_once_more(phone: Path, dest: Path) -> None:
    back_up(phone, dest, FAMILY)
    (dest / ".x").mkdir()
    (dest / "DCIM/a.jpg").rename(dest / ".x/a.jpg")
    assert back_up(phone, dest, FAMILY).paths(Outcome.COPIED) == {"DCIM/a.jpg"}
    assert {"DCIM/a.jpg", ".x/a.jpg"} <= tree(dest).keys()
    assert licensed(phone, dest) == {"DCIM/a.jpg", "DCIM/b.jpg"}
    assert back_up(phone, dest, FAMILY).backed.prepared.plan.to_do == ()


@pytest.mark.parametrize("layout", Layout)
def test_what_was_edited_in_a_hidden_folder_is_stored_once(layout: Layout, phone: Path, dest: Path) -> None:
    """Its copy has a mark in its name, and so has what belongs to it: neither would lie better at the phone's name."""
    options = replace(FAMILY, layout=layout)
    for seed in (1, 2):
        write(phone / ".statuses/a.jpg", media.jpeg(10 + seed), OLD_S + seed)
        write(phone / ".statuses/a.jpg.xmp", noise(seed), OLD_S + seed)
        back_up(phone, dest, options)
    assert any("~" in path for path in tree(dest))
    before = tree(dest)
    assert back_up(phone, dest, options).backed.prepared.plan.to_do == ()
    assert tree(dest) == before


def test_what_has_another_name_in_a_hidden_folder_of_a_card_is_stored_once(phone: Path, tmp_path: Path) -> None:
    for seed, name in enumerate((".statuses/0:1.jpg", ".statuses/b.jpg", ".statuses/B.jpg")):
        write(phone / name, noise(seed))
    with disk(tmp_path, "exfat") as mount:
        back_up(phone, mount / "backup", FAMILY)
        before = tree(mount / "backup")
        assert ".statuses/0%3A1.jpg" in before and any("~" in path for path in before)
        assert back_up(phone, mount / "backup", FAMILY).backed.prepared.plan.to_do == ()
        assert tree(mount / "backup") == before


@pytest.mark.parametrize("label", [".phone", "@anna", "_b_"])
def test_a_second_phone_has_no_hidden_folder(phone: Path, tmp_path: Path, dest: Path, label: str) -> None:
    write(tmp_path / label / "DCIM/c.jpg", media.jpeg(3))
    for source in (phone, tmp_path / label):
        back_up(source, dest, FAMILY)
    assert f"phone {label}/DCIM/c.jpg" in tree(dest)
    assert licensed(tmp_path / label, dest) == {"DCIM/c.jpg"}
