"""What an audit can be held to: its seal, the audits before it, signatures, and the page to print and file."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from auditor.app import commands, pages, results, temporary
from auditor.app.access import SANDBOX
from auditor.app.commands import NoAnswer
from auditor.words import moment, troubles

CERTIFICATE = "certificate.html"


def proof(request: Request) -> Response:
    """GET /results/NAME/proof: whether every file is as it was written, and whose word it is; looked at now."""
    if (folder := results.find(request.path_params["name"])) is None or results.file_of(folder, "audit.json") is None:
        return pages.trouble("That report is not there any more.")
    try:
        told = commands.ask("report", "--check", "--", str(folder))
    except NoAnswer as error:
        return pages.trouble(f"Whether this report is as it was written cannot be told now: {error}")
    return pages.page(
        "proof",
        name=folder.name,
        folder=folder,
        touched=_files(told),
        chain=[_earlier(one) for one in told.get("chain") or []],
        words=[
            (str(one["file"]), str(one["words"]))
            for one in (*(told.get("signatures") or []), *(told.get("time_stamps") or []))
        ],
        particulars=_particulars(told) if told.get("verdict") else [],
        why_no_page=_why_no_page(told),
    )


def certificate(request: Request) -> Response:
    """GET /results/NAME/certificate.html: one page to print and file, of an audit that is as it was written."""
    if (folder := results.find(request.path_params["name"])) is None:
        return pages.trouble("That report is not there any more.")
    with temporary.folder() as work:
        made = work / CERTIFICATE
        try:
            commands.ask("report", "--certificate", str(made), "--", str(folder))
            content = made.read_bytes()
        except (NoAnswer, FileNotFoundError) as error:
            why = str(error) if isinstance(error, NoAnswer) else "see what it can be held to."
            return pages.trouble(f"No page can be made of this report to print and file: {why}")
    return Response(
        content,
        media_type="text/html; charset=utf-8",
        headers={
            "content-security-policy": SANDBOX,
            "content-disposition": f"attachment; filename=auditor-{CERTIFICATE}",
        },
    )


def _files(of: dict[str, Any]) -> list[tuple[str, str]]:
    """The files that are not as they were written, each with what became of it."""
    return [(str(one["path"]), str(one["difference"])) for one in of.get("touched") or []]


_STATES = {
    "unchanged": "Every file of it is as it was written.",
    "touched": "It was changed after it was written.",
    "not there": "It does not lie beside this one, nor among your reports: of it and those before it nothing is known.",
}
"""What is said of an earlier audit, by its state (docs/automation.md)."""


def _earlier(one: dict[str, Any]) -> tuple[str, str, list[tuple[str, str]]]:
    """An audit before: where it is, what is said of it, and its files that are not as they were written."""
    return str(one["folder"] or one["link"]["folder"]), _STATES[one["state"]], _files(one)


def _why_no_page(told: dict[str, Any]) -> str:
    """Why no page to print and file can be made, by what a check told; empty where one can."""
    if told.get("verdict"):
        return ""
    if told.get("touched"):
        return "this report was changed after it was written. Check again, and file the page of the new report."
    if any(one["state"] == "touched" for one in told.get("chain") or []):
        return "an audit before it was changed after it was written. The page would vouch for it too."
    return "a signature or time-stamp does not hold. Seal the report again, or find out who changed it."


def _particulars(told: dict[str, Any]) -> list[tuple[str, str]]:
    """What identifies an audit that is as it was written: each with its name."""
    facts = told["provenance"]
    looked = sum(one["state"] in ("passed", "failed") for one in told["rules"])
    versions = ", ".join(f"{name} {release}" for name, release in sorted(facts["versions"].items()))
    return [
        ("Number", str(facts["audit_id"])),
        ("Verdict", str(told["verdict"])),
        ("Begun", moment(facts["started"])),
        ("Ended", moment(facts["finished"])),
        *([("By", str(facts["by"]))] if facts.get("by") else []),
        ("Made with", versions),
        ("Judged by", f"policy {told['policy']['id']}, {troubles(looked)} looked for"),
        *((f"SHA-256 of {one['name']}", str(one["sha256"])) for one in facts["lists"]),
    ]
