"""Manifest lines as canonical JSON, and back. The schema lies beside this module as `schema.json`."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from auditor.dates import mtime_ns, rfc3339
from auditor.disk.small_files import shown, value_of
from auditor.errors import BadManifest
from auditor.manifest import earlier_schemas
from auditor.model import (
    DIGESTS,
    MOST_BYTES,
    Behind,
    Damage,
    Depth,
    Device,
    ErrorKind,
    FileFacts,
    Fixity,
    Footer,
    Header,
    Kind,
    Origin,
    Soundness,
    Tier,
    Trouble,
)
from auditor.paths import display_path, path_key, path_of, path_shown

SCHEMA = 3

READABLE_SCHEMAS = (1, 2, 3)
"""Schemas of manifests that are still read. The first knew no `error_kind`, and no grades of a service's digests; the
second told a backup's fixity in notes, and its digest of an image left out what a list named, whatever it held."""

LISTED = (
    *("path", "path_bytes", "size_bytes", "mtime", "mtime_trusted", "kind"),
    *("sidecar", "companion_of", "notes", "file_id", "changed", "error_kind", "error"),
)
"""What a list without opening files knows."""

HASHED = (
    *LISTED,
    *("read_at", "digest_origin", "sha256", "head_sha256", "format", "width", "height", "duration_s"),
    *("taken_at", "taken_offset", "taken_subsec", "camera_make", "camera_model", "orientation"),
    *("latitude", "longitude", "image_id", "image_sha256", "coded_sha256", "checked"),
)
"""What a list knows after every byte was read."""

DECODED = (*HASHED, "phash", "phash_turned", "soundness", "damage")
"""What a list knows after pictures were decoded."""

KNOWN_AT = {Depth.LIST: LISTED, Depth.HASH: HASHED, Depth.DECODE: DECODED, Depth.DEEP: DECODED}


def canonical(value: Mapping[str, Any]) -> str:
    """One line of JSON that is the same for the same content: sorted keys, no spaces, UTF-8 as it is.

    What JSON readers stumble over is made harmless: half a UTF-16 pair and NUL become visible escapes, and a number
    that is none (NaN, infinite) is left out.
    """
    try:
        line = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        line.encode()
        if "\\u0000" not in line:
            return line
    except ValueError:
        pass
    return json.dumps(_clean(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_clean(k): _clean(v) for k, v in value.items() if not _no_number(v)}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value if not _no_number(v)]
    return value


def _no_number(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def to_row(facts: FileFacts) -> dict[str, Any]:
    """The row of one file; what is not known is absent."""
    row = _path_row(facts.path)
    with contextlib.suppress(OverflowError):
        if facts.mtime_ns is not None:
            row["mtime"] = rfc3339(facts.mtime_ns)
            row["mtime_trusted"] = facts.mtime_trusted
    with contextlib.suppress(OverflowError):
        if facts.changed_ns is not None:
            row["changed"] = rfc3339(facts.changed_ns)
    row.update((name, facts.digests[name]) for name in DIGESTS if name in facts.digests)
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
    if facts.error is not None:
        row.update(error_kind=facts.error.kind.value, error=facts.error.reason)
    for name in ("sidecar", "companion_of"):
        if name in row:
            row[name] = display_path(row[name])
    if facts.edited:
        row["edited"] = True
    if facts.origins:
        row["origins"] = [_origin_row(origin) for origin in facts.origins]
    return row


def _path_row(path: str) -> dict[str, Any]:
    row: dict[str, Any] = {"path": display_path(path)}
    if row["path"] != path:
        row["path_bytes"] = path_key(path).hex()
    return row


def _origin_row(origin: Origin) -> dict[str, Any]:
    row = {"source": origin.source, "sha256": origin.sha256, "seen": origin.seen, **_path_row(origin.path)}
    with contextlib.suppress(OverflowError):
        if origin.mtime_ns is not None:
            row["mtime"] = rfc3339(origin.mtime_ns)
    with contextlib.suppress(OverflowError):
        if origin.changed_ns is not None:
            row["changed"] = rfc3339(origin.changed_ns)
    row |= {name: value for name in ("turn", "inode") if (value := getattr(origin, name))}
    return row


def _origin(row: Mapping[str, Any]) -> Origin:
    when = mtime_ns(row["mtime"]) if "mtime" in row else None
    changed = mtime_ns(row["changed"]) if "changed" in row else None
    turn, inode = row.get("turn", 0), row.get("inode")
    if type(turn) is not int or type(inode) not in (int, type(None)):
        raise ValueError(f"an origin's turn is {turn!r}, its inode {inode!r}")
    return Origin(row["source"], _path(row), row["sha256"], when, row["seen"], turn, changed, inode)


def _path(row: Mapping[str, Any]) -> str:
    if "path_bytes" in row:
        return path_of(bytes.fromhex(row["path_bytes"]))
    path = row["path"]
    if not isinstance(path, str):
        raise TypeError("its path is no text")
    return path


_PLAIN = tuple(
    f.name
    for f in fields(FileFacts)
    if f.name
    not in (
        "path",
        "mtime_ns",
        "mtime_trusted",
        "digests",
        "kind",
        "damage",
        "origins",
        "changed_ns",
        "error",
        "edited",
    )
)

_TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(_PLAIN, str),
    **dict.fromkeys(("size_bytes", "width", "height", "orientation"), int),
    **dict.fromkeys(("duration_s", "latitude", "longitude"), (int, float)),
    **dict.fromkeys(("phash_turned", "checked", "notes"), list),
}


def from_row(row: Mapping[str, Any]) -> FileFacts:
    """The facts of one row; columns of a newer version are passed over.

    Raises: BadManifest where it has no path or a value is none that its column can have.
    """
    try:
        return _facts(row)
    except _WRONG as error:
        raise BadManifest(f"a row cannot be read: {_first_wrong(row)}") from error


_WRONG = (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError)
"""What values of other types make of the code that reads them. The words are Python's: not for people."""


def _first_wrong(row: Mapping[str, Any]) -> str:
    """What is wrong with a row that cannot be read, in words: the first value that cannot be read by itself."""
    which = f" (of {display_path(row['path'])})" if isinstance(row.get("path"), str) else ""
    for name, value in row.items():
        alone = {"path": "x", "error": "x"} if name == "error_kind" else {"path": "x"}
        try:
            _facts({**alone, name: value})
        except _WRONG:
            return f"its {name} is {shown(value)}, which cannot be{which}"
    return "it has no path" if "path" not in row and "path_bytes" not in row else f"its values contradict{which}"


def _facts(row: Mapping[str, Any]) -> FileFacts:
    plain = {name: row[name] for name in _PLAIN if name in row}
    digests = {name: row[name] for name in DIGESTS if name in row}
    for value in digests.values():
        if not isinstance(value, str):
            raise TypeError
    for name in ("mtime_trusted", "edited"):
        if not isinstance(row.get(name, True), bool):
            raise TypeError
    for name, value in plain.items():
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool):
            raise TypeError(f"{name} is {value!r}")
    if not 0 <= plain.get("size_bytes", 0) <= MOST_BYTES:
        raise ValueError("its size is none that a file can have")
    for name in ("sidecar", "companion_of"):
        if name in plain:
            plain[name] = path_shown(plain[name])
    for name in ("phash_turned", "notes"):
        if name in plain:
            plain[name] = tuple(plain[name])
    if "checked" in plain:
        plain["checked"] = tuple(Tier(t) for t in plain["checked"])
    if "fixity" in plain:
        plain["fixity"] = Fixity(plain["fixity"])
    if "soundness" in plain:
        plain["soundness"] = Soundness(plain["soundness"])
    if "digest_origin" in plain:
        plain["digest_origin"] = earlier_schemas.digest_origin(plain["digest_origin"])
    return FileFacts(
        path=_path(row),
        mtime_ns=mtime_ns(row["mtime"]) if "mtime" in row else None,
        mtime_trusted=row.get("mtime_trusted", True),
        changed_ns=mtime_ns(row["changed"]) if "changed" in row else None,
        digests=digests,
        kind=Kind(row.get("kind", "other")),
        damage=tuple(Damage(d["code"], d["detail"], d.get("offset")) for d in row.get("damage", ())),
        origins=tuple(_origin(o) for o in row.get("origins", ())),
        edited=row.get("edited", False),
        error=_trouble(row),
        **plain,
    )


def of_today(facts: FileFacts, schema: int) -> FileFacts:
    """The facts of a row of a manifest of `schema`, in today's meaning: what earlier ones called the image's digest
    left out more than descriptive metadata, so it proves nothing, and finds a counterpart all the same; they told a
    backup's fixity in sentences."""
    if schema == SCHEMA:
        return facts
    if facts.image_sha256 is not None:
        facts = replace(facts, coded_sha256=facts.coded_sha256 or facts.image_sha256, image_sha256=None)
    return earlier_schemas.with_fixity(facts)


def _trouble(row: Mapping[str, Any]) -> Trouble | None:
    if "error" not in row:
        return None
    if not isinstance(row["error"], str):
        raise TypeError(f"error is {row['error']!r}")
    if "error_kind" in row:
        return Trouble(ErrorKind(row["error_kind"]), row["error"])
    return earlier_schemas.trouble(row["error"], is_read=any(name in row for name in DIGESTS))


def header_row(header: Header) -> dict[str, Any]:
    """The first line of a manifest."""
    row: dict[str, Any] = {"row": "header"}
    for f in fields(Header):
        value = getattr(header, f.name)
        if isinstance(value, Device):
            value = {d.name: getattr(value, d.name) for d in fields(Device) if getattr(value, d.name) is not None}
        if f.name == "behind" and value is not None:
            value = behind_rows(value)
        if value is not None:
            row[f.name] = list(value) if isinstance(value, tuple) else value
    return row


def header_from(row: Mapping[str, Any], path: Path) -> Header:
    """The header that `header_row` wrote; `path` is for the error's sentence.

    Raises: BadManifest where it is none, or of another schema.
    """
    if row.get("row") != "header" or type(row.get("schema")) is not int:
        raise BadManifest(f"{path} is not a manifest of auditor: its first line is no header")
    if row["schema"] not in READABLE_SCHEMAS:
        raise BadManifest(f"{path} has schema {row['schema']}, this program knows {SCHEMA}; use the version it is of")
    try:
        texts = ("tool", "place", "place_id", "label", "place_kind", "started")
        known: dict[str, Any] = {f.name: row[f.name] for f in fields(Header) if f.name in row}
        known |= {name: value_of(row, name, str) for name in texts}
        lists = [name for name in ("columns", "digests", "exclusions") if name in row or name == "columns"]
        known |= {name: _texts(row, name) for name in lists}
        if row["schema"] == 1 and "error" in known.get("columns", ()):
            known["columns"] += ("error_kind",)  # it is made of the sentence as the rows are read
        if known.get("device") is not None:
            known["device"] = _device(value_of(row, "device", dict))
        if known.get("behind") is not None:
            known["behind"] = behind_from(value_of(row, "behind", list)) or None
        previous, sources = (value_of(row, name, dict) if known.get(name) else {} for name in ("previous", "sources"))
        for name in ("files", "bytes"):
            _amount(previous.get(name), name)
        if previous.get("finished") is not None:
            value_of(previous, "finished", str)
        for name in sources:
            value_of(sources, name, str)
        if (depth := value_of(row, "depth", str)) not in list(Depth):
            raise ValueError(f"its depth is {shown(depth)}")
        return Header(**{**known, "depth": Depth(depth)})
    except ValueError as error:
        raise BadManifest(f"{path}: the header cannot be read: {error}; make it again with `auditor scan`") from error


def _device(told: Mapping[str, Any]) -> Device:
    values = {f.name: told.get(f.name, f.default) for f in fields(Device)}
    for name, value in values.items():
        if name.endswith("_bytes"):
            _amount(value, name)
        elif not isinstance(value, bool if name == "is_phone" else str | None):
            raise ValueError(f"its device's {name} is {shown(value)}")
    return Device(**values)


def behind_rows(behind: Iterable[Behind]) -> list[dict[str, Any]]:
    """The services behind a remote as a header holds them."""
    told = [{f.name: getattr(one, f.name) for f in fields(Behind)} for one in behind]
    return [{k: list(v) if isinstance(v, tuple) else v for k, v in one.items() if v} for one in told]


def behind_from(rows: list[Any]) -> tuple[Behind, ...]:
    """What `behind_rows` gave. Raises: ValueError where it is none."""
    found = []
    for one in rows:
        if not isinstance(one, dict):
            raise ValueError(f"its behind holds {shown(one)}")
        values: dict[str, Any] = {}
        for f in fields(Behind):
            is_text = f.name in ("kind", "service", "base", "hidden")
            told = {f.name: one.get(f.name, "" if is_text else [])}
            values[f.name] = value_of(told, f.name, str) if is_text else _texts(told, f.name)
        found.append(Behind(**values))
    return tuple(found)


def _amount(value: Any, name: str) -> None:
    if value is not None and not (type(value) is int and 0 <= value <= MOST_BYTES):
        raise ValueError(f"its {name} is {shown(value)}")


def footer_row(footer: Footer) -> dict[str, Any]:
    """The last line of a manifest."""
    row = {f.name: getattr(footer, f.name) for f in fields(Footer)}
    return {"row": "footer", **row, "reasons": list(footer.reasons)}


def footer_from(row: Mapping[str, Any], path: Path) -> Footer:
    """The footer that `footer_row` wrote; `path` is for the error's sentence.

    Raises: BadManifest where it cannot be read.
    """
    try:
        finished, digest = (value_of(row, name, str) for name in ("finished", "digest"))
        files, amount = (value_of(row, name, int) for name in ("files", "bytes"))
        if not _has_zone(finished):
            raise ValueError(f"its finished is {shown(finished)}, which is no time in UTC")
        if min(files, amount) < 0:
            raise ValueError(f"it counts {min(files, amount)}")
        return Footer(files, amount, digest, finished, value_of(row, "complete", bool), _texts(row, "reasons"))
    except ValueError as error:
        raise BadManifest(f"{path}: the footer cannot be read: {error}; make it again with `auditor scan`") from error


def _has_zone(date: str) -> bool:
    try:
        return datetime.fromisoformat(date).tzinfo is not None
    except ValueError:
        return False


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = value_of(row, name, list)
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"its {name} is no list of texts")
    return tuple(values)
