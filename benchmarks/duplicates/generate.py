"""Makes a folder of copies and hard negatives from given photos, and truth.csv, which says what each file is.

    python -m benchmarks.duplicates.generate PHOTOS... OUT --seed 1

truth.csv: path, picture (equal: the same picture), scene (equal, other picture: similar but distinct), family, kind,
class (original | exact | data | copy | rotated | edited). The same photos and seed give the same pictures.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import shutil
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pillow_heif
import simplejpeg
from PIL import ExifTags, Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from benchmarks.duplicates.scenes import NOTHING, RENDERED, nothing, rng_of, words

TRUTH = ("path", "picture", "scene", "family", "kind", "class")
SUFFIXES = {".jpg", ".jpeg", ".heic", ".heif", ".avif", ".webp", ".png"}
LANCZOS = Image.Resampling.LANCZOS
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "heic": "HEIF", "avif": "AVIF"}
# Sample photos that show one scene twice: they may not be taken for two scenes.
RELATED = ("canon_hdr_", "iphone_hdr_", "HMD_Nokia_8.3_5G", "DSCN00", "IMG_2927")
# Dates of capture are kept in some copies and lost in others, as messengers and clouds do.
EXIF_OF_KINDS = {"q90", "q75", "2048", "1600", "1280", "960", "storage_saver"}


@dataclass
class Set:
    """Files of one scene as they are made."""

    out: Path
    scene: str
    family: str
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, picture: str, kind: str, class_: str, suffix: str, data: bytes) -> Path:
        path = self.out / "files" / self.family / f"{picture}-{kind}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.rows.append((path.relative_to(self.out).as_posix(), picture, self.scene, self.family, kind, class_))
        return path

    def save(
        self,
        picture: str,
        kind: str,
        class_: str,
        image: Image.Image,
        quality: int = 85,
        suffix: str = "jpg",
        **options: object,
    ) -> bytes:
        data = encode(image, quality, suffix, **options)
        self.add(picture, kind, class_, suffix, data)
        return data


def encode(image: Image.Image, quality: int = 85, suffix: str = "jpg", **options: object) -> bytes:
    stream = io.BytesIO()
    options = {name: value for name, value in options.items() if value is not None}
    image.save(stream, FORMATS[suffix], **({} if suffix == "png" else {"quality": quality}), **options)
    return stream.getvalue()


def at_most(image: Image.Image, side: int) -> Image.Image:
    scale = side / max(image.size)
    if scale >= 1:
        return image.copy()
    return image.resize((round(image.width * scale), round(image.height * scale)), LANCZOS)


@dataclass(frozen=True)
class Master:
    """A given photo as the file it is, as a picture, or the first or second half of a large one: two scenes."""

    path: Path
    part: str = "file"


def opened(master: Master) -> Image.Image:
    image = ImageOps.exif_transpose(Image.open(master.path))
    if master.part in ("first", "second"):
        width, height = image.size
        second = (width // 2, 0, width, height) if width >= height else (0, height // 2, width, height)
        first = (0, 0, width // 2, height) if width >= height else (0, 0, width, height // 2)
        info, image = image.info, image.crop(first if master.part == "first" else second)
        image.info.update(info)
    for name in ("exif", "xmp"):  # savers add these unasked; a copy has what is asked for
        image.info.pop(name, None)
    profile = image.info.get("icc_profile")
    image = image.convert("RGB")
    if profile:
        image.info["icc_profile"] = profile
    return image


def taken(rng: np.random.Generator, shot: int = 0, subsec: bool = False) -> bytes:
    block = Image.Exif()
    block[ExifTags.Base.Make], block[ExifTags.Base.Model] = "Google", "Pixel 6"
    own = block.get_ifd(ExifTags.IFD.Exif)
    day = f"20{rng.integers(15, 24)}:{rng.integers(1, 13):02d}:{rng.integers(1, 29):02d}"
    own[ExifTags.Base.DateTimeOriginal] = f"{day} {rng.integers(8, 20):02d}:{rng.integers(0, 60):02d}:17"
    if subsec:
        own[ExifTags.Base.SubsecTimeOriginal] = f"{(shot * 97 + 13) % 1000:03d}"
    return block.tobytes()


def jpegtran(data: bytes, *options: str) -> bytes | None:
    if shutil.which("jpegtran") is None:
        return None
    done = subprocess.run(["jpegtran", "-copy", "none", *options], input=data, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def photo(out: Path, seed: int, name: str, source: Master) -> list[tuple[str, ...]]:
    """A photo and every kind of copy and edit of it."""
    made, rng, scene = Set(out, name, "photo"), rng_of(seed, name), name
    image = opened(source)
    profile = image.info.get("icc_profile")
    exif = taken(rng)
    whole = source.part == "file"
    if whole:
        original, suffix = source.path.read_bytes(), source.path.suffix[1:].lower().replace("jpeg", "jpg")
    else:
        image = at_most(image, 2048)
        original, suffix = encode(image, 95, exif=exif, icc_profile=profile), "jpg"
    made.add(scene, "original", "original", suffix, original)
    made.add(scene, "exact", "exact", suffix, original)
    if suffix == "jpg" and (stripped := jpegtran(original)) and not whole:
        made.add(scene, "stripped", "data", "jpg", stripped)

    def copy(kind: str, picture: Image.Image, quality: int = 85, suffix: str = "jpg", **options: object) -> bytes:
        kept = exif if kind in EXIF_OF_KINDS and not whole else None
        return made.save(scene, kind, "copy", picture, quality, suffix, exif=kept, icc_profile=profile, **options)

    for quality in (90, 75, 60, 40):
        copy(f"q{quality}", image, quality)
    for side in (2048, 1600, 1280, 960):
        if max(image.size) > side * 1.05:
            copy(str(side), at_most(image, side))
    copy("storage_saver", at_most(image, 4600), 80, subsampling=2)
    sent = copy("messenger", at_most(image, 1600), 70, subsampling=2)
    forwarded = at_most(Image.open(io.BytesIO(sent)).convert("RGB"), 1280)
    copy("forwarded", forwarded, 60, subsampling=2)
    copy("png", at_most(image, 2048), suffix="png", compress_level=1)
    copy("webp", at_most(image, 2048), 80, "webp", method=2)
    copy("heic", at_most(image, 2048 if whole else 1280), 60, "heic")
    copy("avif", at_most(image, 1280), 60, "avif", speed=9)
    for side in (512, 256):
        copy(str(side), at_most(image, side), 80)
    sideways = Image.Exif()
    sideways[ExifTags.Base.Orientation] = 6
    options = {"exif": sideways.tobytes(), "icc_profile": profile}
    made.save(scene, "exif_turned", "copy", image.transpose(Image.Transpose.ROTATE_90), 90, **options)
    for degrees, turn in ((90, "ROTATE_270"), (180, "ROTATE_180"), (270, "ROTATE_90")):
        turned = image.transpose(Image.Transpose[turn])
        made.save(scene, f"turned{degrees}", "rotated", turned, 92, icc_profile=profile)
        lossless = jpegtran(encode(image, 92), "-trim", "-rotate", str(degrees))
        if lossless:
            made.add(scene, f"jpegtran{degrees}", "rotated", "jpg", lossless)
    for kind, edited in edits(at_most(image, 1600), rng).items():
        made.save(scene, kind, "edited", edited, 88, icc_profile=profile)
    return made.rows


def edits(base: Image.Image, rng: np.random.Generator) -> dict[str, Image.Image]:
    """What people do to a photo and want to keep beside the original."""
    width, height = base.size
    found = {"mirrored": ImageOps.mirror(base)}
    for percent in (1, 3, 5):
        part = percent / 100
        x, y = int(width * part * rng.random()), int(height * part * rng.random())
        found[f"crop{percent}"] = base.crop((x, y, x + int(width * (1 - part)), y + int(height * (1 - part))))
    found["bright"] = ImageEnhance.Brightness(base).enhance(1.25)
    found["filter"] = ImageEnhance.Contrast(ImageEnhance.Color(base).enhance(1.5)).enhance(1.25)
    if np.asarray(base.convert("YCbCr"), dtype=np.int16)[:, :, 1:].std() > 4:  # a grey photo turned grey is a copy
        found["grey"] = ImageOps.grayscale(base).convert("RGB")
    found["dated"] = base.copy()
    size = max(12, height // 28)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(found["dated"]).text((width * 0.62, height - size * 1.6), "2019-07-14 16:32", (255, 170, 0), font)
    over = Image.new("RGBA", base.size)
    font = ImageFont.load_default(max(14, height // 18))
    ImageDraw.Draw(over).text((width * 0.05, height * 0.88), "(c) J. Doe Photo", (255, 255, 255, 140), font)
    found["watermark"] = Image.alpha_composite(base.convert("RGBA"), over).convert("RGB")
    found["letterbox"] = ImageOps.expand(base, (0, int(height * 0.06)))
    return found


def negative(made: Set, picture: str, image: Image.Image, suffix: str, exif: bytes | None = None) -> None:
    """A picture that may be called the same only as its own copies: messenger, 960 and 512 px."""
    made.save(picture, "original", "original", image, 92, suffix, **({"exif": exif} if suffix == "jpg" else {}))
    made.save(picture, "messenger", "copy", at_most(image, 1600), 70, subsampling=2)
    made.save(picture, "960", "copy", at_most(image, 960), 85, exif=exif)
    made.save(picture, "512", "copy", at_most(image, 512), 80)


def burst(out: Path, seed: int, name: str, source: Master, kind: str) -> list[tuple[str, ...]]:
    """Three frames a moment apart: hand-held (shift, turn, zoom, exposure) or on a tripod (something moves; noise)."""
    made, whole = Set(out, name, kind), opened(source)
    if kind == "tripod":  # the middle alone: the whole of it is another scene of this set, under another name
        width, height = whole.size
        whole = whole.crop((width // 10, height // 10, width - width // 10, height - height // 10))
    base = at_most(whole, 1600)
    width, height = base.size
    place = rng_of(seed, name, "place")
    patch = int(width * place.uniform(0.05, 0.09))
    spots = [
        (int(place.uniform(0.1, 0.8) * (width - patch)), int(place.uniform(0.1, 0.8) * (height - patch)))
        for _ in range(12)
    ]
    x, y = max(spots, key=lambda at: np.asarray(base.convert("L").crop((*at, at[0] + patch, at[1] + patch))).std())
    for shot in range(3):
        rng, frame, gain = rng_of(seed, name, shot), base, 1.0
        if kind == "hand_held" and shot:
            angle, zoom = np.deg2rad(rng.uniform(-0.8, 0.8)), 1.05 + rng.uniform(-0.01, 0.01)
            dx = rng.uniform(0.004, 0.02) * width * rng.choice([-1, 1]) * shot
            dy = rng.uniform(0.003, 0.012) * height * rng.choice([-1, 1]) * shot
            cosine, sine = np.cos(angle) / zoom, np.sin(angle) / zoom
            cx, cy = width / 2, height / 2
            lines = (cosine, -sine, cx - cosine * cx + sine * cy + dx, sine, cosine, cy - sine * cx - cosine * cy + dy)
            frame, gain = (
                base.transform(base.size, Image.Transform.AFFINE, lines, Image.Resampling.BICUBIC),
                1 + rng.uniform(-0.06, 0.06),
            )
        elif shot:
            frame = base.copy()
            step = min(max(3, int(patch * 0.25 * shot)), width - patch - x)
            frame.paste(base.crop((x, y, x + patch, y + patch)), (x + step, y))
        values = np.asarray(frame, dtype=np.float32) * gain
        values = values + rng.normal(0, 1, values.shape) * (2.4 + 1.6 * np.sqrt(values.clip(0, 255) / 255 + 0.02))
        exif = taken(rng_of(seed, name), shot, subsec=int(name[1:]) % 2 == 0)
        negative(made, f"{name}-{shot}", Image.fromarray(values.clip(0, 255).astype(np.uint8)), "jpg", exif)
    return made.rows


def meme(out: Path, seed: int, name: str, source: Master) -> list[tuple[str, ...]]:
    """One photo with three captions."""
    made = Set(out, name, "meme")
    for variant in ("a", "b", "c"):
        image = at_most(opened(source), 1200)
        draw, text = ImageDraw.Draw(image), words(rng_of(seed, name, variant), 6)
        font = ImageFont.load_default(image.height // 12)
        for y, line in ((0.03, text[:3]), (0.86, text[3:])):
            at = (image.width / 2, image.height * y)
            draw.text(at, " ".join(line).upper(), "white", font, anchor="mt", stroke_width=4, stroke_fill="black")
        negative(made, f"{name}-{variant}", image, "jpg")
    return made.rows


def rendered(out: Path, seed: int, family: str, scene: int) -> list[tuple[str, ...]]:
    draw, _, variants = RENDERED[family]
    made = Set(out, f"{family}{scene}", family)
    for variant in variants:
        negative(made, f"{family}{scene}-{variant}", draw(seed, scene, variant), "jpg" if family == "scan" else "png")
    return made.rows


def empty(out: Path, seed: int, family: str, shot: int) -> list[tuple[str, ...]]:
    made = Set(out, f"wall{shot // 3}" if family == "wall" else family, family)
    negative(made, f"{family}{shot}", nothing(seed, family, shot), "jpg", taken(rng_of(seed, family)))
    return made.rows


def shows_something(image: Image.Image) -> bool:
    """Whether a picture is more than a wall or a blur: nobody can tell one of those from the next."""
    grey = np.asarray(at_most(image.convert("L"), 512), dtype=np.float32)
    return float((np.abs(np.diff(grey, axis=1)) > 8).mean()) >= 0.01


def is_sound(path: Path) -> bool:
    """Whether a strict decoder takes a JPEG; a copy of a broken photo is no copy of what it showed."""
    if path.suffix.lower() not in (".jpg", ".jpeg"):
        return True
    try:
        simplejpeg.decode_jpeg(path.read_bytes(), strict=True)
    except ValueError:
        return False
    return True


def sources(folders: list[Path]) -> list[Path]:
    """The sound photos that show something, 1,200 px or more, each content once and one of each related pair."""
    found, seen = [], set()
    for path in sorted(p for folder in folders for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
        key = next((prefix for prefix in RELATED if path.name.startswith(prefix)), None)
        digest = key or hashlib.sha256(path.read_bytes()).hexdigest()
        try:
            image = opened(Master(path))
        except (OSError, ValueError, SyntaxError):
            continue
        flat = float(np.asarray(image.convert("L").resize((64, 64))).std()) < 15 or not shows_something(image)
        if max(image.size) >= 1200 and not flat and digest not in seen and is_sound(path):
            seen.add(digest)
            found.append(path)
    return found


def is_large(path: Path) -> bool:
    with Image.open(path) as image:
        return max(image.size) >= 2400


def tasks(
    out: Path, seed: int, photos: list[Path]
) -> list[tuple[Callable[..., list[tuple[str, ...]]], tuple[object, ...]]]:
    shuffled = [photos[k] for k in rng_of(seed, "order").permutation(len(photos))]
    whole, rest = shuffled[:4], shuffled[4:]
    parts = {path: ("first", "second") if is_large(path) else ("picture",) for path in rest}
    masters = [Master(path, part) for path in rest for part in parts[path]]
    masters = [master for master in masters if shows_something(opened(master))]  # half of a photo may show nothing
    masters = [masters[k] for k in rng_of(seed, "halves").permutation(len(masters))]
    copied = [*(Master(path) for path in whole), *masters[: len(masters) * 2 // 3]]
    others = masters[len(masters) * 2 // 3 :]
    found: list[tuple[Callable[..., list[tuple[str, ...]]], tuple[object, ...]]] = []
    found += [(photo, (out, seed, f"p{k:02d}", master)) for k, master in enumerate(copied)]
    found += [(burst, (out, seed, f"h{k:02d}", master, "hand_held")) for k, master in enumerate(others)]
    found += [(burst, (out, seed, f"t{k:02d}", master, "tripod")) for k, master in enumerate(masters)]
    found += [(meme, (out, seed, f"m{k:02d}", master)) for k, master in enumerate(others[:8])]
    found += [(rendered, (out, seed, family, k)) for family, (_, count, _) in RENDERED.items() for k in range(count)]
    found += [(empty, (out, seed, family, k)) for family, count in NOTHING.items() for k in range(count)]
    return found


def call(task: tuple[Callable[..., list[tuple[str, ...]]], tuple[object, ...]]) -> list[tuple[str, ...]]:
    warnings.simplefilter("ignore")
    pillow_heif.register_heif_opener()
    return task[0](*task[1])


def generate(photos: list[Path], out: Path, seed: int, jobs: int = 2, most: int | None = None) -> int:
    """Writes OUT/files/... and OUT/truth.csv from at most so many photos, drawn by the seed; returns how many files."""
    pillow_heif.register_heif_opener()
    found = sources(photos)
    drawn = sorted(rng_of(seed, "drawn").permutation(len(found))[:most])
    work = tasks(out, seed, [found[k] for k in drawn])
    out.mkdir(parents=True)
    with Pool(jobs) as pool, (out / "truth.csv").open("w", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(TRUTH)
        count = 0
        for rows in pool.imap(call, work):
            table.writerows(rows)
            count += len(rows)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--most", type=int, metavar="N", help="take at most N of the photos")
    given = parser.parse_args()
    print(generate(given.photos, given.out, given.seed, given.jobs, given.most), "files")


if __name__ == "__main__":
    main()
