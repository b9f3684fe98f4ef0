"""Places by the names of the user's config, in every command; and what no command takes for one silently."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from auditor import config
from auditor import data as shipped
from tests import media
from tests.commandline import call
from tests.copier.runs import write


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone, its backup and an empty folder, beside the folder in which the commands run."""
    write(tmp_path / "phone/DCIM/Camera/IMG_1.jpg", media.jpeg(1), 1_700_000_001)
    for name in ("disk/IMG_1.jpg", "other/IMG_1.jpg"):
        write(tmp_path / name, media.jpeg(1), 1_700_000_001)
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")
    return tmp_path


def test_a_place_is_added_shown_and_removed(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, capsys, "config", "show")[:2] == (0, "Nothing is set.\n")
    assert call(monkeypatch, capsys, "config", "add", "anna", "../phone", "--role", "phone")[0] == 0
    code, out, _ = call(monkeypatch, capsys, "config", "show")
    assert (code, out) == (0, f"phone    anna            {here / 'run/../phone'}\n")
    code, _, err = call(monkeypatch, capsys, "config", "add", "anna", "adb:", "--role", "phone")
    assert code == 2
    assert "`auditor config remove anna`" in err
    assert call(monkeypatch, capsys, "config", "remove", "anna")[0] == 0
    assert call(monkeypatch, capsys, "config", "remove", "anna")[0] == 2
    assert config.load() == config.Config()


def test_a_policy_that_is_not_there_is_not_set(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, capsys, "config", "set", "policy", "stern")[0] == 2
    assert call(monkeypatch, capsys, "config", "set", "policy", "strict")[0] == 0
    assert call(monkeypatch, capsys, "config", "set", "reports", "audits")[0] == 0
    assert call(monkeypatch, capsys, "config", "set", "by", "Anna Berg")[0] == 0
    assert config.load() == config.Config(policy="strict", reports=here / "run/audits", by="Anna Berg")
    for key in ("policy", "reports", "by", "policy"):
        assert call(monkeypatch, capsys, "config", "unset", key)[0] == 0
    assert config.load() == config.Config()


def known(here: Path, *names: tuple[str, str, str]) -> None:
    lines = [
        f'[places.{name}]\nspec = {json.dumps(str(here / folder))}\nrole = "{role}"' for name, folder, role in names
    ]
    config.path().write_text("\n".join(lines), "utf-8")


USUAL = (("anna", "phone", "phone"), ("nas", "disk", "backup"), ("stick", "other", "backup"))


def test_an_audit_without_words_is_the_usual_one(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known(here, *USUAL)
    code, out, err = call(monkeypatch, capsys, "audit", "-o", "usual", "--copy-by-hand")
    assert (code, out.split(":")[0]) == (0, "✓ SAFE"), err
    record = json.loads(Path("usual/audit.json").read_text("utf-8"))["provenance"]
    assert (record["source"], record["backups"]) == (str(here / "phone"), [str(here / "disk"), str(here / "other")])


@pytest.mark.parametrize(("words", "backups"), [(["anna"], ["disk", "other"]), (["anna", "stick"], ["other"])])
def test_what_is_named_is_taken_and_the_rest_is_usual(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    backups: list[str],
) -> None:
    known(here, *USUAL)
    assert call(monkeypatch, capsys, "audit", *words, "-o", "a", "--copy-by-hand")[0] == 0
    record = json.loads(Path("a/audit.json").read_text("utf-8"))["provenance"]
    assert record["backups"] == [str(here / name) for name in backups]


NOT_SAID = {
    "nothing is set": ((), "name the phone and its backups: `auditor audit PHONE BACKUP`"),
    "no backup is": (USUAL[:1], "name a backup too: `auditor audit anna BACKUP`"),
    "no phone is": (USUAL[1:], "name the phone and its backups"),
    "two phones are": ((*USUAL, ("tom", "run", "phone")), "your config has 2 phones (anna, tom): name one"),
}


@pytest.mark.parametrize(("names", "says"), NOT_SAID.values(), ids=NOT_SAID)
def test_what_the_config_does_not_say_is_asked_for(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    names: tuple[tuple[str, str, str], ...],
    says: str,
) -> None:
    known(here, *names)
    code, out, err = call(monkeypatch, capsys, "audit")
    assert (code, out) == (2, "")
    assert says in err


@pytest.mark.parametrize(
    "words",
    [
        *(["scan", "nas"], ["audit", "anna", "nas"], ["backup", "anna", "nas"], ["verify", "nas"]),
        *(["duplicates", "nas"], ["restore", "nas", "anna"]),
    ],
)
def test_a_name_that_something_here_has_too_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    known(here, *USUAL)
    Path("nas").mkdir()
    code, out, err = call(monkeypatch, capsys, *words)
    assert (code, out) == (2, "")
    assert f"nas is a place of your config ({here / 'disk'}), and something in this folder has that name too" in err
    assert f"write {here / 'disk'}, or ./nas" in err
    assert list(Path("nas").iterdir()) == []


def test_a_name_of_what_lies_here_is_that(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known(here, ("disk", "disk", "backup"))
    monkeypatch.chdir(here)
    assert call(monkeypatch, capsys, "scan", "disk", "-o", "disk.jsonl")[0] == 0


def test_nearly_a_name_makes_no_new_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known(here, *USUAL, ("harddisk", "disk", "backup"))
    code, _, err = call(monkeypatch, capsys, "backup", "anna", "hardisk")
    assert code == 2
    assert "did you mean harddisk?" in err
    assert not Path("hardisk").exists()


def test_reports_go_home_and_with_o_where_it_says(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known(here, *USUAL)
    home = here / "home/audits"
    call(monkeypatch, capsys, "config", "set", "reports", str(home))
    assert call(monkeypatch, capsys, "audit", "anna", "nas", "--copy-by-hand")[0] == 0
    assert call(monkeypatch, capsys, "duplicates", "nas")[0] == 0
    assert sorted(path.name.partition("-")[0] for path in home.iterdir()) == ["audit", "duplicates"]
    assert call(monkeypatch, capsys, "audit", "anna", "nas", "--copy-by-hand", "-o", "here")[0] == 0
    assert [path.name for path in Path().iterdir()] == ["here"]


def test_the_policy_of_the_config_holds_where_none_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known(here, *USUAL)
    call(monkeypatch, capsys, "config", "set", "policy", "strict")
    for words, name in (((), "strict"), (("--policy", "family"), "family")):
        assert call(monkeypatch, capsys, "audit", "anna", "nas", "--copy-by-hand", "-o", name, *words)[0] == 0
        assert json.loads(Path(name, "audit.json").read_text("utf-8"))["policy"]["id"] == name


def _heading(report: Path) -> str:
    found = re.search(r"<title>. [^<]*safely backed up\. ([^<]*)</title>", report.read_text("utf-8"))
    assert found is not None
    return found[1]


@pytest.mark.parametrize("words", [["anna", "nas", "stick"], [], ["phone", "disk", "other"]])
def test_a_place_is_called_by_the_users_name(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    known(here, *USUAL)
    for number in range(2, 14):  # so many that the report has a plot
        write(here / f"phone/DCIM/Camera/IMG_{number}.jpg", media.jpeg(number), 1_700_000_001)
        write(here / f"disk/IMG_{number}.jpg", media.jpeg(number), 1_700_000_001)
    monkeypatch.chdir(here if "phone" in words else here / "run")
    code, _, err = call(monkeypatch, capsys, "audit", *words, "-o", "a", "--copy-by-hand")
    assert code == 0, err
    for said in ("Phone:   anna (", "Backup:  nas (", "Backup:  stick ("):
        assert said in err
    assert re.findall(r"^Reading (\S+)", err, re.MULTILINE) == ["anna", "nas", "stick"]
    page = Path("a/report.html").read_text("utf-8")
    assert _heading(Path("a/report.html")) == "anna → nas, stick"
    for shown in ("<span>anna → nas, stick</span>", "In nas</th>", "In stick</th>", "<strong>nas</strong>"):
        assert shown in page, shown
    with Path("a/files.csv").open(encoding="utf-8", newline="") as stream:
        assert {row["backup"] for row in csv.DictReader(stream)} == {"nas"}


def test_the_audit_after_a_backup_calls_places_so_too(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known(here, ("anna", "phone", "phone"), ("nas", "new", "backup"))
    code, _, err = call(monkeypatch, capsys, "backup", "anna", "nas", "-o", "a")
    assert code == 0, err
    assert "free on nas\n" in err and "\nCopying to nas " in err
    assert "\nReading nas " in "\n" + call(monkeypatch, capsys, "verify", "nas")[2]
    assert "\nRestoring a sample of nas " in "\n" + call(monkeypatch, capsys, "drill", "nas", "-o", "d")[2]
    assert _heading(Path("a/report.html")) == "anna → nas"


def test_two_places_of_one_label_are_told_apart(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a/disk", "b/disk", "c/nas"):
        write(here / name / "IMG_1.jpg", media.jpeg(1), 1_700_000_001)
    known(here, ("nas", "disk", "backup"))
    words = ["../phone", "../a/disk", "../b/disk", "../c/nas", "nas"]
    code, _, err = call(monkeypatch, capsys, "audit", *words, "-o", "audit", "--copy-by-hand")
    assert code == 0, err
    assert _heading(Path("audit/report.html")) == "phone → disk, disk (2), nas (2), nas"


def test_a_name_changes_no_fingerprint_and_no_policy(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Baselines and waivers know a finding, and policies a backup, by what the place called itself."""
    write(here / "phone/DCIM/Camera/IMG_2.jpg", media.jpeg(2), 1_700_000_002)
    write(here / "disk/IMG_2.jpg", media.jpeg(2)[:5000], 1_700_000_002)
    policy = (shipped.folder("rules") / "policies/office.toml").read_text("utf-8")
    Path("policy.toml").write_text(policy.replace("off_site = []", 'off_site = ["disk"]'), "utf-8")
    found = []
    for names in ((), USUAL):
        known(here, *names)
        out = f"audit-{len(names)}"
        places = [str(here / name) for name in ("phone", "disk", "other")]
        call(monkeypatch, capsys, "audit", *places, "--copy-by-hand", "--policy", "policy.toml", "-o", out)
        lines = map(json.loads, Path(out, "findings.jsonl").read_text("utf-8").splitlines())
        found.append({(line["fingerprint"], line["rule"], line["path"]): line["backup"] for line in lines})
        files = list(csv.DictReader(Path(out, "files.csv").read_text("utf-8").splitlines()))
        assert [row["verdict"] for row in files] == ["proven", "not_safe"]
    assert found[0].keys() == found[1].keys()
    assert {*found[0].values()} - {None} == {"disk"}
    assert {*found[1].values()} - {None} == {"nas"}


@pytest.mark.parametrize("kept_elsewhere", ["photos", "grandma"])
def test_a_policy_means_one_backup_by_a_name_or_the_audit_stops(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kept_elsewhere: str
) -> None:
    """What is away lacks a picture; in whatever order the backups are named."""
    write(here / "phone/DCIM/Camera/IMG_2.jpg", media.jpeg(2), 1_700_000_002)
    for place in ("away/photos", "usb/photos", "usb/stick"):
        write(here / place / "IMG_1.jpg", media.jpeg(1), 1_700_000_001)
        if place != "away/photos":
            write(here / place / "IMG_2.jpg", media.jpeg(2), 1_700_000_002)
    policy = (shipped.folder("rules") / "policies/office.toml").read_text("utf-8")
    Path("policy.toml").write_text(policy.replace("off_site = []", f'off_site = ["{kept_elsewhere}"]'), "utf-8")
    known(here, ("grandma", "away/photos", "backup"))
    places = [str(here / name) for name in ("phone", "usb/photos", "away/photos", "usb/stick")]
    code, _, err = call(monkeypatch, capsys, "audit", *places, "--copy-by-hand", "--policy", "policy.toml", "-o", "out")
    if kept_elsewhere == "photos":
        assert code == 2
        assert f"2 of the backups are called so ({places[1]} and {places[2]})" in err
        assert not [*Path().glob("out*")]
        return
    rows = csv.DictReader(Path("out/files.csv").read_text("utf-8").splitlines())
    assert [row["verdict"] for row in rows] == ["proven", "not_safe"]
