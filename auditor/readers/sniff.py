"""What a file is: by its first bytes, and by its name only where they say nothing."""

from __future__ import annotations

import mimetypes
import re

from auditor.model import Kind
from auditor.readers.examination import Buffer
from auditor.readers.tiff.rawkind import raw_format

RAW_FORMATS = frozenset(
    ["dng", "nef", "cr2", "cr3", "crw", "arw", "raf", "orf", "rw2", "pef", "srw", "kdc", "x3f", "mrw", "raw"]
)
UNCHECKED_PHOTOS = frozenset(
    ["psd", "xcf", "tga", "exr", "hdr", "dpx", "pcx", "netpbm", "jxr", "bpg", "flif", "ilbm", "pict", "sgi"]
)
UNCHECKED_VIDEOS = frozenset(["ogv", "mxf", "dv", "wtv", "y4m", "ivf", "nut", "rm", "r3d", "braw", "h264", "h265"])
"""Pictures and films that nothing here decodes. They must be backed up all the same; the same bytes prove it."""

PHOTO_FORMATS = (
    RAW_FORMATS | UNCHECKED_PHOTOS | {"jpeg", "heic", "heif", "avif", "png", "webp", "gif", "tiff", "bmp", "jxl", "jp2"}
)
VIDEO_FORMATS = UNCHECKED_VIDEOS | {"mp4", "mov", "3gp", "avi", "mkv", "webm", "mpeg", "mts", "asf", "flv"}
SIDECAR_FORMATS = frozenset(["xmp", "aae", "takeout_json"])

_EXTENSIONS: dict[str, str] = {
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "jpe": "jpeg",
    "jfif": "jpeg",
    "mpo": "jpeg",
    "insp": "jpeg",
    "heic": "heic",
    "heics": "heic",
    "heif": "heif",
    "heifs": "heif",
    "hif": "heif",
    "avif": "avif",
    "png": "png",
    "apng": "png",
    "webp": "webp",
    "gif": "gif",
    "tif": "tiff",
    "tiff": "tiff",
    "bmp": "bmp",
    "jxl": "jxl",
    "jp2": "jp2",
    "dng": "dng",
    "nef": "nef",
    "nrw": "nef",
    "cr2": "cr2",
    "cr3": "cr3",
    "crw": "crw",
    "arw": "arw",
    "sr2": "arw",
    "srf": "arw",
    "raf": "raf",
    "orf": "orf",
    "rw2": "rw2",
    "rwl": "rw2",
    "pef": "pef",
    "srw": "srw",
    "kdc": "kdc",
    "dcr": "kdc",
    "x3f": "x3f",
    "mrw": "mrw",
    "3fr": "raw",
    "erf": "raw",
    "iiq": "raw",
    "mef": "raw",
    "mos": "raw",
    "raw": "raw",
    "mp4": "mp4",
    "m4v": "mp4",
    "insv": "mp4",
    "mov": "mov",
    "qt": "mov",
    "3gp": "3gp",
    "3g2": "3gp",
    "3gpp": "3gp",
    "avi": "avi",
    "mkv": "mkv",
    "webm": "webm",
    "mpg": "mpeg",
    "mpeg": "mpeg",
    "vob": "mpeg",
    "mts": "mts",
    "m2ts": "mts",
    "wmv": "asf",
    "flv": "flv",
    "asf": "asf",
    "divx": "avi",
    "f4v": "mp4",
    "m2v": "mpeg",
    "mk3d": "mkv",
    "jpf": "jp2",
    "jpx": "jp2",
    "j2k": "jp2",
    "jps": "jpeg",
    **dict.fromkeys(("psd", "psb"), "psd"),
    **dict.fromkeys(("ppm", "pgm", "pbm", "pnm", "pam"), "netpbm"),
    **dict.fromkeys(("jxr", "wdp", "hdp"), "jxr"),
    **dict.fromkeys(("lbm", "ilbm", "iff"), "ilbm"),
    **dict.fromkeys(("pict", "pct"), "pict"),
    **dict.fromkeys(("ogv", "ogm"), "ogv"),
    **dict.fromkeys(("rm", "rmvb"), "rm"),
    **dict.fromkeys(("h264", "264"), "h264"),
    **dict.fromkeys(("h265", "265", "hevc"), "h265"),
    **{name: name for name in ("xcf", "tga", "exr", "hdr", "dpx", "pcx", "bpg", "flif", "sgi")},
    **{name: name for name in ("mxf", "dv", "wtv", "y4m", "ivf", "nut", "r3d", "braw")},
    "xmp": "xmp",
    "aae": "aae",
}
"""Extension, lower case, to the format that it promises."""

_BRANDS: dict[bytes, str] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "heic"),
    **dict.fromkeys((b"mif1", b"mif2", b"msf1", b"miaf", b"MiHE", b"1pic"), "heif"),
    **dict.fromkeys((b"avif", b"avis"), "avif"),
    **dict.fromkeys((b"crx ",), "cr3"),
    **dict.fromkeys((b"qt  ",), "mov"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), "m4a"),
}
_FIRST_BOXES = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))

_BMP_HEADER_BYTES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_MAGICS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"FUJIFILMCCD-RAW", "raf"),
    (0, b"IIU\0", "rw2"),
    (0, b"IIRO", "orf"),
    (0, b"IIRS", "orf"),
    (0, b"MMOR", "orf"),
    (6, b"HEAPCCDR", "crw"),
    (0, b"FOVb", "x3f"),
    (0, b"\0MRM", "mrw"),
    (0, b"\xff\x0a", "jxl"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "jxl"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "jp2"),
    (0, b"\xff\x4f\xff\x51", "jp2"),
    (0, b"\0\0\x01\xba", "mpeg"),
    (0, b"\0\0\x01\xb3", "mpeg"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x7fELF", "elf"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"%PDF-", "pdf"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"SQLite format 3\0", "sqlite"),
    (0, b"ID3", "mp3"),
    (0, b"fLaC", "flac"),
    (0, b"8BPS", "psd"),
    (0, b"gimp xcf", "xcf"),
    (0, b"\x76\x2f\x31\x01", "exr"),
    (0, b"#?RADIANCE", "hdr"),
    (0, b"SDPX", "dpx"),
    (0, b"XPDS", "dpx"),
    (0, b"BPG\xfb", "bpg"),
    (0, b"FLIF", "flif"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "mxf"),
    (0, b"\xb7\xd8\x00\x20\x37\x49\xda\x11", "wtv"),
    (0, b"YUV4MPEG2", "y4m"),
    (0, b"DKIF\0\0", "ivf"),
    (0, b"nut/multimedia container", "nut"),
    (0, b".RMF", "rm"),
    (0, b"\x1f\x07\x00\x3f", "dv"),
    (0, b"\x1f\x07\x00\xbf", "dv"),
    (0, b"#!", "script"),
    (0, b"\xca\xfe\xba\xbe", "macho"),
    (0, b"\xcf\xfa\xed\xfe", "macho"),
    (0, b"bplist00", "plist"),
)

_TAKEOUT_NAME = re.compile(r"(\.[a-z0-9]{2,4}(\(\d+\))?(\.s[a-z-]{0,21})?(\(\d+\))?|^.{46})\.json$")
"""`X.jpg.json`, `X.jpg(1).json`, `X.jpg.supplemental-metadata.json`, and all of them cut off at 46 letters."""
_TAKEOUT_KEYS = (b'"photoTakenTime"', b'"googlePhotosOrigin"', b'"photoLastModifiedTime"')


def kind_of(format_: str | None) -> Kind | None:
    """The kind of payload that a format is; None where the format is not known."""
    if format_ is None:
        return None
    if format_ in PHOTO_FORMATS:
        return Kind.PHOTO
    if format_ in VIDEO_FORMATS:
        return Kind.VIDEO
    return Kind.SIDECAR if format_ in SIDECAR_FORMATS else Kind.OTHER


def format_by_name(name: str) -> str | None:
    """The format that a file's name promises; None where its extension promises none that is known."""
    lower = name.lower()
    _, dot, extension = lower.rpartition(".")
    if not dot:
        return None
    if extension == "json" and _TAKEOUT_NAME.search(lower):
        return "takeout_json"
    return _EXTENSIONS.get(extension)


def kind_by_name(name: str) -> Kind:
    """The kind that a file's name promises; OTHER where it promises none."""
    return kind_of(format_by_name(name)) or Kind.OTHER


_OTHER_TYPES = mimetypes.MimeTypes()  # Python's own table, without that of the system
_OTHER_EXTENSIONS = frozenset(
    [
        *("apk", "db", "docx", "epub", "ini", "log", "odt", "pptx", "rar", "sqlite", "xlsx", "7z"),
        *("aac", "amr", "flac", "m4a", "ogg", "opus"),
    ]
)
"""What Python's table lacks (IANA media types), and a phone has."""


def is_other_by_name(name: str) -> bool:
    """Whether a file's name says that it is a document, music or another thing that is no photo, film or sidecar; False
    where it says nothing, as `IMG_1.jpg~` and `cache.0` do."""
    if kind_by_name(name) is not Kind.OTHER:
        return False
    if name.rpartition(".")[2].lower() in _OTHER_EXTENSIONS:
        return True
    told, _ = _OTHER_TYPES.guess_type(name)
    return told is not None and not told.startswith(("image/", "video/", "application/octet-stream"))


def sniff(data: Buffer) -> str | None:
    """The format that the content itself shows; None where it shows none that is known. The name is never asked."""
    head = bytes(data[:4096])
    for offset, magic, format_ in _MAGICS:
        if head.startswith(magic, offset):
            return format_
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return raw_format(data) or "tiff"
    return _boxed(head) or _riff(head) or _framed(head) or _text(head)


def _boxed(head: bytes) -> str | None:
    """ISO base media and QuickTime files: the brand, or the first box of those that have none."""
    size, box = int.from_bytes(head[:4], "big"), head[4:8]
    if box == b"ftyp" and size >= 8:
        major = head[8:12]
        named = [head[i : i + 4] for i in range(16, min(size, len(head), 256), 4)]
        if major in (b"mif1", b"mif2", b"msf1", b"miaf"):
            # The major brand says only "a HEIF file"; the compatible ones say which codec it needs.
            return next((_BRANDS[b] for b in named if _BRANDS.get(b) in ("heic", "avif")), "heif")
        if major in _BRANDS:
            return _BRANDS[major]
        return "3gp" if major[:2] == b"3g" else "mp4"
    # Old QuickTime files begin with any box; a size that cannot be one means that the four letters are chance.
    return "mov" if box in _FIRST_BOXES and (size == 1 or size >= 8 or size == 0) else None


def _riff(head: bytes) -> str | None:
    if head[:4] == b"OggS":
        return "ogv" if any(film in head for film in (b"\x80theora", b"OVP80", b"BBCD\0", b"\x01video")) else "ogg"
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12])
    if head[:4] == b"\x1aE\xdf\xa3":
        return "webm" if b"webm" in head[:64] else "mkv"
    return None


def _framed(head: bytes) -> str | None:
    """Formats with a weak magic, which is believed only together with a second sign."""
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_BYTES:
        return "bmp"
    if head[:2] == b"BA" and head[14:16] in (b"BM", b"IC", b"PT", b"CI", b"CP"):
        return "bmp"  # OS/2's array of bitmaps, icons or pointers
    if head[:2] == b"MZ" and (b"PE\0\0" in head or b"DOS mode" in head):
        return "exe"
    for lead, packet in ((0, 188), (4, 192)):
        if len(head) > lead + 4 * packet and all(head[lead + i * packet] == 0x47 for i in range(5)):
            return "mts"
    return None


def _text(head: bytes) -> str | None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    lower = text[:512].lower()
    if lower.startswith((b"<!doctype html", b"<html")) or (lower.startswith(b"<") and b"<html" in lower):
        return "html"
    if text.startswith(b"<") and (b"<x:xmpmeta" in lower or b"<rdf:rdf" in lower or text.startswith(b"<?xpacket")):
        return "xmp"
    if text.startswith(b"<") and b"<plist" in lower and b"adjustment" in head.lower():
        return "aae"
    if text.startswith(b"{") and any(key in head for key in _TAKEOUT_KEYS):
        return "takeout_json"
    if (lower.startswith(b"<?xml") and b"<svg" in lower) or lower.startswith(b"<svg"):
        return "svg"
    return None
