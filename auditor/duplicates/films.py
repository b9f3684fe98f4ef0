"""The same film in another encoding: as long, and alike at five moments. A suggestion for a person, never more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from auditor.duplicates.grouping import Group, Member
from auditor.duplicates.steps import Steps, counted, unheard
from auditor.isolation import pool
from auditor.model import Kind
from auditor.pictures.as_listed import AsListed
from auditor.pictures.as_listed import opened as opened_as_listed
from auditor.pictures.inventory import Inventory
from auditor.pictures.keep import rank
from auditor.pictures.verify import Relation
from auditor.places import Power
from auditor.readers import perceptual
from auditor.readers.film.demuxer import opened
from auditor.readers.sniff import sniff

if TYPE_CHECKING:
    from av.container import InputContainer

_HEAD_BYTES = 4096

MOMENTS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Where frames are compared, as parts of the duration."""
ALIKE_BITS = 10
LEAST_ALIKE = 4
LEAST_SECONDS = 1.0
FLAT_BITS = 6
"""A black frame's hash tells nothing: frames of a film must differ from one another by more than this somewhere."""

PRELOAD = ("av",)


def find(
    inventory: Inventory,
    members: Sequence[int],
    groups: Iterable[Group],
    reasons: Sequence[str],
    *,
    jobs: int,
    steps: Steps = unheard,
) -> list[Group]:
    """Groups of videos that seem to be one film. Those in a proven group are represented by the kept one alone."""
    gone = {member.item for group in groups if group.proven for member in group.members}
    films = []
    for k in members:
        facts = inventory.items[k].facts
        place = inventory.sources[inventory.items[k].source].place
        long_enough = facts.duration_s is not None and facts.duration_s >= LEAST_SECONDS
        if k not in gone and facts.kind is Kind.VIDEO and long_enough and place and Power.SEEK in place.powers:
            films.append(k)
    films.sort(key=lambda k: (inventory.items[k].facts.duration_s or 0.0, k))
    pairs = [(a, b) for at, a in enumerate(films) for b in _as_long(inventory, films, at)]
    wanted = sorted({k for pair in pairs for k in pair})
    hashes = _hashes(inventory, wanted, jobs, steps)
    alike: dict[int, set[int]] = {}
    for a, b in pairs:
        if _alike(hashes[a], hashes[b]):
            alike.setdefault(a, set()).add(b)
            alike.setdefault(b, set()).add(a)
    found: list[Group] = []
    placed: set[int] = set()
    for leader in rank(inventory, list(alike), reasons).order:
        others = [k for k in sorted(alike[leader]) if k not in placed and k != leader]
        if leader in placed or not others:
            continue
        placed.update((leader, *others))
        ranking = rank(inventory, [leader, *others], reasons)
        detail = "as long, and alike at five moments: the same film in another encoding"
        members_ = tuple(Member(k, Relation.SIMILAR, detail) for k in others)
        found.append(Group(leader, members_, ranking, proven=False))
    return found


def _as_long(inventory: Inventory, films: Sequence[int], at: int) -> Iterable[int]:
    """The films after this one that are as long: within half a second or one part in a hundred."""
    own = inventory.items[films[at]].facts.duration_s or 0.0
    for k in films[at + 1 :]:
        if (inventory.items[k].facts.duration_s or 0.0) - own > max(0.5, own / 100):
            return
        yield k


def _hashes(inventory: Inventory, films: Sequence[int], jobs: int, steps: Steps) -> dict[int, tuple[int, ...]]:
    """The frames' hashes of each film; empty where it could not be decoded."""
    tasks = []
    for k in films:
        item = inventory.items[k]
        place = inventory.sources[item.source].place
        assert place is not None
        tasks.append(pool.Job(AsListed.by(place, item.facts), item.facts.size_bytes or 0))
    running = pool.run(frame_hashes, tasks, workers=jobs, preload=PRELOAD)
    outcomes = counted(running, "Comparing films", len(tasks), steps)
    return {k: () if isinstance(o, pool.Died) else o for k, o in zip(films, outcomes, strict=True)}


def _alike(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    if len(a) != len(MOMENTS) or len(b) != len(MOMENTS):
        return False
    near = sum((x ^ y).bit_count() <= ALIKE_BITS for x, y in zip(a, b, strict=True))
    moves = max((x ^ y).bit_count() for x in a for y in a)
    return near >= LEAST_ALIKE and moves > FLAT_BITS


def _opened(stream: BinaryIO) -> AbstractContextManager[InputContainer]:
    """The film by the form that its content shows, never by FFmpeg's guess: a list of other files is no film."""
    form = sniff(stream.read(_HEAD_BYTES))
    stream.seek(0)
    return opened(stream, form or "")


def frame_hashes(film: AsListed) -> tuple[int, ...]:
    """The perceptual hashes of the frames at the five moments; empty where they cannot be had, or another film than the
    one that was listed lies there. Runs in a worker."""
    found: list[int] = []
    try:
        with opened_as_listed(film) as stream, _opened(stream) as container:
            video = container.streams.video[0]
            if video.time_base is None:
                return ()
            duration = (
                float(video.duration * video.time_base) if video.duration else float(container.duration or 0) / 1e6
            )
            start = float((video.start_time or 0) * video.time_base)
            for moment in MOMENTS:
                wanted = start + moment * duration
                container.seek(round(wanted / video.time_base), stream=video, backward=True)
                for frame in container.decode(video):
                    if frame.time is None or frame.time >= wanted - 1e-3:
                        picture = perceptual.normalise_image(Image.fromarray(frame.to_ndarray(format="rgb24")), None)
                        found.append(int(perceptual.phash(np.asarray(picture))[0], 16))
                        break
    except Exception:  # the one-file boundary: a film that cannot be decoded suggests nothing
        return ()
    return tuple(found)
