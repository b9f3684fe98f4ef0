"""Are small copies told from what a small original was blown up to?

    python -m benchmarks.duplicates.reductions PHOTO...

Each photo is reduced as messengers and web sites do, and, made small, blown up as editors do, softer or sharper, and
saved more coarsely or finely than the small one was, once or twice. Prints of each the shares that
`auditor.pictures.reduction` decides by; exit 1 where a large picture that was made of a small one was taken for the
original.
"""

from __future__ import annotations

import argparse
import io
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pillow_heif
from PIL import Image, ImageFilter

from auditor.pictures.reduction import Rounding, roundings

FILTERS = Image.Resampling
LARGE_PX, SMALL_PX = 2400, 800
SMALL_QUALITIES = (85, 93, 95)
SAVED = (55, 65, 75, 82, 92)


def saved(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def scaled(image: Image.Image, scale: float, how: Image.Resampling = FILTERS.LANCZOS) -> Image.Image:
    return image.resize((round(image.width * scale), round(image.height * scale)), how)


def reductions(image: Image.Image) -> Iterator[tuple[str, bytes, bytes]]:
    """Names, the large original, and the small copy."""
    large = saved(image, 92)
    shown = Image.open(io.BytesIO(large))
    for scale, how, quality in (
        *((0.67, FILTERS.LANCZOS, 85), (0.67, FILTERS.LANCZOS, 60), (0.5, FILTERS.BOX, 70), (0.5, FILTERS.BICUBIC, 93)),
        *((0.4, FILTERS.BILINEAR, 75), (0.42, FILTERS.NEAREST, 80), (0.4, FILTERS.LANCZOS, 85)),
    ):
        yield f"{how.name.lower()} {scale:g}, JPEG {quality}", large, saved(scaled(shown, scale, how), quality)
    half = scaled(shown, 0.5, FILTERS.BOX)
    small = half.transform(
        (960, round(960 * half.height / half.width)), Image.Transform.EXTENT, (0, 0, *half.size), FILTERS.BILINEAR
    )
    yield "half, then bilinear without a filter, JPEG 80", large, saved(small, 80)
    once = Image.open(io.BytesIO(saved(scaled(shown, 0.67), 80)))
    yield "reduced twice, JPEG 80", large, saved(scaled(once, 0.6), 80)


def enlargements(image: Image.Image) -> Iterator[tuple[str, bytes, bytes]]:
    """Names, the large picture, and the small original that it was made of."""
    image = scaled(image, SMALL_PX / max(image.size))
    for blur, quality in itertools.product((0, 1, 1.5), SMALL_QUALITIES):
        small = saved(image.filter(ImageFilter.GaussianBlur(blur)), quality)
        shown = Image.open(io.BytesIO(small))
        for scale in (1.25, 1.5, 2, 3):
            large = scaled(shown, scale, FILTERS.BICUBIC)
            for again in SAVED:
                yield f"JPEG {quality} blown up by {scale:g}", saved(large, again), small
            once = Image.open(io.BytesIO(saved(large, 65)))
            yield f"JPEG {quality} blown up, saved at 65, then at 92", saved(once, 92), small
    for quality in (70, 85, 93):
        small = saved(image, quality)
        shown = Image.open(io.BytesIO(small))
        double = scaled(shown, 2)
        grain = np.random.default_rng(3).normal(0, 4, (double.height, double.width, 3))
        for name, made in (
            ("", double),
            (" and sharpened", double.filter(ImageFilter.UnsharpMask(2, 100, 2))),
            (" and sharpened hard", double.filter(ImageFilter.UnsharpMask(2, 250, 0))),
            (" with grain", Image.fromarray((np.asarray(double) + grain).clip(0, 255).astype(np.uint8))),
            (" and smoothed", double.filter(ImageFilter.MedianFilter(5))),
        ):
            for again in (75, 92):
                yield f"JPEG {quality} doubled{name}", saved(made, again), small


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+")
    pillow_heif.register_heif_opener()
    found: dict[str, list[Rounding]] = {}
    wrong = 0
    for path in parser.parse_args(words).photos:
        with Image.open(path) as image:
            shown = scaled(image.convert("RGB"), min(1, LARGE_PX / max(image.size)))
        for is_true, pairs in ((True, reductions(shown)), (False, enlargements(shown))):
            for name, large, small in pairs:
                (rounding,) = roundings(small, large)
                found.setdefault(name, []).append(rounding)
                wrong += rounding.is_of_a_reduction and not is_true
    print("| pair | taken for a reduction | noise | near | rounded | beyond |\n| --- | --- | --- | --- | --- | --- |")
    for name, told in found.items():
        shares = [sorted(getattr(one, of) for one in told) for of in ("noise", "near", "rounded", "beyond")]
        yes = sum(one.is_of_a_reduction for one in told)
        print(f"| {name} | {yes} of {len(told)} |", " | ".join(f"{s[0]:.2f} to {s[-1]:.2f}" for s in shares), "|")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
