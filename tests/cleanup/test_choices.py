"""What a person chose in duplicates.html, carried out by `auditor clean PLAN --choices FILE`."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from auditor.cleanup import choices
from auditor.cleanup import plan as plans
from auditor.cleanup.choices import Chosen
from auditor.errors import BadPlan
from tests.cleanup.test_clean import row, sha, write_plan
from tests.commandline import call

KEPT, OTHER, ALIKE, FILM = b"the kept one", b"the other one", b"alike", b"a film"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    root.mkdir()
    files = {"a.jpg": KEPT, "b.jpg": OTHER, "c.jpg": ALIKE, "a.mov": FILM, "b.mov": FILM, "d.jpg": ALIKE}
    for name, data in files.items():
        (root / name).write_bytes(data)
    return root


def line(root: Path, action: str, path: str, data: bytes, group: int = 1, **more: str) -> dict[str, str]:
    own = {"kept_sha256": sha(KEPT), "relation": "same-picture", "group": str(group), "may_go": "yes"}
    return row(root, path, "a.jpg", data, action=action, **(own | more))


def plan_of(root: Path, *lines: dict[str, str]) -> Path:
    return write_plan(root.parent / "plan.csv", list(lines))


def two(root: Path) -> Path:
    """Two files of one picture, and two that only look alike, one of them in both groups."""
    return plan_of(
        root,
        line(root, "keep", "a.jpg", KEPT, relation=""),
        line(root, "remove", "b.jpg", OTHER),
        line(root, "keep", "a.jpg", KEPT, group=2, relation=""),
        line(root, "ask", "c.jpg", ALIKE, group=2, relation="similar"),
    )


def saved(plan: Path, going: list[tuple[Path, str]], *numbers: int, **more: Any) -> Path:
    found = {
        "auditor_choices": 1,
        "plan_sha256": hashlib.sha256(plan.read_bytes()).hexdigest(),
        "go": [[str(root), path] for root, path in going],
        "different": list(numbers),
        **more,
    }
    path = plan.with_name("choices.json")
    path.write_text(json.dumps(found), "utf-8")
    return path


def by(plan: Path, going: list[tuple[Path, str]], different: tuple[int, ...] = (), **more: Any) -> Chosen:
    return choices.chosen(plan, choices.read(saved(plan, going, *different, **more)))


def moves(found: Chosen) -> list[tuple[str, str]]:
    return [(removal.file.path, removal.kept[0].path) for removal in found.plan.removals]


def test_only_what_was_chosen_goes(place: Path) -> None:
    plan = two(place)
    assert moves(by(plan, [])) == []
    assert moves(by(plan, [(place, "b.jpg")])) == [("b.jpg", "a.jpg")]
    both = by(plan, [(place, "b.jpg"), (place, "c.jpg")])
    assert moves(both) == [("b.jpg", "a.jpg"), ("c.jpg", "a.jpg")]


@pytest.mark.parametrize(
    ("by_choices", "how"),
    [(True, "go on there and save your choices again"), (False, "choose there, or edit the plan")],
)
def test_what_is_left_to_decide_is_decided_so_that_no_choice_is_lost(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], by_choices: bool, how: str
) -> None:
    """Choices are refused once the plan is edited."""
    plan = two(place)
    options = ["--choices", str(saved(plan, [(place, "b.jpg")]))] if by_choices else []
    code, out, err = call(monkeypatch, capsys, "clean", str(plan), *options)
    assert code == 0, err
    assert f"  1 file is left to you in duplicates.html: {how}.\n" in out, out


@pytest.mark.parametrize(
    ("going", "different", "decided", "asked"),
    [
        ([], (), (), 1),  # nothing was decided, or by an earlier build, which did not say so
        (["b.jpg"], (), (1,), 1),  # half of it
        ([], (), (2,), 0),  # that all of it stay is a decision too
        ([], (2,), (), 0),
        (["c.jpg"], (), (), 0),
        (["b.jpg", "c.jpg"], (), (1, 2), 0),
    ],
)
def test_of_half_made_choices_it_is_told_how_much_is_left_to_decide(
    place: Path, going: list[str], different: tuple[int, ...], decided: tuple[int, ...], asked: int
) -> None:
    plan = two(place)
    assert plans.read(plan).asked == 1
    found = by(plan, [(place, name) for name in going], different, decided=list(decided))
    assert (found.plan.asked, len(found.plan.removals)) == (asked, len(going))


def test_choices_of_an_earlier_build_do_not_say_what_was_decided(place: Path) -> None:
    assert choices.read(saved(two(place), [])).decided == ()


def test_another_one_of_a_group_may_be_kept(place: Path) -> None:
    found = by(two(place), [(place, "a.jpg")])
    assert moves(found) == [("a.jpg", "b.jpg")]
    assert found.plan.removals[0].kept[0].sha256 == sha(OTHER)  # the plan's own digest of the file that stays


def test_what_is_kept_for_a_file_does_not_go_itself(place: Path) -> None:
    """The camera's file goes for its copy's sake, and what only looked like it cannot go for the camera's."""
    with pytest.raises(BadPlan, match=r"nothing would stay of the group of c\.jpg"):
        by(two(place), [(place, "a.jpg"), (place, "c.jpg")])


def test_something_of_each_group_stays(place: Path) -> None:
    with pytest.raises(BadPlan, match="nothing would stay"):
        by(two(place), [(place, "a.jpg"), (place, "b.jpg"), (place, "c.jpg")])


def test_what_moves_with_a_file_goes_for_its_twin_or_the_file_stays(place: Path) -> None:
    company = line(place, "keep", "a.mov", FILM, relation="", moves_with="a.jpg", may_go="no")
    plan = plan_of(
        place,
        line(place, "keep", "a.jpg", KEPT, relation=""),
        company,
        line(place, "remove", "b.jpg", OTHER),
        line(place, "remove", "b.mov", FILM, relation="same-bytes", moves_with="b.jpg", may_go="no"),
        line(place, "keep", "a.jpg", KEPT, group=2, relation=""),
        company | {"group": "2"},
        line(place, "ask", "c.jpg", ALIKE, group=2, relation="similar"),
    )
    assert moves(by(plan, [(place, "b.jpg")])) == [("b.jpg", "a.jpg"), ("b.mov", "a.mov")]
    assert moves(by(plan, [(place, "a.jpg")])) == [("a.jpg", "b.jpg"), ("a.mov", "b.mov")]
    assert moves(by(plan, [(place, "c.jpg")])) == [("c.jpg", "a.jpg")]
    with pytest.raises(BadPlan, match=r"no group of .* holds"):
        by(plan, [(place, "a.mov")])  # it goes with its picture, never by itself
    alone = plan_of(
        place,
        line(place, "keep", "a.jpg", KEPT, relation=""),
        company,
        line(place, "ask", "c.jpg", ALIKE, relation="similar"),
    )
    with pytest.raises(BadPlan, match=r"a\.mov belongs to a\.jpg, and no file that stays has it too"):
        by(alone, [(place, "a.jpg")])


def test_groups_that_show_different_things_are_named_by_the_digests_of_the_plan(place: Path) -> None:
    found = by(two(place), [], (2,))
    assert (moves(found), found.different) == ([], ((sha(KEPT), sha(ALIKE)),))


def test_no_file_goes_for_one_of_a_group_that_is_called_different(place: Path) -> None:
    plan = plan_of(
        place,
        line(place, "keep", "c.jpg", ALIKE, relation=""),
        line(place, "ask", "b.jpg", OTHER, relation="similar"),
        line(place, "keep", "a.jpg", KEPT, group=2, relation=""),
        line(place, "ask", "b.jpg", OTHER, group=2, relation="similar"),
    )
    assert moves(by(plan, [(place, "b.jpg")])) == [("b.jpg", "c.jpg")]
    assert moves(by(plan, [(place, "b.jpg")], (1,))) == [("b.jpg", "a.jpg")]
    with pytest.raises(BadPlan, match=r"let b\.jpg in .* go and call all its groups different"):
        by(plan, [(place, "b.jpg")], (1, 2))


@pytest.mark.parametrize(
    ("going", "said"),
    [
        ("a.jpg", "a.jpg lies where nothing goes"),
        ("x.jpg", "which no group of"),
        ("../x.jpg", "which no group of"),
    ],
)
def test_what_may_not_go_is_refused(place: Path, going: str, said: str) -> None:
    first = line(place, "keep", "a.jpg", KEPT, relation="", may_go="no")
    plan = plan_of(place, first, line(place, "remove", "b.jpg", OTHER))
    with pytest.raises(BadPlan, match=said):
        by(plan, [(place, going)])


def test_choices_of_another_plan_are_refused(place: Path) -> None:
    plan = two(place)
    path = saved(plan, [(place, "b.jpg")])
    plan.write_text(plan.read_text("utf-8").replace("c.jpg", "d.jpg"), "utf-8")
    with pytest.raises(BadPlan, match="is not the plan that these choices were made for"):
        choices.chosen(plan, choices.read(path))
    with pytest.raises(BadPlan, match="has no group 7"):
        by(plan, [], (7,))
    with pytest.raises(BadPlan, match="has no group 7"):
        by(plan, [], decided=[7])


def test_a_plan_of_an_older_program_knows_no_choices(place: Path) -> None:
    plan = two(place)
    cut = [",".join(words.split(",")[:-2]) for words in plan.read_text("utf-8").splitlines()]
    plan.write_text("\n".join(cut) + "\n", "utf-8")
    with pytest.raises(BadPlan, match="made by an older auditor"):
        by(plan, [(place, "b.jpg")])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"auditor_choices": 2}, "saved by another version"),
        ({"go": [["a"]]}, "was changed since it was saved"),
        ({"go": [[1, "a"]]}, "was changed since it was saved"),
        ({"go": {"a": "b"}}, "was changed since it was saved"),
        ({"different": [True]}, "was changed since it was saved"),
        ({"different": 1}, "was changed since it was saved"),
        ({"decided": ["1"]}, "was changed since it was saved"),
        ({"decided": None}, "was changed since it was saved"),
        ({"plan_sha256": None}, "was changed since it was saved"),
    ],
)
def test_what_is_no_file_of_choices_is_said_to_be_none(place: Path, more: dict[str, Any], said: str) -> None:
    with pytest.raises(BadPlan, match=said):
        choices.read(saved(two(place), [], **more))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b"null"])
def test_anything_else_is_no_file_of_choices(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "choices.json"
    path.write_bytes(content)
    with pytest.raises(BadPlan, match="is no file of choices"):
        choices.read(path)
    with pytest.raises(BadPlan, match="cannot be read"):
        choices.read(tmp_path / "nothing.json")


def test_pictures_that_are_only_called_different_are_remembered_by_the_next_step(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = two(place)
    code, out, err = call(monkeypatch, capsys, "clean", str(plan), "--choices", str(saved(plan, [], 2)))
    assert (code, out.splitlines()[0]) == (0, "0 files would go into quarantine, 0 bytes in all."), err
    assert "  1 group is not shown together again on this computer, once this is carried out." in out
    assert re.search(r"  Next +auditor clean .* --choices .* --apply", out)


def test_a_plan_whose_files_are_not_there_any_more_says_so(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = two(place)
    going = saved(plan, [(place, "b.jpg")])
    (place / "b.jpg").unlink()
    code, out, err = call(monkeypatch, capsys, "clean", str(plan), "--choices", str(going))
    assert (code, out.splitlines()[0]) == (0, "0 files would go into quarantine, 0 bytes in all."), err
    assert "  1 file of the plan is not there any more. Search or audit again for a plan of what is." in out
    assert "--apply" not in out and "b.jpg" not in out


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
def test_a_file_that_could_not_be_looked_at_is_not_called_gone(
    number: int, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = two(place)
    going = saved(plan, [(place, "b.jpg")])

    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("auditor.cleanup.files.beneath", refused)
    code, out, err = call(monkeypatch, capsys, "clean", str(plan), "--choices", str(going))
    assert (code, out.splitlines()[0]) == (0, "0 files would go into quarantine, 0 bytes in all."), err
    assert "  1 file of the plan could not be looked at, so nobody knows whether it is there: check the disk," in out
    assert "not there any more" not in out
