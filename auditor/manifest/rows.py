"""One manifest row as canonical JSON, and back. The schema lies beside this module as `schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from auditor.errors import BadManifest
from auditor.model import Damage, Depth, Device, DigestOrigin, FileFacts, Footer, Header, Kind, Origin, Soundness, Tier

SCHEMA = 1

DIGESTS = ("sha256", "md5", "sha1", "quickxor", "dropbox")
"""Digests that have a column of their own in a row; all in lower-case hex."""

LISTED = ("path", "path_bytes", "size_bytes", "mtime", "mtime_trusted", "kind", "error")
"""What a list without opening files knows."""

HASHED = (
    *LISTED,
    *("read_at", "digest_origin", "sha256", "head_sha256", "format", "width", "height", "duration_s", "taken_at"),
    *(
        "taken_offset",
        "taken_subsec",
        "camera_make",
        "camera_model",
        "orientation",
        "latitude",
        "longitude",
        "image_id",
    ),
    *("image_sha256", "sidecar", "companion_of", "notes", "checked"),
)
"""What a list knows after every byte was read."""

DECODED = (*HASHED, "phash", "phash_turned", "soundness", "damage")
"""What a list knows after pictures were decoded."""

KNOWN_AT = {Depth.LIST: LISTED, Depth.HASH: HASHED, Depth.DECODE: DECODED, Depth.DEEP: DECODED}


def path_key(path: str) -> bytes:
    """The bytes that manifests are sorted by: the path's own, whatever the machine's encoding."""
    return path.encode("utf-8", "surrogateescape")


def display_path(path: str) -> str:
    """A path that is text everywhere: bytes that are not UTF-8 are shown as `\\xff`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def rfc3339(mtime_ns: int) -> str:
    """Nanoseconds since 1970 as RFC 3339 in UTC, with as many decimals as there are, none for whole seconds."""
    seconds, nanos = divmod(mtime_ns, 1_000_000_000)
    try:
        whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return f"@{mtime_ns}"  # beyond year 9999: no date, but still comparable
    if whole.find("-") < 4:  # strftime does not pad years before 1000
        whole = whole.rjust(19, "0")
    return f"{whole}.{nanos:09d}".rstrip("0").rstrip(".") + "Z"


def mtime_ns(text: str) -> int:
    """The inverse of `rfc3339`.

    Raises: ValueError where the text is no such date.
    """
    if text.startswith("@"):
        return int(text[1:])
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return seconds * 1_000_000_000 + int(fraction.ljust(9, "0")[:9] or 0)


def canonical(value: Mapping[str, Any]) -> str:
    """One line of JSON that is the same for the same content: sorted keys, no spaces, UTF-8 as it is, no NaN."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def to_row(facts: FileFacts) -> dict[str, Any]:
    """The row of one file; what is not known is absent."""
    row: dict[str, Any] = {"path": display_path(facts.path)}
    raw = path_key(facts.path)
    if raw != row["path"].encode("utf-8"):
        row["path_bytes"] = raw.hex()
    if facts.mtime_ns is not None:
        row["mtime"] = rfc3339(facts.mtime_ns)
        row["mtime_trusted"] = facts.mtime_trusted
    row.update(facts.digests)
    row["kind"] = facts.kind.value
    if facts.damage:
        row["damage"] = [
            {k: v for k, v in (("code", d.code), ("detail", d.detail), ("offset", d.offset)) if v is not None}
            for d in facts.damage
        ]
    for name in _PLAIN:
        value = getattr(facts, name)
        if value is not None and value != ():
            row[name] = list(value) if isinstance(value, tuple) else value
    for name in ("sidecar", "companion_of"):
        if name in row:
            row[name] = display_path(row[name])
    if facts.origins:
        row["origins"] = [_origin_row(origin) for origin in facts.origins]
    return row


def _origin_row(origin: Origin) -> dict[str, Any]:
    row = {"source": origin.source, "sha256": origin.sha256, "seen": origin.seen, "path": display_path(origin.path)}
    raw = path_key(origin.path)
    if raw != row["path"].encode("utf-8"):
        row["path_bytes"] = raw.hex()
    if origin.mtime_ns is not None:
        row["mtime"] = rfc3339(origin.mtime_ns)
    return row


def _origin(row: Mapping[str, Any]) -> Origin:
    when = mtime_ns(row["mtime"]) if "mtime" in row else None
    return Origin(row["source"], _path(row), row["sha256"], when, row["seen"])


def _path(row: Mapping[str, Any]) -> str:
    if "path_bytes" in row:
        return bytes.fromhex(row["path_bytes"]).decode("utf-8", "surrogateescape")
    return str(row["path"])


_PLAIN = tuple(
    f.name
    for f in fields(FileFacts)
    if f.name not in ("path", "mtime_ns", "mtime_trusted", "digests", "kind", "damage", "origins")
)


def from_row(row: Mapping[str, Any]) -> FileFacts:
    """The facts of one row; columns of a newer version are passed over.

    Raises: BadManifest where a value is not of its type.
    """
    try:
        plain = {name: row[name] for name in _PLAIN if name in row}
        for name in ("phash_turned", "notes"):
            if name in plain:
                plain[name] = tuple(plain[name])
        if "checked" in plain:
            plain["checked"] = tuple(Tier(t) for t in plain["checked"])
        if "soundness" in plain:
            plain["soundness"] = Soundness(plain["soundness"])
        if "digest_origin" in plain:
            plain["digest_origin"] = DigestOrigin(plain["digest_origin"])
        return FileFacts(
            path=_path(row),
            mtime_ns=mtime_ns(row["mtime"]) if "mtime" in row else None,
            mtime_trusted=row.get("mtime_trusted", True),
            digests={name: row[name] for name in DIGESTS if name in row},
            kind=Kind(row.get("kind", "other")),
            damage=tuple(Damage(d["code"], d["detail"], d.get("offset")) for d in row.get("damage", ())),
            origins=tuple(_origin(o) for o in row.get("origins", ())),
            **plain,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise BadManifest(f"a row of the manifest cannot be read ({error}): {str(row)[:120]}") from error


def header_row(header: Header) -> dict[str, Any]:
    """The first line of a manifest."""
    row: dict[str, Any] = {"row": "header"}
    for f in fields(Header):
        value = getattr(header, f.name)
        if isinstance(value, Device):
            value = {d.name: getattr(value, d.name) for d in fields(Device) if getattr(value, d.name) is not None}
        if value is not None:
            row[f.name] = list(value) if isinstance(value, tuple) else value
    return row


def header_from(row: Mapping[str, Any]) -> Header:
    """The header that `header_row` wrote.

    Raises: BadManifest where it is none, or of a newer schema.
    """
    if row.get("row") != "header" or not isinstance(row.get("schema"), int):
        raise BadManifest("the first line is not the header of an auditor manifest")
    if row["schema"] > SCHEMA:
        raise BadManifest(f"the manifest has schema {row['schema']}, this program knows {SCHEMA}; update auditor")
    try:
        known = {f.name: row[f.name] for f in fields(Header) if f.name in row}
        for name in ("columns", "digests", "exclusions"):
            if name in known:
                known[name] = tuple(known[name])
        if "device" in known:
            known["device"] = Device(**{f.name: known["device"].get(f.name, f.default) for f in fields(Device)})
        return Header(**{**known, "depth": Depth(row["depth"])})
    except (KeyError, ValueError, TypeError) as error:
        raise BadManifest(f"the manifest's header cannot be read: {error}") from error


def footer_row(footer: Footer) -> dict[str, Any]:
    """The last line of a manifest."""
    row = {f.name: getattr(footer, f.name) for f in fields(Footer)}
    return {"row": "footer", **row, "reasons": list(footer.reasons)}


def footer_from(row: Mapping[str, Any]) -> Footer:
    """The footer that `footer_row` wrote.

    Raises: BadManifest where the line is none: the manifest was cut off.
    """
    if row.get("row") != "footer":
        raise BadManifest("the last line is not a footer: the manifest was cut off; make it again with `auditor scan`")
    try:
        values = {f.name: row[f.name] for f in fields(Footer) if f.name != "reasons"}
        return Footer(**values, reasons=tuple(row.get("reasons", ())))
    except (KeyError, TypeError) as error:
        raise BadManifest(f"the manifest's footer cannot be read: {error}") from error
