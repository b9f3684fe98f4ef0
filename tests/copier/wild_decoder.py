"""A worker of the copier whose decoder runs wild over two files: `python -m tests.copier.wild_decoder HEARTBEAT`."""

from __future__ import annotations

from auditor.copier import worker
from auditor.isolation import limits
from auditor.model import FileFacts
from auditor.scan import one_file


def wild(task: one_file.Task) -> FileFacts:
    held = []
    while "hungry" in task.entry.path:
        held.append(bytes(256 << 20))
    while "endless" in task.entry.path:
        pass
    return read_file(task)


if __name__ == "__main__":
    read_file, one_file.read_file = one_file.read_file, wild
    limits.cpu_seconds = lambda size_bytes: 5
    worker.main()
