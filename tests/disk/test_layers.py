"""What lies beneath a mount decides what its times of change are worth."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from auditor.disk import mounts, this_machine, volume
from auditor.disk.mounts import Mount, Shows, is_one_disk, mount_of
from auditor.disk.volume import Mounted, keeps_change_times, volume_of
from auditor.places import rcloneclient
from auditor.places.folder import open_folder
from tests.copier.runs import photos
from tests.doubles.mounts import make_image, mounted, mounted_image, needs
from tests.doubles.rclone_server import newest_rclone, remote, served
from tests.test_evidence import audited, run


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs one command of the program."""
    return lambda *words: run(monkeypatch, capsys, *words)


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[Callable[[Path, str], contextlib.AbstractContextManager[Path]]]:
    """Mounts a folder of this machine by sshfs, under a name of the server's that this machine does not have."""
    needs("sshfs", "sshd", "ssh-keygen", root=True)
    base = tmp_path / "ssh"
    base.mkdir(mode=0o700)
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", str(base / key)], check=True)
    (base / "user.pub").rename(base / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    Path("/run/sshd").mkdir(exist_ok=True)
    settings = {
        "HostKey": base / "host",
        "AuthorizedKeysFile": base / "authorized",
        "StrictModes": "no",
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "PidFile": "none",
        "Subsystem": "sftp internal-sftp",
    }
    sshd = str(shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin"))
    words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    daemon = subprocess.Popen([sshd, "-D", "-f", "/dev/null", *words], stderr=subprocess.DEVNULL)
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.05)

    def mount(folder: Path, host: str) -> contextlib.AbstractContextManager[Path]:
        config = base / "config"
        config.write_text(
            f"Host {host}\n HostName 127.0.0.1\n Port {port}\n IdentityFile {base / 'user'}\n"
            f" StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n"
        )
        there = folder.parent / f"{folder.name} by ssh"
        return mounted("sshfs", "-F", str(config), f"root@{host}:{folder.resolve()}", str(there))

    try:
        yield mount
    finally:
        daemon.terminate()
        daemon.wait()


def overlay(lower: Path, there: Path, *options: str) -> contextlib.AbstractContextManager[Path]:
    needs("mount", root=True)
    for name in ("upper", "work"):
        (there.parent / f"{there.name} {name}").mkdir(parents=True)
    upper, work = (there.parent / f"{there.name} {name}" for name in ("upper", "work"))
    layers = f"lowerdir={lower},upperdir={upper},workdir={work}"
    return mounted("mount", "-t", "overlay", "overlay", "-o", ",".join((layers, *options)), str(there))


def test_a_server_of_another_name_that_is_this_machine_is_no_backup(
    tmp_path: Path,
    quick: Callable[..., tuple[int, str]],
    ssh: Callable[[Path, str], contextlib.AbstractContextManager[Path]],
) -> None:
    """By the size and the room of its disk: no name tells."""
    phone = tmp_path / "phone"
    photos(phone, "a.jpg", "b.jpg")
    with ssh(phone, "storage.example.org") as there:
        assert is_one_disk(phone, there) and mount_of(there).is_from_elsewhere
        assert audited(quick, tmp_path / "out", phone, there) == ("CANNOT SAY", [])
        assert mounts.may_be_one_file(phone / "a.jpg", there / "a.jpg")


def test_a_pool_or_overlay_of_a_folder_by_ssh_is_no_backup(
    tmp_path: Path,
    quick: Callable[..., tuple[int, str]],
    ssh: Callable[[Path, str], contextlib.AbstractContextManager[Path]],
) -> None:
    needs("mergerfs")
    phone = tmp_path / "phone"
    photos(phone, "a.jpg")
    with ssh(phone, "localhost") as by_ssh:
        with mounted("mergerfs", str(by_ssh), str(tmp_path / "pool")) as pool:
            assert (mount_of(pool).beneath, mount_of(pool).tells_times) == ({"fuse.sshfs"}, False)
            assert audited(quick, tmp_path / "pooled", phone, pool)[0] == "CANNOT SAY"
        with overlay(by_ssh, tmp_path / "over") as over:
            assert not (mount_of(over).tells_times or keeps_change_times(over) or volume_of(over).is_near)
            assert audited(quick, tmp_path / "overlaid", phone, over)[0] == "CANNOT SAY"
            assert {entry.changed_ns for entry in open_folder(str(over)).walk()} == {None}


def test_an_overlay_that_keeps_times_of_its_own_beside_shared_bytes_is_no_backup(
    tmp_path: Path, quick: Callable[..., tuple[int, str]]
) -> None:
    phone = tmp_path / "phone"
    photos(phone, "a.jpg")
    time.sleep(0.05)
    with overlay(phone, tmp_path / "over", "metacopy=on") as over:
        (over / "a.jpg").chmod(0o600)  # the time of this change is kept above, the bytes stay below
        assert (over / "a.jpg").stat().st_ctime_ns != (phone / "a.jpg").stat().st_ctime_ns
        assert audited(quick, tmp_path / "out", phone, over)[0] == "CANNOT SAY"


def test_an_overlay_of_disks_is_a_backup_of_what_was_copied_to_it(
    tmp_path: Path, quick: Callable[..., tuple[int, str]]
) -> None:
    content = photos(tmp_path / "phone", "a.jpg")["a.jpg"]
    low = tmp_path / "low, with = and 'signs'"
    low.mkdir()
    words = str(low).replace(",", "\\,")
    with overlay(Path(words), tmp_path / "over") as over:
        (over / "a.jpg").write_bytes(content)
        assert mount_of(over).tells_times and keeps_change_times(over)
        assert audited(quick, tmp_path / "out", tmp_path / "phone", over)[0] == "SAFE"


KINDS: dict[str, tuple[str, frozenset[str] | None]] = {
    "lowerdir={a}:{b},upperdir={c}": ("off", frozenset({"ext4", "xfs"})),
    "lowerdir={a}:{b}": ("on", None),  # what the system does where an overlay does not say
    "lowerdir={a},metacopy=off": ("on", frozenset({"ext4"})),
    "lowerdir={a},metacopy=on": ("off", None),
    "lowerdir+={a},lowerdir+={s}": ("off", frozenset({"ext4", "fuse.sshfs"})),
    "lowerdir={a},datadir+={b}": ("off", None),
    "lowerdir={a}::{b}": ("off", None),
    "lowerdir={a}:/not/there": ("off", None),
    "lowerdir=l/ABC:l/DEF": ("off", None),
    "": ("off", None),
}


@pytest.mark.parametrize("options", KINDS)
def test_what_lies_beneath_an_overlay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str) -> None:
    default, kinds = KINDS[options]
    top = tmp_path.resolve()
    for name in "abcso":
        (top / name).mkdir()
    (top / "metacopy").write_text({"on": "Y\n", "off": "N\n"}[default])
    layered = options.format(a=top / "a", b=top / "b", c=top / "c", s=top / "s")
    table = [
        Mounted("/", "ext4", "/dev/sda1"),
        Mounted(str(top / "b"), "xfs", "/dev/sdb1"),
        Mounted(str(top / "s"), "fuse.sshfs", "me@nas:/"),
        Mounted(str(top / "o"), "overlay", "overlay", f"rw,{layered}"),
        Mounted(str(top / "a"), "fuse.later", "it hides the layer, and the overlay has it still"),
    ]
    monkeypatch.setattr(volume, "mounted", lambda: table)
    monkeypatch.setattr(volume, "_METACOPY", top / "metacopy")
    assert volume.kinds_beneath(top / "o") == kinds


def test_names_in_the_table_of_mounts_may_hold_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point = f"{tmp_path.resolve()}/a\u2028b\x0cc\rd"
    line = f"36 35 98:0 / {point} rw - ecryptfs /x\\000y rw\n"
    (tmp_path / "mountinfo").write_bytes(("21 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + line).encode())
    monkeypatch.setattr(volume, "_TABLE", tmp_path / "mountinfo")
    assert volume.mounted_from(Path(point)) == ("ecryptfs", "/x\0y")
    assert volume.kinds_beneath(Path(point)) is None


def test_an_overlay_over_its_own_layer_and_a_pool_within_itself_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = str(tmp_path.resolve())
    table = [Mounted("/", "ext4", "/dev/sda1"), Mounted(top, "overlay", "overlay", f"lowerdir={top},metacopy=off")]
    monkeypatch.setattr(volume, "mounted", lambda: table)
    assert volume.kinds_beneath(tmp_path.resolve()) == {"ext4"}
    monkeypatch.setattr(volume, "_branches", lambda pool: [tmp_path.resolve()])
    table[1] = Mounted(top, "fuse.mergerfs", "pool")
    table.append(Mounted(f"{top}/inner", "fuse.mergerfs", "pool"))
    assert volume.kinds_beneath(tmp_path.resolve()) == {"ext4"}


def test_what_the_kernel_mounts_and_takes_away_by_itself_is_no_disk_beneath(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a share or a btrfs disk that is mounted anew another one, though its number of a device is."""

    def table(number: int) -> list[Mounted]:
        return [
            Mounted("/", "ext4", "/dev/sda1", device=os.makedev(8, 1)),
            Mounted("/tank", "zfs", "tank", device=os.makedev(0, number)),
            Mounted("/tank/.zfs/snapshot/daily", "zfs", "tank@daily", device=os.makedev(0, number + 1)),
            Mounted("/nas", "nfs4", "nas:/", device=os.makedev(0, number + 2)),
            Mounted("/nas/inner", "nfs4", "nas:/inner", device=os.makedev(0, number + 3)),
            Mounted("/stick", "btrfs", "/dev/null", device=os.makedev(0, number + 4)),
            Mounted("/memory", "tmpfs", "tmpfs", device=os.makedev(0, number + 5)),
        ]

    found = []
    for number in (40, 60):
        monkeypatch.setattr(volume, "mounted", lambda number=number: table(number))
        found.append(volume.volumes_beneath(Path("/")))
    before, now = found
    assert list(before) == [Path("/tank"), Path("/nas"), Path("/stick"), Path("/memory")]
    assert volume.gone_from({at: by for at, by in before.items() if at != Path("/memory")}, now) is None
    assert volume.gone_from(before, now) == Path("/memory")
    assert volume.volumes_of(Path("/nas/inner/photos/new"))[Path("/nas/inner")] == "nfs4 of nas:/inner"


def test_a_mount_hides_what_was_mounted_beneath_its_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path.resolve()
    lines = [
        "21 21 8:1 / / rw - ext4 /dev/sda1 rw",
        f"30 21 8:2 / {top}/m/x rw - fuse.bindfs /phone rw",
        f"31 21 8:3 / {top}/m rw - exfat /dev/sdb1 rw",
        f"33 32 8:5 / {top}/n rw - xfs /dev/sdd1 rw",
        f"32 21 8:4 / {top}/n rw - vfat /dev/sdc1 rw",
    ]
    (tmp_path / "mountinfo").write_text("".join(f"{line}\n" for line in lines))
    monkeypatch.setattr(volume, "_TABLE", tmp_path / "mountinfo")
    assert volume.mounted_from(top / "m/x") == ("exfat", "/dev/sdb1")
    assert volume.mounted_from(top / "n/y") == ("xfs", "/dev/sdd1")
    assert volume.mounted_from(top / "o") == ("ext4", "/dev/sda1")
    assert sorted(set(volume.mounted_beneath(top))) == [top / "m", top / "n"]


def test_the_disk_that_hides_a_mount_of_the_phone_is_a_backup(
    tmp_path: Path, quick: Callable[..., tuple[int, str]]
) -> None:
    """Mounted for real: the view of the phone lies below the point on which the disk is mounted later."""
    needs("bindfs", "mount", root=True)
    photos(tmp_path / "phone", "a.jpg")
    (tmp_path / "m/x").mkdir(parents=True)
    with mounted("bindfs", str(tmp_path / "phone"), str(tmp_path / "m/x")):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(tmp_path / "m")], check=True)
        try:
            assert volume.filesystem((tmp_path / "m").resolve() / "x") == "tmpfs"
            shutil.copytree(tmp_path / "phone", tmp_path / "m/x")
            code, told = quick("audit", str(tmp_path / "phone"), str(tmp_path / "m/x"), "-o", str(tmp_path / "out"))
        finally:
            subprocess.run(["umount", str(tmp_path / "m")], check=True)
    assert code == 0, told


def test_the_settings_of_ssh_name_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.d").mkdir()
    (tmp_path / "config.d/home.conf").write_text(
        "Host box-?\n  HostName %h.example.org\nHost mine\n hostname=LOCALHOST\n"
    )
    (tmp_path / "config").write_text(
        f"# HostName 127.0.0.1\nInclude config.d/*.conf\nInclude {tmp_path}/config\n"
        'Host "me" *.self\n\tHostName 127.0.0.1\n'
        'Host broken\n HostName "127.0.0.1\nMatch exec "touch /tmp/x"\n User x\n'
    )
    monkeypatch.setattr(this_machine, "_SSH", (str(tmp_path / "config"), str(tmp_path / "none")))
    names = ("me", "a.self", "mine", "box-1", "broken", "nas")
    assert [this_machine.is_this_machine(name) for name in names] == [True, True, True, False, False, False]
    assert Mount("fuse.sshfs", "x@Mine:/photos").shows is mounts.Shows.ANOTHER


def test_settings_of_ssh_may_name_others_anywhere_and_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hosts/home").mkdir(parents=True)
    (tmp_path / "hosts/home/config").write_text("Include base\nHost other\n User x\n")
    (tmp_path / "base").write_text("Include */*/config base\nHost here\n HostName localhost\nHost zzz\n")
    for number in range(20):
        (tmp_path / f"loop{number}").write_text("Include loop*\n" * 3)
    os.mkfifo(tmp_path / "loop")
    (tmp_path / "config").write_text("Include loop*\nHost mine\n Include hosts/*/config\n HostName localhost\n")
    monkeypatch.setattr(this_machine, "_SSH", (str(tmp_path / "config"),))
    assert [this_machine.is_this_machine(name) for name in ("here", "mine", "other")] == [True, True, False]


@pytest.mark.parametrize("kind", ["ext4", "ntfs"])
def test_a_backup_in_an_image_that_lies_on_the_phone_is_refused(
    tmp_path: Path, quick: Callable[..., tuple[int, str]], kind: str
) -> None:
    phone, backup = tmp_path / "phone", tmp_path / "backup"
    content = photos(phone, "a.jpg")["a.jpg"]
    make_image(phone / "backup.img", kind, "24M")
    with mounted_image(phone / "backup.img", kind, tmp_path / "mnt") as there:
        (there / "copies").mkdir()
        (there / "copies/a.jpg").write_bytes(content)
        for command in ("audit", "backup"):
            code, said = quick(command, phone, there / "copies")
            assert code == 2 and "lies inside the source" in said, said
        photos(backup, "a.jpg")
        assert quick("audit", there / "copies", backup, "-o", tmp_path / "out")[0] == 0


def test_nothing_is_copied_into_the_source_by_a_second_mount_of_it(
    tmp_path: Path, quick: Callable[..., tuple[int, str]]
) -> None:
    needs("mount", root=True)
    phone = tmp_path / "phone"
    photos(phone, "a.jpg")
    there = tmp_path / "disk"
    there.mkdir()
    if subprocess.run(["mount", "--bind", str(phone), str(there)], check=False, capture_output=True).returncode:
        pytest.skip("folders cannot be mounted here")
    try:
        for dest, says in ((there / "new/backup", "lies inside the source"), (there, "are the same folder")):
            code, said = quick("backup", phone, dest)
            assert code == 2 and says in said, said
    finally:
        subprocess.run(["umount", str(there)], check=False)
    assert [path.name for path in phone.iterdir()] == ["a.jpg"]


def test_a_list_of_a_server_whose_disk_has_the_size_of_the_phones_is_no_backup(
    tmp_path: Path,
    quick: Callable[..., tuple[int, str]],
    ssh: Callable[[Path, str], contextlib.AbstractContextManager[Path]],
) -> None:
    phone = tmp_path / "phone"
    photos(phone, "a.jpg")
    with ssh(phone, "storage.example.org") as there:
        assert quick("scan", there, "-o", tmp_path / "list.jsonl")[0] == 0
    assert audited(quick, tmp_path / "out", phone, tmp_path / "list.jsonl")[0] == "CANNOT SAY"
    assert audited(quick, tmp_path / "out2", tmp_path / "list.jsonl", phone)[0] == "CANNOT SAY"


@pytest.mark.skipif(newest_rclone() is None, reason="rclone is not installed")
def test_a_remote_that_this_machine_serves_is_no_backup(
    tmp_path: Path, quick: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rclone = str(newest_rclone())
    monkeypatch.setenv("RCLONE", rclone)
    phone = tmp_path / "phone"
    photos(phone, "a.jpg")
    with served(rclone, "webdav", phone) as port:
        for key, value in remote(rclone, "webdav", port, "ours").items():
            monkeypatch.setenv(key, value)
        rcloneclient.end_servers()
        try:
            for number, sides in enumerate(((phone, "rclone:ours:"), ("rclone:ours:", phone))):
                out = tmp_path / f"out{number}"
                assert audited(quick, out, "--depth", "decode", *sides)[0] == "CANNOT SAY"
                assert "name the folder that lies behind the remote" in (out / "files.csv").read_text("utf-8")
        finally:
            rcloneclient.end_servers()


MACS = {
    "/Volumes/CARD/DCIM": ("msdos", frozenset({"msdos"})),
    "/Users/maria/Pictures": ("apfs", frozenset({"apfs"})),
    "/Volumes/photos/phone": ("smbfs", frozenset({"smbfs"})),
    "/Volumes/vault": ("fuse", frozenset({"fuse"})),
}


@pytest.mark.parametrize("path", MACS)
def test_a_mac_tells_the_kind_of_a_volume(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `mount` prints them on macOS 14; the library that reads them is asked for there alone."""
    told = [
        ("/dev/disk3s1s1", "/", "apfs", "ro,local,rootfs"),
        ("/dev/disk3s5", "/System/Volumes/Data", "apfs", "rw,local"),
        ("/dev/disk4s1", "/Volumes/CARD", "msdos", "rw,local,noowners"),
        ("//maria@nas.local/photos", "/Volumes/photos", "smbfs", "rw,nodev,nosuid"),
        ("vault@macfuse0", "/Volumes/vault", "macfuse", "rw,local,synchronous"),
    ]
    named = [SimpleNamespace(device=d, mountpoint=m, fstype=f, opts=o) for d, m, f, o in told]
    psutil = SimpleNamespace(disk_partitions=lambda all: named)
    monkeypatch.setitem(sys.modules, "psutil", psutil)
    monkeypatch.setattr(sys, "platform", "darwin")
    kind, kinds = MACS[path]
    assert (volume.filesystem(Path(path)), volume._kinds_of(Path(path))) == (kind, kinds)
    mount = mount_of(Path(path))
    assert (mount.host == "nas.local") is (kind == "smbfs")
    assert mount.shows is {"fuse": Shows.UNKNOWN}.get(kind, Shows.OWN)
