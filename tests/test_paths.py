"""Paths as people type them: a home that is nobody's is bad input like any other, in every command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.paths import typed_path
from tests.commandline import call

NOBODY = "~nobody-has-this-name/photos"


def test_a_home_is_found_and_nobodys_is_left_as_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.setenv("USERPROFILE", "/home/anna")
    typed = {"~": "/home/anna", "~/a b": "/home/anna/a b", NOBODY: NOBODY, "a/~": "a/~", "./~": "~", "/x": "/x"}
    assert {text: typed_path(text).as_posix() for text in typed} == typed


@pytest.mark.skipif(os.name != "posix", reason="other systems know the home by other names")
def test_where_nobody_knows_the_home_it_is_left_as_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    pwd = pytest.importorskip("pwd")

    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert typed_path("~/x") == Path("~/x")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("scan", NOBODY), 2),
        (("scan", f"takeout:{NOBODY}"), 2),
        (("scan", f"mtp:{NOBODY}"), 2),
        (("audit", NOBODY, "here"), 2),
        (("audit", "here", NOBODY), 2),
        (("backup", NOBODY, "new"), 2),
        (("restore", NOBODY, "new"), 2),
        (("verify", NOBODY), 2),
        (("duplicates", NOBODY), 2),
        (("config", "add", "anna", f"takeout:{NOBODY}", "--role", "phone"), 0),
        (("config", "set", "reports", NOBODY), 0),
    ],
    ids=lambda value: value if isinstance(value, int) else " ".join(value).replace(NOBODY, "NOBODY"),
)
def test_every_command_says_what_it_does_not_find(
    words: tuple[str, ...],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    found, _, said = call(monkeypatch, capsys, *words)
    assert found == code, said
    assert "Traceback" not in said
    assert "crash" not in said
    if code:
        assert NOBODY in said


@pytest.mark.parametrize("line", [f'reports = "{NOBODY}"', f'[places.anna]\nspec = "{NOBODY}"\nrole = "phone"'])
def test_a_config_that_names_nobodys_home_is_bad_input(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from auditor import config

    config.path().write_text(line, "utf-8")
    monkeypatch.chdir(tmp_path)
    code, _, said = call(monkeypatch, capsys, "places")
    assert code == 2, said
    assert NOBODY in said
