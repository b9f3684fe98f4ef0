"""Policies: what the shipped ones call proof, what they leave out, and bad ones refused with one sentence."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.database import loading
from auditor.errors import BadPolicy
from auditor.judge import policy, rules
from auditor.model import Kind, Severity
from auditor.places.trash import FOLDERS, PEOPLES
from tests import media
from tests.commandline import call
from tests.tables import opened

RULES = rules.load()

PROOF = {
    "strict": ("identical",),
    "family": ("identical", "metadata_changed"),
    "office": ("identical", "metadata_changed"),
    "storage-saver": ("identical", "metadata_changed", "reduced"),
}
COPIES = {"strict": (1, 0), "family": (1, 0), "office": (2, 1), "storage-saver": (1, 0)}


def test_these_ship() -> None:
    assert policy.names() == tuple(sorted(PROOF))


@pytest.mark.parametrize("name", PROOF)
def test_shipped_policy(name: str) -> None:
    loaded = policy.load(name)
    assert loaded.id == name
    assert tuple(status.value for status in loaded.proof) == PROOF[name]
    assert (loaded.min_copies, loaded.off_site_copies) == COPIES[name]
    assert loaded.kinds == (Kind.PHOTO, Kind.VIDEO)
    assert loaded.title
    assert loaded.description
    assert len(loaded.sha256) == 64
    assert policy.select(loaded, RULES) == RULES


def test_a_removed_location_is_an_error_in_the_office() -> None:
    rule = next(rule for rule in RULES if rule.id == "location-removed")
    assert policy.load("family").severity(rule) is Severity.WARNING
    assert policy.load("office").severity(rule) is Severity.ERROR


LEFT_OUT = {
    "DCIM/Camera/.trashed-1718000000-IMG_1.jpg": True,
    "DCIM/Camera/.pending-1718000000-VID_1.mp4": True,
    "DCIM/.thumbnails/123.jpg": True,
    "dcim/.THUMBNAILS/123.jpg": True,
    "Android/data/com.app/files/a.jpg": True,
    "Android/media/com.whatsapp/WhatsApp/Media/a.jpg": False,
    "Pictures/cache/a.jpg": True,
    "Pictures/cached/a.jpg": False,
    "DCIM/Camera/IMG_1.jpg": False,
    "trashed-memories/a.jpg": False,
    # Whatever is a bin's in a backup is one on the phone too, but for the names that an album may have.
    **{f"{name.replace('*', '1000')}/a.jpg": name not in PEOPLES for name in FOLDERS},
}


@pytest.mark.parametrize(("path", "left_out"), LEFT_OUT.items(), ids=LEFT_OUT)
@pytest.mark.parametrize("name", PROOF)
def test_what_is_left_out(name: str, path: str, left_out: bool) -> None:
    db = opened([{"path": path, "kind": "photo", "size_bytes": 1}])
    loading.mark_due(db, policy.load(name))
    assert db.con.execute("SELECT is_due, excluded FROM source").fetchall() == [(not left_out, left_out)]


DUE = {
    "a photo by content under any name": ({"path": "a.bin", "kind": "photo", "size_bytes": 9}, True),
    "a wiped photo by its name": ({"path": "a.jpg", "kind": "other", "size_bytes": 9}, True),
    "an empty photo": ({"path": "a.heic", "kind": "photo", "size_bytes": 0}, True),
    "an unreadable photo": ({"path": "a.MOV", "kind": "other", "error_kind": "unreadable"}, True),
    "what nobody could read under a name that says nothing": (
        {"path": "DCIM/IMG_1", "kind": "other", "size_bytes": 9, "error_kind": "unreadable"},
        True,
    ),
    "what nobody could read, with an ending that says nothing": (
        {"path": "DCIM/IMG_1.jpg~", "kind": "other", "size_bytes": 9, "error_kind": "unreadable"},
        True,
    ),
    "what nobody could read of a kind that nobody knows": (
        {"path": "a.xyz1", "kind": "other", "size_bytes": 9, "error_kind": "unreadable"},
        True,
    ),
    "music that nobody could read": (
        {"path": "a.M4A", "kind": "other", "size_bytes": 9, "error_kind": "unreadable"},
        False,
    ),
    "an empty file that nobody could read": (
        {"path": "a.xyz1", "kind": "other", "size_bytes": 0, "error_kind": "unreadable"},
        False,
    ),
    "a folder that nobody could list": ({"path": "DCIM/Camera", "kind": "other", "error_kind": "unreadable"}, False),
    "what was read and is no picture": ({"path": "DCIM/IMG_1", "kind": "other", "size_bytes": 9}, False),
    "a document that nobody could read": (
        {"path": "a.pdf", "kind": "other", "size_bytes": 9, "error_kind": "unreadable"},
        False,
    ),
    "a document": ({"path": "a.pdf", "kind": "other", "size_bytes": 9}, False),
    "a link named as a photo": ({"path": "a.jpg", "kind": "other", "error_kind": "alias"}, False),
    "a sidecar without its photo": ({"path": "a.xmp", "kind": "sidecar", "size_bytes": 9}, False),
}


@pytest.mark.parametrize(("row", "due"), DUE.values(), ids=DUE)
def test_what_must_be_backed_up(row: dict[str, object], due: bool) -> None:
    db = opened([row])
    loading.mark_due(db, policy.load("family"))
    assert db.con.execute("SELECT is_due FROM source").fetchall() == [(due,)]


def test_sidecars_follow_their_media() -> None:
    db = opened(
        [
            {"path": "a.heic", "kind": "photo", "size_bytes": 1, "sidecar": "a.aae"},
            {"path": "a.aae", "kind": "sidecar", "size_bytes": 1},
            {"path": "cache/b.jpg", "kind": "photo", "size_bytes": 1, "sidecar": "b.xmp"},
            {"path": "b.xmp", "kind": "sidecar", "size_bytes": 1},
            {"path": "c.jpg", "kind": "photo", "size_bytes": 1, "sidecar": "cache/c.xmp"},
            {"path": "cache/c.xmp", "kind": "sidecar", "size_bytes": 1},
        ]
    )
    loading.mark_due(db, policy.load("family"))
    due = db.con.execute("SELECT path FROM due ORDER BY path").fetchall()
    assert due == [("a.aae",), ("a.heic",), ("c.jpg",)]


HEAD = 'id = "own"\nversion = "1"\ntitle = "Ours"\n'
GOOD = HEAD + '[proof]\nstatus = ["identical"]\nmin_copies = 1\n'

BAD = {
    "not TOML": ("id = ", "is not TOML"),
    "not UTF-8": (b"id = '\xff'", "is not TOML"),
    "no title": ('id = "own"\nversion = "1"\n', "lacks title"),
    "unknown section": (HEAD + "[proofs]\nmin_copies = 1\n", "unknown section"),
    "unknown key": (HEAD + "[proof]\ncopies = 2\n", "copies means nothing"),
    "unknown key at the top": (HEAD + "colour = 'red'\n", "colour means nothing"),
    "unknown status": (HEAD + '[proof]\nstatus = ["perfect"]\n', "perfect"),
    "missing is no proof": (HEAD + '[proof]\nstatus = ["identical", "missing"]\n', "proof can be"),
    "no proof at all": (HEAD + "[proof]\nstatus = []\n", "proof can be"),
    "proof without identical": (HEAD + '[proof]\nstatus = ["reduced"]\n', "must hold identical"),
    "no copies": (HEAD + "[proof]\nmin_copies = 0\n", "at least 1"),
    "fewer than no copies off-site": (HEAD + "[proof]\noff_site_copies = -1\n", "below 0"),
    "a word for a number": (HEAD + '[proof]\nmin_copies = "two"\n', "must be a whole number"),
    "a yes for a number": (HEAD + "[proof]\nmin_copies = true\n", "must be a whole number"),
    "numbers for names": (HEAD + "[scope]\nexclude_names = [1]\n", "list of texts"),
    "unknown kind": (HEAD + '[scope]\nkinds = ["music"]\n', "music"),
    "no kinds": (HEAD + "[scope]\nkinds = []\n", "kinds is empty"),
    "unknown severity": (HEAD + '[rules.severity]\nmissing-from-backup = "fatal"\n', "fatal"),
    "a section that is none": (HEAD + "proof = 1\n", "proof means nothing"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_bad_policy_is_one_sentence(tmp_path: Path, text: str | bytes, words: str) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadPolicy, match=words) as error:
        policy.load(str(path))
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


NOT_THERE = {
    "no such name": ("familly", "there are family, office, storage-saver, strict"),
    "no such file": ("nowhere/own.toml", "cannot be read"),
}


@pytest.mark.parametrize(("name", "words"), NOT_THERE.values(), ids=NOT_THERE)
def test_policy_that_is_not_there(name: str, words: str) -> None:
    with pytest.raises(BadPolicy, match=words):
        policy.load(name)


WRONG_RULES = {
    "skips a rule that is not": ('[rules]\nskip = ["missing-files"]\n', "no rule missing-files"),
    "weighs a rule that is not": ('[rules.severity]\nmissing-files = "info"\n', "no rule missing-files"),
    "sets what no rule asks for": ("[params]\nfull_percentage = 90\n", "no rule has a parameter full_percentage"),
}


@pytest.mark.parametrize(("text", "words"), WRONG_RULES.values(), ids=WRONG_RULES)
def test_policy_that_names_what_is_not(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(GOOD + text, "utf-8")
    with pytest.raises(BadPolicy, match=words):
        policy.select(policy.load(str(path)), RULES)


def test_own_policy(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    own = '[rules]\nskip = ["duplicate-file"]\n[rules.severity]\nold-list = "error"\n[params]\nfull_percent = 80\n'
    path.write_text("\ufeff" + GOOD + own, "utf-8")
    loaded = policy.load(str(path))
    chosen = {rule.id: rule for rule in policy.select(loaded, RULES)}
    assert len(chosen) == len(RULES) - 1
    assert "duplicate-file" not in chosen
    assert loaded.severity(chosen["old-list"]) is Severity.ERROR
    assert loaded.values(chosen["storage-nearly-full"])["full_percent"] == 80
    assert "full_percent" not in loaded.values(chosen["old-list"])


GLOBS = {
    ("*.tmp", "a.tmp"): True,
    ("*.tmp", "a/b.tmp"): True,
    ("*.tmp", "a.tmp.jpg"): False,
    ("?.jpg", "ab.jpg"): False,
    ("a+b", "a+b/x.jpg"): True,
    ("a+b", "aab/x.jpg"): False,
}


@pytest.mark.parametrize(("case", "left_out"), GLOBS.items(), ids=map(str, GLOBS))
def test_patterns_of_names(case: tuple[str, str], left_out: bool) -> None:
    import re

    glob, path = case
    assert bool(re.search(rf"(?:^|/){policy.pattern(glob)}(?:/|$)", path)) == left_out


@pytest.mark.parametrize("name", PROOF)
def test_a_copy_is_taken_as_it_is_and_changed(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(monkeypatch, capsys, "policy", "show", name, "-o", "my-policy.toml")
    assert (code, out.strip()) == (0, "my-policy.toml") and "audit with --policy my-policy.toml" in err
    shipped, copied = policy.load(name), policy.load("my-policy.toml")
    assert copied.id == "my-policy" and replace(copied, id=name, sha256=shipped.sha256) == shipped
    assert call(monkeypatch, capsys, "policy", "show", "my-policy.toml")[0] == 0
    code, _, err = call(monkeypatch, capsys, "policy", "show", name, "-o", "my-policy.toml")
    assert code == 2 and "written over" in err
    assert call(monkeypatch, capsys, "policy", "show", name, "-o", "mine")[0] == 2, "it could not be named as a policy"
    assert call(monkeypatch, capsys, "policy", "show", "my-policy.toml", "-o", "second.toml")[0] == 0
    assert policy.load("second.toml").id == "second"


def test_a_disk_kept_elsewhere_is_named_in_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What finding and report say is done, step by step."""
    monkeypatch.chdir(tmp_path)
    for folder in ("phone", "home", "bank"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jpg").write_bytes(media.jpeg(1))
    audit = ("audit", "phone", "home", "bank", "--depth", "hash", "--no-thumbnails", "--policy")
    code, out, _ = call(monkeypatch, capsys, *audit, "office", "-o", "before")
    assert code == 1 and "Next     Delete nothing on the phone. Bring them into a cloud" in out
    command = "auditor policy show office -o my-policy.toml"
    report = " ".join(Path("before/report.html").read_text("utf-8").split())
    assert command in report and "--policy my-policy.toml" in report
    assert call(monkeypatch, capsys, *command.split()[1:])[0] == 0
    own = Path("my-policy.toml")
    own.write_text(own.read_text("utf-8").replace("off_site = []", 'off_site = ["bank"]'), "utf-8")
    code, out, err = call(monkeypatch, capsys, *audit, "my-policy.toml", "-o", "after")
    assert code == 0 and "SAFE" in out, out + err
    with Path("before/files.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["detail"] == "a.jpg has no copy off-site, and the policy asks for 1."
