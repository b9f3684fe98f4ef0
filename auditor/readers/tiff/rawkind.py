"""Which camera's RAW format a TIFF-shaped file is; the maker and the sensor's own pixel layout decide, not the name."""

from __future__ import annotations

from auditor.readers.examination import Buffer
from auditor.readers.tiff import ifd

_SENSOR_LAYOUTS = {32803, 34892}  # PhotometricInterpretation: colour filter array, linear RAW
_MAKERS = (
    (b"NIKON", "nef"),
    (b"SONY", "arw"),
    (b"PENTAX", "pef"),
    (b"RICOH", "pef"),
    (b"SAMSUNG", "srw"),
    (b"EASTMAN KODAK", "kdc"),
    (b"KODAK", "kdc"),
)
_MAKERS_COMPRESSIONS = {32767, 32769, 32770, 32867, 34713, 65000, 65535}


def raw_format(data: Buffer) -> str | None:
    """The RAW format of a file with a TIFF header; None where it is a plain TIFF picture or cannot be told."""
    head = ifd.header(data)
    if head is None:
        return None
    if data[8:10] == b"CR" and not head.big:
        return "cr2"
    first = ifd.directory(data, head, head.first)
    if first is None:
        return None
    if 50706 in first.entries:
        return "dng"
    tables = [first]
    tables += [t for o in ifd.numbers(data, first, 330)[:8] if (t := ifd.directory(data, head, o)) is not None]
    if not any(_is_sensor_data(data, table) for table in tables):
        return None
    make = ifd.content(data, first, 271).upper().lstrip()
    return next((format_ for maker, format_ in _MAKERS if make.startswith(maker)), "raw")


def _is_sensor_data(data: Buffer, table: ifd.Directory) -> bool:
    layout = ifd.numbers(data, table, 262)[:1]
    compression = ifd.numbers(data, table, 259)[:1]
    return bool(_SENSOR_LAYOUTS & set(layout) or _MAKERS_COMPRESSIONS & set(compression))
