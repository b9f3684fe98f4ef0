"""Which of several files that show the same is kept, and why: an ordered list of reasons, the first that tells decides.

The order is data: `keep` in the section `[duplicates]` of a policy. What no reason tells apart, the path decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from auditor.errors import BadPolicy
from auditor.model import Soundness
from auditor.pictures.inventory import Inventory, Item

RAW_FORMATS = frozenset(
    ("dng", "nef", "cr2", "cr3", "crw", "arw", "raf", "orf", "rw2", "pef", "srw", "kdc", "x3f", "mrw", "raw")
)
CAMERA_NAME = re.compile(r"^(?:IMG|DSC[NF]?|PXL|MVIMG|VID|MOV|GOPR|P|_MG|DJI|SAM)?[_-]?\d{3,}", re.IGNORECASE)
CAMERA_FOLDER = re.compile(r"(?:^|/)dcim/(?:camera|\d{3}[a-z0-9_]{5}|\d{3}media|opencamera)(?:/|$)", re.IGNORECASE)
"""Where cameras and phones put what they take. Source: JEITA DCF 2.0, section 3.2; Android's and Apple's folders."""
LESSER_FOLDER = re.compile(
    r"(?:^|/)(?:downloads?|whatsapp[^/]*|telegram[^/]*|signal|viber[^/]*|wechat|weixin|messenger|sent|received"
    r"|bluetooth|copy|copies|kopien?|duplicates?|recovered|restored)(?:/|$)",
    re.IGNORECASE,
)
"""Where files come to lie that were taken elsewhere."""
COPY_NAME = re.compile(
    r"\(\d+\)|\bcopy\b|\bkopie\b|\bcopie\b|-WA\d{4}|~\d+\.|-edited|-bearbeitet|^FB_IMG|^received_|^Screenshot_",
    re.IGNORECASE,
)
NEARLY_AS_MANY = 0.95
SOUND_ORDER = (Soundness.DAMAGED, Soundness.SUSPICIOUS, Soundness.NOT_CHECKED, None, Soundness.SOUND)


class Form(IntEnum):
    """What a format says of where a file comes from; of two, the greater one is the less likely to have been made of
    the other one. A format without a camera's name in the file says nothing, but for RAW."""

    ANY = 0
    JPEG_OF_A_CAMERA = 1
    HEIC_OF_A_CAMERA = 2
    RAW = 3


@dataclass(frozen=True, slots=True)
class _Context:
    """What a score may depend on beside its own file: the others that it is compared with."""

    inventory: Inventory
    most_pixels: int
    image_bytes: Mapping[str, int]  # the size of the largest file that holds this image data

    def rank_of_place(self, item: Item) -> int:
        return 1 if item.reference else -item.source


@dataclass(frozen=True, slots=True)
class _Reason:
    """`score`: the higher is kept. `words`: of the kept file, what it has before the other one."""

    score: Callable[[Item, _Context], Any]
    words: Callable[[Item, Item, _Context], str]


def pixels(item: Item) -> int:
    """How many pixels its picture has; 0 where that is not known."""
    return (item.facts.width or 0) * (item.facts.height or 0)


def larger(item: Item, other: Item) -> bool:
    """Whether it has more pixels than another one; nearly as many are as many, since programs cut off a line or two."""
    return pixels(other) < NEARLY_AS_MANY * pixels(item)


def _more_pixels(item: Item, context: _Context) -> int:
    own = pixels(item)
    return own if own < NEARLY_AS_MANY * context.most_pixels else context.most_pixels


def form(item: Item) -> Form:
    """What its format says of where it comes from."""
    facts = item.facts
    if facts.format in RAW_FORMATS:
        return Form.RAW
    if _camera(item) is None:
        return Form.ANY
    if facts.format in ("heic", "heif"):
        return Form.HEIC_OF_A_CAMERA
    return Form.JPEG_OF_A_CAMERA if facts.format == "jpeg" else Form.ANY


def _camera(item: Item) -> str | None:
    return item.facts.camera_make or item.facts.camera_model


def may_be_reduction(item: Item, of: Item) -> bool:
    """Whether by what is known without opening them the one may be a small copy of the other: it has fewer pixels, and
    the camera did not rather put this one where it lies. That is no proof (`reduction`)."""
    return larger(of, item) and _of_folder(item) <= _of_folder(of)


def _less_compressed(item: Item, context: _Context) -> int:
    """Bytes of the image; files that hold one image data differ by their metadata alone, and are equal here."""
    return context.image_bytes.get(item.facts.image_sha256 or "", item.facts.size_bytes or 0)


def _metadata(item: Item, context: _Context) -> tuple[int, int]:
    """How many of the facts are known; of files with one image data, the longer ones hold more around it."""
    facts = item.facts
    around = (facts.size_bytes or 0) - context.image_bytes.get(facts.image_sha256 or "", facts.size_bytes or 0)
    return _known(item), around


def _known(item: Item) -> int:
    """How many it holds of what cameras write beside a picture."""
    facts = item.facts
    told = (facts.taken_at, facts.latitude, _camera(item), facts.taken_offset, facts.image_id)
    return sum(value is not None for value in told)


def _of_folder(item: Item) -> int:
    """1 where cameras put what they take, -1 where files come to lie that were taken elsewhere."""
    folder = item.facts.path.rpartition("/")[0]
    if LESSER_FOLDER.search(folder):
        return -1
    return 1 if CAMERA_FOLDER.search(folder) else 0


def _date(item: Item, context: _Context) -> float:
    """Minus the moment of capture in order of the calendar; files that do not say come last."""
    digits = re.sub(r"\D", "", item.facts.taken_at or "")[:14]
    return -float(digits.ljust(14, "0")) if digits else -1e15


def _name(item: Item, context: _Context) -> tuple[bool, bool, int]:
    name = item.facts.path.rpartition("/")[2]
    return (not COPY_NAME.search(name), bool(CAMERA_NAME.search(name)), -item.facts.path.count("/"))


def size_words(item: Item) -> str:
    """Width and height, for people."""
    return f"{item.facts.width or '?'} x {item.facts.height or '?'}"


REASONS: dict[str, _Reason] = {
    "sound": _Reason(
        lambda item, _: SOUND_ORDER.index(item.facts.soundness),
        lambda kept, other, _: "it is sound" if other.facts.soundness is Soundness.DAMAGED else "it was proven sound",
    ),
    "camera-format": _Reason(
        lambda item, _: form(item), lambda kept, other, _: f"it is in the camera's own format ({kept.facts.format})"
    ),
    "more-pixels": _Reason(
        _more_pixels,
        lambda kept, other, _: f"it has more pixels ({size_words(kept)}, not {size_words(other)})",
    ),
    "less-compressed": _Reason(
        _less_compressed,
        lambda kept, other, _: (
            "it is less compressed" if kept.facts.format == other.facts.format else "its picture takes more bytes"
        ),
    ),
    "complete-metadata": _Reason(
        _metadata,
        lambda kept, other, _: (
            "it holds more beside the picture"
            if _known(kept) > _known(other)
            else "more bytes of it lie beside the picture"
        ),
    ),
    "camera-folder": _Reason(
        lambda item, _: _of_folder(item),
        lambda kept, other, _: (
            "it lies where the camera put it"
            if _of_folder(kept) > 0
            else "the other one lies among downloads, messages or copies"
        ),
    ),
    "earlier-date": _Reason(_date, lambda kept, other, _: "its date is the earlier one"),
    "preferred-place": _Reason(
        lambda item, context: context.rank_of_place(item),
        lambda kept, other, context: f"it is in {context.inventory.sources[kept.source].label}",
    ),
    "better-name": _Reason(_name, lambda kept, other, _: "its name is the camera's, or the simpler one"),
}


def check_order(order: Sequence[str]) -> None:
    """Raises: BadPolicy where the order names a reason that there is none of."""
    unknown = [name for name in order if name not in REASONS]
    if unknown:
        raise BadPolicy(f"duplicates.keep: there is no reason {unknown[0]!r}; known: {', '.join(REASONS)}")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Files that are compared with one another; `order` has the one to keep first."""

    order: tuple[int, ...]
    reasons: tuple[str, ...]
    _context: _Context

    def why(self, kept: int, other: int) -> str:
        """In words, what decided between the kept file and another one."""
        items = self._context.inventory.items
        ours, theirs = items[kept], items[other]
        if _parts(ours) != _parts(theirs):
            return "it has its motion part, RAW or sidecar with it"
        for name in self.reasons:
            if REASONS[name].score(ours, self._context) != REASONS[name].score(theirs, self._context):
                return REASONS[name].words(ours, theirs, self._context)
        return "its path comes first; nothing else tells them apart"


def rank(inventory: Inventory, members: Sequence[int], reasons: Sequence[str]) -> Ranking:
    """Ranks files that show the same. One that others move with comes before one without, whatever the reasons."""
    items = inventory.items
    image_bytes: dict[str, int] = {}
    for k in members:
        facts = items[k].facts
        if facts.image_sha256:
            image_bytes[facts.image_sha256] = max(image_bytes.get(facts.image_sha256, 0), facts.size_bytes or 0)
    context = _Context(inventory, max((pixels(items[k]) for k in members), default=0), image_bytes)

    def key(k: int) -> tuple[Any, ...]:
        return (_parts(items[k]), *(REASONS[name].score(items[k], context) for name in reasons))

    by_path = sorted(members, key=lambda k: (items[k].source, items[k].facts.path))
    return Ranking(tuple(sorted(by_path, key=key, reverse=True)), tuple(reasons), context)


def gives_way(kept: Item, other: Item) -> bool:
    """Whether a file is kept no longer where another one is found to hold more: not for one that is less sound, or that
    fewer files move with."""
    sound = SOUND_ORDER.index(kept.facts.soundness) <= SOUND_ORDER.index(other.facts.soundness)
    return sound and _parts(kept) <= _parts(other)


def _parts(item: Item) -> int:
    """How many files move with it; for one that moves with another, more than any."""
    return 1_000 if item.part_of is not None else len(item.parts)
