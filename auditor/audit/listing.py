"""The list of each side of an audit: the one that was given, or a new one of what lies there now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.audit.inputs import Side
from auditor.audit.order import Order, Steps
from auditor.manifest import jsonl
from auditor.manifest.interop import foreign
from auditor.manifest.jsonl import Manifest
from auditor.model import DIGESTS, Depth
from auditor.places import Place, Power, StatesDigests
from auditor.scan.run import scan

STOPPED_FOR = timedelta(days=7)
"""An audit that was stopped longer ago is begun anew: what it read may have rotted since."""


def listed(order: Order, one: Side, home: Path, steps: Steps) -> Manifest:
    """The list of one side: the one given, or a new one, with what a stopped audit read already."""
    if one.manifest is not None:
        return jsonl.copy(one.manifest, home)
    if one.foreign is not None:
        home.unlink(missing_ok=True)
        return foreign.convert(one.foreign, home, datetime.now(UTC))
    assert one.place is not None
    depth = depth_of(order, one)
    if home.exists():
        # The place may have changed since: what was read then is taken up, what is new or gone is noticed.
        home.replace(jsonl.partial_path(home))
    # An audit reads every byte anew: a copy that rotted under an unchanged date must not pass.
    listener = steps.scanning(one.label)
    return scan(
        one.place,
        home,
        depth=depth,
        jobs=order.jobs,
        use_cache=False,
        stopped_since=datetime.now(UTC) - STOPPED_FOR,
        extra_digests=_asked_for(order),
        on_progress=listener,
    )


def depth_of(order: Order, one: Side) -> Depth:
    """How far an audit looks into a place."""
    if order.depth is None and _stated(one.place):
        return Depth.HASH
    return order.depth or Depth.DECODE


def _stated(place: Place | None) -> tuple[str, ...]:
    """The digests that a cloud states without a download; empty for every other place."""
    if place is None or Power.COMPUTES in place.powers or not isinstance(place, StatesDigests):
        return ()
    return place.native_digests()


def _asked_for(order: Order) -> tuple[str, ...]:
    """Digests that the other side holds instead of SHA-256: a place is compared with it by the same ones."""
    found: list[str] = []
    for one in (order.source, *order.backups):
        held = one.manifest.header.digests if one.manifest else _foreign_digests(one)
        if one.place is not None and depth_of(order, one) is Depth.HASH:
            held = _stated(one.place)[:1]
        found += [name for name in held if "sha256" not in held and name not in found]
    return tuple(found)


def _foreign_digests(one: Side) -> tuple[str, ...]:
    if one.foreign is None:
        return ()
    rows = foreign.read(one.foreign).rows
    return tuple(name for name in DIGESTS if any(name in facts.digests for facts in rows))
