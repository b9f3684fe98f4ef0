"""What others put into `.auditor`, where nothing is copied to or counted: a photo there must not be passed over."""

from __future__ import annotations

from dataclasses import replace

from auditor.disk.marker import OWN_FOLDER
from auditor.errors import BadPlace
from auditor.model import ErrorKind, Trouble
from auditor.places import Entry, EntryKind, Place
from auditor.places.folder import FolderPlace
from auditor.places.mtp import MtpPlace
from auditor.places.ours import is_ours

_WORDS = "it lies in the folder with this program's own name, which is not looked at; move what is yours out of it"


def strange(place: Place) -> list[Entry]:
    """Every file in `.auditor` at the top of a folder or mounted phone that neither this program nor the system puts
    there, with the reason why nothing is proven of it; nothing for other places."""
    if not isinstance(place, FolderPlace | MtpPlace) or not (place.root / OWN_FOLDER).is_dir():
        return []
    own = FolderPlace(place.root / OWN_FOLDER, place.spec)
    try:
        found = [*own.walk(), *strange(own)]
    except BadPlace as error:
        return [Entry(OWN_FOLDER, EntryKind.FOLDER, error=Trouble(ErrorKind.UNREADABLE, str(error)))]
    return [told(replace(e, path=f"{OWN_FOLDER}/{e.path}")) for e in found if not is_ours(e.path)]


def told(entry: Entry) -> Entry:
    """The entry of a strange file in `.auditor`, with the reason why it proves nothing."""
    if entry.kind is EntryKind.FOLDER:
        return entry
    kind = ErrorKind.UNREADABLE if _may_be_media(entry.path) else ErrorKind.SPECIAL
    return replace(entry, digests={}, error=Trouble(kind, _WORDS))
