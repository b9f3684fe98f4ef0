"""The copier alone, without decoding and without the audit after it: `python -m benchmarks.copier.ours SOURCE DEST`."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from auditor.copier.backup import Request, carry_out, prepare, session
from auditor.copier.execute import RunOptions
from auditor.copier.layout import Layout
from auditor.places.folder import FolderPlace
from auditor.places.presence import watch

if __name__ == "__main__":
    source, dest = Path(sys.argv[1]), Path(sys.argv[2])
    place = FolderPlace(source, str(source))
    with session(dest, Layout.MIRROR):
        options = RunOptions(unplugged=watch(place, dest))
        backed = carry_out(
            prepare(place, dest, Request(examine=None, paranoid="--paranoid" in sys.argv), options), options
        )
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_maxrss // 1024)
    sys.exit(any(result.reason for result in backed.ending.results))
