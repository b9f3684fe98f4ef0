"""Rows as canonical JSON and back: whatever a file is called and whatever stands in it."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.dates import mtime_ns, rfc3339
from auditor.errors import BadManifest
from auditor.manifest import rows
from auditor.manifest.rows import canonical, from_row, to_row
from auditor.model import Damage, DigestOrigin, ErrorKind, FileFacts, Fixity, Kind, Origin, Soundness, Tier, Trouble
from auditor.paths import display_path, path_key, path_of, path_shown

PATHS = st.one_of(
    st.binary(min_size=1, max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.text(min_size=1, max_size=60).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)),
    st.lists(st.sampled_from(["\\", "\\x", "ff", "x0", "\udcff", "a", "\n", "\x00", "/"]), min_size=1, max_size=8).map(
        "".join
    ),
)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
# Years 1 to 9999: others have no date.
DATES = st.integers(-62_135_596_800 * 10**9, 253_402_300_799 * 10**9 + 999_999_999)
HEX = st.text("0123456789abcdef", min_size=16, max_size=64)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


ORIGINS = st.builds(Origin, source=TEXTS, path=PATHS, sha256=HEX, mtime_ns=maybe(DATES), seen=TEXTS)
FACTS = st.builds(
    FileFacts,
    path=PATHS,
    size_bytes=maybe(st.integers(0, 2**63 - 1)),
    mtime_ns=DATES,
    mtime_trusted=st.booleans(),
    read_at=maybe(TEXTS),
    digest_origin=maybe(st.sampled_from(DigestOrigin)),
    digests=st.dictionaries(st.sampled_from(rows.DIGESTS), HEX),
    head_sha256=maybe(HEX),
    kind=st.sampled_from(Kind),
    width=maybe(st.integers(0, 2**32)),
    duration_s=maybe(NUMBERS),
    camera_make=maybe(TEXTS),
    latitude=maybe(NUMBERS),
    phash_turned=st.lists(HEX, max_size=7).map(tuple),
    soundness=maybe(st.sampled_from(Soundness)),
    checked=st.lists(st.sampled_from(Tier), max_size=4).map(tuple),
    damage=st.lists(st.builds(Damage, TEXTS, TEXTS, maybe(st.integers(0))), max_size=3).map(tuple),
    notes=st.lists(TEXTS, max_size=3).map(tuple),
    sidecar=maybe(PATHS),
    companion_of=maybe(PATHS),
    origins=st.lists(ORIGINS, max_size=2).map(tuple),
    fixity=st.none() | st.sampled_from(Fixity),
    edited=st.booleans(),
    file_id=maybe(TEXTS),
    changed_ns=maybe(DATES),
    error=maybe(st.builds(Trouble, st.sampled_from(ErrorKind), TEXTS)),
)


@given(FACTS)
def test_any_row_survives_and_is_the_same_again(facts: FileFacts) -> None:
    line = canonical(to_row(facts))
    assert "\n" not in line
    again = from_row(json.loads(line))
    assert again == facts
    assert canonical(to_row(again)) == line


def test_every_fact_survives() -> None:
    facts = FileFacts(
        path="a.jpg",
        size_bytes=1,
        mtime_ns=1_500_000_000_123_456_789,
        mtime_trusted=False,
        read_at="2026-01-01T00:00:00Z",
        digest_origin=DigestOrigin.READ,
        digests=dict.fromkeys(rows.DIGESTS, "0f"),
        head_sha256="0f",
        kind=Kind.PHOTO,
        format="jpeg",
        width=2,
        height=3,
        duration_s=1.5,
        taken_at="2020-01-01T00:00:00",
        taken_offset="+02:00",
        taken_subsec="12",
        camera_make="A",
        camera_model="B",
        orientation=6,
        latitude=-1.5,
        longitude=2.5,
        image_id="C",
        image_sha256="0e",
        coded_sha256="0c",
        phash="0123456789abcdef",
        phash_turned=("a",) * 7,
        soundness=Soundness.DAMAGED,
        checked=(Tier.HASH, Tier.DECODE),
        damage=(Damage("truncated", "cut", 5), Damage("x", "y")),
        notes=("n",),
        sidecar="a.xmp",
        companion_of="b.jpg",
        origins=(Origin("s", "p", "0f", 1, "2026"),),
        fixity=Fixity.ROTTED,
        stored_sha256="0f",
        edited=True,
        file_id="1:2",
        changed_ns=1,
        error=Trouble(ErrorKind.UNSUPPORTED, "x"),
    )
    assert not [f.name for f in fields(FileFacts) if getattr(facts, f.name) in (None, ())], "a new fact: add it here"
    assert from_row(json.loads(canonical(to_row(facts)))) == facts


@given(st.lists(PATHS, min_size=2, max_size=2, unique=True))
def test_two_paths_are_never_shown_alike(paths: list[str]) -> None:
    assert display_path(paths[0]) != display_path(paths[1])
    assert [path_shown(display_path(path)) for path in paths] == paths


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("DCIM/Фото.jpg", "DCIM/Фото.jpg"),
        ("back\\slash.jpg", "back\\slash.jpg"),
        ("raw\udcff.jpg", "raw\\xff.jpg"),
        ("raw\\xff.jpg", "raw\\\\xff.jpg"),
        ("a\\b\udcfe", "a\\\\b\\xfe"),
        ("a\0b", "a\\x00b"),
    ],
)
def test_how_paths_are_shown(path: str, shown: str) -> None:
    assert display_path(path) == shown
    assert path_shown(shown) == path


def test_half_a_utf16_pair_is_no_crash() -> None:
    raw = path_key("a\ud800b")
    assert raw == b"a\xed\xa0\x80b"
    assert path_key(path_of(raw)) == raw
    json.dumps(canonical(to_row(FileFacts("a\ud800b")))).encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(PATHS, st.text(st.characters(), max_size=20), st.floats())
def test_no_text_or_number_of_a_file_stops_duckdb(tmp_path: Path, path: str, text: str, number: float) -> None:
    facts = FileFacts(
        path,
        camera_make=text,
        latitude=number,
        notes=(text,),
        damage=(Damage("x", text),),
        error=Trouble(ErrorKind.UNREADABLE, text),
    )
    file = tmp_path / "one.jsonl"
    line = canonical(to_row(facts))
    assert "\\u0000" not in line.replace("\\\\", "")
    file.write_text(line + "\n", encoding="utf-8", newline="")
    found = duckdb.sql(
        f"SELECT path FROM read_json('{file}', format = 'newline_delimited', columns = {{path: 'VARCHAR'}})"
    )
    assert found.fetchall() == [(display_path(path),)]
    from_row(json.loads(line))


def test_numbers_that_are_none_are_left_out() -> None:
    facts = FileFacts("a", latitude=math.nan, longitude=math.inf, duration_s=1.0)
    again = from_row(json.loads(canonical(to_row(facts))))
    assert again == replace(facts, latitude=None, longitude=None)


@given(DATES)
def test_dates_survive_to_the_nanosecond(moment: int) -> None:
    assert mtime_ns(rfc3339(moment)) == moment


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (1_500_000_000_500_000_000, "2017-07-14T02:40:00.5Z"),
        (-62_135_596_800 * 10**9, "0001-01-01T00:00:00Z"),
    ],
)
def test_how_dates_are_written(moment: int, text: str) -> None:
    assert rfc3339(moment) == text


def test_a_date_that_no_calendar_has_is_not_known() -> None:
    row = to_row(FileFacts("a", mtime_ns=2**63 + 10**21))
    assert "mtime" not in row and "mtime_trusted" not in row


BAD_ROWS = {
    "no path": {"size_bytes": 1},
    "path is no text": {"path": 1},
    "path bytes are no hex": {"path": "a", "path_bytes": "xyz"},
    "size is text": {"path": "a", "size_bytes": "1"},
    "kind": {"path": "a", "kind": "picture"},
    "date": {"path": "a", "mtime": "yesterday"},
    "date is a number": {"path": "a", "mtime": 5},
    "checked is text": {"path": "a", "checked": "hash"},
    "tier": {"path": "a", "checked": ["all"]},
    "soundness": {"path": "a", "soundness": "good"},
    "damage is text": {"path": "a", "damage": ["broken"]},
    "damage without a word": {"path": "a", "damage": [{"detail": "x"}]},
    "notes is a number": {"path": "a", "notes": 5},
    "origin without its place": {"path": "a", "origins": [{"path": "b"}]},
    "latitude is text": {"path": "a", "latitude": "north"},
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_row_that_is_none_is_refused(case: str) -> None:
    with pytest.raises(BadManifest):
        from_row(BAD_ROWS[case])


def test_columns_of_a_newer_version_are_passed_over() -> None:
    assert from_row({"path": "a", "aura": "blue"}) == FileFacts("a")


def test_the_first_schemas_image_digest_finds_and_proves_nothing() -> None:
    facts = FileFacts("a.jpg", image_sha256="0e")
    assert rows.of_today(facts, 1) == FileFacts("a.jpg", coded_sha256="0e")
    assert rows.of_today(facts, rows.SCHEMA) is facts


def test_an_earlier_image_digest_is_never_compared_as_todays() -> None:
    """It left out more; what is coded is found again as before."""
    facts = FileFacts("a.jpg", image_sha256="0e", coded_sha256="0c")
    assert rows.of_today(facts, 2) == FileFacts("a.jpg", coded_sha256="0c")
