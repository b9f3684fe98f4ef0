"""A backup in a process of its own, to be killed: `python -m tests.copier.drive SOURCE DEST [without-sync]`.

`without-sync` is the control: the same copier, but nothing is ever synced; a power cut must find it out.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from auditor.copier import worker, workers
from auditor.disk import durable
from tests.copier.runs import DIGESTS, QUICK, back_up


def without_sync() -> None:
    for name in ("sync_file", "sync_open_folder", "sync_volume"):
        setattr(durable, name, lambda _: None)
    durable.drop_cache = lambda _: None


if __name__ == "__main__":
    if len(sys.argv) == 2:  # a worker of the control
        without_sync()
        worker.main()
        sys.exit(0)
    source, dest, *control = sys.argv[1:]
    if control:
        without_sync()
        workers.WORKER_MODULE = "tests.copier.drive"
    ran = back_up(Path(source), Path(dest), DIGESTS, replace(QUICK, hang_s=60.0))
    sys.exit(1 if ran.failed else 0)
