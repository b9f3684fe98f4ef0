"""What means the same is the same number: on the page (heading, part, tab, plot, search, office), in every table, in
audit.json and on the terminal."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests import browser, media
from tests.commandline import auditor

pytestmark = pytest.mark.skipif(not browser.USABLE, reason=browser.MISSING)


@dataclass(frozen=True)
class Told:
    """One audit as every one of its readers sees it. `page` answers an expression in the opened report."""

    folder: Path
    terminal: str
    record: dict[str, Any]
    page: dict[str, Any]

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / name, keep_default_na=False, dtype=str)


ASKED = """(() => {
  const number = (e) => e ? Number(e.textContent.replace(/[^0-9]/g, '')) : null;
  const all = (s, of = document) => [...of.querySelectorAll(s)];
  const rowsOf = (kind) => all('.rows', kind).reduce((n, e) => n + Number(e.dataset.rows), 0)
    + all('.pair > li', kind).length
    + all(':scope > ul > li, :scope > details.more:not(.about) > ul > li', kind).length;
  const sums = (id) => {
    const heads = all(`#${id} .numbers th`).map(e => e.textContent);
    const rows = all(`#${id} .numbers tbody tr`).map(tr => [...tr.cells].map(number));
    return Object.fromEntries(heads.map((h, n) => [h, rows.reduce((sum, row) => sum + (row[n] || 0), 0)]));
  };
  return {
    title: document.title, sentence: document.getElementById('sentence').textContent,
    sum: all('.sum .part').map(e => [e.textContent.replace(/[0-9,]/g, '').trim(), number(e.querySelector('b'))]),
    parts: Object.fromEntries(all('details.part').map(e => [e.id, number(e.querySelector('summary h2 .much'))])),
    nav: Object.fromEntries(all('nav a').map(e => [e.hash.slice(1), number(e.querySelector('b'))])),
    inside: all('.part > summary .inside b').map(number).reduce((a, b) => a + b, 0),
    tabs: Object.fromEntries(all('#safety [role=tab]').map(
      e => [e.getAttribute('aria-controls'), number(e.querySelector('b'))])),
    kinds: Object.fromEntries(all('.kind').map(e => [e.id, {
      theme: e.closest('.part').id,
      count: e.dataset.count ? Number(e.dataset.count) : number(e.querySelector('summary .much')),
      said: e.querySelector('.title, h3').textContent, rows: rowsOf(e),
    }])),
    overview: all('.overview li b').map(number).reduce((a, b) => a + b, 0),
    months: sums('by-month'), folders: sums('by-folder'),
    bars: all('#by-month .bar').map(e => e.getAttribute('aria-label')),
    office: Object.fromEntries(all('#all-checks tbody tr').map(
      tr => [tr.querySelector('strong').textContent, number(tr.cells[3])])),
    search: stored('every-file--rows'),
    text: document.body.textContent,
  };
})()"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    root = tmp_path_factory.mktemp("numbers")
    phone, backup = root / "phone" / "DCIM" / "Camera", root / "backup" / "DCIM" / "Camera"
    for folder in (phone, backup):
        folder.mkdir(parents=True)
        for number in range(14):
            taken = media.exif(taken=f"2026:0{1 + number % 4}:03 10:00:00") if number % 5 else None
            extra = {"exif": taken} if taken else {}
            (folder / f"IMG_{number}.jpg").write_bytes(media.jpeg(number, **extra))
    shutil.copytree(root / "phone", root / "sound-phone")
    shutil.copytree(root / "backup", root / "sound-backup")
    for number in (1, 2, 3):
        (backup / f"IMG_{number}.jpg").unlink()
    whole = (phone / "IMG_4.jpg").read_bytes()
    (backup / "IMG_4.jpg").write_bytes(whole[: len(whole) * 6 // 10])
    (backup / "IMG_5.jpg").write_bytes(b"")
    shutil.copy(phone / "IMG_6.jpg", phone / "IMG_6 (1).jpg")
    shutil.copy(phone / "IMG_6.jpg", backup / "IMG_6 (1).jpg")
    for folder in (phone, backup):
        (folder / "IMG_7.jpg").write_bytes(media.jpeg(7)[:9000])
    (phone.parent / "notes.txt").write_text("no photo")
    found = {}
    with browser.browser() as page:
        page.size(1280, 800)
        for name, words in (("unsafe", ("phone", "backup")), ("safe", ("sound-phone", "sound-backup"))):
            run = auditor("audit", *words, "-o", name, "--copy-by-hand", "-v", cwd=root)
            assert run.code == (1 if name == "unsafe" else 0), run.err
            found[name] = _told(page, root / name, run.out)
        assert auditor("backup", "sound-phone", "twice", "--no-audit", cwd=root).code == 0
        (root / "sound-phone/DCIM/Camera/IMG_new.jpg").write_bytes(media.jpeg(99))
        run = auditor("backup", "sound-phone", "twice", "-o", "again", "-v", cwd=root)
        assert run.code == 0, run.err
        found["again"] = _told(page, root / "again", run.out)
    return found


def _told(page: browser.Page, folder: Path, terminal: str) -> Told:
    page.open(folder / "report.html")
    record = json.loads((folder / "audit.json").read_text("utf-8"))
    return Told(folder, terminal, record, page.ask(ASKED))


EACH = pytest.mark.parametrize("name", ["unsafe", "safe", "again"])


@EACH
def test_the_verdict_adds_up_everywhere(told: dict[str, Told], name: str) -> None:
    one = told[name]
    partition = one.record["partition"]
    files = one.table("files.csv")
    counts = Counter(files.verdict)
    parts = {part: counts.get(part, 0) for part in ("proven", "not_safe", "not_checked", "waived")}
    assert partition == {"due": sum(parts.values()), **parts}
    sums = dict(one.page["sum"])
    words = {"must be backed up": "due", "proven safe": "proven", "not safe": "not_safe", "not checked": "not_checked"}
    assert {words[said]: number for said, number in sums.items()} == {part: partition[part] for part in words.values()}
    assert one.record["sentence"] in one.page["title"]
    assert one.record["sentence"] in one.page["sentence"]
    assert one.record["sentence"] in one.terminal
    for part, said in (("proven", "proven safe  "), ("not_safe", "not safe"), ("due", "must be backed up")):
        if partition[part]:
            assert re.search(rf"^ +{partition[part]}  {said}", one.terminal, re.MULTILINE), said


@EACH
def test_every_rule_has_one_number(told: dict[str, Told], name: str) -> None:
    one = told[name]
    record = {rule["id"]: rule["findings"] for rule in one.record["rules"] if rule["state"] in ("passed", "failed")}
    failed = {rule: number for rule, number in record.items() if number}
    table = one.table("findings.csv")
    assert Counter(table[table.status != "waived"].rule) == Counter(failed)
    exact = [json.loads(line) for line in (one.folder / "findings.jsonl").read_text("utf-8").splitlines()]
    assert Counter(finding["rule"] for finding in exact) == Counter(failed)
    kinds = one.page["kinds"]
    assert {rule: kind["count"] for rule, kind in kinds.items()} == failed
    assert {rule: kind["rows"] for rule, kind in kinds.items()} == failed
    assert {rule: number for rule, number in one.page["office"].items() if rule in record} == record
    for rule, number in failed.items():
        said = kinds[rule]["said"]
        if numbers := re.findall(r"[0-9][0-9,]*", said):
            assert int(numbers[0].replace(",", "")) == number, said
        assert re.search(rf"{rule} +{number}  ", one.terminal), rule
    assert one.page["overview"] == sum(failed.values())
    assert one.page["inside"] == sum(failed.values())


@EACH
def test_every_part_says_what_it_holds(told: dict[str, Told], name: str) -> None:
    one = told[name]
    partition, kinds = one.record["partition"], one.page["kinds"]
    for part, number in one.page["parts"].items():
        if part == "safety":
            assert number == (partition["not_safe"] or partition["not_checked"] or None)
        elif part != "office":
            assert number == sum(kind["count"] for kind in kinds.values() if kind["theme"] == part)
        assert one.page["nav"][part] == number
    for rule, number in one.page["tabs"].items():
        assert number == kinds[rule]["count"]


@EACH
def test_plot_and_search_count_the_same_files(told: dict[str, Told], name: str) -> None:
    one = told[name]
    partition, files = one.record["partition"], one.table("files.csv")
    held = ((files.verdict != "not_due") & files.status.isin(["identical", "metadata_changed"])).sum()
    label = {"unsafe": "backup", "safe": "sound-backup", "again": "twice"}[name]
    for view in ("months", "folders"):
        sums = one.page[view]
        assert sums["Files"] == partition["due"]
        assert sums["Proven safe"] == partition["proven"]
        assert sums.get("Not safe", 0) == partition["not_safe"]
        assert sums.get("Not checked", 0) == partition["not_checked"]
        assert sums[f"In {label}"] == held
    assert sum(int(re.search(r": ([0-9,]+) files?", bar)[1]) for bar in one.page["bars"]) == partition["due"]  # type: ignore[index]
    search = one.page["search"]
    assert len(search["name"]) == len(files)
    of = search["verdict"] if isinstance(search["verdict"], list) else [search["verdict"]] * len(files)
    said = Counter(search["kinds"][number].replace("-", "_") for number in of)
    assert said == Counter(files.verdict)


def test_safe_says_how_much_may_go_in_the_same_numbers(told: dict[str, Told]) -> None:
    one = told["safe"]
    table = one.table("safe-to-delete.csv")
    files, size_bytes = len(table), int(table.size_bytes.astype(int).sum())
    free = {"files": files, "size_bytes": size_bytes, "by_clean": True, "clean_files": files, "clean_bytes": size_bytes}
    assert one.record["provenance"]["may_go"] == free
    assert free["files"] == 14
    said = re.search(r"[0-9.]+ [kM]B in 14 files may go from the phone: ", one.page["text"])
    assert said is not None
    assert f"auditor clean {one.record['provenance']['words']['REPORT']}" in one.page["text"]
    assert Path(one.record["provenance"]["arguments"]["REPORT"][0]).is_absolute()
    assert said[0] in " ".join(one.terminal.split())
    unsafe = told["unsafe"]
    for each in told.values():
        proof = each.record["provenance"]
        going = proof["may_go"]["files"] + proof["not_read_again"] + sum(proof["stay"].values())
        assert going == each.record["partition"]["proven"]
    assert "may go from the phone" not in unsafe.page["text"] + unsafe.terminal
    assert unsafe.record["provenance"]["may_go"]["files"] == len(unsafe.table("safe-to-delete.csv"))


def test_what_stays_for_want_of_reading_is_one_number(told: dict[str, Told]) -> None:
    """Of a second backup, which reads only what is new, the rest is safe and goes by another audit."""
    one = told["again"]
    proof, partition = one.record["provenance"], one.record["partition"]
    assert proof["may_go"]["files"] == len(one.table("safe-to-delete.csv")) == 1
    assert proof["not_read_again"] == partition["proven"] - proof["may_go"]["files"] == 14
    unread = {part["side"]: part["files"] for part in proof["not_read_now"] if part["why"] == "read before"}
    assert unread["source"] == proof["not_read_again"]
    said = f"{proof['not_read_again']} more are safe and stay, as they were not read and opened in this audit."
    assert said in " ".join(one.page["text"].split())
    assert said in " ".join(one.terminal.split())
    assert "more are safe and stay" not in told["safe"].page["text"] + told["safe"].terminal
    assert told["safe"].record["provenance"]["not_read_again"] == 0
