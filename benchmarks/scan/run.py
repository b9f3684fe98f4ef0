"""What a scan costs against the least it could cost: reading, SHA-256 and a strict JPEG decode at 1/8 scale.

    python benchmarks/scan/run.py [--photos FOLDER] [--tiny N] [--listed N] [--rounds N]

Both are measured in one run, round by round in turn, as CPU seconds (the scan's with all its processes); the least of
the rounds counts. Photos of 3 MB and more are made from real ones, which are the small ones.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
PHOTOS = REPOSITORY.parent / "shared/data/photos/jpg"
LARGE_BYTES = 3_000_000


def used() -> float:
    """CPU seconds of the processes that ended and were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, dict[str, object]]:
    """CPU seconds of a command with every process that it leaves, wall seconds, and what it printed as JSON."""
    before, start = used(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=REPOSITORY)
    assert process.stdout is not None
    told = process.stdout.read()
    process.wait()
    wall = time.perf_counter() - start
    try:
        while True:  # orphans (the server that forks workers) come to us: see `adopt`
            os.wait()
    except ChildProcessError:
        pass
    if process.returncode:
        raise SystemExit(f"{command} failed")
    return used() - before, wall, json.loads(told)


def adopt() -> None:
    """Makes this process the parent of orphans, so that their CPU time is counted. Linux only."""
    if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0):  # PR_SET_CHILD_SUBREAPER
        raise SystemExit("orphans cannot be adopted here: CPU times would be wrong")


def make_large(photos: Path, into: Path, count: int) -> None:
    """Photos of 3 MB and more: real ones enlarged and cropped a little differently each, with their EXIF."""
    from PIL import Image

    sources = sorted(photos.rglob("*.jpg"), key=lambda p: p.stat().st_size)[-4:]
    for number in range(count):
        with Image.open(sources[number % len(sources)]) as photo:
            exif = photo.info.get("exif", b"")
            picture = photo.convert("RGB")
        left = number * 3
        picture = picture.crop((left, left, picture.width, picture.height))
        scale = (12_000_000 / (picture.width * picture.height)) ** 0.5
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC
        )
        for quality in (85, 90, 93, 95, 97, 98):
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=quality, exif=exif)
            if out.tell() >= LARGE_BYTES:
                break
        (into / f"IMG_{number:04}.jpg").write_bytes(out.getvalue())


FLOOR = """
import hashlib, json, resource, sys
from pathlib import Path
import simplejpeg
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
files = sorted(Path(sys.argv[1]).rglob("*.jpg"))
before = used()
for file in files:
    data = file.read_bytes()
    hashlib.sha256(data).hexdigest()
    try:
        simplejpeg.decode_jpeg(data, "GRAY", min_height=1, min_width=1, min_factor=8.0)
    except ValueError:
        pass
print(json.dumps({"cpu": used() - before, "files": len(files), "bytes": sum(f.stat().st_size for f in files)}))
"""

SCAN = """
import json, resource, sys
from pathlib import Path
from auditor.model import Depth
from auditor.places.folder import open_folder
from auditor.scan import scan
out = Path(sys.argv[2]); out.unlink(missing_ok=True)
manifest = scan(open_folder(sys.argv[1]), out, depth=Depth(sys.argv[3]), use_cache=sys.argv[4] == "cache", jobs=2)
used = resource.getrusage(resource.RUSAGE_SELF)
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1]
print(json.dumps({"files": manifest.footer.files, "parent_cpu": used.ru_utime + used.ru_stime,
    "parent_mb": int(peak) / 1024}))
"""

PARTS = """
import hashlib, json, sys, time
from pathlib import Path
from auditor import reading
from auditor.manifest.rows import canonical, to_row
from auditor.model import Depth
from auditor.places.folder import open_folder
from auditor import workers
from auditor.readers import digests, jpeg, exif
import simplejpeg
workers._keep_heap()
spent = {}
depth = [0]
def timed(module, name, label):
    inner = getattr(module, name)
    def outer(*args, **kwargs):
        start = time.process_time()
        try:
            return inner(*args, **kwargs)
        finally:
            spent[label] = spent.get(label, 0.0) + time.process_time() - start
    setattr(module, name, outer)
timed(reading.digests, "digests", "sha256")
timed(reading.digests, "head_sha256", "sha256 of the head")
timed(simplejpeg, "decode_jpeg", "decode")
timed(reading, "examine", "examine, with decode")
timed(reading.perceptual, "phash", "perceptual hash")
for name in [n for n in dir(exif) if n.startswith("metadata_of")]:
    timed(exif, name, "EXIF")
place = open_folder(sys.argv[1])
tasks = [reading.Task(place, e, Depth.DECODE, ("sha256",)) for e in place.walk()]
reading.read_file(tasks[0])
spent.clear()
start = time.process_time()
rows = [reading.read_file(task) for task in tasks]
spent["all of a worker's"] = time.process_time() - start
start = time.process_time()
for row in rows:
    canonical(to_row(row)).encode()
spent["row to JSON"] = time.process_time() - start
print(json.dumps({label: 1000 * seconds / len(tasks) for label, seconds in spent.items()}))
"""


def best(rounds: int, *runs: Callable[[], tuple[float, float, dict[str, object]]]) -> list[tuple[float, float, dict]]:
    """The cheapest of several rounds of each, in turn."""
    found = [[run() for run in runs] for _ in range(rounds)]
    return [min((one[i] for one in found), key=lambda result: result[0]) for i in range(len(runs))]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--photos", type=Path, default=PHOTOS)
    options.add_argument("--large", type=int, default=120)
    options.add_argument("--tiny", type=int, default=20_000)
    options.add_argument("--listed", type=int, default=200_000)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    adopt()
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as name:
        work = Path(name)
        environment = {**os.environ, "AUDITOR_CACHE_DIR": str(work / "cache"), "PYTHONPATH": str(REPOSITORY)}
        large = work / "large"
        large.mkdir()
        make_large(given.photos, large, given.large)
        (work / "one").mkdir()
        (work / "one/tiny.jpg").write_bytes(
            min(given.photos.rglob("*.jpg"), key=lambda p: p.stat().st_size).read_bytes()
        )

        def floor(folder: Path) -> Callable[[], tuple[float, float, dict[str, object]]]:
            return lambda: measured([sys.executable, "-c", FLOOR, str(folder)], environment)

        def scan(folder: Path, depth: str = "decode", cache: str = "fresh") -> Callable[..., tuple[float, float, dict]]:
            command = [sys.executable, "-c", SCAN, str(folder), str(work / "m.jsonl"), depth, cache]
            return lambda: measured(command, environment)

        start_up = best(given.rounds, scan(work / "one"))[0][0]
        print(f"start-up (a scan of one tiny photo): {start_up:.2f} s CPU")
        for title, folder in (("3 MB and more", large), ("real, small", given.photos)):
            plain, full, hashed = best(given.rounds, floor(folder), scan(folder), scan(folder, "hash"))
            base = plain[2]["cpu"]
            files, size = plain[2]["files"], plain[2]["bytes"] / 1e6
            print(f"\n{title}: {files} photos, {size:.0f} MB")
            print(f"  floor            {base:7.2f} s CPU  {1000 * base / files:6.1f} ms a photo")
            for label, run in (("scan", full), ("scan at hash", hashed)):
                work_only = run[0] - start_up
                print(
                    f"  {label:<16} {run[0]:7.2f} s CPU  {1000 * run[0] / files:6.1f} ms a photo  x {run[0] / base:.2f}"
                    f"  (without start-up x {work_only / base:.2f}; parent {run[2]['parent_cpu']:.2f} s)"
                )
            parts = measured([sys.executable, "-c", PARTS, str(folder)], environment)[2]
            print("  parts, ms a photo: " + ", ".join(f"{label} {ms:.2f}" for label, ms in parts.items()))
        if given.tiny:
            tiny(work, given.tiny, scan)
        if given.listed:
            listed(work, given.listed, scan)


def tiny(work: Path, count: int, scan: Callable[..., Callable[[], tuple[float, float, dict]]]) -> None:
    """Files a second where the content costs next to nothing, first read and then unchanged."""
    folder = work / "tiny"
    for number in range(count):
        file = folder / f"{number // 500:03}" / f"{number:06}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(hashlib.sha256(b"%d" % number).digest())
    time.sleep(4)  # a file that was just written may change again under the same date
    print(f"\n{count} tiny files")
    for label, cache in (("read", "fresh"), ("unchanged", "cache")):
        cpu, wall, told = scan(folder, "decode", cache)()
        print(
            f"  {label:<10} {count / wall:7.0f} files/s, {1e6 * cpu / count:5.0f} us CPU a file"
            f" (parent {1e6 * told['parent_cpu'] / count:.0f}), {told['parent_mb']:.0f} MB"
        )


def listed(work: Path, count: int, scan: Callable[..., Callable[[], tuple[float, float, dict]]]) -> None:
    """Time and memory of a long listing."""
    folder = work / "listed"
    for number in range(count):
        file = folder / f"{number // 2000:03}" / f"IMG_{number:08}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    cpu, wall, told = scan(folder, "list")()
    print(f"\n{count} files listed: {wall:.1f} s, {1e6 * cpu / count:.0f} us CPU a file, {told['parent_mb']:.0f} MB")


if __name__ == "__main__":
    main()
