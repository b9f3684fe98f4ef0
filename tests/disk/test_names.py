"""Names: the escape is reversible, what it gives can be held, no path leaves its root; and marks keep things apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.copier.layout import Layout, Namer, month_of, natural_path
from auditor.disk.names import MACOS, POSIX, WINDOWS, NameRules, escape, parts_inside, unescape
from auditor.errors import BadManifest
from auditor.model import FileFacts

ASCII_FAT = NameRules(
    forbidden=WINDOWS.forbidden, windows_words=True, utf8_only=True, ascii_only=True, one_case=True, counts_utf16=True
)

names = (
    st.binary(min_size=1, max_size=60)
    .filter(lambda b: b"/" not in b and b"\0" not in b and b not in (b".", b".."))
    .map(lambda b: b.decode("utf-8", "surrogateescape"))
)


@given(names, st.sampled_from([WINDOWS, ASCII_FAT, MACOS]))
def test_an_escaped_name_gives_back_the_original(name: str, rules: NameRules) -> None:
    assert unescape(escape(name, rules)) == name


@given(names, st.sampled_from([WINDOWS, ASCII_FAT]))
def test_an_escaped_name_can_be_held(name: str, rules: NameRules) -> None:
    held = escape(name, rules)
    assert not set(held) & rules.forbidden
    assert held[-1] not in ". "
    assert held.split(".")[0].lower() not in {"con", "aux", "nul", "prn", "com1", "lpt9"}
    assert not rules.ascii_only or held.isascii()
    held.encode("utf-8")


@pytest.mark.parametrize(
    ("name", "rules", "held"),
    [
        ("IMG:1.jpg", WINDOWS, "IMG%3A1.jpg"),
        ("IMG:1.jpg", POSIX, "IMG:1.jpg"),
        ("50%.jpg", WINDOWS, "50%.jpg"),
        ("%3A.jpg", WINDOWS, "%253A.jpg"),
        ("CON.jpg", WINDOWS, "%43ON.jpg"),
        ("console.jpg", WINDOWS, "console.jpg"),
        ("end.", WINDOWS, "end%2E"),
        ("\u00e9.jpg", ASCII_FAT, "%C3%A9.jpg"),
        ("\udcff.jpg", WINDOWS, "%FF.jpg"),
        ("\udcff.jpg", POSIX, "\udcff.jpg"),
    ],
)
def test_escape(name: str, rules: NameRules, held: str) -> None:
    assert escape(name, rules) == held


def test_a_name_too_long_is_cut_and_stays_its_own() -> None:
    a, b = "x" * 300 + "1.jpg", "x" * 300 + "2.jpg"
    assert len(escape(a, POSIX)) <= 255 and escape(a, POSIX).endswith(".jpg")
    assert escape(a, POSIX) != escape(b, POSIX)


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../x", "a//b", "", ".", "a/./b", "a\0b"])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(BadManifest):
        parts_inside(path)


@given(st.lists(names, min_size=2, max_size=12), st.sampled_from([POSIX, WINDOWS, MACOS, ASCII_FAT]))
def test_no_two_files_get_one_path(paths: list[str], rules: NameRules) -> None:
    namer = Namer(rules, Layout.MIRROR, "")
    given_ = [namer.place(p, f"{n:064x}", None, None, ()) for n, p in enumerate(paths)]
    keys = [rules.key(path) for path in given_]
    assert len(set(keys)) == len(keys)
    assert not any(a != b and b.startswith(a + "/") for a in keys for b in keys)


def test_a_file_and_a_folder_of_one_name_are_both_kept() -> None:
    namer = Namer(WINDOWS, Layout.MIRROR, "")
    assert namer.place("album", "a" * 64, None, None, ()) == "album"
    assert namer.place("Album/x.jpg", "b" * 64, None, None, ()) == "Album~/x.jpg"


@pytest.mark.parametrize(
    ("path", "taken", "month"),
    [
        ("x.jpg", "2024-05-06T07:08:09", "2024/05"),
        ("IMG-20190102-WA0001.jpg", None, "2019/01"),
        ("PXL_20230910_123456789.MP.jpg", None, "2023/09"),
        ("Screenshot_2021-12-31-23-59-59.png", None, "2021/12"),
        ("20240230.jpg", None, "2024/02"),
        ("IMG_0001.jpg", None, None),
        ("1234567890123.jpg", None, None),
        ("x.jpg", "0000-00-00T00:00:00", None),
        ("x.mp4", "1904-01-01T00:00:00", None),
        ("20991345.jpg", None, None),
    ],
)
def test_month(path: str, taken: str | None, month: str | None) -> None:
    assert month_of(path, FileFacts(path, taken_at=taken)) == month


def test_natural_path_of_by_date() -> None:
    dated, undated = FileFacts("a/b.jpg", taken_at="2020-02-03T00:00:00"), FileFacts("a/c.txt")
    assert natural_path("a/b.jpg", Layout.BY_DATE, "phone", dated) == "phone/2020/02/b.jpg"
    assert natural_path("a/c.txt", Layout.BY_DATE, "", undated) == "undated/a/c.txt"
