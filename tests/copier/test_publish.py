"""The name that a file gets in the backup is its own, however often it had to be given: only a name that is taken is
given with a mark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.copier.backup import session
from auditor.copier.layout import Layout, Namer
from auditor.copier.messages import Arrived, Checked
from auditor.copier.plan import Action, CopyStep
from auditor.copier.publish import Outcome, Publisher
from auditor.disk.durable import ColdRead, temp_name
from auditor.disk.names import POSIX
from auditor.store.generations import Journal
from auditor.store.index import Index
from tests.copier.runs import tree

STEP = CopyStep(0, "DCIM/a.jpg", Action.COPY)
CONTENT = b"a photo"
MARKED = f"DCIM/a~{hashlib.sha256(CONTENT).hexdigest()[:8]}.jpg"


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    with session(tmp_path / "disk", Layout.MIRROR) as store:
        (store.root / "DCIM").mkdir()
        index, journal = Index.read(store, "phone"), Journal.begin(store, 1, "0123abcd")
        yield Publisher(store.door, "phone", "", Namer(POSIX, Layout.MIRROR, ""), index, journal, "aside", 1)


def arrived(disk: Path, name: str) -> tuple[CopyStep, Checked]:
    (disk / name).write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    return STEP, Checked(Arrived(0, name, len(CONTENT), digest, None, dated=False), ColdRead.DEVICE)


def test_a_name_that_could_not_be_given_is_free_again(publisher: Publisher, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    first = arrived(disk, temp_name("0123abcd"))
    (disk / first[1].arrived.temp).unlink()  # the disk was pulled, and came back without it
    (result,) = publisher.publish([first])
    assert result.outcome is Outcome.FAILED and result.again
    (result,) = publisher.publish([arrived(disk, temp_name("0123abcd"))])
    assert result.backup_path == STEP.path
    assert tree(disk) == {STEP.path: CONTENT}


def test_a_name_that_went_with_the_disk_is_free_again(publisher: Publisher, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    journals = disk / ".auditor/journal"
    journals.rename(tmp_path / "journal")
    journals.write_bytes(b"")
    with pytest.raises(OSError):
        publisher.publish([arrived(disk, temp_name("0123abcd"))])
    (disk / STEP.path).unlink()  # it was named, and had not reached the device
    journals.unlink()
    (tmp_path / "journal").rename(journals)
    (result,) = publisher.publish([arrived(disk, temp_name("0123abcd"))])
    assert (result.outcome, result.backup_path) == (Outcome.COPIED, STEP.path)
    assert tree(disk) == {STEP.path: CONTENT}


def test_beside_a_file_that_nobody_knew_of_it_gets_a_mark(publisher: Publisher, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    (disk / STEP.path).write_bytes(b"another's")
    (result,) = publisher.publish([arrived(disk, temp_name("0123abcd"))])
    assert (result.outcome, result.backup_path) == (Outcome.COPIED, MARKED)
    assert tree(disk) == {STEP.path: b"another's", MARKED: CONTENT}
