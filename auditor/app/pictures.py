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
_LIST = "source.jsonl"
_ALONE = asyncio.Semaphore(1)
"""Two at once would only take the disk from one another."""


@dataclass(slots=True)
class _Page:
    """The pictures of one page by their rows. `said` is why there are none, as a sentence."""

    made: dict[int, asyncio.Future[bytes | None]]
    work: asyncio.Task[None] | None = None
    said: str = ""


@dataclass(slots=True)
class Pages:
    """The pages whose pictures are kept."""

    _pages: OrderedDict[tuple[Path, tuple[int, ...], int], _Page] = field(default_factory=OrderedDict)

    async def picture(self, folder: Path, row: int, rows: Sequence[int], side: int) -> tuple[bytes | None, str]:
        """The picture of a row of an audit's list, a WebP, with those of the page's other `rows`; None where nothing
        can be shown, and then perhaps a sentence that says why."""
        key = (folder, tuple(rows), side)
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = _Page({one: asyncio.get_running_loop().create_future() for one in rows})
            page.work = asyncio.create_task(_make(page, folder, side))
        self._pages.move_to_end(key)
        while len(self._pages) > _KEPT:
            _, old = self._pages.popitem(last=False)
            if old.work is not None:
                old.work.cancel()
        made = await asyncio.shield(page.made[row])
        if page.said and self._pages.get(key) is page:
            del self._pages[key]  # what is not there now may be there soon
        return made, page.said


async def _make(page: _Page, folder: Path, side: int) -> None:
    try:
        async with _ALONE:
            with tempfile.TemporaryDirectory(prefix="auditor-") as out:
                rows = map(str, page.made)
                words = (
                    "manifest",
                    "pictures",
                    "--events",
                    "-o",
                    out,
                    "--side",
                    str(side),
                    "--",
                    str(folder / _LIST),
                    *rows,
                )
                async for event in commands.events(*words):
                    if event.get("event") == "picture":
                        _keep(page, int(event["row"]), event.get("file"))
                    elif event.get("event") == "failed":
                        page.said = str(event.get("sentence") or "")
    finally:
        for waiting in page.made.values():
            if not waiting.done():
                waiting.set_result(None)


def _keep(page: _Page, row: int, file: str | None) -> None:
    content = None
    if file is not None:
        with contextlib.suppress(OSError):
            content = Path(file).read_bytes()
    if not page.made[row].done():
        page.made[row].set_result(content)
