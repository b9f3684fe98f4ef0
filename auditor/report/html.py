"""report.html: one page that holds everything it shows, runs from a file, and asks no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from auditor import data as shipped
from auditor import words as text
from auditor.database import headers, page
from auditor.database.connection import Database
from auditor.judge.rules import Rule
from auditor.judge.signs import SIGNS
from auditor.model import Audit, Depth, Severity
from auditor.report import coverage, findings, history, lookup, packed, parts, trend
from auditor.report.history import History
from auditor.report.pictures import placed
from auditor.report.provenance import Sealed
from auditor.report.since import Before, before, changes
from auditor.report.thumbnails import Shown

_ON_FIRST_PAGE = {"caveats": 5, "lists": 4, "kinds": 30}
"""On paper, so many sentences that limit the verdict and so many lists stand on the first page, the others behind it;
more kinds of findings than that stand in three narrow columns."""
_BADGES = {Severity.ERROR: ("✗", "ERROR"), Severity.WARNING: ("!", "WARNING"), Severity.INFO: ("i", "INFO")}
_STYLES = ("report.css", "report/page.css", "report/coverage.css", "report/print.css")
_SCRIPTS = (
    *(f"report/{name}.js" for name in ("words", "rows", "tabs", "pictures", "coverage", "lookup")),
    "copy.js",
    "report/page.js",
)


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
    since: Before | None = None,
) -> None:
    """Writes the page. `record` is what audit.json holds, `files` the other files of the folder with their hashes.

    `pictures` are what is shown of files, by backup (empty for the source) and path; `zone` is that of the dates, None
    for this machine's. `known` is what is known of the audits before, `since` the one to compare with where that is
    not the one which is known.
    """
    by_id = {rule.id: rule for rule in rules}
    since = since or before(known)
    shown = findings.sections(db, audit, rules)
    seen = placed(db, shown, pictures)
    made = (
        environment(zone)
        .get_template("report.html.j2")
        .render(
            **assets(_STYLES, _SCRIPTS),
            audit=audit,
            sign=SIGNS[audit.verdict],
            on_first_page=_ON_FIRST_PAGE,
            state=audit.verdict.lower().replace(" ", "-"),
            parts=parts.of(shown, audit.partition),
            lists=(lists := _lists(db, zone)),
            title=_title(lists),
            breakdown=[(text.STATUSES[one.status], one.verdict, one.count) for one in page.breakdown(db)],
            left_out=[
                (_LEFT_OUT.get(one.name or "", text.visible(one.name or "")), one.count) for one in page.left_out(db)
            ],
            next_step=str(findings.next_step(audit, by_id) or ""),
            stays=findings.stays(audit),
            remedy=partial(findings.remedy, audit),
            covered=findings.covered(audit, zone),
            waived=findings.waived(db),
            since=since,
            coverage=coverage.of(
                db, record["policy"]["params"]["proof"], [one.label for one in lists if one.side == "backup"]
            ),
            trend=trend.of([*reversed(known.past), history.told(path.parent, record)], zone) if known.past else None,
            changes=changes(since.partition, audit.partition) if since else [],
            rules=by_id,
            record=record,
            files=files,
            sealed={sealed.name: sealed for sealed in files},
            pictures=seen,
            packed={section.outcome.rule_id: packed.rows_of(section, seen) for section in shown if section.rows},
            badges=_BADGES,
            lookup=lookup.of(db, next((one.files for one in lists if one.side == "source"), 0)),
        )
    )
    path.write_text(made, encoding="utf-8", newline="\n")


@cache
def environment(zone: tzinfo | None) -> jinja2.Environment:
    """Where the pages' templates come from, each compiled once: everything is escaped, and a name that is not given is
    an error."""
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
        "troubles": text.troubles,
        "depth": lambda value: _DEPTHS.get(str(value), str(value)),
    }
    made.filters |= filters
    made.globals |= {"verdicts": {verdict.value: words for verdict, words in text.VERDICTS.items()}, "due": text.DUE}
    return made


_SHORT_CODE = 24
"""Characters that fit into one line of the narrowest window."""


def _code(words: str) -> Markup:
    """The words with what stands between backticks as code; everything else is escaped. A short option or command is
    not broken at its hyphens; a long path has to be."""
    short, long = Markup('<code class="nowrap">{}</code>'), Markup("<code>{}</code>")
    pieces = [
        (short if len(piece) <= _SHORT_CODE else long).format(piece) if odd % 2 else escape(piece)
        for odd, piece in enumerate(text.visible(words.replace("\n", " ")).split("`"))
    ]
    return Markup().join(pieces)


def assets(styles: Sequence[str], scripts: Sequence[str]) -> dict[str, Markup | str]:
    """A page's one style and one script, each put together from files, with the hashes by which its content security
    policy lets only them run."""
    folder = shipped.folder("reports")
    pieces = {
        "style": "".join((folder / name).read_text("utf-8") for name in styles),
        "script": '"use strict";\n' + "".join((folder / name).read_text("utf-8") for name in scripts),
    }
    made: dict[str, Markup | str] = {}
    for name, content in pieces.items():
        if f"</{name}" in content.lower():
            raise ValueError(f"the {name} of a page would end its own element")
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


_DEPTHS = {
    Depth.LIST.value: "names, sizes and dates only",
    Depth.HASH.value: "every byte",
    Depth.DECODE.value: "every byte, and every picture decoded",
    Depth.DEEP.value: "every byte, and every frame of every film decoded",
}


_LEFT_OUT = {
    "photo": "photos in bins, or among what programs keep for themselves",
    "video": "films in bins, or among what programs keep for themselves",
    "sidecar": "sidecars without a photo",
    "other": "neither photo nor film",
}
"""Files that need no backup, where nothing more is known than their kind."""
