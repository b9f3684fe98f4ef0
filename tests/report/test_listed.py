"""Small pictures of files of a list, by the numbers of their rows."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from auditor.errors import BadManifest, BadPlace
from auditor.manifest.jsonl import Manifest, Writer, load
from auditor.places.folder import open_folder
from auditor.report import listed
from auditor.report.salvage import NOTHING
from auditor.scan.run import scan
from tests import media
from tests.commandline import auditor
from tests.report.sample import HOSTILE_NAMES


def grey(value: int) -> bytes:
    return media.encoded(Image.new("RGB", (64, 48), (value, value, value)), "JPEG", exif=media.exif())


def listing(top: Path, out: Path, names: tuple[str, ...] = ("a.jpg", "b.jpg")) -> Manifest:
    """A phone with photos, each of a grey of its own, and its list."""
    top.mkdir()
    for number, name in enumerate(names):
        (top / name).write_bytes(grey(40 + 5 * number))
    return scan(open_folder(str(top)), out, jobs=1)


def seen(webp: bytes) -> int:
    """The grey of a picture that holds nothing but the picture."""
    assert b"EXIF" not in webp
    with Image.open(io.BytesIO(webp)) as picture:
        pixel = picture.convert("L").getpixel((picture.width // 2, picture.height // 2))
    assert isinstance(pixel, int)
    return pixel


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_the_rows_are_those_of_files_csv(tmp_path: Path) -> None:
    names = tuple(f"{name.replace('/', '_').replace(chr(0), '')}.{n}.jpg" for n, name in enumerate(HOSTILE_NAMES))
    names += tuple(os.fsdecode(b"latin1 \xe4.%d.jpg" % n) for n in (len(names), len(names) + 1))
    listing(tmp_path / "phone", tmp_path / "phone.jsonl", names)
    (tmp_path / "disk").mkdir()
    auditor("audit", "phone", "disk", "--copy-by-hand", "-o", "audited", cwd=tmp_path)
    with (tmp_path / "audited/files.csv").open(encoding="utf-8", newline="") as stream:
        paths = [line["path"] for line in csv.DictReader(stream)]
    assert len(paths) == len(names)
    rows = map(str, range(1, len(paths) + 1))
    run = auditor("manifest", "pictures", "audited/source.jsonl", *rows, "-o", "small", "--json", cwd=tmp_path)
    assert run.code == 0, run.err
    for made, path in zip(json.loads(run.out)["pictures"], paths, strict=True):
        number = re.search(r"\.(\d+)\.jpg$", path)
        assert number is not None
        assert abs(seen(Path(made["file"]).read_bytes()) - (40 + 5 * int(number[1]))) <= 2, path


def test_the_picture_is_no_larger_than_asked(tmp_path: Path) -> None:
    ((_, shown),) = listed.pictures(listing(tmp_path / "phone", tmp_path / "list.jsonl"), [2], 32)
    assert shown.webp is not None
    with Image.open(io.BytesIO(shown.webp)) as picture:
        assert picture.size == (32, 24)


@pytest.mark.parametrize("rows", [[0], [3], [1, 3], [-1]])
def test_a_row_that_there_is_not(tmp_path: Path, rows: list[int]) -> None:
    with pytest.raises(BadManifest, match="has the rows 1 to 2"):
        list(listed.pictures(listing(tmp_path / "phone", tmp_path / "list.jsonl"), rows, 32))


def test_another_folder_at_the_same_path_is_not_opened(tmp_path: Path) -> None:
    made = listing(tmp_path / "phone", tmp_path / "list.jsonl")
    (tmp_path / "phone").rename(tmp_path / "before")
    with pytest.raises(BadPlace, match="cannot be shown"):
        list(listed.pictures(made, [1], 32))
    listing(tmp_path / "phone", tmp_path / "other.jsonl")
    with pytest.raises(BadPlace, match="cannot be shown"):
        list(listed.pictures(made, [1], 32))


@pytest.mark.parametrize(
    ("kind", "place"),
    [("adb", "adb:"), ("rclone", "rclone:x:"), ("folder", "phone"), ("folder", "https://a/b"), ("mtp", "mtp:")],
)
def test_a_list_names_nothing_that_is_not_here(tmp_path: Path, kind: str, place: str) -> None:
    made = listing(tmp_path / "phone", tmp_path / "list.jsonl")
    out = Writer.create(tmp_path / "forged.jsonl", replace(made.header, place_kind=kind, place=place))
    for facts in made.rows():
        out.add(facts)
    forged = out.close(complete=True)
    with pytest.raises(BadPlace, match=r"cannot be shown|in the report alone"):
        list(listed.pictures(forged, [1], 32))


def test_a_link_on_the_phone_leads_nowhere(tmp_path: Path) -> None:
    made = listing(tmp_path / "phone", tmp_path / "list.jsonl")
    (tmp_path / "secret.jpg").write_bytes(grey(200))
    (tmp_path / "phone" / "a.jpg").unlink()
    (tmp_path / "phone" / "a.jpg").symlink_to(tmp_path / "secret.jpg")
    shown = dict(listed.pictures(made, [1, 2], 32))
    assert shown[1].webp is None
    assert shown[2].webp is not None


def test_of_a_damaged_photo_it_is_said_what_is_left(tmp_path: Path) -> None:
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone" / "a.jpg").write_bytes(media.jpeg(1)[:300])
    made = scan(open_folder(str(tmp_path / "phone")), tmp_path / "list.jsonl", jobs=1)
    ((_, shown),) = listed.pictures(made, [1], 32)
    assert shown.words == NOTHING


def test_a_list_that_was_changed_shows_nothing(tmp_path: Path) -> None:
    made = listing(tmp_path / "phone", tmp_path / "list.jsonl")
    made.path.write_bytes(made.path.read_bytes().replace(b'"a.jpg"', b'"b.jpg"'))
    with pytest.raises(BadManifest):
        load(made.path)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    listing(tmp_path / "phone", tmp_path / "list.jsonl")
    for code in (0, 2):
        run = auditor("manifest", "pictures", "list.jsonl", "1", "-o", "small", cwd=tmp_path)
        assert run.code == code
    assert "Choose another folder" in run.err
