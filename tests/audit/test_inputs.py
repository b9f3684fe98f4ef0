"""What each PLACE names, and that no copy is counted twice because it was named twice."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.audit.inputs import off_site, side, sides
from auditor.errors import BadPlace, BadPolicy
from auditor.manifest.jsonl import Writer
from auditor.manifest.rows import SCHEMA
from auditor.model import Depth, Device, Header
from auditor.places.spec import open_place
from auditor.scan.run import scan
from tests import media
from tests.copier.runs import back_up


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone and a backup, with lists of them, and archives inside of both."""
    monkeypatch.chdir(tmp_path)
    for name in ("phone/DCIM", "nas/photos", "disk"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.jpg").write_bytes(media.jpeg(seed=1))
    for archive in ("phone/old.zip", "nas/photos/old.zip", "apart.zip"):
        with zipfile.ZipFile(tmp_path / archive, "w") as packed:
            packed.write(tmp_path / "disk/a.jpg", "a.jpg")
    for name in ("phone", "nas", "nas/photos"):
        place = side(name).place
        assert place is not None
        scan(place, tmp_path / f"{name.replace('/', '-')}.jsonl", jobs=1, use_cache=False)
    (tmp_path / "link").symlink_to("nas")
    return tmp_path


def test_the_list_of_an_archive_in_the_source_lies_in_it(here: Path) -> None:
    """Whatever words it was named by; the archive itself is looked for, not its name."""
    for number, place in enumerate(("phone/old.zip", "takeout:phone/old.zip")):
        opened = side(place).place
        assert opened is not None
        scan(opened, here / f"{number}.jsonl", jobs=1, use_cache=False)
        with pytest.raises(BadPlace, match="lies inside the source"):
            sides("phone", [f"{number}.jsonl"])
        sides("disk", [f"{number}.jsonl"])
    (here / "phone/old.zip").rename(here / "phone/other.zip")
    assert len(sides("phone", ["0.jsonl", "apart.zip"])[1]) == 2


@pytest.mark.parametrize(
    ("backups", "called", "named", "away"),
    [
        (("usb/photos", "stick"), {}, ["photos"], {"photos"}),
        (("usb/photos", "vault/photos"), {}, ["photos"], None),
        (("usb/photos", "vault/photos"), {}, ["photos (2)"], set()),  # by the order of the words
        (("usb/photos", "vault/photos"), {"vault/photos": "bank"}, ["bank"], {"bank"}),
        (("vault/photos", "usb/photos"), {"vault/photos": "bank"}, ["bank"], {"bank"}),
        (("usb/photos", "vault/photos"), {"vault/photos": "bank"}, ["photos"], None),
        (("usb/photos", "stick"), {"usb/photos": "bank"}, ["bank"], {"bank"}),
        (("usb/photos", "stick"), {"usb/photos": "bank"}, ["photos"], {"bank"}),
        (("usb/photos", "stick"), {"usb/photos": "bank"}, ["photos", "bank", "stick"], {"bank", "stick"}),
        (("usb/photos", "stick"), {"stick": "photos"}, ["photos"], None),
        (("usb/photos", "stick"), {"stick": "photos"}, ["stick"], {"photos"}),
        (("usb/photos", "stick"), {}, ["nas"], set()),
        (("usb/bank", "stick"), {"vault/photos": "bank"}, ["bank"], set()),  # that place is not in this audit
    ],
)
def test_a_policy_names_one_backup_as_kept_elsewhere_or_none(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    backups: tuple[str, ...],
    called: dict[str, str],
    named: list[str],
    away: set[str] | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("phone", *backups):
        (tmp_path / name).mkdir(parents=True)
    _, theirs = sides("phone", backups, called.get, called.values())
    if away is None:
        with pytest.raises(BadPolicy, match="2 of the backups are called so"):
            off_site(theirs, named)
        return
    assert off_site(theirs, named) == away


@dataclass(frozen=True)
class Listed:
    """The list of a phone: its file, how it was reached, which phone it says it is, and its model."""

    name: str
    kind: str
    phone: str | None
    label: str = "Pixel"

    def write(self) -> str:
        header = Header(
            schema=SCHEMA,
            tool="auditor",
            place=f"{self.kind}:",
            place_id=f"{self.kind}:{self.name}",
            label=self.label,
            place_kind=self.kind,
            depth=Depth.LIST,
            started="2026-01-01T00:00:00Z",
            columns=("path", "kind", "digest_origin"),
            device=Device(is_phone=True, phone=self.phone),
        )
        Writer.create(Path(self.name), header).close(complete=True)
        return self.name


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        (Listed("a", "adb", "phone:1"), Listed("b", "adb", "phone:1"), "are of the same phone"),
        (Listed("a", "adb", "phone:1"), Listed("b", "mtp", "phone:1", "Google Pixel"), "are of the same phone"),
        (Listed("a", "mtp", "phone:1"), Listed("b", "mtp", "phone:1"), "are of the same phone"),
        (Listed("a", "adb", "phone:1"), Listed("b", "adb", None), "b does not say of which"),
        (Listed("a", "adb", "phone:1"), Listed("b", "adb", "phone:2"), None),
        (Listed("a", "adb", None), Listed("b", "adb", None, "Galaxy"), None),
    ],
)
def test_a_phone_is_no_backup_of_itself_whatever_the_folder(
    one: Listed, other: Listed, says: str | None, here: Path
) -> None:
    names = [one.write(), other.write()]
    for source, *backups in (names, names[::-1], ["disk", *names]):
        if says is None:
            sides(source, backups)
        else:
            with pytest.raises(BadPlace, match=says) as told:
                sides(source, backups)
            assert "\n" not in str(told.value)


BAD = {
    "the same folder": ("phone", ["phone"], "same place"),
    "the same by a link": ("nas", ["link"], "same place"),
    "a folder and its list": ("phone", ["phone.jsonl"], "same place"),
    "an archive in the source": ("phone", ["phone/old.zip"], "lies inside the source"),
    "the source in its backup": ("phone/DCIM", ["phone"], "lies inside its backup"),
    "a list of a folder in the source": ("nas", ["nas-photos.jsonl"], "lies inside the source"),
    "a backup twice": ("phone", ["nas", "disk", "./nas"], "named twice"),
    "a backup twice by a link": ("phone", ["nas", "link"], "named twice"),
    "a backup and its list": ("phone", ["nas", "nas.jsonl"], "named twice"),
    "a backup in a backup": ("phone", ["nas", "nas/photos"], "one copy"),
    "a backup around a backup": ("phone", ["nas/photos", "nas"], "one copy"),
    "an archive in another backup": ("phone", ["nas", "nas/photos/old.zip"], "one copy"),
    "lists of both": ("phone.jsonl", ["nas.jsonl", "nas-photos.jsonl"], "one copy"),
}


@pytest.mark.parametrize("which", BAD)
def test_one_copy_is_not_counted_twice(here: Path, which: str) -> None:
    source, backups, says = BAD[which]
    with pytest.raises(BadPlace, match=says) as error:
        sides(source, backups)
    assert "\n" not in str(error.value)


def test_places_apart_are_taken_each_with_a_label_of_its_own(here: Path) -> None:
    (here / "b/disk").mkdir(parents=True)
    _, backups = sides("phone", ["nas", "disk", "b/disk", "apart.zip"])
    assert [backup.label for backup in backups] == ["nas", "disk", "disk (2)", "apart.zip"]


def test_a_list_of_a_place_that_is_gone_is_taken(here: Path) -> None:
    (here / "nas/photos").rename(here / "elsewhere")
    _, backups = sides("phone", ["nas", "nas-photos.jsonl"])
    assert len(backups) == 2


def test_lists_of_a_backup_and_of_a_copy_of_its_disk_say_what_to_do(here: Path) -> None:
    """Both have one marker: of lists nobody knows whether that is one disk or two, of folders it is seen."""
    back_up(here / "phone", here / "first")
    for name in ("first", "clone"):
        if name == "clone":
            shutil.copytree("first", name)
        scan(open_place(name), Path(f"{name}.jsonl"), jobs=1, use_cache=False, depth=Depth.LIST)
    for backups in (["first.jsonl", "clone.jsonl"], ["clone", "first.jsonl"], ["first", "clone.jsonl"]):
        with pytest.raises(BadPlace, match="a copy of its whole disk, which no list tells: name the folders") as told:
            sides("phone", backups)
        assert all(backup in str(told.value) for backup in backups)
    assert len(sides("phone", ["first", "clone"])[1]) == 2  # what it says to do
    with pytest.raises(BadPlace, match="named twice"):
        sides("phone", ["first", "first.jsonl"])
