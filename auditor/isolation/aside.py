"""A question that may hang, asked in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def aside(question: Callable[[], T]) -> Callable[[float], T]:
    """The same question, of which nobody waits for the answer longer than the seconds that he gives.

    Raises: TimeoutError where none came in that time; then the next call waits for the same answer.
    """
    open_one: Future[T] | None = None

    def asked(patience_s: float) -> T:
        nonlocal open_one
        if open_one is None:
            open_one = Future()
            threading.Thread(target=_answer, args=(question, open_one), daemon=True).start()
        try:
            return open_one.result(patience_s)
        finally:
            if open_one.done():
                open_one = None

    return asked


def _answer(question: Callable[[], T], to: Future[T]) -> None:
    try:
        to.set_result(question())
    except BaseException as error:  # whoever waits raises it
        to.set_exception(error)
