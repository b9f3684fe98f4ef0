"""What checking costs, against the floor that no strict check can go below, interleaved file by file in one run.

Run from the checkout: `python -m benchmarks.integrity.cost FOLDER...`. CPU time, the best of five for each file. The
floor of a JPEG is SHA-256 and one strict libjpeg decode at 1/8 to grey; ours adds the head's digest, the structure, the
image digest, EXIF and the perceptual hash. Small files are told apart. Of every other family files are made besides
those given: a tiled HEIC of 12 MP, and a film of 1080p, of which the key frames' cost is told for a minute of film.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import simplejpeg
from PIL import Image

from auditor.model import Depth
from auditor.readers import examine, sniff
from auditor.readers.digests import head_sha256
from auditor.readers.film import avi, matroska
from auditor.readers.film import check as film_check
from auditor.readers.film.tracks import read_tracks
from auditor.readers.heif import check as heif_check
from auditor.readers.heif.items import read_items
from auditor.readers.isobmff.container import read_container
from auditor.readers.jpeg import walk as jpeg_walk
from auditor.readers.perceptual import phash
from auditor.readers.stills import gif, png, webp
from auditor.readers.tiff import raw
from auditor.readers.tiff import walk as tiff_walk
from tests import media, media_video

_ROUNDS = 5
_SMALL_BYTES = 700_000


@dataclass(slots=True)
class Sum:
    """Seconds and bytes over the files of one kind."""

    files: int = 0
    size_bytes: int = 0
    ours: float = 0.0
    floor: float = 0.0
    structure: float = 0.0
    minutes: float = 0.0


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def ours(name: str, content: bytes) -> None:
    """All that a scan at depth decode does with a file's bytes."""
    hashlib.sha256(content).hexdigest()
    head_sha256(content)
    found = examine(name, content, Depth.DECODE)
    if found.picture is not None:
        phash(found.picture)


def floor(content: bytes, jpeg: bool) -> None:
    """SHA-256 and, for a JPEG, the strict decode."""
    hashlib.sha256(content).hexdigest()
    if jpeg:
        simplejpeg.decode_jpeg(content, "GRAY", min_factor=8)


def structure(format_: str, content: bytes) -> Callable[[], object] | None:
    """What is looked at without decoding; None for formats that have no such look of their own."""

    def items() -> object:
        container = read_container(content)
        meta = container.first(b"meta")
        return meta and heif_check.check_items(content, container, read_items(content, meta))

    def tracks() -> object:
        container = read_container(content)
        moov = container.first(b"moov")
        return moov and film_check.check_tracks(content, container, read_tracks(content, moov))

    def avi_film() -> object:
        return avi._wiped(content, avi._walk(content))

    def mkv_film() -> object:
        film = matroska._Film()
        matroska._walk(content, film)
        return matroska._bad_frames(content, film)

    def webp_chunks() -> object:
        return webp._coded_damage(content, webp._walk(content).chunks)

    found: dict[str, Callable[[], object]] = {
        "jpeg": lambda: jpeg_walk.walk(content),
        "png": lambda: png._walk(content, checksums=True),
        "gif": lambda: gif._walk(content),
        "tiff": lambda: tiff_walk.walk(content),
        "dng": lambda: raw._extents(content, "dng"),
        "webp": webp_chunks,
        **dict.fromkeys(("heic", "heif", "avif"), items),
        **dict.fromkeys(("mp4", "mov", "3gp"), tracks),
        "avi": avi_film,
        "mkv": mkv_film,
        "webm": mkv_film,
    }
    return found.get(format_)


def made() -> Iterator[tuple[str, bytes]]:
    """Files of the families that few folders hold, and of the sizes that the goals speak of."""
    picture = media_video.photo(4032, 3024)
    image = Image.fromarray(picture)
    small = image.resize((1600, 1200))
    yield "12 MP.heic", media_video.grid_heic(picture, tile=512, quality=45)
    yield "12 MP.jpg", media.encoded(image, "JPEG", quality=92)
    yield "x.png", media.encoded(small, "PNG")
    yield "x.webp", media.encoded(image, "WEBP", quality=80, method=2)
    yield "x.gif", media.encoded(small.quantize(200), "GIF")
    yield "x.tif", media.encoded(small, "TIFF", compression="tiff_lzw")
    yield "x.avif", media.encoded(small, "AVIF", quality=75, speed=9)
    yield "x.dng", media.dng(1, (2400, 1600))
    yield "x.avi", media_video.film("avi", "mpeg4", "pcm_s16le", frames=150, size=(640, 480))
    yield "x.mkv", media_video.film("matroska", frames=150, size=(640, 480))
    for codec in ("libx264", "libx265"):
        yield f"1080p, {codec}.mp4", media_video.film(codec=codec, frames=225, size=(1920, 1080))


def kind_of_row(name: str, format_: str, content: bytes) -> str:
    """The row that a file counts in."""
    if name.startswith(("12 MP.", "1080p, ")):
        return name.replace(".", ", ").replace(", heic", " HEIC").replace(", jpg", " JPEG")
    if format_ == "jpeg":
        return f"jpeg, {'small' if len(content) < _SMALL_BYTES else '0.7 MB and more'}"
    return format_


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    sums: dict[str, Sum] = collections.defaultdict(Sum)
    paths = sorted(p for folder in parser.parse_args().folders for p in folder.rglob("*") if p.is_file())
    for name, content in chain(((path.name, path.read_bytes()) for path in paths), made()):
        format_ = str(sniff(content))
        jpeg = format_ == "jpeg"
        try:
            floor(content, jpeg)
        except ValueError:
            continue
        look = structure(format_, content)
        rounds = [
            (
                seconds(lambda c=content, j=jpeg: floor(c, j)),
                seconds(lambda n=name, c=content: ours(n, c)),
                seconds(look) if look else 0.0,
            )
            for _ in range(_ROUNDS)
        ]
        total = sums[kind_of_row(name, format_, content)]
        total.files += 1
        total.size_bytes += len(content)
        total.floor += min(r[0] for r in rounds)
        total.ours += min(r[1] for r in rounds)
        total.structure += min(r[2] for r in rounds)
        total.minutes += (examine(name, content, Depth.HASH).duration_s or 0.0) / 60
    print(
        "| kind | files | MB | ours, ms/MB | a file, ms | floor, ms/MB | ours / floor | structure, ms/MB"
        " | CPU s a film minute |"
    )
    print("|---" * 9 + "|")
    for kind, total in sorted(sums.items()):
        megabytes = total.size_bytes / 1e6
        looked = f"{total.structure * 1e3 / megabytes:.2f}" if total.structure else "-"
        film = f"{total.ours / total.minutes:.1f}" if total.minutes else "-"
        print(
            f"| {kind} | {total.files} | {megabytes:.1f} | {total.ours * 1e3 / megabytes:.1f} |"
            f" {total.ours * 1e3 / total.files:.0f} | {total.floor * 1e3 / megabytes:.1f} |"
            f" {total.ours / total.floor:.2f} | {looked} | {film} |"
        )


if __name__ == "__main__":
    main()
