"""Bytes to facts. Readers state facts about a file's bytes; they judge nothing but whether the bytes are broken.

The seam is `examine`: whole content in, `Examination` out. To add a format: one module with its walker and judge, one
line in `FAMILIES`, one test file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from auditor.model import Damage, Depth, ErrorKind, Kind, Soundness, Tier, Trouble
from auditor.readers.examination import Buffer, Examination, Metadata
from auditor.readers.sniff import (
    RAW_FORMATS,
    SIDECAR_FORMATS,
    UNCHECKED_PHOTOS,
    UNCHECKED_VIDEOS,
    format_by_name,
    kind_by_name,
    kind_of,
    sniff,
)

__all__ = ["FAMILIES", "Buffer", "Examination", "Family", "Metadata", "examine", "kind_by_name", "sniff"]

Examiner = Callable[[Buffer, str, Depth], Examination]
"""Whole content, the format that sniff() found in it, how far to look."""


@dataclass(frozen=True, slots=True)
class Family:
    """Formats that one module reads. The module holds `examine` and is imported when the first file needs it, so that
    a worker process starts fast and one broken library costs only its own formats."""

    formats: frozenset[str]
    module: str

    def examiner(self) -> Examiner:
        """The module's `examine`."""
        return cast(Examiner, import_module(f"auditor.readers.{self.module}").examine)


FAMILIES: tuple[Family, ...] = (
    Family(frozenset({"jpeg"}), "jpeg.reader"),
    Family(frozenset({"png"}), "stills.png"),
    Family(frozenset({"webp"}), "stills.webp"),
    Family(frozenset({"gif"}), "stills.gif"),
    Family(frozenset({"tiff"}), "tiff.reader"),
    Family(frozenset({"bmp"}), "stills.bmp"),
    Family(RAW_FORMATS, "tiff.raw"),
    Family(SIDECAR_FORMATS, "sidecar"),
    Family(frozenset({"heic", "heif", "avif"}), "heif.reader"),
    Family(frozenset({"mp4", "mov", "3gp"}), "film.mp4"),
    Family(frozenset({"avi"}), "film.avi"),
    Family(frozenset({"mkv", "webm"}), "film.matroska"),
)

_ZERO_HEAD_BYTES = 4096
_ZEROS = bytes(1 << 20)


def examine(name: str, data: Buffer, depth: Depth) -> Examination:
    """Every fact that `data`, the whole content of a file called `name`, yields at `depth`.

    HASH: format, size and metadata by headers alone; nothing is judged but what is plain at the first look (empty,
    zeroed, not what a photo or video can be). DECODE and DEEP: structure and strict decode, and the picture for the
    perceptual hash. LIST never calls this. Does not raise for any content; a decoder that kills the process is the
    caller's to contain.
    """
    promised = kind_by_name(name)
    wanted = promised in (Kind.PHOTO, Kind.VIDEO)
    if len(data) == 0:
        if promised is Kind.OTHER:
            return Examination(
                kind=Kind.OTHER, error=Trouble(ErrorKind.UNSUPPORTED, "empty, and of a kind that is not checked")
            )
        return _broken(promised, None, Damage("empty", "the file has no content: 0 bytes", 0))
    if not any(data[:_ZERO_HEAD_BYTES]):
        return _zeroed(promised, data)
    format_ = sniff(data)
    if format_ in ("tiff", "raw") and kind_by_name(name) is Kind.PHOTO:
        # RAW files that say nothing of their maker where we look are what their name says.
        hint = format_by_name(name)
        format_ = hint if hint in _TIFF_SHAPED else format_
    if format_ == "plist" and format_by_name(name) == "aae":
        format_ = "aae"  # a property list says nothing of what it is for
    kind = kind_of(format_)
    if format_ in (None, "ogg") and format_by_name(name) in UNCHECKED_PHOTOS | UNCHECKED_VIDEOS:
        format_, kind = format_by_name(name), promised  # most of these cannot be told by their first bytes
    if wanted and kind not in (Kind.PHOTO, Kind.VIDEO):
        what = f"a {format_} file" if format_ else "nothing that a photo or video begins with"
        damage = Damage("not_media", f"the name says {format_by_name(name)}, the content is {what}", 0)
        return _broken(promised, format_ or "unknown", damage)
    family = next((f for f in FAMILIES if format_ in f.formats), None)
    if family is None or format_ is None:
        kind = kind or promised
        reason = f"there is no check for {format_} files" if format_ else "the content is of no known format"
        return Examination(format=format_, kind=kind, error=Trouble(ErrorKind.UNSUPPORTED, reason))
    try:
        return family.examiner()(data, format_, depth)
    except Exception as error:
        # The one-file boundary: whatever a decoder throws at hostile bytes costs this file its check, never the run.
        return Examination(
            format=format_,
            kind=kind,
            error=Trouble(ErrorKind.UNDECODABLE, f"{READER_FAILED}: {type(error).__name__}: {error}"),
        )


READER_FAILED = "what looks into such files failed"

_TIFF_SHAPED = frozenset(["nef", "arw", "pef", "srw", "kdc", "raw", "orf", "rw2"])


def _broken(kind: Kind, format_: str | None, damage: Damage) -> Examination:
    return Examination(
        format=format_, kind=kind, soundness=Soundness.DAMAGED, checked=(Tier.STRUCTURE,), damage=(damage,)
    )


def _zeroed(promised: Kind, data: Buffer) -> Examination:
    """A file whose beginning was wiped. Disk images may rightly begin with zeros: outside photos and videos, only a
    file that is zero throughout is broken."""
    steps = range(0, len(data), len(_ZEROS))
    if all(chunk == _ZEROS[: len(chunk)] for chunk in (data[i : i + len(_ZEROS)] for i in steps)):
        return _broken(promised, None, Damage("all_zero", f"all {len(data)} bytes of the file are zero", 0))
    damage = Damage("zero_head", "the beginning of the file was wiped: its first 4 KiB are all zero", 0)
    found = _broken(promised, None, damage)
    if promised is Kind.OTHER:
        return dataclasses.replace(
            found,
            soundness=Soundness.NOT_CHECKED,
            damage=(),
            notes=("the first 4 KiB are all zero",),
            error=Trouble(ErrorKind.UNSUPPORTED, "the content is of no known format"),
        )
    return found
