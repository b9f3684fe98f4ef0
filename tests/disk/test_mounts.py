"""One file that two mounts show under two numbers is one file: nothing of it goes for the other."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.cleanup import plan as plans
from auditor.disk import this_machine
from auditor.disk.mounts import Mount, Shows, may_be_one_file
from auditor.duplicates import planning
from auditor.duplicates.search import search
from auditor.errors import BadPlan
from auditor.judge import policy
from auditor.pictures.inventory import Source
from auditor.places.folder import open_folder
from auditor.scan.run import scan
from tests.cleanup.test_clean import PICTURE, row, write_plan


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Callable[[Path], Path]]:
    """Shows a folder a second time, by a file system with numbers of its own."""
    mount = shutil.which("mount")
    with contextlib.ExitStack() as stack:

        def show(folder: Path) -> Path:
            there, empty = tmp_path / f"shown-{folder.name}", tmp_path / "empty"
            there.mkdir()
            empty.mkdir(exist_ok=True)
            words = [str(mount), "-t", "overlay", "overlay", "-o", f"ro,lowerdir={folder}:{empty}", str(there)]
            if mount is None or subprocess.run(words, check=False, capture_output=True).returncode:
                pytest.skip("overlays cannot be mounted here")
            stack.callback(subprocess.run, ["umount", str(there)], check=False)
            return there

        yield show


def test_a_file_goes_for_a_copy_and_never_for_itself_by_another_mount(
    tmp_path: Path, shown: Callable[[Path], Path]
) -> None:
    real, copied = (tmp_path / "real").resolve(), (tmp_path / "copied").resolve()
    for folder in (real, copied):
        folder.mkdir()
        (folder / "a.jpg").write_bytes(PICTURE)
        time.sleep(0.05)  # the clock of a file system ticks every few milliseconds
    for other, is_itself in ((shown(real), True), (shown(copied), False)):
        assert may_be_one_file(real / "a.jpg", other / "a.jpg") is is_itself
        path = write_plan(tmp_path / "plan.csv", [row(real, "a.jpg", "a.jpg", kept_place=str(other))])
        with pytest.raises(BadPlan, match="may be one file") if is_itself else contextlib.nullcontext():
            plans.read(path)
        sources = [_source(folder, tmp_path / f"{folder.name}-{is_itself}.jsonl") for folder in (other, real)]
        rows = search(sources, policy.load("family"), jobs=1).plan.rows
        assert rows[-1].action is (planning.Action.ASK if is_itself else planning.Action.REMOVE)
        assert ("another mount" in rows[-1].reason) is is_itself


def _source(folder: Path, out: Path) -> Source:
    place = open_folder(str(folder))
    return Source(str(folder), folder.name, tuple(scan(place, out, jobs=1, use_cache=False).rows()), place)


SHOWS = {
    "a disk": (Mount("ext4", "/dev/sda1"), Shows.OWN),
    "NTFS by FUSE": (Mount("fuseblk", "/dev/sdb1"), Shows.OWN),
    "an image": (Mount("fuse", __file__), Shows.OWN),
    "a phone": (Mount("fuse.jmtpfs", "jmtpfs"), Shows.OWN),
    "a phone on a desktop": (Mount("fuse.gvfsd-fuse", "mtp:host=Google_Pixel_7"), Shows.OWN),
    "a NAS on a desktop": (Mount("fuse.gvfsd-fuse", "smb-share:server=nas,share=photos"), Shows.OWN),
    "a NAS in KDE": (Mount("fuse.kio-fuse", "kio-fuse-abc/smb/me@nas"), Shows.OWN),
    "this machine on a desktop": (Mount("fuse.gvfsd-fuse", "sftp:host=localhost,user=me"), Shows.ANOTHER),
    "something on a desktop": (Mount("fuse.gvfsd-fuse", "gvfsd-fuse"), Shows.UNKNOWN),
    "another machine by SSH": (Mount("fuse.sshfs", "me@nas:/photos"), Shows.OWN),
    "this machine by SSH": (Mount("fuse.sshfs", "me@localhost:/photos"), Shows.ANOTHER),
    "a share": (Mount("cifs", "//nas/photos"), Shows.OWN),
    "a share of this machine": (Mount("nfs4", "127.0.0.1:/export"), Shows.ANOTHER),
    "encrypted": (Mount("fuse.gocryptfs", "/home/me/vault"), Shows.OWN),
    "WebDAV": (Mount("fuse", "https://cloud.example.org/dav"), Shows.OWN),
    "WebDAV of this machine": (Mount("fuse", "http://localhost:8099/"), Shows.ANOTHER),
    "FTP of this machine": (Mount("fuse.curlftpfs", "curlftpfs#ftp://me@localhost/"), Shows.ANOTHER),
    "this machine by a whole name": (Mount("fuse.sshfs", f"me@{socket.gethostname()}.lan:/photos"), Shows.ANOTHER),
    "a program that names nothing": (Mount("fuse", "/dev/fuse"), Shows.UNKNOWN),
    "a cloud by a mount": (Mount("fuse.rclone", ":webdav{HmkFl}:"), Shows.UNKNOWN),
    "a pool of disks": (Mount("fuse.mergerfs", "a:b"), Shows.ANOTHER),
    "a folder of a virtual machine's host": (Mount("vboxsf", "photos"), Shows.ANOTHER),
    "a folder of Windows in its Linux": (Mount("drvfs", "C:"), Shows.ANOTHER),
    "a folder again": (Mount("fuse.bindfs", "/home/me/phone"), Shows.ANOTHER),
    "an overlay": (Mount("overlay", "overlay"), Shows.ANOTHER),
    "this machine in short": (Mount("fuse.sshfs", "me@127.1:/photos"), Shows.ANOTHER),
    "this machine as a number": (Mount("fuse.sshfs", "me@2130706433:/photos"), Shows.ANOTHER),
    "this machine within itself": (Mount("fuse.sshfs", "me@photos.localhost:/photos"), Shows.ANOTHER),
    "this machine to the dot": (Mount("fuse.sshfs", "me@localhost.:/photos"), Shows.ANOTHER),
    "a name that is none": (Mount("fuse.sshfs", "me@" + "\u00e9" * 80 + "..b:/photos"), Shows.OWN),
    "a program that nobody knows": (Mount("fuse.mine", "mine"), Shows.UNKNOWN),
    "a folder by such a program": (Mount("fuse", str(Path(__file__).parent)), Shows.UNKNOWN),
}


@pytest.mark.parametrize("case", SHOWS)
def test_whose_bytes_a_mount_shows(case: str) -> None:
    mount, shows = SHOWS[case]
    assert mount.shows is shows


def test_the_table_of_hosts_names_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "hosts"
    table.write_text("# 127.0.0.1 no\n127.0.0.1 localhost backup-server # ours\n192.0.2.7 nas\n")
    monkeypatch.setattr(this_machine, "_HOSTS", table)
    shown = [Mount("fuse.sshfs", f"me@{name}:/photos").shows for name in ("backup-server", "nas", "no")]
    assert shown == [Shows.ANOTHER, Shows.OWN, Shows.OWN]
    table.write_text("one two\ntwo one\n")  # addresses that are names, in a circle
    assert Mount("fuse.sshfs", "me@one:/photos").shows is Shows.OWN
