"""Which of several files is kept, by what is known of them without opening them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from auditor.judge import policy
from auditor.model import FileFacts, Kind, Soundness
from auditor.pictures.inventory import Inventory, Item, Source, with_parts
from auditor.pictures.keep import may_be_reduction, rank

PHOTO: dict[str, Any] = {"kind": Kind.PHOTO, "width": 4000, "height": 3000, "soundness": Soundness.SOUND}
CAMERA: dict[str, Any] = {"camera_make": "Canon", "camera_model": "EOS R5", "taken_at": "2024-05-01T10:00:00"}


def photo(path: str, format_: str = "jpeg", size_bytes: int = 1000, **facts: object) -> Item:
    (item,) = with_parts([(0, FileFacts(path, size_bytes=size_bytes, format=format_, **(PHOTO | facts)))])
    return item


def kept_first(*items: Item) -> list[str]:
    inventory = Inventory((Source("", "", ()),), items)
    return [items[k].facts.path for k in rank(inventory, range(len(items)), policy.load("family").keep).order]


ORDER = (
    photo("Download/large.jpg", width=8000, height=6000),
    photo("Download/dated.jpg", **CAMERA),
    photo("DCIM/Camera/plain.jpg", size_bytes=500),
    photo("Photos/plain.nef", "nef", 5),
    photo("Photos/plain.jpg"),
    photo("Photos/smaller.jpg", size_bytes=900),
    photo("Download/plain.jpg"),
    photo("DCIM/Camera/small.jpg", width=2000, height=1500, **CAMERA),
)
"""Each is better than the next for one reason, and worse for others."""


def test_pixels_then_what_is_known_then_folder_then_format_then_size_decide() -> None:
    order = kept_first(*reversed(ORDER))
    assert order[0] == "Download/large.jpg"
    assert kept_first(*reversed(ORDER[1:])) == [item.facts.path for item in ORDER[1:]]
    for better, worse in pairwise(ORDER):
        assert kept_first(worse, better)[0] == better.facts.path


def test_a_few_lines_less_are_no_smaller_picture() -> None:
    cut = photo("DCIM/Camera/a.heic", "heic", 100, height=2990, **CAMERA)
    assert kept_first(photo("Download/b.jpg", **CAMERA), cut)[0] == "DCIM/Camera/a.heic"


def test_no_small_picture_in_the_cameras_folder_may_be_a_copy_of_one_elsewhere() -> None:
    large = [photo(f"{folder}/a.jpg", width=8000, height=6000) for folder in ("DCIM/Camera", "Photos", "Download")]
    assert [may_be_reduction(photo("DCIM/Camera/b.jpg", **CAMERA), one) for one in large] == [True, False, False]
    assert [may_be_reduction(photo("WhatsApp Images/b.jpg"), one) for one in large] == [True, True, True]
    assert not may_be_reduction(photo("Download/b.jpg"), photo("DCIM/Camera/a.jpg"))
