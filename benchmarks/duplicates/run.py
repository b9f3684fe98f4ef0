"""auditor and its peers on the same generated files, in one run: what each finds and what it merges wrongly.

    python -m benchmarks.duplicates.run PHOTOS... WORK --seeds 1 2 3 [--no-peers]

Prints one table a seed and leaves WORK/seedN/wrong.csv, every pair that counts against auditor.
Exit 0 if it meets its goals on every seed, 1 otherwise.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path

import numpy as np

from auditor.duplicates.search import search
from auditor.isolation import pool
from auditor.judge import policy
from auditor.pictures import candidates, verify
from auditor.pictures.inventory import Source
from auditor.pictures.loading import Picture, load
from auditor.pictures.verify import Relation
from auditor.places.folder import open_folder
from auditor.scan.run import scan
from benchmarks.duplicates import peers
from benchmarks.duplicates.generate import generate
from benchmarks.duplicates.score import Score, score, truth, wrong

COLUMNS = ("exact", "data", "copy", "photos", "turned")
HEADER = " ".join(
    [f"{'tool':28s}", *(f"{name:>6s}" for name in COLUMNS), f"{'false':>7s} {'edited':>9s} {'CPU s':>6s}"]
)


def cpu_seconds() -> float:
    """CPU seconds of this process and of all that ended under it. Workers are children of a server that forks them;
    it is ended here, so that it and they are counted. The next phase starts another."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def line(name: str, found: Score, seconds: float) -> str:
    recall = [found.recall.get(key, float("nan")) for key in ("exact", "data", "copy")]
    cells = " ".join(f"{value:6.3f}" for value in (*recall, found.photos, found.recall.get("rotated", float("nan"))))
    return f"{name:28s} {cells} {sum(found.false_pairs.values()):7,d} {found.edited:4d}/{found.edits:4d} {seconds:6.0f}"


def ours(out: Path, jobs: int) -> tuple[list[list[str]], list[tuple[str, str]], float, float, int]:
    """The groups of `auditor duplicates`, the pairs it shows as edited, CPU seconds of its scan and of its search with
    their workers, and how many pairs of pictures it compared."""
    place = open_folder(str(out / "files"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUDITOR_CACHE_DIR"] = folder
        before = cpu_seconds()
        rows = tuple(scan(place, Path(folder) / "list.jsonl", jobs=jobs, use_cache=False).rows())
        scanned = cpu_seconds()
        found = search([Source(str(place.root), place.label, rows, place)], policy.load("family"), jobs=jobs)
        done = cpu_seconds()

    def name(k: int) -> str:
        return f"files/{found.inventory.items[k].facts.path}"

    groups = [[name(group.kept), *(name(m.item) for m in group.members)] for group in found.groups if group.proven]
    edited = [
        (name(group.kept), name(m.item))
        for group in found.groups
        for m in group.members
        if m.relation is Relation.EDITED
    ]
    return groups, edited, scanned - before, done - scanned, found.pairs


def list_wrong(path: Path, rows: Mapping[str, Mapping[str, str]], groups: Iterable[Sequence[str]]) -> None:
    """Writes a table of every false pair and every missed copy, to be looked at as pictures."""
    with path.open("w", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(("what", "first", "second"))
        for found in wrong(rows, groups):
            table.writerow(found)


def shortfalls(found: Score) -> list[str]:
    """Which of auditor's goals were missed."""
    goals: dict[str, Callable[[Score], bool]] = {
        "no false pair": lambda s: not s.false_pairs,
        "exact 1.0": lambda s: s.recall["exact"] == 1,
        "same image data 1.0": lambda s: s.recall.get("data", 1) == 1,
        "copies >= .99": lambda s: s.recall["copy"] >= 0.99,
        "photos >= .997": lambda s: s.photos >= 0.997,
        "HEIC 1.0": lambda s: s.kinds["heic"] == 1,
        "EXIF-rotated 1.0": lambda s: s.kinds["exif_turned"] == 1,
        "edited called same <= .5 %": lambda s: s.edited <= 0.005 * s.edits,
        "pixel-rotated same or edited >= .99": lambda s: s.looked >= 0.99,
    }
    return [name for name, met in goals.items() if not met(found)]


def costs(out: Path) -> str:
    """CPU milliseconds of loading a picture of some 2,000 px and of comparing two."""
    files = sorted((out / "files" / "photo").glob("*-q75.jpg"))[:20]
    started = time.process_time()
    pictures = [picture for path in files if isinstance(picture := load(path.read_bytes()), Picture)]
    loaded = time.process_time()
    for a, b in zip(pictures, pictures, strict=True):
        verify.compare(a, b)
    compared = time.process_time()
    load_ms, compare_ms = (
        1000 * (end - begin) / len(pictures) for begin, end in ((started, loaded), (loaded, compared))
    )
    return f"a picture loaded for comparison: {load_ms:.0f} CPU ms; two compared: {compare_ms:.0f} CPU ms"


def joins() -> list[str]:
    """The exact search by 4 bits: random hashes with planted neighbours, and 0.5 % of them one crowd of dark frames."""
    found = []
    for count in (100_000, 1_000_000):
        for skewed in (False, True):
            rng = np.random.default_rng(1)
            hashes = rng.integers(0, 2**64, count, dtype=np.uint64)
            near = count // 20
            hashes[-near:] = hashes[:near] ^ (np.uint64(1) << rng.integers(0, 64, near, dtype=np.uint64))
            if skewed:
                cluster = np.full(count // 200, hashes[0])
                for _ in range(2):
                    cluster ^= np.uint64(1) << rng.integers(0, 64, len(cluster), dtype=np.uint64)
                hashes[: len(cluster)] = cluster
            started = time.process_time()
            first, _ = candidates.within(hashes, 4)
            seconds = time.process_time() - started
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            kind = "skewed" if skewed else "random"
            found.append(
                f"{count:9,d} {kind}: {len(first):10,d} pairs, {seconds:5.2f} CPU s, at most {peak:,.0f} MB so far"
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--jobs", type=int, default=pool.default_jobs())
    parser.add_argument("--most", type=int, metavar="N", help="make the files from at most N of the photos")
    parser.add_argument("--no-peers", action="store_true")
    given = parser.parse_args()
    print("\n".join(joins()), flush=True)
    missed: list[str] = []
    for seed in given.seeds:
        out = given.work / f"seed{seed}"
        if not out.exists():
            generate(given.photos, out, seed, given.jobs, given.most)
        rows = truth(out / "truth.csv")
        print(f"\nseed {seed}: {len(rows):,} files; {costs(out)}\n{HEADER}", flush=True)
        groups, edited, scan_cpu, search_cpu, pairs = ours(out, given.jobs)
        found = score(rows, groups, edited)
        print(line("auditor duplicates", found, scan_cpu + search_cpu))
        print(
            f"  scan {1000 * scan_cpu / len(rows):.0f}, search {1000 * search_cpu / len(rows):.0f} CPU ms a file;"
            f" {pairs:,} pairs compared, the whole search {1000 * search_cpu / max(1, pairs):.0f} CPU ms a pair"
        )
        print(f"  turned ones same or shown as edited: {found.looked:.3f}; false: {found.false_pairs or 'none'}")
        short = {kind: round(value, 3) for kind, value in found.kinds.items() if value < 1}
        print(f"  kinds below 1: {short or 'none'}", flush=True)
        list_wrong(out / "wrong.csv", rows, groups)
        missed += [f"seed {seed}: {goal}" for goal in shortfalls(found)]
        for name, run in () if given.no_peers else peers.runs():
            before = cpu_seconds()
            try:
                predicted = peers.joined(run(out, list(rows)))
            except (ImportError, FileNotFoundError) as error:
                print(f"{name:28s} not installed ({error})")
                continue
            print(line(name, score(rows, predicted), cpu_seconds() - before), flush=True)
    print("\nmissed: " + "; ".join(missed) if missed else "\nall goals met")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
