"""What the user is not done with yet: work that ended in the middle and goes on, and what clean-ups moved."""

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
    since, or left as it is."""
    found: list[Job] = []
    seen: set[tuple[str, ...]] = set()
    for job in kept[:_LOOKED_AT]:
        what = (job.command, *(job.places or job.words))
        end = job.end()
        state = job.state(Told(end=end))
        if what in seen or state is State.FAILED:  # one that was refused leaves that before it where it was
            continue
        seen.add(what)
        if orders.ends_early(state, end or {}) and orders.can_go_on(job) and not job.is_left:
            found.append(job)
    return found[:SHOWN]


def in_quarantine(kept: Sequence[Job]) -> list[Job]:
    """The clean-ups of all that is kept whose files were neither all put back nor deleted here, the newest first;
    nothing that is being done, or left as it is. What was done in a terminal or by hand is not known here."""
    cleaned = [job for job in kept if orders.has_option(job, "--apply")][:_LOOKED_AT]
    return list(islice((job for job in cleaned if not job.is_left and not job.is_alive and _holds(job, kept)), SHOWN))


def _holds(job: Job, kept: Sequence[Job]) -> bool:
    """Whether not all that it moved was put back or deleted, and none of it is just now."""
    journals = job.reader().now().journals
    if any(working.is_about(one, journal) and one.is_alive for journal in journals for one in kept):
        return False
    return any(not working.since(journal, kept)[2] for journal in journals)
