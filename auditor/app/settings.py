"""Settings: places by name, policy, home of reports, who audits. `auditor config` keeps them."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from auditor import config
from auditor.app import commands, jobs, pages
from auditor.app.commands import NoAnswer, NoHome
from auditor.app.orders import Refused
from auditor.app.start import form
from auditor.config import Role
from auditor.paths import typed_path

_SET = ("policy", "reports", "by")
_NOT_WHOLE = f"Write the whole path, from {'the drive' if os.name == 'nt' else '/'} on, or choose the folder."
"""A command would take it for a path in the home of reports."""


def show(request: Request) -> Response:
    """GET /settings."""
    policies = {policy["id"]: policy["title"] for policy in commands.ask("policy", "list")["policies"]}
    if own := config.load().policy:
        policies.setdefault(own, own)
    home, no_home = _home()
    return pages.page(
        "settings",
        known=config.load(),
        policies=policies,
        file=config.path(),
        home=home,
        no_home=no_home,
        roles=list(Role),
        spec=request.query_params.get("spec", ""),
        reports=request.query_params.get("reports", ""),
        is_kept="kept" in request.query_params,
    )


async def change(request: Request) -> Response:
    """POST /settings: one setting, or one place's name."""
    try:
        fields = {name: values[0].strip() for name, values in (await form(request)).items()}
        await run_in_threadpool(commands.ask, *_words(fields))
    except (Refused, NoAnswer) as error:
        return pages.said(str(error))
    return pages.to("/settings" if fields.get("set") == "forget" else "/settings?kept=yes")


def about(request: Request) -> Response:
    """GET /about: what this is, and where it keeps what."""
    home, _ = _home()
    return pages.page("about", home=home, jobs=jobs.home(), file=config.path())


def _home() -> tuple[Path | str, str]:
    """Where reports go, and why they cannot; "" where they can."""
    try:
        return commands.home(), ""
    except NoHome as error:
        return config.load().reports or "", str(error)


def _words(fields: dict[str, str]) -> tuple[str, ...]:
    what, value = fields.get("set", ""), fields.get("value", "")
    if what == "reports" and value and not typed_path(value).is_absolute():
        raise Refused(_NOT_WHOLE)
    if what == "name" and not config.is_whole(fields.get("spec", "")):
        raise Refused(_NOT_WHOLE)
    if what in _SET:
        return ("config", "set", what, "--", value) if value else ("config", "unset", what)
    if what == "name" and fields.get("role") in list(Role):
        return ("config", "add", "--role", fields["role"], "--", fields.get("name", ""), fields.get("spec", ""))
    if what == "forget":
        return ("config", "remove", "--", fields.get("name", ""))
    raise Refused("There is no such setting. Load the page again.")
