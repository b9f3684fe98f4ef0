"""What `auditor manifest` does."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import typer

from auditor.cli import programs, screen
from auditor.cli.manifest import Target
from auditor.disk.folder import Folder
from auditor.errors import BadOutput
from auditor.manifest.difference import Change, differences
from auditor.manifest.interop import foreign
from auditor.manifest.interop.foreign import Format
from auditor.manifest.jsonl import Manifest, load, looks_like_manifest
from auditor.manifest.schema import check_rows
from auditor.report import listed
from auditor.words import count, counted, size, visible


def export(list_file: Path, to: Target, out: Path, digest: str) -> None:
    """As the command of this name in `auditor.cli.manifest` says."""
    with tempfile.TemporaryDirectory() as work:
        manifest = opened(list_file, Path(work) / "list.jsonl")
        if to is Target.PARQUET:
            programs.tell(files=[_parquet(manifest, out).absolute()], rows=manifest.footer.files)
            screen.to_copy(str(out))
            return
        if not looks_like_manifest(list_file):
            foreign.said_of_one(list_file)  # in another form nothing would tell any more that it may be another's
        written = foreign.export(manifest, Format(to.value), out, datetime.now(UTC), digest)
    programs.tell(
        files=[file.absolute() for file in written.files],
        rows=written.rows,
        without_digest=written.left_out,
        no_copies=written.no_copies,
        claimed=written.claimed,
    )
    for file in written.files:
        screen.to_copy(str(file))
    left_out = f", {count(written.left_out)} left out that have no digest" if written.left_out else ""
    if written.no_copies:
        left_out += f", {count(written.no_copies)} left out that are no copy (in a bin, in somebody else's album)"
    screen.note(f"{counted(written.rows, 'file', 'files')}{left_out}")
    if written.claimed:
        screen.note(
            "Its digests are partly claimed by whoever uploaded the files: nobody read what is stored, so the list says"
            " it of all, and proves nothing to an audit"
        )


def diff(first: Path, second: Path) -> None:
    """As the command of this name in `auditor.cli.manifest` says."""
    with tempfile.TemporaryDirectory() as work:
        found = differences(opened(first, Path(work) / "first.jsonl"), opened(second, Path(work) / "second.jsonl"))
    counts = Counter(one.change for one in found)
    programs.tell(counts=counts, changes=[{"path": o.path, "change": o.change, "other": o.other} for o in found])
    for one in found:
        moved = f" -> {visible(one.other)}" if one.other is not None else ""
        screen.say(f"{one.change.value:<8} {visible(one.path)}{moved}")
    screen.note(", ".join(f"{count(n)} {change.value}" for change, n in counts.items()) or "the same")
    raise typer.Exit(0 if not found else 3 if set(counts) == {Change.UNKNOWN} else 1)


def check(list_file: Path) -> None:
    """As the command of this name in `auditor.cli.manifest` says."""
    with tempfile.TemporaryDirectory() as work:
        manifest = opened(list_file, Path(work) / "list.jsonl")
        check_rows(manifest)
        footer, header = manifest.footer, manifest.header
        programs.tell(header=asdict(header), footer=asdict(footer))
        screen.say(
            f"whole: {counted(footer.files, 'file', 'files')}, {size(footer.bytes)}, {visible(header.label)},"
            f" {', '.join(header.digests) or 'no digests'}, {footer.finished}"
        )
        for reason in footer.reasons:
            screen.say(f"not complete: {visible(reason)}")
        raise typer.Exit(0 if footer.complete else 3)


def pictures(list_file: Path, wanted: Sequence[int], out: Path, side: int) -> None:
    """As the command of this name in `auditor.cli.manifest` says."""
    manifest, made = load(list_file), []
    try:
        out.mkdir(exist_ok=True)
        with Folder.open(out) as folder:
            for row, shown in listed.pictures(manifest, wanted, side):
                name = f"{row}.webp"
                if shown.webp:
                    folder.write_new(name, shown.webp)
                made.append(
                    {"row": row, "file": str(out.absolute() / name) if shown.webp else None, "words": shown.words}
                )
                programs.happened("picture", **made[-1])
                if shown.webp:
                    screen.to_copy(str(out / name))
                else:
                    screen.note(f"Row {row}: {visible(shown.words) or 'nothing of it can be shown here'}")
    except FileExistsError as error:
        raise BadOutput(
            f"{out} holds pictures already; nothing is written over. Choose another folder with -o"
        ) from error
    except OSError as error:
        raise BadOutput(f"{out} cannot be written: {error.strerror}") from error
    programs.tell(pictures=made)


def opened(path: Path, work: Path) -> Manifest:
    """A list of ours or of another tool, the latter as ours in `work`.

    Raises: BadManifest where it is none, or cannot be read.
    """
    if looks_like_manifest(path):
        return load(path)
    return foreign.convert(path, work, datetime.now(UTC))


def _parquet(manifest: Manifest, out: Path) -> Path:
    from auditor.database import loading

    try:
        with Folder.open(out.parent) as folder, tempfile.TemporaryDirectory() as work:
            if folder.there(out.name) is not None:
                raise BadOutput(f"{out} is there already; nothing is written over. Choose another name with -o")
            whole = Path(work) / "list.parquet"
            loading.write_parquet(manifest, whole)
            folder.write_new(out.name, whole.read_bytes())
    except OSError as error:
        raise BadOutput(f"{out} cannot be written: {str(error).splitlines()[0]}") from error
    return out
