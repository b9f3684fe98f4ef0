"""What a row may prove: why it proves nothing, how its digests were come by, and which file it is of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.manifest import foreign, jsonl
from auditor.manifest.jsonl import Writer
from auditor.manifest.rows import DECODED, from_row
from auditor.model import Depth, DigestOrigin, ErrorKind, FileFacts, Header, Trouble
from tests.commandline import call
from tests.copier.runs import photos


def header(place: Path, **changes: object) -> Header:
    values: dict[str, object] = {
        "schema": 2,
        "tool": "auditor 0",
        "place": str(place),
        "place_id": "folder:x",
        "label": place.name,
        "place_kind": "folder",
        "depth": Depth.DECODE,
        "started": "2026-01-01T00:00:00Z",
        "columns": (*DECODED, "sha256"),
    }
    return Header(**{**values, **changes})  # type: ignore[arg-type]


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    code, out, err = call(monkeypatch, capsys, *map(str, words))
    return code, out + err


def test_a_backup_that_says_that_it_lost_a_file_says_that_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own record must not weaken the verdict that its folder gives."""
    phone, disk = tmp_path / "phone", tmp_path / "disk"
    photos(phone, "1.jpg", "2.jpg")
    assert run(monkeypatch, capsys, "backup", phone, disk, "--no-audit")[0] == 0
    (disk / "2.jpg").unlink()
    assert run(monkeypatch, capsys, "verify", disk)[0] == 1
    newest = max((disk / ".auditor/manifests").glob("*.jsonl"))
    for backup in (disk, newest):
        out = tmp_path / f"report {backup.name}"
        code, said = run(monkeypatch, capsys, "audit", phone, backup, "-o", out)
        assert (code, "NOT SAFE" in said) == (1, True), said


OLD_SENTENCES = {
    "unreadable: Permission denied": (ErrorKind.UNREADABLE, "Permission denied"),
    "unreadable: a link to a folder outside, which is not followed": (
        ErrorKind.LINK,
        "a link to a folder outside, which is not followed",
    ),
    "unreadable: a link that leads nowhere": (ErrorKind.LINK_TO_FILE, "a link that leads nowhere"),
    "unsupported: a FIFO, not a file": (ErrorKind.SPECIAL, "a FIFO, not a file"),
    "unsupported: there is no check for x3f files": (ErrorKind.UNSUPPORTED, "there is no check for x3f files"),
    "trashed: it lies in the bin": (ErrorKind.TRASHED, "it lies in the bin"),
    "lost: it was in the backup and is not any more": (
        ErrorKind.MISSING,
        "it was in the backup and is not any more",
    ),
    "too large for the limits: 9 x 9": (ErrorKind.UNDECODABLE, "too large for the limits: 9 x 9"),
}


@pytest.mark.parametrize("sentence", OLD_SENTENCES)
def test_the_sentence_of_an_old_row_still_says_its_kind(sentence: str) -> None:
    kind, reason = OLD_SENTENCES[sentence]
    assert from_row({"path": "a.jpg", "error": sentence}).error == Trouble(kind, reason)


def test_an_old_row_that_has_its_digest_was_read() -> None:
    facts = from_row({"path": "a.jpg", "sha256": "aa", "error": "unreadable: KeyError: x"})
    assert facts.error == Trouble(ErrorKind.UNDECODABLE, "KeyError: x")


def test_an_old_list_is_converted_when_it_is_laid_into_an_audit(tmp_path: Path) -> None:
    old = tmp_path / "old.jsonl"
    columns = tuple(c for c in DECODED if c != "error_kind")
    writer = Writer.create(old, header(tmp_path, schema=1, columns=columns))
    writer._line({"path": "a.jpg", "kind": "photo", "md5": "aa", "digest_origin": "service"})
    writer._line({"path": "b.jpg", "kind": "photo", "error": "lost: it was in the backup and is not any more"})
    writer._files = 2
    given = writer.close(complete=False, reasons=("cut",))
    made = jsonl.copy(jsonl.load(old), tmp_path / "new.jsonl")
    assert (made.header.schema, "error_kind" in made.header.columns) == (2, True)
    assert (made.footer.complete, made.footer.reasons) == (False, ("cut",))
    assert made.footer.finished == given.footer.finished
    lines = [json.loads(line) for line in made.path.read_text("utf-8").splitlines()[1:-1]]
    assert lines[0]["digest_origin"] == DigestOrigin.CLAIMED
    assert (lines[1]["error_kind"], lines[1]["error"]) == ("missing", "it was in the backup and is not any more")


def test_what_was_read_and_not_decoded_is_exported(tmp_path: Path) -> None:
    writer = Writer.create(tmp_path / "m.jsonl", header(tmp_path))
    digest = "a" * 64
    writer.add(
        FileFacts("a.jpg", digests={"sha256": digest}, error=Trouble(ErrorKind.UNDECODABLE, "no decoder opens it"))
    )
    writer.add(FileFacts("b.jpg", error=Trouble(ErrorKind.UNREADABLE, "Input/output error")))
    manifest = writer.close(complete=True)
    now = jsonl.datetime.now(jsonl.UTC)
    written = foreign.export(manifest, foreign.Format.SUMS, tmp_path / "sums.txt", now)
    assert (written.rows, written.left_out) == (1, 1)
    assert (tmp_path / "sums.txt").read_text("utf-8") == f"{digest}  a.jpg\n"
