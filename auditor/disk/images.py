"""Which file or folder of this machine a mounted image, archive or container is made of."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from auditor.disk.mounts import Shows, mount_of

_BLOCK = Path("/sys/class/block")
_MOST_LAYERS = 10


def images_around(path: Path) -> tuple[Path, ...]:
    """The files and folders, in which a whole path lies as a part of what was mounted: an image by a loop device, with
    partitions, LVM and encryption in it or not, and what a program shows out of one file or encrypted folder. Of images
    within images all, the inner ones first. Linux only; empty elsewhere.
    """
    found: list[Path] = []
    ask = [path]
    while ask and len(found) < _MOST_LAYERS:
        mount = mount_of(ask.pop())
        source = Path(mount.source)
        more: list[Path] = []
        if mount.is_served or not source.is_absolute():  # `//nas/photos` is no path of this machine
            continue
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            if source.is_block_device():
                more = list(_files_of(source.resolve().name))
            elif mount.shows is Shows.OWN and source.exists() and not source.is_char_device():
                more = [source.resolve()]
        more = [one for one in more if one not in found]
        found += more
        ask += more
    return tuple(found)


def _files_of(device: str, layer: int = 0) -> Iterator[Path]:
    """The files behind a block device. Source: kernel, Documentation/ABI, sysfs-block-loop; sysfs-class-block."""
    folder = (_BLOCK / device).resolve()
    for one in (folder, folder.parent):  # a partition lies in the folder of its disk
        with contextlib.suppress(OSError):
            yield Path((one / "loop/backing_file").read_text("utf-8", "surrogateescape").rstrip("\n"))
            return
    slaves = folder / "slaves"
    if layer < _MOST_LAYERS and slaves.is_dir():
        for slave in slaves.iterdir():
            yield from _files_of(slave.name, layer + 1)
