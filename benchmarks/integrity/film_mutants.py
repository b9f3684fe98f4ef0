"""Films with one byte or one field changed, by the thousands: is any called sound and the same that is not?

    python -m benchmarks.integrity.film_mutants --count 5000 --seed 3

Prints every fault, and how many mutants of each film were made; ends with 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.brothers import film_mutants


def main() -> int:
    """Every source, or those that are named."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--count", type=int, default=3000, help="mutants of each film")
    words.add_argument("--seed", type=int, default=2)
    words.add_argument("names", nargs="*", help=", ".join(film_mutants.SOURCES))
    asked = words.parse_args()
    wrong = 0
    for name in asked.names or film_mutants.SOURCES:
        begun = time.perf_counter()
        faults = [film_mutants.fault(name, mutant) for mutant in film_mutants.mutants(name, asked.count, asked.seed)]
        found = [fault for fault in faults if fault]
        wrong += len(found)
        print(f"{name}: {asked.count} mutants, {len(found)} wrong, {time.perf_counter() - begun:.0f} s")
        for fault in found:
            print(f"  {fault}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
