"""A film with one byte or one field changed that is called sound and the same is the same to FFmpeg, too."""

from __future__ import annotations

import pytest

from tests.brothers import film_mutants

COUNT = 60


@pytest.mark.parametrize("name", film_mutants.SOURCES)
def test_no_changed_film_passes_for_the_same(name: str) -> None:
    faults = [film_mutants.fault(name, mutant) for mutant in film_mutants.mutants(name, COUNT)]
    assert [fault for fault in faults if fault] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", film_mutants.SOURCES)
def test_no_changed_film_of_many_passes_for_the_same(name: str) -> None:
    faults = [film_mutants.fault(name, mutant) for mutant in film_mutants.mutants(name, 3000, seed=2)]
    assert [fault for fault in faults if fault] == []
