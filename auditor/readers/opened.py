"""Independent programs that open a file as it stands: its header and index are read, nothing is decoded.

A file that none of them opens is not called sound, whatever this package's own walkers and the decoders of its parts
say: people open files, not tiles.
"""

from __future__ import annotations

import io
import warnings

from auditor.readers.examination import Buffer
from auditor.readers.limits import pillow_limits


def open_heif(data: Buffer) -> tuple[int, int] | str:
    """Width and height of the primary picture as displayed, as libheif sees it; its complaint where it refuses."""
    import pillow_heif

    try:
        found = pillow_heif.open_heif(bytes(data))
        width, height = found.size
    except Exception as error:
        # Whatever a stranger's library throws at hostile bytes is a refusal.
        return f"{error}" or type(error).__name__
    return int(width), int(height)


def open_avif(data: Buffer) -> tuple[int, int] | str:
    """As open_heif, by libavif too, which is what browsers and phones show AVIF with: both must open it."""
    from PIL import Image, features

    found = open_heif(data)
    if isinstance(found, str) or not features.check("avif"):
        return found
    pillow_limits()
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=["AVIF"]):
            return found
    except Exception as error:
        # Its own words may hold an address in memory, which would differ in every run.
        return "libavif does not know this kind of picture" if "cannot identify" in f"{error}" else f"{error}"


def open_png(content: bytes) -> str | None:
    """Why neither Pillow nor FFmpeg opens a PNG; None where one does."""
    from PIL import Image

    pillow_limits()
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=["PNG"]):
            return None
    except Exception as error:
        # Pillow refuses long texts, which are nothing to the picture.
        complaint = "it does not know this kind of picture" if "cannot identify" in f"{error}" else f"{error}"
    import av

    try:
        with av.open(io.BytesIO(content), format="png_pipe") as film:
            return None if film.streams.video and film.streams.video[0].width else complaint
    except (av.error.FFmpegError, OSError, ValueError):
        return complaint


def open_jpeg(content: Buffer) -> str | None:
    """Why libjpeg does not read the header of a JPEG; None where it does."""
    import simplejpeg

    try:
        simplejpeg.decode_jpeg_header(content, strict=False)
    except ValueError as error:
        return f"{error}"
    return None
