"""What earlier builds wrote into their lists as sentences, read as what today's columns hold."""

from __future__ import annotations

from dataclasses import replace

from auditor.model import DigestOrigin, ErrorKind, FileFacts, Fixity, Trouble

_EDITED = "edited in the backup"
_OVERWRITTEN = "overwritten: it holds what was stored as "
_STORED = "sha256 as stored: "
_UNDATED = "the destination could not keep its date; the manifest has it"
_OF_THE_COPY = (_EDITED, _OVERWRITTEN, _STORED, _UNDATED)


def with_fixity(facts: FileFacts) -> FileFacts:
    """A backup's row as the first two schemas had it: notes, damage codes and the error told its fixity."""
    said = tuple(note for note in facts.notes if note.startswith(_OF_THE_COPY))
    stored = next((note.removeprefix(_STORED) for note in said if note.startswith(_STORED)), None)
    codes = {damage.code for damage in facts.damage}
    fixity = None
    if facts.error_kind is ErrorKind.MISSING and (facts.origins or stored):
        fixity = Fixity.LOST
    elif any(note.startswith(_OVERWRITTEN) for note in said):
        fixity = Fixity.OVERWRITTEN
    elif facts.error_kind is ErrorKind.UNREADABLE and stored:
        fixity = Fixity.UNREADABLE
    elif bad := codes & {Fixity.ROTTED.value, Fixity.SPOILT.value}:
        fixity = Fixity(max(bad))
    if fixity is None and not said:
        return facts
    notes = tuple(note for note in facts.notes if note not in said)
    stored = stored if fixity is not None else None
    return replace(facts, notes=notes, fixity=fixity, stored_sha256=stored, edited=_EDITED in said)


def digest_origin(value: str) -> DigestOrigin:
    """The first schema did not say how a service came by a digest, so it counts as claimed."""
    return DigestOrigin.CLAIMED if value == "service" else DigestOrigin(value)


def trouble(sentence: str, *, is_read: bool) -> Trouble:
    """The first schema said the kind with the first words of the sentence, and did not tell apart what could not be
    read and what was read and could not be decoded."""
    for start, kind in _FIRST_WORDS.items():
        if sentence.startswith(start):
            if kind is ErrorKind.UNREADABLE and is_read:
                kind = ErrorKind.UNDECODABLE
            return Trouble(kind, sentence.partition(": ")[2])
    return Trouble(ErrorKind.UNDECODABLE, sentence)


_FIRST_WORDS = {
    "unreadable: a link to a folder outside, which the archive": ErrorKind.NOT_HELD,
    "unreadable: a link to a folder outside": ErrorKind.LINK,
    "unreadable: a link ": ErrorKind.LINK_TO_FILE,
    "unreadable: ": ErrorKind.UNREADABLE,
    "unsupported: a link ": ErrorKind.ALIAS,
    **{f"unsupported: a {what}": ErrorKind.SPECIAL for what in ("FIFO", "socket", "device")},
    "unsupported: not ": ErrorKind.SPECIAL,
    "unsupported: the decoder": ErrorKind.UNDECODABLE,
    "unsupported: ": ErrorKind.UNSUPPORTED,
    "refused: ": ErrorKind.REFUSED,
    "trashed: ": ErrorKind.TRASHED,
    "shared: ": ErrorKind.SHARED,
    "missing: ": ErrorKind.MISSING,
    "lost: ": ErrorKind.MISSING,
}
"""The longer beginnings stand before the shorter ones."""
