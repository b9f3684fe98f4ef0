"""The least that a verified copy can cost: `python -m benchmarks.copier.floor SOURCE DEST`.

Each file is read once, hashed and written; everything is synced; each copy is read cold and hashed. No names, no
journal, no manifest, nothing safe: only the work that no copier can leave out.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from auditor.disk import durable

BUFFER = memoryview(bytearray(1 << 20))


def poured(source: Path, dest: Path | None) -> str:
    """The digest of a file, which is written to `dest` on the way."""
    digest = hashlib.sha256()
    with source.open("rb", buffering=0) as stream:
        if dest is None:
            durable.drop_cache(stream.fileno())
        out = None if dest is None else dest.open("wb", buffering=0)
        while count := stream.readinto(BUFFER):
            digest.update(BUFFER[:count])
            if out is not None:
                out.write(BUFFER[:count])
        if out is not None:
            out.close()
    return digest.hexdigest()


if __name__ == "__main__":
    source, dest = Path(sys.argv[1]), Path(sys.argv[2])
    pairs = []
    for folder, _, names in os.walk(source):
        there = dest / Path(folder).relative_to(source)
        there.mkdir(exist_ok=True)
        pairs += [(Path(folder) / name, there / name) for name in names]
    digests = [poured(a, b) for a, b in pairs]
    fd = os.open(dest, os.O_RDONLY)
    durable.sync_volume(fd)
    os.close(fd)
    assert digests == [poured(b, None) for _, b in pairs]
