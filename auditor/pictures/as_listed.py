"""A file that a list has, opened once more: of other bytes than those that were listed nothing is said.

Between the list and a look into its files one may be changed, or another disk come to lie there.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from auditor.disk.opened import Opened, was_written
from auditor.errors import ChangedSinceListed
from auditor.model import FileFacts
from auditor.places import Place
from auditor.places.folder import file_id

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class AsListed:
    """A file of a place, with its path as the place knows it and what its list has of its bytes.

    `sha256` None: its list does not know its bytes, so that none are taken for them. `file_id` and `changed_ns` are
    those of `FileFacts`.
    """

    place: Place
    path: str
    sha256: str | None
    file_id: str | None = None
    changed_ns: int | None = None

    @classmethod
    def by(cls, place: Place, facts: FileFacts) -> AsListed:
        """The file of a row."""
        return cls(place, facts.path, facts.sha256, facts.file_id, facts.changed_ns)


def read(file: AsListed, most_bytes: int) -> bytes:
    """Its content. Of a larger one than `most_bytes` one byte more than these, which nobody compared with its list.

    Raises: OSError or AuditorError where it cannot be read, or holds other bytes than were listed.
    """
    with file.place.open(file.path) as stream:
        data = stream.read(most_bytes + 1)
    if len(data) <= most_bytes:
        _demand(file, hashlib.sha256(data).hexdigest())
    return data


@contextmanager
def opened(file: AsListed) -> Iterator[BinaryIO]:
    """The file as it was listed, with a position that can be set and a number to map it by: one that is no file of a
    disk here, as on a phone, in a cloud or in an archive, is brought here first.

    It is known by its number and change time, or where its place has none it is read through. Raises: as `read`, and on
    leaving where it was written to meanwhile.
    """
    with file.place.open(file.path) as stream:
        before = Opened.of(stream)
        if before is None:
            with tempfile.TemporaryFile() as here:
                # What was held against the list is what is used: a second reading may give something else.
                _demand(file, _passed(stream, here))
                here.seek(0)
                yield here
            return
        if not _is_known(file, before):
            _demand(file, _passed(stream))
            stream.seek(0)
        yield stream
        if was_written(before, Opened.of(stream)):
            raise ChangedSinceListed(OTHER_BYTES)


OTHER_BYTES = "it holds other bytes than when it was listed"


def _demand(file: AsListed, sha256: str) -> None:
    if sha256 != file.sha256:
        raise ChangedSinceListed(OTHER_BYTES)


def _is_known(file: AsListed, now: Opened) -> bool:
    """Whether an open file is the one that was listed, and nothing of it was changed since."""
    if None in (file.sha256, file.file_id, file.changed_ns):
        return False
    return (file_id(now.device, now.inode), now.changed_ns) == (file.file_id, file.changed_ns)


def _passed(stream: BinaryIO, into: BinaryIO | None = None) -> str:
    """The SHA-256 of all that a stream gives, which is written `into` another one."""
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK_BYTES):
        digest.update(chunk)
        if into is not None:
            into.write(chunk)
    return digest.hexdigest()
