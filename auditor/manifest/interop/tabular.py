"""Lists as tables: CSV in and out, and the JSON of `rclone lsjson --hash`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from auditor import words
from auditor.dates import ns_or_none, rfc3339
from auditor.disk import small_files
from auditor.errors import BadManifest
from auditor.manifest.interop import of_place
from auditor.manifest.interop.listed import Listed, listed, merged
from auditor.model import DIGESTS, FileFacts
from auditor.paths import display_path, path_key, path_shown
from auditor.places.foreign_rows import HEX, lsjson_row, row, size_of

_NAMES = ("path", "relative_path", "filepath", "filename", "file", "name")
_SIZES = ("size_bytes", "size", "bytes", "length")
_DATES = ("mtime", "modified", "date_modified", "modtime")
_COLUMNS = ("path", "size_bytes", "mtime", *DIGESTS)
_OF_JUDGEMENT = (
    *({"status", "verdict"}, {"backups", "read_at"}),  # of an audit: of the phone's files
    *({"relation", "keep"}, {"action", "kept_path"}),  # of a search for duplicates: of several places at once
    {"path", "result", "size_bytes", "mtime", "sha256", "detail"},  # of a drill: of what was to come back
)
"""Columns by which a table of this program is known that says what became of files, and lists no place. Other
tools have some of them too."""

_NO_ERROR = frozenset({"", "0", "-", "none", "ok", "no", "false", "no error", "no errors", "n/a", "null", "nan"})
_GOOD = frozenset(
    {
        *("", "-", "ok", "original", "new", "verified", "valid", "pass", "passed", "success", "successful"),
        *("succeeded", "good", "match", "matched", "identical", "equal", "same", "copied", "complete", "completed"),
        *("present", "exists", "done", "hashed", "unchanged", "yes", "true"),
    }
)
_OUTCOMES = {
    **dict.fromkeys(("error", "errors"), _NO_ERROR),
    # 0 is the number of no error, and of no.
    **dict.fromkeys(("status", "result", "action", "outcome", "state", "verification"), _GOOD | {"0"}),
    **dict.fromkeys(("verified", "valid", "match", "success", "exists"), _GOOD | {"1"}),
}
"""Columns in which a tool that copies or checks says what became of a file, and what stands there of one that is as
its digest says; what any other word means, nobody knows here."""

_NO_OUTCOME = frozenset({"at", "by", "date", "time", "until", "province"})

_FORMULA = re.compile(f"[{words.SIGNS}\t\r\n\0']")


def looks_like_csv(head: bytes) -> bool:
    """Whether the first line is one of column names with a path and a digest or size among them."""
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    names = {name.strip().strip('"').lower() for name in re.split(r"[,;\t]", first)}
    return len(names) > 1 and bool(names & set(_NAMES)) and bool(names & {*DIGESTS, *_SIZES, "sha-256", "sha-1"})


def read_csv(path: Path, content: bytes) -> Listed:
    """The rows of a CSV with a header; comma, semicolon or tab.

    Raises: BadManifest where no column holds names, a path has two contents, or it is a table of judgements of ours.
    """
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        titles = next(table, [])
    except csv.Error as error:
        raise BadManifest(f"{path} is no table: its first row cannot be read ({error})") from error
    header = [name.strip().lower() for name in titles]
    columns = {name.replace("sha-", "sha"): position for position, name in enumerate(header)}
    digested = [(at, kind) for at, name in enumerate(header) if (kind := name.replace("sha-", "sha")) in DIGESTS]
    if any(told <= {name.replace(" ", "_") for name in columns} for told in _OF_JUDGEMENT):
        raise BadManifest(
            f"{path} says what auditor found out about files, and is no list of a place: by it a phone would be its own"
            " backup; name a list (backup-1.jsonl of an audit's folder, or what `auditor scan` writes)"
        )
    named = next((columns[name] for name in _NAMES if name in columns), None)
    if named is None:
        raise BadManifest(f"{path} is no list of files: none of its columns is called {', '.join(_NAMES)}")
    sized = next((columns[name] for name in _SIZES if name in columns), None)
    dated = next((columns[name] for name in _DATES if name in columns), None)
    outcomes = [(at, good) for at, name in enumerate(header) for good in _outcomes(name)]
    # In a table of our own, names are escaped where they are no text; in others a backslash is a backslash.
    name_of = path_shown if tuple(header[: len(_COLUMNS)]) == _COLUMNS else str
    rows, unclear = [], []
    disproved: set[str] = set()
    try:
        for number, values in enumerate(table, 2):
            if len(values) != len(header):
                if values:
                    unclear.append(f"row {number} has {len(values)} columns, not {len(header)}")
                    if len(values) > named:
                        disproved.add(row(name_of(_unguarded(values[named])), {}).path)
                continue
            digests = {kind: values[columns[kind]].strip() for kind in DIGESTS if kind in columns}
            size = size_of(values[sized].strip()) if sized is not None else None
            mtime = ns_or_none(values[dated]) if dated is not None else None
            rows.append(row(name_of(_unguarded(values[named])), digests, size, mtime))
            if any(values[at].strip().lower() != digests[kind].lower() for at, kind in digested):
                disproved.add(rows[-1].path)
                unclear.append(f"row {number} has two digests of one kind, of which nobody knows which is the file's")
            for at, good in outcomes:
                if (said := values[at].strip()).lower() not in good:
                    disproved.add(rows[-1].path)
                    unclear.append(f"row {number} says {display_path(said)[:40]!r} of its file, which proves nothing")
    except csv.Error as error:
        unclear.append(f"the table cannot be read to its end: {error}")
    return listed(rows, unclear, of_place.said_in(titles, path), str(path), disproved)


def _outcomes(name: str) -> list[frozenset[str]]:
    """By each word of a column's name that it says what became of files, what stands there of good ones: `Copy status`,
    `hash_match`; none of one that ends with when or by whom: `verified at`."""
    words_of = re.findall("[a-z]+", name)
    if not words_of or words_of[-1] in _NO_OUTCOME:
        return []
    return [_OUTCOMES[word] for word in words_of if word in _OUTCOMES]


def write_csv(rows: Iterable[FileFacts], remark: str | None = None) -> Iterator[bytes]:
    """A CSV of path, size, date and digests that no spreadsheet runs as a formula; `read_csv` reads the same names.

    Names that begin as a formula does have `'` before them; what else would act in one is written as `\\x1b`.
    `remark` is the name of a further column, which is empty: so it stays when rows are sorted or taken out.
    """
    further = [remark] if remark else []
    yield _csv_row([*_COLUMNS, *further])
    for facts in rows:
        date = "" if facts.mtime_ns is None else rfc3339(facts.mtime_ns)
        size = "" if facts.size_bytes is None else str(facts.size_bytes)
        digests = (facts.digests.get(kind, "") for kind in DIGESTS)
        cells = (digest if HEX.fullmatch(digest) else "" for digest in digests)
        yield _csv_row([_cell(facts.path), size, date, *cells, *("" for _ in further)])


def _csv_row(cells: Iterable[str]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def looks_like_lsjson(head: bytes) -> bool:
    """Whether a file begins as the listing of `rclone lsjson` does."""
    return re.match(rb'\s*\[\s*(\]|\{\s*"(?:Path|Name)")', head.removeprefix(b"\xef\xbb\xbf")) is not None


def read_lsjson(path: Path, content: bytes) -> Listed:
    """The rows of a listing by rclone. Raises: BadManifest where it is cut off: then nothing of it is known."""
    try:
        items = small_files.parse_json(content)
        rows = [lsjson_row(item) for item in items if not item.get("IsDir")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = str(error) if isinstance(error, ValueError) else "an entry of it names no file"
        raise BadManifest(f"{path} is no whole listing of `rclone lsjson` ({said}); make it again") from error
    return Listed(merged(rows, str(path)))


def _cell(path: str) -> str:
    """A name as `path_shown(_unguarded(...))` reads it back, and as no spreadsheet acts on it."""
    name = display_path(path)
    if words.acts(name):
        name = words.escaped(path_key(path).replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace"))
    return "'" + name if _FORMULA.match(name) else name


def _unguarded(name: str) -> str:
    return name[1:] if name.startswith("'") and _FORMULA.match(name[1:]) else name
