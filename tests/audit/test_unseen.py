"""Files whose names say nothing and into which nobody could look: programs keep photos under such names."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from auditor.model import Verdict
from auditor.report import findings
from tests import media
from tests.audit.test_audit import RULES, run


def locked(data: bytes) -> bytes:
    """A zip of two members of which the second is marked as encrypted, as what reads it is told."""
    packed = bytearray(data)
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.rindex(signature) + at] |= 1
    return bytes(packed)


@pytest.mark.parametrize(
    ("name", "verdict"), [("noname", Verdict.CANNOT_SAY), ("a.bin", Verdict.CANNOT_SAY), ("a.pdf", Verdict.SAFE)]
)
def test_an_encrypted_file_without_a_telling_name_is_not_safe(tmp_path: Path, name: str, verdict: Verdict) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup/b.jpg").write_bytes(media.jpeg(seed=1))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        packed.writestr("DCIM/b.jpg", media.jpeg(seed=1))
        packed.writestr(f"DCIM/{name}", media.jpeg(seed=2))
    (tmp_path / "phone.zip").write_bytes(locked(held.getvalue()))
    result, files = run(tmp_path / "phone.zip", tmp_path / "backup")
    assert (result.verdict, files.verdict["DCIM/b.jpg"]) == (verdict, "proven")
    told = "unreadable-file" if verdict is Verdict.CANNOT_SAY else "unreadable-other"
    assert [one.findings for one in result.outcomes if one.rule_id == told] == [1]
    assert result.provenance.get("other_files", 0) == 0


def test_a_link_without_a_telling_name_to_a_file_elsewhere_is_not_safe(tmp_path: Path) -> None:
    for name in ("phone", "backup", "elsewhere"):
        (tmp_path / name).mkdir()
    for name in ("phone", "backup"):
        (tmp_path / name / "b.jpg").write_bytes(media.jpeg(seed=1))
    (tmp_path / "elsewhere/photo").write_bytes(media.jpeg(seed=2))
    (tmp_path / "phone/noname").symlink_to(tmp_path / "elsewhere/photo")
    result, files = run(tmp_path / "phone", tmp_path / "backup")
    assert (result.verdict, files.verdict["noname"]) == (Verdict.CANNOT_SAY, "not_checked")
    # Nothing of it could not be read, and no phone is locked.
    step = findings.next_step(result, {rule.id: rule for rule in RULES})
    assert step is not None and "A link: put the file itself in its place." in step.sentence
    assert "Unlock the phone" not in step.sentence
    (rule,) = (rule for rule in RULES if rule.id == "unreadable-file")
    assert "was not read" in rule.failed_one
