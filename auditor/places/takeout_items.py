"""What one JSON of a Google Takeout says of a picture. Source: the fields of real exports; Google documents none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """One picture or video as its JSON tells. `taken_at` in UTC; None where the date is "0" or the place (0, 0)."""

    title: str
    taken_at: str | None
    latitude: float | None
    longitude: float | None
    trashed: bool
    archived: bool
    from_partner: bool
    phone_folder: str | None


def item_of(content: bytes) -> Item | None:
    """What the JSON says; None for JSON of an album or a service (no `photoTakenTime`), and for what is no JSON."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("photoTakenTime"), dict):
        return None
    latitude, longitude = _place(told.get("geoData")) or _place(told.get("geoDataExif")) or (None, None)
    origin = _at(told, "googlePhotosOrigin")
    folder = _at(_at(origin, "mobileUpload"), "deviceFolder").get("localFolderName")
    return Item(
        title=str(told.get("title") or ""),
        taken_at=_date(told["photoTakenTime"].get("timestamp")),
        latitude=latitude,
        longitude=longitude,
        trashed=told.get("trashed") is True,
        archived=told.get("archived") is True,
        from_partner="fromPartnerSharing" in origin or "fromPartnerSharing" in told,
        phone_folder=str(folder) if folder else None,
    )


def _at(value: Any, name: str) -> dict[str, Any]:
    inner = value.get(name) if name and isinstance(value, dict) else value
    return inner if isinstance(inner, dict) else {}


def _place(value: Any) -> tuple[float, float] | None:
    place = _at(value, "")
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    if (latitude, longitude) == (0, 0) or not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return float(latitude), float(longitude)


def _date(seconds: Any) -> str | None:
    try:
        moment = int(seconds)
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S") if moment else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None
