from __future__ import annotations

import os
import re
import shlex
from datetime import UTC, timedelta, timezone
from pathlib import Path

import pytest

from auditor import data as shipped
from auditor import words as text


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (None, ""), (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (3_217_000, "3.2 MB"),
        (9_949_000, "9.9 MB"), (9_990_000, "10 MB"), (999_499, "999 kB"), (999_600, "1.0 MB"),
        (64_000_000_000, "64 GB"), (1_234_000_000_000_000_000, "1,234 PB"),
    ],
)  # fmt: skip
def test_sizes_read_as_people_say_them(size_bytes: int | None, words: str) -> None:
    assert text.size(size_bytes) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "about 10 seconds"), (44, "about 40 seconds"), (94, "about 90 seconds"), (96, "about 2 minutes"),
        (240, "about 4 minutes"), (5_990, "about 100 minutes"), (6_001, "about 2 hours"), (86_400, "about 24 hours"),
    ],
)  # fmt: skip
def test_how_long_work_takes_reads_as_people_say_it(seconds: float, words: str) -> None:
    assert text.about(seconds) == words


@pytest.mark.parametrize(
    ("stamp", "zone", "words"),
    [
        ("2026-06-15T10:00:00Z", timezone(timedelta(hours=2)), "15 June 2026, 12:00 (UTC+2)"),
        ("2026-06-15T10:00:00.123456Z", UTC, "15 June 2026, 10:00 (UTC)"),
        ("2026-01-01T00:10:00Z", timezone(-timedelta(hours=3, minutes=30)), "31 December 2025, 20:40 (UTC-3:30)"),
        ("2026-06-15T10:00:00", UTC, "15 June 2026, 10:00"),
        ("0001-01-01T00:00:00Z", timezone(-timedelta(hours=3)), "0001-01-01T00:00:00Z"),
        ("yesterday\x1b", UTC, "yesterday<U+001B>"),
        ("", UTC, ""),
        (None, UTC, ""),
    ],
)
def test_moments_have_the_month_in_words_and_their_offset(stamp: str | None, zone: timezone, words: str) -> None:
    assert text.moment(stamp, zone) == words


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell's quotes")
def test_a_word_of_a_command_is_quoted_so_that_a_person_can_read_it() -> None:
    assert text.typed("Anna's phone") == '"Anna\'s phone"'
    assert text.typed("Anna phone") == "'Anna phone'"
    for word in ("it's $HOME", "it's `id`", 'it\'s "x"', "it's \\", "it's !1", "it's", "x'y", "", "-it's", "a\nb's"):
        assert shlex.split(text.typed(word)) == [word]
        assert text.typed(word)[0] == "'" or not set(word) & set('$`"\\!')


def test_a_share_is_said_as_people_say_it() -> None:
    shares = (0, 0.00001, 0.0004, 0.025, 0.03, 0.0996, 0.6, 1)
    assert [text.percent(s) for s in shares] == ["0%", "0.01%", "0.04%", "2.5%", "3%", "10%", "60%", "100%"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("IMG_1.jpg", "IMG_1.jpg"), ("a\u202eb", "a<U+202E>b"), ("a\x1b[0m", "a<U+001B>[0m"), ("a\nb", "a<U+000A>b"),
        ("a\udcff", "a\\xff"), ("a\ud800", "a<U+D800>"), ("a\x85b", "a<U+0085>b"), ("e\u0301\u200d", "e\u0301\u200d"),
        ("a\U000e0041", "a<U+E0041>"), ("<b>&", "<b>&"),
    ],
)  # fmt: skip
def test_what_would_act_is_shown(name: str, shown: str) -> None:
    assert text.visible(name) == shown


def test_counts_and_nouns() -> None:
    assert text.count(12345) == "12,345"
    assert text.counted(1, "file", "files") == "1 file"
    assert text.counted(12345, "file", "files") == "12,345 files"
    assert text.taken("2026-05-03T18:02:11") == "2026-05-03 18:02"
    assert text.taken(None) == ""


def test_per_cent_is_written_one_way_and_in_one_place() -> None:
    """`60%`, made by `words`: a part of a whole reads as all of it only where it is."""
    assert [text.percent_of(part, 1000) for part in (0, 6, 600, 999, 1000)] == ["0%", "0%", "60%", "99%", "100%"]
    elsewhere = re.compile(r"[\d}] %(?!d)|\d%}")  # `{share} %`, `70 %`, `{share:.0%}`
    said = [*shipped.folder("rules").rglob("*.sql"), *Path(text.__file__).parent.rglob("*.py")]
    assert not [
        f"{path.name}: {line}"
        for path in said
        for line in path.read_text("utf-8").splitlines()
        if elsewhere.search(line)
    ]
