"""One backup from folder to folder, as the command does it, and what is left behind; shared by the copier's tests."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.copier.backup import BackupResult, Request, carry_out, prepare, refusals_before, session
from auditor.copier.execute import RunOptions
from auditor.copier.layout import Layout
from auditor.copier.publish import CopyResult, Outcome
from auditor.disk import durable
from auditor.model import Depth
from auditor.places import Place
from auditor.places.folder import FolderPlace
from auditor.places.presence import watch
from auditor.store.generations import Store
from tests import media

OLD_S = 1_700_000_001
DIGESTS = Request(examine=None)
DECODED = Request(examine=Depth.DECODE)
QUICK = RunOptions(workers=2, hang_s=2.0, wait_s=0.0, sleep=lambda _: None)


@dataclass(frozen=True)
class Ran:
    """What a run did. `by_path` holds the results by path in the source."""

    backed: BackupResult

    @property
    def by_path(self) -> dict[str, CopyResult]:
        return {result.step.path: result for result in self.backed.ending.results}

    def paths(self, outcome: Outcome) -> set[str]:
        return {path for path, result in self.by_path.items() if result.outcome is outcome}

    @property
    def failed(self) -> dict[str, str | None]:
        return {path: r.reason for path, r in self.by_path.items() if r.outcome is Outcome.FAILED}


def back_up(source: Path | Place, dest: Path, asked: Request = DIGESTS, options: RunOptions = QUICK) -> Ran:
    """A backup that the preflight must not refuse."""
    place = FolderPlace(source, str(source)) if isinstance(source, Path) else source
    assert refusals_before(place, dest, asked) == []
    with session(dest, asked.layout or Layout.MIRROR) as store:
        watched = replace(options, unplugged=watch(place, store.door))
        prepared = prepare(place, store, asked, watched)
        assert prepared.plan.refusals == ()
        return Ran(carry_out(prepared, watched))


def write(path: Path, content: bytes, mtime_s: float = OLD_S) -> Path:
    """A file with an old date."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (mtime_s, mtime_s))
    return path


def noise(seed: object, size: int = 200_000) -> bytes:
    """Bytes that are the same in every run and compress to nothing."""
    return hashlib.shake_128(repr(seed).encode()).digest(size)


def photos(root: Path, *names: str) -> dict[str, bytes]:
    """Different photos under these names."""
    content = {name: media.jpeg(seed) for seed, name in enumerate(names)}
    for name, data in content.items():
        write(root / name, data)
    return content


def tree(root: Path) -> dict[str, bytes]:
    """Every payload file and its bytes."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".auditor" not in path.relative_to(root).parts
    }


def leftovers(root: Path) -> list[Path]:
    """Temporary files of ours."""
    return [path for path in root.rglob("*") if durable.TEMP_NAME.fullmatch(path.name)]


def lies(dest: Path) -> list[str]:
    """Rows of the backup's last manifest whose file is not as they say."""
    manifest = Store(dest).latest()
    return [
        row.path
        for row in (manifest.rows() if manifest else ())
        if row.sha256 and hashlib.sha256((dest / row.path).read_bytes()).hexdigest() != row.sha256
    ]
