"""Which JSON of a Google Takeout speaks for which picture, by their names alone.

Google clips the JSON's name (without `.json`) to 46 UTF-16 units, moves a picture's number `(1)` to its end, and gives
edited copies and motion parts no JSON of their own. Compared in NFC. Source: names of real exports as collected by
immich-go, GPTH, GPTH Neo and ente (pull request 4956).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

CLIP_UNITS = 46
SUPPLEMENT = ".supplemental-metadata"

EDITED = (
    *("-edited", "-bearbeitet", "-modifié", "-modificato", "-editado", "-ha editado", "-editat", "-bewerkt"),
    *(
        "-edytowane",
        "-muokattu",
        "-измененный",
        "-отредактировано",
        "-düzenlendi",
        "-編集済み",
        "-编辑",
        "-已修改",
        "-已編輯",
    ),
    *("-effects", "-collage", "-animation", "-smile", "-mix"),
)
"""What Google appends to the name of an edited copy, by language; cut off in long names."""

LONG_STEM = 40
"""From this length on, the word for an edited copy may be cut off."""

_PICTURES = ("HEIC", "heic", "JPG", "jpg", "JPEG", "jpeg", "HEIF", "heif")
_MOTION = re.compile(r"(mp4|mov|mp|mv)(~\d+)?", re.IGNORECASE)
_OWN_MOTION = re.compile(r"(mp|mv)(~\d+)?", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*)\((\d+)\)", re.DOTALL)


class Relation(IntEnum):
    """How a JSON speaks for a file. The strongest first: a JSON that is another file's own is nobody else's."""

    OWN = 0  # by the rules above
    OWN_UNCLIPPED = 1  # a name that was not clipped, or whose extension was
    OWN_BARE = 2  # uploaded without an extension: `20030616.json` and `20030616.jpg`
    EDITED = 3  # the JSON of the picture that this is an edited copy of
    COMPANION = 4  # the JSON of the picture that this is the motion or live part of
    EDITED_WEAK = 5  # an edited copy whose number differs

    @property
    def is_own(self) -> bool:
        """Whether it speaks for this very file."""
        return self <= Relation.OWN_BARE


@dataclass(frozen=True, slots=True)
class Match:
    """The JSON that speaks for a file, by its name, and how."""

    sidecar: str
    relation: Relation


def match(media: Iterable[str], sidecars: Iterable[str]) -> Mapping[str, Match]:
    """For each media file of one folder the JSON that speaks for it; files without one are absent.

    Names only, without their folder; `sidecars` end in `.json`. The same whatever the order of the names.
    """
    by_key: dict[tuple[str, str | None], str] = {}
    for name in sorted(sidecars, reverse=True):
        stem = _nfc(name[: -len(".json")])
        by_key[(stem, None)] = name
        if numbered := _NUMBERED.fullmatch(stem):
            by_key.setdefault((numbered[1], numbered[2]), name)
    found = {name: ranked for name in media if (ranked := _candidates(name, by_key))}
    owner: dict[str, Relation] = {}
    for ranked in found.values():
        for candidate in ranked:
            if candidate.relation.is_own:
                owner[candidate.sidecar] = min(candidate.relation, owner.get(candidate.sidecar, candidate.relation))
    result = {}
    for name, ranked in found.items():
        for candidate in ranked:
            if not candidate.relation.is_own or owner[candidate.sidecar] == candidate.relation:
                result[name] = candidate
                break
    return result


def _candidates(name: str, by_key: Mapping[tuple[str, str | None], str]) -> list[Match]:
    found: dict[str, Relation] = {}
    for relation, stem, number in _stems(_nfc(name)):
        sidecar = by_key.get((stem, number))
        if sidecar is not None and relation < found.get(sidecar, len(Relation)):
            found[sidecar] = relation
    return [
        Match(sidecar, relation) for sidecar, relation in sorted(found.items(), key=lambda item: (item[1], item[0]))
    ]


def _stems(name: str) -> Iterator[tuple[Relation, str, str | None]]:
    """The names without `.json` that a JSON for the file `name` may have, each with the number that it must have."""
    for whole, number in _numberings(name):
        stem, dot, extension = whole.rpartition(".")
        if not dot:
            stem, extension = whole, ""
        yield Relation.OWN, _clipped(whole + SUPPLEMENT), number
        yield Relation.OWN, _clipped(whole), number
        for loose in _unclipped(stem, extension):
            yield Relation.OWN_UNCLIPPED, loose, number
        if extension:
            for suffix in _supplements():
                yield Relation.OWN_BARE, stem + suffix, number
            yield Relation.OWN_BARE, _clipped(stem + SUPPLEMENT), number
        for original in _unedited(stem):
            for relation, of in ((Relation.EDITED, number), (Relation.EDITED_WEAK, None)):
                picture = f"{original}.{extension}"
                yield relation, _clipped(picture + SUPPLEMENT), of
                yield relation, _clipped(picture), of
                for loose in _unclipped(original, extension):
                    yield relation, loose, of
        for picture in _pictures(whole, stem, extension):
            yield Relation.COMPANION, _clipped(picture + SUPPLEMENT), number
            yield Relation.COMPANION, _clipped(picture), number
            yield Relation.COMPANION, picture + SUPPLEMENT, number


def _numberings(name: str) -> Iterator[tuple[str, str | None]]:
    """The name as it is, and with its number taken out: `A(1).jpg` is `A.jpg` numbered 1."""
    yield name, None
    stem, dot, extension = name.rpartition(".")
    numbered = _NUMBERED.fullmatch(stem if dot else name)
    if numbered:
        yield numbered[1] + dot + (extension if dot else ""), numbered[2]


def _unclipped(stem: str, extension: str) -> Iterator[str]:
    """Names longer than the limit, and names whose extension was cut before the supplement was added."""
    for length in range(len(extension), 0, -1):
        for suffix in _supplements():
            yield f"{stem}.{extension[:length]}{suffix}"
    if not extension:
        yield from (stem + suffix for suffix in _supplements())


def _supplements() -> Iterator[str]:
    for length in range(len(SUPPLEMENT), 0, -1):
        yield SUPPLEMENT[:length]
    yield ""


def _unedited(stem: str) -> Iterator[str]:
    """The stems that this one may be the edited copy of."""
    lower = stem.lower()
    for word in EDITED:
        if lower.endswith(word) and len(stem) > len(word):
            yield stem[: -len(word)]
    if len(stem) >= LONG_STEM:
        for word in EDITED:
            for length in range(len(word) - 1, 1, -1):
                if lower.endswith(word[:length]):
                    yield stem[:-length]


def _pictures(whole: str, stem: str, extension: str) -> Iterator[str]:
    """The pictures that this file may be the motion or live part of."""
    if _MOTION.fullmatch(extension):
        yield from (f"{stem}.{picture}" for picture in _PICTURES)
    if _OWN_MOTION.fullmatch(extension) or (not extension and whole.startswith("MVIMG_")):
        yield from (f"{whole}.{picture}" for picture in _PICTURES)


def _clipped(stem: str) -> str:
    units = stem.encode("utf-16-le", "surrogatepass")
    return units[: 2 * CLIP_UNITS].decode("utf-16-le", "ignore")


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)
