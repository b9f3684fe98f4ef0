"""The sound files that get the faults: photos given on the command line, and media encoded here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from auditor.model import Depth, Soundness
from auditor.readers import examine
from tests import media, media_video

LEAST_PHOTO_BYTES = 60_000


@dataclass(frozen=True, slots=True)
class Sample:
    """A sound file: where it comes from, the row group of the table it belongs to, and its extension."""

    name: str
    family: str
    extension: str
    content: bytes
    real: bool


def given(folders: list[Path]) -> tuple[list[Sample], list[str]]:
    """The photos and films under `folders`, byte-duplicates and small JPEGs left out.

    Files that the auditor itself calls damaged or cannot check are left out too, and named, so that a reader can look
    whether they were left out rightly.
    """
    samples, left_out, seen = [], [], set[str]()
    for path in sorted(p for folder in folders for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        found = examine(path.name, content, Depth.DECODE)
        if digest in seen or found.format is None or found.kind not in ("photo", "video"):
            continue
        seen.add(digest)
        if found.format == "jpeg" and len(content) < LEAST_PHOTO_BYTES:
            continue
        if found.soundness is not Soundness.SOUND:
            why = found.error or "; ".join([d.detail for d in found.damage] + list(found.notes))
            left_out.append(f"{path.name}: {found.soundness}: {why}")
            continue
        samples.append(Sample(path.name, _family(found.format), path.suffix.lower(), content, real=True))
    return samples, left_out


def _family(format_: str) -> str:
    return {"heif": "heic"}.get(format_, format_)


def made(photos: list[Image.Image]) -> Iterator[Sample]:
    """Files of every other kind, made from real pictures, so that their textures are real."""

    def sample(name: str, family: str, extension: str, content: bytes) -> Sample:
        return Sample(f"{name}{extension}", family, extension, content, real=False)

    clip = media_video.film(frames=30, size=(480, 360))
    for i, photo in enumerate(photos):
        small = photo.resize((900, 675))
        medium = photo.resize((1600, 1200))
        tiny = small.resize((400, 300))
        turns = [tiny.rotate(angle) for angle in range(5)]
        progressive = media.encoded(photo, "JPEG", quality=85, progressive=True)
        yield sample(f"progressive_{i}", "jpeg, progressive", ".jpg", progressive)
        yield sample(f"png_{i}", "png", ".png", media.encoded(small, "PNG"))
        yield sample(f"palette_{i}", "png", ".png", media.encoded(small.quantize(200), "PNG"))
        yield sample(f"webp_{i}", "webp", ".webp", media.encoded(photo, "WEBP", quality=80, method=2))
        yield sample(f"webp_small_{i}", "webp", ".webp", media.encoded(small, "WEBP", quality=90, method=4))
        yield sample(f"webp_lossless_{i}", "webp", ".webp", media.encoded(small, "WEBP", lossless=True, method=1))
        moving = media.encoded(turns[0], "WEBP", save_all=True, append_images=turns[1:], duration=100)
        yield sample(f"webp_moving_{i}", "webp", ".webp", moving)
        frames = [turn.quantize(64) for turn in turns]
        yield sample(f"gif_{i}", "gif", ".gif", media.encoded(small.quantize(200), "GIF"))
        moving = media.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
        yield sample(f"gif_moving_{i}", "gif", ".gif", moving)
        for name in ("tiff_lzw", "tiff_adobe_deflate", "jpeg"):
            yield sample(f"{name}_{i}", "tiff", ".tif", media.encoded(small, "TIFF", compression=name))
        yield sample(f"avif_{i}", "avif", ".avif", media.encoded(medium, "AVIF", quality=75, speed=9))
        yield sample(f"dng_{i}", "dng, uncompressed", ".dng", media.dng(i, (1200, 800)))
        still = media.encoded(photo, "JPEG", quality=90)
        gain = media.encoded(photo.convert("L").resize((photo.width // 4, photo.height // 4)), "JPEG")
        yield sample(f"mpf_{i}", "jpeg + MPF part", ".jpg", media.multi_picture(still, gain))
        yield sample(f"motion_{i}", "jpeg + motion clip", ".jpg", media.motion_photo(clip, still))
        yield sample(f"micro_{i}", "jpeg + motion clip", ".jpg", media.micro_video(clip, still))
        yield sample(f"samsung_{i}", "jpeg + Samsung clip", ".jpg", media.samsung_motion(clip, still))
    grid = media_video.grid_heic(media_video.photo(1024, 768), tile=512)
    yield sample("grid", "heic", ".heic", grid)
    for codec, container in (("libx264", "mp4"), ("libx265", "mp4"), ("libx264", "mov")):
        film = media_video.film(container, codec, frames=45, size=(640, 480))
        family = f"{container}, {'H.264' if codec == 'libx264' else 'HEVC'}"
        yield sample(f"{codec}_{container}", family, f".{container}", film)
