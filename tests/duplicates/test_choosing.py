"""duplicates.html in a real browser: what goes is chosen by keys or by mouse, saved, and carried out by `clean`."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import browser
from tests.browser import Page
from tests.copier.runs import back_up
from tests.duplicates.test_command import run
from tests.pictures.test_verify import jpeg, scene
from tests.report.test_page import AXE

pytestmark = pytest.mark.skipif(not browser.USABLE, reason=browser.MISSING)

BRIGHT = [min(255, level * 5 // 4) for level in range(256)] * 3
CHIPS = "[...document.querySelectorAll('.group:not([hidden]) .pick')].map(e => e.textContent)"
GROUP = "document.querySelector('.group:not([hidden]) h3').textContent"
BECAUSE = "[...document.querySelectorAll('.group:not([hidden]) .because')].map(e => e.textContent)"
TOLD = "document.querySelector('.chooser .told').textContent"
SAID = "document.querySelector('.chooser .said').textContent"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures with a small copy each, the first also with the same bytes; and two that only look alike."""
    base = tmp_path_factory.mktemp("choosing")
    (base / "photos/Camera").mkdir(parents=True)
    (base / "photos/Sent & co").mkdir()
    for k in (1, 2, 3):
        shown = scene(k, (1200, 900))
        (base / f"photos/Camera/IMG_000{k}.jpg").write_bytes(jpeg(shown, 95))
        (base / f"photos/Sent & co/IMG_000{k}.jpg").write_bytes(jpeg(shown, 50, 800))
    (base / "photos/Camera/IMG_0001 (1).jpg").write_bytes((base / "photos/Camera/IMG_0001.jpg").read_bytes())
    lone = scene(9, (1200, 900))
    (base / "photos/Camera/IMG_0009.jpg").write_bytes(jpeg(lone, 95))
    (base / "photos/Camera/bright.jpg").write_bytes(jpeg(lone.point(BRIGHT), 90))
    return base


@pytest.fixture
def found(searched: Path, tmp_path: Path) -> Path:
    code, said = run("duplicates", searched / "photos", "-o", tmp_path / "found", "--jobs", 1)
    assert code == 0 and "in 3 groups can be freed; 1 group needs your decision." in said
    return tmp_path / "found"


@pytest.fixture
def page(found: Path) -> Iterator[Page]:
    with browser.browser() as chromium:
        chromium.size(1280, 800)
        chromium.open(found / "duplicates.html")
        yield chromium
        assert chromium.trouble == []


def save(page: Page, path: Path) -> dict[str, object]:
    with page.tab.expect_download() as download:
        page.key("s")
    download.value.save_as(path)
    result: dict[str, object] = json.loads(path.read_text("utf-8"))
    return result


def names(result: dict[str, object]) -> list[str]:
    going = result["go"]
    assert isinstance(going, list)
    return sorted(path for _, path in going)


def test_every_group_is_walked_and_decided_by_keys_and_clean_takes_what_was_saved(
    page: Page, found: Path, searched: Path, tmp_path: Path
) -> None:
    assert page.ask(TOLD) == "0 of 4 groups decided: nothing goes yet"
    assert page.ask(CHIPS) == ["✓ KEEP", "→ GOES", "→ GOES"]
    page.key("3")  # the second copy stays after all
    assert page.ask(CHIPS).count("→ GOES") == 1
    page.key("Enter")
    assert page.ask(CHIPS) == ["✓ KEEP", "→ GOES"]
    page.key("1")
    assert page.ask(SAID) == "At least one file of a group stays."
    page.key("2")
    page.key("1")  # the other way round
    assert page.ask(CHIPS) == ["→ GOES", "✓ KEEP"]
    page.key("Enter")
    page.key("a")  # all of the third
    assert page.ask(CHIPS) == ["? YOU DECIDE", "? YOU DECIDE"]  # what only looks alike has no suggestion
    page.key("n")
    assert page.ask(TOLD).startswith("4 of 4 groups decided: 2 files go, ")
    result = save(page, tmp_path / "choices.json")
    assert len(names(result)) == 2 and "Camera/IMG_0003.jpg" not in names(result)
    assert (result["different"], result["decided"]) == ([4], [1, 2, 3, 4])

    code, said = run("clean", found, "--choices", tmp_path / "choices.json")
    size = str(page.ask(TOLD)).rpartition("go, ")[2]
    assert code == 0 and f"2 files would go into quarantine, {size} in all." in said
    before = set((searched / "photos").rglob("*.jpg"))
    code, said = run("clean", found, "--choices", tmp_path / "choices.json", "--apply")
    assert code == 0 and "1 group is not shown together again on this computer" in said
    gone = {path.relative_to(searched / "photos").as_posix() for path in before if not path.exists()}
    assert gone == set(names(result))
    (journal,) = (searched / "photos/.auditor/journal").iterdir()
    assert run("undo", journal)[0] == 0
    code, said = run("duplicates", searched / "photos", "-o", tmp_path / "again", "--jobs", 1)
    assert "in 3 groups can be freed." in said and "decision" not in said  # they were called different


def test_a_reload_keeps_what_was_decided_and_undo_takes_it_back(page: Page, found: Path) -> None:
    page.key("Shift+A")
    assert page.tab.get_by_role("button", name="All suggestions decided").is_disabled()
    assert page.ask(SAID) == "3 suggestions accepted." and page.ask(TOLD).startswith(
        "3 of 4 groups decided: 4 files go"
    )
    page.open(found / "duplicates.html")
    assert page.ask(TOLD).startswith("3 of 4 groups decided: 4 files go")
    page.key("a")
    page.key("u")
    assert page.ask(SAID) == "Undone." and page.ask("document.querySelector('.state').textContent") == "✓ Decided."


def test_what_is_called_different_goes_nowhere_and_says_so(page: Page) -> None:
    page.key("n")
    page.key("k")
    assert page.ask(GROUP).startswith("Group 1") and set(page.ask(CHIPS)) == {"✓ KEEP"}
    assert set(page.ask(BECAUSE)) == {"You said that they are not the same."}
    page.key("2")  # one of them goes after all
    assert page.ask(CHIPS) == ["✓ KEEP", "→ GOES", "✓ KEEP"] and page.ask(SAID) == ""
    assert page.ask("document.querySelector('.state').textContent").startswith("Not decided")
    assert page.ask(TOLD) == "0 of 4 groups decided: nothing goes yet"
    page.key("u")
    assert set(page.ask(CHIPS)) == {"✓ KEEP"}


def test_all_suggestions_leave_what_a_person_has_to_decide(page: Page, found: Path) -> None:
    whole = (found / "duplicates.html").read_text("utf-8")
    data = json.loads(re.findall(r'id="data">(.*?)</script>', whole)[0])
    data["groups"][0]["asks"] = [data["groups"][0]["files"][2]]
    data["files"][str(data["groups"][0]["files"][2])]["goes"] = False
    mixed = re.sub(r'(?<=id="data">).*?(?=</script>)', lambda _: json.dumps(data), whole)
    (found / "mixed.html").write_text(mixed, "utf-8")
    page.open(found / "mixed.html")
    assert page.ask(CHIPS) == ["✓ KEEP", "→ GOES", "? YOU DECIDE"]
    page.key("Shift+A")
    assert page.ask(SAID) == "2 suggestions accepted. 1 group holds something for you to decide as well."
    assert page.ask(CHIPS) == ["✓ KEEP", "→ GOES", "? YOU DECIDE"]
    assert page.ask("document.querySelector('.state').textContent") == "Not decided: nothing of this group goes."


def test_each_card_says_why(page: Page) -> None:
    kept, *others = page.ask(BECAUSE)
    assert kept.startswith("Kept because ") and all(one.startswith("Goes, as IMG_0001.jpg is kept: ") for one in others)
    page.key("2")
    assert page.ask(BECAUSE)[1:] in (["It stays by your choice.", others[1]], [others[0], "It stays by your choice."])
    page.tab.get_by_label("Show").select_option("your decision")
    assert set(page.ask(BECAUSE)) == {"Nothing proves that they are the same: look at them."}
    page.key("a")
    assert set(page.ask(BECAUSE)) == {"It stays by your choice."}


def test_the_command_is_copied_and_its_option_is_whole(page: Page) -> None:
    page.size(390, 844)
    shown = "document.querySelector('.next code').textContent"
    assert re.fullmatch(r"auditor clean \S+ --choices FILE", page.ask(shown))
    assert page.ask("document.querySelector('.next code .nowrap').getClientRects().length") == 1
    page.tab.get_by_role("button", name="Copy auditor clean").click()
    assert page.ask("document.querySelector('.next .copy').textContent") in ("Copied", "Selected")


def test_bulk_search_and_filter_by_mouse(page: Page, tmp_path: Path) -> None:
    page.tab.get_by_role("button", name="Accept the 3 suggestions").click()
    page.tab.get_by_label("Show").select_option("not decided yet")
    assert page.ask(GROUP).startswith("Group 4: 2 files")
    page.tab.get_by_role("button", name="? YOU DECIDE").nth(1).click()
    page.tab.get_by_role("button", name="Accept", exact=True).locator("visible=true").click()
    assert page.ask(TOLD).startswith("4 of 4 groups decided: 5 files go")
    page.tab.get_by_label("Show").select_option("all groups")
    page.tab.get_by_label("Find").fill("sent & co/")
    assert page.ask("document.querySelector('.chooser .at').textContent") == "no group"
    page.tab.get_by_label("Find").fill("sent & co")
    assert page.ask("document.querySelector('.chooser .at').textContent") == "1 of 3"
    page.tab.get_by_role("button", name="All in a list").click()
    assert page.ask("document.querySelectorAll('.group:not([hidden])').length") == 3
    assert len(names(save(page, tmp_path / "choices.json"))) == 5


def test_pictures_are_compared_in_four_views_with_one_zoom(page: Page) -> None:
    page.key("c")
    shown = "document.querySelector('dialog.compare').open"
    assert page.ask(shown) is True
    views = []
    for _ in range(4):
        views.append(page.ask("document.querySelector('dialog [aria-pressed=true]').textContent"))
        page.key("+")
        assert page.ask("new Set([...document.querySelectorAll('.pane img')].map(e => e.style.transform)).size") == 1
        page.key("v")
    assert views == ["Side by side", "Split", "Difference", "Blink"]
    page.tab.get_by_role("button", name="Blink").click()
    seen = "[...document.querySelectorAll('.names span')].filter(e => e.style.visibility !== 'hidden').length"
    assert page.ask(seen) == 1
    page.key("v")
    assert page.ask(seen) == 2
    first = page.ask("document.querySelectorAll('.pane img')[1].alt")
    page.key("o")
    assert page.ask("document.querySelectorAll('.pane img')[1].alt") != first or page.ask(GROUP).startswith("Group 1")
    page.key("ArrowRight")  # moves the pictures, not to the next group
    assert page.ask(GROUP).startswith("Group 1")
    page.key("Escape")
    assert page.ask(shown) is False
    page.key("?")
    assert page.ask("document.querySelector('dialog.keys').open") is True
    page.key("Escape")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (npm install axe-core)")
def test_nothing_stands_in_anybodys_way(page: Page, found: Path) -> None:
    page.ask(AXE.read_text("utf-8") + ";0")
    for width, dark in ((1280, False), (390, True), (320, False)):
        page.size(width, 844, dark)
        for key in ("", "c", "Escape", "l", "?", "Escape", "l"):
            if key:
                page.key(key)
            assert page.ask("axe.run().then(found => found.violations.map(one => one.id))") == [], (width, key)
            assert page.ask("document.documentElement.scrollWidth") <= width


def test_the_numbers_of_groups_are_those_of_the_tables(page: Page, found: Path) -> None:
    headings = page.ask("[...document.querySelectorAll('.group h3')].map(e => e.textContent)")
    for table in ("duplicates.csv", "plan.csv"):
        with (found / table).open(encoding="utf-8", newline="") as lines:
            groups: dict[str, list[str]] = {}
            for line in csv.DictReader(lines):
                groups.setdefault(line["group"], []).append(line["path"])
        said = [f"Group {number}: {len(files)} files" for number, files in groups.items()]
        assert [heading.partition(",")[0] for heading in headings] == said


def test_heading_filter_chips_and_plan_say_of_the_same_groups_that_they_are_yours(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a phone lies beside its backup: of most of its files nothing goes, and nobody is asked."""
    monkeypatch.chdir(tmp_path)
    camera, web = tmp_path / "phone/DCIM/Camera", tmp_path / "phone/Download"
    camera.mkdir(parents=True)
    web.mkdir()
    for folder, k in ((camera, 11), (camera, 12), (web, 13)):
        (folder / f"IMG_00{k}.jpg").write_bytes(jpeg(scene(k, (600, 450)), 90))
    back_up(tmp_path / "phone", tmp_path / "kept")
    (web / "IMG_0013.jpg").rename(camera / "IMG_0013.jpg")  # the best to keep is the phone's now
    code, said = run("duplicates", "phone", "kept", searched / "photos", "-o", "found", "--jobs", 1)
    assert code == 0, said
    plan: dict[str, list[dict[str, str]]] = {}
    with Path("found/plan.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            plan.setdefault(row["group"], []).append(row)
    actions = {number: {row["action"] for row in rows} for number, rows in plan.items()}
    yours = [number for number, of in actions.items() if "ask" in of]
    goes = [number for number, of in actions.items() if "remove" in of]
    untouched = [number for number, of in actions.items() if of == {"keep"}]
    assert yours and goes and untouched
    with browser.browser() as page:
        page.open(tmp_path / "found/duplicates.html")
        heading = page.ask("document.getElementById('sentence').textContent")
        assert f"{len(yours)} groups need your decision" in heading and heading in said.replace("\n", " ")
        whys = " ".join(page.ask("[...document.querySelectorAll('.groups > .why')].map(e => e.textContent)"))
        for counted, words in ((goes, "hold"), (yours, "need"), (untouched, "stay")):
            assert sum(map(int, re.findall(rf"(\d+) groups? {words}s? ", whys))) == len(counted), whys
        for filtered, numbers in (
            ("all groups", list(plan)),
            ("your decision", yours),
            ("suggested to go", goes),
            ("not decided yet", [number for number in plan if number not in untouched]),
        ):
            page.tab.get_by_label("Show").select_option(filtered)
            shown = page.ask("document.querySelector('.chooser .at').textContent")
            assert shown.endswith(f" of {len(numbers)}"), filtered
        assert page.ask(TOLD).startswith(f"0 of {len(plan) - len(untouched)} groups decided: ")
        page.tab.get_by_label("Show").select_option("all groups")
        page.key("l")
        chips = page.ask(
            "Object.fromEntries([...document.querySelectorAll('.group')].map(group => [group.dataset.number,"
            " [...group.querySelectorAll('li[data-file] .pick, li[data-file] .chip')].map(e => e.textContent)]))"
        )
        words_of = {"remove": "→ GOES", "ask": "? YOU DECIDE"}
        for number, rows in plan.items():
            alike = "ask" in actions[number] and rows[0]["reason"] == "look at it and the others"
            first = "? YOU DECIDE" if alike else "✓ KEEP"
            assert chips[number] == [first, *(words_of.get(row["action"], "✓ STAYS") for row in rows[1:])]
        states = page.ask("[...document.querySelectorAll('.state')].map(e => e.textContent)")
        assert states.count("Nothing to decide: all stay.") == len(untouched)
        assert page.trouble == []


def test_without_scripts_it_says_how_to_choose(found: Path) -> None:
    page = (found / "duplicates.html").read_text("utf-8")
    assert "<noscript><p>Scripts are off" in page and "YOU DECIDE" in page
