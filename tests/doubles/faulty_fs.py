"""A file system that fails as it is told to: a FUSE mount over a real folder.

Run as a program: `python -m tests.doubles.faulty_fs REAL MOUNT RULES [direct_io]`. RULES is a JSON list of
`{"fault": NAME, "match": GLOB, ...}`, read again whenever it changes; `times` limits how often a rule strikes.
`die` ends the daemon, as a phone that is unplugged.
"""

from __future__ import annotations

import errno
import fnmatch
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import mfusepy
from mfusepy import FuseOSError

READING = {"eio": errno.EIO, "enodev": errno.ENODEV}
WRITING = {"enospc": errno.ENOSPC, "efbig": errno.EFBIG, "eio-write": errno.EIO}
FORBIDDEN = set('\\:*?"<>|') | set(map(chr, range(32)))

Rule = dict[str, Any]


class Faulty(mfusepy.Operations):
    """Passes everything on to the real folder, but for what the rules say."""

    use_ns = True

    def __init__(self, real: str, rules: str) -> None:
        self.real = os.path.realpath(real)
        self.rules_path = os.path.abspath(rules)
        self.loaded_at = -1
        self.rules: list[Rule] = []
        self.strikes: Counter[int] = Counter()
        self.lock = threading.Lock()
        self.reads = 0

    def due(self, path: str, *names: str) -> Iterator[tuple[int, Rule]]:
        """The rules of these names that apply to a path now."""
        changed = os.stat(self.rules_path).st_mtime_ns
        with self.lock:
            if changed != self.loaded_at:
                with open(self.rules_path) as stream:
                    self.rules = json.load(stream)
                self.loaded_at = changed
                self.strikes.clear()
            struck = dict(self.strikes)
        for number, rule in enumerate(self.rules):
            fits = rule["fault"] in names and fnmatch.fnmatchcase(os.path.basename(path), rule.get("match", "*"))
            if fits and struck.get(number, 0) < rule.get("times", 1 << 30):
                yield number, rule

    def strike(self, number: int) -> None:
        with self.lock:
            self.strikes[number] += 1

    def refuse(self, path: str, name: str, code: int) -> None:
        for number, _ in self.due(path, name):
            self.strike(number)
            raise FuseOSError(code)

    def where(self, path: str) -> str:
        full = self.real + path
        folder, name = os.path.split(full)
        if any(self.due(path, "nocase")) and not os.path.lexists(full) and os.path.isdir(folder):
            for other in os.listdir(folder):
                if other.lower() == name.lower():
                    return os.path.join(folder, other)
        return full

    def check_name(self, path: str) -> None:
        name = os.path.basename(path)
        if FORBIDDEN & set(name) or name.endswith((" ", ".")):
            self.refuse(path, "einval-chars", errno.EINVAL)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        self.refuse(path, "eio-stat", errno.EIO)
        facts = os.lstat(self.where(path))
        found: dict[str, Any] = {
            name: getattr(facts, name) for name in ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size")
        }
        for name in ("atime", "mtime", "ctime"):
            found[f"st_{name}"] = getattr(facts, f"st_{name}_ns")
        for _, rule in self.due(path, "size", "mtime", "shift-mtime", "round-mtime"):
            match rule["fault"]:
                case "size":
                    found["st_size"] = rule["to"]
                case "mtime":
                    found["st_mtime"] = int(rule["to"] * 1e9)
                case "shift-mtime":
                    found["st_mtime"] += int(rule["s"] * 1e9)
                case "round-mtime":
                    found["st_mtime"] -= found["st_mtime"] % int(rule["s"] * 1e9)
        return found

    def readdir(self, path: str, fh: int) -> list[str]:
        self.refuse(path, "eio-list", errno.EIO)
        return [".", "..", *os.listdir(self.where(path))]

    def statfs(self, path: str) -> dict[str, int]:
        facts = os.statvfs(self.where(path))
        return {name: getattr(facts, name) for name in dir(facts) if name.startswith("f_") and name != "f_fsid"}

    def open(self, path: str, flags: int) -> int:
        self.refuse(path, "eio-open", errno.EIO)
        self.refuse(path, "eacces-open", errno.EACCES)
        return os.open(self.where(path), flags & ~os.O_EXCL)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        self.reads += 1
        for number, rule in self.due(path, "die", "slow", "hang", "short", *READING):
            match rule["fault"]:
                case "die":
                    if self.reads > rule["after"]:
                        os._exit(1)
                case "slow":
                    time.sleep(rule["s"])
                case "hang":
                    self.strike(number)
                    time.sleep(rule["s"])
                case "short":
                    size = min(size, rule["max"])
                case name if offset + size > rule["at"]:
                    self.strike(number)
                    raise FuseOSError(READING[name])
        data = os.pread(fh, size, offset)
        for number, rule in self.due(path, "eof", "zeros", "flip"):
            at = rule["at"] - offset
            match rule["fault"]:
                case "eof":
                    data = data[: max(0, at)]
                case "zeros" if at < len(data):
                    data = data[: max(0, at)] + bytes(len(data) - max(0, at))
                case "flip" if 0 <= at < len(data):
                    self.strike(number)
                    data = _flipped(data, at)
        return data

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        self.check_name(path)
        self.refuse(path, "erofs", errno.EROFS)
        return os.open(self.where(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC, mode)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        size = len(data)
        for number, rule in self.due(path, "flip-write", "drop-write", *WRITING):
            at = rule["at"] - offset
            if at >= size:
                continue
            match rule["fault"]:
                case "flip-write" if at >= 0:
                    self.strike(number)
                    data = _flipped(data, at)
                case "drop-write":
                    return size
                case name if name in WRITING:
                    self.strike(number)
                    raise FuseOSError(WRITING[name])
        os.pwrite(fh, data, offset)
        return size

    def truncate(self, path: str, length: int, fh: int | None = None) -> None:
        os.truncate(self.where(path), length)

    def flush(self, path: str, fh: int) -> None:
        self.refuse(path, "eio-close", errno.EIO)

    def fsync(self, path: str, data_only: int, fh: int) -> None:
        self.refuse(path, "eio-fsync", errno.EIO)
        os.fsync(fh)

    def release(self, path: str, fh: int) -> None:
        os.close(fh)

    def utimens(self, path: str, times: Any = None) -> None:
        self.refuse(path, "eperm-utimens", errno.EPERM)
        os.utime(self.where(path), ns=times)

    def mkdir(self, path: str, mode: int) -> None:
        self.check_name(path)
        os.mkdir(self.where(path), mode)

    def rmdir(self, path: str) -> None:
        os.rmdir(self.where(path))

    def unlink(self, path: str) -> None:
        os.unlink(self.where(path))

    def rename(self, old: str, new: str) -> None:
        self.check_name(new)
        self.refuse(new, "eio-rename", errno.EIO)
        os.rename(self.where(old), self.where(new))

    def link(self, target: str, source: str) -> None:
        self.refuse(target, "eperm-link", errno.EPERM)
        self.refuse(target, "eio-rename", errno.EIO)
        os.link(self.where(source), self.where(target))

    def chmod(self, path: str, mode: int) -> None:
        os.chmod(self.where(path), mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        pass


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


if __name__ == "__main__":
    real, mount, rules, *options = sys.argv[1:]
    mfusepy.FUSE(Faulty(real, rules), mount, foreground=True, **dict.fromkeys(options, True))
