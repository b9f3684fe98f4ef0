"""A report that may leave the house: names, folders, places and people as pseudonyms, times to their day, and nothing
else of what the lists know.

What the report is made of is rewritten before any of it is drawn, so that pages, tables and record say the same.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from auditor.database import headers, redaction
from auditor.database.connection import Database
from auditor.database.redaction import Hidden
from auditor.disk import own_notes
from auditor.judge import policy as policies
from auditor.judge.policy import Policy
from auditor.judge.rules import Rule, message_parts
from auditor.model import Audit, RuleOutcome, RuleState
from auditor.readers.sniff import format_by_name
from auditor.words import counted

_NOTE = "redaction"
_LETTERS = 10
"""Of a pseudonym: fifty bits, so that a million names hardly ever share one."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_COUNTED = re.compile(r"(All|The 1|Nothing was proven: all|[\d,]+ of) .*")
"""How the verdict's sentences begin that are made of numbers alone."""
_COUNTED_TOO = re.compile(
    r"(None of the|[\d,]+) (things?|files? could|photos? (and|or) videos?|left out) [a-z\d ,:;()]+\."
)
"""Sentences beside a verdict that are made of numbers alone: none names a place."""
_FACTS = ("width", "height", "size_bytes")
_OURS = ("source_files", "depth", "waivers", "baseline", "not_read_again", "stay", "may_go", "emptied")
_OURS_TOO = ("other_files", "left_out_files", "unopened_files")
"""What the record says in numbers and in words of ours alone."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """What stands for names: under one key the same for the same name, always; nobody tells the name by it who does not
    have the key."""

    key: bytes

    def of(self, name: str, word: str) -> str:
        """The pseudonym of a name: `backup-k3f9qm2xva`."""
        digest = hmac.digest(self.key, f"{word}\0{name}".encode("utf-8", "surrogatepass"), "sha256")
        return f"{word}-{base64.b32encode(digest).decode().lower()[:_LETTERS]}"

    def backup(self, name: str) -> str:
        """That of a backup. A phone that is called the same has another one."""
        return self.of(name, "backup")

    def path(self, path: str) -> str:
        """That of a path, folder by folder. Files of one name but for their ending still have one name; the ending
        stays where it says what the file is."""
        *folders, name = path.split("/")
        stem, dot, ending = name.rpartition(".")
        is_known = bool(dot and stem) and format_by_name(f"x.{ending}") is not None
        file = f"{self.of(stem, 'file')}.{ending.lower()}" if is_known else self.of(name, "file")
        return "/".join((*(self.of(folder, "folder") if folder else "" for folder in folders), file))


def own_key() -> bytes:
    """This computer's key: made once, kept in the user's own folder, and in no report. Where it cannot be kept, it is
    another one every time."""
    made = secrets.token_bytes(32)
    own_notes.change(_NOTE, "key", lambda there: there if _is_key(there) else made.hex())
    kept = str(own_notes.recall(_NOTE).get("key"))
    return bytes.fromhex(kept) if _is_key(kept) else made


def _is_key(kept: object) -> bool:
    return re.fullmatch("[0-9a-f]{64}", str(kept)) is not None


def redacted(
    audit: Audit,
    db: Database,
    rules: Iterable[Rule],
    policy: Policy,
    not_read: Sequence[Mapping[str, Any]],
    names: Pseudonyms,
) -> tuple[Audit, Policy, list[dict[str, Any]]]:
    """Rewrites what a report is made of: the tables in place, and what it is given, `not_read` being what
    `provenance.not_read_now` said. Only the texts of rules stay as they are written."""
    hidden = {
        Hidden.DAY: _day,
        Hidden.PATH: names.path,
        Hidden.PHONE: lambda text: names.of(text, "phone"),
        Hidden.BACKUP: names.backup,
        Hidden.BACKUPS: lambda text: "; ".join(map(names.backup, text.split("; "))),
        Hidden.PERSON: lambda text: names.of(text, "person"),
        Hidden.EVIDENCE: lambda text: _evidence(text, names),
        Hidden.TOOL: lambda text: text if re.fullmatch(r"auditor [\d.]+", text) else "another tool",
    }
    redaction.hide(db, hidden, {rule.id: tuple(_message(rule)) for rule in rules})
    told = audit.provenance
    provenance: dict[str, Any] = {name: told[name] for name in (*_OURS, *_OURS_TOO) if name in told}
    provenance |= {name: _day(str(told[name])) for name in ("started", "finished") if told.get(name)}
    source, *backups = headers.told(db)
    provenance |= {"source": source.label, "backups": [one.label for one in backups]}
    provenance |= {"by": names.of(str(told["by"]), "person")} if told.get("by") else {}
    kept = [said for said in audit.caveats if _COUNTED_TOO.fullmatch(said)]
    number = len(audit.caveats) - len(kept)
    left_out = counted(number, "sentence that may name places is", "sentences that may name places are")
    return (
        replace(
            audit,
            sentence=audit.sentence if _COUNTED.fullmatch(audit.sentence) else _NOT_COUNTED,
            outcomes=tuple(map(_outcome, audit.outcomes)),
            caveats=(
                _REDACTED,
                *((f"{left_out} left out here: what the verdict does not say.",) if number else ()),
                *kept,
            ),
            limits=(),
            provenance=provenance,
        ),
        replace(
            policy,
            id=policy.id if policy.id in policies.names() else "own",
            params={name: value for name, value in policy.params.items() if _is_number(value)},
        ),
        [
            {
                **one,
                "backup": names.backup(one["backup"]) if one["backup"] else None,
                "oldest": _day(one["oldest"]) if one["oldest"] else None,
            }
            for one in not_read
        ],
    )


_REDACTED = (
    "In this report names, folders and places are pseudonyms, and times are days. Pictures, positions and digests of"
    " files are left out."
)
_NOT_COUNTED = "The reason for this verdict names places; it stands in the report that was not redacted."


def _day(stamp: str) -> str:
    return stamp[:10] if _DATE.match(stamp) else ""


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def _evidence(text: str, names: Pseudonyms) -> str:
    told = json.loads(text) if text else {}
    kept: dict[str, Any] = {name: told[name] for name in _FACTS if _is_number(told.get(name))}
    if told.get("group") is not None:
        kept |= {"group": names.of(str(told["group"]), "group"), "keep": told.get("keep") in ("yes", True)}
    kept |= {
        name: names.path(str(told[name])) for name in ("backup_path", "whole_path", "phone_path") if told.get(name)
    }
    kept |= {"whole_backup": names.backup(str(told["whole_backup"]))} if told.get("whole_backup") else {}
    return json.dumps(kept, separators=(",", ":"))


def _message(rule: Rule) -> Iterable[str | None]:
    """A rule's sentence on one file in pieces, None being its path; its name where the sentence says more."""
    parts = list(message_parts(rule.message))
    if any(is_column and words != "path" for words, is_column in parts):
        return [f"{rule.name}."]
    return [None if is_column else words for words, is_column in parts]


def _outcome(outcome: RuleOutcome) -> RuleOutcome:
    if outcome.state is RuleState.NOT_RUN or outcome.reason is None:
        return outcome
    return replace(outcome, reason="why stands in the report that was not redacted")
