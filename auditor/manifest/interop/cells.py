"""What a cell of another tool's table says of its file, by the sort of question that its column asks."""

from __future__ import annotations

import re
from collections.abc import Set
from enum import Enum

from auditor.model import DIGESTS, Kind
from auditor.readers import kind_by_name


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
    *("pending", "queued", "skip", "dry", "unallocated"),
}
"""Words that say of a file that it is not there, or not as it was, where a cell says nothing else."""
_BESIDE_AGAINST = frozenset(
    {
        *("left", "right", "source", "target", "file", "copy", "found", "there", "in", "on", "from", "the", "is"),
        *("backed", "up", "uploaded", "copied", "connected", "yet", "run", "d"),
        *("was", "recently", "items", "marker", "phone", "nas", "cloud", "server", "disk", "drive", "backup"),
    }
)
_NOES = frozenset({"no", "false", "falsch", "faux", "falso", "onwaar", "nein", "non"})
NO_PLACE = _NOES | {"none", "never"}
"""Words that say so where a title asks for a file, its name or its place."""

_GOOD = frozenset(
    {
        *("ok", "okay", "verified", "valid", "validated", "pass", "passed", "success", "successful"),
        *("successfully", "succeeded", "match", "matches", "matched", "matching", "identical", "equal", "same", "good"),
        *("copied", "complete", "completed", "present", "done", "unchanged", "uploaded", "synced"),
        *("synchronized", "transferred", "saved", "stored", "finished", "intact", "correct", "confirmed"),
        *("✓", "✔", "✅"),
    }
)
_BESIDE_GOOD = frozenset(
    {*("hash", "hashes", "checksum", "checksums", "digest", "digests", "file", "copy", "and", "all", "is", "checked")}
    | {*DIGESTS, "fully", "upload", "sync", "transfer", "verification"}
)
_GOOD_PHRASES = frozenset({"up to date", "up-to-date", "backed up"})
_YES = frozenset({"yes", "true", "wahr", "vrai", "vero", "verdadero", "waar", "ja", "oui", "sí"})
_ONE = frozenset({"1", "1.0", "100%", "100.0%"})
_NO = _NOES | {"0", "0.0", "ok", "no error", "no errors"}
ANSWERS = _YES | _NOES | {"0", "1"}
"""What answers whether something is so."""
NOTHING = frozenset({"", "-", "none", "n/a", "null", "nan"})
"""What stands in a cell, in small letters, in which nothing stands."""

DIGEST = re.compile("[0-9a-f]{8,128}")
SIZE = re.compile(r"(?=.*[1-9])[0-9][0-9., ]*([kmgt]?i?b|bytes)?")
_MIME = re.compile(r"(application|audio|image|text|video)/[\w.+-]+")
_SORTS = frozenset(
    {
        *(
            "file",
            "photo",
            "picture",
            "image",
            "video",
            "movie",
            "film",
            "live",
            "screenshot",
            "document",
            "regular",
            "f",
        ),
        *("quicktime", "videodatei", "portable", "network", "graphics", "data", "standard", "iphone", "apple", "adobe"),
        *("canon", "nikon", "sony", "fujifilm", "olympus", "panasonic", "samsung", "jfif"),
        *("datei", "bild", "foto", "fichier", "archivo", "imagen", "immagine", "bestand", "bestandstyp", "type", "typ"),
    }
)
"""Words that say what sort of file one is."""
_OF_SPREADSHEETS = re.compile(r"#[¡¿]?[^\W\d]\w*(/\w+)?[!?]?")

_CALENDAR = frozenset(
    {
        *("t", "z", "am", "pm", "utc", "gmt", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar"),
        *("apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "january", "february", "march", "april"),
        *("june", "july", "august", "september", "october", "november", "december"),
    }
)
_LEAST_DIGITS_OF_A_DATE = 5
_MOST_DIGITS_OF_A_DATE = 19
_YEAR_FIRST_OR_ALONE = frozenset({4, 8, 14})
"""How many digits a year has, a day with its year, and a second of such a day."""
_SECONDS_AT_1990 = 631_152_000
_FILETIMES = range(122_756_256_000_000_000, 200_000_000_000_000_000)
"""From 1990 on, in tenths of a millionth of a second since 1601, as Windows counts."""
_MOST_SECONDS = 100_000_000_000
"""What is more is no number of seconds, but of thousandths of them, or smaller."""
_SHORT_DATE = re.compile(r"(?<!\d)\d{1,2}([./-])\d{1,2}\1(0[2-9]|[1-6]\d)(?!\d)")


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
    if len(found[0]) > _MOST_DIGITS_OF_A_DATE:
        return False
    since = int(found[0])
    if since in _FILETIMES:
        return True
    while since >= _MOST_SECONDS:
        since //= 1000
    return since >= _SECONDS_AT_1990


def is_against(said: str, against: Set[str]) -> bool:
    """Whether a cell says nothing but that a file is not there, or not as it was."""
    told = set(re.findall(r"[^\W_]+", said))
    return bool(told & against) and told <= against | _BESIDE_AGAINST


def is_no_name(said: str) -> bool:
    """Whether a cell that is to name a file says, in small letters, that there is none: `#n/a`, as a spreadsheet writes
    for what it did not find, in any language, or words."""
    says_none = re.search(r"[\\/]", said) is None and is_against(said, AGAINST | NO_PLACE)
    return said in NOTHING or says_none or _OF_SPREADSHEETS.fullmatch(said) is not None


def is_sort_of_file(said: str) -> bool:
    """Whether a cell, in small letters, says nothing but of what sort a file is: `image/jpeg`, `jpg`, `JPEG image`."""
    told = re.findall(r"[^\W_]+", said)
    is_known = all(word in _SORTS or word.isdigit() or kind_by_name(f"x.{word}") is not Kind.OTHER for word in told)
    return _MIME.fullmatch(said) is not None or (bool(told) and is_known)
