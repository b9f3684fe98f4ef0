"""Uploads to a remote of rclone: only what it does not hold, compared there, never over something."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from auditor.cli import ahead, app
from auditor.copier import upload as copier
from auditor.copier.upload import Outcome, upload_missing
from auditor.errors import BadPlace
from auditor.judge import policy as policies
from auditor.manifest.jsonl import Manifest
from auditor.model import Depth
from auditor.places import pace, rcloneclient
from auditor.places.folder import open_folder
from auditor.places.rclone import RclonePlace, open_rclone
from auditor.places.rcloneclient import RemoteFailed
from auditor.scan.run import scan
from tests.doubles.mounts import detach, needs, tmpfs
from tests.doubles.rclone_server import newest_rclone, remote, served
from tests.media import jpeg

RCLONE = newest_rclone()
pytestmark = pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")


@pytest.fixture(params=["digests", "no digests"])
def cloud(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RclonePlace]:
    """A remote over the folder `there`: an alias, which states digests, and a WebDAV server, which states none."""
    assert RCLONE
    monkeypatch.setenv("RCLONE", RCLONE)
    monkeypatch.setenv("RCLONE_CONFIG", str(tmp_path / "none.conf"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "there").mkdir()
    rcloneclient.end_servers()
    if request.param == "digests":
        monkeypatch.setenv("RCLONE_CONFIG_CLOUD_TYPE", "alias")
        monkeypatch.setenv("RCLONE_CONFIG_CLOUD_REMOTE", str(tmp_path / "there"))
        yield open_rclone("cloud:")
        return
    with served(RCLONE, "webdav", tmp_path / "there") as port:
        for key, value in remote(RCLONE, "webdav", port, "cloud").items():
            monkeypatch.setenv(key, value)
        yield open_rclone("cloud:")


def source(tmp_path: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (tmp_path / "phone" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "phone" / path).write_bytes(content)
    return tmp_path / "phone"


def listed(tmp_path: Path, cloud: RclonePlace) -> Manifest:
    (tmp_path / "m.jsonl").unlink(missing_ok=True)
    place = open_folder(str(tmp_path / "phone"))
    return scan(
        place, tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1, use_cache=False, extra_digests=cloud.native_digests()[:1]
    )


def run(tmp_path: Path, cloud: RclonePlace, excluded: str | None = None) -> dict[str, Outcome]:
    manifest = listed(tmp_path, cloud)
    pattern = re.compile(excluded) if excluded else None
    done = upload_missing(open_folder(str(tmp_path / "phone")), manifest, cloud, pattern)
    return {upload.path: upload.outcome for upload in done}


def there(tmp_path: Path) -> dict[str, bytes]:
    root = tmp_path / "there"
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_what_is_missing_is_uploaded_and_what_is_there_is_not(tmp_path: Path, cloud: RclonePlace) -> None:
    source(tmp_path, {"DCIM/a.jpg": b"aaaa", "DCIM/b c.jpg": b"bbbb", "cache/x": b"x", "DCIM/twin.jpg": b"aaaa"})
    (tmp_path / "there/elsewhere.jpg").write_bytes(b"bbbb")
    up, held = Outcome.UPLOADED, Outcome.HELD
    assert run(tmp_path, cloud, "^cache/") == {"DCIM/a.jpg": up, "DCIM/b c.jpg": held, "DCIM/twin.jpg": held}
    assert there(tmp_path) == {"elsewhere.jpg": b"bbbb", "DCIM/a.jpg": b"aaaa"}
    assert set(run(tmp_path, cloud, "^cache/").values()) == {held}


def test_another_content_of_the_same_name_is_never_replaced(tmp_path: Path, cloud: RclonePlace) -> None:
    source(tmp_path, {"a.jpg": b"phone"})
    (tmp_path / "there/a.jpg").write_bytes(b"other")
    assert run(tmp_path, cloud) == {"a.jpg": Outcome.UPLOADED}
    assert there(tmp_path) == {"a.jpg": b"other", "a (2).jpg": b"phone"}


@pytest.mark.parametrize("cloud", ["digests"], indirect=True)
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_disk_that_the_remote_shows_and_that_is_pulled_ends_the_run(
    after: int, tmp_path: Path, cloud: RclonePlace
) -> None:
    """Be it after the last file, and from an empty folder."""
    needs("mount", root=True)
    phone = source(tmp_path, {f"{number}.jpg": jpeg(number) for number in range(3)})
    shown = open_rclone("cloud:disk/tmpfs/new")
    with tmpfs(tmp_path / "there/disk", "4m") as disk:
        (disk / "new").mkdir()
        uploads = upload_missing(open_folder(str(phone)), listed(tmp_path, shown), shown)
        assert [next(uploads).outcome for _ in range(after)] == [Outcome.UPLOADED] * after
        detach(disk)
        with pytest.raises(BadPlace, match=r"the disk at .*there/disk/tmpfs, which .* shows, is gone"):
            next(uploads)
    assert there(tmp_path) == {}


def test_what_arrives_altered_is_not_put_into_place(
    tmp_path: Path, cloud: RclonePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    source(tmp_path, {"a.jpg": b"phone"})
    real = copier.call

    def altering(serving: rcloneclient.Server, command: str, arguments: dict[str, object]) -> dict[str, object]:
        answer = real(serving, command, arguments)
        if command == "operations/copyfile":
            partial = tmp_path / "there" / copier.PARTIAL / hashlib.sha256(b"phone").hexdigest()
            partial.write_bytes(b"phonX")
        return answer

    monkeypatch.setattr(copier, "call", altering)
    assert run(tmp_path, cloud) == {"a.jpg": Outcome.FAILED}
    assert "a.jpg" not in there(tmp_path)
    monkeypatch.setattr(copier, "call", real)
    assert run(tmp_path, cloud) == {"a.jpg": Outcome.UPLOADED}
    assert there(tmp_path) == {"a.jpg": b"phone"}


@pytest.mark.parametrize("command", ["operations/copyfile", "operations/movefile"])
def test_a_failure_of_one_file_does_not_stop_the_others(
    tmp_path: Path, cloud: RclonePlace, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    source(tmp_path, {"a.jpg": b"a", "b.jpg": b"b"})
    real, failed = copier.call, []

    def failing(serving: rcloneclient.Server, name: str, arguments: dict[str, object]) -> dict[str, object]:
        if name == command and not failed:
            failed.append(name)
            raise RemoteFailed("quota exceeded")
        return real(serving, name, arguments)

    monkeypatch.setattr(copier, "call", failing)
    assert run(tmp_path, cloud) == {"a.jpg": Outcome.FAILED, "b.jpg": Outcome.UPLOADED}
    assert [entry.path for entry in cloud.walk()] == ["b.jpg"]
    assert run(tmp_path, cloud) == {"a.jpg": Outcome.UPLOADED, "b.jpg": Outcome.HELD}
    assert there(tmp_path) == {"a.jpg": b"a", "b.jpg": b"b"}


def test_what_is_uploaded_is_told_after_comparing_and_measured(
    tmp_path: Path, cloud: RclonePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "LEAST_S", 0.0)
    monkeypatch.setattr(ahead, "SAID_FROM_S", 0.0)
    phone = source(tmp_path, {f"DCIM/{n}.jpg": jpeg(n) for n in range(3)})
    words = ["backup", str(phone), "rclone:cloud:new", "--no-audit", *(["--copy-by-hand"] * (not cloud.local_things))]

    def told() -> str | None:
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        found = re.search(r"^To upload +(.*)$", result.output, re.M)
        return found and found[1]

    assert re.fullmatch(r"3 files, .* at most; about .* which is a guess for a cloud", told() or "")
    (phone / "DCIM/lone.jpg").write_bytes(jpeg(9, (64, 48)))
    # Of a remote that states no digests each may be another one of the same size.
    files = "1 file" if cloud.native_digests() else "4 files"
    assert re.fullmatch(rf"{files}, .* at most; about .*, as fast as last time", told() or "")
    if cloud.native_digests():
        assert told() is None, "all is there"


def test_the_command_uploads_and_audits(tmp_path: Path, cloud: RclonePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = source(tmp_path, {f"DCIM/{n}.jpg": jpeg(n) for n in range(3)})
    monkeypatch.chdir(tmp_path)
    words = ["backup", str(phone), "rclone:cloud:new/folder"]
    words += [] if cloud.local_things else ["--copy-by-hand"]  # the server may be anywhere
    said = str(CliRunner().invoke(app, [*words, "-n"]).exception)
    assert f"run `auditor audit {' '.join(words[1:])}`" in said, "it is the audit of this very order"
    for uploaded, held in ((3, 0), (0, 3)):
        result = CliRunner().invoke(app, [*words, "-o", f"report{held}"])
        assert result.exit_code == 0, result.output
        assert f"{uploaded}  uploaded and compared there" in result.output and f"{held}  there already" in result.output
        assert "SAFE" in result.output and (tmp_path / f"report{held}" / "report.html").exists()
    assert set(there(tmp_path)) == {f"new/folder/DCIM/{n}.jpg" for n in range(3)}


@pytest.mark.parametrize("cloud", ["digests"], indirect=True)
@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize(
    ("folder", "remote", "says"),
    [
        ("there", "cloud:backup", "the backup rclone:cloud:backup lies inside the source"),
        ("there/phone", "cloud:", "lies inside its backup rclone:cloud:"),
    ],
)
def test_a_remote_that_leads_into_the_source_gets_nothing(
    folder: str, remote: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there/phone").mkdir()
    (tmp_path / "there/phone/a.jpg").write_bytes(jpeg(1))
    result = CliRunner().invoke(app, ["backup", folder, f"rclone:{remote}"])
    assert isinstance(result.exception, BadPlace) and says in str(result.exception)
    assert set(there(tmp_path)) == {"phone/a.jpg"}


def deletable(report: Path) -> list[str]:
    with (report / "safe-to-delete.csv").open(encoding="utf-8-sig", newline="") as stream:
        return [row["path"] for row in csv.DictReader(stream)]


@pytest.mark.parametrize("cloud", ["no digests"], indirect=True)
@pytest.mark.usefixtures("cloud")
def test_a_server_of_any_name_is_a_backup_by_the_users_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the server even is on this machine: what it shows may be, or hold, the phone's own folder."""
    phone = source(tmp_path, {f"DCIM/{n}.jpg": jpeg(n) for n in range(3)})
    monkeypatch.chdir(tmp_path)
    backup = ["backup", str(phone), "rclone:cloud:new"]
    audit = ["audit", str(phone), "rclone:cloud:new", "--depth", "decode"]
    for number, command in enumerate((backup, backup, audit)):
        result = CliRunner().invoke(app, [*command, "-o", f"untold{number}"])
        assert result.exit_code == 3 and "--copy-by-hand" in result.output, result.output
        assert deletable(tmp_path / f"untold{number}") == []
        result = CliRunner().invoke(app, [*command, "--copy-by-hand", "-o", f"told{number}"])
        assert result.exit_code == 0 and len(deletable(tmp_path / f"told{number}")) == 3, result.output


@pytest.mark.parametrize("cloud", ["no digests"], indirect=True)
@pytest.mark.usefixtures("cloud")
def test_the_folder_that_a_server_shows_is_no_backup_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the very folder, nor one in it or around it, nor one with a link to it at the same path or deeper."""
    (tmp_path / "there/phone/DCIM").mkdir(parents=True)
    for number in range(3):
        (tmp_path / f"there/phone/DCIM/{number}.jpg").write_bytes(jpeg(number))
    monkeypatch.chdir(tmp_path)
    phone = "there/phone"
    (tmp_path / "there/linked").mkdir()
    (tmp_path / "there/linked/phone").symlink_to(tmp_path / phone)
    (tmp_path / "there/same").mkdir()
    (tmp_path / "there/same/DCIM").symlink_to(tmp_path / phone / "DCIM")
    monkeypatch.setenv("RCLONE_COPY_LINKS", "true")
    assert RCLONE
    with served(RCLONE, "webdav", tmp_path / "there") as port:
        for key, value in remote(RCLONE, "webdav", port, "cloud").items():
            monkeypatch.setenv(key, value)
        rcloneclient.end_servers()
        for words in ("cloud:phone", "cloud:phone/DCIM", "cloud:", "cloud:linked", "cloud:same"):
            report = words.replace(":", "_").replace("/", "_")
            for command in ("backup", "audit"):
                decode = ["--depth", "decode"] if command == "audit" else []
                out = f"{report}-{command}"
                result = CliRunner().invoke(app, [command, phone, f"rclone:{words}", *decode, "-o", out])
                assert result.exit_code == 3, (words, result.output)
                assert deletable(tmp_path / out) == []


def test_a_file_that_changed_since_it_was_listed_is_not_uploaded(tmp_path: Path, cloud: RclonePlace) -> None:
    phone = source(tmp_path, {"a.jpg": b"before"})
    manifest = listed(tmp_path, cloud)
    (phone / "a.jpg").write_bytes(b"after!")
    (upload,) = upload_missing(open_folder(str(phone)), manifest, cloud)
    assert upload.outcome is Outcome.FAILED and "changed" in (upload.reason or "")
    assert there(tmp_path) == {}


def test_what_lies_in_a_bin_of_the_remote_is_no_copy(tmp_path: Path, cloud: RclonePlace) -> None:
    files = {"DCIM/a.jpg": jpeg(seed=1), "Trash/b.jpg": jpeg(seed=2), ".globalTrash/c.jpg": jpeg(seed=3)}
    source(tmp_path, files)
    there = tmp_path / "there"
    (there / "#recycle").mkdir()
    (there / "#recycle/a.jpg").write_bytes(files["DCIM/a.jpg"])
    excluded = policies.load("family").excluded()
    assert run(tmp_path, cloud, excluded) == {"DCIM/a.jpg": Outcome.UPLOADED, "Trash/b.jpg": Outcome.UPLOADED}
    assert run(tmp_path, cloud, excluded) == {"DCIM/a.jpg": Outcome.HELD, "Trash/b.jpg": Outcome.HELD}
