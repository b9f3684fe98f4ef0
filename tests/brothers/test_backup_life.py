"""The life of a phone and its two backups, as hypothesis makes it up: photos come, change, move and go, runs are
killed, clocks jump, disks rot, people tidy. Whatever happens, nothing is ever believed that is not so.

`pytest tests/brothers -m slow` searches for long; the short form is part of every run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from auditor.cleanup import journal as clean_ups
from auditor.copier import backup, restore, worker
from auditor.copier.plan import Action
from auditor.copier.publish import Outcome
from auditor.copier.source_manifest import source_list
from auditor.disk.folder import Folder
from auditor.errors import BadPlace
from auditor.places.folder import FolderPlace
from auditor.places.presence import watch
from auditor.scrub.verify import BAD, Choice, Verified, verify
from auditor.store.changes import Fate
from auditor.store.generations import Journal, Store, locked
from tests.copier import in_process
from tests.copier.runs import DIGESTS, OLD_S, QUICK, noise, tree, write

NAMES = st.sampled_from(["DCIM/1.jpg", "DCIM/2.jpg", "DCIM/3.mp4", "Download/1.jpg", "Download/.nomedia", "4.jpg"])
CONTENTS = st.integers(0, 7)
DISKS = st.sampled_from(["one", "two"])
PICK = st.integers(0, 99)
DAYS = st.sampled_from([0, 0, 0, -400, 40])
KILLS = st.one_of(st.none(), st.integers(0, 9))
LIVES = int(os.environ.get("AUDITOR_LIVES", "400"))
"""How many lives a long search makes up."""


class Killed(BaseException):
    """The power goes: nothing that the run would still have written is written."""


def content_of(number: int) -> bytes:
    """A few contents, so that they meet again; one is empty, two are of one length."""
    return b"" if number == 0 else noise(number, 100 + number // 2)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class BackupLife(RuleBasedStateMachine):
    """`told` are contents whose going was told as an edit, once; `silent` says that files were harmed unseen."""

    content = staticmethod(content_of)

    def __init__(self) -> None:
        super().__init__()
        self.room = Path(tempfile.mkdtemp(prefix="auditor-life-"))
        self.patch = pytest.MonkeyPatch()
        self.patch.setenv("AUDITOR_STATE_DIR", str(self.room / "state"))
        in_process.everything(self.patch)
        self.phone = self.room / "phone"
        write(self.phone / "DCIM/first.jpg", self.content(1))
        self.told: dict[str, set[str]] = {"one": set(), "two": set()}
        self.silent: dict[str, bool] = {"one": False, "two": False}
        self.stored: dict[str, set[str]] = {"one": set(), "two": set()}
        self.tick = 0

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.room)

    # ---- what people and disks do

    @rule(name=NAMES, number=CONTENTS)
    def shoot_or_edit(self, name: str, number: int) -> None:
        self.tick += 1
        write(self.phone / name, self.content(number), OLD_S + self.tick)

    @rule(pick=PICK, number=CONTENTS)
    def edit_and_keep_the_date(self, pick: int, number: int) -> None:
        if path := self._some(self.phone, pick):
            _rewrite(path, self.content(number))

    @rule(pick=PICK, name=NAMES)
    def move_on_the_phone(self, pick: int, name: str) -> None:
        if (path := self._some(self.phone, pick)) and not (self.phone / name).exists():
            (self.phone / name).parent.mkdir(parents=True, exist_ok=True)
            path.rename(self.phone / name)

    @rule(pick=PICK)
    def delete_on_the_phone(self, pick: int) -> None:
        if len(tree(self.phone)) > 1 and (path := self._some(self.phone, pick)):
            path.unlink()

    @rule(disk=DISKS, pick=PICK)
    def rot(self, disk: str, pick: int) -> None:
        if (path := self._some(self.room / disk, pick)) and (content := path.read_bytes()):
            _rewrite(path, bytes([content[0] ^ 1]) + content[1:])
            self.silent[disk] = True

    @rule(disk=DISKS, pick=PICK)
    def delete_in_the_backup(self, disk: str, pick: int) -> None:
        if path := self._some(self.room / disk, pick):
            path.unlink()

    @rule(disk=DISKS, pick=PICK, name=NAMES)
    def move_in_the_backup(self, disk: str, pick: int, name: str) -> None:
        path, new = self._some(self.room / disk, pick), self.room / disk / "album" / name
        if path and not new.exists():
            new.parent.mkdir(parents=True, exist_ok=True)
            path.rename(new)

    @rule(disk=DISKS, pick=PICK, other=PICK)
    def swap_in_the_backup(self, disk: str, pick: int, other: int) -> None:
        one, two = self._some(self.room / disk, pick), self._some(self.room / disk, other)
        if one and two and one != two:
            one.rename(self.room / "between")
            two.rename(one)
            (self.room / "between").rename(two)
            self.silent[disk] = True

    @rule(disk=DISKS, pick=PICK, other=PICK)
    def overwrite_in_the_backup(self, disk: str, pick: int, other: int) -> None:
        one, two = self._some(self.room / disk, pick), self._some(self.room / disk, other)
        if one and two and one != two:
            self.tick += 1
            write(two, one.read_bytes(), OLD_S + 100_000 + self.tick)
            self.silent[disk] = True

    @rule(disk=DISKS, pick=PICK)
    def link_in_the_backup(self, disk: str, pick: int) -> None:
        if path := self._some(self.room / disk, pick):
            path.unlink()
            path.symlink_to("nowhere")

    @rule(disk=DISKS, number=CONTENTS)
    def half_file_in_the_backup(self, disk: str, number: int) -> None:
        if (self.room / disk).exists():
            write(self.room / disk / f".auditor-{number:016x}.part", self.content(number))

    # ---- what the program does, and what must then be so

    @rule(disk=DISKS, days=DAYS, kill=KILLS)
    def back_up(self, disk: str, days: int, kill: int | None) -> None:
        self._back_up(self.phone, disk, days, kill)

    @rule(days=DAYS, kill=KILLS)
    def back_up_the_second_onto_the_first(self, days: int, kill: int | None) -> None:
        if tree(self.room / "two"):
            self._back_up(self.room / "two", "one", days, kill)

    @rule(disk=DISKS, number=st.integers(0, 9), others=st.booleans())
    def unplug(self, disk: str, number: int, others: bool) -> None:
        """The disk is pulled at some act of a backup, and an empty or somebody else's folder lies at its path."""
        dest, place = self.room / disk, FolderPlace(self.phone, str(self.phone))
        with self._pulled(dest, others) as (patched, pull), backup.session(dest, backup.Layout.MIRROR) as store:
            options = replace(QUICK, unplugged=watch(place, store.door))
            prepared = backup.prepare(place, store, DIGESTS, options)
            at_act(patched, number, pull)
            backup.carry_out(prepared, options)
        self._remember(disk)

    @rule(disk=DISKS, days=DAYS)
    def scrub(self, disk: str, days: int) -> None:
        self._scrub(disk, days)

    @rule(disk=DISKS)
    def mend(self, disk: str) -> None:
        """Verify, backup, verify: then the backup has all that the phone has, and both say so."""
        self._scrub(disk, 0)
        self._back_up(self.phone, disk, 0, None)
        verified = self._scrub(disk, 0)
        here = set(tree(self.room / disk).values())
        assert set(tree(self.phone).values()) <= here
        if verified is not None:
            on_phone = {digest(data) for data in tree(self.phone).values()}
            assert not [f for f in verified.found if f.fate in BAD and f.stored in on_phone and f.stored != digest(b"")]

    @rule(disk=DISKS)
    def give_back(self, disk: str) -> None:
        store = Store(self.room / disk)
        if not any(store.generations_there()):
            return
        target = self.room / "back"
        with restore.prepare(store, target, restore.originals(store), datetime.now(UTC)) as restoring:
            ending = restore.carry_out(restoring, QUICK)
        for result in ending.results:
            if result.outcome is not Outcome.FAILED and result.step.expected_sha256 is not None:
                assert result.backup_path is not None
                assert digest((target / result.backup_path).read_bytes()) == result.step.expected_sha256
        shutil.rmtree(target)

    @invariant()
    def half_files_stay(self) -> None:
        """Those that no run of ours made."""
        for disk in ("one", "two"):
            for path in (self.room / disk).glob(".auditor-0000*.part"):
                assert path.read_bytes() == self.content(int(path.name[9:25], 16))

    # ---- how

    def _back_up(self, source: Path, disk: str, days: int, kill: int | None) -> None:
        dest, place = self.room / disk, FolderPlace(source, str(source))
        with self.patch.context() as patched:
            if kill is not None:
                kill_at(patched, kill)
            try:
                with backup.session(dest, backup.Layout.MIRROR) as store:
                    prepared = backup.prepare(place, store, DIGESTS, QUICK, now=_clock(days))
                    backed = backup.carry_out(prepared, QUICK, lambda: _clock(days))
            except Killed:
                self._remember(disk)
                return
        assert backed.ending.gone is None
        results = {result.step.path: result for result in backed.ending.results}
        here = {path: digest(data) for path, data in tree(source).items()}
        stored = {path: digest(data) for path, data in tree(dest).items()}
        for step in prepared.plan.steps:
            result = results.get(step.path)
            if step.action is Action.SKIP:
                held = prepared.index.held[str(step.backup_path)]
                assert held.sha256 == here[step.path], f"{step.path} was not looked at, and is another file"
            elif step.action is not Action.CANNOT:
                assert result is not None and result.outcome is not Outcome.FAILED, (step, result)
                own = prepared.index.origins[step.path]
                if result.outcome is Outcome.HELD and own[0] == result.backup_path and self.silent[disk]:
                    continue  # the copy of before, not read again
                assert stored[str(result.backup_path)] == here[step.path], f"{step.path} is said to be in the backup"
        skipped = {s.path: str(s.backup_path) for s in prepared.plan.of(Action.SKIP)}
        for row in source_list(backed, self.room / "source.jsonl", {}).rows():
            if row.sha256 is not None:
                assert row.sha256 == here[row.path]
                left = skipped.get(row.path, "").rpartition(".")[2] == row.path.rpartition(".")[2]
                assert not left or (row.read_at or "") < prepared.started, "it was not read in this run"
        (self.room / "source.jsonl").unlink()
        if not self.silent[disk]:
            self._rows_are_true(disk)
        self._remember(disk)

    def _scrub(self, disk: str, days: int) -> Verified | None:
        store = Store(self.room / disk)
        if not store.folder.exists():
            return None
        try:
            with locked(store) as opened:
                first = verify(opened, Choice(), QUICK, lambda: _clock(days))
        except backup.BadPlace:
            return None
        self.silent[disk] = False
        self._rows_are_true(disk)
        self.told[disk] |= {str(f.stored) for f in first.found if f.fate is Fate.EDITED}
        here = {digest(data) for path, data in tree(self.room / disk).items() if not path.endswith(".part")}
        bad = {f.stored for f in first.found if f.fate in BAD}
        gone = self.stored[disk] - here - self.told[disk]
        assert gone <= bad, "a content is gone, and nobody said so"
        lost = {f.stored for f in first.found if f.fate is Fate.LOST and "its content lies at" not in f.detail}
        lost -= {digest(b"")}
        assert not lost & here, "what is called lost lies there"
        with locked(store) as opened:
            again = verify(opened, Choice(), QUICK, lambda: _clock(days))
        for_good = [f for f in first.found if f.fate in BAD and not f.detail.startswith("an edit made in the backup")]
        edits = [f for f in first.found if f.fate is Fate.EDITED]
        told = {(f.path, f.stored) for f in again.found}
        assert told >= {(f.path, f.stored) for f in for_good}
        assert told >= {(f.path, f.stored) for f in edits if f.stored not in here}, "an edit is told once only"
        assert told <= {(f.path, f.stored) for f in (*for_good, *edits)}
        self._remember(disk)
        return again

    def _rows_are_true(self, disk: str) -> None:
        last = Store(self.room / disk).latest()
        files = {path: digest(data) for path, data in tree(self.room / disk).items()}
        for row in last.rows() if last else ():
            assert row.sha256 is None or files.get(row.path) == row.sha256, f"{row.path} is not as its row says"

    def _remember(self, disk: str) -> None:
        """What the backup's rows say that it holds."""
        store = Store(self.room / disk)
        held = backup.Index.read(store, "").held if store.folder.exists() else {}
        self.stored[disk] |= {str(h.sha256) for h in held.values() if h.sha256} - {digest(b"")}

    @contextlib.contextmanager
    def _pulled(self, disk: Path, others: bool) -> Iterator[tuple[pytest.MonkeyPatch, Callable[[], None]]]:
        """While a command runs, calling what this gives pulls the disk; afterwards it lies at its place again, and the
        rows that were written meanwhile are true."""
        away, before = self.room / "away", Store(disk).latest()

        def pull() -> None:
            if not away.exists():
                disk.rename(away)
                disk.mkdir()
                if others:
                    write(disk / "mine.txt", b"somebody's own")

        with self.patch.context() as patched:
            try:
                yield patched, pull
            except (BadPlace, OSError):
                assert away.exists(), "it failed though nothing was pulled"
        if away.exists():
            here = {p.relative_to(disk).as_posix() for p in disk.rglob("*")}
            assert here == ({"mine.txt"} if others else set()), "something was written to another's folder"
            shutil.rmtree(disk)
            away.rename(disk)
        if (
            not self.silent.get(disk.name, True)
            and (last := Store(disk).latest())
            and last.footer != (before and before.footer)
        ):
            self._rows_are_true(disk.name)

    def _some(self, root: Path, pick: int) -> Path | None:
        paths = sorted(path for path in tree(root) if not path.endswith(".part")) if root.exists() else []
        return root / paths[pick % len(paths)] if paths else None


def _clock(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def _rewrite(path: Path, content: bytes) -> None:
    date = path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=(date, date))


def kill_at(patched: pytest.MonkeyPatch, number: int) -> None:
    """The run ends at its so-many-th act that is to last."""

    def kill() -> None:
        raise Killed

    at_act(patched, number, kill)


def at_act(patched: pytest.MonkeyPatch, number: int, happens: Callable[[], None], *, reads: bool = False) -> None:
    """Before its so-many-th act that is to last, and before each one after it, something happens. `reads`: to list a
    folder and to read a batch of files are such acts too."""
    left = iter(range(number, -1, -1))

    def hit(real: object) -> object:
        def act(*words: object, **more: object) -> object:
            if next(left, 0) == 0:
                happens()
            return real(*words, **more)  # type: ignore[operator]

        return act

    patched.setattr(Folder, "publish", hit(Folder.publish))
    patched.setattr(Folder, "write_whole", hit(Folder.write_whole))
    patched.setattr(Journal, "add", hit(Journal.add))
    patched.setattr(Store, "add_generation", hit(Store.add_generation))
    patched.setattr(clean_ups.Journal, "write", hit(clean_ups.Journal.write))
    if reads:
        patched.setattr(worker, "serve", hit(worker.serve))
        patched.setattr(FolderPlace, "walk", hit(FolderPlace.walk))


def lives(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    )


def test_a_short_life() -> None:
    run_state_machine_as_test(BackupLife, settings=lives(12, 15))


@pytest.mark.slow
def test_a_long_life() -> None:
    run_state_machine_as_test(BackupLife, settings=lives(LIVES, 40))
