"""Do independent decoders see the same in two files whose image data have one digest?

Our own walk through a file says which bytes are the picture. That is proof only where programs that other people use
to look at it (libheif, libjpeg-turbo and Pillow, LibRaw, FFmpeg) open both files as they stand and see the same: equal
pixels in a still, equal compressed samples with timing and codec setup in a film. Turns that a file notes beside its
picture are metadata: pixels are compared before them, or, where a decoder always applies them, in every quarter turn.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pillow_heif
import rawpy
from PIL import Image, ImageFile, TiffImagePlugin

from auditor.errors import AuditorError
from auditor.model import Kind
from auditor.pictures.as_listed import AsListed, opened
from auditor.pictures.likeness import Answer, Likeness, Side
from auditor.pictures.loading import MAX_BYTES, PILLOW_FORMATS
from auditor.readers.film import compare as film_compare
from auditor.readers.film.demuxer import DEMUXERS
from auditor.readers.limits import pillow_limits, refusal
from auditor.readers.perceptual import displayed
from auditor.readers.sniff import RAW_FORMATS, kind_of, sniff

Pixels = npt.NDArray[np.uint8]

TURNED_BY_DECODER = frozenset(("heic", "heif", "avif", "tiff"))
"""Formats whose decoders turn the picture as it is loaded."""

SEEN_DIFFERENT = "a program that opens both sees two different pictures"


def same_contents(original: AsListed, copy: AsListed) -> Answer:
    """Whether independent decoders see the same in both files. Runs in a worker.

    DIFFERENT where they do not, CANNOT_TELL where one is not opened or not as it was listed, with `side` the one to
    blame.
    """
    try:
        with opened(original) as ours:
            form = _form(ours)
            try:
                with opened(copy) as theirs:
                    if kind_of(form) is Kind.VIDEO:
                        return _same_samples(ours, theirs, form or "")
                    return _same_stills(ours.read(MAX_BYTES + 1), theirs.read(MAX_BYTES + 1))
            except (OSError, AuditorError) as error:
                return Answer(Likeness.CANNOT_TELL, f"the copy could not be read: {error}", Side.COPY)
    except (OSError, AuditorError) as error:
        return Answer(Likeness.CANNOT_TELL, f"the original could not be read: {error}", Side.ORIGINAL)


@contextmanager
def mapped(file: AsListed) -> Iterator[mmap.mmap]:
    """The file's content as it was listed, mapped. Raises: OSError or ValueError where it cannot be, AuditorError from
    its place."""
    with opened(file) as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def _form(stream: BinaryIO) -> str | None:
    form = sniff(stream.read(4096))
    stream.seek(0)
    return form


def _same_samples(ours: BinaryIO, theirs: BinaryIO, form: str) -> Answer:
    form_there = _form(theirs) or ""
    for name, side in ((form, Side.ORIGINAL), (form_there, Side.COPY)):
        if name not in DEMUXERS:
            return Answer(Likeness.CANNOT_TELL, f"{_NAMES[side]} is of a form that is not opened here", side)
    said = film_compare.same_samples(ours, theirs, form, form_there)
    if said.same is not None:
        return Answer(Likeness.SAME if said.same else Likeness.DIFFERENT, said.reason or "")
    theirs.seek(0)
    side = Side.COPY if isinstance(film_compare.demuxed(theirs, form_there), str) else Side.ORIGINAL
    return Answer(Likeness.CANNOT_TELL, f"{_NAMES[side]} cannot be opened: {said.reason}", side)


def _same_stills(ours: bytes, theirs: bytes) -> Answer:
    for side, data in ((Side.ORIGINAL, ours), (Side.COPY, theirs)):
        if len(data) > MAX_BYTES:  # its beginning alone would be compared
            return Answer(Likeness.CANNOT_TELL, f"{_NAMES[side]} is too large to be opened here", side)
    return same_pixels(ours, theirs)


def same_pixels(ours: bytes, theirs: bytes) -> Answer:
    """Whether two stills have equal pixels in every frame, as the usual program for their format decodes them.

    Two that are cut short alike are opened as far as they go.
    """
    formats = sniff(ours), sniff(theirs)
    if formats[0] != formats[1]:
        return Answer(Likeness.DIFFERENT, "the two are of different formats")
    pillow_limits()
    pillow_heif.register_heif_opener()
    said = _same_pixels(ours, theirs, formats[0])
    if said.likeness is Likeness.CANNOT_TELL and said.side is Side.BOTH:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            return _same_pixels(ours, theirs, formats[0])
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
    return said


def same_to_the_last_bit(ours: bytes, theirs: bytes) -> bool:
    """Whether two stills with other image data are known to show the same, on every screen: equal pixels and one colour
    profile, in formats of which decoders give every bit."""
    known = _all_bits_are_given(ours) and _all_bits_are_given(theirs)
    return known and same_pixels(ours, theirs).likeness is Likeness.SAME and _profile(ours) == _profile(theirs)


def _all_bits_are_given(data: bytes) -> bool:
    """Whether the picture has no more than the 8 bits a colour that Pillow gives of most formats, or is a RAW file."""
    form = sniff(data)
    try:
        if form == "png":
            return data[24] <= 8
        if form in ("tiff", "heic", "heif"):
            pillow_heif.register_heif_opener()
            with Image.open(io.BytesIO(data)) as image:
                bits = getattr(image, "tag_v2", {}).get(TiffImagePlugin.BITSPERSAMPLE, (1,))
                return bool(max(bits) <= 8 if form == "tiff" else image.info.get("bit_depth") == 8)
    except Exception:  # the one-file boundary: decoders raise anything
        return False
    return form in ("jpeg", "webp", "gif", "bmp") or form in RAW_FORMATS


def _profile(data: bytes) -> object:
    if sniff(data) in RAW_FORMATS:
        return None
    with Image.open(io.BytesIO(data)) as image:
        return image.info.get("icc_profile")


def _same_pixels(ours: bytes, theirs: bytes, format_: str | None) -> Answer:
    """One frame of each at a time; the frames' number and durations must agree as well."""
    frames = _Frames(ours, format_), _Frames(theirs, format_)
    while True:
        first, second = frames[0].next(), frames[1].next()
        if failed := [side for side, pixels in zip(_SIDES, (first, second), strict=True) if isinstance(pixels, str)]:
            side = failed[0] if len(failed) == 1 else Side.BOTH
            return Answer(
                Likeness.CANNOT_TELL,
                f"{_NAMES[side]} cannot be opened ({first if isinstance(first, str) else second})",
                side,
            )
        assert not isinstance(first, str)
        assert not isinstance(second, str)
        if first is None or second is None:
            return Answer(Likeness.SAME) if first is second else Answer(Likeness.DIFFERENT, SEEN_DIFFERENT)
        if frames[0].noted != frames[1].noted or not _equal(first, second, format_ in TURNED_BY_DECODER):
            return Answer(Likeness.DIFFERENT, SEEN_DIFFERENT)


_SIDES = (Side.ORIGINAL, Side.COPY)
_NAMES = {Side.ORIGINAL: "the original", Side.COPY: "the copy", Side.BOTH: "neither of the two"}


def _equal(ours: Pixels, theirs: Pixels, turned: bool) -> bool:
    if np.array_equal(ours, theirs):
        return True
    return turned and any(np.array_equal(ours, displayed(theirs, turn)) for turn in range(2, 9))


class _Frames:
    """The frames of a still, one after the other; `noted` is what the last one's file says of how long it is shown."""

    def __init__(self, data: bytes, format_: str | None) -> None:
        self._data, self._format, self._number = data, format_, 0
        self._image: Image.Image | None = None
        self.noted: object = None

    def next(self) -> Pixels | str | None:
        """The next frame; in words why there is none; None after the last."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._next()
        except Exception as error:  # the one-file boundary: decoders raise anything
            return f"{type(error).__name__}: {error}".removesuffix(": ")

    def _next(self) -> Pixels | None:
        number, self._number = self._number, self._number + 1
        if self._format not in PILLOW_FORMATS:
            return _developed(self._data) if number == 0 else None
        if self._image is None:
            self._image = Image.open(io.BytesIO(self._data))
        image = self._image
        # The further pictures of an MPO are the camera's own previews and maps, and a digest covers them.
        if number and (image.format in ("JPEG", "MPO") or number >= getattr(image, "n_frames", 1)):
            return None
        if number:
            image.seek(number)
        if too_large := refusal(*image.size):
            raise ValueError(too_large)
        shown = image.convert("RGBA") if image.mode in ("P", "PA") else image
        shown.load()
        self.noted = (shown.mode, image.info.get("duration"))
        return np.asarray(shown)


def _developed(data: bytes) -> Pixels:
    """A RAW file developed by LibRaw with the camera's own settings, half as large, not turned."""
    with rawpy.imread(io.BytesIO(data)) as raw:
        sensor = hashlib.sha256(np.ascontiguousarray(raw.raw_image).tobytes()).digest()
        shown = raw.postprocess(use_camera_wb=True, half_size=True, no_auto_bright=True, user_flip=0)
    return np.concatenate((np.frombuffer(sensor, dtype=np.uint8), shown.ravel()))
