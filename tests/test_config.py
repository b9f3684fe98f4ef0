"""The user's config: what counts in it, whose it must be, and that comments outlive a change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor import config
from auditor.config import Config, NamedPlace, Role
from auditor.errors import BadConfig
from tests.commandline import call

WHOLE = """\
# Of our house.
policy = "office"  # two copies
reports = "~/audits"

[places.anna]  # hers
spec = "adb:"
role = "phone"

[places.nas]
spec = "/mnt/nas/photos"
role = "backup"
"""


@pytest.fixture
def file() -> Path:
    return config.path()


def test_without_a_file_nothing_is_set(file: Path) -> None:
    assert not file.exists()
    assert config.load() == Config()


def test_what_is_set_is_known_by_name_and_role(file: Path) -> None:
    file.write_text(WHOLE, "utf-8")
    known = config.load()
    assert (known.policy, known.reports) == ("office", Path.home() / "audits")
    assert known.named("nas") == NamedPlace("nas", "/mnt/nas/photos", Role.BACKUP)
    assert [place.name for place in known.of(Role.PHONE)] == ["anna"]
    assert known.named("tom") is None


def test_a_change_keeps_comments_and_order(file: Path) -> None:
    file.write_text(WHOLE, "utf-8")
    after = config.change(lambda document: document.update({"policy": "strict"}))
    assert after.policy == "strict"
    assert file.read_text("utf-8") == WHOLE.replace('"office"', '"strict"')


WRONG = {
    "a word that is misspelt": ('polcy = "office"', "a key 'polcy'; this version knows places, policy, reports"),
    "no role": ('[places.a]\nspec = "adb:"', "places.a: it has no role"),
    "another role": ('[places.a]\nspec = "adb:"\nrole = "x"', "places.a: its role is 'x', neither phone nor backup"),
    "a place that depends on the folder": ('[places.a]\nspec = "b"\nrole = "phone"', "depends on the current folder"),
    "an export that does": ('[places.a]\nspec = "takeout:b"\nrole = "backup"', "depends on the current folder"),
    "a name with a colon": ('[places."a:b"]\nspec = "adb:"\nrole = "phone"', "'a:b' cannot be a place's name"),
    "a name that looks like an option": ('[places."-a"]\nspec = "adb:"\nrole = "phone"', "cannot be a place's name"),
    "a home that depends on the folder": ('reports = "audits"', "its reports 'audits' is no whole path"),
    "places that are none": ("places = 3", "its places is 3, not a table"),
    "a further key of a place": ('[places.a]\nspec = "adb:"\nrole = "phone"\nx = 1', "places.a: it has a key 'x'"),
    "no TOML": ("[", "is not TOML"),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_understood_is_refused_whole(file: Path, text: str, says: str) -> None:
    file.write_text(text, "utf-8")
    with pytest.raises(BadConfig, match=r"config\.toml") as told:
        config.load()
    assert says in str(told.value)
    with pytest.raises(BadConfig):
        config.change(lambda document: document.update({"policy": "strict"}))
    assert file.read_text("utf-8") == text


def test_a_change_that_could_not_be_understood_is_not_written(file: Path) -> None:
    file.write_text(WHOLE, "utf-8")
    with pytest.raises(BadConfig, match="whole path"):
        config.change(lambda document: document.update({"reports": "here"}))
    assert file.read_text("utf-8") == WHOLE


@pytest.mark.skipif(os.name != "posix", reason="this file system has no such modes")
@pytest.mark.parametrize("mode", [0o646, 0o666])
def test_what_others_may_write_does_not_count(file: Path, mode: int) -> None:
    file.write_text(WHOLE, "utf-8")
    file.chmod(mode)
    with pytest.raises(BadConfig, match="can be written by other users"):
        config.load()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="the file system gives files away to root alone")
def test_the_file_of_another_user_does_not_count(file: Path) -> None:
    file.write_text(WHOLE, "utf-8")
    os.chown(file, 65534, -1)
    with pytest.raises(BadConfig, match="belongs to another user"):
        config.load()


@pytest.mark.skipif(os.name != "posix", reason="this file system has no such modes")
def test_what_is_written_is_this_users_alone_to_write(file: Path) -> None:
    before = os.umask(0)
    try:
        config.change(lambda document: document.update({"policy": "strict"}))
    finally:
        os.umask(before)
    assert not file.stat().st_mode & 0o022
    assert config.load().policy == "strict"


def test_a_config_that_is_kept_elsewhere_stays_there(file: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    kept.write_text(WHOLE, "utf-8")
    file.symlink_to(kept)
    config.change(lambda document: document.update({"policy": "strict"}))
    assert file.is_symlink()
    assert '"strict"  # two copies' in kept.read_text("utf-8")


@pytest.mark.parametrize(
    ("word", "may_be"),
    [
        *(("anna", True), ("Ännas-2.", True), ("a" * 40, True), ("a" * 41, False), ("./a", False), ("adb:", False)),
        *(("-a", False), ("", False), (".hidden", False), ("a b", False), ("C:", False), ("_", False), ("a\n", False)),
    ],
)
def test_a_name_is_no_other_kind_of_word(word: str, may_be: bool) -> None:
    assert config.may_be_name(word) is may_be


def test_a_place_is_named_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.whole_spec("photos") == str(tmp_path / "photos")
    assert config.whole_spec("takeout:parts") == f"takeout:{tmp_path / 'parts'}"
    assert config.whole_spec("~/photos") == str(Path.home() / "photos")
    assert [config.whole_spec(spec) for spec in ("adb:", "rclone:nas:x")] == ["adb:", "rclone:nas:x"]
    assert config.whole_spec("~nobody-here/x") == str(tmp_path / "~nobody-here/x")
    (tmp_path / "~").write_text("a list")
    assert config.whole_spec("~") == str(tmp_path / "~")


def test_a_home_in_which_nothing_can_be_put_is_not_set(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = call(monkeypatch, capsys, "config", "set", "reports", "/dev/null/reports")
    assert code == 2 and "no reports can be put in /dev/null/reports" in err
    assert not file.exists()
