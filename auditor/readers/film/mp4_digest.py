"""What of an MP4, MOV or 3GP file is content: all of it but what is listed here as descriptive metadata, or as a place
in the file, which moves when metadata grows.

Source: ISO/IEC 14496-12, sections 8.2 to 8.11; QuickTime File Format (Apple), "User Data Atoms", "Metadata"; 3GPP TS
26.244, section 8; Android Open Source Project, `IsoInterface` and `RedactionInfo` (what is blanked out as a location);
XMP Specification Part 3, section 1.1.9.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditor.readers.bounds import is_padding, is_text
from auditor.readers.examination import Buffer
from auditor.readers.film.check import stretches
from auditor.readers.film.descriptive import ILST_NAMES, describes_key
from auditor.readers.film.digest import Rest, coded_sha256, image_sha256, stretches_sha256
from auditor.readers.film.matrix import turns_only
from auditor.readers.film.tracks import Track
from auditor.readers.isobmff.boxes import Box, Boxes, inside, meta_boxes
from auditor.readers.isobmff.container import Container
from auditor.readers.sniff import sniff
from auditor.readers.xmp_rest import xmp_rest

Stretches = list[tuple[int, int]]

_CODED = {b"vide": b"video", b"pict": b"video", b"auxv": b"video", b"soun": b"sound"}
"""Kinds of tracks that are seen or heard: the pictures of an animation and its transparency are tracks of their own."""

_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"mvex", b"moof", b"traf"})
_PADDING = frozenset({b"free", b"skip", b"wide"})
_MEDIA = frozenset({b"mdat", b"imda"})
_DESCRIBES = frozenset(b"titl dscp cprt perf auth gnre rtng clsf kywd loci albm yrrc manu modl name date".split(b" "))
"""User data that describes, as long as it is text: 3GPP's, the makers' names, QuickTime's track name, the date."""
_XTRA_TYPES = frozenset({8, 19, 21, 72})
"""Windows' values that are text, a number, a date or an identifier; a picture (WM/Picture) is none of these."""
_XTRA_WIDTHS = {19: 8, 21: 8, 72: 16}
_SIGNATURES = {b"SDLN": b"SEQ_PLAY", b"smrd": b"TRUEBLUE"}
"""Samsung's fixed words: that the film is played in sequence, as any is without it, and a signature. Any other word in
their place counts. Source: exiftool, QuickTime.pm, "UserData" (SDLN, smrd)."""
_EMPTY = frozenset({b"smta", b"saut", b"ducp", b"edli", b"@etc"})
"""Samsung's boxes that hold nothing where all in them is zero. Source: the same; Samsung.pm, "smta"."""
_MOST_EMPTY_BYTES = 64
_TEXT_HANDLERS = frozenset({b"mdta", b"mdir"})
_TEXTS_AND_NUMBERS = frozenset({1, 2, 4, 5, 21, 22, 23, 24, *range(65, 80)})
"""Types of a metadata value that is a text or numbers. A picture (a cover), or what has no known type, is content."""
_MOST_UNTYPED_BYTES = 256
"""iTunes writes small numbers (track 2 of 9) without a type."""
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def digests(data: Buffer, container: Container, tracks: Sequence[Track]) -> tuple[str | None, str | None]:
    """`image_sha256` and `coded_sha256` of a film; None, None where a sample is not in the file, or there is none.

    Where the film lies in a file of still pictures (an animation in HEIC or AVIF), only its own parts are covered: the
    rest is for `heif` to digest.
    """
    coded: list[tuple[bytes, bytes]] = []
    rest, order = Rest(), list[bytes]()
    found = False
    held = [stretches(track) for track in tracks]
    for track, places in zip(tracks, held, strict=True):
        digest = stretches_sha256(data, places)
        if digest is None:
            return None, None
        order.append(digest)
        medium = _CODED.get(track.handler)
        if medium:
            coded.append((medium, digest))
            found = found or bool(track.lengths.any())
    if not found:
        return None, None
    _Walk(data, rest, tracks, held).film(container)
    together = coded_sha256(coded)
    return image_sha256(together, order, rest), together


class _Walk:
    """Feeds every part of a film but its samples to a digest, descriptive metadata left out."""

    def __init__(self, data: Buffer, rest: Rest, tracks: Sequence[Track], held: Sequence[Stretches]) -> None:
        self._data, self._rest = data, rest
        self._held = [place for places in held for place in places]
        self._placed = {track.trak: track for track in tracks}

    def film(self, container: Container) -> None:
        own = not holds_pictures(self._data)
        # The index may stand before or behind the samples that it tells of.
        for box in sorted(container.boxes, key=lambda box: box.kind != b"moov"):
            if box.kind in _MEDIA:
                if own:
                    self._between(box)
            elif own or box.kind in _PARENTS:
                self._box(box, None)
        if own:
            self._rest.behind(self._data, container.end)

    def _between(self, media: Box) -> None:
        """What a media box holds beside samples, one gap after the other."""
        start, end = media.body, min(media.end, len(self._data))
        self._rest.enter(media.kind)
        for begin, stop in _gaps(self._held, start, end):
            self._rest.region(b"", self._data, begin, stop)
        self._rest.leave()

    def _box(self, box: Box, track: Track | None) -> None:
        kind, data, rest = box.kind, self._data, self._rest
        if kind in _PADDING and is_padding(data, box.body, box.end):
            return
        if box.end > len(data):
            rest.region(kind, data, box.body, len(data), box.end - box.body)
        elif kind in _PARENTS:
            rest.enter(kind)
            self._children(box, box.body, self._placed.get(box.start) if kind == b"trak" else track)
            rest.leave()
        elif kind == b"udta":
            self._user_data(box, track)
        elif kind == b"meta" and _handler(data, box) in _TEXT_HANDLERS:
            self._metadata(box)
        elif (packet := self._xmp(box)) is not None:
            for what, content in xmp_rest(packet):
                rest.part(what, content)
        elif kind in (b"mvhd", b"mdhd", b"tkhd") and box.end - box.body >= 24:
            self._header(box, track)
        elif kind == b"hdlr" and box.end - box.body >= 24:
            named = is_text(bytes(data[box.body + 24 : box.end]))
            rest.region(kind, data, box.body, box.body + 24 if named else box.end)  # its name follows
        elif track is not None and box.start == track.offsets_at:
            rest.part(b"stco", bytes(data[box.body + 4 : box.body + 8]))  # where its samples lie: they are covered
        else:
            rest.region(kind, data, box.body, box.end)

    def _children(self, parent: Box, start: int, track: Track | None) -> None:
        boxes = inside(self._data, parent, start - parent.body)
        for box in boxes:
            self._box(box, track)
        if boxes.rest < parent.end:
            self._rest.region(b"", self._data, boxes.rest, parent.end)

    def _header(self, box: Box, track: Track | None) -> None:
        """A header without when it was made and changed, and without quarter turns of the picture."""
        data, times = self._data, 16 if self._data[box.body] == 1 else 8
        fixed, fields = bytes(data[box.body : box.body + 4]), bytes(data[box.body + 4 + times : box.end])
        if box.kind == b"tkhd":
            at = len(fields) - 44
            matrix = fields[at : at + 36] if at >= 0 else b""
            if len(matrix) == 36 and turns_only(matrix, fields[at + 36 :]):
                fields = fields[:at] + b"upright" + fields[at + 36 :]
        self._rest.part(box.kind, fixed + fields)

    def _user_data(self, udta: Box, track: Track | None) -> None:
        """User data that does not describe."""
        boxes = inside(self._data, udta)
        self._rest.enter(b"udta", lasting=False)
        for box in boxes:
            if box.end > udta.end or not self._describes(box):
                self._box(box, track)
        self._tail(boxes, udta)
        self._rest.leave()

    def _describes(self, box: Box) -> bool:
        if box.kind in _SIGNATURES or box.kind in _EMPTY:
            content = bytes(self._data[box.body : min(box.end, box.body + _MOST_EMPTY_BYTES + 1)])
            empty = box.kind in _EMPTY and len(content) <= _MOST_EMPTY_BYTES and not any(content)
            return empty or content == _SIGNATURES.get(box.kind)
        if box.kind == b"Xtra":
            return _describes_for_windows(bytes(self._data[box.body : box.end]))
        known = box.kind in _DESCRIBES or box.kind[:1] == b"\xa9"
        return known and is_text(bytes(self._data[box.body : box.end]))

    def _metadata(self, meta: Box) -> None:
        """What of a list of texts is none, or is not known to describe: covers, keys that say how it is played."""
        boxes = meta_boxes(self._data, meta)
        keyed = _handler(self._data, meta) == b"mdta"
        keys = boxes.first(b"keys") if keyed else None
        names = self._keys(keys) if keys is not None and keys.end <= meta.end else []
        self._rest.enter(b"meta", lasting=False)
        for box in boxes:
            if box.kind == b"ilst" and box.end <= meta.end:
                self._values(box, names, keyed)
            elif box is keys and box.end <= meta.end:
                continue
            elif box.kind != b"hdlr" or not is_text(bytes(self._data[box.body : min(box.end, len(self._data))])):
                self._box(box, None)
        self._tail(boxes, meta)
        self._rest.leave()

    def _keys(self, keys: Box) -> list[bytes]:
        """The names of a list's values in their order, each with its namespace."""
        boxes = inside(self._data, keys, 8)
        if boxes.rest < keys.end:
            self._rest.region(b"keys", self._data, boxes.rest, keys.end)
        return [box.kind + bytes(self._data[box.body : min(box.end, keys.end)]) for box in boxes]

    def _tail(self, boxes: Boxes, parent: Box) -> None:
        """What behind a list's last box is no box; zeros end many."""
        if any(self._data[boxes.rest : parent.end]):
            self._rest.region(b"", self._data, boxes.rest, parent.end)

    def _values(self, ilst: Box, names: list[bytes], keyed: bool) -> None:
        entries = inside(self._data, ilst)
        used = set[int]()
        kept: list[tuple[bytes, bytes]] = []
        for entry in entries:
            number = int.from_bytes(entry.kind, "big")
            used.add(number)
            name = (names[number - 1] if 0 < number <= len(names) else b"") if keyed else entry.kind
            known = describes_key(name) if keyed else name in ILST_NAMES or name[:1] == b"\xa9"
            values = inside(self._data, entry)
            for value in values:
                body = bytes(self._data[value.body : value.end])
                if not known or value.end > ilst.end or not self._is_text_or_number(value, body):
                    kept.append((name + value.kind, body))
            self._tail(values, entry)
        # A key that nothing goes with may be dropped, but not what else stands in its place.
        kept += [(b"key", name) for at, name in enumerate(names, 1) if at not in used and not describes_key(name)]
        for what, content in sorted(kept):
            self._rest.part(what, content)
        self._tail(entries, ilst)

    def _is_text_or_number(self, value: Box, body: bytes) -> bool:
        if value.kind in _PADDING:
            return is_padding(self._data, value.body, value.end)
        if value.kind in (b"mean", b"name"):
            return is_text(body)
        kind = int.from_bytes(body[:4], "big")
        small = kind == 0 and len(body) <= _MOST_UNTYPED_BYTES
        return value.kind == b"data" and (kind in _TEXTS_AND_NUMBERS or small) and is_text(body[8:])

    def _xmp(self, box: Box) -> bytes | None:
        """The packet of XMP that a box holds; None where it holds none."""
        body = bytes(self._data[box.body : box.end]) if box.kind in (b"uuid", b"XMP_") else b""
        if box.kind == b"XMP_":
            return body
        return body[len(_XMP) :] if body.startswith(_XMP) else None


def holds_pictures(data: Buffer) -> bool:
    """Whether the film is an animation in a file of still pictures (HEIC, AVIF), by the brand that the file states."""
    return sniff(data) in ("heic", "heif", "avif")


def _handler(data: Buffer, meta: Box) -> bytes | None:
    hdlr = meta_boxes(data, meta).first(b"hdlr") if meta.end <= len(data) else None
    return bytes(data[hdlr.body + 8 : hdlr.body + 12]) if hdlr else None


def _describes_for_windows(body: bytes) -> bool:
    """Whether Windows' list of ratings and tags holds nothing but texts, numbers, dates and identifiers.

    Source: exiftool, Microsoft.pm, "Xtra".
    """
    at = 0
    while at + 12 <= len(body) and any(body[at:]):
        size, named = (int.from_bytes(body[at + i : at + i + 4], "big") for i in (0, 4))
        end, place = at + size, at + 12 + named
        if size < 12 or end > len(body) or place > end or not is_text(body[at + 8 : place - 4]):
            return False
        for _ in range(int.from_bytes(body[place - 4 : place], "big")):
            length, type_ = (
                int.from_bytes(body[place : place + 4], "big"),
                int.from_bytes(body[place + 4 : place + 6], "big"),
            )
            value = body[place + 6 : place + length]
            if length < 6 or place + length > end or type_ not in _XTRA_TYPES:
                return False
            if len(value) != _XTRA_WIDTHS.get(type_, len(value)) or (type_ == 8 and not is_text(b"\xff\xfe" + value)):
                return False
            place += length
        if place != end:
            return False
        at = end
    return not any(body[at:])


def _gaps(held: Stretches, start: int, end: int) -> Stretches:
    """From where to where between two offsets no sample of any track lies. `held` are offsets and lengths."""
    if not held:
        return [(start, end)] if end > start else []
    table = np.array(held, dtype=np.int64)
    begins, ends = table[:, 0], table[:, 0] + table[:, 1]
    order = np.argsort(begins, kind="stable")
    begins, reached = begins[order], np.maximum.accumulate(ends[order])
    gap_starts = np.concatenate(([start], np.clip(reached, start, end)))
    gap_ends = np.concatenate((np.clip(begins, start, end), [end]))
    real = gap_ends > gap_starts
    return list(zip(gap_starts[real].tolist(), gap_ends[real].tolist(), strict=True))
