"""Google Takeouts: the contract, the rules of names, and what an export lacks."""

from __future__ import annotations

import csv
import json
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import BadPlace
from auditor.model import ErrorKind
from auditor.places import Entry, EntryKind, Place
from auditor.places.takeout import open_takeout
from auditor.places.takeout_names import Relation, match
from tests.places.contract import SEED_BYTES, PlaceContract
from tests.places.test_archive import tar_of, zip_of

CASES = Path(__file__).parents[3] / "shared" / "data" / "takeout-cases.csv"
SUPPLEMENT = ".supplemental-metadata"


class TestZipped(PlaceContract):
    cannot_hold = frozenset({"not_utf8"})

    def show(self, tree: Path) -> Place:
        folder = tree.parent / f"{tree.name}-export"
        folder.mkdir(exist_ok=True)
        zip_of(tree, folder / "takeout-20260101T000000Z-001.zip")
        return open_takeout(str(folder))

    def row(self, path: str) -> str:
        return f"takeout-20260101T000000Z-001.zip/{path}"

    def gone(self, tmp_path: Path) -> Place:
        (tmp_path / "soon gone").mkdir()
        place = open_takeout(str(tmp_path / "soon gone"))
        (tmp_path / "soon gone").rmdir()
        return place


class TestPacked(TestZipped):
    cannot_hold = frozenset()

    def show(self, tree: Path) -> Place:
        folder = tree.parent / f"{tree.name}-export"
        folder.mkdir(exist_ok=True)
        tar_of(tree, folder / "takeout-20260101T000000Z-001.tgz", "w:gz")
        return open_takeout(str(folder))

    def row(self, path: str) -> str:
        return f"takeout-20260101T000000Z-001.tgz/{path}"


class TestUnpacked(TestZipped):
    cannot_hold = frozenset()

    def show(self, tree: Path) -> Place:
        return open_takeout(str(tree))

    def row(self, path: str) -> str:
        return path


# The rules of names.


def real_cases() -> list[Any]:
    if not CASES.exists():
        return [pytest.param("", "", "", "", marks=pytest.mark.skip(reason="../shared/data is not here"))]
    with CASES.open(encoding="utf-8", newline="") as file:
        return [(r["json_name"], r["media_name"], r["should_match"], r["kind"]) for r in csv.DictReader(file)]


@pytest.mark.parametrize(("sidecar", "media", "should_match", "kind"), real_cases())
def test_names_of_real_exports(sidecar: str, media: str, should_match: str, kind: str) -> None:
    found = match([media], [sidecar]).get(media)
    assert (found is not None) == should_match.startswith("yes")
    if found and kind in ("own", "edited", "companion"):
        assert ("own" if found.relation.is_own else found.relation.name.lower()) == kind


def google_name(media: str, supplement: str = SUPPLEMENT) -> str:
    """The JSON's name as Google makes it: written anew here, in units of UTF-16, to check the rules against."""
    stem, dot, extension = media.rpartition(".")
    number = ""
    if stem.endswith(")") and "(" in stem and stem[stem.rindex("(") + 1 : -1].isdigit() and stem[-3] != " ":
        number = stem[stem.rindex("(") :]
        stem = stem[: stem.rindex("(")]
    units = (stem + dot + extension + supplement).encode("utf-16-le")[: 46 * 2]
    return units.decode("utf-16-le", "ignore") + number + ".json"


@pytest.mark.parametrize("supplement", [SUPPLEMENT, ""])
@pytest.mark.parametrize("letter", ["a", "\u0444", "\U0001f600"])
def test_every_length_of_name_finds_its_own_json_and_no_other(supplement: str, letter: str) -> None:
    width = len(letter.encode("utf-16-le")) // 2
    names = [f"{n:02}{letter * (n // width)}{number}.jpg" for n in range(1, 60) for number in ("", "(1)", "(12)")]
    sidecars = {name: google_name(name, supplement) for name in names}
    # Names that Google itself clips to one and the same JSON cannot be told apart by anybody.
    apart = {name for name in names if list(sidecars.values()).count(sidecars[name]) == 1}
    assert len(apart) > 150
    found = match(apart, [sidecars[name] for name in apart])
    assert {name: m.sidecar for name, m in found.items()} == {name: sidecars[name] for name in apart}
    assert all(m.relation.is_own for m in found.values())


def test_a_file_with_its_own_json_is_no_edit_and_no_part_of_another() -> None:
    media = ["a.jpg", "a-edited.jpg", "a.mp4", "b.heic", "b.mov", "c.MP", "c.MP.jpg", "MVIMG_1", "MVIMG_1.jpg"]
    sidecars = ["a.jpg.json", "a-edited.jpg.json", "a.mp4.json", "b.heic.json", "c.MP.jpg.json", "MVIMG_1.jpg.json"]
    found = {name: (m.sidecar, m.relation) for name, m in match(media, sidecars).items()}
    assert found == {
        "a.jpg": ("a.jpg.json", Relation.OWN),
        "a-edited.jpg": ("a-edited.jpg.json", Relation.OWN),
        "a.mp4": ("a.mp4.json", Relation.OWN),
        "b.heic": ("b.heic.json", Relation.OWN),
        "b.mov": ("b.heic.json", Relation.COMPANION),
        "c.MP": ("c.MP.jpg.json", Relation.COMPANION),
        "c.MP.jpg": ("c.MP.jpg.json", Relation.OWN),
        "MVIMG_1": ("MVIMG_1.jpg.json", Relation.COMPANION),
        "MVIMG_1.jpg": ("MVIMG_1.jpg.json", Relation.OWN),
    }


def test_the_order_of_names_changes_nothing() -> None:
    media = ["x.jpg", "x(1).jpg", "x-edited.jpg", "x-edited(1).jpg", "x.png", "x"]
    sidecars = ["x.jpg.json", "x.jpg(1).json", "x.json"]
    forward = match(media, sidecars)
    assert forward == match(media[::-1], sidecars[::-1])
    assert forward["x-edited(1).jpg"].sidecar == "x.jpg(1).json"


# Whole exports.


def sidecar(title: str, **more: Any) -> bytes:
    told = {"title": title, "photoTakenTime": {"timestamp": "1600000000"}, "geoData": {"latitude": 0, "longitude": 0}}
    return json.dumps({**told, **more}).encode()


def part(
    folder: Path, number: int, contents: dict[str, bytes], packing: str = "zip", stamp: str = "20260101T000000Z"
) -> str:
    """Writes part `number` of an export; its name."""
    folder.mkdir(exist_ok=True)
    name = f"takeout-{stamp}-{number:03}.{packing}"
    if packing == "zip":
        with zipfile.ZipFile(folder / name, "w") as archive:
            for path, content in contents.items():
                archive.writestr(f"Takeout/Google Fotos/{path}", content)
    else:
        with tarfile.open(folder / name, "w:gz") as tar:
            for path, content in contents.items():
                info = tarfile.TarInfo(f"Takeout/Google Fotos/{path}")
                info.size = len(content)
                tar.addfile(info, BytesIO(content))
    return name


def listed(folder: Path) -> dict[str, Entry]:
    """The entries by their path below the product's folder."""
    place = open_takeout(str(folder))
    return {entry.path.partition("Takeout/Google Fotos/")[2] or entry.path: entry for entry in place.walk()}


@pytest.mark.parametrize("packing", ["zip", "tgz"])
def test_date_place_and_folder_come_from_the_json_in_another_part(tmp_path: Path, packing: str) -> None:
    origin = {"mobileUpload": {"deviceFolder": {"localFolderName": "Camera"}, "deviceType": "ANDROID_PHONE"}}
    told = sidecar("IMG_1.jpg", geoData={"latitude": 52.5, "longitude": 13.4}, googlePhotosOrigin=origin, archived=True)
    part(
        tmp_path,
        1,
        {"Fotos von 2020/IMG_1.jpg": SEED_BYTES, "Fotos von 2020/Metadaten.json": b'{"title":"x"}'},
        packing,
    )
    second = part(tmp_path, 2, {"Fotos von 2020/IMG_1.jpg.supplemental-metadata.json": told}, packing)
    entries = listed(tmp_path)
    facts = entries["Fotos von 2020/IMG_1.jpg"].stated
    assert facts is not None
    assert (facts.taken_at, facts.taken_offset) == ("2020-09-13T12:26:40", "+00:00")
    assert (facts.latitude, facts.longitude) == (52.5, 13.4)
    assert facts.sidecar == f"{second}/Takeout/Google Fotos/Fotos von 2020/IMG_1.jpg.supplemental-metadata.json"
    assert facts.notes == ("phone_folder: Camera", "archived")
    assert not [e for e in entries.values() if e.error]


def test_the_bin_is_no_backup_and_failed_videos_are_noted(tmp_path: Path) -> None:
    part(
        tmp_path,
        1,
        {
            "Papierkorb/old.jpg": b"x",
            "Papierkorb/old.jpg.json": sidecar("old.jpg", trashed=True),
            "Failed Videos/clip.mp4": b"x",
            "Fotos von 2020/p.jpg": b"x",
            "Fotos von 2020/p.jpg.json": sidecar("p.jpg", googlePhotosOrigin={"fromPartnerSharing": {}}),
        },
    )
    entries = listed(tmp_path)
    assert entries["Papierkorb/old.jpg"].error_kind is ErrorKind.TRASHED
    clip, shared = entries["Failed Videos/clip.mp4"].stated, entries["Fotos von 2020/p.jpg"].stated
    assert clip and clip.notes == ("failed_video",)
    assert shared and shared.notes == ("from_partner_sharing",)


def test_edited_copies_and_live_parts_borrow_the_json(tmp_path: Path) -> None:
    part(
        tmp_path,
        1,
        {
            "Y/IMG_2.HEIC": b"h",
            "Y/IMG_2.MP4": b"v",
            "Y/IMG_2-bearbeitet.HEIC": b"e",
            "Y/IMG_2.HEIC.json": sidecar("IMG_2.HEIC"),
        },
    )
    stated = {name: entry.stated for name, entry in listed(tmp_path).items() if entry.stated}
    assert set(stated) == {"Y/IMG_2.HEIC", "Y/IMG_2.MP4", "Y/IMG_2-bearbeitet.HEIC"}
    assert stated["Y/IMG_2.HEIC"].taken_at and stated["Y/IMG_2-bearbeitet.HEIC"].taken_at
    assert stated["Y/IMG_2.MP4"].taken_at is None and stated["Y/IMG_2.MP4"].sidecar


def test_a_lost_picture_and_a_lost_part_are_listed(tmp_path: Path) -> None:
    part(tmp_path, 1, {"Y/a.jpg": b"a", "Y/a.jpg.json": sidecar("a.jpg"), "Y/lost.jpg.json": sidecar("lost.jpg")})
    part(tmp_path, 2, {"Y/live.HEIC.json": sidecar("live.HEIC"), "Y/live.MP4": b"only the motion"})
    part(tmp_path, 5, {"Y/b.jpg": b"b", "Y/gone.jpg.json": sidecar("gone.jpg", trashed=True)})
    entries = listed(tmp_path)
    assert {name for name, e in entries.items() if str(e.error).startswith("its JSON")} == {
        "Y/lost.jpg",
        "Y/live.HEIC",
    }
    parts = [e for e in entries.values() if e.kind is EntryKind.FOLDER]
    assert [e.path for e in parts] == [f"takeout-20260101T000000Z-00{n}.zip" for n in (3, 4)]
    assert all("this part" in str(e.error) for e in parts)


def test_parts_of_two_exports_are_counted_apart(tmp_path: Path) -> None:
    part(tmp_path, 1, {"a.jpg": b"a"}, stamp="20260101T000000Z-1")
    part(tmp_path, 1, {"a.jpg": b"a"}, stamp="20260101T000000Z-3")
    part(tmp_path, 2, {"b.jpg": b"a"}, stamp="20260101T000000Z-3")
    assert not [e for e in listed(tmp_path).values() if e.error]


@pytest.mark.parametrize("packing", ["zip", "tgz"])
def test_a_damaged_part_is_unknown_and_the_others_are_read(tmp_path: Path, packing: str) -> None:
    part(tmp_path, 1, {"a.jpg": SEED_BYTES}, packing)
    second = tmp_path / part(tmp_path, 2, {"b.jpg": SEED_BYTES, "c.jpg": SEED_BYTES}, packing)
    second.write_bytes(second.read_bytes()[: 400_000 if packing == "zip" else 200_000])
    entries = listed(tmp_path)
    assert not entries["a.jpg"].error
    (unknown,) = (e for e in entries.values() if e.kind is EntryKind.FOLDER)
    assert unknown.path == second.name and "again" in str(unknown.error)


def test_a_json_that_is_hostile_is_only_a_file(tmp_path: Path) -> None:
    contents = {
        "Y/deep.jpg.json": b"[" * 100_000,
        "Y/up.jpg.json": sidecar("../../../outside.jpg"),
        "Y/odd.jpg.json": json.dumps({"title": 5, "photoTakenTime": {"timestamp": "9" * 30}, "geoData": []}).encode(),
        "Y/odd.jpg": b"x",
    }
    part(tmp_path, 1, contents)
    entries = listed(tmp_path)
    assert entries["Y/odd.jpg"].stated is not None
    assert not any(".." in path.split("/") for path in entries)


def test_a_single_part_may_be_named(tmp_path: Path) -> None:
    name = part(tmp_path, 1, {"a.jpg": b"a"})
    part(tmp_path, 2, {"b.jpg": b"b"})
    place = open_takeout(str(tmp_path / name))
    assert [e.path for e in place.walk()] == [f"{name}/Takeout/Google Fotos/a.jpg"]
    assert place.label == name and place.id != open_takeout(str(tmp_path)).id


def test_what_is_no_export_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("x")
    for words in (str(tmp_path / "x.txt"), str(tmp_path / "nowhere")):
        with pytest.raises(BadPlace, match="Takeout"):
            open_takeout(words)
