"""Small real HEIC, AVIF and film files, made anew and always the same, for the tests of their readers."""

from __future__ import annotations

import io
import struct
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import Image

from auditor.readers.heif.check import payload_of
from auditor.readers.heif.items import read_items
from auditor.readers.isobmff.boxes import inside
from auditor.readers.isobmff.container import read_container

Rgb = npt.NDArray[np.uint8]
PHONE_SOUND = "libopencore_amrnb" if "libopencore_amrnb" in av.codec.codecs_available else "aac"
"""What a 3GP film sounds by: PyAV 19's wheels have no encoder for AMR, which old phones write."""


def photo(width: int = 360, height: int = 250, seed: int = 1) -> Rgb:
    """A picture with the traits of a photo: shades, edges and grain. (rows, columns, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [
        110 + 60 * np.sin(x / (17 + 9 * c) + seed) + 50 * np.cos(y / (23 + 5 * c) - c) + (x * y % 97) / 4
        for c in range(3)
    ]
    picture = np.stack(waves, axis=2) + rng.normal(0, 7, (height, width, 3))
    picture[height // 4 : height // 2, width // 5 : width // 2] -= 70
    return np.clip(picture, 0, 255).astype(np.uint8)


def exif(taken: str = "2023:07:14 18:05:09", orientation: int = 1) -> bytes:
    """An EXIF block with a date, a maker and an orientation."""
    block = Image.Exif()
    block[271], block[272], block[274] = "Auditor", "Test camera", orientation
    block.get_ifd(0x8769)[36867] = taken
    return bytes(block.tobytes())


def heic(picture: Rgb | None = None, quality: int = 80, **options: object) -> bytes:
    """A HEIC of one single coded picture."""
    out = io.BytesIO()
    image = pillow_heif.from_bytes("RGB", *_raw(photo() if picture is None else picture))
    image.save(out, quality=quality, exif=exif(), **options)
    return out.getvalue()


def avif(picture: Rgb | None = None, **options: object) -> bytes:
    """An AVIF of one single coded picture."""
    out = io.BytesIO()
    image = Image.fromarray(photo() if picture is None else picture)
    image.save(out, "AVIF", quality=80, speed=9, exif=exif(), max_threads=1, **options)
    return out.getvalue()


def with_depth(content: bytes) -> bytes:
    """A HEIC of one single coded picture with a depth map, for which the coded picture itself stands once more.

    Source: ISO/IEC 23008-12, 6.6.2 and B.2.2.
    """
    meta = read_container(content).first(b"meta")
    assert meta is not None
    inner = {b.kind: b for b in inside(content, meta, 4).boxes}
    body = {kind: content[b.body : b.end] for kind, b in inner.items()}
    properties = inside(content, inner[b"iprp"])
    ipco, ipma = (properties.first(kind) for kind in (b"ipco", b"ipma"))
    assert ipco is not None
    assert ipma is not None
    purpose = full(b"auxC", 0, 0, b"urn:mpeg:hevc:2015:auxid:2\0")
    known = sum(1 for _ in inside(content, ipco).boxes)
    links = content[ipma.body + 8 : ipma.end] + struct.pack(">HB3B", 3, 3, 0x81, 3, known + 1)
    described = box(b"ipco", content[ipco.body : ipco.end], purpose) + full(b"ipma", 0, 0, struct.pack(">I", 2), links)
    items = body[b"iinf"][6:] + full(b"infe", 2, 0, struct.pack(">HH", 3, 0), b"hvc1", b"\0")
    entries = [struct.unpack(">HHIHII", body[b"iloc"][at : at + 18]) for at in (8, 26)]

    def laid(by: int) -> bytes:
        moved = [(i, r, base + by, n, at, length) for i, r, base, n, at, length in (*entries, (3, *entries[0][1:]))]
        iloc = full(b"iloc", 0, 0, b"\x44\x40", struct.pack(">H", 3), *(struct.pack(">HHIHII", *e) for e in moved))
        iinf = full(b"iinf", 0, 0, struct.pack(">H", 3), items)
        iref = box(b"iref", body[b"iref"], box(b"auxl", struct.pack(">HHH", 3, 1, 1)))
        return full(
            b"meta",
            0,
            0,
            box(b"hdlr", body[b"hdlr"]),
            iloc,
            iinf,
            box(b"pitm", body[b"pitm"]),
            box(b"iprp", described),
            iref,
        )

    grown = len(laid(0)) - (meta.end - meta.start)
    return content[: meta.start] + laid(grown) + content[meta.end :]


def motion_heic() -> bytes:
    """A HEIC with a motion clip behind its pictures, as Samsung and Google write it."""
    return grid_heic() + box(b"mpvd", film(frames=15))


def animated_avif(seeds: tuple[int, ...] = (1, 2, 3, 4)) -> bytes:
    """An AVIF of several pictures."""
    out = io.BytesIO()
    pictures = [Image.fromarray(photo(seed=seed)) for seed in seeds]
    pictures[0].save(out, "AVIF", save_all=True, append_images=pictures[1:], duration=200, speed=9, max_threads=1)
    return out.getvalue()


def _raw(picture: Rgb) -> tuple[tuple[int, int], bytes]:
    return (picture.shape[1], picture.shape[0]), np.ascontiguousarray(picture).tobytes()


def box(kind: bytes, *parts: bytes) -> bytes:
    """An ISO box."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """An ISO box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def grid_heic(
    picture: Rgb | None = None, tile: int = 128, turns: int = 0, mirror: int | None = None, quality: int = 80
) -> bytes:
    """A HEIC of tiles, laid out as iPhones do: hidden tiles, a grid in `idat`, EXIF, tiles one after the other in
    `mdat`. `turns` quarter turns anticlockwise, `mirror` the axis of `imir`."""
    picture = photo() if picture is None else picture
    height, width = picture.shape[:2]
    rows, columns = -(-height // tile), -(-width // tile)
    padded = np.zeros((rows * tile, columns * tile, 3), np.uint8)
    padded[:height, :width] = picture
    payloads, configurations = [], set()
    for r in range(rows):
        for c in range(columns):
            part = heic(padded[r * tile : (r + 1) * tile, c * tile : (c + 1) * tile], quality)
            items = read_items(part, read_container(part).first(b"meta"))  # type: ignore[arg-type]
            item = items.items[items.primary]
            configurations.add(item.property(b"hvcC"))
            payloads.append(payload_of(part, item))
    (configuration,) = configurations
    count, block = len(payloads), struct.pack(">I", 0) + exif().removeprefix(b"Exif\0\0")
    grid, exif_id = count + 1, count + 2
    turn = [box(b"irot", bytes([turns]))] + ([box(b"imir", bytes([mirror]))] if mirror is not None else [])
    ispe = lambda w, h: full(b"ispe", 0, 0, struct.pack(">II", w, h))  # noqa: E731
    ipco = box(b"ipco", box(b"hvcC", configuration or b""), ispe(tile, tile), ispe(width, height), *turn)
    links = [(i, (0x81, 2)) for i in range(1, count + 1)] + [(grid, (3, *(0x84 + k for k in range(len(turn)))))]
    ipma = full(
        b"ipma", 0, 0, struct.pack(">I", len(links)), *(struct.pack(">HB", i, len(p)) + bytes(p) for i, p in links)
    )
    kinds = [(i, b"hvc1", 1) for i in range(1, count + 1)] + [(grid, b"grid", 0), (exif_id, b"Exif", 1)]
    iinf = full(
        b"iinf",
        0,
        0,
        struct.pack(">H", len(kinds)),
        *(full(b"infe", 2, hidden, struct.pack(">HH", i, 0), kind, b"\0") for i, kind, hidden in kinds),
    )
    iref = full(
        b"iref",
        0,
        0,
        box(b"dimg", struct.pack(">HH", grid, count), struct.pack(f">{count}H", *range(1, count + 1))),
        box(b"cdsc", struct.pack(">HHH", exif_id, 1, grid)),
    )
    idat = box(b"idat", struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height))
    handler = full(b"hdlr", 0, 0, struct.pack(">I4s12sB", 0, b"pict", bytes(12), 0))
    start = 0
    for _ in range(2):  # the second time round the size of the list is known
        entries, at = [], start
        for i, content in [*enumerate(payloads, 1), (exif_id, block)]:
            entries.append(struct.pack(">HHHHII", i, 0, 0, 1, at, len(content)))
            at += len(content)
        entries.append(struct.pack(">HHHHII", grid, 1, 0, 1, 0, 8))
        iloc = full(b"iloc", 1, 0, bytes([0x44, 0]), struct.pack(">H", len(entries)), *entries)
        pitm = full(b"pitm", 0, 0, struct.pack(">H", grid))
        meta = full(b"meta", 0, 0, handler, pitm, iinf, iref, box(b"iprp", ipco, ipma), idat, iloc)
        head = box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta
        start = len(head) + 8
    return head + box(b"mdat", *payloads, block)


def film(
    container: str = "mp4",
    codec: str = "libx264",
    audio: str | None = "aac",
    frames: int = 45,
    size: tuple[int, int] = (192, 128),
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
) -> bytes:
    """A film of 15 frames a second with a key frame each second, moving, with grain and a noisy sound track."""
    with tempfile.TemporaryDirectory() as folder:
        # A file, not a buffer: moving the index to the front opens the film a second time.
        path = Path(folder) / "film"
        _write_film(path, container, codec, audio, frames, size, options or {}, metadata or {})
        return path.read_bytes()


def _write_film(
    path: Path,
    container: str,
    codec: str,
    audio: str | None,
    frames: int,
    size: tuple[int, int],
    options: dict[str, str],
    metadata: dict[str, str],
) -> None:
    rng = np.random.default_rng(7)
    width, height = size
    with av.open(str(path), "w", format=container, options={"fflags": "+bitexact", **options}) as target:
        target.metadata.update(metadata)
        picture = target.add_stream(codec, rate=15)
        picture.width, picture.height = width, height
        picture.pix_fmt = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}.get(codec, "yuv420p")
        picture.bit_rate, picture.gop_size = 900_000, 15
        picture.codec_context.thread_count = 1
        if codec in ("libx264", "libx265"):
            picture.options = {"preset": "superfast"}
        if codec == "libx265":
            picture.options |= {"x265-params": "log-level=none:pools=none:frame-threads=1"}
        if codec == "libx265" and container in ("mp4", "mov"):
            picture.codec_context.codec_tag = "hvc1"
        rate = 8000 if audio == "libopencore_amrnb" else 48000
        sound = target.add_stream(audio, rate=rate, layout="mono") if audio else None
        big = photo(width * 2, height * 2)
        for i in range(frames):
            dx, dy = int(width / 2 * (1 + np.sin(i / 9))), int(height / 2 * (1 + np.cos(i / 7)))
            view = big[dy : dy + height, dx : dx + width].astype(np.int16) + rng.integers(-4, 4, (height, width, 3))
            frame = av.VideoFrame.from_ndarray(np.clip(view, 0, 255).astype(np.uint8), format="rgb24")
            target.mux(picture.encode(frame))
        target.mux(picture.encode(None))
        if sound is not None:
            _add_sound(target, sound, frames / 15, rate, rng)


def _add_sound(target: object, sound: object, seconds: float, rate: int, rng: np.random.Generator) -> None:
    samples = (rng.normal(0, 3000, int(seconds * rate))).astype(np.int16)
    step = sound.codec_context.frame_size or 1024
    resampler = av.AudioResampler(format=sound.codec_context.format, layout="mono", rate=rate)
    for at in range(0, len(samples) - step, step):
        frame = av.AudioFrame.from_ndarray(samples[None, at : at + step], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        for part in resampler.resample(frame):
            target.mux(sound.encode(part))
    target.mux(sound.encode(None))


def turned_film(degrees: int) -> bytes:
    """A film that is to be shown turned clockwise, as phones write those taken upright."""
    data = film(frames=15)
    unit = 1 << 16
    a, b, c, d = {
        0: (unit, 0, 0, unit),
        90: (0, unit, -unit, 0),
        180: (-unit, 0, 0, -unit),
        270: (0, -unit, unit, 0),
    }[degrees]
    matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    at = data.index(b"tkhd") + 4 + 40
    return data[:at] + matrix + data[at + 36 :]


def sound_only() -> bytes:
    """An MP4 with a sound track and no picture."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as target:
        sound = target.add_stream("aac", rate=48000, layout="mono")
        _add_sound(target, sound, 1.0, 48000, np.random.default_rng(3))
    return out.getvalue()
