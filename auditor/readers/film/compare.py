"""Whether two films hold the same, as FFmpeg's demuxers read them: a second opinion beside this package's own walkers.

Nothing is decoded but one frame of each video, for the turn that it is shown with. Call it in a worker.
"""

from __future__ import annotations

import hashlib
import io
import mmap
from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

from auditor.readers.examination import Buffer
from auditor.readers.film.demuxer import Window, opened
from auditor.readers.limits import refusal

if TYPE_CHECKING:
    from av import Packet
    from av.container import InputContainer
    from av.stream import Stream

_UNKNOWN = -(1 << 63)
"""FFmpeg's own number for a time that is not known."""
_MEDIA = {"video": "video", "audio": "sound", "subtitle": "subtitles"}
_SETUP = (
    *("name", "codec_tag", "profile", "extradata", "width", "height", "coded_width", "coded_height", "pix_fmt"),
    *("color_range", "color_primaries", "color_trc", "colorspace", "sample_rate", "bits_per_coded_sample"),
)
"""What of a stream's header makes its samples look or sound as they do, by PyAV's names."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """`same`: whether both films hold the same streams, each with equal samples, times, coding and colours; None where
    FFmpeg cannot say, since it refuses one of them. `reason` says in words for a person why not, None where they are
    the same. `turned`: they are shown turned differently, which is no difference of samples.
    """

    same: bool | None
    reason: str | None = None
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One stream as FFmpeg's demuxer gives it, edit lists applied.

    `times` holds pts, dts, duration (ticks of `tick_s`) and flags of each packet, one after the other; `samples` is the
    SHA-256 over all packets with their sizes. `setup` are names and values of what the header says of coding and
    colour. `turn` in degrees.
    """

    medium: str
    setup: tuple[tuple[str, str], ...]
    samples: str
    tick_s: Fraction
    times: array[int] = field(repr=False)
    turn: int = 0


def same_samples(one: BinaryIO | Buffer, other: BinaryIO | Buffer, form_one: str, form_other: str) -> Likeness:
    """Compare two films, each the whole content or a stream that can seek. The forms are those of `film_open.DEMUXERS`.

    Does not raise for what FFmpeg says.
    """
    mine, theirs = demuxed(one, form_one), demuxed(other, form_other)
    if isinstance(mine, str) or isinstance(theirs, str):
        return Likeness(None, f"FFmpeg cannot read it ({mine if isinstance(mine, str) else theirs})")
    return compared(mine, theirs)


def demuxed(film: BinaryIO | Buffer, form: str) -> tuple[Seen, ...] | str:
    """Every stream of a film; in words why not, where FFmpeg refuses the file or stops in the midst of it."""
    import av

    stream: io.RawIOBase | BinaryIO = Window(film) if isinstance(film, (bytes, mmap.mmap)) else film
    try:
        with opened(stream, form) as container:
            streams = _streams(container)
    except (av.error.FFmpegError, EOFError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    return streams if any(seen.times for seen in streams) else "there is no sample in it"


def _streams(container: InputContainer) -> tuple[Seen, ...]:
    streams = list(container.streams)
    digests = [hashlib.sha256() for _ in streams]
    times: list[array[int]] = [array("q") for _ in streams]
    turns: dict[int, int] = {}
    setups = [_setup(stream) for stream in streams]
    for video in container.streams.video:
        if video.codec_context is not None:
            video.codec_context.thread_count = 1
    for packet in container.demux():
        index = packet.stream_index
        if not packet.size:
            continue
        content = memoryview(packet)
        digests[index].update(len(content).to_bytes(8, "big"))
        digests[index].update(content)
        ticks = (packet.pts, packet.dts, packet.duration)
        times[index].extend(_UNKNOWN if tick is None else tick for tick in ticks)
        times[index].append(packet.is_keyframe | packet.is_discard << 1)
        if index not in turns and packet.stream.type == "video":
            _look_for_turn(packet, turns)
    return tuple(
        Seen(
            _MEDIA.get(stream.type, "data"),
            setup,
            digest.hexdigest(),
            Fraction(stream.time_base) if stream.time_base else Fraction(1),
            ticks,
            turns.get(stream.index, 0),
        )
        for stream, setup, digest, ticks in zip(streams, setups, digests, times, strict=True)
    )


def _setup(stream: Stream) -> tuple[tuple[str, str], ...]:
    context: Any = stream.codec_context
    fields = {name: getattr(context, name, None) for name in _SETUP} if context is not None else {}
    fields["layout"] = getattr(getattr(context, "layout", None), "name", None)
    fields["shape"] = getattr(stream, "sample_aspect_ratio", None)
    fields["disposition"] = getattr(stream.disposition, "value", stream.disposition)
    return tuple((name, str(value)) for name, value in fields.items() if value is not None)


def _look_for_turn(packet: Packet[Any], turns: dict[int, int]) -> None:
    """The first frame that decodes tells how it is turned. One that does not decode is for `film_decode` to judge."""
    import av

    context = packet.stream.codec_context
    if context is None or refusal(context.width, context.height):
        return
    try:
        frames = list(packet.decode())
    except (av.error.FFmpegError, EOFError, ValueError):
        return
    if frames:
        turns[packet.stream_index] = round(getattr(frames[0], "rotation", 0)) % 360


def compared(one: tuple[Seen, ...], other: tuple[Seen, ...]) -> Likeness:
    """How what FFmpeg sees in two films compares."""
    turned = [s.turn for s in one] != [s.turn for s in other]
    if [s.medium for s in one] != [s.medium for s in other]:
        return Likeness(False, f"one holds {_listed(one)}, the other {_listed(other)}", turned)
    for mine, theirs in zip(one, other, strict=True):
        fault = _difference(mine, theirs)
        if fault:
            return Likeness(False, fault, turned)
    return Likeness(True, None, turned)


def _difference(one: Seen, other: Seen) -> str | None:
    if len(one.times) != len(other.times):
        return f"one has {len(one.times) // 4} samples of {one.medium}, the other {len(other.times) // 4}"
    if one.samples != other.samples:
        return f"the {one.medium} differs"
    if one.setup != other.setup:
        mine, theirs = dict(one.setup), dict(other.setup)
        name = next(name for name in (*mine, *theirs) if mine.get(name) != theirs.get(name))
        return f"the {one.medium} is the same, but says differently how it is to be shown ({name})"
    if not _same_times(one, other):
        return f"the {one.medium} is the same, but its times differ"
    return None


def _same_times(one: Seen, other: Seen) -> bool:
    if one.tick_s == other.tick_s:
        return one.times == other.times
    for place, (mine, theirs) in enumerate(zip(one.times, other.times, strict=True)):
        if place % 4 == 3 or _UNKNOWN in (mine, theirs):
            if mine != theirs:
                return False
        elif mine * one.tick_s != theirs * other.tick_s:
            return False
    return True


def _listed(streams: tuple[Seen, ...]) -> str:
    return ", ".join(s.medium for s in streams) or "nothing"
