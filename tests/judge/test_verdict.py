"""One verdict from proof and findings: the words of the screens, sums that always add up, and the exit codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.audit import engine
from auditor.judge import policy, rules, verdict
from auditor.judge.signs import SIGNS
from auditor.model import FileVerdict, Partition, RuleOutcome, RuleState, Severity, Status, Verdict
from tests.tables import found, opened

NOW = datetime(2026, 6, 15, 12, 0)
FAMILY = policy.load("family")
RULES = rules.load()
COUNTING = [rule for rule in RULES if rule.verdict is not None]


def outcome(
    severity: str, findings: int, state: str = "failed", verdict: str | None = None, tidying: bool = False
) -> RuleOutcome:
    makes = None if verdict is None else FileVerdict(verdict)
    return RuleOutcome(
        "tidying-rule" if tidying else "some-rule",
        RuleState(state),
        Severity(severity),
        findings=findings,
        reason="a reason",
        verdict=makes,
        tidying=tidying,
    )


def header(**backup: Any) -> list[dict[str, Any]]:
    fresh = {"complete": True, "age_days": 0.1}
    return [{"side": "source", **fresh}, {"side": "backup", "backup": "nas", **fresh, **backup}]


TIDY = "41 files could be tidied up; none puts a file at risk."
GRAVE = "2 things are not as they should be, though every file is in the backup: see the findings."
GRAVE_ONE = "1 thing is not as it should be, though every file is in the backup: see the findings."
SENTENCES: dict[str, tuple[tuple[int, ...], list[dict[str, Any]], list[RuleOutcome], str, str, tuple[str, ...]]] = {
    "safe": ((12345, 12345, 0, 0, 0), header(), [], "SAFE", "All 12,345 files are safely backed up.", ()),
    "one file, safe": ((1, 1, 0, 0, 0), header(), [], "SAFE", "The 1 file is safely backed up.", ()),
    "safe, with warnings": (
        (12345, 12345, 0, 0, 0),
        header(),
        [outcome("warning", 41, tidying=True), outcome("info", 900)],
        "SAFE",
        "All 12,345 files are safely backed up.",
        (TIDY,),
    ),
    "safe, and damaged or without a date": (
        (12345, 12345, 0, 0, 0),
        header(),
        [outcome("warning", 2), outcome("warning", 41, tidying=True)],
        "SAFE",
        "All 12,345 files are safely backed up.",
        (
            GRAVE,
            TIDY,
        ),
    ),
    "safe, and one damaged": (
        (5, 5, 0, 0, 0),
        header(),
        [outcome("warning", 1)],
        "SAFE",
        "All 5 files are safely backed up.",
        (GRAVE_ONE,),
    ),
    "safe, only infos": (
        (12345, 12345, 0, 0, 0),
        header(),
        [outcome("info", 900)],
        "SAFE",
        "All 12,345 files are safely backed up.",
        (),
    ),
    "not safe": (
        (12345, 12325, 17, 3, 0),
        header(),
        [outcome("error", 17)],
        "NOT SAFE",
        "17 of 12,345 files are not safely backed up.",
        (),
    ),
    "one not safe": (
        (12345, 12344, 1, 0, 0),
        header(),
        [],
        "NOT SAFE",
        "1 of 12,345 files is not safely backed up.",
        (),
    ),
    "the only file": ((1, 0, 1, 0, 0), header(), [], "NOT SAFE", "1 of 1 file is not safely backed up.", ()),
    "cannot say": (
        (12345, 12342, 0, 3, 0),
        header(),
        [],
        "CANNOT SAY",
        "12,342 of 12,345 files are safely backed up; 3 could not be checked.",
        (),
    ),
    "the only file cannot be checked": (
        (1, 0, 0, 1, 0),
        header(),
        [],
        "CANNOT SAY",
        "0 of 1 file is safely backed up; 1 could not be checked.",
        (),
    ),
    "one proven, one left out on purpose": (
        (2, 1, 0, 0, 1),
        header(),
        [],
        "SAFE",
        "1 of 2 files is safely backed up; 1 left out on purpose.",
        (),
    ),
    "nothing to judge": (
        (0, 0, 0, 0, 0),
        header(),
        [],
        "CANNOT SAY",
        "Nothing to check: the phone's list holds no photos or videos.",
        (),
    ),
    "old list": (
        (5, 5, 0, 0, 0),
        header(age_days=40.2),
        [],
        "CANNOT SAY",
        "The backup's list is 40 days old; make a new one with `auditor scan`.",
        (),
    ),
    "not safe beats an old list": (
        (5, 4, 1, 0, 0),
        header(age_days=40.2),
        [],
        "NOT SAFE",
        "1 of 5 files is not safely backed up.",
        ("The backup's list is 40 days old; make a new one with `auditor scan`.",),
    ),
    "incomplete list": (
        (5, 5, 0, 0, 0),
        header(complete=False, reasons=["DCIM: Permission denied"]),
        [],
        "CANNOT SAY",
        "The backup's list is not complete (DCIM: Permission denied); mend that, and audit again.",
        (),
    ),
    "a check could not run": (
        (5, 5, 0, 0, 0),
        header(),
        [outcome("error", 0, "not_run")],
        "CANNOT SAY",
        "1 of the checks could not run, so this cannot be called safe.",
        ("“A rule by its name” could not be looked for: a reason.",),
    ),
    "a lesser check could not run": (
        (5, 5, 0, 0, 0),
        header(),
        [outcome("warning", 0, "not_run"), outcome("info", 0, "broken")],
        "SAFE",
        "All 5 files are safely backed up.",
        (),
    ),
    "a lesser check that can make a file unsafe could not run": (
        (5, 5, 0, 0, 0),
        header(),
        [outcome("warning", 0, "broken", "not_safe")],
        "CANNOT SAY",
        "1 of the checks could not run, so this cannot be called safe.",
        ("“A rule by its name” could not be looked for: a reason.",),
    ),
    "everything left out on purpose": (
        (5, 0, 0, 0, 5),
        header(),
        [],
        "CANNOT SAY",
        "Nothing was proven: all 5 files were left out on purpose.",
        (),
    ),
    "left out on purpose": (
        (5, 3, 0, 0, 2),
        header(),
        [],
        "SAFE",
        "3 of 5 files are safely backed up; 2 left out on purpose.",
        (),
    ),
    "not safe, and left out on purpose": (
        (5, 2, 1, 0, 2),
        header(),
        [],
        "NOT SAFE",
        "1 of 5 files is not safely backed up.",
        ("2 left out on purpose.",),
    ),
}


@pytest.mark.parametrize(
    ("counts", "lists", "outcomes", "word", "sentence", "caveats"), SENTENCES.values(), ids=SENTENCES
)
def test_sentence(
    counts: tuple[int, int, int, int, int],
    lists: list[dict[str, Any]],
    outcomes: list[RuleOutcome],
    word: str,
    sentence: str,
    caveats: tuple[str, ...],
) -> None:
    db = opened(header=lists)
    for o in outcomes:
        for n in range(o.findings if o.severity is Severity.WARNING else 0):
            found(db, rule=o.rule_id, severity="warning", path=f"{o.rule_id}/{n}.jpg", verdict="none")
    names = {"some-rule": "A rule by its name"}
    conclusion = verdict.conclude(db, Partition(*counts), outcomes, FAMILY, names=names)
    assert conclusion == verdict.Conclusion(Verdict(word), sentence, caveats)


def test_what_is_to_be_kept_or_warned_of_could_not_be_tidied_up() -> None:
    db = opened(header=header())
    for path, keep in (("a.jpg", "yes"), ("b.jpg", "no"), ("cut.jpg", "no"), ("accepted.jpg", "no")):
        found(db, rule="tidying-rule", path=path, evidence=f'{{"keep": "{keep}"}}', verdict="none")
    found(db, rule="tidying-rule", path="b.jpg", evidence='{"reason": "another group"}', verdict="none")
    found(db, rule="tidying-rule", path="waived.jpg", status="waived", verdict="none")
    found(db, rule="some-rule", path="cut.jpg", verdict="none")
    found(db, rule="some-rule", path="accepted.jpg", status="waived", verdict="none")
    told = [outcome("warning", 5, tidying=True), outcome("warning", 1)]
    caveats = verdict.conclude(db, Partition(9, 9, 0, 0, 0), told, FAMILY).caveats
    assert caveats == (GRAVE_ONE, "1 file could be tidied up (1 more is the one to keep); none puts a file at risk.")


def test_several_backups_are_told_apart_by_their_labels() -> None:
    fresh = {"complete": True, "age_days": 0.1}
    db = opened(
        header=[
            {"side": "source", **fresh},
            {"side": "backup", "backup": "nas", "complete": True, "age_days": 40.0},
            {"side": "backup", "backup": "disk", **fresh},
        ]
    )
    conclusion = verdict.conclude(db, Partition(5, 5, 0, 0, 0), [], FAMILY)
    assert conclusion.sentence.startswith("The list of the backup nas is 40 days old")


def test_each_verdict_has_a_sign_of_its_own() -> None:
    assert {SIGNS[word] for word in Verdict} == {"\u2713", "\u2717", "?"}


def test_only_names_and_duplicates_are_tidying() -> None:
    """Whatever else a rule finds: a damaged photo, a lost date, a half of a Live Photo is nothing untidy."""
    assert {rule.id for rule in RULES if rule.tidying} == {
        "duplicate-file",
        "duplicate-picture",
        "similar-picture",
        "twin-names",
        "unsafe-names",
        "wrong-extension",
    }


EXITS = {
    "safe": ("SAFE", [], "error", 0),
    "safe with a warning": ("SAFE", [outcome("warning", 3)], "error", 0),
    "the warning asked for": ("SAFE", [outcome("warning", 3)], "warning", 1),
    "an error beats the level asked for": ("SAFE", [outcome("error", 1)], "info", 1),
    "an info below the level": ("SAFE", [outcome("info", 3)], "warning", 0),
    "findings never fail": ("SAFE", [outcome("error", 3)], None, 0),
    "a rule that found nothing": ("SAFE", [outcome("error", 0, "passed")], "info", 0),
    "not safe": ("NOT SAFE", [], "error", 1),
    "not safe is never hidden": ("NOT SAFE", [], None, 1),
    "cannot say": ("CANNOT SAY", [outcome("error", 3)], "error", 3),
    "cannot say is never hidden": ("CANNOT SAY", [], None, 3),
}


@pytest.mark.parametrize(("word", "outcomes", "fail_on", "code"), EXITS.values(), ids=EXITS)
def test_exit_code(word: str, outcomes: list[RuleOutcome], fail_on: str | None, code: int) -> None:
    assert verdict.exit_code(Verdict(word), outcomes, Severity(fail_on) if fail_on else None) == code


def judged(db: Any, chosen: policy.Policy = FAMILY) -> dict[str, str]:
    verdict.judge_files(db, chosen)
    return dict(db.con.execute("SELECT path, verdict FROM files").fetchall())


def test_proof_alone_proves() -> None:
    names = ["proven.jpg", "named.jpg", "doubted.jpg", "waived.jpg", "half-waived.jpg", "info.jpg", "nobody-said.jpg"]
    pairs = [{"path": n, "backup": "nas", "status": "identical"} for n in names[:-1]]
    pairs.append({"path": names[-1], "backup": "nas", "status": "missing"})
    db = opened([{"path": n, "kind": "photo"} for n in names], pairs, proof=FAMILY.proof)
    found(db, path="named.jpg")
    found(db, path="named.jpg", verdict="not_checked")
    found(db, path="doubted.jpg", verdict="not_checked")
    found(db, path="waived.jpg", status="waived")
    found(db, path="half-waived.jpg", status="waived")
    found(db, path="half-waived.jpg", status="known", rule="damaged-in-backup")
    found(db, path="info.jpg", verdict="none")
    found(db, path="proven.jpg", side="backup")
    assert judged(db) == {
        "proven.jpg": "proven",
        "named.jpg": "not_safe",
        "doubted.jpg": "not_checked",
        "waived.jpg": "waived",
        "half-waived.jpg": "not_safe",
        "info.jpg": "proven",
        "nobody-said.jpg": "not_checked",
    }


def test_fewer_copies_than_asked_for_prove_nothing() -> None:
    db = opened([{"path": "a.jpg"}], [{"path": "a.jpg", "backup": "nas", "status": "identical"}], proof=FAMILY.proof)
    assert judged(db, replace(FAMILY, min_copies=2)) == {"a.jpg": "not_checked"}


def test_a_partition_that_does_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="5 due files are not"):
        Partition(5, 5, 1, 0, 0)
    with pytest.raises(ValueError, match="are not"):
        Partition(0, 1, -1, 0, 0)


sources = st.fixed_dictionaries(
    {},
    optional={
        "sha256": st.sampled_from(["aa", "bb"]),
        "size_bytes": st.integers(0, 3),
        "width": st.integers(1, 2),
        "height": st.integers(1, 2),
        "format": st.sampled_from(["jpeg", "heic"]),
        "soundness": st.sampled_from(["sound", "damaged", "suspicious", "not_checked"]),
        "error_kind": st.sampled_from(["unreadable", "unsupported"]),
    },
)
places = st.tuples(
    st.sampled_from([s for s in Status if s is not Status.NOT_DUE]),
    st.none() | sources,  # None: there is no counterpart
)
phones = st.integers(1, 3).flatmap(
    lambda backups: st.lists(
        st.tuples(sources, st.lists(places, min_size=backups, max_size=backups)), min_size=1, max_size=25
    )
)


def _pixels(facts: dict[str, Any]) -> int:
    return int(facts.get("width", 0) * facts.get("height", 0))


@pytest.mark.parametrize("name", policy.names())
@given(phone=phones, off_site=st.lists(st.booleans(), min_size=3, max_size=3))
@settings(max_examples=15, deadline=None)
def test_every_due_file_is_proven_or_named(name: str, phone: list[Any], off_site: list[bool]) -> None:
    """Whatever the pairing says, no file falls between: neither proven nor named by a finding that counts."""
    chosen = policy.load(name)
    due, pairs, backup = [], [], []
    for number, (facts, there) in enumerate(phone):
        path = f"{number:03}.jpg"
        due.append({"path": path, "kind": "photo", **facts})
        for turn, (status, copy) in enumerate(there):
            pair = {"path": path, "backup": f"b{turn}", "status": status.value}
            if copy is not None and status not in (Status.MISSING,):
                pair["backup_path"] = path
                backup.append({"path": path, "backup": f"b{turn}", "kind": "photo", **copy})
            pairs.append(pair)
    lists = [
        {"side": "backup", "backup": f"b{turn}", "off_site": off_site[turn], "complete": True, "age_days": 0.0}
        for turn in range(len(phone[0][1]))
    ]
    db = opened(due, pairs, backup=backup, header=lists, proof=chosen.proof)
    outcomes = [engine.run_rule(db, rule, chosen) for rule in COUNTING]
    assert not [o for o in outcomes if o.state in (RuleState.BROKEN, RuleState.NOT_RUN)]
    partition = verdict.judge_files(db, chosen)
    assert partition.due == len(due) == sum((partition.proven, partition.not_safe, partition.not_checked))
    verdicts = dict(db.con.execute("SELECT path, verdict FROM files").fetchall())
    named = dict(
        db.con.execute(
            "SELECT path, list(verdict) FROM findings WHERE side = 'source' AND verdict <> 'none' GROUP BY path"
        ).fetchall()
    )
    for path, word in verdicts.items():
        own = [p for p in pairs if p["path"] == path]
        proofs = [p["backup"] for p in own if p["status"] in chosen.proof]
        elsewhere = [b for b in proofs if off_site[int(b[1:])]]
        enough = len(proofs) >= chosen.min_copies and len(elsewhere) >= chosen.off_site_copies
        assert (word == "proven") == enough, (path, own)
        assert (path in named) != enough, (path, own, named.get(path))
        if word != "proven":
            assert word in named[path]
        if not proofs and any(p["status"] == "not_checked" for p in own):
            better = [p["backup"] for p in own if p["status"] in ("metadata_changed", "reduced")]
            facts, there = phone[int(path[:3])]
            larger = any(_pixels(there[int(b[1:])][1] or {}) > _pixels(facts) > 0 for b in better)
            # Which of a larger and a smaller picture was first, nobody can prove.
            assert word == ("not_safe" if better else "not_checked") or (larger and word == "not_checked")
    assert not db.con.execute("SELECT rule, path, count(*) FROM findings GROUP BY ALL HAVING count(*) > 1").fetchall()


CLAIMS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "this content": {"sha256": "aa"},
    "other content": {"sha256": "ab"},
    "a digest of another kind": {"md5": "cc"},
    "this content in another size": {"sha256": "aa", "size_bytes": 9},
}


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("width", [None, 100, 200])
@pytest.mark.parametrize("is_read", [True, False])
def test_a_file_that_was_not_checked_is_named_by_one_rule(claim: str, width: int | None, is_read: bool) -> None:
    here = {"sha256": "aa"} if is_read else {"error": "Input/output error"}
    db = opened(
        [{"path": "a.jpg", "kind": "photo", "size_bytes": 10, "width": 100, "height": 100, **here}],
        [{"path": "a.jpg", "backup": "cloud", "backup_path": "a.jpg", "status": "not_checked"}],
        backup=[
            {"path": "a.jpg", "backup": "cloud", "size_bytes": 10, "width": width, "height": 100}
            | {"digest_origin": "claimed" if CLAIMS[claim] else None, **CLAIMS[claim]}
        ],
    )
    outcomes = [engine.run_rule(db, rule, FAMILY) for rule in COUNTING]
    (named,) = [one.rule_id for one in outcomes if one.findings]
    if is_read and claim in ("other content", "this content in another size"):
        assert named in ("not-checked", "perhaps-larger-in-backup")
    elif is_read and claim != "nothing":
        assert named == "claimed-digest"
