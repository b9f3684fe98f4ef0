"""The first page: what is there, and what is to be done for a phone."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from auditor import data as shipped
from auditor.app import commands, pages, start
from auditor.places.doctor import Advice, State

ADVICE = (
    Advice("cable: Pixel", State.TO_DO, "it is only charging", "choose File transfer"),
    Advice("adb: Pixel", State.TO_DO, "the phone is unauthorized", "tap Allow on it"),
    Advice("cable", State.UNKNOWN, "what is plugged in cannot be seen", None),
    Advice("adb", State.MISSING, "adb is not installed", "needed only for adb:"),
    Advice("adb: Nexus", State.READY, "ready", None),
    Advice("rclone", State.TO_DO, "no clouds", "run rclone config"),
)
DISK = {"spec": "/mnt/x/photos", "sort": "named", "label": "nas", "presence": "not there", "name": "nas"}
DISK |= {"role": "backup", "total_bytes": None, "free_bytes": None, "used": None, "used_as": None}


@pytest.fixture(autouse=True)
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No phone, one that is only charging and unknown to this computer, and a disk that is away."""
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path))
    other = DISK | {"spec": "/media/stick", "name": None, "label": "stick", "sort": "disk", "presence": "there"}
    known: dict[str, Any] = {"places": [DISK, other], "advice": list(map(asdict, ADVICE))}
    monkeypatch.setattr(commands, "ask", lambda *_: known)


def asked(**query: str) -> Request:
    return Request({"type": "http", "query_string": urlencode(query).encode()})


def places(**query: str) -> str:
    return bytes(start.places(asked(**query)).body).decode()


def test_a_phone_that_is_plugged_in_and_not_seen_has_advice_of_its_own() -> None:
    shown = places()
    assert "No phone is seen." in shown
    assert "It is only charging: choose File transfer" in shown
    assert "The phone is unauthorized: tap Allow on it" in shown
    assert not any(word in shown for word in ("not installed", "cannot be seen", "Nexus", "no clouds"))


@pytest.mark.parametrize(
    ("phone", "is_told"), [("/home/anna/phone", False), ("adb:", True), ("mtp:Pixel", True), ("", True)]
)
def test_no_phone_is_missed_where_a_folder_stands_for_it(phone: str, is_told: bool) -> None:
    assert ("No phone is seen." in places(phone=phone)) is is_told


def test_a_place_is_said_to_be_what_it_is_and_can_be_given_a_name() -> None:
    shown = places()
    assert "backup, not connected now" in shown and "named" not in shown
    assert 'href="/settings?spec=%2Fmedia%2Fstick">Give it a name<' in shown
    assert shown.count("Give it a name") == 1  # the other has one


def test_start_says_what_buttons_do_and_asks_nothing_beforehand() -> None:
    known: dict[str, Any] = {"phone": "/p", "backups": ["/b"], "proposed": False, "here": [("phone", "/p")]}
    known |= {"running": [], "stopped": [], "moved": []}
    shown = pages.made("start", **known, hand=[])
    assert "made by hand" not in shown
    assert "a copy that went bad is put aside and made anew. Nothing is deleted." in shown
    assert "You say that the backup is a copy made by hand" in pages.made("start", **known, hand=[("by_hand", "yes")])


def test_what_narrow_windows_need_is_told_of_each_cell() -> None:
    """There the head of a table is not shown."""
    for page in ("history", "ended"):
        rows = [
            line
            for line in (shipped.folder("reports") / "app" / f"{page}.html.j2").read_text("utf-8").splitlines()
            if line.startswith("<tr><td")
        ]
        assert rows and all(row.count("<td") == row.count("<td data-label=") for row in rows)
