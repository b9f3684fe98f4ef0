"""Any picture file as one comparable thing: grey at 768 px, coarse colours, as displayed, on white.

Every format and size takes the same route, so that two files differ only where their pictures do: decoded at no less
than twice the size wanted, then reduced by one filter.
"""

from __future__ import annotations

import io
import math
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pillow_heif
import rawpy
from PIL import ExifTags, Image, ImageCms

from auditor.model import Kind
from auditor.pictures.as_listed import AsListed, read
from auditor.readers.limits import pillow_limits, refusal
from auditor.readers.perceptual import displayed
from auditor.readers.sniff import kind_of, sniff

Grey = npt.NDArray[np.uint8]

LONG_SIDE_PX = 768
CHROMA_SIDE_PX = 48  # one cell a tile of 16 px
MAX_BYTES = 1 << 30
MOST_CLIPPED = 4  # levels of 255
FILTER = Image.Resampling.LANCZOS
SRGB = ImageCms.createProfile("sRGB")
PILLOW_FORMATS = frozenset(("jpeg", "heic", "heif", "avif", "png", "webp", "gif", "tiff", "bmp", "jp2", "jxl"))
RAW_FLIPS = {3: 3, 5: 8, 6: 6}  # LibRaw's turns as EXIF orientations


class More(StrEnum):
    """What a file holds that is no part of the picture that is compared. Content beside a picture: `parts`."""

    FRAMES = "further frames"  # an animation, a sequence, a TIFF of several pages: only the first is looked at


class Refusal(StrEnum):
    """Why a file gave no picture."""

    UNREADABLE = "unreadable"  # the place could not give its bytes, or gave others than were listed
    NOT_A_PICTURE = "not_a_picture"  # no decoder knows it
    BROKEN = "broken"  # a decoder began and failed
    TOO_LARGE = "too_large"  # more bytes or pixels than are ever decoded
    DIED = "died"  # the decoder took its process with it, or went over its limits
    NO_BYTES = "no_bytes"  # only a list of the place is at hand


@dataclass(frozen=True, slots=True)
class NoPicture:
    """A file that cannot be compared; `detail` is for a person."""

    refusal: Refusal
    detail: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as displayed, reduced. Compare with `verify.compare`.

    `grey` is (height, width), long side at most 768 px and never enlarged. `chroma` is (2, h, w): Cb and Cr, long side
    48. `width` and `height` are of the file as displayed. `taken` and `subsec` are DateTimeOriginal and its fraction as
    the file holds them, None where it holds none. Of a RAW file it is the preview that the camera stored in it.
    Brightness and colours are the file's numbers as they are. `translated` is the same picture brought to sRGB, None
    where it has no other colour profile: copies of a Display P3 picture come either way, translated or just relabelled.
    `more` is what the file holds beside the picture.
    """

    grey: Grey
    chroma: Grey
    width: int
    height: int
    taken: str | None = None
    subsec: str | None = None
    translated: Picture | None = None
    more: frozenset[More] = frozenset()

    @property
    def long_side_px(self) -> int:
        """The longer side of the file's picture."""
        return max(self.width, self.height)

    def turned(self, orientation: int) -> Picture:
        """The same picture turned as EXIF's orientation asks."""
        width, height = (self.height, self.width) if orientation > 4 else (self.width, self.height)
        colours = np.stack([displayed(plane, orientation) for plane in self.chroma])
        return replace(
            self,
            grey=displayed(self.grey, orientation),
            chroma=colours,
            width=width,
            height=height,
            translated=self.translated and self.translated.turned(orientation),
        )


def load_from(file: AsListed) -> Picture | NoPicture:
    """The picture of one file as it was listed; never raises for what the file holds."""
    try:
        data = read(file, MAX_BYTES)
    except OSError as error:
        return NoPicture(Refusal.UNREADABLE, str(error))
    return load(data)


def load(data: bytes) -> Picture | NoPicture:
    """The picture of a file's whole content; never raises for what the bytes hold.

    It judges no damage: a decoder that conceals some gives a picture with the damage in it.
    """
    if len(data) > MAX_BYTES:
        return NoPicture(Refusal.TOO_LARGE, f"more than {MAX_BYTES >> 20} MB")
    format_ = sniff(data)
    if kind_of(format_) is not Kind.PHOTO:
        return NoPicture(Refusal.NOT_A_PICTURE, "the content is not of a known picture format")
    pillow_limits()
    pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _load(data) if format_ in PILLOW_FORMATS else _load_raw(data)
    except Image.DecompressionBombError as error:
        return NoPicture(Refusal.TOO_LARGE, str(error))
    except Exception as error:  # the one-file boundary: decoders raise anything
        return NoPicture(Refusal.BROKEN, f"{type(error).__name__}: {error}")


def _load(data: bytes) -> Picture | NoPicture:
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
        if too_large := refusal(width, height):
            return NoPicture(Refusal.TOO_LARGE, too_large.reason)
        exif = image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
        taken, subsec = _times(exif)
        if image.format == "TIFF":
            image.load()  # Pillow turns a TIFF as it loads it, and no other format
            (width, height), orientation = image.size, 1
        profile = foreign_profile(image)
        picture = Picture(*_planes(image, data), width, height, taken, subsec, more=_more(image))
        if profile is not None:
            picture = replace(picture, translated=_translated(image, profile, picture))
    return picture.turned(orientation) if orientation in range(2, 9) else picture


def _load_raw(data: bytes) -> Picture | NoPicture:
    """The camera's own preview in a RAW file, turned as the RAW says where the preview does not say it itself."""
    with rawpy.imread(io.BytesIO(data)) as raw:
        flip = raw.sizes.flip
        preview = raw.extract_thumb()
    if preview.format != rawpy.ThumbFormat.JPEG:
        image = Image.fromarray(np.asarray(preview.data)).convert("RGB")
        return Picture(*_reduced(image), *image.size).turned(RAW_FLIPS.get(flip, 1))
    stored = bytes(preview.data)
    picture = _load(stored)
    if isinstance(picture, NoPicture) or flip not in RAW_FLIPS:
        return picture
    with Image.open(io.BytesIO(stored)) as image:
        if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
            return picture
    return picture.turned(RAW_FLIPS[flip])


def opened(data: bytes) -> tuple[Image.Image, int]:
    """The file's picture, not decoded yet, and the EXIF orientation that it is still to be turned by; of a RAW file its
    preview.

    Raises: whatever Pillow and LibRaw raise.
    """
    if sniff(data) in PILLOW_FORMATS:
        image: Image.Image = Image.open(io.BytesIO(data))
        if image.format == "TIFF":
            image.load()
            return image, 1
        return image, image.getexif().get(ExifTags.Base.Orientation, 1)
    with rawpy.imread(io.BytesIO(data)) as raw:
        turn = RAW_FLIPS.get(raw.sizes.flip, 1)
        preview = raw.extract_thumb()
    if preview.format != rawpy.ThumbFormat.JPEG:
        return Image.fromarray(np.asarray(preview.data)).convert("RGB"), turn
    image = Image.open(io.BytesIO(bytes(preview.data)))
    own = image.getexif().get(ExifTags.Base.Orientation, 1)
    return image, own if own != 1 else turn


def _more(image: Image.Image) -> frozenset[More]:
    # The further pictures of an MPO are the camera's own: preview, gain map, depth.
    several = image.format not in ("JPEG", "MPO") and getattr(image, "n_frames", 1) > 1
    return frozenset({More.FRAMES}) if several else frozenset()


def _times(exif: Image.Exif) -> tuple[str | None, str | None]:
    """DateTimeOriginal and its fraction of a second; None where the file does not say."""
    own: dict[int, object] = {}
    with suppress(Exception):  # a broken Exif block says nothing
        own = exif.get_ifd(ExifTags.IFD.Exif)
    taken = str(own.get(ExifTags.Base.DateTimeOriginal) or "").strip("\0 ")
    subsec = str(own.get(ExifTags.Base.SubsecTimeOriginal) or "").strip("\0 ")
    known = any(digit in taken for digit in "123456789")
    return (taken, subsec or None) if known else (None, None)


def _planes(image: Image.Image, data: bytes) -> tuple[Grey, Grey]:
    """The grey picture and the coarse colours (Cb, Cr) of an opened file, not yet turned."""
    if image.format in ("JPEG", "MPO") and image.mode == "RGB":
        # Brightness alone is decoded in full and the colours at an eighth of the size: three times as fast. It is the
        # same picture only while the stored colours need no clipping to be shown.
        with Image.open(io.BytesIO(data)) as again:
            colours = _drafted(again, "YCbCr", CHROMA_SIDE_PX)
        shown = colours.convert("RGB").convert("YCbCr")
        if np.abs(np.asarray(shown, dtype=np.int16) - np.asarray(colours, dtype=np.int16)).max() <= MOST_CLIPPED:
            with Image.open(io.BytesIO(data)) as again:
                return np.asarray(_drafted(again, "L", LONG_SIDE_PX)), _colours(shown)
        with Image.open(io.BytesIO(data)) as again:
            return _reduced(_drafted(again, "RGB", LONG_SIDE_PX))
    return _reduced(_shrunk(on_white(image), LONG_SIDE_PX))


def _translated(image: Image.Image, profile: ImageCms.ImageCmsProfile, picture: Picture) -> Picture | None:
    """The picture in sRGB; None where its profile cannot be used."""
    small = _shrunk(on_white(image), LONG_SIDE_PX)
    with suppress(ImageCms.PyCMSError, OSError):
        small = ImageCms.profileToProfile(small, profile, SRGB, outputMode="RGB") or small
        return Picture(*_reduced(small), picture.width, picture.height, picture.taken, picture.subsec)
    return None


def _drafted(image: Image.Image, mode: str, long_side_px: int) -> Image.Image:
    """A JPEG decoded at no less than twice the size wanted, then reduced by the one filter."""
    scale = 2 * long_side_px / max(image.size)
    drafted = image.draft(mode, (math.ceil(image.width * scale), math.ceil(image.height * scale)))
    box = drafted[1] if drafted else (0, 0, *image.size)
    return _shrunk(image.convert(mode), long_side_px, (box[2], box[3]))


def foreign_profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The colour profile to translate from: phones store Display P3, and their copies are often plain sRGB."""
    data = image.info.get("icc_profile")
    if not data or image.mode not in ("RGB", "RGBA"):
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        return None if "srgb" in ImageCms.getProfileDescription(profile).lower() else profile
    except (ImageCms.PyCMSError, OSError):
        return None


def on_white(image: Image.Image) -> Image.Image:
    """The picture in RGB, with what is transparent shown white and 16-bit greys brought to 8."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image, dtype=np.float32)
        scale = 256 if values.max(initial=0) > 255 else 1
        return Image.fromarray((values / scale).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        seen = image.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        white.alpha_composite(seen)
        return white.convert("RGB")
    return image.convert("RGB")


def _reduced(image: Image.Image) -> tuple[Grey, Grey]:
    return np.asarray(_shrunk(image.convert("L"), LONG_SIDE_PX)), _colours(_shrunk(image, CHROMA_SIDE_PX))


def _colours(image: Image.Image) -> Grey:
    return np.ascontiguousarray(np.asarray(image.convert("YCbCr"))[:, :, 1:].transpose(2, 0, 1))


def _shrunk(image: Image.Image, long_side_px: int, size: tuple[float, float] | None = None) -> Image.Image:
    """The picture with a long side of at most that many pixels; never enlarged.

    `size` is how much of it holds the picture: a JPEG decoded at a fraction ends in a padded row or column.
    """
    width, height = size or image.size
    scale = min(1.0, long_side_px / max(width, height))
    wanted = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image if wanted == image.size else image.resize(wanted, FILTER, box=(0, 0, width, height))
