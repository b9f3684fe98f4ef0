"""A long search for still pictures that count as the same and are not.

Run from the checkout: `python -m benchmarks.integrity.mutants [--count 5000] [--seed 0] [NAME...]`. Every
counterexample is printed with what was done to the file; the same seed makes the same mutants. The exit code is 1 where
there is one.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.brothers import stills


def main() -> int:
    """Search each sample; print a line for each, and every counterexample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="samples to look at (default: all that there are)")
    parser.add_argument("--count", type=int, default=5000, help="mutants of each sample")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    worst = 0
    for name in options.names or stills.names():
        started = time.monotonic()
        found, same = stills.search(name, options.count, options.seed)
        seconds = time.monotonic() - started
        print(f"{name}: {options.count} mutants, {same} count as the same, {len(found)} wrongly ({seconds:.0f} s)")
        for line in found:
            print(f"  {line}")
        worst = worst or bool(found)
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
