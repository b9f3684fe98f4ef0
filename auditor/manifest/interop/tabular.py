"""Lists as tables: CSV in and out, and the JSON of `rclone lsjson --hash`."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from auditor import words
from auditor.dates import ns_or_none, rfc3339
from auditor.disk import small_files
from auditor.errors import BadManifest
from auditor.manifest.interop import of_place
from auditor.manifest.interop.cells import NOTHING, is_no_name
from auditor.manifest.interop.columns import (
    agree,
    digest_kind,
    is_of_a_second_place,
    is_size_of_a_side,
    is_whole,
    reads_well,
)
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

_ABOVE = re.compile(r'"?(?:sep=(?P<separator>[,;\t])|#TYPE [^\r\n]*?)"?[ ,;\t]*\r?\n', re.IGNORECASE)
"""A line that Excel and PowerShell write above the titles: how the cells are parted, or of what they are."""
_OF_ANY_KIND = {"hash", "algorithm"}
"""Columns that hold a digest, and of which kind it is, as PowerShell's `Get-FileHash` has it."""

_MOST_SHOWN = 40
"""How much is said of a title or a cell."""

_MEND = "take the column out if it is about something else, or list the files again with sha256sum or `auditor scan`"

_FORMULA = re.compile(f"[{words.SIGNS}\t\r\n\0']")


def looks_like_csv(head: bytes) -> bool:
    """Whether the first line is one of column names with a path and a digest or size among them."""
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    above = _ABOVE.match(text)
    first = text[above.end() if above else 0 :].split("\n", 1)[0]
    names = {name.strip().strip('"').lower() for name in re.split(r"[,;\t]", first)}
    has_digests = bool(names & {*DIGESTS, *_SIZES, "sha-256", "sha-1"}) or names >= _OF_ANY_KIND
    return len(names) > 1 and bool(names & set(_NAMES)) and has_digests


def read_csv(path: Path, content: bytes) -> Listed:
    """The rows of a CSV with a header; comma, semicolon or tab.

    Raises: BadManifest where no column holds names, a path has two contents, or it is a table of judgements of ours.
    """
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    above = _ABOVE.match(text)
    text = text[above.end() :] if above else text
    first = text.split("\n", 1)[0]
    delimiter = (above and above["separator"]) or max(",;\t", key=first.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        titles = next(table, [])
    except csv.Error as error:
        raise BadManifest(f"{path} is no table: its first row cannot be read ({error})") from error
    header = [name.strip().lower() for name in titles]
    columns = {name.replace("sha-", "sha"): position for position, name in enumerate(header)}
    # A remark of ours is a title too, with whatever words. Nothing stands under it.
    others = [(at, title) for at, title in enumerate(titles) if not title.strip().startswith(of_place.MARK)]
    digested = [(at, kind) for at, title in others if (kind := digest_kind(title)) is not None]
    of_sides = [(at, title) for at, title in others if is_size_of_a_side(title)]
    heard = {at for at, _ in of_sides}
    known = [(at, title, says) for at, title in others if at not in heard and (says := reads_well(title))]
    heard |= {at for at, _, _ in known}
    unknown = [(at, title) for at, title in enumerate(titles) if at not in heard]
    of_seconds = {title for _, title in others if is_of_a_second_place(title)}
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
    # In a table of our own, names are escaped where they are no text; in others a backslash is a backslash.
    name_of = path_shown if tuple(header[: len(_COLUMNS)]) == _COLUMNS else str
    rows, unclear = [], []
    if any(_ran_on(title, delimiter) for title in titles):
        unclear.append("the row of titles runs on into the next lines, as after a quotation mark that nothing closes")
    disproved: set[str] = set()
    unheard: dict[str, None] = {}
    doubted: dict[str | None, tuple[int, str]] = {}
    doubts: Counter[str | None] = Counter()
    nameless: list[tuple[int, str]] = []
    try:
        for number, values in enumerate(table, 3 if above else 2):
            if len(values) != len(header):
                if values:
                    unclear.append(f"row {number} has {len(values)} columns, not {len(header)}")
                    if len(values) > named:
                        disproved.add(row(name_of(_unguarded(values[named])), {}).path)
                continue
            if any(_ran_on(cell, delimiter) for cell in values):
                # The rows in it are not known: not that they are there, nor that a cell behind it is this file's.
                unclear.append(
                    f"row {number} runs on into the next lines, as after a quotation mark that nothing closes"
                )
                own = values[named]
                own = re.split(f"[\\r\\n{delimiter}]", own)[0] if _ran_on(own, delimiter) else own
                rows.append(row(name_of(_unguarded(own)), {}))
                disproved.add(rows[-1].path)
                continue
            digests = {kind: values[columns[kind]].strip() for kind in DIGESTS if kind in columns}
            if not digests and columns.keys() >= _OF_ANY_KIND:
                kind = values[columns["algorithm"]].strip().lower().replace("-", "")
                digests = {kind: values[columns["hash"]].strip()}
            size = size_of(values[sized].strip()) if sized is not None else None
            mtime = ns_or_none(values[dated]) if dated is not None else None
            rows.append(row(name_of(_unguarded(values[named])), digests, size, mtime))
            if name_of is not path_shown and is_no_name(values[named].strip().lower()):
                disproved.add(rows[-1].path)
                nameless.append((number, values[named].strip()))
            for title, said in (*_against(values, named, digested, known), *_not_whole(values, sized, of_sides)):
                disproved.add(rows[-1].path)
                doubted.setdefault(title, (number, said))
                doubts[title] += 1
            unheard.update((title, None) for at, title in unknown if values[at].strip() or title in of_seconds)
    except csv.Error as error:
        unclear.append(f"the table cannot be read to its end: {error}")
    if unheard:
        disproved.update(one.path for one in rows)
        unclear.append(_of_unheard(list(unheard)))
    if nameless:
        unclear.append(_of_no_name(*nameless[0], len(nameless)))
    unclear += [_of_doubt(title, *cell, doubts[title]) for title, cell in doubted.items()]
    return listed(rows, unclear, of_place.said_in(titles, path), str(path), disproved)


def _ran_on(cell: str, delimiter: str) -> bool:
    """Whether a cell may hold rows of its table: it has a line break, as names and captions may have too, and what
    parts the cells of a row."""
    return ("\n" in cell or "\r" in cell) and delimiter in cell


def _against(
    values: Sequence[str],
    named: int,
    digested: Sequence[tuple[int, str]],
    known: Sequence[tuple[int, str, Callable[[str, str], bool]]],
) -> Iterator[tuple[str | None, str]]:
    """The cells of a row that are not known to be no word against its file, each with its title; None for digests that
    cannot all be of one file."""
    if not agree([(kind, values[at].strip()) for at, kind in digested]):
        yield None, ""
    own = values[named].strip()
    for at, title, is_good in known:
        if not is_good(*(unicodedata.normalize("NFC", text.strip()).lower() for text in (values[at], own))):
            yield title, values[at].strip()


def _not_whole(
    values: Sequence[str], sized: int | None, of_sides: Sequence[tuple[int, str]]
) -> Iterator[tuple[str, str]]:
    """The sizes of one side in a row, each with its title, that are not that of the whole file."""
    own = "" if sized is None else values[sized].strip()
    of_other = next((said for at, _ in of_sides if (said := values[at].strip()).lower() not in NOTHING), "")
    for at, title in of_sides:
        said = values[at].strip()
        sizes = {own} if own.lower() not in NOTHING else {"", of_other}
        if not all(is_whole(title, said.lower(), size.lower()) for size in sizes):
            yield title, said


def _of_unheard(titles: Sequence[str]) -> str:
    those = "the column" if len(titles) == 1 else "the columns"
    return (
        f"what {those} {' and '.join(map(_shown, titles))} may say against a file is not known here, so no row of the"
        f" table proves a copy; {_MEND}"
    )


def _of_no_name(number: int, said: str, rows: int) -> str:
    return (
        f"{_which(number, rows)} says {_shown(said) if said else 'nothing'} where a file is to be named: it proves none"
    )


def _which(number: int, rows: int) -> str:
    return f"row {number}, the first of {rows} such," if rows > 1 else f"row {number}"


def _of_doubt(title: str | None, number: int, said: str, rows: int) -> str:
    which = _which(number, rows)
    if title is None:
        return f"{which} states digests that cannot all be its file's, which proves nothing"
    told = _shown(said) if said else "nothing"
    return f"{which} says {told} under {_shown(title)}, which is not known to be good, and proves nothing; {_MEND}"


def _shown(text: str) -> str:
    return repr(display_path(text)[:_MOST_SHOWN])


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
