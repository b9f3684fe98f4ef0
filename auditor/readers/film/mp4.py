"""MP4, MOV and 3GP: structure of the index and of every sample, strict decode, metadata, digests."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from auditor.model import Damage, Depth, Kind, Tier
from auditor.readers.examination import Buffer, Examination
from auditor.readers.film import facts as film_facts
from auditor.readers.film.check import check_segments, check_tracks, has_mvhd
from auditor.readers.film.decode import Believed
from auditor.readers.film.fragments import with_fragments
from auditor.readers.film.mp4_digest import digests, holds_pictures
from auditor.readers.film.soundness import judged
from auditor.readers.film.tracks import BrokenTable, Track, read_tracks
from auditor.readers.isobmff.container import Container, read_container


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
    return judged(
        seen, data, damage, depth, _believed(data, container, tracks), any(track.external for track in tracks)
    )


def _believed(data: Buffer, container: Container, tracks: Sequence[Track]) -> list[Believed]:
    """The tracks, to be held against what FFmpeg sees. Of a file of pictures with an animation it sees the pictures
    too, so that there is nothing to hold against."""
    if holds_pictures(data):
        return []
    pieces = bool(container.all(b"moof"))
    return [
        Believed(
            {b"vide": "video", b"soun": "sound"}.get(track.handler, "data"),
            0 if pieces else track.count,
            0.0 if pieces else track.ticks * track.unit_s,
            track.number,
        )
        for track in tracks
    ]


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
    metadata = film_facts.metadata_of(data, moov)
    if picture and picture.orientation not in (None, 1):
        metadata = dataclasses.replace(metadata, orientation=picture.orientation)
    image, coded = digests(data, container, tracks)
    return dataclasses.replace(
        blank,
        width=width,
        height=height,
        duration_s=duration or (round(max(lasting), 3) if any(lasting) else None),
        metadata=metadata,
        image_sha256=image,
        coded_sha256=coded,
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
