"""How large a picture may be before it is refused unread, and Pillow told so, in the one place for all readers."""

from __future__ import annotations

from functools import cache

from auditor.model import ErrorKind, Trouble

MOST_PIXELS = 250_000_000
"""A 200 MP phone photo passes; a 34-byte file that declares 268 MP would take gigabytes to decode."""


def refusal(width: int, height: int) -> Trouble | None:
    """Why a picture of this declared size (pixels) is not decoded; None where it may be."""
    if width * height <= MOST_PIXELS:
        return None
    most = MOST_PIXELS // 1_000_000
    return Trouble(
        ErrorKind.UNDECODABLE,
        f"too large for the limits: {width} x {height} pixels are declared, {most} million are decoded at most",
    )


@cache
def pillow_limits() -> None:
    """Make Pillow refuse what `refusal` refuses and nothing less, without warnings in between."""
    import warnings

    from PIL import Image

    # Pillow raises above twice this number and warns above it; phones take pictures of 108 and 200 MP.
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def refused_by_decoder(complaint: str | None) -> Trouble:
    """What is said of a file that the decoder here says it cannot read at all."""
    return Trouble(ErrorKind.UNDECODABLE, f"decoder refuses the file: {complaint}")
