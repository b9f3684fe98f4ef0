"""Why a safe file stays on the phone: the reason that is true of it, and what another audit would change."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from auditor.cleanup import phone
from auditor.database import by_hand
from auditor.database import safe_to_delete as table
from auditor.database.connection import Database
from auditor.database.safe_to_delete import Stays
from auditor.model import Status
from auditor.words import size
from tests import media
from tests.commandline import call
from tests.copier.runs import OLD_S, write

READ = {"digest_origin": "read", "read_at": "2026-06-15T10:00:00Z", "kind": "photo", "soundness": "sound"}
NAME = "DCIM/IMG_1.jpg"
TOLD = {"digest_origin": "foreign", "read_at": None, "soundness": None}
Row = Mapping[str, Any]


def filled(db: Database, phone: Row, copy: Row, status: Status = Status.IDENTICAL, **how: Any) -> None:
    """One proven file of the phone with its copy, by whose backup, `disk`, it may go unless they say otherwise."""
    ours = {"path": NAME, "sha256": "ab" * 32, "size_bytes": 7, **READ, **phone}
    theirs = {"path": NAME, "sha256": "ab" * 32, **READ, "backup": "disk", "backup_number": 0, **copy}
    pair = {"path": ours["path"], "backup": "disk", "status": status, "backup_path": theirs["path"]}
    views = {"due": [ours], "backup": [theirs], "pairs": [pair]}
    by_hand.fill(db, views, (Status.IDENTICAL, Status.METADATA_CHANGED))
    db.run("UPDATE files SET verdict = 'proven'")
    table.fill(db, **{"read_now": ["disk"], "since": "2026", "undoubted": ["disk"], "min_copies": 1, **how})


REASONS: dict[str, tuple[Stays | None, Row, Row, dict[str, Any]]] = {
    "it may go": (None, {}, {}, {}),
    "another picture's bytes": (Stays.NOT_IDENTICAL, {}, {}, {"status": Status.METADATA_CHANGED}),
    "damaged": (Stays.NOT_SOUND, {"soundness": "damaged"}, {}, {}),
    "odd": (Stays.NOT_SOUND, {"soundness": "suspicious"}, {}, {}),
    "edits": (Stays.SIDECAR, {"path": "DCIM/IMG_1.xmp", "kind": "sidecar", "soundness": None}, {}, {}),
    "edits in a list": (Stays.SIDECAR, {"kind": "sidecar", **TOLD}, {}, {}),
    "no decoder": (Stays.NOT_OPENED, {"soundness": "not_checked"}, {}, {}),
    "no photo": (Stays.NOT_OPENED, {"kind": "other", "soundness": None}, {}, {}),
    "bin": (Stays.IN_A_BIN, {"path": "DCIM/Trash/IMG_1.jpg"}, {}, {}),
    "list of the phone": (Stays.READ_ELSEWHERE, TOLD, {}, {}),
    "digests of the phone": (Stays.READ_ELSEWHERE, {**TOLD, "digest_origin": "computed"}, {}, {}),
    "both are lists": (Stays.READ_ELSEWHERE, TOLD, TOLD, {}),
    "list of the backup": (Stays.COPIES_READ_ELSEWHERE, {}, TOLD, {}),
    "cloud": (Stays.COPIES_READ_ELSEWHERE, {}, {**TOLD, "digest_origin": "streamed", "sha256": None}, {}),
    "maybe the phone": (Stays.MAYBE_PHONE, {}, {}, {"undoubted": [], "read_now": []}),
    "maybe the phone, by a list": (Stays.MAYBE_PHONE, {}, TOLD, {"undoubted": [], "read_now": []}),
    "maybe a phone within": (Stays.MAYBE_PHONE, {}, {}, {"doubted": [("disk", "DCIM")]}),
    "maybe a phone within, by a list": (Stays.MAYBE_PHONE, {}, TOLD, {"doubted": [("disk", "DCIM")]}),
    "copy in a bin": (Stays.COPIES, {}, {"path": "Trash/IMG_1.jpg"}, {}),
    "listed copy in a bin": (Stays.COPIES, {}, {**TOLD, "path": "Trash/IMG_1.jpg"}, {}),
    "copy of a program": (Stays.COPIES, {}, {"path": ".thumbnails/IMG_1.jpg"}, {}),
    "copy damaged": (Stays.COPIES, {}, {"soundness": "damaged"}, {}),
    "too few": (Stays.COPIES, {}, {}, {"min_copies": 2}),
}


@pytest.mark.parametrize(("why", "phone", "copy", "how"), REASONS.values(), ids=REASONS)
def test_each_reason_is_told_by_what_is_so(why: Stays | None, phone: Row, copy: Row, how: dict[str, Any]) -> None:
    with by_hand.opened() as db:
        filled(db, phone, copy, **how)
        assert table.staying(db) == ({why: 1} if why else {})
        assert table.amount(db) == ((0, 0) if why else (1, 7))
        assert table.not_read(db) == 0


@pytest.mark.parametrize("why", [Stays.NAME, Stays.IN_A_BACKUP])
def test_what_was_left_out_has_the_reason_that_it_was_left_out_for(why: Stays) -> None:
    with by_hand.opened() as db:
        filled(db, {}, {})
        table.leave_out(db, why, [NAME])
        assert table.staying(db) == {why: 1} and table.amount(db) == (0, 0)


def test_every_reason_is_tested() -> None:
    assert {why for why, *_ in REASONS.values() if why} == set(Stays) - {Stays.NAME, Stays.IN_A_BACKUP, Stays.PARTED}


def test_what_a_later_audit_may_let_go_stays_for_no_other_reason() -> None:
    with by_hand.opened() as db:
        filled(db, {"soundness": None}, {}, since="2027")
        assert table.staying(db) == {} and table.not_read(db) == 1


MAIN, FILM = "DCIM/IMG_1.jpg", "DCIM/IMG_1.mov"


def pair(db: Database, main: Row, film: Row, since: str) -> None:
    """A photo and its film, both proven, by the backup `disk`."""
    due = [
        {"path": MAIN, "sha256": "ab" * 32, "size_bytes": 7, **READ, **main},
        {"path": FILM, "sha256": "cd" * 32, "size_bytes": 9, **READ, "companion_of": MAIN, **film},
    ]
    copies = [{**one, "companion_of": None, "backup": "disk", "backup_number": 0} for one in due]
    pairs = [{"path": p, "backup": "disk", "status": Status.IDENTICAL, "backup_path": p} for p in (MAIN, FILM)]
    by_hand.fill(db, {"due": due, "backup": copies, "pairs": pairs}, (Status.IDENTICAL,))
    db.run("UPDATE files SET verdict = 'proven'")
    table.fill(db, ["disk"], since, ["disk"], 1)
    table.leave_parted_out(db)


@pytest.mark.parametrize(
    ("main", "film", "stays", "may_go", "not_read"),
    [
        ({}, {}, {}, (2, 16), 0),
        ({}, {"soundness": "damaged"}, {Stays.NOT_SOUND: 1, Stays.PARTED: 1}, (0, 0), 0),
        ({"soundness": "damaged"}, {}, {Stays.NOT_SOUND: 1, Stays.PARTED: 1}, (0, 0), 0),
        ({}, {"read_at": "2025-06-15T10:00:00Z"}, {}, (0, 0), 2),
        ({}, {"soundness": "damaged", "companion_of": None}, {Stays.NOT_SOUND: 1}, (1, 7), 0),
    ],
)
def test_what_belongs_together_goes_together(
    main: Row, film: Row, stays: dict[Stays, int], may_go: tuple[int, int], not_read: int
) -> None:
    with by_hand.opened() as db:
        pair(db, main, film, "2026")
        assert (table.staying(db), table.amount(db), table.not_read(db)) == (stays, may_go, not_read)


def test_what_may_go_is_counted_by_the_backups_that_can_be_read_again() -> None:
    with by_hand.opened() as db:
        filled(db, {}, {})
        assert table.amount(db, ["disk"], 1) == table.amount(db) == (1, 7)
        assert table.amount(db, ["zip"], 1) == table.amount(db, ["disk", "zip"], 2) == (0, 0)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, number in (("IMG_1", 1), ("IMG_2", 2)):
        write(Path(f"phone/DCIM/{name}.jpg"), media.jpeg(number), OLD_S)


@pytest.mark.usefixtures("here")
def test_audit_and_clean_say_one_number(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a folder and an archive only what lies in the folder is read again; the half of a pair is in no table."""
    write(Path("phone/DCIM/IMG_3.jpg"), media.jpeg(3), OLD_S)
    write(Path("phone/DCIM/IMG_3.mov"), b"no film" * 999, OLD_S)
    shutil.copytree("phone", "all")
    shutil.make_archive("old", "zip", "all")
    write(Path("disk/IMG_1.jpg"), media.jpeg(1), OLD_S)
    code, out, _ = call(monkeypatch, capsys, "audit", "phone", "disk", "old.zip", "-o", "report", "--no-thumbnails")
    assert code == 0 and "1 belongs to one that stays" in out, out
    told = json.loads(Path("report/audit.json").read_text("utf-8"))["provenance"]
    go, size_bytes = told["may_go"], Path("phone/DCIM/IMG_1.jpg").stat().st_size
    assert (go["files"], go["by_clean"], go["clean_files"], go["clean_bytes"]) == (2, True, 1, size_bytes)
    assert f"shows {size(size_bytes)} in 1 file of them, whose copies it can read again" in " ".join(out.split())
    assert "IMG_3" not in Path("report/safe-to-delete.csv").read_text("utf-8-sig")
    code, out, _ = call(monkeypatch, capsys, "--json", "clean", "report")
    said = json.loads(out)
    assert len(said["removals"]) == go["clean_files"] and said["stay"]["parted"] == 0


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("in_the_zip", ["IMG_3.jpg", "IMG_3.dng"])
def test_clean_parts_no_pair_of_which_one_half_cannot_be_read_again(
    in_the_zip: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the audit both may go, as an archive has the other half; the plan and the number are of whole pairs."""
    for number in (3, 4):
        write(Path(f"phone/DCIM/IMG_{number}.jpg"), media.jpeg(number), OLD_S)
        write(Path(f"phone/DCIM/IMG_{number}.dng"), media.dng(number), OLD_S)
    shutil.copytree("phone", "disk")
    shutil.make_archive("old", "zip", "phone")
    Path("disk/DCIM", in_the_zip).unlink()
    command = ["audit", "phone", "disk", "old.zip", "--copy-by-hand", "-o", "report", "--no-thumbnails"]
    code, out, _ = call(monkeypatch, capsys, *command)
    assert code == 0, out
    go = json.loads(Path("report/audit.json").read_text("utf-8"))["provenance"]["may_go"]
    code, out, _ = call(monkeypatch, capsys, "--json", "clean", "report")
    said = json.loads(out)
    whole = [f"DCIM/{name}" for name in ("IMG_1.jpg", "IMG_2.jpg", "IMG_4.dng", "IMG_4.jpg")]
    phone = Path("phone").resolve()
    assert sorted(Path(one["path"]).relative_to(phone).as_posix() for one in said["removals"]) == whole
    assert (go["files"], go["clean_files"], go["clean_bytes"]) == (6, len(whole), said["bytes"])
    assert said["hindrance"].startswith("1 of the safe files is not in enough backups")
    assert (said["can_go"]["files"], said["can_go"]["bytes"]) == (len(whole), said["bytes"])
    assert said["hindrance"].endswith("it stays, as does 1 file that belongs to it")


@pytest.mark.usefixtures("here")
def test_what_clean_parts_belongs_to_one_that_may_not_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    free = phone.Freeing(None, None, (), 0, 0, 0, 1)
    monkeypatch.setattr(phone, "freeing", lambda *_: free)
    shutil.copytree("phone", "disk")
    call(monkeypatch, capsys, "audit", "phone", "disk", "--copy-by-hand", "-o", "report", "--no-thumbnails")
    out = call(monkeypatch, capsys, "clean", "report")[1]
    assert "1 file stays, belonging to one that may not go." in out
