"""Cameras' RAW files: the walk that their TIFF shape allows, LibRaw (rawpy) unpacking the sensor data, previews too.

LibRaw's `raw_image` is asked for, not a developed picture: unpacking meets damage, and a tenth of the time does.
"""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass

import numpy as np

from auditor.model import Damage, Depth, Kind, Soundness, Tier
from auditor.readers import exif, perceptual
from auditor.readers.descriptive import RAW_TAGS
from auditor.readers.examination import Buffer, Examination, Metadata
from auditor.readers.jpeg import reader as jpeg
from auditor.readers.limits import refusal, refused_by_decoder
from auditor.readers.tiff import ifd
from auditor.readers.tiff.walk import TiffWalk, digests, walk
from auditor.readers.wording import cut_short

_TIFF_SHAPED = frozenset({"dng", "nef", "cr2", "arw", "pef", "srw", "orf", "rw2", "kdc", "raw"})
_JPEG_COMPRESSIONS = frozenset({6, 7})
_LEAST_PREVIEW_BYTES = 4


@dataclass(frozen=True, slots=True)
class _Unpacked:
    """What LibRaw made of the file: the grey sensor picture (rough), its size, or why there is none."""

    grey: perceptual.Grey | None
    size: tuple[int, int] | None
    broken: str | None = None
    refused: str | None = None


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. `coded_sha256` covers the sensor data; `image_sha256` every byte but the few
    fields that are known to steer no development: dates, names, captions, ratings, place, orientation. Makers' notes
    and previews count byte by byte. None for formats that are no TIFF inside."""
    shaped = format_ in _TIFF_SHAPED and ifd.header(data) is not None
    walked = walk(data) if shaped else TiffWalk((), (), _extents(data, format_), ())
    facts = _metadata(data, format_, shaped)
    seen = Examination(format=format_, kind=Kind.PHOTO, metadata=facts)
    declared = [(i.width, i.height) for i in walked.images if i.width and i.height]
    if declared:
        seen = _sized(seen, max(declared, key=lambda size: size[0] * size[1]))
    if not depth.reaches(Depth.DECODE):
        return seen
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE,))
    if walked.damage is not None:
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(walked.damage,))
    if too_large := next((r for size in declared if (r := refusal(*size))), None):
        return dataclasses.replace(seen, error=too_large)
    unpacked = _unpack(data)
    if unpacked.size is not None:
        seen = _sized(seen, unpacked.size)
    if unpacked.refused is not None:
        return dataclasses.replace(seen, error=refused_by_decoder(unpacked.refused))
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE, Tier.DECODE))
    if unpacked.broken is not None:
        damage = Damage("corrupt_data", f"the sensor data cannot be unpacked: {unpacked.broken}")
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(damage,))
    coded, image = digests(data, walked, RAW_TAGS) if shaped else (None, None)
    seen = dataclasses.replace(seen, soundness=Soundness.SOUND, coded_sha256=coded, image_sha256=image)
    return _with_preview(data, walked, seen, unpacked.grey, depth)


def _sized(seen: Examination, size: tuple[int, int]) -> Examination:
    width, height = size[::-1] if (seen.metadata.orientation or 1) > 4 else size
    return dataclasses.replace(seen, width=width, height=height)


def _metadata(data: Buffer, format_: str, shaped: bool) -> Metadata:
    if shaped:
        # Olympus and Panasonic write a magic of their own before a plain TIFF.
        magic = b"II*\0" if data[:2] == b"II" else b"MM\0*"
        return exif.metadata_of_exif(magic + data[4:] if format_ in ("orf", "rw2") else bytes(data))
    start, end = _fuji_preview(data) if format_ == "raf" else (0, 0)
    if data[start : start + 2] != b"\xff\xd8":
        return Metadata()
    return jpeg.examine(data[start:end], "jpeg", Depth.HASH).metadata


def _fuji_preview(data: Buffer) -> tuple[int, int]:
    start, length = (int.from_bytes(data[at : at + 4], "big") for at in (84, 88))
    return start, start + length


def _extents(data: Buffer, format_: str) -> Damage | None:
    """Fuji's header says where its three parts lie; the other formats say nothing that a walk could use."""
    if format_ != "raf":
        return None
    ends = [sum(int.from_bytes(data[at + i : at + i + 4], "big") for i in (0, 4)) for at in (84, 92, 100)]
    return cut_short(len(data), max(ends)) if max(ends) > len(data) else None


def _unpack(data: Buffer) -> _Unpacked:
    import rawpy

    refusals = (
        rawpy.LibRawFileUnsupportedError,
        rawpy.LibRawNotImplementedError,
        rawpy.LibRawRequestForNonexistentImageError,
        rawpy.LibRawTooBigError,
        rawpy.NotSupportedError,
    )
    size: tuple[int, int] | None = None
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            size = (raw.sizes.width, raw.sizes.height)
            if too_large := refusal(raw.sizes.raw_width, raw.sizes.raw_height):
                return _Unpacked(None, size, refused=too_large.reason)
            return _Unpacked(_rough(raw.raw_image_visible), size)
    except refusals as error:
        return _Unpacked(None, size, refused=str(error))
    except rawpy.LibRawError as error:
        return _Unpacked(None, size, broken=str(error))


def _rough(sensor: np.ndarray[tuple[int, ...], np.dtype[np.uint16]] | None) -> perceptual.Grey | None:
    """Sensor values as a rough grey picture: colour cells averaged, darkest and brightest stretched, gamma 2.2."""
    if sensor is None or min(sensor.shape[:2]) < 2 * perceptual.SIDE:
        return None
    plane = sensor if sensor.ndim == 2 else sensor[:, :, 1]
    cell = 8 if min(plane.shape) >= 16 * perceptual.SIDE else 2
    height, width = (side // cell * cell for side in plane.shape)
    cells = plane[:height, :width].reshape(height // cell, cell, width // cell, cell)
    means = cells.mean(axis=(1, 3), dtype=np.float32)
    low, high = np.percentile(means, (0.1, 99.9))
    light = np.clip((means - low) / max(1.0, float(high - low)), 0, 1) ** (1 / 2.2)
    return np.asarray(light * 255, dtype=np.uint8)


def _with_preview(
    data: Buffer, walked: TiffWalk, seen: Examination, sensor: perceptual.Grey | None, depth: Depth
) -> Examination:
    """The examination with its picture: the largest preview's where there is one, since that is what people see."""
    places = list(walked.previews)
    places += [
        image.parts[0]
        for image in walked.images
        if image.reduced and len(image.parts) == 1 and image.compression in _JPEG_COMPRESSIONS
    ]
    if seen.format == "raf":
        places.append(_fuji_preview(data))
    places = [p for p in places if p[1] - p[0] > _LEAST_PREVIEW_BYTES and data[p[0] : p[0] + 2] == b"\xff\xd8"]
    picture: perceptual.Grey | None = None
    for start, end in sorted(set(places), key=lambda place: place[1] - place[0]):
        preview = jpeg.examine(data[start:end], "jpeg", depth)
        if preview.soundness is Soundness.DAMAGED:
            detail = f"preview: {preview.damage[0].detail}; the sensor data itself can be unpacked"
            damage = Damage(preview.damage[0].code, detail, start)
            return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(*seen.damage, damage))
        if preview.picture is not None:
            turn = None if preview.metadata.orientation else seen.metadata.orientation
            picture = perceptual.displayed(preview.picture, turn)
    if picture is None and sensor is not None:
        picture = perceptual.normalise(sensor, sensor.shape[1], sensor.shape[0], seen.metadata.orientation)
    return dataclasses.replace(seen, picture=picture)
