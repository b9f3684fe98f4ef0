"""What people and cameras wrote into a picture or a film, and what of that another file lacks.

Everything that reads as words counts, wherever it stands, but for what programs and cameras write about their own work:
that list is of the names that do not matter, so that a field nobody thought of is not lost. So does every value of a
camera: the same picture with another date or place is another memory.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

import pillow_heif
from PIL import ExifTags, Image, IptcImagePlugin

from auditor.readers.descriptive import PNG_KEYWORDS
from auditor.readers.examination import Buffer
from auditor.readers.exif import date_of, position_of, text_of
from auditor.readers.film.demuxer import DEMUXERS, Window, opened
from auditor.readers.isobmff.boxes import inside
from auditor.readers.isobmff.container import read_container
from auditor.readers.limits import pillow_limits
from auditor.readers.sniff import sniff

Notes = dict[str, set[str]]
"""What is said, by kind."""

OTHER = "other texts"
UNREAD = "metadata that cannot be read here"
DATE = "date taken"
PLACE = "place"
CAMERA_DATA = "camera data"
MAKER_NOTES = "maker notes"
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
CAPTURED = {"Make": "camera", "Model": "camera", "LensModel": "lens"}
_DATES = ("DateTimeOriginal", "DateTimeDigitized", "DateTime")
"""The first that is a date says when it was taken."""
_IN_DIGITS = frozenset({OTHER, UNREAD, MAKER_NOTES, "faces"})
"""Kinds whose values are not for people to read."""
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
_OF_THE_FILE = re.compile(
    r"(?:Processing)?Software|HostComputer|DateTime(?:Original)?|SubsecTime|OffsetTime|.*Version|.*Interop.*|RelatedImage.*|ColorSpace"
    r"|ExifImage(?:Width|Height)|ComponentsConfiguration|CompressedBitsPerPixel|MakerNote|UserComment"
    r"|GPS(?:Latitude|Longitude)(?:Ref)?"
)
"""EXIF's values about the file itself and its last change, and those that are read by themselves."""
_UNUSED = frozenset({0xEA1C, 0xEA1D})
"""Padding, and by how much Microsoft moved a maker's note."""
_BY_PROGRAMS_IPTC = frozenset({0, 22, 55, 60, 62, 63, 65, 70, 200, 201, 202, 221})
"""Version, fixture, dates and times, programs, previews: IPTC-IIM 4.2, record 2."""
_BY_PROGRAMS_XMP = re.compile(
    r"\{(?:http://www\.w3\.org/|adobe:ns:meta/|http://ns\.adobe\.com/(?:xap/1\.0/(?:mm|sType|g/img|t/pg)/"
    r"|exif/|tiff/|camera-raw|creatorAtom|xmp/note/|hdr-gain-map/|pdf/)|http://cipa\.jp/|http://ns\.google\.com/"
    r"|http://ns\.apple\.com/|http://ns\.exiftool)"
    r"|.*\}(?:CreatorTool|CreateDate|ModifyDate|MetadataDate|DateCreated|format|ICCProfile|Thumbnails)$"
)
"""XMP's properties about files, programs and settings."""
_XMP_DATES = ("{http://ns.adobe.com/exif/1.0/}DateTimeOriginal", "{http://ns.adobe.com/photoshop/1.0/}DateCreated")
_XMP_PLACE = ("{http://ns.adobe.com/exif/1.0/}GPSLatitude", "{http://ns.adobe.com/exif/1.0/}GPSLongitude")
_XMP_DEGREES = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?([NSEW])")
"""Degrees, minutes and seconds: XMP specification, part 2, 2.6.2.1."""
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
    (DATE, re.compile(r"date|year|creation_?(?:time|date)|.*\.creationdate|date_utc|idit", re.IGNORECASE)),
    (PLACE, re.compile(r"(?:.*\.)?location.*|.*xyz|gps.*", re.IGNORECASE)),
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
_FEW = 3
_MOST_SHOWN = 60


def missing(ours: Notes, theirs: Notes) -> list[str]:
    """In words, what is written in the second file and not in the first; with both values where it reads otherwise."""
    everything = {text for texts in ours.values() for text in texts}
    words = []
    for name, texts in sorted(theirs.items(), key=lambda kind: (kind[0] == CAMERA_DATA, kind[0])):
        own = ours.get(name, set())
        lost = texts - (everything if name == OTHER else own)
        if lost and own - texts and name not in _IN_DIGITS:
            words.append(f"{name} ({_listed(lost)}, not {_listed(own - texts)})")
        elif lost:
            words.append(name)
    return words


def _listed(texts: set[str]) -> str:
    """A few of the texts, each no longer than a line."""
    shown = [text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..." for text in sorted(texts)[:_FEW]]
    return ", ".join(shown) + (f" and {len(texts) - _FEW} more" if len(texts) > _FEW else "")


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
    """What a picture's EXIF, XMP, IPTC and comments say, by kind; where something cannot be read, that as a kind of
    its own, which no other file's is equal to unless its bytes are."""
    found: Notes = {}
    note = _noter(found)
    pillow_limits()
    pillow_heif.register_heif_opener()
    unread, packets = data, data
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                _comments(image, note)
                if image.format == "PNG":  # which may hold it compressed
                    packets = getattr(image, "text", {}).get("XML:com.adobe.xmp", "").encode() or data
                for key, value in (IptcImagePlugin.getiptcinfo(image) or {}).items():
                    if key in IPTC or (key[0] == 2 and key[1] not in _BY_PROGRAMS_IPTC):
                        for one in value if isinstance(value, list) else [value]:
                            note(IPTC.get(key, OTHER), one)
                unread = image.info.get("exif") or data
                warnings.simplefilter("error")  # of a broken field Pillow warns, and leaves it out
                _exif(image.getexif(), note)
    except Exception:
        note(UNREAD, hashlib.sha256(unread).hexdigest())
    _xmp(packets, found)
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
            if key == "Creation Time":
                note(DATE, _date(value))
            elif key.encode() in PNG_KEYWORDS and not re.search("time|date|software", key, re.IGNORECASE):
                note(OTHER, value)


def _exif(exif: Image.Exif, note: Callable[[str, object], None]) -> None:
    def camera(name: str, value: object) -> None:
        text = _told(value)
        if text.strip("\0 ") and not _OF_THE_FILE.fullmatch(name):
            note(CAMERA_DATA, f"{name} {text}")

    own = exif.get_ifd(ExifTags.IFD.Exif)
    places = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for tag, value in {**exif, **own}.items():
        name = ExifTags.TAGS.get(tag, f"field {tag}")
        # An empty comment is its character code alone.
        if name == "UserComment" and isinstance(value, bytes):
            value = value[8:]
        if name in WRITTEN:
            note(WRITTEN[name], value)
        elif name in CAPTURED:
            note(CAPTURED[name], value)
        elif name == "MakerNote":
            note(MAKER_NOTES, _told(value))
        elif isinstance(value, str) and not _BY_CAMERAS.fullmatch(name):
            note(OTHER, value)
        elif (tag in own or isinstance(value, str)) and tag not in _UNUSED:
            camera(name, value)
    for tag, value in places.items():
        camera(ExifTags.GPSTAGS.get(tag, f"GPS field {tag}"), value)
    dates = {ExifTags.TAGS.get(tag): value for tag, value in {**exif, **own}.items()}
    taken = [text for name in _DATES if date_of(text := text_of(dates.get(name)) or "")]
    note(DATE, _date(taken[0]) if taken else "")
    position = position_of({-tag: value for tag, value in places.items()})
    if position:
        note(PLACE, _place(*position))


def _told(value: object) -> str:
    """A value of EXIF as one text; bytes by their digest, where they are many."""
    if isinstance(value, tuple):
        return " ".join(map(_told, value))
    if isinstance(value, bytes):
        return value.hex() if len(value) <= _FEW else hashlib.sha256(value).hexdigest()[:16]
    return str(value) if isinstance(value, str) else f"{float(value):.10g}"  # type: ignore[arg-type]


def _date(text: str) -> str:
    """A date in one way of writing; as it stands where it is none that is known."""
    return (date_of(text) or text).replace("T", " ")


def _place(latitude: float, longitude: float) -> str:
    """To a metre: programs round differently."""
    return f"{latitude:.5f}, {longitude:.5f}"


def _xmp(data: bytes, found: Notes) -> None:
    """By the names that are known, wherever they stand; of whole packets all that reads as words."""
    note = _noter(found)

    def repeated(kind: str, text: str) -> None:
        # What EXIF says comes first. Where it says otherwise, this must not stand for what the other file says there.
        if text not in found.get(kind, ()):
            note(CAMERA_DATA if kind in found else kind, f"XMP {text}" if kind in found else text)

    for match in _XMP.finditer(data):
        name, text = (match[1], match[2]) if match[1] else (match[3], match[4])
        note(WRITTEN[name.decode()], b" ".join(_TAG.sub(b" ", text).split()))
    for packet in _PACKET.finditer(data):
        try:
            if len(packet[0]) > _MOST_PACKET_BYTES or b"<!" in packet[0]:
                raise ValueError("not read")
            places: dict[str, float] = {}
            for top in ET.fromstring(packet[0]):  # noqa: S314  without a document type there are no entities
                for name, text in _words(top):
                    _, _, bare = name.rpartition("}")
                    if name in _XMP_DATES:
                        repeated(DATE, _date(text))
                    elif degrees := _XMP_DEGREES.fullmatch(text) if name in _XMP_PLACE else None:
                        value = int(degrees[1]) + float(degrees[2]) / 60 + float(degrees[3] or 0) / 3600
                        places[name] = -value if degrees[4] in "SW" else value
                    elif name not in _XMP_PLACE:
                        note(WRITTEN.get(bare, OTHER), text)
            if len(places) == len(_XMP_PLACE):
                repeated(PLACE, _place(*(places[name] for name in _XMP_PLACE)))
        except (ET.ParseError, ValueError, LookupError, RecursionError):
            note(UNREAD, hashlib.sha256(packet[0]).hexdigest())


def _words(element: ET.Element) -> Iterator[tuple[str, str]]:
    """Name and text of every property below a description that is not a program's own."""
    for name, value in element.attrib.items():
        if name.startswith("{") and _counts(name):
            yield name, value
    for child in element:
        array = child.tag.startswith("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}")
        if array or _counts(child.tag):
            if not len(child) and child.text:
                yield (element.tag if array else child.tag), child.text
            yield from _words(child)


def _counts(name: str) -> bool:
    return name in _XMP_DATES or name in _XMP_PLACE or not _BY_PROGRAMS_XMP.match(name)


def film_notes(data: Buffer) -> Notes:
    """What a film's texts say, as FFmpeg reads them, and Windows' tags; see `notes` for what cannot be read."""
    import av

    found: Notes = {}
    form = sniff(data) or ""
    note = _noter(found)
    is_movie = DEMUXERS.get(form) == "mov"
    options = {"export_xmp": "1"} if is_movie else None
    try:
        with opened(Window(data), form, options) as film:
            whole = [("", name, text) for name, text in film.metadata.items()]
            tracks = [
                (f" of track {i}", *pair) for i, track in enumerate(film.streams, 1) for pair in track.metadata.items()
            ]
            for where, name, text in whole + tracks:
                kind = next((kind for kind, names in _FILM_CAPTURED if names.fullmatch(name)), None)
                if name == "xmp":
                    _xmp(text.encode("utf-8", "replace"), found)
                elif kind:
                    note(kind, f"{name}{where} {_date(text) if kind == DATE else text}")
                elif not _BY_PROGRAMS_FILM.fullmatch(name):
                    note(OTHER, text)
    except (av.error.FFmpegError, EOFError, ValueError, KeyError):
        note(UNREAD, hashlib.sha256(data).hexdigest())
    moov = read_container(data).first(b"moov") if is_movie else None
    for udta in inside(data, moov).all(b"udta") if moov else ():
        for box in inside(data, udta).all(b"Xtra"):
            note(OTHER, "Windows " + hashlib.sha256(data[box.body : box.end]).hexdigest())
    return found
