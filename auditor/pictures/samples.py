"""Do two films hold the same compressed samples, as FFmpeg's demuxer reads them?"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import BinaryIO

import av

from auditor.pictures.likeness import Answer, Likeness, Side


def same_samples(ours: BinaryIO, theirs: BinaryIO) -> Answer:
    """Whether both films have the same streams: codecs and their setup, samples, and when each is shown.

    Nothing is decoded. Turns, names and dates are metadata, and are not looked at.
    """
    found = []
    for side, name, stream in ((Side.ORIGINAL, "the original", ours), (Side.COPY, "the copy", theirs)):
        try:
            found.append(_streams(stream))
        except Exception as error:  # the one-file boundary: demuxers raise anything
            return Answer(Likeness.CANNOT_TELL, f"{name} cannot be opened ({type(error).__name__}: {error})", side)
    if found[0] == found[1]:
        return Answer(Likeness.SAME)
    return Answer(Likeness.DIFFERENT, "a program that opens both sees two different films")


def _streams(file: BinaryIO) -> list[tuple[object, ...]]:
    """Each stream's setup, and a digest of its samples with their times.

    Raises: whatever PyAV raises; ValueError where there is no sample.
    """
    with av.open(file, "r") as container:
        # Film files hold streams that no program knows by name; those have no codec context.
        setups = [_setup(stream) for stream in container.streams]
        digests = [hashlib.sha256() for _ in setups]
        counts = [0] * len(setups)
        for packet in container.demux():
            if packet.size == 0 or packet.stream is None:
                continue
            at, base = packet.stream.index, packet.time_base or Fraction(1)
            times = [None if t is None else str(t * base) for t in (packet.pts, packet.dts, packet.duration)]
            digests[at].update(f"{packet.size} {times} {packet.is_keyframe} ".encode())
            digests[at].update(memoryview(packet))
            counts[at] += 1
    if not any(counts):
        raise ValueError("there is no sample in it")
    return [(*s, n, d.hexdigest()) for s, n, d in zip(setups, counts, digests, strict=True)]


def _setup(stream: object) -> tuple[object, ...]:
    context = getattr(stream, "codec_context", None)
    names = ("name", "extradata", "width", "height", "sample_rate", "channels", "pix_fmt", "color_primaries")
    more = ("color_trc", "colorspace", "color_range", "sample_aspect_ratio")
    return (getattr(stream, "type", None), *(getattr(context, name, None) for name in (*names, *more)))
