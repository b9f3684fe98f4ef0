"""Pictures of an audit's files, by the row of its list: `auditor manifest pictures` makes them, bare, in workers. Those
of one page are made together; a browser asks for each of them alone."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.app import commands

SMALL, LARGE = 320, 1600
"""The longest side of a picture among others, and of one alone, in pixels."""
_KEPT = 6
"""The pictures of so many pages are kept, those that were looked at last."""
_MOST_S = 180.0
"""A page takes no longer, or its disk hangs."""
_LIST = "source.jsonl"
_HANGS = "The pictures took too long: does the disk with the phone's files answer?"
_ENDED = "The pictures could not be made. Load the page again."


@dataclass(slots=True)
class _Page:
    """The pictures of one page by their rows. `said` is why there are none, as a sentence."""

    made: dict[int, asyncio.Future[bytes | None]]
    work: asyncio.Task[None] | None = None
    said: str = ""


@dataclass(slots=True)
class Pages:
    """The pages whose pictures are kept. Two are never made at once: they would only take the disk from one another."""

    _pages: OrderedDict[tuple[Path, tuple[int, ...], int], _Page] = field(default_factory=OrderedDict)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def picture(self, folder: Path, row: int, rows: Sequence[int], side: int) -> tuple[bytes | None, str]:
        """The picture of a row of an audit's list, a WebP, with those of the page's other `rows`; None where nothing
        can be shown, and then perhaps a sentence that says why."""
        key = (folder, tuple(rows), side)
        page = self._pages.get(key)
        if page is None or (page.said and page.work is not None and page.work.done()):
            page = self._pages[key] = _Page({one: asyncio.get_running_loop().create_future() for one in rows})
            page.work = asyncio.create_task(_make(page, folder, side, self._alone))
        self._pages.move_to_end(key)
        for old in [one for one, its in self._pages.items() if its.work is not None and its.work.done()][:-_KEPT]:
            del self._pages[old]
        made = await asyncio.shield(page.made[row])
        return made, page.said


async def _make(page: _Page, folder: Path, side: int, alone: asyncio.Lock) -> None:
    """Makes the pictures of a page. Whatever comes of it, nobody waits for one for ever."""
    try:
        async with alone, asyncio.timeout(_MOST_S):
            page.said = await _told(page, folder, side)
    except TimeoutError:
        page.said = _HANGS
    except OSError as error:
        page.said = f"The pictures could not be made: {error.strerror}."
    finally:
        for waiting in page.made.values():
            if not waiting.done():
                waiting.set_result(None)


async def _told(page: _Page, folder: Path, side: int) -> str:
    """Why not all could be made, as the command says; empty where it came to its end."""
    said = _ENDED
    with tempfile.TemporaryDirectory(prefix="auditor-") as out:
        rows = map(str, page.made)
        words = ("manifest", "pictures", "--events", "-o", out, "--side", str(side), "--", str(folder / _LIST), *rows)
        async for event in commands.events(*words):
            match event.get("event"):
                case "picture":
                    _keep(page, int(event["row"]), event.get("file"))
                case "result":
                    said = ""
                case "failed":
                    said = str(event.get("sentence") or said)
    return said


def _keep(page: _Page, row: int, file: str | None) -> None:
    content = None
    if file is not None:
        with contextlib.suppress(OSError):
            content = Path(file).read_bytes()
    if not page.made[row].done():
        page.made[row].set_result(content)
