"""The bytes of one file of a phone as a stream that knows whether it is whole."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING, BinaryIO

from auditor.errors import ChangedWhileRead
from auditor.places.adbclient import CableLost, Client, new_end

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK_BYTES = 256 * 1024


def open_on_phone(client: Client, root: str, name: bytes) -> BinaryIO:
    """The file `name` below `root`, which starts with `./`.

    Raises: OSError where the phone cannot read it, ListingCut where it does not come back; while reading, too.
    """
    stream = _PhoneFile(client, root, name)
    stream.begin()
    return io.BufferedReader(stream, _CHUNK_BYTES)


_CHANGED = "it changed while it was being read"

_READ = f"""a=$(stat -c '%s %y' "$2"); [ "${{1:-$a}}" = "$a" ] || {{ echo '{_CHANGED}' >&2; exit 1; }}; echo "$a"
READER "$2" || exit 1; [ "$a" = "$(stat -c '%s %y' "$2")" ] || {{ echo '{_CHANGED}' >&2; exit 1; }}"""
"""What a phone's shell runs: a line with the file's size and date, then its bytes. `$1` is that line as it was when the
file was read from its start, empty then; `$2` the file."""


class _PhoneFile(io.RawIOBase):
    """Reads through `adb shell`; holds back what may be the trailer, and goes on where it was after a lost cable, if
    the file has the size and date that it had before its first byte. After the last one it must have them too."""

    def __init__(self, client: Client, root: str, name: bytes) -> None:
        self._client, self._root, self._name = client, root, name
        self._process: subprocess.Popen[bytes] | None = None
        self._end = b""
        self._pending = b""
        self._held = b""
        self._awaits_date = False
        self._given_bytes = 0
        self._whole = False
        self._dated: bytes | None = None  # the size and date that it had first, as the phone says them

    def begin(self) -> None:
        """Asks for the first bytes, so that a file that cannot be opened says so at once."""
        if not self._held:
            self._held = self._next()

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer, /) -> int:
        view = memoryview(into)
        if not self._held:
            self._held = self._next()
        part, self._held = self._held[: len(view)], self._held[len(view) :]
        view[: len(part)] = part
        return len(part)

    def readall(self) -> bytes:
        parts = [self._held]
        self._held = b""
        while part := self._next():
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        if not self.closed:
            self._stop()
            self._pending = b""
        super().close()

    def _next(self) -> bytes:
        """The next bytes of the file; empty at its proven end."""
        return b"" if self._whole else self._client.insist(self._attempt)

    def _attempt(self) -> bytes:
        if self._process is None:
            self._start()
        assert self._process is not None and self._process.stdout is not None
        while True:
            data = os.read(self._process.stdout.fileno(), _CHUNK_BYTES)
            self._pending += data
            if not data:
                return self._finish()
            if self._awaits_date:
                line, end, rest = self._pending.partition(b"\n")
                if not end:
                    continue
                self._dated, self._pending, self._awaits_date = line, rest, False
            # The trailer is the last of the stream: what is shorter than it could be its beginning.
            safe = len(self._pending) - len(self._end) - 8
            if safe > 0:
                return self._give(safe)

    def _give(self, size: int) -> bytes:
        part, self._pending = self._pending[:size], self._pending[size:]
        self._given_bytes += size
        return part

    def _start(self) -> None:
        end = new_end()
        self._end, self._pending = b"\0" + end.encode() + b" ", b""
        # `tail -c +N` begins at the N-th byte, counted from 1.
        reader = f"tail -c +{self._given_bytes + 1}" if self._given_bytes else "cat"
        before = shlex.quote((self._dated or b"").decode("ascii", "replace") if self._given_bytes else "")
        read = f"xargs -0 sh -c {shlex.quote(_READ.replace('READER', reader))} sh {before}"
        script = f"if cd {shlex.quote(self._root)}; then {read}; else false; fi"
        self._awaits_date = True
        self._process = subprocess.Popen(
            self._client.command(script, end),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(self._name + b"\0")
            self._process.stdin.close()
        except OSError:
            pass  # adb ended at once: its output has no trailer, which is found out by reading it

    def _finish(self) -> bytes:
        """The last bytes.

        Raises: CableLost without a trailer; ChangedWhileRead; OSError where the phone's reader failed.
        """
        assert self._process is not None and self._process.stderr is not None
        match = re.search(re.escape(self._end) + rb"(\d+)\0$", self._pending)
        errors = self._process.stderr.read().decode("utf-8", "replace").strip()
        self._stop()
        if match is None:
            self._pending = b""
            raise CableLost(errors.splitlines()[-1] if errors else "the stream of the phone was cut off")
        self._client.demand_same_phone(int(match[1]))
        if int(match[1]) != 0:
            said = errors.splitlines()[-1] if errors else f"error {match[1].decode()}"
            if said == _CHANGED:
                raise ChangedWhileRead(_CHANGED)
            raise OSError(f"the phone cannot read it: {said}")
        self._whole = True
        return self._give(match.start())

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        for pipe in (self._process.stdout, self._process.stderr, self._process.stdin):
            if pipe is not None:
                pipe.close()
        self._process.wait()
        self._process = None
