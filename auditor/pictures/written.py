"""What people and cameras wrote into a picture or a film, and what of that another file lacks.

Everything that reads as words counts, wherever it stands, but for what programs and cameras write about their own work:
that list is of the names that do not matter, so that a field nobody thought of is not lost.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pillow_heif
from PIL import ExifTags, Image, IptcImagePlugin

from auditor.readers.descriptive import PNG_KEYWORDS
from auditor.readers.examination import Buffer
from auditor.readers.film.demuxer import DEMUXERS, Window, opened
from auditor.readers.isobmff.boxes import inside
from auditor.readers.isobmff.container import read_container
from auditor.readers.limits import pillow_limits
from auditor.readers.sniff import sniff

if TYPE_CHECKING:
    from av.container import InputContainer

Notes = dict[str, set[str]]
"""What is said, by kind."""

OTHER = "other texts"
WRITTEN = {
    "ImageDescription": "caption",
    "XPComment": "caption",
    "UserComment": "caption",
    "XPTitle": "title",
    "XPKeywords": "keywords",
    "XPSubject": "subject",
    "Artist": "author",
    "XPAuthor": "author",
    "Copyright": "copyright",
    "Rating": "rating",
    "description": "caption",
    "title": "title",
    "subject": "keywords",
    "hierarchicalSubject": "keywords",
    "TagsList": "keywords",
    "creator": "author",
    "rights": "copyright",
    "Label": "label",
    "Headline": "title",
    "Regions": "faces",
    "RegionInfo": "faces",
    "PersonInImage": "faces",
    "City": "place name",
    "Country": "place name",
    "Location": "place name",
}
"""What people write: by the names of EXIF and XMP."""
CAPTURED = {
    "DateTimeOriginal": "date taken",
    "Make": "camera",
    "Model": "camera",
    "MakerNote": "maker notes",
    "LensModel": "lens",
    "GPSInfo": "place",
}
IPTC = {
    (2, 120): "caption",
    (2, 25): "keywords",
    (2, 5): "title",
    (2, 80): "author",
    (2, 116): "copyright",
    (2, 90): "place name",
    (2, 101): "place name",
    (2, 105): "title",
}

_BY_CAMERAS = re.compile(
    r"Make|Model|.*Software|HostComputer|.*Date.*|SubsecTime.*|OffsetTime.*|.*SerialNumber|.*Unique.*|Lens.*|.*Version.*"
    r"|Interop.*|RelatedImage.*|RelatedSoundFile|GPS.*Ref|GPSStatus|GPSMeasureMode|GPSSatellites|GPSMapDatum|ColorSpace"
    r"|SpectralSensitivity|MakerNote|ComponentsConfiguration|SceneType|FileSource|CFAPattern|ImageNumber"
)
"""EXIF's texts by cameras and programs."""
_BY_PROGRAMS_IPTC = frozenset({0, 22, 55, 60, 62, 63, 65, 70, 200, 201, 202, 221})
"""Version, fixture, dates and times, programs, previews: IPTC-IIM 4.2, record 2."""
_BY_PROGRAMS_XMP = re.compile(
    r"\{(?:http://www\.w3\.org/|adobe:ns:meta/|http://ns\.adobe\.com/(?:xap/1\.0/(?:mm|sType|g/img|t/pg)/"
    r"|exif/|tiff/|camera-raw|creatorAtom|xmp/note/|hdr-gain-map/|pdf/)|http://cipa\.jp/|http://ns\.google\.com/"
    r"|http://ns\.apple\.com/|http://ns\.exiftool)"
    r"|.*\}(?:CreatorTool|CreateDate|ModifyDate|MetadataDate|DateCreated|format|ICCProfile|Thumbnails)$"
)
"""XMP's properties about files, programs and settings."""
_COMMENT_OF_A_PROGRAM = re.compile(
    r"CREATOR: |Created with|Optimized by|File (?:source|written)|LEAD Tech|Lavc|Intel|AppleMark|Compressed by|Handmade"
)
_BY_PROGRAMS_FILM = re.compile(
    r"major_brand|minor_version|compatible_brands|encod(?:er|ed_by)|handler_name|vendor_id|language|timecode|duration(-.*)?"
    r"|(?:_statistics|number_of|bps).*|com\.android\.(?:version|capture).*|.*\.content\.identifier|.*live-photo.*"
    r"|.*(?:software|accuracy).*|id3.*",
    re.IGNORECASE,
)
_FILM_CAPTURED = (
    ("date taken", re.compile(r"date|year|creation_?(?:time|date)|.*\.creationdate|date_utc|idit", re.IGNORECASE)),
    ("place", re.compile(r"(?:.*\.)?location.*|.*xyz|gps.*", re.IGNORECASE)),
    ("camera", re.compile(r"(?:.*\.)?(?:make|model|manufacturer)(-.*)?", re.IGNORECASE)),
)
"""Names as FFmpeg gives them."""

_XMP = re.compile(
    rb"<(?:\w+:)?(%(n)s)\b[^>]*>(.*?)</(?:\w+:)?\1>|\b\w+:(%(n)s)\s*=\s*[\"']([^\"']*)[\"']"
    % {b"n": b"|".join(sorted({name.encode() for name in WRITTEN}))},
    re.DOTALL,
)
_PACKET = re.compile(rb"<(\w+:)?RDF\b.*?</(?:\w+:)?RDF>", re.DOTALL)
_TAG = re.compile(rb"<[^>]*>")
_WORD = re.compile(r"[^\W\d_]{2}")
_MOST_PACKET_BYTES = 1 << 20


def missing(ours: Notes, theirs: Notes) -> list[str]:
    """In words, what is written in the second file and not in the first: what people wrote where it reads otherwise,
    and what the camera noted where there is nothing of it."""
    everything = {text for texts in ours.values() for text in texts}
    words = []
    for name, texts in sorted(theirs.items()):
        if name == OTHER:
            lost: object = texts - everything
        else:
            lost = texts - ours.get(name, set()) if name in WRITTEN.values() else not ours.get(name)
        if lost:
            words.append(name)
    return words


def _noter(found: Notes) -> Callable[[str, object], None]:
    def note(name: str, value: object) -> None:
        text = (
            value.decode("utf-16-le" if b"\0" in value[1:2] else "utf-8", "replace")
            if isinstance(value, bytes)
            else str(value)
        )
        text = " ".join(text.replace("\0", " ").split())
        if text and (name != OTHER or _WORD.search(text)):
            found.setdefault(name, set()).add(text)

    return note


def notes(data: bytes) -> Notes:
    """What a picture's EXIF, XMP, IPTC and comments say, by kind; empty where nothing can be read."""
    found: Notes = {}
    note = _noter(found)
    pillow_limits()
    pillow_heif.register_heif_opener()
    with suppress(Exception), warnings.catch_warnings():  # a broken block says nothing
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data)) as image:
            _exif(image.getexif(), note)
            with suppress(Exception):
                _comments(image, note)
            for key, value in (IptcImagePlugin.getiptcinfo(image) or {}).items():
                if key in IPTC or (key[0] == 2 and key[1] not in _BY_PROGRAMS_IPTC):
                    for one in value if isinstance(value, list) else [value]:
                        note(IPTC.get(key, OTHER), one)
    _xmp(data, note)
    return found


def _comments(image: Image.Image, note: Callable[[str, object], None]) -> None:
    """Comments of JPEG and GIF; texts of PNG, which may stand behind the picture."""
    comment = image.info.get("comment")
    if comment is not None:
        text = comment.decode("utf-8", "replace") if isinstance(comment, bytes) else str(comment)
        if not _COMMENT_OF_A_PROGRAM.match(text):
            note(OTHER, text)
    if image.format == "PNG":
        image.load()
        for key, value in getattr(image, "text", {}).items():
            if key.encode() in PNG_KEYWORDS and not re.search("time|date|software", key, re.IGNORECASE):
                note(OTHER, value)


def _exif(exif: Image.Exif, note: Callable[[str, object], None]) -> None:
    tags: dict[int, object] = {**exif}
    with suppress(Exception):
        tags |= exif.get_ifd(ExifTags.IFD.Exif)
    for tag, value in tags.items():
        name = ExifTags.TAGS.get(tag, "")
        # An empty comment is its character code alone.
        if name == "UserComment" and isinstance(value, bytes):
            value = value[8:]
        if name in WRITTEN:
            note(WRITTEN[name], value)
        elif name in CAPTURED and name != "GPSInfo" and value:
            note(CAPTURED[name], "known")
        elif isinstance(value, str) and not _BY_CAMERAS.fullmatch(name):
            note(OTHER, value)
    with suppress(Exception):
        if any(exif.get_ifd(ExifTags.IFD.GPSInfo).get(tag) for tag in (2, 4)):
            note("place", "known")


def _xmp(data: bytes, note: Callable[[str, object], None]) -> None:
    """By the names that are known, wherever they stand; of whole packets all that reads as words."""
    for match in _XMP.finditer(data):
        name, text = (match[1], match[2]) if match[1] else (match[3], match[4])
        note(WRITTEN[name.decode()], b" ".join(_TAG.sub(b" ", text).split()))
    for packet in _PACKET.finditer(data):
        if len(packet[0]) > _MOST_PACKET_BYTES or b"<!" in packet[0]:
            continue
        with suppress(ET.ParseError, ValueError, LookupError):
            for top in ET.fromstring(packet[0]):  # noqa: S314  without a document type there are no entities
                for name, text in _words(top):
                    note(WRITTEN.get(name.rpartition("}")[2], OTHER), text)


def _words(element: ET.Element) -> Iterator[tuple[str, str]]:
    """Name and text of every property below a description that is not a program's own."""
    for name, value in element.attrib.items():
        if name.startswith("{") and not _BY_PROGRAMS_XMP.match(name):
            yield name, value
    for child in element:
        array = child.tag.startswith("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}")
        if array or not _BY_PROGRAMS_XMP.match(child.tag):
            if not len(child) and child.text:
                yield (element.tag if array else child.tag), child.text
            yield from _words(child)


def _texts(film: InputContainer) -> Iterator[tuple[str, str]]:
    """The texts of a film, then those of its streams."""
    for texts in (film.metadata, *(stream.metadata for stream in film.streams)):
        yield from texts.items()


def film_notes(data: Buffer) -> Notes:
    """What a film's texts say, as FFmpeg reads them, and Windows' tags; empty where nothing can be read."""
    import av

    found: Notes = {}
    form = sniff(data) or ""
    note = _noter(found)
    is_movie = DEMUXERS.get(form) == "mov"
    options = {"export_xmp": "1"} if is_movie else None
    with suppress(av.error.FFmpegError, EOFError, ValueError, KeyError), opened(Window(data), form, options) as film:
        for name, text in _texts(film):
            kind = next((kind for kind, names in _FILM_CAPTURED if names.fullmatch(name)), None)
            if name == "xmp":
                _xmp(text.encode("utf-8", "replace"), note)
            elif kind:
                note(kind, "known")
            elif not _BY_PROGRAMS_FILM.fullmatch(name):
                note(OTHER, text)
    moov = read_container(data).first(b"moov") if is_movie else None
    for udta in inside(data, moov).all(b"udta") if moov else ():
        for box in inside(data, udta).all(b"Xtra"):
            note(OTHER, "Windows " + hashlib.sha256(data[box.body : box.end]).hexdigest())
    return found
