"""A whole audit of two lists, every rule: `python -m benchmarks.audit.whole [FILES ...]` (default 10000 100000).

The lists are those of `lists.py`, with known trouble: the counts must come out exactly. Printed are CPU and wall
seconds of the whole command and its peak memory, and the ratio of its CPU to a floor of the same run: the two lists
read line by line, digested and parsed as JSON, which nothing that judges their rows can avoid.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.audit.lists import make

GOAL_S, GOAL_BYTES = 60.0, 2 << 30
"""At a million files a side, on two cores."""


def measure(files: int) -> bool:
    """Prints one line; whether every status was counted exactly, and the goal kept."""
    with tempfile.TemporaryDirectory(prefix="auditor-benchmark-") as name:
        folder = Path(name)
        expected = make(files, folder)
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-m", "auditor", "audit", "--no-thumbnails", "-o", str(folder / "audit")]
        code = subprocess.run(
            [*command, str(folder / "source.jsonl"), str(folder / "backup.jsonl")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "AUDITOR_CACHE_DIR": str(folder / "cache")},
        ).returncode
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        peak = after.ru_maxrss * 1024
        floor = _floor(folder / "source.jsonl") + _floor(folder / "backup.jsonl")
        counted = _counted(folder / "audit" / "files.csv")
    exact = counted == {status.value: number for status, number in expected.items()}
    print(
        f"{files:>9,} files a side: exit {code}, CPU {cpu:.1f} s, wall {wall:.1f} s, peak {peak / 1e9:.2f} GB, "
        f"{cpu / floor:.1f} x floor ({floor:.1f} s); statuses {'exact' if exact else f'WRONG: {counted}, {expected}'}"
    )
    return exact and (files > 1_000_000 or (wall <= GOAL_S and peak <= GOAL_BYTES))


def _floor(path: Path) -> float:
    started, digest = time.process_time(), hashlib.sha256()
    with path.open("rb") as stream:
        for line in stream:
            digest.update(line)
            json.loads(line)
    return time.process_time() - started


def _counted(path: Path) -> dict[str, int]:
    import pandas as pd

    return dict(Counter(pd.read_csv(path, usecols=["status"]).status.tolist()))


if __name__ == "__main__":
    sys.exit(0 if min(map(measure, map(int, sys.argv[1:] or (10_000, 100_000)))) else 1)
