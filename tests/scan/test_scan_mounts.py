"""Scans of disks that fail, lie or go: what could not be read is said, and no digest is ever wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from auditor.audit import run as audit
from auditor.audit.inputs import sides
from auditor.audit.order import Order, Steps
from auditor.judge import policy, rules
from auditor.manifest.jsonl import load
from auditor.model import Depth, FileFacts, Verdict
from auditor.places.folder import open_folder
from auditor.report.findings import next_step
from auditor.scan.one_file import Task, read_file
from auditor.scan.run import Progress, scan
from tests.copier.runs import photos
from tests.doubles.mounts import disk, faulty

CONTENT = bytes(hashlib.sha256(b"x").digest()) * 20_000  # 640 kB
FAULTS = {
    "read error in the middle": ({"fault": "eio", "at": 300_000}, "Input/output error"),
    "read error at once": ({"fault": "eio", "at": 0}, "Input/output error"),
    "device gone in the middle": ({"fault": "enodev", "at": 300_000}, "No such device"),
    "ends early": ({"fault": "eof", "at": 300_000}, "only"),
    "said to be larger": ({"fault": "size", "to": 700_000}, "only"),
    "cannot be opened": ({"fault": "eio-open"}, "Input/output error"),
    "may not be opened": ({"fault": "eacces-open"}, "Permission denied"),
    "nothing is known of it": ({"fault": "eio-stat"}, "Input/output error"),
    "short reads": ({"fault": "short", "max": 1000}, None),
    "slow": ({"fault": "slow", "s": 0.005}, None),
}


def rows(root: Path, out: Path) -> dict[str, FileFacts]:
    manifest = scan(open_folder(str(root)), out, depth=Depth.HASH, jobs=2, use_cache=False)
    return {facts.path: facts for facts in load(manifest.path).rows()}


# Through the page cache a short read is the end of the file, as in "ends early".
RUNS = [(case, direct_io) for case in FAULTS for direct_io in (False, True) if direct_io or case != "short reads"]


@pytest.mark.parametrize(("case", "direct_io"), RUNS)
def test_a_failing_file_costs_itself_only(tmp_path: Path, case: str, direct_io: bool) -> None:
    rule, error = FAULTS[case]
    with faulty(tmp_path, {**rule, "match": "bad.jpg"}, direct_io=direct_io) as mount:
        for name in ("a.jpg", "bad.jpg", "c.jpg"):
            (mount.real / name).write_bytes(CONTENT + name.encode())
        found = rows(mount.mount, tmp_path / "m.jsonl")
    assert set(found) == {"a.jpg", "bad.jpg", "c.jpg"}
    for name, facts in found.items():
        whole = hashlib.sha256(CONTENT + name.encode()).hexdigest()
        if name == "bad.jpg" and error is not None:
            assert str(facts.error).startswith(error)
            assert facts.sha256 is None
        else:
            assert (facts.error, facts.sha256) == (None, whole)


def test_a_size_that_is_too_small_hides_no_wrong_digest(tmp_path: Path) -> None:
    """With direct reads the whole content comes, whatever size is stated; the kernel's cache clips it silently."""
    with faulty(tmp_path, {"fault": "size", "to": 1000}, direct_io=True) as mount:
        (mount.real / "a.jpg").write_bytes(CONTENT)
        facts = rows(mount.mount, tmp_path / "m.jsonl")["a.jpg"]
    assert facts.error or (facts.sha256, facts.size_bytes) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def test_a_folder_that_cannot_be_listed_makes_the_list_incomplete(tmp_path: Path) -> None:
    with faulty(tmp_path, {"fault": "eio-list", "match": "bad"}) as mount:
        for name in ("good/a.jpg", "bad/b.jpg"):
            (mount.real / name).parent.mkdir()
            (mount.real / name).write_bytes(b"x")
        manifest = scan(open_folder(str(mount.mount)), tmp_path / "m.jsonl", depth=Depth.HASH, use_cache=False)
    assert not manifest.footer.complete
    assert manifest.footer.reasons == ("bad: folder: Input/output error",)
    assert [facts.path for facts in manifest.rows()] == ["bad", "good/a.jpg"]


def test_a_disk_that_is_pulled_out_leaves_a_row_for_every_file(tmp_path: Path) -> None:
    with faulty(tmp_path, direct_io=True) as mount:
        for number in range(60):
            (mount.real / f"{number:02}.jpg").write_bytes(CONTENT)

        def pull(now: Progress) -> None:
            if now.files == 5:
                mount.unplug()

        place = open_folder(str(mount.mount))
        manifest = scan(place, tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1, use_cache=False, on_progress=pull)
    found = list(manifest.rows())
    assert len(found) == 60
    assert {facts.sha256 for facts in found if not facts.error} == {hashlib.sha256(CONTENT).hexdigest()}
    lost = [str(facts.error) for facts in found if facts.error]
    assert lost and set(lost) <= {
        "Transport endpoint is not connected",
        "Software caused connection abort",
    }


def test_large_files_are_mapped_or_spooled_where_mapping_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.scan.one_file.MAPPED_ABOVE_BYTES", 100_000)
    monkeypatch.setattr("auditor.scan.one_file.CHUNK_BYTES", 50_000)
    for direct_io in (False, True):
        with faulty(tmp_path / str(direct_io), direct_io=direct_io) as mount:
            (mount.real / "a.jpg").write_bytes(CONTENT)
            place = open_folder(str(mount.mount))
            facts = read_file(Task(place, next(place.walk()), Depth.HASH, ("sha256", "md5")))
            assert (facts.error, facts.sha256) == (None, hashlib.sha256(CONTENT).hexdigest())
            mount.set({"fault": "eof", "at": 300_000})
            facts = read_file(Task(place, next(place.walk()), Depth.HASH, ("sha256",)))
            assert facts.sha256 in (None, hashlib.sha256(CONTENT).hexdigest())


@pytest.mark.parametrize("kind", ["exfat", "fat32"])
def test_cards_of_cameras_and_phones(tmp_path: Path, kind: str) -> None:
    with disk(tmp_path, kind) as card:
        for name in ("DCIM/IMG_1.JPG", "DCIM/IMG_2.JPG"):
            (card / name).parent.mkdir(exist_ok=True)
            (card / name).write_bytes(CONTENT)
        found = rows(card, tmp_path / "m.jsonl")
        device = open_folder(str(card)).device()
    assert {name for name in found if name.startswith("DCIM")} == {
        "DCIM/IMG_1.JPG",
        "DCIM/IMG_2.JPG",
    }
    assert all(facts.sha256 == hashlib.sha256(CONTENT).hexdigest() for facts in found.values())
    assert device is not None and device.filesystem  # the size is not known everywhere: fusefat says 0 of 0


def test_what_a_pulled_backup_did_not_give_is_neither_safe_nor_missing(tmp_path: Path) -> None:
    names = [f"{number:02}.jpg" for number in range(12)]
    with faulty(tmp_path, {"fault": "slow", "s": 0.1}, direct_io=True) as mount:
        for name, content in photos(tmp_path / "phone", *names).items():
            (mount.real / name).write_bytes(content)
        ours, theirs = sides(str(tmp_path / "phone"), [str(mount.mount)])

        def pull(now: Progress) -> None:
            if now.files == 3 and mount.mount.name in now_at:
                mount.unplug()

        now_at: list[str] = []
        steps = Steps(scanning=lambda name: now_at.append(name) or pull)  # type: ignore[func-returns-value]
        order = Order(ours, theirs, policy.load("family"), rules.load(()), jobs=1, with_thumbnails=False)
        result = audit.run(order, tmp_path / "out", steps)
    assert result.verdict is Verdict.CANNOT_SAY
    assert (result.partition.not_safe, result.partition.not_checked) == (0, 12)

    assert "missing" not in (tmp_path / "out/files.csv").read_text("utf-8-sig")
    label = mount.mount.name
    assert any(f"list is not complete ({label} went away)" in caveat for caveat in result.caveats)
    step = next_step(result, {rule.id: rule for rule in rules.load(())})
    assert step and step.action == "audit"
    assert f"{label} went away while it was read. Connect it again" in step.sentence
