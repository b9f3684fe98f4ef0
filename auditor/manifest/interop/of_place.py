"""Which place a list for other tools was made of, said in the list: it is no backup of that place.

The line of our own manifest's header, where each format has room for a remark. Lines of sha256sum have none that every
reader passes over (busybox and toybox take a comment for a file), so this machine keeps in mind what it wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from auditor.disk import own_notes, small_files
from auditor.errors import BadManifest
from auditor.manifest.rows import SCHEMA, header_from, header_row
from auditor.model import Device, Header

_MARK = "auditor list of "
_NOTES = "exports"


def remark(header: Header) -> str | None:
    """What a list of this place says of it: ASCII without line breaks, `--` or `;`. None where it is not known."""
    place = _place_of(header)
    if place is None:
        return None
    text = json.dumps(header_row(place), sort_keys=True, separators=(",", ":"))
    # No end of an XML comment, and nothing that a spreadsheet takes for the next cell: both occur in texts alone.
    return _MARK + text.replace("--", "-\\u002d").replace(";", "\\u003b")


def place_in(remarks: Iterable[str], path: Path) -> Header | None:
    """The place that one of these remarks names; None where none does. `path` is for the error's sentence.

    Raises: BadManifest where a remark of ours was cut off or changed, or several places are named.
    """
    found: dict[str, Header] = {}
    for text in remarks:
        text = text.strip()
        if text.startswith(_MARK):
            header = _header(text.removeprefix(_MARK), path)
            found[header.place_id] = header
    if len(found) > 1:
        names = " and ".join(sorted(header.label for header in found.values()))
        raise BadManifest(f"{path} holds lists of several places ({names}); name the list of each by itself")
    return next(iter(found.values()), None)


def keep(path: Path, content: bytes, header: Header) -> None:
    """Keeps in mind of which place a list is that cannot say so itself."""
    place = _place_of(header)
    if place is None:
        return
    known = own_notes.recall(_NOTES)
    entry = {"file": str(path.resolve()), "header": header_row(place)}
    told = known.get(_key(content))
    others = [one for one in told if one != entry] if isinstance(told, list) else []
    own_notes.keep(_NOTES, known | {_key(content): [*others, entry]})


def recall(path: Path, content: bytes) -> Header | None:
    """The place that a list was made of by this machine; None where it does not know.

    Equal places have equal lists. Which of them is meant, the name says under which the list was written last; under
    any other name it is known only where all were made of one place.
    """
    told = own_notes.recall(_NOTES).get(_key(content))
    entries: list[Any] = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    here = [one for one in entries if one.get("file") == str(path.resolve())]
    try:
        headers = {found.place_id: found for one in here[-1:] or entries if (found := header_from(one["header"], path))}
    except (BadManifest, KeyError, AttributeError):  # a note that somebody changed says nothing
        return None
    return next(iter(headers.values())) if len(headers) == 1 else None


def _place_of(header: Header) -> Header | None:
    """What a header says of its place, and of nothing else; None where the list is another tool's, which says nothing.

    The disk is left out: without the numbers of its files, which no other format holds, nothing follows from it.
    """
    if header.place_kind == "manifest":
        return None
    is_phone = header.device is not None and header.device.is_phone
    device = Device(is_phone=True) if is_phone else None
    return replace(
        header, schema=SCHEMA, columns=(), digests=(), exclusions=(), previous=None, off_site=None, device=device
    )


def _header(text: str, path: Path) -> Header:
    try:
        return header_from(small_files.parse_json(text.encode("utf-8", "surrogatepass")), path)
    except (ValueError, AttributeError) as error:
        raise BadManifest(
            f"{path} names the place that it was made of in words that cannot be read; export the list again"
        ) from error


def _key(content: bytes) -> str:
    """The lines, whatever their order and ends."""
    return hashlib.sha256(b"\n".join(sorted(content.splitlines()))).hexdigest()
