"""Workers: a death, a hang, a hog costs its own file and nothing else."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.isolation import limits, pool
from auditor.isolation.pool import Died, Job, Known, run

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")


def square(number: int) -> int:
    return number * number


def act(word: str) -> str:
    """What a decoder may do to its process."""
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "exit":
        os._exit(3)
    if word == "segfault":
        ctypes.string_at(0)
    if word == "memory":
        return str(len(bytearray(1 << 40)))
    if word == "memory bit by bit":
        held = []
        while True:
            held.append(bytes(256 << 20))
    if word == "cpu":
        while True:
            pass
    if word == "hang":
        time.sleep(1000)
    if word == "oserror":
        raise OSError("a bug")
    if word == "pipe":
        raise BrokenPipeError("a bug")
    if word == "loud":
        os.write(1, b"noise\n")
        os.write(2, b"noise\n")
    return word


def spare(word: str, reason: str) -> str:
    return act(word.removeprefix("twice ")) if word.startswith("twice ") else f"spared: {reason}"


def act_twice(word: str) -> str:
    return act(word.removeprefix("twice "))


def die_once(marker: str) -> str:
    if not Path(marker).exists():
        Path(marker).touch()
        os._exit(1)
    return "lived"


def pid_and_limits(_: int) -> tuple[int, int]:
    import resource

    return os.getpid(), resource.getrlimit(resource.RLIMIT_CORE)[1]


def sleep_and_tell(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(1000)


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall limit is the parent's; the CPU limit is set by the worker, which begins anew from the module."""
    monkeypatch.setattr(limits, "wall_seconds", lambda size: 1.5)


def jobs_of(words: list[str]) -> Iterator[Job[str]]:
    return (Job(word, 10) for word in words)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("bytes_each", [0, 5 << 20])
def test_results_come_in_the_order_of_the_jobs(size: int, bytes_each: int) -> None:
    jobs = (Job(number, bytes_each) for number in range(100))
    assert list(run(square, jobs, workers=size)) == [number * number for number in range(100)]


def test_what_is_known_keeps_its_place_and_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = [Known(0), Job(1), Known(4), Known(9), Job(4), Known(25)]
    assert list(run(square, mixed, workers=2)) == [0, 1, 4, 9, 16, 25]
    monkeypatch.setattr(pool._Pool, "_staff", lambda self: pytest.fail("a process was started"))
    assert list(run(square, (Known(n) for n in range(100_000)), workers=2)) == list(range(100_000))
    assert list(run(square, [], workers=2)) == []


def test_jobs_are_drawn_only_as_far_ahead_as_needed() -> None:
    drawn = 0

    def jobs() -> Iterator[Job[int] | Known[int]]:
        nonlocal drawn
        for number in range(100_000):
            drawn += 1
            yield Known(number) if number else Job(number)

    results = run(square, jobs(), workers=2)
    next(results)
    results.close()
    assert drawn <= pool._AHEAD + 1


@posix
@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("kill", "the decoder died (SIGKILL)"),
        ("exit", "the decoder died (exit code 3)"),
        ("segfault", "the decoder died (SIGSEGV)"),
        ("memory", "it needed more memory than its limit"),
        pytest.param(
            "memory bit by bit",
            "it needed more memory than its limit",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits memory"),
        ),
    ],
)
def test_a_death_costs_its_own_file_only(word: str, reason: str) -> None:
    words = [f"{n}" for n in range(20)] + [word] + [f"{n}" for n in range(20, 40)] + [word]
    expected: list[str | Died] = [Died(reason) if w == word else w for w in words]
    assert list(run(act, jobs_of(words), workers=2)) == expected


@posix
def test_a_file_that_decoders_die_of_is_tried_without_them() -> None:
    words = ["a", "segfault", "b", "twice exit", "c"]
    assert list(run(act_twice, jobs_of(words), workers=2, fallback=spare)) == [
        "a",
        "spared: the decoder died (SIGSEGV)",
        "b",
        Died("the decoder died (exit code 3)"),
        "c",
    ]


def test_a_worker_that_was_killed_by_chance_costs_nothing(tmp_path: Path) -> None:
    jobs = [Job(str(tmp_path / name)) for name in "abc"]
    assert list(run(die_once, jobs, workers=2)) == ["lived"] * 3


@posix
def test_a_hang_is_ended(short_limits: None) -> None:
    words = ["a", "hang", "b"]
    assert list(run(act, jobs_of(words), workers=2)) == ["a", Died("it took longer than its time limit"), "b"]


@posix
def test_a_loop_is_ended_by_its_cpu_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    # A size below zero: the limit of a file is 30 s and more.
    jobs = [Job("a", 10), Job("cpu", -29 * 250_000), Job("b", 10)]
    monkeypatch.setattr(limits, "wall_seconds", lambda size: 100)
    assert list(run(act, jobs, workers=1)) == ["a", Died("it took longer than its CPU limit"), "b"]


@pytest.mark.parametrize("word", ["oserror", "pipe"])
def test_an_exception_is_the_callers_and_says_where_it_came_from(word: str) -> None:
    with pytest.raises(OSError, match="a bug") as caught:
        list(run(act, jobs_of(["a", word]), workers=1))
    assert "in act" in caught.value.__notes__[0]


def test_what_a_decoder_prints_is_not_seen(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(run(act, jobs_of(["loud"]), workers=1)) == ["loud"]
    captured = capfd.readouterr()
    assert "noise" not in captured.out + captured.err


@posix
def test_workers_are_replaced_and_leave_no_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "FILES_A_WORKER", 30)
    found = list(run(pid_and_limits, (Job(n) for n in range(200)), workers=1))
    processes = [pid for pid, _ in found if not isinstance(pid, Died)]
    assert 4 <= len(set(processes)) <= 200 // 30 + 1
    assert {core for _, core in found} == {0}


def gone(pids: list[int]) -> bool:
    return all(not Path(f"/proc/{pid}").exists() or state(pid) == "Z" for pid in pids)


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def wait_until(condition: object, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_when_the_parent_goes_its_workers_go(tmp_path: Path, how: signal.Signals) -> None:
    script = (
        "import sys; from auditor.isolation.pool import Job, run\n"
        "from tests.isolation.test_pool import sleep_and_tell\n"
        "list(run(sleep_and_tell, [Job(sys.argv[1]), Job(sys.argv[1])], workers=2))\n"
    )
    folder = tmp_path / "pids"
    folder.mkdir()
    command = [sys.executable, "-c", script, str(folder)]
    parent = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2])
    pids: list[int] = []
    try:
        assert wait_until(lambda: len(list(folder.iterdir())) == 1 or parent.poll() is not None)
        pids = [int(p.name) for p in folder.iterdir()]
        assert pids, parent.stderr and parent.stderr.read()
        start = time.monotonic()
        parent.send_signal(how)
        parent.wait(10)
        assert time.monotonic() - start < 3
        assert wait_until(lambda: gone(pids), 5), "an orphan goes on with a file that may never end"
    finally:  # a test that fails must not leave them running for ever
        parent.kill()
        parent.wait()
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="sends signals to a group of processes")
@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8])
def test_ctrl_c_while_workers_start_is_heard_by_the_parent_alone(tmp_path: Path, after_s: float) -> None:
    script = (
        "import sys, time; from auditor.isolation.pool import Job, run; from tests.isolation.test_pool import square\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    jobs = (Job(n) for n in range(10**9))\n"
        "    list(run(square, jobs, workers=2, preload=['auditor.scan.one_file', 'duckdb']))\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped', flush=True)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        start_new_session=True,  # a group of its own, as a terminal gives to each command
    )
    try:
        assert parent.stdout is not None and parent.stdout.readline() == "ready\n"
        time.sleep(after_s)
        os.killpg(parent.pid, signal.SIGINT)
        out, err = parent.communicate(timeout=60)
        assert (out, err) == ("stopped\n", "")
    finally:
        with contextlib.suppress(OSError):
            os.killpg(parent.pid, signal.SIGKILL)


def test_no_child_is_left(tmp_path: Path) -> None:
    list(run(square, (Job(n) for n in range(50)), workers=2))
    results = run(square, (Job(n) for n in range(50)), workers=2)
    next(results)
    results.close()
    assert multiprocessing.active_children() == []


@posix
def test_workers_that_cannot_begin_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_serve", os._exit)
    with pytest.raises(RuntimeError, match="end before they begin"):
        list(run(square, [Job(1)], workers=2))


def test_the_callers_script_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "print('once', flush=True)\n"
        "from auditor.isolation.pool import Job, run; from tests.isolation.test_pool import square\n"
        "print(list(run(square, [Job(2)], workers=1)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout == "once\n[4]\n", done.stderr


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_every_way_to_start_a_process(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    monkeypatch.setattr(pool, "_context", lambda preload: multiprocessing.get_context(method))
    assert list(run(square, (Job(n) for n in range(40)), workers=2)) == [n * n for n in range(40)]


@pytest.mark.parametrize("size", [-5, 600 << 30, (1 << 63) - 1, 1 << 70])
def test_a_size_that_a_file_merely_claims_costs_nothing(size: int) -> None:
    """537 GB and more made a time-out that the system's clock cannot hold, and the whole run ended."""
    jobs = [Job(2, size), Job(3, 1)]
    assert list(run(square, jobs, workers=1)) == [4, 9]
    assert 0 < limits.wall_seconds(size) < 2**31 / 1000 and 0 < limits.cpu_seconds(size) < 2**31
