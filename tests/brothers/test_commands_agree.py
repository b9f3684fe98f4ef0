"""A search for two commands that judge the same bytes differently.

A phone and a backup with every kind of trouble at once; every pair of commands in both orders. What a command calls
safe must be so on the disk now, and no other command may call it bad. Only where the disk does not keep when its files
were changed may a file be excused that was not read in that run, and said to be so. What became of the backup's own
files is told by whichever command looks first.
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest
from PIL import Image

from auditor.dates import utc
from auditor.disk.volume import volume_of
from auditor.manifest.jsonl import load
from tests import media
from tests.commandline import call
from tests.copier.runs import OLD_S, write

PHONE, DISK, CAMERA = Path("phone"), Path("disk"), "DCIM/Camera"

Run = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True)
class Told:
    """What one command said: the phone's files that are safe by it, those that are not, files of the backup that went
    bad, and what its words were. `may_go`: the phone's files that it would let go. `unread`: the safe ones of which it
    did not read both sides."""

    name: str
    code: int
    words: str
    safe: frozenset[str] = frozenset()
    unsafe: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    bad_copies: frozenset[str] = frozenset()
    copies: Mapping[str, str] = field(default_factory=dict)
    may_go: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()

    def could_not_know(self, path: str) -> bool:
        """Whether nothing but reading this file could have told, and it was not read, and that was said."""
        said = "not read again in this run" in self.words
        return path in self.unread and said and not all(volume_of(one).keeps_changes for one in (PHONE, DISK))


def shot(seed: int) -> bytes:
    return media.jpeg(seed, (1200, 900), exif=media.exif(taken=f"2024:05:{seed + 1:02d} 10:00:00", make="Maker"))


TROUBLES = (
    "clean",
    "lost",
    "rotted",
    "cut",
    "swapped_a",
    "swapped_b",
    "moved",
    "broken",
    "stripped",
    "optimised",
    "new",
)

HARMED = ("lost", "rotted", "cut", "swapped_a", "swapped_b", "stripped")
"""What was done to the backup's own files, and whoever looks at them first tells."""


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two folders after a first backup, with a trouble a file, in `work`; `saved` beside it is what it began as.

    Tests work where the backup was made, in the very folders: a phone that lies elsewhere is another phone.
    """
    folder = tmp_path_factory.mktemp("agree") / "work"
    folder.mkdir()
    for seed, name in enumerate(TROUBLES):
        content = shot(seed)
        write(folder / PHONE / CAMERA / f"{name}.jpg", content[: len(content) // 2] if name == "broken" else content)
    (folder / PHONE / CAMERA / "new.jpg").rename(folder / "new.jpg")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("AUDITOR_CACHE_DIR", str(folder / "cache"))
        patch.setenv("AUDITOR_STATE_DIR", str(folder / "state"))
        patch.setattr("sys.argv", ["auditor", "backup", "phone", "disk", "--no-audit", "-q"])
        from auditor import cli

        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
    camera = folder / DISK / CAMERA
    (folder / "new.jpg").rename(folder / PHONE / CAMERA / "new.jpg")
    (camera / "lost.jpg").unlink()
    rotted = bytearray((camera / "rotted.jpg").read_bytes())
    rotted[len(rotted) // 2] ^= 0xFF
    write(camera / "rotted.jpg", bytes(rotted))
    write(camera / "cut.jpg", (camera / "cut.jpg").read_bytes()[:3000])
    (camera / "swapped_a.jpg").rename(camera / "x")
    (camera / "swapped_b.jpg").rename(camera / "swapped_a.jpg")
    (camera / "x").rename(camera / "swapped_b.jpg")
    (folder / DISK / "Album").mkdir()
    (camera / "moved.jpg").rename(folder / DISK / "Album/moved.jpg")
    stripped = media.jpeg(TROUBLES.index("stripped"), (1200, 900))
    write(camera / "stripped.jpg", stripped, OLD_S + 86_400)
    with Image.open(folder / PHONE / CAMERA / "optimised.jpg") as picture:
        small = media.encoded(picture.resize((900, 675)), "JPEG", quality=85, exif=picture.getexif())
    write(folder / PHONE / CAMERA / "optimised.jpg", small, OLD_S + 86_400)
    shutil.copytree(folder, folder.with_name("saved"))
    return folder


@pytest.fixture
def begin(seeded: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Brings the two folders back to their beginning, and works there."""

    def begin() -> None:
        monkeypatch.chdir(seeded)
        for one in seeded.iterdir():
            for path in one.iterdir() if one.is_dir() else ():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for left in (one for one in seeded.iterdir() if one.name not in ("phone", "disk", "cache", "state")):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        shutil.copytree(seeded.with_name("saved"), seeded, dirs_exist_ok=True)
        monkeypatch.setenv("AUDITOR_STATE_DIR", str(seeded / "state"))

    return begin


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def on_disk() -> dict[str, set[str]]:
    """The backup's files by content, as they are now."""
    found: dict[str, set[str]] = {}
    for path in DISK.rglob("*"):
        if path.is_file() and ".auditor" not in path.parts:
            found.setdefault(digest(path), set()).add(path.relative_to(DISK).as_posix())
    return found


def of_report(name: str, code: int, words: str, folder: Path, began: str) -> Told:
    assert folder.is_dir(), (name, code, words)
    read = {
        one: {row.path for row in load(folder / f"{one}.jsonl").rows() if (row.read_at or "") >= began}
        for one in ("source", "backup-1")
    }
    with (folder / "files.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    findings = [json.loads(line) for line in (folder / "findings.jsonl").read_text("utf-8").splitlines()]
    with (folder / "safe-to-delete.csv").open(encoding="utf-8", newline="") as stream:
        may_go = frozenset(row["path"] for row in csv.DictReader(stream))
    copies = {r["path"]: r["backup_path"] for r in rows if r["verdict"] == "proven"}
    unread = {path for path, copy in copies.items() if path not in read["source"] or copy not in read["backup-1"]}
    assert not may_go & unread, "only what was read in this run may go"
    return Told(
        name,
        code,
        words,
        safe=frozenset(copies),
        unsafe=frozenset(r["path"] for r in rows if r["verdict"] in ("not_safe", "not_checked")),
        named=frozenset(f["path"] for f in findings if f["path"] and f["severity"] != "info"),
        copies=copies,
        may_go=may_go,
        unread=frozenset(unread),
    )


def audit(run: Run, n: int) -> Told:
    began = utc(datetime.now(UTC))
    code, out, err = run("audit", "phone", "disk", "-o", f"audit-{n}", "--no-thumbnails")
    return of_report("audit", code, out + err, Path(f"audit-{n}"), began)


def backup(run: Run, n: int) -> Told:
    began = utc(datetime.now(UTC))
    code, out, err = run("backup", "phone", "disk", "-o", f"backup-{n}")
    return of_report("backup", code, out + err, Path(f"backup-{n}"), began)


def lists(run: Run, n: int) -> Told:
    began = utc(datetime.now(UTC))
    for one in ("phone", "disk"):
        assert run("scan", one, "-o", f"{one}-{n}.jsonl", "--no-cache")[0] == 0
    code, out, err = run("audit", f"phone-{n}.jsonl", f"disk-{n}.jsonl", "-o", f"lists-{n}")
    return of_report("lists", code, out + err, Path(f"lists-{n}"), began)


def verify(run: Run, n: int) -> Told:
    code, out, err = run("verify", "disk", "-o", f"verify-{n}.json")
    record = json.loads(Path(f"verify-{n}.json").read_text("utf-8"))
    fates = ("rotted", "spoilt", "overwritten", "exchanged", "lost", "unreadable")
    bad = frozenset(found["path"] for found in record["files"] if found["fate"] in fates)
    assert bad <= {path for path in bad if path in out}, "a file that went bad is named where it is counted"
    assert "Not looked at: what is on a phone" in out
    return Told("verify", code, out + err, bad_copies=bad)


def restore(run: Run, n: int) -> Told:
    code, out, err = run("restore", "disk", f"again-{n}")
    given = {p.relative_to(f"again-{n}").as_posix(): digest(p) for p in Path(f"again-{n}").rglob("*.jpg")}
    for path, sha256 in given.items():
        # What was moved in the backup may come back from where it lies now.
        as_on_phone = sha256 in {digest(PHONE / name) for name in names()}
        # Of the small one that the phone holds now the original comes back, until a backup saw the small one.
        assert as_on_phone or path in err or path.endswith("optimised.jpg"), f"restored otherwise, unsaid: {path}"
    gone = set(names()) - given.keys()
    assert all(path in err or path.endswith("new.jpg") for path in gone), f"not restored, unsaid: {gone}"
    return Told("restore", code, out + err)


def duplicates(run: Run, n: int) -> Told:
    code, out, err = run(
        "duplicates", "phone", "--reference", "disk", "-o", f"same-{n}", "--no-thumbnails", "--no-cache"
    )
    assert code == 0, err
    with Path(f"same-{n}/plan.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    going = [row for row in rows if row["action"] == "remove"]
    for row in going:
        assert digest(Path(row["kept_place"]) / row["kept_path"]) == row["kept_sha256"]
        assert Path(row["place"]).name != "disk", "nothing goes from a backup"
    return Told(
        "duplicates", code, out + err, may_go=frozenset(r["path"] for r in going if r["relation"] == "same-bytes")
    )


def last_report() -> Path | None:
    reports = (*Path().glob("audit-*"), *Path().glob("backup-*"))
    return max(reports, key=lambda path: int(path.name.split("-")[1]), default=None)


def clean(run: Run, n: int) -> Told:
    """What would go by the last audit or backup; nothing where there was none."""
    if (report := last_report()) is None:
        return Told("clean", 0, "")
    code, out, err = run("clean", str(report))
    assert code == 0, err
    return Told("clean", code, out + err, may_go=frozenset(t for t in names() if f"/{t} " in out))


def clean_and_undo(run: Run, n: int) -> Told:
    """What goes by the last audit or backup, really; then it comes back."""
    told = clean(run, n)
    if not told.may_go:
        return replace(told, name="clean and undo")
    before = {path: digest(PHONE / path) for path in names()}
    code, out, err = run("clean", str(last_report()), "--apply")
    assert code == 0, out + err
    gone = before.keys() - set(names())
    assert gone == told.may_go
    assert all(before[path] in on_disk() for path in gone), "what went has its content in the backup"
    (journal,) = re.findall(r"Undo     auditor undo (.*)", out)
    code, out, err = run("undo", journal.strip("'"))
    assert code == 0 and {path: digest(PHONE / path) for path in names()} == before, out + err
    return Told("clean and undo", code, told.words + out + err, may_go=told.may_go)


def names() -> list[str]:
    return [path.relative_to(PHONE).as_posix() for path in PHONE.rglob("*.jpg")]


COMMANDS = (audit, backup, lists, verify, restore, duplicates, clean, clean_and_undo)


def check_against_disk(told: Told) -> None:
    """What is called safe has its content on the disk now, byte for byte or with other metadata."""
    here = on_disk()
    for path in told.safe:
        copy = told.copies[path]
        is_there = copy in here.get(digest(PHONE / path), set())
        assert is_there or told.could_not_know(path) or path.endswith("stripped.jpg"), (
            f"{told.name}: {path} is not at {copy}"
        )
        if path.endswith("stripped.jpg") and not is_there:
            assert path in told.named, f"{told.name}: lost metadata is told"
    for path in told.may_go:
        assert digest(PHONE / path) in here, f"{told.name} lets {path} go, and it is nowhere"
    if told.name in ("audit", "backup", "lists"):
        assert told.code in ((1, 3) if told.unsafe else (0, 3)), told.words
        assert (told.code == 0) == ("SAFE: All" in told.words and "NOT SAFE" not in told.words), told.words
        assert "could be tidied up" not in told.words or not told.unsafe


def check_together(one: Told, other: Told) -> None:
    """Neither calls safe what the other calls bad; a finding of the one that calls it safe is a word on it."""
    for a, b in ((one, other), (other, one)):
        for path in a.safe:
            excused = a.could_not_know(path)
            assert path not in b.unsafe or excused, f"{a.name} calls {path} safe, {b.name} does not"
            is_bad = a.copies[path] in b.bad_copies
            assert not is_bad or excused or path in a.named, f"{b.name}: the copy of {path} is bad; {a.name}: safe"
        assert not a.may_go & b.unsafe, f"{a.name} lets {a.may_go & b.unsafe} go, {b.name} calls it unsafe"


def sequence(run: Run, commands: tuple[Callable[[Run, int], Told], ...]) -> None:
    """Runs them one after the other; what was said holds until `backup` changes the disk."""
    told: list[Told] = []
    looked = False
    for number, command in enumerate(commands):
        said = command(run, number)
        check_against_disk(said)
        if command in (backup, verify):
            assert looked or all(f" {CAMERA}/{name}.jpg" in said.words for name in HARMED), said.words
            assert looked or f"{CAMERA}/moved.jpg: it lies at Album/moved.jpg now" in said.words
            looked = True
        if command is backup:
            told.clear()
        for before in told:
            check_together(before, said)
        told.append(said)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return lambda *words: call(monkeypatch, capsys, *words)


@pytest.mark.parametrize("backwards", [False, True])
def test_every_command_before_every_other(begin: Callable[[], None], run: Run, backwards: bool) -> None:
    order = list(COMMANDS)
    random.Random(9).shuffle(order)
    begin()
    sequence(run, tuple(reversed(order) if backwards else order))


@pytest.mark.slow
@pytest.mark.parametrize("pair", tuple(permutations(COMMANDS, 2)), ids=lambda pair: " ".join(c.__name__ for c in pair))
def test_every_pair_from_the_beginning(
    begin: Callable[[], None], run: Run, pair: tuple[Callable[[Run, int], Told], ...]
) -> None:
    begin()
    sequence(run, pair)
