"""The whole line, on real files: what is proven is there, what is not is named, whatever people do to a backup."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ImageCms

from auditor import report as reporting
from auditor.audit import run as auditing
from auditor.audit.inputs import sides
from auditor.audit.order import Order, pairs_of
from auditor.demo import media as shots
from auditor.demo import scenes
from auditor.errors import BadOutput, BadPlace
from auditor.isolation import pool
from auditor.judge import policy as policies
from auditor.judge import rules as ruling
from auditor.model import Audit, Depth, Verdict
from auditor.places.folder import FolderPlace
from auditor.scan.run import scan
from tests import media

RULES = ruling.load()
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@dataclass(frozen=True)
class Pictures:
    """Real media, made once: name -> bytes."""

    files: dict[str, bytes]


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    files = {f"DCIM/Camera/IMG_{n:04d}.jpg": media.jpeg(seed=n) for n in range(1, 7)}
    files["Pictures/shot.png"] = media.png(seed=20)
    files["Pictures/pic.webp"] = media.webp(seed=21)
    return Pictures(files)


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about what is concluded; that workers are isolated is test_workers' matter, and takes time."""

    def run_here(
        function: Callable[[object], object], jobs: Iterable[pool.Job[object]], **_: object
    ) -> Iterator[object]:
        return (function(job.argument) for job in jobs)

    monkeypatch.setattr(pool, "run", run_here)


def fill(folder: Path, files: dict[str, bytes]) -> None:
    for number, (name, data) in enumerate(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1_700_000_000 + number * 60,) * 2)


@pytest.fixture
def places(tmp_path: Path, pictures: Pictures) -> tuple[Path, Path]:
    phone, backup = tmp_path / "phone", tmp_path / "backup"
    fill(phone, pictures.files)
    shutil.copytree(phone, backup)
    return phone, backup


def run(
    phone: Path, *backups: Path, policy: str = "family", depth: Depth = Depth.HASH, **more: object
) -> tuple[Audit, pd.DataFrame]:
    """Audits into a folder of its own; gives the audit and files.csv by path."""
    out = phone.parent / f"report-{random.random()}"
    ours, theirs = sides(str(phone), [str(b) for b in backups])
    # The copies have the dates of the phone: nothing else tells which is which.
    pairs = pairs_of(ours, theirs, is_by_hand=True)
    order = Order(ours, theirs, policies.load(policy), RULES, depth=depth, jobs=1, pairs=pairs, **more)  # type: ignore[arg-type]
    result = auditing.run(order, out)
    return result, pd.read_csv(out / "files.csv", keep_default_na=False).set_index("path")


def test_a_plain_copy_is_safe(places: tuple[Path, Path], pictures: Pictures) -> None:
    result, files = run(*places, depth=Depth.DECODE)
    assert result.verdict is Verdict.SAFE
    assert result.sentence == f"All {len(pictures.files)} files are safely backed up."
    assert set(files.status) == {"identical"}
    assert set(files.verdict) == {"proven"}


def test_checks_that_a_policy_leaves_out_are_named(places: tuple[Path, Path], tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    words = 'id = "mine"\nversion = "1"\ntitle = "Mine"\n[rules]\nskip = ["old-list", "arrived-damaged"]\n'
    mine.write_text(words, encoding="utf-8")
    told = "These checks were not made, as the policy mine says: arrived-damaged, old-list."
    assert told in run(*places, policy=str(mine))[0].caveats
    assert not any("not made" in caveat for caveat in run(*places)[0].caveats)


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_removed_files_are_found_exactly(
    tmp_path_factory: pytest.TempPathFactory, pictures: Pictures, data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.sampled_from(sorted(pictures.files)), max_size=4))
    root = tmp_path_factory.mktemp("audit")
    fill(root / "phone", pictures.files)
    fill(root / "backup", {name: content for name, content in pictures.files.items() if name not in gone})
    result, files = run(root / "phone", root / "backup")
    assert set(files.index[files.status == "missing"]) == gone
    assert (result.verdict is Verdict.NOT_SAFE) == bool(gone)
    assert result.partition.not_safe == len(gone)


CHANGES: dict[str, Callable[[Path, random.Random], None]] = {
    "renamed": lambda path, rng: path.rename(path.with_name(f"{rng.randrange(10**6)} (1){path.suffix}")) and None,
    "moved": lambda path, rng: (
        shutil.move(path, path.parents[2] / f"moved-{rng.randrange(10**6)}{path.suffix}") and None
    ),
    "re-dated": lambda path, rng: os.utime(path, (rng.randrange(10**9),) * 2),
    "no extension": lambda path, rng: path.rename(path.with_name(f"x{rng.randrange(10**6)}")) and None,
}


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(seed=st.integers(0, 2**32), changes=st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=6))
def test_names_places_and_dates_cost_nothing(
    tmp_path_factory: pytest.TempPathFactory, pictures: Pictures, seed: int, changes: list[str]
) -> None:
    rng = random.Random(seed)
    root = tmp_path_factory.mktemp("audit")
    fill(root / "phone", pictures.files)
    fill(root / "backup", {f"a/{name}": content for name, content in pictures.files.items()})
    victims = rng.sample(sorted(p for p in (root / "backup").rglob("*") if p.is_file()), len(changes))
    for change, victim in zip(changes, victims, strict=True):
        CHANGES[change](victim, rng)
    result, files = run(root / "phone", root / "backup")
    assert set(files.verdict) == {"proven"}
    assert result.verdict is Verdict.SAFE


@settings(max_examples=4, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_a_flipped_byte_is_never_identical(
    tmp_path_factory: pytest.TempPathFactory, pictures: Pictures, data: st.DataObject
) -> None:
    flipped = {}
    for name, content in pictures.files.items():
        at, bits = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(1, 255))
        flipped[name] = content[:at] + bytes([content[at] ^ bits]) + content[at + 1 :]
    root = tmp_path_factory.mktemp("audit")
    fill(root / "phone", pictures.files)
    fill(root / "backup", flipped)
    _, files = run(root / "phone", root / "backup")
    assert "identical" not in set(files.status)
    result, strict = run(root / "phone", root / "backup", policy="strict")
    assert "proven" not in set(strict.verdict)
    assert result.verdict is not Verdict.SAFE


def test_swapped_contents_are_both_identical_with_a_finding(places: tuple[Path, Path]) -> None:
    _, backup = places
    first, second = backup / "DCIM/Camera/IMG_0001.jpg", backup / "DCIM/Camera/IMG_0002.jpg"
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    result, files = run(*places)
    assert set(files.status) == {"identical"}
    assert files.backup_path["DCIM/Camera/IMG_0001.jpg"] == "DCIM/Camera/IMG_0002.jpg"
    assert any(o.findings for o in result.outcomes if "two-contents" in o.rule_id)
    assert result.verdict is Verdict.SAFE


def test_a_cut_copy_is_damaged_and_not_missing(places: tuple[Path, Path], pictures: Pictures) -> None:
    name = "DCIM/Camera/IMG_0003.jpg"
    content = pictures.files[name]
    (places[1] / name).write_bytes(content[: len(content) * 6 // 10])
    result, files = run(*places, depth=Depth.DECODE)
    assert files.status[name] == "damaged"
    # A share is that of the picture wherever it is told; one of the bytes beside it would be another number.
    assert files.detail[name].startswith("cut short: ") and "%" not in files.detail[name]
    assert result.verdict is Verdict.NOT_SAFE


def test_a_stripped_copy_is_not_called_missing_by_lists_of_digests(tmp_path: Path) -> None:
    picture = scenes.scene(7)
    fill(tmp_path / "phone", {"a.jpg": shots.jpeg(picture, shots.Shot("2026:01:01 10:00:00", (48.1, 11.5)))})
    fill(tmp_path / "backup", {"a.jpg": shots.jpeg(picture, shots.Shot("2026:01:01 10:00:00"))})
    result, files = run(tmp_path / "phone", tmp_path / "backup", depth=Depth.HASH)
    assert files.status["a.jpg"] == "not_checked"
    assert result.verdict is Verdict.CANNOT_SAY
    result, files = run(tmp_path / "phone", tmp_path / "backup", depth=Depth.DECODE)
    assert (files.status["a.jpg"], files.detail["a.jpg"]) == ("metadata_changed", "location removed")
    assert result.verdict is Verdict.SAFE


def test_an_empty_copy_is_damaged(places: tuple[Path, Path]) -> None:
    (places[1] / "DCIM/Camera/IMG_0003.jpg").write_bytes(b"")
    _, files = run(*places, depth=Depth.DECODE)
    assert files.status["DCIM/Camera/IMG_0003.jpg"] == "damaged"
    assert files.detail["DCIM/Camera/IMG_0003.jpg"].startswith("empty")


def test_two_backups_count_copies(places: tuple[Path, Path], tmp_path: Path) -> None:
    phone, backup = places
    second = tmp_path / "second"
    shutil.copytree(backup, second)
    (backup / "Pictures/shot.png").unlink()
    result, files = run(phone, backup, second)
    assert result.verdict is Verdict.SAFE
    assert files.copies["Pictures/shot.png"] == 1
    assert files.backup["Pictures/shot.png"] == "second"
    assert files.copies["DCIM/Camera/IMG_0001.jpg"] == 2
    assert files.backup["DCIM/Camera/IMG_0001.jpg"] == "backup"
    office, _ = run(phone, backup, second, policy="office")
    assert office.verdict is Verdict.NOT_SAFE  # none of the two is off-site


def test_an_excluded_file_is_listed_and_not_due(places: tuple[Path, Path], pictures: Pictures) -> None:
    fill(places[0], {"DCIM/Camera/.trashed-1-x.jpg": pictures.files["DCIM/Camera/IMG_0001.jpg"] + b"x"})
    fill(places[0], {"DCIM/.thumbnails/1.jpg": pictures.files["DCIM/Camera/IMG_0001.jpg"] + b"y"})
    result, files = run(*places)
    assert result.verdict is Verdict.SAFE
    assert files.verdict["DCIM/Camera/.trashed-1-x.jpg"] == "not_due"
    assert files.verdict["DCIM/.thumbnails/1.jpg"] == "not_due"


@pytest.mark.parametrize("where", [".Trash-1000/files", "Trash/bk", "p2/.auditor/quarantine/2026-01-01T120000123456"])
@pytest.mark.parametrize("is_list", [False, True])
def test_a_backup_that_lies_in_a_bin_is_none(places: tuple[Path, Path], where: str, is_list: bool) -> None:
    phone, backup = places
    root = backup.parent / where
    root.parent.mkdir(parents=True)
    backup.rename(root)
    named = root
    if is_list:
        named = backup.parent / "list.jsonl"
        scan(FolderPlace(root, str(root)), named, depth=Depth.DECODE, jobs=1, use_cache=False)
        shutil.rmtree(root)
    result, files = run(phone, named, depth=Depth.DECODE)
    assert (result.verdict, set(files.status)) == (Verdict.NOT_SAFE, {"missing"})
    assert set(files.detail) == {"what has its name there is no copy: it lies in a bin or a snapshot"}
    assert any("lies in a bin or a quarantine" in told for told in result.caveats)
    (report,) = phone.parent.glob("report-*")
    assert len((report / "safe-to-delete.csv").read_text("utf-8").splitlines()) == 1


def test_a_phone_that_lies_in_such_a_folder_can_be_safe(places: tuple[Path, Path]) -> None:
    phone, backup = places
    (phone.parent / "Trash").mkdir()
    phone.rename(phone.parent / "Trash/phone")
    assert run(phone.parent / "Trash/phone", backup)[0].verdict is Verdict.SAFE


def test_an_album_that_is_called_as_a_bin_is_safe_in_its_place(places: tuple[Path, Path], pictures: Pictures) -> None:
    extra = {"Trash/x.jpg": pictures.files["DCIM/Camera/IMG_0001.jpg"] + b"x"}
    for root in places:
        fill(root, extra)
    assert run(*places)[0].verdict is Verdict.SAFE


def test_nothing_to_check_is_not_safe(tmp_path: Path) -> None:
    for name in ("phone", "backup"):
        (tmp_path / name).mkdir()
    result, _ = run(tmp_path / "phone", tmp_path / "backup")
    assert result.verdict is Verdict.CANNOT_SAY
    assert result.sentence == "Nothing to check: the phone's list holds no photos or videos."


def test_reduced_copies_are_told_apart_on_pixels(tmp_path: Path) -> None:
    picture = scenes.scene(5, 1600, 1200)
    phone, backup = tmp_path / "phone", tmp_path / "backup"
    fill(phone, {"a.jpg": shots.jpeg(picture)})
    fill(backup, {"a.jpg": shots.jpeg(picture.resize((1000, 750)), quality=80)})
    _, files = run(phone, backup, depth=Depth.DECODE)
    assert (files.status["a.jpg"], files.verdict["a.jpg"]) == ("reduced", "not_safe")
    assert "1600x1200 became 1000x750" in files.detail["a.jpg"]
    saver, files = run(phone, backup, policy="storage-saver", depth=Depth.DECODE)
    assert files.verdict["a.jpg"] == "proven"
    assert saver.verdict is Verdict.SAFE


@pytest.mark.parametrize("share", [0.8, 0.99])
@pytest.mark.parametrize("name", ["a.jpg", "renamed.jpg"])
def test_a_changed_bit_is_no_reduced_copy(tmp_path: Path, name: str, share: float) -> None:
    """It may look the same to the last tile; that proves nothing, even where smaller copies are good enough."""
    content = shots.jpeg(scenes.scene(5, 1600, 1200))
    changed = bytearray(content)
    changed[int(len(content) * share)] ^= 1
    fill(tmp_path / "phone", {"a.jpg": content})
    fill(tmp_path / "backup", {name: bytes(changed)})
    result, files = run(tmp_path / "phone", tmp_path / "backup", policy="storage-saver", depth=Depth.DECODE)
    assert (files.status["a.jpg"], files.verdict["a.jpg"]) == ("damaged", "not_safe")
    assert result.verdict is Verdict.NOT_SAFE


def test_safe_to_delete_names_only_what_was_read_now(places: tuple[Path, Path], tmp_path: Path) -> None:
    broken = places[0] / "DCIM/Camera/IMG_0004.jpg"
    broken.write_bytes(broken.read_bytes()[:3000])
    shutil.copy(broken, places[1] / "DCIM/Camera/IMG_0004.jpg")
    ours, theirs = sides(str(places[0]), [str(places[1])])
    pairs = pairs_of(ours, theirs, is_by_hand=True)
    order = Order(ours, theirs, policies.load("family"), RULES, jobs=1, pairs=pairs)
    proof = auditing.run(order, tmp_path / "report").provenance
    rows = pd.read_csv(tmp_path / "report" / "safe-to-delete.csv")
    assert proof["stay"] == {"not_sound": 1}
    files = pd.read_csv(tmp_path / "report" / "files.csv", index_col="path")
    assert files.verdict["DCIM/Camera/IMG_0004.jpg"] == "proven"  # broken on the phone already, and kept as it is
    assert "DCIM/Camera/IMG_0004.jpg" not in set(rows.path)
    assert len(rows) == len(files) - 1
    # The same with lists made before: proof for SAFE, not for deleting.
    again, listed = sides(str(tmp_path / "report/source.jsonl"), [str(tmp_path / "report/backup-1.jsonl")])
    later = auditing.run(Order(again, listed, policies.load("family"), RULES), tmp_path / "later")
    assert later.verdict is Verdict.SAFE
    assert len(pd.read_csv(tmp_path / "later" / "safe-to-delete.csv")) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_no_file_may_go_by_a_name_that_a_table_would_change(places: tuple[Path, Path], tmp_path: Path) -> None:
    """Its cell would be the exact name of another file. All that counts what may go leaves it out."""
    real = "DCIM/Camera/'=1+1.jpg"  # what the cell of the next would be
    odd = ("=1+1.jpg", "DCIM/a\u202egpj.jpg", "DCIM/a;=1.jpg", "DCIM/\\xff.jpg", os.fsdecode(b"DCIM/\xff.jpg"))
    for name in (real, *odd):
        for place in places:
            shutil.copy(place / "DCIM/Camera/IMG_0001.jpg", place / name)
    ours, theirs = sides(str(places[0]), [str(places[1])])
    pairs = pairs_of(ours, theirs, is_by_hand=True)
    told = auditing.run(Order(ours, theirs, policies.load("family"), RULES, jobs=1, pairs=pairs), tmp_path / "report")
    listed = pd.read_csv(tmp_path / "report" / "safe-to-delete.csv")
    assert real in set(listed.path)
    assert told.provenance["may_go"]["files"] == len(listed) == told.partition.proven - len(odd)
    assert told.provenance["not_read_again"] == 0
    assert told.provenance["stay"] == {"name": len(odd)}


def test_outcome_is_the_same_in_every_file(places: tuple[Path, Path], tmp_path: Path) -> None:
    (places[1] / "Pictures/shot.png").unlink()
    ours, theirs = sides(str(places[0]), [str(places[1])])
    result = auditing.run(Order(ours, theirs, policies.load("family"), RULES, jobs=1), tmp_path / "r")
    record = json.loads((tmp_path / "r" / "audit.json").read_text("utf-8"))
    assert record["sentence"] == result.sentence == "1 of 8 files is not safely backed up."
    assert result.sentence in (tmp_path / "r" / "report.html").read_text("utf-8")
    assert not (tmp_path / "r.partial").exists()


BAD = {
    "the same folder": lambda phone, backup: (phone, phone),
    "source in backup": lambda phone, backup: (phone / "DCIM", phone),
    "backup in source": lambda phone, backup: (phone, phone / "DCIM"),
    "no such folder": lambda phone, backup: (phone, backup / "nowhere"),
}


@pytest.mark.parametrize("which", BAD)
def test_bad_sides_are_one_sentence(places: tuple[Path, Path], which: str) -> None:
    source, backup = BAD[which](*places)
    with pytest.raises(BadPlace) as error:
        sides(str(source), [str(backup)])
    assert "\n" not in str(error.value)


def test_nothing_is_written_over_nor_into_a_place(places: tuple[Path, Path], tmp_path: Path) -> None:
    ours, theirs = sides(str(places[0]), [str(places[1])])
    order = Order(ours, theirs, policies.load("family"), RULES, jobs=1)
    (tmp_path / "there").mkdir()
    for out in (tmp_path / "there", places[0] / "report", places[1] / "a" / "report"):
        with pytest.raises(BadOutput):
            auditing.run(order, out)
    assert list((tmp_path / "there").iterdir()) == []
    assert not (places[0] / "report.partial").exists()


def test_a_copy_in_a_bin_or_by_a_hard_link_is_no_copy(places: tuple[Path, Path]) -> None:
    phone, backup = places
    first, second = "DCIM/Camera/IMG_0001.jpg", "DCIM/Camera/IMG_0002.jpg"
    (backup / ".Trash-1000/files").mkdir(parents=True)
    (backup / first).rename(backup / ".Trash-1000/files/IMG_0001.jpg")
    (backup / second).unlink()
    try:
        (backup / second).hardlink_to(phone / second)
    except OSError:
        pytest.skip("the file system has no hard links")
    result, files = run(phone, backup)
    assert result.verdict is Verdict.NOT_SAFE
    assert set(files.index[files.verdict != "proven"]) == {first, second}


@pytest.mark.parametrize(
    ("album", "copied_to", "safe"),
    [
        ("Pictures/Trash", "Pictures/Trash", True),
        ("DCIM/Recently Deleted", "DCIM/Recently Deleted", True),
        ("Pictures/Trash", "Trash", False),
        ("Pictures", "Pictures/Trash", False),
        (".Trash-1000/files", ".Trash-1000/files", False),
        (".Trash-1000/Trash", ".Trash-1000/Trash", False),
    ],
)
def test_an_album_that_is_called_like_a_bin_is_copied_in_place(
    places: tuple[Path, Path], album: str, copied_to: str, safe: bool
) -> None:
    for place, folder in zip(places, (album, copied_to), strict=True):
        (place / folder).mkdir(parents=True, exist_ok=True)
        (place / folder / "in_album.jpg").write_bytes(media.jpeg(99))
    _, files = run(*places, depth=Depth.DECODE)
    assert (files.verdict[f"{album}/in_album.jpg"] == "proven") is safe
    (table,) = places[0].parent.glob("report-*/safe-to-delete.csv")
    may_go = table.read_text("utf-8")
    assert "IMG_0001.jpg" in may_go and "in_album" not in may_go, "by its name it may be emptied"


def test_an_audit_is_taken_up_whatever_file_of_it_a_stopped_one_left(places: tuple[Path, Path], tmp_path: Path) -> None:
    """The names come from the one list that the report is written by."""
    run(*places)
    (made,) = (folder for folder in tmp_path.rglob("audit.json"))
    names = {path.name for path in made.parent.iterdir()}
    assert names == {*reporting.NAMES, "source.jsonl", "backup-1.jsonl"}
    assert all(auditing._OURS.fullmatch(name) for name in names)


def test_a_copy_without_its_colour_profile_is_told_as_that(tmp_path: Path) -> None:
    """It was compared, so it is not said that it could not be."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    fill(tmp_path / "phone", {"a.jpg": media.jpeg(1, icc_profile=profile)})
    fill(tmp_path / "backup", {"a.jpg": media.jpeg(1)})
    result, _ = run(tmp_path / "phone", tmp_path / "backup", depth=Depth.DECODE)
    assert result.verdict is Verdict.CANNOT_SAY
    (table,) = tmp_path.glob("report-*/findings.csv")
    found = pd.read_csv(table).set_index("rule").message["not-checked"]
    words = "differs outside the picture and its known metadata: the copy lost its colour profile"
    assert found == f"a.jpg is not proven: {words}."
