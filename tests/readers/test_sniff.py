"""What a file is: by its content, and by its name only where the content says nothing."""

from __future__ import annotations

import mmap
import os
import time
from pathlib import Path

import pytest

from auditor.model import Depth, ErrorKind, Kind, Soundness
from auditor.readers import examine, kind_by_name, sniff

CONTENTS = {
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n", "png"),
    "iPhone HEIC": (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic", "heic"),
    "Nokia HEIF, brand mif1": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "heic"),
    "HEIF of unknown codec": (b"\0\0\0\x14ftypmif1\0\0\0\0mif1", "heif"),
    "AVIF under mif1": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "avif"),
    "Canon CR3": (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "cr3"),
    "mp4": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "mp4"),
    "mov": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "mov"),
    "mov without ftyp": (b"\0\0\0\x08wide\0\0\1\0mdat", "mov"),
    "3gp": (b"\0\0\0\x18ftyp3gp5\0\0\0\0isom3gp5", "3gp"),
    "audio only": (b"\0\0\0\x18ftypM4A \0\0\0\0isom", "m4a"),
    "webp": (b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
    "avi": (b"RIFF\x10\0\0\0AVI LIST", "avi"),
    "mkv": (b"\x1aE\xdf\xa3\x93\x42\x82\x88matroska", "mkv"),
    "webm": (b"\x1aE\xdf\xa3\x93\x42\x82\x84webm", "webm"),
    "html": (b"<!DOCTYPE html>\n<html>", "html"),
    "elf": (b"\x7fELF\2\1\1", "elf"),
    "exe": (b"MZ\x90\0" + bytes(60) + b"!This program cannot be run in DOS mode", "exe"),
    "zip": (b"PK\x03\x04", "zip"),
    "pdf": (b"%PDF-1.7", "pdf"),
    "xmp": (b"<?xpacket begin='' id=''?><x:xmpmeta>", "xmp"),
    "a program that speaks of XMP": (b'packet = "<x:xmpmeta>"\nprint(packet)\n', None),
    "Takeout JSON": (b'{\n "title": "a.jpg",\n "photoTakenTime": {"timestamp": "1"}}', "takeout_json"),
    "other JSON": (b'{"a": 1}', None),
    "noise": (b"\x13\x37" * 40, None),
    "BM by chance": (b"BM is a letter", None),
}


@pytest.mark.parametrize(("content", "format_"), CONTENTS.values(), ids=CONTENTS)
def test_content_decides(content: bytes, format_: str | None) -> None:
    assert sniff(content) == format_


NAMES = {
    "IMG_1.JPG": Kind.PHOTO,
    "a.heic": Kind.PHOTO,
    "a.dng": Kind.PHOTO,
    "clip.MOV": Kind.VIDEO,
    "IMG.xmp": Kind.SIDECAR,
    "IMG_0001.AAE": Kind.SIDECAR,
    "IMG_1.jpg.json": Kind.SIDECAR,
    "IMG_1.jpg.supplemental-metadata.json": Kind.SIDECAR,
    "IMG_1.jpg(1).json": Kind.SIDECAR,
    "settings.json": Kind.OTHER,
    "notes.txt": Kind.OTHER,
    "jpg": Kind.OTHER,
}


@pytest.mark.parametrize(("name", "kind"), NAMES.items(), ids=NAMES)
def test_name_promises(name: str, kind: Kind) -> None:
    assert kind_by_name(name) is kind


BROKEN = {
    "empty": (b"", "empty", None),
    "all zero": (bytes(9000), "all_zero", None),
    "wiped head": (bytes(4096) + b"\xff\xd8" * 4000, "zero_head", None),
    "web page": (b"<!DOCTYPE html><html>Sign in", "not_media", "html"),
    "program": (b"\x7fELF" + b"\1" * 600, "not_media", "elf"),
    "noise": (b"\x13\x37" * 4000, "not_media", "unknown"),
}


@pytest.mark.parametrize("name", ["IMG.jpg", "IMG.HEIC", "clip.mp4"])
@pytest.mark.parametrize("depth", [Depth.HASH, Depth.DECODE])
@pytest.mark.parametrize(("content", "code", "format_"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_a_photo_is_damaged_under_its_name(
    content: bytes, code: str, format_: str | None, depth: Depth, name: str
) -> None:
    found = examine(name, content, depth)
    assert found.soundness is Soundness.DAMAGED
    assert [d.code for d in found.damage] == [code]
    assert found.kind is kind_by_name(name)
    assert found.format == format_


@pytest.mark.parametrize("last", [0, 1])
def test_an_endless_film_of_zeros_is_looked_through_at_once(last: int, tmp_path: Path) -> None:
    film = tmp_path / "a.mp4"
    film.touch()
    os.truncate(film, 500_000_000)
    with film.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(bytes([last]))
        stream.flush()
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            data.find(b"\1")  # afterwards every page is at hand
            began = time.process_time()
            data.find(b"\1")
            floor = time.process_time() - began
            found = examine("a.mp4", data, Depth.DECODE)
            took = time.process_time() - began - floor
    assert [d.code for d in found.damage] == ["zero_head" if last else "all_zero"]
    assert took < 30 * floor, "a file of hundreds of gigabytes would take hours"


def test_other_files_are_no_photos_and_never_sound() -> None:
    for name, content in (("a.pdf", b"%PDF-1.7"), ("disk.img", bytes(4096) + b"x"), ("empty.txt", b"")):
        found = examine(name, content, Depth.DECODE)
        assert (found.kind, found.soundness, found.damage) == (Kind.OTHER, Soundness.NOT_CHECKED, ())
        assert found.error is not None and found.error.kind is ErrorKind.UNSUPPORTED


def test_a_photo_under_a_foreign_name_is_a_photo() -> None:
    assert examine("backup.bin", b"\x89PNG\r\n\x1a\n", Depth.HASH).kind is Kind.PHOTO
