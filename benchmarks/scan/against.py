"""CPU time of looking into files, in this tree beside that of a commit.

    python benchmarks/scan/against.py COMMIT FILE... [--rounds N]

Alternating rounds, each in a process of its own. Of a file: the median of the ratios of the two rounds that follow each
other; of a format: the median of its files. One thread; the files are in memory. Prints a table, asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUND = """
import json, sys, time
from pathlib import Path
from auditor.model import Depth
from auditor.readers import examine
times, formats = [], []
for name in sys.argv[1:]:
    data = Path(name).read_bytes()
    formats.append(examine(name, data, Depth.DECODE).format)  # imports are no part of it
    tries = []
    for _ in range(3):
        begun = time.process_time()
        examine(name, data, Depth.DECODE)
        tries.append(time.process_time() - begun)
    times.append(min(tries))
print(json.dumps([times, formats]))
"""


def measured(tree: Path, files: list[str]) -> tuple[list[float], list[str]]:
    """Seconds of CPU a file, and its format, in one round of one tree."""
    env = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", ROUND, *files]
    told = subprocess.run(command, env=env, cwd=tree, check=True, capture_output=True, text=True).stdout
    times, formats = json.loads(told)
    return times, formats


def main() -> None:
    parser = argparse.ArgumentParser(description="Looking into files, now and at a commit")
    parser.add_argument("commit")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    files = [str(Path(file).resolve()) for file in asked.files]
    with tempfile.TemporaryDirectory() as work:
        then = Path(work) / "then"
        subprocess.run(["git", "worktree", "add", "-q", "--detach", then, asked.commit], cwd=ROOT, check=True)
        try:
            rounds = [(measured(then, files)[0], *measured(ROOT, files)) for _ in range(asked.rounds)]
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", then], cwd=ROOT, check=True)
    by_format = defaultdict(list)
    print(f"| file | format | ms at {asked.commit} | ms now | now / then |\n|---|---|---|---|---|")
    for number, file in enumerate(files):
        before = statistics.median(old[number] for old, _, _ in rounds)
        now = statistics.median(new[number] for _, new, _ in rounds)
        ratio = statistics.median(new[number] / old[number] for old, new, _ in rounds)
        form = rounds[0][2][number]
        by_format[form].append(ratio)
        print(f"| {Path(file).name} | {form} | {before * 1e3:.1f} | {now * 1e3:.1f} | {ratio:.3f} |")
    for form, ratios in sorted(by_format.items()):
        print(f"| all of them | {form} | | | **{statistics.median(ratios):.3f}** |")


if __name__ == "__main__":
    main()
