"""Real and faulty file systems for tests: each is mounted for one test and gone after it, whatever happens."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
_LIBFUSE3 = Path("/usr/lib/x86_64-linux-gnu/libfuse3.so.3")


@dataclass(frozen=True)
class FaultyMount:
    """A mounted faulty file system: what is written at `mount` lands in `real`."""

    real: Path
    mount: Path
    rules: Path
    daemon: subprocess.Popen[bytes]

    def set(self, *rules: dict[str, object]) -> None:
        """From now on these faults apply."""
        fresh = self.rules.with_suffix(".new")
        fresh.write_text(json.dumps(rules))
        fresh.replace(self.rules)

    def unplug(self) -> None:
        """As a cable that is pulled: every call fails with ENOTCONN."""
        self.daemon.kill()
        self.daemon.wait()

    def plug_in(self) -> FaultyMount:
        """The same folder, mounted again at the same place, without faults."""
        detach(self.mount)
        self.set()
        return replace(self, daemon=_start(self.real, self.mount, self.rules, ()))


def needs(*tools: str, root: bool = False) -> None:
    """Skips the test, saying why, where a tool or root is missing."""
    for tool in tools:
        if shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            pytest.skip(f"{tool} is not installed")
    if root and (not hasattr(os, "geteuid") or os.geteuid() != 0):
        pytest.skip("needs root: it mounts a file system")


@contextlib.contextmanager
def faulty(base: Path, *rules: dict[str, object], direct_io: bool = False) -> Iterator[FaultyMount]:
    """A faulty file system below `base`."""
    needs("fusermount3")
    if not Path("/dev/fuse").exists() or importlib.util.find_spec("mfusepy") is None:
        pytest.skip("needs /dev/fuse and the package mfusepy")
    real, mount, file = base / "real", base / "mount", base / "rules.json"
    for folder in (real, mount):
        folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(rules))
    daemon = _start(real, mount, file, ("direct_io",) if direct_io else ())
    try:
        yield FaultyMount(real, mount, file, daemon)
    finally:
        detach(mount)
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.wait(2)
        daemon.kill()


def _start(real: Path, mount: Path, rules: Path, options: Sequence[str]) -> subprocess.Popen[bytes]:
    daemon = subprocess.Popen(
        [sys.executable, "-m", "tests.doubles.faulty_fs", str(real), str(mount), str(rules), *options],
        cwd=CHECKOUT,
        env={**os.environ, **({"FUSE_LIBRARY_PATH": str(_LIBFUSE3)} if _LIBFUSE3.exists() else {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_mounted(mount, daemon)
    return daemon


@contextlib.contextmanager
def mounted(*command: str) -> Iterator[Path]:
    """What `command` mounts at the last of its words; unmounted afterwards."""
    mount = Path(command[-1])
    mount.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {' '.join(command[:4])}: {done.stderr.strip()[:200]}")
    try:
        wait_mounted(mount)
        yield mount
    finally:
        detach(mount)


@contextlib.contextmanager
def tmpfs(base: Path, size: str) -> Iterator[Path]:
    """A small file system in memory: it fills up."""
    needs("mount", root=True)
    with mounted("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(base / "tmpfs")) as mount:
        yield mount


_MAKE = {
    "ext4": ["mkfs.ext4", "-q"],
    "xfs": ["mkfs.xfs", "-q", "-m", "reflink=1"],
    "exfat": ["mkfs.exfat"],
    "fat32": ["mkfs.vfat", "-F", "32"],
    "ntfs": ["mkfs.ntfs", "-F", "-Q"],
}
_MOUNT = {
    "ext4": ["mount", "-o", "commit=1"],
    "xfs": ["mount"],
    "exfat": ["mount.exfat-fuse"],
    "fat32": ["fusefat", "-o", "rw+"],
    "ntfs": ["ntfs-3g"],
}
_ON_LOOP = {"ext4", "xfs", "exfat"}


def make_image(file: Path, kind: str, size: str) -> None:
    """An image file with a fresh, empty file system."""
    needs("truncate", _MAKE[kind][0])
    subprocess.run(["truncate", "-s", size, str(file)], check=True)
    subprocess.run([*_MAKE[kind], str(file)], check=True, capture_output=True)


@contextlib.contextmanager
def mounted_image(file: Path, kind: str, mount: Path) -> Iterator[Path]:
    """An image file's file system."""
    needs("losetup", _MOUNT[kind][0], root=True)
    device = str(file)
    if kind in _ON_LOOP:
        shown = subprocess.run(["losetup", "-f", "--show", device], capture_output=True, text=True)
        if shown.returncode:
            pytest.skip(f"no loop device: {shown.stderr.strip()}")
        device = shown.stdout.strip()
    try:
        with mounted(*_MOUNT[kind], device, str(mount)) as where:
            yield where
    finally:
        if kind in _ON_LOOP:
            _patiently("losetup", "-d", device)


@contextlib.contextmanager
def disk(base: Path, kind: str, size: str = "64M") -> Iterator[Path]:
    """A fresh, mounted file system of a kind: ext4, xfs, exfat, fat32, ntfs."""
    needs(root=True)
    make_image(base / f"{kind}.img", kind, size)
    with mounted_image(base / f"{kind}.img", kind, base / kind) as mount:
        yield mount


def wait_mounted(mount: Path, daemon: subprocess.Popen[bytes] | None = None) -> None:
    """Returns when something is mounted there; skips the test where that fails."""
    for _ in range(200):
        if os.path.ismount(mount):
            return
        if daemon is not None and daemon.poll() is not None:
            pytest.skip("FUSE cannot be mounted here")
        time.sleep(0.05)
    pytest.skip("the file system did not come up")


def detach(mount: Path) -> None:
    """Unmounts, by force if need be."""
    if not _patiently("umount", str(mount), tries=5) and not _run("fusermount3", "-u", str(mount)):
        _run("umount", "-l", str(mount))


def _patiently(*command: str, tries: int = 20) -> bool:
    for _ in range(tries):
        if _run(*command):
            return True
        time.sleep(0.1)
    return False


def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0
