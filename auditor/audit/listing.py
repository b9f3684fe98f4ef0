"""The list of each side of an audit: the one that was given, or a new one of what lies there now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.audit.inputs import Side
from auditor.manifest import jsonl
from auditor.manifest.interop import foreign
from auditor.manifest.jsonl import Manifest
from auditor.model import DIGESTS, Depth
from auditor.places import Place, Power, StatesDigests
from auditor.scan.run import Progress, scan

STOPPED_FOR = timedelta(days=7)
"""An audit that was stopped longer ago is begun anew: what it read may have rotted since."""


def listed(
    one: Side,
    home: Path,
    wanted: Depth | None,
    digests: Sequence[str],
    jobs: int | None,
    scanning: Callable[[str], Callable[[Progress], None]],
) -> Manifest:
    """The list of one side: the one given, or a new one, with what a stopped audit read already.

    `wanted` is what `depth_of` is asked with, `digests` are those that a new list has beside SHA-256.
    """
    if one.manifest is not None:
        return jsonl.copy(one.manifest, home)
    if one.foreign is not None:
        home.unlink(missing_ok=True)
        return foreign.convert(one.foreign, home, datetime.now(UTC))
    assert one.place is not None
    if home.exists():
        # The place may have changed since: what was read then is taken up, what is new or gone is noticed.
        home.replace(jsonl.partial_path(home))
    # An audit reads every byte anew: a copy that rotted under an unchanged date must not pass.
    return scan(
        one.place,
        home,
        depth=depth_of(one, wanted),
        jobs=jobs,
        use_cache=False,
        stopped_since=datetime.now(UTC) - STOPPED_FOR,
        extra_digests=tuple(digests),
        on_progress=scanning(one.label),
    )


def depth_of(one: Side, wanted: Depth | None) -> Depth:
    """How far an audit looks into a place: as `wanted`; None, as far as it can, but for clouds that state digests."""
    if wanted is None and _stated(one.place):
        return Depth.HASH
    return wanted or Depth.DECODE


def _stated(place: Place | None) -> tuple[str, ...]:
    """The digests that a cloud states without a download; empty for every other place."""
    if place is None or Power.COMPUTES in place.powers or not isinstance(place, StatesDigests):
        return ()
    return place.native_digests()


def asked_for(sides: Sequence[Side], wanted: Depth | None) -> tuple[str, ...]:
    """Digests that the other side holds instead of SHA-256: a place is compared with it by the same ones."""
    found: list[str] = []
    for one in sides:
        held = one.manifest.header.digests if one.manifest else _foreign_digests(one)
        if one.place is not None and depth_of(one, wanted) is Depth.HASH:
            held = _stated(one.place)[:1]
        found += [name for name in held if "sha256" not in held and name not in found]
    return tuple(found)


def _foreign_digests(one: Side) -> tuple[str, ...]:
    if one.foreign is None:
        return ()
    rows = foreign.read(one.foreign).rows
    return tuple(name for name in DIGESTS if any(name in facts.digests for facts in rows))
