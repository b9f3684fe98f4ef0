"""The one page to print and file: it fits on a page, and says who, when, what, how, and by what it can be checked."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import BadOutput
from auditor.report import FILES, RECORD, SEAL, certificate, provenance
from auditor.report.signatures import Standing, Statement
from tests import browser, media
from tests.copier.runs import write
from tests.report import sample
from tests.report.test_page import AXE
from tests.report.test_report import ZONE, written
from tests.report.test_seals import run

needs_print = pytest.mark.skipif(
    not browser.USABLE or shutil.which("pdftotext") is None, reason="Chromium or pdftotext is not installed"
)
SIGNED = Statement("SHA256SUMS.sig", Standing.GOOD, "Signed by anna with the OpenSSH key SHA256:" + "x" * 43 + ".")


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    (tmp_path / "audit").mkdir()
    return written(tmp_path / "audit", sample.database(), {}).parent


def record(audit: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((audit / RECORD).read_text("utf-8"))
    return found


def printed(page: Path) -> list[str]:
    """The text of each sheet of paper."""
    with browser.browser() as chromium:
        for width, is_dark in ((1280, False), (390, True)):
            chromium.size(width, 900, is_dark)
            chromium.open(page)
            assert chromium.ask("document.documentElement.scrollWidth <= innerWidth")
            if AXE.exists():
                chromium.tab.evaluate(f"(() => {{ {AXE.read_text('utf-8')} }})()")
                assert chromium.ask("axe.run().then(r => r.violations.map(v => [v.id, v.nodes[0].html]))") == []
            chromium.screenshot(page.with_suffix(f".{width}.png"))
        assert chromium.trouble == []
        chromium.pdf(page.with_suffix(".pdf"))
    text = subprocess.run(["pdftotext", "-layout", page.with_suffix(".pdf"), "-"], capture_output=True, check=True)
    return [" ".join(one.split()) for one in text.stdout.decode().split("\f")[:-1]]


@needs_print
def test_one_page_says_all_of_it(audit: Path, tmp_path: Path) -> None:
    told = record(audit)
    unread = [{"side": side, "files": files} for side, files in (("source", 5), ("backup", 3), ("backup", 4))]
    told["provenance"] |= {"by": "Anna <b>Berg</b>", "unopened_files": 7, "not_read_now": unread}
    certificate.write(audit, told, [SIGNED], [], tmp_path / "page.html", ZONE)
    pages = printed(tmp_path / "page.html")
    assert len(pages) == 1
    for said in (
        "NOT SAFE", "5 of 38 files are not safely backed up.", "must be backed up", "proven safe",
        "left out on purpose", "Anna <b>Berg</b>",
        "15 June 2026, 11:58 (UTC+2) to 15 June 2026, 12:00 (UTC+2)", "adb:R5CT/sdcard",
        "/mnt/nas/anna",
        "every byte, and every picture decoded; 7 were not opened, only compared by their digests; 5 of the phone's"
        " files and 7 of the backups' were not read in this audit. Policy family, version 1",
        "kinds of trouble looked for; auditor", "4 Not in the backup",
        "Signed by anna with the OpenSSH key", "Signature", hashlib.sha256((audit / SEAL).read_bytes()).hexdigest(),
    ):  # fmt: skip
        assert said in pages[0], said


@needs_print
@pytest.mark.parametrize(
    ("kinds", "of_findings", "of_caveats"),
    [(60, "And 48 further kinds", "And 27 more"), (4, "A rule of our own 3", "And 25 more"), (0, "Nothing", "24 more")],
)
def test_however_much_was_found_it_is_one_page(
    audit: Path, tmp_path: Path, kinds: int, of_findings: str, of_caveats: str
) -> None:
    """What findings leave of it, caveats have."""
    told = record(audit)
    told["rules"] = [{**told["rules"][0], "id": f"a-rule-of-our-own-{n}", "state": "failed"} for n in range(kinds)]
    told["caveats"] = [f"Backup {n} is only a list, so what lies there now is not known. " * 2 for n in range(30)]
    told["provenance"]["backups"] = [f"/mnt/a/rather/long/path/to/a/backup/number/{n}" for n in range(40)]
    certificate.write(audit, told, [SIGNED, SIGNED], [], tmp_path / "page.html", ZONE)
    pages = printed(tmp_path / "page.html")
    assert len(pages) == 1
    for said in (of_findings, f"{of_caveats}, in report.html", "and 37 more", "not stated when the audit"):
        assert said in pages[0], said


def test_one_that_was_not_opened_is_one(audit: Path, tmp_path: Path) -> None:
    told = record(audit)
    told["provenance"]["unopened_files"] = 1
    certificate.write(audit, told, [], [], tmp_path / "page.html", ZONE)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "every picture decoded; 1 was not opened, only compared by its digest" in page


def test_of_equal_numbers_what_is_in_no_backup_stands_first(audit: Path, tmp_path: Path) -> None:
    told = record(audit)
    failed = {**told["rules"][0], "state": "failed", "severity": "error", "findings": 2}
    told["rules"] = [{**failed, "id": name} for name in ("a-rule-of-our-own", "content-changed", "missing-from-backup")]
    certificate.write(audit, told, [], [], tmp_path / "page.html", ZONE)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.index("Not in the backup") < page.index("Other content") < page.index("A rule of our own")


def test_the_command_makes_it_beside_the_audit_and_only_of_one_that_is_whole(audit: Path, tmp_path: Path) -> None:
    code, said = run("report", audit, "--certificate", tmp_path / "page.html")
    assert (code, (tmp_path / "page.html").exists()) == (0, True)
    assert "page.html" in said
    assert provenance.check(audit) == []
    with pytest.raises(BadOutput, match="is sealed"):
        certificate.write(audit, record(audit), [], [], audit / "page.html")
    assert "is there already" in run("report", audit, "--certificate", tmp_path / "page.html")[1]
    (audit / FILES).write_text("changed", "utf-8")
    code, _ = run("report", audit, "--certificate", tmp_path / "other.html")
    assert (code, (tmp_path / "other.html").exists()) == (1, False)


def test_who_audits_is_said_and_never_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "phone/DCIM/Camera/IMG_1.jpg", media.jpeg(1), 1_700_000_001)
    write(tmp_path / "disk/IMG_1.jpg", media.jpeg(1), 1_700_000_001)
    monkeypatch.chdir(tmp_path)
    words = ("audit", "phone", "disk", "--copy-by-hand", "-o")
    assert run(*words, "nobody")[0] == 0
    assert "by" not in record(tmp_path / "nobody")["provenance"]
    assert run("config", "set", "by", "Anna Berg")[0] == 0
    assert run(*words, "config")[0] == 0
    assert record(tmp_path / "config")["provenance"]["by"] == "Anna Berg"
    assert run(*words, "named", "--by", "Tom")[0] == 0
    assert record(tmp_path / "named")["provenance"]["by"] == "Tom"
    assert "<dt>Made by</dt><dd>Tom</dd>" in (tmp_path / "named/report.html").read_text("utf-8")
