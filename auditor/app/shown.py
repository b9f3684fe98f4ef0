"""The pages of results: a verdict, a choice of duplicates, what they wrote, and the history of audits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from auditor.app import commands, jobs, orders, outcomes, pages, results
from auditor.app.access import SANDBOX
from auditor.app.commands import NoAnswer
from auditor.app.start import MOST_BYTES
from auditor.disk.folder import Folder
from auditor.errors import AuditorError

MOST_CHOICES_BYTES = 64 * MOST_BYTES
"""Of a search with a million groups."""


async def result(request: Request) -> Response:
    """GET /results/NAME: the verdict of an audit with its report, or the groups of a search for duplicates."""
    if (folder := results.find(request.path_params["name"])) is None:
        return pages.trouble("That report is not there any more.")
    known: dict[str, Any] = {"name": folder.name, "page": results.page_of(folder), "files": _given(folder)}
    if not (folder / "audit.json").is_file():
        return pages.page("duplicates", **known, is_chosen=(folder / orders.CHOICES).is_file())
    told = await verdict(folder)
    facts = told.get("provenance") or {}
    return pages.page(
        "verdict",
        **known,
        verdict=told.get("verdict") or "",  # none of an audit that was changed after it was written
        sentence=told["sentence"],
        caveats=told.get("caveats") or [],
        phone=facts.get("source") or "",
        backups=facts.get("backups") or [],
        finished=facts.get("finished"),
        go=_may_go(told),
        instead=_instead(told),
        touched=bool(told.get("touched")),
        partition=told.get("partition") or {},
        steps=steps(told) if told.get("verdict") else [],
    )


def file(request: Request) -> Response:
    """GET /results/NAME/FILE: a page that a command wrote, which is nobody here; or a table to save."""
    folder = results.find(request.path_params["name"])
    path = folder and results.file_of(folder, request.path_params["file"])
    if not path:
        return pages.trouble("That file is not there any more.")
    if path.name in results.PAGES:
        return FileResponse(path, media_type="text/html; charset=utf-8", headers={"content-security-policy": SANDBOX})
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


async def choices(request: Request) -> Response:
    """GET and POST /results/NAME/choices: what was chosen in the page of duplicates, kept beside the plan."""
    if (folder := results.find(request.path_params["name"])) is None:
        return pages.said("That search is not there any more.")
    if request.method == "GET":
        kept = folder / orders.CHOICES
        return FileResponse(kept, media_type="application/json") if kept.is_file() else Response("{}")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_CHOICES_BYTES:
            return pages.said("Those are too many choices.")
    return await run_in_threadpool(_kept, folder, bytes(body))


async def history(request: Request) -> Response:
    """GET /history: all audits in the home of reports, the newest first."""
    return await run_in_threadpool(_history, await commands.ask("history"))


async def last(request: Request) -> Response:
    """GET /last: what the newest audit said, as a piece of the first page."""
    try:
        told = await commands.ask("history", "-n", "1")
    except NoAnswer:
        return Response()
    audit = next(iter(told["audits"]), None)
    return pages.page("last", audit=audit, name=audit and results.name_of(audit["folder"]))


async def verdict(folder: Path) -> dict[str, Any]:
    """What an audit says, held against its seal: without verdict where it was changed, or that cannot be told now."""
    try:
        told = await commands.ask("report", "--check", "--", str(folder))
        if told.get("verdict"):
            return told
        if told.get("touched"):
            return told | {"sentence": "This report was changed after it was written. Check again."}
        told = await commands.ask("report", "--", str(folder))
        doubt = "An audit before it was changed, or a signature does not hold: `auditor report DIR --check` says which."
        return told | {"caveats": [*(told.get("caveats") or []), doubt]}
    except NoAnswer as error:
        return {"sentence": f"Whether this report is as it was written cannot be told now: {error}"}


def steps(told: dict[str, Any]) -> list[pages.Step]:
    """What a button does next after an audit: copies what is missing to where that is possible, looks again."""
    places = told.get("provenance", {}).get("arguments") or {}
    phone, source, backups, dest = (places.get(word) or [] for word in ("PHONE", "SOURCE", "BACKUPS", "DEST"))
    missing = told.get("verdict") == "NOT SAFE" and source and dest
    wanted = pages.step("backup", (*source, *dest)) if missing else None
    return [step for step in (wanted, pages.step("audit", (*phone, *backups, *dest[1:]))) if step]


def _kept(folder: Path, body: bytes) -> Response:
    """Keeps what was chosen beside the plan; `clean` believes nothing that it says of digests."""
    try:
        if json.loads(body)["auditor_choices"] != 1:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        return pages.said("Those are no choices.")
    try:
        with Folder.open(folder) as opened:
            opened.write_whole(orders.CHOICES, body)
    except OSError as error:
        return pages.said(f"Your choices cannot be kept in {folder}: {error.strerror}.")
    except AuditorError as error:
        return pages.said(str(error))
    return Response(status_code=204)


def _history(told: dict[str, Any]) -> Response:
    audits = [(audit, results.name_of(audit["folder"])) for audit in told["audits"]]
    done = [(job, outcomes.of(job)) for job in jobs.all_kept()]
    return pages.page("history", audits=audits, home=told["home"], done=done)


def _instead(told: dict[str, Any]) -> str:
    """What of the report's advice this page has buttons for: `next`, `go`, both or none. Where something is to be done
    first, or only a person can say which is the phone, the report's own words stand."""
    facts = told.get("provenance") or {}
    has_step = any(step.fields[0] == ("order", "backup") for step in steps(told))
    is_plain = has_step and not facts.get("first") and not facts.get("maybe_exchanged")
    return " ".join(["next"] * is_plain + ["go"] * (_may_go(told) is not None))


def _may_go(told: dict[str, Any]) -> dict[str, Any] | None:
    """What may leave the phone by an audit that can be acted on; None where nothing may."""
    go = told.get("provenance", {}).get("may_go") or {}
    return go if told.get("verdict") == "SAFE" and go.get("files") and go.get("by_clean") else None


def _given(folder: Path) -> list[str]:
    return [name for name in results.DOWNLOADS if results.file_of(folder, name)]
