"""What is the smallest difference that is seen at full size, by the size of the picture?

    python -m benchmarks.duplicates.sizes PHOTO... [--megapixels 2 8 12 48] [--tries 6]

Every photo is brought to each size as a whole: reduced, or enlarged and given the grain of a sensor. Squares of it are
replaced by others of its own that differ by 10 levels or more, or only their colour is changed, and it is saved at
quality 80 and 50: which are seen? The same of one digit on a page (with grain) and on a screen (without), as they are
and at half their size. Prints one block a size; exit 1 where a picture that was only saved anew was called different.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import Image

from auditor.pictures.detail import Planes, excesses, worst_spot
from benchmarks.duplicates.detail import FILTERS, STRONG, page, planes, saved, scaled

SIDES = (6, 8, 12, 16)
COLOURED = (16, 40)
LEVELS = (6, 10, 14)
QUALITIES = (80, 50)
GRAIN = 3
MARGIN = 40
SPREAD = 12

EDITED_SHARE = 0.002
"""So much of a picture is changed at once, with what lies around it: too little to pass for its noise."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A square to change: its side in pixels, and by how many levels its colour is off; None: another one's pixels."""

    side: int
    levels: int | None = None

    def __str__(self) -> str:
        return f"square of {self.side} px" if self.levels is None else f"{self.side} px, colour off by {self.levels}"


Place = tuple[Edit, int, int]
"""Where a square was changed: x and y."""


def sized(image: Image.Image, megapixels: float) -> Image.Image:
    """The photo at this size; one that was enlarged has grain, as a photo of this size has."""
    scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
    if scale <= 1:
        return scaled(image, scale, FILTERS.LANCZOS)
    large = np.asarray(scaled(image, scale, FILTERS.BICUBIC), dtype=np.float32)
    grain = np.random.default_rng(2).normal(0, GRAIN, (*large.shape[:2], 1)).astype(np.float32)
    return Image.fromarray((large + grain).clip(0, 255).astype(np.uint8))


def seen(a: Planes, b: Planes, places: Sequence[Place]) -> list[bool]:
    """Which of the changed squares stand above the noise."""
    most = [0.0] * len(places)
    for level, _, excess in excesses(a, b):
        scale = 2 << level
        for k, (edit, x, y) in enumerate(places):
            rows, columns = (slice(max(0, at // scale - 4), (at + edit.side) // scale + 5) for at in (y, x))
            most[k] = max(most[k], float(excess[rows, columns].max(initial=0)))
    return [value >= 1 for value in most]


def edited(image: Image.Image, edits: Sequence[Edit], rng: np.random.Generator) -> tuple[Image.Image, list[Place]]:
    """The photo with these squares changed, as far as places are found; a square from elsewhere differs from what was
    there by no less than `STRONG`."""
    pixels, changed = np.asarray(image), np.asarray(image).copy()
    places: list[Place] = []
    for edit in edits:
        for _ in range(200):
            x, u = (int(k) for k in rng.integers(MARGIN, image.width - edit.side - MARGIN, 2))
            y, v = (int(k) for k in rng.integers(MARGIN, image.height - edit.side - MARGIN, 2))
            ours, theirs = (pixels[j : j + edit.side, i : i + edit.side] for i, j in ((x, y), (u, v)))
            if edit.levels is not None:
                theirs = recoloured(ours, edit.levels)
            near = any(abs(x - i) < 2 * MARGIN and abs(y - j) < 2 * MARGIN for _, i, j in places)
            if not near and (edit.levels is not None or np.abs(ours.astype(int) - theirs).mean() >= STRONG):
                changed[y : y + edit.side, x : x + edit.side] = theirs
                places.append((edit, x, y))
                break
    return Image.fromarray(changed), places


def recoloured(pixels: npt.NDArray[np.uint8], levels: int) -> npt.NDArray[np.uint8]:
    planes_ = np.asarray(Image.fromarray(pixels).convert("YCbCr")).copy()
    planes_[..., 1] = np.clip(planes_[..., 1].astype(int) + levels, 0, 255)
    return np.asarray(Image.fromarray(planes_, "YCbCr").convert("RGB"))


def batches(edits: Sequence[Edit], pixels: int) -> Iterator[list[Edit]]:
    """The edits in groups that change little of so many pixels."""
    batch: list[Edit] = []
    for edit in edits:
        if batch and sum((e.side + SPREAD) ** 2 for e in (*batch, edit)) > EDITED_SHARE * pixels:
            yield batch
            batch = []
        batch.append(edit)
    yield batch


def measure(paths: Sequence[str], megapixels: float, tries: int, letters: Sequence[int]) -> bool:
    """Prints what is seen at one size; whether every picture that was only saved anew was taken for the same."""
    wanted = [Edit(side) for side in SIDES] + [Edit(side, levels) for side in COLOURED for levels in LEVELS]
    told: dict[tuple[int, str], list[bool]] = defaultdict(list)
    same: list[float] = []
    for number, path in enumerate(paths):
        rng = np.random.default_rng(number)
        with Image.open(path) as opened:
            photo = sized(opened.convert("RGB"), megapixels)
        ours = planes(photo)
        for quality in QUALITIES:
            same.append(worst_spot(ours, planes(saved(photo, "JPEG", quality=quality))).excess)
        for batch in batches([edit for edit in wanted for _ in range(tries)], photo.width * photo.height):
            other, places = edited(photo, batch, rng)
            for quality in QUALITIES:
                found = seen(ours, planes(saved(other, "JPEG", quality=quality)), places)
                for (edit, _, _), one in zip(places, found, strict=True):
                    told[quality, str(edit)].append(one)
    print(f"{megapixels:g} megapixels: {len(paths)} photos; the same saved anew: {max(same, default=0):.2f} at most")
    for (quality, what), answers in sorted(told.items(), reverse=True):
        print(f"  quality {quality}, {what}: {sum(answers)} of {len(answers)}", flush=True)
    size = (round((megapixels * 1e6 * 16 / 9) ** 0.5), round((megapixels * 1e6 * 9 / 16) ** 0.5))
    for what, grain in (("page", GRAIN), ("screen", 0)):
        for high in letters:
            one, other = (page(digit, high, size, grain) for digit in "49")
            said = []
            for scale in (1.0, 0.5):
                at_size = planes(scaled(one, scale, FILTERS.LANCZOS))
                excess = [
                    worst_spot(at_size, planes(saved(scaled(p, scale, FILTERS.BILINEAR), "JPEG", quality=70))).excess
                    for p in (one, other)
                ]
                same.append(excess[0])
                said.append(f"{scale:g}: {excess[0]:.2f} / {excess[1]:.2f}")
            print(f"  {what}, letters of {high} px, the same / another digit: {'   '.join(said)}", flush=True)
    return all(excess < 1 for excess in same)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="*")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[2, 8, 12, 48])
    parser.add_argument("--tries", type=int, default=6)
    parser.add_argument("--letters", type=int, nargs="+", default=[8, 10, 12, 16, 20])
    given = parser.parse_args()
    pillow_heif.register_heif_opener()
    good = [measure(given.photos, size, given.tries, given.letters) for size in given.megapixels]
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
