"""Carries out a plan, file by file: several workers, batches, retries, pauses. One bad file never ends the run."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from auditor.copier.layout import Layout, natural_path
from auditor.copier.messages import Arrived, Bring, Cause, Checked, Done, Failed, Read, Setup, Task
from auditor.copier.plan import Action, CopyPlan, CopyStep
from auditor.copier.publish import CopyResult, Outcome, Publisher
from auditor.copier.workers import Ended, Workers
from auditor.disk import durable
from auditor.disk.durable import WasRead
from auditor.disk.names import escape_path
from auditor.disk.opened import Opened
from auditor.errors import BadManifest, BadPlace
from auditor.isolation.heartbeat import Stage
from auditor.places.presence import away

BATCH_FILES = 64
BATCH_BYTES = 256 << 20
TRIES = 3
READ_ONLY_S = 10.0
REPORT_EVERY_S = 0.1
BACK_OFF_S = (0.0, 1.0, 4.0)
"""Before the second try of a file nothing but the others is waited for; before the third, a moment."""

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `bytes` are those read of the source; `state` says why nothing moves, None while it does."""

    files: int
    total_files: int
    bytes: int
    total_bytes: int
    current: str
    failed: int
    state: str | None = None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes about it. Times in seconds.

    `wait_s`: how long to wait for a source or destination that was unplugged. `unplugged` says what is gone, None if
    nothing is. `stop` is asked between batches: True ends the run with everything so far safe.
    """

    workers: int = 2
    hang_s: float = 60.0
    wait_s: float = 60.0
    tries: int = TRIES
    unplugged: Callable[[], str | None] = lambda: None
    stop: Callable[[], bool] = lambda: False
    on_progress: Callable[[Progress], None] = lambda _: None
    sleep: Sleep = time.sleep


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. Steps without a result were left undone (`stopped`: on request or because of `gone`). `failed`:
    something did, be it that it came right when it was tried again. `other`: the steps, as they were planned, of which
    another file was read than the one that was listed, and `written` the paths of those that changed meanwhile."""

    results: tuple[CopyResult, ...]
    stopped: bool
    gone: str | None
    failed: bool = False
    other: tuple[CopyStep, ...] = ()
    written: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Run:
    plan: CopyPlan
    publisher: Publisher
    options: RunOptions
    steps: dict[int, CopyStep]
    planned: Mapping[int, CopyStep]
    queue: deque[tuple[CopyStep, Bring | None]]
    reads: deque[Read]
    total_bytes: int
    results: dict[int, CopyResult] = field(default_factory=dict)
    failed: int = 0
    tries: dict[int, int] = field(default_factory=dict)
    later: list[tuple[CopyStep, Bring | None]] = field(default_factory=list)
    checked: list[tuple[CopyStep, Checked]] = field(default_factory=list)
    held: list[tuple[CopyStep, str, str, int | None]] = field(default_factory=list)
    asked: dict[int, tuple[str, WasRead]] = field(default_factory=dict)  # held, if the backup's file is as stored
    repaired: dict[int, CopyResult] = field(default_factory=dict)  # and the same content is bad elsewhere too
    folders: dict[str, str] = field(default_factory=dict)
    given: dict[int, int] = field(default_factory=dict)  # file number -> how often a device had come back by then
    unsure: set[int] = field(default_factory=set)  # in hand when a device was away: read of whatever lay there then
    other: dict[int, CopyStep] = field(default_factory=dict)  # another file was read than was listed
    written: set[str] = field(default_factory=set)  # changed while they were read, be it that they came right later
    returns: int = 0
    partial: dict[int, int] = field(default_factory=dict)
    done_bytes: int = 0
    gone: str | None = None
    stopped: bool = False
    current: str = ""
    reported_at: float = 0.0


def execute(plan: CopyPlan, setup: Setup, publisher: Publisher, options: RunOptions) -> Ending:
    """Does what the plan says; a result for every step that reads a file, as far as the run came.

    A result COPIED or REPAIRED means that the file is durable under its name, was read back, and is written down.
    """
    to_do = plan.to_do
    run = _Run(
        plan,
        publisher,
        options,
        steps={step.number: step for step in to_do},
        planned={step.number: step for step in to_do},
        queue=deque((step, None) for step in to_do if step.action is not Action.COMPARE),
        reads=deque(Read(s.number, s.path, s.size_bytes) for s in to_do if s.action is Action.COMPARE),
        total_bytes=sum(step.size_bytes or 0 for step in to_do),
    )
    with Workers(setup, options.workers, options.hang_s) as workers:
        for attempt in range(options.tries):
            if attempt:
                _pause(run, BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            run.queue.extend(run.later)
            run.later = []
            _go(run, workers)
            if run.stopped or not run.later:
                break
    for _, bring in run.queue:
        if bring is not None and bring.arrived is not None:
            publisher.discard(bring.arrived.temp)
    run.partial.clear()
    options.on_progress(_progress(run))
    if run.gone is None and (gone := away(publisher.door)):  # nothing failed, but what was written went with it
        run.gone, run.stopped = gone, True
    results = {**run.repaired, **run.results}
    results_by_number = tuple(results[n] for n in sorted(results))
    other, written = tuple(run.other.values()), frozenset(run.written)
    return Ending(results_by_number, run.stopped, run.gone, bool(run.tries), other, written)


def _go(run: _Run, workers: Workers) -> None:
    """Works until nothing is queued and every worker is free, or the run is stopped and every worker has finished."""
    while True:
        run.stopped = run.stopped or run.options.stop()
        while workers.idle and not run.stopped and (task := _next_task(run)):
            workers.give(task)
            numbers = [b.number for b in task.brings] + [r.number for r in task.reads]
            run.given.update(dict.fromkeys(numbers, run.returns))
            run.unsure.difference_update(numbers)
        if not workers.busy:
            _publish(run)
            if run.stopped or not (run.queue or run.reads):
                return
            continue
        match workers.answer(wait_s=0.25):
            case (Checked(arrived=Arrived(number=number)) | WasRead(number=number)) as told if number in run.unsure:
                _again(run, told, run.steps[number])
            case Checked() as checked:
                run.checked.append((_as_opened(run, checked.arrived.number, checked.arrived.opened), checked))
            case WasRead() as read:
                _compared(run, read)
            case Failed() as failed:
                _failed(run, failed)
            case Done():
                _publish(run)
            case Ended() as ended:
                _ended(run, ended)
            case _:
                pass
        _report(run, workers)


def _next_task(run: _Run) -> Task | None:
    """The next batch: whole groups of files that belong together, small enough to spread over the workers. What may
    have been read of another source comes anew."""
    if run.reads:
        return Task(reads=tuple(run.reads.popleft() for _ in range(min(len(run.reads), BATCH_FILES))))
    if not run.queue:
        return None
    with contextlib.suppress(OSError, BadPlace):  # if it is gone, the workers say so of each file
        run.publisher.door.check()
    limit = min(BATCH_FILES, max(8, -(-len(run.queue) // (2 * run.options.workers))))
    batch: list[Bring] = []
    size = 0
    last: CopyStep | None = None
    while run.queue and (not batch or (len(batch) < limit and size < BATCH_BYTES) or _belong(last, run.queue[0][0])):
        last, bring = run.queue.popleft()
        if bring is not None and bring.arrived is not None and bring.number in run.unsure:
            run.publisher.discard(bring.arrived.temp)
            bring = None
        batch.append(bring or _bring(run, last))
        size += last.size_bytes or 0
    return Task(tuple(batch))


def _belong(step: CopyStep | None, following: CopyStep) -> bool:
    """Whether the next file belongs to the last one, or both to the same main file."""
    return step is not None and following.main is not None and following.main in {step.path, step.main}


def _bring(run: _Run, step: CopyStep) -> Bring:
    return Bring(
        number=step.number,
        path=step.read_path or step.path,
        temp=_folder_for(run, step) + durable.temp_name(run.plan.mark),
        size_bytes=step.size_bytes,
        mtime_ns=step.mtime_ns,
        dated_ns=step.mtime_ns if step.expected_sha256 else None,
        expected_sha256=step.expected_sha256,
    )


def _folder_for(run: _Run, step: CopyStep) -> str:
    """Where the bytes are written first: their own folder ("" or with a `/`) where it is known beforehand, else the
    backup's top."""
    if run.plan.layout is not Layout.MIRROR:
        return ""
    wanted = escape_path(natural_path(step.path, run.plan.layout, run.plan.folder, None), run.publisher.namer.rules)
    name = wanted.rpartition("/")[0]
    if name not in run.folders:
        try:
            with run.publisher.door.folder(name, make=True):
                run.folders[name] = f"{name}/" if name else ""
        except (OSError, BadPlace):  # a file or a link has this name: what is published says so
            return ""
    return run.folders[name]


def _as_opened(run: _Run, number: int, opened: Opened | None) -> CopyStep:
    """A step with what the file is that was read, so that no later run takes the one that was listed for it."""
    planned = run.planned[number]
    changed_ns, inode = planned.changed_ns, planned.inode
    run.other.pop(number, None)
    if opened is not None and not opened.is_as(planned):
        run.other[number] = planned
        changed_ns, inode = opened.changed_as(planned), None if inode is None else opened.inode
    step = run.steps[number] = replace(run.steps[number], changed_ns=changed_ns, inode=inode)
    return step


def _again(run: _Run, told: Checked | WasRead, step: CopyStep) -> None:
    """Does a file once more that was in hand when a device was away: it may be what lay there instead that was read."""
    run.unsure.discard(step.number)
    run.asked.pop(step.number, None)
    if isinstance(told, Checked):
        run.publisher.discard(told.arrived.temp)
    run.queue.append((step, None))


def _compared(run: _Run, read: WasRead) -> None:
    """A file that may be in the backup already was read, or the backup's file that may be it."""
    step, index = run.steps[read.number], run.publisher.index
    if (asked := run.asked.pop(read.number, None)) is not None:
        run.publisher.reread(asked[0], read)
        read = asked[1]
    else:
        step = _as_opened(run, read.number, read.opened)
    path = _holder(run, step, read)
    if path is None:
        run.queue.append((step, None))
    elif index is not None and path not in index.read_now and not _is_own(run, step, path):
        run.asked[step.number] = (path, read)
        size_bytes = index.held[path].size_bytes
        run.reads.append(Read(step.number, path, size_bytes, of_backup=True))
    else:
        mtime_ns = read.mtime_ns if read.mtime_ns is not None else step.mtime_ns
        run.held.append((step, path, read.sha256, mtime_ns))


def _holder(run: _Run, step: CopyStep, read: WasRead) -> str | None:
    """The file of the backup that holds what was read, if it is as it was stored."""
    index = run.publisher.index
    if index is None or read.sha256 in index.bad:
        return None
    return index.holder(step.path, read.sha256, run.publisher.namer.goes_to(step.path))


def _is_own(run: _Run, step: CopyStep, path: str) -> bool:
    index = run.publisher.index
    known = index.origins.get(step.path) if index else None
    return known is not None and known[0] == path


def _publish(run: _Run) -> None:
    checked, run.checked = run.checked, []
    held, run.held = run.held, []
    if not checked and not held:
        return
    checked.sort(key=lambda pair: pair[0].number)
    try:
        for result in (*run.publisher.publish(checked), *run.publisher.note_held(held)):
            if result.again:
                _failed(run, Failed(result.step.number, Cause.TARGET, result.reason or "", again=True))
            elif result.outcome is Outcome.REPAIRED and (path := _also_bad(run, result)):
                # One good file mends all that went bad: it comes once more for each, and is read back there too.
                number = result.step.number
                run.repaired[number] = result
                run.steps[number] = replace(result.step, backup_path=path)
                run.queue.append((run.steps[number], None))
            else:
                _finish(run, result)
    except (OSError, BadPlace, BadManifest) as error:  # BadManifest: the last generation went with its disk
        # Nothing of this batch is written down; `publisher` looks at it again before it writes anything else.
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = f"the destination could not make it durable: {said}"
        for _, check in checked:
            run.publisher.discard(check.arrived.temp)
        for step in (*(step for step, _ in checked), *(step for step, *_ in held)):
            _failed(run, Failed(step.number, Cause.TARGET, reason, again=True))


def _failed(run: _Run, failed: Failed) -> None:
    step = run.steps[failed.number]
    if (asked := run.asked.pop(failed.number, None)) is not None and run.publisher.index is not None:
        # The backup's own file cannot be read: it is no reason not to copy the source's.
        run.publisher.index.distrust(asked[0])
        run.queue.append((step, None))
        return
    tried = run.tries[failed.number] = run.tries.get(failed.number, 0) + 1
    if failed.cause is Cause.CHANGED:
        run.written.add(step.path)
    if failed.cause in {Cause.SOURCE, Cause.VANISHED, Cause.TARGET, Cause.READ_ONLY} and _wait_for_device(
        run, failed.number
    ):
        run.tries[failed.number] = 0  # it was the cable, not the file
        run.queue.append((step, None))
        return
    if run.gone is not None:
        run.stopped = True
        return
    if failed.cause is Cause.READ_ONLY:
        if _goes_away(run) and _wait_for_device(run, failed.number):
            run.queue.append((step, None))
            return
        run.gone, run.stopped = run.gone or "the destination has become read-only", True
        return
    if failed.again and tried < run.options.tries:
        look = failed.cause not in {Cause.DIED, Cause.HUNG}
        run.later.append((step, None if look else replace(_bring(run, step), look=False)))
        return
    _finish(run, CopyResult(step, Outcome.FAILED, reason=failed.reason, cause=failed.cause))


def _goes_away(run: _Run) -> bool:
    """Whether a disk that takes nothing more is seen to go within moments. One that was unplugged is often read-only
    first, until the system takes its mount away."""
    until = time.monotonic() + min(run.options.wait_s, READ_ONLY_S)
    while run.options.unplugged() is None:
        if time.monotonic() >= until or run.options.stop():
            return False
        run.options.sleep(0.1)
    return True


def _ended(run: _Run, ended: Ended) -> None:
    """A worker is gone: its file is answered, the rest of its batch goes to the others, what it had copied is kept."""
    for temp in ended.temps:
        run.publisher.discard(temp)
    run.queue.extendleft((run.steps[bring.number], bring) for bring in reversed(ended.unanswered.brings))
    run.reads.extendleft(reversed(ended.unanswered.reads))
    if ended.lost is not None:
        _failed(run, ended.lost)


def _wait_for_device(run: _Run, number: int) -> bool:
    """True where a device was away and is back; False where none was (or it did not come back: then `gone` says so)."""
    if run.given.get(number, run.returns) < run.returns:
        return True  # it was tried while the device was away
    away = run.options.unplugged()
    if run.gone is not None or away is None:
        return False
    known = {pair[0].number for pair in run.checked} | {one[0].number for one in run.held} | run.results.keys()
    run.unsure |= run.given.keys() - known
    until = time.monotonic() + run.options.wait_s
    while time.monotonic() < until and not run.options.stop():
        run.options.on_progress(replace(_progress(run), state=f"{away}; waiting for it to come back"))
        run.options.sleep(min(1.0, max(0.05, run.options.wait_s / 20)))
        away = run.options.unplugged()
        if away is None:
            run.returns += 1
            run.folders.clear()  # what was made and not yet on the disk is lost
            return True
    run.gone = away
    return False


def _pause(run: _Run, seconds: float) -> None:
    for _ in range(round(seconds / 0.25)):
        if run.options.stop():
            return
        run.options.on_progress(replace(_progress(run), state=f"trying {len(run.later)} again"))
        run.options.sleep(0.25)


def _also_bad(run: _Run, result: CopyResult) -> str | None:
    """Another file of the backup that was stored with the content that was just repaired, and is bad; None: none is."""
    index, row = run.publisher.index, result.row
    bad = index.bad.get(row.sha256 or "", ()) if index is not None and row is not None else ()
    return next((path for path in bad if path not in {result.step.backup_path, result.backup_path}), None)


def _finish(run: _Run, result: CopyResult) -> None:
    if result.outcome is Outcome.HELD:
        result = run.repaired.get(result.step.number, result)
    run.results[result.step.number] = result
    run.failed += result.outcome is Outcome.FAILED
    run.partial.pop(result.step.number, None)
    run.done_bytes += result.step.size_bytes or 0


def _report(run: _Run, workers: Workers) -> None:
    """Tells how far the run is, ten times a second at most."""
    now = time.monotonic()
    if now - run.reported_at < REPORT_EVERY_S:
        return
    run.reported_at = now
    run.partial.clear()
    for at in workers.at_work():
        if at.number in run.steps and at.number not in run.results:
            run.current = run.steps[at.number].path
            if at.stage is Stage.READ:
                run.partial[at.number] = at.bytes_done
    run.options.on_progress(_progress(run))


def _progress(run: _Run) -> Progress:
    return Progress(
        files=len(run.results),
        total_files=len(run.steps),
        bytes=run.done_bytes + sum(run.partial.values()),
        total_bytes=run.total_bytes,
        current=run.current,
        failed=run.failed,
    )
