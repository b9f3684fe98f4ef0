"""Pictures of an audit's files, by the row of its list: `auditor manifest pictures` makes them, bare, in workers. Those
of one page are made together; a browser asks for each of them alone."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from auditor.app import commands, temporary
from auditor.errors import AuditorError

SMALL, LARGE = 320, 1600
"""The longest side of a picture among others, and of one alone, in pixels."""
_KEPT = 6
"""The pictures of so many pages are kept, those that were looked at last."""
_MOST_S = 180.0
"""A page takes no longer, or its disk hangs."""
_FAILED_S = 10.0
"""A page that failed is not begun anew before: a browser asks for its pictures a few at a time."""
_LIST = "source.jsonl"
_HANGS = "The pictures took too long: does the disk with the phone's files answer?"
_ENDED = "The pictures could not be made. Load the page again."


@dataclass(slots=True)
class _Page:
    """The pictures of one page by their rows, and how many requests wait for one. `said` is why there are none, as a
    sentence, since `ended` of the monotonic clock."""

    made: dict[int, asyncio.Future[bytes | None]]
    waiting: int = 0
    work: asyncio.Task[None] | None = None
    said: str = ""
    ended: float = 0.0

    @property
    def is_to_begin_anew(self) -> bool:
        """Whether it failed, some seconds ago."""
        return bool(self.said) and not self.is_at_work and time.monotonic() - self.ended > _FAILED_S

    @property
    def is_at_work(self) -> bool:
        """Whether its pictures are being made."""
        return self.work is not None and not self.work.done()


@dataclass(slots=True)
class Pages:
    """The pages whose pictures are kept. Two are never made at once: they would only take the disk from one another.
    One that is enlarged does not wait for them."""

    _pages: OrderedDict[tuple[Path, tuple[int, ...], int], _Page] = field(default_factory=OrderedDict)
    _alone: dict[int, asyncio.Lock] = field(default_factory=lambda: {SMALL: asyncio.Lock(), LARGE: asyncio.Lock()})

    async def picture(self, folder: Path, row: int, rows: Sequence[int], side: int) -> tuple[bytes | None, str]:
        """The picture of a row of an audit's list, a WebP, with those of the page's other `rows`; None where nothing
        can be shown, and then perhaps a sentence that says why.

        Where it is cancelled and nobody else waits for that page, no more of it is made; nor once another page is
        asked for. What was made is kept, and the rest is made when somebody asks again.
        """
        key = (folder, tuple(rows), side)
        page = self._pages.get(key)
        if page is None or page.is_to_begin_anew:
            page = self._pages[key] = _Page(_wanted(rows, page))
        page.waiting += 1
        if not page.made[row].done() and not page.is_at_work:
            self._end_unwanted()
            page.work = asyncio.create_task(_make(page, folder, side, self._alone[side]))
        self._pages.move_to_end(key)
        for old in [one for one, its in self._pages.items() if not its.waiting][:-_KEPT]:
            del self._pages[old]
        try:
            made = await asyncio.shield(page.made[row])
        except asyncio.CancelledError:
            page.waiting -= 1
            self._end_unwanted()
            raise
        page.waiting -= 1
        return made, page.said

    def _end_unwanted(self) -> None:
        for page in self._pages.values():
            if page.work is not None and not page.waiting:
                page.work.cancel()
                page.work = None


def _wanted(rows: Sequence[int], failed: _Page | None) -> dict[int, asyncio.Future[bytes | None]]:
    """A place for the picture of each row, with those that were made before the rest failed."""
    made = {} if failed is None else {row: one for row, one in failed.made.items() if one.done() and one.result()}
    return {row: made.get(row) or asyncio.get_running_loop().create_future() for row in rows}


async def _make(page: _Page, folder: Path, side: int, alone: asyncio.Lock) -> None:
    """Makes the pictures of a page that are lacking. Whatever comes of it, nobody waits for one for ever."""
    try:
        async with alone, asyncio.timeout(_MOST_S):
            page.said = await _told(page, folder, side)
    except TimeoutError:
        page.said = _HANGS
    except OSError as error:
        page.said = f"The pictures could not be made: {error.strerror}."
    except AuditorError as error:
        page.said = str(error)
    finally:
        page.ended = time.monotonic()
        if page.work is asyncio.current_task():  # else nobody wanted them any more
            for waiting in page.made.values():
                if not waiting.done():
                    waiting.set_result(None)


async def _told(page: _Page, folder: Path, side: int) -> str:
    """Why not all could be made, as the command says; empty where it came to its end."""
    said, opened = _ENDED, temporary.folder()
    out = await run_in_threadpool(opened.__enter__)
    try:
        rows = [str(row) for row, made in page.made.items() if not made.done()]
        words = ("manifest", "pictures", "--events", "-o", str(out), "--side", str(side), "--", str(folder / _LIST))
        async with contextlib.aclosing(commands.events(*words, *rows)) as events:
            async for event in events:
                match event.get("event"):
                    case "picture":
                        await _keep(page, int(event["row"]), event.get("file"))
                    case "result":
                        said = ""
                    case "failed":
                        said = str(event.get("sentence") or said)
    finally:
        await run_in_threadpool(opened.__exit__, None, None, None)
    return said


async def _keep(page: _Page, row: int, file: str | None) -> None:
    content = None
    if file is not None:
        with contextlib.suppress(OSError):
            content = await run_in_threadpool(Path(file).read_bytes)
    if not page.made[row].done():
        page.made[row].set_result(content)
