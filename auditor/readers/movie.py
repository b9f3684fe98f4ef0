"""MP4, MOV and 3GP: structure of the index and of every sample, strict decode, metadata, digest of the coded film."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

from auditor.model import Damage, Depth, Kind, Tier
from auditor.readers import film_facts
from auditor.readers.container import Container, read_container
from auditor.readers.examination import Buffer, Examination
from auditor.readers.film import judged
from auditor.readers.film_check import check_segments, check_tracks, has_mvhd, stretches
from auditor.readers.film_fragments import with_fragments
from auditor.readers.film_tracks import BrokenTable, Track, read_tracks

_READ_BYTES = 1 << 20
_CODED = frozenset({b"vide", b"soun", b"pict", b"auxv"})
"""Kinds of tracks that are seen or heard: the pictures of an animation and its transparency are tracks of their own."""


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. DECODE decodes the key frames of the video, DEEP all of its frames."""
    blank = Examination(format=format_, kind=Kind.VIDEO)
    container = read_container(data)
    moov = container.first(b"moov")
    tracks: Sequence[Track] = ()
    broken: Damage | None = None
    if moov is None:
        broken = Damage("bad_index", "the film's index is missing: no player can show it", None)
    else:
        try:
            tracks = with_fragments(data, moov, container.all(b"moof"), read_tracks(data, moov))
        except BrokenTable as error:
            broken = Damage("bad_index", str(error), moov.start)
        if not tracks and broken is None:
            broken = Damage("bad_index", "the film's index names no video and no sound", moov.start)
        elif not has_mvhd(data, moov):
            broken = Damage("bad_index", "the film's index has parts missing", moov.start)
    seen = _facts(blank, data, container, tracks)
    if not depth.reaches(Depth.DECODE):
        return seen
    damage = _structure(data, container, tracks, broken)
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE,), notes=container.notes)
    return judged(seen, data, damage, depth, any(track.external for track in tracks))


def image_sha256(data: Buffer, tracks: Sequence[Track]) -> str | None:
    """The digest of the coded film: of the video and sound tracks the coding with what configures its decoder, all
    samples in order, the tables that say how long each is, when it is due, and which are key frames, and which stretch
    of the track is shown.

    Left out, since they may change while the film stays: where the samples lie, all metadata, turning, and the tracks
    of texts, time codes and places. None where a byte of it is not in the file.
    """
    digest, size, found = hashlib.sha256(), len(data), False
    for track in tracks:
        if track.handler not in _CODED:
            continue
        sizes = track.lengths.astype(">i8").tobytes() if track.whole else int(track.lengths.sum()).to_bytes(8, "big")
        shown = (track.shown,) if track.shown else ()
        for field in (track.handler, track.codec, track.tables.canonical(track.handler == b"soun"), sizes, *shown):
            digest.update(len(field).to_bytes(8, "big"))
            digest.update(field)
        for start, length in stretches(track):
            if start + length > size:
                return None
            for at in range(start, start + length, _READ_BYTES):
                digest.update(data[at : min(at + _READ_BYTES, start + length)])
            found = found or length > 0
    return digest.hexdigest() if found else None


def _facts(blank: Examination, data: Buffer, container: Container, tracks: Sequence[Track]) -> Examination:
    moov = container.first(b"moov")
    if moov is None:
        return blank
    duration = film_facts.duration_s(data, moov)
    lasting = [track.ticks * track.unit_s for track in tracks if track.handler in (b"vide", b"soun")]
    picture = next((track for track in tracks if track.handler == b"vide" and track.width), None)
    width, height = (picture.width, picture.height) if picture else (None, None)
    if picture and picture.turns % 2:
        width, height = height, width
    return dataclasses.replace(
        blank,
        width=width,
        height=height,
        duration_s=duration or (round(max(lasting), 3) if any(lasting) else None),
        metadata=film_facts.metadata_of(data, moov),
        image_sha256=image_sha256(data, tracks),
    )


def _structure(
    data: Buffer, container: Container, tracks: Sequence[Track], broken: Damage | None
) -> tuple[Damage, ...]:
    segments = check_segments(data, container)
    if broken is None:
        damage = check_tracks(data, container, tracks)
        cut = any(d.code == "truncated" for d in damage)
        return tuple(damage if cut else [*segments, *damage])
    return (*(container.damage or segments), *(() if container.damage else (broken,)))
