"""The copier's workers as the parent sees them: processes that work side by side and are ended when they hang."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from auditor.copier.messages import Answer, Arrived, Bring, Cause, Checked, Done, Failed, Setup, Task
from auditor.disk.durable import WasRead
from auditor.isolation import limits
from auditor.isolation.heartbeat import Beat, Heartbeat, Stage

SYNC_S = 900.0
"""How long a slow stick may take to write out what the system holds back."""

SLOWEST_BYTES_S = 1_000_000
"""A mount may fetch a whole file before it opens it: no slower than this."""

_LOOK_EVERY_S = 0.1

WORKER_MODULE = "auditor.copier.worker"
"""What a worker runs."""

_GIVE_UP_WAITING_S = 0.5


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker is gone. `lost` is the file it was at (None: at none), `unanswered` the rest of its task, `temps` the
    temporary files that may be left half written."""

    lost: Failed | None
    unanswered: Task
    temps: tuple[str, ...] = ()


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    inlet: IO[bytes]
    heartbeat: Heartbeat
    task: Task | None = None
    open_numbers: dict[int, int] = field(default_factory=dict)  # file number -> its size; what is unanswered
    arrived: dict[int, Arrived] = field(default_factory=dict)
    beats: int = 0
    deadline: float = 0.0

    @property
    def at(self) -> Beat | None:
        """What it is doing, or did last; None if it has not begun."""
        return self.heartbeat.look()[1]


class Workers:
    """A few workers for one setup. Use as a context; on leaving, every process is gone.

    `hang_s` is how long a worker may give no sign of life while it opens or reads a file; the file it was at is then
    answered as hung and the worker is replaced.
    """

    def __init__(self, setup: Setup, count: int, hang_s: float) -> None:
        self._setup, self._count, self._hang_s = setup, count, hang_s
        self._answers: queue.SimpleQueue[tuple[_Worker, Answer | None]] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._started = 0

    def __enter__(self) -> Workers:
        self._room = tempfile.TemporaryDirectory(prefix="auditor-")
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            with contextlib.suppress(OSError):
                worker.inlet.close()
        for worker in self._workers:
            if worker.task is not None:
                worker.process.kill()
            _reap(worker.process)
            worker.heartbeat.close()
        self._workers.clear()
        self._room.cleanup()

    @property
    def idle(self) -> int:
        """How many tasks could be given now."""
        return self._count - self.busy

    @property
    def busy(self) -> int:
        """How many tasks are being worked on."""
        return sum(worker.task is not None for worker in self._workers)

    def give(self, task: Task) -> None:
        """Gives a task to a free worker; its answers come from `answer`."""
        worker = next((h for h in self._workers if h.task is None), None)
        if worker is None:
            worker = self._start()
        worker.task = task
        worker.arrived = {b.number: b.arrived for b in task.brings if b.arrived}
        worker.open_numbers = {b.number: b.size_bytes or 0 for b in task.brings}
        worker.open_numbers |= {r.number: r.size_bytes or 0 for r in task.reads}
        worker.deadline = time.monotonic() + self._hang_s + 30  # a cold start on a busy machine
        with contextlib.suppress(BrokenPipeError):  # its end comes as an answer
            pickle.dump(task, worker.inlet, protocol=pickle.HIGHEST_PROTOCOL)
            worker.inlet.flush()

    def answer(self, wait_s: float) -> Answer | Ended | None:
        """The next answer of any worker, or that one is gone; None when none came in time."""
        try:
            worker, answer = self._answers.get(timeout=min(wait_s, _LOOK_EVERY_S))
        except queue.Empty:
            return self._look()
        if worker not in self._workers:
            return None
        if answer is None:
            if worker.task is None:
                self._workers.remove(worker)
                return None
            return self._end(worker, hung=False)
        match answer:
            case Arrived(number):
                worker.arrived[number] = answer
            case Checked(arrived):
                worker.open_numbers.pop(arrived.number, None)
                worker.arrived.pop(arrived.number, None)
            case WasRead(number) | Failed(number):
                worker.open_numbers.pop(number, None)
                worker.arrived.pop(number, None)
            case Done():
                worker.task = None
        return answer

    def at_work(self) -> list[Beat]:
        """What each busy worker is doing."""
        return [at for worker in self._workers if worker.task is not None and (at := worker.at) is not None]

    def _look(self) -> Ended | None:
        """Looks for signs of life; ends a worker that gave none for too long."""
        now = time.monotonic()
        for worker in self._workers:
            if worker.task is None:
                continue
            beats, at = worker.heartbeat.look()
            if beats != worker.beats and at is not None:
                worker.beats = beats
                worker.deadline = now + self._limit_s(worker, at)
            elif now >= worker.deadline:
                return self._end(worker, hung=True)
        return None

    def _limit_s(self, worker: _Worker, at: Beat) -> float:
        if at.stage is Stage.OPEN:
            return self._hang_s + worker.open_numbers.get(at.number, 0) / SLOWEST_BYTES_S
        if at.stage is Stage.SYNC:
            return max(self._hang_s, SYNC_S)
        if at.stage is Stage.CHECK and self._setup.examine is not None:
            return self._hang_s + limits.wall_seconds(worker.open_numbers.get(at.number, 0))
        return self._hang_s

    def _end(self, worker: _Worker, hung: bool) -> Ended:
        self._workers.remove(worker)
        worker.process.kill()
        with contextlib.suppress(OSError):
            worker.inlet.close()
        _reap(worker.process)
        assert worker.task is not None
        lost = None
        at = worker.at if worker.heartbeat.look()[0] else None
        if at is not None and at.number in worker.open_numbers:
            lost = self._blame(at, hung)
        elif worker.open_numbers:  # it died before its first word
            lost = Failed(
                next(iter(worker.open_numbers)), Cause.DIED, "the process that copies did not start", again=True
            )
        if lost is not None:
            del worker.open_numbers[lost.number]
            worker.arrived.pop(lost.number, None)
        temps = (
            bring.temp
            for bring in worker.task.brings
            if bring.number not in worker.arrived and (bring.number in worker.open_numbers or _is(lost, bring))
        )
        left = set(worker.open_numbers)
        return Ended(
            lost,
            Task(
                tuple(replace(b, arrived=worker.arrived.get(b.number)) for b in worker.task.brings if b.number in left),
                tuple(r for r in worker.task.reads if r.number in left),
            ),
            tuple(temps),
        )

    def _blame(self, at: Beat, hung: bool) -> Failed:
        if not hung:
            looked = at.stage is Stage.CHECK and self._setup.examine is not None
            reason = "looking into it ended the process" if looked else f"the process died while {at.stage.value} it"
            return Failed(at.number, Cause.DIED, reason, again=True)
        looked = at.stage is Stage.CHECK and self._setup.examine is not None
        return Failed(
            at.number,
            Cause.HUNG,
            f"{at.stage.value} it gave no answer for {self._hang_s:.0f} s",
            again=looked,  # then it can be had without the look
        )

    def _start(self) -> _Worker:
        self._started += 1
        path = Path(self._room.name) / str(self._started)
        heartbeat = Heartbeat.make(path)
        process = subprocess.Popen(
            [sys.executable, "-X", "utf8", "-m", WORKER_MODULE, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p or str(Path.cwd()) for p in sys.path)},
            start_new_session=sys.platform != "win32",
        )
        assert process.stdin is not None and process.stdout is not None
        worker = _Worker(process, process.stdin, heartbeat)
        self._workers.append(worker)
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(self._setup, worker.inlet, protocol=pickle.HIGHEST_PROTOCOL)
        threading.Thread(target=self._listen, args=(worker, process.stdout), daemon=True).start()
        return worker

    def _listen(self, worker: _Worker, outlet: IO[bytes]) -> None:
        try:
            while True:
                self._answers.put((worker, pickle.load(outlet)))  # noqa: S301 (from our own child)
        except (EOFError, OSError, pickle.UnpicklingError, ValueError):
            self._answers.put((worker, None))


def _is(lost: Failed | None, bring: Bring) -> bool:
    return lost is not None and lost.number == bring.number


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Waits for a process that was told to end; one that the kernel cannot end (a dead device) is left behind."""
    try:
        process.wait(timeout=_GIVE_UP_WAITING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_GIVE_UP_WAITING_S)
