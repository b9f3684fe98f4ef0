"""What is on the demo's phone, what became of it in the backup, and what the audit must find: these, and no others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from auditor.demo import media
from auditor.demo.media import Shot
from auditor.demo.scenes import scene

TAKEN_S = 1_772_000_000
"""File date of the first picture; the others follow minute by minute."""

CAMERA = "DCIM/Camera"
MUNICH = (48.137, 11.575)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One file of the phone and what became of it. `source` are its bytes, None where it is only in the backup;
    `copies` the backup's files by path. `findings` are the rules that must name it."""

    path: str
    source: bytes | None
    copies: Mapping[str, bytes]
    findings: tuple[str, ...] = ()


@cache
def story() -> tuple[Trouble, ...]:
    """Every file of the demo, encoded once a run: that takes most of the demo's time."""
    shots = iter(range(1, 1000))

    def photo(place: tuple[float, float] | None = MUNICH) -> tuple[bytes, Shot, int]:
        seed = next(shots)
        shot = Shot(f"2026:02:{1 + seed % 27:02d} 10:{seed % 60:02d}:00", place)
        return media.jpeg(scene(seed), shot), shot, seed

    def small(seed: int) -> Image.Image:
        return scene(seed, 640, 480)  # nothing here takes as long to encode as HEIC

    troubles: list[Trouble] = []

    def add(name: str, source: bytes, copies: Mapping[str, bytes] | bytes | None, *findings: str) -> None:
        path = name if "/" in name else f"{CAMERA}/{name}"
        if isinstance(copies, bytes):
            copies = {path: copies}
        troubles.append(Trouble(path, source, copies or {}, findings))

    def same(name: str, data: bytes, *findings: str) -> None:
        add(name, data, data, *findings)

    for number in range(1, 5):
        same(f"IMG_000{number}.jpg", photo()[0])
    same("IMG_0005.heic", media.heic(small(next(shots)), Shot("2026:02:05 09:00:00", MUNICH)))
    same("Pictures/Screenshots/Screenshot_1.png", media.png(scene(next(shots), 800, 600)))
    same("VID_0006.mp4", media.film(next(shots)))
    moved = photo()[0]
    add("IMG_0010.jpg", moved, {"2026/February/Munich (1).jpg": moved})
    add("IMG_0011.jpg", photo()[0], None, "missing-from-backup")
    add("VID_0012.mp4", media.film(next(shots)), None, "missing-from-backup")
    cut = photo()[0]
    add("IMG_0013.jpg", cut, cut[: len(cut) * 6 // 10], "cut-short-in-backup")
    film = media.film(next(shots))
    add("VID_0014.mp4", film, film[: len(film) // 2], "cut-short-in-backup")
    add("IMG_0015.jpg", photo()[0], b"", "cut-short-in-backup")
    zeroed = photo()[0]
    middle = len(zeroed) // 2 // 4096 * 4096
    add("IMG_0016.jpg", zeroed, zeroed[:middle] + bytes(4096) + zeroed[middle + 4096 :], "damaged-in-backup")
    data, shot, seed = photo()
    add("IMG_0017.jpg", data, media.jpeg(scene(seed), Shot(shot.taken)), "location-removed")
    data, shot, seed = photo()
    add("IMG_0018.jpg", data, media.jpeg(scene(seed)), "exif-removed")
    data, shot, seed = photo()
    reduced = media.jpeg(scene(seed).resize((816, 612)), shot, quality=75)
    add("IMG_0019.jpg", data, reduced, "reduced-copy")
    seed = next(shots)
    shot = Shot("2026:02:20 11:00:00", MUNICH)
    converted = media.jpeg(scene(seed), shot)
    add("IMG_0020.heic", media.heic(scene(seed), shot), {f"{CAMERA}/IMG_0020.jpg": converted}, "converted-format")
    broken = photo()[0]
    same("IMG_0021.jpg", broken[: len(broken) * 7 // 10], "damaged-on-phone")
    same("IMG_0022.jpg", b"", "empty-file")
    same("IMG_0023.heic", photo()[0], "wrong-extension")
    same("IMG_0024.jpg", b"<!DOCTYPE html><html><body>Sign in to download</body></html>", "not-a-photo")
    left, right = photo()[0], photo()[0]
    add("IMG_0025.jpg", left, right, "one-name-two-contents")
    add("IMG_0026.jpg", right, left, "one-name-two-contents")
    seed = next(shots)
    same("IMG_0027.heic", media.heic(small(seed), Shot("2026:02:21 12:00:00", MUNICH)))
    add("IMG_0027.mov", media.film(seed, container="mov"), None, "missing-from-backup", "live-photo-pairs")
    twin = photo()[0]
    same("IMG_0028.jpg", twin, "duplicate-file")
    same("Pictures/WhatsApp Images/IMG-20260222-WA0001.jpg", twin, "duplicate-file")
    same(".trashed-1772000000-IMG_0029.jpg", photo()[0])
    return tuple(troubles)


def build(folder: Path, on_file: Callable[[int, int], None] = lambda done, total: None) -> tuple[Path, Path]:
    """Writes `phone/` and `backup/` below a folder that is there and empty; returns the two."""
    phone, backup = folder / "phone", folder / "backup"
    troubles = story()
    for number, trouble in enumerate(troubles):
        taken_s = TAKEN_S + 60 * number
        if trouble.source is not None:
            _write(phone / trouble.path, trouble.source, taken_s)
        for path, data in trouble.copies.items():
            _write(backup / path, data, taken_s)
        on_file(number + 1, len(troubles))
    return phone, backup


def _write(path: Path, data: bytes, taken_s: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (taken_s, taken_s))


def expected(troubles: tuple[Trouble, ...]) -> frozenset[tuple[str, str]]:
    """The findings that were seeded, as (rule, path of the phone's file)."""
    return frozenset((rule, trouble.path) for trouble in troubles for rule in trouble.findings)
