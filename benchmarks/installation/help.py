"""What the help of a command costs: `python -m benchmarks.installation.help`, in seconds of CPU, the median of several.
Commands of a group, such as `config add`, are commands too.

The floor is typer alone, in the same run and turn about with the commands; the budget holds for each of them. Bytecode
is written first, as an installation has it.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

from auditor import cli

BUDGET_S = 0.3
RUNS = 7
FLOOR = "typer alone"


def cpu_s(words: list[str]) -> float:
    """Seconds of CPU, of the user and of the system, that a process took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def commands() -> list[str]:
    """Every command as it is typed, those of groups behind their group."""
    within = {name: getattr(cli.loaded(name), "commands", {}) for name in cli.COMMANDS}
    return [words for name, own in within.items() for words in (name, *(f"{name} {one}" for one in own))]


def main() -> None:
    asked = {FLOOR: ["-c", "import typer.main"], "auditor": ["-m", "auditor", "--help"]}
    asked |= {f"auditor {name}": ["-m", "auditor", *name.split(), "--help"] for name in commands()}
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for run in range(RUNS + 1):
        for name, words in asked.items():
            seconds = cpu_s(words)
            if run:  # the first one writes bytecode
                taken[name].append(seconds)
    middle = {name: statistics.median(times) for name, times in taken.items()}
    for name, seconds in sorted(middle.items(), key=lambda item: item[1]):
        print(f"{seconds:6.3f} s  {seconds / middle[FLOOR]:5.2f} times typer  {name}")
    if slow := [name for name, seconds in middle.items() if seconds > BUDGET_S]:
        sys.exit(f"over {BUDGET_S} s: {', '.join(slow)}")


if __name__ == "__main__":
    main()
