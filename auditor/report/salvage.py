"""What can still be seen of a damaged photo or film: decoded leniently, with words on how much of it that is.

The checks decode strictly and show nothing; here the same file is decoded as far as any decoder goes, since a person
wants to see how bad it is. Decoders are hostile territory: call these in a worker.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
import simplejpeg
from PIL import Image, ImageFile, ImageOps

from auditor.readers.coded import DECODERS
from auditor.readers.film.demuxer import DEMUXERS, opened
from auditor.readers.heif import picture as heif_picture
from auditor.readers.heif.check import grid_of, payload_of
from auditor.readers.heif.items import CODED_KINDS, BrokenItems, Item, Items, read_items
from auditor.readers.isobmff.container import read_container
from auditor.readers.jpeg import reader as jpeg
from auditor.readers.jpeg.walk import Walk, picture_of, walk
from auditor.readers.limits import refusal

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.codeccontext import VideoCodecContext

IN_PART = "what can still be decoded of it"
PREVIEW = "only the small preview stored in it can be seen"
NOTHING = "nothing of it can be seen"
FILM = "its first picture can be seen"

_SIDE = 320
"""At least so many pixels are decoded of the longer side, where the picture has them."""
_MISSING = 128  # libjpeg paints what it has no data for in middle grey, exactly
_MOST_PREVIEWS_TRIED = 8
_MOST_FRAMES_TRIED = 40
_MOST_FILLED_BYTES = 64 << 20
_LEAST_PREVIEW_PIXELS = 64 * 48
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FIRST_ROWS = {3: "lower", 4: "lower", 5: "left", 6: "right", 7: "right", 8: "left"}
"""Where the first rows of the coded picture are, as it is displayed. Source: EXIF 2.32, tag 274."""


def of_photo(data: bytes, form: str | None) -> tuple[Image.Image | None, str]:
    """What is left of a damaged photo, upright, and how much that is in words; None where nothing can be shown."""
    image, words = None, NOTHING
    with suppress(Exception):  # the one-file boundary: decoders raise anything
        image, words = _jpeg(data) if form == "jpeg" else _other(data, form)
    if image is not None and any(low != high for low, high in _extremes(image)):
        return image, words
    preview = _preview(data)
    return (preview, PREVIEW) if preview is not None else (None, NOTHING)


def _extremes(image: Image.Image) -> list[tuple[int, int]]:
    return list(image.convert("RGB").getextrema())  # type: ignore[arg-type]


def _jpeg(data: bytes) -> tuple[Image.Image | None, str]:
    walked = walk(data)
    orientation = jpeg.metadata(data, walked).orientation or 1
    cut = walked.damage is not None and walked.damage.code == "truncated"
    if walked.frame is None or walked.frame.components == 4 or refusal(walked.frame.width, walked.frame.height):
        with _lenient():
            return _opened(data), IN_PART
    core = picture_of(data, walked)
    if cut:
        # A tail of zeros or ones is no picture: without it, what is missing is grey and not a smear.
        core = core.rstrip(b"\0").rstrip(b"\xff") + b"\xff\xd9"
    side = max(walked.frame.width, walked.frame.height)
    factor = next((k for k in (8, 4, 2) if side >= k * _SIDE), 1)
    height, width = -(-walked.frame.height // factor), -(-walked.frame.width // factor)
    pixels = simplejpeg.decode_jpeg(
        core, "RGB", min_height=height, min_width=width, min_factor=float(factor), strict=False
    )
    words = _extent(pixels, walked, orientation) if cut else IN_PART
    image = Image.fromarray(pixels)
    return (image.transpose(_TURNS[orientation]) if orientation in _TURNS else image), words


def _extent(pixels: np.ndarray, walked: Walk, orientation: int) -> str:
    """How much of a cut picture is there."""
    rows = np.flatnonzero((pixels != _MISSING).any(axis=(1, 2)))
    share = 0 if rows.size == 0 else max(1, int(rows[-1] + 1) * 100 // pixels.shape[0])
    if walked.frame is not None and walked.frame.progressive:
        return "it can be seen, coarse or in part"
    if share == 100:
        return "all of it can be seen"
    return f"the {_FIRST_ROWS.get(orientation, 'upper')} {share}% can be seen"


def _other(data: bytes, form: str | None) -> tuple[Image.Image | None, str]:
    words = (_tiles(data) if form in ("heic", "heif", "avif") else None) or IN_PART
    with _lenient(), suppress(Exception):  # the one-file boundary
        return _opened(data), words
    # FFmpeg goes on where Pillow refuses, with zeros in place of what is missing.
    if form == "webp":
        return _by_ffmpeg("webp", b"", data, struct.unpack("<I", data[4:8])[0] + 8), words
    items = _items(data)
    coded = items.coded_under(items.primary) if items else ()
    if items is None or not coded:
        return None, words
    return (_item(data, coded[0]) if len(coded) == 1 else _mosaic(data, items)), words


def _item(data: bytes, item: Item) -> Image.Image | None:
    """A coded picture of a HEIF file, as far as FFmpeg decodes it."""
    configuration = b"" if item.kind == b"av01" else item.property(CODED_KINDS[item.kind]) or b""
    return _by_ffmpeg(DECODERS[item.kind], configuration, payload_of(data, item), item.length)


def _mosaic(data: bytes, items: Items) -> Image.Image | None:
    """A picture of tiles with those that lie whole in the file, turned as it is displayed."""
    top = items.items[items.primary]
    grid, parts = grid_of(data, top), items.parts(top.number)
    if grid is None or refusal(grid.width, grid.height) or len(parts) != grid.rows * grid.columns:
        return None
    size = heif_picture.size_as_coded(items.items[parts[0]]) if parts[0] in items.items else None
    if size is None:
        return None
    factor = max(1, max(grid.width, grid.height) // (2 * _SIDE))
    whole = Image.new("RGB", (-(-grid.width // factor), -(-grid.height // factor)), (_MISSING,) * 3)
    for place, number in enumerate(parts):
        item = items.items.get(number)
        tile = _item(data, item) if item and len(payload_of(data, item)) == item.length else None
        if tile is not None:
            row, column = divmod(place, grid.columns)
            whole.paste(tile.reduce(factor), (column * size[0] // factor, row * size[1] // factor))
    return Image.fromarray(heif_picture.turned(np.asarray(whole), top))


def _by_ffmpeg(decoder: str, configuration: bytes, payload: bytes, size: int) -> Image.Image | None:
    import av

    av.logging.set_level(None)
    context = cast("VideoCodecContext", av.CodecContext.create(decoder, "r"))
    context.thread_count = 1
    if configuration:
        context.extradata = configuration
    frames: list[VideoFrame] = []
    for packet in (av.Packet(payload.ljust(min(size, len(payload) + _MOST_FILLED_BYTES), b"\0")), None):
        with suppress(av.error.FFmpegError, EOFError, ValueError):
            frames += context.decode(packet)
    if not frames or refusal(frames[0].width, frames[0].height):
        return None
    return Image.fromarray(frames[0].to_ndarray(format="rgb24"))


@contextmanager
def _lenient() -> Iterator[None]:
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _opened(data: bytes) -> Image.Image | None:
    with Image.open(io.BytesIO(data)) as image:
        if refusal(*image.size):
            return None
        image.draft("RGB", (_SIDE, _SIDE))
        image.load()
        return ImageOps.exif_transpose(image)


def _items(data: bytes) -> Items | None:
    meta = read_container(data).first(b"meta")
    try:
        return read_items(data, meta) if meta else None
    except BrokenItems:
        return None


def _tiles(data: bytes) -> str | None:
    """How many tiles of a HEIF picture lie whole in the file; None where it has none or they are all there."""
    items = _items(data)
    coded = items.coded_under(items.primary) if items else ()
    there = [item for item in coded if all(e.offset + e.length <= len(data) for e in item.extents or ())]
    return f"{len(there)} of its {len(coded)} tiles can be seen" if len(there) < len(coded) > 1 else None


def _preview(data: bytes) -> Image.Image | None:
    """The largest whole JPEG that lies within the file: cameras store one or two small ones beside the picture."""
    best: Image.Image | None = None
    for found in list(re.finditer(rb"\xff\xd8\xff", data))[: _MOST_PREVIEWS_TRIED + 1]:
        if found.start() == 0:
            continue
        with suppress(Exception):  # the one-file boundary
            walked = walk(data[found.start() :])
            if walked.end is None or walked.damage is not None:
                continue
            with Image.open(io.BytesIO(data[found.start() : found.start() + walked.end])) as image:
                if refusal(*image.size):
                    continue
                image.draft("RGB", (_SIDE, _SIDE))
                image.load()
                pixels = image.width * image.height
                if pixels >= max(_LEAST_PREVIEW_PIXELS, (best.width * best.height + 1) if best else 0):
                    best = image.copy()
    return best


def of_film(stream: BinaryIO, form: str | None) -> Image.Image | None:
    """The first picture of a film that a decoder yields, upright; None where there is none. `stream` can seek."""
    import av

    if form not in DEMUXERS:
        return None
    with suppress(Exception), opened(stream, form) as film:
        video = film.streams.video[0]
        video.codec_context.thread_count = 1
        if refusal(video.width or 0, video.height or 0):
            return None
        for tried, packet in enumerate(film.demux(video)):
            if tried > _MOST_FRAMES_TRIED:
                return None
            frames: list[VideoFrame] = []
            with suppress(av.error.FFmpegError, EOFError, ValueError):
                frames = list(packet.decode())
            if frames:
                image = Image.fromarray(frames[0].to_ndarray(format="rgb24"))
                # FFmpeg counts counter-clockwise, as Pillow does.
                return image.rotate(getattr(frames[0], "rotation", 0), expand=True)
    return None
