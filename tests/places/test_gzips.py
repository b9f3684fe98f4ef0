"""Reading a .gz from anywhere."""

from __future__ import annotations

import gzip
import hashlib
import random
import time
import zlib
from pathlib import Path

import pytest

from auditor.places import gzips
from auditor.places.archive import open_archive
from auditor.places.gzips import SeekableGzip
from tests.places.test_archive import tar_of

CONTENT = b"".join(hashlib.sha256(b"%d" % n).digest() + b"x" * (n % 50) for n in range(40_000))


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("most_points", [4, 512])
def test_every_place_is_read_as_it_is(
    tmp_path: Path, members: int, most_points: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gzips, "_MOST_POINTS", most_points)
    path = tmp_path / "x.gz"
    step = len(CONTENT) // members + 1
    path.write_bytes(
        b"".join(gzip.compress(CONTENT[i : i + step], 1) for i in range(0, len(CONTENT), step)) + bytes(70)
    )
    file = SeekableGzip(path.open("rb"), spacing_bytes=100_000)
    chance = random.Random(1)
    for _ in range(150):
        offset, size = chance.randrange(len(CONTENT)), chance.choice((1, 500, 70_000, 400_000))
        assert file.seek(offset) == offset
        assert file.read(size) == CONTENT[offset : offset + size]
        assert file.tell() == min(offset + size, len(CONTENT))
    file.seek(0)
    assert file.read(len(CONTENT) + 1) == CONTENT and file.read(1) == b""
    assert file.seek(len(CONTENT) + 5) == len(CONTENT)
    assert len(file._points) <= most_points + 1


def test_a_cut_and_a_damaged_file_are_said(tmp_path: Path) -> None:
    whole = gzip.compress(CONTENT)
    for name, content, error in (
        ("cut", whole[:-3], EOFError),
        ("half", whole[: len(whole) // 2], EOFError),
        ("flipped", whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:], zlib.error),
        ("trailing", whole + b"garbage", zlib.error),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(error):
            SeekableGzip(path.open("rb")).read(len(CONTENT) + 1)


def test_a_packed_tar_is_read_backwards_in_a_few_times_the_forward_time(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    chance = random.Random(2)
    for n in range(100):
        (tree / f"{n:03}.jpg").write_bytes(chance.randbytes(300_000))
    place = open_archive(str(tar_of(tree, tmp_path / "x.tgz", "w:gz")))
    paths = [entry.path for entry in place.walk()]

    def seconds(order: list[str]) -> float:
        begin = time.process_time()
        for path in order:
            with place.open(path) as stream:
                assert len(stream.read()) == 300_000
        return time.process_time() - begin

    forward = seconds(paths)
    # Without access points each file would cost all before it: 50 times as much.
    assert seconds(paths[::-1]) < 25 * forward
