"""Which place the words on the command line name."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from auditor.errors import BadPlace
from auditor.places.spec import OPENERS, kind_of, open_place


@pytest.mark.parametrize(
    ("spec", "kind", "words"),
    [
        ("adb:", "adb", ""),
        ("ADB:emulator-5554", "adb", "emulator-5554"),
        ("adb:127.0.0.1:5555/sdcard/DCIM", "adb", "127.0.0.1:5555/sdcard/DCIM"),
        ("mtp:", "mtp", ""),
        ("rclone:drive:Photos/2020", "rclone", "drive:Photos/2020"),
        ("takeout:/downloads", "takeout", "/downloads"),
        ("takeout:C:\\Users\\Anna", "takeout", "C:\\Users\\Anna"),
        ("C:\\photos", "folder", "C:\\photos"),
        ("c:photos", "folder", "c:photos"),
        ("photos", "folder", "photos"),
        ("./adb:strange", "folder", "./adb:strange"),
    ],
)
def test_words_name_a_kind_of_place(spec: str, kind: str, words: str) -> None:
    assert kind_of(spec) == (kind, words)


def test_a_folder_with_a_colon_in_its_name_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        Path("holiday:2020").mkdir()
    except OSError:
        pytest.skip("this file system takes no colon in a name")
    assert kind_of("holiday:2020") == ("folder", "holiday:2020")


@pytest.mark.parametrize(
    ("spec", "says"),
    [("", "no place was named"), ("onedrive:Photos", "rclone:onedrive:Photos"), ("ftp://host", "is not one of")],
)
def test_words_that_name_no_place_say_what_would(spec: str, says: str) -> None:
    with pytest.raises(BadPlace, match=says):
        kind_of(spec)


@pytest.mark.parametrize("kind", OPENERS)
def test_every_registered_kind_has_its_opener(kind: str) -> None:
    module, _, function = OPENERS[kind].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_a_folder_is_opened_and_one_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert open_place(str(tmp_path)).kind == "folder"
    with pytest.raises(BadPlace):
        open_place(str(tmp_path / "nowhere"))
