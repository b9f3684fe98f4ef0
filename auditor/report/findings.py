"""What the report shows of each rule's findings: rows in display form, and groups of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import Any

from auditor import words as text
from auditor.database import page
from auditor.database.connection import Database
from auditor.database.page import Finding
from auditor.database.safe_to_delete import Stays
from auditor.judge.rules import Rule, message_parts
from auditor.model import Audit, FileVerdict, FindingStatus, Kind, NextStep, RuleOutcome, RuleState, Severity, Verdict

MOST_FINDINGS = 100_000  # in one page, as JSON in columns, which is read when it is asked for
PLAIN_ROWS = 200  # of each rule, as HTML: what print and a browser without scripts have
MOST_GROUPS = 200
_MOST_WAIVED = 1_000


class Beside(StrEnum):
    """What is shown beside a file's own picture."""

    DAMAGED = "Damaged copy"
    WHOLE = "Whole copy"


@dataclass(frozen=True, slots=True)
class Row:
    """One finding as it is shown; every text is visible form. `key` is the exact path, None where it names no file.

    `why` says what is the matter without the file's name, which stands beside it, and is empty where it says no more
    than the title does of all; `message` is the whole sentence.
    `on_phone` is the exact path of the phone's file that is shown: itself or, where it is a damaged file of a backup, a
    whole one; None for none. `taken` is when it was taken or, where that is not known, its file's own date, which says
    so. `copy` is the file of a backup to be shown beside it, as (backup, exact path), and `beside` what that is; None
    where there is none.
    """

    key: str | None
    folder: str
    name: str
    why: str
    message: str
    backup: str
    taken: str
    size_bytes: int | None
    kind: str
    known: bool
    on_phone: str | None
    copy: tuple[str, str] | None = None
    beside: Beside | None = None

    @property
    def size(self) -> str:
        """The size in words."""
        return text.size(self.size_bytes)

    @property
    def part(self) -> str:
        """What the file is, where its name does not say it to everybody; empty for photos and films."""
        return _SAID.get(self.kind, "")


_SAID = {Kind.SIDECAR.value: "edits, stars and captions of its photo"}


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a group of duplicates; `differing` are the names of the facts in which the group's files differ."""

    row: Row
    keep: bool
    relation: str
    reason: str
    facts: tuple[tuple[str, str], ...]
    differing: frozenset[str]


@dataclass(frozen=True, slots=True)
class Section:
    """All that is shown of one rule that found something: `total` counts all, whatever the page holds of them.

    `rows` are the findings that name a file and are in no group (`rows_total` of them in all), `general` the messages
    of those that name none.
    """

    outcome: RuleOutcome
    rule: Rule
    title: str
    total: int
    rows: tuple[Row, ...]
    rows_total: int
    general: tuple[str, ...]
    groups: tuple[tuple[Member, ...], ...]
    groups_total: int

    @property
    def members(self) -> list[Member]:
        """The files of all groups shown, in their order."""
        return [member for group in self.groups for member in group]

    @property
    def plain(self) -> tuple[Row, ...]:
        """The rows that are written as HTML."""
        return self.rows[:PLAIN_ROWS]

    def has(self, column: str) -> bool:
        """Whether any row has something to show there."""
        return any(getattr(row, column) not in ("", None) for row in self.rows)

    @property
    def beside(self) -> Beside | None:
        """What is shown beside the rows' own pictures."""
        return next((row.beside for row in self.rows if row.beside), None)


def failed_rules(audit: Audit, rules: Mapping[str, Rule]) -> list[RuleOutcome]:
    """What found something, worst first, then by number; of equal numbers, first what is in no backup at all."""
    failed = [o for o in audit.outcomes if o.state is RuleState.FAILED and o.findings and o.rule_id in rules]
    return sorted(failed, key=lambda o: worst_first(o, rules[o.rule_id]))


def worst_first(outcome: RuleOutcome, rule: Rule | None) -> tuple[object, ...]:
    """The place of an outcome among others, the same wherever findings are named, as a key to sort by. `rule` is None
    where it is not known here, as one of the user's own."""
    # Of equal numbers: what makes files not safe, before what leaves them unchecked; what has no copy, before the rest.
    family, verdict = (rule.family, rule.verdict) if rule else ("", outcome.verdict)
    of_equals = (verdict is not FileVerdict.NOT_SAFE, family != "completeness", family, outcome.rule_id)
    return list(Severity).index(outcome.severity), -outcome.findings, *of_equals


def next_step(audit: Audit, rules: Mapping[str, Rule]) -> NextStep | None:
    """The one thing to do now; None where there is nothing to do. Its action is the first command of auditor in it. Of
    SAFE it says how much may go from the phone and how, as its CSV says, or what is to be done before anything may."""
    if audit.provenance.get("emptied"):
        return None
    if audit.verdict is Verdict.SAFE:
        return _may_go(audit)
    if not audit.partition.due:
        return NextStep("Is the phone unlocked, and set to File transfer? Then audit again.")
    # What could be tidied up is no way to a better verdict: an old list, say, must be made again first.
    counting = (o for o in failed_rules(audit, rules) if o.severity is Severity.ERROR or rules[o.rule_id].verdict)
    rule = next((rules[outcome.rule_id] for outcome in counting if rules[outcome.rule_id].remedy.strip()), None)
    first = remedy(audit, rule) if rule else _without_a_rule(audit, rules)
    if needed := audit.provenance.get("first"):
        first = f"{needed} {first}"
    if exchanged := audit.provenance.get("maybe_exchanged"):
        # Which of the two is to be done, only a person can say.
        return NextStep(f"{BEFORE} {' '.join(one['remedy'] for one in exchanged)} If not: {first}")
    known: Mapping[str, Sequence[str]] = audit.provenance.get("arguments") or {}
    if away := audit.provenance.get("went_away"):
        # What else was found is for the most part what this has done.
        it, them = ("it was", "it") if len(away) == 1 else ("they were", "them")
        said = f"{' and '.join(away)} went away while {it} read. Connect {them} again, then audit again."
        arguments = (*known["PHONE"], *known["BACKUPS"]) if {"PHONE", "BACKUPS"} <= known.keys() else None
        return NextStep(f"{BEFORE} {said}", "audit", arguments)
    command = _command(rule) if rule else ()
    if not command:
        return NextStep(f"{BEFORE} {first}")
    is_known = all(word in known for word in command if word in _UNKNOWN_PLACES)
    arguments = tuple(one for word in command[1:] for one in known.get(word, (word,))) if is_known else None
    return NextStep(f"{BEFORE} {first}", command[0], arguments)


def _without_a_rule(audit: Audit, rules: Mapping[str, Rule]) -> str:
    """What to do where no check says it: of the lists it is said beside the verdict, of files nowhere but in a table,
    as when rules of the user's own took the place of ours."""
    unknown = (o for o in audit.outcomes if o.state is RuleState.FAILED and o.rule_id not in rules)
    if any(o.findings and o.verdict for o in unknown):
        return (
            "What was found, by checks that are not known here, is in findings.csv, a sentence each. Mend that, then"
            " audit again with the same checks."
        )
    if audit.partition.not_safe or audit.partition.not_checked:
        return (
            "No check says why these files are not proven: files.csv has a reason beside each. Audit again without"
            " rules or a policy of your own, where you named any."
        )
    return "Fix the problems listed above, then audit again."


BEFORE = "Delete nothing on the phone."
"""What is said before every next step of an audit that is not safe."""


def _command(rule: Rule) -> Sequence[str]:
    """The words of the first command of auditor in a rule's remedy, without the program's name; none where none is."""
    commands = (command.split() for command in _COMMAND.findall(rule.remedy))
    return next((words[1:] for words in commands if words[0] == "auditor" and words[1:]), ())


def covered(audit: Audit, zone: tzinfo | None = None) -> str:
    """Of when a verdict is true, and what none says anything of; empty where the time is not known."""
    if not (finished := audit.provenance.get("finished")):
        return ""
    return f"True on {text.moment(str(finished), zone)}. Photos taken since are not covered."


def _may_go(audit: Audit) -> NextStep | None:
    free, unread = _freed(audit)
    places: Mapping[str, str] = audit.provenance.get("words") or {}
    known: Mapping[str, Sequence[str]] = audit.provenance.get("arguments") or {}
    if not free["files"]:
        if not unread:
            return None
        arguments = (*known["SOURCE"], *known["PLACES"]) if {"SOURCE", "PLACES"} <= known.keys() else None
        return NextStep(f"Run {_again(places)}: what is sound may go after it.", "audit", arguments)
    said = f"{text.size(free['size_bytes'])} in {text.counted(free['files'], 'file', 'files')} may go from the phone"
    if "REPORT" not in places:  # redacted: nothing can go by a folder whose names are pseudonyms
        return NextStep(f"{said}.")
    if not free.get("by_clean", True):
        return NextStep(f"{said}: safe-to-delete.csv names them. Delete them on the phone itself.")
    command = _with_places(["auditor", "clean", "REPORT"], places)
    quarantine = "with `--apply` it moves them into a quarantine, and `auditor undo` brings them back"
    words = f"{said}: {command} shows which; {quarantine}."
    if (by_clean := free.get("clean_files", free["files"])) < free["files"]:
        few = f"{text.size(free['clean_bytes'])} in {text.counted(by_clean, 'file', 'files')}"
        words = (
            f"{said}: {command} shows {few} of them, whose copies it can read again; {quarantine}. Delete the others on"
            " the phone itself, as safe-to-delete.csv names them."
        )
    return NextStep(words, "clean", tuple(known["REPORT"]) if "REPORT" in known else None)


def stays(audit: Audit) -> str:
    """How much of what is safe stays on the phone, beside what may go by the next step, why, and what is to be done for
    it; empty where nothing does, the audit is not SAFE or does not know."""
    free, unread = _freed(audit)
    places: Mapping[str, str] = audit.provenance.get("words") or {}
    said = []
    if unread and free["files"]:
        stay = text.counted(unread, "more is safe and stays, as it was", "more are safe and stay, as they were")
        then = f" What is sound may go after {_again(places)}." if "REPORT" in places else ""  # redacted: as above
        said.append(f"{stay} not read and opened in this audit.{then}")
    elif unread:
        stay = text.counted(unread, "file is safe, but was", "files are safe, but were")
        said.append(f"{stay} not read and opened in this audit, so nothing may go by it.")
    others: Mapping[str, int] = audit.provenance.get("stay") or {} if audit.verdict is Verdict.SAFE else {}
    if reasons := _reasons(others, _STAYS):
        said.append(f"{reasons[0]} on the phone in any case: {reasons[1]}.")
    if reasons := _reasons(others, _UNTIL_READ):
        # A cloud that states digests, or a phone that makes them, is read only if this is asked for.
        again = f" What is sound may go after {_again(places, '--depth', 'decode')}." if "REPORT" in places else ""
        said.append(f"{reasons[0]} on the phone: {reasons[1]}.{again}")
    if reasons := _reasons(others, _UNTIL_KNOWN):
        said.append(f"{reasons[0]} on the phone: {reasons[1]}.")
    return " ".join(said)


def _reasons(others: Mapping[str, int], words: Mapping[Stays, tuple[str, str]]) -> tuple[str, str] | None:
    """How many safe files stay for these reasons, and the reasons, with how many each where there are several; None
    where none does."""
    staying = {one: others[one] for one in words if others.get(one)}
    if not (number := sum(staying.values())):
        return None
    why = [text.counted(many, *words[one]) for one, many in staying.items()]
    they = "it" if number == 1 else "they"
    reason = "; ".join(why) if len(why) > 1 else f"{they} {words[next(iter(staying))][number > 1]}"
    return text.counted(number, "safe file stays", "safe files stay"), reason


_STAYS = {
    Stays.NOT_SOUND: ("is damaged on the phone, or looks so", "are damaged on the phone, or look so"),
    Stays.NOT_IDENTICAL: (
        "is in the backup as the same picture, not byte for byte",
        "are in the backup as the same picture, not byte for byte",
    ),
    Stays.SIDECAR: ("holds edits or notes of a photo", "hold edits or notes of photos"),
    Stays.NOT_OPENED: ("is of a kind that no program here opens", "are of kinds that no program here opens"),
    Stays.IN_A_BIN: ("lies in a folder that is called like a bin", "lie in folders that are called like a bin"),
    Stays.IN_A_BACKUP: ("lies in a backup that auditor keeps", "lie in a backup that auditor keeps"),
    Stays.NAME: ("has a name that no table holds exactly", "have names that no table holds exactly"),
    Stays.PARTED: ("belongs to one that stays", "belong to one that stays"),
    Stays.COPIES: ("has too few sound copies to rely on", "have too few sound copies to rely on"),
}
_UNTIL_READ = {
    Stays.READ_ELSEWHERE: (
        "was read by the phone or another program, not here",
        "were read by the phone or another program, not here",
    ),
    Stays.COPIES_READ_ELSEWHERE: (
        "has too few copies that were read here: of others a list or a cloud tells",
        "have too few copies that were read here: of others a list or a cloud tells",
    ),
}
_UNTIL_KNOWN = {
    Stays.MAYBE_PHONE: (
        "has copies only in what may be the phone itself",
        "have copies only in what may be the phone itself",
    ),
}
"""What of a safe file keeps it on the phone: whatever is done, until another audit reads all, and until it is known
which is the phone, which is said with the backup."""


def _again(places: Mapping[str, str], *options: str) -> str:
    """The audit by which more may go: of the places themselves, as of lists no byte can be read."""
    return f"{_with_places(['auditor', 'audit', 'SOURCE', 'PLACES', *options], places)}, which reads and opens all"


def _freed(audit: Audit) -> tuple[Mapping[str, Any], int]:
    """What may go by an audit that is SAFE and knows, and how many files stay for want of reading."""
    free = audit.provenance.get("may_go")
    if audit.verdict is not Verdict.SAFE or free is None:
        return {"files": 0}, 0
    return free, audit.provenance.get("not_read_again") or 0


def remedy(audit: Audit, rule: Rule) -> str:
    """What the rule says is to be done, on one line, with the places of this audit in its commands.

    Words in [ ] stand only where every place that their commands name is known.
    """
    places: Mapping[str, str] = audit.provenance.get("words") or {}

    def where_known(offer: re.Match[str]) -> str:
        commands = [command.split() for command in _COMMAND.findall(offer[1])]
        if not commands:
            return offer[0]
        return f" {offer[1]}" if all(_typed(command, places) is not None for command in commands) else ""

    offered = re.sub(r" \[([^\[\]]*)\]", where_known, " ".join(rule.remedy.split()))
    return _COMMAND.sub(lambda command: _with_places(command[1].split(), places), offered)


_COMMAND = re.compile(r"`((?:auditor|rclone) [^`]*)`")


_UNKNOWN_PLACES = {
    **dict.fromkeys(("PHONE", "SOURCE"), "the phone"),
    **dict.fromkeys(("BACKUP", "BACKUPS", "DEST"), "its backup"),
    "PLACES": "the backups themselves, not lists of them",
    "REMOTE": "the cloud's remote",
    "KEPT": "a backup that auditor made",
    "REPORT": "this report's folder",
}
"""What stands in a rule's commands for a place of the audit, with the words for one that cannot be typed here.

PHONE and BACKUP (BACKUPS: all) are what was audited, places or lists; SOURCE is the phone itself, PLACES all backups
themselves, DEST what can be written to, REMOTE the one cloud as rclone calls it, KEPT a backup that auditor made, and
REPORT the folder of the audit.
"""


def _with_places(command: Sequence[str], places: Mapping[str, str]) -> str:
    """A command as it is typed here; where a place is not known, its name and options, and in words what to name."""
    if (made := _typed(command, places)) is not None:
        return f"`{made}`"
    named = [word for word in command if word in _UNKNOWN_PLACES]
    rest = " ".join(word for word in command if word not in _UNKNOWN_PLACES)
    first, *then = [_UNKNOWN_PLACES[word] for word in named]
    return f"`{rest}` ({first} first, then {then[0]})" if then else f"`{rest}` ({first})"


def _typed(command: Sequence[str], places: Mapping[str, str]) -> str | None:
    """A command as it is typed here; None where a place is not known, or cannot be shown as it is."""
    if any(word in _UNKNOWN_PLACES and word not in places for word in command):
        return None
    made = " ".join(places.get(word, word) for word in command)
    # What would end the code it stands in is better not copied into a shell.
    return made if "`" not in made and text.visible(made) == made else None


def sections(db: Database, audit: Audit, rules: Sequence[Rule]) -> list[Section]:
    """A section for each rule that found something, worst first, then by number."""
    by_id = {rule.id: rule for rule in rules}
    failed = failed_rules(audit, by_id)
    shares = shared_out(MOST_FINDINGS, [outcome.findings for outcome in failed])
    return [_section(db, outcome, by_id[outcome.rule_id], most) for outcome, most in zip(failed, shares, strict=True)]


def shared_out(most: int, wanted: Sequence[int]) -> list[int]:
    """How many of at most so many each of those who want these numbers gets: nobody gets less than another who wants
    more, and nothing is left over that somebody wants."""
    shares = [0] * len(wanted)
    left = most
    for nth, place in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        shares[place] = min(wanted[place], left // (len(wanted) - nth))
        left -= shares[place]
    return shares


def waived(db: Database) -> list[tuple[Row, str, str, str, str]]:
    """The waived findings with rule, reason, by whom and until when; at most a thousand of them."""
    return [
        (
            _row(found),
            text.visible(found.rule),
            text.visible(waiver.reason or ""),
            text.visible(waiver.by or ""),
            text.visible(waiver.expires or ""),
        )
        for found, waiver in page.waived(db, _MOST_WAIVED)
    ]


def _section(db: Database, outcome: RuleOutcome, rule: Rule, most: int) -> Section:
    rows, general, grouped = [], [], []
    says_more = any(is_column and words != "path" for words, is_column in message_parts(rule.message))
    for found in page.findings(db, outcome.rule_id, most):
        row = _row(found, says_more)
        if row.key is None:
            general.append(row.message)
        else:
            rows.append(row)
            if found.evidence and '"group"' in found.evidence:
                grouped.append((row, found.evidence))
    groups = _groups(grouped)
    together = {id(member.row) for group in groups for member in group}
    single = [row for row in rows if id(row) not in together]
    return Section(
        outcome,
        rule,
        text.visible(rule.title(outcome.findings)),
        outcome.findings,
        tuple(single),
        len(single) + outcome.findings - len(rows) - len(general),
        tuple(general),
        tuple(groups[:MOST_GROUPS]),
        len(groups),
    )


def _row(found: Finding, says_more: bool = True) -> Row:
    """A finding as it is shown; its rule `says_more` of each than that it is one."""
    path, size_bytes, on_source = found.path, found.size_bytes, found.side == "source"
    if found.evidence and size_bytes is None and not on_source and '"size_bytes"' in found.evidence:
        size_bytes = _whole(json.loads(found.evidence).get("size_bytes"))
    message = found.message
    if found.detail and found.detail not in message:
        said = found.detail.removesuffix(".")
        message = f"{message[:-1]} ({said})." if message.endswith(".") else f"{message} ({said})"
    # Where a file's detail is only this sentence again, it says no more than the heading does.
    why = message if says_more else "" if found.detail == found.message else found.detail or ""
    folder, slash, name = (path or "").rpartition("/")
    copy, beside = found.copy_path or (path if found.side == "backup" else None), Beside.DAMAGED
    where = found.backup
    if found.whole_backup and found.whole_path:
        where, copy, beside = found.whole_backup, found.whole_path, Beside.WHOLE
    shown_beside = (where, copy) if where and copy else None
    return Row(
        path,
        text.visible(folder + slash),
        text.visible(name),
        text.visible(_without_name(why, path) if path else why),
        text.visible(message),
        text.visible(found.backup or ""),
        _dated(found),
        size_bytes,
        found.kind or "",
        found.status == FindingStatus.KNOWN,
        path if on_source else found.phone_path,
        shown_beside,
        beside if shown_beside else None,
    )


def _without_name(message: str, path: str) -> str:
    """What a message says of a file whose name stands beside it."""
    left = message.removeprefix(f"{path} ").removeprefix(f"{path}: ").replace(f"The copy of {path}", "Its copy")
    return re.sub(rf"(?<!\S){re.escape(path)}(?!/)", "this file", left)  # it may be a folder: what is in it has a name


def _dated(found: Finding) -> str:
    if found.taken_at:
        return text.taken(found.taken_at)
    return f"{text.taken(found.mtime)} (file)" if found.mtime else ""


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None


_PLACE_WORDS: dict[Any, str] = {True: "place known", False: "no place"}
_FACTS = ("size", "pixels", "format", "taken", "place")


def _groups(grouped: Sequence[tuple[Row, str]]) -> list[tuple[Member, ...]]:
    """The groups that the evidence names, in the order of their first file; in each the kept file first."""
    gathered: dict[str, list[tuple[Row, dict[str, Any]]]] = {}
    for row, evidence in grouped:
        facts = json.loads(evidence)
        gathered.setdefault(str(facts.get("group")), []).append((row, facts))
    return [_group(members) for members in gathered.values() if len(members) > 1]


def _group(members: list[tuple[Row, dict[str, Any]]]) -> tuple[Member, ...]:
    shown = [(row, evidence, _facts(row, evidence)) for row, evidence in members]
    differing = frozenset(name for name in _FACTS if len({facts.get(name) for _, _, facts in shown}) > 1)
    made = [
        Member(
            row,
            evidence.get("keep") in ("yes", True),
            text.visible(str(evidence.get("relation") or "")),
            text.visible(str(evidence.get("reason") or "")),
            tuple(facts.items()),
            differing,
        )
        for row, evidence, facts in shown
    ]
    return tuple(sorted(made, key=lambda member: not member.keep))


def _facts(row: Row, evidence: dict[str, Any]) -> dict[str, str]:
    """What is compared at a glance. Of the place only whether it is known: positions are not for a report."""
    width, height = _whole(evidence.get("width")), _whole(evidence.get("height"))
    size_bytes = row.size_bytes if row.size_bytes is not None else _whole(evidence.get("size_bytes"))
    facts = {
        "size": text.size(size_bytes),
        "pixels": f"{width} \u00d7 {height}" if width and height else "",
        "format": text.visible(str(evidence.get("format") or "")),
        "taken": text.taken(evidence.get("taken_at")) or row.taken,
        "place": _PLACE_WORDS.get(evidence.get("has_place"), ""),
    }
    return {name: value for name, value in facts.items() if value}
