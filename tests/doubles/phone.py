"""A phone for the real `adb` client: the device's side of the ADB protocol over TCP, with a folder as its /sdcard.

Commands run in mksh with toybox where they are installed, as on Android, else in sh with the system's tools. Only
shells are offered: the auditor needs nothing else. Source: AOSP packages/modules/adb, protocol.txt and
shell_service.h (shell protocol v2).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

CNXN, OPEN, OKAY, WRTE, CLSE, AUTH = (
    int.from_bytes(word, "little") for word in (b"CNXN", b"OPEN", b"OKAY", b"WRTE", b"CLSE", b"AUTH")
)
VERSION, MAX_DATA = 0x01000001, 1 << 20
SHELL_STDIN, SHELL_STDOUT, SHELL_STDERR, SHELL_EXIT, SHELL_CLOSE_STDIN = range(5)
TOYS = ("find", "xargs", "stat", "sha256sum", "sha1sum", "md5sum", "cat", "tail", "ls", "df", "head", "readlink")
ALIASES = ("/storage/emulated/0", "/storage/self/primary", "/sdcard")

GETPROP = """#!/bin/sh
case "$1" in
 ro.build.version.release) echo 13;;
 ro.product.model) echo "Pixel Double";;
 ro.serialno) echo "$SIM_SERIAL";;
 sys.usb.state) echo mtp,adb;;
 *) echo;;
esac
"""
CONTENT = """#!/bin/sh
[ -f "$SIM_STORE" ] || { echo "Error while accessing provider:media" >&2; exit 1; }
case "$*" in *images*) cat "$SIM_STORE";; *) echo "No result found.";; esac
"""


@dataclass
class Phone:
    """One phone. `drops` are counts of bytes sent after which the cable falls out, one after the other.

    `tools` replaces commands by scripts (to make them fail); `shell` forces one; `modern` is whether it has shell v2.
    """

    root: Path
    work: Path
    serial: str = "DOUBLE01"
    authorized: bool = True
    modern: bool = True
    shell: str | None = None
    drops: list[int] = field(default_factory=list)
    tools: dict[str, str] = field(default_factory=dict)
    port: int = 0
    sent_bytes: int = 0
    commands: list[str] = field(default_factory=list)
    unplugged: bool = False
    hang_up: Callable[[], object] = lambda: None

    def unplug(self) -> None:
        """The phone goes away for good: it answers nothing more, and nothing listens where it was."""
        self.unplugged = True
        self.hang_up()

    def environment(self) -> dict[str, str]:
        """What the phone's shell sees; its commands are made here."""
        tools = self.work / "phone-bin"
        tools.mkdir(exist_ok=True)
        toybox = shutil.which("toybox")
        for toy in TOYS if toybox and self.shell is None else ():
            with contextlib.suppress(FileExistsError):
                (tools / toy).symlink_to(str(toybox))
        for name, text in {"getprop": GETPROP, "content": CONTENT, **self.tools}.items():
            (tools / name).unlink(missing_ok=True)
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        return {
            "PATH": f"{tools}:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "SIM_SERIAL": self.serial,
            "SIM_STORE": str(self.work / "store.txt"),
        }


class _Stream:
    """One opened service: what the host sent, and an acknowledged way back."""

    def __init__(self, link: _Link, local: int, remote: int) -> None:
        self.link, self.local, self.remote = link, local, remote
        self.inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.acknowledged = asyncio.Event()
        self.buffer = b""
        self.closed = False

    async def write(self, data: bytes) -> None:
        for start in range(0, len(data), self.link.max_data):
            self.acknowledged.clear()
            if self.closed:
                raise ConnectionError
            await self.link.send(WRTE, self.local, self.remote, data[start : start + self.link.max_data])
            await self.acknowledged.wait()

    async def read(self, size: int) -> bytes:
        while len(self.buffer) < size:
            data = await self.inbox.get()
            if data is None:
                raise EOFError
            self.buffer += data
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def end(self) -> None:
        self.closed = True
        self.acknowledged.set()
        self.inbox.put_nowait(None)


class _Link:
    """One connection of an adb server."""

    def __init__(self, phone: Phone, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.phone, self.reader, self.writer = phone, reader, writer
        self.max_data, self.streams, self.last = 4096, dict[int, _Stream](), 0
        self.lock = asyncio.Lock()
        self.tasks: set[asyncio.Task[None]] = set()

    async def send(self, command: int, first: int, second: int, data: bytes = b"") -> None:
        async with self.lock:
            head = struct.pack("<6I", command, first, second, len(data), sum(data) & 0xFFFFFFFF, command ^ 0xFFFFFFFF)
            self.writer.write(head + data)
            await self.writer.drain()
        self.phone.sent_bytes += len(data)
        if self.phone.drops and self.phone.sent_bytes > self.phone.drops[0]:
            self.phone.drops.pop(0)
            self.phone.sent_bytes = 0
            self.writer.transport.abort()

    async def run(self) -> None:
        try:
            while True:
                head = await self.reader.readexactly(24)
                command, first, second, size, _, _ = struct.unpack("<6I", head)
                data = await self.reader.readexactly(size) if size else b""
                if self.phone.unplugged:
                    return
                await self.take(command, first, second, data)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            for stream in self.streams.values():
                stream.end()
            self.writer.close()

    async def take(self, command: int, first: int, second: int, data: bytes) -> None:
        if command == CNXN and self.phone.authorized:
            self.max_data = min(second, MAX_DATA)
            features = "shell_v2,cmd" if self.phone.modern else "cmd"
            banner = f"device::ro.product.name=double;ro.product.model=Double;features={features}"
            await self.send(CNXN, VERSION, MAX_DATA, banner.encode())
        elif command == CNXN or (command == AUTH and first == 2):
            await self.send(AUTH, 1, 0, os.urandom(20))  # a key that the phone's owner did not accept
        elif command == OPEN:
            self.last += 1
            stream = self.streams[self.last] = _Stream(self, self.last, first)
            task = asyncio.ensure_future(self.serve(stream, data.rstrip(b"\0").decode("utf-8", "surrogateescape")))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif command == OKAY and second in self.streams:
            self.streams[second].acknowledged.set()
        elif command == WRTE and second in self.streams:
            self.streams[second].inbox.put_nowait(data)
            await self.send(OKAY, second, first)
        elif command == CLSE and second in self.streams:
            stream = self.streams.pop(second)
            if not stream.closed:
                await self.send(CLSE, stream.local, stream.remote)
            stream.end()

    async def serve(self, stream: _Stream, name: str) -> None:
        service, _, command = name.partition(":")
        words = service.split(",")
        if words[0] not in ("shell", "exec"):
            self.streams.pop(stream.local, None)
            await self.send(CLSE, 0, stream.remote)
            return
        with contextlib.suppress(EOFError, ConnectionError):
            await self.send(OKAY, stream.local, stream.remote)
            await self.run_shell(stream, command, "v2" in words)
            if not stream.closed:
                stream.closed = True
                await self.send(CLSE, stream.local, stream.remote)
            self.streams.pop(stream.local, None)

    async def run_shell(self, stream: _Stream, command: str, v2: bool) -> None:
        self.phone.commands.append(command)
        root = str(self.phone.root)
        for alias in ALIASES:
            command = command.replace(alias, root)
        shell = self.phone.shell or shutil.which("mksh") or "/bin/sh"
        process = await asyncio.create_subprocess_exec(
            *(shell, "-c", command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE if v2 else asyncio.subprocess.STDOUT,
            cwd=root,
            env=self.phone.environment(),
            start_new_session=True,
        )
        assert process.stdin and process.stdout

        async def outward(source: asyncio.StreamReader, channel: int) -> None:
            while data := await source.read(65536):
                await stream.write(struct.pack("<BI", channel, len(data)) + data if v2 else data)

        async def inward() -> None:
            assert process.stdin
            with contextlib.suppress(EOFError, ConnectionError):
                while True:
                    channel, size = struct.unpack("<BI", await stream.read(5)) if v2 else (SHELL_STDIN, 1)
                    data = await stream.read(size) if size else b""
                    if channel == SHELL_CLOSE_STDIN:
                        process.stdin.close()
                    elif channel == SHELL_STDIN:
                        process.stdin.write(data)
                        await process.stdin.drain()

        feeding = asyncio.ensure_future(inward())
        try:
            sources = [outward(process.stdout, SHELL_STDOUT)]
            if process.stderr:
                sources.append(outward(process.stderr, SHELL_STDERR))
            await asyncio.gather(*sources)
            code = await process.wait()
            if v2:
                await stream.write(struct.pack("<BIB", SHELL_EXIT, 1, code & 0xFF))
        finally:
            feeding.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process._transport.close()  # type: ignore[attr-defined] # else its pipes outlive the loop
            await process.wait()


@contextlib.contextmanager
def plugged_in(phone: Phone) -> Iterator[Phone]:
    """The phone, listening; it stops at the end."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def listen() -> None:
        server = await asyncio.start_server(lambda r, w: _Link(phone, r, w).run(), "127.0.0.1", 0)
        phone.port = server.sockets[0].getsockname()[1]
        phone.hang_up = lambda: loop.call_soon_threadsafe(server.close)
        ready.set()
        await stop.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # pipes that were closed just now say so to their loop

    def serve() -> None:
        loop.run_until_complete(listen())
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield phone
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


@contextlib.contextmanager
def adb_server(adb: str, home: Path) -> Iterator[dict[str, str]]:
    """An adb server of its own, so that a real phone on this machine is left alone: what to add to the environment."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home.mkdir(exist_ok=True)
    added = {"ANDROID_ADB_SERVER_PORT": str(port), "HOME": str(home), "ADB_MDNS": "0"}
    try:
        yield added
    finally:
        for _ in range(3):  # a client that was just giving up may have started it once more
            subprocess.run([adb, "kill-server"], env={**os.environ, **added}, capture_output=True, timeout=20)
            time.sleep(0.1)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    break
