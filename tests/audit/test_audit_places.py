"""Whole audits of a phone on a cable against a copied folder, a Google Takeout, clouds and a list made on the phone.

In each backup one picture was removed, one cut short, one reduced and one renamed; each must be found as such.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from auditor.audit import run as audit
from auditor.audit.inputs import sides
from auditor.audit.order import Order
from auditor.cli import app
from auditor.judge import policy, rules
from auditor.model import Audit, Depth, Verdict
from auditor.places import rcloneclient
from tests.commandline import call
from tests.doubles.phone import Phone, adb_server, plugged_in
from tests.doubles.rclone_server import newest_rclone, remote, served
from tests.media import exif, jpeg
from tests.places.test_archive import tar_of, zip_of
from tests.places.test_phone_script import SCRIPT

ADB, RCLONE = shutil.which("adb"), newest_rclone()
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the phone's double runs on Unix")
needs_adb = pytest.mark.skipif(ADB is None, reason="the adb program is not installed")
needs_rclone = pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")

NAMES = ("same", "removed", "cut", "reduced", "renamed")


def photo(seed: int) -> bytes:
    """A picture of its own, large enough for a scaled copy to be recognised."""
    return jpeg(seed, (2048, 1536), quality=92, exif=exif(taken=f"2024:05:{seed + 1:02} 10:00:00"))


PHOTOS = {name: photo(number) for number, name in enumerate(NAMES)}


def smaller(content: bytes) -> bytes:
    """The same picture with fewer pixels, recompressed, its metadata kept, as storage savers do."""
    with Image.open(io.BytesIO(content)) as picture:
        out = io.BytesIO()
        picture.resize((1280, 960), Image.Resampling.LANCZOS).save(out, "JPEG", quality=80, exif=picture.info["exif"])
    return out.getvalue()


def backup_files() -> dict[str, bytes]:
    """What the backup holds: the one removed is left out."""
    return {
        "same.jpg": PHOTOS["same"],
        "cut.jpg": PHOTOS["cut"][: len(PHOTOS["cut"]) * 2 // 3],
        "reduced.jpg": smaller(PHOTOS["reduced"]),
        "2024/other name.jpg": PHOTOS["renamed"],
    }


@dataclass(frozen=True)
class Bench:
    """A phone that is plugged in, and a folder for what else is needed."""

    place: str
    phone: Phone
    folder: Path

    def audit(self, backup: str, depth: Depth | None = None, source: str | None = None) -> tuple[Audit, dict[str, str]]:
        """The outcome, and the status of each picture by its name."""
        ours, theirs = sides(source or self.place, [backup])
        order = Order(ours, theirs, policy.load("family"), rules.load(()), depth=depth, jobs=2)
        out = self.folder / "report"
        shutil.rmtree(out, ignore_errors=True)
        result = audit.run(order, out)
        with (out / "files.csv").open(encoding="utf-8", newline="") as file:
            return result, {Path(row["path"]).stem: row["status"] for row in csv.DictReader(file)}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    assert ADB
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    camera = tmp_path / "sdcard" / "DCIM" / "Camera"
    camera.mkdir(parents=True)
    for name, content in PHOTOS.items():
        (camera / f"{name}.jpg").write_bytes(content)
    (tmp_path / "work").mkdir()
    with (
        adb_server(ADB, tmp_path / "home") as added,
        plugged_in(Phone(tmp_path / "sdcard", tmp_path / "work")) as phone,
    ):
        for key, value in added.items():
            monkeypatch.setenv(key, value)
        rcloneclient.end_servers()
        yield Bench(f"adb:127.0.0.1:{phone.port}", phone, tmp_path)
        rcloneclient.end_servers()


FOUND = {"same": "identical", "removed": "missing", "cut": "damaged", "reduced": "reduced", "renamed": "identical"}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@needs_adb
def test_a_photo_broken_on_the_phone_is_not_said_to_have_arrived_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = bench.folder / "sdcard/DCIM/Camera/cut.jpg"
    broken.write_bytes(broken.read_bytes()[:-4000])
    words = ("backup", bench.place, str(bench.folder / "copied"), "-o", str(bench.folder / "report"))
    code, out, said = call(monkeypatch, capsys, *words)
    assert code == 0 and "SAFE: All 5 files" in out, (out, said)
    assert "damaged in the source" in said and "arrived damaged" not in said
    assert "5  confirmed by a digest that the phone made itself" in said


@needs_adb
def test_a_phone_against_the_folder_copied_over_the_cable(bench: Bench) -> None:
    backup = write(bench.folder / "copied", backup_files())
    result, found = bench.audit(str(backup))
    assert found == FOUND and result.verdict is Verdict.NOT_SAFE
    assert (result.partition.due, result.partition.proven) == (5, 2)


@needs_adb
def test_a_phone_whose_folder_is_whole_is_safe(bench: Bench) -> None:
    backup = write(bench.folder / "copied", {f"DCIM/{name}.jpg": content for name, content in PHOTOS.items()})
    result, _ = bench.audit(str(backup))
    assert result.verdict is Verdict.SAFE, result.sentence


@needs_adb
def test_a_cable_lost_in_the_middle_changes_nothing(bench: Bench) -> None:
    backup = write(bench.folder / "copied", {f"DCIM/{name}.jpg": content for name, content in PHOTOS.items()})
    bench.phone.drops = [100_000, 300_000]
    result, _ = bench.audit(str(backup))
    assert result.verdict is Verdict.SAFE, result.sentence
    assert not bench.phone.drops


@needs_adb
def test_a_phone_against_a_google_takeout(bench: Bench) -> None:
    folder = bench.folder / "takeout"
    folder.mkdir()
    stamp = int(datetime(2024, 5, 1, 10, tzinfo=UTC).timestamp())
    for number, files in enumerate(({}, backup_files()), 1):
        with zipfile.ZipFile(folder / f"takeout-20260101T000000Z-{number:03}.zip", "w") as archive:
            for path, content in files.items():
                archive.writestr(f"Takeout/Google Photos/Photos from 2024/{Path(path).name}", content)
            for path in backup_files() if number == 1 else ():
                told = json.dumps({"title": Path(path).name, "photoTakenTime": {"timestamp": str(stamp)}})
                name = f"Takeout/Google Photos/Photos from 2024/{Path(path).name}.supplemental-metadata.json"
                archive.writestr(name, told)
    result, found = bench.audit(f"takeout:{folder}")
    assert found == FOUND and result.verdict is Verdict.NOT_SAFE


def test_what_lies_in_the_bin_or_was_lost_is_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    phone = write(tmp_path / "phone", {f"DCIM/{name}.jpg": content for name, content in PHOTOS.items()})
    (tmp_path / "takeout").mkdir()
    with zipfile.ZipFile(tmp_path / "takeout" / "takeout-20260101T000000Z-001.zip", "w") as archive:
        for name, content in PHOTOS.items():
            folder = "Bin" if name == "removed" else "Photos from 2024"
            told = {"title": f"{name}.jpg", "photoTakenTime": {"timestamp": "1714557600"}, "trashed": folder == "Bin"}
            archive.writestr(f"Takeout/Google Photos/{folder}/{name}.jpg.json", json.dumps(told))
            if name != "cut":
                archive.writestr(f"Takeout/Google Photos/{folder}/{name}.jpg", content)
    bench = Bench(str(phone), Phone(phone, tmp_path), tmp_path)
    result, found = bench.audit(f"takeout:{tmp_path / 'takeout'}")
    assert found == {**dict.fromkeys(NAMES, "identical"), "removed": "missing", "cut": "missing"}
    assert (result.partition.proven, result.partition.not_safe) == (3, 2)
    with (tmp_path / "report" / "files.csv").open(encoding="utf-8", newline="") as file:
        details = {Path(row["path"]).stem: row["detail"] for row in csv.DictReader(file)}
    assert "bin of Google Photos" in details["removed"] and "in no part" in details["cut"]


@pytest.mark.parametrize("kind", ["folder", "takeout", "zip", "tar"])
def test_a_link_that_was_not_followed_makes_nothing_missing_and_nothing_safe(tmp_path: Path, kind: str) -> None:
    """A picture is behind a link: where it can be followed by people it is unknown, an archive does not hold it."""
    pictures = {f"DCIM/{name}.jpg": PHOTOS[name] for name in ("same", "removed")}
    phone = write(tmp_path / "phone", pictures)
    backup = write(tmp_path / "backup", {"DCIM/same.jpg": PHOTOS["same"]})
    write(tmp_path / "elsewhere", {"x.jpg": PHOTOS["removed"]})
    for folder in (phone, backup):
        (folder / "album").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    name = {"folder": str(backup), "takeout": f"takeout:{backup}"}.get(kind, "")
    if not name:
        packed = {"zip": zip_of, "tar": tar_of}[kind](backup, tmp_path / f"backup.{kind}")
        name = str(packed)
    bench = Bench(str(phone), Phone(phone, tmp_path), tmp_path)
    result, found = bench.audit(name)
    behind = "missing" if kind in ("zip", "tar") else "not_checked"
    assert found == {"same": "identical", "removed": behind, "album": "not_checked"}
    assert result.verdict is (Verdict.NOT_SAFE if behind == "missing" else Verdict.CANNOT_SAY)
    write(backup, {"DCIM/other.jpg": PHOTOS["removed"]})
    result, found = bench.audit(str(backup))
    assert found == {"same": "identical", "removed": "identical", "album": "not_checked"}
    assert result.verdict is Verdict.CANNOT_SAY


@needs_adb
@needs_rclone
def test_a_phone_against_a_cloud_without_digests(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RCLONE
    monkeypatch.setenv("RCLONE", RCLONE)
    backup = write(bench.folder / "cloud", backup_files())
    with served(RCLONE, "webdav", backup) as port:
        for key, value in remote(RCLONE, "webdav", port, "dav").items():
            monkeypatch.setenv(key, value)
        result, found = bench.audit("rclone:dav:")
    assert found == FOUND and result.verdict is Verdict.NOT_SAFE


@needs_adb
@needs_rclone
def test_a_phone_against_a_cloud_by_its_own_digests(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """OneDrive's digest, stated by rclone's hasher: nothing is downloaded, and all is proved."""
    assert RCLONE
    monkeypatch.setenv("RCLONE", RCLONE)
    cloud = write(bench.folder / "cloud", {f"Camera Roll/{name}.jpg": content for name, content in PHOTOS.items()})
    for key, value in {"TYPE": "alias", "REMOTE": str(cloud)}.items():
        monkeypatch.setenv(f"RCLONE_CONFIG_ONE_{key}", value)
    monkeypatch.setattr("auditor.places.rclone.BEST", ("quickxor",))
    result, found = bench.audit("rclone:one:")
    assert set(found.values()) == {"identical"} and result.partition.proven == 5
    assert result.verdict is Verdict.SAFE, (result.sentence, [o for o in result.outcomes if o.reason])
    (cloud / "Camera Roll" / "removed.jpg").unlink()
    result, found = bench.audit("rclone:one:")
    assert found["removed"] == "missing" and result.verdict is Verdict.NOT_SAFE


def test_a_list_made_on_the_phone_against_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    phone = write(tmp_path / "sdcard", {f"DCIM/{name}.jpg": content for name, content in PHOTOS.items()})
    (phone / "Download").mkdir()
    subprocess.run(["/bin/sh", str(SCRIPT), str(phone)], check=True, capture_output=True)
    made = phone / "Download" / "auditor-phone.txt"
    backup = write(tmp_path / "copied", {f"x/{name}.jpg": content for name, content in PHOTOS.items()})
    bench = Bench(str(made), Phone(phone, tmp_path), tmp_path)
    result, found = bench.audit(str(backup))
    assert set(found.values()) == {"identical"} and result.partition.proven == 5, result.sentence
    (backup / "x/removed.jpg").unlink()
    result, found = bench.audit(str(backup))
    assert found["removed"] == "missing" and result.verdict is Verdict.NOT_SAFE


@needs_adb
@pytest.mark.parametrize("drops", [(), (100_000, 400_000)])
def test_a_backup_from_a_phone_keeps_the_copiers_promises(
    bench: Bench, drops: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.phone.drops = list(drops)
    monkeypatch.chdir(bench.folder)
    result = CliRunner().invoke(app, ["backup", bench.place, str(bench.folder / "disk")])
    assert result.exit_code == 0, result.output
    copied = {p.name: p.read_bytes() for p in (bench.folder / "disk").rglob("*.jpg") if ".auditor" not in p.parts}
    assert copied == {f"{name}.jpg": content for name, content in PHOTOS.items()}
    assert not bench.phone.drops
    assert "5  confirmed by a digest that the phone made itself" in result.output


@needs_adb
def test_a_copy_that_is_not_what_the_phone_holds_is_not_safe(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bench.folder)
    liar = '#!/bin/sh\nfor f; do printf "%064d  %s\\n" 0 "$f"; done\n'
    bench.phone.shell, bench.phone.tools = "/bin/sh", {"sha256sum": liar}
    result = CliRunner().invoke(app, ["backup", bench.place, str(bench.folder / "disk"), "--no-audit"])
    assert result.exit_code == 1
    assert "not what the phone holds" in result.output and "cut.jpg" in result.output


@needs_adb
@needs_rclone
def test_what_a_phone_says_it_holds_otherwise_is_not_safe_in_a_cloud(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert RCLONE
    monkeypatch.setenv("RCLONE", RCLONE)
    (bench.folder / "cloud").mkdir()
    for key, value in {"TYPE": "alias", "REMOTE": str(bench.folder / "cloud")}.items():
        monkeypatch.setenv(f"RCLONE_CONFIG_ONE_{key}", value)
    liar = '#!/bin/sh\n/usr/bin/sha256sum "$@" | sed "/cut.jpg/s/^[0-9a-f]*/%s/"\n' % ("0" * 64)
    bench.phone.shell, bench.phone.tools = "/bin/sh", {"sha256sum": liar}
    words = ("backup", bench.place, "rclone:one:")
    code, _, said = call(monkeypatch, capsys, *words, "--no-audit")
    assert code == 1 and "4  confirmed by a digest that the phone made itself" in said
    code, out, said = call(monkeypatch, capsys, *words, "-o", str(bench.folder / "lied"))
    assert code == 3 and "CANNOT SAY: 4 of 5 files" in out, (out, said)
    assert "1  not what the phone holds" in said and "cut.jpg: the phone's own digest is another one" in said
    assert "cut.jpg" not in (bench.folder / "lied/safe-to-delete.csv").read_text("utf-8-sig")
    bench.phone.tools.clear()
    (bench.folder / "work/phone-bin/sha256sum").unlink()
    code, out, said = call(monkeypatch, capsys, *words, "-o", str(bench.folder / "told"))
    assert code == 0 and "5  confirmed by a digest that the phone made itself" in said, (out, said)


def test_a_takeout_as_the_phone_has_the_same_due_for_backup_and_audit_and_nothing_of_its_bin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = "takeout/Takeout/Google Photos/Photos from 2024"
    for name, content in PHOTOS.items():
        told = {"title": f"{name}.jpg", "photoTakenTime": {"timestamp": "1714557600"}, "trashed": name == "removed"}
        sidecar = json.dumps(told).encode()
        write(tmp_path / folder, {f"{name}.jpg": content, f"{name}.jpg.supplemental-metadata.json": sidecar})
    assert call(monkeypatch, capsys, "backup", "takeout:takeout", "copy", "-o", "of-backup")[0] == 0
    assert call(monkeypatch, capsys, "audit", "takeout:takeout", "copy", "-o", "of-audit")[0] == 0
    found = []
    for report in ("of-backup", "of-audit"):
        with (tmp_path / report / "files.csv").open(encoding="utf-8", newline="") as file:
            found.append({Path(row["path"]).name: row["verdict"] for row in csv.DictReader(file)})
    assert found[0] == found[1]
    assert found[0]["removed.jpg"] == "not_due" and found[0]["same.jpg.supplemental-metadata.json"] == "proven"
