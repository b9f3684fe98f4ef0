"""Lists in the database: every row is judged, however long, or nothing is."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from auditor import words
from auditor.database import loading, rule_query, schema
from auditor.database.connection import Database
from auditor.database.headers import Listed
from auditor.database.loading import open_lists
from auditor.errors import BadManifest, BadRule
from auditor.judge import policy
from auditor.manifest.jsonl import Manifest, Writer
from auditor.manifest.rows import KNOWN_AT
from auditor.model import Damage, Depth, FileFacts, Header, Kind

NOW = datetime(2026, 6, 15, tzinfo=UTC)
FAMILY = policy.load("family")


def listed(path: Path, *rows: FileFacts) -> Manifest:
    columns = KNOWN_AT[Depth.DECODE]
    header = Header(1, "test", path.stem, path.stem, path.stem, "folder", Depth.DECODE, "2026-06-15T00:00:00Z", columns)
    writer = Writer.create(path, header)
    for facts in rows:
        writer.add(facts)
    return writer.close(complete=True, now=NOW)


def photo(path: str, **facts: object) -> FileFacts:
    digests = {"sha256": hashlib.sha256(path.encode()).hexdigest()}
    return FileFacts(path=path, size_bytes=1, digests=digests, kind=Kind.PHOTO, **facts)  # type: ignore[arg-type]


def test_a_very_long_row_is_judged_like_all_others(tmp_path: Path) -> None:
    long = photo("b.jpg", damage=tuple(Damage("zero_block", "x" * 200, n) for n in range(20_000)))
    source = listed(tmp_path / "source.jsonl", photo("a.jpg"), long, photo("c.jpg"))
    backup = listed(tmp_path / "nas.jsonl", photo("a.jpg"))
    assert max(len(line) for line in source.path.read_bytes().splitlines()) > 4 << 20
    with open_lists(source, [Listed("nas", backup)], FAMILY, NOW) as lists:
        assert lists.con.execute("SELECT path FROM due ORDER BY id").fetchall() == [("a.jpg",), ("b.jpg",), ("c.jpg",)]


def test_rows_that_are_no_files_stop_the_audit(tmp_path: Path) -> None:
    """The list says itself how many files it holds; a row without a path would be a file that nobody judges."""
    source = listed(tmp_path / "source.jsonl", photo("a.jpg"), photo("b.jpg"))
    path = tmp_path / "source.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"path":"b.jpg"', b'"pfad":"b.jpg"'))
    with (
        pytest.raises(BadManifest, match=r"should hold 2 files, but 1 of its rows"),
        open_lists(source, [], FAMILY, NOW),
    ):
        pass


@pytest.mark.parametrize(
    ("column", "word"),
    [("digest_origin", "service"), ("error_kind", "lost"), ("kind", "photos"), ("soundness", "Sound")],
)
@pytest.mark.parametrize("is_source", [True, False])
def test_a_word_that_nobody_knows_stops_the_audit(tmp_path: Path, column: str, word: str, is_source: bool) -> None:
    """A grade that is none must not count as the best of all, nor a trouble that is none as no trouble."""
    lists = [listed(tmp_path / "good.jsonl", photo("a.jpg"))]
    good = {"path": "a.jpg", "kind": "photo", "size_bytes": 1, "sha256": "ab" * 32}
    path = tmp_path / "bad.jsonl"
    writer = Writer.create(path, lists[0].header)
    writer._line({**good, column: word})
    writer._files = 1
    lists.insert(0 if is_source else 1, writer.close(complete=True, now=NOW))
    source, backup = lists
    with pytest.raises(BadManifest, match=rf"bad\.jsonl: the {column} of 'a\.jpg' is '{word}'"):  # noqa: SIM117
        with open_lists(source, [Listed("nas", backup)], FAMILY, NOW):
            pass


HOSTILE = (
    *("sha256=abc", "image_sha256=0", "path=x", "rep[1]", "rep?", "rep*", "**", "[a-z]", "{a,b}", "[!x]", "]", "[[]"),
    *("a b", "100 %", "%20", "'quoted'", 'say "so"', "$HOME", "~", "é[ü]", "http:", "s3:", "x.gz", "a;b", "new\nline"),
)


@pytest.mark.parametrize("by_descriptor", [True, False])
@pytest.mark.parametrize("name", HOSTILE)
def test_the_name_of_a_folder_changes_nothing(
    tmp_path: Path, name: str, by_descriptor: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To DuckDB a path may be a pattern, columns (`sha256=abc/`) or an address; ours is one file, however named."""
    if not by_descriptor:
        monkeypatch.setattr(loading.os.path, "exists", lambda _: False)
    for decoy in ("rep1", "repx", "a", "u", "x"):
        (tmp_path / decoy).mkdir()
        listed(tmp_path / decoy / "source.jsonl", photo("decoy.jpg"))
        listed(tmp_path / decoy / "nas.jsonl", photo("decoy.jpg"))
    (tmp_path / name).mkdir()
    source = listed(tmp_path / name / "source.jsonl", photo("a.jpg"))
    backup = listed(tmp_path / name / "nas.jsonl", photo("b.jpg"))
    with open_lists(source, [Listed(name, backup)], FAMILY, NOW) as lists:
        rows = lists.con.execute(
            "SELECT path, sha256, image_sha256 FROM source UNION ALL SELECT path, sha256, image_sha256 FROM backup"
        ).fetchall()
    assert rows == [(path, hashlib.sha256(path.encode()).hexdigest(), None) for path in ("a.jpg", "b.jpg")]


def test_a_list_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    source = listed(tmp_path / "source.jsonl", photo("a.jpg"))
    source.path.unlink()
    with pytest.raises(BadManifest, match="cannot be read"), open_lists(source, [], FAMILY, NOW):
        pass


def test_sql_is_written_in_one_room() -> None:
    """Who asks the database elsewhere asks by a name, and gets typed answers."""
    program = Path(loading.__file__).parents[1]
    sql = re.compile(r"\b(SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET|CREATE (OR|TABLE|VIEW|TEMP))\b|\.con\b")
    others = [path for path in program.rglob("*.py") if program / "database" not in path.parents]
    assert len(others) > 200
    assert not [str(path) for path in others if sql.search(path.read_text("utf-8"))]


def test_a_size_is_said_by_sql_as_it_is_everywhere() -> None:
    db = Database(duckdb.connect(), schema.EVERYTHING)
    schema.create_tables(db)
    near = [
        10**power * digit // 100 for power in range(17) for digit in (100, 450, 949, 994, 995, 996, 999, 9994, 9995)
    ]
    sizes = sorted({0, 1, 2, 999, 1000, 1001, 2_500_000, 10_500_000, 1_234_567_890_123, *near})
    said = db.rows(str, "SELECT said_size(n) FROM (SELECT unnest(?::BIGINT[]) AS n)", [sizes])
    assert said == [words.size(one) for one in sizes]
    assert db.rows(lambda one: one, "SELECT said_size(NULL::BIGINT)") == [None]


_LONG = "SELECT max(hash(n)) FROM range(1000000000000) numbers(n)"


class _Interrupted:
    """A connection whose queries end as DuckDB ends them on Ctrl-C: it takes Python's own word for that."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        def ends(*_: object) -> None:
            raise RuntimeError("Query interrupted")

        return ends


@pytest.mark.parametrize(
    "ask",
    [
        lambda db: db.run("SELECT 1"),
        lambda db: db.rows(int, "SELECT 1"),
        lambda db: list(db.stream(int, "SELECT 1")),
        lambda db: list(db.frames("SELECT 1")),
        lambda db: _by_a_rule(db),
    ],
)
def test_ctrl_c_ends_a_query_as_it_ends_everything_else(ask: Callable[[Database], object]) -> None:
    """A check that was cut short so was called broken, and the audit went on."""
    with pytest.raises(KeyboardInterrupt):
        ask(Database(_Interrupted(), frozenset()))  # type: ignore[arg-type]


def _by_a_rule(db: Database) -> None:
    with rule_query.limited(db, 60):
        db.con.sql("SELECT 1")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_what_duckdb_says_on_ctrl_c() -> None:
    program = (
        "import duckdb, sys, threading, os, signal\n"
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "con = duckdb.connect()\n"
        "try:\n    while True:\n        con.execute('SELECT max(hash(n)) FROM range(1000000) numbers(n)')\n"
        "except KeyboardInterrupt:\n    print('Query interrupted')\n"
        "except RuntimeError as error:\n    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == "Query interrupted\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_ctrl_c_ends_a_rule_of_which_one_task_takes_long() -> None:
    program = (
        "import duckdb, os, signal, threading, time\n"
        "from auditor.database import connection, rule_query\n"
        "from auditor.model import Severity\n"
        "many = 'range(1000000) a(n), range(1000000) b(m)'\n"
        "long = f'SELECT n AS side, m AS path FROM {many} WHERE hash(n + m) = 1'\n"
        "db = connection.Database(duckdb.connect(), frozenset())\n"
        "asked = rule_query.Asked('', f'({long}) AS rows', long, {}, (), Severity.ERROR, None)\n"
        "for ask in (rule_query.population, rule_query.find):\n"
        "    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    begun = time.monotonic()\n"
        "    try:\n        with rule_query.limited(db, 15):\n            ask(db, asked)\n"
        "    except KeyboardInterrupt:\n        print(time.monotonic() - begun < 10)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout == "True\nTrue\n", ran.stderr


def test_a_rule_that_takes_too_long_is_broken_and_nobody_pressed_anything() -> None:
    db = Database(duckdb.connect(), frozenset())
    with pytest.raises(BadRule, match="took longer than"), rule_query.limited(db, 0.2):
        db.con.sql(_LONG).fetchall()
    with pytest.raises(BadRule, match="took longer than"), rule_query.limited(db, 0.2):
        db.rows(int, _LONG)
