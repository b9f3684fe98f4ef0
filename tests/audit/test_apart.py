"""Two sides are two copies only for a reason: a name in the net, another user or another room is none."""

from __future__ import annotations

import csv
import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor import data as shipped
from auditor.audit import apart
from auditor.audit.apart import Apart, Asked
from auditor.disk import network
from auditor.disk.mounts import Mount
from auditor.disk.network import is_another_machine
from auditor.places import rcloneclient
from auditor.places.rclone_remotes import Leaf, leaf_told, leaves_of
from tests import media
from tests.commandline import call
from tests.doubles.rclone_server import newest_rclone, remote, served

RCLONE = newest_rclone()
needs_rclone = pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")

REMOTES = {
    "drive": {"type": "drive", "token": "{}"},
    "one": {"type": "onedrive", "drive_id": "1", "drive_type": "personal"},
    "dropbox": {"type": "dropbox"},
    "yandex": {"type": "webdav", "url": "https://webdav.yandex.ru"},
    "nas": {"type": "sftp", "host": "nas.local", "user": "me", "shell_type": "unix"},
    "nas by number": {"type": "webdav", "url": "http://192.168.1.5:5005/home", "user": "me"},
    "nas of windows": {"type": "smb", "host": "192.168.1.5", "user": "me"},
    "nextcloud": {"type": "webdav", "vendor": "nextcloud", "url": "https://cloud.example.org/remote.php/dav/files/me"},
    "vault": {"type": "crypt", "remote": "nextcloud:vault", "password": "x"},
    "here": {"type": "webdav", "url": "http://127.0.0.1:8080"},
    "gateway": {"type": "filescom"},
    "tomorrow": {"type": "what comes next"},
}
ADDRESSES = {
    "nas.local": {"192.168.1.5", "fe80::5"},
    "192.168.1.5": {"192.168.1.5"},
    "cloud.example.org": {"203.0.113.9"},
    "127.0.0.1": {"127.0.0.1"},
}
CARD, SHARE, OVER_SSH = Mount("vfat", "/dev/sdb1"), Mount("cifs", "//nas/home"), Mount("fuse.sshfs", "me@nas:/home")
POOL = Mount("fuse.mergerfs", "a:b", frozenset({"ext4"}))


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setattr(apart, "is_another_machine", lambda address: address in ("192.168.1.5", "fe80::5"))
    return Asked(addresses={host: frozenset(those) for host, those in ADDRESSES.items()})


def leaf(words: str) -> Leaf:
    (found,) = leaves_of(words, REMOTES, {})
    return found


@pytest.mark.parametrize(
    ("words", "mount", "why"),
    [
        *[(f"{name}:P", CARD, Apart.SERVICE) for name in ("drive", "one", "dropbox", "yandex")],
        *[(f"{name}:P", CARD, Apart.MACHINES) for name in ("nas", "nas by number", "nas of windows")],
        *[("drive:P", mount, Apart.SERVICE) for mount in (SHARE, OVER_SSH, POOL)],
        ("nas:P", POOL, Apart.MACHINES),
        ("vault:P", CARD, Apart.ENCRYPTED),
        # A name in the net may lead to this machine, and a server at home may be the one that the folder lies on.
        ("nextcloud:P", CARD, None),
        *[("nas:P", mount, None) for mount in (SHARE, OVER_SSH, Mount("9p", "host"), Mount("virtiofs", "x"))],
        ("here:P", CARD, None),
        # They may show what lies anywhere.
        *[("gateway:P", CARD, None), ("tomorrow:P", CARD, None), ("nobody:P", CARD, None)],
        *[("drive:P", Mount(kind, "x"), None) for kind in ("fuse.rclone", "fuse.google-drive-ocamlfuse", "fuse.s3fs")],
        ("drive:P", Mount("fuse.mergerfs", "a:b", frozenset({"ext4", "fuse.rclone"})), None),
        ("drive:P", Mount("fuse.gvfsd-fuse", "google-drive:host=gmail.com,user=me"), None),
        ("yandex:P", Mount("fuse", "https://webdav.yandex.ru/P"), None),
        ("yandex:P", Mount("fuse", "https://dav.example.org/P"), Apart.SERVICE),
    ],
)
def test_why_a_remote_is_another_copy_than_a_folder(
    words: str, mount: Mount, why: Apart | None, at_home: Asked
) -> None:
    assert apart.folder(leaf(words), [mount], at_home) is why
    # Of a list nothing is looked up.
    told = apart.folder(leaf_told(leaf(words).told), [mount], Asked())
    assert told is (None if why is Apart.MACHINES else why)


@pytest.mark.parametrize("words", REMOTES)
def test_only_services_of_the_net_are_off_site_by_themselves(words: str) -> None:
    assert leaf(f"{words}:P").is_public is (words in ("drive", "one", "dropbox", "yandex"))


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("drive:P", "one:P", Apart.SERVICE),
        ("drive:P", "nas:P", Apart.SERVICE),
        ("one:P", "nas of windows:P", Apart.SERVICE),
        ("drive:P", "nextcloud:P", Apart.SERVICE),
        ("nas:P", "nextcloud:P", None),
        ("nas:P", "nas by number:P", None),
        ("drive:P", "gateway:P", None),
    ],
)
def test_why_two_remotes_are_two_copies(one: str, other: str, why: Apart | None, at_home: Asked) -> None:
    assert apart.remotes(leaf(one), leaf(other), at_home) is why
    assert apart.remotes(leaf(other), leaf(one), at_home) is why


Audit = Callable[..., tuple[str, int, str]]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server at `dav:` and, under a second name, at `too:`, with its folder of a phone's photos, and another copy."""
    assert RCLONE
    monkeypatch.setenv("RCLONE", RCLONE)
    monkeypatch.chdir(tmp_path)
    for folder in ("served/P", "phone/P"):
        for number in range(2):
            photo = tmp_path / folder / f"{number}.jpg"
            photo.parent.mkdir(parents=True, exist_ok=True)
            photo.write_bytes(media.jpeg(seed=number))
    family = (shipped.folder("rules") / "policies/family.toml").read_text("utf-8")
    two = re.sub(r"(?m)^min_copies.*", "min_copies = 2", family).replace('"family"', '"two"', 1)
    (tmp_path / "two.toml").write_text(two, "utf-8")
    (tmp_path / "said.toml").write_text(two + '\n[backups]\noff_site = ["P"]\n', "utf-8")
    (tmp_path / "away.toml").write_text(re.sub(r"(?m)^off_site_copies.*", "off_site_copies = 1", family), "utf-8")
    with served(RCLONE, "webdav", tmp_path / "served") as port:
        for name, host in (("dav", "127.0.0.1"), ("too", "localhost")):
            for key, value in remote(RCLONE, "webdav", port, name).items():
                monkeypatch.setenv(key, value.replace("127.0.0.1", host))
        rcloneclient.end_servers()
        yield tmp_path
        rcloneclient.end_servers()


@pytest.fixture
def in_the_net(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is reached by names of the net, and nothing here says that they lead here."""
    monkeypatch.setattr(apart, "is_this_machine", lambda host: False)
    monkeypatch.setattr(apart, "is_our_address", lambda address: False)
    monkeypatch.setattr(apart, "addresses", lambda host: frozenset({"203.0.113.9"}))


@pytest.fixture
def audit(server: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Audit:
    """The verdict, how many files may be deleted by it, and why files are not proven."""

    def audited(*words: str) -> tuple[str, int, str]:
        out = server / f"out-{len(list(server.glob('out-*')))}"
        code, _, err = call(monkeypatch, capsys, "audit", *words, "--depth", "decode", "-o", str(out))
        assert code != 2, err
        offered = (out / "safe-to-delete.csv").read_text("utf-8-sig").splitlines()[1:]
        with (out / "files.csv").open(encoding="utf-8-sig", newline="") as file:
            why = " ".join(row["detail"] for row in csv.DictReader(file))
        return json.loads((out / "audit.json").read_text("utf-8"))["verdict"], len(offered), why

    return audited


@needs_rclone
@pytest.mark.usefixtures("in_the_net")
def test_the_phones_own_folder_by_a_server_of_a_public_name_is_no_backup(audit: Audit) -> None:
    for sides in (("served/P", "rclone:dav:P"), ("rclone:dav:P", "served/P"), ("rclone:dav:P", "rclone:too:P")):
        verdict, offered, why = audit(*sides)
        assert (verdict, offered) == ("CANNOT SAY", 0), sides
        assert "--copy-by-hand" in why, sides


@needs_rclone
@pytest.mark.usefixtures("in_the_net")
def test_one_server_by_two_public_names_or_beside_its_folder_is_one_copy(audit: Audit, server: Path) -> None:
    for backups in (("rclone:dav:P", "rclone:too:P"), ("rclone:dav:P", "served")):
        verdict, offered, _ = audit("phone", *backups, "--policy", "two.toml", "--copy-by-hand")
        assert verdict != "SAFE" and offered == 0, backups


@needs_rclone
@pytest.mark.usefixtures("in_the_net")
def test_what_the_user_says_is_taken(audit: Audit) -> None:
    assert audit("phone", "rclone:dav:P", "--copy-by-hand")[:2] == ("SAFE", 2)
    assert audit("phone", "rclone:dav:P", "--policy", "said.toml")[0] == "NOT SAFE"  # one copy of the two
    assert audit("phone", "rclone:dav:P", "served", "--policy", "said.toml")[0] == "SAFE"
    # A name is no place.
    assert audit("phone", "rclone:dav:P", "--policy", "away.toml", "--copy-by-hand")[0] == "NOT SAFE"


@pytest.mark.parametrize("address", ["9.9.9.9", "203.0.113.9", "127.0.0.1", "::1", "0.0.0.0", "x", ""])
def test_an_address_of_the_net_or_of_this_machine_is_no_machine_at_home(address: str) -> None:
    assert not is_another_machine(address)


@pytest.mark.parametrize(
    ("interface", "leads_out"), [("eth0", True), ("br0", True), ("wg0", True), ("docker0", False), ("veth1", False)]
)
def test_a_bridge_of_containers_leads_to_no_other_machine(
    interface: str, leads_out: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("eth0/device", "br0", "wg0", "docker0/brif/veth1", "veth1"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / "br0/lower_eth0").symlink_to(tmp_path / "eth0")
    (tmp_path / "wg0/type").write_text("65534\n", "ascii")
    monkeypatch.setattr(network, "_INTERFACES", tmp_path)
    monkeypatch.setattr(network, "_way_to", lambda address: (interface, ipaddress.ip_network("172.17.0.0/16")))
    monkeypatch.setattr(network.sys, "platform", "linux")
    assert is_another_machine("172.17.0.2") is leads_out


@needs_rclone
def test_a_box_at_home_is_a_backup(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "is_this_machine", lambda host: False)
    monkeypatch.setattr(apart, "is_our_address", lambda address: False)
    monkeypatch.setattr(apart, "addresses", lambda host: frozenset({"192.168.1.5"}))
    monkeypatch.setattr(apart, "is_another_machine", lambda address: address == "192.168.1.5")
    assert audit("phone", "rclone:dav:P")[:2] == ("SAFE", 2)
    assert audit("phone", "rclone:dav:P", "rclone:too:P", "--policy", "two.toml")[0] == "NOT SAFE"
    assert audit("phone", "rclone:dav:P", "served", "--policy", "two.toml")[0] == "SAFE"
