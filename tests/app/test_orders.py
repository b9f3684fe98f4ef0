"""What a button may order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.app import jobs, orders
from auditor.app.orders import Order, Refused
from auditor.config import Config, NamedPlace, Role
from auditor.errors import BadConfig


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("auditor.config.load", lambda: Config(reports=tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def asked(**fields: str | list[str]) -> Order:
    return orders.understood({name: [value] if isinstance(value, str) else value for name, value in fields.items()})


def done(words: list[str], journals: Sequence[str] = (), **end: object) -> str:
    """A job that told of these journals and came to its end; its id."""
    job_id = "20260101T000000000000-01234567"
    folder = jobs.home() / job_id
    folder.mkdir(parents=True)
    about = {"id": job_id, "words": words, "title": "It", "started": "2026-01-01T00:00:00Z", "pid": 0, "argv": []}
    (folder / jobs.ABOUT).write_text(json.dumps(about))
    events = [*({"event": "journal", "file": journal} for journal in journals), {"event": "result", **end}]
    (folder / jobs.EVENTS).write_text("".join(json.dumps(event) + "\n" for event in events))
    return job_id


def test_places_are_never_options(home: Path) -> None:
    for order in (
        asked(order="audit", phone="--apply", backup=["--purge", "b"]),
        asked(order="backup", phone="--apply", backup="--purge"),
        asked(order="verify", backup="--init"),
        asked(order="restore", backup="--x", target="--y"),
        asked(order="duplicates", place=["--x"]),
    ):
        before, after = order.words[: order.words.index("--")], order.words[order.words.index("--") + 1 :]
        assert not any(word.startswith("-") for word in before)
        assert all(word.startswith("-") or word == "b" for word in after)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"order": "purge-all"},
        {"order": "audit"},
        {"order": "audit", "phone": "p"},
        {"order": "audit", "backup": "b"},
        {"order": "audit", "phone": "p\0q", "backup": "b"},
        {"order": "restore", "backup": "b"},
        {"order": "duplicates"},
        {"order": "free", "result": "../x"},
        {"order": "free", "result": "nothing"},
        {"order": "choose", "result": "."},
        {"order": "apply", "job": "../../x"},
        {"order": "apply", "job": "20260101T000000000000-aaaaaaaa"},
        {"order": "undo", "job": ""},
        {"order": "again", "job": "x"},
    ],
    ids=str,
)
def test_what_cannot_be_ordered(home: Path, fields: dict[str, str]) -> None:
    with pytest.raises(Refused):
        asked(**fields)


def test_a_place_is_called_as_the_settings_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Config((NamedPlace("annas-phone", "adb:", Role.PHONE), NamedPlace("nas", "/mnt/x/photos", Role.BACKUP)))
    monkeypatch.setattr("auditor.config.load", lambda: known)
    order = asked(order="audit", phone="adb:", backup=["/mnt/x/photos", "/mnt/y/photos"])
    assert order.title == "Checking annas-phone against nas and photos"
    assert order.words[-3:] == ("adb:", "/mnt/x/photos", "/mnt/y/photos")

    def broken() -> Config:
        raise BadConfig("It is not TOML.")

    monkeypatch.setattr("auditor.config.load", broken)
    assert orders.label("/mnt/x/photos") == "photos"


@pytest.mark.parametrize(
    ("words", "heading"),
    [
        (["audit", "--copy-by-hand", "--", "/p", "/b", "/c"], "Check of p against b and c"),
        (["backup", "--", "/p", "/b"], "Backup of p to b"),
        (["verify", "--", "/b"], "Second reading of b"),
        (["restore", "--", "/b", "/t"], "Restore of b to t"),
        (["duplicates", "--", "/p", "/b"], "Search for duplicates in p and b"),
        (["undo", "--", "/j"], "What was put back"),
        (["clean", "--purge", "/j", "--older-than", "0d"], "Emptied quarantine"),
        (["clean", "--apply", "--as-shown", "x", "--", "/r"], "Clean-up"),
        (["clean", "--", "/r"], "What may go from p"),
        (["audit"], "What may go from p"),
    ],
)
def test_what_has_ended_is_called_by_what_was_done(home: Path, words: list[str], heading: str) -> None:
    job = jobs.find(done(words))
    assert job is not None
    assert orders.heading(replace(job, title="Looking at what may go from p")) == heading


def test_what_runs_is_called_by_what_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.Job, "is_alive", True)
    job = jobs.Job("1", ("verify", "--", "/b"), "Reading b again", "", 0, (), tmp_path)
    assert orders.heading(job) == "Reading b again"


def test_only_what_was_shown_is_moved(home: Path) -> None:
    shown = done(["clean", "--keep-newest", "90d", "--", "/audit"], removals=[], removals_sha256="abc")
    options = ("--apply", "--as-shown", "abc", "--keep-newest", "90d")
    assert asked(order="apply", job=shown).words == ("clean", *options, "--", "/audit")


@pytest.mark.parametrize(
    "words",
    [
        ["clean", "--apply", "--", "/audit"],
        ["clean", "--purge", "/j", "--older-than", "0d"],
        ["audit", "--", "a", "b"],
        ["undo", "--", "j"],
    ],
)
def test_no_other_job_is_applied(home: Path, words: list[str]) -> None:
    with pytest.raises(Refused):
        asked(order="apply", job=done(words))


def test_a_failed_look_moves_nothing(home: Path) -> None:
    with pytest.raises(Refused):
        asked(order="apply", job=done(["clean", "--", "/audit"], event="failed"))


def test_undo_and_purge_take_the_record_that_the_job_named(home: Path) -> None:
    job = done(["clean", "--apply", "--", "/audit"], journals=["/one.journal", "/two.journal"])
    assert asked(order="undo", job=job, nth="1").words == ("undo", "--", "/two.journal")
    for nth in ("2", "-1", "x", "²"):
        with pytest.raises(Refused):
            asked(order="undo", job=job, nth=nth)


def test_a_record_that_was_told_at_the_end_alone_is_taken_too(home: Path) -> None:
    job = done(["clean", "--apply", "--", "/audit"])
    with (jobs.home() / job / jobs.EVENTS).open("a") as told:
        told.write(json.dumps({"event": "result", "journals": ["/late.journal"]}) + "\n")
    assert asked(order="undo", job=job, nth="0").words == ("undo", "--", "/late.journal")


@pytest.mark.parametrize("typed", ["", "yes", "del", "delete it"])
def test_nothing_is_deleted_for_good_unless_it_is_typed(home: Path, typed: str) -> None:
    job = done(["clean", "--apply", "--", "/audit"], journals=["/one.journal"])
    with pytest.raises(Refused):
        asked(order="purge", job=job, typed=typed)


def test_the_quarantine_is_emptied_by_its_own_record(home: Path) -> None:
    job = done(["clean", "--apply", "--", "/audit"], journals=["/one.journal"])
    assert asked(order="purge", job=job, typed="Delete").words[:3] == ("clean", "--purge", "/one.journal")


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (["clean", "--purge", "/one.journal", "--older-than", "0d"], {"event": "stopped"}),
        (["clean", "--purge", "/one.journal", "--older-than", "0d"], {"event": "failed"}),
        (["clean", "--apply", "--", "/plan"], {"moved": 1}),
        (["clean", "--apply", "--", "/plan"], {"event": "stopped"}),
        (["restore", "--", "b", "t"], {"restored": 1}),
    ],
)
def test_what_is_done_or_deletes_for_good_does_not_go_on(home: Path, words: list[str], end: dict[str, object]) -> None:
    with pytest.raises(Refused):
        asked(order="again", job=done(words, **end))


@pytest.mark.parametrize("end", [{"event": "stopped"}, {"event": "failed"}, {"restored": 1, "gone": "the disk went"}])
def test_what_was_cut_short_goes_on_as_it_was(home: Path, end: dict[str, object]) -> None:
    assert asked(order="again", job=done(["restore", "--", "b", "t"], **end)).words == ("restore", "--", "b", "t")


def test_what_is_chosen_after_a_look_is_not_in_it(home: Path) -> None:
    folder = home / "duplicates-1"
    folder.mkdir()
    (folder / "plan.csv").write_text("x")
    (folder / "choices.json").write_text("one")
    first = asked(order="choose", result="duplicates-1").words
    (folder / "choices.json").write_text("one, and another")
    assert Path(first[2]).read_text() == "one"
    assert asked(order="choose", result="duplicates-1").words[2] != first[2]
    (folder / "choices.json").write_text("one")
    assert asked(order="choose", result="duplicates-1").words == first


def test_only_the_users_word_makes_a_copy_by_hand(home: Path) -> None:
    assert asked(order="audit", phone="p", backup="b", by_hand="yes").words == (
        "audit",
        "--copy-by-hand",
        "--",
        "p",
        "b",
    )
    assert "--copy-by-hand" not in asked(order="audit", phone="p", backup="b", by_hand="--apply").words


@pytest.mark.parametrize(("name", "word"), orders.WORDS.items())
def test_a_command_goes_on_with_the_word_that_it_asked_for(home: Path, name: str, word: str) -> None:
    job = done(["backup", "--", "p", "b"], event="failed", sentence="no", wants=word)
    assert asked(order="again", job=job, **{name: "yes"}).words == ("backup", word, "--", "p", "b")
    assert asked(order="again", job=job).words == ("backup", "--", "p", "b")
    assert asked(order="backup", phone="p", backup="b", **{name: "yes"}).words == ("backup", word, "--", "p", "b")


@pytest.mark.parametrize("word", orders.WORDS.values())
def test_what_the_user_said_once_is_not_said_again_by_going_on(home: Path, word: str) -> None:
    job = done(["backup", word, "--other", "--", "p", word], event="stopped")
    assert asked(order="again", job=job).words == ("backup", "--other", "--", "p", word)


def test_what_was_said_just_before_the_next_word_holds(home: Path) -> None:
    job = done(["backup", "--shrunk", "--", "p", "b"], event="failed", sentence="no", wants="--new-place")
    words = ("backup", "--new-place", "--shrunk", "--", "p", "b")
    assert asked(order="again", job=job, new_place="yes").words == words


@pytest.mark.parametrize("wants", [None, "--new-place", "--apply", ["--shrunk"]])
def test_no_command_is_given_a_word_that_it_did_not_ask_for(home: Path, wants: object) -> None:
    job = done(["backup", "--", "p", "b"], event="failed", sentence="no", wants=wants)
    with pytest.raises(Refused):
        asked(order="again", job=job, shrunk="yes")


@pytest.mark.parametrize("days", ["", "-1", "1e3", "²", "90d", "1; rm"])
def test_days_are_a_number(home: Path, days: str) -> None:
    (home / "audit-1").mkdir()
    (home / "audit-1" / "audit.json").write_text("{}")
    with pytest.raises(Refused):
        asked(order="free", result="audit-1", days=days)
    assert asked(order="free", result="audit-1", days="30").words[:3] == ("clean", "--keep-newest", "30d")


def test_a_result_that_leads_elsewhere_is_none(home: Path, tmp_path: Path) -> None:
    (tmp_path / "audit-x").mkdir()
    (tmp_path / "audit-x" / "audit.json").write_text("{}")
    (home / "link").symlink_to(tmp_path / "audit-x")
    for name in ("link", "../audit-x", str(tmp_path / "audit-x")):
        with pytest.raises(Refused):
            asked(order="free", result=name)
