"""Which place is the phone, and which is the backup: a wrong order must not be believed, advised or written.

What a place says of itself decides: the record that a backup keeps, and the marks of a phone. What the two hold does
not: a backup with more in it than the phone is what is left after the phone was cleared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor.audit.inputs import Side
from auditor.disk import marker as markers
from auditor.places import Place
from auditor.places.folder import FolderPlace
from auditor.places.mtp import mount_around
from auditor.report.text import typed, visible

_PHONES = ("adb", "mtp")
_PHONE_FOLDERS = ("DCIM", "Android")
"""What lies at the top of every Android phone's storage and of a card that one has used."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a place says of itself. `ids` are the names by which a backup knows it as a source, those of the folders
    around it too; none of a backup's own. `sources` are those whose files it holds by its own record, label by id.

    `is_kept`: it is a backup with such a record. `is_phone`: the way to it leads to a phone. `looks_like_phone`: its
    folders are a phone's, as those of a copy by hand are too. `holds`: that nothing is there yet, in words; "" for all
    else: an unmounted disk or a mistyped name looks so.
    """

    spec: str
    label: str
    ids: frozenset[str] = frozenset()
    sources: Mapping[str, str] = field(default_factory=dict)
    is_kept: bool = False
    is_phone: bool = False
    looks_like_phone: bool = False
    holds: str = ""


def role(side: Side) -> Role:
    """What one side of an audit is, place or list; another tool's list says nothing."""
    if side.place is not None:
        return role_of(side.place)
    if side.manifest is None:
        return Role(side.spec, side.label)
    header = side.manifest.header
    sources = header.sources or {}
    ids = frozenset[str]() if sources else frozenset({header.place_id})
    is_phone = header.place_kind in _PHONES or bool(header.device and header.device.is_phone)
    return Role(side.spec, side.label, ids, sources, bool(sources), is_phone, is_phone)


def role_of_folder(root: Path, spec: str) -> Role:
    """What a folder of this machine is, which need not be there yet."""
    there = next((folder for folder in (root, *root.parents) if folder.is_dir()), root)
    is_phone = mount_around(there) is not None
    holds = "a new folder"
    if there == root:
        try:
            holds = "" if any(root.iterdir()) else "an empty folder"
        except OSError:  # said where it is listed
            holds = ""
    return replace(role_of(FolderPlace(root, spec)), is_phone=is_phone, holds=holds)


def role_of(place: Place) -> Role:
    """What a place is."""
    if not isinstance(place, FolderPlace):
        is_phone = place.kind in _PHONES
        return Role(place.spec, place.label, frozenset({place.id}), is_phone=is_phone, looks_like_phone=is_phone)
    around = [FolderPlace(folder, place.spec) for folder in (place.root, *place.root.parents)]
    kept = next((one for one in around if markers.is_kept(one.root)), None)
    looks = any(_is_of_phone(place.root, folder) for folder in (place.root, *place.root.parents))
    ids = frozenset(one.location_id for one in around)
    sources = kept.sources if kept else None
    return Role(place.spec, place.label, ids, sources or {}, kept is not None, looks_like_phone=looks)


def role_of_root(root: Path) -> Role:
    """What a folder is that a backup was seen in."""
    return role_of_folder(root, str(root))


def _is_of_phone(root: Path, folder: Path) -> bool:
    """Whether a folder has those of a phone, and `root` is it or lies in one of them."""
    inside = root.relative_to(folder).parts[:1]
    return (not inside or inside[0] in _PHONE_FOLDERS) and all((folder / name).is_dir() for name in _PHONE_FOLDERS)


def exchanged(source: Role, backup: Role) -> str | None:
    """Why the two stand in the wrong order, as the beginning of a sentence; None where nothing says so.

    Not the wrong order: a backup of a backup, and two phones (has the new one all that the old one had?).
    """
    if source.is_kept:
        if backup.ids & source.sources.keys():
            return f"{source.spec} is the backup that auditor keeps of {backup.spec}"
        if backup.is_phone or (backup.looks_like_phone and not backup.is_kept):
            return f"{source.spec} is a backup that auditor keeps, and {backup.spec} looks like a phone"
    elif backup.is_phone and not source.looks_like_phone:
        return f"{backup.spec} is a phone, and {source.spec} is none"
    return None


def refusal_of_audit(source: Role, backup: Role) -> str | None:
    """Why an audit in this order would say nothing of the phone, with the right command; None where it is right."""
    if why := exchanged(source, backup):
        right = f"auditor audit {typed(backup.spec)} {typed(source.spec)}"
        return f"{why}: the phone comes first, then its backups. Run `{right}`"
    return None


def refusal_of_backup(source: Role, dest: Role) -> str | None:
    """Why nothing is written to `dest`, with the right command; None where it may be."""
    if why := exchanged(source, dest):
        right = f"auditor backup {typed(dest.spec)} {typed(source.spec)}"
        back = f"; to bring its files back: `auditor restore {typed(source.spec)} FOLDER`" if source.is_kept else ""
        return f"{why}: nothing is written to it. To back up the phone run `{right}`{back}"
    if dest.is_phone:
        return f"{dest.spec} is a phone: a backup on it goes with it. Name a folder on a disk, a stick or a NAS"
    if dest.looks_like_phone and not (dest.is_kept or source.looks_like_phone):
        has = " and ".join(_PHONE_FOLDERS)
        return (
            f"{dest.spec} looks like a phone's storage or card, for it has {has}: a backup on it goes with it. Name a"
            " folder of your own there if this is meant"
        )
    return None


def refusal_of_init(folder: Role, backups: Iterable[Role]) -> str | None:
    """Why a folder is not made a backup of its own; None where it may be. `backups` are those that were seen here."""
    why, or_else = None, ""
    if folder.is_phone:
        why = "is a phone"
    elif folder.is_kept:
        return None
    elif folder.looks_like_phone:
        why = f"looks like a phone's storage or card, for it has {' and '.join(_PHONE_FOLDERS)}"
        or_else = ". If it is a copy that you made, move it into a new folder and name that one"
    elif kept := next((one for one in backups if one.is_kept and folder.ids & one.sources.keys()), None):
        why = f"is the phone that {kept.spec} is a backup of"
    if why is None:
        return None
    return (
        f"{folder.spec} {why}: nothing is written to it, and a phone is never its own backup. To back it up run"
        f" `auditor backup {typed(folder.spec)} FOLDER` with a folder on a disk, a stick or a NAS"
        f"{or_else}"
    )


def with_phone(command: str, sources: Mapping[str, str], backup: str) -> str:
    """`auditor COMMAND` for the phone of a backup, in words: the record has its label, which is no path, and where it
    was mounted nobody wrote down."""
    labels = list(sources.values())
    which = f"the phone ({visible(labels[0])})" if len(labels) == 1 else "the phone"
    return f"`auditor {command}` with {which} first and then {visible(typed(backup))}"


def named(source: Role, backups: Iterable[Role]) -> list[str]:
    """Both sides as a person is told them before the work begins, one line each."""
    return [f"Phone:   {_shown(source)}", *(f"Backup:  {_shown(backup)}" for backup in backups)]


def _shown(one: Role) -> str:
    of = f", auditor's backup of {', '.join(one.sources.values())}" if one.sources else ""
    label = "" if one.spec.rstrip("/").endswith(one.label) else f" ({one.label})"
    return visible(f"{one.spec}{label}{of}{', ' * bool(one.holds)}{one.holds}")
