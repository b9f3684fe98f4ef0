"""No mutant of a still picture counts as the same while independent decoders see another: short in every run, long with
`-m slow`, and for hours by `python -m benchmarks.integrity.mutants`."""

from __future__ import annotations

import os
from typing import Any

import pytest

from auditor.readers.heif import rest as heif_rest
from auditor.readers.jpeg import rest as jpeg_rest
from auditor.readers.stills import png, webp
from auditor.readers.tiff import reader as tiff
from tests.brothers import stills

COUNT = int(os.environ.get("AUDITOR_MUTANTS", "40"))


@pytest.mark.parametrize("name", stills.names())
def test_what_counts_as_the_same_is_seen_the_same(name: str) -> None:
    found, _ = stills.search(name, COUNT)
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", stills.names())
def test_what_counts_as_the_same_of_many_is_seen_the_same(name: str) -> None:
    found, _ = stills.search(name, 2_000, seed=7)
    assert not found, "\n".join(found)


def _nothing(*_: object, **__: object) -> list[object]:
    return []


@pytest.mark.parametrize(
    ("module", "what", "name"),
    [
        pytest.param(jpeg_rest, "xmp_rest", "ultra-hdr.jpg", id="properties"),
        pytest.param(heif_rest, "_item", "a.heic", id="properties of items"),
        pytest.param(png, "_rest", "a.png", id="chunks"),
        pytest.param(webp, "_rest", "animated.webp", id="frames"),
        pytest.param(tiff, "TIFF_TAGS", "a.tif", id="tags"),
    ],
)
def test_the_search_finds_what_a_list_forgets(module: Any, what: str, name: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, what, frozenset(range(65536)) if what == "TIFF_TAGS" else _nothing)
    assert any(stills.search(name, 150, seed)[0] for seed in range(24))  # older decoders refuse more of the mutants
