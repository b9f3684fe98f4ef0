"""Whether a verdict is still that of today: what came after an audit, of its phone and its backups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auditor.app import commands, jobs, orders, results
from auditor.app.commands import NoAnswer
from auditor.app.jobs import Job
from auditor.words import moment

_DID = {"backup": "copied", "restore": "restored", "clean": "moved", "undo": "put back"}
"""The commands that change files, and what they do with them."""


@dataclass(frozen=True, slots=True)
class Later:
    """Why an audit is not to be acted on any more. `says` is a sentence; `result` is the newer audit's name, None where
    there is none to show."""

    says: str
    result: str | None = None


def than(folder: Path, told: Mapping[str, Any]) -> Later | None:
    """What came after the audit in `folder`, which says `told`; None where it is the newest, and nothing was done here
    to its places since it began."""
    try:
        audits = commands.ask("history", "-n", "1")["audits"]
    except NoAnswer as error:
        return Later(f"Whether there is a newer check cannot be told now: {error}")
    newer = {Path(one["folder"]).name: one["newer"] for one in audits}.get(folder.name)
    if newer:
        finished = next(one["finished"] for one in audits if one["folder"] == newer)
        return Later(f"There is a newer check, of {moment(finished)}.", results.name_of(newer))
    facts = told["provenance"]
    began, ended = (_when(facts.get(name) or facts.get("finished")) for name in ("started", "finished"))
    for job in jobs.all_kept():
        if not _is_over(job, began) and _is_of(job, folder, results.arguments(told)):
            when = "Since then" if _when(job.started) > ended else "Meanwhile"
            return Later(f"{when} files were {_DID[job.command]}, {moment(job.started)}: check again.")
    return None


def _is_over(job: Job, began: datetime) -> bool:
    """Whether all that a job did was done when an audit began, which is known to the second."""
    return (last := job.ended()) is not None and last.replace(microsecond=0) <= began


def _when(text: str | None) -> datetime:
    """A time as records write it; the earliest of all where they wrote none."""
    try:
        when = datetime.fromisoformat(text or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _is_of(job: Job, folder: Path, arguments: Mapping[str, list[str]]) -> bool:
    """Whether a job may have changed files of the places of the audit in `folder`, which are `arguments`."""
    if job.command not in _DID or (job.command == "clean" and not orders.has_option(job, "--apply")):
        return False
    end = job.end() or {}
    if job.command != "clean" and end.get("event") == "failed":  # it was refused
        return False
    ours = [Path(place) for those in arguments.values() for place in those]
    if job.command == "backup":
        is_its_own = bool(end.get("folder")) and results.name_of(end["folder"]) == folder.name
        return not is_its_own and all(_is_near(Path(place), ours) for place in job.places)
    if job.command == "restore":
        changed = [Path(job.places[-1])]
    else:  # a journal lies in .auditor/journal of the place that it is of; without one nothing was moved
        journals = job.places if job.command == "undo" else job.reader().now().journals
        changed = [Path(journal).parent.parent.parent for journal in journals]
    return any(_is_near(one, ours) for one in changed)


def _is_near(one: Path, places: Sequence[Path]) -> bool:
    """Whether it is one of the places, or within or around one."""
    return any(one == place or one in place.parents or place in one.parents for place in places)
