"""What each list says of itself: the table `header`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from auditor.database import schema
from auditor.database.connection import Database
from auditor.manifest.jsonl import Manifest
from auditor.manifest.rows import behind_rows


@dataclass(frozen=True, slots=True)
class Listed:
    """One list that is judged, under its label. `off_site` says that it is kept elsewhere, `in_bin` that all of it lies
    in a bin, `homes` where in it a phone's own folders lie, each with `/` behind it; `own_label` what the place calls
    itself, where the user calls it otherwise."""

    label: str
    manifest: Manifest
    off_site: bool = False
    in_bin: bool = False
    homes: tuple[str, ...] = ("",)
    own_label: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What one list says of itself; None where it does not. `backup` is the label under which it is judged, None for
    the source's. `behind` are rows of JSON, the services behind a remote; `age_days` is the age of the list."""

    side: str
    backup: str | None
    label: str | None
    place: str | None
    place_kind: str | None
    tool: str | None
    depth: str | None
    finished: str
    complete: bool | None
    reasons: list[str] | None
    files: int | None
    bytes: int | None
    age_days: float
    model: str | None
    filesystem: str | None
    mounted_from: str | None
    storage_total_bytes: int | None
    behind: str | None


def told(db: Database) -> list[Told]:
    """The source's list, then those of the backups in their order."""
    return db.rows(Told, f"SELECT {', '.join(one.name for one in fields(Told))} FROM header ORDER BY side DESC, rowid")


def fill(db: Database, source: Listed, backups: Sequence[Listed], now: datetime) -> None:
    """Fills `header`."""
    schema.insert(db, "header", [_row("source", source, now), *(_row("backup", one, now) for one in backups)])


def _row(side: str, listed: Listed, now: datetime) -> dict[str, object]:
    header, footer = listed.manifest.header, listed.manifest.footer
    device, previous = header.device, header.previous or {}
    same = ("place", "place_id", "place_kind", "tool", "started", "schema")
    of_device = ("model", "android_version", "filesystem", "mounted_from", "storage_total_bytes", "storage_free_bytes")
    return {
        "side": side,
        "backup": listed.label if side == "backup" else None,
        "label": listed.label,
        "own_label": listed.own_label,
        **{name: getattr(header, name) for name in same},
        "depth": header.depth.value,
        "finished": footer.finished,
        "complete": footer.complete,
        "reasons": list(footer.reasons),
        "files": footer.files,
        "bytes": footer.bytes,
        "digest": footer.digest,
        "age_days": (now - datetime.fromisoformat(footer.finished)).total_seconds() / 86400,
        "off_site": listed.off_site,
        "is_phone": device is not None and device.is_phone,
        **{name: device and getattr(device, name) for name in of_device},
        "behind": None if header.behind is None else json.dumps(behind_rows(header.behind)),
        "homes": list(listed.homes),
        "source_ids": list(header.sources or ()),
        "source_labels": list((header.sources or {}).values()),
        **{f"previous_{name}": previous.get(name) for name in ("files", "bytes", "finished")},
    }
