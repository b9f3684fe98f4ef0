"""Isolated processes for hostile files: limits of memory, CPU and time, and a death costs its own file only.

The pool is Pebble's; what is ours is the batching of small files, the limits, and trying a file once more alone.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, TimeoutError
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

if sys.platform != "win32":
    import resource  # elsewhere only the wall limit holds

MEMORY_BYTES = 3 << 30
"""Address space of a worker beyond the file it holds: one 200 MP HEIC fits, a bomb does not."""

FILES_A_WORKER = 500
"""A worker is replaced after so many tasks, so that what decoders leak does not add up."""

BATCH_FILES = 16
BATCH_BYTES = 4 << 20

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Died:
    """What came of a file whose worker did not answer, twice: once in a batch or alone, and once more alone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One file's work. `size_bytes` sets its limits and whether it shares a task with others."""

    argument: T
    size_bytes: int = 0


def wall_seconds(size_bytes: int) -> float:
    """The longest a file may take, hanging reads included."""
    return 60 + size_bytes / 250_000


def cpu_seconds(size_bytes: int) -> int:
    """The most CPU time that a file may cost."""
    return 30 + size_bytes // 250_000


def default_jobs() -> int:
    """As many workers as the machine has cores, eight at most: disks and memory are the limit beyond that."""
    with contextlib.suppress(AttributeError):
        return max(1, min(8, len(os.sched_getaffinity(0))))
    return max(1, min(8, os.cpu_count() or 1))


def run(
    function: Callable[[T], R], jobs: Iterable[Job[T]], *, workers: int, preload: Sequence[str] = ()
) -> Iterator[R | Died]:
    """Calls `function` on every job in separate processes and yields the results in the order of the jobs.

    `function` must be importable. A job whose process dies, runs out of its limits or raises MemoryError is tried once
    more alone; then its result is `Died`. Other exceptions of `function` are the caller's bugs and are raised. Jobs
    are drawn only as far ahead as the workers need. `preload` names modules that every worker will want.
    """
    context = _context(preload)
    pool = ProcessPool(max_workers=workers, max_tasks=FILES_A_WORKER, context=context, initializer=_limit_process)
    waiting: deque[tuple[list[Job[T]], Future[list[R]]]] = deque()

    def submit(batch: list[Job[T]]) -> Future[list[R]]:
        size = sum(job.size_bytes for job in batch)
        arguments = [job.argument for job in batch]
        future: Future[list[R]] = pool.schedule(
            _run_batch, args=[function, arguments, size], timeout=wall_seconds(size)
        )
        return future

    def collect(batch: list[Job[T]], future: Future[list[R]]) -> Iterator[R | Died]:
        outcome = _outcome(future)
        if not isinstance(outcome, Died):
            yield from outcome
            return
        for job in batch:
            again = _outcome(submit([job]))
            if isinstance(again, Died):
                yield again
            else:
                yield from again

    try:
        for batch in _batches(jobs):
            waiting.append((batch, submit(batch)))
            while len(waiting) > workers * 4:
                yield from collect(*waiting.popleft())
        while waiting:
            yield from collect(*waiting.popleft())
        pool.close()  # type: ignore[no-untyped-call]
    except BaseException:
        for _, future in waiting:
            future.cancel()
        pool.stop()  # type: ignore[no-untyped-call]
        raise
    finally:
        pool.join()


def _batches(jobs: Iterable[Job[T]]) -> Iterator[list[Job[T]]]:
    batch: list[Job[T]] = []
    size = 0
    for job in jobs:
        if batch and (len(batch) >= BATCH_FILES or size + job.size_bytes > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(job)
        size += job.size_bytes
    if batch:
        yield batch


def _outcome(future: Future[R]) -> R | Died:
    try:
        return future.result()
    except TimeoutError:
        return Died("it took longer than its time limit")
    except ProcessExpired as error:
        return Died(_death(error.exitcode))
    except (MemoryError, CancelledError):
        return Died("it needed more memory than its limit")


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            if name == "SIGXCPU":
                return "it took longer than its CPU limit"
            return f"the decoder died ({name})"
    return f"the decoder died (exit code {code})"


def _run_batch(function: Callable[[T], R], arguments: list[T], size: int) -> list[R]:
    _limit_task(size)
    return [function(argument) for argument in arguments]


def _limit_process() -> None:
    # Ctrl-C reaches the whole group; the parent alone decides what to do about it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_task(size: int) -> None:
    if sys.platform != "win32":
        usage = resource.getrusage(resource.RUSAGE_SELF)
        _soft_limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + cpu_seconds(size))
    if sys.platform == "linux":  # macOS counts shared system memory as address space
        _soft_limit(resource.RLIMIT_AS, MEMORY_BYTES + 3 * size)


def _soft_limit(which: int, value: int) -> None:
    if sys.platform != "win32":
        hard = resource.getrlimit(which)[1]
        resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _context(preload: Sequence[str]) -> Any:
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context
