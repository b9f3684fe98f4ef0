"""One page to print, sign and file: who audited what, when and how, the verdict, and by what it can be checked.

It is made after the audit was sealed, and lies beside its folder: so it can name the digest of SHA256SUMS, and the
signature and time-stamp over it, which nothing within the folder can.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from auditor import words as text
from auditor.disk.folder import Folder
from auditor.errors import BadOutput
from auditor.judge import rules as ruling
from auditor.judge.signs import SIGNS
from auditor.model import RuleState, Verdict
from auditor.report import SEAL, findings, html, provenance
from auditor.report.chain import Checked, LinkState
from auditor.report.signatures import Statement

MOST_FINDINGS, MOST_CAVEATS, MOST_BACKUPS = 12, 3, 3
"""So many are named: all of it has to fit on one page. How many more there are is said. Where findings leave room,
what limits the verdict has it: a caveat takes as much as four of them, which stand in two columns."""


def write(
    folder: Path,
    record: Mapping[str, Any],
    seals: Sequence[Statement],
    before: Iterable[Checked],
    path: Path,
    zone: tzinfo | None = None,
) -> None:
    """Writes the page of an audit's folder that was checked and is whole. `record` is what its audit.json holds,
    `seals` and `before` what was found of its signatures and of the audits before it; `zone` is that of the dates,
    None for this machine's.

    Raises: BadOutput where the file is there already, lies in the folder, or cannot be written.
    """
    if path.resolve().is_relative_to(folder.resolve()):
        raise BadOutput(f"{path} would lie in the audit's folder, which is sealed; name a file elsewhere")
    verdict = Verdict(record["verdict"])
    rules = {rule.id: rule for rule in ruling.load()}
    failed = sorted(
        (provenance.outcome_told(one) for one in record["rules"] if one["state"] == RuleState.FAILED),
        key=lambda one: findings.worst_first(one, rules.get(one.rule_id)),
    )
    caveats = MOST_CAVEATS + max(0, MOST_FINDINGS - len(failed)) // 4
    page = (
        html.environment(zone)
        .get_template("certificate.html.j2")
        .render(
            **html.assets(("report.css", "certificate.css"), ()),
            record=record,
            proof=record["provenance"],
            folder=folder.absolute().name,
            verdict=verdict,
            sign=SIGNS[verdict],
            state=verdict.lower().replace(" ", "-"),
            found=[(_name(one.rule_id, rules.get(one.rule_id)), one.findings) for one in failed],
            most={"findings": MOST_FINDINGS, "caveats": caveats, "backups": MOST_BACKUPS},
            checks=len([one for one in record["rules"] if one["state"] in (RuleState.PASSED, RuleState.FAILED)]),
            seal=provenance.sealed_file(folder / SEAL).sha256,
            seals=[text.visible(one.words) for one in seals],
            unchanged=len([one for one in before if one.state is LinkState.UNCHANGED]),
        )
    )
    try:
        with Folder.open(path.parent) as door:
            if door.there(path.name) is not None:
                raise BadOutput(f"{path} is there already; nothing is written over. Name another with --certificate")
            door.write_new(path.name, page.encode())
    except OSError as error:
        raise BadOutput(f"{path} cannot be written: {error.strerror or error}") from error


def _name(rule_id: str, rule: ruling.Rule | None) -> str:
    return rule.name if rule else rule_id.replace("-", " ").capitalize()
