"""Whatever lies in the place of a small file (a FIFO, a device, no end, no text, no bottom): one sentence, or no id."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.cleanup import journal, phone, plan
from auditor.errors import AuditorError
from auditor.judge import policy, rules, waivers
from auditor.manifest.interop import foreign, sums
from auditor.manifest.jsonl import load, looks_like_manifest
from auditor.places.folder import open_folder
from auditor.report import provenance
from auditor.store.generations import Store
from tests import commandline, media

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this file system has no FIFOs")


def _write(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


HOSTILE: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a folder": lambda path: path.mkdir(),
    "without end": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 5 << 40),
    "no UTF-8": _write(b"x = '\xff\xfe'"),
    "deep": _write(b"x = " + b"[" * 100_000),
    "deep JSON": _write(b'{"verdict":' + b"[" * 100_000),
    "deep names": _write(b"x" + b".x" * 100_000 + b" = 1"),
    "a number without end": _write(b"x = " + b"9" * 10_000),
    "a JSON number without end": _write(b'{"verdict":' + b"9" * 10_000 + b"}"),
    "NUL": _write(b"\0" * 100),
    "a list": _write(b"[1, 2]"),
    "wrong types": _write(b'id = [1]\nverdict = 1\nwaiver = "x"\nsource = 7\nscope = 3\nrule = {}\n'),
    "wrong types in JSON": _write(b'{"verdict": [1], "sentence": {}, "policy": 7}'),
}


def _rule(path: Path) -> object:
    return rules.load([path.parent])


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "policy": ("p.toml", lambda path: policy.load(str(path))),
    "waivers": ("w.toml", waivers.load),
    "baseline": ("b.txt", waivers.load_baseline),
    "rule": ("x.sql", _rule),
    "plan": ("plan.csv", plan.read),
    "journal of a clean-up": (".auditor/journal/clean-1.journal", journal.read),
    "the audit's copies": ("audit.json", phone._min_copies),
    "the audit's doubts": ("audit.json", phone._doubts),
    "safe-to-delete": ("safe-to-delete.csv", lambda path: phone._wanted(path, {}) and 1 / 0),
    "manifest": ("x.jsonl", load),
    "another tool's list": ("x.csv", foreign.read),
    "the seal": ("SHA256SUMS", lambda path: provenance.check(path.parent)),
    "bag": ("bagit.txt", lambda path: sums.bag_version(path.with_name("manifest-sha256.txt")) and None),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("reader", READERS)
def test_a_small_file_that_is_none_is_one_sentence(tmp_path: Path, reader: str, what: str) -> None:
    name, read = READERS[reader]
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    HOSTILE[what](path)
    try:
        read(path)
    except AuditorError as error:
        assert "\n" not in str(error) and str(error).strip()
    else:
        # A table without a line frees nothing; a bag that is no bag is a list of digests.
        assert reader in ("safe-to-delete", "bag"), "it was taken for one"


@pytest.mark.parametrize("what", HOSTILE)
def test_a_place_record_that_is_none_leaves_a_place_without_an_id(tmp_path: Path, what: str) -> None:
    (tmp_path / ".auditor").mkdir()
    before = open_folder(str(tmp_path)).id
    HOSTILE[what](tmp_path / ".auditor/place.toml")
    place = open_folder(str(tmp_path))
    assert place.id == before and place.sources is None
    try:
        assert Store(tmp_path).marker() is None and what == "a link to nothing"
    except AuditorError as error:
        assert "\n" not in str(error) and "place.toml" in str(error)


def test_what_is_no_list_is_not_taken_for_one(tmp_path: Path) -> None:
    for number, make in enumerate(HOSTILE.values()):
        make(tmp_path / f"{number}")
        assert not looks_like_manifest(tmp_path / f"{number}")
        assert foreign.detect(tmp_path / f"{number}") is None


@pytest.mark.parametrize("what", ["a FIFO", "a device", "deep", "without end"])
def test_the_commands_say_so_and_stop(tmp_path: Path, what: str) -> None:
    for name in ("p", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(media.jpeg(seed=1))
    (tmp_path / "b/.auditor").mkdir()
    HOSTILE[what](tmp_path / "b/.auditor/place.toml")
    run = commandline.auditor("audit", "p", "b", "-o", "o", cwd=tmp_path)
    assert run.code == 0, run.err
    assert "b was judged without the record that it has of itself: " in run.out and "place.toml" in run.out
    run = commandline.auditor("backup", "p", "b", cwd=tmp_path)
    assert run.code == 2 and "place.toml" in run.err and "itself failed" not in run.err
    (tmp_path / "o/audit.json").unlink()
    HOSTILE[what](tmp_path / "o/audit.json")
    run = commandline.auditor("report", "o", cwd=tmp_path)
    assert run.code == 2 and "audit.json cannot be read" in run.err
