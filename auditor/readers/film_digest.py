"""The digest of a coded film whose frames lie one by one in the file: AVI and Matroska."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from auditor.readers.examination import Buffer

_READ_BYTES = 1 << 20


def coded_sha256(
    data: Buffer, streams: Iterable[tuple[int, bytes]], frames: Iterable[tuple[int, int, int]]
) -> str | None:
    """SHA-256 over the streams, each with its own frames in their order, however they are interleaved.

    `streams` are (number, configuration), `frames` (stream, start, end) in file order; frames of streams that are not
    named are left out. None where there is no frame or one ends beyond the file.
    """
    digests = {number: hashlib.sha256(configuration) for number, configuration in streams}
    found, size = False, len(data)
    for number, start, end in frames:
        if end > size:
            return None
        digest = digests.get(number)
        if digest is None:
            continue
        found = True
        for at in range(start, end, _READ_BYTES):
            digest.update(data[at : min(at + _READ_BYTES, end)])
    if not found:
        return None
    return hashlib.sha256(b"".join(digests[number].digest() for number in sorted(digests))).hexdigest()
