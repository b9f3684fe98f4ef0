"""Digests: equal to hashlib's and to published vectors, however the bytes arrive."""

from __future__ import annotations

import base64
import hashlib
import random

import pytest

from auditor.readers.digests import chunks_of, digests, head_sha256

NAMES = ("sha256", "md5", "sha1", "quickxor", "dropbox")


@pytest.mark.parametrize("size", [0, 1, 20, 159, 160, 161, 1000, 65536, (4 << 20) + 7])
@pytest.mark.parametrize("step", [7, 160, 4096, 1 << 20])
def test_chunking_changes_nothing(size: int, step: int) -> None:
    if step < 100 and size > 5000:
        step = 99_991
    content = random.Random(size).randbytes(size)
    whole = digests([content], NAMES)
    assert digests((content[i : i + step] for i in range(0, size, step)), NAMES) == whole
    assert digests(chunks_of(content, step), NAMES) == whole
    assert whole["sha256"] == hashlib.sha256(content).hexdigest()
    assert whole["md5"] == hashlib.md5(content).hexdigest()


def _ring_bit_by_bit(content: bytes) -> bytes:
    """QuickXorHash as its definition reads, one bit at a time."""
    ring = [0] * 160
    for i, byte in enumerate(content):
        for bit in range(8):
            ring[(11 * i + bit) % 160] ^= byte >> bit & 1
    out = bytearray(sum(ring[8 * i + bit] << bit for bit in range(8)) for i in range(20))
    for i, byte in enumerate(len(content).to_bytes(8, "little")):
        out[12 + i] ^= byte
    return bytes(out)


@pytest.mark.parametrize("size", [0, 1, 19, 20, 160, 161, 1000])
def test_quickxor_is_its_definition(size: int) -> None:
    content = random.Random(size).randbytes(size)
    assert digests([content], ["quickxor"])["quickxor"] == _ring_bit_by_bit(content).hex()


def test_quickxor_of_a_published_vector() -> None:
    # rclone's test vectors for QuickXorHash: a single byte "J".
    assert base64.b64encode(bytes.fromhex(digests([b"J"], ["quickxor"])["quickxor"])) == b"SgAAAAAAAAAAAAAAAQAAAAAAAAA="


def test_dropbox_hashes_the_hashes_of_blocks() -> None:
    content = random.Random(1).randbytes((8 << 20) + 3)
    blocks = [content[i : i + (4 << 20)] for i in range(0, len(content), 4 << 20)]
    expected = hashlib.sha256(b"".join(hashlib.sha256(b).digest() for b in blocks)).hexdigest()
    assert digests([content], ["dropbox"])["dropbox"] == expected
    assert digests([], ["dropbox"])["dropbox"] == hashlib.sha256(b"").hexdigest()


def test_head_is_shared_with_what_is_left_after_a_cut() -> None:
    content = random.Random(2).randbytes(200_000)
    assert head_sha256(content) == head_sha256(content[:70_000])
    assert head_sha256(content) != head_sha256(content[:65_535])


def test_unknown_digest_is_refused() -> None:
    with pytest.raises(ValueError, match="crc99"):
        digests([b""], ["crc99"])
