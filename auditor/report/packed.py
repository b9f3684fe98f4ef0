"""Rows as columns of JSON, which the page reads when somebody asks for more of them than stand in it as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.report.findings import PLAIN_ROWS, Section
from auditor.report.pictures import Pictures, Place, Thumb

KINDS = ("photo", "video", "sidecar", "other", "")


def rows_of(section: Section, pictures: Pictures) -> dict[str, Any]:
    """The rows of a section. Texts that many share stand once; `why` is None where all rows have one reason."""
    tables: dict[str, dict[str, int]] = {"folder": {}, "why": {}, "backup": {}}
    columns: dict[str, list[Any]] = {name: [] for name in ("folder", "name", "why", "backup", "taken", "size", "kind")}
    known = []
    for number, row in enumerate(section.rows):
        for name, table in tables.items():
            columns[name].append(table.setdefault(getattr(row, name), len(table)))
        columns["name"].append(row.name)
        columns["taken"].append(row.taken)
        columns["size"].append(row.size_bytes)
        columns["kind"].append(KINDS.index(row.kind) if row.kind in KINDS else len(KINDS) - 1)
        if row.known:
            known.append(number)
    texts = {f"{name}s": list(table) for name, table in tables.items()}
    # A column in which all rows say the same is no column.
    alike = {name: None for name, table in tables.items() if len(table) == 1}
    return {
        "rows": len(section.rows),
        "known": known,
        "own": _behind(section, pictures.own),
        "beside": _behind(section, pictures.beside),
        **texts,
        **columns,
        **alike,
    }


def _behind(section: Section, thumbs: Mapping[Place, Thumb]) -> dict[str, list[str]]:
    """The pictures of rows that are not written as HTML."""
    rule = section.outcome.rule_id
    return {
        str(number): [thumb.uri, thumb.words]
        for number in range(PLAIN_ROWS, len(section.rows))
        if (thumb := thumbs.get((rule, number)))
    }
