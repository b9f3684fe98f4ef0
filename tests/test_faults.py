"""The fault injector of benchmarks/integrity: the same seed gives the same faults, and each is what it says."""

from __future__ import annotations

import pytest

pytest.importorskip("benchmarks.integrity.faults", reason="the benchmarks are not part of an installed wheel")

from auditor.model import Depth, Soundness
from auditor.readers import examine
from benchmarks.integrity import faults
from tests import media

PHOTO = media.jpeg(1, (1024, 768))
OTHER = media.jpeg(2, (1024, 768))


def test_the_same_seed_gives_the_same_faults() -> None:
    assert list(faults.jpeg(PHOTO, OTHER, "1")) == list(faults.jpeg(PHOTO, OTHER, "1"))
    assert list(faults.general("png", media.png(1), "1")) == list(faults.general("png", media.png(1), "1"))
    assert list(faults.jpeg(PHOTO, OTHER, "1")) != list(faults.jpeg(PHOTO, OTHER, "2"))


def test_each_fault_changes_the_file_where_it_says() -> None:
    for fault in [*faults.jpeg(PHOTO, OTHER, "1"), *faults.general("webp", media.webp(1), "1")]:
        assert fault.harmful is not fault.group.startswith("harmless")
        source = PHOTO if fault in list(faults.jpeg(PHOTO, OTHER, "1")) else media.webp(1)
        assert fault.content != source
        assert fault.content[: fault.offset] == source[: fault.offset] or fault.offset == 0


def test_gross_faults_are_found_and_harmless_changes_are_not() -> None:
    for fault in faults.jpeg(PHOTO, OTHER, "3"):
        if not fault.group.startswith(("one bit", "a byte of D", "two 64")):
            assert examine("a.jpg", fault.content, Depth.DECODE).soundness is Soundness.DAMAGED, fault.name
    for change in faults.jpeg_harmless(PHOTO, OTHER, "3"):
        assert examine("a.jpg", change.content, Depth.DECODE).soundness is Soundness.SOUND, change.name
