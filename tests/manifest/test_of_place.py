"""A list for other tools says of which place it is: the phone's own list is no backup of it, in whatever form."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.audit.inputs import side
from auditor.errors import BadManifest
from auditor.manifest.interop import foreign, of_place
from auditor.manifest.interop.foreign import Format
from auditor.manifest.interop.listed import Said
from auditor.manifest.jsonl import Manifest, Writer, load
from auditor.manifest.rows import HASHED, SCHEMA
from auditor.model import Depth, Device, DigestOrigin, ErrorKind, FileFacts, Header, Kind, Trouble
from auditor.scan.run import scan
from tests import media
from tests.commandline import call
from tests.copier.runs import back_up, write

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
FORMS = (Format.SUMS, Format.HASHDEEP, Format.BAGIT, Format.MHL, Format.CSV)

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`auditor WORDS`."""
    return lambda *words: call(monkeypatch, capsys, *map(str, words))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone, and a backup of it with the same names."""
    monkeypatch.chdir(tmp_path)
    for number in range(2):
        write(tmp_path / f"phone/DCIM/Camera/IMG_{number}.jpg", media.jpeg(number))
    back_up(tmp_path / "phone", tmp_path / "disk")
    return tmp_path


def exported(folder: str, form: Format) -> Path:
    """The list of a folder in another tool's form, as `auditor audit` takes it."""
    return written(listed(folder), form, Path(f"{Path(folder).name}-{form}"))


def listed(folder: str) -> Manifest:
    place = side(folder).place
    assert place is not None
    out = Path(f"{Path(folder).name}.jsonl")
    if out.exists():
        return load(out)
    return scan(place, out, jobs=1, use_cache=False, depth=Depth.HASH, extra_digests=("md5",))


def written(manifest: Manifest, form: Format, out: Path) -> Path:
    files = foreign.export(manifest, form, out, NOW, "md5" if form is Format.MHL else "sha256").files
    return next(one for one in files if foreign.detect(one) is form)


@pytest.mark.parametrize("form", FORMS)
def test_the_phones_own_list_is_refused_as_its_backup_in_every_form(here: Path, form: Format, run: Command) -> None:
    """In the words that our own list of it is refused with."""
    phone = exported("phone", form)
    for name, spec in (("ours", Path("phone.jsonl")), ("theirs", phone)):
        code, out, err = run("audit", "phone", spec, "-o", name)
        assert code == 2 and "SAFE" not in out
        assert f"phone and {spec} are the same place: a backup must be another copy" in err
    assert "lies inside the source" in run("audit", "phone", exported("phone/DCIM", form), "-o", "part")[2]
    # The other way round the list is of the phone, and stands where it belongs.
    code, out, err = run("audit", phone, "disk", "-o", "of a list")
    assert code == 0 and "SAFE: All 2 files" in out, out + err


@pytest.mark.parametrize("form", FORMS)
def test_a_list_of_the_backup_still_proves(here: Path, form: Format, run: Command) -> None:
    disk = exported("disk", form)
    code, out, err = run("audit", "phone", disk, "-o", "report", "--no-thumbnails")
    assert code == 0 and "SAFE: All 2 files are safely backed up." in out, out + err
    assert "auditor's backup of phone" in err
    assert "disk is a list for other tools, which does not say what file each row is" in out
    code, _, err = run("audit", disk, "phone", "-o", "turned")
    assert code == 2 and "the backup that auditor keeps of phone: the phone comes first" in err


def test_a_table_of_a_backup_with_any_name_proves(here: Path, run: Command) -> None:
    """Its name stands in our remark, which is a column: whatever its words, it is no other tool's."""
    made = listed("disk")
    named = replace(made, header=replace(made.header, label="Backup to NAS, stored on mirror url"))
    disk = written(named, Format.CSV, Path("of-any-name"))
    assert "NAS" in disk.read_text()
    code, out, err = run("audit", "phone", disk, "-o", "report", "--no-thumbnails")
    assert code == 0 and "SAFE: All 2 files are safely backed up." in out, out + err


def test_equal_lists_of_two_places_are_known_by_the_name_they_were_written_under(here: Path) -> None:
    """A backup that mirrors the phone has the same lines; no line says whose they are."""
    phone, disk = exported("phone", Format.SUMS), exported("disk", Format.SUMS)
    assert phone.read_bytes() == disk.read_bytes()
    assert [side(str(one)).label for one in (phone, disk)] == ["phone", "disk"]
    phone.rename("moved.txt")
    with pytest.raises(BadManifest, match="the same lines as the lists of"):
        side("moved.txt")
    written(listed("disk"), Format.SUMS, phone)
    found = side(str(phone)).listed
    assert found is not None and found.label == "disk", "it was written over since"


def test_a_list_that_may_be_the_phones_own_proves_nothing(here: Path, run: Command) -> None:
    """The phone's own lines, copied: that a backup has the same ones makes them no backup's."""
    phone, disk = exported("phone", Format.SUMS), exported("disk", Format.SUMS)
    shutil.copy(phone, "copied.txt")
    for words in (("phone", "copied.txt"), ("copied.txt", "disk")):
        code, out, err = run("audit", *words, "-o", "report")
        assert code == 2 and "SAFE" not in out
        places = " and of ".join(sorted(str(here / one) for one in ("phone", "disk")))
        assert f"copied.txt has the same lines as the lists of {places}, and which of them it is only the name" in err
    code, out, _ = run("audit", "phone", disk, "-o", "report")  # what it says to do
    assert code == 0 and "SAFE: All 2 files" in out


@pytest.mark.parametrize("form", FORMS)
def test_a_list_that_may_be_of_several_places_is_not_exported(here: Path, run: Command, form: Format) -> None:
    """The phone's own lines, copied, written as a CSV: nothing in it would tell that they may be the phone's."""
    phone, disk = exported("phone", Format.SUMS), exported("disk", Format.SUMS)
    shutil.copy(phone, "copied.txt")
    digest = ("--digest", "sha256")
    code, _, err = run("manifest", "export", "copied.txt", "--to", form, "-o", "out", *digest)
    assert code == 2 and "copied.txt has the same lines as the lists of" in err and not Path("out").exists()
    # What proves nothing can still be looked at.
    assert run("manifest", "check", "copied.txt")[0] == 0
    assert run("manifest", "diff", "copied.txt", phone)[0] == 0
    if form in (Format.SUMS, Format.CSV, Format.BAGIT):
        assert run("manifest", "export", disk, "--to", form, "-o", "out", *digest)[0] == 0


def test_a_list_of_one_place_is_known_wherever_it_lies(here: Path) -> None:
    phone = exported("phone", Format.SUMS)
    lines = phone.read_text("utf-8").splitlines()
    Path("sorted.txt").write_text("\r\n".join(reversed(lines)) + "\r\n", "utf-8", newline="")
    assert side("sorted.txt").label == "phone"
    Path("less.txt").write_text(lines[0] + "\n", "utf-8")
    assert side("less.txt").listed is None


def test_a_place_of_any_name_is_named(tmp_path: Path) -> None:
    """Its name ends no comment, no line and no cell, and nothing of it runs in a spreadsheet."""
    label = "a;=1+1 --> <b>\n\"'\u202eAnna\udcff --"
    header = Header(SCHEMA, "auditor 0", f"/media/{label}", "folder:1", label, "folder", Depth.HASH, "t", HASHED)
    header = replace(header, device=Device(is_phone=True, filesystem="exfat"), sources={"adb:1": label})
    remark = of_place.remark(header)
    assert remark is not None and remark.isascii() and remark.isprintable()
    assert ";" not in remark and "--" not in remark
    manifest = Writer.create(tmp_path / "list.jsonl", replace(header, label="x", sources=None)).close(complete=True)
    manifest = replace(manifest, header=header)
    for form in (Format.HASHDEEP, Format.BAGIT, Format.MHL, Format.CSV):
        foreign.export(manifest, form, tmp_path / form, NOW, "sha256")
        found = of_place.said_in([remark], tmp_path).place
        assert found is not None and (found.label, found.place, found.sources) == (label, header.place, header.sources)
        assert found.device == header.device, "what it is mounted by may show the phone"


def test_what_names_two_places_or_none_is_refused(tmp_path: Path) -> None:
    one = Header(SCHEMA, "auditor 0", "/a", "folder:1", "a", "folder", Depth.HASH, "t", HASHED)
    remarks = [of_place.remark(header) or "" for header in (one, replace(one, place_id="folder:2", label="b"))]
    assert of_place.said_in([remarks[0]] * 2, tmp_path).place is not None
    with pytest.raises(BadManifest, match=r"lists of several places \(a and b\)"):
        of_place.said_in(remarks, tmp_path)
    with pytest.raises(BadManifest, match="words that cannot be read"):
        of_place.said_in([remarks[0][:-5]], tmp_path)
    assert of_place.said_in(["written by auditor", "", "a list of nothing"], tmp_path) == Said()
    assert of_place.remark(replace(one, place_kind="manifest")) is None, "another tool's list says nothing"


def ours(tmp_path: Path, *rows: FileFacts, complete: bool = True, **more: object) -> Manifest:
    """A list of a remote as a scan makes it."""
    digests = ("sha256", "md5")
    header = Header(SCHEMA, "auditor 0", "rclone:r:", "rclone:1", "r", "rclone", Depth.HASH, OLD, HASHED, digests)
    writer = Writer.create(tmp_path / "remote.jsonl", replace(header, **more))  # type: ignore[arg-type]
    for row in rows:
        writer.add(row)
    return writer.close(complete=complete, reasons=() if complete else ("cut off",), now=datetime.fromisoformat(OLD))


OLD = "2020-01-02T03:04:05Z"
_WORTH = list(DigestOrigin)


def a_row(path: str = "a.jpg", **more: object) -> FileFacts:
    digests = {"sha256": "a" * 64, "md5": "b" * 32}
    row = FileFacts(path, size_bytes=5, digests=digests, digest_origin=DigestOrigin.READ, kind=Kind.PHOTO)
    return replace(row, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("origin", [*DigestOrigin, None])
def test_no_form_makes_more_of_a_digest_than_it_was(tmp_path: Path, form: Format, origin: DigestOrigin | None) -> None:
    """Nor does a list that is written twice, from form to form, or without a place."""
    for number, place_kind in enumerate(("rclone", "manifest")):
        home = tmp_path / str(number)
        home.mkdir()
        manifest = ours(home, a_row(digest_origin=origin), place_kind=place_kind)
        for turn, other in enumerate((form, form, Format.CSV)):
            manifest = foreign.convert(written(manifest, other, home / f"{turn}-{other}"), home / f"{turn}.jsonl", NOW)
            (row,) = manifest.rows()
            assert row.digest_origin in _WORTH[_WORTH.index(origin or DigestOrigin.FOREIGN) :]
            assert (row.digest_origin is DigestOrigin.CLAIMED) is (origin is DigestOrigin.CLAIMED)


@pytest.mark.parametrize("form", FORMS)
def test_no_form_makes_a_list_newer_or_more_than_it_was(tmp_path: Path, form: Format) -> None:
    """What the list is too old for, does not name, or names as unreadable, is as unknown afterwards."""
    whole = ours(tmp_path, a_row(), FileFacts("b.fifo", error=Trouble(ErrorKind.SPECIAL, "a FIFO")))
    unread = FileFacts("c.jpg", size_bytes=5, kind=Kind.PHOTO, error=Trouble(ErrorKind.UNREADABLE, "no"))
    part = ours(tmp_path / "part", a_row(), complete=False)
    less = ours(tmp_path / "less", a_row(), unread)
    for number, (manifest, is_complete) in enumerate(((whole, True), (part, False), (less, False))):
        out = written(manifest, form, tmp_path / f"{number}-{form}")
        back = foreign.convert(out, tmp_path / f"{number}.jsonl", NOW)
        assert back.footer.finished == OLD and back.footer.complete is is_complete, manifest.path
        assert back.header.off_site is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ErrorKind)
def test_what_is_no_copy_is_none_in_any_form(tmp_path: Path, form: Format, kind: ErrorKind) -> None:
    """Only what was read, and could not be looked into, proves what its bytes prove."""
    manifest = ours(tmp_path, a_row("0.jpg"), a_row(error=Trouble(kind, "x")))
    result = foreign.export(manifest, form, tmp_path / "out", NOW, "md5")
    back = foreign.convert(
        next(one for one in result.files if foreign.detect(one) is form), tmp_path / "back.jsonl", NOW
    )
    proves = {Path(row.path).name for row in back.rows() if row.digests}  # a bag's lie in `data`
    is_copy = "a.jpg" in proves
    assert is_copy is (kind not in NO_COPIES)
    assert result.no_copies == (not is_copy and kind is not ErrorKind.REFUSED)


NO_COPIES = {
    *(ErrorKind.TRASHED, ErrorKind.SHARED, ErrorKind.MISSING, ErrorKind.LINKED, ErrorKind.SHOWN, ErrorKind.TEMPORARY),
    *(ErrorKind.REFUSED, ErrorKind.UNREADABLE, ErrorKind.SPECIAL),
    *(ErrorKind.LINK, ErrorKind.LINK_TO_FILE, ErrorKind.NOT_HELD, ErrorKind.ALIAS),
}


def test_what_is_claimed_makes_no_audit_safe_by_a_form(here: Path, run: Command) -> None:
    disk = listed("disk")
    writer = Writer.create(Path("claimed.jsonl"), replace(disk.header, place_id="rclone:1", place_kind="rclone"))
    for row in disk.rows():
        writer.add(replace(row, digest_origin=DigestOrigin.CLAIMED))
    claimed = writer.close(complete=True)
    for form in FORMS:
        out = written(claimed, form, Path(f"claimed-{form}"))
        code, said, _ = run("audit", "phone", out, "-o", f"report-{form}", "--no-thumbnails")
        assert code == 3 and "CANNOT SAY" in said, said
    said = run("manifest", "export", "claimed.jsonl", "--to", "csv", "-o", "x.csv")[2]
    assert "claimed by whoever uploaded the files" in said
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "-c", "../claimed-sha256sum"], cwd=here / "disk", check=True)


def test_the_place_goes_on_from_list_to_list(here: Path, tmp_path: Path) -> None:
    converted = foreign.convert(exported("phone", Format.CSV), tmp_path / "ours.jsonl", NOW)
    assert converted.header.place_id == listed("phone").header.place_id
    found = side(str(written(converted, Format.HASHDEEP, tmp_path / "deep.txt"))).listed
    assert found is not None and found.label == "phone"


def test_notes_that_somebody_changed_say_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(here / "state"))
    phone = exported("phone", Format.SUMS)
    notes = here / "state/exports.json"
    (key,) = json.loads(notes.read_text("utf-8"))
    for changed in (
        "[]",
        "{",
        f'{{"{key}": 5}}',
        f'{{"{key}": [5, {{}}, {{"header": 3}}]}}',
        f'{{"{key}": [{{"header": {{}}}}]}}',
    ):
        notes.write_text(changed, "utf-8")
        assert side(str(phone)).listed is None


def test_a_list_that_is_made_again_and_again_is_noted_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(here / "state"))
    header = listed("phone").header
    for number in range(3):
        of_place.keep(here / "a.txt", b"1  a.jpg", replace(header, started=f"2026-01-0{number + 1}T00:00:00Z"))
    (entries,) = json.loads((here / "state/exports.json").read_text("utf-8")).values()
    assert [entry["header"]["started"] for entry in entries] == ["2026-01-03T00:00:00Z"]
    (found,) = of_place.recall(here / "a.txt", b"1  a.jpg")
    assert found.place_id == header.place_id


@pytest.mark.parametrize(
    "words",
    [
        ("sha256sum", "-c", "--strict"),
        ("busybox", "sha256sum", "-c"),
        ("toybox", "sha256sum", "-c"),
        ("shasum", "-a", "256", "-c", "--strict"),
        ("rclone", "checksum", "sha256"),
    ],
)
def test_every_reader_of_sums_takes_our_list_without_a_word_of_warning(here: Path, words: tuple[str, ...]) -> None:
    if not shutil.which(words[0]):
        pytest.skip(f"{words[0]} is not installed")
    command = [*words, str(exported("phone", Format.SUMS).resolve()), *(["."] if words[0] == "rclone" else [])]
    done = subprocess.run(command, cwd=here / "phone", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "improperly" not in done.stderr and "WARNING" not in done.stderr
