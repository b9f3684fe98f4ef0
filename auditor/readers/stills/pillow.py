"""Whole decodes by Pillow, for the formats whose decoder there tells damage: every frame loaded, the first one kept."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from auditor.model import ErrorKind, Trouble
from auditor.readers import perceptual
from auditor.readers.limits import pillow_limits, refused_by_decoder

MOST_ANIMATED_PIXELS = 500_000_000
"""How many pixels of an animation are decoded; the frames after them are left to their structure."""

_REFUSALS = ("unsupported", "not supported", "not available", "cannot handle", "cannot identify", "unknown")


@dataclass(frozen=True, slots=True)
class Load:
    """What a whole decode yields. `picture` is the normalised first frame, None where it failed.

    `broken` is the decoder's complaint about the content, `refused` its word that it cannot read such files at all or,
    if `too_large`, that it will not; both None where all went well. `note` says what was left out.
    """

    picture: perceptual.Grey | None
    broken: str | None = None
    refused: str | None = None
    too_large: bool = False
    note: str | None = None

    @property
    def error(self) -> Trouble | None:
        """Why the file is not checked, in the words of a manifest row; None where it was."""
        if self.refused is None:
            return None
        if self.too_large:
            return Trouble(ErrorKind.UNDECODABLE, f"too large for the limits: {self.refused}")
        return refused_by_decoder(self.refused)


def load(content: bytes, format_: str, orientation: int | None) -> Load:
    """Decode every frame of `content` with Pillow's `format_` plugin alone. Does not raise for any content."""
    from PIL import Image, UnidentifiedImageError

    pillow_limits()
    picture: perceptual.Grey | None = None
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=[format_]) as image:
            warnings.simplefilter("ignore")
            image.load()
            # Pillow turns a TIFF as it loads it, and no other format.
            picture = perceptual.normalise_image(image, None if image.format == "TIFF" else orientation)
            frames = getattr(image, "n_frames", 1)
            most = max(1, MOST_ANIMATED_PIXELS // max(1, image.width * image.height))
            for frame in range(1, min(frames, most)):
                image.seek(frame)
                image.load()
    except UnidentifiedImageError:
        # Its own words hold an address in memory, which would differ in every run.
        return Load(None, refused="it does not know this kind of picture")
    except Image.DecompressionBombError as error:
        return Load(None, refused=str(error), too_large=True)
    except (OSError, EOFError, SyntaxError, ValueError, TypeError, KeyError, IndexError, NotImplementedError) as error:
        message = f"{error}" or type(error).__name__
        refused = isinstance(error, (NotImplementedError, KeyError)) or any(w in message.lower() for w in _REFUSALS)
        return Load(None, refused=message) if refused else Load(None, broken=message)
    note = f"the last {frames - most} of {frames} frames were not decoded" if frames > most else None
    return Load(picture, note=note)
