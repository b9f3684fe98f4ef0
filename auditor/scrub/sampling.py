"""What reading some of the files says of all of them."""

from __future__ import annotations

from math import exp, lgamma

CONFIDENCE = 0.95
_ROUNDING = 1e-9


def most_bad(population: int, sample: int, bad: int, confidence: float = CONFIDENCE) -> int:
    """The most files of the population that may be bad, with this confidence, where `bad` of `sample` were.

    Exact for a sample drawn at random without putting back. Source: the upper limit of Clopper and Pearson (1934) for
    the hypergeometric distribution; for none bad in a large population it is the rule of three, 3 / sample.
    """
    if not 0 <= bad <= sample <= population:
        raise ValueError(f"{bad} bad of {sample} of {population} cannot be")
    low, high = bad, population - sample + bad
    while low < high:
        middle = (low + high + 1) // 2
        if _at_most(bad, population, middle, sample) >= 1 - confidence - _ROUNDING:
            low = middle
        else:
            high = middle - 1
    return low


def _at_most(found: int, population: int, bad: int, sample: int) -> float:
    """The chance to find at most so many bad ones in the sample."""
    first = max(0, sample - (population - bad))
    return sum(
        exp(_choose(bad, k) + _choose(population - bad, sample - k) - _choose(population, sample))
        for k in range(first, min(found, bad, sample) + 1)
    )


def _choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
