"""The manifest's lines as a JSON Schema, and the check that a manifest's rows are what this program would write."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from auditor.errors import BadManifest
from auditor.manifest.jsonl import MAX_LINE_BYTES, Manifest
from auditor.manifest.rows import SCHEMA, canonical, from_row, to_row
from auditor.model import DIGESTS, Depth, Device, DigestOrigin, ErrorKind, Fixity, Footer, Header, Kind, Soundness, Tier
from auditor.paths import display_path, path_key

FILE = Path(__file__).with_name("schema.json")
"""The schema as it is published; `published` makes its text."""

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_NUMBER = {"type": "number"}
_TEXTS = {"type": "array", "items": _TEXT}
_HEX = {"type": "string", "pattern": "^[0-9a-f]+$"}
_BYTES = {"type": "string", "pattern": "^([0-9a-f]{2})+$"}
_DATE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$"}


def _enum(of: type[StrEnum]) -> dict[str, Any]:
    return {"enum": [value.value for value in of]}


def _object(properties: dict[str, Any], required: list[str], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, **more}


_DAMAGE = _object({"code": _TEXT, "detail": _TEXT, "offset": {"type": "integer"}}, ["code", "detail"])
_ORIGIN = _object(
    {"source": _TEXT, "path": _TEXT, "path_bytes": _BYTES, "sha256": _HEX, "mtime": _DATE, "seen": _TEXT}
    | {"turn": _COUNT, "changed": _DATE, "inode": _COUNT},
    ["source", "path", "sha256", "seen"],
)

COLUMNS: dict[str, dict[str, Any]] = {
    "path": {"type": "string", "minLength": 1},
    "path_bytes": _BYTES,
    "size_bytes": _COUNT,
    "mtime": _DATE,
    "mtime_trusted": {"type": "boolean"},
    "read_at": _DATE,
    "digest_origin": _enum(DigestOrigin),
    **dict.fromkeys((*DIGESTS, "head_sha256", "image_sha256", "coded_sha256", "phash", "stored_sha256"), _HEX),
    "kind": _enum(Kind),
    **dict.fromkeys(("width", "height", "orientation"), _COUNT),
    **dict.fromkeys(("duration_s", "latitude", "longitude"), _NUMBER),
    "taken_at": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"},
    **dict.fromkeys(("format", "taken_offset", "taken_subsec", "camera_make", "camera_model", "image_id"), _TEXT),
    "phash_turned": {"type": "array", "items": _HEX},
    "soundness": _enum(Soundness),
    "checked": {"type": "array", "items": _enum(Tier)},
    "damage": {"type": "array", "items": _DAMAGE},
    "notes": _TEXTS,
    **dict.fromkeys(("sidecar", "companion_of", "file_id", "error"), _TEXT),
    "changed": _DATE,
    "error_kind": _enum(ErrorKind),
    "origins": {"type": "array", "items": _ORIGIN},
    "fixity": _enum(Fixity),
    "edited": {"type": "boolean"},
}
"""Every column of a row; what is not known is absent."""

_DEVICE = {
    field.name: {"type": "boolean"} if field.name == "is_phone" else _COUNT if "bytes" in field.name else _TEXT
    for field in fields(Device)
}
_HEADER = {
    "row": {"const": "header"},
    "schema": {"const": SCHEMA},
    "depth": _enum(Depth),
    "device": _object(_DEVICE, []),
    "previous": {"type": "object"},
    **dict.fromkeys(("columns", "digests", "exclusions"), _TEXTS),
    **dict.fromkeys(("tool", "place", "place_id", "label", "place_kind"), _TEXT),
    "started": _DATE,
    "off_site": {"type": "boolean"},
    "behind": {
        "type": "array",
        "items": _object(
            dict.fromkeys(("kind", "service", "base", "hidden"), _TEXT)
            | dict.fromkeys(("hosts", "account", "paths"), _TEXTS),
            [],
        ),
    },
}
_FOOTER = {
    "row": {"const": "footer"},
    **dict.fromkeys(("files", "bytes"), _COUNT),
    "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "finished": _DATE,
    "complete": {"type": "boolean"},
    "reasons": _TEXTS,
}


def published() -> str:
    """The text of the schema: any line of a manifest is a header, a row or the footer."""
    required = [f.name for f in fields(Header) if f.default is MISSING and f.default_factory is MISSING]
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A line of an auditor manifest, schema {SCHEMA}",
        "description": "First line: header. Last line: footer. Between them one row a file, sorted by the path's bytes."
        " What is not known is absent. Readers pass over columns that they do not know.",
        "if": {"required": ["row"]},
        "then": {"oneOf": [{"$ref": "#/$defs/header"}, {"$ref": "#/$defs/footer"}]},
        "else": {"$ref": "#/$defs/row"},
        "$defs": {
            "header": _object(_HEADER, ["row", *required]),
            "row": _object(COLUMNS, ["path", "kind"]),
            "footer": _object(_FOOTER, ["row", *(f.name for f in fields(Footer))]),
        },
    }
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def check_rows(manifest: Manifest) -> None:
    """Checks each row of a manifest: that it is a row, in its place, and written as this program writes it.

    `load` has found the manifest whole and unchanged; this also finds one that was written wrongly.
    Raises: BadManifest with the line.
    """
    last = b""
    with manifest.path.open("rb") as stream:
        stream.readline(MAX_LINE_BYTES)
        for number in range(2, manifest.footer.files + 2):
            line = stream.readline(MAX_LINE_BYTES)
            where = f"{manifest.path}, line {number}"
            try:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError
                facts = from_row(row)
            except (ValueError, RecursionError) as error:
                raise BadManifest(f"{where} is no row") from error
            except BadManifest as error:
                raise BadManifest(f"{where}: {error}") from error
            if unknown := row.keys() - COLUMNS.keys():
                raise BadManifest(f"{where} has a column that is none: {min(unknown)}")
            if canonical(to_row(facts)).encode() + b"\n" != line:
                raise BadManifest(f"{where} ({display_path(facts.path)}) is not written as auditor writes it")
            key = path_key(facts.path)
            if key <= last:
                raise BadManifest(f"{where} ({display_path(facts.path)}) comes twice or out of order")
            last = key
