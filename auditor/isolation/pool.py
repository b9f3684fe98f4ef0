"""Isolated processes for hostile files: limits of memory, CPU and time, and a death costs its own file only.

Each worker has a pipe of its own and answers file by file, so that the parent knows which file a worker died of. (The
pools of `concurrent.futures` and Pebble break or lose a whole batch then.)
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
import types
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, ClassVar, Generic, TypeVar

from auditor.isolation import limits

FILES_A_WORKER = 2000
"""A worker is replaced after so many files, so that what decoders leak does not add up."""

BATCH_FILES = 16
BATCH_BYTES = 4 << 20
"""Small files go to a worker in batches of at most so many files and bytes; a larger file goes alone."""

STILLBORN = 5
"""So many workers in a row that die before they can take a file mean that none ever will."""

_AHEAD = 4096
"""Results that may wait for the one before them: a long video must not keep the other workers idle."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Died:
    """What came of a file whose worker did not answer, not when it was tried once more in a fresh process either."""

    reason: str


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One file's work. `size_bytes` sets its limits and whether it shares a batch with others."""

    argument: T
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Known(Generic[R]):
    """A result that needs no work; it only keeps its place in the order."""

    result: R
    done: ClassVar[bool] = True


def default_jobs() -> int:
    """As many workers as the machine has cores, eight at most: disks and memory are the limit beyond that."""
    with contextlib.suppress(AttributeError):
        return max(1, min(8, len(os.sched_getaffinity(0))))
    return max(1, min(8, os.cpu_count() or 1))


def run(
    function: Callable[[T], R],
    jobs: Iterable[Job[T] | Known[R]],
    *,
    workers: int,
    fallback: Callable[[T, str], R] | None = None,
    preload: Sequence[str] = (),
) -> Generator[R | Died, None, None]:
    """Calls `function` on every job in separate processes and yields the results in the order of the jobs.

    `function` and `fallback` must be importable. A job whose process dies, outlasts its limits or runs out of memory
    is tried once more in a fresh process, then with `fallback`, which is told why; if that fails too, its result is
    `Died`. Any other exception of `function` is the caller's bug and is raised here. Jobs are drawn only as far ahead
    as the workers need, and no process is started before the first job. `preload` names modules that every worker will
    want.
    """
    pool: _Pool[T, R] = _Pool(function, fallback, workers, _context(preload))
    source = iter(jobs)
    drained = False
    try:
        while True:
            while not drained and pool.wants_more():
                drained = not pool.take(next(source, None))
            while pool.order and pool.order[0].done:
                yield pool.order.popleft().result  # type: ignore[misc]
            if drained and not pool.order:
                break
            if pool.order and not pool.order[0].done:
                pool.advance()
        pool.dismiss()
    finally:
        pool.kill()


@dataclass(slots=True, eq=False)
class _Slot(Generic[T, R]):
    """One place in the order of the results."""

    job: Job[T]
    result: R | Died | None = None
    done: bool = False
    deaths: int = 0
    reason: str = ""


@dataclass(slots=True, eq=False)
class _Worker(Generic[T, R]):
    """A process and the files it was given and has not answered, the one it works on first."""

    process: Any
    pipe: Connection
    given: deque[_Slot[T, R]] = field(default_factory=deque)
    answered: int = 0
    ready: bool = False
    deadline: float = 0.0
    overdue: bool = False


class _Pool(Generic[T, R]):
    """The workers, and the slots in their order. All of it runs in the caller's thread."""

    def __init__(
        self, function: Callable[[T], R], fallback: Callable[[T, str], R] | None, size: int, context: Any
    ) -> None:
        self.order: deque[_Slot[T, R] | Known[R]] = deque()
        self._functions = (function, fallback)
        self._size = size
        self._context = context
        self._workers: list[_Worker[T, R]] = []
        self._queue: deque[_Slot[T, R]] = deque()
        self._queued_bytes = 0
        self._stillborn = 0

    def wants_more(self) -> bool:
        """Whether more jobs should be drawn, so that no worker ever waits for one."""
        if len(self.order) >= _AHEAD:
            return False
        return self._queued_bytes < self._size * BATCH_BYTES and len(self._queue) < self._size * BATCH_FILES

    def take(self, item: Job[T] | Known[R] | None) -> bool:
        """Puts the next job in the order; False where there was none."""
        if item is None:
            return False
        if isinstance(item, Known):
            self.order.append(item)
            return True
        slot: _Slot[T, R] = _Slot(item)
        self.order.append(slot)
        self._queue.append(slot)
        self._queued_bytes += item.size_bytes
        return True

    def advance(self) -> None:
        """Gives out work and waits until something happened: an answer, a death, or a limit that ran out."""
        self._staff()
        for worker in self._workers:
            self._give(worker)
        now = time.monotonic()
        timeout = max(0.0, min((w.deadline for w in self._workers if w.given), default=now + 1.0) - now)
        for pipe in wait([w.pipe for w in self._workers], timeout):
            self._hear(next(w for w in self._workers if w.pipe is pipe))
        now = time.monotonic()
        for worker in [w for w in self._workers if w.given and w.deadline <= now]:
            worker.overdue = True
            worker.process.kill()
            self._bury(worker)

    def dismiss(self) -> None:
        """Lets the workers end by themselves."""
        for worker in self._workers:
            with contextlib.suppress(OSError):
                worker.pipe.send(None)
        for worker in self._workers:
            worker.process.join(5)

    def kill(self) -> None:
        """Ends every worker at once."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.pipe.close()
            worker.process.join(5)  # one that hangs in the kernel is left behind rather than waited for
        self._workers.clear()

    def _staff(self) -> None:
        busy = sum(1 for w in self._workers if w.given)
        # No more processes than there are files to read.
        while len(self._workers) < min(self._size, busy + len(self._queue)):
            ours, theirs = self._context.Pipe()
            process = self._context.Process(target=_serve, args=(theirs, self._functions), daemon=True)
            with _no_main_module(), _unheard():
                process.start()
            theirs.close()
            self._workers.append(_Worker(process, ours))

    def _give(self, worker: _Worker[T, R]) -> None:
        """Gives an idle worker one large file or a batch of small ones.

        Never one that still works: both ends might then wait for the other to empty a full pipe.
        """
        if worker.given or not self._queue:
            return
        size = 0
        while self._queue and len(worker.given) < BATCH_FILES:
            slot = self._queue[0]
            # A file that a worker died of is tried alone: nothing else should share its fate.
            if worker.given and (slot.deaths or worker.given[0].deaths or size + slot.job.size_bytes > BATCH_BYTES):
                break
            worker.given.append(self._queue.popleft())
            size += slot.job.size_bytes
        self._queued_bytes -= size
        worker.deadline = time.monotonic() + limits.wall_seconds(worker.given[0].job.size_bytes)
        message = [(s.job.argument, s.job.size_bytes, s.reason if s.deaths > 1 else None) for s in worker.given]
        with contextlib.suppress(ConnectionError):  # one that died meanwhile is heard of by its pipe's end
            worker.pipe.send(message)

    def _hear(self, worker: _Worker[T, R]) -> None:
        answers = []
        dead = False
        try:
            while worker.pipe.poll():
                answers.append(worker.pipe.recv())
        except (EOFError, OSError):
            dead = True
        for word, value in answers:
            self._answer(worker, word, value)
        if dead:
            self._bury(worker)
            return
        if worker.answered >= FILES_A_WORKER and not worker.given:
            with contextlib.suppress(OSError):
                worker.pipe.send(None)
            self._workers.remove(worker)
            worker.process.join(5)
            worker.pipe.close()

    def _answer(self, worker: _Worker[T, R], word: str, value: Any) -> None:
        if word == "ready":
            worker.ready = True
            self._stillborn = 0
            return
        if word == "raised":
            raise value
        slot = worker.given.popleft()
        worker.answered += 1
        slot.result, slot.done = value, True
        if worker.given:
            worker.deadline = time.monotonic() + limits.wall_seconds(worker.given[0].job.size_bytes)

    def _bury(self, worker: _Worker[T, R]) -> None:
        """Takes a dead worker out: the file it worked on is to be tried again or lost, the others only go back."""
        self._workers.remove(worker)
        worker.process.join(5)
        worker.pipe.close()
        if not worker.ready and not worker.overdue:
            self._stillborn += 1
            if self._stillborn >= STILLBORN:
                raise RuntimeError(f"worker processes end before they begin (exit code {worker.process.exitcode})")
        for slot in reversed(list(worker.given)[1 if worker.ready or worker.overdue else 0 :]):
            self._again(slot)
        if worker.given and (worker.ready or worker.overdue):
            reason = "it took longer than its time limit" if worker.overdue else limits.death(worker.process.exitcode)
            self._lost(worker.given[0], reason)

    def _lost(self, slot: _Slot[T, R], reason: str) -> None:
        slot.deaths += 1
        slot.reason = reason
        if slot.deaths < (3 if self._functions[1] else 2):
            self._again(slot)
        else:
            slot.result, slot.done = Died(reason), True

    def _again(self, slot: _Slot[T, R]) -> None:
        self._queue.appendleft(slot)
        self._queued_bytes += slot.job.size_bytes


def _serve(pipe: Connection, functions: tuple[Callable[[Any], Any], Callable[[Any, str], Any] | None]) -> None:
    """What a worker does: takes batches until it is told to end or its parent is gone."""
    limits.of_process()
    limits.keep_heap()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, ConnectionError):
        pipe.send(("ready", None))
        while (batch := pipe.recv()) is not None:
            for argument, size_bytes, reason in batch:
                limits.of_file(size_bytes)
                pipe.send(_answer(functions, argument, reason))


def _answer(
    functions: tuple[Callable[[Any], Any], Callable[[Any, str], Any] | None], argument: Any, reason: str | None
) -> tuple[str, Any]:
    function, fallback = functions
    try:
        return "result", fallback(argument, reason) if fallback and reason else function(argument)
    except MemoryError:
        os._exit(limits.NO_MEMORY)
    except Exception as error:
        error.add_note(traceback.format_exc())
        return "raised", error


def _end_with_parent() -> None:
    """A worker may hang in a file when its parent is killed: nobody would end it then."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _context(preload: Sequence[str]) -> Any:
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Keeps Ctrl-C from a process that is being started, until it says itself that it does not listen.

    The server that forks the workers imports them first, and would answer with a traceback.
    """
    if sys.platform == "win32":
        yield
        return
    if sys.platform == "linux":
        # It blocks and frees the same signals when it starts, so it must be there before.
        resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _no_main_module() -> Iterator[None]:
    """Keeps a new process from running the caller's script once more: what it needs is importable."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
