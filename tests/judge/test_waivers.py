"""Waivers and baselines: what people decided about findings, with reason, person and end."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from auditor.database import findings
from auditor.errors import BadPolicy
from auditor.judge import policy, verdict, waivers
from auditor.judge.waivers import Waiver
from tests.tables import found, opened

TODAY = date(2026, 6, 15)
MINE, OTHER = "a" * 64, "b" * 64

GOOD = """
[[waiver]]
rule    = "missing-from-backup"
paths   = ["DCIM/Screenshots/**", "a.jpg"]
reason  = "screenshots are not worth keeping"
by      = "Anna"
expires = 2027-01-31
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "waivers.toml"
    path.write_text(text, "utf-8")
    return path


def test_load(tmp_path: Path) -> None:
    (waiver,) = waivers.load(write(tmp_path, GOOD))
    assert waiver == Waiver(
        "missing-from-backup",
        ("DCIM/Screenshots/**", "a.jpg"),
        None,
        "screenshots are not worth keeping",
        "Anna",
        date(2027, 1, 31),
    )
    assert waivers.load(write(tmp_path, "")) == ()


BAD = {
    "not TOML": ("[[waiver]", "cannot be read"),
    "another table": ("[[waivers]]\n", "written as"),
    "one table only": (GOOD.replace("[[waiver]]", "[waiver]"), "written as"),
    "no rule": (GOOD.replace("rule ", "# rule "), "lacks its 'rule'"),
    "no reason": (GOOD.replace("reason ", "# reason "), "lacks its 'reason'"),
    "an empty reason": (GOOD.replace('"screenshots are not worth keeping"', '"  "'), "lacks its 'reason'"),
    "nobody": (GOOD.replace("by ", "# by "), "lacks its 'by'"),
    "no end": (GOOD.replace("expires ", "# expires "), "needs a day"),
    "an end in words": (GOOD.replace("2027-01-31", '"next year"'), "needs a day"),
    "an end with a clock": (GOOD.replace("2027-01-31", "2027-01-31T12:00:00"), "needs a day"),
    "no files": (GOOD.replace("paths ", "# paths "), "either `paths` or `fingerprint`"),
    "files and a fingerprint": (GOOD + f'fingerprint = "{MINE}"\n', "either `paths` or `fingerprint`"),
    "no paths in the list": (GOOD.replace('["DCIM/Screenshots/**", "a.jpg"]', "[]"), "list of texts"),
    "one path, no list": (GOOD.replace('["DCIM/Screenshots/**", "a.jpg"]', '"a.jpg"'), "list of texts"),
    "a number for a fingerprint": (GOOD.replace("paths ", "# paths ") + "fingerprint = 7\n", "must be a text"),
    "a key that means nothing": (GOOD + 'until = "ever"\n', "mean nothing: until"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_bad_waivers_are_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadPolicy, match=words) as error:
        waivers.load(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_waivers_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match=r"none\.toml cannot be read"):
        waivers.load(tmp_path / "none.toml")


def waiver(
    *paths: str, rule: str = "missing-from-backup", fingerprint: str | None = None, expires: date = TODAY
) -> Waiver:
    return Waiver(rule, paths, fingerprint, "a reason", "Anna", expires)


PATHS = ("a.jpg", "DCIM/a.jpg", "DCIM/Screenshots/b.png", "DCIM/Screenshots/2024/c.png", "DCIM/+[x].jpg")
MATCHES = {
    "a whole path": (waiver("a.jpg"), {"a.jpg"}),
    "a star stays within a folder": (waiver("DCIM/*"), {"DCIM/a.jpg", "DCIM/+[x].jpg"}),
    "two stars do not": (
        waiver("DCIM/Screenshots/**"),
        {"DCIM/Screenshots/b.png", "DCIM/Screenshots/2024/c.png"},
    ),
    "several": (waiver("a.jpg", "DCIM/a.jpg"), {"a.jpg", "DCIM/a.jpg"}),
    "letters that mean something elsewhere": (waiver("DCIM/+[x].jpg"), {"DCIM/+[x].jpg"}),
    "a fingerprint": (waiver(fingerprint=MINE), {"a.jpg"}),
    "another rule": (waiver("**", rule="damaged-in-backup"), set()),
    "another fingerprint": (waiver(fingerprint="c" * 64), set()),
    "nothing of that name": (waiver("b.jpg"), set()),
    "expired yesterday": (waiver("**", expires=date(2026, 6, 14)), set()),
}


@pytest.mark.parametrize(("one", "waived"), MATCHES.values(), ids=MATCHES)
def test_which_findings_are_waived(one: Waiver, waived: set[str]) -> None:
    db = opened()
    for path in PATHS:
        found(db, path=path, fingerprint=MINE if path == "a.jpg" else OTHER)
    found(db, path=None, rule="old-list", fingerprint="d" * 64)
    words = waivers.apply(db, [one], TODAY)
    rows = db.con.execute("SELECT path, waiver_reason, waiver_by FROM findings WHERE status = 'waived'").fetchall()
    assert {path for path, _, _ in rows} == waived
    assert all((reason, by) == ("a reason", "Anna") for _, reason, by in rows)
    assert bool(words) == (not waived)


def test_a_waiver_that_does_nothing_is_said() -> None:
    db = opened()
    found(db, path="a.jpg")
    expired, unused = waivers.apply(db, [waiver("a.jpg", expires=date(2026, 6, 14)), waiver("b.jpg")], TODAY)
    assert "expired on 2026-06-14: its findings count again" in expired
    assert "matches no finding: take it out" in unused


def test_the_last_day_still_counts() -> None:
    db = opened()
    found(db, path="a.jpg")
    assert waivers.apply(db, [waiver("a.jpg", expires=TODAY)], TODAY) == ()


def test_a_file_is_waived_when_all_its_findings_are() -> None:
    family = policy.load("family")
    pairs = [{"path": name, "backup": "nas", "status": "missing"} for name in ("a.jpg", "b.jpg")]
    db = opened([{"path": "a.jpg"}, {"path": "b.jpg"}], pairs, proof=family.proof)
    found(db, path="a.jpg")
    found(db, path="b.jpg")
    found(db, path="b.jpg", rule="damaged-in-backup")
    waivers.apply(db, [waiver("*")], TODAY)
    partition = verdict.judge_files(db, family)
    assert (partition.due, partition.waived, partition.not_safe) == (2, 1, 1)


def test_baseline(tmp_path: Path) -> None:
    path = tmp_path / "known.txt"
    path.write_text(f"# seen in May\n{MINE}  # a.jpg\n\n", "utf-8")
    known = waivers.load_baseline(path)
    assert known == (MINE,)
    db = opened()
    found(db, path="a.jpg", fingerprint=MINE)
    found(db, path="b.jpg", fingerprint=OTHER)
    found(db, path="c.jpg", fingerprint=MINE, status="waived")
    findings.mark_known(db, known)
    assert db.con.execute("SELECT path, status FROM findings ORDER BY path").fetchall() == [
        ("a.jpg", "known"),
        ("b.jpg", "new"),
        ("c.jpg", "waived"),
    ]


def test_a_baseline_never_changes_the_verdict() -> None:
    family = policy.load("family")
    db = opened([{"path": "a.jpg"}], [{"path": "a.jpg", "backup": "nas", "status": "missing"}], proof=family.proof)
    found(db, path="a.jpg", fingerprint=MINE)
    findings.mark_known(db, [MINE])
    assert verdict.judge_files(db, family).not_safe == 1


BAD_BASELINES = {
    "a path": ("DCIM/a.jpg\n", "is not a fingerprint"),
    "too short": ("abc\n", "is not a fingerprint"),
    "capitals": ("A" * 64 + "\n", "is not a fingerprint"),
}


@pytest.mark.parametrize(("text", "words"), BAD_BASELINES.values(), ids=BAD_BASELINES)
def test_bad_baseline_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "known.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(BadPolicy, match=words) as error:
        waivers.load_baseline(path)
    assert "\n" not in str(error.value)
