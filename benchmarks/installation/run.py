"""What an installation weighs, by distribution: `python -m benchmarks.installation.run` in an environment that has one.

The floor is that of the libraries that the project must use, each with what it needs itself; the rest is what we added.
Fails where all of it is heavier than the budget, or where a distribution of over 10 MB has no reason in
docs/decisions/0008-weight-of-an-installation.md.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

BUDGET_MB = 700
HEAVY_MB = 10
REQUIRED = ("Pillow", "pillow-heif", "exifread", "imagehash", "pandas", "typer")
REASONS = Path(__file__).parents[2] / "docs/decisions/0008-weight-of-an-installation.md"


def needed(name: str, found: dict[str, Distribution]) -> dict[str, Distribution]:
    """A distribution and all that it needs without extras, by normalised name (PEP 503)."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return found
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:
        return found  # for another system or Python
    for one in found[key].requires or ():
        if "extra ==" not in one.replace("extra==", "extra =="):
            needed(re.split(r"[^A-Za-z0-9._-]", one)[0], found)
    return found


def megabytes(one: Distribution) -> float:
    """What its files take on the disk, byte-compiled ones too."""
    paths = (Path(str(one.locate_file(file))) for file in one.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def main() -> None:
    distribution("auditor")  # PackageNotFoundError: there is nothing to weigh
    all_of_it = {name: megabytes(one) for name, one in needed("auditor", {}).items()}
    floor: dict[str, Distribution] = {}
    for name in REQUIRED:
        needed(name, floor)
    reasons = REASONS.read_text("utf-8")
    without_reason = []
    for name, weight in sorted(all_of_it.items(), key=lambda item: -item[1]):
        if weight >= 1:
            print(f"{weight:7.1f} MB  {name}{'' if name in floor else '  (ours)'}")
        if weight >= HEAVY_MB and f"| {name} |" not in reasons:
            without_reason.append(name)
    total, least = sum(all_of_it.values()), sum(all_of_it[name] for name in floor if name in all_of_it)
    print(f"{total:7.1f} MB  in all, of {BUDGET_MB}: {total / least:.2f} times what the required libraries weigh")
    if without_reason:
        sys.exit(f"over {HEAVY_MB} MB without a reason in {REASONS.name}: {', '.join(without_reason)}")
    if total > BUDGET_MB:
        sys.exit("the installation is heavier than its budget")


if __name__ == "__main__":
    main()
