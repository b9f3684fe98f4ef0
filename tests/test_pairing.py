"""Which counterpart proves a file: picture data alone does not, where the copy around it may be broken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from auditor import pairing
from auditor.model import Status
from tests.tables import opened

PHOTO = {"kind": "photo", "format": "jpeg", "size_bytes": 200_000, "image_sha256": "1" * 64}
TRUNCATED = [{"code": "truncated", "detail": "cut short at 60 %", "offset": 5}]
BAD_BOX = [{"code": "bad_box", "detail": "a box is longer than the file", "offset": 9}]


def paired(source: Mapping[str, Any], *copies: Mapping[str, Any]) -> tuple[str, str | None]:
    """The status of one file, and where in the backup its counterpart lies."""
    rows = [
        {"path": f"copy-{n}.jpg", "backup": "nas", "backup_number": 0, "sha256": f"{n}" * 64, **PHOTO, **copy}
        for n, copy in enumerate(copies, 2)
    ]
    con = opened([{"path": "a.jpg", "sha256": "1" * 64, **PHOTO, **source}], backup=rows)
    pairing.pair(con, ["nas"], None)
    pairing.summarise(con, ["nas"], (Status.IDENTICAL, Status.METADATA_CHANGED))
    found = con.execute("SELECT status, backup_path FROM files").fetchall()
    return found[0][0], found[0][1]


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "both sound": ({"soundness": "sound"}, {"soundness": "sound"}, "metadata_changed"),
    "nobody looked into the copy": ({"soundness": "sound"}, {"soundness": None}, "not_checked"),
    "nobody looked into either": ({"soundness": None}, {"soundness": None}, "not_checked"),
    "no decoder understands them": ({"soundness": "not_checked"}, {"soundness": "not_checked"}, "not_checked"),
    "the copy is suspicious and the original is not": (
        {"soundness": "sound"},
        {"soundness": "suspicious"},
        "not_checked",
    ),
    "both suspicious alike": ({"soundness": "suspicious"}, {"soundness": "suspicious"}, "metadata_changed"),
    "the copy is broken": ({"soundness": "sound"}, {"soundness": "damaged", "damage": BAD_BOX}, "damaged"),
    "both broken alike": (
        {"soundness": "damaged", "damage": TRUNCATED},
        {"soundness": "damaged", "damage": TRUNCATED},
        "metadata_changed",
    ),
    "the copy is broken in another way too": (
        {"soundness": "damaged", "damage": TRUNCATED},
        {"soundness": "damaged", "damage": [*TRUNCATED, *BAD_BOX]},
        "damaged",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_same_picture_data_is_proof_only_in_a_sound_copy(case: str) -> None:
    source, copy, status = CASES[case]
    assert paired(source, copy)[0] == status


def test_a_sound_copy_is_found_beside_a_broken_one() -> None:
    broken = {"soundness": "damaged", "damage": BAD_BOX}
    assert paired({"soundness": "sound"}, broken, {"soundness": "sound"}) == ("metadata_changed", "copy-3.jpg")
    # Even where the broken one has the original's name.
    named = {**broken, "path": "a.jpg"}
    assert paired({"soundness": "sound"}, named, {"soundness": "sound"}) == ("metadata_changed", "copy-3.jpg")


def test_two_files_with_one_best_counterpart_share_none() -> None:
    """The second takes what is left of the other copy, and is not called missing."""
    date = {"mtime": "2026-01-01T00:00:00Z", "mtime_trusted": True, "kind": "photo", "size_bytes": 100_000}
    due = [
        {"path": f"{folder}/a.jpg", "sha256": f"{n}" * 64, "head_sha256": f"{n}" * 64, **date}
        for n, folder in enumerate(("one", "two"), 1)
    ]
    copies = [
        {"path": f"{folder}/a.jpg", "backup": "nas", "backup_number": 0, "sha256": f"{n}" * 64, **date}
        for n, folder in enumerate(("x", "y"), 3)
    ]
    con = opened(due, backup=copies)
    pairing.pair(con, ["nas"], None)
    assert con.execute("SELECT path, status, backup_path FROM pairs ORDER BY path").fetchall() == [
        ("one/a.jpg", "damaged", "x/a.jpg"),
        ("two/a.jpg", "damaged", "y/a.jpg"),
    ]
