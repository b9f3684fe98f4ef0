"""A phone through the real adb client: the contract, digests made on the phone, and cables that fall out."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.errors import BadPlace, ChangedWhileRead, ListingCut
from auditor.model import Depth
from auditor.places import Entry, EntryKind, Place
from auditor.places import adbclient as client_module
from auditor.places.adb import open_adb
from auditor.places.adbclient import Seen, parse_devices
from auditor.scan.one_file import Task, read_file
from tests.doubles.phone import Phone, adb_server, plugged_in
from tests.places.contract import SEED_BYTES, PlaceContract

ADB = shutil.which("adb")
pytestmark = pytest.mark.skipif(ADB is None or os.name == "nt", reason="the adb program is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An adb server of this module's own."""
    assert ADB
    with adb_server(ADB, tmp_path_factory.mktemp("home")) as added, pytest.MonkeyPatch.context() as patch:
        for name, value in added.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def phone_of(server: None, tmp_path: Path) -> Iterator[Callable[..., Phone]]:
    """Makes phones that are plugged in until the test ends."""
    open_phones = []

    def make(root: Path, **traits: object) -> Phone:
        work = tmp_path / f"work{len(open_phones)}"
        work.mkdir()
        context = plugged_in(Phone(root, work, **traits))  # type: ignore[arg-type]
        open_phones.append(context)
        return context.__enter__()

    yield make
    for context in open_phones:
        context.__exit__(None, None, None)


def whole(phone: Phone) -> Place:
    """Everything on the phone's /sdcard."""
    return open_adb(f"127.0.0.1:{phone.port}/sdcard")


FIND_BROKEN = '#!/bin/sh\n/usr/bin/find "$@"\necho "find: I/O error" >&2\nexit 1\n'


class TestAdb(PlaceContract):
    @pytest.fixture(autouse=True)
    def _phones(self, phone_of: Callable[..., Phone], monkeypatch: pytest.MonkeyPatch) -> None:
        self.make = phone_of
        self.known: dict[Path, Phone] = {}
        monkeypatch.setattr(client_module, "WAIT_SECONDS", 3)

    def phone(self, tree: Path) -> Phone:
        if tree not in self.known:
            self.known[tree] = self.make(tree, serial=f"DOUBLE-{tree.name}")
        return self.known[tree]

    def show(self, tree: Path) -> Place:
        return whole(self.phone(tree))

    def gone(self, tmp_path: Path) -> Place:
        (tmp_path / "tree2").mkdir()
        return open_adb(f"127.0.0.1:{self.phone(tmp_path / 'tree2').port}/sdcard/nowhere")

    def cut(self, tree: Path) -> Place:
        return whole(self.make(tree, shell="/bin/sh", tools={"find": FIND_BROKEN}))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small phone."""
    contents = {
        "DCIM/Camera/IMG_1.jpg": SEED_BYTES,
        "DCIM/Camera/IMG_2.jpg": SEED_BYTES[::-1],
        "Pictures/Screenshots/s.png": b"s",
        "Android/media/com.whatsapp/WhatsApp/Media/w.jpg": b"w",
        "Android/data/app/cache.jpg": b"not media of the user",
        "Music/song.mp3": b"music",
    }
    root = tmp_path / "sdcard"
    for path, content in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def test_without_a_path_the_media_folders_are_listed(phone_of: Callable[..., Phone], tree: Path) -> None:
    phone = phone_of(tree)
    place = open_adb(f"127.0.0.1:{phone.port}")
    assert {e.path for e in place.walk()} == {
        "DCIM/Camera/IMG_1.jpg",
        "DCIM/Camera/IMG_2.jpg",
        "Pictures/Screenshots/s.png",
        "Android/media/com.whatsapp/WhatsApp/Media/w.jpg",
    }
    device = place.device()
    assert device and device.is_phone and (device.model, device.android_version) == ("Pixel Double", "13")
    assert device.phone == open_adb(f"127.0.0.1:{phone.port}/sdcard/DCIM").phone, "one phone, whatever the folder"
    assert device.usb_state == "mtp,adb" and device.storage_total_bytes and device.storage_free_bytes
    assert place.label == "Pixel Double"


def test_a_path_is_the_root_of_the_rows(phone_of: Callable[..., Phone], tree: Path) -> None:
    phone = phone_of(tree)
    place = open_adb(f"127.0.0.1:{phone.port}/sdcard/DCIM")
    assert {e.path for e in place.walk()} == {"Camera/IMG_1.jpg", "Camera/IMG_2.jpg"}
    with place.open("Camera/IMG_1.jpg") as stream:
        assert stream.read() == SEED_BYTES
    assert place.id != open_adb(f"127.0.0.1:{phone.port}").id


@pytest.mark.parametrize("shell", [None, "/bin/sh"])
def test_digests_are_made_on_the_phone(phone_of: Callable[..., Phone], tree: Path, shell: str | None) -> None:
    names = ["a b.jpg", "new\nline.jpg", "it's.jpg", "back\\slash.jpg", "\u0444.jpg", "empty.jpg"]
    for number, name in enumerate(names):
        (tree / "DCIM" / name).write_bytes(b"x" * number if name != "empty.jpg" else b"")
    place = open_adb(f"127.0.0.1:{phone_of(tree, shell=shell).port}")
    entries = list(place.walk())
    for algorithm in place.native_digests():
        told = dict(place.digests_of(entries, algorithm))
        assert told == {e.path: hashlib.new(algorithm, (tree / e.path).read_bytes()).hexdigest() for e in entries}
    assert place.native_digests() == ("sha256", "sha1", "md5")


def test_a_file_that_cannot_be_digested_is_left_out(phone_of: Callable[..., Phone], tree: Path) -> None:
    place = open_adb(f"127.0.0.1:{phone_of(tree).port}")
    entries = list(place.walk())
    (tree / "DCIM/Camera/IMG_1.jpg").unlink()
    told = dict(place.digests_of(entries, "sha256"))
    assert set(told) == {e.path for e in entries} - {"DCIM/Camera/IMG_1.jpg"}


def test_what_no_app_sees_has_a_note(phone_of: Callable[..., Phone], tree: Path) -> None:
    (tree / "Pictures/.nomedia").write_bytes(b"")
    phone = phone_of(tree)
    (phone.work / "store.txt").write_text("Row: 0 _data=/storage/emulated/0/DCIM/Camera/IMG_1.jpg\n")
    notes = {e.path: e.stated.notes for e in open_adb(f"127.0.0.1:{phone.port}").walk() if e.stated}
    assert notes == {
        "Pictures/Screenshots/s.png": ("hidden_from_apps: Pictures/.nomedia",),
        "DCIM/Camera/IMG_2.jpg": ("not_in_media_store",),
        "Android/media/com.whatsapp/WhatsApp/Media/w.jpg": ("not_in_media_store",),
    }


def test_without_a_media_store_nothing_is_said_of_it(phone_of: Callable[..., Phone], tree: Path) -> None:
    assert not [e for e in open_adb(f"127.0.0.1:{phone_of(tree).port}").walk() if e.stated]


def test_a_cable_lost_while_listing_and_digesting_costs_nothing(phone_of: Callable[..., Phone], tree: Path) -> None:
    for n in range(300):
        (tree / "DCIM" / f"{n:04}.jpg").write_bytes(b"%d" % n)
    phone = phone_of(tree)
    place = open_adb(f"127.0.0.1:{phone.port}")
    phone.drops = [2_000, 2_000, 10_000]
    entries = list(place.walk())
    assert len(entries) == 304 and not any(e.error for e in entries)
    assert len(dict(place.digests_of(entries, "sha256"))) == 304
    assert not phone.drops


def test_a_cable_lost_while_reading_goes_on_at_the_same_byte(phone_of: Callable[..., Phone], tree: Path) -> None:
    content = SEED_BYTES * 8
    (tree / "DCIM/big.mp4").write_bytes(content)
    phone = phone_of(tree)
    place = open_adb(f"127.0.0.1:{phone.port}")
    phone.sent_bytes, phone.drops = 0, [700_000, 300_000]
    with place.open("DCIM/big.mp4") as stream:
        assert stream.read() == content
    assert not phone.drops and any("tail -c +" in command for command in phone.commands)


@pytest.mark.parametrize("shell", [None, "/bin/sh"])
def test_a_file_that_changed_before_the_phone_was_back_is_no_mix_of_both(
    phone_of: Callable[..., Phone], tree: Path, shell: str | None
) -> None:
    film = tree / "DCIM/big.mp4"
    film.write_bytes(b"a" * 2_000_000)
    phone = phone_of(tree, shell=shell)
    place = open_adb(f"127.0.0.1:{phone.port}")
    phone.sent_bytes, phone.drops = 0, [1_700_000]
    with place.open("DCIM/big.mp4") as stream:
        read = [stream.read(65536)]
        film.write_bytes(b"b" * 2_000_000)
        with pytest.raises(ChangedWhileRead):
            while part := stream.read(65536):
                read.append(part)
    with place.open("DCIM/big.mp4") as stream:
        assert stream.read() == b"b" * 2_000_000


WRITING_CAT = """#!/bin/sh
head -c 100000 "$1"; printf x | dd of="$1" bs=1 seek=500000 conv=notrunc 2>/dev/null; tail -c +100001 "$1"
"""


def test_a_file_that_is_written_while_it_is_read_is_an_error(phone_of: Callable[..., Phone], tree: Path) -> None:
    (tree / "DCIM/big.mp4").write_bytes(b"a" * 2_000_000)
    phone = phone_of(tree, shell="/bin/sh", tools={"cat": WRITING_CAT})
    place = open_adb(f"127.0.0.1:{phone.port}")
    with pytest.raises(ChangedWhileRead), place.open("DCIM/big.mp4") as stream:
        stream.read()


def test_what_was_written_once_while_it_was_read_is_read_again(
    phone_of: Callable[..., Phone], tree: Path, tmp_path: Path
) -> None:
    (tree / "DCIM/big.mp4").write_bytes(b"a" * 2_000_000)
    once = f'[ -e "{tmp_path}/written" ] && exec /bin/cat "$1"; : >"{tmp_path}/written"\n'
    phone = phone_of(tree, shell="/bin/sh", tools={"cat": WRITING_CAT.replace("\n", f"\n{once}", 1)})
    place = open_adb(f"127.0.0.1:{phone.port}")
    facts = read_file(Task(place, Entry("DCIM/big.mp4", size_bytes=2_000_000), Depth.HASH, ("sha256",)))
    assert facts.error is None and facts.sha256 == hashlib.sha256((tree / "DCIM/big.mp4").read_bytes()).hexdigest()


def test_a_phone_that_stays_away_ends_the_work(
    phone_of: Callable[..., Phone], tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "WAIT_SECONDS", 1)
    phone = phone_of(tree)
    place = open_adb(f"127.0.0.1:{phone.port}")
    entries = list(place.walk())
    phone.unplug()
    with pytest.raises(ListingCut, match="goes on where it stopped"):
        list(place.digests_of(entries, "md5"))
    assert place.device() is None


FAILING_CAT = """#!/bin/sh
for f in "$@"; do case "$f" in *IMG_1*) head -c 100000 "$f"; echo "cat: $f: I/O error" >&2; exit 1;; esac; done
exec /bin/cat "$@"
"""


def test_another_phone_at_the_same_address_is_not_taken_for_it(
    phone_of: Callable[..., Phone], tree: Path, tmp_path: Path
) -> None:
    phone = phone_of(tree, serial="FIRST")
    place = open_adb(f"127.0.0.1:{phone.port}")
    entries = list(place.walk())
    phone.serial = "SECOND"
    answers: list[Callable[[], object]] = [
        lambda: list(place.walk()),
        lambda: place.open(entries[0].path),
        lambda: list(place.digests_of(entries, "sha256")),
        lambda: place.native_digests(),
    ]
    for answer in answers:
        with pytest.raises(ListingCut, match=f"another phone than FIRST answers at 127.0.0.1:{phone.port} now"):
            answer()
    assert place.device() is None
    phone.serial = "FIRST"
    assert list(place.walk()) == entries


def test_a_file_that_breaks_off_is_an_error_and_the_next_one_is_read(
    phone_of: Callable[..., Phone], tree: Path
) -> None:
    phone = phone_of(tree, shell="/bin/sh", tools={"cat": FAILING_CAT})
    place = open_adb(f"127.0.0.1:{phone.port}")
    with pytest.raises(OSError, match="I/O error"), place.open("DCIM/Camera/IMG_1.jpg") as stream:
        while stream.read(65536):
            pass
    with place.open("DCIM/Camera/IMG_2.jpg") as stream:
        assert stream.read() == SEED_BYTES[::-1]


FIND_DENIED = """#!/bin/sh
/usr/bin/find "$@" | grep -zv '^./DCIM/Camera/'
case "$*" in *DCIM*) echo "find: ./DCIM/Camera: Permission denied" >&2; exit 1;; esac
"""
LS_DENIED = '#!/bin/sh\ncase "$*" in *"$SIM_LOCKED"*Camera*) exit 1;; esac\nexec /bin/ls "$@"\n'


def test_a_folder_that_cannot_be_listed_is_a_row(phone_of: Callable[..., Phone], tree: Path) -> None:
    phone = phone_of(tree, shell="/bin/sh", tools={"find": FIND_DENIED, "ls": LS_DENIED})
    entries = list(open_adb(f"127.0.0.1:{phone.port}").walk())
    assert [e.path for e in entries if e.kind is EntryKind.FOLDER] == ["DCIM/Camera"]
    assert len([e for e in entries if not e.error]) == 2


def test_a_listing_that_failed_for_no_known_folder_is_cut(phone_of: Callable[..., Phone], tree: Path) -> None:
    phone = phone_of(tree, shell="/bin/sh", tools={"find": FIND_BROKEN})
    with pytest.raises(ListingCut, match="I/O error"):
        list(open_adb(f"127.0.0.1:{phone.port}").walk())


@pytest.mark.parametrize(
    ("traits", "says"),
    [({"authorized": False}, "tap Allow"), ({"modern": False}, "Android 7")],
)
def test_a_phone_that_cannot_be_used_says_what_to_do(
    phone_of: Callable[..., Phone], tree: Path, traits: dict[str, bool], says: str
) -> None:
    phone = phone_of(tree, **traits)
    with pytest.raises(BadPlace, match=says):
        open_adb(f"127.0.0.1:{phone.port}")


def test_a_phone_that_is_not_there_says_so(server: None) -> None:
    with pytest.raises(BadPlace, match="sees no phone"):
        open_adb("NOSUCHSERIAL")


def test_several_phones_are_named(phone_of: Callable[..., Phone], tree: Path) -> None:
    for phone in (phone_of(tree), phone_of(tree)):
        open_adb(f"127.0.0.1:{phone.port}")
    with pytest.raises(BadPlace, match="several phones"):
        open_adb("")


def test_the_lines_of_adb_devices() -> None:
    text = (
        "* daemon started successfully\nList of devices attached\n"
        "0A1B2C device usb:1-2 product:p model:Pixel_7 device:d transport_id:1\n"
        "127.0.0.1:5555 offline\nXYZ unauthorized usb:1-3\n"
        "???????????? no permissions (user in plugdev group; are your udev rules wrong?); see [http://x]\n\n"
    )
    assert parse_devices(text) == (
        Seen("0A1B2C", "device", "Pixel 7"),
        Seen("127.0.0.1:5555", "offline"),
        Seen("XYZ", "unauthorized"),
        Seen("????????????", "no permissions"),
    )


def test_a_phone_with_many_files_is_asked_in_few_commands(phone_of: Callable[..., Phone], tree: Path) -> None:
    """Each command costs a round trip: benchmarks/places measures the time, which no test depends on."""
    for n in range(1000):
        folder = tree / "DCIM" / f"{n % 10}"
        folder.mkdir(exist_ok=True)
        (folder / f"{n:04}.jpg").write_bytes(b"%d" % n * 400)
    phone = phone_of(tree)
    place = open_adb(f"127.0.0.1:{phone.port}")
    phone.commands.clear()
    entries = list(place.walk())
    assert len(dict(place.digests_of(entries, "sha256"))) == 1004
    assert len(phone.commands) <= 3 + 1004 // 256 + 1  # find, stat, the media store; then a batch of digests each
