"""What an audit can be held to: its seal, the audits before it, signatures, and the page to print and file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from auditor.app import commands, pages, results
from auditor.app.access import SANDBOX
from auditor.app.commands import NoAnswer
from auditor.words import counted, moment

CERTIFICATE = "certificate.html"


async def proof(request: Request) -> Response:
    """GET /results/NAME/proof: whether every file is as it was written, and whose word it is; looked at now."""
    if (folder := results.find(request.path_params["name"])) is None or results.file_of(folder, "audit.json") is None:
        return pages.trouble("That report is not there any more.")
    try:
        told = await commands.ask("report", "--check", "--", str(folder))
    except NoAnswer as error:
        return pages.trouble(f"Whether this report is as it was written cannot be told now: {error}")
    return pages.page(
        "proof",
        name=folder.name,
        folder=folder,
        touched=[(str(one["path"]), str(one["difference"])) for one in told.get("touched") or []],
        chain=[(str(one["folder"] or one["link"]["folder"]), str(one["state"])) for one in told.get("chain") or []],
        words=[
            (str(one["file"]), str(one["words"]))
            for one in (*(told.get("signatures") or []), *(told.get("time_stamps") or []))
        ],
        particulars=_particulars(told) if told.get("verdict") else [],
    )


async def certificate(request: Request) -> Response:
    """GET /results/NAME/certificate.html: one page to print and file, of an audit that is as it was written."""
    if (folder := results.find(request.path_params["name"])) is None:
        return pages.trouble("That report is not there any more.")
    with tempfile.TemporaryDirectory(prefix="auditor-") as work:
        made = Path(work) / CERTIFICATE
        try:
            await commands.ask("report", "--certificate", str(made), "--", str(folder))
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


def _particulars(told: dict[str, Any]) -> list[tuple[str, str]]:
    """What identifies an audit that is as it was written: each with its name."""
    facts = told["provenance"]
    versions = ", ".join(f"{name} {release}" for name, release in sorted(facts["versions"].items()))
    return [
        ("Number", str(facts["audit_id"])),
        ("Verdict", str(told["verdict"])),
        ("Begun", moment(facts["started"])),
        ("Ended", moment(facts["finished"])),
        *([("By", str(facts["by"]))] if facts.get("by") else []),
        ("Made with", versions),
        ("Judged by", f"policy {told['policy']['id']}, {counted(len(told['rules']), 'check', 'checks')}"),
        *((f"SHA-256 of {one['name']}", str(one["sha256"])) for one in facts["lists"]),
    ]
