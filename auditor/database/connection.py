"""The connection to the database of one audit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
Values = Sequence[Any] | Mapping[str, Any]

VERSION = duckdb.__version__
_ROWS_A_BATCH = 10_000
_VECTORS_A_FRAME = 20  # of 2,048 rows each
_HEARD_S = 0.1


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Lets Ctrl-C end a query as it ends everything else: DuckDB takes it for itself, and raises another error.

    Raises: KeyboardInterrupt.
    """
    try:
        yield
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error


def awaited(con: duckdb.DuckDBPyConnection, ask: Callable[[], T]) -> T:
    """What a query of anybody's making gives; Ctrl-C ends it at once. DuckDB looks for that between two of its tasks
    only, and a single one may take hours: so the query has a thread of its own, and this one listens.

    Raises: KeyboardInterrupt, and what the query raises.
    """
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(ask)
        try:
            while not answer.done():
                wait([answer], _HEARD_S)  # without an end, Windows would not hear Ctrl-C
        finally:
            while not answer.done():  # again, since a query that has not begun hears nothing
                con.interrupt()
                wait([answer], _HEARD_S)
        return answer.result()


@dataclass(frozen=True, slots=True)
class Database:
    """The tables of one audit, and which columns its lists can know (`source.taken_at`, `backup.phash`, ...)."""

    con: duckdb.DuckDBPyConnection
    known: frozenset[str]

    def run(self, sql: str, values: Values = ()) -> None:
        """Runs statements whose answer nobody needs."""
        with interruptible():
            self.con.execute(sql, values or None)

    def rows(self, made: Callable[..., T], sql: str, values: Values = ()) -> list[T]:
        """What a query gives: of each row the `made` of its columns."""
        with interruptible():
            found = self.con.execute(sql, values or None).fetchall()
        return [made(*row) for row in found]

    def one(self, made: Callable[..., T], sql: str, values: Values = ()) -> T:
        """The first row of a query that always gives one."""
        return self.rows(made, sql, values)[0]

    def stream(self, made: Callable[..., T], sql: str, values: Values = ()) -> Iterator[T]:
        """The same as `rows`, for tables that need not fit in memory. No other query may run meanwhile."""
        with interruptible():
            self.con.execute(sql, values or None)
            while batch := self.con.fetchmany(_ROWS_A_BATCH):
                yield from (made(*row) for row in batch)

    def frames(self, sql: str) -> Iterator[pd.DataFrame]:
        """What a query gives in frames of some ten thousand rows; at least one, so that an empty table has its columns.
        No other query may run meanwhile."""
        with interruptible():
            self.con.execute(sql)
            frame = self.con.fetch_df_chunk(_VECTORS_A_FRAME)
            yield frame
            while len(frame := self.con.fetch_df_chunk(_VECTORS_A_FRAME)):
                yield frame

    def put(self, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Makes a temporary table of rows, given in the order of `columns` (names with their types)."""
        lists = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
        unpacked = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in columns.items())
        self.run(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {unpacked}", lists)

    def lock(self) -> None:
        """Shuts the database off: no files, no network, no extensions, no way to switch them on again."""
        self.run("SET enable_external_access = false")
        self.run("SET lock_configuration = true")
