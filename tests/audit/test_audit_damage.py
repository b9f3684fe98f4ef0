"""What a person needs to know of a damaged picture: what is left of it, and where a sound copy lies."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from auditor.audit import run as auditing
from auditor.audit.inputs import sides
from auditor.audit.order import Order
from auditor.judge import policy as policies
from auditor.judge import rules as ruling
from auditor.manifest.jsonl import Writer
from auditor.manifest.rows import DECODED
from auditor.model import DigestOrigin, FileFacts, Kind, Verdict
from auditor.places.rcloneclient import end_servers
from auditor.report.findings import next_step
from auditor.scan.run import scan
from tests import media
from tests.audit.test_audit import fill
from tests.doubles.rclone_server import newest_rclone
from tests.test_evidence import header

RCLONE = newest_rclone()

WHOLE = media.jpeg(31, (1200, 900))
CUT = WHOLE[: len(WHOLE) * 7 // 10]


def findings(tmp_path: Path, **places: dict[str, bytes]) -> tuple[dict[str, str], str]:
    """The messages of the audit of the first place against the others, by rule, and the report."""
    for name, files in places.items():
        fill(tmp_path / name, files)
    phone, *backups = (str(tmp_path / name) for name in places)
    ours, theirs = sides(phone, backups)
    auditing.run(Order(ours, theirs, policies.load("family"), ruling.load(), jobs=1), tmp_path / "out")
    found = pd.read_csv(tmp_path / "out" / "findings.csv", keep_default_na=False)
    return dict(zip(found.rule, found.message, strict=True)), (tmp_path / "out" / "report.html").read_text("utf-8")


def test_a_broken_copy_is_shown_and_the_backup_that_holds_a_good_one_is_named(tmp_path: Path) -> None:
    messages, report = findings(tmp_path, phone={"a.jpg": WHOLE}, nas={"a.jpg": CUT}, disk={"old/b.jpg": WHOLE})
    assert messages["damaged-in-another-backup"].endswith("disk holds a good one: old/b.jpg.")
    assert "Damaged copy" in report
    assert "% can be seen" in report


def beside(report: str, rule: str) -> list[tuple[str, bool]]:
    """What stands in the picture cells of a rule's first row: what it is called, and whether a picture is there."""
    body = report[report.index(f'data-rule="{rule}"') :]
    row = body[body.index('<tbody class="findings">') :].partition("</tr>")[0]
    cells = re.findall(r'<td class="picture (\w+)"(?: data-label="([^"]*)")?>(.*?)</td>', row, re.S)
    return [(label or kind, "data:image/webp" in inside) for kind, label, inside in cells]


def test_what_is_broken_on_one_side_stands_beside_what_is_whole_on_the_other(tmp_path: Path) -> None:
    other = media.jpeg(32, (1200, 900))
    phone = {"DCIM/a.jpg": CUT, "DCIM/b.jpg": other}
    nas = {"old/a.jpg": WHOLE, "b.jpg": other, "2019/b (1).jpg": other[: len(other) * 7 // 10]}
    messages, report = findings(tmp_path, phone=phone, nas=nas)
    assert messages["damaged-only-in-backup"].endswith("(perhaps whole on the phone as DCIM/b.jpg).")
    assert beside(report, "damaged-on-phone") == [("own", True), ("Whole copy", True)]
    assert beside(report, "damaged-only-in-backup") == [("own", True), ("Damaged copy", True)]


def test_of_a_picture_that_is_broken_on_the_phone_the_whole_one_is_named(tmp_path: Path) -> None:
    assert len(CUT) > 1 << 16
    messages, report = findings(tmp_path, phone={"a.jpg": CUT}, nas={"x/b.jpg": WHOLE})
    assert messages["damaged-on-phone"].endswith("(perhaps whole in nas as x/b.jpg).")
    assert "% can be seen" in report


@pytest.mark.parametrize("broken", [bytes(4096) + WHOLE[4096:], CUT])
def test_a_stray_broken_file_of_a_backup_says_where_it_is_whole(tmp_path: Path, broken: bytes) -> None:
    places = {"phone": {"b.jpg": media.jpeg(3)}, "nas": {"b.jpg": media.jpeg(3), "2019/a.jpg": broken}}
    messages, _ = findings(tmp_path, **places, disk={"old/a.jpg": WHOLE})
    assert messages["damaged-only-in-backup"].endswith("(perhaps whole in disk as old/a.jpg).")


def test_where_there_is_no_sound_copy_none_is_named(tmp_path: Path) -> None:
    messages, _ = findings(tmp_path, phone={"a.jpg": CUT}, nas={"a.jpg": CUT})
    assert "perhaps" not in messages["damaged-on-phone"]


def test_of_two_equal_damaged_photos_neither_could_be_tidied_up(tmp_path: Path) -> None:
    both = {"cut1.jpg": CUT, "cut2.jpg": CUT}
    messages, report = findings(tmp_path, phone=both, nas=both)
    assert "damaged-on-phone" in messages
    assert "duplicate-file" not in messages
    assert "could be tidied up" not in report
    assert "2 things are not as they should be" in report


def test_a_stripped_photo_is_called_stripped_and_could_not_be_tidied_up(tmp_path: Path) -> None:
    exif = media.exif(taken="2026:05:03 18:02:00", make="Phone")
    both = {"IMG_0001.jpg": media.jpeg(31, exif=exif), "IMG_0002.jpg": media.jpeg(31)}
    messages, report = findings(tmp_path, phone=both, nas=both)
    said = "IMG_0002.jpg holds the same picture as IMG_0001.jpg, but no longer says when or with what it was taken."
    assert messages["stripped-copy"] == said
    assert "duplicate-picture" not in messages
    assert "could be tidied up" not in report
    assert "1 thing is not as it should be, though every file is in the backup" in report
    assert "damaged and stripped ones were not counted" in report


def test_the_file_to_keep_could_not_be_tidied_up(tmp_path: Path) -> None:
    three = dict.fromkeys(("DCIM/Camera/a.jpg", "Download/a.jpg", "Download/b.jpg"), media.jpeg(3))
    messages, report = findings(tmp_path, phone=three, nas=three)
    assert "duplicate-file" in messages
    assert "2 files could be tidied up (1 more is the one to keep); none puts a file at risk." in report


def test_a_picture_that_is_larger_in_the_backup_s_list_is_not_called_reduced(tmp_path: Path) -> None:
    """A phone that optimises its storage, by lists: nothing is to be copied, and no pixels were at hand."""
    large = media.image(31, (1200, 900))
    fill(tmp_path / "phone", {"a.jpg": media.encoded(large.resize((600, 450)), "JPEG")})
    fill(tmp_path / "nas", {"a.jpg": media.encoded(large, "JPEG", quality=92)})
    lists = []
    for name in ("phone", "nas"):
        place = sides(str(tmp_path / name), [])[0].place
        assert place is not None
        lists.append(str(scan(place, tmp_path / f"{name}.jsonl", jobs=1, use_cache=False).path))
    ours, theirs = sides(lists[0], lists[1:])
    known = ruling.load()
    judged = auditing.run(Order(ours, theirs, policies.load("family"), known, jobs=1), tmp_path / "out")
    found = pd.read_csv(tmp_path / "out" / "findings.csv", keep_default_na=False).set_index("rule").message
    assert "more pixels, but its pixels were not at hand" in found["perhaps-larger-in-backup"]
    assert "not-checked" not in found
    assert "originals are in the backup" in str(next_step(judged, {rule.id: rule for rule in known}))


def test_small_pictures_beside_larger_ones_that_the_phone_lacks_are_told(tmp_path: Path) -> None:
    large = media.image(31, (1200, 900))
    small = media.encoded(large.resize((600, 450)), "JPEG")
    nas = {"a.jpg": media.encoded(large, "JPEG", quality=92), "DCIM/a.jpg": small}
    messages, _ = findings(tmp_path, phone={"DCIM/a.jpg": small}, nas=nas)
    assert messages["larger-only-in-backup"] == (
        "DCIM/a.jpg on the phone (600 x 450) is in nas, and so is a larger file of its name,"
        " which looks the same: a.jpg (1200 x 900)."
    )


@pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")
def test_of_claimed_digests_both_ways_out_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in {"TYPE": "hasher", "REMOTE": str(tmp_path / "cloud"), "HASHES": "md5"}.items():
        monkeypatch.setenv(f"RCLONE_CONFIG_H_{key}", value)
    monkeypatch.setenv("RCLONE", str(RCLONE))
    end_servers()  # one that an earlier test started does not know this remote
    for name in ("phone", "cloud"):
        fill(tmp_path / name, {"a.jpg": WHOLE})
    ours, theirs = sides(str(tmp_path / "phone"), ["rclone:h:"])
    known = ruling.load()
    judged = auditing.run(Order(ours, theirs, policies.load("family"), known, jobs=1), tmp_path / "out")
    end_servers()
    assert judged.verdict is Verdict.CANNOT_SAY
    step = str(next_step(judged, {rule.id: rule for rule in known}))
    assert f"`auditor audit {tmp_path}/phone rclone:h: --depth decode`" in step
    assert f"`auditor scan {tmp_path}/phone -o phone.jsonl`, `rclone mount h: FOLDER`, then" in step
    assert "`auditor verify FOLDER --manifest phone.jsonl --sample 300`" in step
    assert "at most 1 in 100" in step and "differs" not in step


def test_of_claimed_digests_lists_are_not_to_be_downloaded(tmp_path: Path) -> None:
    """By lists, nothing of the phone's list and the cloud's can be typed that reads the copies."""
    digest = {"sha256": "ab" * 32}
    for name, origin in (("phone", DigestOrigin.READ), ("cloud", DigestOrigin.CLAIMED)):
        columns = (*DECODED, "sha256")
        writer = Writer.create(tmp_path / f"{name}.jsonl", header(tmp_path / name, place_id=name, columns=columns))
        writer.add(FileFacts("a.jpg", 9, kind=Kind.PHOTO, digests=digest, digest_origin=origin))
        writer.close(complete=True)
    ours, theirs = sides(str(tmp_path / "phone.jsonl"), [str(tmp_path / "cloud.jsonl")])
    known = ruling.load()
    judged = auditing.run(Order(ours, theirs, policies.load("family"), known, jobs=1), tmp_path / "out")
    assert str(next_step(judged, {rule.id: rule for rule in known})) == (
        "Delete nothing on the phone. Nothing is to be copied: download and read every copy with"
        " `auditor audit --depth decode` (the phone first, then the backups themselves, not lists of them)."
    )
