"""What hostile bytes may cost a process: limits of memory, CPU and time, and what the death of one says."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator

if sys.platform != "win32":
    import resource  # elsewhere only the wall limit holds

    _LIMITED = (resource.RLIMIT_CPU, *([resource.RLIMIT_AS] if sys.platform == "linux" else []))

MEMORY_BYTES = 3 << 30
"""Address space of a worker beyond the file it holds: one 200 MP HEIC fits, a bomb does not."""

NO_MEMORY = 77
"""Exit code of a worker that ran out of memory: its heap is not to be trusted with another file."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3

_MOST_SECONDS = 7 * 86_400
"""No file may take longer, however large it says it is: the system's clocks and limits hold no number of any size."""

_MOST_ADDRESSES = 1 << 62


def wall_seconds(size_bytes: int) -> float:
    """The longest a file may take, hanging reads included."""
    return max(1.0, min(60 + size_bytes / 250_000, _MOST_SECONDS))


def cpu_seconds(size_bytes: int) -> int:
    """The most CPU time that a file may cost."""
    return max(1, min(30 + size_bytes // 250_000, _MOST_SECONDS))


def death(code: int | None) -> str:
    """What the exit code of a worker says of its death, in words."""
    if code == NO_MEMORY:
        return "it needed more memory than its limit"
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            if name == "SIGXCPU":
                return "it took longer than its CPU limit"
            return f"the decoder died ({name})"
    return f"the decoder died (exit code {code})"


def of_process() -> None:
    """Makes a new process a worker for hostile bytes: deaf to Ctrl-C, silent, without core dumps, the first to go."""
    # Ctrl-C reaches the whole group; the parent alone decides what to do about it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Decoders write to the terminal; what a worker has to say goes through its pipe.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123 (a kernel's file)
        score.write("800")  # when memory runs out, a worker should go rather than its parent


def keep_heap() -> None:
    """Keeps freed memory in the process: a photo's few megabytes, given back and taken anew for every copy that a
    reader makes, cost an eighth of its decode in page faults. Source: mallopt(3), glibc."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, 64 << 20)
        mallopt(_M_MMAP_THRESHOLD, 32 << 20)


def of_file(size_bytes: int) -> None:
    """Limits this process to the memory and CPU time that a file of this size may cost, from now on."""
    if sys.platform != "win32":
        usage = resource.getrusage(resource.RUSAGE_SELF)
        _soft_limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + cpu_seconds(size_bytes))
    if sys.platform == "linux":  # macOS counts shared system memory as address space
        _soft_limit(resource.RLIMIT_AS, min(MEMORY_BYTES + 3 * max(0, size_bytes), _MOST_ADDRESSES))


@contextlib.contextmanager
def during(size_bytes: int) -> Iterator[None]:
    """Limits this process as `of_file` does until the block ends; what needs more memory ends the process."""
    before = [(which, resource.getrlimit(which)) for which in _LIMITED] if sys.platform != "win32" else []
    of_file(size_bytes)
    try:
        yield
    except MemoryError:
        os._exit(NO_MEMORY)
    finally:
        for which, limit in before:
            resource.setrlimit(which, limit)


def _soft_limit(which: int, value: int) -> None:
    if sys.platform != "win32":
        hard = resource.getrlimit(which)[1]
        resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
