"""What earlier builds told of a backup's fixity in sentences is read in today's columns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.manifest import rows
from auditor.model import Damage, ErrorKind, FileFacts, Fixity, Origin, Trouble
from auditor.store.generations import Store, left_rows

STORED = "sha256 as stored: 0f"
ORIGIN = (Origin("s", "p", "0f", 1, "2026"),)


@pytest.mark.parametrize("schema", [1, 2])
@pytest.mark.parametrize(
    ("written", "fixity", "edited"),
    [
        ({"damage": (Damage("rotted", "x"),), "notes": ("harmless", STORED)}, Fixity.ROTTED, False),
        ({"damage": (Damage("spoilt", "x"),), "notes": ("harmless", STORED)}, Fixity.SPOILT, False),
        ({"notes": ("overwritten: it holds what was stored as a.jpg", "harmless", STORED)}, Fixity.OVERWRITTEN, False),
        ({"error": Trouble(ErrorKind.UNREADABLE, "EIO"), "notes": ("harmless", STORED)}, Fixity.UNREADABLE, False),
        ({"error": Trouble(ErrorKind.MISSING, "x"), "notes": ("harmless", STORED)}, Fixity.LOST, False),
        ({"notes": ("edited in the backup", "harmless")}, None, True),
        ({"notes": ("the destination could not keep its date; the manifest has it", "harmless")}, None, False),
    ],
)
def test_sentences_become_columns(schema: int, written: dict, fixity: Fixity | None, edited: bool) -> None:  # type: ignore[type-arg]
    old = FileFacts("a.jpg", origins=ORIGIN, **written)
    row = rows.of_today(old, schema)
    assert (row.fixity, row.edited, row.notes) == (fixity, edited, ("harmless",))
    assert row.stored_sha256 == ("0f" if fixity else None)
    assert rows.from_row(rows.to_row(row)) == row


def test_a_list_of_today_is_not_asked_for_sentences() -> None:
    row = FileFacts("a.jpg", notes=(STORED, "edited in the backup"))
    assert rows.of_today(row, rows.SCHEMA) is row


def test_what_no_backup_stored_is_not_lost_by_it() -> None:
    row = FileFacts("part", error=Trouble(ErrorKind.MISSING, "this part of the export is not here"))
    assert rows.of_today(row, 2) is row


@pytest.mark.parametrize(("first", "proves"), [("", False), (', "schema": 3', True)])
def test_a_journals_rows_are_read_by_its_schema(tmp_path: Path, first: str, proves: bool) -> None:
    journals = tmp_path / ".auditor/journal"
    journals.mkdir(parents=True)
    row = json.dumps({"path": "a.jpg", "image_sha256": "0f"})
    (journals / "turn-000000001-0123abcd.jsonl").write_text(
        f'{{"format": "auditor backup journal 1"{first}, "after": 0}}\n{row}\n'
    )
    (found,) = left_rows(Store(tmp_path))
    assert (found.image_sha256, found.coded_sha256) == (("0f", None) if proves else (None, "0f"))
