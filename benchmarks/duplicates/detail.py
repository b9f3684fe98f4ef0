"""What is the smallest difference that is seen at full size, and which re-encodings are taken for differences?

    python -m benchmarks.duplicates.detail PHOTO... [--half 0|1] [--side 1000] [--tries 6]

Each photo gives one cut of SIDE px. It is re-encoded in every common way: none may be called different. Squares of it
are replaced by others of its own, in sizes from 6 to 32 px, and saved anew at quality 80 and 50: which are seen? And
pages of letters of several sizes with one other digit. `--half` takes every other photo, to choose on one half and to
hold against the other. Prints one table; exit 1 where a re-encoding was called different.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, ImageFont

from auditor.pictures.detail import Planes, worst_spot

SIDES = (6, 8, 12, 16, 24, 32)
LETTERS = (10, 12, 16, 20, 28)
SCALES = (1.0, 0.75, 0.5, 0.35)
STRONG = 10.0
"""Squares that differ by less than so many levels on average are shown apart: nobody sees them either."""
FILTERS = Image.Resampling


def planes(image: Image.Image) -> Planes:
    return np.ascontiguousarray(np.asarray(image.convert("YCbCr")).transpose(2, 0, 1))


def saved(image: Image.Image, format_: str, **options: object) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return Image.open(stream).convert("RGB")


def scaled(image: Image.Image, scale: float, how: Image.Resampling) -> Image.Image:
    return image.resize((round(image.width * scale), round(image.height * scale)), how)


def copies(image: Image.Image) -> Iterator[tuple[str, Image.Image, Image.Image]]:
    """Names of copies, the original at their size, and the copy."""
    for quality in (95, 80, 65, 50):
        yield f"JPEG {quality}", image, saved(image, "JPEG", quality=quality)
    yield "JPEG 80 twice", image, saved(saved(image, "JPEG", quality=80), "JPEG", quality=70)
    yield "HEIC 50", image, saved(image, "HEIF", quality=50)
    yield "WebP 75", image, saved(image, "WEBP", quality=75)
    for scale, how, quality in ((0.5, FILTERS.BILINEAR, 75), (0.4, FILTERS.BICUBIC, 60), (0.32, FILTERS.BOX, 80)):
        at_size = scaled(image, scale, FILTERS.LANCZOS)
        yield f"{how.name.lower()} {scale:g}", at_size, saved(scaled(image, scale, how), "JPEG", quality=quality)


def page(digit: str, letters: int, size: tuple[int, int] = (1600, 1000), grain: float = 3) -> Image.Image:
    rng = np.random.default_rng(letters)
    image = Image.new("RGB", size, (246, 244, 240))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(letters)
    for line, y in enumerate(range(letters, size[1] - 2 * letters, 2 * letters)):
        text = "".join(rng.choice(list("abcdefghiknorstu    "), size[0] // 8))
        draw.text((40, y), f"{line:03d} 1{digit if line == 8 else 7} {text}", fill=(20, 20, 30), font=font)
    noise = np.random.default_rng(1).normal(0, grain, (size[1], size[0], 1))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def measure_photos(paths: Sequence[str], side: int, tries: int) -> bool:
    """Prints what photos say; whether every copy was taken for one."""
    of_copies: dict[str, list[float]] = defaultdict(list)
    seen: dict[tuple[int, int, bool], list[bool]] = defaultdict(list)
    for number, path in enumerate(paths):
        rng = np.random.default_rng(number)
        with Image.open(path) as opened:
            whole = opened.convert("RGB")
        x, y = (int(rng.integers(0, max(1, size - side))) for size in whole.size)
        cut = whole.crop((x, y, min(x + side, whole.width), min(y + side, whole.height)))
        for name, at_size, copy in copies(cut):
            of_copies[name].append(worst_spot(planes(at_size), planes(copy)).excess)
        for square in SIDES:
            for _ in range(tries):
                x, y, u, v = (int(k) for k in rng.integers(16, min(cut.size) - square - 16, 4))
                edited = cut.copy()
                edited.paste(cut.crop((u, v, u + square, v + square)), (x, y))
                apart = np.abs(np.asarray(edited, dtype=float) - np.asarray(cut, dtype=float))
                strong = bool(apart[y : y + square, x : x + square].mean() >= STRONG)
                for quality in (80, 50):
                    spot = worst_spot(planes(cut), planes(saved(edited, "JPEG", quality=quality)))
                    seen[square, quality, strong].append(spot.excess >= 1)
    print(f"{len(paths)} photos. Copies: called different, largest excess (1 and above is a difference)")
    for name, found in of_copies.items():
        print(f"  {name:16} {sum(value >= 1 for value in found)} of {len(found)}, {max(found):.2f}")
    print("Squares that were seen, differing by 10 levels or more / by less")
    for square in SIDES:
        for quality in (80, 50):
            told = [f"{sum(s)} of {len(s)}" for s in (seen[square, quality, strong] for strong in (True, False))]
            print(f"  {square:2} px, quality {quality}: {' / '.join(told)}")
    return all(value < 1 for found in of_copies.values() for value in found)


def measure_pages() -> None:
    print("Pages with another digit, by letters and scale of the copy: excess of the same / of the other page")
    for letters in LETTERS:
        one, other = page("4", letters), page("9", letters)
        told = []
        for scale in SCALES:
            at_size = planes(scaled(one, scale, FILTERS.LANCZOS))
            excess = [
                worst_spot(at_size, planes(saved(scaled(p, scale, FILTERS.BILINEAR), "JPEG", quality=70))).excess
                for p in (one, other)
            ]
            told.append(f"{scale:g}: {excess[0]:.2f} / {excess[1]:.2f}")
        print(f"  {letters} px  {'   '.join(told)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="*")
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--tries", type=int, default=6)
    chosen = parser.parse_args()
    pillow_heif.register_heif_opener()
    photos = chosen.photos if chosen.half is None else chosen.photos[chosen.half :: 2]
    good = measure_photos(photos, chosen.side, chosen.tries) if photos else True
    measure_pages()
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
