"""Other tools' manifests: what is read of them, and that the tools themselves accept what is written."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.duplicates import tables as duplicates
from auditor.errors import BadManifest, BadOutput
from auditor.manifest.interop import foreign, mhl, sums, tabular
from auditor.manifest.interop.foreign import Format
from auditor.manifest.jsonl import Manifest, Writer, load
from auditor.manifest.rows import HASHED
from auditor.model import Depth, DigestOrigin, ErrorKind, FileFacts, Header
from auditor.paths import path_key
from auditor.report.tables import FILES, SAFE_TO_DELETE
from auditor.scrub import drill

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
A = hashlib.sha256(b"a").hexdigest()
B = hashlib.sha256(b"b").hexdigest()
MD5_A = hashlib.md5(b"a").hexdigest()

NAMES = (
    "plain.jpg",
    "DCIM/Camera/with space.jpg",
    "new\nline.jpg",
    "car\rriage.jpg",
    "back\\slash.jpg",
    "\\n.jpg",
    "caf\u00e9.jpg",
    "\U0001f600 <&\"'>.jpg",
    "100%25.jpg",
    "=1+1.jpg",
    " leading.jpg",
    "trailing ",
)


def manifest_of(tree: Path, out: Path, digests: tuple[str, ...] = ("sha256", "md5", "sha1")) -> Manifest:
    """A manifest of every file below `tree`."""
    header = Header(1, "auditor 0", str(tree), "folder:x", tree.name, "folder", Depth.HASH, "t", HASHED, digests)
    writer = Writer.create(out, header)
    for path in sorted((p for p in tree.rglob("*") if p.is_file()), key=lambda p: path_key(str(p))):
        content = path.read_bytes()
        writer.add(
            FileFacts(
                path.relative_to(tree).as_posix(),
                size_bytes=len(content),
                mtime_ns=path.stat().st_mtime_ns,
                digests={kind: hashlib.new(kind, content).hexdigest() for kind in digests},
            )
        )
    return writer.close(complete=True, now=NOW)


def make(tree: Path, names: tuple[str, ...] = NAMES) -> Path:
    """A folder with a file of each name, each with its own content."""
    for number, name in enumerate(names):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"%d" % number * (number + 1))
    return tree


def listed(tmp_path: Path, name: str, content: bytes) -> dict[str, FileFacts]:
    path = tmp_path / name
    path.write_bytes(content)
    return {facts.path: facts for facts in foreign.read(path).rows}


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("SHA256SUMS", f"{A}  a.jpg\n", Format.SUMS),
        ("x", f"{A} *a.jpg\r\n", Format.SUMS),
        ("x", f"# a comment\n\n{MD5_A}  a.jpg\n", Format.SUMS),
        ("x", f"SHA256 (a.jpg) = {A}\n", Format.SUMS),
        ("x", f"SHA2-256(a.jpg)= {A}\n", Format.SUMS),
        ("x", f"{A}  a.jpg\0{B}  b.jpg\0", Format.SUMS),
        ("x", f"SHA256 (a.jpg) = {A}\0SHA256 (b.jpg) = {B}\0", Format.SUMS),
        ("x", f"%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n1,{MD5_A},a.jpg\n", Format.HASHDEEP),
        ("x", '<?xml version="1.0"?>\n<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0"></hashlist>', Format.MHL),
        ("x", '[\n{"Path":"a.jpg","Name":"a.jpg","Size":1}\n]\n', Format.LSJSON),
        ("x", "[\n]\n", Format.LSJSON),
        ("x", "path,size_bytes,sha256\na.jpg,1,\n", Format.CSV),
        ("x", "Name;Size;SHA-256\na.jpg;1;\n", Format.CSV),
        ("x", "sep=;\r\nName;Size;SHA-256\r\na.jpg;1;\r\n", Format.CSV),
        ("x", '#TYPE Microsoft.PowerShell.Commands.FileHashInfo\n"Algorithm","Hash","Path"\n', Format.CSV),
        ("x", '{"row":"header","schema":1}\n', None),
        ("x", "just a text, with words\n", None),
        ("x", "", None),
        ("x", "\0\1\2", None),
    ],
)
def test_a_format_is_known_by_its_content(tmp_path: Path, name: str, content: str, form: Format | None) -> None:
    (tmp_path / name).write_text(content, newline="")
    assert foreign.detect(tmp_path / name) is form
    if form is None:
        with pytest.raises(BadManifest):
            foreign.read(tmp_path / name)


def test_what_is_no_list_is_told_from_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"gone\.txt cannot be read: No such file"):
        foreign.read(tmp_path / "gone.txt")
    (tmp_path / "letter.txt").write_text("Dear Anna,\n")
    with pytest.raises(BadManifest, match=r"letter\.txt is neither a manifest"):
        foreign.read(tmp_path / "letter.txt")


@pytest.mark.parametrize(
    ("line", "path", "digests"),
    [
        (f"{A}  a.jpg\n", "a.jpg", {"sha256": A}),
        (f"{A} *a.jpg\n", "a.jpg", {"sha256": A}),
        (f"{A.upper()}  ./DCIM//a.jpg\r\n", "DCIM/a.jpg", {"sha256": A}),
        (f"\ufeff{MD5_A}  a.jpg\n", "a.jpg", {"md5": MD5_A}),
        (f"\\{A}  two\\nlines\\\\x\\r.jpg\n", "two\nlines\\x\r.jpg", {"sha256": A}),
        (f"{A}  not\\nescaped.jpg\n", "not\\nescaped.jpg", {"sha256": A}),
        (f"{A}   two spaces.jpg\n", " two spaces.jpg", {"sha256": A}),
        (f"MD5 (a (1).jpg) = {MD5_A}\n", "a (1).jpg", {"md5": MD5_A}),
        (f"MD5(a (1).jpg)= {MD5_A}\n", "a (1).jpg", {"md5": MD5_A}),
        (f"SHA2-256(a.jpg)= {A}\n", "a.jpg", {"sha256": A}),
        (f"HMAC-SHA256(a.jpg)= {A}\n", "a.jpg", {}),
        (f"{A}  a.jpg\0{B}  b\\n.jpg\r\0", "b\\n.jpg\r", {"sha256": B}),
        (f"{'a' * 128}  a.jpg\n", "a.jpg", {}),
        (f"{A}  x.jpg\n{' ' * 64}  none.jpg\n", "none.jpg", {}),
        (f"{A}  a.jpg\n{MD5_A}  a.jpg\n", "a.jpg", {"sha256": A, "md5": MD5_A}),
    ],
)
def test_lines_of_digest_lists(tmp_path: Path, line: str, path: str, digests: dict[str, str]) -> None:
    found = listed(tmp_path, "SUMS", line.encode())
    assert found[path].digests == digests
    assert found[path].digest_origin == (DigestOrigin.FOREIGN if digests else None)
    assert found[path].size_bytes is None


def test_lines_that_end_with_nul_end_so_to_the_last(tmp_path: Path) -> None:
    (tmp_path / "whole").write_bytes(f"{A}  a.jpg\0{B}  b.jpg\0".encode())
    (tmp_path / "cut").write_bytes(f"{A}  a.jpg\0{B}  b.jp".encode())
    assert not foreign.read(tmp_path / "whole").unclear
    assert "no end" in foreign.read(tmp_path / "cut").unclear[0]


TABLES = {
    "of PowerShell": f'"Algorithm","Hash","Path"\r\n"SHA256","{A.upper()}","a.jpg"\r\n"MD5","{MD5_A}","b.jpg"\r\n',
    "of an older one": f'#TYPE X\n"Algorithm","Hash","Path"\n"SHA-256","{A}","a.jpg"\n"MD5","{MD5_A}","b.jpg"\n',
    "of Excel": f"sep=;\r\nname;sha256;md5\r\na.jpg;{A};\r\nb.jpg;;{MD5_A}\r\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_tables_of_powershell_and_excel_are_read(tmp_path: Path, text: str) -> None:
    found = listed(tmp_path, "x.csv", text.encode())
    assert {path: dict(one.digests) for path, one in found.items()} == {"a.jpg": {"sha256": A}, "b.jpg": {"md5": MD5_A}}


@pytest.mark.parametrize("kind", ["SHA512", "", "MACTripleDES"])
def test_a_digest_of_a_kind_that_no_row_has_proves_nothing(tmp_path: Path, kind: str) -> None:
    found = listed(tmp_path, "x.csv", f"Algorithm,Hash,Path\n{kind},{A},a.jpg\n".encode())
    assert [dict(one.digests) for one in found.values()] == [{}]


def test_a_row_below_a_line_of_excel_is_named_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f"sep=,\npath,sha256,status\na.jpg,{A},ok\nb.jpg,{B},FAILED\n")
    (sentence,) = foreign.read(tmp_path / "x.csv").unclear
    assert sentence.startswith("row 4 says")


def test_names_that_are_no_text_stay_what_they_are(tmp_path: Path) -> None:
    found = listed(tmp_path, "SUMS", A.encode() + b"  raw\xff.jpg\n")
    assert list(found) == ["raw\udcff.jpg"]


@pytest.mark.parametrize("name", ["../a.jpg", "x/../../a.jpg", "/sdcard/a.jpg", "C:\\a.jpg", "\\\\nas\\a.jpg"])
@pytest.mark.parametrize("form", ["sums", "csv", "lsjson", "hashdeep", "mhl"])
def test_a_name_that_leads_out_keeps_a_row_and_no_digest(tmp_path: Path, name: str, form: str) -> None:
    quoted = name.replace("\\", "\\\\")
    content = {
        "sums": f"{A}  {name}\n{B}  good.jpg\n",
        "csv": f"path,sha256\n{name},{A}\ngood.jpg,{B}\n",
        "lsjson": f'[{{"Path":"{quoted}","Hashes":{{"sha256":"{A}"}}}},{{"Path":"good.jpg"}}]',
        "hashdeep": f"%%%% HASHDEEP-1.0\n%%%% size,sha256,filename\n1,{A},{name}\n1,{B},good.jpg\n",
        "mhl": f"<hashlist><hash><path>{name}</path></hash><hash><path>good.jpg</path></hash></hashlist>",
    }[form]
    found = listed(tmp_path, "list", content.encode())
    assert len(found) == 2 and found["good.jpg"].error is None
    (bad,) = (facts for path, facts in found.items() if path != "good.jpg")
    assert bad.error_kind is ErrorKind.REFUSED and not bad.digests
    assert not bad.path.startswith("/") and ".." not in bad.path.split("/")


def test_a_list_of_absolute_names_only_says_how_to_make_a_better_one(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match="relative names"):
        listed(tmp_path, "SUMS", f"{A}  /sdcard/a.jpg\n".encode())


def test_a_path_with_two_contents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match="two contents"):
        listed(tmp_path, "SUMS", f"{A}  a.jpg\n{B}  ./a.jpg\n".encode())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"{A}  a.jpg\nsha256sum: b.jpg: Permission denied\n", "line 2"),
        (f"{A}  a.jpg\n{B}  b.jp", "no end"),
        (f"# auditor phone list 1\n{A}  a.jpg\n", "cut off"),
        (f"# auditor phone list 1\n{A}  a.jpg\n# end 2\n", "cut off"),
    ],
)
def test_what_is_not_understood_makes_the_list_incomplete(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "SUMS").write_text(content)
    manifest = foreign.convert(tmp_path / "SUMS", tmp_path / "out.jsonl", NOW)
    assert not manifest.footer.complete and says in manifest.footer.reasons[0]
    assert "a.jpg" in {facts.path for facts in manifest.rows()}


def test_an_old_list_of_another_tool_is_old(tmp_path: Path) -> None:
    """Read today, it still says what was there when it was written."""
    (tmp_path / "SUMS").write_text(f"{A}  a.jpg\n")
    os.utime(tmp_path / "SUMS", (1_600_000_000,) * 2)
    manifest = foreign.convert(tmp_path / "SUMS", tmp_path / "out.jsonl", NOW)
    assert manifest.footer.finished == manifest.header.started == "2020-09-13T12:26:40Z"
    os.utime(tmp_path / "SUMS", (4_000_000_000,) * 2)
    later = foreign.convert(tmp_path / "SUMS", tmp_path / "later.jsonl", NOW)
    assert datetime.fromisoformat(later.footer.finished) == NOW


def test_a_list_made_on_a_phone_brings_sizes_and_dates(tmp_path: Path) -> None:
    text = f"# auditor phone list 1\n# stat 1 1600000000 DCIM/a.jpg\n{A}  DCIM/a.jpg\n# end 1\n"
    (tmp_path / "phone.txt").write_text(text)
    manifest = foreign.convert(tmp_path / "phone.txt", tmp_path / "out.jsonl", NOW)
    (facts,) = load(manifest.path).rows()
    assert manifest.footer.complete and (facts.size_bytes, facts.mtime_ns) == (1, 1_600_000_000_000_000_000)
    assert "size_bytes" in manifest.header.columns and manifest.header.digests == ("sha256",)


@pytest.mark.parametrize("name", ["list.quickxor", "QuickXor.txt"])
def test_a_list_of_quickxor_is_not_taken_for_sha1(tmp_path: Path, name: str) -> None:
    assert listed(tmp_path, name, b"%040x  a.jpg\n" % 5)["a.jpg"].digests == {"quickxor": f"{5:040x}"}


def test_lsjson_of_rclone(tmp_path: Path) -> None:
    content = (
        '[\n{"Path":"a.jpg","Size":3,"ModTime":"2020-09-13T14:26:40.123456789+02:00","IsDir":false,'
        f'"Hashes":{{"SHA-1":"{"1" * 40}","quickxor":"{"2" * 40}"}}}},\n'
        '{"Path":"doc","Size":-1,"ModTime":"1970-01-01T00:00:00Z","IsDir":false},{"Path":"d","IsDir":true}\n]\n'
    )
    found = listed(tmp_path, "x.json", content.encode())
    assert found["a.jpg"].digests == {"sha1": "1" * 40, "quickxor": "2" * 40}
    assert found["a.jpg"].mtime_ns == 1_600_000_000_123_456_000 and not found["a.jpg"].mtime_trusted
    assert (found["doc"].size_bytes, found["doc"].mtime_ns) == (None, None)
    assert set(found) == {"a.jpg", "doc"}
    with pytest.raises(BadManifest, match="no whole listing"):
        listed(tmp_path, "cut.json", content.encode()[:-9])


def test_xml_that_defines_entities_is_not_read(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><hashlist><hashes><hash><path>&a;</path></hash></hashes></hashlist>'
    with pytest.raises(BadManifest, match="entities"):
        listed(tmp_path, "x.mhl", bomb)


def test_a_bag_of_version_1_decodes_percent(tmp_path: Path) -> None:
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    found = listed(tmp_path, "manifest-sha256.txt", f"{A}  data/100%2525%0a.jpg\n".encode())
    assert list(found) == ["data/100%25\n.jpg"]
    assert foreign.detect(tmp_path / "manifest-sha256.txt") is Format.BAGIT


@pytest.mark.parametrize(
    ("content", "c4"),
    [
        (b"", "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT"),
    ],
)
def test_c4_identifiers(content: bytes, c4: str) -> None:
    assert mhl.c4(content) == c4


# What we write, the tools themselves must accept; and what they accept must break when a file does.


def spoil(tree: Path) -> None:
    (tree / "plain.jpg").write_bytes(b"other")


def test_sha256sum_checks_our_list(tmp_path: Path) -> None:
    tree = make(tmp_path / "tree")
    manifest = manifest_of(tree, tmp_path / "m.jsonl")
    for tool, digest in (("sha256sum", "sha256"), ("md5sum", "md5"), ("sha1sum", "sha1")):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
        sums_file = tmp_path / f"{digest}.txt"
        written = foreign.export(manifest, Format.SUMS, sums_file, NOW, digest)
        assert (written.rows, written.left_out) == (len(NAMES), 0)
        command = [tool, "-c", "--strict", "--quiet", str(sums_file)]
        assert subprocess.run(command, cwd=tree).returncode == 0
        before = (tree / "plain.jpg").read_bytes()
        spoil(tree)
        assert subprocess.run(command, cwd=tree, capture_output=True).returncode == 1
        (tree / "plain.jpg").write_bytes(before)


def test_lists_of_sha256sum_are_read(tmp_path: Path) -> None:
    if not shutil.which("sha256sum"):
        pytest.skip("sha256sum is not installed")
    tree = make(tmp_path / "tree")
    made = subprocess.run(["sha256sum", *NAMES], cwd=tree, capture_output=True, check=True).stdout
    found = listed(tmp_path, "SUMS", made)
    assert {p: f.sha256 for p, f in found.items()} == {
        name: hashlib.sha256((tree / name).read_bytes()).hexdigest() for name in NAMES
    }


def test_hashdeep_audits_our_list_and_we_read_its_own(tmp_path: Path) -> None:
    if not shutil.which("hashdeep"):
        pytest.skip("hashdeep is not installed")
    tree = make(tmp_path / "tree", tuple(n for n in NAMES if "\n" not in n and "\r" not in n))
    manifest = manifest_of(tree, tmp_path / "m.jsonl")
    foreign.export(manifest, Format.HASHDEEP, tmp_path / "deep.txt", NOW)
    audit = ["hashdeep", "-a", "-l", "-r", "-k", str(tmp_path / "deep.txt"), "."]
    assert subprocess.run(audit, cwd=tree, capture_output=True).returncode == 0
    made = subprocess.run(
        ["hashdeep", "-c", "md5,sha1,sha256", "-l", "-r", "."], cwd=tree, capture_output=True, check=True
    )
    ours = {facts.path: (facts.size_bytes, facts.digests) for facts in manifest.rows()}
    assert {p: (f.size_bytes, f.digests) for p, f in listed(tmp_path, "theirs", made.stdout).items()} == ours
    spoil(tree)
    assert subprocess.run(audit, cwd=tree, capture_output=True).returncode == 1


def _digests(path: Path, content: bytes) -> dict[str, bool]:
    path.write_bytes(content)
    return {one.path: bool(one.digests) for one in foreign.read(path).rows}


@pytest.fixture
def deep(tmp_path: Path) -> Callable[..., bytes]:
    """What hashdeep, or a sister of it, says of a tree with one file of each fate."""
    if not shutil.which("hashdeep"):
        pytest.skip("hashdeep is not installed")
    tree = tmp_path / "tree"

    def said(*words: str) -> bytes:
        return subprocess.run([*words, "-r", "-l", "."], cwd=tree, capture_output=True, check=False).stdout

    make(tree, ("as listed.jpg", "other.jpg", "gone.jpg", "moved.jpg", "a: b.jpg"))
    (tmp_path / "list").write_bytes(said("hashdeep"))
    (tree / "moved.jpg").rename(tree / "moved: to.jpg")
    (tree / "gone.jpg").unlink()
    for name in ("other.jpg", "a: b.jpg", "new.jpg"):
        (tree / name).write_bytes(b"changed " + name.encode())
    return said


@pytest.mark.parametrize("how", ["", "-v", "-vv", "-vvv", "-m", "-x", "-mw"])
def test_what_an_audit_of_hashdeep_says_is_no_list(how: str, deep: Callable[..., bytes], tmp_path: Path) -> None:
    audited = ["-k", str(tmp_path / "list")]
    said = (
        deep("hashdeep", how, *audited)
        if how in ("-m", "-x", "-mw")
        else deep("hashdeep", "-a", *how.split(), *audited)
    )
    assert said
    (tmp_path / "said").write_bytes(said)
    assert foreign.detect(tmp_path / "said") is None


def test_a_list_in_which_an_audit_of_it_follows_proves_what_that_left(
    deep: Callable[..., bytes], tmp_path: Path
) -> None:
    content = (tmp_path / "list").read_bytes()
    audited = ("hashdeep", "-a", "-k", str(tmp_path / "list"))
    bad = dict.fromkeys(("other.jpg", "gone.jpg", "a: b.jpg"), False)
    for more in ("-vv", "-vvv"):
        found = _digests(tmp_path / more, content + deep(*audited, more))
        # What was moved is there by its content.
        assert found == {"as listed.jpg": True, "moved.jpg": True, **bad}
        assert foreign.read(tmp_path / more).unclear
    for more in ((), ("-v",)):
        found = _digests(tmp_path / "failed", content + deep(*audited, *more))
        assert not any(found.values()) and len(found) == 5, "which of them, it does not say"
    now = deep("hashdeep")
    (tmp_path / "list").write_bytes(now)
    (tmp_path / "tree/newer.jpg").write_bytes(b"newer")
    assert all(_digests(tmp_path / "more", now + deep(*audited, "-vv")).values()), "only files that are in no list"
    (tmp_path / "tree/newer.jpg").unlink()
    found = _digests(tmp_path / "passed", now + deep(*audited, "-vvv"))
    assert all(found.values()) and len(found) == 5


ODD = ("hashdeep/a.jpg", "hashdeep.jpg", "hashdeep: b.jpg", "#c.jpg", "%%%% d.jpg", "hashdeep: Audit passed/e.jpg")


def test_a_file_may_be_called_as_the_lines_of_hashdeep_begin(deep: Callable[..., bytes], tmp_path: Path) -> None:
    """Named one by one, as a shell does it, so that no `./` stands before a name."""
    folder = make(tmp_path / "odd", (*ODD, "z.jpg"))
    run = functools.partial(subprocess.run, cwd=folder, capture_output=True, check=False)
    content = run(["hashdeep", "-l", *ODD, "z.jpg"]).stdout
    (tmp_path / "list").write_bytes(content)
    for name in ODD:
        (folder / name).write_bytes(b"changed " + name.encode())
    said = run(["hashdeep", "-a", "-vv", "-l", "-k", str(tmp_path / "list"), *ODD, "z.jpg"]).stdout
    for end in (b"\n", b"\r\n"):
        found = _digests(tmp_path / "audited", content + said.replace(b"\n", end))
        assert found == dict.fromkeys(ODD, False) | {"z.jpg": True}


@pytest.mark.parametrize("said", ["hashdeep: Cannot open: x", "./a.jpg: Permission denied"])
def test_an_audit_that_failed_and_says_of_which_files_by_no_line_leaves_no_proof(tmp_path: Path, said: str) -> None:
    content = f"%%%% HASHDEEP-1.0\n%%%% size,sha256,filename\n1,{A},./a.jpg\n1,{B},./b.jpg\n"
    found = _digests(tmp_path / "list", f"{content}{said}\nhashdeep: Audit failed\n".encode())
    assert found == {"a.jpg": False, "b.jpg": False}


@pytest.mark.parametrize("tool", ["hashdeep", "sha256deep", "md5deep"])
def test_a_list_of_pieces_proves_no_file(tool: str, deep: Callable[..., bytes], tmp_path: Path) -> None:
    """A photo of the phone may be the first piece of another file of the backup."""
    found = _digests(tmp_path / "pieces", deep(tool, "-p", "4"))
    assert found and not any(found.values())
    assert "make the list again without -p" in foreign.read(tmp_path / "pieces").unclear[0]


def test_hashdeep_cannot_hold_a_newline_and_nothing_is_written(tmp_path: Path) -> None:
    manifest = manifest_of(make(tmp_path / "tree"), tmp_path / "m.jsonl")
    with pytest.raises(BadOutput, match="hashdeep"):
        foreign.export(manifest, Format.HASHDEEP, tmp_path / "deep.txt", NOW)
    assert not (tmp_path / "deep.txt").exists()


def test_bagit_validates_our_bag_and_we_read_it_back(tmp_path: Path) -> None:
    pytest.importorskip("bagit", reason="the module bagit is not installed")
    # bagit-python 1.9 cannot validate a name that ends with a space in any bag, its own included.
    tree = make(tmp_path / "tree", tuple(name for name in NAMES if name == name.rstrip()))
    manifest = manifest_of(tree, tmp_path / "m.jsonl")
    bag = tmp_path / "bag"
    foreign.export(manifest, Format.BAGIT, bag, NOW)
    tree.rename(bag / "data")
    validate = [sys.executable, "-m", "bagit", "--validate", "--quiet", str(bag)]
    assert subprocess.run(validate, capture_output=True).returncode == 0
    found = {facts.path: facts.sha256 for facts in foreign.read(bag / "manifest-sha256.txt").rows}
    assert found == {f"data/{facts.path}": facts.sha256 for facts in manifest.rows()}
    spoil(bag / "data")
    assert subprocess.run(validate, capture_output=True).returncode == 1


@pytest.mark.parametrize(
    "columns", [FILES, SAFE_TO_DELETE, duplicates.DUPLICATES.split(","), duplicates.PLAN.split(","), drill.COLUMNS]
)
@pytest.mark.parametrize(("separator", "space"), [(",", "_"), (";", " ")])
def test_a_table_of_what_became_of_files_is_no_list_of_a_place(
    tmp_path: Path, columns: Sequence[str], separator: str, space: str
) -> None:
    columns = [name.replace("_", space) for name in columns]  # as a spreadsheet has it
    values = {"path": "a.jpg", "sha256": "a" * 64, "size_bytes": "5"}
    lines = (separator.join(columns), separator.join(values.get(name, "") for name in columns))
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(BadManifest, match="no list of a place"):
        foreign.read(tmp_path / "x.csv")


@pytest.mark.parametrize("column", ["Status", "result", "error"])
@pytest.mark.parametrize("said", ["FAILED", "mismatch", "1"])
def test_a_row_of_a_table_that_says_that_its_file_failed_proves_nothing(tmp_path: Path, column: str, said: str) -> None:
    text = f"path,sha256,{column}\na.jpg,{A},OK\nb.jpg,{B},{said}\nc.jpg,{B},{said}\n"
    (tmp_path / "x.csv").write_text(text)
    found = foreign.read(tmp_path / "x.csv")
    assert {one.path: bool(one.digests) for one in found.rows} == {"a.jpg": True, "b.jpg": False, "c.jpg": False}
    assert found.unclear == (
        f"row 3, the first of 2 such, says {said!r} under {column!r}, which is not known to be good, and proves"
        " nothing; take the column out if it is about something else, or list the files again with sha256sum or"
        " `auditor scan`",
    )


YES_OR_NO = ("verified", "valid", "match", "success", "exists")
OUTCOMES = ("status", "result", "action", "outcome", "state", "verification", *YES_OR_NO)


@pytest.mark.parametrize("column", OUTCOMES)
def test_only_a_word_that_is_known_to_be_good_leaves_a_row_its_proof(tmp_path: Path, column: str) -> None:
    good = ["ok", "Yes", "TRUE", "present", "done", "unchanged", "Verified OK", "Hash OK", "PASS ✓"]
    good += ["Copied OK", "completed successfully", "uploaded", "synced", "up to date", "Backed up"]
    bad = ["no", "false", "missing", "changed", "2", "n/a", "nan", "unknown", "", "0", "ok?", "!ok", "not verified"]
    bad += ["hash", "checked", "hash mismatch", "exists", "File exists", "copied, not verified", "verified with errors"]
    (good if column in YES_OR_NO else bad).extend(("1", "1.0", "100%"))
    rows = [f'{number}.jpg,{A},"{word}"' for number, word in enumerate([*good, *bad])]
    (tmp_path / "x.csv").write_text("\n".join([f"path,sha256,{column}", *rows, ""]))
    found = foreign.read(tmp_path / "x.csv")
    assert [bool(one.digests) for one in found.rows] == [True] * len(good) + [False] * len(bad)
    assert len(found.unclear) == 1


def test_a_spreadsheet_says_yes_and_no_in_its_own_language(tmp_path: Path) -> None:
    yes = ("WAHR", "vrai", "VERO", "verdadero", "waar", "ja", "oui", "sí")
    no = ("FALSCH", "faux", "FALSO", "onwaar", "nein", "non")
    for column, good in (("verified", yes), ("failed", no), ("File on phone", ())):
        rows = [f"{number}.jpg,{A},{word}" for number, word in enumerate((*yes, *no))]
        (tmp_path / "x.csv").write_text("\n".join([f"path,sha256,{column}", *rows, ""]), "utf-8")
        found = [bool(one.digests) for one in foreign.read(tmp_path / "x.csv").rows]
        assert found == [word in good for word in (*yes, *no)]


@pytest.mark.parametrize("said", ["n/a", "NULL", "NaN", "none", "no", "0", ""])
def test_no_error_is_said_in_many_words(tmp_path: Path, said: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,error\na.jpg,{A},{said}\n")
    found = foreign.read(tmp_path / "x.csv")
    assert [dict(one.digests) for one in found.rows] == [{"sha256": A}] and not found.unclear


def test_of_two_columns_of_one_name_each_is_heard(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,status,status\na.jpg,{A},FAILED,ok\nb.jpg,{B},ok,ok\n")
    assert [bool(one.digests) for one in foreign.read(tmp_path / "x.csv").rows] == [False, True]


def test_a_table_of_another_checker_is_not_taken_for_that_of_a_drill(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,result,detail\na.jpg,{A},ok,\nb.jpg,{B},FAILED,no match\n")
    assert [bool(one.digests) for one in foreign.read(tmp_path / "x.csv").rows] == [True, False]


@pytest.mark.parametrize("rows", [f"a.jpg,{A},ok\n./a.jpg,{A},FAILED\n", f"./a.jpg,{A},FAILED\na.jpg,{A},ok\n"])
def test_no_other_row_proves_what_failed(tmp_path: Path, rows: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,status\n{rows}b.jpg,{B},ok\n")
    found = foreign.read(tmp_path / "x.csv")
    assert {one.path: dict(one.digests) for one in found.rows} == {"a.jpg": {}, "b.jpg": {"sha256": B}}
    assert all(one.digest_origin is None for one in found.rows if one.path == "a.jpg")


@pytest.mark.parametrize("line", ["a.jpg,{A},FAILED,disk error", "a.jpg,{A}"])
def test_a_row_of_another_shape_proves_nothing_of_its_file(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,status\na.jpg,{A},ok\n{line.format(A=A)}\nb.jpg,{B},ok\n")
    assert [dict(one.digests) for one in foreign.read(tmp_path / "x.csv").rows] == [{}, {"sha256": B}]


@pytest.mark.parametrize("said", ["FAILED", "FAILED open or read", "FEHLSCHLAG"])
def test_what_a_check_said_failed_is_proven_by_no_line_of_the_list(tmp_path: Path, said: str) -> None:
    """`sha256sum -c` behind the list that it checked."""
    for name in ("a.jpg", "#a.jpg"):
        (tmp_path / "SUMS").write_text(f"{A}  {name}\n{B}  b.jpg\n{name}: {said}\nb.jpg: OK\n")
        assert [dict(one.digests) for one in foreign.read(tmp_path / "SUMS").rows] == [{}, {"sha256": B}]


@pytest.mark.parametrize(
    "said",
    [
        "sha256sum: a.jpg: No such file or directory",
        "sha256sum: 'a.jpg': No such file or directory",
        "sha256sum: a.jpg: FAILED open or read",
        "shasum: a.jpg: ",
        "(SHA256) a.jpg: FAILED",
        "# a.jpg: FAILED",
        "#sha256sum: a.jpg: Datei oder Verzeichnis nicht gefunden",
        "a.jpg: FAILED\nsha256sum: WARNING: 1 computed checksum did NOT match",
        f"{': ' * 3000}a.jpg: FAILED",
    ],
)
def test_what_a_check_said_in_whatever_words_is_heard(tmp_path: Path, said: str) -> None:
    (tmp_path / "SUMS").write_text(f"{A}  a.jpg\n{B}  b.jpg\n{said}\n")
    assert [dict(one.digests) for one in foreign.read(tmp_path / "SUMS").rows] == [{}, {"sha256": B}]


@pytest.mark.parametrize(
    "said",
    [
        "sha256sum: WARNING: 1 computed checksum did NOT match",
        "sha256sum: WARNUNG: 1 berechnete Prüfsumme passte NICHT",
        "sha256sum: a.jpg: No such file\nsha256sum: WARNING: 1 listed file could not be read\n"
        "sha256sum: WARNING: 1 computed checksum did NOT match",
        "# sha256sum: WARNING: 2 of 2 computed checksums did NOT match",
    ],
)
def test_where_a_check_counts_more_than_it_names_nothing_is_proven(tmp_path: Path, said: str) -> None:
    (tmp_path / "SUMS").write_text(f"{A}  a.jpg\n{B}  b.jpg\n{said}\n", "utf-8")
    assert [dict(one.digests) for one in foreign.read(tmp_path / "SUMS").rows] == [{}, {}]


@pytest.mark.parametrize("said", ["# Disk: Seagate: 5 TB", "# made on: 2024-01-01", "(SHA256) a.jpg: OK"])
def test_what_is_no_word_of_a_check_disproves_nothing(tmp_path: Path, said: str) -> None:
    (tmp_path / "SUMS").write_text(f"{A}  a.jpg\n{B}  b.jpg\n{said}\n")
    assert all(one.digests for one in foreign.read(tmp_path / "SUMS").rows)


def test_what_a_check_in_french_says_passed_is_proven(tmp_path: Path) -> None:
    (tmp_path / "SUMS").write_text(f"{A}  a.jpg\n{B}  b.jpg\na.jpg: Réussi\nb.jpg: Échec\n", "utf-8")
    assert [dict(one.digests) for one in foreign.read(tmp_path / "SUMS").rows] == [{"sha256": A}, {}]


def test_what_failed_with_another_digest_is_no_reason_to_refuse_a_list(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,status\na.jpg,{B},FAILED\na.jpg,{A},ok\n")
    assert [dict(one.digests) for one in foreign.read(tmp_path / "x.csv").rows] == [{}]


@pytest.mark.parametrize("lines", [f"ERROR  a.jpg\n{A}  a.jpg\n", f"{MD5_A}  a.jpg\nERROR  ./a.jpg\n"])
def test_what_rclone_could_not_read_is_proven_by_no_other_line(tmp_path: Path, lines: str) -> None:
    (tmp_path / "SUMS").write_text(f"{B}  b.jpg\n{lines}")
    found = foreign.read(tmp_path / "SUMS")
    assert {one.path: dict(one.digests) for one in found.rows} == {"b.jpg": {"sha256": B}, "a.jpg": {}}
    assert len(found.unclear) == 1 and "a.jpg could not be read" in found.unclear[0]


def test_a_kind_of_digest_that_rclone_does_not_know_says_nothing_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "SUMS").write_text(f"UNSUPPORTED  a.jpg\n{' ' * 32}  a.jpg\n{A}  a.jpg\n")
    found = foreign.read(tmp_path / "SUMS")
    assert [dict(one.digests) for one in found.rows] == [{"sha256": A}] and not found.unclear


def test_what_a_bag_has_still_to_fetch_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n")
    (tmp_path / "fetch.txt").write_bytes(
        b"https://example.org/b 5 data/b b.jpg\r\nhttps://example.org/c\t-\tdata/c%0Ac.jpg\n"
    )
    content = "".join(f"{d * 64}  data/{name}\n" for d, name in (("a", "a.jpg"), ("b", "b b.jpg"), ("c", "c%0Ac.jpg")))
    (tmp_path / "manifest-sha256.txt").write_text(content)
    found = foreign.read(tmp_path / "manifest-sha256.txt")
    assert {one.path: bool(one.digests) for one in found.rows} == {
        "data/a.jpg": True,
        "data/b b.jpg": False,
        "data/c\nc.jpg": False,
    }
    assert found.unclear == (
        "files of the bag are still to be fetched, by its fetch.txt; fetch them, and take it away",
    )


@pytest.mark.parametrize(
    ("fetch", "proven"),
    [
        (b"https://example.org/b data/b.jpg\n", []),  # no size: whatever is meant, it is not known to be there
        (b"https://example.org/b 5 data/b.jpg\nhttps://example.org/c\n", []),
        (b"https://example.org/b 5B data/b.jpg\n", []),
        (b" https://example.org/b 5 data/b.jpg\n", []),
        (b"# nothing\n", []),
        (b"https://example.org/b 5 data/b.jpg \n", ["data/c.jpg"]),
        (b"https://example.org/x - data/x.jpg\rhttps://example.org/b 5 data/b.jpg\r", ["data/c.jpg"]),
        (b"\n \t\r\n", ["data/b.jpg", "data/c.jpg"]),
    ],
)
def test_where_a_bags_fetch_txt_cannot_be_read_nothing_of_it_is_proven(
    tmp_path: Path, fetch: bytes, proven: list[str]
) -> None:
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n")
    (tmp_path / "fetch.txt").write_bytes(fetch)
    (tmp_path / "manifest-sha256.txt").write_text(f"{A}  data/b.jpg\n{B}  data/c.jpg\n")
    found = foreign.read(tmp_path / "manifest-sha256.txt")
    assert [one.path for one in found.rows if one.digests] == proven
    assert any("of the bag's fetch.txt cannot be read" in sentence for sentence in found.unclear) is (not proven)
    assert bool(found.unclear) is (len(proven) < 2)


@pytest.mark.parametrize(
    "stated",
    [
        f'<md5 action="failed">{"a" * 32}</md5>',
        f'<md5 action="verified">{"a" * 32}</md5><sha1 action="failed">{"b" * 40}</sha1>',
        f'<md5 action="verified">{"a" * 32}</md5><xxh64 action="failed">{"b" * 16}</xxh64>',
        f'<md5 action="Failed">{"a" * 32}</md5>',
        f"<md5>{'a' * 32}</md5><md5>{'c' * 32}</md5>",
        f"<md5>{'a' * 32}</md5><xxh64>{'c' * 16}</xxh64><xxh64>{'d' * 16}</xxh64>",
        f'<md5 action="failed">{"a" * 32}</md5></hash><hash><path>./b.jpg</path><sha1>{"b" * 40}</sha1>',
        f'<sha1>{"b" * 40}</sha1></hash><hash><path>b.jpg</path><xxh64 action="failed">{"b" * 16}</xxh64>',
    ],
)
def test_what_failed_a_check_by_its_own_list_proves_nothing(tmp_path: Path, stated: str) -> None:
    whole = f'<hash><path size="5">a.jpg</path><md5 action="verified">{"a" * 32}</md5></hash>'
    failed = f'<hash><path size="5">b.jpg</path>{stated}</hash>'
    text = f'<hashlist version="2.0"><hashes>{whole}{failed}</hashes></hashlist>'
    rows = {path: dict(facts.digests) for path, facts in listed(tmp_path, "x.mhl", text.encode()).items()}
    assert rows == {"a.jpg": {"md5": "a" * 32}, "b.jpg": {}}


@pytest.mark.parametrize(
    ("later", "proven", "is_clear"),
    [
        ({"0003_b_2024-03-01_100000Z.mhl": f'<path>a.jpg</path><md5 action="failed">{"a" * 32}</md5>'}, "bc", True),
        ({"0003_b_2024-03-01_100000Z.mhl": f'<path>a.jpg</path><md5 action="original">{"c" * 32}</md5>'}, "bc", True),
        ({"0003_b_2024-03-01_100000Z.mhl": f'<path>a.jpg</path><xxh64 action="failed">{"c" * 16}</xxh64>'}, "bc", True),
        ({"0003_b_2024-03-01_100000Z.mhl": f'<path>a.jpg</path><md5 action="verified">{"a" * 32}</md5>'}, "abc", True),
        ({"0001_b_2024-01-01_100000Z.mhl": f'<path>a.jpg</path><md5 action="failed">{"a" * 32}</md5>'}, "abc", True),
        ({"0003_b_2024-03-01_100000Z.mhl": "<path>a.jpg"}, "", False),
        ({"notes.mhl": "<path>a.jpg"}, "abc", True),
        ({"20240301_other-card.mhl": f"<file>a.jpg</file><md5>{'c' * 32}</md5>"}, "abc", True),
    ],
)
def test_what_a_later_generation_says_is_heard(
    tmp_path: Path, later: dict[str, str], proven: str, is_clear: bool
) -> None:
    entries = "".join(f'<hash><path>{n}.jpg</path><md5 action="verified">{n * 32}</md5></hash>' for n in "abc")
    named = tmp_path / "0002_b_2024-02-01_100000Z.mhl"
    named.write_text(f'<hashlist version="2.0"><hashes>{entries}</hashes></hashlist>')
    for name, entry in later.items():
        version = "1.1" if "<file>" in entry else "2.0"
        whole = f'<hashlist version="{version}"><hashes><hash>{entry}</hash></hashes></hashlist>'
        (tmp_path / name).write_text(whole)
    found = foreign.read(named)
    assert [one.path for one in found.rows if one.digests] == [f"{n}.jpg" for n in proven]
    assert bool(found.unclear) is not is_clear


FIVE = '<path size="5">a.jpg</path>'
MD5 = f'<md5 action="verified">{"a" * 32}</md5>'
XXH = f'<xxh64 action="{{}}">{"c" * 16}</xxh64>'
TWICE = (FIVE + MD5.replace("a" * 32, "b" * 32), FIVE + MD5)


@pytest.mark.parametrize(
    ("later", "proven"),
    [
        ({"0002_b.mhl": FIVE + MD5}, True),
        ({"0002_b.mhl": FIVE.replace("5", "7") + MD5}, False),
        ({"0002_b.mhl": FIVE.replace("5", "7") + XXH.format("verified")}, False),
        ({"0002_b.mhl": FIVE + XXH.format("new")}, False),
        ({"0002_b.mhl": FIVE + XXH.format("verified")}, False),
        ({"0002_b.mhl": FIVE + MD5 + XXH.format("new"), "0003_b.mhl": FIVE + XXH.format("verified")}, True),
        ({"0002_b.mhl": FIVE + XXH.format("verified"), "0003_b.mhl": FIVE + MD5 + XXH.format("new")}, False),
        (
            {
                "0002_b.mhl": FIVE + MD5 + XXH.format("new"),
                "0003_b.mhl": FIVE + XXH.format("verified").replace("c" * 16, "d" * 16),
            },
            False,
        ),
        ({"0002_b.MHL": FIVE + MD5.replace("verified", "failed")}, False),
        ({"0002_b.mhl": FIVE.replace("a.jpg", "A.jpg") + MD5.replace("verified", "failed")}, False),
        ({"0002_b.mhl": FIVE.replace("a.jpg", "A.jpg") + MD5.replace("a" * 32, "b" * 32)}, False),
        ({"0002_b.mhl": FIVE + MD5.replace("a" * 32, "A" * 32)}, True),
        *(({"0002_b.mhl": "</hash><hash>".join(both)}, False) for both in (TWICE, TWICE[::-1])),
        ({"0002_b.mhl": "</hash><hash>".join((FIVE.replace("5", "7") + MD5, FIVE + MD5))}, False),
        ({"0002_b.mhl": "</hash><hash>".join((FIVE + MD5, FIVE + MD5 + XXH.format("new")))}, True),
    ],
)
def test_a_later_generation_that_does_not_say_the_same_of_a_file_disproves_it(
    tmp_path: Path, later: dict[str, str], proven: bool
) -> None:
    whole = "<hashlist{}><hashes><hash>{}</hash></hashes></hashlist>"
    for mark in (' version="2.0"', ' xmlns="urn:ASC:MHL:v2.0"'):
        for name, entry in {"0001_b.mhl": FIVE + MD5, **later}.items():
            (tmp_path / name).write_text(whole.format(mark, entry), "utf-8")
        assert [bool(one.digests) for one in foreign.read(tmp_path / "0001_b.mhl").rows] == [proven]


ROOT = "<processinfo><roothash><content/><structure/></roothash>{}</processinfo>"
OF_FOLDER = f"<directoryhash><path>{{}}</path><content>{MD5}</content><structure>{MD5}</structure></directoryhash>"
OTHER = f"<hash>{FIVE.replace('a.jpg', 'd/other.jpg')}{MD5}</hash>"
MOVED = f"<hash>{FIVE.replace('a.jpg', 'e/x.jpg')}{MD5}<previousPath>d/a.jpg</previousPath></hash>"
OF_MOVED = "<directoryhash><path>e</path><content/><structure/><previousPath>d</previousPath></directoryhash>"
ONLY_SO = "<ignore><pattern>{}</pattern></ignore>"


@pytest.mark.parametrize(
    ("later", "proven"),
    [
        ([OTHER], True),  # of some files only
        ([ROOT + OTHER], False),
        ([ROOT + OTHER, f"<hash>{FIVE.replace('a.jpg', 'd/a.jpg')}{MD5}</hash>"], False),
        ([OF_FOLDER.format("d") + OTHER], False),
        ([OF_FOLDER.format("c") + OTHER], True),
        (["<directoryhash><path>c</path><content/><structure/></directoryhash>" + OTHER], False),
        ([ROOT + MOVED], True),
        ([ROOT + MOVED.replace("a" * 32, "b" * 32)], False),
        ([ROOT + MOVED.replace("verified", "failed")], False),
        ([ROOT + MOVED, ROOT + MOVED.replace("previousPath>", "x>")], True),
        ([ROOT + MOVED, ROOT + OTHER], False),
        ([ROOT + OF_MOVED + f"<hash>{FIVE.replace('a.jpg', 'e/a.jpg')}{MD5}</hash>"], True),
        ([ROOT + OF_MOVED + OTHER], False),
        *(
            ([ROOT.format(ONLY_SO.format(one)) + OTHER], True)
            for one in ("*.jpg", "/d/", "d", "d/**", "**/a.*", "d/?.jpg")
        ),
        *(
            ([ROOT.format(ONLY_SO.format(one)) + OTHER], False)
            for one in ("/*.jpg", "a.jpg/", "/a.jpg", "c/**", "#d", "")
        ),
        ([ROOT.format("<ignore><pattern>d</pattern><pattern>!a.jpg</pattern></ignore>") + OTHER], False),
    ],
)
def test_what_a_later_generation_of_the_whole_folder_lacks_is_not_there(
    tmp_path: Path, later: list[str], proven: bool
) -> None:
    whole = '<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">{}</hashlist>'
    first = f"<hash>{FIVE.replace('a.jpg', 'd/a.jpg')}{MD5}</hash>"
    for number, entries in enumerate((first, *(one.replace("{}", "") for one in later)), 1):
        (tmp_path / f"000{number}_b.mhl").write_text(whole.format(entries))
    assert [bool(one.digests) for one in foreign.read(tmp_path / "0001_b.mhl").rows] == [proven]


@pytest.mark.parametrize(
    ("nested", "proven", "says"),
    [
        (f"<hash>{FIVE}{MD5}</hash>", True, None),
        (f"<hash>{FIVE}{MD5.replace('a' * 32, 'b' * 32)}</hash>", False, None),
        (f"<hash>{FIVE}{MD5.replace('verified', 'failed')}</hash>", False, None),
        (ROOT.format(""), False, None),
        (ROOT.format(ONLY_SO.format("*.jpg")), True, None),
        (None, False, "what that says is not known"),
    ],
)
def test_of_a_folder_with_a_history_of_its_own_that_is_heard(
    tmp_path: Path, nested: str | None, proven: bool, says: str | None
) -> None:
    whole = '<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">{}</hashlist>'
    for folder in ("ascmhl", "d/ascmhl"):
        (tmp_path / folder).mkdir(parents=True)
    named = tmp_path / "ascmhl/0001_b.mhl"
    named.write_text(whole.format(f"<hash>{FIVE.replace('a.jpg', 'd/a.jpg')}{MD5}</hash>"))
    reference = "<references><hashlistreference><path>d/ascmhl/0001_d.mhl</path></hashlistreference></references>"
    later = tmp_path / "ascmhl/0002_b.mhl"
    later.write_text(whole.format(ROOT.format("") + OTHER.replace("d/", "") + reference))
    if nested is not None:
        (tmp_path / "d/ascmhl/0001_d.mhl").write_text(whole.format(nested))
    found = foreign.read(named)
    assert [bool(one.digests) for one in found.rows] == [proven]
    assert (says in found.unclear[0]) if says else not found.unclear
    # What it does not name itself is not missing.
    assert "have hash lists of their own" in foreign.read(later).unclear[0]
    for outside in ("ascmhl/0002_b.mhl", "../ascmhl/0002_b.mhl", str(later), "x"):
        later.write_text(whole.format(ROOT.format("") + reference.replace("d/ascmhl/0001_d.mhl", outside)))
        assert "what that says is not known" in foreign.read(named).unclear[0]


def test_what_ascmhl_no_longer_finds_is_not_proven_by_its_first_generation(tmp_path: Path) -> None:
    pytest.importorskip("ascmhl")
    tree = make(tmp_path / "tree", ("d/a.jpg", "d/b.jpg", "gone.jpg", "e/c.jpg", "f/d.jpg", "x.tmp"))
    script = (
        "import os; from click.testing import CliRunner; from ascmhl.commands import create\n"
        "run = lambda *words: CliRunner().invoke(create, ['.', '-h', 'md5', *words])\n"
        "run(); os.unlink('gone.jpg'); os.rename('e', 'g'); run('-dr', '-i', '*.tmp')\n"
        "os.rename('d/b.jpg', 'd/as well.jpg'); run('-dr', '-n')\n"
        "os.unlink('d/a.jpg'); run('-n')"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tree, check=True, capture_output=True)
    first, *later = sorted((tree / "ascmhl").glob("*.mhl"))
    assert len(later) == 3
    found = {one.path: bool(one.digests) for one in foreign.read(first).rows}
    there = dict.fromkeys(("d/b.jpg", "e/c.jpg", "f/d.jpg", "x.tmp"), True)
    assert found == there | dict.fromkeys(("d/a.jpg", "gone.jpg"), False)


@pytest.mark.parametrize("spelling", ["e\u0301.jpg", "É.JPG", "./é.jpg"])
def test_a_later_generation_speaks_of_a_file_however_it_spells_its_name(tmp_path: Path, spelling: str) -> None:
    whole = '<hashlist version="2.0"><hashes><hash>{}</hash></hashes></hashlist>'
    (tmp_path / "0001_b.mhl").write_text(whole.format(FIVE.replace("a.jpg", "é.jpg") + MD5), "utf-8")
    failed = FIVE.replace("a.jpg", spelling) + MD5.replace("verified", "failed")
    (tmp_path / "0002_b.mhl").write_text(whole.format(failed), "utf-8")
    assert [one.digests for one in foreign.read(tmp_path / "0001_b.mhl").rows] == [{}]


def test_two_files_whose_names_differ_in_case_are_two_in_a_history(tmp_path: Path) -> None:
    whole = '<hashlist version="2.0"><hashes>{}</hashes></hashlist>'
    upper = FIVE.replace("a.jpg", "A.jpg") + MD5.replace("a" * 32, "b" * 32)
    entries = [f"<hash>{entry}</hash>" for entry in (FIVE + MD5, upper)]
    (tmp_path / "0001_b.mhl").write_text(whole.format("".join(entries)))
    (tmp_path / "0002_b.mhl").write_text(whole.format("".join(reversed(entries))))
    assert all(one.digests for one in foreign.read(tmp_path / "0001_b.mhl").rows)
    (tmp_path / "0003_b.mhl").write_text(whole.format(entries[1] + entries[1].replace("A.jpg", "a.jpg")))
    assert not any(one.digests for one in foreign.read(tmp_path / "0001_b.mhl").rows)


def test_a_hash_list_that_names_a_file_with_two_contents_proves_nothing_of_it(tmp_path: Path) -> None:
    other = f'<hash><path size="5">b.jpg</path>{MD5}</hash>'
    entries = "".join(f"<hash>{one}</hash>" for one in TWICE)
    text = f'<hashlist version="2.0"><hashes>{entries}{other}</hashes></hashlist>'
    (tmp_path / "x.mhl").write_text(text)
    found = foreign.read(tmp_path / "x.mhl")
    assert [one.path for one in found.rows if one.digests] == ["b.jpg"]
    assert found.unclear == ("it names a.jpg twice, with two contents",)


def test_what_a_nested_list_and_the_one_that_names_it_say_otherwise_is_disproved(tmp_path: Path) -> None:
    whole = '<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">{}</hashlist>'
    for folder in ("ascmhl", "d/ascmhl"):
        (tmp_path / folder).mkdir(parents=True)
    above = FIVE.replace("a.jpg", "d/a.jpg")
    reference = "<references><hashlistreference><path>d/ascmhl/0001_d.mhl</path></hashlistreference></references>"
    (tmp_path / "ascmhl/0001_b.mhl").write_text(whole.format(f"<hash>{above}{MD5}</hash>"))
    (tmp_path / "d/ascmhl/0001_d.mhl").write_text(whole.format(f"<hash>{FIVE}{MD5}</hash>"))
    for digest, proven in (("a" * 32, True), ("b" * 32, False)):
        entry = f"<hash>{above}{MD5.replace('a' * 32, digest)}</hash>"
        (tmp_path / "ascmhl/0002_b.mhl").write_text(whole.format(entry + reference))
        found = foreign.read(tmp_path / "ascmhl/0001_b.mhl")
        assert [bool(one.digests) for one in found.rows] == [proven]


def test_what_a_check_of_an_escaped_name_says_is_heard(tmp_path: Path) -> None:
    text = f"\\{A}  a\\nb.jpg\n\\a\\nb.jpg: FAILED\n{B}  c.jpg\n"
    assert [path for path, facts in listed(tmp_path, "SHA256SUMS", text.encode()).items() if facts.digests] == ["c.jpg"]


@pytest.mark.parametrize(
    ("column", "bad", "good"),
    [
        *((column, "mismatch", "OK") for column in ("Copy Status", "Verification-Result (SHA-256)", "Status at nas")),
        *((column, "FAILED", "ok") for column in ("copyStatus", "verify", "check", "Copy", "status at", "integrity")),
        *((column, "false", "true") for column in ("hashMatch", "HashMatch", "hash_matches", "isValid", "Exists?")),
        *((column, "no", "yes") for column in ("copied", "passed", "checksum_ok", "present", "readable", "found")),
        *((column, "", "yes") for column in ("verified", "Verified?", "matches", "uploaded")),
        *((column, "yes", "no") for column in ("failed", "mismatch", "missing", "deleted", "skipped", "Copy failed")),
        *((column, "1", "0") for column in ("corrupt", "exit_code", "rc", "ExitStatus", "copy errors", "warnings")),
        *((column, "checksum mismatch", "") for column in ("message", "errorMessage", "Notes", "description")),
        ("comparison", "DIFFERENT", "identical"),
        ("error check", "no", "ok"),
        ("match", "99%", "100%"),
        ("match", "99%", "100 %"),
        ("File on phone", "no", "/sdcard"),
        ("Type", "Missing", "jpg"),
        ("Kind", "left only", "photo"),
        ("content type", "deleted", "image/jpeg"),
        ("match count", "0", "1"),
        *((column, "", "2024-05-01") for column in ("Imported", "Date imported", "Added", "imported at")),
        *(("imported", bad, "yes") for bad in ("no", "-", "null", "1970-01-01")),
        *((column, "File exists", "copied") for column in ("status", "result", "Copy", "Notes", "Copied")),
        *((column, bad, "jpg") for column in ("type", "kind") for bad in ("delete", "DELETION", "tombstone")),
        ("type", "Delete marker", "file"),
        *(("folder", bad, "Lost in Bern") for bad in ("Trash", "Recycle Bin", "Deleted Items", ".trash")),
        *(("album", bad, "Not yet sorted") for bad in ("Recently Deleted", "Trash", "Bin")),
        ("modified", "yes", "2024-05-01"),
        ("date modified", "yes", ""),
        ("upload date", "", "2024-05-01T10:00:00Z"),
        ("verified at", "", "1 May 2024, 10:00"),
        ("failed at", "2024-05-01", ""),
    ],
)
def test_a_column_says_what_became_of_files_by_any_of_its_words(
    tmp_path: Path, column: str, bad: str, good: str
) -> None:
    text = f'path,sha256,{column}\na.jpg,{A},{bad}\nb.jpg,{B},"{good}"\n'
    (tmp_path / "x.csv").write_text(text)
    found = foreign.read(tmp_path / "x.csv")
    assert [one.path for one in found.rows if one.digests] == ["b.jpg"]
    assert repr(column) in found.unclear[0] and "take the column out" in found.unclear[0]


NEVER = ("0001-01-01 00:00:00", "1/1/0001 12:00:00 AM", "01/01/0001 00:00:00", "1601-01-01T00:00:00Z", "1899-12-30")
NEVER += ("1970-01-01", "1970-01-01T00:00:00+2000", "01.01.1970, 01:00", "1980-01-01", "19700101", "19700101T000000Z")
NEVER += ("0", "0.0", "00000", "3600", "86400", "3600000", "-62135596800", "621355968000000000", "01/01/70", "30.12.99")
NEVER += ("1" * 5000,)
RECENT = ("2024-05-01", "1.5.2024", "5/1/2024 10:00:00 AM", "20240501T100000Z", "20240501100000", "1 May 2024, 10:00")
RECENT += ("1714550000", "1714550000123", "1714550000123456789", "01.05.24", "2024-05-01T10:00:00+0100", "1998-12-31")


@pytest.mark.parametrize(
    "column",
    ["Backup date", "Copied at", "Uploaded at", "verified at", "copy date", "imported"],
)
def test_a_date_before_there_were_such_programs_says_that_nothing_was_done(tmp_path: Path, column: str) -> None:
    rows = [f'{number}.jpg,{A},"{cell}"' for number, cell in enumerate((*NEVER, *RECENT))]
    (tmp_path / "x.csv").write_text("\n".join([f"path,sha256,{column}", *rows, ""]))
    found = foreign.read(tmp_path / "x.csv")
    proven = [cell for cell, one in zip((*NEVER, *RECENT), found.rows, strict=True) if one.digests]
    assert proven == list(RECENT)


@pytest.mark.parametrize("column", ["date", "mtime", "created", "Date Modified", "taken at", "LastWriteTime"])
def test_a_file_itself_may_be_older_than_that(tmp_path: Path, column: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,{column}\na.jpg,{A},1970-01-01\nb.jpg,{B},1985-05-01 10:00\n")
    assert all(one.digests for one in foreign.read(tmp_path / "x.csv").rows)


@pytest.mark.parametrize("column", ["verified at", "Verification date", "created", "Date Modified"])
def test_a_column_of_when_says_not_what_became_of_files(tmp_path: Path, column: str) -> None:
    text = f"path,sha256,{column}\na.jpg,{A},2024-05-01 10:00\nb.jpg,{B},1714550000.5\n"
    (tmp_path / "x.csv").write_text(text)
    found = foreign.read(tmp_path / "x.csv")
    assert found.unclear == () and all(one.digests for one in found.rows)


@pytest.mark.parametrize(
    ("columns", "bad"),
    [
        (("LastWriteTime", "LastWriteTimeUtc", "CreationTime", "LastAccessTime", "Access date"), "missing"),
        (("FileModifyDate", "CreateDate", "Modification time"), "missing"),
        (("Changed", "Last changed", "Date changed", "changed at"), "yes"),
    ],
)
def test_the_dates_of_a_file_itself_say_nothing_against_it(tmp_path: Path, columns: Sequence[str], bad: str) -> None:
    cells = (bad, "", "01.05.2024 10:00:00", "5/1/2024 10:00:00 AM", "2024:05:01 10:00:00+02:00")
    for column in columns:
        rows = [f'{number}.jpg,{A},"{cell}"' for number, cell in enumerate(cells)]
        (tmp_path / "x.csv").write_text("\n".join([f"path,sha256,{column}", *rows, ""]))
        assert [bool(one.digests) for one in foreign.read(tmp_path / "x.csv").rows] == [False, True, True, True, True]


PLAIN = ("Folder", "File Name", "Camera Make", "Image Width", "GPS Latitude", "Album", "Tags")


PLAIN += ("EXIF:Exposure Program", "EXIF:ImageDescription", "IPTC:DateTimeCreated", "XMP-photoshop:State")


@pytest.mark.parametrize("column", [*PLAIN, "country", "state/province", "photo id", "ISO"])
def test_a_column_that_describes_a_file_leaves_a_row_its_proof(tmp_path: Path, column: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,{column}\na.jpg,{A},Bern\nb.jpg,{B},\n")
    found = foreign.read(tmp_path / "x.csv")
    assert found.unclear == () and all(one.digests for one in found.rows)


@pytest.mark.parametrize("column", ["marital status", "geprüft", "not copied", "count", "File access", "Größe ok", ""])
def test_a_column_that_nobody_knows_leaves_no_row_its_proof_unless_it_is_empty(tmp_path: Path, column: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,{column},xyz\na.jpg,{A},,\nb.jpg,{B},yes,\n")
    found = foreign.read(tmp_path / "x.csv")
    assert not any(one.digests for one in found.rows)
    (sentence,) = found.unclear
    assert sentence.startswith(f"what the column {column!r} may say against a file is not known here, so no row")
    (tmp_path / "x.csv").write_text(f"path,sha256,{column}\na.jpg,{A},\nb.jpg,{B},\n")
    found = foreign.read(tmp_path / "x.csv")
    assert found.unclear == () and all(one.digests for one in found.rows)


@pytest.mark.parametrize(
    "column",
    [
        *("destination path", "Target Filename", "NAS file", "Cloud url", "backup_path", "copyPath", "Backup drive"),
        *("disk path", "dst", "target", "cloud", "on nas", "NAS mtime", "target modified", "dest created", "cloud id"),
        *("target etag", "cloud format", "nas owner", "url", "link", "Location", "File on disk", "cloud album"),
    ],
)
@pytest.mark.parametrize("cell", ["/nas/a.jpg", "/nas/a.jpg: No such file or directory", "couldn't copy a.jpg", "no"])
def test_what_a_copying_program_noted_is_no_list_of_what_lies_there_now(tmp_path: Path, column: str, cell: str) -> None:
    """What such a cell may say nobody can know: a place, a word for none, a sentence in any language."""
    (tmp_path / "x.csv").write_text(f"path,sha256,{column}\na.jpg,{A},{cell}\nb.jpg,{B},\n")
    found = foreign.read(tmp_path / "x.csv")
    assert not any(one.digests for one in found.rows)
    assert f"what the column {column!r} may say against a file is not known here" in found.unclear[0]


@pytest.mark.parametrize(
    ("column", "bad", "good"),
    [
        ("target md5", ("", "-", "missing", "failed"), (MD5_A,)),
        ("target size", ("", "missing", "50", "05", "1 kB", "100 kB"), ("100", "0100")),
        ("size on disk", ("", "no", "0"), ("4096", "4 KiB", "4,096")),
        ("source size", ("no", "50", "failed", "²"), ("", "-", "100")),
        ("disk name", (), ("Backup 3", "", "WD1")),
        ("Backup date", ("", "never", "1970-01-01", "116444736000000000"), ("2024-05-01", "133600000000000000")),
        (
            "phone path",
            ("MISSING", "no", "no copy", "#N/A", "#REF!", "recycle bin"),
            ("", "-", "a.jpg", "/sd/Lost in Bern"),
        ),
        (
            "folder",
            ("Trash", "Recently Deleted", r"E:\$RECYCLE.BIN", "#2", "missing"),
            ("Lost in Bern", "Bin 2019", ""),
        ),
        (
            "album",
            ("Zuletzt gelöscht", "Zuletzt gelo\u0308scht", "Papierkorb", "Bin", "Trash"),
            ("Lost", "Bad", "Bin 2019"),
        ),
        (
            "type",
            ("Copy failed: disk full", "upload pending", "moved"),
            ("jpg", "JPEG image", "image/heic", "Photo", ""),
        ),
        (
            "Kind",
            ("left only", "deleted", "MOV not copied"),
            ("MPEG-4 movie", "QuickTime movie", "jpg file", "Film", "regular"),
        ),
        ("Tags", (), ("#sunset #beach", "#NYC", "missing you")),
        ("EXIF:ImageDescription", (), ("#sunset", "not found")),
        ("Color", (), ("#FF8800",)),
        ("Exposure Time", (), ("1/250", "")),
        ("focal length original", (), ("35",)),
    ],
)
def test_what_a_column_says_is_known_by_lists_of_what_is_good(
    tmp_path: Path, column: str, bad: Sequence[str], good: Sequence[str]
) -> None:
    cells = [*bad, *good]
    rows = [f'DCIM/{number}.jpg,100,{A},"{cell}"' for number, cell in enumerate(cells)]
    (tmp_path / "x.csv").write_text("\n".join([f"path,size,sha256,{column}", *rows, ""]), "utf-8")
    found = foreign.read(tmp_path / "x.csv")
    assert [cell for cell, one in zip(cells, found.rows, strict=True) if one.digests] == list(good)
    assert bool(found.unclear) == bool(bad)


@pytest.mark.parametrize(
    "column",
    [
        *("backup_path", "Target", "dst", "NAS file", "Cloud", "Remote path", "Stored in", "URL", "Backup info"),
        *("NAS notes", "Target message", "Cloud comment", "Destination remark", "Copy info", "Backup details"),
        *("Copy errors", "Backup error message", "Backup created"),
    ],
)
def test_a_table_of_what_has_no_copy_yet_proves_nothing(tmp_path: Path, column: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,{column}\na.jpg,{A},\nb.jpg,{B},\n")
    found = foreign.read(tmp_path / "x.csv")
    assert not any(one.digests for one in found.rows) and repr(column) in found.unclear[0]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("Backup until", "2020-01-01"), ("Valid until", "2020-01-01"), ("To folder", "/nas/x"), ("Copy", "original")),
        *(("Backup", "hashed"), ("Copy info", "no"), ("Timestamp", "copy failed: disk full"), ("Date", "never")),
        *(("size", "pending"), ("id", "not uploaded"), ("Mode", "dry run"), ("Format", "not backed up")),
        *(("Drive", "not connected"), ("Folder", "Papierkorb"), ("Albums", "Summer; Trash")),
    ],
)
def test_what_says_that_there_is_no_copy_is_heard_anywhere(tmp_path: Path, column: str, cell: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,{column}\na.jpg,{A},{cell}\n")
    assert not any(one.digests for one in foreign.read(tmp_path / "x.csv").rows)


@pytest.mark.parametrize("name", ["Lost", "Bad", "failed", "missing"])
def test_a_folder_may_have_any_name_that_the_path_has(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,folder\nDCIM/{name}/a.jpg,{A},{name}\nTrash/a.jpg,{B},Trash\n")
    assert [bool(one.digests) for one in foreign.read(tmp_path / "x.csv").rows] == [True, False]


def test_a_name_that_was_looked_up_and_not_found_names_no_file(tmp_path: Path) -> None:
    names = ("#N/A", "#NAME?", "#NV", "not found", "#1.jpg", "#notes.txt#")
    (tmp_path / "x.csv").write_text("path,sha256\n" + "".join(f"{name},{A}\n" for name in names))
    found = foreign.read(tmp_path / "x.csv")
    assert [bool(one.digests) for one in found.rows] == [False] * 4 + [True] * 2
    assert list(found.unclear) == [
        "row 2, the first of 4 such, says '#N/A' where a file is to be named: it proves none"
    ]


@pytest.mark.parametrize(
    ("column", "cell"), [("Hash type", "SHA256"), ("Checksum type", "MD5"), ("Focal length", "undef")]
)
def test_what_describes_a_digest_or_a_lens_is_no_word_against_a_file(tmp_path: Path, column: str, cell: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,{column}\na.jpg,{A},{cell}\n")
    found = foreign.read(tmp_path / "x.csv")
    assert [bool(one.digests) for one in found.rows] == [True] and not found.unclear


def test_the_sizes_of_two_sides_are_compared_where_no_other_is_stated(tmp_path: Path) -> None:
    rows = [f"{n}.jpg,{A},{sizes}" for n, sizes in enumerate(("7,7", ",7", "7,5", "0,0", "7,"))]
    (tmp_path / "x.csv").write_text("\n".join(["path,sha256,source size,target size", *rows, ""]))
    assert [bool(one.digests) for one in foreign.read(tmp_path / "x.csv").rows] == [True, True, False, False, False]
    (tmp_path / "x.csv").write_text(f"path,size,sha256,target size\na.jpg,0,{A},0\nb.jpg,,{B},0\n")
    assert [bool(one.digests) for one in foreign.read(tmp_path / "x.csv").rows] == [True, False]


@pytest.mark.parametrize(
    ("first", "second"), [("A.jpg", "a.jpg"), ("d/a.jpg", r"d\a.jpg"), ("é.jpg", "e\u0301.jpg"), ("a.jpg", " a.jpg")]
)
def test_no_other_spelling_of_a_name_proves_what_failed(tmp_path: Path, first: str, second: str) -> None:
    (tmp_path / "x.csv").write_text(f"path,sha256,status\n{first},{A},ok\n{second},{A},FAILED\nb.jpg,{B},ok\n")
    assert [one.path for one in foreign.read(tmp_path / "x.csv").rows if one.digests] == ["b.jpg"]


@pytest.mark.parametrize(
    ("columns", "cells", "proves"),
    [
        ("source_sha256,sha256", (B, A), False),
        ("sha256 (source),sha256", (A, A.upper()), True),
        ("file_sha256,sha256", (B, A), False),
        ("sourceSHA256,targetSHA256,md5", (A, B, MD5_A), False),
        ("hash,sha256", (B, A), False),
        ("hash,sha256", (MD5_A, A), True),
        ("source hash,target hash,md5", (A, B, MD5_A), False),
        ("source hash,target hash,md5", (A, "", MD5_A), False),
        ("target sha-256,sha256", ("", A), False),
        ("backup_sha256,sha256", (A.upper(), A), True),
        ("copy md5,sha256", (MD5_A, A), True),
        *(("backup_sha256,sha256", (cell, A), False) for cell in (B, "", "OK")),
        ("Backup checksum,sha256", ("OK", A), True),
        ("md5,sha256", ("ERROR", A), False),
        ("md5,sha256", ("n/a", A), True),
        ("image_sha256,sha256", (B, A), True),
        ("hash algorithm,sha256", ("SHA256", A), True),
    ],
)
def test_digests_that_are_named_at_length_are_compared(
    tmp_path: Path, columns: str, cells: tuple[str, ...], proves: bool
) -> None:
    (tmp_path / "x.csv").write_text(f"path,{columns}\na.jpg,{','.join(cells)}\n")
    found = foreign.read(tmp_path / "x.csv")
    assert [bool(one.digests) for one in found.rows] == [proves]
    assert (found.unclear == ()) is proves


def test_a_table_with_two_digests_of_one_kind_proves_what_both_say(tmp_path: Path) -> None:
    text = f"path,sha256,SHA-256\na.jpg,{A},{B}\nb.jpg,{B},{B.upper()}\nc.jpg,{A},\n"
    assert [path for path, facts in listed(tmp_path, "x.csv", text.encode()).items() if facts.digests] == ["b.jpg"]


def test_ascmhl_verifies_our_list_and_we_read_it_back(tmp_path: Path) -> None:
    debug = shutil.which("ascmhl-debug") or shutil.which("ascmhl-debug", path=str(Path(sys.executable).parent))
    if not debug:
        pytest.skip("ascmhl is not installed")
    tree = make(tmp_path / "tree", tuple(n for n in NAMES if not {"\n", "\r", "\\"} & set(n) and n == n.strip()))
    manifest = manifest_of(tree, tmp_path / "m.jsonl")
    written = foreign.export(manifest, Format.MHL, tree / "ascmhl", NOW, "md5")
    done = subprocess.run([debug, "verify", str(tree)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    ours = {facts.path: (facts.size_bytes, facts.digests["md5"]) for facts in manifest.rows()}
    found = {f.path: (f.size_bytes, f.digests["md5"]) for f in foreign.read(written.files[0]).rows}
    assert found == ours
    spoil(tree)
    assert subprocess.run([debug, "verify", str(tree)], capture_output=True).returncode != 0


@pytest.mark.parametrize("names", [NAMES[:1], ("a/b/c.jpg", "a/d.jpg", "e.jpg"), ()])
def test_our_hash_list_has_what_its_schema_asks_for(tmp_path: Path, names: tuple[str, ...]) -> None:
    """ASCMHL.xsd of version 2.0: what must be there, in this order; nothing that asks for what nobody knows."""
    tree = make(tmp_path / "tree", names) if names else tmp_path / "tree"
    manifest = manifest_of(tree, tmp_path / "m.jsonl")
    content = foreign.export(manifest, Format.MHL, tmp_path / "ascmhl", NOW, "md5").files[0].read_bytes()
    root = ElementTree.fromstring(content)

    def inner(element: ElementTree.Element) -> list[str]:
        return [one.tag.removeprefix("{urn:ASC:MHL:v2.0}") for one in element]

    assert root.get("version") == "2.0"
    assert inner(root) == ["creatorinfo", "processinfo", *(["hashes"] if names else [])]
    assert inner(root[0]) in ([*(begin := ["creationdate", "hostname", "tool"])], [*begin, "comment"])
    assert inner(root[1]) == ["process", "ignore"] and set(inner(root[1][1])) == {"pattern"}
    for entry in root[2] if names else ():
        # A `directoryhash` must hold `content` and `structure`, which count empty folders in.
        assert entry.tag.endswith("}hash") and inner(entry) == ["path", "md5"]
        assert set(entry[0].attrib) == {"size", "lastmodificationdate"}
        assert entry[1].attrib == {"action": "original", "hashdate": "2026-06-15T12:00:00+00:00"}
    chain = ElementTree.fromstring((tmp_path / "ascmhl/ascmhl_chain.xml").read_bytes())
    assert [one.tag.partition("}")[2] for one in chain[0]] == ["path", "c4"] and chain[0].get("sequencenr") == "1"


def test_a_digest_that_was_not_made_is_said(tmp_path: Path) -> None:
    manifest = manifest_of(make(tmp_path / "tree"), tmp_path / "m.jsonl", ("sha256",))
    for form in (Format.MHL, Format.SUMS):
        with pytest.raises(BadOutput, match="list the files themselves: `auditor scan PLACE --digest md5`"):
            foreign.export(manifest, form, tmp_path / "out", NOW, "md5")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("form", "says"), [(Format.HASHDEEP, "hashdeep"), (Format.BAGIT, "a bag"), (Format.MHL, "md5")]
)
def test_a_format_that_holds_none_of_the_digests_is_refused(tmp_path: Path, form: Format, says: str) -> None:
    listing = [{"Path": "a.jpg", "Name": "a.jpg", "Size": 3, "IsDir": False, "Hashes": {"quickxor": "ab" * 20}}]
    (tmp_path / "cloud.json").write_text(json.dumps(listing), "utf-8")
    manifest = foreign.convert(tmp_path / "cloud.json", tmp_path / "m.jsonl", NOW)
    with pytest.raises(BadOutput, match=says):
        foreign.export(manifest, form, tmp_path / "out", NOW, "quickxor")
    assert not (tmp_path / "out").exists()
    assert foreign.export(manifest, Format.CSV, tmp_path / "list.csv", NOW).rows == 1


def test_what_an_md5_list_can_be_written_as_is_said(tmp_path: Path) -> None:
    (tmp_path / "MD5SUMS").write_text("ab" * 16 + "  a.jpg\n", "utf-8")
    manifest = foreign.convert(tmp_path / "MD5SUMS", tmp_path / "m.jsonl", NOW)
    with pytest.raises(
        BadOutput, match="has no sha256 in the list, only md5; write that as sha256sum with --digest md5"
    ):
        foreign.export(manifest, Format.SUMS, tmp_path / "out", NOW)
    assert foreign.export(manifest, Format.SUMS, tmp_path / "out", NOW, "md5").rows == 1


@pytest.mark.parametrize("form", [Format.SUMS, Format.BAGIT, Format.CSV, Format.MHL])
def test_nothing_is_written_over(tmp_path: Path, form: Format) -> None:
    manifest = manifest_of(make(tmp_path / "tree", ("a.jpg",)), tmp_path / "m.jsonl")
    foreign.export(manifest, form, tmp_path / "out", NOW)
    with pytest.raises(BadOutput, match="written over"):
        foreign.export(manifest, form, tmp_path / "out", NOW)


PATHS = st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda s: s.strip("./")
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(PATHS.map(lambda s: "d/" + s), st.binary(max_size=3), min_size=1, max_size=5))
def test_any_path_survives_sums_and_csv(tmp_path: Path, contents: dict[str, bytes]) -> None:
    rows = [
        FileFacts(path, size_bytes=len(c), digests={"sha256": hashlib.sha256(c).hexdigest()})
        for path, c in contents.items()
        if ".." not in path
    ]
    for name, lines in (("SUMS", sums.write(rows, "sha256")), ("x.csv", tabular.write_csv(rows))):
        content = b"".join(lines)
        read = sums.read if name == "SUMS" else lambda path, text, _=None: tabular.read_csv(path, text)
        found = {facts.path: facts.sha256 for facts in read(tmp_path / name, content, None).rows}
        assert found == {facts.path: facts.sha256 for facts in rows}


C, D = ("c" * 64, "d" * 64)
OPEN_QUOTES = {
    "at a name": f'path,sha256\n1.jpg,{A}\n"2.jpg,{B}\n3.jpg,{C}\n',
    "at a digest": f'path,sha256\n1.jpg,{A}\n2.jpg,"{B}\n3.jpg,{C}\n',
    "at a last cell that is not looked at": f'path,sha256,size\n1.jpg,{A},1\n2.jpg,{B},"2\n3.jpg,{C},3\n',
    "at a name, and closed in a later row": f'path,sha256\n1.jpg,{A}\n"2.jpg,{B}\n3.jpg,{C}\n4.jpg",{D}\n',
    "at a size, and closed in a later row": f'path,size,sha256\n1.jpg,1,{A}\n2.jpg,"2,{B}\n3.jpg,3,{C}\n4.jpg,4",{D}\n',
    "in the last row": f'path,sha256\n1.jpg,{A}\n2.jpg,"{B}',
    "at a title": f'path,sha256,"note\n2.jpg,{B},"\n1.jpg,{A},\n',
}


@pytest.mark.parametrize("where", OPEN_QUOTES)
def test_rows_behind_a_quotation_mark_that_nothing_closes_prove_nothing(where: str) -> None:
    """Nor is a list complete in which one cell may hold the rows of other files."""
    found = tabular.read_csv(Path("list.csv"), OPEN_QUOTES[where].encode())
    assert {row.path: row.sha256 for row in found.rows if row.sha256} == {"1.jpg": A}
    assert len(found.unclear) == 1


def test_a_name_and_a_caption_may_have_a_line_break() -> None:
    found = tabular.read_csv(Path("list.csv"), f'path,sha256,caption\n"a\nb.jpg",{A},"On the\nbeach"\n'.encode())
    assert ([row.path for row in found.rows if row.digests], found.unclear) == (["a\nb.jpg"], ())
