"""Seeded synthetic lists of a phone and its backup, with known trouble: what an audit's speed is measured on.

python benchmarks/audit/lists.py ROWS FOLDER [--seed N]  ->  FOLDER/source.jsonl, FOLDER/backup.jsonl, expected counts
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from auditor.manifest.jsonl import Writer
from auditor.manifest.rows import KNOWN_AT, SCHEMA
from auditor.model import (
    Damage,
    Depth,
    Device,
    DigestOrigin,
    ErrorKind,
    FileFacts,
    Header,
    Kind,
    Soundness,
    Status,
    Tier,
    Trouble,
)
from auditor.paths import path_key

SHARES = {
    Status.METADATA_CHANGED: 0.005,
    Status.DAMAGED: 0.001,
    Status.MISSING: 0.003,
    Status.NOT_CHECKED: 0.0005,
}
MOVED = 0.02  # identical, but under another name


def source_rows(count: int, rng: random.Random) -> Iterator[FileFacts]:
    """Photos and videos of years, in camera and messenger folders."""
    start = datetime(2016, 1, 1, tzinfo=UTC)
    for number in range(count):
        taken = start + timedelta(minutes=4 * number)
        video = rng.random() < 0.08
        folder = f"DCIM/{100 + number // 5000}APPLE" if rng.random() < 0.7 else f"Pictures/{taken:%Y-%m}"
        name = f"IMG_{number:07d}.{'MOV' if video else 'HEIC' if rng.random() < 0.6 else 'jpg'}"
        yield FileFacts(
            path=f"{folder}/{name}",
            size_bytes=rng.randrange(400_000, 6_000_000),
            mtime_ns=int(taken.timestamp()) * 10**9,
            read_at="2026-01-01T00:00:00Z",
            digest_origin=DigestOrigin.READ,
            digests={"sha256": f"{rng.getrandbits(256):064x}"},
            head_sha256=f"{rng.getrandbits(256):064x}",
            kind=Kind.VIDEO if video else Kind.PHOTO,
            format="mov" if video else "heic" if name.endswith("HEIC") else "jpeg",
            width=4032,
            height=3024,
            taken_at=f"{taken:%Y-%m-%dT%H:%M:%S}",
            camera_make="Apple",
            camera_model="iPhone 12",
            latitude=round(rng.uniform(40, 55), 6),
            longitude=round(rng.uniform(0, 30), 6),
            image_sha256=f"{rng.getrandbits(256):064x}",
            phash=None if video else f"{rng.getrandbits(64):016x}",
            phash_turned=() if video else tuple(f"{rng.getrandbits(64):016x}" for _ in range(7)),
            soundness=Soundness.SOUND,
            checked=(Tier.HASH, Tier.STRUCTURE, Tier.DECODE),
        )


def in_backup(facts: FileFacts, rng: random.Random) -> tuple[Status, FileFacts | None]:
    """What became of one file in the backup."""
    left = max(0.0, 1 - sum(SHARES.values()))
    status = rng.choices([Status.IDENTICAL, *SHARES], [left, *SHARES.values()])[0]
    if status is Status.IDENTICAL:
        moved = rng.random() < MOVED
        return status, replace(facts, path=f"{str(facts.taken_at)[:4]}/{facts.path[-16:]}") if moved else facts
    other = {"sha256": f"{rng.getrandbits(256):064x}"}
    if status is Status.METADATA_CHANGED:
        return status, replace(facts, digests=other, latitude=None, longitude=None)
    if status is Status.DAMAGED:
        broken = Damage("truncated", "cut short", facts.size_bytes // 2)
        return status, replace(
            facts,
            digests=other,
            size_bytes=facts.size_bytes // 2,
            image_sha256=None,
            phash=None,
            phash_turned=(),
            soundness=Soundness.DAMAGED,
            damage=(broken,),
        )
    if status is Status.NOT_CHECKED:
        # Without a size: it would pass for a copy that nobody could read of every lost file that has the same one.
        unread = FileFacts(path=facts.path, kind=facts.kind, error=Trouble(ErrorKind.UNREADABLE, "EIO"))
        return status, unread
    return status, None


def write(path: Path, rows: list[FileFacts], label: str, phone: bool) -> None:
    """Writes one list."""
    device = Device(model="Pixel 6", android_version="14", storage_total_bytes=128 << 30, storage_free_bytes=40 << 30)
    header = Header(
        schema=SCHEMA,
        tool="benchmark",
        place=label,
        place_id=label,
        label=label,
        place_kind="adb" if phone else "folder",
        depth=Depth.DECODE,
        started=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        columns=KNOWN_AT[Depth.DECODE],
        device=replace(device, is_phone=phone),
    )
    writer = Writer.create(path, header)
    for facts in sorted(rows, key=lambda row: path_key(row.path)):
        writer.add(facts)
    writer.close(complete=True)


def make(count: int, folder: Path, seed: int = 1) -> Counter[Status]:
    """Writes both lists; returns how many files have which status."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(source_rows(count, rng))
    expected: Counter[Status] = Counter()
    kept = []
    for facts in rows:
        status, other = in_backup(facts, rng)
        expected[status] += 1
        if other is not None:
            kept.append(other)
    write(folder / "source.jsonl", rows, "phone", phone=True)
    write(folder / "backup.jsonl", kept, "nas", phone=False)
    return expected


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for found, number in sorted(make(chosen.rows, chosen.folder, chosen.seed).items()):
        print(f"{found:<18} {number}")
