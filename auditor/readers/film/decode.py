"""The judge of films: key frames, or every frame, decoded strictly, whatever the container.

FFmpeg reads the container only to find the frames; whether the container is sound is for this package's walkers to
say. A key frame that does not decode alone is tried again in the order the film plays before it counts as broken:
some cameras mark frames as key frames that lean on the ones before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from auditor.model import Damage, Depth, ErrorKind, Trouble
from auditor.readers import coded
from auditor.readers.examination import Buffer
from auditor.readers.film.demuxer import DEMUXERS, Window, opened
from auditor.readers.limits import refusal

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

_CONCEALED = "concealing "
_MEDIA = {"video": "video", "audio": "sound"}
"""FFmpeg's words for what a stream is, and ours."""
_LEAST_BETWEEN_KEYS_S = 0.45
"""Films of nothing but key frames (MJPEG, ProRes) are sampled; others have one every half second or rarer."""


@dataclass(frozen=True, slots=True)
class FilmVerdict:
    """What decoding said: damage, or why nothing could be said; neither means that all that was decoded is sound.

    `frames` counts the frames (or key frames) decoded; `duration_s`, `width` and `height` (pixels as coded) are what
    FFmpeg reads in the container, None where it does not say.
    """

    damage: tuple[Damage, ...] = ()
    error: Trouble | None = None
    frames: int = 0
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Believed:
    """A stream as this package's walker read it: `video`, `sound` or `data`, how many samples its index counts and how
    long it lasts; 0 where it does not say. `number` is its id where the format has one, else None."""

    medium: str
    samples: int = 0
    seconds: float = 0.0
    number: int | None = None


class _Undecodable(Exception):
    """One frame's decoder gave up; the message says why."""


def judge(data: Buffer, format_: str, depth: Depth, believed: Sequence[Believed] = ()) -> FilmVerdict:
    """Decode the film's key frames (DECODE) or all of its frames (DEEP). Does not raise for what FFmpeg says.

    A film in which FFmpeg sees other streams than those `believed` is not judged: one of the two readers is wrong.
    """
    import av

    try:
        with _opened(data, format_) as container:
            streams = _video_streams(container)
            if not streams:
                return FilmVerdict(error=Trouble(ErrorKind.UNSUPPORTED, "there is no video in it"))
            if any(stream.codec_context is None for stream in streams):
                return FilmVerdict(error=Trouble(ErrorKind.UNSUPPORTED, "there is no decoder for its video"))
            facts = _facts(container, streams[0])
            too_large = next((r for s in streams if (r := refusal(s.width or 0, s.height or 0))), None)
            if too_large:
                return _with(facts, error=too_large)
            doubt = _disagreement(container, believed)
            look = _every_frame if depth.reaches(Depth.DEEP) else _key_frames
            verdict = look(data, format_, container, streams)
            error = verdict.error
            if doubt and not verdict.damage and not error:
                error = Trouble(ErrorKind.UNDECODABLE, doubt)
            return _with(facts, verdict.damage, error, verdict.frames)
    except (av.error.FFmpegError, EOFError) as error:
        return FilmVerdict(error=Trouble(ErrorKind.UNSUPPORTED, f"FFmpeg cannot open it ({_reason(error)})"))


@contextmanager
def _opened(data: Buffer, format_: str) -> Iterator[InputContainer]:
    options = {"ignore_editlist": "1"} if DEMUXERS[format_] == "mov" else {}
    with opened(Window(data), format_, options) as container:
        yield container


def _disagreement(container: InputContainer, believed: Sequence[Believed]) -> str | None:
    """What FFmpeg reads in the film's header and index otherwise than the walker did; None where they agree."""
    from av.stream import Disposition

    if not believed:
        return None
    tracks = [track for track in believed if track.medium != "data"]
    ids = {track.number for track in tracks}
    # A cover in the texts is a stream to FFmpeg; a track of chapter pictures has the same mark, but is a track.
    streams = [
        (_MEDIA[stream.type], stream)
        for stream in container.streams
        if stream.type in _MEDIA and (stream.id in ids or not stream.disposition & Disposition.attached_pic)
    ]
    told, read = sorted(medium for medium, _ in streams), sorted(track.medium for track in tracks)
    if told != read:
        return f"FFmpeg reads {_named(told)} in its header, where this program reads {_named(read)}"
    by_id = {stream.id: (medium, stream) for medium, stream in streams}
    for track in tracks:
        if track.number not in by_id:
            continue
        medium, stream = by_id[track.number]
        if medium != track.medium:
            return f"FFmpeg takes its {track.medium} for {medium}"
        if track.samples and stream.frames and abs(stream.frames - track.samples) > 1:
            return f"FFmpeg counts {stream.frames} samples of its {medium}, its index {track.samples}"
        seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        if track.seconds and seconds and abs(seconds - track.seconds) > max(1.0, track.seconds / 20):
            return f"FFmpeg reads {seconds:.1f} s of its {medium}, its header says {track.seconds:.1f} s"
    return None


def _named(media: Sequence[str]) -> str:
    return ", ".join(media) or "no video and no sound"


def _video_streams(container: InputContainer) -> list[VideoStream]:
    """The film's own pictures; a cover is not one, nor are the single pictures of a HEIF file with an animation."""
    from av.stream import Disposition

    own = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    return [s for s in own if s.duration] or own


def _packets(container: InputContainer, streams: list[VideoStream]) -> Iterator[Packet[VideoStream]]:
    """All packets of these streams in file order, and one empty one for each at the end."""
    return cast("Iterator[Packet[VideoStream]]", container.demux(streams))


def _facts(container: InputContainer, stream: VideoStream) -> FilmVerdict:
    seconds = round(container.duration / 1_000_000, 3) if container.duration else None
    return FilmVerdict(duration_s=seconds, width=stream.width or None, height=stream.height or None)


def _with(
    facts: FilmVerdict, damage: tuple[Damage, ...] = (), error: Trouble | None = None, frames: int = 0
) -> FilmVerdict:
    return FilmVerdict(damage, error, frames, facts.duration_s, facts.width, facts.height)


def _strict(stream: VideoStream) -> None:
    stream.codec_context.thread_count = 1
    stream.codec_context.options = coded.strict_options(stream.codec_context.name)


def _key_frames(data: Buffer, format_: str, container: InputContainer, streams: list[VideoStream]) -> FilmVerdict:
    """Each key frame by itself, at most some two a second."""
    import av
    from av.stream import Discard

    for stream in streams:
        _strict(stream)
        stream.discard = Discard.nonkey
    looked, bad = 0, list[tuple[float | None, int | None, str]]()
    last: dict[int, float] = {}
    before: dict[int, Packet[VideoStream]] = {}
    try:
        for packet in _packets(container, streams):
            seconds = _seconds(packet)
            index = packet.stream_index
            if not packet.size or not packet.is_keyframe:
                continue
            if seconds is not None and 0 <= seconds - last.get(index, -1.0) < _LEAST_BETWEEN_KEYS_S:
                continue
            last[index] = seconds if seconds is not None else last.get(index, -1.0)
            looked += 1
            fault = _fault_alone(packet)
            if fault and not _plays(data, format_, packet, before.get(index)):
                bad.append((seconds, packet.pos, fault))
            before[index] = packet
    except (av.error.FFmpegError, EOFError) as error:
        if not bad:
            return FilmVerdict(
                error=Trouble(
                    ErrorKind.UNDECODABLE, f"decoder cannot read on after {looked} key frames ({_reason(error)})"
                )
            )
    if not looked:
        return FilmVerdict(error=Trouble(ErrorKind.UNSUPPORTED, "there is no key frame in its video"))
    return FilmVerdict(_damage(bad, looked, "key frames"), None, looked)


def _fault_alone(packet: Packet[VideoStream]) -> str | None:
    """Why a key frame does not decode without any other; None where it does.

    Raises: av.error.PatchWelcomeError where the decoder knows that it cannot.
    """
    context = packet.stream.codec_context
    if context.name == "hevc":
        # A decoder of its own for each: what FFmpeg's HEVC decoder hides shows only in fresh buffers.
        verdict = coded.decode(b"hvc1", context.extradata or b"", bytes(packet), coded.Care.ONCE)
        return verdict.fault if verdict.judgement is coded.Judgement.DAMAGED else None
    try:
        frames = [*_decoded(packet, packet), *_decoded(packet, None)]
    except _Undecodable as error:
        return str(error)
    finally:
        context.flush_buffers()
    if any(frame.is_corrupt for frame in frames):
        return "parts of it cannot be decoded"
    return None if frames else "nothing can be decoded of it"


def _decoded(packet: Packet[VideoStream], given: Packet[VideoStream] | None) -> list[VideoFrame]:
    import av

    try:
        with _concealment() as told:
            frames = list(packet.stream.codec_context.decode(given))
        if any(_CONCEALED in text for _, _, text in told):
            raise _Undecodable("parts of it are missing")
        return frames
    except av.error.PatchWelcomeError:
        raise
    except (av.error.FFmpegError, EOFError, ValueError) as error:
        raise _Undecodable(f"the decoder refuses it: {_reason(error)}") from error


def _plays(data: Buffer, format_: str, suspect: Packet[VideoStream], before: Packet[VideoStream] | None) -> bool:
    """Whether a key frame that failed alone decodes when the frames since the key frame before it were decoded."""
    import av

    if before is None or before.dts is None or suspect.dts is None:
        return False
    with _opened(data, format_) as container:
        stream = cast("VideoStream", container.streams[suspect.stream_index])
        _strict(stream)
        try:
            container.seek(before.dts, stream=stream)
            for packet in container.demux(stream):
                if not packet.size or packet.dts is None or packet.dts < before.dts:
                    continue
                mine = packet.dts >= suspect.dts
                try:
                    frames = list(stream.codec_context.decode(packet))
                    if mine:
                        frames += stream.codec_context.decode(None)
                except (av.error.FFmpegError, EOFError, ValueError):
                    if mine:
                        return False
                    continue
                if mine:
                    return bool(frames) and not any(getattr(f, "is_corrupt", False) for f in frames)
        except (av.error.FFmpegError, EOFError):
            return False
    return False


def _every_frame(data: Buffer, format_: str, container: InputContainer, streams: list[VideoStream]) -> FilmVerdict:
    """All frames in the order the film plays; HEVC key frames once more by themselves, for what the decoder hides."""
    import av

    for stream in streams:
        _strict(stream)
    shown, looked, bad = 0, 0, list[tuple[float | None, int | None, str]]()
    begun = set[int]()
    try:
        for packet in _packets(container, streams):
            seconds, context = _seconds(packet), packet.stream.codec_context
            if packet.is_keyframe or not packet.size:
                begun.add(packet.stream_index)
            if packet.stream_index not in begun:
                # A film that was cut to begin between key frames has frames that nothing can decode.
                continue
            looked += bool(packet.size)
            try:
                frames = _decoded(packet, packet if packet.size else None)
            except _Undecodable as error:
                bad.append((seconds, packet.pos, str(error)))
                continue
            shown += len(frames)
            if any(frame.is_corrupt for frame in frames):
                bad.append((seconds, packet.pos, "parts of it cannot be decoded"))
            elif packet.size and packet.is_keyframe and context.name == "hevc":
                fault = coded.hidden_fault(context.extradata or b"", bytes(packet))
                if fault:
                    bad.append((seconds, packet.pos, fault))
    except (av.error.FFmpegError, EOFError) as error:
        if not bad:
            return FilmVerdict(
                error=Trouble(ErrorKind.UNDECODABLE, f"decoder cannot read on after {looked} frames ({_reason(error)})")
            )
    if not looked:
        return FilmVerdict(error=Trouble(ErrorKind.UNSUPPORTED, "there is no frame in its video"))
    if not shown and not bad:
        bad.append((None, None, "nothing can be decoded of it"))
    return FilmVerdict(_damage(bad, looked, "frames"), None, looked)


@contextmanager
def _concealment() -> Iterator[list[tuple[int, str, str]]]:
    """What FFmpeg logs meanwhile: that it made up parts of a frame is told there and nowhere else."""
    import av

    av.logging.set_level(av.logging.INFO)
    try:
        with av.logging.Capture(local=True) as told:
            yield told
    finally:
        av.logging.set_level(None)


def _damage(bad: list[tuple[float | None, int | None, str]], looked: int, what: str) -> tuple[Damage, ...]:
    """One damage for all frames that do not decode, with how many there are and when the first is due."""
    if not bad:
        return ()
    seconds, offset, fault = bad[0]
    when = f" at {int(seconds) // 60}:{int(seconds) % 60:02d}" if seconds is not None and seconds >= 0 else ""
    rest = f"{len(bad)} of {looked} {what} cannot be decoded"
    return (Damage("undecodable", f"the video breaks{when}: {fault}; {rest}", offset),)


def _seconds(packet: Packet[VideoStream]) -> float | None:
    ticks = packet.pts if packet.pts is not None else packet.dts
    return float(ticks * packet.time_base) if ticks is not None and packet.time_base else None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
