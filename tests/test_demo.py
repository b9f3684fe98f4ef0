"""The demo's pictures: the same in every run, each another one, and what a person takes for a picture."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from auditor.demo.scenes import scene


def test_a_scene_is_the_same_in_every_run() -> None:
    first = scene(3, 320, 240).tobytes()
    scene.cache_clear()
    assert scene(3, 320, 240).tobytes() == first


def test_no_two_scenes_look_alike() -> None:
    small = [np.asarray(scene(seed, 320, 240).resize((32, 24)), np.int16) for seed in range(1, 46)]
    assert min(np.abs(one - other).mean() for one, other in combinations(small, 2)) > 15


@pytest.mark.parametrize("seed", range(5))
def test_a_scene_has_areas_and_edges(seed: int) -> None:
    """Noise has neither: there, a point says nothing of the next one."""
    grey = np.asarray(scene(seed).convert("L"), np.int16)
    steps = np.abs(np.diff(grey, axis=1))
    assert np.mean(steps <= 8) > 0.9 and np.count_nonzero(steps > 40) > 500
