"""Which place a list for other tools was made of, said in the list: it is no backup of that place; and what else must
not be lost on the way, since another tool's list proves more without it: claimed digests, what it lacks, its age.

The line of our own manifest's header, where each format has room for a remark. Lines of sha256sum have none that every
reader passes over (busybox and toybox take a comment for a file), so this machine keeps in mind what it wrote; only a
list whose digests are claimed, or that lacks something, has the comment there too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from auditor.disk import own_notes, small_files
from auditor.errors import BadManifest
from auditor.manifest.interop.listed import Said
from auditor.manifest.rows import SCHEMA, header_from, header_row
from auditor.model import Header

MARK = "auditor list of "
"""How such a remark begins."""

_NOTES = "exports"
_OF_LIST = ("claimed", "lacks", "finished")


def remark(header: Header, said: Said | None = None) -> str | None:
    """What a list of this place says of it, and of itself: ASCII without line breaks, `--` or `;`. None where there is
    nothing to say."""
    place = _place_of(header)
    row = header_row(place) if place else {}
    row |= {name: value for name in _OF_LIST if said and (value := getattr(said, name))}
    if not row:
        return None
    text = json.dumps(row, sort_keys=True, separators=(",", ":"))
    # No end of an XML comment, and nothing that a spreadsheet takes for the next cell: both occur in texts alone.
    return MARK + text.replace("--", "-\\u002d").replace(";", "\\u003b")


def said_in(remarks: Iterable[str], path: Path) -> Said:
    """What these remarks say. `path` is for the error's sentence.

    Raises: BadManifest where a remark of ours was cut off or changed, or several places are named.
    """
    texts = [text.strip() for text in remarks]
    found = [_said(text.removeprefix(MARK), path) for text in texts if text.startswith(MARK)]
    places = {one.place.place_id: one.place for one in found if one.place}
    if len(places) > 1:
        names = " and ".join(sorted(header.label for header in places.values()))
        raise BadManifest(f"{path} holds lists of several places ({names}); name the list of each by itself")
    return Said(
        next(iter(places.values()), None),
        claimed=any(one.claimed for one in found),
        lacks=max((one.lacks for one in found), default=0),
        finished=min((one.finished for one in found if one.finished), default=None),
    )


def keep(path: Path, content: bytes, header: Header) -> None:
    """Keeps in mind of which place a list is that cannot say so itself."""
    place = _place_of(header)
    if place is None:
        return
    entry = {"file": str(path.resolve()), "header": header_row(place)}

    def fresh(told: object) -> list[Any]:
        return [*(one for one in told if _of(one) != _of(entry)), entry] if isinstance(told, list) else [entry]

    own_notes.change(_NOTES, _key(content), fresh)


def _of(entry: Any) -> object:
    """Which list of which place a note is about: made once more, its note takes the place of the one before."""
    try:
        return entry["file"], entry["header"]["place_id"]
    except (TypeError, KeyError):
        return entry


def recall(path: Path, content: bytes) -> tuple[Header, ...]:
    """The places that a list may have been made of by this machine; none where it does not know.

    Equal places have equal lists. Which of them is meant, the name says under which the list was written last; under
    any other name it may be of any of them.
    """
    told = own_notes.recall(_NOTES).get(_key(content))
    entries: list[Any] = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    here = [one for one in entries if one.get("file") == str(path.resolve())]
    try:
        headers = {found.place_id: found for one in here[-1:] or entries if (found := header_from(one["header"], path))}
    except (BadManifest, KeyError, AttributeError):  # a note that somebody changed says nothing
        return ()
    return tuple(headers.values())


def _place_of(header: Header) -> Header | None:
    """What a header says of its place, and of nothing else; None where the list is another tool's, which says nothing.

    That it is kept elsewhere is left out: so no list counts for more than ours.
    """
    if header.place_kind == "manifest":
        return None
    return replace(header, schema=SCHEMA, columns=(), digests=(), exclusions=(), previous=None, off_site=None)


def _said(text: str, path: Path) -> Said:
    try:
        row = small_files.parse_json(text.encode("utf-8", "surrogatepass"))
        place = header_from(row, path) if "place_id" in row else None
        claimed, lacks, finished = row.get("claimed", False), row.get("lacks", 0), row.get("finished")
        if type(claimed) is not bool or type(lacks) is not int:
            raise ValueError
        if finished is not None and datetime.fromisoformat(finished).tzinfo is None:
            raise ValueError
    except (ValueError, AttributeError, TypeError) as error:
        raise BadManifest(
            f"{path} names the place that it was made of in words that cannot be read; export the list again"
        ) from error
    return Said(place, claimed=claimed, lacks=lacks, finished=finished)


def _key(content: bytes) -> str:
    """The lines, whatever their order and ends."""
    return hashlib.sha256(b"\n".join(sorted(content.splitlines()))).hexdigest()
