"""What others put into `.auditor`, where nothing is copied to or counted: a photo there must not be passed over."""

from __future__ import annotations

from dataclasses import replace

from auditor.disk.marker import OWN_FOLDER
from auditor.errors import BadPlace
from auditor.model import ErrorKind, Trouble
from auditor.places import Entry, EntryKind, Place
from auditor.places.folder import FolderPlace
from auditor.places.mtp import MtpPlace
from auditor.places.ours import is_ours, may_be_media

_WORDS = "it lies in the folder with this program's own name, which is not looked at; move what is yours out of it"


def strange(place: Place) -> list[Entry]:
    """Every file in `.auditor` at the top of a folder or mounted phone that neither this program nor the system puts
    there, with the reason why nothing is proven of it; nothing for other places."""
    if not isinstance(place, FolderPlace | MtpPlace):
        return []
    here = place.root / OWN_FOLDER
    own = FolderPlace(here, place.spec)
    try:
        if not here.is_dir():
            return [told(Entry(OWN_FOLDER))] if here.is_file() else []
        found = [*own.walk(), *strange(own)]
    except BadPlace as error:
        return [_unseen(str(error))]
    except OSError as error:
        return [_unseen(f"folder: {error.strerror}")]
    # This program makes no links.
    mine = [e for e in found if e.kind is EntryKind.LINK or not is_ours(e.path)]
    return [told(replace(e, path=f"{OWN_FOLDER}/{e.path}")) for e in mine]


def _unseen(reason: str) -> Entry:
    return Entry(OWN_FOLDER, EntryKind.FOLDER, error=Trouble(ErrorKind.UNREADABLE, reason))


def told(entry: Entry) -> Entry:
    """The entry of a strange file in `.auditor`, with the reason why it proves nothing."""
    if entry.kind in {EntryKind.FOLDER, EntryKind.LINK}:  # it says itself why nothing is known of it
        return entry
    kind = ErrorKind.UNREADABLE if may_be_media(entry.path) else ErrorKind.SPECIAL
    return replace(entry, digests={}, error=Trouble(kind, _WORDS))
