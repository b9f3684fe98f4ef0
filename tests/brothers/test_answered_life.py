"""The life of a phone whose bytes do not always arrive as it holds them, over many runs that are killed and cut off: of
what it was asked for to the end, only that is believed of which its own digest is that of what arrived.

`pytest tests/brothers -m slow` searches for long; the short form is part of every run.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from auditor.cli.work.backup import _proven
from auditor.copier import backup
from auditor.copier.second_proof import arrived, second_proof
from auditor.copier.source_manifest import source_list
from auditor.errors import ListingCut
from auditor.places import Entry, Power
from auditor.places.folder import FolderPlace
from auditor.scrub.verify import Choice, verify
from auditor.store.generations import Store, locked
from tests.brothers.test_backup_life import CONTENTS, KILLS, LIVES, Killed, content_of, digest, kill_at, lives
from tests.copier import in_process
from tests.copier.runs import DIGESTS, OLD_S, QUICK, back_up, tree, write

NAMES = st.sampled_from([f"DCIM/{number}.jpg" for number in range(4)])
"""Of one kind: what is there under the name of another kind is read once more for the audit."""


class Phone(FolderPlace):
    """It digests its files itself. What is `bent` arrives otherwise; after so many answers the cable is out."""

    bent: ClassVar[set[str]]
    answers: ClassVar[int | None]
    asked: ClassVar[list[str]]

    @property
    def powers(self) -> frozenset[Power]:
        return frozenset({Power.DIGESTS, Power.COMPUTES, Power.MTIME})

    def walk(self) -> Iterator[Entry]:
        for entry in super().walk():
            yield replace(entry, changed_ns=None, file_id=None)

    def open(self, path: str) -> BinaryIO:
        content = (self.root / path).read_bytes()
        return io.BytesIO(content[:-1] + b"\0" if path in Phone.bent else content)

    def native_digests(self) -> tuple[str, ...]:
        return ("sha256",)

    def digests_of(self, entries: Sequence[Entry], name: str) -> Iterator[tuple[str, str]]:
        for number, entry in enumerate(entries):
            if number == Phone.answers:
                raise ListingCut("the phone went away")
            Phone.asked.append(entry.path)
            yield entry.path, digest((self.root / entry.path).read_bytes())


class AnsweredLife(RuleBasedStateMachine):
    """Of a phone and one backup."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Path(tempfile.mkdtemp(prefix="auditor-life-"))
        self.patch = pytest.MonkeyPatch()
        self.patch.setenv("AUDITOR_STATE_DIR", str(self.room / "state"))
        in_process.everything(self.patch)
        self.phone = self.room / "phone"
        write(self.phone / "DCIM/first.jpg", content_of(1))
        Phone.bent, Phone.answers, Phone.asked = set(), None, []
        self.tick = 0

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.room)

    @rule(name=NAMES, number=CONTENTS)
    def shoot_or_edit(self, name: str, number: int) -> None:
        self.tick += 1
        write(self.phone / name, content_of(number), OLD_S + self.tick)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        (self.phone / name).unlink(missing_ok=True)

    @rule(name=NAMES)
    def hide_or_show(self, name: str) -> None:
        """A folder that could not be listed for a while, say."""
        here, hidden = self.phone / name, self.room / "hidden" / name
        hidden.parent.mkdir(parents=True, exist_ok=True)
        if here.exists():
            here.replace(hidden)
        elif hidden.exists():
            hidden.replace(here)

    @rule(name=NAMES)
    def bend(self, name: str) -> None:
        Phone.bent ^= {name}

    @rule()
    def lose_the_last_manifest(self) -> None:
        """It went bad, or an older state of the folder was put back."""
        found = sorted((self.room / "disk/.auditor/manifests").glob("*.jsonl"))
        if len(found) > 1:
            found[-1].write_bytes(found[-1].read_bytes()[:-9])

    @rule(kill=KILLS, answers=st.one_of(st.none(), st.integers(0, 3)))
    def back_up(self, kill: int | None, answers: int | None) -> None:
        self._back_up(kill, answers)

    @rule()
    def mend(self) -> None:
        """What arrives as it is, is believed when it was read once more."""
        Phone.bent.clear()
        self._back_up(None, None)
        assert self._back_up(None, None) == set()

    def _back_up(self, kill: int | None, answers: int | None) -> set[str]:
        """Gives the files that are not believed."""
        place, Phone.answers = Phone(self.phone, str(self.phone)), answers
        with self.patch.context() as patched:
            if kill is not None:
                kill_at(patched, kill)
            try:
                with backup.session(self.room / "disk", backup.Layout.MIRROR) as store:
                    backed = backup.carry_out(backup.prepare(place, store, DIGESTS, QUICK), QUICK)
                    assert backed.ending.gone is None
                    proof = second_proof(place, arrived(backed))
                    backed = _proven(backed, proof) if proof else backed
                    altered = dict((*proof.differing, *proof.lost)) if proof else {}
                    listed = source_list(backed, self.room / f"{datetime.now(UTC).timestamp()}.jsonl", altered)
            except Killed:
                return set()
        here = {path: digest(data) for path, data in tree(self.phone).items()}
        rows = list(listed.rows())
        for row in rows if proof is None or proof.cut is None else ():
            assert row.sha256 in (None, here[row.path]), f"{row.path} is believed, and the phone holds other bytes"
            assert row.sha256 or row.path in altered, f"{row.path} is not believed, and nobody said why"
        return {row.path for row in rows if row.sha256 is None}


def test_what_was_hidden_when_the_phone_answered_is_read_again() -> None:
    life, name = AnsweredLife(), "DCIM/0.jpg"
    try:
        write(life.phone / name, content_of(2))
        life.bend(name)
        life._back_up(None, 0)  # the cable is out before the first answer
        life.hide_or_show(name)
        life._back_up(None, None)
        life.hide_or_show(name)
        assert life._back_up(None, None) == {name}
    finally:
        life.teardown()


@pytest.fixture
def life() -> Iterator[AnsweredLife]:
    made = AnsweredLife()
    try:
        yield made
    finally:
        made.teardown()


def test_what_was_answered_before_the_cable_was_out_is_not_asked_again(life: AnsweredLife) -> None:
    for number in range(6):
        write(life.phone / f"DCIM/{number}.jpg", content_of(number + 2))
    life.bend("DCIM/0.jpg")
    asked = []
    for _ in range(4):
        Phone.asked = []
        life._back_up(None, 2)
        asked.append(Phone.asked)
    # The first is read anew, as it arrived altered, and is asked for once more: after all that arrived before.
    others = [f"DCIM/{number}.jpg" for number in range(1, 6)]
    assert asked == [["DCIM/0.jpg", others[0]], others[1:3], others[3:5], ["DCIM/first.jpg", "DCIM/0.jpg"]]


def test_what_was_hidden_before_the_cable_was_out_is_read_again(life: AnsweredLife) -> None:
    name = "DCIM/0.jpg"
    write(life.phone / name, content_of(2))
    life.bend(name)
    life._back_up(None, 0)
    life.hide_or_show(name)
    write(life.phone / "DCIM/1.jpg", content_of(3))
    write(life.phone / "DCIM/2.jpg", content_of(4))
    life._back_up(None, 2)  # `first` and `1`, behind which `0` would have come
    life.hide_or_show(name)
    assert life._back_up(None, None) == {name}


def test_what_the_phone_contradicted_is_not_forgotten_with_a_manifest(life: AnsweredLife) -> None:
    name = "DCIM/0.jpg"
    write(life.phone / name, content_of(2))
    life.bend(name)
    assert life._back_up(None, None) == {name}
    life.lose_the_last_manifest()  # in which its file is in doubt
    assert life._back_up(None, None) == {name}


@pytest.mark.parametrize("loser", ["verify", "backup of another phone"])
def test_nor_where_another_run_came_in_between(life: AnsweredLife, loser: str) -> None:
    name = "DCIM/0.jpg"
    write(life.phone / name, content_of(2))
    life.bend(name)
    assert life._back_up(None, None) == {name}
    life.lose_the_last_manifest()
    disk = life.room / "disk"
    if loser == "verify":
        with locked(Store(disk)) as store:
            verify(store, Choice(), QUICK, lambda: datetime.now(UTC))
    else:
        write(life.room / "other/DCIM/9.jpg", content_of(9))
        back_up(life.room / "other", disk)
    assert life._back_up(None, None) == {name}


def test_what_a_killed_run_copied_is_asked_for_though_its_turn_was_answered_before(life: AnsweredLife) -> None:
    """The only file of the last turn is gone from the manifests, and with it its turn."""
    write(life.phone / "DCIM/1.jpg", content_of(3))
    life._back_up(None, None)
    disk = life.room / "disk"
    marker = Store(disk).marker()
    assert marker is not None
    told = replace(marker.sources[0], answered=marker.sources[0].answered + 1)
    marker_file = disk / ".auditor/place.toml"
    marker_file.write_bytes(replace(marker, sources=(told,)).text())
    name = "DCIM/0.jpg"
    write(life.phone / name, content_of(2))
    life.bend(name)
    with life.patch.context() as killed:
        killed.setattr(backup, "_next_generation", _killed)
        with pytest.raises(Killed), backup.session(disk, backup.Layout.MIRROR) as store:
            place = Phone(life.phone, str(life.phone))
            backup.carry_out(backup.prepare(place, store, DIGESTS, QUICK), QUICK)
    assert life._back_up(None, None) == {name}


def _killed(*_: object) -> None:
    raise Killed


def test_a_short_life() -> None:
    run_state_machine_as_test(AnsweredLife, settings=lives(12, 15))


@pytest.mark.slow
def test_a_long_life() -> None:
    run_state_machine_as_test(AnsweredLife, settings=lives(LIVES, 40))
