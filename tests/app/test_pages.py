"""What a job's page says when it has ended."""

from __future__ import annotations

import html
import json
import re
import secrets
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from auditor import data as shipped
from auditor.app import jobs, outcomes, pages, shown
from auditor.model import Audit, Partition, Verdict
from auditor.report import findings
from tests.app.running import App, app

_AFTER = count()
"""A job that is made later is newer."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with app(tmp_path_factory.mktemp("app")) as one:
        one.enter()
        yield one


def kept(running: App) -> set[str]:
    """The jobs that there are."""
    folder = running.top / "state" / "app" / "jobs"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def ended(running: App, words: list[str], *events: dict[str, object], said: str = "") -> str:
    """A job that said these, whose process is gone; its id."""
    job_id = f"20260101T{next(_AFTER):012d}-{secrets.token_hex(4)}"
    folder = running.top / "state" / "app" / "jobs" / job_id
    folder.mkdir(parents=True)
    about = {"words": words, "title": "<It>", "started": "2026-01-01T00:00:00Z", "pid": 0, "argv": []}
    (folder / jobs.ABOUT).write_text(json.dumps(about))
    (folder / jobs.EVENTS).write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / jobs.SAID).write_text(said)
    return job_id


def page(running: App, words: list[str], *events: dict[str, object], said: str = "") -> str:
    """Its page."""
    answer = running.get(f"/jobs/{ended(running, words, *events, said=said)}")
    assert answer.status == 200
    assert "<It>" not in answer.text
    return answer.text


def test_what_a_look_found(running: App) -> None:
    end = {"event": "result", "removals": [{"path": "/a/<b>.jpg", "kept": []}], "bytes": 1_000, "asked": 0}
    shown = page(running, ["clean", "--", "/audit"], end)
    assert "1 file would go, 1.0 kB." in shown
    assert "/a/&lt;b&gt;.jpg" in shown
    assert "Move 1 file to the quarantine" in shown


def test_lists_that_scroll_are_reached_by_keyboard() -> None:
    pages = [page.read_text("utf-8") for page in (shipped.folder("reports") / "app").glob("*.j2")]
    lists = [tag for page in pages for tag in re.findall(r'<[^>]*class="names"[^>]*>', page)]
    assert lists and all('tabindex="0" aria-label' in tag for tag in lists)


@pytest.mark.parametrize(("unseen", "goes"), [(1, 1), (2, 0)])
def test_what_is_not_there_to_go_is_counted_nowhere_and_said(running: App, unseen: int, goes: int) -> None:
    removals = [{"path": f"/a/{number}.jpg", "kept": []} for number in range(4)]
    end = {"event": "result", "removals": removals, "bytes": 5, "not_there": 2, "not_looked_at": unseen}
    shown = page(running, ["clean", "--", "/audit"], end)
    assert f"{'1 file' if goes else '0 files'} would go, 5 bytes." in shown
    assert "2 files are not there any more." in shown and "could not be looked at, so nobody knows" in shown
    assert re.findall(r"Move (.*) to the quarantine", shown) == ["1 file"] * goes


def test_why_nothing_may_go(running: App) -> None:
    doubt = {"why": "a.", "remedy": "b"}
    end = {"event": "result", "can_go": {}, "hindrance": "it may be the phone", "doubts": [doubt]}
    shown = page(running, ["clean", "--", "/audit"], end)
    assert "0 files would go" in shown
    assert "it may be the phone" in shown
    assert "a. b" in shown
    assert "to the quarantine</button>" not in shown


def test_what_no_button_of_a_look_says_is_done_from_the_first_page(running: App) -> None:
    doubt = {"why": "It may be the phone: if it is a copy, audit with --copy-by-hand.", "remedy": "See `auditor scan`."}
    shown = page(running, ["clean", "--", "/audit"], {"event": "result", "can_go": {}, "doubts": [doubt]})
    assert "if it is a copy, make a backup to it once from Start, then check again." in shown
    assert "See “auditor scan” in a terminal." in shown


@pytest.mark.parametrize(
    ("words", "goes_on"), [(["undo", "--", "/j"], True), (["clean", "--apply", "--", "/a"], False)]
)
def test_a_button_is_named_only_where_it_is(running: App, words: list[str], goes_on: bool) -> None:
    end = {"event": "stopped", "exit": 130, "sentence": "stopped. 3 are left; the same command goes on with them."}
    shown = page(running, words, end)
    assert ("Stopped. 3 are left; “Go on” continues with them." in shown) is goes_on
    assert ("Stopped. 3 are left." in shown) is not goes_on
    assert (">Go on</button>" in shown) is goes_on


def test_what_may_go_after_a_backup_is_freed_from_its_report(running: App) -> None:
    command = "`auditor clean /audit` shows which; with `--apply` it moves them into a quarantine"
    sentence = f"9 kB in 2 files may go from the phone: {command}."
    step = {"action": "clean", "arguments": ["/audit"], "sentence": sentence}
    damaged = [{"path": "a.jpg", "reason": "cut short"}]
    end = {"event": "result", "copied": 1, "damaged_in_source": damaged, "next": step}
    shown = page(running, ["backup", "--", "/phone", "/backup"], end)
    assert "9 kB in 2 files may go from the phone: see the report, and press “Free the phone…” there." in shown
    assert "--apply" not in shown


def test_why_files_stay_that_are_safe(running: App) -> None:
    end = {"event": "result", "removals": [], "bytes": 0, "stay": {"too_new": 3, "parted": 0, "unread": 1}}
    shown = page(running, ["clean", "--keep-newest", "90d", "--", "/audit"], end)
    assert "3 files stay, being too new: they were taken or written in the days that you keep." in shown
    assert "1 file stays: it was not read and opened in that check." in shown
    assert "belonging" not in shown


def test_what_was_moved_and_what_stayed(running: App) -> None:
    stayed = [{"path": "/a/c.jpg", "reason": "it was changed"}]
    end = {"event": "result", "moved": 2, "moved_before": 0, "bytes": 1, "stayed": stayed}
    journal = {"event": "journal", "file": "/one.journal"}
    shown = page(running, ["clean", "--apply", "--", "/audit"], journal, end)
    assert "2 files moved, 1 file not." in shown
    assert "takes the same room until you empty it" in shown
    assert "it was changed" in shown
    assert "Undo: put everything back" in shown
    assert "/one.journal" not in shown


@pytest.mark.parametrize(
    ("words", "end", "sentence"),
    [
        (["undo", "--", "j"], {"back": 3, "deleted": 0, "not_put_back": []}, "3 files put back."),
        (["restore", "--", "b", "t"], {"restored": 1, "there": 2}, "1 file restored, 2 files there already."),
        (["restore", "--", "b", "t"], {"restored": 1, "sentence": "1 file (0 re-read)."}, "1 file restored.</p>"),
        (["restore", "--", "b", "t"], {"restored": 1, "target": "/t"}, "They lie in /t. Each file was compared"),
        (["clean", "--purge", "j", "--older-than", "0d"], {"deleted": 1, "bytes": 5}, "1 file deleted for good."),
        (["clean", "--apply", "--", "p"], {"moved": 0, "bytes": 0, "stayed": []}, "Nothing was to be done."),
    ],
    ids=str,
)  # fmt: skip
def test_what_was_done(running: App, words: list[str], end: dict[str, object], sentence: str) -> None:
    assert sentence in page(running, words, {"event": "result", **end})


def test_what_was_not_restored_lies_nowhere(running: App) -> None:
    end = {"event": "result", "restored": 0, "target": "/t", "not_restored": [{"path": "a", "reason": "x"}]}
    assert "They lie in" not in page(running, ["restore", "--", "b", "t"], end)


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ({"copied": 39, "bytes": 5_800_000}, "39 files copied, 5.8 MB."),
        ({"copied": 1, "bytes": 5, "held": 2, "unread": 10}, "1 file copied, 5 bytes. 12 files were there already."),
        ({"copied": 0, "held": 39}, "Nothing had to be copied: all 39 files were there already."),
        ({"copied": 0, "unread": 1}, "Nothing had to be copied: the one file was there already."),
        ({"copied": 0, "held": 2, "not_copied": [{}]}, "2 files were there already."),
        ({"copied": 0, "repaired": 2, "bytes": 5}, "2 copies that were damaged or lost were made anew, 5 bytes."),
        (
            {"copied": 3, "repaired": 1, "bytes": 5, "left_out": 3},
            "3 files copied. 1 copy that was damaged or lost was made anew. Together 5 bytes."
            " 3 files were left out, as the policy says.",
        ),
        ({"sentence": "x"}, ""),
    ],
)
def test_what_a_backup_did(end: dict[str, Any], told: str) -> None:
    assert " ".join(outcomes.did({"event": "result", **end})) == told
    for early in ({"event": "stopped"}, {"event": "result", "gone": "the disk is gone"}):  # it says how far it came
        assert outcomes.did(early | end) == []


def test_a_backup_leads_to_its_verdict_and_says_what_it_did(running: App) -> None:
    name = f"audit-{secrets.token_hex(4)}"
    folder = running.home / name
    folder.mkdir(parents=True)
    (folder / "audit.json").write_text("{}")
    end = {"event": "result", "sentence": "All is safe.", "folder": str(folder.resolve()), "copied": 3, "bytes": 5}
    job = ended(running, ["backup", "--", "p", "b"], end)
    there = running.get(f"/jobs/{job}").headers["location"]
    assert there == f"/results/{name}?after={job}"
    assert "3 files copied, 5 bytes." in running.get(there).text
    assert "3 files copied" not in running.get(f"/results/{name}").text
    assert "3 files copied" not in running.get(f"/results/audit-of-backup?after={job}").text
    assert "3 files copied, 5 bytes. All is safe." in running.get("/history").text
    left = end | {"not_copied": [{"path": "a", "reason": "it cannot be read"}]}
    assert "3 files copied, 5 bytes." in page(running, ["backup", "--", "p", "b"], left)


def test_a_look_says_what_would_go(tmp_path: Path) -> None:
    look = jobs.Job("1", ("clean", "--", "p"), "", "", 0, (), tmp_path)
    end = {"removals": [{"path": "a"}, {"path": "b"}, {"path": "c"}], "not_there": 1, "bytes": 5}
    assert outcomes.sentence(look, jobs.State.DONE, {**end, "not_looked_at": 1}).startswith("1 file would go")
    assert outcomes.sentence(look, jobs.State.DONE, end) == "2 files would go. Nothing was changed."


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_what_was_unplugged_in_the_middle_is_connected_and_goes_on(running: App, command: str) -> None:
    end = {"event": "result", "exit": 1, "gone": "the disk is gone", "sentence": "stopped, the disk is gone. 5 files."}
    shown = page(running, [command, "--", "a", "b"], end)
    assert "Stopped, the disk is gone. 5 files." in shown
    assert "Connect the disk or the phone again, then go on." in shown
    assert ">Go on</button>" in shown


def test_start_shows_what_was_stopped_until_it_was_ordered_again(running: App) -> None:
    stop = {"event": "stopped", "exit": 130, "sentence": "stopped."}
    words = ["backup", "--", "/phone", f"/{secrets.token_hex(4)}"]
    job = ended(running, words, stop)
    go_on = f'<input type="hidden" name="job" value="{job}">'
    assert go_on in running.get("/").text
    ended(running, words, {"event": "failed", "exit": 2, "sentence": "It is not there."})
    assert go_on in running.get("/").text
    ended(running, words, {"event": "result", "exit": 0})
    assert go_on not in running.get("/").text
    many = [ended(running, ["audit", "--", "/phone", f"/{number}"], stop) for number in range(5)]
    shown = running.get("/").text
    assert [f'value="{one}"' in shown for one in many] == [False, False, True, True, True]


def test_start_shows_what_can_be_put_back(running: App) -> None:
    journal = f"/{secrets.token_hex(4)}.journal"
    end = {"event": "result", "moved": 1, "stayed": [], "journals": [journal]}
    job = ended(running, ["clean", "--apply", "--", "/audit"], end)
    assert f'<a href="/jobs/{job}">put back what is in the quarantine still' in running.get("/").text
    ended(running, ["undo", "--", journal], {"event": "result", "back": 1, "deleted": 0, "not_put_back": []})
    assert f"/jobs/{job}" not in running.get("/").text


def test_what_start_shows_can_be_left_for_good(running: App) -> None:
    moved = ended(running, ["clean", "--apply", "--", "/audit"], {"event": "journal", "file": "/left.journal"})
    words = ["restore", "--", "/disk", "/left"]
    before, stopped = (ended(running, words, {"event": "stopped", "exit": 130}) for _ in range(2))
    for job in (moved, stopped):
        assert f"/jobs/{job}/leave" in running.get("/").text
        assert running.ask(f"/jobs/{job}/leave", "POST", cookie=running.cookie).status == 403  # another page's
        assert f"/jobs/{job}/leave" in running.get("/").text
        answer = running.post(f"/jobs/{job}/leave")
        assert (answer.status, answer.headers["hx-redirect"]) == (204, "/")
    shown = running.get("/").text
    assert not any(job in shown for job in (moved, before, stopped))
    assert ">Go on</button>" in running.get(f"/jobs/{stopped}").text
    assert running.post("/jobs/20260101T000000000000-aaaaaaaa/leave").status == 422


def test_what_was_stopped_begins_a_sentence(running: App) -> None:
    end = {"event": "stopped", "exit": 130, "sentence": "stopped. It is kept."}
    shown = page(running, ["audit", "--", "a", "b"], end)
    assert ">Stopped. It is kept." in shown


def test_what_a_backup_could_not_copy_is_seen_before_its_verdict(running: App) -> None:
    folder = running.home / "audit-of-backup"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "audit.json").write_text("{}")
    left = [{"path": "DCIM/a.jpg", "reason": "it cannot be read"}]
    end = {
        "event": "result",
        "sentence": "1 of 2 files is not safe.",
        "folder": str(folder.resolve()),
        "not_copied": left,
    }
    shown = page(running, ["backup", "--", "p", "b"], end)
    assert "it cannot be read" in shown
    assert "/results/audit-of-backup" in shown


def test_reports_that_went_elsewhere_are_a_button_away(running: App) -> None:
    """The home of reports was changed since."""
    before, gone = running.top / "before", running.top / "gone"
    before.mkdir()
    end = {"event": "result", "sentence": "It."}
    for home in (before, running.home.resolve(), gone):
        shown = page(running, ["audit", "--", "a", "b"], end | {"folder": str(home / "audit-moved")})
        assert (f"Its report was put in {home / 'audit-moved'}." in shown) is (home != running.home.resolve())
    assert 'hx-get="/elsewhere"' in running.get("/history").text
    piece = running.get("/elsewhere").text
    assert f"Reports of earlier checks lie in {before}. They are still there" in piece
    assert f'name="value" value="{before}"' in piece and "Use that folder again" in piece
    assert str(running.home) not in piece and str(gone) not in piece


def test_a_step_that_no_button_does_is_said(running: App) -> None:
    end = {
        "event": "result",
        "sentence": "1 rotted.",
        "next": {"action": "backup", "arguments": None, "sentence": "copy it"},
    }
    assert "copy it" in page(running, ["restore", "--", "/disk", "/target"], end)


def test_what_verify_found(running: App) -> None:
    files = [
        {"path": "DCIM/a.jpg", "fate": "rotted", "detail": ""},
        {"path": "DCIM/b.jpg", "fate": "unreadable", "detail": "Input/output error"},
        {"path": "DCIM/new.jpg", "fate": "new"},
        {"path": "DCIM/moved.jpg", "fate": "moved"},
    ]
    step = {"action": "backup", "arguments": ["/phone", "/disk"], "sentence": "x"}
    shown = page(
        running, ["verify", "--", "/disk"], {"event": "result", "sentence": "1 rotted.", "files": files, "next": step}
    )
    assert "1 rotted." in shown
    rows = re.findall(r'<tr><td data-label="File">(.*)</td><td data-label="Why">(.*)</td></tr>', shown)
    assert rows == [
        ("DCIM/a.jpg", "changed by itself: test the disk"),
        ("DCIM/b.jpg", "could not be read; Input/output error"),
    ]
    assert "Back up what is missing to disk" in shown


def test_files_that_are_not_named_are_counted(running: App) -> None:
    files = [{"path": f"{number}.jpg", "fate": "lost"} for number in range(201)]
    shown = page(running, ["verify", "--", "/d"], {"event": "result", "sentence": "201 lost.", "files": files})
    assert shown.count("is not there any more") == 200 and "And 1 more." in shown


def test_a_clean_up_leads_to_the_report_by_which_it_went(running: App) -> None:
    name = f"audit-{secrets.token_hex(4)}"
    folder = running.home.resolve() / name
    folder.mkdir(parents=True)
    (folder / "audit.json").write_text("{}")
    shown = page(running, ["clean", "--apply", "--", str(folder)], {"event": "result", "moved": 0, "stayed": []})
    assert f'href="/results/{name}">See the report</a>' in shown


@pytest.mark.parametrize("arguments", [["phone", "/disk"], ["/phone", "--apply"], [], None])
def test_no_button_for_places_as_another_folder_calls_them(running: App, arguments: list[str] | None) -> None:
    step = {"action": "backup", "arguments": arguments, "sentence": "x"}
    assert "Back up what" not in page(
        running, ["verify", "--", "/disk"], {"event": "result", "sentence": "y", "next": step}
    )


def test_what_was_not_put_back_has_a_next_step(running: App) -> None:
    left = [{"path": "/a.jpg", "reason": "another file took its name"}]
    words = ["undo", "--", f"/{secrets.token_hex(4)}.journal"]
    job = ended(running, words, {"event": "result", "back": 7, "deleted": 0, "not_put_back": left})
    shown = running.get(f"/jobs/{job}").text
    assert "7 files put back, 1 file not." in shown and "move that one elsewhere, then try again" in shown
    assert ">Try again</button>" in shown
    assert job not in running.get("/").text  # it was not ended in the middle


def test_what_a_command_wrote_has_its_lines(running: App) -> None:
    shown = page(running, ["audit", "--", "a", "b"], {"event": "failed", "sentence": "x"}, said="one\ntwo\x1b\n")
    assert "<pre>one\ntwo&lt;U+001B&gt;\n</pre>" in shown


def test_a_place_and_the_link_beside_it_are_two_words(running: App) -> None:
    assert '</span> <a href="/folders?for=target' in running.get("/restore?backup=/b&target=/tmp/out").text


def test_why_it_failed(running: App) -> None:
    shown = page(
        running, ["audit", "--", "a", "b"], {"event": "failed", "sentence": "a is not there", "exit": 2}, said="<more>"
    )
    assert "a is not there" in shown
    assert "Try again" in shown
    assert "&lt;more&gt;" in shown


def test_what_was_chosen_for_a_check_that_failed_is_chosen_otherwise(running: App) -> None:
    """A backup was not plugged in, say."""
    link = '<a href="/?phone=%2Fp&amp;backup=%2Fb&amp;backup=%2Fc">Choose phone and backups again</a>'
    failed: dict[str, object] = {"event": "failed", "sentence": "/c is not there", "exit": 2}
    for words in (["audit", "--copy-by-hand", "--", "/p", "/b", "/c"], ["backup", "--", "/p", "/b", "/c"]):
        assert link in page(running, words, failed)
    assert "Choose phone" not in page(running, ["restore", "--", "/b", "/t"], failed)
    assert "Choose phone" not in page(running, ["audit", "--", "/p", "/b"], {"event": "result", "sentence": "It."})


def test_a_folder_that_cannot_be_opened_is_not_said_to_be_empty(running: App) -> None:
    (running.top / "empty" / ".hidden").mkdir(parents=True)
    empty = running.get(f"/folders?{urlencode({'for': 'phone', 'at': running.top / 'empty'})}").text
    assert "No folders are shown in it." in empty
    gone = running.get(f"/folders?{urlencode({'for': 'phone', 'at': running.top / 'not-there'})}").text
    assert "cannot be opened" in gone and "No folders" not in gone


@pytest.mark.parametrize(("changed", "word"), [(None, "Not looked at yet"), (False, "SAFE"), (True, "CHANGED")])
def test_an_audit_that_was_not_held_against_its_seal_has_no_verdict_in_the_history(
    changed: bool | None, word: str
) -> None:
    audit: dict[str, Any] = {"changed": changed, "verdict": "SAFE", "sentence": "It."}
    audit |= {"finished": "2026-01-02T00:00:00Z", "source": "/p", "backups": ["/b"]}
    made = pages.made("history", audits=[(audit, None)], home="/r", done=[])
    assert re.search(r'data-label="Verdict">(.*?): ', made)[1] == word  # type: ignore[index]


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("--shrunk", "Back up what is there now"),
        ("--new-place", "Make a new backup there"),
        ("--copy-by-hand", "It is a copy made by hand"),
    ],
)
def test_the_word_that_a_command_asks_for_is_a_button(running: App, word: str, says: str) -> None:
    end = {"event": "failed", "sentence": "Is it all there?", "exit": 2}
    shown = page(running, ["backup", "--", "a", "b"], end | {"wants": word})
    assert "Is it all there?" in shown and f">{says}</button>" in shown and ">Try again</button>" in shown
    assert says not in page(running, ["backup", "--", "a", "b"], end)


def test_phone_and_backup_that_stand_in_the_wrong_order_are_swapped_by_a_button(running: App) -> None:
    command = "`auditor audit /phone /disk`"
    right = {"action": "audit", "arguments": ["/phone", "/disk"], "sentence": f"put the phone first: {command}"}
    end = {"event": "failed", "sentence": f"/disk is the backup. Run {command}", "exit": 2, "next": right}
    shown = page(running, ["audit", "--", "/disk", "/phone"], end)
    assert ">Swap them: the phone is phone</button>" in shown
    assert "/disk is the backup. Press “Swap them”" in shown
    assert '<input type="hidden" name="phone" value="/phone">' in shown


def test_that_it_ended_without_a_word(running: App) -> None:
    shown = page(running, ["audit", "--", "a", "b"], {"event": "phase", "title": "Reading"})
    assert "It ended in the middle, without a word" in shown
    assert "Go on" in shown


def test_bytes_that_are_no_text_are_shown(running: App) -> None:
    files = [{"path": "DCIM/\udcff.jpg", "fate": "rotted"}]
    assert r"DCIM/\xff.jpg" in page(
        running, ["verify", "--", "/d"], {"event": "result", "sentence": "1 rotted.", "files": files}
    )


def test_a_clean_up_that_was_killed_can_be_undone(running: App) -> None:
    shown = page(running, ["clean", "--apply", "--", "/audit"], {"event": "journal", "file": "/one.journal"})
    assert "It ended in the middle, without a word" in shown
    assert "Undo: put everything back" in shown
    job = ended(running, ["clean", "--apply", "--", "/audit"], {"event": "journal", "file": "/one.journal"})
    answer = running.post("/jobs", order="undo", job=job, nth="0")
    assert answer.status == 204


@pytest.mark.parametrize(("end", "is_emptied"), [({"deleted": 1}, True), ({"deleted": 1, "stayed": [{}]}, False)])
def test_what_was_emptied_has_no_buttons_any_more(running: App, end: dict[str, object], is_emptied: bool) -> None:
    journal = f"/{secrets.token_hex(4)}.journal"
    moved = [{"event": "journal", "file": journal}, {"event": "result", "moved": 1, "stayed": []}]
    words = ["clean", "--apply", "--", "/audit"]
    assert "Undo: put everything back" in page(running, words, *moved)
    ended(running, ["clean", "--purge", journal, "--older-than", "0d"], {"event": "result", **end})
    shown = page(running, words, *moved)
    assert ("Undo: put everything back" not in shown) is is_emptied
    assert ("Delete for good" not in shown) is is_emptied
    assert ("The quarantine was emptied" in shown) is is_emptied


@pytest.mark.parametrize(("left", "is_back"), [([], True), ([{"path": "/a.jpg", "reason": "it is there"}], False)])
def test_what_was_put_back_has_no_buttons_any_more(running: App, left: list[dict[str, str]], is_back: bool) -> None:
    journal = f"/{secrets.token_hex(4)}.journal"
    moved = [{"event": "journal", "file": journal}, {"event": "result", "moved": 2, "stayed": []}]
    words = ["clean", "--apply", "--", "/audit"]
    ended(running, ["undo", "--", journal], {"event": "result", "back": 2, "deleted": 0, "not_put_back": left})
    shown = page(running, words, *moved)
    assert ("Undo: put everything back" not in shown) is is_back
    assert ("Delete for good" not in shown) is is_back
    assert ("All that this moved was put back" in shown) is is_back


@pytest.mark.parametrize(
    ("partly", "wholly"),
    [
        (("clean", {"deleted": 2, "stayed": [{}]}), ("undo", {"back": 1, "deleted": 2})),
        (("undo", {"back": 1, "not_put_back": [{}]}), ("clean", {"deleted": 2, "stayed": []})),
    ],
)
def test_of_what_was_put_back_in_part_both_numbers_are_said(running: App, partly: Any, wholly: Any) -> None:
    journal = f"/{secrets.token_hex(4)}.journal"
    for command, end in (partly, wholly):
        words = ["undo", "--", journal] if command == "undo" else ["clean", "--purge", journal, "--older-than", "0d"]
        ended(running, words, {"event": "result", **end, "in_all": {"back": 1, "deleted": 2}})
    shown = page(running, ["clean", "--apply", "--", "/audit"], {"event": "journal", "file": journal})
    assert "1 file was put back, 2 files are deleted for good" in shown
    assert "All that this moved" not in shown and "what this moved is deleted" not in shown


def test_that_nothing_was_left_to_put_back_does_not_bring_it_back(running: App) -> None:
    journal = f"/{secrets.token_hex(4)}.journal"
    ended(running, ["clean", "--purge", journal, "--older-than", "0d"], {"event": "result", "deleted": 1})
    ended(running, ["undo", "--", journal], {"event": "result", "back": 0, "deleted": 1, "not_put_back": []})
    shown = page(running, ["clean", "--apply", "--", "/audit"], {"event": "journal", "file": journal})
    assert "The quarantine was emptied" in shown and "put back" not in shown


def test_from_a_damaged_backup_the_phone_is_a_click_away(running: App) -> None:
    """`verify` knows no phone: which it is, the page asks."""
    told = {"event": "result", "sentence": "NOT SAFE: 1 file.", "next": {"action": "backup", "sentence": "`x` repairs"}}
    shown = page(running, ["verify", "--", "/disk/photos & films"], told)
    assert "Choose the phone to back up to photos &amp; films again" in shown
    link = html.unescape(re.findall(r'href="(/\?[^"]*)"', shown)[0])
    assert parse_qs(urlsplit(link).query, keep_blank_values=True) == {"phone": [""], "backup": ["/disk/photos & films"]}
    assert "`x` repairs" not in shown
    shown = page(running, ["verify", "--", "/disk/photos"], told | {"next": None})
    assert "Choose the phone" not in shown


def test_from_a_folder_that_is_no_backup_the_phone_is_a_click_away(running: App) -> None:
    step = {"action": "backup", "arguments": None, "sentence": "back the phone up to it"}
    told = {"event": "failed", "exit": 2, "sentence": "/disk is not a backup that auditor made", "next": step}
    shown = page(running, ["verify", "--", "/disk"], told)
    link = html.unescape(re.findall(r'href="(/\?[^"]*)">Choose the phone to back up to disk</a>', shown)[0])
    assert parse_qs(urlsplit(link).query, keep_blank_values=True) == {"phone": [""], "backup": ["/disk"]}
    assert "A new backup mends this" not in shown


def test_nothing_is_deleted_that_was_not_typed(running: App) -> None:
    end = {"event": "result", "moved": 1, "stayed": []}
    job = ended(running, ["clean", "--apply", "--", "p"], {"event": "journal", "file": "/j"}, end)
    before = kept(running)
    answer = running.post("/jobs", order="purge", job=job, nth="0", typed="no")
    assert answer.status == 422
    assert "Type the word delete first." in answer.text
    assert kept(running) == before


@pytest.mark.parametrize("content", ["a=1&" * 2_000, "x" * (2 << 20), "order=audit&phone=%00&backup=b", "phone=%ff"])
def test_what_is_no_form_of_ours(running: App, content: str) -> None:
    before = kept(running)
    assert running.ask("/jobs", "POST", content, **running.of_a_page()).status == 422
    assert kept(running) == before


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"auditor_choices": 2}', "[" * 100_000])
def test_what_are_no_choices(running: App, content: str) -> None:
    folder = running.home / "duplicates-1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.csv").write_text("x")
    (folder / "choices.json").unlink(missing_ok=True)
    assert running.ask("/results/duplicates-1/choices", "POST", content, **running.of_a_page()).status == 422
    assert not (folder / "choices.json").exists()
    good = '{"auditor_choices": 1, "plan_sha256": "x", "go": [], "different": []}'
    assert running.ask("/results/duplicates-1/choices", "POST", good, **running.of_a_page()).status == 204
    assert running.get("/results/duplicates-1/choices").text == good


@pytest.mark.parametrize("name", ["secrets.txt", "report.html/../secrets.txt", "..", "%2e%2e%2fx", "files.csv"])
def test_only_what_a_command_wrote_is_given(running: App, name: str) -> None:
    folder = running.home / "audit-1"
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / "audit.json").write_text("{}")
        (folder / "secrets.txt").write_text("a secret")
        (folder / "files.csv").symlink_to(folder / "secrets.txt")
    assert "a secret" not in running.get(f"/results/audit-1/{name}").text


def test_a_config_that_makes_no_sense_is_a_sentence(tmp_path: Path) -> None:
    with app(tmp_path) as running:
        running.enter()
        (tmp_path / "settings" / "config.toml").write_text("no TOML")
        for path in ("/", "/settings", "/history", "/about"):
            answer = running.get(path)
            assert answer.status == 500
            assert "is not TOML" in answer.text


def doubted(wants: str | None) -> dict[str, Any]:
    places = {"PHONE": ["/p"], "SOURCE": ["/p"], "BACKUPS": ["/b"], "PLACES": ["/b"], "DEST": ["FOLDER"]}
    doubt = {"label": "b", "list": "backup.jsonl", "why": "x", "remedy": "y", "wants": wants}
    return {"verdict": "NOT SAFE", "provenance": {"arguments": places, "maybe_exchanged": [doubt]}}


def test_a_backup_that_may_be_the_phone_has_a_button_for_either_answer() -> None:
    again, by_hand, swapped = shown.steps(doubted("--copy-by-hand"))
    assert by_hand.fields == (*again.fields, ("by_hand", "yes"))
    assert swapped.says == "Swap them: the phone is b"
    assert swapped.fields == (("order", "audit"), ("phone", "/b"), ("backup", "/p"))
    assert [step.says for step in shown.steps(doubted(None))] == [again.says, swapped.says]
    assert shown._buttons(doubted(None)) == {"auditor audit /p /b": again.says, "auditor audit /b /p": swapped.says}


@pytest.mark.parametrize(
    ("advice", "is_copy"),
    [
        ({"action": "backup", "arguments": ["/p", "/b"]}, True),
        ({"action": "backup", "arguments": ["/p"]}, False),  # to another place
        ({"action": None, "arguments": None}, False),  # all is there, and there are too few copies
        (None, False),
    ],
)
def test_a_copy_is_offered_in_place_of_the_reports_advice_only_where_that_is_it(advice: Any, is_copy: bool) -> None:
    places = {"PHONE": ["/p"], "SOURCE": ["/p"], "BACKUPS": ["/b"], "PLACES": ["/b"], "DEST": ["/b"]}
    told: dict[str, Any] = {"verdict": "NOT SAFE", "next": advice, "provenance": {"arguments": places}}
    assert [step.says for step in shown.steps(told)] == ["Back up what is missing to b"] * is_copy + ["Check again"]
    assert shown._instead(told) == ("next" if is_copy else "")
    told["provenance"]["first"] = "x"
    assert shown._instead(told) == ""


def test_the_command_for_what_stays_unread_is_named_by_its_button() -> None:
    places = {"PHONE": ["/p"], "SOURCE": ["/p"], "BACKUPS": ["/b", "/c"], "PLACES": ["/b", "/c"], "DEST": ["/b"]}
    told: dict[str, Any] = {
        "verdict": "SAFE",
        "provenance": {
            "may_go": {"files": 0, "size_bytes": 0},
            "not_read_again": 7,
            "arguments": places,
            "words": {word: " ".join(those) for word, those in places.items()},
        },
    }
    judged = Audit(Verdict.SAFE, "", Partition(7, 7, 0, 0, 0), (), (), told["provenance"])
    (command,) = shown._buttons(told)
    assert f"`{command}`" in str(findings.next_step(judged, {}))


def test_of_a_search_that_found_nothing_there_is_nothing_to_decide(running: App) -> None:
    folder = running.home / "duplicates-none"
    folder.mkdir(parents=True, exist_ok=True)
    for rows in ("", "keep,/backup,\nkeep,/backup,\n"):
        (folder / "plan.csv").write_text(f"action,place,may_go\n{rows}")
        shown = running.get("/results/duplicates-none").text
        assert "There is nothing to decide." in shown and '<a class="button main" href="/">' in shown
        assert "Look at what would go" not in shown
    for row in ("ask,/p,", "keep,/p,yes"):
        (folder / "plan.csv").write_text(f"action,place,may_go\n{row}\n")
        shown = running.get("/results/duplicates-none").text
        assert "Look at what would go" in shown and "nothing to decide" not in shown


def of_verdict(**more: Any) -> str:
    """The page of a verdict, in words."""
    known: dict[str, Any] = {"name": "a", "page": None, "files": [], "did": [], "verdict": "SAFE", "sentence": "It."}
    known |= {"caveats": [], "phone": "/p", "backups": ["/b"], "finished": "2026-01-02T00:00:00Z", "since": None}
    known |= {"go": None, "instead": "", "buttons": {}, "touched": False, "steps": []}
    known["partition"] = {"not_safe": 0, "not_checked": 0}
    return " ".join(pages.made("verdict", **(known | more)).split())


def test_of_what_may_go_the_page_says_what_its_button_moves() -> None:
    go = {"files": 12, "size_bytes": 12_000, "by_clean": True}
    assert "12 files (12 kB) may go from the phone." in of_verdict(go=go)
    all_go = go | {"clean_files": 12, "clean_bytes": 12_000}
    assert "12 files (12 kB) may go from the phone." in of_verdict(go=all_go)
    some = of_verdict(go=go | {"clean_files": 5, "clean_bytes": 5_000})
    assert "5 files (5.0 kB) of 12 that may go from the phone can be moved here. The others" in some


def test_a_verdict_that_names_no_whole_places_leads_to_the_choice_of_them() -> None:
    choice = '<a class="button main" href="/">Choose phone and backup to check again</a>'
    assert choice in of_verdict() and choice in of_verdict(verdict="")
    assert choice not in of_verdict(steps=shown.check_again(doubted(None)))


def test_a_home_of_reports_that_is_not_there_is_mended_in_settings(tmp_path: Path) -> None:
    """Its disk was pulled out, say. Nothing that writes no report needs it."""
    (tmp_path / "reports").write_text("a file")
    with app(tmp_path) as running:
        running.enter()
        said = f"Reports lie in {tmp_path / 'reports'}, which cannot be used"
        settings = running.get("/settings")
        assert settings.status == 200 and said in settings.text
        assert running.get("/about").status == 200
        assert running.get("/").status == 200
        broken = running.get("/results/audit-1")
        assert (broken.status, said in broken.text, "<html" in broken.text) == (500, True, True)
        piece = running.ask("/results/audit-1", cookie=running.cookie, hx_request="true")
        assert said in piece.text and "<html" not in piece.text
        refused = running.post("/settings", set="reports", value="/dev/null/reports")
        assert "no reports can be put in" in refused.text
        ordered = running.post("/jobs", order="scan", place=str(tmp_path))
        assert ordered.status == 422
        mended = running.post("/settings", set="reports", value=str(tmp_path / "elsewhere"))
        assert mended.headers.get("hx-redirect") == "/settings?kept=yes", mended
        assert said not in running.get("/settings").text


def test_settings_say_what_they_are_for_and_that_they_are_kept(tmp_path: Path) -> None:
    with app(tmp_path) as running:
        running.enter()
        shown = running.get("/settings").text
        assert "The first page then proposes them" in shown and "Kept." not in shown
        assert '<option value="office">For offices: two copies, one of them elsewhere</option>' in shown
        whole = {"set": "name", "name": "nas", "role": "backup", "spec": str(tmp_path / "disk")}
        for partial in ("photos", "takeout:photos", ""):
            refused = running.post("/settings", **(whole | {"spec": partial}))
            assert (refused.status, "Write the whole path" in refused.text) == (422, True)
        assert "Write the whole path" in running.post("/settings", set="reports", value="reports").text
        for fields in (whole, {"set": "policy", "value": "office"}, {"set": "policy", "value": ""}):
            assert running.post("/settings", **fields).headers.get("hx-redirect") == "/settings?kept=yes"
        assert '<p role="status">Kept.</p>' in running.get("/settings?kept=yes").text
        assert running.post("/settings", set="forget", name="nas").headers.get("hx-redirect") == "/settings"
        assert not (running.home / "photos").exists()


@pytest.mark.parametrize(("wanted", "field"), [("name", "spec"), ("reports", "reports")])
def test_a_folder_is_chosen_for_a_setting(running: App, wanted: str, field: str) -> None:
    assert f'href="/folders?for={wanted}"' in running.get("/settings").text
    (running.top / "disk").mkdir(exist_ok=True)
    chosen = running.get(f"/folders?{urlencode({'for': wanted, 'at': running.top / 'disk'})}").text
    link = html.unescape(re.findall(r'href="(/settings\?[^"]*)">Use this folder', chosen)[0])
    shown = running.get(link).text
    assert f'value="{running.top / "disk"}"' in shown
    assert ("Press Set to have them go there." in shown) is (field == "reports")


def test_a_search_whose_files_were_moved_says_so_until_they_are_back(running: App) -> None:
    name, journal = f"duplicates-{secrets.token_hex(4)}", f"/{secrets.token_hex(4)}.journal"
    folder = running.home.resolve() / name
    folder.mkdir(parents=True)
    (folder / "plan.csv").write_text("x\ny\n")
    ended(running, ["duplicates", "--", "/a & b", "/c"], {"event": "result", "folder": str(folder)})
    unmoved = running.get(f"/results/{name}").text
    assert "Look at what would go…" in unmoved and "were moved" not in unmoved
    moved = {"event": "journal", "file": journal}
    job = ended(running, ["clean", "--apply", "--", str(folder)], moved, {"event": "result", "moved": 1})
    page = running.get(f"/results/{name}").text
    assert "Files of this search were moved to the quarantine" in page
    assert f'<a href="/jobs/{job}">Put them back, or empty the quarantine</a>' in page
    assert "Look at what would go…" not in page and "Look for duplicates again</button>" in page
    assert re.findall(r'name="place" value="([^"]*)"', page) == ["/a &amp; b", "/c"]
    purged = ended(running, ["clean", "--purge", journal, "--older-than", "0d"], {"event": "result", "deleted": 1})
    assert f'<a href="/jobs/{job}">What became of them</a>' in running.get(f"/results/{name}").text
    (running.top / "state" / "app" / "jobs" / purged / jobs.EVENTS).unlink()
    ended(running, ["undo", "--", journal], {"event": "result", "back": 1, "deleted": 0, "not_put_back": []})
    assert running.get(f"/results/{name}").text == unmoved
