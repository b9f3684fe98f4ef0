"""What every place promises, as one suite. A place's test file subclasses `PlaceContract` and says how to build one.

The suite makes a tree of files in a folder; `show` turns that folder into the place under test (packs it, serves it,
puts it on a phone). What a kind of place cannot hold it names in `cannot_hold`, so that nothing is left out silently.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import pytest

from auditor.errors import AuditorError, BadPlace, ListingCut
from auditor.model import ErrorKind
from auditor.places import EntryKind, Place, Power, StatesDigests

SEED_BYTES = b"".join(hashlib.sha256(str(i).encode()).digest() for i in range(10_000))  # 320 kB that do not compress

HOSTILE = {
    "space": "a b  c.jpg",
    "newline": "two\nlines.jpg",
    "carriage": "car\rriage.jpg",
    "quotes": 'it\'s "quoted".jpg',
    "shell": "$(touch x);`id` & | > %PATH% *.jpg",
    "dash": "-rf.jpg",
    "backslash": "back\\slash.jpg",
    "composed": "caf\u00e9.jpg",
    "decomposed": "cafe\u0301-2.jpg",
    "cyrillic": "\u0424\u043e\u0442\u043e 1.jpg",
    "emoji": "\U0001f600\u200d\U0001f600.jpg",
    "bidi": "\u202egpj.exe",
    "not_utf8": "raw\udcff\udcfe.jpg",
    "url": "100%25 ?a=b#c%2E%2E.jpg",
    "formula": "=1+1.jpg",
    "markup": "[red]<b>&amp;.jpg",
    "dots": "..hidden..jpg",
    "trailing": "ends with a dot.",
    "colon": "12:30:00.jpg",
    "long": "n" * 240 + ".jpg",
}
"""Names that break programs. Each is a file of its own, in a folder of the same name in its turn."""


class PlaceContract:
    """Subclass as `TestX`, give `show`, and what else differs."""

    cannot_hold: frozenset[str] = frozenset()
    """Keys of HOSTILE that this kind of place cannot hold at all."""
    holds_links = True
    """Whether a symbolic link of the tree reaches the place as one."""

    knows_targets = True
    """Whether the place can tell where a link leads; where it cannot, a link may hide photos."""

    def show(self, tree: Path) -> Place:
        """The place that holds exactly the files below `tree`."""
        raise NotImplementedError

    def gone(self, tmp_path: Path) -> Place:
        """A place of this kind that is not there any more; making it may raise BadPlace too."""
        raise NotImplementedError

    def cut(self, tree: Path) -> Place:
        """The place that holds the files below `tree`, whose listing breaks off midway."""
        pytest.skip("a listing of this kind of place cannot break off without an error of its own")

    def row(self, path: str) -> str:
        """The path that the place gives to the file `path` of the tree."""
        return path

    def size(self, content: bytes) -> int | None:
        """The size that the place gives for a file with this content."""
        return len(content)

    def files(self, place: Place) -> dict[str, int | None]:
        """What the walk yields as readable files, with their sizes; fails where a path comes twice."""
        found: dict[str, int | None] = {}
        for entry in place.walk():
            assert entry.path not in found, f"{entry.path!r} twice"
            if entry.kind is EntryKind.FILE and not entry.error:
                found[entry.path] = entry.size_bytes
        return found

    def write(self, tree: Path, contents: dict[str, bytes]) -> dict[str, bytes]:
        """Put files into the tree; the same contents under the place's paths."""
        for path, content in contents.items():
            file = tree / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            os.utime(file, ns=(1_600_000_000_000_000_000, 1_600_000_000_000_000_000))
        return {self.row(path): content for path, content in contents.items()}

    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        tree = tmp_path / "tree"
        tree.mkdir()
        return tree

    def test_each_file_is_listed_once_with_its_size_and_opens_to_its_bytes(self, tree: Path) -> None:
        contents = self.write(
            tree,
            {
                "DCIM/Camera/IMG_1.jpg": SEED_BYTES,
                "DCIM/Camera/one byte.jpg": b"x",
                "DCIM/empty.jpg": b"",
                "top.jpg": SEED_BYTES[:4097],
                "DCIM/binary.mp4": bytes(range(256)) * 300 + b"\0END 0\0\r\n\x1a\x04",
            },
        )
        place = self.show(tree)
        assert self.files(place) == {path: self.size(content) for path, content in contents.items()}
        for path, content in contents.items():
            with place.open(path) as stream:
                assert stream.read() == content

    def test_listing_twice_gives_the_same_and_a_listing_may_be_left_early(self, tree: Path) -> None:
        self.write(tree, {f"a/{n}.jpg": b"%d" % n for n in range(20)})
        place = self.show(tree)
        next(iter(place.walk()))
        assert sorted(e.path for e in place.walk()) == sorted(e.path for e in place.walk())

    @pytest.mark.parametrize("case", HOSTILE)
    def test_hostile_names_are_listed_and_open(self, tree: Path, case: str) -> None:
        if case in self.cannot_hold:
            pytest.skip(f"this kind of place cannot hold the name {HOSTILE[case]!r}")
        name = HOSTILE[case]
        try:
            contents = self.write(tree, {f"{name}/{name}": b"inner", f"plain {case}.jpg": b"plain"})
        except (OSError, UnicodeError) as error:
            pytest.skip(f"this file system cannot hold the name: {error}")
        place = self.show(tree)
        assert self.files(place) == {path: self.size(content) for path, content in contents.items()}
        for path, content in contents.items():
            with place.open(path) as stream:
                assert stream.read() == content

    def test_links_are_never_followed(self, tree: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret.jpg").write_bytes(b"secret")
        contents = self.write(tree, {"a/real.jpg": b"real"})
        words = {
            "folder": "a link to a folder outside",
            "file.jpg": "a link to a file outside",
            "nowhere.jpg": "a link that leads nowhere",
            "loop": "a link to what is listed by itself",
            "inner.jpg": "a link to what is listed by itself",
        }
        try:
            (tree / "a" / "inner.jpg").symlink_to("real.jpg")
            (tree / "a" / "nowhere.jpg").symlink_to("unreal.jpg")
            (tree / "a" / "folder").symlink_to(outside, target_is_directory=True)
            (tree / "a" / "file.jpg").symlink_to(outside / "secret.jpg")
            (tree / "a" / "loop").symlink_to("../a", target_is_directory=True)
        except OSError as error:
            pytest.skip(f"no links here: {error}")
        place = self.show(tree)
        assert self.files(place) == {path: self.size(content) for path, content in contents.items()}
        met = {e.path: str(e.error).partition(",")[0] for e in place.walk() if e.kind is EntryKind.LINK}
        expected = {self.row(f"a/{name}"): said for name, said in words.items()}
        if not self.knows_targets:
            kinds = {e.error_kind for e in place.walk() if e.kind is EntryKind.LINK}
            assert met.keys() == expected.keys() and kinds <= {ErrorKind.LINK, ErrorKind.LINK_TO_FILE}
        else:
            assert met == (expected if self.holds_links else {})

    @pytest.mark.parametrize("path", ["nothing.jpg", "a", "a/real.jpg/x", "../outside.jpg", "/etc/hosts", "a/../../x"])
    def test_what_is_not_a_file_of_the_place_does_not_open(self, tree: Path, tmp_path: Path, path: str) -> None:
        self.write(tree, {"a/real.jpg": b"real"})
        (tmp_path / "outside.jpg").write_bytes(b"outside")
        (tmp_path / "x").write_bytes(b"outside")
        place = self.show(tree)
        with pytest.raises((OSError, BadPlace)), place.open(path) as stream:
            stream.read()

    def test_it_can_be_sent_to_a_worker(self, tree: Path) -> None:
        contents = self.write(tree, {"a/real.jpg": SEED_BYTES})
        place = self.show(tree)
        with place.open(self.row("a/real.jpg")):
            twin = pickle.loads(pickle.dumps(place))
        assert twin == place
        assert self.files(twin) == {path: self.size(content) for path, content in contents.items()}
        with twin.open(self.row("a/real.jpg")) as stream:
            assert stream.read() == SEED_BYTES

    def test_two_files_can_be_read_side_by_side(self, tree: Path) -> None:
        self.write(tree, {"a.jpg": SEED_BYTES, "b.jpg": SEED_BYTES[::-1]})
        place = self.show(tree)
        got: dict[str, bytes] = {"a.jpg": b"", "b.jpg": b""}
        with place.open(self.row("a.jpg")) as a, place.open(self.row("b.jpg")) as b:
            while True:
                parts = a.read(70_001), b.read(70_001)
                if not any(parts):
                    break
                got["a.jpg"] += parts[0]
                got["b.jpg"] += parts[1]
        assert got == {"a.jpg": SEED_BYTES, "b.jpg": SEED_BYTES[::-1]}

    @pytest.mark.parametrize("size", [1, 65_536, 300_001, 10_000_000])
    def test_a_read_gives_all_that_was_asked_for(self, tree: Path, size: int) -> None:
        content = SEED_BYTES * 4
        self.write(tree, {"a.jpg": content})
        with self.show(tree).open(self.row("a.jpg")) as stream:
            assert stream.read(size) == content[:size]
            assert stream.read(size) == content[size : 2 * size]
            stream.read(len(content))
            assert stream.read(size) == b""

    def test_a_stream_may_be_closed_early(self, tree: Path) -> None:
        self.write(tree, {"a.jpg": SEED_BYTES * 20, "b.jpg": b"b"})
        place = self.show(tree)
        with place.open(self.row("a.jpg")) as stream:
            assert stream.read(10) == SEED_BYTES[:10]
        with place.open(self.row("b.jpg")) as stream:
            assert stream.read() == b"b"

    def test_its_id_is_its_own_and_stays(self, tree: Path, tmp_path: Path) -> None:
        self.write(tree, {"a.jpg": b"a"})
        other = tmp_path / "other"
        other.mkdir()
        self.write(other, {"a.jpg": b"a"})
        place = self.show(tree)
        first = place.id
        assert first and place.id == first and self.show(tree).id == first
        assert self.show(other).id != first

    def test_it_says_what_it_is(self, tree: Path) -> None:
        self.write(tree, {"a.jpg": b"a"})
        place = self.show(tree)
        assert place.label and place.spec
        assert place.kind in ("folder", "adb", "mtp", "rclone", "takeout", "archive")
        device = place.device()
        assert device is None or device.storage_total_bytes is None or device.storage_total_bytes > 0

    def test_an_empty_place_lists_nothing(self, tree: Path) -> None:
        assert list(self.show(tree).walk()) == []

    def test_a_place_that_is_gone_is_said_in_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(BadPlace) as caught:
            list(self.gone(tmp_path).walk())
        assert len(str(caught.value)) > 20 and "Traceback" not in str(caught.value)

    def test_a_listing_that_ends_early_raises(self, tree: Path) -> None:
        self.write(tree, {f"a/{n}.jpg": SEED_BYTES for n in range(30)})
        with pytest.raises(AuditorError) as caught:
            list(self.cut(tree).walk())
        assert isinstance(caught.value, ListingCut)

    def test_its_powers_are_true(self, tree: Path) -> None:
        self.write(tree, {"a/one.jpg": SEED_BYTES, "a/two.jpg": b"two"})
        place = self.show(tree)
        path = self.row("a/one.jpg")
        entries = {e.path: e for e in place.walk() if e.kind is EntryKind.FILE}
        if Power.MTIME in place.powers:
            assert entries[path].mtime_ns == 1_600_000_000_000_000_000
        with place.open(path) as stream:
            assert stream.seekable() == (Power.SEEK in place.powers)
            if stream.seekable():
                stream.seek(200_000)
                assert stream.read(50) == SEED_BYTES[200_000:200_050]
                stream.seek(-7, os.SEEK_END)
                assert stream.read() == SEED_BYTES[-7:]
                stream.seek(3)
                assert stream.read(4) == SEED_BYTES[3:7] and stream.tell() == 7
        assert (Power.DIGESTS in place.powers) == isinstance(place, StatesDigests)
        if isinstance(place, StatesDigests):
            for name in set(place.native_digests()) & {"sha256", "sha1", "md5"}:
                told = dict(place.digests_of(list(entries.values()), name))
                assert told[path] == hashlib.new(name, SEED_BYTES).hexdigest()
                assert told[self.row("a/two.jpg")] == hashlib.new(name, b"two").hexdigest()
        for entry in entries.values():
            with place.open(entry.path) as stream:
                content = stream.read()
            for name, digest in entry.digests.items():
                if name in hashlib.algorithms_available:
                    assert digest == hashlib.new(name, content).hexdigest()
