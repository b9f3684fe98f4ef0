"""The first page: which phone, which backups, and the button. What is chosen stands in the page's address, so that
back and reload keep it.

What touches a disk here is no coroutine, so that one which hangs keeps nobody else waiting."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auditor import config
from auditor.app import commands, jobs, left, orders, pages, results
from auditor.app.commands import NoAnswer
from auditor.app.orders import Refused
from auditor.config import Role
from auditor.errors import AuditorError
from auditor.paths import typed_path

MOST_BYTES = 1 << 20
"""No form of ours is larger."""
SHOWN = 500
"""So many folders of a folder are listed."""
_FOR = {
    "phone": "the phone",
    "backup": "a backup",
    "target": "what is restored",
    "name": "the place that gets a name",
    "reports": "your reports",
}
_IN_SETTINGS = {"name": "spec", "reports": "reports"}
"""By what a folder is chosen for: the field of Settings that it stands in then."""


def start(request: Request) -> Response:
    """GET /: phone, backups, buttons; what runs, or ended in the middle; what was said last."""
    phone, backups = pages.chosen(request)
    proposed = False
    if not phone and not backups and "phone" not in request.query_params:
        phone, backups = _usual()
        proposed = bool(phone)
    kept = jobs.all_kept()
    return pages.page(
        "start",
        phone=phone,
        backups=backups,
        proposed=proposed,
        running=jobs.running(),
        stopped=left.stopped(kept),
        moved=left.in_quarantine(kept),
        here=_pairs(phone, backups),
        hand=[("by_hand", orders.SAID)] if request.query_params.get("by_hand") == orders.SAID else [],
    )


def places(request: Request) -> Response:
    """GET /places: what is plugged in or named now, as a piece of the first page."""
    phone, backups = pages.chosen(request)
    try:
        found = commands.ask("places")["places"]
        shown = [place for place in found if results.is_exact(place["spec"])]
        is_folder = bool(phone) and phone.partition(":")[0] not in ("adb", "mtp")
        seen = is_folder or any(place["sort"] == "phone" and place["presence"] == "there" for place in shown)
        advice = [] if seen else _of_phones(commands.ask("doctor")["advice"])
    except NoAnswer as error:
        return pages.page("said", sentence=str(error))
    links = [
        {
            "place": place,
            "phone": _pairs(place["spec"], [b for b in backups if b != place["spec"]]),
            "backup": _pairs(phone if phone != place["spec"] else "", [*backups, place["spec"]]),
            "chosen": "phone" if place["spec"] == phone else "backup" if place["spec"] in backups else "",
        }
        for place in shown
    ]
    return pages.page("places", links=links, advice=advice, here=_pairs(phone, backups), seen=seen)


def folders(request: Request) -> Response:
    """GET /folders: the folders of this computer's disks, to choose one."""
    phone, backups = pages.chosen(request)
    wanted = request.query_params.get("for", "phone")
    if wanted not in _FOR:
        return pages.trouble("There is no such page.")
    typed = request.query_params.get("at", "")
    new = request.query_params.get("new", "").strip()
    at = typed_path(typed if typed and "\0" not in typed else "~")
    said, inner = "", []
    if not at.is_absolute():
        said = f"{at} is not a whole path."
    else:
        try:
            inner = sorted(_inner(at), key=lambda path: path.name.lower())
        except OSError as error:
            said = f"{at} cannot be opened: {error.strerror}."
    if new and (new in (".", "..") or set(new) & set('/\\:*?"<>|\0')):
        said = f"{new} cannot be a folder's name."
    if new and not said:
        there, chosen = _there(wanted, str(at / new), phone, backups)
        return RedirectResponse(f"{there}?{urlencode(chosen)}", 303)
    return pages.page(
        "folders",
        wanted=wanted,
        whose=_FOR[wanted],
        at=str(at),
        up=str(at.parent) if at.parent != at else "",
        inner=[(path.name, str(path)) for path in inner[:SHOWN]],
        more=max(0, len(inner) - SHOWN),
        roots=[(root, root) for root in _roots()],
        said=said,
        there=_there(wanted, str(at), phone, backups),
        keep=_pairs(phone, backups),
    )


def restore(request: Request) -> Response:
    """GET /restore: a backup, and the folder that its files go to."""
    _, backups = pages.chosen(request)
    target = request.query_params.get("target", "")
    return pages.page("restore", backups=backups[:1], target=target, here=_pairs("", backups[:1]))


async def order(request: Request) -> Response:
    """POST /jobs: starts what a button orders, and leads to its page."""
    try:
        job = await run_in_threadpool(_started, await form(request))
    except (Refused, AuditorError) as error:
        return pages.said(str(error))
    except OSError as error:
        return pages.said(f"It cannot be started: {error.strerror}. Is the disk of your home folder full?")
    return pages.to(f"/jobs/{job.id}")


async def form(request: Request) -> dict[str, list[str]]:
    """The fields of a form.

    Raises: Refused for what is no form of ours.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Refused("That is too much for a form.")
    try:
        return parse_qs(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=1_000)
    except ValueError as error:
        raise Refused("That is no form of this page.") from error


def _started(fields: dict[str, list[str]]) -> jobs.Job:
    wanted = orders.understood(fields)
    return jobs.start(wanted.words, wanted.title)


def _usual() -> tuple[str, list[str]]:
    """The phone and the backups of the config, where it names them."""
    known = config.load()
    phones, backups = known.of(Role.PHONE), known.of(Role.BACKUP)
    return (phones[0].spec if len(phones) == 1 else ""), [backup.spec for backup in backups]


def _pairs(phone: str, backups: list[str]) -> list[tuple[str, str]]:
    return [("phone", phone), *(("backup", backup) for backup in dict.fromkeys(backups))]


def _there(wanted: str, target: str, phone: str, backups: list[str]) -> tuple[str, list[tuple[str, str]]]:
    """Where a chosen folder leads: the page, and what it is called with."""
    if wanted in _IN_SETTINGS:
        return "/settings", [(_IN_SETTINGS[wanted], target)]
    if wanted == "target":
        return "/restore", [*_pairs("", backups), ("target", target)]
    if wanted == "phone":
        return "/", _pairs(target, [backup for backup in backups if backup != target])
    return "/", _pairs(phone if phone != target else "", [*backups, target])


def _inner(at: Path) -> Iterator[Path]:
    with os.scandir(at) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):  # a link that leads in a circle
                if not entry.name.startswith(".") and results.is_exact(entry.name) and entry.is_dir():
                    yield Path(entry.path)


def _roots() -> list[str]:
    """Where disks and the user's own folders are."""
    import psutil

    mounted = [part.mountpoint for part in psutil.disk_partitions() if results.is_exact(part.mountpoint)]
    return list(dict.fromkeys((str(typed_path("~")), *mounted)))


def _of_phones(advice: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is to be done that a phone is seen: `cable` and `adb` as such, or of one phone, `cable: Pixel`."""
    to_do = [one for one in advice if one["state"] == "to do" and one["remedy"]]
    return [one for one in to_do if one["subject"].partition(":")[0] in ("cable", "adb")]
