"""Another card that lay where the source was, while the run waited for it: nothing of it is stored as the source's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.copier.messages import Answer, Cause, Checked, Failed, Task
from auditor.copier.workers import Ended
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
