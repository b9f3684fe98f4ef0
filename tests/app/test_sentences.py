"""What sentences of commands become where buttons stand for commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.app import sentences
from auditor.audit import refusals, roles


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (
            "To back it up run `auditor backup \"/Anna's phone\" FOLDER` with a folder on a disk.",
            "To back it up press “Back up” (at Start, /Anna's phone as the phone) with a folder on a disk.",
        ),
        ("Run `auditor audit /b /a`.", "Press “Check now” (at Start, /b as the phone)."),
        ("`auditor audit` with the phone (Anna) first", "“Check now” with the phone (Anna) first"),
        ("run the same `auditor backup` again: it goes on", "press “Back up” again: it goes on"),
        ("`auditor verify /disk` reads them", "“Read again” (under More at Start) reads them"),
        ("its files: `auditor restore /d FOLDER`", "its files: “Restore” (under More at Start)"),
        ("`auditor duplicates /p` shows both", "“Look for duplicates” (under More at Start) shows both"),
        ("`auditor clean` took 2 files away", "“Move to the quarantine” took 2 files away"),
        ("`auditor clean --purge /j --older-than 30d`", "“Empty the quarantine”"),
        ("`auditor undo` with its journal puts it back.", "“Undo” (under History) puts it back."),
        ("with `auditor config add NAME PLACE --role backup`", "with “Settings”"),
        ("`auditor report /r --check` says more", "“What this report can be held to” says more"),
        ("If a new backup is meant, add --new-place.", "If a new backup is meant, press “Make a new backup there”."),
        ("If you removed them, add --shrunk.", "If you removed them, press “Back up what is there now”."),
        ("if it is a copy, audit with --copy-by-hand.", "if it is a copy, press “It is a copy made by hand”."),
        ("check it alone, with --copy-by-hand", "check it alone, with “It is a copy made by hand”"),
        ("It is kept; the same command goes on from there.", "It is kept; “Go on” continues from there."),
        ("Nothing was read yet; the same command begins again.", "Nothing was read yet; “Go on” begins again."),
        ("it changed; run the same command again", "it changed; try again"),
        ("Move it out of there, then audit again.", "Move it out of there, then check again."),
        ("It is not sealed. Audit again", "It is not sealed. Check again"),
        ("audit again (--keep-newest 90d leaves newer files)", "check again"),
        ("make a new one with `auditor scan`.", "make a new one with “auditor scan” in a terminal."),
        ("run `auditor verify /d --init`", "run “auditor verify /d --init” in a terminal"),
        ("run `auditor audit /p /b --depth decode`", "run “auditor audit /p /b --depth decode” in a terminal"),
        ("install it with `pip install rclone`", "install it with “pip install rclone” in a terminal"),
        ("name both phones by `adb:`", "name both phones by “adb:”"),
        ("an audit of /a/audit again.jpg", "an audit of /a/audit again.jpg"),
        ("2 files could not be read.", "2 files could not be read."),
    ],
)  # fmt: skip
def test_buttons_stand_for_commands(typed: str, shown: str) -> None:
    assert sentences.said(typed) == shown
    assert sentences.said(shown) == shown


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("verify", "Auditor can read again only what it backed up. Back the phone up to it once, then this works."),
        ("restore", "the original names and dates are not known. Copy the folder as it is"),
    ],
)
def test_a_folder_that_is_no_backup_of_ours_is_no_dead_end(tmp_path: Path, command: str, says: str) -> None:
    (tmp_path / "a.txt").write_text("a")
    told = refusals.refusal_without_record(roles.role_of_folder(tmp_path, str(tmp_path)), command)
    shown = sentences.said(str(told))
    assert "--init" in str(told) and shown.startswith(f"{tmp_path} is not a backup") and shown.endswith(says)
    assert (told.instead is not None and told.instead.action == "backup") is (command == "verify")


def test_a_page_says_what_its_own_buttons_say() -> None:
    own = {"auditor audit /b /a": "Swap them"}
    assert sentences.said("If so, run `auditor audit /b /a`.", own) == "If so, press “Swap them”."
    assert "Check now" in sentences.said("run `auditor audit /a /b`", own)
