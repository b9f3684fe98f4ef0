"""Which files of a listing belong together by their names: Live Photo halves, RAW twins, motion parts, sidecars.

Names only suggest; contents (`image_id`) confirm or refute it where they are known. Pairs never cross folders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

STILLS = frozenset({"heic", "heif", "jpg", "jpeg"})
RAWS = frozenset(
    {"dng", "nef", "nrw", "cr2", "cr3", "crw", "arw", "raf", "orf", "rw2", "pef", "srw", "3fr", "iiq", "kdc", "dcr"}
)
MOTION = frozenset({"mov", "mp4", "mp", "mv"})
SIDECARS = frozenset({"xmp", "aae"})


@dataclass(frozen=True, slots=True)
class Companions:
    """`companion_of`: part -> its main file; `sidecar`: media file -> the file that speaks for it. Paths as listed."""

    companion_of: dict[str, str]
    sidecar: dict[str, str]


def by_name(paths: Iterable[str]) -> Companions:
    """The companions that the names of one listing suggest.

    IMG_1.MOV belongs to IMG_1.HEIC (or .JPG), IMG_1.DNG to IMG_1.JPG, IMG_1.JPG to IMG_1.HEIC; IMG_1.xmp and
    IMG_1.HEIC.xmp and IMG_1.aae speak for IMG_1.HEIC. Upper and lower case are the same.
    """
    stems: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for path in paths:
        folder, _, name = path.rpartition("/")
        stem, dot, extension = name.rpartition(".")
        if dot and stem:
            stems[folder, stem.lower()].append((extension.lower(), path))
    companion_of: dict[str, str] = {}
    sidecar: dict[str, str] = {}
    for (folder, stem), group in stems.items():
        stills = [path for extension, path in group if extension in STILLS]
        if len(group) > 1 and stills:
            main = stills[0]
            for extension, path in group:
                if extension in MOTION or extension in RAWS:
                    companion_of[path] = main
        for extension, path in group:
            if extension not in SIDECARS:
                continue
            spoken_for = [p for e, p in group if e not in SIDECARS]
            inner_stem, dot, inner_extension = stem.rpartition(".")
            if dot:  # IMG_1.HEIC.xmp
                spoken_for += [p for e, p in stems.get((folder, inner_stem), ()) if e == inner_extension]
            for media in spoken_for:
                sidecar.setdefault(media, path)
    return Companions(companion_of, sidecar)
