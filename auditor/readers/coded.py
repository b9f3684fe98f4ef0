"""One coded picture, decoded strictly and apart from its container: tiles of HEIC, AVIF images, key frames.

FFmpeg's HEVC decoder says nothing when a slice ends early or when data is left over, so this module looks itself:
the last bytes of a slice, when changed, must change the picture, and bytes laid behind it must not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.codeccontext import VideoCodecContext

STRICT = {"err_detect": "explode"}
_AV1_DECODER = "libdav1d"


def strict_options(decoder: str) -> dict[str, str]:
    """Options that make one of FFmpeg's decoders refuse what it would conceal.

    dav1d then holds the end of each AV1 tile against its coding: it finds every flipped bit that was tried, and without
    it less than half of them. Others are not asked for that: they would refuse harmless oddities.
    """
    return {**STRICT, "strict": "strict"} if decoder == _AV1_DECODER else STRICT


_ENDS = {12: 0x5A, 5: 0xA5, 20: 0x33, 40: 0x6C}
"""Stretches at the end of a slice, in bytes, and how they are changed. One change may by chance leave the picture as
it was, where the end is a large flat area; all of them only where the decoder never came there."""
_BEHIND = b"\xa7\x39" * 32
"""What is laid behind a slice to see whether its decoding runs over the end. No byte pair of it needs an escape."""


class Judgement(Enum):
    """What decoding one picture said."""

    SOUND = "sound"
    DAMAGED = "damaged"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded picture, or why there is none.

    `grey` is the luma plane, uint8 at full range, None where nothing was decoded. `fault` in words where damaged or
    unsupported.
    """

    judgement: Judgement
    fault: str | None = None
    grey: npt.NDArray[np.uint8] | None = field(default=None, compare=False)


class Care(Enum):
    """How much is spent on finding damage that the decoder hides."""

    ONCE = 1
    """One decode: the decoder's errors, and blocks never written."""
    LEFTOVER = 2
    """And a second one: data that was left over."""
    FULL = 3
    """And a third one: decoding that ran over the end."""


DECODERS = {b"hvc1": "hevc", b"av01": _AV1_DECODER, b"avc1": "h264", b"jpeg": "mjpeg"}
"""Kinds of coded items to FFmpeg's decoders."""


def decode(kind: bytes, configuration: bytes, payload: bytes, care: Care) -> Decoded:
    """The judgement on one coded picture that depends on no other.

    `kind` as in DECODERS; `configuration` is the body of its configuration record; `payload` its bytes, NAL units
    each led by its length.
    """
    import av

    if kind == b"jpeg":
        payload, configuration = configuration + payload, b""
    try:
        frames = _frames(kind, configuration, payload)
    except (av.error.DecoderNotFoundError, av.codec.codec.UnknownCodecError) as error:
        return Decoded(Judgement.UNSUPPORTED, str(error))
    except av.error.PatchWelcomeError as error:
        return Decoded(Judgement.UNSUPPORTED, f"the decoder does not know this kind of picture ({error.strerror})")
    except (av.error.FFmpegError, EOFError, ValueError) as error:
        return Decoded(Judgement.DAMAGED, f"the decoder refuses it: {_reason(error)}")
    if not frames:
        return Decoded(Judgement.DAMAGED, "nothing can be decoded of it")
    grey = luma(frames[0])
    if any(frame.is_corrupt for frame in frames):
        return Decoded(Judgement.DAMAGED, "parts of it cannot be decoded", grey)
    if kind == b"hvc1":
        fault = _hidden(kind, configuration, payload, frames[0], care)
        if fault:
            return Decoded(Judgement.DAMAGED, fault, grey)
    return Decoded(Judgement.SOUND, None, grey)


def hidden_fault(configuration: bytes, payload: bytes) -> str | None:
    """What FFmpeg's HEVC decoder does not report of a key frame that plays; None where there is nothing, or where the
    frame leans on others and nothing can be said."""
    import av

    try:
        frames = _frames(b"hvc1", configuration, payload)
    except (av.error.FFmpegError, EOFError, ValueError):
        return None
    return _hidden(b"hvc1", configuration, payload, frames[0], Care.FULL) if frames else None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _context(kind: bytes, configuration: bytes) -> VideoCodecContext:
    import av

    context = cast("VideoCodecContext", av.CodecContext.create(DECODERS[kind], "r"))
    if configuration:
        context.extradata = configuration
    context.thread_count = 1
    options = strict_options(DECODERS[kind])
    context.options = {**options, "skip_loop_filter": "all"} if kind == b"hvc1" else options
    return context


def _frames(kind: bytes, configuration: bytes, payload: bytes) -> list[VideoFrame]:
    """All pictures in the payload, by a decoder of its own: its buffers begin as zeros, which `unwritten` needs."""
    import av

    context = _context(kind, configuration)
    return [*context.decode(av.Packet(payload)), *context.decode(None)]


def _hidden(kind: bytes, configuration: bytes, payload: bytes, frame: VideoFrame, care: Care) -> str | None:
    """The damage that FFmpeg's HEVC decoder does not report, in words; None where there is none.

    Blank blocks alone prove nothing: encoders fill the part of a tile that lies outside the picture with zeros.
    """
    doubtful = care is Care.FULL or unwritten(frame)
    if care is Care.ONCE and not doubtful:
        return None
    last = _last_slice(payload, (configuration[21] & 3) + 1)
    if last is None:
        return None
    begin, end, width = last
    if end - begin > 4 * max(_ENDS) and all(
        _same(kind, configuration, _changed(payload, end, length, mask), frame) for length, mask in _ENDS.items()
    ):
        return "data is left over when the picture is complete"
    if doubtful and width > 2:
        length = (end - begin + len(_BEHIND)).to_bytes(width, "big")
        longer = payload[: begin - width] + length + payload[begin:end] + _BEHIND + payload[end:]
        if not _same(kind, configuration, longer, frame):
            return "its data ends before the picture does"
    return None


def _changed(payload: bytes, end: int, length: int, mask: int) -> bytes:
    """The payload with `length` bytes before `end` changed; none becomes a zero, which might need an escape."""
    return payload[: end - length] + bytes((b ^ mask) or 1 for b in payload[end - length : end]) + payload[end:]


def _same(kind: bytes, configuration: bytes, payload: bytes, frame: VideoFrame) -> bool:
    import av

    try:
        frames = _frames(kind, configuration, payload)
    except (av.error.FFmpegError, EOFError, ValueError):
        return False
    return bool(frames) and all(
        np.array_equal(samples_of(frames[0], index), samples_of(frame, index)) for index in range(len(frame.planes))
    )


def _last_slice(payload: bytes, width: int) -> tuple[int, int, int] | None:
    """Where the last slice's NAL unit begins and where its last byte that counts ends, and the length field's width.

    Only slices of the base layer: the second view of a spatial video is not decoded.

    Zero words that may be appended to a slice (each escaped as 00 00 03) are left out.
    """
    at, last = 0, None
    while at + width < len(payload):
        begin = at + width
        at = begin + int.from_bytes(payload[at:begin], "big")
        first, second = payload[begin : begin + 2].ljust(2, b"\0")
        if first >> 1 & 63 < 32 and not first & 1 and not second >> 3:
            last = begin, min(at, len(payload))
    if last is None:
        return None
    begin, end = last
    while end > begin and (payload[end - 1] == 0 or payload[end - 3 : end] == b"\0\0\3"):
        end -= 1 if payload[end - 1] == 0 else 3
    return begin, end, width


def unwritten(frame: VideoFrame) -> bool:
    """Whether a part of the picture was never written: zero in both colour planes over a block of eight by eight.

    Only for pictures from a fresh decoder. False for pictures without colour, which may rightly be black.
    """
    if not frame.format.name.startswith("yuv") or len(frame.planes) < 3:
        return False
    first = _blank_blocks(frame, 1)
    return bool(first.any()) and bool((first & _blank_blocks(frame, 2)).any())


def _blank_blocks(frame: VideoFrame, plane: int) -> npt.NDArray[np.bool_]:
    samples = samples_of(frame, plane)
    rows = np.arange(0, samples.shape[0], 8)
    columns = np.arange(0, samples.shape[1], 8)
    most = np.maximum.reduceat(np.maximum.reduceat(samples, rows, axis=0), columns, axis=1)
    return np.asarray(most == 0)


def samples_of(frame: VideoFrame, index: int) -> npt.NDArray[Any]:
    """One plane's samples, (rows, columns), as they were decoded; a view into the frame."""
    plane = frame.planes[index]
    wide = frame.format.components[0].bits > 8
    kind = np.dtype(np.uint16 if wide else np.uint8)
    rows = np.frombuffer(memoryview(plane), dtype=kind).reshape(-1, plane.line_size // kind.itemsize)
    return rows[: plane.height, : plane.width]


def luma(frame: VideoFrame) -> npt.NDArray[np.uint8]:
    """The picture in grey, uint8, 0 black to 255 white whatever the depth and the range it was coded in."""
    name = frame.format.name
    if not name.startswith(("yuv", "gray")):
        return np.asarray(frame.reformat(format="gray").to_ndarray(), dtype=np.uint8)
    samples = samples_of(frame, 0)
    bits = frame.format.components[0].bits
    grey = (samples >> (bits - 8)).astype(np.uint8) if bits > 8 else np.ascontiguousarray(samples)
    # FFmpeg 1 = "tv": 16 to 235.
    if int(frame.color_range) == 1 and not name.startswith("yuvj"):
        table = np.clip((np.arange(256) - 16) * (255 / 219) + 0.5, 0, 255).astype(np.uint8)
        return np.asarray(table[grey])
    return grey
