"""Lists of hashdeep, in and out. Source: hashdeep 4.4, FILEFORMAT."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from auditor.errors import BadManifest, BadOutput
from auditor.manifest.interop import of_place
from auditor.manifest.interop.listed import Listed, is_piece, listed, of_piece
from auditor.manifest.interop.sums import need
from auditor.model import FileFacts
from auditor.paths import display_path, path_key
from auditor.places.foreign_rows import row, size_of

MAGIC = b"%%%% HASHDEEP-1.0"
_OURS = ("sha256", "md5", "sha1")
_AUDIT_FAILED = b": Audit failed"
_OF_ALL = re.compile(rb"[^\\/:]+: Audit (passed|failed)| *[A-Za-z ]+: [0-9]+")
"""What an audit says of all files together: its outcome, by the name that the tool was called under, and counts."""

_OF_ONE = re.compile(rb".*: (No match|Known file not used|Moved from .*)", re.DOTALL)


def read(path: Path, content: bytes) -> Listed:
    """The rows of a hashdeep list. What `hashdeep -a` said of it, where that stands there too, counts: a file that is
    not as listed is proven by no row; none is where it says that there are such files, and not which.

    Raises: BadManifest where its columns are not said.
    """
    columns: list[str] = []
    rows, unclear, remarks = [], [], []
    disproved: set[str] = set()
    is_failed = is_named = False
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = raw.removesuffix(b"\r")
        if line.startswith(b"%%%% size,"):
            columns = line[5:].decode("ascii", "replace").split(",")
            if columns[-1] != "filename" or len(set(columns)) < len(columns):
                raise BadManifest(f"{path}, line {number}: hashdeep's columns end with `filename`, each named once")
        elif line.startswith((b"#", b"%%%%")):
            remarks.append(line.lstrip(b"#").decode("utf-8", "replace"))
            is_named |= bool(_OF_ONE.fullmatch(line))  # of a file whose name begins so
            disproved |= _not_as_listed(line)
        elif line:
            if not columns:
                raise BadManifest(f"{path}, line {number}: hashdeep's line of columns (%%%% size,...) is missing")
            values = line.split(b",", len(columns) - 1)
            if len(values) != len(columns) or not values[0].isdigit():
                unclear.append(f"line {number} is no line of a hashdeep list")
                is_failed |= line.endswith(_AUDIT_FAILED)
                is_named |= bool(_OF_ONE.fullmatch(line))
                disproved |= _not_as_listed(line)
                continue
            told = dict(zip(columns, values, strict=True))
            name = told.pop("filename").decode("utf-8", "surrogateescape")
            size = size_of(told.pop("size"))
            rows.append(row(name, {kind: digest.decode("ascii", "replace") for kind, digest in told.items()}, size))
            if is_piece(rows[-1].path):
                disproved.add(rows[-1].path)
                unclear.append(of_piece(number))
    if is_failed and not is_named:
        disproved = {one.path for one in rows}
    return listed(rows, unclear, of_place.said_in(remarks, path), str(path), disproved)


def _not_as_listed(line: bytes) -> set[str]:
    """The files of which `hashdeep -a -vv` says that they are not as listed (`NAME: No match`, `NAME: Known file not
    used`, `NAME: Moved from ...`), or hashdeep that it cannot read them: whatever in the line may be the name."""
    if (line.endswith(b": Ok") and b": Moved from " not in line) or _OF_ALL.fullmatch(line):
        return set()
    names = (line[: found.start()] for found in re.finditer(b": ", line))
    return {row(name.decode("utf-8", "surrogateescape"), {}).path for name in names}


def write(rows: Iterable[FileFacts], digests: Collection[str], remark: str | None = None) -> Iterator[bytes]:
    """Lines for `hashdeep -a -k LIST -r -l .`; its names begin with `./` as it writes them then. `remark` is one line.

    Raises: BadOutput where the list has no digest that hashdeep knows, or a row lacks its size or a digest, or has a
    newline in its name, which cannot be held.
    """
    kinds = [kind for kind in _OURS if kind in set(digests)]
    if not kinds:
        raise BadOutput(
            f"hashdeep's format holds {', '.join(_OURS)}, and the list has {' and '.join(digests) or 'no digests'};"
            " write it as csv, or list the files themselves with `auditor scan PLACE`"
        )
    yield MAGIC + b"\n%%%% size," + ",".join(kinds).encode() + b",filename\n## written by auditor\n"
    yield (f"## {remark}\n" if remark else "").encode() + b"##\n"
    for facts in rows:
        name = path_key(facts.path)
        if b"\n" in name or b"\r" in name or facts.size_bytes is None:
            raise BadOutput(f"hashdeep's format cannot hold {display_path(facts.path)!r} (no size, or a newline in it)")
        values = [str(facts.size_bytes), *(need(facts, kind) for kind in kinds)]
        yield ",".join(values).encode() + b",./" + name + b"\n"
