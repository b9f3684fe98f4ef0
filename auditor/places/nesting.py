"""Does one place lie within another? What lies in the source is no backup of it, whatever kind of place each is."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from auditor.disk.images import images_around
from auditor.places import Place, trash
from auditor.places.adb import SDCARD, AdbPlace
from auditor.places.mtp import MtpPlace
from auditor.places.rclone import RclonePlace
from auditor.places.rclone_remotes import Leaf
from auditor.places.rclone_services import holds

_SHARED_STORAGE = re.compile(r"/(?:storage/emulated/0|storage/self/primary|mnt/sdcard)(?=/|$)")
"""Other names that Android has for /sdcard."""


def within(inner: Place, outer: Place) -> bool:
    """Whether what `inner` holds lies in `outer`, or both are the same; False where that is not known. Of a remote that
    shows several as one it is enough that one of them does.

    Compared by where things lie, through links, second mounts and other names of a phone's storage. One phone by adb
    and as a mount is one place, whatever the folders; remotes of rclone are compared by what lies behind their names.
    Not known: where two names of one service lead.
    """
    if isinstance(inner, AdbPlace) and isinstance(outer, AdbPlace):
        same = inner.phone_serial == outer.phone_serial
        return same and _all_below(_on_phone(inner), _on_phone(outer))
    if isinstance(inner, RclonePlace) and isinstance(outer, RclonePlace):
        (name, path), (other, top) = _remote(inner), _remote(outer)
        return (name == other and _below(path, top)) or any(
            _leaf_lies_in(leaf, around) for leaf in inner.behind for around in outer.behind
        )
    for phone, mount in ((inner, outer), (outer, inner)):
        if isinstance(phone, AdbPlace) and isinstance(mount, MtpPlace):
            return phone.phone_serial.lower() in mount.mount.name.lower().split()
    things, tops = inner.local_things, outer.local_things
    enough = any if isinstance(inner, RclonePlace) else all
    return bool(things) and enough(any(lies_in(thing, top) for top in tops) for thing in things)


def will_be_emptied(place: Place) -> bool:
    """Whether a place lies as a whole in a bin or a quarantine; False where that is not known."""
    paths = [thing.as_posix() for thing in place.local_things]
    if isinstance(place, AdbPlace):
        paths = _on_phone(place)
    if isinstance(place, RclonePlace):
        paths.append(_remote(place)[1])
    return any(trash.will_be_emptied(f"{path}/") for path in paths)


def lies_in(thing: Path, top: Path) -> bool:
    """Whether a file or folder is `top`, or below it, by what the file system itself says; or is in an image or a
    container that is. `thing` need not be there yet."""
    try:
        there = top.stat()
    except OSError:
        return False
    for step in (thing, *thing.parents, *(path for image in images_around(thing) for path in (image, *image.parents))):
        try:
            if os.path.samestat(step.stat(), there):
                return True
        except OSError:
            continue
    return False


def _leaf_lies_in(leaf: Leaf, outer: Leaf) -> bool:
    """Whether what a remote is made of is, or lies in, a part of another one, whatever names lie around them."""
    if leaf.folder is None or outer.folder is None:
        return outer.surely_holds(leaf)
    folder, top = Path(leaf.folder).absolute(), Path(outer.folder).absolute()
    if leaf.hidden and outer.hidden and lies_in(top, folder):  # in one folder, names that `crypt` hides tell them apart
        return holds(outer.hidden, leaf.hidden) and lies_in(folder, top)
    return lies_in(folder, top)


def _on_phone(place: AdbPlace) -> list[str]:
    root = _SHARED_STORAGE.sub(SDCARD, place.root, count=1)
    return [posixpath.normpath(posixpath.join(root, folder)) for folder in place.folders]


def _remote(place: RclonePlace) -> tuple[str, str]:
    name, _, path = place.remote.partition(":")
    return name, posixpath.normpath("/" + path.strip("/"))


def _all_below(paths: list[str], tops: list[str]) -> bool:
    return all(any(_below(path, top) for top in tops) for path in paths)


def _below(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip("/") + "/")
