"""Why a safe file stays on the phone: the reason that is true of it, and what another audit would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from auditor.database import by_hand
from auditor.database import safe_to_delete as table
from auditor.database.connection import Database
from auditor.database.safe_to_delete import Stays
from auditor.model import Status

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
    assert {why for why, *_ in REASONS.values() if why} == set(Stays) - {Stays.NAME, Stays.IN_A_BACKUP}


def test_what_a_later_audit_may_let_go_stays_for_no_other_reason() -> None:
    with by_hand.opened() as db:
        filled(db, {"soundness": None}, {}, since="2027")
        assert table.staying(db) == {} and table.not_read(db) == 1
