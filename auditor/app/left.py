"""What is not done with yet: work that ended in the middle and goes on, and files that can still be put back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from auditor.app import orders, working
from auditor.app.jobs import Job, State, Told

SHOWN = 3
"""So many of a kind; History has the others."""
_LOOKED_AT = 30
"""Among so many of the newest: the first page is not kept waiting."""


def stopped(kept: Sequence[Job]) -> list[Job]:
    """Work of all that is kept that ended in the middle and can go on, the newest first; nothing that was ordered again
    since."""
    found: list[Job] = []
    seen: set[tuple[str, ...]] = set()
    for job in kept[:_LOOKED_AT]:
        what = (job.command, *(job.places or job.words))
        end = job.end()
        state = job.state(Told(end=end))
        if what in seen or state is State.FAILED:  # one that was refused leaves that before it where it was
            continue
        seen.add(what)
        if orders.ends_early(state, end or {}) and orders.can_go_on(job):
            found.append(job)
    return found[:SHOWN]


def in_quarantine(kept: Sequence[Job]) -> list[Job]:
    """The clean-ups of all that is kept of which files lie in a quarantine still, the newest first."""
    cleaned = [job for job in kept if orders.has_option(job, "--apply")][:_LOOKED_AT]
    return list(islice((job for job in cleaned if not job.is_alive and _holds(job, kept)), SHOWN))


def _holds(job: Job, kept: Sequence[Job]) -> bool:
    """Whether not all that it moved was put back or deleted."""
    return any(not working.since(journal, kept)[2] for journal in job.reader().now().journals)
