"""Another card that lay where the source was, while the run waited for it: nothing of it is stored as the source's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from auditor.copier import backup, worker
from auditor.copier.messages import Answer, Cause, Checked, Failed, Task
from auditor.copier.publish import Outcome
from auditor.copier.source_manifest import source_list
from auditor.copier.workers import Ended
from auditor.disk.durable import ColdRead, WasRead
from auditor.disk.opened import Opened
from auditor.disk.volume import volume_of
from auditor.errors import BadPlace
from auditor.places import presence
from auditor.places.folder import FolderPlace
from tests.copier import in_process, runs

CARD = {"IMG_1.jpg": runs.noise("first card, 1"), "IMG_2.jpg": runs.noise("first card, 2")}


class _Exchanged(in_process.Workers):
    """Reads the first task from another card, of which the first file fails; then the first card lies there again."""

    def give(self, task: Task) -> None:
        if not _Exchanged.seen:
            _Exchanged.seen = True
            there = _Exchanged.card
            there.rename(there.with_name("first"))
            there.with_name("other").rename(there)
            super().give(task)
            there.rename(there.with_name("other"))
            there.with_name("first").rename(there)
            first, *others = (one for one in self._answers if isinstance(one, Checked))
            self._answers.clear()
            there.with_name("backup").joinpath(first.arrived.temp).unlink()  # as a worker leaves none of what failed
            self._answers.append(Failed(first.arrived.number, Cause.SOURCE, "it is gone", again=True))
            self._answers.extend(_Exchanged.says(task, others))
        else:
            super().give(task)

    seen = False
    card: Path
    says: Callable[[Task, list[Checked]], list[Answer | Ended]]


def _answered(task: Task, others: list[Checked]) -> list[Answer | Ended]:
    return list(others)


def _died(task: Task, others: list[Checked]) -> list[Answer | Ended]:
    """The worker is gone when the others have arrived."""
    arrived = {one.arrived.number: one.arrived for one in others}
    rest = tuple(replace(b, arrived=arrived[b.number]) for b in task.brings if b.number in arrived)
    return [Ended(lost=None, unanswered=Task(rest), temps=())]


@pytest.mark.parametrize("says", [_answered, _died])
def test_what_another_card_gave_meanwhile_is_not_stored(
    says: Callable[[Task, list[Checked]], list[Answer | Ended]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in CARD.items():
        runs.write(tmp_path / "card" / name, content)
        runs.write(tmp_path / "other" / name, runs.noise(("other card", name)))
    in_process.everything(monkeypatch)
    for module in (in_process.backup, in_process.execute):
        monkeypatch.setattr(module, "Workers", _Exchanged)
    monkeypatch.setattr(_Exchanged, "seen", False)
    monkeypatch.setattr(_Exchanged, "card", tmp_path / "card", raising=False)
    monkeypatch.setattr(_Exchanged, "says", staticmethod(says), raising=False)
    looks = iter(["the source is gone"])

    def watch(*_: object) -> Callable[[], str | None]:
        return lambda: next(looks, None) if _Exchanged.seen else None

    monkeypatch.setattr(runs, "watch", watch)
    options = replace(runs.QUICK, wait_s=1.0)
    ran = runs.back_up(tmp_path / "card", tmp_path / "backup", options=options)
    assert ran.failed == {} and _Exchanged.seen
    assert runs.tree(tmp_path / "backup") == CARD
    assert runs.leftovers(tmp_path / "backup") == []


NAMES = tuple(f"IMG_{number}.jpg" for number in range(4))


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """A card, and beside it another one with files of the same names, sizes and dates."""
    if not volume_of(tmp_path).keeps_changes:
        pytest.skip("nobody can tell")
    for folder in ("card", "other"):
        for name in NAMES:
            runs.write(tmp_path / folder / name, runs.noise((folder, name)))
    return tmp_path / "card"


class _Unseen(in_process.Workers):
    """Does the first task at the other card; nothing fails, and nobody asks while that lies there."""

    def give(self, task: Task) -> None:
        if _Unseen.first is None:
            _Unseen.first = task
            _turn(_Unseen.card)
            super().give(task)
            _turn(_Unseen.card)
        else:
            super().give(task)

    first: Task | None = None
    card: Path


def _turn(card: Path) -> None:
    """Exchanges the two."""
    aside = card.with_name("aside")
    card.rename(aside)
    card.with_name("other").rename(card)
    aside.rename(card.with_name("other"))


def _unseen(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_process.everything(monkeypatch)
    for module in (in_process.backup, in_process.execute):
        monkeypatch.setattr(module, "Workers", _Unseen)
    monkeypatch.setattr(_Unseen, "first", None)
    monkeypatch.setattr(_Unseen, "card", card, raising=False)


def test_another_that_came_and_went_unseen_ends_the_run_and_the_next_one_reads_the_first(
    cards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dest = tmp_path / "backup"
    _unseen(cards, monkeypatch)
    ran = runs.back_up(cards, dest)
    assert ran.backed.ending.stopped
    assert "lay at" in (ran.backed.ending.gone or "")
    in_process.everything(monkeypatch)
    again = runs.back_up(cards, dest)
    assert (again.failed, again.backed.ending.gone) == ({}, None)
    held = set(runs.tree(dest).values())
    assert {(cards / name).read_bytes() for name in NAMES} <= held  # what the other one gave was not taken for it


def test_what_was_compared_with_another_is_compared_again(
    cards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup of the other card has each file, so that nothing is copied."""
    dest = tmp_path / "backup"
    runs.back_up(tmp_path / "other", dest)
    for name in NAMES:
        (cards / name).touch()  # nothing that is known of before
        runs.write(cards / name, runs.noise(("card", name)), runs.OLD_S + 9)
        runs.write(tmp_path / "other" / name, runs.noise(("other", name)), runs.OLD_S + 9)
    _unseen(cards, monkeypatch)
    ran = runs.back_up(cards, dest)
    assert _Unseen.first is not None and _Unseen.first.reads
    assert "lay at" in (ran.backed.ending.gone or "")
    in_process.everything(monkeypatch)
    again = runs.back_up(cards, dest)
    assert (again.failed, again.backed.ending.gone) == ({}, None)
    assert {(cards / name).read_bytes() for name in NAMES} <= set(runs.tree(dest).values())


def test_a_file_that_is_edited_while_the_run_waits_is_no_other_card(
    cards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stored as it was read, and not read again in the next run."""

    class Edited(in_process.Workers):
        def give(self, task: Task) -> None:
            if not (cards / "edited").exists():
                runs.write(cards / NAMES[2], b"edited", runs.OLD_S)
                (cards / "edited").touch()
            super().give(task)

    in_process.everything(monkeypatch)
    monkeypatch.setattr(in_process.execute, "Workers", Edited)
    dest = tmp_path / "backup"
    ran = runs.back_up(cards, dest)
    assert (ran.failed, ran.backed.ending.gone) == ({}, None)
    assert runs.tree(dest)[NAMES[2]] == b"edited"
    _, origin = ran.backed.prepared.index.origins[NAMES[2]]
    assert origin.changed_ns == (cards / NAMES[2]).stat().st_ctime_ns


def test_what_the_disk_did_not_take_is_not_read_of_another_card_for_the_audit(cards: Path, tmp_path: Path) -> None:
    """The backup holds what lies on the other card, so that by its bytes all would be there."""
    dest = tmp_path / "backup"
    ran = runs.back_up(cards, dest)
    failed = tuple(
        replace(result, outcome=Outcome.FAILED, cause=Cause.FULL, backup_path=None)
        for result in ran.backed.ending.results
    )
    backed = replace(ran.backed, ending=replace(ran.backed.ending, results=failed))
    rows = list(source_list(backed, tmp_path / "same.jsonl", {}).rows())
    assert [row.error for row in rows] == [None] * len(NAMES)
    _turn(cards)
    rows = list(source_list(backed, tmp_path / "other.jsonl", {}).rows())
    assert [row.sha256 for row in rows] == [None] * len(NAMES)
    assert all(row.error and "exchanged after it was listed" in row.error.reason for row in rows)


def test_a_backup_that_was_another_for_a_while_is_not_called_read(cards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_process.everything(monkeypatch)
    _unseen(cards, monkeypatch)
    place = FolderPlace(cards, str(cards))
    entries = tuple(place.walk())
    read = backup.read_files(cards, entries, entries, volume_of(cards), runs.QUICK)
    with pytest.raises(BadPlace, match="put back the first one"):
        list(read)


@pytest.fixture
def on_fat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing keeps change times or numbers of files, nor has a volume a number of its own."""
    monkeypatch.setattr("auditor.places.folder.keeps_change_times", lambda path: False)
    kinds = frozenset({"vfat"})
    for module in (presence, backup):
        monkeypatch.setattr(module, "volume_of", lambda folder: replace(volume_of(folder), kinds=kinds))
    monkeypatch.setattr(presence, "volume_id", lambda device: None)


MANY = tuple(f"IMG_{number:02}.jpg" for number in range(40))


class _Stays(in_process.Workers):
    """Something is done to the card after the first task."""

    def give(self, task: Task) -> None:
        super().give(task)
        if _Stays.left:
            _Stays.left.pop()()

    left: ClassVar[list[Callable[[], None]]] = []


def _after_the_first(do: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    in_process.everything(monkeypatch)
    for module in (in_process.backup, in_process.execute):
        monkeypatch.setattr(module, "Workers", _Stays)
    monkeypatch.setattr(_Stays, "left", [do])


def _two(tmp_path: Path, *, shared: int = 0) -> Path:
    """A card, and beside it another one with files of the same names, of which the first `shared` are the same."""
    for folder in ("card", "other"):
        for number, name in enumerate(MANY):
            whose = "card" if number < shared else folder
            runs.write(tmp_path / folder / name, runs.noise((whose, name), 2_000), runs.OLD_S + 60 * (whose == "other"))
    return tmp_path / "card"


@pytest.mark.usefixtures("on_fat")
def test_another_that_came_unseen_and_stays_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = _two(tmp_path)
    _after_the_first(lambda: _turn(card), monkeypatch)
    ran = runs.back_up(card, tmp_path / "backup")
    assert ran.failed == {} and ran.backed.ending.stopped
    assert f"and {len(MANY) - 1} more of {len(MANY)}), as another card would" in (ran.backed.ending.gone or "")


def test_another_that_came_between_the_listing_and_the_plan_is_not_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has most files of the first one, and a number of its own."""
    card, dest = _two(tmp_path, shared=len(MANY) - 4), tmp_path / "backup"
    here = FolderPlace(card, str(card))
    monkeypatch.setattr(presence, "volume_id", lambda device: "B" if (tmp_path / "first").exists() else "A")
    looked, _ = backup.refusals_when_new(here, dest, runs.DIGESTS, runs.QUICK)
    card.rename(tmp_path / "first")
    (tmp_path / "other").rename(card)
    with backup.session(dest, backup.Layout.MIRROR) as store:
        prepared = backup.prepare(here, store, runs.DIGESTS, runs.QUICK, looked=looked)
        done = backup.carry_out(prepared, runs.QUICK)
    assert "another card or disk lies at" in (done.ending.gone or "")


@pytest.mark.usefixtures("on_fat")
def test_a_backup_that_was_away_while_it_was_read_and_is_not_as_listed_is_not_called_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = _two(tmp_path, shared=len(MANY) - 4)
    entries = tuple(FolderPlace(card, str(card)).walk())
    left: list[Callable[[], object]] = [lambda: (tmp_path / "other").rename(card)]

    def answers(*_: object) -> Iterator[WasRead | Failed]:
        """The first file fails while the folder is away; of the others another one's are read."""
        card.rename(tmp_path / "first")
        yield Failed(0, Cause.SOURCE, "it is gone", again=True)
        left.pop()()
        for number, entry in enumerate(entries[1:], 1):
            with (card / entry.path).open("rb") as stream:
                opened = Opened.of(stream)
            yield WasRead(number, 2_000, None, "00" * 32, ColdRead.UNKNOWN, opened)

    monkeypatch.setattr(backup, "_answers", answers)
    with pytest.raises(BadPlace, match=r"was away, and .* is not as it was listed"):
        list(backup.read_files(card, entries, entries, volume_of(card), runs.QUICK))


def test_a_backup_in_whose_place_another_was_seen_for_a_while_is_not_called_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was seen when a file failed, and at the end the first one lies there: what was read between is whose?"""
    card = _two(tmp_path)
    entries = tuple(FolderPlace(card, str(card)).walk())
    there = ["A"]
    monkeypatch.setattr(presence, "volume_id", lambda device: there[-1])

    def answers(*_: object) -> Iterator[WasRead | Failed]:
        there.append("B")
        yield Failed(0, Cause.SOURCE, "it is gone", again=True)
        there.append("A")

    monkeypatch.setattr(backup, "_answers", answers)
    with pytest.raises(BadPlace, match="another card or disk lies at"):
        list(backup.read_files(card, entries, entries, volume_of(card), runs.QUICK))


@pytest.mark.usefixtures("on_fat")
def test_a_backup_in_whose_place_another_came_and_stays_is_not_called_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = _two(tmp_path)
    entries = tuple(FolderPlace(card, str(card)).walk())
    _after_the_first(lambda: _turn(card), monkeypatch)
    with pytest.raises(BadPlace, match="as another card would; put back the first one"):
        list(backup.read_files(card, entries, entries, volume_of(card), runs.QUICK))


@pytest.mark.usefixtures("on_fat")
def test_one_file_of_a_backup_that_was_edited_is_held_against_all_that_were_listed(tmp_path: Path) -> None:
    card = _two(tmp_path)
    entries = tuple(FolderPlace(card, str(card)).walk())
    runs.write(card / MANY[0], b"edited")
    assert len(list(backup.read_files(card, entries[:1], entries, volume_of(card), runs.QUICK))) == 1


@pytest.mark.usefixtures("on_fat")
def test_what_is_not_as_listed_once_the_source_was_away_is_not_called_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another card may have most files of the first one, as a copy of it has: of the rest nothing is known."""
    shared = len(MANY) - 4
    card = _two(tmp_path, shared=shared)
    ran = _away_and_back(card, lambda: (tmp_path / "other").rename(card), monkeypatch)
    assert ran.failed.keys() == set(MANY[shared:]) and ran.backed.ending.gone is None
    assert all("where it lies was away meanwhile" in (reason or "") for reason in ran.failed.values())
    rows = list(source_list(ran.backed, tmp_path / "list.jsonl", {}).rows())
    assert [row.path for row in rows if row.sha256 is None] == list(MANY[shared:])
    shutil.rmtree(card)
    (tmp_path / "away").rename(card)
    in_process.everything(monkeypatch)
    again = runs.back_up(card, tmp_path / "backup")
    assert again.failed == {} and set(runs.tree(card).values()) <= set(runs.tree(tmp_path / "backup").values())


@pytest.mark.usefixtures("on_fat")
@pytest.mark.parametrize("hours", [-1, 13])
def test_a_source_whose_dates_all_shifted_while_it_was_away_is_the_same(
    hours: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT keeps local time: daylight saving or another zone shifts all dates."""
    card = _two(tmp_path)

    def come_back() -> None:
        (tmp_path / "away").rename(card)
        for path in card.iterdir():
            os.utime(path, (runs.OLD_S, runs.OLD_S + hours * 3600))

    ran = _away_and_back(card, come_back, monkeypatch)
    assert (ran.failed, ran.backed.ending.gone) == ({}, None)
    assert runs.tree(tmp_path / "backup") == runs.tree(card)


def _away_and_back(card: Path, come_back: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> runs.Ran:
    """A backup of a source that is away after the first task, and what lets it come back when it is waited for."""
    left = [come_back]
    _after_the_first(lambda: card.rename(card.with_name("away")), monkeypatch)
    options = replace(runs.QUICK, wait_s=5.0, sleep=lambda _: left.pop()() if left else None)
    return runs.back_up(card, card.with_name("backup"), options=options)


@pytest.mark.usefixtures("on_fat")
@pytest.mark.parametrize("is_finished", [True, False])
def test_one_film_that_is_being_written_is_no_other_card(
    is_finished: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a source of one film all files are others than were listed."""
    film = runs.write(tmp_path / "card/film.mp4", runs.noise("film", 2_000))
    looked, looks = worker.was_written, 0

    def written(before: Opened | None, after: Opened | None) -> bool:
        nonlocal looks
        looks += 1
        if is_finished and looks > 1:
            return looked(before, after)
        with film.open("ab") as stream:
            stream.write(b"more")
        return looked(before, Opened.by(film.stat()))

    in_process.everything(monkeypatch)
    monkeypatch.setattr(worker, "was_written", written)
    ran = runs.back_up(film.parent, tmp_path / "backup")
    assert ran.backed.ending.gone is None
    if is_finished:
        assert ran.failed == {} and runs.tree(tmp_path / "backup") == {"film.mp4": film.read_bytes()}
    else:
        assert ran.failed == {"film.mp4": "it changed while it was being read"}
