"""The judges: the auditor, and what people use today. Each says of a file whether it is bad; a judge that is not
installed, or does not read a format, has no say."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from auditor.model import Depth, Soundness
from auditor.readers import examine

_STILLS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif", ".dng", ".heic", ".heif"})
_JPEG = frozenset({".jpg", ".jpeg"})
_FILMS = frozenset({".mp4", ".mov", ".3gp"})
_FFMPEG = _FILMS | {".heic", ".heif", ".avif", ".webp", ".gif", ".png"}
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Judge:
    """`bad` says whether a file is bad; `reads` are the extensions it is asked about."""

    name: str
    reads: frozenset[str]
    bad: Callable[[Path], bool]


@dataclass(slots=True)
class Auditor:
    """Our readers, with the CPU time that each file took, and what they could not check."""

    depth: Depth
    slowest_seconds: float = 0.0
    not_checked: int = 0
    suspicious: int = 0

    def bad(self, path: Path) -> bool:
        """Whether the file is damaged; suspicious and not checked are counted apart and are no verdict."""
        content = path.read_bytes()
        start = time.process_time()
        found = examine(path.name, content, self.depth)
        self.slowest_seconds = max(self.slowest_seconds, time.process_time() - start)
        self.not_checked += found.soundness is Soundness.NOT_CHECKED
        self.suspicious += found.soundness is Soundness.SUSPICIOUS
        return found.soundness is Soundness.DAMAGED


def judges(auditor: Auditor) -> list[Judge]:
    """All judges that can run on this machine. The auditor decodes key frames of films, and every frame if asked to."""
    found = [
        Judge("auditor", _STILLS | _FILMS, auditor.bad),
        Judge("auditor, deep", _FILMS, Auditor(Depth.DEEP).bad),
        Judge("Pillow load", _STILLS, _pillow_load),
        Judge("Pillow verify", _STILLS, _pillow_verify),
    ]
    programs: list[tuple[str, str, frozenset[str], Callable[[Path], bool]]] = [
        ("jpeginfo", "jpeginfo -c", _JPEG, lambda p: _complains(["jpeginfo", "-c", str(p)])),
        ("identify", "ImageMagick", _STILLS, _imagemagick),
        ("exiftool", "exiftool error", _STILLS | _FILMS, _exiftool),
        ("ffmpeg", "ffmpeg -xerror", _FFMPEG, _ffmpeg),
    ]
    return found + [Judge(name, reads, bad) for program, name, reads, bad in programs if shutil.which(program)]


def _pillow_load(path: Path) -> bool:
    import pillow_heif

    pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings(record=True), Image.open(io.BytesIO(path.read_bytes())) as image:
            for frame in range(getattr(image, "n_frames", 1)):
                image.seek(frame)
                image.load()
    except Exception:
        return True
    return False


def _pillow_verify(path: Path) -> bool:
    try:
        with warnings.catch_warnings(record=True), Image.open(io.BytesIO(path.read_bytes())) as image:
            image.verify()
    except Exception:
        return True
    return False


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes] | None:
    try:
        return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None


def _complains(command: list[str]) -> bool:
    done = _run(command)
    return done is None or done.returncode != 0 or b"WARNING" in done.stdout or b"ERROR" in done.stdout


def _imagemagick(path: Path) -> bool:
    done = _run(["convert", "-regard-warnings", str(path), "null:"])
    return done is None or done.returncode != 0 or bool(done.stderr.strip())


def _ffmpeg(path: Path) -> bool:
    done = _run(["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"])
    return done is None or done.returncode != 0 or bool(done.stderr.strip())


def _exiftool(path: Path) -> bool:
    done = _run(["exiftool", "-fast0", "-json", "-Error", str(path)])
    if done is None:
        return True
    try:
        return any("Error" in row for row in json.loads(done.stdout or b"[{}]"))
    except ValueError:
        return True
