"""One server a user: a start finds the one that runs, or becomes it, and hands the browser a link that goes once."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import html
import http.client
import json
import os
import re
import secrets
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path

from auditor import config, words
from auditor.app import pages, temporary
from auditor.app.access import Keys
from auditor.app.server import ASKING, GIVEN, HOST, Presence, built, handed, serve
from auditor.disk import locks, own_notes
from auditor.disk.folder import Folder
from auditor.errors import BadOutput

_SERVER, _LOCK = "server.json", "server.lock"
_LINK = re.compile(r"[\w-]{43}")
_ANSWER_S = 5.0
_OPENS_S = 20.0
"""A browser that is there has opened a page by then."""
_STARTS_S = 15.0
"""Another start has its server ready by then."""


def run(said: Callable[[str], None], *, browser: bool) -> bool:
    """Serves the app, or finds who does; True where this start did, and has ended.

    `said` is given the link where there is to be no `browser`, or none could be opened.

    Raises: BadOutput where the state folder cannot be written; BadConfig where the config cannot be understood.
    """
    folder = own_notes.folder() / "app"
    try:
        config.load()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        with Folder.open(folder) as opened, _first(opened) as is_first:
            if not is_first:
                page = _page() if browser else None
                _hand_over(_of_the_other(opened, page), said, page).join(_OPENS_S)
                return False
            temporary.clear()
            with contextlib.suppress(FileNotFoundError):
                opened.remove(_SERVER)  # of one that was killed: its port may be another program's now
            with socket.create_server((HOST, 0)) as listening:
                port, keys, presence = listening.getsockname()[1], Keys(), Presence()
                opened.write_whole(_SERVER, json.dumps({"port": port, "asking": keys.asking}).encode())
                (folder / _SERVER).chmod(0o600)
                link = f"http://{HOST}:{port}/enter?link={keys.new_link()}"
                if page := _page() if browser else None:
                    presence.given.append(page)
                _hand_over(link, said, page)
                with contextlib.suppress(KeyboardInterrupt):
                    asyncio.run(serve(built(keys, port, presence), listening, presence))
            with contextlib.suppress(OSError):
                opened.remove(_SERVER)
            temporary.clear()
            presence.used()
    except OSError as error:
        where = error.filename or folder
        raise BadOutput(f"{where} cannot be used: {error.strerror or error}. The app keeps its jobs there") from error
    return True


def show_failure(sentence: str, shown_s: float = _OPENS_S) -> None:
    """Has the browser say why the app cannot be started, to whom a double click gives no terminal. The page is gone
    after so many seconds, and at once where no browser opens it."""
    page = _page()
    with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(pages.plain("failed", sentence=html.escape(words.visible(sentence))))
    try:
        is_unseen = threading.Event()
        _opened(page, is_unseen.set).start()
        is_unseen.wait(shown_s)  # it is read by then
    finally:
        page.unlink(missing_ok=True)


@contextlib.contextmanager
def _first(folder: Folder) -> Iterator[bool]:
    """Holds the place of the one server of this user; False where another start does."""
    try:
        fd = folder.create(_LOCK, os.O_RDWR)
    except FileExistsError:
        fd = folder.open_file(_LOCK, os.O_RDWR)
    try:
        try:
            locks.take(fd)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise
            yield False
        else:
            yield True
    finally:
        os.close(fd)


def _of_the_other(folder: Folder, page: Path | None) -> str:
    """A new link of the server that runs. It may have begun just now: then a moment is waited for it.

    Raises: OSError where it does not answer.
    """
    until = time.monotonic() + _STARTS_S
    while True:
        try:
            known = json.loads(folder.read(_SERVER, 10_000))
            return _asked(int(known["port"]), str(known["asking"]), page)
        except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException) as error:
            if time.monotonic() > until:
                raise OSError(
                    errno.ETIMEDOUT, "the app that runs does not answer; end it, and start it again"
                ) from error
        time.sleep(0.2)


def _asked(port: int, asking: str, page: Path | None) -> str:
    connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_S)
    try:
        headers = {ASKING: asking} | ({GIVEN: page.name} if page else {})
        connection.request("POST", "/links", headers=headers)
        answer = connection.getresponse()
        link = answer.read(1_000).decode("ascii")
    finally:
        connection.close()
    if answer.status != 200 or not _LINK.fullmatch(link):
        raise ConnectionError(errno.ECONNREFUSED, "another program answers there")
    return f"http://{HOST}:{port}/enter?link={link}"


def _page() -> Path:
    """Where the browser is handed its link: among the user's own files, as browsers in a sandbox (snap, Flatpak) see no
    hidden folder."""
    return handed(f"auditor-{secrets.token_hex(4)}.html")


def _hand_over(link: str, said: Callable[[str], None], page: Path | None) -> threading.Thread:
    """Gives the browser the link in a file that only its owner can read: all users see what a command line says.
    Without a file, `said` is given it. The thread ends when the browser was told."""
    if page is None:
        said(link)
        shown = threading.Thread(target=lambda: None)
    else:
        with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(pages.plain("link", link=link))
        shown = _opened(page, lambda: said(link))
    shown.start()
    return shown


def _opened(page: Path, unseen: Callable[[], None]) -> threading.Thread:
    """Has the browser open a page, once it is started: a thread, as some browsers return when they end. `unseen` is
    called where there is no browser."""

    def show() -> None:
        if not webbrowser.open(page.as_uri()):
            unseen()

    return threading.Thread(target=show, daemon=True)
