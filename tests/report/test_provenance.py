from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from auditor.database import schema
from auditor.database.connection import Database
from auditor.errors import BadManifest
from auditor.report import provenance
from auditor.report.provenance import Difference, Mismatch
from tests.report import sample


def sealed(folder: Path) -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "files.csv").write_bytes(b"path\n")
    (folder / "audit.json").write_bytes(b"{}\n")
    (folder / "sub" / "x").write_bytes(b"x")
    provenance.seal(folder)
    return folder


def test_an_untouched_folder_checks(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "a")
    assert provenance.check(folder) == []
    for name in ("SHA256SUMS.asc", ".DS_Store"):
        (folder / name).write_text("not part of the audit")
    assert provenance.check(folder) == []


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="sha256sum (coreutils) is not installed")
def test_the_seal_is_read_by_sha256sum(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "a")
    done = subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout.count(": OK")) == (0, 3)


def test_each_difference_is_named(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "a")
    (folder / "files.csv").write_bytes(b"patH\n")
    (folder / "sub" / "x").unlink()
    (folder / "more.txt").write_text("")
    assert provenance.check(folder) == [
        Mismatch("files.csv", Difference.CHANGED),
        Mismatch("more.txt", Difference.ADDED),
        Mismatch("sub/x", Difference.REMOVED),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "a")
    (folder / "files.csv").rename(tmp_path / "files.csv")
    (folder / "files.csv").symlink_to(tmp_path / "files.csv")
    (folder / "sub").rename(tmp_path / "sub")
    (folder / "sub").symlink_to(tmp_path / "sub")
    assert provenance.check(folder) == [
        Mismatch("files.csv", Difference.REMOVED),
        Mismatch("sub/x", Difference.REMOVED),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "hello\n", f"{'a' * 64}  ../x\n", f"{'a' * 64}  /etc/passwd\n", f"{'a' * 64}  ..\\x\n", f"{'a' * 64}  C:x\n",
     f"{'a' * 63}g  x\n", f"{'a' * 64}  \n"],
)  # fmt: skip
def test_a_seal_that_is_none_stops(tmp_path: Path, text: str) -> None:
    (tmp_path / "SHA256SUMS").write_text(text)
    with pytest.raises(BadManifest):
        provenance.check(tmp_path)


def test_a_folder_without_a_seal_stops(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match="SHA256SUMS"):
        provenance.check(tmp_path)


def test_the_record_has_the_keys_of_the_contract_and_an_id_of_what_was_judged(tmp_path: Path) -> None:
    audit = sample.audit(sample.database())
    (tmp_path / "source.jsonl").write_text("{}\n")
    lists = [provenance.sealed_file(tmp_path / "source.jsonl")]
    record = provenance.audit_record(audit, sample.RULES, sample.POLICY, lists)
    provenance.write_record(record, tmp_path / "audit.json")
    read = json.loads((tmp_path / "audit.json").read_text())
    assert {"verdict", "sentence", "partition", "rules", "policy", "provenance"} <= set(read)
    assert read["verdict"] == "NOT SAFE"
    assert read["partition"] == {"due": 38, "proven": 31, "not_safe": 5, "not_checked": 1, "waived": 1}
    assert {rule["id"]: rule["state"] for rule in read["rules"]}["live-photo-pairs"] == "not_run"
    assert all(rule["sha256"] for rule in read["rules"])
    assert read["provenance"]["lists"][0]["sha256"] == lists[0].sha256
    again = provenance.audit_record(audit, sample.RULES, sample.POLICY, lists)
    other = provenance.audit_record(audit, sample.RULES, dataclasses.replace(sample.POLICY, sha256="00" * 32), lists)
    assert record["provenance"]["audit_id"] == again["provenance"]["audit_id"] != other["provenance"]["audit_id"]


def test_files_that_were_not_read_in_this_audit_are_counted() -> None:
    db = Database(duckdb.connect(), schema.EVERYTHING)
    schema.create_tables(db)
    rows = [
        ("aa", None, "read", "2026-06-15T10:00:00Z"),  # now, to the second
        ("aa", None, "read", "2026-06-15T09:59:59Z"),
        ("aa", None, "read", "2026-05-01T00:00:00Z"),
        (None, None, "read", "2026-01-01T00:00:00Z"),  # nothing is claimed of it
    ]
    db.con.executemany("INSERT INTO source (sha256, md5, digest_origin, read_at) VALUES (?, ?, ?, ?)", rows)
    elsewhere = [
        (None, "bb", "computed", "2026-06-15T10:00:01Z", "cloud"),
        ("aa", None, "foreign", None, "disk"),
        ("bb", None, None, "2026-06-15T10:00:09Z", "disk"),  # nobody says that it was read
        ("aa", None, "read", "2026-06-15T10:00:09Z", "nas"),
    ]
    db.con.executemany(
        "INSERT INTO backup (sha256, md5, digest_origin, read_at, backup) VALUES (?, ?, ?, ?, ?)", elsewhere
    )
    found = [tuple(part.values()) for part in provenance.not_read_now(db, "2026-06-15T12:00:00+02:00")]
    assert found == [
        ("source", None, 2, "read before", "2026-05-01T00:00:00Z"),
        ("backup", "cloud", 1, "stated by its service", "2026-06-15T10:00:01Z"),
        ("backup", "disk", 2, "another tool's list", "2026-06-15T10:00:09Z"),
    ]
