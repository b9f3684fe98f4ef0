"""Is a server this very machine? By what is written down here; nothing is asked of the network, and nothing is run."""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shlex
import socket
from fnmatch import fnmatchcase
from pathlib import Path

from auditor.disk import small_files
from auditor.paths import typed_path

_HOSTS = Path("/etc/hosts")
_SSH = ("~/.ssh/config", "/etc/ssh/ssh_config")
_MOST_FILES = 256
"""ssh itself goes no deeper than 16 files, each of which may name many."""


def is_this_machine(host: str) -> bool:
    """By its name in whatever domain, its addresses, the table of hosts and ssh's settings. `host` in lower case."""
    return _is_ours(host) or any(_is_ours(name) for name in _by_ssh(host))


def _is_ours(host: str) -> bool:
    host = host.rstrip(".")
    name, _, domain = host.partition(".")
    if name == socket.gethostname().lower().partition(".")[0]:
        return True
    if host == "localhost" or domain.rpartition(".")[2] == "localhost":  # RFC 6761, 6.3
        return True
    return any(is_our_address(at) for at in (host, *_by_hosts(host)))


def _by_hosts(host: str) -> list[str]:
    """The addresses of a name in the table of hosts."""
    with contextlib.suppress(OSError):
        lines = [line.partition("#")[0].lower().split() for line in _HOSTS.read_text("utf-8", "replace").splitlines()]
        return [words[0] for words in lines if host in words[1:]]
    return []


def is_our_address(address: str) -> bool:
    """Only an address of this machine can be bound. What is no address, in any form that connecting takes, is none."""
    # UnicodeError, of a name that is no host's, is a ValueError.
    with contextlib.suppress(ValueError, OSError):
        for family, _, _, _, at in socket.getaddrinfo(address, 0, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST):
            with socket.socket(family, socket.SOCK_DGRAM) as tried:
                tried.bind(at)
            return True
    return False


def _by_ssh(host: str) -> set[str]:
    """What ssh may connect to when `host` is named. Conditions of `Match` are not looked into: they may run programs.
    Where ssh takes the first value that fits, all are taken here. Source: ssh_config(5)."""
    found: set[str] = set()
    for file in _SSH:
        first = typed_path(file)
        _take(first, first.parent, host, found, set())
    return found


def _take(file: Path, folder: Path, host: str, found: set[str], seen: set[Path]) -> None:
    """Adds what one file of settings, and those that it includes from `folder` on, say of a host; each file once."""
    if file in seen or len(seen) >= _MOST_FILES:
        return
    seen.add(file)
    try:
        lines = small_files.read(file).decode("utf-8", "replace").splitlines()
    except (OSError, ValueError):
        return
    fits = True  # a file that is included says nothing of the lines behind it
    for line in lines:
        try:
            key, *words = shlex.split(line.replace("=", " ", 1), comments=True) or ("",)
        except ValueError:  # a quotation mark is missing
            continue
        key = key.lower()
        if key == "host":
            fits = any(fnmatchcase(host, word.lower()) for word in words if not word.startswith("!"))
        elif key == "match":
            fits = True
        elif key == "hostname" and fits and words:
            found.add(words[0].lower().replace("%h", host).replace("%%", "%"))
        elif key == "include":
            for pattern in words:
                with contextlib.suppress(OSError, ValueError, re.error):
                    inner = folder / typed_path(os.path.expandvars(pattern))
                    for other in sorted(glob.glob(str(inner), include_hidden=True)):  # noqa: PTH207 (a whole path)
                        _take(Path(other), folder, host, found, seen)
