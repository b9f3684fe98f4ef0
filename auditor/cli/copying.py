"""What backup, restore and verify share on the screen: stopping, progress, lists, and the audit of what was done."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from auditor.audit import refusals
from auditor.audit.roles import Pair
from auditor.cli import ahead, named, programs, screen
from auditor.copier.backup import BackupResult
from auditor.copier.execute import Progress
from auditor.copier.messages import Cause
from auditor.copier.plan import Action, CopyPlan
from auditor.copier.second_proof import Arrived, SecondProof, second_proof
from auditor.disk.durable import ColdRead
from auditor.disk.volume import volume_of
from auditor.errors import BadPlace
from auditor.model import Refusal, Severity
from auditor.paths import typed_path
from auditor.places import Place
from auditor.places.folder import FolderPlace, open_folder
from auditor.report import list_name
from auditor.store.changes import Fate, Found
from auditor.words import count, counted, size, visible

if TYPE_CHECKING:
    from auditor.judge.policy import Policy
    from auditor.scan import run as scan

FINISHING = "Finishing the files in hand; press Ctrl-C again to stop at once (that is safe too).\n"
FATES = {
    Fate.ROTTED: ("rotted: other bytes under the same date",) * 2,
    Fate.SPOILT: ("spoilt: another date, and empty or damaged now",) * 2,
    Fate.OVERWRITTEN: (
        "overwritten: it holds what another file of the backup was stored with",
        "overwritten: they hold what other files of the backup were stored with",
    ),
    Fate.EXCHANGED: (
        "exchanged: it lies whole under another name",
        "exchanged: they lie whole under other names",
    ),
    Fate.LOST: ("lost",) * 2,
    Fate.UNREADABLE: ("could not be read",) * 2,
    Fate.EDITED: ("edited: other bytes and another date; the stored version is not here any more",) * 2,
    Fate.MOVED: (
        "moved: its content lies elsewhere in the backup, and is as it was stored",
        "moved: their content lies elsewhere in the backup, and is as it was stored",
    ),
    Fate.NEW: ("new since the last manifest",) * 2,
}
COPY = "copy"
"""What copying is called where its pace is kept."""
SHOWN = 50
"""So many files of a kind are listed on the screen."""


def folder(spec: str) -> Path:
    """A folder of this machine to write to; it need not be there yet.

    Raises: BadPlace for another kind of place.
    """
    path = typed_path(spec)
    if _is_another_kind(spec):
        raise BadPlace(f"nothing can be written to {spec}: name a folder (a disk, a stick, a mounted share)")
    if path.exists() and not path.is_dir():
        raise BadPlace(f"{spec} is not a folder")
    return path.absolute()


def kept_folder(spec: str) -> FolderPlace:
    """The folder of a backup that is there. Raises: BadPlace for another kind of place, and where it is not there."""
    if _is_another_kind(spec):
        raise BadPlace(f"{spec} is no folder: name the folder of a backup (on a disk, a stick, a mounted share)")
    return open_folder(spec)


def _is_another_kind(spec: str) -> bool:
    word = spec.partition(":")[0].lower()
    return word in {"adb", "rclone", "takeout", "mtp"} and ":" in spec and not typed_path(spec).exists()


def refuse(refusal: Refusal) -> NoReturn:
    """Ends a command that is not to begin; programs are told the word that it wants, and what to do instead.

    Raises: BadPlace, always.
    """
    if refusal.wants:
        programs.tell(wants=refusal.wants)
    if refusal.instead:
        programs.tell_next(refusal.instead)
    raise BadPlace(str(refusal))


def name_sides(pairs: Sequence[Pair], refusal: Callable[[Pair], Refusal | None]) -> None:
    """Says which place is taken for the phone and which for the backup, before the work begins.

    Raises: BadPlace where they stand in the wrong order.
    """
    for pair in pairs:
        if told := refusal(pair):
            refuse(told)
    for line in refusals.named(pairs):
        screen.note(line)


@dataclass(frozen=True, slots=True)
class Way:
    """From where to where files are copied: what it is called where its pace is kept, and the kind of place they come
    from."""

    name: str
    kind: str


def way(source: Place, root: Path) -> Way:
    """That from a place into a folder."""
    return Way(f"{source.id} {root}", source.kind)


def say_ahead(plan: CopyPlan, way: Way, say: Callable[[str], None] = screen.note) -> None:
    """Says before a run how much it will write, how much room there is, and how long it will take; programs are told
    the last two as data. Silent where nothing is to be done."""
    if not plan.to_do:
        return
    most = " at most" if plan.of(Action.COMPARE) else ""  # those of which the content may be there already
    free = volume_of(plan.root).free_bytes
    room = f"; {size(free)} free on {visible(named.called_folder(plan.root))}" if free is not None else ""
    bytes_ = sum(step.size_bytes or 0 for step in plan.to_do)
    is_known = all(step.size_bytes is not None for step in plan.to_do)  # a phone may not tell
    told = ahead.expected(COPY, way.name, way.kind, len(plan.to_do), bytes_) if is_known else None
    time = f"; {told}" if told else ""
    programs.tell(free_bytes=free, seconds=round(told.seconds) if told else None)
    say(f"{'To copy':<24} {counted(len(plan.to_do), 'file', 'files')}, {size(bytes_)}{most}{room}{time}")


@contextlib.contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """A question whether Ctrl-C was pressed. The first one lets the files in hand finish, the second one does not.

    From then on further ones are passed over: what is left to do is to tidy up and to say so.
    """
    pressed = threading.Event()

    def on_signal(number: int, frame: object) -> None:
        if pressed.is_set():
            for each in programs.INTERRUPTS:
                signal.signal(each, signal.SIG_IGN)
            programs.when_whole(_interrupt)
        pressed.set()
        if programs.is_wanted():
            programs.stopping()
        elif not screen.quiet():
            # Not through the console: the signal may have come while that was writing.
            with contextlib.suppress(OSError, ValueError):
                os.write(sys.stderr.fileno(), FINISHING.encode())

    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    before = {each: signal.signal(each, on_signal) for each in programs.INTERRUPTS}
    try:
        yield pressed.is_set
    finally:
        for each, handler in before.items():
            signal.signal(each, signal.SIG_IGN if pressed.is_set() else handler)


def _interrupt() -> None:
    raise KeyboardInterrupt


def as_scan(show: Callable[[scan.Progress], None]) -> Callable[[Progress], None]:
    """The copier's progress on the bar that scans have."""
    from auditor.scan import run as scan

    def shown(now: Progress) -> None:
        current = f"[{now.state}]" if now.state else now.current
        show(scan.Progress(now.files, now.total_files, now.bytes, now.total_bytes, current, now.failed, 0))

    return shown


def listed(files: Iterable[tuple[str, str]], say: Callable[[str], None] = screen.note) -> None:
    """Paths with a reason each, so many and the number of the others; on stderr, or where `say` says them: names that
    belong to a result are told where its counts are."""
    rows = list(files)
    for path, reason in rows[:SHOWN]:
        say(f"              {visible(path)}{': ' if reason else ''}{visible(reason)}")
    if len(rows) > SHOWN:
        say(f"              and {count(len(rows) - SHOWN)} more")


def fates(found: Sequence[Found], say: Callable[[str], None] = screen.note) -> None:
    """What became of a backup's files since they were read last, the number of each fate and their paths."""
    for fate, (one_is, many_are) in FATES.items():
        if those := [one for one in found if one.fate is fate]:
            say(f"  {count(len(those)):>10}  {one_is if len(those) == 1 else many_are}")
            listed(((one.path, one.detail) for one in those), say)


def cold_reads(reads: Iterable[ColdRead | None]) -> str:
    """Where the re-reads came from, as the end of a line."""
    counts = Counter(reads)
    words = {
        ColdRead.DEVICE: "re-read from the device",
        ColdRead.CACHE: "re-read, some of it from memory",
        ColdRead.UNKNOWN: "re-read; whether from the device, the file system does not tell",
    }
    parts = [f"{count(counts[kind])} {what}" for kind, what in words.items() if counts[kind]]
    return f" ({'; '.join(parts)})" if parts else ""


def asked_again(source: Place, arrived: Arrived, stop: Callable[[], bool]) -> SecondProof | None:
    """What the phone itself says of the files that arrived; None where it cannot be asked."""
    with screen.phases() as begin:
        return second_proof(source, arrived, screen.steps(begin, "Asking the phone for its own digests"), stop)


def confirmed(proof: SecondProof, then: str = "") -> dict[str, str]:
    """The files of which the phone's own digests are others than of what arrived, with the reason; says so. `then` is
    what becomes of those of which it was not asked."""
    screen.note(f"{count(len(proof.confirmed)):>10}  confirmed by a digest that the phone made itself")
    if proof.cut:
        why = f"{visible(proof.cut)}{then}"
        screen.note(f"{count(proof.unasked):>10}  not compared with the phone's own digests: {why}")
    if altered := (*proof.differing, *proof.lost):
        screen.note(f"{count(len(altered)):>10}  not what the phone holds; run the same command again:")
        listed(altered)
    return dict(altered)


def no_room(backed: BackupResult) -> str:
    """What has to be done where a backup's disk had no room for all; empty where it had."""
    left = [step for step in backed.prepared.plan.of(Action.CANNOT) if step.no_room]
    left += [result.step for result in backed.ending.results if result.cause is Cause.FULL]
    if not left:
        return ""
    needing = counted(len(left), "file needs", "files need")
    known = sum(step.size_bytes or 0 for step in left)
    need = f"{size(known)} more" if all(step.size_bytes for step in left) else "more room"  # a phone may not tell
    where = visible(named.called_folder(backed.prepared.plan.root))
    return f"Make room on {where}, where {needing} {need}, or use a larger disk."


def audit(
    backed: BackupResult,
    dest: str,
    policy: Policy,
    out: Path | None,
    fail_on: Severity,
    altered: Mapping[str, str],
    *,
    is_by_hand: bool,
) -> int:
    """Audits the source against the backup with what this run read, shows the verdict, and gives the exit code.

    `dest` is the backup as it was named; `is_by_hand`: the user said that it is a copy, and not the phone. `altered`
    are files that the source says are others than what was copied, with the reason: they are not known.
    """
    from auditor.audit import inputs
    from auditor.audit.order import Order, pairs_of
    from auditor.cli import cleaned, unfinished
    from auditor.cli.work import audit as command
    from auditor.copier.source_manifest import source_list
    from auditor.judge import rules as ruling
    from auditor.judge import verdict

    assert backed.manifest is not None
    prepared = backed.prepared
    known = ruling.load(())
    report = out or unfinished.new("audit", folder=named.home())
    root = prepared.plan.root
    with tempfile.TemporaryDirectory() as work:
        source = source_list(backed, Path(work) / list_name(0), altered)
        ours, theirs = inputs.labelled(
            inputs.Side(prepared.source.spec, prepared.source.label, prepared.source, source),
            [inputs.Side(dest, root.name, FolderPlace(root, str(root)), backed.manifest)],
            named.name_of,
            named.given(),
        )
        order = Order(
            ours,
            theirs,
            policy,
            known,
            depth=source.header.depth,
            began=datetime.fromisoformat(prepared.started),
            pairs=pairs_of(ours, theirs, is_by_hand=is_by_hand),
            emptied=cleaned.told(prepared.source),
            homes=named.homes(report),
            by=named.by(),
            first=no_room(backed),
        )
        result = command.run(order, report)
    command.show(result, report, {rule.id: rule for rule in known})
    return verdict.exit_code(result.verdict, result.outcomes, fail_on)
