"""Real pictures and films, encoded on the spot: what the demo's phone is filled with. The same in every run."""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import numpy as np
import pillow_heif
from PIL import Image

from auditor.demo.scenes import scene

_EXIF = 0x8769
_GPS = 0x8825


@dataclass(frozen=True, slots=True)
class Shot:
    """What the camera notes beside a picture. `taken` as `YYYY:MM:DD HH:MM:SS`; `place` in degrees north and east."""

    taken: str | None = None
    place: tuple[float, float] | None = None


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
