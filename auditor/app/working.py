"""A job's page: what it does while it does it, and what it came to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from auditor.app import commands, jobs, orders, outcomes, pages, results, sentences
from auditor.app.jobs import Job, Reader, State, Told
from auditor.app.pages import Step

EVERY_S = 0.4
"""The page is told no more often."""
_PROBLEMS = 200
"""So many files are named that something is wrong with."""
_STILL_S = 15.0
"""Where nothing new is said for so long, an empty word keeps the line open."""


def job(request: Request) -> Response:
    """GET /jobs/ID: the page; of a finished audit that of its verdict."""
    if (one := jobs.find(request.path_params["id"])) is None:
        return pages.trouble("That job is not known any more.")
    reader = one.reader()
    state = one.state(told := reader.now())
    if state is State.KILLED:  # it may have said its last between the two looks
        state = one.state(told := reader.now())
    if state is State.DONE and told.end:
        name = results.name_of(told.end.get("folder"))
        if name and one.command in ("audit", "backup", "duplicates") and not outcomes.problems(told.end):
            after = f"?after={one.id}" if outcomes.did(told.end) else ""
            return RedirectResponse(f"/results/{pages.quoted(name)}{after}", 303)
    if state is State.RUNNING:
        return pages.page("working", job=one, told=told, piece=_piece(told))
    end, kept = told.end or {}, jobs.all_kept() if told.journals else []
    return pages.page(
        "ended",
        job=one,
        state=state,
        sentence=sentences.said(outcomes.sentence(one, state, end), _swapped(end)),
        did=outcomes.did(end),
        target=(end.get("restored") or end.get("there")) and end.get("target"),
        next_words=_next_words(one, end),
        result=results.name_of(end.get("folder") or _cleaned_by(one)),
        elsewhere=_elsewhere(end),
        goes_on=orders.can_go_on(one) and ("Go on" if orders.ends_early(state, end) else "Try again"),
        files=(files := outcomes.problems(end))[:_PROBLEMS],
        more=max(0, len(files) - _PROBLEMS),
        would_go=outcomes.would_go(end),
        removals=[(moved["path"], ", ".join(moved["kept"])) for moved in end.get("removals") or []],
        size_bytes=end.get("bytes") or 0,
        limits=[
            *filter(None, [end.get("hindrance")]),
            *outcomes.stay(end),
            *outcomes.doubts(end),
        ],
        steps=_steps(one, end),
        again_to=_again_to(one, end),
        chosen=_chosen(one, state),
        shown=orders.is_look(one) and state is State.DONE,
        journals=[(journal, *since(journal, kept)) for journal in told.journals],
        word=orders.DELETE,
        said=one.said() if state in (State.FAILED, State.KILLED) else "",
    )


def _elsewhere(end: Mapping[str, Any]) -> str:
    """The folder of a report that does not lie where reports go now; empty where there is none."""
    folder = str(end.get("folder") or "")
    return folder if folder and Path(folder).parent != commands.home() else ""


def _cleaned_by(one: Job) -> str | None:
    """The folder of the report by which a clean-up goes; None of other jobs."""
    return one.places[-1] if one.command == "clean" and one.places else None


def _next_words(one: Job, end: Mapping[str, Any]) -> str:
    """What is next, where no button says it; empty for nothing."""
    if end.get("gone"):
        return "Connect the disk or the phone again, then go on."
    if one.command == "undo" and end.get("not_put_back"):
        return (
            "Where another file took the name, move that one elsewhere, then try again. Of what is not in the"
            " quarantine any more, look for the copy that was kept."
        )
    told = end.get("next") or {}
    if told.get("action") == "clean":  # its button is in the report
        may_go = str(told.get("sentence")).partition(":")[0]
        return f"{may_go}: see the report, and press “Free the phone…” there."
    return "" if one.command == "clean" else told.get("sentence") or ""


def since(journal: str, kept: Sequence[Job]) -> tuple[int, int, str]:
    """How many files of a journal are back and how many deleted for good, and since when it is so by what was ordered
    here, which is `kept`, the newest first; no time where they, or a part of them, lie in the quarantine still."""
    for job in reversed(kept):  # what is ordered once it is empty changes nothing
        end = (job.end() if is_about(job, journal) else None) or {}
        if end.get("event") == "result" and not any(map(end.get, ("stayed", "younger", "not_put_back"))):
            told = end.get("in_all") or end
            return told.get("back") or 0, told.get("deleted") or 0, job.started
    return 0, 0, ""


def is_about(job: Job, journal: str) -> bool:
    """Whether a job puts back what a journal names, or deletes it."""
    return job.words[:3] == ("clean", "--purge", journal) or (job.command == "undo" and job.words[-1] == journal)


def _steps(one: Job, end: Mapping[str, Any]) -> list[Step]:
    """The buttons that go on from an end: the word that is wanted, phone and backup swapped, or what is next."""
    told, word = end.get("next") or {}, orders.wanted(end)
    step = pages.step(told.get("action"), told.get("arguments"))
    if step and end.get("event") == "failed":  # then it says which is the phone
        step = replace(step, says=f"Swap them: the phone is {orders.label(told['arguments'][0])}")
    given = pages.meant(word, (("order", "again"), ("job", one.id))) if word and orders.can_go_on(one) else None
    return [button for button in (given, step) if button]


def _swapped(end: Mapping[str, Any]) -> dict[str, str]:
    """What the button says that swaps phone and backup, by the command that a refusal names for the same."""
    told = end.get("next") or {}
    command = re.search("`([^`]*)`", str(told.get("sentence") or ""))
    is_there = end.get("event") == "failed" and pages.step(told.get("action"), told.get("arguments"))
    return {command[1]: "Swap them"} if command and is_there else {}


def _again_to(one: Job, end: Mapping[str, Any]) -> str:
    """The backup that is to be made again, where the phone has to be chosen for it first; empty for none."""
    told = end.get("next") or {}
    return one.words[-1] if one.command == "verify" and told.get("action") == "backup" and not _steps(one, end) else ""


def _chosen(one: Job, state: State) -> list[tuple[str, str]]:
    """Phone and backups of a check or a backup that was not done, as the first page takes them; none of others."""
    if one.command not in ("audit", "backup") or state is State.DONE or len(one.places) < 2:
        return []
    phone, *backups = one.places
    return [("phone", phone), *(("backup", backup) for backup in backups)]


def events(request: Request) -> Response:
    """GET /jobs/ID/events: the middle of the page, anew whenever there is something new; `ended` last."""
    if (one := jobs.find(request.path_params["id"])) is None:
        return pages.trouble("That job is not known any more.")
    seen: Any = request.app.state.presence
    return StreamingResponse(_stream(one, seen.now), media_type="text/event-stream")


def stop(request: Request) -> Response:
    """POST /jobs/ID/stop: asks it to stop cleanly."""
    if (one := jobs.find(request.path_params["id"])) is None:
        return pages.said("That job is not known any more.")
    jobs.stop(one)
    return pages.page("said", sentence="It finishes what is in hand, then stops.")


def leave(request: Request) -> Response:
    """POST /jobs/ID/leave: the first page names it no more as not done with. It changes no file of the user's."""
    if (one := jobs.find(request.path_params["id"])) is None:
        return pages.said("That job is not known any more.")
    one.leave()
    return pages.to("/")


async def _stream(one: Job, seen: Any) -> AsyncIterator[str]:
    reader = one.reader()
    before, still = "", 0.0
    while True:
        seen()
        told, state = await run_in_threadpool(_now, one, reader)
        if state is not State.RUNNING:
            yield "event: ended\ndata: \n\n"
            return
        piece = await run_in_threadpool(_piece, told)
        if piece != before:
            yield "".join(f"data: {line}\n" for line in piece.splitlines()) + "\n"
            before, still = piece, 0.0
        elif (still := still + EVERY_S) > _STILL_S:
            yield ": still there\n\n"
            still = 0.0
        await asyncio.sleep(EVERY_S)


def _now(one: Job, reader: Reader) -> tuple[Told, State]:
    told = reader.now()
    return told, one.state(told)


def _piece(told: Told) -> str:
    return pages.made("progress", told=told)
