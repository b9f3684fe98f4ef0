"""What is left of damaged photos and films: a picture of it, and words that do not promise more than there is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from auditor.report import salvage, thumbnails
from tests import media, media_video

TURNED = {1: "upper", 3: "lower", 6: "right", 8: "left"}


def pixels(shown: thumbnails.Shown) -> np.ndarray:
    assert shown.webp is not None
    return np.asarray(Image.open(io.BytesIO(shown.webp)).convert("RGB")).astype(int)


@pytest.mark.parametrize("orientation", TURNED)
def test_of_a_cut_jpeg_the_part_that_is_there_is_shown_and_named_as_it_is_displayed(orientation: int) -> None:
    content = media.jpeg(4, exif=media.exif(orientation=orientation))
    cut = thumbnails.make(content[: len(content) * 6 // 10], damaged=True)
    assert cut.words.startswith(f"the {TURNED[orientation]} ")
    share = int(cut.words.split()[2].rstrip("%"))
    assert 45 <= share <= 75
    whole, left = pixels(thumbnails.make(content)), pixels(cut)
    assert whole.shape == left.shape
    same = np.abs(whole - left).max(axis=2) < 40
    along = same.mean(axis=1 if orientation in (1, 3) else 0)
    first = along if orientation in (1, 8) else along[::-1]
    kept = len(first) * share // 100
    assert first[: kept - 8].mean() > 0.95
    assert first[kept + 8 :].mean() < 0.7


@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
def test_a_tail_of_zeros_or_ones_is_not_taken_for_picture(filler: bytes) -> None:
    content = media.jpeg(5)
    kept = len(content) * 6 // 10
    shown = thumbnails.make(content[:kept] + filler * (len(content) - kept), damaged=True)
    assert 45 <= int(shown.words.split()[2].rstrip("%")) <= 75


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("png", media.png(1)),
        ("gif", media.gif(1)),
        ("webp", media.webp(1)),
        ("avif", media_video.avif()),
        ("jpeg, progressive", media.jpeg(1, progressive=True)),
        ("heic, tiles", media_video.grid_heic(media_video.photo(1024, 768), tile=256)),
    ],
)
def test_every_format_shows_what_is_left_of_a_cut_file(name: str, content: bytes) -> None:
    shown = thumbnails.make(content[: len(content) * 7 // 10], damaged=True)
    assert shown.words
    assert shown.words != salvage.NOTHING
    assert "all" not in shown.words.split()
    assert pixels(shown).std() > 5


def test_of_tiles_it_says_how_many_are_there() -> None:
    content = media_video.grid_heic(media_video.photo(1024, 768), tile=256)
    words = thumbnails.make(content[: len(content) * 7 // 10], damaged=True).words
    there, total = int(words.split()[0]), int(words.split()[3])
    assert total == 12
    assert 5 <= there < 12


def test_where_only_a_stored_preview_is_left_it_is_shown_and_called_so() -> None:
    small = media.jpeg(7, (160, 120))
    content = media.multi_picture(media.jpeg(7), small)
    wiped = bytes(len(content) - len(small) - 64) + content[len(content) - len(small) - 64 :]
    shown = thumbnails.make(wiped, damaged=True, promised="jpeg")
    assert shown.words == salvage.PREVIEW
    assert pixels(shown).shape == (120, 160, 3)


def test_a_wiped_photo_shows_nothing_and_says_so() -> None:
    assert thumbnails.make(bytes(5000), damaged=True, promised="jpeg") == thumbnails.Shown(None, salvage.NOTHING)
    assert thumbnails.make(b"\xff\xd8\xff", damaged=True) == thumbnails.Shown(None, salvage.NOTHING)


def test_a_film_shows_its_first_picture_and_a_cut_one_too_where_its_index_is_left() -> None:
    film = media_video.film("matroska", "libx264", frames=30)
    assert thumbnails.make(film).words == ""
    assert pixels(thumbnails.make(film)).std() > 5
    cut = thumbnails.make(film[: len(film) * 7 // 10], damaged=True)
    assert cut.words == salvage.FILM
    assert pixels(cut).std() > 5
    lost = media_video.film("mp4", "libx264", frames=30)[:3000]
    assert thumbnails.make(lost, damaged=True) == thumbnails.Shown(None, salvage.NOTHING)


class Pipe(io.BytesIO):
    """A stream of a phone or a cloud: what is read of it has to be fetched."""

    def seekable(self) -> bool:
        return False

    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError("a film was fetched for its thumbnail")


class Far:
    """A place whose files come through a pipe."""

    def open(self, path: str) -> Pipe:
        return Pipe()


def test_a_film_is_not_fetched_from_afar_for_its_picture() -> None:
    subject = thumbnails.Subject(Far(), "DCIM/a.mp4", True)  # type: ignore[arg-type]
    assert thumbnails.take(subject) == thumbnails.Shown(None)
