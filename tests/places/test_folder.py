"""Folders of this machine: everything odd that can lie in one has an entry, and nothing leads out."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.disk.volume import filesystem
from auditor.errors import BadPlace
from auditor.places import Entry, EntryKind, own_folder
from auditor.places.folder import FolderPlace, open_folder

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")


def entries(root: Path) -> dict[str, Entry]:
    found = list(open_folder(str(root)).walk())
    assert len({e.path for e in found}) == len(found)
    return {entry.path: entry for entry in found}


@posix
def test_what_is_no_file_is_listed_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # the name of a socket may have 108 bytes
        server.bind("socket")
        os.chdir(here)
        if os.geteuid() == 0:
            os.mknod(tmp_path / "device", 0o20600, os.makedev(1, 3))
        found = entries(tmp_path)
    assert {e.kind for e in found.values()} == {EntryKind.SPECIAL}
    assert str(found["fifo.jpg"].error) == "a FIFO, not a file"
    assert str(found["socket"].error) == "a socket, not a file"
    place = open_folder(str(tmp_path))
    for path in found:
        with pytest.raises(OSError):
            place.open(path)


LINKS = {
    "to a file beside it": ("real.jpg", "a link to what is listed by itself"),
    "to a folder beside it": ("folder", "a link to what is listed by itself"),
    "to the place itself": (".", "a link to what is listed by itself"),
    "by its whole path": ("{place}/folder/in.jpg", "a link to what is listed by itself"),
    "by way of another link": ("link", "a link to what is listed by itself"),
    "out to a file": ("../outside/o.jpg", "a link to a file outside, which is not followed"),
    "out to a folder": ("../outside", "a link to a folder outside, which is not followed"),
    "out by way of a folder": ("way/o.jpg", "a link to a file outside, which is not followed"),
    "into our own folder": (".auditor/kept.jpg", "a link to a file outside, which is not followed"),
    "to nothing": ("gone.jpg", "a link that leads nowhere"),
    "to nothing outside": ("../../../gone/x", "a link that leads nowhere"),
    "to itself": ("x.jpg", "a link that leads nowhere"),
    "into a file": ("real.jpg/x", "a link that leads nowhere"),
}


@posix
@pytest.mark.parametrize("case", LINKS)
def test_a_link_out_is_never_harmless(tmp_path: Path, case: str) -> None:
    place, outside = tmp_path / "place", tmp_path / "outside"
    for folder in (place / "folder", place / ".auditor", outside):
        folder.mkdir(parents=True)
    for file in (place / "real.jpg", place / "folder/in.jpg", place / ".auditor/kept.jpg", outside / "o.jpg"):
        file.write_bytes(b"x")
    (place / "link").symlink_to("real.jpg")
    (place / "way").symlink_to(outside)
    target, error = LINKS[case]
    (place / "x.jpg").symlink_to(target.format(place=place))
    found = entries(place)
    assert (found["x.jpg"].kind, str(found["x.jpg"].error)) == (EntryKind.LINK, error)
    assert {p for p, e in found.items() if e.kind is EntryKind.FILE} == {"real.jpg", "folder/in.jpg"}


@posix
def test_open_follows_no_link_on_its_way(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/o.jpg").write_bytes(b"secret")
    (tmp_path / "place").mkdir()
    (tmp_path / "place/way").symlink_to(tmp_path / "outside")
    place = open_folder(str(tmp_path / "place"))
    with pytest.raises(OSError):
        place.open("way/o.jpg")
    for path in ("../outside/o.jpg", "/etc/hosts", "a/../../outside/o.jpg"):
        with pytest.raises(BadPlace):
            place.open(path)


@posix
def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/up").symlink_to("..")
    (tmp_path / "a/one").symlink_to("two")
    (tmp_path / "a/two").symlink_to("one")
    assert set(entries(tmp_path)) == {"a/b/up", "a/one", "a/two"}


@posix
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"raw\xff\xfe.jpg")
    try:
        (tmp_path / name).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system holds only UTF-8")
    (tmp_path / name.replace(".jpg", "")).mkdir()
    (tmp_path / name.replace(".jpg", "") / name).write_bytes(b"y")
    place = open_folder(str(tmp_path))
    for entry in place.walk():
        with place.open(entry.path) as stream:
            assert len(stream.read()) == 1
    assert {e.path.encode("utf-8", "surrogateescape") for e in place.walk()} == {
        b"raw\xff\xfe.jpg",
        b"raw\xff\xfe/raw\xff\xfe.jpg",
    }


def deep(root: Path, characters: int) -> str:
    """A file whose path in `root` has so many characters, made step by step: no call takes such a path."""
    path, folder = "", os.open(root, os.O_RDONLY)
    while len(path) < characters - 260:
        part = "d" * 200
        os.mkdir(part, dir_fd=folder)
        inner = os.open(part, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder, path = inner, path + part + "/"
    name = "f" * (characters - len(path) - 4) + ".jpg"
    with os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT, dir_fd=folder), "wb") as stream:
        stream.write(b"deep")
    os.close(folder)
    return path + name


@posix
@pytest.mark.parametrize("characters", [4000, 9000])
def test_paths_of_any_length(tmp_path: Path, characters: int) -> None:
    path = deep(tmp_path, characters)
    assert len(path) == characters
    found = entries(tmp_path)
    assert found[path].size_bytes == 4 and len(found) == 1
    with open_folder(str(tmp_path)).open(path) as stream:
        assert stream.read() == b"deep"


def test_a_picture_that_somebody_put_into_a_folder_of_ours_is_told(tmp_path: Path) -> None:
    folders = ("manifests", "journal", "quarantine", "partial", "quarantine/mine", ".auditor-probe-0123abcd")
    strange = {f".auditor/{folder}/{name}" for folder in folders for name in ("a.jpg", "IMG_1")}
    ours = {".auditor/manifests/000001.jsonl", ".auditor/quarantine/2026-01-01T120000123456/DCIM/b.jpg"}
    ours |= {".auditor/quarantine/2026-01-01T120000123456/DCIM/IMG_2", ".auditor/journal/unfinished", ".auditor/lock"}
    ours |= {".auditor/.auditor-probe-0123abcd/plain", f".auditor/partial/{'0a' * 32}"}
    for path in strange | ours:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")
    assert {e.path for e in own_folder.strange(open_folder(str(tmp_path)))} == strange


@posix
def test_what_cannot_be_seen_in_our_own_folder_is_told(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(500):  # deeper than a path may be long
        os.mkdir(".auditor", dir_fd=folder)
        inner = os.open(".auditor", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    (told,) = own_folder.strange(open_folder(str(tmp_path)))
    assert told.kind is EntryKind.FOLDER and told.error and told.path.startswith(".auditor/.auditor/")


ROLE_AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from auditor.audit.roles import role_of_folder
from auditor.places import own_folder
from auditor.places.folder import open_folder
root = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(role_of_folder(root, "x").is_kept, role_of_folder(root / "closed/new", "x").is_kept)
print(*[entry.error for entry in own_folder.strange(open_folder(str(root)))])
"""


@posix
def test_a_record_that_may_not_be_looked_at_is_one(tmp_path: Path) -> None:
    root = Path("/tmp") / f"auditor-test-record-{os.getpid()}"
    try:
        for name in ("closed", ".auditor"):
            (root / name).mkdir(parents=True)
            (root / name).chmod(0)
        root.chmod(0o755)
        command = [sys.executable, "-c", ROLE_AS_NOBODY, str(root), str(Path(__file__).parent.parent.parent)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (done.stderr, done.stdout.splitlines()[0]) == ("", "True True")
        assert "Permission denied" in done.stdout
    finally:
        for name in ("closed", ".auditor"):
            (root / name).chmod(0o700)
        shutil.rmtree(root)


@posix
def test_our_own_folder_is_left_out_at_the_root_only(tmp_path: Path) -> None:
    for path in (".auditor/manifests/1.jsonl", "sub/.auditor/a.jpg", "auditor/b.jpg"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_bytes(b"x")
    assert set(entries(tmp_path)) == {"sub/.auditor/a.jpg", "auditor/b.jpg"}


@pytest.mark.parametrize("first", ["place.toml", "lock"])
def test_what_another_backup_within_keeps_of_itself_is_no_payload(tmp_path: Path, first: str) -> None:
    """A disk with two backups on it, or a folder that was cleaned up: only what is strange in there is told."""
    ours = (first, "manifests/000001.jsonl", "journal/a.journal")
    ours += ("quarantine/2026-01-01T120000123456/DCIM/b.jpg",)
    for path in (*(f"old/.auditor/{name}" for name in ours), "old/.auditor/journal/mine.jpg", "old/c.jpg"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")
    assert set(entries(tmp_path)) == {"old/.auditor/journal/mine.jpg", "old/c.jpg"}


AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[2])
from auditor.places.folder import open_folder
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for entry in open_folder(sys.argv[1]).walk():
    print(entry.path, entry.kind, entry.error, sep="|")
"""


@posix
def test_folders_that_may_not_be_listed(tmp_path: Path) -> None:
    root = Path("/tmp") / f"auditor-test-{os.getpid()}"
    try:
        for name in ("open", "closed", "names only", "no names"):
            (root / name).mkdir(parents=True)
            (root / name / "a.jpg").write_bytes(b"x")
        (root / "closed").chmod(0)
        (root / "names only").chmod(0o744 if os.geteuid() == 0 else 0o444)
        (root / "no names").chmod(0o711 if os.geteuid() == 0 else 0o111)
        root.chmod(0o755)
        if os.geteuid() == 0:
            command = [sys.executable, "-c", AS_NOBODY, str(root), str(Path(__file__).parent.parent.parent)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            assert not done.stderr
            found = set(done.stdout.splitlines())
        else:
            found = {f"{e.path}|{e.kind}|{e.error}" for e in open_folder(str(root)).walk()}
        assert found == {
            "open/a.jpg|file|None",
            "closed|folder|folder: Permission denied",
            "no names|folder|folder: Permission denied",
            "names only/a.jpg|file|Permission denied",
        }
    finally:
        for folder in root.iterdir():
            folder.chmod(0o755)
        shutil.rmtree(root)


def test_folders_that_vanish_while_they_are_listed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.jpg").write_bytes(b"x")
    (tmp_path / "c.jpg").write_bytes(b"x")
    walk = open_folder(str(tmp_path)).walk()
    first = next(walk)
    shutil.rmtree(tmp_path / "a")
    shutil.rmtree(tmp_path / "b")
    rest = {e.path: e for e in walk}
    assert first.path == "c.jpg"
    assert {p: e.kind for p, e in rest.items()} == {"a": EntryKind.FOLDER, "b": EntryKind.FOLDER}
    assert all("No such file" in str(e.error) or "cannot find" in str(e.error) for e in rest.values())


@posix
def test_a_listing_that_fails_midway_keeps_what_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"x")
    real = os.scandir

    class Breaking:
        def __init__(self, of: object) -> None:
            self.inner = real(of)  # type: ignore[call-overload]

        def __enter__(self) -> Breaking:
            return self

        def __exit__(self, *_: object) -> None:
            self.inner.close()

        close = __exit__

        def __iter__(self) -> object:
            yield next(self.inner)
            raise OSError(5, "Input/output error")

    place = open_folder(str(tmp_path))
    monkeypatch.setattr(os, "scandir", Breaking)
    monkeypatch.setattr(os, "supports_fd", {*os.supports_fd, Breaking})
    found = list(place.walk())
    assert [e.kind for e in found] == [EntryKind.FOLDER, EntryKind.FILE]
    assert str(found[0].error) == "folder: Input/output error"


def test_no_such_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for spec in ("gone", "file", "file/x"):
        with pytest.raises(BadPlace):
            open_folder(str(tmp_path / spec))
    place = open_folder(str(tmp_path))
    shutil.rmtree(tmp_path)
    with pytest.raises(BadPlace):
        next(place.walk())


def test_the_id_is_its_own_or_that_of_its_location(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    assert open_folder(str(one)).id == open_folder(f"{one}/../one/").id != open_folder(str(two)).id
    for root in (one, two):  # a copied backup has the id of the first, and lies elsewhere
        (root / ".auditor").mkdir()
        (root / ".auditor/place.toml").write_text('id = "backup-1"\n')
    first, second = open_folder(str(one)), open_folder(str(two))
    assert first.id == second.id == "backup-1"
    assert first.location != second.location
    (one / ".auditor/place.toml").write_text("garbage")
    assert open_folder(str(one)).id.startswith("folder:")


@pytest.mark.skipif(not Path("/proc/self/mounts").exists(), reason="Linux only")
def test_the_file_system_has_a_name() -> None:
    assert filesystem(Path("/proc/self")) == "proc"
    device = FolderPlace(Path("/"), "/").device()
    assert device is not None and device.filesystem and (device.storage_total_bytes or 1) > 0


@posix
def test_when_a_file_last_changed_is_known(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"x")
    os.utime(file, (1, 1))
    entry = entries(tmp_path)["a.jpg"]
    assert entry.mtime_ns == 10**9 and entry.changed_ns == file.stat().st_ctime_ns > 10**18
