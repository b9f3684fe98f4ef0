"""The same audit twice gives the same folder, byte for byte, apart from times and ids."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from auditor.report import NAMES, SEAL
from tests import media
from tests.commandline import auditor

_MASKS = (
    (rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", b"TIME"),
    (rb"\d{1,2} [A-Z][a-z]+ 20\d\d, \d\d:\d\d \([^)]*\)", b"TIME"),
    (rb'("audit_id": "|<dt>Audit</dt><dd class="hash">)[0-9a-f]{32}', rb"\1ID"),
    (rb'"digest":"[0-9a-f]{64}"', b'"digest":"OF ROWS WITH TIMES"'),
    (rb'"storage_free_bytes":\d+', b'"storage_free_bytes":FREE'),  # others write to this disk too
    (rb'"seconds": [0-9.e-]+', b'"seconds": SECONDS'),
    (rb'data-label="Seconds">[0-9.]+<', b'data-label="Seconds">SECONDS<'),
)


def _masked(folder: Path) -> dict[str, bytes]:
    """Every file of an audit without what says when it was made, and without the digests of those that do."""
    found = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    digests = [line.split()[0] for line in found[SEAL].splitlines()]
    for name, content in found.items():
        for pattern, word in _MASKS:
            content = re.sub(pattern, word, content)
        for digest in digests:
            content = content.replace(digest, b"DIGEST")
        found[name] = content
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A phone and two backups with something of every kind: missing, cut short, damaged, renamed, twice, no photo."""
    phone, nas, disk = (tmp_path / name / "DCIM/Camera" for name in ("phone", "nas", "disk"))
    for folder in (phone, nas, disk):
        folder.mkdir(parents=True)
        for number in range(14):
            taken = media.exif(taken=f"2026:0{1 + number % 4}:03 10:00:00")
            (folder / f"IMG_{number}.jpg").write_bytes(media.jpeg(number, exif=taken))
    (nas / "IMG_1.jpg").unlink()
    (nas / "IMG_2.jpg").write_bytes((phone / "IMG_2.jpg").read_bytes()[:20000])
    (disk / "IMG_2.jpg").unlink()
    (disk / "IMG_3.jpg").rename(disk / "renamed.jpg")
    (nas / "IMG_4.jpg").write_bytes(media.jpeg(4, exif=media.exif(model="Other")))
    (phone / "IMG_5.jpg").write_bytes(media.jpeg(5)[:9000])
    shutil.copy(phone / "IMG_6.jpg", phone / "IMG_6 (1).jpg")
    (phone.parent / "notes.txt").write_text("no photo")
    return tmp_path


@pytest.mark.parametrize("remembers", [False, True], ids=["a computer that knows nothing", "one that read it before"])
def test_the_same_audit_twice_gives_the_same_files(root: Path, remembers: bool) -> None:
    """With another number of workers too."""
    found = []
    for number, jobs in enumerate(("1", "3") if not remembers else ("1", "3", "2")):
        notes = root / ("notes" if remembers else f"notes-{number}")
        words = ("audit", "phone", "nas", "disk", "--copy-by-hand", "--jobs", jobs, "-o", "out/audit")
        (root / "out").mkdir()  # of one name, as it stands in what is to be done, and without those before beside it
        run = auditor(*words, cwd=root, AUDITOR_CACHE_DIR=str(notes / "cache"), AUDITOR_STATE_DIR=str(notes / "state"))
        assert run.code == 1, run.err
        found.append(_masked(root / "out/audit"))
        (root / "out").rename(root / f"out-{number}")
    first, second = found[-2:]
    assert first.keys() == second.keys() >= {*NAMES, "source.jsonl", "backup-1.jsonl", "backup-2.jsonl"}
    for name, content in first.items():
        assert content.splitlines() == second[name].splitlines(), name
