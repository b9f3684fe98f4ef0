"""From folders to groups and a plan: what is found, what is kept and why, and what may never be planned to go."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageOps

from auditor.duplicates import comparing, page, planning, proving, tables
from auditor.duplicates.search import Search, search
from auditor.errors import BadPolicy
from auditor.isolation import pool
from auditor.judge import policy
from auditor.manifest.jsonl import load
from auditor.model import DigestOrigin, FileFacts, Kind, Soundness
from auditor.pictures import parts, written
from auditor.pictures.as_listed import AsListed
from auditor.pictures.inventory import Inventory, Source
from auditor.pictures.loading import Picture
from auditor.pictures.loading import load as load_picture
from auditor.pictures.verify import Relation
from auditor.places.folder import open_folder
from auditor.scan.run import scan
from tests import media_video
from tests.media import dng, motion_photo, ultra_hdr, with_segment, with_xmp
from tests.pictures.test_verify import exif, jpeg, other_format, scene

SCENE, OTHER = scene(1, (1200, 900)), scene(2, (1200, 900))
LOSSLESS: dict[str, dict[str, Any]] = {"PNG": {}, "TIFF": {}, "BMP": {}, "WEBP": {"lossless": True}}
ORIGINAL = jpeg(SCENE, 95, exif=exif(1, "2020:01:02 10:00:00"))


@pytest.fixture
def find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Search]:
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))

    def run(*folders: Path, reference: tuple[Path, ...] = (), **options: object) -> Search:
        sources = [source_of(folder, tmp_path, folder in reference) for folder in (*folders, *reference)]
        return search(sources, policy.load("family"), jobs=1)

    return run


def source_of(folder: Path, tmp_path: Path, reference: bool = False) -> Source:
    place = open_folder(str(folder))
    out = tmp_path / f"list-{len(list(tmp_path.glob('list-*')))}.jsonl"
    rows = tuple(scan(place, out, jobs=1, use_cache=False).rows())
    return Source(str(place.root), place.label, rows, place, reference)


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def without_exif(data: bytes) -> bytes:
    """The same JPEG without its first APP1 segment."""
    at = data.index(b"\xff\xe1")
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


STRIPPED = without_exif(ORIGINAL)


def actions(found: Search) -> dict[str, str]:
    return {row.path: row.action.value for row in found.plan.rows}


def relations(found: Search) -> dict[str, str]:
    items = found.inventory.items
    return {items[m.item].facts.path: m.relation.value for group in found.groups for m in group.members}


def test_each_relation_is_found_and_named(tmp_path: Path, find: Callable[..., Search]) -> None:
    stripped = without_exif(ORIGINAL)
    found = find(
        put(
            tmp_path / "a",
            {
                "IMG_0001.jpg": ORIGINAL,
                "again/IMG_0001.jpg": ORIGINAL,
                "sent-WA0001.jpg": jpeg(SCENE, 50, 800),
                "turned.jpg": jpeg(SCENE.transpose(Image.Transpose.ROTATE_90), 50, 800),
                "saved-anew.jpg": jpeg(SCENE, 80),
                "small.jpg": jpeg(SCENE, 85, 700),
                "mirrored.jpg": jpeg(ImageOps.mirror(SCENE), 80),
                "other.jpg": jpeg(OTHER, 90),
                "stripped.jpg": stripped,
            },
        )
    )
    assert relations(found) == {
        "again/IMG_0001.jpg": "same-bytes",
        "stripped.jpg": "same-image-data",
        "sent-WA0001.jpg": "same-picture",
        "turned.jpg": "same-picture",
        "saved-anew.jpg": "same-picture",
        "small.jpg": "similar",
        "mirrored.jpg": "edited",
    }
    wanted = dict.fromkeys(("again/IMG_0001.jpg", "stripped.jpg", "sent-WA0001.jpg", "turned.jpg"), "remove")
    assert actions(found) == {
        "IMG_0001.jpg": "keep",
        **dict.fromkeys(("saved-anew.jpg", "small.jpg", "mirrored.jpg"), "ask"),
        **wanted,
    }
    freed = sum((tmp_path / "a" / name).stat().st_size for name in wanted)
    assert (found.plan.freed_bytes, found.plan.removing_groups, found.plan.asking_groups) == (freed, 1, 2)
    # The group that is in both counts says so.
    also = "your decision, {}which also has something that can go.".format
    assert page.sentence(found).endswith(f"in 1 group can be freed; 2 groups need {also('1 of ')}")
    assert f"1 group needs {also('')}" in page.render(found, page.Written("plan.csv", ""), jobs=1, pictures=False)


def test_hard_links_and_one_file_reached_twice_are_no_duplicates(tmp_path: Path, find: Callable[..., Search]) -> None:
    folder = put(tmp_path / "a", {"x/one.jpg": ORIGINAL})
    try:
        os.link(folder / "x/one.jpg", folder / "x/two.jpg")
    except OSError:
        pytest.skip("the file system has no hard links")
    found = find(folder, folder / "x")
    assert (found.groups, found.inventory.same_file, len(found.inventory.items)) == ((), 3, 1)


def test_nothing_is_planned_where_nothing_may_change(tmp_path: Path, find: Callable[..., Search]) -> None:
    mine, theirs = put(tmp_path / "mine", {"a.jpg": ORIGINAL}), put(tmp_path / "theirs", {"b.jpg": ORIGINAL})
    assert actions(find(mine, reference=(theirs,))) == {"b.jpg": "keep", "a.jpg": "remove"}
    put(mine, {"better.jpg": jpeg(SCENE, 97, exif=exif(1, "2020:01:02 10:00:00"))})
    found = find(mine, reference=(theirs,))
    assert actions(found)["b.jpg"] == "keep"


def test_a_list_alone_plans_nothing(tmp_path: Path, find: Callable[..., Search]) -> None:
    folder = put(tmp_path / "a", {"a.jpg": ORIGINAL, "b.jpg": ORIGINAL})
    find(folder)
    listed = load(next(tmp_path.glob("list-*.jsonl")))
    found = search([Source(str(folder), "a", tuple(listed.rows()))], policy.load("family"), jobs=1)
    assert set(actions(found).values()) == {"keep"}


def test_of_a_place_without_pictures_it_is_not_said_that_nothing_is_there_twice(tmp_path: Path) -> None:
    found = search([source_of(put(tmp_path / "one", {"notes.txt": b"hello"}), tmp_path)], policy.load("family"), jobs=1)
    assert page.sentence(found) == "No photo or video lies there, so nothing was compared."
    assert 'class="verdict cannot-say"' in page.render(found, page.Written("plan.csv", ""), jobs=1, pictures=False)


@pytest.mark.parametrize(
    ("reasons", "said"),
    [(("DCIM cannot be opened",), "DCIM cannot be opened"), (("<a>", "b", "c"), "<a>, and 2 more reasons")],
)
def test_of_a_place_that_was_read_in_part_it_is_not_said_that_nothing_is_there_twice(
    reasons: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    whole = source_of(put(tmp_path / "one", {"a.jpg": ORIGINAL}), tmp_path)
    for source in (whole, replace(whole, not_listed=reasons)):
        found = search([source], policy.load("family"), jobs=1)
        made = page.render(found, page.Written("plan.csv", ""), jobs=1, pictures=False)
        if source is whole:
            assert (page.sentence(found), page.caveats(found)) == ("Nothing is there twice.", [])
            assert 'class="verdict safe"' in made
        else:
            assert page.sentence(found) == "Nothing of what could be read is there twice."
            assert page.caveats(found) == [f"one could not be read whole ({said}): the rest was not compared."]
            assert 'class="verdict cannot-say"' in made and "the rest was not compared." in made


@pytest.mark.parametrize(
    ("files", "goes", "odd"),
    [
        ({"a.jpg": ORIGINAL, "=b.jpg": STRIPPED, "c.jpg": STRIPPED}, ["c.jpg"], "=b.jpg"),
        ({"=a.jpg": ORIGINAL, "b.jpg": STRIPPED}, [], "=a.jpg"),  # what is kept cannot be named
    ],
)
def test_what_no_table_can_name_stays_and_says_so(
    files: dict[str, bytes], goes: list[str], odd: str, tmp_path: Path, find: Callable[..., Search]
) -> None:
    found = find(put(tmp_path / "a", files))
    removed = [row for row in found.plan.rows if row.action is planning.Action.REMOVE]
    assert [row.path for row in removed] == goes and found.plan.removing_groups == len(goes)
    assert found.plan.freed_bytes == sum(row.size_bytes for row in removed)
    tables.write_plan(found.plan.rows, tmp_path / "plan.csv")
    with (tmp_path / "plan.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["path"] for row in csv.DictReader(stream) if row["action"] == "remove"] == goes
    shown = page.render(found, page.Written("plan.csv", ""), jobs=1, pictures=False)
    assert shown.count(">→ GOES</span>") == len(goes) and shown.count(">✓ STAYS</span>") == 1
    assert f"No table can hold the name {odd} exactly, so it is not in the plan." in shown
    assert f'"suggested": {"true" if goes else "false"}' in shown.replace('":', '": ').replace('":  ', '": ')


def test_nothing_goes_whose_film_no_table_can_name(tmp_path: Path, find: Callable[..., Search]) -> None:
    pair = {"IMG_1.jpg": ORIGINAL, "IMG_1.mov": b"\0\0\0\x18ftypqt  " + bytes(200)}
    odd = {"copy/;=1/IMG_1.jpg": pair["IMG_1.jpg"], "copy/;=1/IMG_1.mov": pair["IMG_1.mov"]}
    found = find(put(put(tmp_path / "a", pair), odd))
    assert "remove" not in actions(found).values() and not any(row.may_go for row in found.plan.rows if row.moves_with)
    half = planning.PlanRow(planning.Action.REMOVE, "/p", "a.jpg", "", 1, "/p", "b.jpg", "", None, "the same")
    film = replace(half, path="=a.mov", moves_with="a.jpg")
    assert {(row.action, row.may_go) for row in planning._named([half, film])} == {(planning.Action.KEEP, False)}


def test_a_damaged_file_is_never_kept_for_a_sound_one(tmp_path: Path, find: Callable[..., Search]) -> None:
    broken = ORIGINAL[: len(ORIGINAL) * 3 // 5]
    found = find(put(tmp_path / "a", {"1.jpg": broken, "copy/1.jpg": broken}))
    assert set(actions(found).values()) == {"keep", "ask"}, "of two broken ones a person decides"


def test_live_photo_and_sidecar_move_as_one(tmp_path: Path, find: Callable[..., Search]) -> None:
    film = b"\0\0\0\x18ftypqt  " + bytes(200)
    pair = {"IMG_1.jpg": ORIGINAL, "IMG_1.mov": film, "IMG_1.xmp": b"<x:xmpmeta/>"}
    both = put(put(tmp_path / "a", pair) / "copy", pair).parent
    found = find(both)
    kept = {row.path.rpartition("/")[0] for row in found.plan.rows if row.action is planning.Action.KEEP}
    gone = {row.path: row.moves_with for row in found.plan.rows if row.action is planning.Action.REMOVE}
    assert len(kept) == 1
    prefix = "copy/" if kept == {""} else ""
    assert gone == {
        f"{prefix}IMG_1.jpg": "",
        f"{prefix}IMG_1.mov": f"{prefix}IMG_1.jpg",
        f"{prefix}IMG_1.xmp": f"{prefix}IMG_1.jpg",
    }
    (both / prefix / "IMG_1.mov").write_bytes(film + b"x")
    found = find(both)
    assert actions(found)[f"{prefix}IMG_1.jpg"] == "ask"
    shown = page.render(found, page.Written("plan.csv", ""), jobs=1, pictures=False)
    # On the page a reason begins with a large letter, which no file's name may get.
    assert f"A part of it, {prefix}IMG_1.mov, is not in the company of the file to keep." in shown
    shutil.rmtree(both / prefix if prefix else both / "copy")
    put(both / "lone", {"IMG_1.jpg": ORIGINAL})
    found = find(both)
    assert [row.path for row in found.plan.rows if row.action is planning.Action.REMOVE] == ["lone/IMG_1.jpg"]


@pytest.mark.parametrize(
    ("files", "kept", "why"),
    [
        (
            {"a.jpg": jpeg(SCENE, 90, 1000), "b.jpg": jpeg(SCENE, 70)},
            "b.jpg",
            "more pixels (1200 x 900, not 1000 x 750)",
        ),
        ({"a.jpg": jpeg(SCENE, 60), "b.jpg": jpeg(SCENE, 90)}, "b.jpg", "less compressed"),
        ({"a.png": other_format(SCENE, "PNG"), "b.jpg": jpeg(SCENE, 90)}, "a.png", "its picture takes more bytes"),
        ({"IMG_1 (1).jpg": ORIGINAL, "IMG_1.jpg": ORIGINAL}, "IMG_1.jpg", "its name is the camera's"),
    ],
)
def test_what_is_kept_and_why(
    files: dict[str, bytes], kept: str, why: str, tmp_path: Path, find: Callable[..., Search]
) -> None:
    found = find(put(tmp_path / "a", files))
    (group,) = found.groups
    assert found.inventory.items[group.kept].facts.path == kept
    assert why in group.ranking.why(group.kept, group.members[0].item)


def test_members_are_compared_with_the_kept_file_itself(tmp_path: Path, find: Callable[..., Search]) -> None:
    found = find(put(tmp_path / "a", {"a.jpg": ORIGINAL, "b.jpg": jpeg(SCENE, 60), "c.jpg": jpeg(SCENE, 50, 1000)}))
    (group,) = found.groups
    assert found.inventory.items[group.kept].facts.path == "a.jpg"
    assert {m.relation for m in group.members} == {Relation.SAME_PICTURE}
    assert all(row.kept_path == "a.jpg" for row in found.plan.rows)


def test_a_worker_that_dies_of_a_cluster_loses_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster's pictures are decoded one by one then, and the one that kills its decoder alone is not compared."""
    folder = put(tmp_path / "a", {"a.jpg": ORIGINAL, "b.jpg": jpeg(SCENE, 70), "c.jpg": jpeg(SCENE, 60)})
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))
    told: list[str] = []
    run = pool.run

    def died(function: Callable[..., Any], jobs: Iterable[Any], **options: Any) -> Iterator[Any]:
        for job, outcome in zip(jobs, run(function, jobs, **options), strict=True):
            told.append(function.__name__)
            hostile = function is comparing._compare_cluster or getattr(job.argument, "path", "") == "c.jpg"
            yield pool.Died("the decoder died (SIGSEGV)") if hostile else outcome

    source = source_of(folder, tmp_path)
    monkeypatch.setattr(comparing.pool, "run", died)
    found = search([source], policy.load("family"), jobs=1)
    assert told == ["_compare_cluster", "_load", "_load", "_load", "_prove"]
    assert relations(found) == {"b.jpg": "same-picture"}
    items = found.inventory.items
    assert [(items[k].facts.path, why) for k, why in found.not_compared] == [("c.jpg", "the decoder died (SIGSEGV)")]
    assert found.pairs == 1


def test_pictures_are_decoded_and_compared_in_workers_alone(
    tmp_path: Path, find: Callable[..., Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(*_: object) -> None:
        raise AssertionError("a picture was worked on in the process of the caller")

    monkeypatch.setattr(comparing, "load_from", here)
    monkeypatch.setattr(comparing, "compare", here)
    monkeypatch.setattr(proving, "read", here)
    monkeypatch.setattr(proving, "compare_files", here)
    found = find(put(tmp_path / "a", {"a.jpg": ORIGINAL, "b.jpg": jpeg(SCENE, 70), "c.jpg": jpeg(SCENE, 60)}))
    assert relations(found) == {"b.jpg": "same-picture", "c.jpg": "same-picture"}
    assert found.pairs == 2


@pytest.mark.parametrize("at", ["first look", "full size"])
@pytest.mark.parametrize(
    "data", [jpeg(SCENE, 50, 800), without_exif(ORIGINAL)], ids=["same picture", "same image data"]
)
def test_of_other_bytes_than_were_listed_nothing_is_said(
    data: bytes, at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another card may lie there while files are compared, and the first one again when they are to go."""
    folder = put(tmp_path / "a", {"a.jpg": ORIGINAL, "b.jpg": data})
    source = source_of(folder, tmp_path)
    assert "remove" in actions(search([source], policy.load("family"), jobs=1)).values()
    prove = proving.prove

    def later(*words: Any, **more: Any) -> Any:
        put(folder, {"b.jpg": ORIGINAL})
        return prove(*words, **more)

    if at == "full size":
        monkeypatch.setattr(proving, "prove", later)
    else:
        put(folder, {"b.jpg": ORIGINAL})
    assert "remove" not in actions(search([source], policy.load("family"), jobs=1)).values()


def test_an_edit_is_shown_beside_its_original_rather_than_another_edit() -> None:
    """Of files that it is as near to, the best one; whichever hash lies nearer."""
    task = comparing._Task(Inventory((), ()), (), {}, ())
    picture = load_picture(jpeg(SCENE, 80))
    assert isinstance(picture, Picture)
    original, other = picture, replace(picture, grey=(picture.grey // 4 * 3).astype("uint8"))
    darker = replace(picture, grey=picture.grey // 2)
    comparison = comparing._Comparison(task, held={0: original, 1: other})
    for order in ([0, 1], [1, 0]):
        link = comparison._best_link(2, darker, order)
        assert link is not None
        assert (link.better, link.relation) == (0, Relation.EDITED)


def test_an_unknown_reason_is_refused() -> None:
    with pytest.raises(BadPolicy, match="no reason 'beauty'"):
        search([], replace(policy.load("family"), keep=("beauty",)), jobs=1)


def test_a_file_that_no_program_opens_is_never_kept_for_one_that_opens(
    tmp_path: Path, find: Callable[..., Search]
) -> None:
    """Its picture's own bytes are whole, and yet libheif refuses it: of the two, nothing goes by itself."""
    good = other_format(SCENE, "HEIF", quality=70)
    at = good.index(b"meta") + 4
    broken = good[:at] + b"\x04" + good[at + 1 :]
    folder = put(tmp_path / "d", {"a.heic": broken, "b.heic": good})
    found = find(folder)
    assert "remove" not in actions(found).values()
    # Even where the lists say that both are sound and hold one picture.
    place = open_folder(str(folder))
    sound = [
        FileFacts(
            name,
            size_bytes=len(data),
            digests={"sha256": hashlib.sha256(data).hexdigest()},
            digest_origin=DigestOrigin.READ,
            kind=Kind.PHOTO,
            format="heic",
            image_sha256="1" * 64,
            soundness=Soundness.SOUND,
        )
        for name, data in (("a.heic", broken), ("b.heic", good), ("c.heic", good))
    ]
    found = search([Source(str(folder), "d", tuple(sound), place)], policy.load("family"), jobs=1)
    assert actions(found) == {"b.heic": "keep", "c.heic": "remove", "a.heic": "ask"}


def test_what_holds_more_is_kept_and_nothing_that_was_written_is_lost(
    tmp_path: Path, find: Callable[..., Search]
) -> None:
    depth = with_xmp(
        ORIGINAL, 'xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" GDepth:Data="' + "A" * 900 + '"'
    )
    found = find(put(tmp_path / "a", {"a.jpg": ORIGINAL, "b.jpg": depth}))
    assert actions(found) == {"b.jpg": "keep", "a.jpg": "remove"}
    # Each holds something that the other lacks: a person decides.
    caption = jpeg(SCENE, 95, exif=captioned("Grandma, 1951"))
    other = with_xmp(ORIGINAL, 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"')
    found = find(put(tmp_path / "b", {"a.jpg": caption, "b.jpg": other}))
    (row,) = [row for row in found.plan.rows if row.action is planning.Action.ASK]
    assert "lacks something that this one holds: " in row.reason
    assert ("caption" in row.reason) or ("rating" in row.reason)


CLIP = media_video.film(frames=15)
STILL = jpeg(SCENE, 90, exif=exif(1, "2020:01:02 10:00:00"))
MOTION = motion_photo(CLIP, STILL)


def missing(kept: bytes, other: bytes) -> list[str]:
    ours, theirs = parts.contents(kept), parts.contents(other)
    return parts.missing(ours, theirs) + parts.perhaps_missing(ours, theirs)


def hdr(still: bytes) -> bytes:
    return ultra_hdr(1, still=still)


@pytest.mark.parametrize(
    ("fuller", "plain", "part"),
    [
        (MOTION, STILL, "motion clip"),
        (hdr(STILL), STILL, "gain map"),
        (with_xmp(STILL, 'GDepth:Data="' + "A" * 900 + '"'), STILL, "depth map"),
        (hdr(MOTION), hdr(STILL), "motion clip"),
    ],
    ids=["motion photo", "Ultra HDR", "depth map", "clip and gain map"],
)
def test_the_one_that_holds_more_is_kept_wherever_it_lies(
    fuller: bytes, plain: bytes, part: str, tmp_path: Path, find: Callable[..., Search]
) -> None:
    names = {"Download/a.jpg": fuller, "DCIM/Camera/IMG_20200102_100000.jpg": plain}
    found = find(put(tmp_path / "a", names))
    assert actions(found) == {"Download/a.jpg": "keep", "DCIM/Camera/IMG_20200102_100000.jpg": "remove"}
    for row in found.plan.rows:
        assert f"it holds more: {part}" in row.reason


def test_a_heic_with_a_depth_map_is_kept_before_the_same_without(tmp_path: Path, find: Callable[..., Search]) -> None:
    plain = other_format(SCENE, "HEIF", quality=70, exif=exif(1, "2020:01:02 10:00:00"))
    depth = media_video.with_depth(plain)
    assert (missing(plain, depth), missing(depth, plain)) == (["depth map"], [])
    found = find(put(tmp_path / "a", {"Download/a.heic": depth, "DCIM/Camera/IMG_0001.heic": plain}))
    assert actions(found) == {"Download/a.heic": "keep", "DCIM/Camera/IMG_0001.heic": "remove"}


def test_no_copy_goes_before_its_original_for_what_was_written_into_it(
    tmp_path: Path, find: Callable[..., Search]
) -> None:
    camera = jpeg(SCENE, 95, exif=exif(1, "2020:01:02 10:00:00"))
    for name, copy in (("again", jpeg(SCENE, 70)), ("small", jpeg(SCENE, 95, 1000))):
        noted = with_xmp(copy, 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"')
        found = find(put(tmp_path / name, {"DCIM/Camera/IMG_0001.jpg": camera, "Download/a.jpg": noted}))
        assert actions(found) == {"DCIM/Camera/IMG_0001.jpg": "keep", "Download/a.jpg": "ask"}, name


def test_more_pixels_do_not_go_for_a_copy_that_holds_more(tmp_path: Path, find: Callable[..., Search]) -> None:
    """A person decides; and the one to keep is the one whose content no other picture holds."""
    large = jpeg(SCENE, 90, exif=exif(1, "2020:01:02 10:00:00"))
    small = jpeg(SCENE, 90, 1000, exif=exif(1, "2020:01:02 10:00:00"))
    found = find(put(tmp_path / "a", {"Download/a.jpg": hdr(small), "DCIM/Camera/IMG_0001.jpg": large}))
    assert actions(found) == {"Download/a.jpg": "keep", "DCIM/Camera/IMG_0001.jpg": "ask"}
    assert "more pixels (1200 x 900)" in next(row.reason for row in found.plan.rows if row.action.value == "ask")
    # Nor for a smaller one with a sidecar.
    files = {"takeout/a.jpg": small, "takeout/a.xmp": b"<x:xmpmeta/>", "DCIM/Camera/IMG_0001.jpg": large}
    assert "remove" not in actions(find(put(tmp_path / "b", files))).values()


def test_a_better_encoding_does_not_go_for_a_worse_one_that_holds_more(
    tmp_path: Path, find: Callable[..., Search]
) -> None:
    worse = hdr(jpeg(SCENE, 60, exif=exif(1, "2020:01:02 10:00:00")))
    found = find(put(tmp_path / "a", {"Download/a.jpg": worse, "DCIM/Camera/IMG_0001.jpg": STILL}))
    assert actions(found) == {"Download/a.jpg": "keep", "DCIM/Camera/IMG_0001.jpg": "ask"}


def test_a_damaged_file_is_not_kept_for_holding_more(tmp_path: Path, find: Callable[..., Search]) -> None:
    found = find(put(tmp_path / "a", {"Download/a.jpg": MOTION[: -len(CLIP) // 2], "DCIM/Camera/IMG_0001.jpg": STILL}))
    (kept,) = [row.path for row in found.plan.rows if row.action is planning.Action.KEEP]
    assert kept == "DCIM/Camera/IMG_0001.jpg"
    assert "remove" not in actions(found).values()


def test_a_mark_whose_content_went_stands_for_no_content(tmp_path: Path, find: Callable[..., Search]) -> None:
    """An editor dropped the clip and its index, and left the note that there is one."""
    marked = with_xmp(STILL, 'GCamera:MotionPhoto="1"')
    found = find(put(tmp_path / "a", {"Download/a.jpg": MOTION, "DCIM/Camera/IMG_0001.jpg": marked}))
    assert actions(found) == {"Download/a.jpg": "keep", "DCIM/Camera/IMG_0001.jpg": "remove"}
    assert missing(marked, MOTION) == ["motion clip"]
    assert missing(MOTION, marked) == []


def test_transparency_and_raw_data_are_content() -> None:
    seen_through = SCENE.convert("RGBA")
    opaque = other_format(seen_through, "PNG")
    seen_through.putalpha(200)
    assert missing(STILL, other_format(seen_through, "PNG")) == ["transparency"]
    assert missing(STILL, opaque) == []
    assert missing(STILL, dng()) == ["raw data of the sensor"]


def test_a_transparency_that_nobody_can_look_at_is_asked_about() -> None:
    seen_through = SCENE.convert("RGBA")
    whole = other_format(seen_through, "PNG")
    cut = whole[: len(whole) // 2]  # its header says that it has such a channel
    assert missing(STILL, cut) == [parts.UNSEEN] and missing(cut, STILL) == []
    seen_through.putalpha(200)
    assert missing(other_format(seen_through, "PNG"), cut) == []
    assert missing(cut, other_format(seen_through, "PNG")) == ["transparency"]
    files = (AsListed(open_folder("."), name, None) for name in ("a.jpg", "b.png"))
    pair = proving._Pair(*files, Kind.PHOTO, exact=False)
    same = proving.Proof(Relation.SAME_PICTURE, "")
    weighed = proving._weighed(same, pair, STILL, cut)
    assert (weighed.lacks, weighed.fuller) == ((written.UNREAD, parts.UNSEEN), False)
    assert not proving._weighed(same, pair, cut, MOTION).fuller  # nor is another one kept before it for more


def test_of_one_picture_the_one_with_the_caption_is_kept_wherever_it_lies(
    tmp_path: Path, find: Callable[..., Search]
) -> None:
    """The other one is longer, and says nothing that this one does not."""
    noted = with_xmp(STILL, 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"')
    padded = with_xmp(STILL, 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="x"', " " * 2000)
    found = find(put(tmp_path / "a", {"Download/a.jpg": noted, "DCIM/Camera/IMG_0001.jpg": padded}))
    assert relations(found) == {"DCIM/Camera/IMG_0001.jpg": "same-image-data"}
    assert actions(found) == {"Download/a.jpg": "keep", "DCIM/Camera/IMG_0001.jpg": "remove"}
    assert all("it holds more: rating" in row.reason for row in found.plan.rows)


def may_be_original(kept: bytes, other: bytes, smaller: bool = False) -> bool:
    files = (AsListed(open_folder("."), name, None) for name in ("a.jpg", "b.jpg"))
    pair = proving._Pair(*files, Kind.PHOTO, exact=False, smaller=smaller)
    weighed = proving._weighed(proving.Proof(Relation.SAME_PICTURE, ""), pair, kept, other)
    assert weighed.lacks == ()  # nothing is said to be missing that may be there
    return weighed.may_be_original


SAVED = jpeg(SCENE, 88)
SHOWN = Image.open(io.BytesIO(SAVED))
DOUBLED = SHOWN.resize((2 * SHOWN.width, 2 * SHOWN.height), Image.Resampling.LANCZOS)


def of_16_bits(last: int) -> bytes:
    """A PNG of which Pillow gives the upper 8 bits of each colour alone."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    size = struct.pack(">IIBBBBB", 800, 800, 16, 2, 0, 0, 0)
    rows = (b"\0" + bytes((7, last)) * 2400) * 800
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kept", "other", "smaller"),
    [
        *((jpeg(SCENE, 85), other_format(SCENE, name, **how), False) for name, how in LOSSLESS.items()),
        (jpeg(SCENE, 85), other_format(SCENE.resize((800, 600)), "PNG"), True),
        (jpeg(SHOWN, 100), SAVED, False),
        (jpeg(SHOWN, 87), SAVED, False),
        (jpeg(DOUBLED, 90), SAVED, True),
        (other_format(SCENE, "PNG"), other_format(SCENE, "PNG", icc_profile=b"another"), False),
        (of_16_bits(0), of_16_bits(1), False),
    ],
    ids=[*LOSSLESS, "a small PNG", "JPEG 100", "JPEG 87", "doubled", "other colours", "16 bits"],
)
def test_no_picture_goes_for_one_that_may_be_made_of_it(kept: bytes, other: bytes, smaller: bool) -> None:
    """Date, camera, folder and bytes say which of equals is kept, and never that one is the original."""
    assert may_be_original(kept, other, smaller)


def test_of_two_encodings_the_plan_says_what_is_not_known(tmp_path: Path, find: Callable[..., Search]) -> None:
    found = find(put(tmp_path / "a", {"a.jpg": SAVED, "b.jpg": jpeg(SHOWN, 72)}))
    (row,) = [row for row in found.plan.rows if row.action is planning.Action.ASK]
    assert row.reason == "it is not known whether one of them was made of the other"


def test_a_small_copy_and_what_shows_the_same_to_the_last_bit_go() -> None:
    assert not may_be_original(SAVED, jpeg(SHOWN, 50, 800), smaller=True)
    png = other_format(SCENE, "PNG", compress_level=1)
    assert not may_be_original(png, other_format(SCENE, "PNG", compress_level=9))


WORDS = "Grandma, 1951"


def _iptc(number: int) -> bytes:
    field = b"\x1c\2" + bytes([number]) + struct.pack(">H", len(WORDS)) + WORDS.encode()
    resource = b"8BIM\4\4\0\0" + struct.pack(">I", len(field)) + field + b"\0" * (len(field) % 2)
    return b"Photoshop 3.0\0" + resource


@pytest.mark.parametrize(
    ("write", "is_ours"),
    [
        (lambda c: with_segment(c, 0xFE, WORDS.encode()), True),
        (lambda c: with_segment(c, 0xFE, b"CREATOR: gd-jpeg v1.0"), False),
        (lambda c: with_segment(c, 0xED, _iptc(40)), True),
        (lambda c: with_xmp(c, f'xmlns:acdsee="http://ns.acdsee.com/iptc/1.0/" acdsee:caption="{WORDS}"'), True),
        (lambda c: with_xmp(c, f'xmlns:any="http://example.org/" any:thing="{WORDS}"'), True),
        (lambda c: with_xmp(c, f'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="{WORDS}"'), False),
    ],
)
def test_words_in_any_field_are_not_removed_but_those_of_programs(
    write: Callable[[bytes], bytes], is_ours: bool
) -> None:
    bare = without_exif(ORIGINAL)
    noted = [written.notes(data) for data in (ORIGINAL, write(bare), write(ORIGINAL))]
    assert bool(written.missing(noted[0], noted[1])) is is_ours
    assert not written.missing(noted[2], noted[1])


def test_a_film_goes_for_no_film_that_lacks_its_title(tmp_path: Path, find: Callable[..., Search]) -> None:
    def film(**texts: str) -> bytes:
        keys = {f"com.apple.quicktime.{name}": text for name, text in texts.items()}
        return media_video.film("mov", frames=15, options={"movflags": "use_metadata_tags"}, metadata=keys)

    noted = film(make="Apple", model="iPhone")
    found = find(put(tmp_path / "a", {"a.mov": noted, "b.mov": film(title=WORDS)}))
    assert actions(found) == {"a.mov": "keep", "b.mov": "ask"}
    found = find(put(tmp_path / "b", {"a.mov": noted, "b.mov": film()}))
    assert actions(found) == {"a.mov": "keep", "b.mov": "remove"}


def dated(date: str, latitude: tuple[float, float, float] | None = (37, 52, 12), iso: int = 64) -> bytes:
    block = Image.Exif()
    block[ExifTags.Base.Make] = "NIKON"
    own = block.get_ifd(ExifTags.IFD.Exif)
    own[ExifTags.Base.DateTimeOriginal] = own[ExifTags.Base.DateTimeDigitized] = date
    own[ExifTags.Base.ISOSpeedRatings] = iso
    if latitude:
        block.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: latitude, 3: "W", 4: (4, 46, 36)})
    return block.tobytes()


TRUE = dated("2008:10:22 16:28:39")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (dated("2011:01:01 10:00:00"), "date taken (2008-10-22 16:28:39, not 2011-01-01 10:00:00)"),
        (dated("2008:10:22 16:28:39", (0, 0, 0)), "place (37.87000, -4.77667, not 0.00000, -4.77667)"),
        (dated("2008:10:22 16:28:39", iso=100), "camera data (ISOSpeedRatings 64, not ISOSpeedRatings 100)"),
    ],
    ids=["date", "place", "camera"],
)
def test_no_picture_goes_for_one_that_says_something_else_of_itself(changed: bytes, words: str) -> None:
    small = SCENE.resize((64, 48))
    forms: dict[str, dict[str, Any]] = {
        "JPEG": {},
        "PNG": {},
        "WEBP": {"lossless": True},
        "TIFF": {},
        "HEIF": {"quality": 70},
    }
    for form, how in forms.items():
        original, copy = (other_format(small, form, exif=block, **how) for block in (TRUE, changed))
        kept, other = written.notes(copy), written.notes(original)
        assert words in written.missing(kept, other), form
        # So neither is the fuller one.
        assert written.missing(other, kept), form
        assert not written.missing(other, written.notes(other_format(small, form, exif=dated("", None, 64), **how))), (
            form
        )


def test_a_longer_file_of_another_date_is_left_to_a_person(tmp_path: Path, find: Callable[..., Search]) -> None:
    files = {"DCIM/a.jpg": jpeg(SCENE, 95, exif=TRUE), "x/a.jpg": jpeg(SCENE, 95, exif=dated("2011:01:01 10:00:00"))}
    files["x/a.jpg"] = with_xmp(files["x/a.jpg"], 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="x"')
    found = find(put(tmp_path / "a", files))
    assert set(relations(found).values()) == {"same-image-data"}
    (row,) = [row for row in found.plan.rows if row.action is planning.Action.ASK]
    assert "2008-10-22 16:28:39" in row.reason and "2011-01-01 10:00:00" in row.reason
    assert "remove" not in actions(found).values()


def test_a_date_in_xmp_stands_for_none_that_exif_lost() -> None:
    xmp = 'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:DateTimeOriginal="{}"'.format
    said = xmp("2008-10-22T16:28:39+02:00")
    both, redated = (
        with_xmp(jpeg(SCENE, 50, exif=dated(d)), said) for d in ("2008:10:22 16:28:39", "2011:01:01 10:00:00")
    )
    kept, other = written.notes(redated), written.notes(both)
    assert any("2011-01-01" in word for word in written.missing(kept, other))
    assert written.missing(other, kept)
    # The same date in both ways of writing is one.
    assert not written.missing(written.notes(jpeg(SCENE, 50, exif=TRUE)), other)
    bare = jpeg(SCENE, 50)
    assert written.missing(written.notes(bare), written.notes(with_xmp(bare, said))) == ["date taken"]
    at = 'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="{}" exif:GPSLongitude="4,46.6W"'.format
    ours, theirs = (written.notes(with_xmp(bare, at(place))) for place in ("0,0N", "37,52,12N"))
    assert written.missing(ours, theirs) == ["place (37.87000, -4.77667, not 0.00000, -4.77667)"]


def test_where_nobody_can_read_what_is_written_a_person_decides() -> None:
    ours, theirs = written.notes(b"FUJIFILMCCD-RAW 1"), written.notes(b"FUJIFILMCCD-RAW 2")
    assert written.missing(ours, theirs) == [written.UNREAD]
    assert not written.missing(ours, ours)
    broken = [written.notes(jpeg(SCENE, 50, exif=TRUE[:cut])) for cut in (-40, -60)]
    assert written.UNREAD in written.missing(*broken) and written.UNREAD in written.missing(*reversed(broken))
    deep = "<dc:a>" * 5_000 + "</dc:a>" * 5_000
    nested = with_xmp(jpeg(SCENE, 50), 'xmlns:dc="http://purl.org/dc/elements/1.1/"', deep)
    assert written.missing({}, written.notes(nested)) == [written.UNREAD]
    films = [written.film_notes(b"\0\0\0\x18ftypmp42" + bytes(n)) for n in (100, 101)]
    assert written.missing(*films) == [written.UNREAD]


def test_a_film_goes_for_no_film_of_another_date() -> None:
    films = [
        written.film_notes(media_video.film("mp4", frames=5, metadata={"creation_time": f"{year}-01-02T10:00:00Z"}))
        for year in (2008, 2011)
    ]
    (words,) = [word for word in written.missing(*films) if word.startswith("date taken (")]
    assert "2011-01-02 10:00:00" in words and "2008-01-02 10:00:00" in words
    assert written.missing(*reversed(films))


def captioned(text: str) -> bytes:
    block = Image.Exif()
    block[ExifTags.Base.ImageDescription] = text
    own = block.get_ifd(ExifTags.IFD.Exif)
    own[ExifTags.Base.DateTimeOriginal] = "2020:01:02 10:00:00"
    return block.tobytes()


def test_the_camera_folder_comes_before_downloads_and_messages(tmp_path: Path, find: Callable[..., Search]) -> None:
    names = ("Download/IMG_20241119_203850.jpg", "DCIM/Camera/IMG_20241119_203850.jpg", "WhatsApp Images/x.jpg")
    found = find(put(tmp_path / "a", dict.fromkeys(names, ORIGINAL)))
    assert [row.path for row in found.plan.rows if row.action is planning.Action.KEEP] == [names[1]]
    again = find(put(tmp_path / "b", {"DCIM/100APPLE/IMG_1.jpg": ORIGINAL, "Download/IMG_1.jpg": jpeg(SCENE, 100)}))
    assert [row.path for row in again.plan.rows if row.action is planning.Action.KEEP] == ["DCIM/100APPLE/IMG_1.jpg"]


def of_camera(make: str | None) -> bytes:
    block = Image.Exif()
    if make is not None:
        block[ExifTags.Base.Make] = make
    block[ExifTags.Base.DateTime] = "2024:05:01 10:00:00"
    return block.tobytes()


@pytest.mark.parametrize(
    ("heic", "jpg", "kept"),
    [
        ("DCIM/100CANON/IMG_0001.HEIC", "Download/IMG_0001.jpg", "heic"),
        ("Download/IMG_0001.HEIC", "DCIM/100CANON/IMG_0001.jpg", "jpg"),
    ],
)
def test_neither_heic_nor_jpeg_goes_for_the_other(
    heic: str, jpg: str, kept: str, tmp_path: Path, find: Callable[..., Search]
) -> None:
    """Both hold all that the camera wrote, and programs make each of the other."""
    note = of_camera("Canon")
    files = {heic: other_format(SCENE, "HEIF", quality=50, exif=note), jpg: jpeg(SCENE, 95, exif=note)}
    names = {"heic": heic, "jpg": jpg}
    first = names.pop(kept)
    assert actions(find(put(tmp_path / "a", files))) == {first: "keep", next(iter(names.values())): "ask"}


@pytest.mark.parametrize("origin", [DigestOrigin.COMPUTED, DigestOrigin.STREAMED, DigestOrigin.CLAIMED])
def test_a_digest_that_nobody_here_read_licenses_no_removal(origin: DigestOrigin, tmp_path: Path) -> None:
    folder = put(tmp_path / "a", {"a.jpg": ORIGINAL, "b.jpg": ORIGINAL})
    source = source_of(folder, tmp_path)
    rows = tuple(replace(row, digest_origin=origin) if row.path == "b.jpg" else row for row in source.rows)
    found = search([replace(source, rows=rows)], policy.load("family"), jobs=1)
    assert set(actions(found).values()) == {"keep", "ask"}
    # Without a SHA-256 it is no item at all.
    weak = tuple(replace(row, digests={"quickxor": "a" * 40}) for row in source.rows)
    assert search([replace(source, rows=weak)], policy.load("family"), jobs=1).plan.rows == ()
