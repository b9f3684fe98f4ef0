"""Real pictures and films, encoded on the spot: what the demo's phone is filled with. The same in every run."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

import av
import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import Image

WIDTH, HEIGHT = 1024, 768

_EXIF = 0x8769
_GPS = 0x8825


@dataclass(frozen=True, slots=True)
class Shot:
    """What the camera notes beside a picture. `taken` as `YYYY:MM:DD HH:MM:SS`; `place` in degrees north and east."""

    taken: str | None = None
    place: tuple[float, float] | None = None


@lru_cache(2)  # some are encoded twice
def scene(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """A picture with shapes of all sizes, so that no two scenes look alike and every part of it has structure."""
    rng = np.random.default_rng(seed)
    planes = np.stack([_waves(rng, width, height) for _ in "RGB"])
    for _ in range(60):
        top, left = rng.integers(0, height), rng.integers(0, width)
        tall, wide = rng.integers(10, height // 4), rng.integers(10, width // 4)
        planes[:, top : top + tall, left : left + wide] += rng.uniform(-8, 8, (3, 1, 1)).astype(np.float32)
    planes += rng.integers(-128, 128, planes.shape, np.int8) * np.float32(1 / 128)
    return Image.fromarray(np.ascontiguousarray(_to_bytes(planes).transpose(1, 2, 0)))


def _waves(rng: np.random.Generator, width: int, height: int) -> npt.NDArray[np.float32]:
    """Waves of four lengths in three directions each, laid over one another, row by row.

    The sine of a sum is a sum of products of what depends on the row alone and what depends on the column alone: a
    sine for each point of each wave would take most of the demo's time. (`einsum`, as a product of matrices this small
    keeps every core busy with waiting.)
    """
    length = np.repeat((400.0, 130.0, 40.0, 12.0), 3)[:, None]
    turn, start = rng.uniform(0, np.pi, (12, 1)), rng.uniform(0, 2 * np.pi, (12, 1))
    down = np.arange(height) * (2 * np.pi / length * np.sin(turn)) + start
    across = np.arange(width) * (2 * np.pi / length * np.cos(turn))
    strength = length**0.35
    of_row = np.vstack([np.sin(down) * strength, np.cos(down) * strength]).astype(np.float32)
    of_column = np.vstack([np.cos(across), np.sin(across)]).astype(np.float32)
    waves: npt.NDArray[np.float32] = np.einsum("wr,wc->rc", of_row, of_column)
    return waves


def _to_bytes(planes: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    low, high = np.percentile(planes[:, ::8, ::8], (1, 99)).astype(np.float32)
    planes -= low
    planes *= 255 / (high - low)
    return np.clip(planes, 0, 255, out=planes).astype(np.uint8)


def exif(shot: Shot) -> Image.Exif:
    """The camera's notes as EXIF."""
    notes = Image.Exif()
    notes[0x010F], notes[0x0110] = "Auditor", "Demo Phone"
    if shot.taken:
        notes[0x0132] = shot.taken
        notes.get_ifd(_EXIF).update({0x9003: shot.taken, 0x9004: shot.taken})
    if shot.place:
        north, east = shot.place
        notes.get_ifd(_GPS).update({0: b"\2\3\0\0", 1: "N", 2: _sexagesimal(north), 3: "E", 4: _sexagesimal(east)})
    return notes


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    whole, rest = divmod(degrees * 3600, 3600)
    minutes, seconds = divmod(rest, 60)
    return whole, minutes, seconds


def jpeg(image: Image.Image, shot: Shot = Shot(), quality: int = 88) -> bytes:
    """A JPEG as a phone writes it; without any EXIF where the shot notes nothing."""
    out = io.BytesIO()
    more = {"exif": exif(shot)} if shot != Shot() else {}
    image.save(out, "JPEG", quality=quality, **more)
    return out.getvalue()


def heic(image: Image.Image, shot: Shot = Shot()) -> bytes:
    """A HEIC as newer phones write it."""
    out = io.BytesIO()
    fast = {"preset": "ultrafast"}  # else it takes longer than all other pictures together
    pillow_heif.from_pillow(image).save(out, quality=70, exif=exif(shot).tobytes(), enc_params=fast)
    return out.getvalue()


def png(image: Image.Image) -> bytes:
    """A PNG, as screenshots are."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def film(seed: int, frames: int = 30, container: str = "mp4") -> bytes:
    """A second of H.264: a scene that drifts."""
    still = np.asarray(scene(seed, 640 + frames * 4, 360))
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        stream = target.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "26", "threads": "1"}
        for number in range(frames):
            view = np.ascontiguousarray(still[:, number * 4 : number * 4 + 640])
            target.mux(stream.encode(av.VideoFrame.from_ndarray(view, format="rgb24")))
        target.mux(stream.encode(None))
    return out.getvalue()
