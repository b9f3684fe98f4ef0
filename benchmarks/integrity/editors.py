"""What editors do to real files, and whether the edited copy is still proven to hold the same picture.

    python -m benchmarks.integrity.editors FOLDER... [--most N]

Every edit of every installed tool, on every sound file that the tool takes. Prints a table, tool and edit by family:
copies proven of copies changed; then each copy that is not, with what it lost. Asserts nothing.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from auditor.model import Depth, Soundness
from auditor.pictures.differing import differing
from auditor.readers import examine

FAMILIES = {
    "JPEG": (".jpg", ".jpeg"),
    "HEIC, AVIF": (".heic", ".heif", ".avif"),
    "TIFF": (".tif", ".tiff"),
    "PNG, WebP": (".png", ".webp"),
    "RAW": (".dng", ".nef", ".kdc", ".cr2", ".arw"),
    "film": (".mp4", ".mov", ".mkv", ".webm"),
}
ALL = tuple(FAMILIES)
EXIFTOOL = ("exiftool", "-q", "-overwrite_original", "-m")
EDITS: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("exiftool", "dates moved by an hour"): ((*EXIFTOOL, "-AllDates+=0:0:0 1:0:0"), ALL),
    ("exiftool", "position removed"): ((*EXIFTOOL, "-gps:all=", "-XMP:GPSLatitude=", "-Keys:GPSCoordinates="), ALL),
    ("exiftool", "caption"): ((*EXIFTOOL, "-XMP:Description=at sea"), ALL),
    ("exiftool", "rating, tags, faces (digiKam, Lightroom)"): (
        (*EXIFTOOL, "-XMP:Rating=4", "-XMP-lr:HierarchicalSubject=a|b", "-XMP-digiKam:TagsList=a/b", "-XMP:Subject=a"),
        ALL,
    ),
    ("exiftool", "turned by the orientation tag"): ((*EXIFTOOL, "-n", "-Orientation=6"), ALL[:4]),
    ("exiftool", "all but colours removed"): ((*EXIFTOOL, "-all=", "--icc_profile:all", "--ColorSpaceTags"), ALL[:4]),
    ("exiv2", "comment and caption"): (("exiv2", "-M", "set Exif.Image.ImageDescription at sea"), ALL[:1] + ALL[2:4]),
    ("exiv2", "dates moved by an hour"): (("exiv2", "-a", "+1:00:00", "adjust"), ("JPEG",)),
    ("exiv2", "EXIF, XMP, IPTC removed"): (("exiv2", "-d", "exi", "rm"), ("JPEG",)),
    ("jhead", "dates set"): (("jhead", "-ts2020:01:01-00:00:00"), ("JPEG",)),
    ("jhead", "comment"): (("jhead", "-cl", "hello"), ("JPEG",)),
    ("jhead", "thumbnail removed"): (("jhead", "-dt"), ("JPEG",)),
    ("jhead", "EXIF removed"): (("jhead", "-de"), ("JPEG",)),
    ("jhead", "-purejpg, colour profile and all"): (("jhead", "-purejpg"), ("JPEG",)),
    ("mkvpropedit", "title"): (("mkvpropedit", "-q"), ("film",)),
}
BEHIND = {"mkvpropedit": ("--edit", "info", "--set", "title=The sea")}
"""What follows the file's name."""


def sound(folders: list[Path], most: int) -> Iterator[tuple[str, Path, str]]:
    """Family, file and digest of the image, at most so many files of a family."""
    counts: dict[str, int] = defaultdict(int)
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        family = next((name for name, ends in FAMILIES.items() if path.suffix.lower() in ends), None)
        if family is None or counts[family] >= most:
            continue
        found = examine(path.name, path.read_bytes(), Depth.DECODE)
        if found.soundness is Soundness.SOUND and found.image_sha256:
            counts[family] += 1
            yield family, path, found.image_sha256


def main() -> None:
    parser = argparse.ArgumentParser(description="Edited copies of real files, and which are still proven")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=60, help="files of a family")
    asked = parser.parse_args()
    files = list(sound(asked.folders, asked.most))
    cells: dict[tuple[tuple[str, str], str], list[int]] = defaultdict(lambda: [0, 0])
    lost: list[str] = []
    with tempfile.TemporaryDirectory() as work:
        for family, path, digest in files:
            before = path.read_bytes()
            for edit, (words, families) in EDITS.items():
                if family not in families or shutil.which(words[0]) is None:
                    continue
                copy = Path(work) / path.name
                copy.write_bytes(before)
                subprocess.run([*words, copy, *BEHIND.get(words[0], ())], capture_output=True, check=False)
                after = copy.read_bytes()
                if after == before:  # the tool refuses it, or there was nothing to change
                    continue
                found = examine(copy.name, after, Depth.DECODE)
                same = found.image_sha256 == digest and found.soundness is Soundness.SOUND
                cells[edit, family][0] += same
                cells[edit, family][1] += 1
                if not same:
                    lost.append(
                        f"- {edit[0]}, {edit[1]}: {path.name}: {differing(path.name, before, after) or found.error}"
                    )
    print("| tool | edit |", " | ".join(ALL), "|\n|---|---|" + "---|" * len(ALL))
    for edit in EDITS:
        row = [cells[edit, name] for name in ALL]
        print(f"| {edit[0]} | {edit[1]} |", " | ".join(f"{same} of {of}" if of else "-" for same, of in row), "|")
    same, of = (sum(counts) for counts in zip(*cells.values(), strict=True))
    print(f"\n{same} of {of} copies of {len(files)} files.\n")
    print("\n".join(lost))


if __name__ == "__main__":
    main()
