"""Whether a WebP's coded picture ends where its decoder is done. libwebp says when data is missing, not when some is
left over; but data that was overwritten or flipped leads the decoder astray, and it ends too late or too early.

So the picture is decoded once more without its last bytes: a sound one then cannot be finished. In 37 sound files of
six writers the decoder noticed a loss of at most 4 bytes; 16 are taken away.
"""

from __future__ import annotations

import io

from auditor.readers.limits import pillow_limits

_TAKEN_AWAY_BYTES = 16
_LEAST_BYTES = 512
"""Below it, the bytes taken away are too large a share of the picture."""


def left_over(type_: bytes, coded: bytes) -> bool:
    """Whether the decoder can do without the last 16 bytes of a `VP8 ` or `VP8L` chunk that it decoded before."""
    if len(coded) < _LEAST_BYTES:
        return False
    from PIL import Image

    pillow_limits()
    kept = coded[:-_TAKEN_AWAY_BYTES]
    chunk = type_ + len(kept).to_bytes(4, "little") + kept + bytes(len(kept) % 2)
    riff = b"RIFF" + (4 + len(chunk)).to_bytes(4, "little") + b"WEBP" + chunk
    try:
        with Image.open(io.BytesIO(riff), formats=["WEBP"]) as image:
            image.load()
    except (OSError, EOFError, SyntaxError, ValueError):
        return False
    return True
