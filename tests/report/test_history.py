"""The audits before: which belongs to which phone, what changed between two, and the chain that holds them together."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.work import history as command
from auditor.errors import BadManifest, BadPlace
from auditor.model import FileVerdict, Partition
from auditor.report import FILES, RECORD, SEAL, chain, history, provenance, since
from auditor.report.chain import LinkState
from auditor.report.history import Turn, Turned
from auditor.report.provenance import Difference, Mismatch
from tests import media
from tests.commandline import call
from tests.copier.runs import write

PROVEN, NOT_SAFE, NOT_CHECKED, NOT_DUE = "proven", "not_safe", "not_checked", "not_due"


def table(path: Path, files: Mapping[str, str | tuple[str, str]]) -> Path:
    """A files.csv: the verdict of each path, and its content where that matters."""
    rows = [(name, *(told if isinstance(told, tuple) else (told, ""))) for name, told in files.items()]
    lines = ["path,status,verdict,sha256", *(f"{name},x,{verdict},{sha256}" for name, verdict, sha256 in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def audit(
    home: Path,
    name: str,
    finished: str,
    files: Mapping[str, str | tuple[str, str]],
    phone: str = "anna",
    backups: tuple[str, ...] = ("nas",),
) -> Path:
    """An audit's folder as far as history reads it, in the chain of those before it."""
    folder = home / name
    folder.mkdir(parents=True)
    words = [told if isinstance(told, str) else told[0] for told in files.values()]
    unsafe, due = words.count(NOT_SAFE), len(words) - words.count(NOT_DUE)
    record: dict[str, Any] = {
        "audit_id": f"id of {name}",
        "source": phone,
        "backups": list(backups),
        "place_ids": {"source": [f"folder:{phone}"], "backups": [[f"folder:{backup}"] for backup in backups]},
        "started": finished,
        "finished": finished,
    }
    table(folder / FILES, files)
    record |= history.of(record, folder / FILES, [home]).record()
    partition = {"due": due, "proven": due - unsafe, "not_safe": unsafe, "not_checked": 0, "waived": 0}
    verdict = "NOT SAFE" if unsafe else "SAFE"
    whole = {"verdict": verdict, "sentence": verdict, "partition": partition, "provenance": record}
    (folder / RECORD).write_text(json.dumps(whole), "utf-8")
    provenance.seal(folder)
    return folder


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Three audits of one phone; the second of them is the first against two backups."""
    return [
        audit(tmp_path, "one", "2026-05-01T10:00:00Z", {"a.jpg": NOT_SAFE, "b.jpg": PROVEN}),
        audit(tmp_path, "two", "2026-06-01T12:00:00+02:00", {"a.jpg": PROVEN}, backups=("nas", "stick")),
        audit(tmp_path, "three", "2026-07-01T10:00:00Z", {"a.jpg": PROVEN, "c.jpg": NOT_SAFE}),
    ]


def began(folder: Path) -> dict[str, Any]:
    """What an audit's record says, as long as it runs."""
    return {**json.loads((folder / RECORD).read_text("utf-8"))["provenance"], "started": "2026-06-30T10:00:00Z"}


TURNS = {
    "a copy was made": ({"a": NOT_SAFE}, {"a": PROVEN}, [("a", Turn.BETTER)]),
    "a copy went bad": ({"a": PROVEN}, {"a": NOT_SAFE}, [("a", Turn.WORSE)]),
    "nobody looked this time": ({"a": PROVEN}, {"a": NOT_CHECKED}, [("a", Turn.WORSE)]),
    "somebody accepted it": ({"a": NOT_SAFE}, {"a": "waived"}, [("a", Turn.BETTER)]),
    "nothing changed": ({"a": PROVEN, "b": NOT_SAFE}, {"a": PROVEN, "b": NOT_SAFE}, []),
    "it was taken since": ({}, {"a": NOT_SAFE, "b": PROVEN}, [("a", Turn.CAME_UNPROVEN), ("b", Turn.CAME_PROVEN)]),
    "it went": ({"a": PROVEN, "b": NOT_SAFE}, {}, [("b", Turn.LEFT_UNPROVEN), ("a", Turn.LEFT_PROVEN)]),
    "it only moved": ({"a": (PROVEN, "11")}, {"b": (PROVEN, "11")}, []),
    "it moved and lost its copy": ({"a": (PROVEN, "11")}, {"b": (NOT_SAFE, "11")}, [("b", Turn.WORSE)]),
    "one of two equal ones went": (
        {"a": (PROVEN, "11"), "b": (PROVEN, "11")},
        {"c": (PROVEN, "11")},
        [("b", Turn.LEFT_PROVEN)],
    ),
    "its content is not known": ({"a": PROVEN}, {"b": PROVEN}, [("b", Turn.CAME_PROVEN), ("a", Turn.LEFT_PROVEN)]),
    "the policy left it out": ({"a": PROVEN, "b": NOT_DUE}, {"a": NOT_DUE, "b": NOT_SAFE}, []),
}


@pytest.mark.parametrize(("earlier", "later", "turns"), TURNS.values(), ids=TURNS)
def test_what_became_of_each_file(
    tmp_path: Path, earlier: dict[str, str], later: dict[str, str], turns: list[tuple[str, Turn]]
) -> None:
    first = audit(tmp_path, "one", "2026-05-01T10:00:00Z", earlier)
    second = audit(tmp_path, "two", "2026-06-01T10:00:00Z", later)
    found = history.changes(history.read(first), history.read(second))
    assert [(one.path, one.turn) for one in found.turned] == turns
    since = history.read(second).since
    assert since == found.counts
    assert sum(found.counts.values()) == len(turns)


def test_a_report_knows_those_before_it_and_what_changed_against_the_same_backups(three: list[Path]) -> None:
    home = three[0].parent
    record = began(three[2])
    known = history.of(record, three[2] / FILES, [home])
    assert [past.audit_id for past in known.past] == ["id of one"]  # what `two` found is of another backup
    one, two, last = (history.read(folder) for folder in three)
    assert (one.previous, one.since) == (None, None)
    assert two.previous is not None
    assert (two.previous.folder, two.since) == ("one", None)  # other backups
    assert last.previous is not None
    assert last.previous.folder == "two"
    assert last.since == {**dict.fromkeys(Turn, 0), "better": 1, "came_unproven": 1, "left_proven": 1}
    changes = history.changes(one, last)
    assert changes.turned[1] == Turned("a.jpg", Turn.BETTER, FileVerdict.NOT_SAFE, FileVerdict.PROVEN)


def test_another_phone_has_a_chain_of_its_own(three: list[Path]) -> None:
    other = audit(three[0].parent, "tom", "2026-08-01T10:00:00Z", {"x.jpg": PROVEN}, phone="tom")
    assert history.read(other).previous is None
    phones = command.by_phone(history.found([other.parent]))
    assert [[past.folder.name for past in phone] for phone in phones] == [["tom"], ["three", "two", "one"]]


def test_a_backup_is_the_same_by_any_of_its_ids(three: list[Path]) -> None:
    record = began(three[2])
    record |= {"place_ids": {"source": ["other", "folder:anna"], "backups": [["marker", "folder:nas"]]}}
    assert history.of(record, three[2] / FILES, [three[0].parent]).changes is not None
    record |= {"place_ids": {"source": ["folder:anna"], "backups": [["marker"]]}}
    assert history.of(record, three[2] / FILES, [three[0].parent]).changes is None


def test_what_is_no_audit_is_passed_over(three: list[Path]) -> None:
    home = three[0].parent
    for name, content in (("empty", None), ("broken", "{"), ("list", "[]"), ("strange", '{"provenance": 3}')):
        (home / name).mkdir()
        if content is not None:
            (home / name / RECORD).write_text(content, "utf-8")
    shutil.copytree(three[0], home / "stopped.partial")
    (home / "linked").symlink_to(three[0])
    assert [past.folder.name for past in history.found([home, home / "nowhere"])] == ["three", "two", "one"]
    with pytest.raises(BadPlace, match=r"audit\.json cannot be read"):
        history.read(home / "broken")


def test_nothing_is_told_by_a_table_that_was_changed(three: list[Path]) -> None:
    (three[0] / FILES).write_text("path,status,verdict,sha256\n", "utf-8")
    with pytest.raises(BadManifest, match=r"files\.csv is not as it was written"):
        history.changes(history.read(three[0]), history.read(three[2]))
    record = began(three[2])
    assert history.of(record, three[2] / FILES, [three[0].parent]).changes is None


@pytest.mark.parametrize("content", ["path,status,verdict,sha256\na.jpg,x,of_a_newer_build,\n", "path\na.jpg\n", ""])
def test_an_earlier_table_that_this_build_does_not_know_stops_no_audit(three: list[Path], content: str) -> None:
    (three[0] / FILES).write_text(content, "utf-8")
    provenance.seal(three[0])
    assert history.of(began(three[2]), three[2] / FILES, [three[0].parent]).changes is None
    with pytest.raises(BadManifest, match="cannot be understood"):
        history.changes(history.read(three[0]), history.read(three[2]))


def test_audits_of_two_phones_are_not_compared(three: list[Path]) -> None:
    other = audit(three[0].parent, "bob", "2026-08-01T10:00:00Z", {"a.jpg": PROVEN}, phone="bob")
    with pytest.raises(BadPlace, match="audits of two phones"):
        history.changes(history.read(three[0]), history.read(other))


def test_what_is_no_nearer_to_proof_is_not_called_safe(tmp_path: Path) -> None:
    files = {"a.jpg": NOT_SAFE, "b.jpg": NOT_SAFE, "c.jpg": PROVEN, "d.jpg": PROVEN}
    audit(tmp_path, "one", "2026-05-01T10:00:00Z", files)
    now = {"a.jpg": NOT_CHECKED, "b.jpg": PROVEN, "c.jpg": NOT_SAFE, "d.jpg": NOT_CHECKED, "e.jpg": NOT_CHECKED}
    last = audit(tmp_path, "two", "2026-06-01T10:00:00Z", now)
    record = {**json.loads((last / RECORD).read_text("utf-8"))["provenance"], "started": "2026-05-20T10:00:00Z"}
    told = since.before(history.of(record, last / FILES, [tmp_path]))
    assert told is not None and (told.new, told.mended) == (1, 1)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((0, 0, 0, 0, 0), "nothing had to be backed up"),
        ((5, 4, 0, 0, 1), "4 of 5 proven safe, 1 left out on purpose"),
        ((5, 2, 1, 2, 0), "1 of 5 not safe, 2 not checked"),
        ((5, 5, 0, 0, 0), "5 of 5 proven safe"),
    ],
)
def test_the_sums_of_an_audit_call_safe_what_is_proven(parts: tuple[int, ...], words: str) -> None:
    assert history.sums(Partition(*parts)) == words


def test_a_chain_that_nobody_touched_is_whole(three: list[Path]) -> None:
    assert [(one.link.folder, one.state) for one in chain.check(three[2])] == [
        ("two", LinkState.UNCHANGED),
        ("one", LinkState.UNCHANGED),
    ]


TOUCHED = {
    "a table": (FILES, [Mismatch(FILES, Difference.CHANGED)]),
    "the seal": (SEAL, [Mismatch(SEAL, Difference.CHANGED)]),
    "the record": (RECORD, [Mismatch(RECORD, Difference.CHANGED)]),
}


@pytest.mark.parametrize(("name", "touched"), TOUCHED.values(), ids=TOUCHED)
@pytest.mark.parametrize("number", [0, 1])
def test_one_byte_changed_in_the_chain_is_named(
    three: list[Path], name: str, touched: list[Mismatch], number: int
) -> None:
    file = three[number] / name
    content = file.read_bytes()
    file.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    checked = chain.check(three[2])
    assert [one.state for one in checked].count(LinkState.TOUCHED) == 1
    assert set(touched) <= set(checked[1 - number].touched)


def test_a_seal_made_anew_is_noticed_by_the_next_audit(three: list[Path]) -> None:
    (three[1] / FILES).write_text("path,status,verdict,sha256\na.jpg,x,not_safe,\n", "utf-8")
    provenance.seal(three[1])
    assert provenance.check(three[1]) == []
    checked = chain.check(three[2])
    assert (checked[0].state, checked[0].touched) == (LinkState.TOUCHED, (Mismatch(SEAL, Difference.CHANGED),))


def test_one_that_is_not_there_ends_the_chain(three: list[Path], tmp_path: Path) -> None:
    shutil.rmtree(three[1])
    assert [one.state for one in chain.check(three[2])] == [LinkState.NOT_THERE]


def test_one_that_was_renamed_or_lies_at_home_is_found(three: list[Path], tmp_path: Path) -> None:
    three[1].rename(tmp_path / "june")
    assert [one.state for one in chain.check(three[2])] == [LinkState.UNCHANGED] * 2
    away = tmp_path / "away" / "three"
    shutil.copytree(three[2], away)
    assert [one.state for one in chain.check(away)] == [LinkState.NOT_THERE]
    assert [one.state for one in chain.check(away, [tmp_path])] == [LinkState.UNCHANGED] * 2


@pytest.mark.parametrize("name", ["../one", "/etc", "", "..", "a\\b", "C:x", "three", "a\0b"])
def test_the_name_of_the_one_before_leads_nowhere_else(three: list[Path], name: str) -> None:
    record = json.loads((three[2] / RECORD).read_text("utf-8"))
    record["provenance"]["previous"] |= {"folder": name, "audit_id": "none"}
    (three[2] / RECORD).write_text(json.dumps(record), "utf-8")
    assert [one.state for one in chain.check(three[2])] == [LinkState.NOT_THERE]


@pytest.mark.parametrize(("numbers", "bars"), [([], ""), ([0, 0], "▁▁"), ([47, 19, 0, 1], "█▄▁▂"), ([5], "█")])
def test_a_plot_has_a_bar_for_each_number(numbers: list[int], bars: str) -> None:
    assert command.plot(numbers) == bars


def test_history_on_the_screen(
    three: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(three[0].parent)
    code, out, _ = call(monkeypatch, capsys, "history")
    lines = out.splitlines()
    assert (code, lines[:2]) == (0, ["anna", "  not safe  ██  1 then, 1 now, in nas"])
    assert lines[2].startswith("  ✗ 1 July 2026, ")
    assert lines[2].endswith(": 1 of 2 not safe; 1 new and not proven, 1 better, 1 gone that was proven")
    assert lines[3] == "      three, in nas"
    code, out, _ = call(monkeypatch, capsys, "history", "-n", "1")
    assert out.splitlines()[-1] == "  and 2 audits before; -n shows more"
    for words in (("three",), ("one", "three"), ("three", "one")):
        code, out, _ = call(monkeypatch, capsys, "history", *words)
        assert code == 0
        assert out.splitlines()[1:3] == ["  1 new and not proven", "    c.jpg  (not safe)"]
    code, _, err = call(monkeypatch, capsys, "history", "one")
    assert code == 2
    assert "one is the first audit of its phone there" in err


def test_a_place_is_called_as_it_was_named_by_whatever_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "phone/DCIM/a.jpg", media.jpeg(1))
    monkeypatch.chdir(tmp_path)
    for words in (("backup", "phone", "disk", "-o", "one"), ("audit", "phone", "disk", "-o", "two")):
        assert call(monkeypatch, capsys, *words)[0] == 0
    told = json.loads(call(monkeypatch, capsys, "history", "--in", str(tmp_path), "--json")[1])["audits"]
    assert [(one["source"], one["backups"]) for one in told] == [("phone", ["disk"])] * 2


def test_a_program_is_told_of_a_newer_audit_of_the_same_places(
    three: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(three[2], three[2].parent / "zcopy")  # as old as what it is a copy of
    told = json.loads(call(monkeypatch, capsys, "history", "--in", str(three[0].parent), "--json")[1])["audits"]
    newer = {Path(one["folder"]).name: one["newer"] and Path(one["newer"]).name for one in told}
    assert newer == {"zcopy": None, "three": None, "two": None, "one": "zcopy"}  # two is in another backup


def test_a_check_says_which_audit_before_was_touched(
    three: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = call(monkeypatch, capsys, "report", str(three[2]), "--check")
    assert code == 0
    assert "2 audits before it are as they were: every file was read again." in err
    (three[0] / FILES).write_text("", "utf-8")
    code, out, err = call(monkeypatch, capsys, "report", str(three[2]), "--check")
    assert (code, out) == (1, f"changed: {three[0] / FILES}\n")
    assert "of an audit before, one of 1 May 2026, after it was written, 1 file was changed" in err
    shutil.rmtree(three[1])
    code, _, err = call(monkeypatch, capsys, "report", str(three[2]), "--check")
    assert code == 0
    assert "The audit before, two of 1 June 2026, does not lie beside it" in err


def test_of_an_audit_that_was_touched_no_program_is_told_a_verdict(
    three: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (three[2] / FILES).write_text("", "utf-8")
    code, out, _ = call(monkeypatch, capsys, "report", str(three[2]), "--check", "--json")
    told = json.loads(out)
    assert (code, told["touched"][0]["path"]) == (1, FILES)
    assert not {"verdict", "partition"} & told.keys()


def test_a_real_audit_names_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Audited, backed up, audited: the folder of the backup has another id since, and is the same backup."""
    write(tmp_path / "phone/DCIM/Camera/IMG_1.jpg", media.jpeg(1), 1_700_000_001)
    write(tmp_path / "disk/IMG_2.jpg", media.jpeg(2), 1_700_000_001)
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, capsys, "audit", "phone", "disk", "--copy-by-hand", "-o", "before")[0] == 1
    assert call(monkeypatch, capsys, "backup", "phone", "disk", "--copy-by-hand", "-o", "after")[0] == 0
    after = history.read(tmp_path / "after")
    assert after.previous is not None
    assert after.previous.folder == "before"
    assert after.since == {**dict.fromkeys(Turn, 0), "better": 1}
    assert [one.state for one in chain.check(tmp_path / "after")] == [LinkState.UNCHANGED]
