"""5,000 files of a phone listed and digested through the real adb, beside the phone's own hashing time in one run.

Run from the checkout: `python -m benchmarks.places.run [--files 5000] [--kilobytes 200] [--rounds 3]`. The phone is the
tests' double: adb's own protocol over TCP, mksh and toybox. The phone's own time is one `find | xargs sha256sum` in the
same shell without adb. Medians count.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from auditor.manifest.jsonl import load
from auditor.model import Depth
from auditor.places.adb import open_adb
from auditor.scan.run import scan
from tests.doubles.phone import Phone, adb_server, plugged_in

LIMIT_S = 5.0


def make_files(root: Path, files: int, kilobytes: int) -> None:
    """So many pictures of so many kB in folders of a hundred."""
    rnd = random.Random(6)
    for number in range(files):
        folder = root / "DCIM" / f"{number // 100:03}CAMERA"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"IMG_{number:05}.jpg").write_bytes(rnd.randbytes(kilobytes * 1000))


def own_time(phone: Phone) -> float:
    """Seconds that the phone's tools take for the same digests by themselves."""
    shell = shutil.which("mksh") or "/bin/sh"
    begin = time.perf_counter()
    subprocess.run(
        [shell, "-c", "find . -type f -print0 | xargs -0 sha256sum >/dev/null"],
        cwd=phone.root,
        env=phone.environment(),
        check=True,
    )
    return time.perf_counter() - begin


def main() -> int:
    """Prints the table; 1 where the limit is missed or a digest is absent."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--files", type=int, default=5000)
    asked.add_argument("--kilobytes", type=int, default=200)
    asked.add_argument("--rounds", type=int, default=3)
    asked = asked.parse_args()
    adb = shutil.which("adb")
    if adb is None:
        print("adb is not installed", file=sys.stderr)
        return 2
    alone, listed, both, whole = [], [], [], []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "phone").mkdir()
        os.environ["AUDITOR_CACHE_DIR"] = str(work / "cache")
        make_files(work / "sdcard", asked.files, asked.kilobytes)
        with adb_server(adb, work / "home") as added, plugged_in(Phone(work / "sdcard", work / "phone")) as phone:
            os.environ.update(added)
            place = open_adb(f"127.0.0.1:{phone.port}")
            own_time(phone)
            for number in range(asked.rounds):
                alone.append(own_time(phone))
                begin = time.perf_counter()
                entries = list(place.walk())
                listed.append(time.perf_counter() - begin)
                told = dict(place.digests_of(entries, "sha256"))
                both.append(time.perf_counter() - begin)
                begin = time.perf_counter()
                manifest = scan(place, work / f"{number}.jsonl", depth=Depth.HASH, use_cache=False)
                whole.append(time.perf_counter() - begin)
                rows = [facts.sha256 for facts in load(manifest.path).rows()]
                if len(told) != asked.files or len(rows) != asked.files or not all(rows):
                    print(f"{len(told)} digests and {len(rows)} rows of {asked.files} files", file=sys.stderr)
                    return 1
    own, took, scanned = map(statistics.median, (alone, both, whole))
    print(f"{asked.files:,} files of {asked.kilobytes} kB, load {os.getloadavg()[0]:.1f}")
    print(f"the phone alone         {own:6.2f} s")
    print(f"listed over adb         {statistics.median(listed):6.2f} s")
    print(
        f"listed and digested     {took:6.2f} s   {took / own:.2f} times, {took - own:+.2f} s (at most {LIMIT_S:.0f} s)"
    )
    print(f"scan --depth hash       {scanned:6.2f} s   {scanned / own:.2f} times, {scanned - own:+.2f} s")
    return 0 if took - own <= LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main())
