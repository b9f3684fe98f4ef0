"""A verified backup beside cp, rsync, rclone and hashdeep, in one run: CPU seconds, wall seconds, and their ratios.

Run from the checkout: `python -m benchmarks.copier.run [--files 2000] [--megabytes 1451] [--rounds 3]`. The data are
seeded noise with the sizes of phone files. Each job gets a fresh destination and a warm source; the medians count.
Wall time on a busy machine says little; CPU time and the ratios within one run say more.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
OLD_S = 1_700_000_000


@dataclass(frozen=True)
class Cost:
    """What one job took; `peak_mb` is what ours says of its own memory, 0 for others."""

    wall_s: float
    cpu_s: float
    peak_mb: float = 0.0


@dataclass(frozen=True)
class Goal:
    """At most `limit` times what other jobs took."""

    name: str
    of: str
    limit: float
    value: float

    @property
    def met(self) -> bool:
        return self.value <= self.limit


def make_files(root: Path, files: int, megabytes: int) -> None:
    """So many files of so many bytes in all: nine of ten small photos, a few long videos."""
    rnd = random.Random(2)
    weights = [rnd.lognormvariate(0, 0.8) * (25 if n % 50 == 0 else 1) for n in range(files)]
    scale = megabytes * 1e6 / sum(weights)
    for number, weight in enumerate(weights):
        path = root / f"DCIM/{number // 200:03}CAMERA/IMG_{number:05}.{'mp4' if number % 50 == 0 else 'jpg'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rnd.randbytes(int(weight * scale)))
        os.utime(path, (OLD_S + number, OLD_S + number))


def measured(*commands: Sequence[str]) -> Cost:
    """Runs commands one after the other and adds up what they and their children took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    for command in commands:
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=CHECKOUT)
    wall_s = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall_s, cpu_s, float(done.stdout) if "benchmarks.copier.ours" in commands[-1] else 0.0)


def jobs(source: Path, dest: Path, work: Path) -> dict[str, Callable[[], Cost]]:
    """Every peer that is installed, and ours."""
    s, d, sums = str(source), str(dest), str(work / "sums")
    ours = [sys.executable, "-m", "benchmarks.copier.ours", s, d]
    table: dict[str, Callable[[], Cost]] = {
        "cp -a": lambda: measured(["cp", "-a", f"{s}/.", d]),
        "cp -a + sync": lambda: measured(["cp", "-a", f"{s}/.", d], ["sync", "-f", d]),
        "floor: read, sha256, write, sync, read cold, sha256": lambda: measured(
            [sys.executable, "-m", "benchmarks.copier.floor", s, d]
        ),
        "auditor backup, digests": lambda: measured(ours),
        "auditor backup --paranoid": lambda: measured([*ours, "--paranoid"]),
    }
    if shutil.which("rsync"):
        table["rsync -a --fsync"] = lambda: measured(["rsync", "-a", "--fsync", f"{s}/", f"{d}/"])
    if shutil.which("rclone"):
        table["rclone copy + check"] = lambda: measured(["rclone", "copy", s, d], ["rclone", "check", s, d])
    if shutil.which("hashdeep"):
        audit = f"cd {s} && hashdeep -r -l -c sha256 . > {sums}; cd {d} && hashdeep -r -l -a -k {sums} ."
        table["cp + sync + hashdeep -a"] = lambda: measured(
            ["cp", "-a", f"{s}/.", d], ["sync", "-f", d], ["sh", "-c", audit]
        )
    return table


def rerun(source: Path, work: Path) -> Cost:
    """A second run with nothing to do."""
    dest = work / "again"
    measured([sys.executable, "-m", "benchmarks.copier.ours", str(source), str(dest)])
    return measured([sys.executable, "-m", "benchmarks.copier.ours", str(source), str(dest)])


def many_small(work: Path, files: int) -> Cost:
    """A second run over very many files."""
    source = work / "many"
    for number in range(files):
        path = source / f"{number // 1000:03}/IMG_{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number * 20)
        os.utime(path, (OLD_S, OLD_S))
    return rerun(source, work)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--megabytes", type=int, default=1451)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=50_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as temp:
        work = Path(temp)
        os.environ["AUDITOR_STATE_DIR"] = str(work / "state")
        source, dest = work / "phone", work / "backup"
        make_files(source, asked.files, asked.megabytes)
        costs: dict[str, list[Cost]] = {}
        for _ in range(asked.rounds):
            for name, job in jobs(source, dest, work).items():
                dest.mkdir()
                os.sync()
                costs.setdefault(name, []).append(job())
                shutil.rmtree(dest)
        nothing = rerun(source, work)
        shutil.rmtree(work / "again")
        many = many_small(work, asked.many)
    show(costs, nothing, many, asked)


def show(costs: dict[str, list[Cost]], nothing: Cost, many: Cost, asked: argparse.Namespace) -> None:
    """The table, then the goals."""
    wall = {name: statistics.median(c.wall_s for c in runs) for name, runs in costs.items()}
    cpu = {name: statistics.median(c.cpu_s for c in runs) for name, runs in costs.items()}
    print(f"{asked.files} files, {asked.megabytes} MB, {asked.rounds} rounds, {os.cpu_count()} cores, ", end="")
    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
    print("| job | wall s | CPU s | CPU / cp -a |\n|---|---|---|---|")
    for name in costs:
        print(f"| {name} | {wall[name]:.1f} | {cpu[name]:.2f} | {cpu[name] / cpu['cp -a']:.1f} |")
    print(f"| nothing to do, {asked.files} files | {nothing.wall_s:.2f} | {nothing.cpu_s:.2f} | |")
    print(f"| nothing to do, {asked.many} files | {many.wall_s:.2f} | {many.cpu_s:.2f} | |")
    ours = "auditor backup, digests"
    goals = [
        Goal("CPU", "cp -a", 2.5, cpu[ours] / cpu["cp -a"]),
        Goal("CPU", "the floor", 1.5, cpu[ours] / cpu[next(n for n in cpu if n.startswith("floor"))]),
        Goal("wall", "cp -a + sync", 2.0, wall[ours] / wall["cp -a + sync"]),
        Goal(f"nothing to do, {asked.files} files", "1 s", 1.0, nothing.wall_s),
        Goal(f"nothing to do, {asked.many} files", "20 s", 20.0, many.wall_s),
        Goal(f"nothing to do, {asked.many} files", "1 MB of memory", 150.0, many.peak_mb),
    ]
    for peer in ("rclone copy + check", "cp + sync + hashdeep -a"):
        if peer in cpu:
            goals.append(Goal("CPU", peer, 0.7, cpu[ours] / cpu[peer]))
            goals.append(Goal("wall", peer, 0.7, wall[ours] / wall[peer]))
    print("\n| goal | at most | measured | |\n|---|---|---|---|")
    for goal in goals:
        print(f"| {goal.name} | {goal.limit:g} x {goal.of} | {goal.value:.2f} | {'met' if goal.met else 'MISSED'} |")


if __name__ == "__main__":
    main()
