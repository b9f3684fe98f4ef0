"""Rules with one thing in them changed, by the thousands: does a case of each rule notice?

    python -m benchmarks.audit.mutants [FOLDER ...]

Of the rules that ship, or of those in folders of your own. Prints for each family how many mutants were made, how many
a case told from the rule, and how many do nothing that could be seen (tests/judge/equivalent.toml says why); then every
other one. Ends with 1 where there is one, or where an entry of that file names none any more.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from auditor.judge import rules
from tests.judge.rule_mutants import Judged, judged


def main(folders: list[Path]) -> int:
    """All rules, or those of these folders."""
    begun = time.perf_counter()
    chosen = [rule for rule in rules.load(folders) if not folders or any(f in rule.path.parents for f in folders)]
    families: dict[str, list[Judged]] = defaultdict(list)
    with ProcessPoolExecutor() as workers:
        for one in workers.map(judged, chosen):
            families[one.rule.family].append(one)
    print("| family | rules | mutants | killed | equivalent | survived |\n|---|---|---|---|---|---|")
    every = [one for family in families.values() for one in family]
    for name, those in (*sorted(families.items()), ("all", every)):
        made, killed, equivalent = (sum(getattr(one, key) for one in those) for key in ("made", "killed", "equivalent"))
        left = sum(len(one.survived) for one in those)
        print(f"| {name} | {len(those)} | {made} | {killed} | {equivalent} | {left} |")
    print(f"\n{sum(one.unfit for one in every)} more were no queries. {time.perf_counter() - begun:.0f} s.")
    wrong = [line for one in every for line in (*one.survived, *one.stale)]
    for line in wrong:
        print(f"  {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main([Path(word) for word in sys.argv[1:]]))
