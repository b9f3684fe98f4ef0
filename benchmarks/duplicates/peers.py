"""The other tools on the same files, as their documentation shows them, each in groups of paths.

Every one runs only where it is installed: imagehash comes with auditor; imagededup, czkawka (PyPI) and findimagedupes
are looked for. A tool that is not there is said to be missing, never counted.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import imagehash
import numpy as np
import pillow_heif
from PIL import Image

from auditor.pictures.candidates import within

Groups = list[list[str]]
TORCH = (
    *("torch", "torch.nn", "torch.utils", "torch.utils.data", "torchvision", "torchvision.transforms"),
    *("torchvision.models", "torchvision.models.vision_transformer"),
)


def hashed(out: Path, paths: list[str], distance: int, how: Callable[[Image.Image], imagehash.ImageHash]) -> Groups:
    """Pairs of files whose hashes lie within the distance: what a user of imagehash would delete by."""
    pillow_heif.register_heif_opener()
    found, names = [], []
    for path in paths:
        try:
            value = how(Image.open(out / path))
        except OSError:
            continue
        found.append(int.from_bytes(np.packbits(value.hash.ravel()).tobytes(), "big"))
        names.append(path)
    first, second = within(np.array(found, dtype=np.uint64), distance)
    return [[names[i], names[j]] for i, j in zip(first.tolist(), second.tolist(), strict=True)]


def imagededup(out: Path, paths: list[str], distance: int) -> Groups:
    """imagededup's PHash. Its package imports PyTorch for another method; here that import is left empty."""
    for name in TORCH:
        parent, _, own = name.rpartition(".")
        empty = sys.modules.setdefault(name, _Nothing(name))
        if parent:
            setattr(sys.modules[parent], own, empty)
    from imagededup.methods import PHash

    method = PHash(verbose=False)
    codes = {path: method.encode_image(image_file=out / path) for path in paths}
    codes = {path: code for path, code in codes.items() if code}
    found = method.find_duplicates(encoding_map=codes, max_distance_threshold=distance)
    return [[path, other] for path, others in found.items() for other in others if path < other]


class _Name(type):
    """A class in which every name is there, a class like itself."""

    def __getattr__(cls, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(name, (), {"__init__": lambda *_, **__: None})


class _Nothing(types.ModuleType):
    """A module in which every name is there and means nothing."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(name, (), {"__init__": lambda *_, **__: None})


def czkawka(out: Path, paths: list[str], level: int) -> Groups:
    import czkawka as package

    finder = package.ImageSimilarity()
    finder.set_directories([out / "files"])
    finder.set_similarity(level)
    known = set(paths)
    groups = [[Path(file).relative_to(out).as_posix() for file in group] for group in finder.find_similar()]
    return [[path for path in group if path in known] for group in groups]


def findimagedupes(out: Path, paths: list[str], percent: int) -> Groups:
    command = ["findimagedupes", "-q", "-t", f"{percent}%", "-R", "--", str(out / "files")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    folder = re.escape(str(out)) + "/"
    return [[part for part in re.split(rf"\s*{folder}", line) if part] for line in done.stdout.splitlines()]


def runs() -> Iterator[tuple[str, Callable[[Path, list[str]], Groups]]]:
    """Name of each run and how it is made; raises ImportError or FileNotFoundError where the tool is missing."""
    for distance in (0, 4, 8):
        yield f"imagehash phash <= {distance}", _with(hashed, distance, imagehash.phash)
    yield "imagehash dhash <= 8", _with(hashed, 8, imagehash.dhash)
    for distance in (0, 10):
        yield f"imagededup PHash <= {distance}", _with(imagededup, distance)
    for level in (2, 10):
        yield f"czkawka level {level}", _with(czkawka, level)
    if shutil.which("findimagedupes"):
        yield "findimagedupes 90 %", _with(findimagedupes, 90)


def _with(function: Callable[..., Groups], *arguments: object) -> Callable[[Path, list[str]], Groups]:
    return lambda out, paths: function(out, paths, *arguments)


def joined(groups: Iterable[Iterable[str]]) -> list[list[str]]:
    """Groups with at least two members."""
    return [found for group in groups if len(found := list(group)) > 1]
