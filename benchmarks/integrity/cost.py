"""What checking costs, against the floor that no strict check can go below, interleaved file by file in one run.

Run from the checkout: `python -m benchmarks.integrity.cost FOLDER...`. CPU time, the best of five for each file. The
floor of a JPEG is SHA-256 and one strict libjpeg decode at 1/8 to grey; ours adds the head's digest, the structure, the
image digest, EXIF and the perceptual hash. Small files are told apart.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import simplejpeg

from auditor.model import Depth
from auditor.readers import examine, sniff
from auditor.readers.digests import head_sha256
from auditor.readers.jpeg_walk import walk
from auditor.readers.perceptual import phash

_ROUNDS = 5
_SMALL_BYTES = 700_000


@dataclass(slots=True)
class Sum:
    """Seconds and bytes over the files of one kind."""

    files: int = 0
    size_bytes: int = 0
    ours: float = 0.0
    floor: float = 0.0
    structure: float = 0.0


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def ours(name: str, content: bytes) -> None:
    """All that a scan at depth decode does with a file's bytes."""
    hashlib.sha256(content).hexdigest()
    head_sha256(content)
    found = examine(name, content, Depth.DECODE)
    if found.picture is not None:
        phash(found.picture)


def floor(content: bytes, jpeg: bool) -> None:
    """SHA-256 and, for a JPEG, the strict decode."""
    hashlib.sha256(content).hexdigest()
    if jpeg:
        simplejpeg.decode_jpeg(content, "GRAY", min_factor=8)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    sums: dict[str, Sum] = collections.defaultdict(Sum)
    for path in sorted(p for folder in parser.parse_args().folders for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        format_ = sniff(content)
        jpeg = format_ == "jpeg"
        kind = f"jpeg, {'small' if len(content) < _SMALL_BYTES else '0.7 MB and more'}" if jpeg else str(format_)
        try:
            floor(content, jpeg)
        except ValueError:
            continue
        rounds = [
            (
                seconds(lambda c=content, j=jpeg: floor(c, j)),
                seconds(lambda n=path.name, c=content: ours(n, c)),
                seconds(lambda c=content: walk(c)) if jpeg else 0.0,
            )
            for _ in range(_ROUNDS)
        ]
        total = sums[kind]
        total.files += 1
        total.size_bytes += len(content)
        total.floor += min(r[0] for r in rounds)
        total.ours += min(r[1] for r in rounds)
        total.structure += min(r[2] for r in rounds)
    print("| kind | files | MB | ours, ms/MB | a file, ms | floor, ms/MB | ours / floor | structure, ms/MB |")
    print("|---" * 8 + "|")
    for kind, total in sorted(sums.items()):
        megabytes = total.size_bytes / 1e6
        structure = f"{total.structure * 1e3 / megabytes:.2f}" if total.structure else "-"
        print(
            f"| {kind} | {total.files} | {megabytes:.1f} | {total.ours * 1e3 / megabytes:.1f} |"
            f" {total.ours * 1e3 / total.files:.0f} | {total.floor * 1e3 / megabytes:.1f} |"
            f" {total.ours / total.floor:.2f} | {structure} |"
        )


if __name__ == "__main__":
    main()
