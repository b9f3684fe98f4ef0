"""The copier's workers and those of the scan in this process: the same code, without the start of an interpreter
for each run. For tests that make many runs of tiny files; what dies or hangs has tests with real processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from auditor.copier import backup, execute, worker
from auditor.copier.messages import Answer, Setup, Task
from auditor.isolation import pool
from auditor.isolation.heartbeat import Beat


class Workers:
    """One worker that has done its task when it has taken it."""

    def __init__(self, setup: Setup, workers: int, hang_s: float) -> None:
        self._setup = setup
        self._answers: deque[Answer] = deque()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.clear()

    @property
    def idle(self) -> bool:
        return not self._answers

    @property
    def busy(self) -> bool:
        return bool(self._answers)

    def give(self, task: Task) -> None:
        worker.serve(task, self._setup, _Voice(self._answers))  # type: ignore[arg-type]

    def answer(self, wait_s: float) -> Answer | None:
        return self._answers.popleft() if self._answers else None

    def at_work(self) -> list[Beat]:
        return []


class _Voice:
    def __init__(self, answers: deque[Answer]) -> None:
        self._answers = answers

    def __call__(self, answer: Answer) -> None:
        self._answers.append(answer)

    def beat(self, *_: object) -> None:
        pass


def _run(function: Callable[[Any], Any], jobs: Iterable[Any], **_: object) -> Iterator[Any]:
    for job in jobs:
        yield function(job.argument) if isinstance(job, pool.Job) else job.result


def everything(patch: pytest.MonkeyPatch) -> None:
    """From here on, in this process."""
    patch.setattr(backup, "Workers", Workers)
    patch.setattr(execute, "Workers", Workers)
    patch.setattr(pool, "run", _run)
