"""Small files of ours in which a field is absent, of another type, or one too many: a sentence in the words of the
file, never those of Python."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.cleanup import journal, phone, plan, undo
from auditor.disk import marker
from auditor.errors import AuditorError, BadManifest
from auditor.judge import policy, rules, waivers
from auditor.manifest import jsonl, rows
from auditor.model import FileFacts
from tests.manifest.test_jsonl import header

PYTHON = re.compile(
    r"__|argument|NoneType|object is|subscript|unhashable|iterable|instance|isoformat|literal for|must be str|KeyError"
    r"|\('\w+'\)|not a valid|concatenate|unpack|attribute|indices|\bdict\b|\bTrue\b|\bFalse\b|\bNone\b"
)
"""What only Python says."""

SHA = "0e" * 32
VALUES: tuple[object, ...] = (7, -7, True, None, "x", "", [1], [[]], {"a": 1}, [{"a": 1}], 1.5)
AT = "2026-06-15T00:00:00.000000Z"
BEGIN: dict[str, Any] = {
    "begin": 1,
    "path": "a.jpg",
    "sha256": SHA,
    "size_bytes": 5,
    "mtime_ns": 1,
    "target": ".auditor/quarantine/x/a.jpg",
    "kept": [{"place": "/k", "path": "a.jpg", "sha256": SHA}],
    "at": AT,
}
PLACE: dict[str, Any] = {
    "id": "one",
    "layout": "mirror",
    "generation": 1,
    "source": [{"id": "s", "label": "phone", "folder": "", "files": 1, "bytes": 2, "listed": ""}],
}
POLICY: dict[str, Any] = {
    "id": "p",
    "version": "1",
    "title": "P",
    "scope": {"kinds": ["photo"]},
    "proof": {"status": ["identical"], "min_copies": 1},
    "backups": {"off_site": ["x"]},
    "rules": {"skip": [], "severity": {"x": "info"}},
    "params": {"a": 1},
}
WAIVER: dict[str, Any] = {
    "waiver": [{"rule": "r", "reason": "x", "by": "me", "paths": ["a"], "expires": "2030-01-01"}],
}
CASES: dict[str, Any] = {
    "rule": "x",
    "defaults": {"kind": "photo"},
    "fail": {"one": {"source": [{"path": "a"}], "params": {"a": 1}, "expect": ["a"]}},
    "pass": {"two": {"source": [{"path": "a"}]}},
}
RULE = 'id = "x"\nversion = "1"\ntitle = "x"\nseverity = "info"\nverdict = "none"\nmessage = "x"\n'
ROW: dict[str, Any] = {
    "path": "a.jpg",
    "size_bytes": 5,
    "mtime": "2026-06-15T00:00:00Z",
    "mtime_trusted": True,
    "changed": "2026-06-15T00:00:00Z",
    "sha256": SHA,
    "kind": "photo",
    "soundness": "sound",
    "checked": ["hash"],
    "damage": [{"code": "x", "detail": "y"}],
    "notes": ["x"],
    "digest_origin": "read",
    "error": "x",
    "error_kind": "unreadable",
    "origins": [{"source": "s", "path": "b", "sha256": SHA, "seen": "x"}],
}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _toml(value: object) -> bytes:
    assert isinstance(value, dict)
    return "".join(f"{key} = {_inline(one)}\n" for key, one in value.items()).encode()


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    text = json.dumps(value)
    return text.strip('"') if re.fullmatch(r'"\d{4}-\d\d-\d\d"', text) else text


def _journal(path: Path) -> None:
    undo.purge(path, timedelta(0))
    undo.undo(path)


def _cases(path: Path) -> object:
    rule = rules.Rule.__new__(rules.Rule)
    object.__setattr__(rule, "id", "x")
    object.__setattr__(rule, "path", path.with_name("x.sql"))
    return rules.cases(rule)


HEAD = json.loads(rows.canonical(rows.header_row(header(schema=rows.SCHEMA, sources={"a": "b"}))))
FOOT = {"row": "footer", "files": 1, "bytes": 1, "digest": SHA, "finished": AT, "complete": True, "reasons": ["x"]}
START = _json({"format": journal.FORMAT}) + b"\n"

READERS: dict[str, tuple[str, dict[str, Any], Callable[[object], bytes], Callable[[Path], object]]] = {
    "place record": ("place.toml", PLACE, _toml, lambda path: marker.parse(path.read_bytes(), path)),
    "journal": (".auditor/journal/clean-1.journal", BEGIN, lambda v: START + _json(v) + b"\n", _journal),
    "end of a journal": (
        ".auditor/journal/clean-1.journal",
        {"moved": 1, "at": AT},
        lambda v: START + _json(BEGIN) + b"\n" + _json(v) + b"\n",
        _journal,
    ),
    "audit": ("audit.json", {"policy": {"params": {"min_copies": 1}}}, _json, phone._min_copies),
    "doubts": (
        "audit.json",
        {"provenance": {"maybe_exchanged": [{"list": "backup-1.jsonl", "why": "a", "remedy": "b"}]}},
        _json,
        phone._doubts,
    ),
    "policy": ("p.toml", POLICY, _toml, lambda path: policy.load(str(path))),
    "waivers": ("w.toml", WAIVER, _toml, waivers.load),
    "cases of a rule": ("x.test.toml", CASES, _toml, _cases),
    "header": ("x.jsonl", HEAD, _json, lambda path: rows.header_from(json.loads(path.read_bytes()), path)),
    "footer": ("x.jsonl", FOOT, _json, lambda path: rows.footer_from(json.loads(path.read_bytes()), path)),
    "row": ("x.jsonl", ROW, _json, lambda path: rows.from_row(json.loads(path.read_bytes()))),
}


def _spoilt(value: Any) -> Iterator[Any]:
    """The same with one value gone, another one, or one too many, at any depth."""
    if isinstance(value, dict):
        yield {**value, "more": 1}
        for key, one in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: other} for other in (*VALUES, *_spoilt(one)))
    elif isinstance(value, list):
        yield []
        for number, one in enumerate(value):
            for other in (*VALUES, *_spoilt(one)):
                yield [*value[:number], other, *value[number + 1 :]]


@pytest.mark.parametrize("reader", READERS)
def test_a_field_that_is_none_is_told_in_words(reader: str, tmp_path: Path) -> None:
    name, good, written, read = READERS[reader]
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(good))
    read(path)
    told = 0
    for spoilt in ({}, *_spoilt(good)):
        content = written(spoilt)
        if written is _toml and b"null" in content:
            continue  # TOML has none
        path.write_bytes(content)
        try:
            read(path)
        except AuditorError as error:
            told += 1
            said = str(error).replace(str(tmp_path), "")
            assert "\n" not in said and not PYTHON.search(said), said
    assert told > 3


@pytest.mark.parametrize("data", [b"", b"created = ''\n"])
def test_a_place_record_without_its_keys_says_which(data: bytes) -> None:
    with pytest.raises(
        AuditorError, match=r"^place\.toml cannot be understood: it has no id; put it back from another"
    ):
        marker.parse(data, Path("place.toml"))


def test_a_row_without_its_path_is_named_with_list_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.jsonl"
    writer = jsonl.Writer.create(path, header())
    writer.add(FileFacts("a.jpg"))
    monkeypatch.setattr(jsonl, "to_row", lambda facts: {"kind": "photo"})
    writer.add(FileFacts("b.jpg"))
    writer.close(complete=True)
    with pytest.raises(BadManifest, match=rf"^{re.escape(str(path))}, line 3: a row cannot be read: it has no path;"):
        list(jsonl.load(path).rows())


@pytest.mark.parametrize("line", ["remove", "remove,/p", "remove,/p,a.jpg", f"remove,/p,a.jpg,{SHA},/k", "x" * 5])
def test_a_line_of_a_plan_that_is_too_short_is_told_in_words(line: str, tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text(",".join(plan.NEEDED) + "\n" + line + "\n", "utf-8")
    with pytest.raises(AuditorError, match="line 2") as told:
        plan.read(tmp_path / "plan.csv")
    assert not PYTHON.search(str(told.value))
