"""What a row may prove: why it proves nothing, how its digests were come by, and which file it is of."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor import data as shipped
from auditor.audit import apart, one_copy, pairing
from auditor.audit.apart import Asked
from auditor.database import files, loading
from auditor.database.headers import Listed
from auditor.disk import volume
from auditor.disk.mounts import Mount, may_show_one_file
from auditor.judge import policy
from auditor.manifest import jsonl
from auditor.manifest.interop import foreign
from auditor.manifest.jsonl import Manifest, Writer, load
from auditor.manifest.rows import DECODED, from_row
from auditor.model import (
    Behind,
    Depth,
    Device,
    DigestOrigin,
    ErrorKind,
    FileFacts,
    Header,
    Kind,
    Soundness,
    Status,
    Trouble,
)
from auditor.places import Entry, mtp, rclone_remotes
from auditor.places.adb import AdbPlace
from auditor.places.adbclient import Client
from auditor.places.folder import open_folder
from auditor.places.rclone import RclonePlace
from auditor.places.rcloneclient import Server
from auditor.places.takeout import open_takeout
from auditor.places.trash import in_bin
from auditor.readers import examine
from auditor.scan.reuse import ReusableRows
from auditor.scan.run import scan
from tests.commandline import call
from tests.copier.runs import photos
from tests.doubles.mounts import disk, faulty, mounted, needs


def header(place: Path, **changes: object) -> Header:
    values: dict[str, object] = {
        "schema": 3,
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
    assert (made.header.schema, "error_kind" in made.header.columns) == (3, True)
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
    now = datetime.now(UTC)
    written = foreign.export(manifest, foreign.Format.SUMS, tmp_path / "sums.txt", now)
    assert (written.rows, written.left_out) == (1, 1)
    *remarks, line = (tmp_path / "sums.txt").read_text("utf-8").splitlines()
    assert line == f"{digest}  a.jpg" and ['"lacks":1' in remark for remark in remarks] == [True]


CONFIG = {
    "cloud": {"type": "webdav", "vendor": "nextcloud", "url": "https://cloud.example.org/remote.php/dav/files/u"},
    "home": {"type": "webdav", "vendor": "nextcloud", "url": "http://192.168.1.5/remote.php/dav/files/u"},
    "nas": {"type": "sftp", "host": "diskstation"},
    "drive": {"type": "drive"},
    "by number": {"type": "s3", "endpoint": "http://192.168.1.5:9000"},
    "one": {"type": "onedrive"},
    "b2": {"type": "b2"},
    "s3": {"type": "s3", "endpoint": "http://localhost:9000"},
    "named": {"type": "alias", "remote": "drive:Photos"},
    "disk": {"type": "alias", "remote": "/mnt/disk"},
    "chunks": {"type": "chunker", "remote": "drive:x"},
    "hashes": {"type": "hasher", "remote": "one:"},
    "both": {"type": "union", "upstreams": "drive:a one:b:ro"},
    "mixed": {"type": "combine", "upstreams": '"a=drive:with space" b=cloud:x'},
    "loop": {"type": "alias", "remote": "loop:"},
    "new": {"type": "a service of tomorrow"},
}

WORTH = {
    "drive:Photos": ("computed", False),
    "one:": ("computed", False),
    "cloud:Photos": ("claimed", False),
    "home:": ("claimed", True),
    "nas:": ("computed", True),
    "s3:bucket": ("claimed", True),
    "b2:bucket": ("claimed", False),
    "named:": ("computed", False),
    "disk:": ("computed", True),
    "/mnt/disk": ("computed", True),
    ":local:/mnt/disk": ("computed", True),
    "chunks:": ("claimed", False),
    "hashes:": ("claimed", False),
    "both:": ("computed", False),
    "mixed:": ("claimed", False),
    "loop:": ("claimed", True),
    "new:": ("claimed", False),
    "unknown:": ("claimed", True),
    ':webdav,url="https://dav.example.org/x:y",vendor=owncloud:a': ("claimed", False),
    ":sftp,host=127.0.0.1,port=22:/home": ("computed", True),
    ":sftp,host='backup.example.org':/home": ("computed", False),
    "nas,host=backup.example.org:x": ("computed", False),
    ":webdav,url='http://[fd00::1]/':": ("claimed", True),
}


@pytest.mark.parametrize("words", WORTH)
def test_what_a_remotes_digest_is_worth_and_whether_it_is_far_away(words: str) -> None:
    leaves = rclone_remotes.leaves_of(words, CONFIG, {})
    large = 50_000_000
    assert (rclone_remotes.grade(leaves, large).value, any(leaf.is_near for leaf in leaves)) == WORTH[words]


def test_a_small_file_of_b2_came_in_one_piece() -> None:
    leaves = rclone_remotes.leaves_of("b2:x", CONFIG, {})
    assert rclone_remotes.grade(leaves, 4_000_000) is DigestOrigin.COMPUTED
    assert rclone_remotes.grade(leaves, None) is DigestOrigin.CLAIMED


@pytest.mark.parametrize(
    ("origin", "digest", "status", "words"),
    [
        (DigestOrigin.CLAIMED, "sha1", "not_checked", "claimed"),
        (DigestOrigin.CLAIMED, "sha256", "not_checked", "claimed"),
        (DigestOrigin.COMPUTED, "sha1", "identical", "SHA-1 alone"),
        (DigestOrigin.STREAMED, "md5", "identical", "MD5 alone"),
        (DigestOrigin.COMPUTED, "quickxor", "identical", "weak digest"),
    ],
)
def test_the_word_of_the_uploader_is_no_proof(
    tmp_path: Path, origin: DigestOrigin, digest: str, status: str, words: str
) -> None:
    """A photo on the phone, and a cloud that states the same digest of its copy."""

    def listed(name: str, origin: DigestOrigin) -> Manifest:
        columns = (*DECODED, digest)
        writer = Writer.create(tmp_path / f"{name}.jsonl", header(tmp_path, columns=columns, digests=(digest,)))
        facts = FileFacts("a.jpg", 9, kind=Kind.PHOTO, digests={digest: "ab" * 16}, digest_origin=origin)
        writer.add(facts)
        return writer.close(complete=True)

    family = policy.load("family")
    now = datetime.now(UTC)
    with loading.open_lists(
        listed("phone", DigestOrigin.READ), [Listed("cloud", listed("cloud", origin))], family, now
    ) as lists:
        pairing.pair(lists, ["cloud"], None)
        found = lists.con.execute("SELECT status, detail FROM pairs").fetchall()
    assert [row[0] for row in found] == [status]
    assert words in found[0][1]


def test_a_remote_of_the_environment_is_known_too() -> None:
    said = {"RCLONE_CONFIG_MY_CLOUD_TYPE": "drive", "RCLONE_CONFIG_NAS_HOST": "backup.example.org"}
    (leaf,) = rclone_remotes.leaves_of("my-cloud:x", CONFIG, said)
    assert leaf.kind == "drive"
    (leaf,) = rclone_remotes.leaves_of("nas:x", CONFIG, said)
    assert not leaf.is_near


OF_A_TYPE = {
    "cloud:Photos": {"RCLONE_WEBDAV_URL": "http://127.0.0.1:8080"},
    ":webdav:Photos": {"RCLONE_WEBDAV_URL": "http://192.168.1.5/dav"},
    "far:": {"RCLONE_SFTP_HOST": "10.0.0.2"},
    "bucket:b": {"RCLONE_S3_ENDPOINT": "http://nas:9000"},
    ":s3,env_auth:b": {"AWS_ENDPOINT_URL_S3": "http://localhost:4566"},
    "google:b": {"RCLONE_GCS_ENDPOINT": "http://localhost:4443"},
    ":azureblob:b": {"RCLONE_AZUREBLOB_USE_EMULATOR": "true"},
    "named:": {"RCLONE_ALIAS_REMOTE": "/mnt/disk"},
}


@pytest.mark.parametrize("words", OF_A_TYPE)
def test_what_the_environment_says_of_a_type_wins_over_the_configuration(words: str) -> None:
    config = {
        **CONFIG,
        "far": {"type": "sftp", "host": "backup.example.org"},
        "bucket": {"type": "s3", "endpoint": "https://s3.example.org"},
        "google": {"type": "google cloud storage"},
    }
    (far,) = rclone_remotes.leaves_of(words, config, {})
    assert not far.is_near or words == ":webdav:Photos"
    (near,) = rclone_remotes.leaves_of(words, config, OF_A_TYPE[words])
    assert near.is_near


def test_what_is_said_of_one_remote_wins_over_what_is_said_of_its_type() -> None:
    near = {"RCLONE_WEBDAV_URL": "http://127.0.0.1:8080"}
    said = {**near, "RCLONE_CONFIG_CLOUD_URL": "https://dav.example.org"}
    (by_name,) = rclone_remotes.leaves_of("cloud:", CONFIG, said)
    (by_words,) = rclone_remotes.leaves_of("cloud,url='https://dav.example.org':", CONFIG, near)
    assert not by_name.is_near and not by_words.is_near


def test_the_folder_behind_remotes_of_rclone_is_known() -> None:
    config = {**CONFIG, "pool": {"type": "union", "upstreams": "/mnt/a:ro /mnt/b drive:c"}}

    def folders(words: str) -> list[str | None]:
        return [leaf.folder for leaf in rclone_remotes.leaves_of(words, config, {})]

    assert folders("disk:DCIM") == ["/mnt/disk/DCIM"]
    assert folders("pool:DCIM") == ["/mnt/a/DCIM", "/mnt/b/DCIM", None]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs one command of the program."""
    return lambda *words: run(monkeypatch, capsys, *words)


def audited(quick: Callable[..., tuple[int, str]], out: Path, *words: str | Path) -> tuple[str, list[str]]:
    """The verdict's first word, and the files that may be deleted."""
    assert quick("audit", *words, "-o", out, "--no-thumbnails")[0] in (0, 1, 3)
    record = json.loads((out / "audit.json").read_text("utf-8"))
    lines = (out / "safe-to-delete.csv").read_text("utf-8-sig").splitlines()[1:]
    return record["verdict"], [line.split(",")[0] for line in lines]


def test_another_tools_list_may_be_of_the_phone_itself_which_is_said(
    tmp_path: Path, quick: Callable[..., tuple[int, str]]
) -> None:
    content = photos(tmp_path / "phone", "a.jpg")["a.jpg"]
    sums = tmp_path / "sums.txt"
    sums.write_text(f"{hashlib.sha256(content).hexdigest()}  a.jpg\n", "utf-8")
    assert audited(quick, tmp_path / "out", tmp_path / "phone", sums) == ("SAFE", [])
    caveats = json.loads((tmp_path / "out/audit.json").read_text("utf-8"))["caveats"]
    assert any("sums is another tool's list" in caveat and "not of the phone itself" in caveat for caveat in caveats)


def test_a_hard_link_is_no_copy_however_it_is_named(tmp_path: Path, quick: Callable[..., tuple[int, str]]) -> None:
    phone, other = tmp_path / "phone", tmp_path / "other"
    photos(phone, "a.jpg")
    other.mkdir()
    (other / "a.jpg").hardlink_to(phone / "a.jpg")
    assert quick("scan", other, "-o", tmp_path / "list.jsonl")[0] == 0
    forms = [other, tmp_path / "list.jsonl", f"takeout:{other}"]
    if shutil.which("rclone"):
        forms.append(f"rclone::local:{other}")
    for number, form in enumerate(forms):
        assert audited(quick, tmp_path / f"out{number}", phone, form) == ("NOT SAFE", []), form


def test_two_names_of_one_file_are_one_copy(tmp_path: Path, quick: Callable[..., tuple[int, str]]) -> None:
    phone, one, two = tmp_path / "phone", tmp_path / "one", tmp_path / "two"
    content = photos(phone, "a.jpg")["a.jpg"]
    one.mkdir()
    two.mkdir()
    (one / "a.jpg").write_bytes(content)
    (two / "a.jpg").hardlink_to(one / "a.jpg")
    own = tmp_path / "two.toml"
    family = (shipped.folder("rules") / "policies/family.toml").read_text("utf-8")
    own.write_text(re.sub(r"(?m)^min_copies.*", "min_copies = 2", family).replace('"family"', '"two"', 1), "utf-8")
    assert audited(quick, tmp_path / "out", phone, one, two, "--policy", own) == ("NOT SAFE", [])
    (two / "a.jpg").unlink()
    (two / "a.jpg").write_bytes(content)
    assert audited(quick, tmp_path / "again", phone, one, two, "--policy", own)[0] == "SAFE"


@pytest.mark.parametrize(
    ("file_id", "nanoseconds", "copies"), [("y:1", 123_456_789, 1), ("y:1", 123_456_700, 1), ("y:2", 123_456_789, 2)]
)
def test_one_file_by_two_mounts_is_one_copy(tmp_path: Path, file_id: str, nanoseconds: int, copies: int) -> None:
    second = 1_700_000_000_000_000_000
    digest = {"sha256": "ab" * 32}
    facts = FileFacts("a.jpg", 9, mtime_ns=5, kind=Kind.PHOTO, digests=digest, soundness=Soundness.SOUND)
    facts = replace(facts, digest_origin=DigestOrigin.READ)
    one = replace(facts, file_id="x:1", changed_ns=second + 123_456_789)
    lists = []
    for number, row in enumerate((facts, one, replace(one, file_id=file_id, changed_ns=second + nanoseconds))):
        writer = Writer.create(tmp_path / f"{number}.jsonl", header(tmp_path))
        writer.add(row)
        lists.append(writer.close(complete=True))
    backups = [Listed(label, listed) for label, listed in zip("bc", lists[1:], strict=True)]
    with loading.open_lists(lists[0], backups, policy.load("family"), datetime.now(UTC)) as opened:
        pairing.pair(opened, ["b", "c"], None)
        files.summarise(opened, ["b", "c"], [Status.IDENTICAL])
        assert opened.con.execute("SELECT copies FROM files").fetchall() == [(copies,)]


def test_a_phones_own_list_is_no_backup_when_it_is_mounted_elsewhere(
    tmp_path: Path, quick: Callable[..., tuple[int, str]]
) -> None:
    photos(tmp_path / "phone", "a.jpg")
    assert quick("scan", tmp_path / "phone", "-o", tmp_path / "own.jsonl")[0] == 0
    (tmp_path / "phone").rename(tmp_path / "moved")
    assert audited(quick, tmp_path / "out", tmp_path / "moved", tmp_path / "own.jsonl") == ("NOT SAFE", [])


@pytest.mark.parametrize(
    ("one", "other", "doubted"),
    [
        (("fuse.sshfs", "me@nas:/a"), ("fuse.sshfs", "me@storage:/b"), True),  # two names are no two servers
        (("fuse.sshfs", "me@192.168.7.5:/a"), ("fuse.sshfs", "me@[fd00::5]:/a"), True),
        (("ext4", None), ("fuse.sshfs", "me@nas:/b"), False),
        (("ext4", None), ("cifs", "//nas/b"), False),
        (("ext4", None), ("fuse.gvfsd-fuse", "smb-share:server=nas,share=b"), False),
        (("cifs", "//nas/a"), ("fuse.gvfsd-fuse", "smb-share:server=nas,share=b"), True),
        (("fuse.gvfsd-fuse", "sftp:host=nas"), ("fuse.kio-fuse", "kio-fuse-abc/smb/me@nas"), True),
        (("cifs", "//nas/a"), ("fuse.gvfsd-fuse", "google-drive:host=gmail.com,user=me"), False),
        (("nfs4", "nas:/a"), ("fuse", "https://nas.example.org/dav"), True),
        (("cifs", "//nas/a"), ("cifs", "//nas/b"), False),  # they tell when a file changed, and it is another time
        (("cifs", "//nas/a"), ("nfs4", "nas:/b"), True),  # one says the file's date
        (("ext4", None), ("overlay", "overlay"), True),  # a list does not say what lay beneath
    ],
)
def test_two_mounts_of_servers_may_be_of_one(
    tmp_path: Path, one: tuple[str, str | None], other: tuple[str, str | None], doubted: bool
) -> None:
    sound = {"digests": {"sha256": "ab" * 32}, "soundness": Soundness.SOUND, "digest_origin": DigestOrigin.READ}
    lists = []
    date = 10**18 + 4
    for number, (kind, of) in enumerate((one, other)):
        changed = date if (kind, number) == ("nfs4", 1) else 10**18 + (number + 1) * 7**9
        row = FileFacts("a.jpg", 9, kind=Kind.PHOTO, file_id=f"{number}:1", changed_ns=changed, mtime_ns=date, **sound)  # type: ignore[arg-type]
        device = Device(filesystem=kind, mounted_from=of)
        writer = Writer.create(tmp_path / f"{number}.jsonl", header(tmp_path, place_id=str(number), device=device))
        writer.add(row)
        lists.append(writer.close(complete=True))
    with loading.open_lists(lists[0], [Listed("b", lists[1])], policy.load("family"), datetime.now(UTC)) as opened:
        one_copy.mark_linked(opened, None, [None], Asked())
        assert opened.con.execute("SELECT error_kind FROM backup").fetchall() == [("shown" if doubted else None,)]


@pytest.mark.parametrize(
    ("maker", "name", "told"),
    [
        ("fuse.jmtpfs", "phone", False),  # the folder's name
        ("gvfs mtp", "Google Pixel 6 1A061FDEE0072K", True),  # with a serial number, and another one
        ("gvfs mtp", "Google Pixel 7", False),  # with none
        ("gvfs mtp", "[usb:001,005]", False),
        (None, "", False),  # lists of both
    ],
)
def test_one_phone_by_adb_and_as_a_mount_is_no_backup_of_itself(
    tmp_path: Path, maker: str | None, name: str, told: bool
) -> None:
    sound = {"digests": {"sha256": "ab" * 32}, "soundness": Soundness.SOUND, "digest_origin": DigestOrigin.READ}
    row = FileFacts("a.jpg", 9, kind=Kind.PHOTO, **sound)  # type: ignore[arg-type]
    by_adb = AdbPlace(Client("adb", "7F"), "adb:", "/sdcard", ("DCIM",), "7F", "Pixel") if maker else None
    mount = mtp.MtpPlace(mtp.Mount(tmp_path, maker, name), "mtp:") if maker else None
    for kinds, places in ((("adb", "mtp"), (by_adb, mount)), (("mtp", "adb"), (mount, by_adb))):
        lists = []
        for kind in kinds:
            path = tmp_path / f"{kinds[0]}-{kind}.jsonl"
            writer = Writer.create(path, header(tmp_path, place_kind=kind, place_id=kind))
            writer.add(row)
            lists.append(writer.close(complete=True))
        with loading.open_lists(lists[0], [Listed("b", lists[1])], policy.load("family"), datetime.now(UTC)) as got:
            one_copy.mark_linked(got, places[0], [places[1]], Asked())
            assert got.con.execute("SELECT error_kind FROM backup").fetchall() == [(None if told else "shown",)]


def test_a_file_that_changed_at_the_same_instant_is_the_same_file(tmp_path: Path) -> None:
    """A second mount with numbers of its own: the time of the last change is what a copy cannot have."""
    family, now = policy.load("family"), datetime.now(UTC)
    digest, changed = {"sha256": "ab" * 32}, 1_700_000_000_123_456_789
    facts = FileFacts("a.jpg", 9, changed_ns=changed, mtime_ns=5, kind=Kind.PHOTO, digests=digest, file_id="x:1")

    def marked(*rows: FileFacts) -> list[str | None]:
        lists = []
        for number, row in enumerate(rows):
            writer = Writer.create(tmp_path / f"{len(list(tmp_path.iterdir()))}{number}.jsonl", header(tmp_path))
            writer.add(row)
            lists.append(writer.close(complete=True))
        with loading.open_lists(lists[0], [Listed("b", lists[1])], family, now) as opened:
            one_copy.mark_linked(opened, None, [None], Asked())
            return [kind for (kind,) in opened.con.execute("SELECT error_kind FROM backup").fetchall()]

    assert marked(facts, replace(facts, file_id="y:7")) == ["linked"]
    assert marked(facts, replace(facts, file_id="x:7")) == [None]  # two copies that were made in one tick of the clock
    shared = replace(facts, file_id="y:7", changed_ns=changed // 100 * 100)
    assert marked(facts, shared) == ["linked"]  # by SMB, which counts in 100 ns
    assert marked(facts, replace(facts, file_id="y:1", changed_ns=changed + 100)) == [None]
    whole = replace(facts, changed_ns=1_700_000_000_000_000_000)
    assert marked(whole, replace(whole, file_id="y:7")) == [None]
    made_up = replace(facts, mtime_ns=changed)
    assert marked(made_up, replace(made_up, file_id="y:7")) == [None]
    undated = replace(facts, file_id="y:7", mtime_ns=None)  # an export does not say its file's date
    assert marked(facts, undated) == marked(undated, facts) == ["linked"]
    assert marked(made_up, replace(made_up, file_id="y:7", mtime_ns=None)) == [None]


@pytest.mark.parametrize(("kind", "apart"), [("fuse.sshfs", False), ("overlay", False), ("ext4", True), (None, True)])
def test_what_may_show_the_phone_itself_licenses_no_deletion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str | None, apart: bool
) -> None:
    phone, disk = tmp_path / "phone", tmp_path / "disk"
    phone.mkdir()
    disk.mkdir()
    assert one_copy.is_provably_apart(open_folder(str(phone)), open_folder(str(disk)))  # both by one mount
    monkeypatch.setattr(one_copy, "_is_one_mount", lambda one, other: False)
    monkeypatch.setattr(
        one_copy, "mount_of", lambda root: Mount((kind or "unknown") if root.name == "disk" else "ext4", "")
    )
    assert one_copy.is_provably_apart(open_folder(str(phone)), open_folder(str(disk))) is apart
    export = open_takeout(str(disk))
    assert one_copy.is_provably_apart(open_folder(str(phone)), export) is apart
    assert one_copy.shown_by_another(export) is not apart
    assert not one_copy.shown_by_another(open_folder(str(phone)))


def test_what_is_mounted_within_a_backup_may_be_the_phone_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phone, disk = tmp_path / "phone", tmp_path / "disk"
    (disk / "mnt").mkdir(parents=True)
    phone.mkdir()
    places = open_folder(str(phone)), open_folder(str(disk))
    assert one_copy.is_provably_apart(*places)
    mounted = [volume.Mounted(str(disk.resolve() / "mnt"), "fuse.rclone", "phone")]
    monkeypatch.setattr(volume, "mounted", lambda: [volume.Mounted("/", "ext4", "/dev/sda1"), *mounted])
    assert not one_copy.is_provably_apart(*places)
    assert one_copy.shown_by_another(places[1]) and not one_copy.shown_by_another(places[0])


@pytest.mark.parametrize(
    ("one", "other", "doubted"),
    [
        (Mount("fuse.gocryptfs", "/home/me/vault"), Mount("fuse.gocryptfs", "/home/me/vault"), True),  # mounted twice
        (Mount("fuse.gocryptfs", "/home/me/vault"), Mount("fuse.gocryptfs", "/mnt/disk/vault"), False),
        # Of the desktop's, all are on one mount.
        (Mount("fuse.gvfsd-fuse", "smb-share:server=nas"), Mount("fuse.gvfsd-fuse", "smb-share:server=10.0.0.9"), True),
        (Mount("fuse.gvfsd-fuse", "mtp:host=Pixel"), Mount("fuse.gvfsd-fuse", "smb-share:server=nas"), False),
    ],
)
def test_what_is_mounted_twice_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: Mount, other: Mount, doubted: bool
) -> None:
    lists = []
    for name in ("phone", "disk"):
        photos(tmp_path / name, "a.jpg")
        lists.append(scan(open_folder(str(tmp_path / name)), tmp_path / f"{name}.jsonl", jobs=1, use_cache=False))
    if one.kind != "fuse.gvfsd-fuse":
        monkeypatch.setattr(one_copy, "_is_one_mount", lambda one, other: False)
    monkeypatch.setattr(one_copy, "mount_of", lambda root: one if root.name == "phone" else other)
    places = [open_folder(str(tmp_path / name)) for name in ("phone", "disk")]
    with loading.open_lists(lists[0], [Listed("b", lists[1])], policy.load("family"), datetime.now(UTC)) as opened:
        one_copy.mark_linked(opened, places[0], [places[1]], Asked())
        assert opened.con.execute("SELECT error_kind FROM backup").fetchall() == [("shown" if doubted else None,)]


@pytest.mark.parametrize("program", [("bindfs",), ("mergerfs",), ("rclone", "mount", "--daemon"), None], ids=str)
def test_what_may_show_the_phone_itself_is_no_backup(
    tmp_path: Path, quick: Callable[..., tuple[int, str]], program: tuple[str, ...] | None
) -> None:
    phone, there = tmp_path / "phone", tmp_path / "there"
    if program is None:  # of a kind that nobody knows, and that does not even keep the numbers of files
        mounting: contextlib.AbstractContextManager[object] = faulty(tmp_path)
        phone, there = tmp_path / "real", tmp_path / "mount"
    else:
        needs(program[0])
        words = f":local:{phone}" if program[0] == "rclone" else str(phone)
        mounting = mounted(*program, words, str(there))
    photos(phone, "a.jpg")
    with mounting:
        for number, (one, other) in enumerate(((phone, there), (there, phone))):
            verdict, offered = audited(quick, tmp_path / f"out{number}", one, other)
            assert (verdict != "SAFE", offered) == (True, [])
        assert quick("scan", there, "-o", tmp_path / "list.jsonl")[0] == 0
    assert audited(quick, tmp_path / "listed", phone, tmp_path / "list.jsonl")[0] != "SAFE"


def test_a_pool_of_disks_is_a_backup_of_what_was_copied_to_it(
    tmp_path: Path, quick: Callable[..., tuple[int, str]]
) -> None:
    needs("mergerfs")
    phone, disk = tmp_path / "phone", tmp_path / "disk"
    disk.mkdir()
    content = photos(phone, "a.jpg")["a.jpg"]
    time.sleep(0.05)
    with mounted("mergerfs", str(disk), str(tmp_path / "pool")) as pool:
        (pool / "a.jpg").write_bytes(content)
        assert audited(quick, tmp_path / "out", phone, pool) == ("SAFE", [])


@pytest.mark.parametrize("kind", ["ntfs", "exfat"])
def test_a_disk_by_fuse_is_a_backup(tmp_path: Path, quick: Callable[..., tuple[int, str]], kind: str) -> None:
    content = photos(tmp_path / "phone", "a.jpg")["a.jpg"]
    with disk(tmp_path, kind) as there:
        (there / "p").mkdir()
        (there / "p/a.jpg").write_bytes(content)
        assert audited(quick, tmp_path / "out", tmp_path / "phone", there / "p")[0] == "SAFE"


@pytest.mark.parametrize(("kind", "verdict"), [("fuse.bindfs", "CANNOT SAY"), ("fuse.anything", "SAFE")])
def test_what_a_mount_of_an_unknown_kind_shows_the_user_says(
    tmp_path: Path,
    quick: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    verdict: str,
) -> None:
    content = photos(tmp_path / "phone", "a.jpg")["a.jpg"]
    (tmp_path / "mnt").mkdir()
    (tmp_path / "mnt/a.jpg").write_bytes(content)
    at = volume.Mounted(str((tmp_path / "mnt").resolve()), kind, "x")
    monkeypatch.setattr(volume, "mounted", lambda: [volume.Mounted("/", "ext4", "/dev/sda1"), at])
    both = tmp_path / "phone", tmp_path / "mnt"
    assert audited(quick, tmp_path / "out", *both) == ("CANNOT SAY", [])
    way_out = "--copy-by-hand" in (tmp_path / "out/audit.json").read_text("utf-8")
    assert way_out is (verdict == "SAFE")
    assert audited(quick, tmp_path / "told", *both, "--copy-by-hand") == (verdict, [])
    # What is pasted does what was done: as the whole audit, as what stays is to be read, and as the next backup.
    words = json.loads((tmp_path / "told/audit.json").read_text("utf-8"))["provenance"]["arguments"]
    for number, places in enumerate((("PHONE", "BACKUPS"), ("SOURCE", "PLACES"))):
        again = [word for place in places for word in words[place]]
        assert audited(quick, tmp_path / f"again{number}", *again) == (verdict, [])
    copied = ("backup", *words["SOURCE"], *words["DEST"], "-o", tmp_path / "copied")
    assert quick(*copied)[0] == {"SAFE": 0, "CANNOT SAY": 3}[verdict]
    assert quick("backup", *copied[1:2], both[1], "-o", tmp_path / "without")[0] == 3


@pytest.mark.parametrize(
    ("origins", "off_site", "copies"),
    [
        ((DigestOrigin.READ, DigestOrigin.READ), False, 2),
        ((DigestOrigin.READ, DigestOrigin.FOREIGN), False, 1),
        ((DigestOrigin.READ, None), False, 1),  # a row that does not say whose digest it is
        ((DigestOrigin.FOREIGN, DigestOrigin.FOREIGN), False, 1),
        ((DigestOrigin.READ, DigestOrigin.FOREIGN), True, 2),
    ],
)
def test_a_list_that_names_no_disk_may_be_of_one_that_is_named_too(
    tmp_path: Path, origins: tuple[DigestOrigin | None, ...], off_site: bool, copies: int
) -> None:
    family, lists = policy.load("family"), []
    for number, origin in enumerate((DigestOrigin.READ, *origins)):
        writer = Writer.create(tmp_path / f"{number}.jsonl", header(tmp_path, columns=DECODED))
        writer.add(replace(READ, file_id=None, digest_origin=origin, kind=Kind.PHOTO))
        lists.append(writer.close(complete=True))
    backups = [Listed("b1", lists[1]), Listed("b2", lists[2], off_site)]
    with loading.open_lists(lists[0], backups, family, datetime.now(UTC)) as opened:
        pairing.pair(opened, ["b1", "b2"], None)
        files.summarise(opened, ["b1", "b2"], family.proof)
        found = opened.con.execute("SELECT copies, off_site_copies FROM files").fetchall()
    assert found == [(copies, int(off_site))]


DISK, POOL = Mount("ext4", "/dev/sda1"), Mount("fuse.mergerfs", "a:b")
NAS, SAME_NAS = Mount("cifs", "//nas/photos"), Mount("fuse.sshfs", "me@192.168.1.9:/photos")
CLOUD, OURSELVES = Mount("fuse.rclone", "cloud:photos"), Mount("fuse.sshfs", "me@localhost:/photos")

MADE_UP = 987_654_300
"""The date of the file, which a server says again where it keeps no times of change."""

MAY_BE_ONE = {
    "two disks": (DISK, Mount("ext4", "/dev/sdb1"), False),
    "a disk and a share": (DISK, NAS, False),
    "a disk and a server by SSH": (SAME_NAS, DISK, False),
    "a disk and a system that does not tell": (DISK, Mount("unknown", ""), False),
    "a pool of disks, and a disk": (POOL, DISK, True),
    "this machine by SSH": (OURSELVES, DISK, True),
    "this machine by its address": (Mount("nfs4", "127.0.0.1:/export"), DISK, True),
    "a disk and a server of the desktop's": (DISK, Mount("fuse.gvfsd-fuse", "smb-share:server=nas,share=b"), False),
    "two shares": (NAS, Mount("cifs", "//nas/video"), True),
    "one server by two ways": (NAS, SAME_NAS, True),
    "two mounts by a program": (CLOUD, CLOUD, True),
    "what a program shows may be the disk": (CLOUD, DISK, True),
}


@pytest.mark.parametrize("case", MAY_BE_ONE)
def test_which_mounts_may_show_one_file(case: str) -> None:
    one, other, may = MAY_BE_ONE[case]
    assert may_show_one_file(one, other) is may is may_show_one_file(other, one)


@pytest.mark.parametrize(
    ("kinds", "instants", "copies"),
    [
        (("ext4", "ext4"), (0, 0), 2),
        (("ext4", "cifs"), (0, 0), 2),
        (("fuse.sshfs", "fuse.sshfs"), (0, 0), 1),
        (("fuse.sshfs", "fuse.sshfs"), (123_456_700, 765_432_100), 1),  # made up
        (("fuse.mergerfs", "fuse.mergerfs"), (123_456_700, 123_456_700), 1),
        (("fuse.mergerfs", "fuse.mergerfs"), (123_456_700, 765_432_100), 2),
        (("fuse.mergerfs", "ext4"), (123_456_700, 123_456_700), 1),
        (("cifs", "cifs"), (0, 0), 1),
        (("cifs", "cifs"), (123_456_700, 765_432_100), 2),
        (("cifs", "nfs4"), (123_456_700, MADE_UP), 1),
    ],
)
def test_two_mounts_that_may_show_one_file_are_one_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: tuple[str, str], instants: tuple[int, int], copies: int
) -> None:
    family = policy.load("family")
    date = 1_700_000_000_000_000_000 + MADE_UP
    facts = FileFacts("a.jpg", 9, mtime_ns=date, kind=Kind.PHOTO, digests={"sha256": "ab" * 32})
    facts = replace(facts, digest_origin=DigestOrigin.READ)
    lists, places = [], []
    for number, instant in enumerate((None, *instants)):
        writer = Writer.create(tmp_path / f"{number}.jsonl", header(tmp_path, columns=DECODED))
        changed = None if instant is None else 1_700_000_000_000_000_000 + instant
        writer.add(facts if changed is None else replace(facts, file_id=f"v{number}:{number}", changed_ns=changed))
        lists.append(writer.close(complete=True))
        (tmp_path / f"b{number}").mkdir()
        places.append(open_folder(str(tmp_path / f"b{number}")))
    on = frozenset({"ext4"})
    mounts = {"b1": Mount(kinds[0], "//nas/one", on), "b2": Mount(kinds[1], "//nas/one", on)}
    monkeypatch.setattr(one_copy, "_is_one_mount", lambda one, other: False)
    monkeypatch.setattr(one_copy, "mount_of", lambda root: mounts[root.name])
    listed = [Listed(label, one) for label, one in zip(("b1", "b2"), lists[1:], strict=True)]
    with loading.open_lists(lists[0], listed, family, datetime.now(UTC)) as opened:
        one_copy.mark_linked(opened, None, [None, None], Asked())
        told = one_copy.count_once(opened, [places[1], places[2]], Asked())
        pairing.pair(opened, ["b1", "b2"], None)
        files.summarise(opened, ["b1", "b2"], family.proof)
        assert opened.con.execute("SELECT copies FROM files").fetchall() == [(copies,)]
    assert len(told) == (copies == 1)


ACCOUNTS_OF = {
    **{name: {"type": "drive"} for name in ("a", "b")},
    **{name: {"type": "s3"} for name in ("s3", "other")},
    **{name: {"type": "s3", "endpoint": f"https://{name}.example.org"} for name in ("minio", "ceph")},
    **{name: {"type": "sftp", "host": name, "user": "me"} for name in ("nas.local", "diskstation.local")},
    "by number": {"type": "s3", "endpoint": "http://192.168.1.5:9000"},
    "one": {"type": "onedrive"},
    "al": {"type": "alias", "remote": "s3:bucket/phone"},
    "pool": {"type": "union", "upstreams": "one: a:"},
    "parts": {"type": "combine", "upstreams": "cloud=a:x more=a:y disk=one:"},
    "secret": {"type": "crypt", "remote": "s3:bucket/x"},
    "again": {"type": "crypt", "remote": "other:bucket/x"},
    "written": {"type": "s3", "endpoint": "https://s3.eu-west-1.amazonaws.com"},
    "webdav": {"type": "webdav", "url": "https://app.koofr.net/dav/Koofr", "user": "me@example.org"},
    "koofr": {"type": "koofr", "user": "me@example.org"},
}
TOTAL, USED = 15 << 30, 4 << 30
ACCOUNTS: dict[str, tuple[str, str, tuple[int, int] | None, bool]] = {
    # The remotes, and what each account has in it, in bytes, where it tells.
    "one room": ("a:Photos", "b:", (USED, USED), True),
    "one room, and mail arrived": ("a:Photos", "b:", (USED, USED + 3_000_000), True),
    "another room": ("a:P", "b:P", (USED, USED + 30_000_000), True),  # what is shared is in both
    "two new accounts": ("a:P", "b:Shared/P", (2_000_000, 3_000_000), True),
    "one bucket": ("s3:bucket/p", "other:bucket/p/", None, True),
    "folders of one bucket, one in the other": ("s3:bucket", "other:bucket/phone", None, True),
    "two folders of one bucket": ("s3:bucket/p", "other:bucket/phone", None, False),
    "another bucket": ("s3:bucket/p", "other:other/p", None, False),
    "another service": ("a:P", "one:P", (USED, USED), False),
    "another server, by its name": ("minio:b/p", "ceph:b/p", None, True),
    "two servers at home that do not tell their room": ("nas.local:P", "diskstation.local:P", None, True),
    "two servers at home": ("nas.local:P", "diskstation.local:P", (USED, 2 * USED), False),
    "one server at home by two names": ("nas.local:P", "diskstation.local:P", (USED, USED), True),
    "two folders of one name": ("a:P", "a:Q", (USED, USED), False),
    "a folder and one in it": ("a:P", "a:P/2024", (USED, USED), True),
    "one folder in letters of either case": ("one:Photos", "one:photos", None, True),
    "a name for a folder": ("s3:bucket/phone", "al:", None, True),
    "a name for a folder, and another folder": ("s3:bucket/photos", "al:", None, False),
    "one bucket named in words": (":s3,access_key_id=A:bucket", ":s3,access_key_id=B,region=x:bucket", None, True),
    "two buckets named in words": (":s3,access_key_id=A:bucket", ":s3,access_key_id=A:other", None, False),
    "two clouds as one, and one of them": ("pool:P", "a:", (USED, USED), True),
    "two clouds as one, and one of them by another name": ("pool:P", "b:Q", (USED, USED), True),
    "two clouds as one, and a third": ("pool:P", "koofr:P", (USED, 2 * USED), False),
    "clouds side by side, and one of them": ("parts:cloud/2024", "a:x", (USED, USED), True),
    "clouds side by side, and what is beside": ("parts:cloud", "a:y", (USED, USED), False),
    "two encrypted folders of one name": ("secret:P", "secret:Q", None, False),
    "one bucket whose address is written": ("s3:bucket/p", "written:bucket/p", None, True),
    "one account by two protocols": ("koofr:P", "webdav:P", None, True),
    "two folders of one account by two protocols": ("koofr:P", "webdav:Q", None, False),
    "one encrypted folder by two names": ("secret:P", "again:P", None, True),
    "one server by its name and by a number": ("minio:b/p", "by number:b/p", None, True),
    "an encrypted folder that may lie in another": ("secret:P", ":crypt,remote='s3:bucket/x/y':Q", None, True),
}


@pytest.mark.parametrize("case", ACCOUNTS)
def test_two_names_of_one_account_are_one_copy_and_no_copy_of_each_other(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *remotes, used, is_one = ACCOUNTS[case]
    places = [
        RclonePlace(
            *("rclone", remote, f"rclone:{remote}", "", (), False, True, Server("127.0.0.1:1", "")),
            rclone_remotes.leaves_of(remote, ACCOUNTS_OF, {}),
        )
        for remote in remotes
    ]
    asked = []

    def room_of(place: RclonePlace, leaf: rclone_remotes.Leaf) -> Device | None:
        asked.append(leaf.words)
        return used and Device(storage_total_bytes=TOTAL, storage_free_bytes=TOTAL - used[places.index(place)])

    monkeypatch.setattr(RclonePlace, "room_of", room_of)
    at_home = {"nas.local": "192.168.1.5", "diskstation.local": "192.168.1.6", "192.168.1.5": "192.168.1.5"}
    monkeypatch.setattr(apart, "addresses", lambda host: frozenset({at_home[host]} if host in at_home else {}))
    monkeypatch.setattr(apart, "is_another_machine", [*at_home.values()].__contains__)
    known = apart.ask(places)
    assert len(asked) == len(set(asked))
    family = policy.load("family")
    facts = FileFacts("a.jpg", 9, mtime_ns=1, kind=Kind.PHOTO, digests={"sha256": "ab" * 32})
    facts = replace(facts, digest_origin=DigestOrigin.READ)
    lists = []
    for number in range(3):
        writer = Writer.create(tmp_path / f"{number}.jsonl", header(tmp_path, columns=DECODED))
        writer.add(facts)
        lists.append(writer.close(complete=True))
    with loading.open_lists(
        lists[0], [Listed(label, one) for label, one in zip("ab", lists[1:], strict=True)], family, MOMENT
    ) as opened:
        told = one_copy.count_once(opened, places, known)
        why = "may be one account or server, or show one shared folder"
        assert [(one.startswith(f"a and b {why}"), "so they count as one copy" in one) for one in told] == (
            [(True, True)] * is_one
        )
        pairing.pair(opened, ["a", "b"], None)
        files.summarise(opened, ["a", "b"], family.proof)
        assert opened.con.execute("SELECT copies FROM files").fetchall() == [(1 if is_one else 2,)]
        one_copy.mark_linked(opened, places[0], [places[1]], known)
        doubted = opened.con.execute("SELECT error FROM backup WHERE error IS NOT NULL").fetchall()
        unsure = "nothing tells that the remotes are two accounts"
        assert [unsure in error for (error,) in doubted] == [True] * is_one


HERE = (Behind("sftp", "127.0.0.1", ("127.0.0.1",), base="x", paths=("y",)),)
AWAY = (Behind("sftp", "nas.example.org", ("nas.example.org",), base="x", paths=("y",)),)
ELSEWHERE = (Behind("sftp", "nas.example.org", ("nas.example.org",), base="x", paths=("z",)),)
OLDER = None
"""A list by an earlier build does not say it."""


@pytest.mark.parametrize(
    ("one", "other", "copies"),
    [(AWAY, AWAY, 1), (AWAY, ELSEWHERE, 2), (AWAY, OLDER, 1), (OLDER, OLDER, 1), (HERE, AWAY, 1), (AWAY, (), 1)],
)
def test_lists_of_remotes_are_as_many_copies_as_the_remotes(
    one: tuple[Behind, ...] | None, other: tuple[Behind, ...] | None, copies: int, tmp_path: Path
) -> None:
    """One on a server of this machine may be the phone's own folder, and is none."""
    family = policy.load("family")
    facts = FileFacts("a.jpg", 9, mtime_ns=1, kind=Kind.PHOTO, digests={"sha256": "ab" * 32})
    facts = replace(facts, digest_origin=DigestOrigin.READ)
    lists = []
    for number, changes in enumerate(({}, {"behind": one}, {"behind": other})):
        kind = "rclone" if number else "mtp"
        writer = Writer.create(
            tmp_path / f"{number}.jsonl", header(tmp_path, columns=DECODED, place_kind=kind, **changes)
        )
        writer.add(facts)
        writer.close(complete=True)
        lists.append(load(tmp_path / f"{number}.jsonl"))
    listed = [Listed(label, one) for label, one in zip("ab", lists[1:], strict=True)]
    with loading.open_lists(lists[0], listed, family, MOMENT) as opened:
        one_copy.mark_linked(opened, None, [None, None], Asked())
        one_copy.count_once(opened, [None, None], Asked())
        pairing.pair(opened, ["a", "b"], None)
        files.summarise(opened, ["a", "b"], family.proof)
        assert opened.con.execute("SELECT copies FROM files").fetchall() == [(copies,)]
        doubted = opened.con.execute("SELECT backup FROM backup WHERE error_kind = 'shown'").fetchall()
        assert doubted == ([("a",)] if one is HERE else [])


@pytest.mark.parametrize("is_place", [False, True])
def test_lists_of_one_account_with_another_quota_are_one_copy(is_place: bool, tmp_path: Path) -> None:
    """And so are the accounts themselves: what is shared lies in both."""
    family = policy.load("family")
    facts = FileFacts("a.jpg", 9, mtime_ns=1, kind=Kind.PHOTO, digests={"sha256": "ab" * 32})
    facts = replace(facts, digest_origin=DigestOrigin.READ)
    leaves = [rclone_remotes.leaves_of(f"{name}:P", ACCOUNTS_OF, {}) for name in "ab"]
    devices = [Device(storage_total_bytes=total, storage_free_bytes=total // 2) for total in (TOTAL, 8 * TOTAL)]
    places = [
        RclonePlace(*("rclone", f"{name}:P", f"rclone:{name}:P", "", (), False, True, Server("", "")), behind)
        for name, behind in zip("ab", leaves, strict=True)
    ]
    lists = []
    for number, (behind, device) in enumerate([((), None), *zip(leaves, devices, strict=True)]):
        told = {"behind": tuple(leaf.told for leaf in behind), "device": device} if number else {}
        kind = "rclone" if number else "folder"
        writer = Writer.create(tmp_path / f"{number}.jsonl", header(tmp_path, columns=DECODED, place_kind=kind, **told))
        writer.add(facts)
        lists.append(writer.close(complete=True))
    listed = [Listed(label, one) for label, one in zip("ab", lists[1:], strict=True)]
    at_hand = [places[0] if is_place else None, None]
    rooms = Asked({leaf.words: device for (leaf,), device in zip(leaves, devices, strict=True)})
    with loading.open_lists(lists[0], listed, family, MOMENT) as opened:
        one_copy.count_once(opened, at_hand, rooms)
        pairing.pair(opened, ["a", "b"], None)
        files.summarise(opened, ["a", "b"], family.proof)
        assert opened.con.execute("SELECT copies FROM files").fetchall() == [(1,)]
    with loading.open_lists(lists[0], listed, family, MOMENT) as opened:
        one_copy.count_once(opened, places, rooms)
        pairing.pair(opened, ["a", "b"], None)
        files.summarise(opened, ["a", "b"], family.proof)
        assert opened.con.execute("SELECT copies FROM files").fetchall() == [(1,)]


def test_a_folder_and_a_server_here_that_may_show_it_are_one_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a list that does not say what it is of is named, beside others and alone."""
    monkeypatch.chdir(tmp_path)
    photos(tmp_path / "phone", "DCIM/1.jpg")
    shutil.copytree(tmp_path / "phone", tmp_path / "disk")
    rows = list(scan(open_folder("disk"), tmp_path / "disk.jsonl", jobs=1, use_cache=False).rows())
    for name, behind in (("here", HERE), ("older", OLDER)):
        changes = {"place_id": f"rclone:{name}", "label": name, "behind": behind}
        writer = Writer.create(
            tmp_path / f"{name}.jsonl", header(tmp_path, columns=DECODED, place_kind="rclone", **changes)
        )
        for row in rows:
            writer.add(replace(row, file_id=None, changed_ns=None))
        writer.close(complete=True)
    shutil.copy(Path(shipped.__file__).parent.parent / "rules/policies/family.toml", "two.toml")
    two = Path("two.toml").read_text("utf-8")
    Path("two.toml").write_text(re.sub(r"(?m)^min_copies *=.*", "min_copies = 2", two), "utf-8")
    said = run(monkeypatch, capsys, "audit", "phone", "disk", "here.jsonl", "--policy", "two.toml", "-o", "1")
    assert said[0] == 1, said
    listed = [Listed(one, load(tmp_path / f"{one}.jsonl")) for one in ("disk", "here")]
    with loading.open_lists(listed[0].manifest, listed, policy.load("family"), MOMENT) as opened:  # of a phone by adb
        (told,) = one_copy.count_once(opened, [open_folder("disk"), None], Asked())
    assert told.startswith("disk and here may be one folder, which the server of a remote shows as well")
    said = run(monkeypatch, capsys, "audit", "phone", "disk", "older.jsonl", "--policy", "two.toml", "-o", "2")
    assert said[0] == 1 and "older is a list by an earlier build" in said[1], said
    assert "as no further copy. List the remote again with `auditor scan`" in " ".join(said[1].split())
    assert "beside other backups it counts as no further copy" in " ".join(said[1].split())
    said = run(monkeypatch, capsys, "audit", "phone", "older.jsonl", "-o", "3")
    told = (
        "not of the phone itself, only you can know. List the remote again with `auditor scan`, which writes that down."
    )
    assert said[0] == 0 and told in " ".join(said[1].split()), said
    said = run(monkeypatch, capsys, "audit", "phone", "here.jsonl", "-o", "4")
    assert said[0] == 3 and "CANNOT SAY" in said[1], said


MOMENT = datetime(2026, 6, 15, 12, tzinfo=UTC)
READ = FileFacts(
    "a.jpg",
    9,
    mtime_ns=10,
    changed_ns=20,
    file_id="x:1",
    read_at="2026-06-15T11:00:00Z",
    digest_origin=DigestOrigin.READ,
    digests={"sha256": "ab" * 32},
)
MET = Entry("a.jpg", size_bytes=9, mtime_ns=10, changed_ns=20, file_id="x:1")

UNCHANGED = {
    "the same file": (READ, MET, True),
    "a clock that was ahead when it was read": (replace(READ, read_at="2026-06-16T07:00:00Z"), MET, False),
    "changed, and its date put back": (READ, replace(MET, changed_ns=21), False),
    "another file of the same name, size and date": (READ, replace(MET, file_id="x:2"), False),
    "the same folder on another disk": (READ, replace(MET, file_id="y:1"), False),
    "a file system that keeps no such times": (replace(READ, changed_ns=None), replace(MET, changed_ns=None), False),
    "a phone over a cable": (
        replace(READ, changed_ns=None, file_id=None),
        replace(MET, changed_ns=None, file_id=None),
        False,
    ),
    "an old list, which did not know them": (replace(READ, changed_ns=None, file_id=None), MET, False),
}


@pytest.mark.parametrize("case", UNCHANGED)
def test_what_counts_as_unchanged(case: str) -> None:
    row, entry, is_known = UNCHANGED[case]
    assert (ReusableRows([iter([row])], ("sha256",), MOMENT).facts(entry) is not None) is is_known


def test_a_stopped_scan_of_a_phone_goes_on_by_size_and_date() -> None:
    """A scan's list keeps the day on which it was begun; an audit asks for more."""
    row, entry = replace(READ, changed_ns=None, file_id=None), replace(MET, changed_ns=None, file_id=None)
    assert ReusableRows([], ("sha256",), MOMENT, [iter([row])]).facts(entry) is not None
    assert ReusableRows([], ("sha256",), MOMENT, [iter([row])]).facts(replace(entry, mtime_ns=11)) is None


@pytest.mark.parametrize(("kind", "known"), [("ext4", True), ("vfat", False), ("fuse.sshfs", False), (None, False)])
def test_times_of_change_are_believed_where_the_system_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str | None, known: bool
) -> None:
    photos(tmp_path, "a.jpg")
    table = [volume.Mounted("/", kind, "/dev/sda1")] if kind else []
    monkeypatch.setattr(volume, "mounted", lambda: table)
    (entry,) = open_folder(str(tmp_path)).walk()
    assert (entry.changed_ns is not None, entry.file_id is not None) == (known, True)


IN_A_BIN = (
    *(".local/share/Trash/files/a.jpg", "MIUI/Gallery/cloud/.trashBin/a.jpg", ".globalTrash/a.jpg"),
    *(".recycle/x/a.jpg", "RECYCLED/a.jpg", "Pictures/.Gallery2/recycle/a.jpg", ".dropbox.cache/2026/a.jpg"),
    *("Trash/a.jpg", ".Trash-1000/files/a.jpg", "#recycle/a.jpg", "@Recycle/a.jpg", ".Trashes/501/a.jpg"),
    *("$RECYCLE.BIN/S-1/a.jpg", "Android/.Trash/a.jpg", ".oprecyclebin/a.jpg", "$.Trash$/a.jpg"),
    *("Recently Deleted/a.jpg", ".sync/Archive/a.jpg", "DCIM/.trashed-1700000000-a.jpg", "photo/#trash/a.jpg"),
    *("#snapshot/GMT-2024.01.01/a.jpg", "@Recently-Snapshot/1/a.jpg", "~snapshot/hourly/a.jpg", ".snapshot/a.jpg"),
    *(".snapshots/12/snapshot/a.jpg", ".zfs/snapshot/daily/a.jpg", "anna/files_versions/P/a.jpg"),
    *(".vivoFileRecycleBin/a.jpg", ".VivoGalleryRecycler/a.jpg", ".trash_bin/a.jpg", ".dumpster/a.jpg"),
    *("Takeout/Google Photos/Bin/a.jpg", "Takeout/Google Fotos/Papierkorb/a.jpg"),
)


@pytest.mark.parametrize("path", IN_A_BIN)
def test_what_lies_in_a_bin_is_no_copy(path: str) -> None:
    assert in_bin(path)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "Trashcan Sinatras/a.jpg",
            "my trash/a.jpg",
            "recycle/a.jpg",
            "trash.jpg",
            "DCIM/trash",
            "Gallery2/recycle/a.jpg",
        ),
        *("Bin/a.jpg", "Papierkorb.jpg", "Snapshots/a.jpg", "snapshot/a.jpg", "zfs/snapshot/a.jpg"),
        *("Google Photos/Robin/a.jpg", "files_versions", ".snapshots.jpg"),
    ],
)
def test_what_only_sounds_like_a_bin_is_none(path: str) -> None:
    assert not in_bin(path)


UNDECODED = {
    "art.psd": (b"8BPS\0\1" + b"layers" * 99, Kind.PHOTO),
    "scan.tga": (b"\0\0\2" + b"pixels" * 99, Kind.PHOTO),
    "sky.exr": (b"\x76\x2f\x31\x01" + b"pixels" * 99, Kind.PHOTO),
    "old.pcx": (b"\x0a\5\1\x08" + b"pixels" * 99, Kind.PHOTO),
    "film.ogv": (b"OggS\0\2" + b"\0" * 22 + b"\x80theora" + b"frames" * 99, Kind.VIDEO),
    "film.mxf": (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02" + b"frames" * 99, Kind.VIDEO),
    "tape.dv": (b"\x1f\x07\x00\x3f" + b"frames" * 99, Kind.VIDEO),
    "tv.wtv": (b"\xb7\xd8\x00\x20\x37\x49\xda\x11" + b"frames" * 99, Kind.VIDEO),
    "raw.y4m": (b"YUV4MPEG2 W64 H48" + b"frames" * 99, Kind.VIDEO),
}


@pytest.mark.parametrize("name", UNDECODED)
def test_a_picture_or_film_that_nothing_here_decodes_must_be_backed_up_too(name: str) -> None:
    content, kind = UNDECODED[name]
    seen = examine(name, content, Depth.DECODE)
    assert (seen.kind, seen.soundness, seen.damage) == (kind, Soundness.NOT_CHECKED, ())
    assert seen.error is not None and seen.error.kind is ErrorKind.UNSUPPORTED


def test_an_error_page_under_such_a_name_is_still_none() -> None:
    assert examine("art.psd", b"<!doctype html><html>not found</html>", Depth.DECODE).damage[0].code == "not_media"


def test_ogg_is_a_film_only_with_a_picture_in_it() -> None:
    assert examine("song.ogg", b"OggS\0\2" + b"\0" * 22 + b"\x01vorbis" + b"sound" * 99, Depth.HASH).kind is Kind.OTHER


def test_what_the_verdict_does_not_speak_of_is_said(tmp_path: Path, quick: Callable[..., tuple[int, str]]) -> None:
    phone, disk = tmp_path / "phone", tmp_path / "disk"
    content = photos(phone, "a.jpg")
    photos(disk, "a.jpg")
    (disk / "a.jpg").write_bytes(content["a.jpg"])
    (phone / "notes.txt").write_text("notes", "utf-8")
    (phone / ".thumbnails").mkdir()
    (phone / ".thumbnails/b.jpg").write_bytes(content["a.jpg"])
    code, said = quick("audit", phone, disk, "-o", tmp_path / "out", "--no-thumbnails")
    assert (code, "1 file that no program here takes for a photo or video and 1 file in folders" in said) == (
        0,
        True,
    ), said


@pytest.mark.parametrize("is_marked", [False, True])
@pytest.mark.parametrize(
    "name", [".auditor/DCIM/only-here.jpg", ".auditor/a.mp4", ".auditor/.auditor/a.jpg", ".auditor/IMG_1"]
)
def test_a_picture_in_the_folder_of_our_name_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: Callable[..., tuple[int, str]], is_marked: bool, name: str
) -> None:
    phone, disk = tmp_path / "phone", tmp_path / "disk"
    content = photos(phone, "a.jpg")["a.jpg"]
    (phone / name).parent.mkdir(parents=True)
    (phone / name).write_bytes(content + b"only here")
    (phone / ".auditor/.DS_Store").write_bytes(b"Bud1")
    if is_marked:
        (phone / ".auditor/place.toml").write_text('id = "a-name-of-its-own"\n', "utf-8")
    disk.mkdir()
    monkeypatch.chdir(tmp_path)
    quick("backup", phone, disk)
    assert not (disk / name).exists()
    code, said = quick("audit", phone, disk, "-o", tmp_path / "out", "--no-thumbnails")
    assert code in (1, 3), said
    assert name in (tmp_path / "out/findings.csv").read_text("utf-8-sig")
    (phone / name).unlink()
    assert quick("audit", phone, disk, "-o", tmp_path / "out2", "--no-thumbnails")[0] == 0


@pytest.mark.parametrize("what", ["a file", "a link in it", "a link as a folder of ours"])
def test_what_is_of_our_name_and_no_folder_of_ours_is_not_passed_over(
    tmp_path: Path, quick: Callable[..., tuple[int, str]], what: str
) -> None:
    phone, disk, elsewhere = tmp_path / "phone", tmp_path / "disk", tmp_path / "elsewhere"
    content = photos(phone, "a.jpg")["a.jpg"]
    photos(disk, "a.jpg")
    photos(elsewhere, "only here.jpg")
    if what == "a file":
        (phone / ".auditor").write_bytes(content + b"only here")
    else:
        (phone / ".auditor").mkdir()
        (phone / ".auditor" / ("DCIM" if what == "a link in it" else "quarantine")).symlink_to(elsewhere)
    assert audited(quick, tmp_path / "out", phone, disk)[0] != "SAFE"
