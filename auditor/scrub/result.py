"""A scrub's verdict: one word, one sentence, one exit code; the screen, the JSON and the app say the same."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model import Verdict
from auditor.places.trash import LIES_IN_ONE
from auditor.scrub.verify import BAD, Choice, Verified
from auditor.store.changes import Fate
from auditor.words import count, counted

NOT_LOOKED_AT = "what is on a phone, and whether pictures that are as stored can be opened"
"""What no scrub says anything of."""

_WORST_FIRST = (Fate.LOST, Fate.OVERWRITTEN, Fate.SPOILT, Fate.ROTTED, Fate.EXCHANGED)
assert set(_WORST_FIRST) == set(BAD)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a scrub says of a backup by itself, the sentence without its sign.

    `verdict` SAFE: every file is as it was stored; None: those that were read are, which says nothing of the others.
    """

    verdict: Verdict | None
    sentence: str
    exit_code: int


def conclude(verified: Verified, choice: Choice) -> Conclusion:
    """NOT SAFE beats CANNOT SAY. New and moved files are told and change nothing.

    An edit is CANNOT SAY: the version that was stored is not here any more, and no scrub knows whether a phone has it.
    """
    found = _of_files(verified, choice)
    if verified.lies_in_bin:
        words = f"The backup {LIES_IN_ONE}: nothing in it is a copy. {found.sentence}"
        return Conclusion(Verdict.NOT_SAFE, words, 1)
    return found


def _of_files(verified: Verified, choice: Choice) -> Conclusion:
    counts = verified.counts
    read = verified.read
    if sum(counts[fate] for fate in BAD):
        found = ", ".join(f"{count(counts[fate])} {fate}" for fate in (*_WORST_FIRST, Fate.EDITED) if counts[fate])
        looked_at = counted(read + counts[Fate.LOST] + counts[Fate.MOVED], "file", "files")
        return Conclusion(Verdict.NOT_SAFE, f"{found}, of {looked_at} looked at.", 1)
    if verified.chain:
        wrong = len(verified.chain)
        of = "1 of the backup's manifests is" if wrong == 1 else f"{count(wrong)} of the backup's manifests are"
        return Conclusion(Verdict.NOT_SAFE, f"{of} not right.", 1)
    edited, moved = counts[Fate.EDITED], counts[Fate.MOVED]
    if counts[Fate.UNREADABLE]:
        unread = counted(counts[Fate.UNREADABLE], "file", "files")
        return Conclusion(Verdict.CANNOT_SAY, f"{unread} could not be read; {count(read + moved)} could.", 3)
    if edited:
        return Conclusion(Verdict.CANNOT_SAY, _edited(edited, max(0, read + moved - edited)), 3)
    if not (read or moved) and choice.everything:
        return Conclusion(Verdict.CANNOT_SAY, "Nothing was there to be compared with what was stored.", 3)
    but = f"; {count(moved)} {'was' if moved == 1 else 'were'} moved within the backup" if moved else ""
    good = "1 file was read, and is as it was" if read == 1 else f"{count(read)} files were read, and are as they were"
    if moved and not read:
        these = "1 file was" if moved == 1 else f"{count(moved)} files were"
        as_it_was = "is as it was" if moved == 1 else "are as they were"
        sentence = f"{these} read under another name in the backup, and {as_it_was} stored."
        return Conclusion(None if counts[Fate.NOT_READ] else Verdict.SAFE, sentence, 0)
    if not read:
        return Conclusion(None, f"Nothing was due to be read: no file was looked into{but}.", 0)
    return Conclusion(None if counts[Fate.NOT_READ] else Verdict.SAFE, f"{good} stored{but}.", 0)


def _edited(edited: int, others: int) -> str:
    """What an edit means: its stored version may be nowhere else."""
    if edited == 1:
        these = "1 file was edited since it was stored, and the version that was stored is not here any more"
    else:
        these = f"{count(edited)} files were edited since they were stored, and those versions are not here any more"
    rest = {0: "", 1: "; the other one is as it was stored"}.get(others, f"; the other {count(others)} are as stored")
    return f"{these}{rest}."
