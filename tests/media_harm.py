"""Seeded harm to a file's bytes: what storage, cables and interrupted copies do to photos and films."""

from __future__ import annotations

import random
from collections.abc import Iterator


def gross_harm(data: bytes, payload: tuple[int, int], seed: str) -> Iterator[tuple[str, bytes]]:
    """Harm that must always be found, by name. `payload` is the range of the coded picture or film."""
    rnd, size = random.Random(seed), len(data)
    for percent in (10, 35, 61, 90, 99):
        yield f"cut at {percent} %", data[: size * percent // 100]
    yield "last byte gone", data[:-1]
    cut = size * 70 // 100
    yield "last 30 % zero", data[:cut] + bytes(size - cut)
    head = min(4096, size // 4)
    yield "head wiped", bytes(head) + data[head:]
    yield "all zero", bytes(size)
    for at in block_places(payload, 4096, rnd):
        yield f"4 KiB zero at {at}", data[:at] + bytes(4096) + data[at + 4096 :]


def random_blocks(data: bytes, payload: tuple[int, int], seed: str, count: int) -> Iterator[tuple[str, bytes]]:
    """4 KiB of the payload overwritten with foreign bytes."""
    rnd = random.Random(seed)
    for at in block_places(payload, 4096, rnd, count):
        yield f"4 KiB random at {at}", data[:at] + rnd.randbytes(4096) + data[at + 4096 :]


def bit_flips(data: bytes, payload: tuple[int, int], seed: str, count: int) -> Iterator[tuple[str, bytes]]:
    """One bit of the payload turned over."""
    rnd = random.Random(seed)
    for _ in range(count):
        at, bit = rnd.randrange(*payload), 1 << rnd.randrange(8)
        yield f"bit {bit} at {at}", data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


def block_places(payload: tuple[int, int], length: int, rnd: random.Random, count: int = 3) -> list[int]:
    """Where blocks of `length` bytes may lie within the payload."""
    start, end = payload
    return [rnd.randrange(start, max(start + 1, end - length)) for _ in range(count)]
