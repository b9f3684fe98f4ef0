"""The signs of verdicts."""

from __future__ import annotations

from auditor.model import Verdict

CHECKED = "\u2713"
CROSSED = "\u2717"
ASKED = "?"
SIGNS = {Verdict.SAFE: CHECKED, Verdict.NOT_SAFE: CROSSED, Verdict.CANNOT_SAY: ASKED}
"""The sign before each verdict's sentence: never colour alone."""
