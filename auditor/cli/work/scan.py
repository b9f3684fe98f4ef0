"""What `auditor scan` does."""

from __future__ import annotations

from pathlib import Path

from auditor.cli import ahead, named, programs, screen, unfinished
from auditor.errors import BadPlace
from auditor.manifest.jsonl import looks_like_manifest
from auditor.model import Depth
from auditor.places.spec import open_place
from auditor.scan import run as scanning


def command(
    *, place: str, out: Path | None, depth: Depth, jobs: int | None, cache: bool, digest: list[str] | None
) -> None:
    """As the command of this name in `auditor.cli` says."""
    place = named.place(place)
    if Path(place).is_file() and looks_like_manifest(Path(place)):
        raise BadPlace(f"{place} is a manifest already")
    opened = open_place(place)
    target = out or unfinished.manifest(opened, depth)
    title = f"Reading {named.called(opened)}"
    with screen.phase(title) as show:
        manifest = scanning.scan(
            opened,
            target,
            depth=depth,
            jobs=jobs,
            use_cache=cache,
            extra_digests=digest or (),
            on_progress=ahead.timed(show, title, depth, opened.id, opened.kind, is_most=cache),
        )
    footer = manifest.footer
    programs.tell(
        manifest=manifest.path.absolute(),
        place=opened.spec,
        files=footer.files,
        bytes=footer.bytes,
        complete=footer.complete,
        reasons=footer.reasons,
        finished=footer.finished,
    )
    for reason in manifest.footer.reasons:
        screen.note(f"not listed: {reason}")
    if not manifest.footer.complete:
        screen.note("The list is not complete; an audit with it cannot say that all is safe.")
    screen.to_copy(str(manifest.path))
