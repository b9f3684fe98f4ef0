"""The life of a phone that is freed by its audits: besides all that happens to backups, disks are exchanged and put
back to what they were, clean-ups are carried out, killed, undone and purged, and files come back from a backup.

Nothing that anybody had is ever gone by what the program did.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from typer.testing import CliRunner

from auditor.cleanup.phone import TABLE
from auditor.cli import app
from auditor.copier import restore
from auditor.copier.publish import Outcome
from auditor.errors import AuditorError
from auditor.places.folder import FolderPlace
from auditor.places.presence import watch
from auditor.scrub.verify import BAD, Choice, verify
from auditor.store.generations import QUARANTINE, Store, locked
from tests import media
from tests.brothers.test_backup_life import (
    DISKS,
    KILLS,
    LIVES,
    PICK,
    BackupLife,
    Killed,
    at_act,
    digest,
    kill_at,
    lives,
)
from tests.copier.runs import QUICK, tree, write

PULLS = st.one_of(st.none(), st.none(), st.integers(0, 9))
SETS = st.sampled_from([("one",), ("two",), ("one", "two")])


@functools.cache
def picture_of(number: int) -> bytes:
    """Photos, so that an audit finds them sound. One is empty, one cut short, two differ in their metadata alone."""
    whole = functools.partial(media.jpeg, size=(48, 32))
    if number == 7:
        return whole(1)[:-200]
    if number == 6:
        return whole(1, exif=media.exif("2020:01:01 00:00:00"))
    return whole(number) if number else b""


class CleanLife(BackupLife):
    """`audits` are folders of audits, oldest first; `held` what lies in the phone's quarantine, by path."""

    content = staticmethod(picture_of)

    def __init__(self) -> None:
        super().__init__()
        self.patch.setenv("AUDITOR_CACHE_DIR", str(self.room / "cache"))
        self.audits: list[Path] = []
        self.audited: list[object] = []
        self.held: dict[str, bytes] = {}

    # ---- what people and disks do

    @rule(disk=DISKS, pick=PICK)
    def cut_in_the_backup(self, disk: str, pick: int) -> None:
        if (path := self._some(self.room / disk, pick)) and (content := path.read_bytes()):
            date = path.stat().st_mtime
            write(path, content[: len(content) // 2], date)
            self.silent[disk] = True

    @rule(disk=DISKS)
    def plug_in_the_other_disk(self, disk: str) -> None:
        """It may hold an older state of this backup, another backup, or nothing."""
        here, drawer, between = (self.room / name for name in (disk, f"{disk}-drawer", "between"))
        here.mkdir(exist_ok=True)
        drawer.mkdir(exist_ok=True)
        here.rename(between)
        drawer.rename(here)
        between.rename(drawer)
        for known in (self.told, self.stored):
            known[disk], known[drawer.name] = known.get(drawer.name, set()), known[disk]
        self.silent[disk], self.silent[drawer.name] = self.silent.get(drawer.name, False), self.silent[disk]

    @rule(disk=DISKS)
    def image_the_disk(self, disk: str) -> None:
        """What was on the other disk is gone, and it is this one's twin."""
        here, drawer = self.room / disk, self.room / f"{disk}-drawer"
        if here.exists():
            shutil.rmtree(drawer, ignore_errors=True)
            shutil.copytree(here, drawer, symlinks=True)
            for known in (self.told, self.stored):
                known[drawer.name] = set(known[disk])
            self.silent[drawer.name] = self.silent[disk]

    # ---- what the program does, and what must then be so

    @rule(disks=SETS)
    def audit(self, disks: tuple[str, ...]) -> None:
        self._audit(disks)

    @rule(disks=SETS, old=PICK, kill=KILLS, pull=PULLS)
    def free(self, disks: tuple[str, ...], old: int, kill: int | None, pull: int | None) -> None:
        """By an audit of before, whatever happened since, or by a new one."""
        if not self.audits or old % 3 == 0:
            for disk in disks:
                self._back_up(self.phone, disk, 0, None)
            self._audit(disks)
        if self.audits:
            self._clean(self.audits[-1 - old // 3 % min(3, len(self.audits))], kill, pull)

    @precondition(lambda self: self.held)
    @rule(pick=PICK, kill=KILLS)
    def put_back(self, pick: int, kill: int | None) -> None:
        journal = self._journal(pick)
        self._undo(journal, kill)
        if kill is None:
            before = tree(self.phone)
            self._undo(journal, None)
            assert tree(self.phone) == before, "what was put back is put back again"
            left = [path for path in self.held if path.split("/")[2] in journal.read_text("utf-8")]
            assert all((self.phone / path.split("/", 3)[3]).exists() for path in left), "it could be put back"

    @precondition(lambda self: self.held)
    @rule(pick=PICK, kill=KILLS)
    def purge(self, pick: int, kill: int | None) -> None:
        with self._phone_keeps(purging=True):
            self._run("clean", "--purge", self._journal(pick), "--older-than", "0d", kill=kill)

    @rule(disk=DISKS)
    def give_back_to_the_phone(self, disk: str) -> None:
        store = Store(self.room / disk)
        if not any(store.generations_there()):
            return
        before = tree(self.phone)
        with restore.prepare(store, self.phone, restore.originals(store), datetime.now(UTC)) as restoring:
            restore.carry_out(restoring, QUICK)
        after = tree(self.phone)
        assert {path: after.get(path) for path in before} == before, "a file of the phone was replaced"

    @rule(disk=DISKS, number=st.integers(0, 5), others=st.booleans())
    def unplug_while_it_is_verified(self, disk: str, number: int, others: bool) -> None:
        dest = self.room / disk
        store = Store(dest)
        if not store.folder.exists():
            return
        found = ()
        with self._pulled(dest, others) as (patched, pull), locked(store) as opened:
            options = replace(QUICK, unplugged=watch(FolderPlace(dest, str(dest)), opened.door))
            at_act(patched, number, pull, reads=True)
            found = verify(opened, Choice(), options, lambda: datetime.now(UTC)).found
        here = {path: digest(data) for path, data in tree(dest).items()}
        wrong = [f for f in found if f.fate in BAD and f.stored and here.get(f.path) == f.stored]
        assert not wrong, "whole files of a disk that was pulled are called bad"
        self.told[disk] |= {str(f.stored) for f in found}
        self._remember(disk)

    @rule(disk=DISKS, number=st.integers(0, 9), others=st.booleans(), of_target=st.booleans())
    def unplug_while_it_is_restored(self, disk: str, number: int, others: bool, of_target: bool) -> None:
        dest, target = self.room / disk, self.room / "back"
        store = Store(dest)
        if not any(store.generations_there()):
            return
        target.mkdir()
        results = ()
        wanted = restore.originals(store)
        with (
            self._pulled(target if of_target else dest, others) as (patched, pull),
            restore.prepare(store, target, wanted, datetime.now(UTC)) as restoring,
        ):
            at_act(patched, number, pull, reads=True)
            options = replace(QUICK, unplugged=watch(FolderPlace(dest, str(dest)), restoring.publisher.door))
            results = restore.carry_out(restoring, options).results
        for result in results:
            if result.outcome is not Outcome.FAILED and result.step.expected_sha256 is not None:
                assert digest((target / str(result.backup_path)).read_bytes()) == result.step.expected_sha256
        shutil.rmtree(target)

    @invariant()
    def what_was_taken_is_whole(self) -> None:
        """Until it is put back or purged."""
        assert self._quarantine() == self.held

    # ---- how

    def _audit(self, disks: tuple[str, ...]) -> None:
        """What an audit names as safe to delete is so."""
        for disk in disks:
            if not (self.room / disk).exists():
                self._back_up(self.phone, disk, 0, None)
        state = [disks, *(tree(self.room / name) for name in ("phone", "one", "two"))]
        if state == self.audited:
            return  # it takes a second or so, and would say the same
        self.audited = state
        folder = self.room / f"audit-{self.tick}-{len(self.audits)}"
        roots = [self.room / disk for disk in disks]
        with self._phone_keeps():
            done = self._run("audit", self.phone, *roots, "-o", folder, "--jobs", "1", "--no-thumbnails")
        if not done:
            return
        self.audits.append(folder)
        on_phone = tree(self.phone)
        backed = {data for root in roots for data in tree(root).values()}
        with (folder / TABLE).open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table):
                content = on_phone[row["path"]]
                assert digest(content) == row["sha256"]
                assert content in backed, f"{row['path']} is said to be safe to delete"
                assert content not in (picture_of(0), picture_of(7)), "a broken photo is said to be safe to delete"

    def _clean(self, audit: Path, kill: int | None, pull: int | None) -> None:
        def exchange() -> None:
            for disk in ("one", "two"):
                if (self.room / disk).exists() and not (self.room / f"{disk}-away").exists():
                    (self.room / disk).rename(self.room / f"{disk}-away")

        with self._phone_keeps(taking=True):
            self._run("clean", audit, "--apply", "--jobs", "1", kill=kill, pull=(pull, exchange))
            for disk in ("one", "two"):
                if (self.room / f"{disk}-away").exists():
                    assert not (self.room / disk).exists(), "something was written where a disk had been"
                    (self.room / f"{disk}-away").rename(self.room / disk)

    def _undo(self, journal: Path, kill: int | None) -> None:
        before = tree(self.phone)
        with self._phone_keeps():
            self._run("undo", journal, kill=kill)
        after = tree(self.phone)
        assert {path: after.get(path) for path in before} == before, "a file of the phone was replaced"

    def _run(
        self, *words: object, kill: int | None = None, pull: tuple[int | None, Callable[[], None]] | None = None
    ) -> bool:
        """A command, as it is typed; whether it came to an end by itself. Every failure is a sentence of ours."""
        with self.patch.context() as patched:
            if kill is not None:
                kill_at(patched, kill)
            elif pull is not None and pull[0] is not None:
                at_act(patched, pull[0], pull[1])
            try:
                result = CliRunner().invoke(app, [str(word) for word in words])
            except Killed:
                return False
        if result.exception is not None and not isinstance(result.exception, SystemExit | AuditorError):
            raise result.exception
        return isinstance(result.exception, SystemExit) or result.exception is None

    @contextlib.contextmanager
    def _phone_keeps(self, *, taking: bool = False, purging: bool = False) -> Iterator[None]:
        """No content leaves phone and quarantine; only `taking` takes what stands whole in a backup off the phone, and
        only `purging` takes such contents away."""
        phone, held = tree(self.phone), self._quarantine()
        yield
        self.held = self._quarantine()
        backed = {data for disk in ("one", "two") for data in tree(self.room / disk).values()}
        gone = [data for path, data in phone.items() if tree(self.phone).get(path) != data]
        assert (taking or not gone) and set(gone) <= backed, "it left the phone, and no backup has it"
        lost = Counter([*phone.values(), *held.values()]) - Counter([*tree(self.phone).values(), *self.held.values()])
        assert (purging or not lost) and set(lost) <= backed, "it is gone, and no backup has it"

    def _quarantine(self) -> dict[str, bytes]:
        top = self.phone / QUARANTINE
        return {p.relative_to(self.phone).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file()}

    def _journal(self, pick: int) -> Path:
        journals = sorted((self.phone / ".auditor/journal").glob("clean-*"))
        return journals[pick % len(journals)]


def test_a_short_life_with_clean_ups() -> None:
    run_state_machine_as_test(CleanLife, settings=lives(6, 12))


@pytest.mark.slow
def test_a_long_life_with_clean_ups() -> None:
    run_state_machine_as_test(CleanLife, settings=lives(LIVES, 40))
