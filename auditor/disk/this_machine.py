"""Is a server this very machine? By what is written down here; nothing is asked of the network, and nothing is run."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import shlex
import socket
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

_HOSTS = Path("/etc/hosts")
_SSH = ("~/.ssh/config", "/etc/ssh/ssh_config")
_DEPTH = 16
"""Source: ssh, readconf.c, READCONF_MAX_DEPTH."""


def is_this_machine(host: str) -> bool:
    """By its name in whatever domain, its addresses, the table of hosts and ssh's settings. `host` in lower case."""
    return _is_ours(host) or any(_is_ours(name) for name in _by_ssh(host))


def _is_ours(host: str) -> bool:
    if host == "localhost" or host.partition(".")[0] == socket.gethostname().lower().partition(".")[0]:
        return True
    with contextlib.suppress(OSError):
        for line in _HOSTS.read_text("utf-8", "replace").splitlines():
            at, *names = line.partition("#")[0].lower().split() or ("",)
            if host in names and host != at and _is_ours(at):
                return True
    with contextlib.suppress(ValueError, OSError):
        address = ipaddress.ip_address(host.partition("%")[0])
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_DGRAM) as tried:
            tried.bind((str(address), 0))  # only an address of this machine can be bound
        return True
    return False


def _by_ssh(host: str) -> set[str]:
    """What ssh may connect to when `host` is named. Conditions of `Match` are not looked into: they may run programs.
    Where ssh takes the first value that fits, all are taken here. Source: ssh_config(5)."""
    found = set()
    for file in _SSH:
        fits = True
        for key, words in _settings(Path(os.path.expanduser(file)), 0):  # noqa: PTH111 (without a home it stays as it is)
            if key == "host":
                fits = any(fnmatchcase(host, word) for word in words if not word.startswith("!"))
            elif key == "match":
                fits = True
            elif key == "hostname" and fits and words:
                found.add(words[0].replace("%h", host).replace("%%", "%"))
    return found


def _settings(file: Path, depth: int) -> Iterator[tuple[str, list[str]]]:
    """Each line's keyword and words, in lower case, those of included files too."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            key, *words = shlex.split(line.replace("=", " ", 1), comments=True) or ("",)
        except ValueError:  # a quotation mark is missing
            continue
        if key.lower() == "include" and depth < _DEPTH:
            for pattern in words:
                inner = file.parent / os.path.expanduser(pattern)  # noqa: PTH111
                with contextlib.suppress(OSError, ValueError):
                    for other in sorted(inner.parent.glob(inner.name)):
                        yield from _settings(other, depth + 1)
        else:
            yield key.lower(), [word.lower() for word in words]
