"""The two sides of an audit: what each PLACE of the command line names, and that they are places apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.errors import BadPlace, BadPolicy
from auditor.manifest.interop import foreign
from auditor.manifest.jsonl import Manifest, load, looks_like_manifest
from auditor.model import Header
from auditor.places import Place, nesting, trash
from auditor.places.adb import AdbPlace
from auditor.places.folder import FolderPlace
from auditor.places.mtp import MtpPlace
from auditor.places.nesting import within
from auditor.places.recorded import recorded_place
from auditor.places.spec import open_place
from auditor.words import visible


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an audit: a place to list now, a list made before, or a list in another tool's form. One is set.

    `listed` says of which place a list was made, in either form; None of a place, and where the list does not say.
    `label` is what people are told it is called. `own_label` is what it calls itself where the user calls it otherwise,
    None where not: fingerprints may know it by that one. `names` are those by which a policy may mean it: the user's,
    and what it calls itself, without a number that tells it from another one here.
    """

    spec: str
    label: str
    place: Place | None = None
    manifest: Manifest | None = None
    foreign: Path | None = None
    listed: Header | None = None
    own_label: str | None = None
    names: frozenset[str] = frozenset()


def side(spec: str) -> Side:
    """What a PLACE of the command line names: a list made before (by its content), or a place.

    Raises: BadPlace where there is none; BadManifest where it is a list that was cut off or changed, or may be of
    several places.
    """
    path = Path(spec)
    if looks_like_manifest(path):
        manifest = load(path)
        return Side(spec, manifest.header.label, manifest=manifest, listed=manifest.header)
    if foreign.detect(path):
        listed = foreign.said_of_one(path).place
        return Side(spec, listed.label if listed else path.stem, foreign=path, listed=listed)
    place = open_place(spec)
    return Side(spec, place.label, place=place)


def sides(
    source: str,
    backups: Sequence[str],
    name_of: Callable[[str], str | None] = lambda spec: None,
    given: Collection[str] = (),
) -> tuple[Side, tuple[Side, ...]]:
    """The two sides of an audit, labelled as `labelled` does.

    Raises: BadPlace where two of them are one place, or one lies in another: what is in both would count twice.
    """
    ours = side(source)
    theirs: list[Side] = []
    for spec in backups:
        other = side(spec)
        _must_be_apart(ours, other)
        for earlier in theirs:
            _must_be_two(earlier, other)
        theirs.append(other)
    return labelled(ours, theirs, name_of, given)


def labelled(
    source: Side, backups: Sequence[Side], name_of: Callable[[str], str | None], given: Collection[str] = ()
) -> tuple[Side, tuple[Side, ...]]:
    """Both sides, each under the user's name for it where `name_of` gives one for its spec, else as it calls itself;
    each backup under a label of its own. `given` are the names that the user gave to any place: one of a place that
    is not here means none of these, only because that calls itself so."""
    names = [name_of(one.spec) for one in backups]
    elsewhere = set(given).difference(filter(None, names))
    own: list[str] = []
    labels: list[str] = []
    for one, name in zip(backups, names, strict=True):
        own.append(_free(one.label, own))
        labels.append(name or _free(one.label, {*labels, *filter(None, names)}))
    theirs = [
        replace(_called(one, label, its), names=frozenset(filter(None, (name, one.label))) - elsewhere)
        for one, name, label, its in zip(backups, names, labels, own, strict=True)
    ]
    return _called(source, name_of(source.spec) or source.label, source.label), tuple(theirs)


def off_site(backups: Sequence[Side], named: Collection[str]) -> frozenset[str]:
    """The labels of the backups that a policy names as kept elsewhere; a name of none of them may be that of another
    audit's.

    Raises: BadPolicy where several have one such name: taken in the order of the command line, it would be any.
    """
    found: set[str] = set()
    for name in named:
        so_called = [one for one in backups if name in one.names]
        if len(so_called) > 1:
            places = " and ".join(visible(one.spec) for one in so_called)
            raise BadPolicy(
                f"`[backups] off_site` of the policy names {visible(name)}, and {len(so_called)} of the backups are"
                f" called so ({places}); give the one that is kept elsewhere a name of its own, with `auditor config"
                " add NAME PLACE --role backup`, and write that name into the policy"
            )
        found |= {one.label for one in so_called}
    return frozenset(found)


def _called(one: Side, label: str, own: str) -> Side:
    return replace(one, label=label, own_label=None if label == own else own)


def _free(label: str, taken: Collection[str]) -> str:
    """The label, or with a number behind it, where others have it."""
    return next(name for name in (label, *(f"{label} ({n})" for n in range(2, 1000))) if name not in taken)


def _must_be_apart(source: Side, backup: Side) -> None:
    if _same(source, backup):
        raise BadPlace(f"{source.spec} and {backup.spec} are the same place: a backup must be another copy")
    if told := _on_one_phone(source, backup):
        raise BadPlace(f"{told}: what is lost with the phone is no backup of it. Name one on a disk, a stick or a NAS")
    if _lies_in(source, backup):
        raise BadPlace(f"the source {source.spec} lies inside its backup {backup.spec}; name places that are apart")
    if _lies_in(backup, source):
        raise BadPlace(f"the backup {backup.spec} lies inside the source {source.spec}; name places that are apart")


def _must_be_two(one: Side, other: Side) -> None:
    if _same(one, other):
        are_there = one.place is not None and other.place is not None
        if are_there or one.spec == other.spec or (_lies_in(one, other) and _lies_in(other, one)):
            raise BadPlace(f"{other.spec} is named twice; name each backup once")
        raise BadPlace(
            f"{one.spec} and {other.spec} are of one backup, or of a backup and a copy of its whole disk, which no list"
            " tells: name the folders themselves, or only one of the two"
        )
    if told := _on_one_phone(one, other):
        raise BadPlace(f"{told}, so they are one copy; name one of them")
    for inner, outer in ((one, other), (other, one)):
        if _lies_in(inner, outer):
            raise BadPlace(
                f"the backup {inner.spec} lies inside the backup {outer.spec}, so they are one copy; name one of them"
            )


def _same(one: Side, other: Side) -> bool:
    """Whether both are one place. Of two folders only where they lie says so: a copied backup keeps its id."""
    if isinstance(one.place, FolderPlace) and isinstance(other.place, FolderPlace):
        return _lies_in(one, other) and _lies_in(other, one)
    return _identity(one) == _identity(other)


def _on_one_phone(one: Side, other: Side) -> str | None:
    """That both are of the same phone, whatever the folders; None where they are not, and where only the rows tell."""
    kinds = [side.place.kind if side.place else side.listed.place_kind if side.listed else "" for side in (one, other)]
    if not set(kinds) <= {"adb", "mtp"}:
        return None
    phones = [_phone(side) for side in (one, other)]
    if None not in phones:
        return f"{one.spec} and {other.spec} are of the same phone" if phones[0] == phones[1] else None
    if kinds[0] != kinds[1] or one.label != other.label:
        return None
    older = (one if phones[0] is None else other).spec
    return (
        f"{one.spec} and {other.spec} may be of the same phone ({older} does not say of which; make it again with"
        " `auditor scan`)"
    )


def _phone(one: Side) -> str | None:
    if isinstance(one.place, AdbPlace | MtpPlace):
        return one.place.phone
    return one.listed.device.phone if one.listed and one.listed.device else None


def _lies_in(inner: Side, outer: Side) -> bool:
    ours, theirs = place_behind(inner), place_behind(outer)
    return ours is not None and theirs is not None and within(ours, theirs)


def will_be_emptied(one: Side) -> bool:
    """Whether a place, or the one that a list was made of, lies as a whole in a bin or a quarantine."""
    there = place_behind(one)
    recorded = re.sub(r"[\\:]", "/", one.listed.place) if one.listed is not None else ""
    return (there is not None and nesting.will_be_emptied(there)) or trash.will_be_emptied(f"{recorded}/")


def homes(backup: Side) -> tuple[str, ...]:
    """Where in a backup a phone's own folders lie, by its record, each with `/` behind it; its top always."""
    there = place_behind(backup)
    return tuple(dict.fromkeys(("", *(there.homes if isinstance(there, FolderPlace) else ()))))


def place_behind(one: Side) -> Place | None:
    """The place, or the folder, archive or export that a list was made of, where that is still there."""
    if one.place is None and one.listed is not None:
        return recorded_place(one.listed.place_kind, one.listed.place, one.listed.place_id)
    return one.place


def _identity(one: Side) -> str:
    if one.place is not None:
        return one.place.id
    if one.listed is not None and one.listed.place_id:
        return one.listed.place_id
    if one.manifest is not None:
        return one.manifest.footer.digest
    return str(one.foreign and one.foreign.resolve())
