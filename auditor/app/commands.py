"""The program's own commands, as the app starts them: what it knows, they said (docs/automation.md)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from platformdirs import user_documents_path
from starlette.concurrency import run_in_threadpool

from auditor import config
from auditor.errors import AuditorError

_LONGEST_LINE = 1 << 20
_DIES_S = 5.0
_MOST_S = 60.0
"""A command that ends soon has ended by then."""


class NoHome(AuditorError):
    """Reports cannot go where they are to go; the text is the sentence for people."""


class NoAnswer(AuditorError):
    """A command could not say what it was asked; the text is the sentence for people."""


def argv(*words: str) -> list[str]:
    """How a command of this very program is started. Nothing in the current folder is loaded as a part of it."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *words]
    return [sys.executable, "-P", "-m", "auditor", *words]


def home() -> Path:
    """Where commands run, and with that where reports go: the config's home of reports, or Auditor among the documents.

    Raises: BadConfig where the config cannot be understood; NoHome where the folder is not there and cannot be made.
    """
    folder = config.load().reports or user_documents_path() / "Auditor"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return folder.resolve(strict=True)  # as the commands that run there call it
    except OSError as error:
        raise NoHome(
            f"Reports lie in {folder}, which cannot be used: {error.strerror}. Connect its disk, or name another folder"
            " in Settings."
        ) from error


def _folder() -> Path:
    """Where a command runs that writes no report: it can be asked without a home, too."""
    try:
        return home()
    except NoHome:
        return Path.home()


async def events(*words: str) -> AsyncGenerator[dict[str, Any], None]:
    """What a command with `--events` says, while it says it; it is ended where nobody listens any more."""
    process = await _started(*words)
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            with contextlib.suppress(ValueError):
                if isinstance(event := json.loads(line), dict):
                    yield event
    finally:
        await _ended(process)


def ask(*words: str) -> dict[str, Any]:
    """The object that a short command says with `--json`. Waits for it: no coroutine asks.

    Raises: NoAnswer where it failed, said none or took too long.
    """
    process = subprocess.Popen(
        argv(words[0], "--json", *words[1:]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_folder(),
    )
    _asked.add(process)
    try:
        said, _ = process.communicate(timeout=_MOST_S)
        answer = json.loads(said)
    except subprocess.TimeoutExpired as error:
        raise NoAnswer(f"{_ASKED_FOR.get(words[0], 'Auditor')} took longer than a minute.") from error
    except ValueError as error:
        raise NoAnswer(
            f"{_ASKED_FOR.get(words[0], 'Auditor')} ended without an answer. Load the page again."
        ) from error
    finally:
        _asked.discard(process)
        if process.poll() is None:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # one in the kernel's hands does not even die
                process.communicate(timeout=_DIES_S)
    if not isinstance(answer, dict) or answer.get("event") != "result":
        raise NoAnswer(str(answer.get("sentence")) if isinstance(answer, dict) else "It made no sense.")
    return answer


_ASKED_FOR = {
    "history": "The list of checks",
    "places": "The search for phones and disks",
    "report": "The check of this report",
}
"""What people are told of by the command that does it."""
_asked: set[subprocess.Popen[bytes]] = set()


def end() -> None:
    """Ends what was asked and has not answered yet: the server ends, and nobody waits for it."""
    for process in list(_asked):
        process.kill()


async def _started(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *argv(*words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=await run_in_threadpool(home),
        limit=_LONGEST_LINE,
    )


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        with contextlib.suppress(TimeoutError):  # one in the kernel's hands does not even die
            await asyncio.wait_for(process.communicate(), _DIES_S)  # closes its pipes, before the loop that they are of
