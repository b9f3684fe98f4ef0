"""What a cell of another tool's table says of its file, by the sort of question that its column asks."""

from __future__ import annotations

import re
from collections.abc import Set
from enum import Enum

from auditor.model import DIGESTS
from auditor.places.trash import in_bin


class Asks(Enum):
    """What a column asks of its file."""

    HOW = "how it went"
    CODE = "with which number it ended, of which 0 is good"
    IF_GOOD = "whether it went well"
    IF_BAD = "whether it went wrong"
    REMARK = "what else there is to say"
    DATE = "when, by a word that can ask whether"
    IF_DONE = "whether or when it was done"


OUTCOMES = {
    **dict.fromkeys(("status", "state", "result", "results", "action", "outcome", "verification", "verify"), Asks.HOW),
    **dict.fromkeys(("validation", "check", "integrity", "fixity", "comparison", "compare", "condition"), Asks.HOW),
    **dict.fromkeys(("verdict", "health", "copy", "backup", "sync", "upload", "transfer"), Asks.HOW),
    **dict.fromkeys(("exit", "return", "returncode", "rc", "errno", "exitcode"), Asks.CODE),
    **dict.fromkeys(("verified", "valid", "validated", "match", "matches", "matched", "exists"), Asks.IF_GOOD),
    **dict.fromkeys(("successful", "succeeded", "copied", "passed", "pass", "checked", "ok", "good"), Asks.IF_GOOD),
    **dict.fromkeys(("present", "readable", "found", "uploaded", "synced", "synchronized", "complete"), Asks.IF_GOOD),
    **dict.fromkeys(("completed", "done", "identical", "equal", "same", "transferred", "saved"), Asks.IF_GOOD),
    **dict.fromkeys(("success", "intact", "correct", "confirmed", "unchanged", "safe"), Asks.IF_GOOD),
    **dict.fromkeys(("error", "errors", "failed", "fail", "fails", "failure", "failures", "mismatch"), Asks.IF_BAD),
    **dict.fromkeys(("mismatches", "mismatched", "missing", "deleted", "removed", "trashed", "corrupt"), Asks.IF_BAD),
    **dict.fromkeys(("corrupted", "corruption", "damaged", "damage", "broken", "bad", "invalid"), Asks.IF_BAD),
    **dict.fromkeys(("different", "differs", "difference", "differences", "changed", "altered", "lost"), Asks.IF_BAD),
    **dict.fromkeys(("skipped", "ignored", "excluded", "incomplete", "truncated", "unreadable"), Asks.IF_BAD),
    **dict.fromkeys(("unverified", "conflict", "conflicts", "warning", "warnings"), Asks.IF_BAD),
    **dict.fromkeys(("message", "messages", "note", "notes", "comment", "comments", "remark"), Asks.REMARK),
    **dict.fromkeys(("remarks", "detail", "details", "reason", "info", "description"), Asks.REMARK),
    **dict.fromkeys(("modified", "created", "accessed", "taken", "captured"), Asks.DATE),
    **dict.fromkeys(("added", "imported"), Asks.IF_DONE),
}

AGAINST = frozenset(word for word, asks in OUTCOMES.items() if asks is Asks.IF_BAD) | {
    *("only", "recycle", "trash", "bin", "absent", "gone", "not", "nowhere", "delete", "deletion", "tombstone"),
}
"""Words that say of a file that it is not there, or not as it was, under whatever title."""
_BESIDE_AGAINST = frozenset(
    {
        *("left", "right", "source", "target", "file", "copy", "found", "there", "in", "the", "is", "was"),
        *("recently", "items", "marker"),
    }
)
NO_PLACE = frozenset({"no", "none", "false", "never"})
"""Words that say so where a title asks for a file, its name or its place."""
_OF_PROGRAMS = frozenset(
    {
        *("pending", "queued", "scheduled", "retry", "retrying", "skip", "skipped", "err", "error", "errors", "failed"),
        *("fail", "fails", "failure", "failures", "mismatch", "mismatches", "mismatched", "timeout", "denied"),
        *("cancelled", "canceled", "aborted", "unreachable", "unavailable", "unreadable", "unverified", "incomplete"),
        *("truncated", "corrupt", "corrupted", "cannot", "deleted", "removed", "trashed"),
        *("fehlt", "fehler", "fehlgeschlagen"),
    }
)
"""Words by which programs say that there is no copy, and of which no folder has its name."""
_NOT_YET = _OF_PROGRAMS | {
    *("waiting", "later", "todo", "unknown", "exists", "without", "offline", "mounted", "connected", "yet"),
}
"""Words that say so where a title asks for the place of a copy."""

_GOOD = frozenset(
    {
        *("ok", "okay", "original", "verified", "valid", "validated", "pass", "passed", "success", "successful"),
        *("successfully", "succeeded", "match", "matches", "matched", "matching", "identical", "equal", "same", "good"),
        *("copied", "complete", "completed", "present", "done", "hashed", "unchanged", "uploaded", "synced"),
        *("synchronized", "transferred", "saved", "stored", "finished", "intact", "correct", "confirmed"),
        *("✓", "✔", "✅"),
    }
)
_BESIDE_GOOD = frozenset(
    {*("hash", "hashes", "checksum", "checksums", "digest", "digests", "file", "copy", "and", "all", "is", "checked")}
    | {*DIGESTS, "fully", "upload", "sync", "transfer", "verification"}
)
_GOOD_PHRASES = frozenset({"up to date", "up-to-date", "backed up"})
_OF_SENTENCES = (
    _GOOD
    | _BESIDE_GOOD
    | {
        *("to", "in", "on", "at", "by", "from", "for", "could", "be", "been", "access", "space", "backup", "target"),
        *("mounted", "connected", "connect", "allowed", "permitted", "responding", "supported", "selected", "required"),
    }
)
"""Words that make a sentence of what may be the name of a folder: `Not copied`, but `Not yet sorted`."""
_YES = frozenset({"yes", "true"})
_ONE = frozenset({"1", "1.0", "100%", "100.0%"})
_NO = frozenset({"no", "false", "0", "0.0", "ok", "no error", "no errors"})
NOTHING = frozenset({"", "-", "none", "n/a", "null", "nan"})
"""What stands in a cell, in small letters, in which nothing stands."""

DIGEST = re.compile("[0-9a-f]{8,128}")
SIZE = re.compile(r"(?=.*[1-9])[0-9][0-9., ]*([kmgt]?i?b|bytes)?")
_ID = re.compile(r"(?=.*[1-9])([\w-]+|[\w=+!-]{6,}|[\w=+/!-]{20,})")
"""Of letters and figures; in that of a cloud there may be a few marks, and in a long one a slash as well."""

_CALENDAR = frozenset(
    {
        *("t", "z", "am", "pm", "utc", "gmt", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar"),
        *("apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "january", "february", "march", "april"),
        *("june", "july", "august", "september", "october", "november", "december"),
    }
)
_LEAST_DIGITS_OF_A_DATE = 5
_YEAR_FIRST_OR_ALONE = frozenset({4, 8, 14})
"""How many digits a year has, a day with its year, and a second of such a day."""
_SECONDS_AT_1990 = 631_152_000
_MOST_SECONDS = 100_000_000_000
"""What is more is no number of seconds, but of thousandths of them, or smaller."""
_SHORT_DATE = re.compile(r"(?<!\d)\d{1,2}([./-])\d{1,2}\1(0[2-9]|[1-6]\d)(?!\d)")

_ROOTED = re.compile(r"([a-z]:|~|\.\.?)?[\\/].*\w.*|[a-z][a-z0-9+.-]*://\S.*", re.DOTALL)
_DRIVE = re.compile("[a-z]:")
_ABBREVIATED = re.compile(r"\w/\w([\s-].*)?", re.DOTALL)
"""As in n/d, s/o, w/o copy, and 1/2."""
_FAILED = re.compile(r"#[¡¿]?[^\W\d]\w*(/\w+)?[!?]?")
_LEAST_OF_A_NAME = 3
_WITH_SUFFIX = re.compile(r".*\w\.(?=[0-9]?[a-z])[a-z0-9]{2,5}", re.DOTALL)


def answers_well(said: str, asked: Asks) -> bool:
    """Whether a cell, in small letters, answers what its column asks in a way that is known to be good."""
    match asked:
        case Asks.HOW:
            return _is_good(said) or said in _YES
        case Asks.CODE:
            return said in {"0", "0.0", "ok", "success"}
        case Asks.IF_GOOD:
            return _is_good(said) or said in _YES or said.replace(" ", "") in _ONE
        case Asks.IF_BAD:
            return said in _NO or said in NOTHING
        case Asks.REMARK:
            return said in NOTHING or said in _NO or _is_good(said)
        case Asks.DATE:
            return said in NOTHING or is_date(said)
        case Asks.IF_DONE:
            return answers_well(said, Asks.IF_GOOD) or is_date_of_work(said)


def _is_good(said: str) -> bool:
    """Whether all words are known, and one of them is good; of a `?` or a figure nobody knows what it means."""
    words = set(re.split(r"[\s,;:/&_.()+-]+", said)) - {""}
    return said in _GOOD_PHRASES or (bool(words & _GOOD) and words <= _GOOD | _BESIDE_GOOD)


def is_date(said: str) -> bool:
    """Whether a cell holds a date, or seconds since one."""
    letters = set(re.findall(r"[^\W\d_]+", said))
    digits = [c for c in said if c.isdigit()]
    return len(digits) >= _LEAST_DIGITS_OF_A_DATE and set(digits) != {"0"} and letters <= _CALENDAR


def is_date_of_work(said: str) -> bool:
    """Whether a cell holds a date at which a program can have done something: one of 1990 or later.

    For "never" programs write the first day that they know: of the year 1, 1601, 1899, 1970 or 1980.
    """
    if not is_date(said) or said.startswith("-"):
        return False
    if (found := re.search(r"\d{4,}", said)) is None:
        return _SHORT_DATE.search(said) is not None
    if len(found[0]) in _YEAR_FIRST_OR_ALONE:
        return re.match(r"199|20", found[0]) is not None
    since = int(found[0])
    while since >= _MOST_SECONDS:
        since //= 1000
    return since >= _SECONDS_AT_1990


def is_against(said: str, against: Set[str]) -> bool:
    """Whether a cell says nothing but that a file is not there, or not as it was."""
    told = set(re.findall(r"[^\W_]+", said))
    return bool(told & against) and told <= against | _BESIDE_AGAINST


def is_failed_formula(said: str, own: str) -> bool:
    """Whether a cell may be what a spreadsheet writes for what it did not find: `#N/A`, in any language.

    `own` is the path of the row's file: neither its name, as `#1.jpg`, nor a folder that it lies in is such an error.
    """
    if not said.startswith("#"):
        return False
    parts, names = _parts(said), _parts(own)
    is_of_own = parts[-1] == names[-1] or parts == names[: len(parts)]
    return not is_of_own or bool(_FAILED.fullmatch(said) and not _WITH_SUFFIX.fullmatch(names[-1]))


def is_id(said: str) -> bool:
    """Whether a cell holds the number or name of a copy, not that of an error."""
    told = set(re.findall(r"[^\W_]+", said))
    return _ID.fullmatch(said) is not None and not told & _OF_PROGRAMS and not _lacks(said)


def is_there(said: str, own: str, *, in_folder: bool) -> bool:
    """Whether a cell says where a copy lies: by a path or the name of a file, or in a word that is known to be good.

    `own` is the path of the row's file, whose name needs no suffix; `in_folder` says that a folder is asked for, which
    may have any name. What lies in a bin is no copy.
    """
    if said in NOTHING or _lacks(said) or in_bin(said.replace("\\", "/") + ("/" if in_folder else "")):
        return False
    name = _parts(own)[-1]
    is_long = len(name) >= _LEAST_OF_A_NAME
    if _is_good(said) or said in _YES or _ROOTED.fullmatch(said) or (is_long and said in {own, name}):
        return True
    if _tells_of_failure(said, in_folder=in_folder):
        return False
    if _WITH_SUFFIX.fullmatch(said) or (is_long and _parts(said)[-1] == name):
        return True
    is_drive = _DRIVE.fullmatch(said) is not None
    has_name = any(c.isalpha() for c in said) or re.search("[0-9]{4}", said) is not None
    return in_folder and (is_drive or (len(said) > 1 and has_name and not _ABBREVIATED.fullmatch(said)))


def _tells_of_failure(said: str, *, in_folder: bool) -> bool:
    """Whether a cell says in a sentence that a copy is not there. A folder may be called `Bad Homburg` or `lost+found`,
    and the file in it is there; what is said of a file alone has no such word, if it is not its name."""
    first, *further = _parts(said)
    told = set(re.findall(r"[^\W_]+", first))
    if ": " in said:
        return True
    if not told & (AGAINST | NO_PLACE | _NOT_YET):
        return False
    is_sentence = bool(told & (_OF_PROGRAMS | _OF_SENTENCES)) or re.search(r"\s[\\/]", said) is not None
    return is_sentence or not (further or in_folder)


def _lacks(said: str) -> bool:
    """Whether a cell says nothing but that a copy is not there, or not yet, with whatever number."""
    return is_against(re.sub("[0-9]+", " ", said), AGAINST | NO_PLACE | _NOT_YET)


def _parts(path: str) -> list[str]:
    """The folders and the name of a path of any system."""
    return re.split(r"[\\/]", path)
