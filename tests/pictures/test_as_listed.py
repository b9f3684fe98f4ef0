"""Files that are opened once more, where no number of an open file tells which one it is."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from auditor.errors import ChangedSinceListed
from auditor.pictures.as_listed import AsListed, opened
from auditor.pictures.contents import mapped
from auditor.places.archive import ArchivePlace, open_archive
from auditor.places.folder import FolderPlace

LISTED, OTHER = b"as it was listed", b"as it is by now!"


def of_bytes(place: FolderPlace | ArchivePlace, data: bytes) -> AsListed:
    return AsListed(place, "a.mp4", hashlib.sha256(data).hexdigest())


def archive(folder: Path) -> ArchivePlace:
    with zipfile.ZipFile(folder / "all.zip", "w") as made:
        made.writestr("a.mp4", LISTED)
    return open_archive(str(folder / "all.zip"))


class AnotherEachTime(io.BytesIO):
    """A file of a server, which answers each reading from the start anew."""

    def seek(self, offset: int, whence: int = 0) -> int:
        self.getbuffer()[:] = OTHER
        return super().seek(offset, whence)


def test_what_was_held_against_the_list_is_what_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = archive(tmp_path)
    monkeypatch.setattr(ArchivePlace, "open", lambda *_: AnotherEachTime(LISTED))
    with opened(of_bytes(place, LISTED)) as stream:
        assert stream.read() == LISTED
        stream.seek(0)
        assert stream.read() == LISTED


def test_what_lies_on_no_disk_here_can_be_mapped(tmp_path: Path) -> None:
    with mapped(of_bytes(archive(tmp_path), LISTED)) as content:
        assert content[:] == LISTED


def test_other_bytes_than_were_listed_are_not_given(tmp_path: Path) -> None:
    with pytest.raises(ChangedSinceListed), opened(of_bytes(archive(tmp_path), OTHER)):
        pass
