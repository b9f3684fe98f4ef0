"""The same film in another encoding is suggested; another film of the same length is not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from auditor.duplicates import films
from auditor.model import FileFacts, Kind
from auditor.pictures.as_listed import AsListed
from auditor.pictures.inventory import Source, take
from auditor.places.folder import open_folder
from tests.pictures.test_verify import scene

SECONDS, RATE = 4, 10


@dataclass(frozen=True)
class Encoding:
    codec: str
    side: int
    quality: int


def film(path: Path, seed: int, how: Encoding) -> None:
    """A pan over a made-up scene."""
    wide = scene(seed, (960, 480))
    with av.open(str(path), "w") as container:
        stream = container.add_stream(how.codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = how.side, how.side, "yuv420p"
        stream.options = {"crf": str(how.quality)}
        for frame in range(SECONDS * RATE):
            at = frame * 480 // (SECONDS * RATE)
            shown = wide.crop((at, 0, at + 480, 480)).resize((how.side, how.side), Image.Resampling.LANCZOS)
            for packet in stream.encode(av.VideoFrame.from_ndarray(np.asarray(shown), format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def test_a_film_encoded_anew_is_suggested_and_another_is_not(tmp_path: Path) -> None:
    try:
        film(tmp_path / "film.mp4", 1, Encoding("libx264", 320, 20))
    except (ValueError, av.error.FFmpegError) as error:
        pytest.skip(f"no H.264 encoder here: {error}")
    film(tmp_path / "sent.mp4", 1, Encoding("libx264", 160, 35))
    film(tmp_path / "other.mp4", 2, Encoding("libx264", 320, 20))
    rows = tuple(
        FileFacts(
            path.name,
            size_bytes=path.stat().st_size,
            digests={"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
            kind=Kind.VIDEO,
            duration_s=float(SECONDS),
            width=160 if path.name == "sent.mp4" else 320,
            height=160 if path.name == "sent.mp4" else 320,
        )
        for path in sorted(tmp_path.glob("*.mp4"))
    )
    place = open_folder(str(tmp_path))
    inventory = take([Source(str(tmp_path), "films", rows, place)])
    groups = films.find(inventory, range(3), [], ["more-pixels"], jobs=1)
    named = [
        (inventory.items[g.kept].facts.path, [inventory.items[m.item].facts.path for m in g.members]) for g in groups
    ]
    assert named == [("film.mp4", ["sent.mp4"])]
    assert not groups[0].proven


def test_frames_of_no_film_suggest_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    assert films.frame_hashes(listed(tmp_path / "broken.mp4")) == ()


def test_a_film_that_came_after_the_list_suggests_nothing(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    film(path, 1, Encoding("libx264", 320, 20))
    before = listed(path)
    assert len(films.frame_hashes(before)) == len(films.MOMENTS)
    film(path, 2, Encoding("libx264", 320, 20))
    assert films.frame_hashes(before) == ()


def listed(path: Path) -> AsListed:
    """The film as it lies there now."""
    return AsListed(open_folder(str(path.parent)), path.name, hashlib.sha256(path.read_bytes()).hexdigest())
