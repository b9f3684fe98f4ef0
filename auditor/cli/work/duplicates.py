"""What `auditor duplicates` does."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from auditor.audit import roles
from auditor.audit.inputs import Side, side
from auditor.cli import ahead, named, programs, screen, unfinished
from auditor.disk import locks
from auditor.disk import marker as markers
from auditor.duplicates import page as duplicates_page
from auditor.duplicates import tables
from auditor.duplicates.planning import Action, PlanRow
from auditor.duplicates.search import Search, search
from auditor.errors import BadOutput, BadPlace
from auditor.isolation import pool
from auditor.manifest.jsonl import load
from auditor.model import Depth, NextStep
from auditor.pictures.inventory import Source
from auditor.report import DUPLICATES, DUPLICATES_PAGE, PLAN
from auditor.scan import run as scanning
from auditor.words import counted, is_exact, step, visible

_OURS = re.compile(
    r"place-\d+\.jsonl(\.partial(\.old|\.tmp)?)?|" + "|".join(map(re.escape, (DUPLICATES, PLAN, DUPLICATES_PAGE)))
)
"""What a search writes, and so all that a stopped one can have left."""


def command(
    *,
    place: list[str],
    out: Path | None,
    reference: list[str] | None,
    policy_name: str | None,
    jobs: int | None,
    cache: bool,
    no_thumbnails: bool,
) -> None:
    """As the command of this name in `auditor.cli` says."""
    chosen = named.policy(policy_name)
    if out is not None and out.exists():
        raise BadOutput(f"{out} is there already; name another folder with -o")
    asked = [(spec, False) for spec in place] + [(spec, True) for spec in reference or ()]
    opened = [(side(named.place(spec)), fixed) for spec, fixed in asked]
    for one, fixed in opened:
        is_kept = fixed or roles.role(one).is_kept
        screen.note(f"{'Only compared with:' if is_kept else 'Searched:'} {visible(one.spec)}")
    folder = out or unfinished.duplicates([one for one, _ in opened], named.home())
    partial = folder.with_name(folder.name + ".partial")
    locks.begin(partial, _OURS)
    with locks.held(partial):
        sources = [
            _source(one, fixed, partial / f"place-{number}.jsonl", jobs, cache)
            for number, (one, fixed) in enumerate(opened, start=1)
        ]
        with screen.phases() as begin:
            found = search(sources, chosen, jobs=jobs or pool.default_jobs(), steps=_told_by(begin))
        for stale in partial.glob("*.csv"):
            stale.unlink()  # of a search that was stopped
        tables.write_duplicates(found.inventory, found.groups, partial / DUPLICATES)
        tables.write_plan(found.plan.rows, partial / PLAN)
        digest = hashlib.sha256((partial / PLAN).read_bytes()).hexdigest()
        written = duplicates_page.Written(str(folder / PLAN), digest)
        with screen.phases() as begin:
            page = duplicates_page.render(
                found,
                written,
                jobs=jobs or pool.default_jobs(),
                pictures=not no_thumbnails,
                steps=_told_by(begin),
            )
        (partial / DUPLICATES_PAGE).write_text(page, "utf-8")
        partial.rename(folder)
    _show(found, folder)


def _told_by(begin: screen.Begin) -> Callable[[str, int, int], None]:
    return lambda work, done, total: begin(work)(screen.step(done, total))


def _source(side: Side, fixed: bool, target: Path, jobs: int | None, cache: bool) -> Source:
    """A place with its rows: listed now, or as the list says that was given for it."""
    if side.manifest is not None:
        header = side.manifest.header
        reasons = side.manifest.footer.reasons
        return Source(header.place, side.label, tuple(side.manifest.rows()), None, fixed, reasons)
    if side.place is None:
        raise BadPlace(
            f"{side.spec} is another tool's list: of such files nothing but digests is known; name the place"
        )
    listed = load(target) if target.exists() else None  # a stopped search left it
    if listed is None or listed.header.place_id != side.place.id:
        target.unlink(missing_ok=True)
        title = f"Reading {visible(side.label)}"
        with screen.phase(title) as show:
            timed = ahead.timed(show, title, Depth.DECODE, side.place.id, side.place.kind, is_most=cache)
            listed = scanning.scan(
                side.place, target, depth=Depth.DECODE, jobs=jobs, use_cache=cache, on_progress=timed
            )
    for reason in listed.footer.reasons:
        screen.note(f"not listed: {visible(reason)}")
    root = side.place.folder if side.place is not None else None
    is_backup = root is not None and markers.kept_around()(root) is not None
    name = str(root) if root is not None else side.place.spec
    return Source(name, side.label, tuple(listed.rows()), side.place, fixed or is_backup, listed.footer.reasons)


def _in_no_table(rows: Sequence[PlanRow]) -> list[str]:
    """What is left out of the tables, and for the sake of which names; a place's costs all that lies there."""
    told = []
    left = [row for row in rows if row.in_no_table is not None]
    for place in dict.fromkeys(name for row in left for name in (row.place, row.kept_place) if not is_exact(name)):
        here = {(row.place, row.path) for row in left if place in (row.place, row.kept_place)}
        are = counted(len(here), "file is", "files are")
        told.append(f"No table can hold the name of {visible(place)}: {are} not in the plan. Give it a plain name.")
    names = {row.in_no_table for row in left if is_exact(row.place) and is_exact(row.kept_place)}
    if names:
        files = {(row.place, row.path) for row in left if row.in_no_table in names}
        have = counted(len(names), "file has a name", "files have names")
        told.append(f"{have} that no table can hold: {counted(len(files), 'file is', 'files are')} not in the plan.")
    return told


def _show(found: Search, folder: Path) -> None:
    plan = found.plan
    actions = {row.action for row in plan.rows}
    table = folder / PLAN
    programs.tell(
        sentence=duplicates_page.sentence(found),
        caveats=duplicates_page.caveats(found),
        folder=folder.absolute(),
        page=(folder / DUPLICATES_PAGE).absolute(),
        plan=table.absolute(),
        groups=len(found.groups),
        freed_bytes=plan.freed_bytes,
        actions={action.value: sum(row.action is action for row in plan.rows) for action in Action},
        not_compared=len(found.not_compared),
    )
    screen.verdict(duplicates_page.sentence(found))
    for caveat in duplicates_page.caveats(found):
        screen.say(f"  {caveat}")
    next_step = None
    if Action.REMOVE in actions:
        next_step = step("clean", str(folder))
    elif Action.ASK in actions:
        next_step = NextStep(
            f"nothing goes by itself; open {visible(str(table.with_name(DUPLICATES_PAGE)))} and choose what to keep"
        )
    if screen.quiet():
        programs.tell_next(next_step)
        return
    if found.not_compared:
        screen.say(f"  {counted(len(found.not_compared), 'picture', 'pictures')} could not be compared on pixels.")
    for sentence in _in_no_table(plan.rows):
        screen.say(f"  {sentence}")
    screen.ending(f"  Look at  {folder / DUPLICATES_PAGE}", step=next_step)
