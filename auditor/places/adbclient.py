"""The `adb` program: finding it, the phones it sees, and commands on a phone whose answer is known to be whole.

No exit code of adb is believed: with the cable pulled it says 0 and gives a short stream. Every command ends with a
trailer that names a number made for it; an answer without its trailer is void.
"""

from __future__ import annotations

import importlib
import os
import re
import secrets
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from auditor.errors import BadPlace, ListingCut

T = TypeVar("T")

RETRIES = 4
"""How often in a row a lost phone is waited for before the work is given up."""
WAIT_SECONDS = 30
COMMAND_SECONDS = 600
MOST_SECONDS = 86_400
"""No command may take longer, however many bytes the phone says that there are to read."""

_OTHER_PHONE = 98
"""The code of a command that did not run, since another phone answered."""

REMEDIES = {
    "unauthorized": "unlock the phone and tap Allow on its question about USB debugging",
    "authorizing": "unlock the phone and tap Allow on its question about USB debugging",
    "offline": "unplug the phone and plug it in again",
    "no permissions": "this computer may not talk to it: install the udev rules (on Debian and Ubuntu the package"
    " android-sdk-platform-tools-common), then plug it in again",
    "recovery": "start the phone normally",
    "sideload": "start the phone normally",
    "bootloader": "start the phone normally",
}
"""What to do about each state in which adb sees a phone and cannot use it."""


class CableLost(Exception):
    """An answer came without its end."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of `adb devices`: a phone and its state; `device` means ready."""

    serial: str
    state: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command on the phone wrote, and its exit code as the phone's own shell saw it."""

    output: bytes
    code: int
    errors: str


@dataclass(frozen=True, slots=True)
class Client:
    """One phone through one adb program. `serial` is what adb calls it, which over Wi-Fi is an address; `own_serial`,
    the number that the phone itself told, is that of no other one; None before it was asked, or where it told none.
    """

    adb: str
    serial: str
    own_serial: str | None = None

    def command(self, script: str, end: str) -> list[str]:
        """The command line that runs `script` on the phone, if it is still the same one, followed by its trailer."""
        whole = f"{{ {script}\n}}"
        if self.own_serial is not None:
            is_it = f'[ "$(getprop ro.serialno)" = {shlex.quote(self.own_serial)} ]'
            whole = f"if {is_it}; then {whole}; else (exit {_OTHER_PHONE}); fi"
        # -T: no terminal, so that bytes pass as they are and standard input reaches the phone and ends.
        return [*(self.adb, "-s", self.serial, "shell", "-T"), f"{whole}; printf '\\0{end} %d\\0' $?"]

    def demand_same_phone(self, code: int) -> None:
        """Raises: ListingCut where a command ended with this code because another phone has taken the place of ours."""
        if code == _OTHER_PHONE and self.own_serial is not None:
            raise ListingCut(
                f"another phone than {self.own_serial} answers at {self.serial} now; connect that one again, and run"
                " the same command again"
            )

    def run(self, script: str, names: bytes = b"", seconds: float = COMMAND_SECONDS) -> Answer:
        """Runs a shell script on the phone, once, with `names` as its standard input.

        Raises: CableLost where the answer is not whole; ListingCut where another phone answers.
        """
        end, seconds = new_end(), min(seconds, MOST_SECONDS)
        try:
            done = subprocess.run(self.command(script, end), input=names, capture_output=True, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise CableLost(f"the phone did not answer within {seconds:.0f} s") from error
        match = re.search(rb"\0" + end.encode() + rb" (\d+)\0$", done.stdout)
        errors = done.stderr.decode("utf-8", "replace").strip()
        if match is None:
            raise CableLost(errors.splitlines()[-1] if errors else "the answer of the phone was cut off")
        self.demand_same_phone(int(match[1]))
        return Answer(done.stdout[: match.start()], int(match[1]), errors)

    def insist(self, work: Callable[[], T]) -> T:
        """The result of `work`, begun again where the cable was lost and the phone came back.

        Raises: ListingCut where it did not come back, or is lost again and again.
        """
        for attempt in range(RETRIES + 1):
            try:
                return work()
            except CableLost as error:
                reason = str(error)
            if attempt < RETRIES and not self.wait():
                break
        raise ListingCut(
            f"the phone {self.serial} was lost ({reason}); check the cable, unlock the phone, and run the same command"
            " again: it goes on where it stopped"
        )

    def wait(self) -> bool:
        """Whether the phone is there again within WAIT_SECONDS."""
        until = time.monotonic() + WAIT_SECONDS
        while True:
            if ":" in self.serial and self._quiet("get-state") != "device":
                # A phone over Wi-Fi is not found again by itself; a stale connection is in the way of a new one.
                self._quiet("disconnect", self.serial)
                self._quiet("connect", self.serial)
            if self._quiet("get-state") == "device":
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.3)

    def _quiet(self, *words: str) -> str:
        chosen = () if words[0] in ("connect", "disconnect") else ("-s", self.serial)
        try:
            done = subprocess.run([self.adb, *chosen, *words], capture_output=True, text=True, timeout=20)
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout.strip()


def new_end() -> str:
    """A trailer that no file holds by chance."""
    return "END-" + secrets.token_hex(8)


def find_adb(option: str | None = None) -> str:
    """The adb program: as named, else as `ADB` in the environment says, else from PATH, else adbutils' own.

    Raises: BadPlace where there is none, with how to get one.
    """
    for named in (option, os.environ.get("ADB")):
        if named:
            if found := shutil.which(named):
                return found
            raise BadPlace(f"there is no adb program at {named}; check the name")
    if found := shutil.which("adb"):
        return found
    try:
        return str(Path(importlib.import_module("adbutils").adb_path()))
    except (ImportError, OSError, RuntimeError) as error:
        raise BadPlace(
            "adb is not installed; install it with `pip install 'auditor[adb]'`, or your system's package `adb`"
        ) from error


def devices(adb: str, seconds: float = 60) -> tuple[Seen, ...]:
    """The phones that adb sees, ready or not.

    Raises: BadPlace where adb cannot be run, or gives no answer within `seconds`.
    """
    try:
        done = subprocess.run([adb, "devices", "-l"], capture_output=True, text=True, timeout=seconds, errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadPlace(f"{adb} does not answer ({error}); stop other phone programs and try again") from error
    if done.returncode != 0:
        raise BadPlace(f"adb does not work: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return parse_devices(done.stdout)


def parse_devices(text: str) -> tuple[Seen, ...]:
    """The phones in the output of `adb devices -l`."""
    found = []
    for line in text.splitlines():
        # `no permissions (udev ...); see [...]` holds spaces, `????????????` is a serial that may not be read.
        match = re.match(r"(\S+)\s+(no permissions|\w+)(.*)", line)
        if match and not line.startswith(("List of", "*")):
            model = re.search(r"\bmodel:(\S+)", match[3])
            found.append(Seen(match[1], match[2], model[1].replace("_", " ") if model else None))
    return tuple(found)


def choose(adb: str, serial: str) -> str:
    """The serial of the phone meant: the named one, or the only one that is there.

    A serial of the form HOST:PORT is connected to first. Raises: BadPlace where it is not there, not ready, or not the
    only one, with what to do.
    """
    if serial.startswith("-"):
        raise BadPlace(f"adb:{serial} names no phone: a serial number does not begin with `-`, an option does")
    if ":" in serial and serial not in {seen.serial for seen in devices(adb) if seen.state == "device"}:
        subprocess.run([adb, "connect", serial], capture_output=True, timeout=60)
    seen = devices(adb)
    if serial:
        chosen = [phone for phone in seen if phone.serial == serial]
        if not chosen:
            others = ", ".join(phone.serial for phone in seen) or "none"
            raise BadPlace(f"adb sees no phone {serial} (it sees: {others}); check the cable and USB debugging")
    else:
        chosen = [phone for phone in seen if phone.state == "device"] or list(seen)
        if len(chosen) > 1:
            names = ", ".join(f"adb:{phone.serial}" for phone in chosen)
            raise BadPlace(f"several phones are connected; name one of them: {names}")
        if not chosen:
            raise BadPlace(
                "no phone is connected; plug it in, unlock it, and switch on USB debugging in its developer options"
                " (`auditor doctor` tells more)"
            )
    phone = chosen[0]
    if phone.state != "device":
        remedy = REMEDIES.get(phone.state, "unplug it, plug it in again, and look at its screen")
        raise BadPlace(f"the phone {phone.serial} is {phone.state}: {remedy}")
    return phone.serial
