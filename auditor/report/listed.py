"""Small pictures of files of a list, by the numbers of their rows: for pages of other programs, which name no path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from auditor.errors import BadManifest, BadPlace
from auditor.isolation import pool
from auditor.manifest.jsonl import Manifest
from auditor.model import FileFacts, Soundness
from auditor.places.recorded import LOCAL, recorded_place
from auditor.report.thumbnails import Shown, Subject, take


def pictures(manifest: Manifest, rows: Sequence[int], side: int) -> Iterator[tuple[int, Shown]]:
    """A bare WebP of at most `side` pixels of each of these rows, counted from 1 as in the list and in files.csv; in
    the order of the list. Of a damaged file what is left is shown.

    Only what lies on this machine is opened, if it is still the place that the list was made of.

    Raises: BadPlace where it is not; BadManifest where the list has no such row, or as `Manifest.rows`.
    """
    header = manifest.header
    place = recorded_place(header.place_kind, header.place, header.place_id)
    if place is None and header.place_kind not in LOCAL:
        raise BadPlace("Pictures of a phone on a cable or of a cloud are in the report alone, as it read them.")
    if place is None:
        raise BadPlace(
            "The pictures cannot be shown: what was audited is not on this computer now, or another folder lies there."
        )
    wanted = sorted(set(rows))
    if wanted and not 1 <= wanted[0] <= wanted[-1] <= manifest.footer.files:
        raise BadManifest(f"{manifest.path} has the rows 1 to {manifest.footer.files}")
    found = _rows(manifest, wanted)
    jobs = [pool.Job(Subject(place, one.path, one.soundness is Soundness.DAMAGED, side), 8 << 20) for one in found]
    made = pool.run(take, jobs, workers=pool.default_jobs())
    for row, one in zip(wanted, made, strict=True):
        yield row, one if isinstance(one, Shown) else Shown(None, one.reason)


def _rows(manifest: Manifest, wanted: Sequence[int]) -> list[FileFacts]:
    last = wanted[-1] if wanted else 0
    numbers = set(wanted)
    return [facts for row, facts in enumerate(islice(manifest.rows(), last), 1) if row in numbers]
