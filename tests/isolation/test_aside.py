"""A question that hangs holds up nobody."""

from __future__ import annotations

import threading

import pytest

from auditor.isolation.aside import aside


def test_an_answer_that_comes_late_is_that_of_the_next_call() -> None:
    may, calls = threading.Event(), []

    def question() -> int:
        calls.append(1)
        may.wait(30)
        return len(calls)

    asked = aside(question)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            asked(0.02)
    may.set()
    assert (asked(30), asked(30)) == (1, 2)


def test_whoever_asks_gets_the_error() -> None:
    def question() -> int:
        raise KeyError("no")

    with pytest.raises(KeyError):
        aside(question)(30)
