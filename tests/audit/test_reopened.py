"""What an audit opens once more decides by the bytes that were listed, and by no others that lie there by then."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from auditor.audit import pairing
from auditor.audit import run as auditing
from auditor.audit.inputs import sides
from auditor.audit.order import Order, pairs_of
from auditor.demo import media as shots
from auditor.demo import scenes
from auditor.disk.volume import volume_of
from auditor.judge import policy, rules
from auditor.model import Depth
from auditor.pictures import as_listed
from tests import media, media_video
from tests.pictures import listed
from tests.pictures.test_contents import remuxed

DATE_S = 1_700_000_000
PICTURE = scenes.scene(5, 1600, 1200)


def reduced(picture: Image.Image) -> bytes:
    return shots.jpeg(picture.resize((1000, 750)), quality=80)


def edited() -> bytes:
    picture = PICTURE.copy()
    picture.paste((200, 30, 30), (700, 500, 790, 590))
    return reduced(picture)


def film(title: bool) -> bytes:
    return remuxed(media_video.film(frames=15), "mp4", title=title)


CASES: dict[str, tuple[str, bytes, bytes, bytes]] = {
    "a reduced picture": ("a.jpg", shots.jpeg(PICTURE), edited(), reduced(PICTURE)),
    "a picture without its place": ("a.jpg", media.jpeg(1, exif=media.exif(gps=(1, 2))), media.jpeg(1), b""),
    "a film without its title": ("a.mp4", film(True), film(False), film(True)),
}
"""Each with a file, its copy as it is listed, and what lies there later (empty: the file itself)."""


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (DATE_S, DATE_S))


def audited(folder: Path, meanwhile: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """The files of an audit, of which something happens after both sides are listed."""
    pair = pairing.pair

    def later(*words: object) -> None:
        meanwhile()
        pair(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(pairing, "pair", later)
    ours, theirs = sides(str(folder / "phone"), [str(folder / "backup")])
    pairs = pairs_of(ours, theirs, is_by_hand=True)
    order = Order(
        ours,
        theirs,
        policy.load("storage-saver"),
        rules.load(()),
        depth=Depth.DECODE,
        jobs=1,
        pairs=pairs,
        with_thumbnails=False,
    )
    auditing.run(order, folder / "out")
    return pd.read_csv(folder / "out/files.csv", keep_default_na=False).set_index("path")


@pytest.mark.parametrize("side", ["phone", "backup"])
@pytest.mark.parametrize("case", CASES)
def test_other_bytes_than_were_listed_prove_nothing(
    case: str, side: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, ours, copy, later = CASES[case]
    put(tmp_path / "phone" / name, ours)
    put(tmp_path / "backup" / name, copy)
    now = (later or ours) if side == "backup" else copy
    files = audited(tmp_path, lambda: put(tmp_path / side / name, now), monkeypatch)
    assert files.verdict[name] == "not_checked"
    assert as_listed.OTHER_BYTES in files.detail[name]


@pytest.mark.parametrize("case", list(CASES)[1:])
def test_a_file_whose_rights_were_changed_has_its_bytes_still(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, ours, copy, _ = CASES[case]
    put(tmp_path / "phone" / name, ours)
    put(tmp_path / "backup" / name, copy)
    files = audited(tmp_path, lambda: (tmp_path / "phone" / name).chmod(0o600), monkeypatch)
    assert (files.status[name], files.verdict[name]) == ("metadata_changed", "proven")


@pytest.mark.parametrize("keeps", [True, False])
def test_a_film_is_read_through_only_where_nothing_else_tells(
    keeps: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not volume_of(tmp_path).keeps_changes:
        pytest.skip("no file is told by its change time there")
    monkeypatch.setattr("auditor.places.folder.keeps_change_times", lambda path: keeps)
    read: list[str] = []
    passed = as_listed._passed
    monkeypatch.setattr(as_listed, "_passed", lambda *streams: read.append("once") or passed(*streams))
    monkeypatch.setattr("auditor.isolation.pool.run", lambda work, jobs, **_: (work(job.argument) for job in jobs))
    name, ours, copy, _ = CASES["a film without its title"]
    put(tmp_path / "phone" / name, ours)
    put(tmp_path / "backup" / name, copy)
    files = audited(tmp_path, lambda: None, monkeypatch)
    assert files.verdict[name] == "proven"
    assert len(read) == (0 if keeps else 2)


def test_a_film_that_is_written_to_while_it_is_looked_at_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x" / "a.mp4"
    put(path, film(True))
    file = listed.as_listed(path.parent, path.name)
    with pytest.raises(OSError, match="other bytes"), as_listed.opened(file), path.open("ab") as more:
        more.write(b"more")


def test_of_a_file_whose_bytes_no_list_knows_none_are_taken(tmp_path: Path) -> None:
    put(tmp_path / "x" / "a.mp4", film(True))
    file = replace(listed.as_listed(tmp_path / "x", "a.mp4"), sha256=None)
    with pytest.raises(OSError, match="other bytes"), as_listed.opened(file):
        pass
    with pytest.raises(OSError, match="other bytes"):
        as_listed.read(file, 1 << 20)
