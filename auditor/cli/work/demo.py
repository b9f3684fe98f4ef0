"""What `auditor demo` does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import typer

from auditor.audit.inputs import sides
from auditor.audit.order import Order, pairs_of
from auditor.cli import programs, screen
from auditor.cli.work import audit
from auditor.demo import story
from auditor.errors import BadOutput
from auditor.judge import policy, rules
from auditor.manifest.jsonl import load, looks_like_manifest
from auditor.model import Kind, Soundness
from auditor.report import FINDINGS_EXACT
from auditor.words import visible


def command(*, out: Path | None, jobs: int | None) -> None:
    """As the command of this name in `auditor.cli` says."""
    folder = out or Path(f"auditor-demo-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    if folder.exists():
        raise BadOutput(f"{folder} is there already; nothing is written over. Choose another folder with -o")
    folder.mkdir(parents=True)
    screen.note(f"Making a small phone and its backup in {folder} (some seconds)")
    phone, backup = story.build(folder)
    ours, theirs = sides(str(phone), [str(backup)])
    known = rules.load()
    pairs = pairs_of(ours, theirs, is_by_hand=True)
    order = Order(ours, theirs, policy.load("family"), known, jobs=jobs, pairs=pairs)
    report = folder / "audit"
    result = audit.run(order, report)
    audit.show(result, report, {rule.id: rule for rule in known})
    wrong = [*differences(report, story.story()), *not_looked_into(report)]
    programs.tell(wrong=wrong)
    if wrong:
        for line in wrong:
            screen.error(line)
        raise typer.Exit(1)
    screen.say("  Demo     the findings are exactly the seeded ones: this copy of auditor works here")


def differences(report: Path, troubles: tuple[story.Trouble, ...]) -> list[str]:
    """What the audit found beyond the seeded trouble, and what it did not find, a sentence each."""
    wanted = story.expected(troubles)
    lines = (report / FINDINGS_EXACT).read_text("utf-8").splitlines()
    seeded = {rule for rule, _ in wanted}
    found = {
        (finding["rule"], finding["path"])
        for finding in map(json.loads, lines)
        # Of what is only for information, most counts whole folders.
        if finding["side"] == "source" and (finding["severity"] != "info" or finding["rule"] in seeded)
    }
    extra = [f"found, but not seeded: {rule} at {visible(path)}" for rule, path in sorted(found - wanted)]
    return extra + [f"seeded, but not found: {rule} at {visible(path)}" for rule, path in sorted(wanted - found)]


def not_looked_into(report: Path) -> list[str]:
    """The photos and videos, on the phone and in the backup, whose pictures no decoder of this computer said anything
    of, a sentence each: the demo holds none that may be so."""
    return [
        f"could not be looked into: {visible(row.path)} ({visible(str(row.error or 'the reason is not known'))})"
        for path in sorted(report.glob("*.jsonl"))
        if looks_like_manifest(path)
        for row in load(path).rows()
        if row.kind in (Kind.PHOTO, Kind.VIDEO) and row.soundness in (None, Soundness.NOT_CHECKED)
    ]
