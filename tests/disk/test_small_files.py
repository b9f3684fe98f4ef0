"""Small files that anybody may have written: nothing in them costs more than an OSError or a ValueError."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.disk import small_files


def test_a_file_is_read_whole_and_a_longer_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"x" * 100)
    assert small_files.read(path, 100) == b"x" * 100
    with pytest.raises(OSError, match="larger than 99 bytes"):
        small_files.read(path, 99)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this file system has no FIFOs")
def test_what_is_no_file_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    for name, kind in (("fifo", "a FIFO"), ("zero", "a device"), ("folder", "a folder")):
        with pytest.raises(OSError, match=f"it is {kind}, not a file"):
            small_files.read(tmp_path / name)


def test_a_link_is_followed_only_where_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"x")
    (tmp_path / "link").symlink_to("there")
    assert small_files.read(tmp_path / "link") == b"x"
    with pytest.raises(OSError, match="it is a link, not a file"):
        small_files.read(tmp_path / "link", follow_link=False)


@pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="this file system has no descriptors of folders")
def test_a_name_below_an_open_folder(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"x")
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        assert small_files.read("there", dir_fd=folder) == b"x"
    finally:
        os.close(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"x = " + b"[" * 100_000,
        b"x = " + b"{a=" * 100_000,
        b"x" + b".x" * 200_000 + b" = 1",
        b"x = {" + b'"".' * 200_000 + b"x = 1}",
        b"x = " + b"9" * 5_000,
        b"x = '\xff'",
        b"\xff\xfe",
        b"x = 9999-99-99",
    ],
)
def test_toml_that_is_none_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):
        small_files.parse_toml(content)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5_000, b'"\xff"', b"", b"{"])
def test_json_that_is_none_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):
        small_files.parse_json(content)


@given(st.binary(max_size=200) | st.text(alphabet="=[]{}\"'.,\n#0123456789-:TZabe+", max_size=80).map(str.encode))
def test_any_bytes_are_understood_or_a_value_error(content: bytes) -> None:
    for parse in (small_files.parse_toml, small_files.parse_json):
        with contextlib.suppress(ValueError):
            parse(content)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert small_files.parse_toml(b"\xef\xbb\xbfx = 1") == {"x": 1}
    assert small_files.parse_json(b'\xef\xbb\xbf{"x": 1}') == {"x": 1}


def test_long_words_and_many_quotes_cost_no_time() -> None:
    for text in (b"a" * 1_000_000, b'"' * 1_000_000, b"a." * 40 + b"=" * 100, b"'a" * 500_000):
        with contextlib.suppress(ValueError):
            small_files.parse_toml(text)
