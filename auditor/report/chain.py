"""Whether the audits that a report rests on are still as they were: each names the seal of the one before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from auditor.errors import BadManifest, BadPlace
from auditor.report import RECORD, SEAL, history, provenance
from auditor.report.history import Link
from auditor.report.provenance import Difference, Mismatch


class LinkState(StrEnum):
    """How an earlier audit stands to the one that names it."""

    UNCHANGED = "unchanged"
    TOUCHED = "touched"
    NOT_THERE = "not there"  # nothing is said of it, or of those before it


@dataclass(frozen=True, slots=True)
class Checked:
    """One earlier audit, where it lies now (None: not there), and which of its files were touched since."""

    link: Link
    state: LinkState
    folder: Path | None = None
    touched: tuple[Mismatch, ...] = ()


def check(folder: Path, homes: Iterable[Path] = ()) -> list[Checked]:
    """The audits before the one in `folder`, the newest first, every file of each read again.

    They are looked for beside it, and in `homes`. The list ends with the first audit, or with one that is not there.
    Raises: BadPlace where there is no audit in `folder`.
    """
    shelves = list(dict.fromkeys((folder.resolve().parent, *homes)))
    known = {past.audit_id: past.folder for past in history.found(shelves)}
    checked: list[Checked] = []
    seen = {folder.resolve()}
    link = history.read(folder).previous
    while link is not None:
        at = _named(link.folder, shelves) or known.get(link.audit_id)
        if at is None or at.resolve() in seen:
            checked.append(Checked(link, LinkState.NOT_THERE))
            break
        seen.add(at.resolve())
        touched = _touched(at, link)
        checked.append(Checked(link, LinkState.TOUCHED if touched else LinkState.UNCHANGED, at, touched))
        try:
            link = history.read(at).previous
        except BadPlace:
            break
    return checked


def _named(name: str, shelves: Iterable[Path]) -> Path | None:
    """The folder of that name; the name comes out of a file, and leads nowhere else."""
    if name in ("", ".", "..") or set(name) & set("/\\:\0"):
        return None
    return next((home / name for home in shelves if any((home / name / one).is_file() for one in (RECORD, SEAL))), None)


def _touched(folder: Path, link: Link) -> tuple[Mismatch, ...]:
    try:
        seal = provenance.sealed_file(folder / SEAL).sha256
    except OSError:
        return (Mismatch(SEAL, Difference.REMOVED),)
    anew = (Mismatch(SEAL, Difference.CHANGED),) if seal != link.seal else ()
    try:
        return (*anew, *provenance.check(folder))
    except BadManifest:
        return anew
