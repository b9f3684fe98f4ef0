"""Lists of hashdeep, in and out. Source: hashdeep 4.4, FILEFORMAT."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from auditor.errors import BadManifest, BadOutput
from auditor.manifest.interop import of_place
from auditor.manifest.interop.listed import Listed, listed
from auditor.manifest.interop.sums import need
from auditor.model import FileFacts
from auditor.paths import display_path, path_key
from auditor.places.foreign_rows import row, size_of

MAGIC = b"%%%% HASHDEEP-1.0"
_OURS = ("sha256", "md5", "sha1")


def read(path: Path, content: bytes) -> Listed:
    """The rows of a hashdeep list. Raises: BadManifest where its columns are not said."""
    columns: list[str] = []
    rows, unclear, remarks = [], [], []
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = raw.removesuffix(b"\r")
        if line.startswith(b"%%%% size,"):
            columns = line[5:].decode("ascii", "replace").split(",")
            if columns[-1] != "filename" or len(set(columns)) < len(columns):
                raise BadManifest(f"{path}, line {number}: hashdeep's columns end with `filename`, each named once")
        elif line.startswith(b"#"):
            remarks.append(line.lstrip(b"#").decode("utf-8", "replace"))
        elif line and not line.startswith(b"%%%%"):
            if not columns:
                raise BadManifest(f"{path}, line {number}: hashdeep's line of columns (%%%% size,...) is missing")
            values = line.split(b",", len(columns) - 1)
            if len(values) != len(columns) or not values[0].isdigit():
                unclear.append(f"line {number} is no line of a hashdeep list")
                continue
            told = dict(zip(columns, values, strict=True))
            name = told.pop("filename").decode("utf-8", "surrogateescape")
            size = size_of(told.pop("size"))
            rows.append(row(name, {kind: digest.decode("ascii", "replace") for kind, digest in told.items()}, size))
    return listed(rows, unclear, of_place.said_in(remarks, path), str(path))


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
