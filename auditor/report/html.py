"""report.html: one page that holds everything it shows, runs from a file, and asks no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from auditor import data as shipped
from auditor import words as text
from auditor.database import headers, page
from auditor.database.connection import Database
from auditor.judge.rules import Rule
from auditor.judge.verdict import SIGNS
from auditor.model import Audit, Severity, Status
from auditor.report import findings, thumbnails
from auditor.report.findings import Section
from auditor.report.history import History
from auditor.report.provenance import Sealed
from auditor.report.thumbnails import Shown

_BADGES = {Severity.ERROR: ("✗", "ERROR"), Severity.WARNING: ("!", "WARNING"), Severity.INFO: ("i", "INFO")}
_KINDS = ("photo", "video", "sidecar", "other", "")


@dataclass(frozen=True, slots=True)
class Listed:
    """What the page says of one of the lists that were compared; every text in visible form."""

    side: str
    label: str
    place: str
    tool: str
    depth: str
    finished: str
    complete: bool
    files: int
    size: str


def write(
    audit: Audit,
    db: Database,
    rules: Sequence[Rule],
    record: Mapping[str, Any],
    files: Sequence[Sealed],
    path: Path,
    pictures: Mapping[tuple[str, str], Shown],
    zone: tzinfo | None,
    known: History,
) -> None:
    """Writes the page. `record` is what audit.json holds, `files` the other files of the folder with their hashes.

    `pictures` are what is shown of files, by backup (empty for the source) and path; `zone` is that of the dates, None
    for this machine's. `known` is what the page says of the audits before.
    """
    shown = findings.sections(db, audit, rules)
    made = (
        environment(zone)
        .get_template("report.html.j2")
        .render(
            **assets(("report.css",), "report.js"),
            audit=audit,
            sign=SIGNS[audit.verdict],
            state=audit.verdict.lower().replace(" ", "-"),
            sections=shown,
            lists=(lists := _lists(db, zone)),
            title=_title(lists),
            breakdown=[(_STATUS_WORDS[one.status], one.verdict, one.count) for one in page.breakdown(db)],
            left_out=[(text.visible(one.name or ""), one.count) for one in page.left_out(db)],
            next_step=str(findings.next_step(audit, {rule.id: rule for rule in rules}) or ""),
            remedy=partial(findings.remedy, audit),
            covered=findings.covered(audit, zone),
            waived=findings.waived(db),
            rules={rule.id: rule for rule in rules},
            record=record,
            files=files,
            sealed={sealed.name: sealed for sealed in files},
            thumbs=(thumbs := _thumbs(db, shown, pictures)),
            copies=(copies := _copies(db, shown, pictures)),
            data={
                "rules": [_packed(section) for section in shown],
                "thumbs": _behind(thumbs),
                "copies": _behind(copies),
            },
            badges=_BADGES,
            history=known,
        )
    )
    path.write_text(made, encoding="utf-8", newline="\n")


def environment(zone: tzinfo | None) -> jinja2.Environment:
    """Where the pages' templates come from: everything is escaped, and a name that is not given is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(shipped.folder("reports")),
        autoescape=True,  # never select_autoescape: it leaves report.html.j2 unescaped
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "sort_keys": True}
    filters: dict[str, Callable[..., str]] = {
        "count": text.count,
        "size": text.size,
        "visible": lambda value: text.visible(str(value)),
        "moment": lambda stamp: text.moment(stamp, zone),
        "code": _code,
    }
    made.filters |= filters
    return made


def _code(words: str) -> Markup:
    """The words with what stands between backticks as code; everything else is escaped."""
    pieces = [
        Markup("<code>{}</code>").format(piece) if odd % 2 else escape(piece)
        for odd, piece in enumerate(text.visible(words.replace("\n", " ")).split("`"))
    ]
    return Markup().join(pieces)


def assets(styles: Sequence[str], script: str) -> dict[str, Markup | str]:
    """A page's one style, put together from files, and its one script, with the hashes by which its content security
    policy lets only them run."""
    folder = shipped.folder("reports")
    made: dict[str, Markup | str] = {}
    for name, files in (("style", styles), ("script", (script,))):
        content = "".join((folder / file).read_text("utf-8") for file in files)
        if f"</{name}" in content.lower():
            raise ValueError(f"{', '.join(files)} would end its own element")
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        made[name] = Markup(content)  # noqa: S704 - our own files
        made[f"{name}_hash"] = f"sha256-{digest}"
    return made


def _lists(db: Database, zone: tzinfo | None) -> list[Listed]:
    return [
        Listed(
            one.side,
            text.visible(one.label or ""),
            text.visible(one.place or ""),
            text.visible(one.tool or ""),
            one.depth or "",
            text.moment(one.finished, zone),
            bool(one.complete),
            one.files or 0,
            text.size(one.bytes),
        )
        for one in headers.told(db)
    ]


def _title(lists: Iterable[Listed]) -> str:
    sides = {side: ", ".join(found.label for found in lists if found.side == side) for side in ("source", "backup")}
    return f"{sides['source']} \u2192 {sides['backup']}"


_STATUS_WORDS = {
    Status.IDENTICAL: "in the backup with exactly the same content",
    Status.METADATA_CHANGED: "in the backup with the same picture; only its data on date, place or camera differs",
    Status.REDUCED: "in the backup as the same picture in another size or encoding",
    Status.NOT_CHECKED: "neither proven nor known to be lost",
    Status.DAMAGED: "in the backup, but broken there",
    Status.MISSING: "in none of the backups",
}


@dataclass(frozen=True, slots=True)
class Thumb:
    """One picture in the page: a data URI, empty where nothing can be shown, and words on what can be seen."""

    uri: str
    words: str


Thumbs = dict[tuple[str, int], Thumb]
"""Pictures by where they stand: the rule and the number of the row, or of the grouped file counted from -1 down."""


def _thumbs(db: Database, shown: Sequence[Section], pictures: Mapping[Any, Shown]) -> Thumbs:
    """The source's pictures. One that two rules name stands twice; there are no more than the page can bear."""
    wanted = [("", one.path) for one in page.pictured(db, thumbnails.LIMIT)] if pictures else []
    kept = thumbnails.vetted(pictures, wanted)
    places = [
        ((section.outcome.rule_id, number), made)
        for section in shown
        for number, row in (
            *((-1 - nth, member.row) for nth, member in enumerate(section.members)),
            *enumerate(section.rows),
        )
        if row.on_source and (made := kept.get(("", row.key or "")))
    ]
    return _first(places, thumbnails.LIMIT)


def _copies(db: Database, shown: Sequence[Section], pictures: Mapping[Any, Shown]) -> Thumbs:
    """What is left of the damaged files of backups, beside the findings that speak of them."""
    kept = thumbnails.vetted(pictures, page.damaged_copies(db, thumbnails.MOST_COPIES) if pictures else [])
    places = [
        ((section.outcome.rule_id, number), made)
        for section in shown
        for number, row in enumerate(section.rows)
        if row.copy and (made := kept.get(row.copy))
    ]
    return _first(places, thumbnails.MOST_COPIES)


def _first(places: Sequence[tuple[tuple[str, int], Shown]], most: int) -> Thumbs:
    found = [(place, shown) for place, shown in places if shown.webp or shown.words][:most]
    head = "data:image/webp;base64,"
    return {
        place: Thumb(head + base64.b64encode(shown.webp).decode() if shown.webp else "", text.visible(shown.words))
        for place, shown in found
    }


def _behind(thumbs: Thumbs) -> dict[str, list[str]]:
    """The pictures of rows that are not written as HTML."""
    return {f"{rule} {row}": [t.uri, t.words] for (rule, row), t in thumbs.items() if row >= findings.PLAIN_ROWS}


def _packed(section: Section) -> dict[str, Any]:
    tables: dict[str, dict[str, int]] = {"folder": {}, "why": {}, "backup": {}}
    columns: dict[str, list[Any]] = {name: [] for name in ("folder", "name", "why", "backup", "taken", "size", "kind")}
    known = []
    for number, row in enumerate(section.rows):
        for name, table in tables.items():
            columns[name].append(table.setdefault(getattr(row, name), len(table)))
        columns["name"].append(row.name)
        columns["taken"].append(row.taken)
        columns["size"].append(row.size_bytes)
        columns["kind"].append(_KINDS.index(row.kind) if row.kind in _KINDS else len(_KINDS) - 1)
        if row.known:
            known.append(number)
    texts = {f"{name}s": list(table) for name, table in tables.items()}
    return {"id": section.outcome.rule_id, "rows": len(section.rows), "known": known, **texts, **columns}
