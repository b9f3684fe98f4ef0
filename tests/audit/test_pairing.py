"""Which counterpart proves a file: picture data alone does not, where the copy around it may be broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.audit import pairing
from auditor.database import files
from auditor.database.connection import Database
from auditor.model import Status
from auditor.pictures.likeness import Aim, Answer, Likeness, Question, Side, Verifier
from tests.tables import opened

PHOTO = {"kind": "photo", "format": "jpeg", "size_bytes": 200_000, "image_sha256": "1" * 64}
TRUNCATED = [{"code": "truncated", "detail": "cut short at 60%", "offset": 5}]
BAD_BOX = [{"code": "bad_box", "detail": "a box is longer than the file", "offset": 9}]


def paired(
    source: Mapping[str, Any], *copies: Mapping[str, Any], verify: Verifier | None = None
) -> tuple[str, str | None]:
    """The status of one file, and where in the backup its counterpart lies."""
    db = tables(source, *copies, verify=verify)
    found = db.con.execute("SELECT status, backup_path FROM files").fetchall()
    return found[0][0], found[0][1]


def tables(source: Mapping[str, Any], *copies: Mapping[str, Any], verify: Verifier | None = None) -> Database:
    rows = [
        {"path": f"copy-{n}.jpg", "backup": "nas", "backup_number": 0, "sha256": f"{n}" * 64, **PHOTO, **copy}
        for n, copy in enumerate(copies, 2)
    ]
    db = opened([{"path": "a.jpg", "sha256": "1" * 64, **PHOTO, **source}], backup=rows)
    pairing.pair(db, ["nas"], verify)
    files.summarise(db, ["nas"], (Status.IDENTICAL, Status.METADATA_CHANGED))
    return db


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
    db = opened(due, backup=copies)
    pairing.pair(db, ["nas"], None)
    assert db.con.execute("SELECT path, status, backup_path FROM pairs ORDER BY path").fetchall() == [
        ("one/a.jpg", "damaged", "x/a.jpg"),
        ("two/a.jpg", "damaged", "y/a.jpg"),
    ]


def opening(**said: Answer) -> Verifier:
    """A verifier that answers so for a copy of this name (without its extension); it must not be asked of others."""

    def answers(questions: Sequence[Question]) -> list[Answer]:
        return [said[question.backup_path.partition(".")[0].replace("-", "_")] for question in questions]

    return answers


SOUND = {"soundness": "sound"}
SAME = Answer(Likeness.SAME)
CLOSED = Answer(Likeness.CANNOT_TELL, "the copy cannot be opened", Side.COPY)


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (SAME, "metadata_changed", "other metadata changed"),
        (CLOSED, "not_checked", "it holds the same picture data, but the copy cannot be opened"),
        (
            Answer(Likeness.CANNOT_TELL, "the original cannot be opened", Side.ORIGINAL),
            "not_checked",
            "it holds the same picture data, but the original cannot be opened",
        ),
        (
            Answer(Likeness.DIFFERENT, "a program that opens both sees two different pictures"),
            "not_checked",
            "it holds the same picture data, but a program that opens both sees two different pictures",
        ),
        (Answer(Likeness.UNSEEN), "metadata_changed", "other metadata changed"),
    ],
)
def test_one_image_digest_is_proof_where_independent_decoders_see_the_same(
    answer: Answer, status: str, words: str
) -> None:
    db = tables(SOUND, SOUND, verify=opening(copy_2=answer))
    assert db.con.execute("SELECT status, detail FROM files").fetchall() == [(status, words)]


def test_a_copy_that_opens_is_found_behind_one_that_does_not() -> None:
    said = opening(copy_2=CLOSED, copy_3=CLOSED, copy_4=SAME)
    assert paired(SOUND, SOUND, SOUND, SOUND, verify=said) == ("metadata_changed", "copy-4.jpg")


ELSEWHERE = {"soundness": "sound", "coded_sha256": "c" * 64}
LOST = "differs outside the picture and its known metadata"


@pytest.mark.parametrize(
    ("copy", "status", "words"),
    [
        ({"soundness": "sound"}, "not_checked", LOST),
        ({"soundness": None}, "not_checked", LOST),
        # Even one that looks the same is no reduced copy: what is gone is not in the pixels.
        ({"soundness": "sound", "phash": "0" * 16, "size_bytes": 90_000, "format": "heic"}, "not_checked", LOST),
        ({"soundness": "damaged", "damage": BAD_BOX}, "damaged", "a box is longer than the file"),
        ({"soundness": "sound", "image_sha256": "1" * 64}, "metadata_changed", "other metadata changed"),
    ],
)
def test_the_same_coded_picture_in_another_file_is_no_proof(copy: dict[str, Any], status: str, words: str) -> None:
    def same(questions: Sequence[Question]) -> list[Answer]:
        return [Answer(Likeness.CANNOT_TELL if q.aim is Aim.PARTS else Likeness.SAME) for q in questions]

    for verify in (None, same):
        db = tables({**ELSEWHERE, "phash": "0" * 16}, {**ELSEWHERE, "image_sha256": "2" * 64, **copy}, verify=verify)
        assert db.con.execute("SELECT status, detail FROM files").fetchall() == [(status, words)]


@pytest.mark.parametrize(
    ("mtime", "image", "status"),
    [
        ("2024-05-01T10:00:00Z", "2", "damaged"),
        ("2024-05-01T12:00:00Z", "2", "damaged"),  # a wrong time zone
        ("2024-05-01T10:07:00Z", "2", "not_checked"),
        ("2024-05-01T10:00:00Z", None, "not_checked"),  # an old list: perhaps only the position is gone
    ],
)
def test_other_content_under_the_same_name_size_and_date_is_damage(mtime: str, image: str | None, status: str) -> None:
    dated = {"mtime": "2024-05-01T10:00:00Z", "mtime_trusted": True, "path": "a.jpg"}
    copy = {**ELSEWHERE, **dated, "mtime": mtime, "image_sha256": image and image * 64}
    found = tables({**ELSEWHERE, **dated}, copy).con.execute("SELECT status, detail FROM files").fetchall()
    words = "differs though name, size and date agree"
    assert found[0][0] == status and (found[0][1] == words) is (status == "damaged")


def test_what_such_a_copy_lacks_is_told() -> None:
    told = opening(copy_2=Answer(Likeness.CANNOT_TELL, "the copy has no depth map"))
    db = tables(ELSEWHERE, {**ELSEWHERE, "image_sha256": "2" * 64}, verify=told)
    assert db.con.execute("SELECT detail FROM files").fetchall() == [(f"{LOST}: the copy has no depth map",)]


def test_lists_of_the_first_schema_prove_no_metadata_alone() -> None:
    """What they called the image's digest left out depth maps, timing and more."""
    old = {"image_sha256": None, "coded_sha256": "1" * 64, "soundness": "sound"}
    found = tables(old, old).con.execute("SELECT status, detail FROM files").fetchall()
    assert found == [
        ("not_checked", "it holds the same picture data, but the lists do not tell whether the rest is only metadata")
    ]


OTHER = {"md5": "1" * 32, "sha1": "1" * 40, "size_bytes": 99}


@pytest.mark.parametrize("differs", OTHER)
def test_a_row_that_contradicts_itself_proves_nothing(differs: str) -> None:
    """Equal by one digest and not by another, or of another size: no copy can be both."""
    whole = {"path": "a.jpg", "sha256": "a" * 64, "md5": "a" * 32, "sha1": "a" * 40, "size_bytes": 9}
    torn = {**whole, "path": "b.jpg", differs: OTHER[differs]}
    assert paired(whole, torn)[0] != "identical"
    assert paired(whole, torn, {**whole, "path": "c.jpg"})[1] == "c.jpg"
    assert paired({**whole, "sha256": None}, {**torn, "sha256": None, "path": "a.jpg"})[0] != "identical"


@pytest.mark.parametrize("differs", [*OTHER, "sha256"])
@pytest.mark.parametrize("path", ["a.jpg", "x/b.jpg"])
def test_a_file_whose_copy_is_in_a_list_that_contradicts_itself_is_not_missing(differs: str, path: str) -> None:
    whole = {"sha256": "a" * 64, "md5": "a" * 32, "sha1": "a" * 40, "size_bytes": 9, "image_sha256": None}
    db = tables(whole, {**whole, "path": path, differs: {**OTHER, "sha256": "1" * 64}[differs]})
    assert db.con.execute("SELECT status, backup_path, detail FROM files").fetchall() == [
        (
            "not_checked",
            path,
            "the backup's list contradicts itself, with this file's digest and another size or digest",
        )
    ]


def test_a_weaker_digest_counts_only_where_sha256_is_not_known() -> None:
    both = {"sha256": "a" * 64, "md5": "a" * 32, "image_sha256": None}
    assert paired(both, {**both, "sha256": None})[0] == "identical"
    assert paired({**both, "sha256": None}, both)[0] == "identical"
    assert paired(both, {**both, "sha256": "b" * 64})[0] == "not_checked"
