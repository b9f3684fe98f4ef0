"""The server: which address shows what, who gets in, and when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import secrets
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from anyio import to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from auditor import data as shipped
from auditor.app import commands, grid, jobs, pages, pictures, proof, settings, shown, start, working
from auditor.app.access import Guard, Keys, cookie_name
from auditor.errors import AuditorError

HOST = "127.0.0.1"
IDLE_S = 600.0
"""So long after the last page and the last job it ends."""
_LOOKS_EVERY_S = 5.0
ASKING = "x-auditor-asking"
"""The header with which another start of the same user asks for a link."""
GIVEN = "x-auditor-given"
"""With it the name of the file in which that start hands its browser the link."""
_HANDED = re.compile(r"auditor-[0-9a-f]{8}\.html")
STATIC = {
    "report.css": "report.css",
    "app.css": "app/app.css",
    "app.js": "app/app.js",
    "enter.js": "app/enter.js",
    "icon.svg": "app/icon.svg",
    "htmx.min.js": "app/htmx.min.js",
    "hx-sse.min.js": "app/hx-sse.min.js",
}
"""What pages load, by the name in the address: files of `reports/`."""
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""What they are: some registries of Windows say that a script is text, and browsers refuse it then."""


def handed(name: str) -> Path:
    """Where a file with a link lies."""
    return Path.home() / name


@dataclass(slots=True)
class Presence:
    """When a page was last there."""

    last: float = field(default_factory=time.monotonic)
    given: list[Path] = field(default_factory=list)
    """The files in which browsers were handed their links; they go when one came in."""

    def now(self) -> None:
        """One is there."""
        self.last = time.monotonic()

    def entered(self) -> None:
        """A browser came in."""
        self.now()
        self.used()

    def used(self) -> None:
        """The files with links go."""
        while self.given:
            with contextlib.suppress(OSError):
                self.given.pop().unlink()

    @property
    def idle_s(self) -> float:
        """How long none has been."""
        return time.monotonic() - self.last


def built(keys: Keys, port: int, presence: Presence) -> ASGIApp:
    """The app that answers at a port of this machine. What it answers passes the guard, its own failures too."""
    app = Starlette(
        routes=[
            Route("/", start.start),
            Route("/places", start.places),
            Route("/last", shown.last),
            Route("/folders", start.folders),
            Route("/restore", start.restore),
            Route("/jobs", start.order, methods=["POST"]),
            Route("/jobs/{id}", working.job),
            Route("/jobs/{id}/events", working.events),
            Route("/jobs/{id}/stop", working.stop, methods=["POST"]),
            Route("/jobs/{id}/leave", working.leave, methods=["POST"]),
            Route("/results/{name}", shown.result),
            Route("/results/{name}/choices", shown.chosen),
            Route("/results/{name}/choices", shown.choose, methods=["POST"]),
            Route("/results/{name}/files", grid.files),
            Route("/results/{name}/proof", proof.proof),
            Route(f"/results/{{name}}/{proof.CERTIFICATE}", proof.certificate),
            Route("/results/{name}/pictures/{row:int}", grid.picture),
            Route("/results/{name}/{file}", shown.file),
            Route("/history", shown.history),
            Route("/elsewhere", shown.elsewhere),
            Route("/settings", settings.show),
            Route("/settings", settings.change, methods=["POST"]),
            Route("/about", settings.about),
            Route("/alive", _alive),
            Route("/static/{name}", _static),
            Route("/enter", _enter),
            Route("/links", _link, methods=["POST"]),
        ],
        exception_handlers={404: _not_there, 405: _not_there, AuditorError: _refused, Exception: _refused},
    )
    app.state.keys, app.state.presence, app.state.pictures = keys, presence, pictures.Pages()
    return Guard(app, keys, frozenset({f"{HOST}:{port}"}))


async def serve(app: ASGIApp, listening: socket.socket, presence: Presence) -> None:
    """Answers until nobody needs it any more, or Ctrl-C. Jobs go on whatever becomes of it."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )
    # Starlette's threads are forty; so many requests for a disk that hangs would keep all others waiting.
    to_thread.current_default_thread_limiter().total_tokens = math.inf
    watch = asyncio.create_task(_end_when_idle(server, presence))
    try:
        await server.serve(sockets=[listening])
    finally:
        watch.cancel()
        commands.end()


async def _end_when_idle(server: uvicorn.Server, presence: Presence) -> None:
    while not server.should_exit:
        await asyncio.sleep(_LOOKS_EVERY_S)
        if presence.idle_s < IDLE_S:
            continue
        if await run_in_threadpool(jobs.running):
            presence.now()
        else:
            server.should_exit = True


def _enter(request: Request) -> Response:
    """GET /enter?link=SECRET: what the browser keeps from now on, for a link that goes once."""
    keys: Keys = request.app.state.keys
    if not keys.use(request.query_params.get("link", "")):
        return pages.trouble("This link was used already, or is older than a minute. Start Auditor again.", 403)
    request.app.state.presence.entered()
    answer = HTMLResponse(pages.plain("enter", token=keys.token))
    answer.set_cookie(cookie_name(request), keys.cookie, httponly=True, samesite="strict")
    return answer


def _link(request: Request) -> Response:
    """POST /links: a new link for another start of the same user."""
    keys: Keys = request.app.state.keys
    if not secrets.compare_digest(request.headers.get(ASKING, "").encode(), keys.asking.encode()):
        return PlainTextResponse("", 403)
    presence: Presence = request.app.state.presence
    presence.now()
    if _HANDED.fullmatch(name := request.headers.get(GIVEN, "")):
        presence.given.append(handed(name))
    return PlainTextResponse(keys.new_link())


async def _alive(request: Request) -> Response:
    request.app.state.presence.now()
    return Response(status_code=204)


def _static(request: Request) -> Response:
    if (name := STATIC.get(request.path_params["name"])) is None:
        return pages.trouble("There is no such page.")
    path = shipped.folder("reports") / name
    return FileResponse(path, media_type=_KINDS[path.suffix])


def _not_there(request: Request, error: Exception) -> Response:
    return pages.trouble("There is no such page.")


def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, AuditorError):
        sentence = str(error)
    elif isinstance(error, OSError):
        sentence = f"{error.filename or 'A file'} cannot be used: {error.strerror}. Is its disk in order?"
    else:
        sentence = f"The app itself failed ({type(error).__name__}: {error}). Load the page again."
        sentence += " If it says so again, start Auditor again."
    is_piece = request.method != "GET" or "hx-request" in request.headers
    return pages.said(sentence) if is_piece else pages.trouble(sentence, 500)
