"""Golden files: what a program wrote once and a person looked at. `pytest --update-golden` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"


class Golden:
    """Compares text with a stored file after scrubbing what differs from run to run."""

    def __init__(self, update: bool, actual: Path) -> None:
        self._update, self._actual = update, actual

    def compare(self, text: str, name: str, scrubs: Mapping[str, str]) -> None:
        for pattern, word in scrubs.items():
            text = re.sub(pattern, word, text)
        golden = FOLDER / name
        if self._update:
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(text, encoding="utf-8", newline="\n")
            return
        if golden.exists() and golden.read_text("utf-8") == text:
            return
        saved = self._actual / golden.name
        saved.write_text(text, encoding="utf-8", newline="\n")
        pytest.fail(f"{name} differs; what was written is in {saved}; look at it, then --update-golden")
