"""The low level: a cold read is told from a warm one, samples say what they may."""

from __future__ import annotations

import errno
import os
import sys
from math import comb
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.disk import durable
from auditor.disk.durable import ColdRead
from auditor.disk.volume import volume_of
from auditor.scrub.sampling import most_bad
from auditor.store.index import HOUR_NS, same_date
from tests.copier.runs import noise


@pytest.mark.skipif(sys.platform != "linux", reason="counts reads through /proc")
def test_a_cold_read_is_told_from_a_warm_one(tmp_path: Path) -> None:
    if not volume_of(tmp_path).counts_reads:
        pytest.skip("the temporary folder's file system does not count reads")
    path = tmp_path / "x"
    with path.open("wb") as stream:
        stream.write(noise(1, 3_000_000))
        stream.flush()
        durable.sync_file(stream.fileno())

    def read(cold: bool) -> ColdRead:
        with path.open("rb", buffering=0) as stream:
            if cold:
                durable.drop_cache(stream.fileno())
            before = durable.device_bytes_read()
            data = stream.read()
            return durable.evidence(before, durable.device_bytes_read(), len(data), counts=True)

    assert read(cold=True) is ColdRead.DEVICE
    assert read(cold=False) is ColdRead.CACHE
    assert durable.evidence(0, 9, 9, counts=False) is ColdRead.UNKNOWN


@pytest.mark.parametrize(
    ("difference_ns", "same"),
    [
        (0, True),
        (2 * 10**9, True),
        (2_100_000_000, False),
        (HOUR_NS, True),
        (HOUR_NS - 2 * 10**9, True),
        (-13 * HOUR_NS, True),
        (HOUR_NS // 2, False),
        (30 * HOUR_NS, False),
        (60 * 10**9, False),
    ],
)
def test_same_date(difference_ns: int, same: bool) -> None:
    assert same_date(1_700_000_000_000_000_000, 1_700_000_000_000_000_000 + difference_ns) is same


def test_most_bad_is_the_rule_of_three_for_large_populations() -> None:
    assert most_bad(98_000, 3_000, 0) == pytest.approx(98_000 * 3 / 3_000, rel=0.04)
    assert most_bad(10, 10, 0) == 0
    assert most_bad(10, 10, 3) == 3


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))))
def test_most_bad_is_the_exact_limit(case: tuple[int, int]) -> None:
    population, sample = case
    found = sample // 3
    most = most_bad(population, sample, found)

    def chance(bad: int) -> float:
        """Of finding at most `found`, counted out."""
        options = sum(comb(bad, k) * comb(population - bad, sample - k) for k in range(found + 1))
        return options / comb(population, sample)

    possible = [bad for bad in range(found, population - sample + found + 1) if chance(bad) >= 0.05 - 1e-9]
    assert most == max(possible)


def test_what_cannot_be_added_whole_is_not_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full in the middle of a line: the next line begins where that one did."""
    path = tmp_path / "journal"
    path.write_bytes(b"one\n")
    write, written = os.write, iter(range(2))

    def full(fd: int, data: memoryview) -> int:
        if next(written):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data[:2])

    with path.open("r+b", buffering=0) as stream:  # not one that always writes at the end
        stream.seek(0, os.SEEK_END)
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            with pytest.raises(OSError, match="No space left"):
                durable.append(stream.fileno(), b"two\n")
        durable.append(stream.fileno(), b"three\n")
    assert path.read_bytes() == b"one\nthree\n"
