"""Who gets in: the browser that was handed the one-time link, and no other page, program or machine.

A link goes once, within a minute, and is handed over in a file that its owner alone can read (as Jupyter does), not in
words that other users of the machine see. It is exchanged for a cookie, which pages of other sites cannot use
(SameSite=Strict), and for a token, which is asked for besides whenever something is to change: cookies go to every port
of a host, what a page keeps for itself does not.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINK_S = 60.0
"""A link is good for so long."""
TOKEN = "x-auditor-token"  # noqa: S105
"""The header that every request carries that changes something."""
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SANDBOX = (
    "sandbox allow-scripts allow-downloads allow-modals; default-src 'none'; script-src 'unsafe-inline';"
    " style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The policy under which a page that an audit wrote is shown: it keeps its own besides, is nobody of this site, and
asks nothing of anybody, also where somebody else wrote it."""
_HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(slots=True)
class Keys:
    """The secrets of one server. `asking` is known to programs of the same user alone, which may have a new link."""

    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    asking: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _links: dict[str, float] = field(default_factory=dict)

    def new_link(self) -> str:
        """The secret part of a link that goes once."""
        secret = secrets.token_urlsafe(32)
        self._links[secret] = time.monotonic() + LINK_S
        return secret

    def use(self, link: str) -> bool:
        """Whether a link is one of these, for the first time and in time. It is not from then on."""
        ends = self._links.pop(link, None)
        return ends is not None and time.monotonic() < ends


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets requests to `app` through that come from a page of this server at one of its `hosts`, or may enter."""

    app: ASGIApp
    keys: Keys
    hosts: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", _CSP)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refused(Request(scope))
        answer = PlainTextResponse(refused, 400 if refused == _WRONG_HOST else 403) if refused else self.app
        return await answer(scope, receive, with_headers)

    def _refused(self, request: Request) -> str | None:
        """Why a request is not let through; None where it is."""
        if request.headers.get("host") not in self.hosts:
            return _WRONG_HOST
        if request.url.path in ("/enter", "/links"):
            return None  # they look at what they are given themselves
        cookie = request.cookies.get(cookie_name(request), "")
        if not secrets.compare_digest(cookie.encode(), self.keys.cookie.encode()):
            return "This page belongs to a browser window that Auditor opened. Start Auditor again: it opens a new one."
        if request.headers.get("sec-fetch-site") not in (None, "same-origin", "none"):
            return _OTHER_PAGE
        if request.method in ("GET", "HEAD"):
            return None
        if request.headers.get("origin") != f"http://{request.headers['host']}":
            return _OTHER_PAGE
        token = request.headers.get(TOKEN, "")
        return None if secrets.compare_digest(token.encode(), self.keys.token.encode()) else _OTHER_PAGE


_WRONG_HOST = "This address is not that of the app."
_OTHER_PAGE = "Another page asked for this; nothing was done."


def cookie_name(request: Request) -> str:
    """What the cookie is called: two servers of one machine do not take each other's away."""
    return f"auditor-{request.url.port}"
