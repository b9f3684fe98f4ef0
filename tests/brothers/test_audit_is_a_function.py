"""An audit is a function of the contents: names of folders and labels, the order of rows, the clock and the number of
workers change no verdict, no status and no finding."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.audit import run as auditing
from auditor.audit.inputs import sides
from auditor.audit.order import Order
from auditor.isolation import pool
from auditor.judge import policy as policies
from auditor.judge import rules as ruling
from auditor.manifest.jsonl import Manifest, Writer, load
from auditor.words import defuse
from tests import media

RULES = ruling.load()
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
FILES = ("path", "status", "verdict", "detail", "backup", "backup_path", "copies", "size_bytes", "taken_at", "sha256")
FINDINGS = ("rule", "severity", "status", "side", "backup", "path")

NAMES = (
    *("sha256=abc", "image_sha256=0", "path=x", "a[1]", "a?", "a*", "**", "{a,b}", "[", "%s", "%20", "$HOME", "~"),
    *("'", '"', '"; DROP TABLE source; --', "it's", "a b", "é ü", "日本", "new\nline", "tab\tname", "-rf", "--"),
    *("=1+1", "a;=1", "\u202egpj", "x.jsonl", "source", "backup", "NULL", "rclone:", "adb:", "a\\b", "<b>", "{{ 7 }}"),
)


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_here(
        function: Callable[[object], object], jobs: Iterable[pool.Job[object]], **_: object
    ) -> Iterator[object]:
        return (function(job.argument) for job in jobs)

    monkeypatch.setattr(pool, "run", run_here)


def _fill(phone: Path, nas: Path, disk: Path) -> None:
    """Every kind of status: identical, moved, other metadata, cut short, missing, swapped, not due."""
    photos = {n: media.jpeg(seed=n) for n in range(1, 8)}
    for folder in (phone, nas, disk):
        (folder / "DCIM").mkdir(parents=True)
    for n, data in photos.items():
        (phone / f"DCIM/IMG_{n}.jpg").write_bytes(data)
    (phone / "notes.txt").write_text("x")
    (nas / "DCIM/IMG_1.jpg").write_bytes(photos[1])
    (nas / "moved.jpg").write_bytes(photos[2])
    (nas / "DCIM/IMG_3.jpg").write_bytes(media.jpeg(seed=3, exif=media.exif(model="Other")))
    (nas / "DCIM/IMG_4.jpg").write_bytes(photos[4][:5000])
    (nas / "DCIM/IMG_5.jpg").write_bytes(photos[6])
    (nas / "DCIM/IMG_6.jpg").write_bytes(photos[5])
    (disk / "DCIM/IMG_1.jpg").write_bytes(photos[1])
    (disk / "DCIM/IMG_4.jpg").write_bytes(photos[4])


Judged = tuple[str, list[tuple[str, ...]], list[tuple[str, ...]]]


def _judged(source: str, backups: list[str], out: Path, now: datetime = NOON, jobs: int = 1) -> Judged:
    """What an audit says, the backups named by their number."""
    ours, theirs = sides(source, backups)
    order = Order(ours, theirs, policies.load("family"), RULES, jobs=jobs, with_thumbnails=False)
    result = auditing.run(order, out, now=lambda: now)
    numbers = {defuse(side.label): str(number) for number, side in enumerate(theirs)}
    tables = []
    for name, columns in (("files.csv", FILES), ("findings.csv", FINDINGS)):
        with (out / name).open(encoding="utf-8", newline="") as stream:
            rows = [{**row, "backup": numbers.get(row["backup"], row["backup"])} for row in csv.DictReader(stream)]
        tables.append(sorted(tuple(row[column] for column in columns) for row in rows))
    return str(result.verdict), tables[0], tables[1]


@pytest.fixture
def lists(tmp_path: Path, one_process: None, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Judged]:
    """Lists of the three places, and what an audit by them says."""
    monkeypatch.chdir(tmp_path)
    _fill(tmp_path / "phone", tmp_path / "nas", tmp_path / "disk")
    found = _judged("phone", ["nas", "disk"], tmp_path / "first")
    assert {row[1] for row in found[1]} >= {"identical", "missing", "not_due"} and found[2]
    for name, made in (("phone", "source"), ("nas", "backup-1"), ("disk", "backup-2")):
        (tmp_path / "first" / f"{made}.jsonl").rename(tmp_path / f"{name}.jsonl")
    return tmp_path, _judged("phone.jsonl", ["nas.jsonl", "disk.jsonl"], tmp_path / "second")


def _anew(manifest: Manifest, to: Path, seed: int, label: str | None = None) -> None:
    rows = list(manifest.rows())
    random.Random(seed).shuffle(rows)
    writer = Writer.create(to, replace(manifest.header, label=label or manifest.header.label))
    for row in rows:
        writer.add(row)
    writer.close(complete=True, now=datetime.fromisoformat(manifest.footer.finished))


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(lists: tuple[Path, Judged], seed: int) -> None:
    here, expected = lists
    (here / "other").mkdir()
    for name in ("phone", "nas", "disk"):
        _anew(load(here / f"{name}.jsonl"), here / "other" / f"{name}.jsonl", seed)
    assert _judged("other/phone.jsonl", ["other/nas.jsonl", "other/disk.jsonl"], here / "out") == expected


@pytest.mark.parametrize("first", range(0, len(NAMES), 9))
def test_no_name_of_a_folder_or_label_changes_anything(lists: tuple[Path, Judged], first: int) -> None:
    here, expected = lists
    names = NAMES[first : first + 9]
    folder = here.joinpath("n", *names)
    folder.mkdir(parents=True)
    for one in ("phone", "nas", "disk"):
        _anew(load(here / f"{one}.jsonl"), folder / f"{one}.jsonl", first, f"{' '.join(names)} {one}")
    words = [str(folder / f"{one}.jsonl") for one in ("phone", "nas", "disk")]
    assert _judged(words[0], words[1:], folder / "out") == expected


def test_neither_the_clock_nor_a_run_before_changes_anything(lists: tuple[Path, Judged]) -> None:
    here, expected = lists
    for hour in (0, 23):
        at = NOON.replace(hour=hour)
        assert _judged("phone.jsonl", ["nas.jsonl", "disk.jsonl"], here / f"at{hour}", at) == expected


def test_the_number_of_workers_and_the_names_of_places_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = []
    for number, (jobs, suffix) in enumerate(((1, ""), (3, " [x] 'y'; sha256=1"))):
        names = [f"{number}{name}{suffix}" for name in ("phone", "nas", "disk")]
        _fill(*(tmp_path / name for name in names))
        found.append(_judged(names[0], names[1:], tmp_path / f"o{number}{suffix}", jobs=jobs))
    assert found[0] == found[1]
