"""Folders of this machine by remotes of rclone: what is the phone's own file, or one file twice, is no copy."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor import data as shipped
from auditor.places import rcloneclient
from auditor.places.rclone import open_rclone
from tests import media
from tests.commandline import call
from tests.doubles.rclone_server import newest_rclone, obscured

RCLONE = newest_rclone()
pytestmark = pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")

NAMES = ("a.jpg", "b.jpg")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone; its photos as hard links in `hard`, by links in `links`, and copied to `disk`."""
    assert RCLONE
    monkeypatch.setenv("RCLONE", RCLONE)
    monkeypatch.chdir(tmp_path)
    for folder in ("phone/DCIM", "hard", "links", "disk", "empty", "vault"):
        (tmp_path / folder).mkdir(parents=True)
    for number, name in enumerate(NAMES):
        photo = tmp_path / "phone/DCIM" / name
        photo.write_bytes(media.jpeg(seed=number))
        (tmp_path / "hard" / name).hardlink_to(photo)
        (tmp_path / "links" / name).symlink_to(photo)
        (tmp_path / "disk" / name).write_bytes(photo.read_bytes())
        os.utime(tmp_path / "disk" / name, ns=(photo.stat().st_mtime_ns,) * 2)
    for remote, settings in {
        "pool": {"type": "union", "upstreams": f"{tmp_path}/hard {tmp_path}/empty:ro"},
        "hashes": {"type": "hasher", "remote": f"{tmp_path}/hard", "hashes": "sha256"},
        "pieces": {"type": "chunker", "remote": f"{tmp_path}/hard"},
        "good": {"type": "hasher", "remote": f"{tmp_path}/disk", "hashes": "sha256"},
        "goodpool": {"type": "union", "upstreams": f"{tmp_path}/disk {tmp_path}/empty"},
        "poolgood": {"type": "union", "upstreams": f"{tmp_path}/empty {tmp_path}/disk"},
        "vault": {"type": "crypt", "remote": f"{tmp_path}/vault", "password": obscured(RCLONE, "sunflower")},
        "door": {"type": "alias", "remote": "vault:"},
    }.items():
        for name, value in settings.items():
            monkeypatch.setenv(f"RCLONE_CONFIG_{remote.upper()}_{name.upper()}", value)
    rcloneclient.end_servers()
    family = (shipped.folder("rules") / "policies/family.toml").read_text("utf-8")
    own = re.sub(r"(?m)^min_copies.*", "min_copies = 2", family).replace('"family"', '"two"', 1)
    (tmp_path / "two.toml").write_text(own, "utf-8")
    return tmp_path


Audit = Callable[..., tuple[str, int]]


@pytest.fixture
def audit(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Audit:
    """The verdict, "" where it was refused, and how many files may be deleted by it."""

    def audited(*words: str) -> tuple[str, int]:
        out = here / f"out-{len(list(here.glob('out-*')))}"
        code, *_ = call(monkeypatch, capsys, "audit", *words, "--depth", "decode", "-o", str(out), "--no-thumbnails")
        if code == 2:
            return "", 0
        lines = (out / "safe-to-delete.csv").read_text("utf-8-sig").splitlines()
        return json.loads((out / "audit.json").read_text("utf-8"))["verdict"], len(lines) - 1

    return audited


@pytest.mark.parametrize("words", [":local,copy_links:{}/links", ":local,copy_links=true:{}/links", ":local:{}/links"])
def test_a_folder_of_links_to_the_phone_is_no_copy(
    words: str, here: Path, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "copy_links" not in words:
        monkeypatch.setenv("RCLONE_COPY_LINKS", "true")
        rcloneclient.end_servers()
    assert len(list(open_rclone(words.format(here)).walk())) == 2
    assert audit("phone", f"rclone:{words.format(here)}") == ("NOT SAFE", 0)


def test_a_link_to_another_disk_tells_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a link leads to lies on another mount than the folder, which was not asked what it shows."""
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == here.stat().st_dev:
        pytest.skip("there is one disk here")
    there = other / f"auditor-{os.getpid()}.jpg"
    try:
        there.write_bytes((here / "disk/a.jpg").read_bytes())
        (here / "empty/a.jpg").symlink_to(there)
        (entry,) = open_rclone(f":local,copy_links:{here}/empty").walk()
        assert entry.file_id is None
    finally:
        there.unlink(missing_ok=True)


@pytest.mark.parametrize("remote", ["pool", "hashes", "pieces"])
def test_hard_links_of_the_phone_are_no_copies_whatever_lies_around_them(remote: str, audit: Audit) -> None:
    assert audit("phone", f"rclone:{remote}:") == ("NOT SAFE", 0)


@pytest.mark.parametrize("remote", ["good", "goodpool"])
def test_copies_are_copies_by_the_same_remotes(remote: str, audit: Audit) -> None:
    assert audit("phone", f"rclone:{remote}:") == ("SAFE", 2)


def test_what_is_encrypted_on_the_phones_own_disk_is_a_copy(here: Path, audit: Audit) -> None:
    assert RCLONE
    subprocess.run([RCLONE, "copy", "-q", "phone", "vault:"], check=True)
    assert audit("phone", "rclone:vault:") == ("SAFE", 2)
    assert audit("rclone:vault:", "rclone:door:") == ("", 0)
    assert audit("phone", "rclone:vault:", "rclone:door:", "--policy", "two.toml") == ("", 0)
    assert audit("phone", "rclone:vault:", "disk", "--policy", "two.toml")[0] == "SAFE"


def test_bytes_that_a_remote_keeps_under_other_names_may_be_the_phones(
    here: Path, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TYPE": "crypt", "REMOTE": f"{here}/plain", "NO_DATA_ENCRYPTION": "true"}.items():
        monkeypatch.setenv(f"RCLONE_CONFIG_PLAIN_{name}", value)
    monkeypatch.setenv("RCLONE_CONFIG_PLAIN_FILENAME_ENCRYPTION", "off")
    monkeypatch.setenv("RCLONE_CONFIG_PLAIN_PASSWORD", os.environ["RCLONE_CONFIG_VAULT_PASSWORD"])
    rcloneclient.end_servers()
    (here / "plain").mkdir()
    for name in NAMES:
        (here / "plain" / f"{name}.bin").hardlink_to(here / "phone/DCIM" / name)
    assert len(list(open_rclone("plain:").walk())) == 2
    assert audit("phone", "rclone:plain:") == ("CANNOT SAY", 0)


@pytest.mark.parametrize("name", ["tab\there.jpg", "one\x01.jpg", "colon:.jpg"])
def test_a_name_that_rclone_spells_otherwise_hides_no_hard_link(name: str, here: Path, audit: Audit) -> None:
    for file in [*(here / "phone/DCIM").iterdir(), *(here / "hard").iterdir()]:
        file.unlink()
    (here / "phone/DCIM" / name).write_bytes(media.jpeg(seed=7))
    (here / "hard" / name).hardlink_to(here / "phone/DCIM" / name)
    verdict, offered = audit("phone", f"rclone::local,encoding='Slash,Colon,Ctl':{here}/hard")
    assert (verdict != "SAFE", offered) == (True, 0)


@pytest.mark.parametrize("setting", ["global.checkers=3", "override.checkers=3", "description=it's, well", "x='a:,b'"])
def test_a_folder_is_found_behind_every_setting_in_words(setting: str, here: Path, audit: Audit) -> None:
    assert audit("phone", f"rclone::local,{setting}:{here}/phone") == ("", 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rclone:good:", "rclone::local:{}/disk"),
        ("rclone:goodpool:", "rclone:poolgood:"),
        ("rclone:good:", "rclone:goodpool:"),
        ("rclone:good:", "disk"),
    ],
)
def test_one_folder_by_two_remotes_is_named_twice(one: str, other: str, here: Path, audit: Audit) -> None:
    assert audit("phone", one.format(here), other.format(here), "--policy", "two.toml") == ("", 0)


def test_a_server_behind_a_socket_of_this_machine_may_show_the_phones_own_files(
    here: Path, audit: Audit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever its address says: a setting of rclone's leads elsewhere."""
    assert RCLONE
    socket = here / "s"
    serving = subprocess.Popen([RCLONE, "serve", "webdav", str(here / "phone"), "--addr", f"unix://{socket}"])
    try:
        for _ in range(200):
            if socket.exists():
                break
            time.sleep(0.05)
        there = f"rclone::webdav,url='http://dav.example.org',vendor=other,unix_socket='{socket}':"
        assert audit("phone", there) == ("CANNOT SAY", 0)
        assert "`unix_socket` may lead elsewhere" in (here / "out-0/files.csv").read_text("utf-8-sig")
        assert audit("phone", there, "disk", "--policy", "two.toml")[0] == "NOT SAFE"
    finally:
        serving.kill()
        serving.wait()


def test_a_list_of_a_remote_is_no_further_copy_of_its_folder(
    here: Path, audit: Audit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert RCLONE
    subprocess.run([RCLONE, "copy", "-q", "phone", "vault:"], check=True)
    for name in ("good", "goodpool", "vault", "door"):
        assert call(monkeypatch, capsys, "scan", f"rclone:{name}:", "-o", f"{name}.jsonl", "--depth", "decode")[0] == 0
    for pair in (("good.jsonl", "disk"), ("goodpool.jsonl", "disk"), ("vault.jsonl", "door.jsonl")):
        assert audit("phone", *pair, "--policy", "two.toml")[0] == "NOT SAFE", pair
    assert audit("phone", "good.jsonl", "vault.jsonl", "--policy", "two.toml")[0] == "SAFE"
