"""The pages of results: a verdict, a choice of duplicates, what they wrote, and the history of audits."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from auditor import config
from auditor.app import commands, jobs, later, orders, outcomes, pages, results, sentences, working
from auditor.app.access import SANDBOX
from auditor.app.commands import NoAnswer
from auditor.app.jobs import Job
from auditor.app.start import MOST_BYTES
from auditor.disk.folder import Folder
from auditor.errors import AuditorError
from auditor.words import typed

_LOOKED_AT = 100
"""So many audits are held against their seals for the list of all."""
MOST_CHOICES_BYTES = 64 * MOST_BYTES
"""Of a search with a million groups."""


def result(request: Request) -> Response:
    """GET /results/NAME: the verdict of an audit with its report, or the groups of a search for duplicates."""
    if (folder := results.find(request.path_params["name"])) is None:
        return pages.trouble("That report is not there any more.")
    known: dict[str, Any] = {"name": folder.name, "page": results.page_of(folder), "files": _given(folder)}
    if not (folder / "audit.json").is_file():
        is_chosen = (folder / orders.CHOICES).is_file()
        is_empty = _decides_nothing(folder / results.PLAN)
        return pages.page("duplicates", **known, is_chosen=is_chosen, is_empty=is_empty, **_moved_by(folder))
    told = verdict(folder)
    facts = told.get("provenance") or {}
    since = later.than(folder, told) if told.get("verdict") else None
    return pages.page(
        "verdict",
        **known,
        did=_did_before(request.query_params.get("after") or "", folder),
        verdict=told.get("verdict") or "",  # none of an audit that was changed after it was written
        sentence=told["sentence"],
        caveats=told.get("caveats") or [],
        phone=str(facts.get("source") or ""),
        backups=[str(backup) for backup in facts.get("backups") or []],
        finished=facts.get("finished"),
        since=since,
        go=None if since else _may_go(told),
        instead=f"verdict {'next go' if since else _instead(told)}",
        buttons={} if since else _buttons(told),
        commands=sentences.BUTTONS,
        touched=bool(told.get("touched")),
        partition=told.get("partition") or {},
        steps=check_again(told) if since else steps(told) if told.get("verdict") else [],
    )


def _decides_nothing(plan: Path) -> bool:
    """Whether a plan lets no file go and leaves none to a person. One that cannot be read may do so."""
    try:
        with plan.open("r", encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            return all(row.get("action") == "keep" and row.get("may_go") != "yes" for row in rows)
    except (OSError, ValueError, csv.Error):
        return False


def _did_before(job_id: str, folder: Path) -> list[str]:
    """What the job with this id did before it made the audit in `folder`; nothing of any other."""
    job = jobs.find(job_id)
    return outcomes.did(job.end() or {}) if job and _is_its(job, folder) else []


def _moved_by(folder: Path) -> dict[str, Any]:
    """What became of a search for duplicates: the clean-up that moved files of it last, None where there is none or all
    is back; whether its quarantine `holds` some still; and the fields of a button that searches `again`."""
    kept = jobs.all_kept()
    for job in kept:
        if not orders.has_option(job, "--apply") or job.places != (str(folder),):
            continue
        since = [working.since(journal, kept) for journal in job.reader().now().journals]
        if any(deleted or not when for _, deleted, when in since):
            looked = (one for one in kept if one.command == "duplicates" and _is_its(one, folder))
            places = next((one.places for one in looked), ())
            again = [("order", "duplicates"), *(("place", place) for place in places)] if places else []
            return {"moved": job, "holds": not all(when for *_, when in since), "again": again}
    return {"moved": None, "holds": False, "again": []}


def _is_its(job: Job, folder: Path) -> bool:
    """Whether a job wrote a result."""
    return results.name_of((job.end() or {}).get("folder")) == folder.name


def file(request: Request) -> Response:
    """GET /results/NAME/FILE: a page that a command wrote, which is nobody here; or a table to save.

    A page is given to a frame alone. Else it leads to the one around it, which says whether it is as it was written.
    """
    folder = results.find(request.path_params["name"])
    path = folder and results.file_of(folder, request.path_params["file"])
    if not path:
        return pages.trouble("That file is not there any more.")
    if path.name in results.PAGES:
        if request.headers.get("sec-fetch-dest") != "iframe":
            return RedirectResponse(f"/results/{pages.quoted(request.path_params['name'])}", 303)
        return FileResponse(path, media_type="text/html; charset=utf-8", headers={"content-security-policy": SANDBOX})
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


def chosen(request: Request) -> Response:
    """GET /results/NAME/choices: what was chosen in the page of duplicates before; empty where nothing was."""
    folder = results.find(request.path_params["name"])
    kept = folder and folder / orders.CHOICES
    return FileResponse(kept, media_type="application/json") if kept and kept.is_file() else Response("{}")


async def choose(request: Request) -> Response:
    """POST /results/NAME/choices: what was chosen in the page of duplicates, kept beside the plan."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_CHOICES_BYTES:
            return pages.said("Those are too many choices.")
    return await run_in_threadpool(_kept, request.path_params["name"], bytes(body))


def history(request: Request) -> Response:
    """GET /history: all audits in the home of reports, the newest first."""
    told = commands.ask("history", "-n", str(_LOOKED_AT))
    audits = [(audit, results.name_of(audit["folder"])) for audit in told["audits"]]
    done = [(job, outcomes.of(job)) for job in jobs.all_kept()]
    return pages.page("history", audits=audits, home=told["home"], done=done)


def elsewhere(request: Request) -> Response:
    """GET /elsewhere: the folders that reports of work that was started here went to before, as a piece of the history;
    a disk of theirs that hangs keeps nothing else waiting."""
    ends = [job.end() or {} for job in jobs.all_kept()]
    folders = {Path(end["folder"]).parent for end in ends if isinstance(end.get("folder"), str)} - {commands.home()}
    there = (str(folder) for folder in folders if folder.is_dir())
    return pages.page("elsewhere", folders=sorted(filter(results.is_exact, there)))


def last(request: Request) -> Response:
    """GET /last: what the newest audit said, as a piece of the first page, with a button that makes it again where
    that would be the same check."""
    try:
        told = commands.ask("history", "-n", "1")
    except NoAnswer:
        return Response()
    audit = next(iter(told["audits"]), None)
    record = results.record(Path(audit["folder"])) if audit and not audit["changed"] else {}
    again = check_again(record)
    name = audit and results.name_of(audit["folder"])
    return pages.page("last", audit=audit, name=name, again=again, is_usual=bool(again) and _is_usual(record))


def _is_usual(record: dict[str, Any]) -> bool:
    """Whether an audit asked all that one asks which is ordered here, and nothing else: by the same policy and rules,
    as deep, with nothing accepted beforehand. False where that cannot be told."""
    facts = record["provenance"]
    if [facts.get(name) for name in ("depth", "waivers", "baseline")] != ["decode", 0, 0]:
        return False
    try:
        asked = commands.ask("policy", "show", "--", config.load().policy or config.USUAL_POLICY)["policy"]
        rules = commands.ask("rules", "list")["rules"]
    except AuditorError:
        return False
    ours = [_as_judged(one) for one in rules]
    policy, judged = record.get("policy"), record.get("rules")
    return (
        isinstance(policy, dict)
        and policy.get("sha256") == asked["sha256"]
        and isinstance(judged, list)
        and all(isinstance(one, dict) and _as_judged(one) in ours for one in judged)
    )


def _as_judged(rule: dict[str, Any]) -> tuple[Any, Any]:
    """By what a rule is known: where its file is another, it is another rule."""
    return rule.get("id"), rule.get("sha256")


def verdict(folder: Path) -> dict[str, Any]:
    """What an audit says, held against its own seal: without verdict where it was changed, or that cannot be told now.
    Whether those before it were changed stands on the page of its proof: they are many, and read as a whole."""
    try:
        told = commands.ask("report", "--check", "--alone", "--", str(folder))
        if told.get("verdict"):
            return told
        if told.get("touched"):
            return told | {"sentence": "This report was changed after it was written. Check again."}
        told = commands.ask("report", "--", str(folder))
        return told | {"caveats": [*(told.get("caveats") or []), _NO_SEAL]}
    except NoAnswer as error:
        return {"sentence": f"Whether this report is as it was written cannot be told now: {error}"}


_NO_SEAL = "A signature or time-stamp of this report does not hold: see what it can be held to."


def steps(told: dict[str, Any]) -> list[pages.Step]:
    """What a button does next after an audit: copies what is missing where the report says the same, looks again; where
    the backup may be the phone, says that it is none, or swaps the two."""
    places = results.arguments(told)
    source, dest = (places.get(word) or [] for word in ("SOURCE", "DEST"))
    advice = told.get("next") or {}
    is_copy = advice.get("action") == "backup" and source and dest and advice.get("arguments") == [*source, *dest]
    wanted = pages.step("backup", (*source, *dest)) if told.get("verdict") == "NOT SAFE" and is_copy else None
    again = check_again(told)
    return [*([wanted] if wanted else []), *again, *_which_is_the_phone(told, next(iter(again), None))]


def check_again(told: dict[str, Any]) -> list[pages.Step]:
    """All that a button does after an audit that is not the newest word on its places: it is made again."""
    places = results.arguments(told)
    again = pages.step("audit", (*places.get("PHONE", ()), *places.get("BACKUPS", ())))
    return [again] if again else []


def _which_is_the_phone(told: dict[str, Any], again: pages.Step | None) -> Iterator[pages.Step]:
    """The buttons of an audit that does not know whether a backup is the phone. `again` is the same audit once more."""
    facts = told.get("provenance", {})
    doubts = [*facts.get("maybe_exchanged", ()), *facts.get("maybe_phones_within", ())]
    words = {doubt.get("wants") for doubt in doubts}
    if again and len(words) == 1 and (word := orders.wanted(doubts[0])):
        yield pages.meant(word, again.fields)
    places = results.arguments(told)
    phone = places.get("PHONE") or []
    backups = [backup for backup in places.get("BACKUPS") or [] if backup not in orders.WORDS.values()]
    if facts.get("maybe_exchanged") and len(backups) == 1 and (swapped := pages.step("audit", (*backups, *phone))):
        yield replace(swapped, says=f"Swap them: the phone is {orders.label(backups[0])}")


def _kept(name: str, body: bytes) -> Response:
    """Keeps what was chosen beside the plan; `clean` believes nothing that it says of digests."""
    if (folder := results.find(name)) is None:
        return pages.said("That search is not there any more.")
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


def _instead(told: dict[str, Any]) -> str:
    """What of the report's advice this page has buttons for: `next`, `go`, both or none. Where something else is to be
    done, or something first, the report's own words stand."""
    has_step = any(step.fields[0] == ("order", "backup") for step in steps(told))
    is_plain = has_step and not (told.get("provenance") or {}).get("first")
    return " ".join(["next"] * is_plain + ["go"] * (_may_go(told) is not None))


_TYPED = {"backup": ("SOURCE", "DEST"), "audit": ("PHONE", "BACKUPS")}
"""The places of a step's command, as the report calls them."""


def _buttons(told: dict[str, Any]) -> dict[str, str]:
    """What this page's buttons say, by the command that the report names for the same."""
    places = (told.get("provenance") or {}).get("words") or {}
    made: dict[str, str] = {}
    for step in steps(told):
        command = step.fields[0][1]
        if all(word in places for word in _TYPED[command]):
            whole = " ".join(("auditor", command, *(places[word] for word in _TYPED[command])))
            made.setdefault(whole, step.says)  # the same with a word of the user's comes after it
        named = (place for name, place in step.fields if name in ("phone", "backup"))
        made.setdefault(" ".join(("auditor", command, *map(typed, named))), step.says)  # as a doubt says it
    return made


def _may_go(told: dict[str, Any]) -> dict[str, Any] | None:
    """What may leave the phone by an audit that can be acted on; None where nothing may."""
    go = told.get("provenance", {}).get("may_go") or {}
    return go if told.get("verdict") == "SAFE" and go.get("files") and go.get("by_clean") else None


def _given(folder: Path) -> list[str]:
    return [name for name in results.DOWNLOADS if results.file_of(folder, name)]
