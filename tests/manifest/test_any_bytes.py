"""Another tool's list, whatever bytes it holds: rows, or one sentence that says why there are none."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import BadManifest
from auditor.manifest.interop import foreign, hashdeep, mhl, sums, tabular
from auditor.manifest.interop.listed import Listed
from auditor.manifest.jsonl import load
from auditor.manifest.rows import canonical, from_row, to_row
from auditor.model import MOST_BYTES
from tests import commandline, media

NOW = datetime(2026, 6, 15, tzinfo=UTC)
SHA = "a" * 64

READERS: dict[str, Callable[[Path, bytes], Listed]] = {
    "sums": sums.read,
    "bag": lambda path, content: sums.read(path, content, "1.0"),
    "hashdeep": hashdeep.read,
    "mhl": mhl.read,
    "lsjson": tabular.read_lsjson,
    "csv": tabular.read_csv,
}

SEEDS = {
    "sums": [
        f"{SHA}  a.jpg\n".encode(),
        f"\\{SHA}  a\\nb\\\\.jpg\n".encode(),
        f"SHA256 (a.jpg) = {SHA}\n".encode(),
        f"# auditor phone list 1\n# stat 5 1 ./a.jpg\n{SHA}  ./a.jpg\n# files 1\n# end 1\n".encode(),
        b"UNSUPPORTED  a.jpg\n",
    ],
    "hashdeep": [f"%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n5,{SHA[:32]},{SHA},./a.jpg\n".encode()],
    "mhl": [
        b'<?xml version="1.0"?><hashlist version="2.0"><hashes><hash><path size="5" '
        b'lastmodificationdate="2024-01-01T00:00:00+00:00">a.jpg</path><md5>' + b"a" * 32 + b"</md5></hash></hashes>"
        b"</hashlist>"
    ],
    "lsjson": [
        json.dumps(
            [
                {
                    "Path": "a.jpg",
                    "Size": 5,
                    "ModTime": "2024-01-01T00:00:00.5Z",
                    "IsDir": False,
                    "Hashes": {"sha256": SHA},
                }
            ]
        ).encode()
    ],
    "csv": [
        f"path,size_bytes,mtime,sha256,md5,sha1,quickxor,dropbox\r\na.jpg,5,2024-01-01T00:00:00Z,{SHA},,,,\r\n".encode(),
        f"Name;Size;SHA-256\r\n'=a.jpg;5;{SHA}\r\n".encode(),
    ],
}
SEEDS["bag"] = SEEDS["sums"]

PIECES = (
    *(
        b"\xff",
        b"\x00",
        b"\r",
        b"\n",
        b'"',
        b",",
        b";",
        b"\\",
        b"/",
        b"..",
        b"\xc2\xb2",
        b"\xd9\xa3",
        b"-",
        b"9" * 5000,
    ),
    *(
        b"[" * 3000,
        b"<a>" * 3000,
        b"{",
        b"}",
        b"&#0;",
        b"\\x80",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"9999-12-31T23:59:59-23:00",
    ),
    *(
        b"0001-01-01T00:00:00+23:00",
        b"1e999",
        b"NaN",
        b"18446744073709551616",
        b"9223372036854775808",
        b"true",
        b"null",
    ),
)


@st.composite
def spoilt(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A list that a tool could have written, with pieces cut out, doubled and put in."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        end = draw(st.integers(at, min(len(content), at + 40)))
        content = content[:at] + draw(st.sampled_from((*PIECES, content[at:end] * 2))) + content[end:]
    return content


@pytest.mark.parametrize("name", READERS)
def test_any_bytes_are_rows_or_one_sentence(name: str) -> None:
    @settings(max_examples=150, deadline=None)
    @given(spoilt(SEEDS[name]) | st.binary(max_size=120))
    def check(content: bytes) -> None:
        _rows_or_sentence(READERS[name], content)

    check()


def _rows_or_sentence(read: Callable[[Path, bytes], Listed], content: bytes) -> None:
    try:
        listed = read(Path("list.txt"), content)
    except BadManifest as error:
        assert str(error).count("\n") == 0
        return
    for facts in listed.rows:
        assert facts.size_bytes is None or 0 <= facts.size_bytes <= MOST_BYTES
        assert from_row(json.loads(canonical(to_row(facts)))).path == facts.path, "its row can be written and read"


def test_half_a_pair_of_utf_16_in_a_name_is_a_row_like_any_other() -> None:
    _rows_or_sentence(tabular.read_lsjson, SEEDS["lsjson"][0].replace(b"a.jpg", b"a\\ud800.jpg"))


DEEP = {
    "a list that nests": (b'[{"Path":' + b"[" * 200_000, "lsjson"),
    "a list of what is no entry": (b'[{"Path":"a.jpg"},7]', "lsjson"),
    "an entry without a name": (b'[{"Path":"a.jpg"},{"Size":1}]', "lsjson"),
    "a hash list that nests": (b"<hashlist>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</hashlist>", "mhl"),
    "a table whose header is too long": (b"path,sha256," + b"x" * 200_000 + b"\na,b,c\n", "csv"),
    "a table whose header goes on in the next line": (b'"path\n",sha256\na,b\n', "csv"),
    "no column for names": (f"%%%% HASHDEEP-1.0\n%%%% size,sha256\n9,{SHA}\n".encode(), "hashdeep"),
    "a column twice": (b"%%%% HASHDEEP-1.0\n%%%% size,size,filename\n9,9,a\n", "hashdeep"),
}


@pytest.mark.parametrize("which", DEEP)
def test_what_no_tool_writes_is_one_sentence(which: str) -> None:
    content, name = DEEP[which]
    try:
        READERS[name](Path("list.txt"), content)
    except BadManifest as error:
        assert "\n" not in str(error)
        assert not re.search("recursion|object|unicode|'Path'", str(error)), "Python's words for it"


@pytest.mark.parametrize("size", ["²", "٣", "9" * 5000, "9223372036854775808", "-1", "1.5", "0x10"])
def test_a_size_that_is_none_is_not_known(size: str) -> None:
    table = f"path,size,sha256\na.jpg,{size},{SHA}\n".encode()
    assert [facts.size_bytes for facts in tabular.read_csv(Path("a.csv"), table).rows] == [None]
    listed = mhl.read(Path("a.mhl"), SEEDS["mhl"][0].replace(b'"5"', f'"{size}"'.encode()))
    assert [facts.size_bytes for facts in listed.rows] == [None]


def test_a_date_beyond_the_calendar_is_not_known() -> None:
    listed = mhl.read(
        Path("a.mhl"), SEEDS["mhl"][0].replace(b"2024-01-01T00:00:00+00:00", b"9999-12-31T23:59:59-23:00")
    )
    assert [facts.mtime_ns for facts in listed.rows] == [None]
    table = f"path,mtime,sha256\na.jpg,9999-12-31T23:59:59-23:00,{SHA}\n".encode()
    assert [facts.mtime_ns for facts in tabular.read_csv(Path("a.csv"), table).rows] == [None]


ROW = {"path": "a.jpg", "kind": "photo", "size_bytes": 5, "sha256": SHA, "mtime": "2024-01-01T00:00:00Z"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(2**62, 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
COLUMNS = (
    *("path", "path_bytes", "size_bytes", "mtime", "mtime_trusted", "kind", "sha256", "damage", "notes", "checked"),
    *("soundness", "digest_origin", "error", "error_kind", "origins", "changed", "sidecar", "latitude", "width"),
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(COLUMNS), JSON, max_size=4))
def test_a_row_of_ours_is_one_or_a_sentence(spoilt: dict[str, object]) -> None:
    try:
        from_row({**ROW, **spoilt})
    except BadManifest as error:
        assert "\n" not in str(error).replace(str(spoilt), "")


HEAD = {
    "row": "header",
    "schema": 3,
    "tool": "x",
    "place": "x",
    "place_id": "x",
    "label": "x",
    "place_kind": "folder",
    "depth": "hash",
    "started": "2026-06-15T00:00:00Z",
    "columns": ["path"],
}
FOOT = {
    "row": "footer",
    "files": 0,
    "bytes": 0,
    "digest": "",
    "finished": "2026-06-15T00:00:00Z",
    "complete": True,
    "reasons": [],
}
FIELDS = (*HEAD, *FOOT, "device", "previous", "sources", "digests", "exclusions")


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3), st.booleans())
def test_a_manifest_of_ours_is_one_or_a_sentence(spoilt: dict[str, object], in_footer: bool) -> None:
    head, foot = (HEAD, {**FOOT, **spoilt}) if in_footer else ({**HEAD, **spoilt}, FOOT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        path.write_text(json.dumps(head) + "\n" + json.dumps(foot) + "\n", "utf-8")
        with pytest.raises(BadManifest):  # its digest is not right at least
            load(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this file system has no FIFOs")
def test_a_list_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.csv")
    assert foreign.detect(tmp_path / "x.csv") is None
    with pytest.raises(BadManifest, match="it is a FIFO"):
        load(tmp_path / "x.csv")


def test_a_hostile_list_is_one_sentence_to_the_user(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p/a.jpg").write_bytes(media.jpeg(seed=1))
    (tmp_path / "c.json").write_bytes(b'[{"Path":' + b"[" * 200_000)
    run = commandline.auditor("audit", "p", "c.json", "-o", "o", cwd=tmp_path)
    assert run.code == 2 and "no whole listing" in run.err and "itself failed" not in run.err
