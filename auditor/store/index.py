"""What a backup holds: an index small enough for any backup, and the rows of its next generation.

The rows themselves stay in the last generation and stream through once, when the next one is written; what a run adds
or corrects is laid over them.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from operator import itemgetter
from typing import Any

from auditor.dates import HOUR_NS, ZONES_H
from auditor.manifest.jsonl import Manifest
from auditor.model import (
    Damage,
    DigestOrigin,
    ErrorKind,
    FileFacts,
    Fixity,
    Header,
    Origin,
    Soundness,
    Tier,
    Trouble,
)
from auditor.paths import path_key
from auditor.places.trash import in_bin, is_better_at
from auditor.readers.sniff import kind_by_name
from auditor.scan import companions
from auditor.store.generations import Store, left_rows

EMPTY = hashlib.sha256().hexdigest()
"""The digest of no content at all."""

LOST = Trouble(ErrorKind.MISSING, "it was in the backup and is not any more")

FAT_STEP_NS = 2_000_000_000

_WHOLE: dict[str, Any] = {"fixity": None, "stored_sha256": None}

_NO_LONGER_KNOWN: dict[str, Any] = {
    "head_sha256": None,
    "image_sha256": None,
    "coded_sha256": None,
    "phash": None,
    "phash_turned": (),
}


class Change(Enum):
    """What other bytes than were stored mean, by the dates alone."""

    NONE = auto()
    ROT = auto()
    EDIT = auto()


@dataclass(frozen=True, slots=True)
class Held:
    """One row in short. `sha256` is what was stored, None where its bytes were never read; `fixity` why the file is not
    that any more, None where nothing says so. `read_at` "" where it was never read. `broken`: damaged when it was
    stored; `doubtful`: that, or suspicious, or never looked into to the end, so that the source may have more.
    `changed_ns`: when anything of the file was last changed (ctime) as it was read or written; None where its disk does
    not keep that. `overwritten`: the SHA-256 of another file's content that it holds now. `replaced`: what phones
    stored there, the newest first, where an edit in the backup replaced it by `sha256`; empty where none did.
    """

    size_bytes: int | None
    mtime_ns: int | None
    sha256: str | None
    fixity: Fixity | None = None
    read_at: str = ""
    broken: bool = False
    doubtful: bool = False
    overwritten: str | None = None
    replaced: tuple[str, ...] = ()
    changed_ns: int | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing says that the file is not as it was stored."""
        return self.fixity is None

    @property
    def lost(self) -> bool:
        """Whether the file is not there any more."""
        return self.fixity is Fixity.LOST

    def change(self, mtime_ns: int | None, sha256: str) -> Change:
        """What it means that the file has this date and this content now."""
        if self.sha256 in (None, sha256) or sha256 in self.replaced:
            return Change.NONE
        if self.fixity not in (None, Fixity.ROTTED, Fixity.UNREADABLE):  # its date says nothing of these bytes
            return Change.EDIT
        # Where the manifest has no dates, an edit cannot be told from rot: the worse is said.
        same = self.mtime_ns is None or (mtime_ns is not None and same_date(mtime_ns, self.mtime_ns))
        return Change.ROT if same or self.fixity is Fixity.ROTTED else Change.EDIT


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a row's content was before, and what was read of it where it is now."""

    old: str
    size_bytes: int | None
    mtime_ns: int | None
    read_at: str
    changed_ns: int | None


@dataclass(slots=True)
class Index:
    """The backup as its rows tell, for one source.

    `held` by path in the backup; `by_content` the path of a whole copy by SHA-256, `bad` those of rows whose file is
    not what was stored any more; `origins` what each path of this source last held, with where that lies in the backup;
    `sizes` the sizes of whole copies; `read_now` the paths whose bytes were read in this run; `turn` the highest of all
    origins. Empty files are no copies of each other: they are in neither index. Nor is what lies in a bin, which will
    be emptied: it is a copy of what came from a folder of that name (an album), and of nothing else.
    """

    source_id: str
    last: Manifest | None
    held: dict[str, Held] = field(default_factory=dict)
    by_content: dict[str, str] = field(default_factory=dict)
    origins: dict[str, tuple[str, Origin]] = field(default_factory=dict)
    sizes: set[int] = field(default_factory=set)
    bad: dict[str, list[str]] = field(default_factory=dict)
    read_now: set[str] = field(default_factory=set)
    turn: int = 0
    _rows: dict[str, FileFacts] = field(default_factory=dict)  # new and corrected ones
    _more: dict[str, list[Origin]] = field(default_factory=dict)  # origins found for rows that stay as they are
    _facts: dict[str, dict[str, object]] = field(default_factory=dict)  # corrections of rows that stay
    _moved: dict[str, str] = field(default_factory=dict)  # new path -> old path
    _also: dict[str, list[str]] = field(default_factory=dict)  # more whole copies of what is in `by_content`
    _forgot: bool = False
    _last_origins: dict[str, tuple[Origin, ...]] = field(default_factory=dict)  # of rows of `last` that were asked for

    @classmethod
    def read(cls, store: Store, source_id: str) -> Index:
        """The last generation and what killed runs wrote down after it.

        Raises: BadManifest where the last generation is missing or not as it was written.
        """
        last = store.latest()
        index = cls(source_id, last)
        for row in last.rows() if last else ():
            index.note(row)
        for row in left_rows(store):
            if row.digests:
                index.add(row)
            else:
                for origin in row.origins:
                    index.add_origin(row.path, origin)
        index.read_now.clear()
        return index

    def holder(self, source_path: str, sha256: str, place: str) -> str | None:
        """The file of the backup that is a whole copy of this content for a file of the source; None where none is.

        It is the path's own copy of before, else any other. One in a folder that may be a program's own holds nothing
        for a file whose own `place` in the backup is in none: by that copy the phone's file could not go.
        """
        known = self.origins.get(source_path)
        held = self.held.get(known[0]) if known else None
        own = [known[0]] if known and held and held.whole and held.sha256 == sha256 else []
        others = [self.by_content[sha256], *self._also.get(sha256, ())] if sha256 in self.by_content else []
        return next((path for path in (*own, *others) if not is_better_at(place, path, source_path)), None)

    @property
    def changed(self) -> bool:
        """Whether the next generation would differ from the last one."""
        return bool(self._rows or self._more or self._facts or self._moved or self._forgot)

    def knows(self, path: str, mtime_ns: int | None) -> bool:
        """Whether this path of the source was seen with this date, and the file that holds it has a row.

        A run that was killed may have written down the origin of a file whose row it had only in mind.
        """
        known = self.origins.get(path)
        if known is None or mtime_ns is None or known[1].mtime_ns != mtime_ns:
            return False
        held = self.held.get(known[0])
        return held is not None and held.sha256 is not None

    def add(self, row: FileFacts) -> None:
        """A new file of the backup, or a new state of one."""
        for corrections in (self._facts, self._more, self._moved):
            corrections.pop(row.path, None)
        self._rows[row.path] = row
        self.note(row)
        if row.sha256:
            self.read_now.add(row.path)

    def add_origin(self, path: str, origin: Origin) -> None:
        """The backup's file at `path` also has the content of this origin."""
        if row := self._rows.get(path):
            self._rows[path] = replace(row, origins=_with(row.origins, origin))
        else:
            self._more.setdefault(path, []).append(origin)
        self._index_origin(path, origin)

    def take_origins(self, path: str, origins: Iterable[Origin]) -> None:
        """`add_origin` for those that no row has, or only an older one of."""
        here = {(o.source, o.path): o for o in self.origins_at(path)}
        for origin in origins:
            before = here.get((origin.source, origin.path))
            if before is None or before.order < origin.order:
                self.add_origin(path, origin)

    def found(
        self,
        path: str,
        size_bytes: int,
        mtime_ns: int | None,
        sha256: str,
        read_at: str,
        spoilt: str | None = None,
        is_overwritten: bool = False,
        changed_ns: int | None = None,
    ) -> None:
        """The bytes of a file of the backup were read: says so, and whether they are still those of its row.

        `spoilt` says, in words, why other bytes under another date are no edit; None where they are one.
        `is_overwritten`: another file of the backup was stored with these bytes. `changed_ns` as in `Held`.
        """
        held = self.held.get(path)
        self.read_now.add(path)
        when = {"mtime_ns": mtime_ns, "read_at": read_at, "changed_ns": changed_ns}
        read = {"size_bytes": size_bytes, **when, "digests": {"sha256": sha256}}
        stated = {**read, "digest_origin": DigestOrigin.READ, "error": None, "soundness": None, "damage": ()}
        change = held.change(mtime_ns, sha256) if held else Change.NONE
        if held is None:
            self._rows[path] = replace(_row_of(path), **stated)  # type: ignore[arg-type]
        elif change is Change.NONE and sha256 in held.replaced:  # somebody took the edit back
            held = replace(held, replaced=tuple(other for other in held.replaced if other != sha256))
            self._correct(path, **stated, **_NO_LONGER_KNOWN, **_WHOLE, edited=bool(held.replaced), notes=())
        elif change is Change.NONE and (held.sha256 is None or not held.whole):
            self._correct(path, **stated, **_WHOLE)
        elif change is Change.NONE:
            self._correct(path, **when)
        elif is_overwritten:
            bad: dict[str, Any] = {"fixity": Fixity.OVERWRITTEN, "stored_sha256": held.sha256, "notes": ()}
            self._correct(path, **stated, **_NO_LONGER_KNOWN, **bad)
            now = {"size_bytes": size_bytes, **when, "overwritten": sha256}
            self._put(path, replace(held, fixity=Fixity.OVERWRITTEN, **now))  # type: ignore[arg-type]
            return
        elif change is Change.ROT or spoilt is not None:
            fixity = Fixity.ROTTED if change is Change.ROT else Fixity.SPOILT
            detail = f"its bytes changed though its date did not: {held.sha256} was stored, {sha256} was read"
            damage = Damage(fixity.value, detail if change is Change.ROT else spoilt or "")
            bad = {"soundness": Soundness.DAMAGED, "damage": (damage,), "fixity": fixity, "stored_sha256": held.sha256}
            self._correct(path, **{**stated, **bad}, **_NO_LONGER_KNOWN)
            now = {"size_bytes": size_bytes, **when, "overwritten": None}
            self._put(path, replace(held, fixity=fixity, **now))  # type: ignore[arg-type]
            return
        else:
            self._correct(path, **stated, **_NO_LONGER_KNOWN, **_WHOLE, edited=True, notes=())
            held = replace(held, replaced=held.replaced or ((held.sha256,) if held.sha256 else ()))
        if held is None:
            self._put(path, Held(size_bytes, mtime_ns, sha256, read_at=read_at, changed_ns=changed_ns))
        else:
            now = {"size_bytes": size_bytes, **when, "sha256": sha256}
            self._put(path, replace(held, fixity=None, overwritten=None, **now))  # type: ignore[arg-type]

    def lacking(self, held: Held) -> tuple[str, ...]:
        """Of what phones stored and an edit replaced, the contents that no file of the backup holds whole."""
        return tuple(content for content in held.replaced if content not in self.by_content)

    def lost(self, path: str) -> None:
        """A row whose file is gone keeps its origins, and proves nothing any more."""
        held = self.held[path]
        if held.lost:
            return
        self._put(path, replace(held, fixity=Fixity.LOST, overwritten=None))
        bad = {"fixity": Fixity.LOST, "stored_sha256": held.sha256, "error": LOST, "damage": ()}
        self._correct(path, **bad, digests={}, soundness=None, digest_origin=None, **_NO_LONGER_KNOWN)

    def unreadable(self, path: str, reason: str) -> None:
        """This file could not be read, whatever its size and date say: its row keeps its origins, and proves nothing
        until the bytes that were stored are read again."""
        held = self.held[path]
        if held.sha256 is None or not held.whole:
            return
        self._put(path, replace(held, fixity=Fixity.UNREADABLE))
        error = Trouble(ErrorKind.UNREADABLE, reason)
        bad = {"fixity": Fixity.UNREADABLE, "stored_sha256": held.sha256, "error": error, "damage": ()}
        self._correct(path, **bad, digests={}, soundness=None, digest_origin=None, **_NO_LONGER_KNOWN)

    def moved(self, moves: Mapping[str, Moved]) -> None:
        """Rows whose content was found under other names, by these names: they go there, with their origins."""
        held = {new: self.held[move.old] for new, move in moves.items()}
        for move in moves.values():
            self._drop(move.old)
            del self.held[move.old]
            self._facts.pop(move.old, None)
        rows = {new: self._rows.pop(move.old) for new, move in moves.items() if move.old in self._rows}
        self._more.update({new: self._more.pop(m.old) for new, m in moves.items() if m.old in self._more})
        new_of = {move.old: new for new, move in moves.items()}
        first = {move.old: self._moved.pop(move.old, move.old) for move in moves.values()}
        for new, move in moves.items():
            if new in rows:
                self._rows[new] = replace(rows[new], path=new)
            else:
                self._moved[new] = first[move.old]
            when = {"mtime_ns": move.mtime_ns, "read_at": move.read_at, "changed_ns": move.changed_ns}
            now = {"size_bytes": move.size_bytes, **when}
            digests = {"sha256": held[new].sha256}
            read: dict[str, Any] = {"error": None, "digests": digests, "digest_origin": DigestOrigin.READ}
            if not held[new].whole:  # what was said of other bytes is not true of these
                read |= {"soundness": None, "damage": ()}
            self._correct(new, **now, **read, **_WHOLE)
            self._put(new, replace(held[new], **now, fixity=None, overwritten=None))  # type: ignore[arg-type]
            self.read_now.add(new)
        for source_path, (path, origin) in list(self.origins.items()):
            if path in new_of:
                self.origins[source_path] = (new_of[path], origin)

    def merge(self, lost: Mapping[str, str]) -> None:
        """Rows whose file is gone, while other files of the backup hold all that phones stored there: each origin goes
        to a row with its content. Lost path to the first of those others."""
        origins = self.origins_of(set(lost))
        for path, other in lost.items():
            content = self.held[other].sha256
            for origin in origins[path]:
                holder = other if origin.sha256 == content else self.by_content.get(origin.sha256)
                if holder is not None and holder != path:
                    self.add_origin(holder, origin)
            self.forget(path)

    def forget(self, path: str) -> None:
        """There is no such row any more; its origins are those of another one."""
        self._drop(path)
        del self.held[path]
        for corrections in (self._rows, self._facts, self._more, self._moved):
            corrections.pop(path, None)
        self._forgot = True

    def distrust(self, path: str) -> None:
        """This file could not be read in this run: nothing is held by it."""
        self._drop(path)

    def displaced(self, path: str) -> None:
        """What was stored as `path` has another place now. A file that lies there is what it is: a row of its own."""
        held = self.held[path]
        self.forget(path)
        if held.overwritten:
            self.add(
                replace(
                    unread_row(path, held.size_bytes, held.mtime_ns),
                    read_at=held.read_at or None,
                    digests={"sha256": held.overwritten},
                    digest_origin=DigestOrigin.READ,
                    checked=(Tier.HASH,),
                    changed_ns=held.changed_ns,
                )
            )

    def origins_at(self, path: str) -> tuple[Origin, ...]:
        """Every origin of one file, of all sources."""
        return self.origins_of({path})[path]

    def origins_of(self, paths: Set[str]) -> dict[str, tuple[Origin, ...]]:
        """Every origin of some files, of all sources.

        Reads the last generation once for all that repairs ask for, and again only where another row is asked for.
        """
        olds = {path: self._moved.get(path, path) for path in paths if path not in self._rows}
        if not self._last_origins.keys() >= set(olds.values()):
            repairs = {path for path, held in self.held.items() if held.doubtful or not held.whole}
            wanted = {*olds.values(), *(self._moved.get(path, path) for path in repairs)}
            self._last_origins |= dict.fromkeys(wanted, ())
            told = self.last.rows() if self.last else ()
            self._last_origins |= {row.path: row.origins for row in told if row.path in wanted}
        found = {path: FileFacts(path, origins=self._last_origins[old]) for path, old in olds.items()}
        found |= {path: self._rows[path] for path in paths if path in self._rows}
        return {path: self._corrected(row).origins for path, row in found.items()}

    def rows(self) -> Iterator[FileFacts]:
        """The rows of the next generation, in path order."""
        belong = companions.by_name(self.held)
        for row in self._ordered():
            main, sidecar = belong.companion_of.get(row.path), belong.sidecar.get(row.path)
            if (main, sidecar) != (row.companion_of, row.sidecar):
                row = replace(row, companion_of=main, sidecar=sidecar or row.sidecar)
            yield row

    def _ordered(self) -> Iterator[FileFacts]:
        old_paths = {old: new for new, old in self._moved.items()}

        def kept() -> Iterator[tuple[bytes, FileFacts]]:
            arrivals: list[tuple[bytes, FileFacts]] = []
            for row in self.last.rows() if self.last else ():
                if row.path in old_paths:
                    fresh = self._corrected(replace(row, path=old_paths[row.path]))
                    arrivals.append((path_key(fresh.path), fresh))
                elif row.path in self.held and row.path not in self._rows and row.path not in self._moved:
                    yield path_key(row.path), self._corrected(row)
            moved.extend(arrivals)

        moved: list[tuple[bytes, FileFacts]] = []
        if self._moved:  # rare: their place in the order is known only after all were seen
            merged = sorted([*kept(), *moved, *self._new()], key=itemgetter(0))
            yield from (row for _, row in merged)
        else:
            yield from (row for _, row in heapq.merge(kept(), self._new(), key=itemgetter(0)))

    def _new(self) -> list[tuple[bytes, FileFacts]]:
        return sorted(((path_key(p), self._corrected(r)) for p, r in self._rows.items()), key=itemgetter(0))

    def _corrected(self, row: FileFacts) -> FileFacts:
        if facts := self._facts.get(row.path):
            row = replace(row, **facts)  # type: ignore[arg-type]
        for origin in self._more.get(row.path, ()):
            row = replace(row, origins=_with(row.origins, origin))
        return row

    def _correct(self, path: str, **facts: object) -> None:
        self._facts.setdefault(path, {}).update(facts)

    def note(self, row: FileFacts) -> None:
        """Takes a row of the last generation into account."""
        content = row.sha256
        whole = row.fixity is None
        if not whole and row.stored_sha256:
            content = row.stored_sha256
        elif not whole and row.origins and not row.edited:
            content = max(row.origins, key=lambda origin: origin.order).sha256
        held = Held(
            row.size_bytes,
            row.mtime_ns,
            content,
            row.fixity,
            row.read_at or "",
            broken=whole and row.soundness is Soundness.DAMAGED,
            doubtful=whole and row.soundness in {Soundness.DAMAGED, Soundness.SUSPICIOUS},
            overwritten=row.sha256 if row.fixity is Fixity.OVERWRITTEN else None,
            replaced=self._replaced(row, content) if row.edited else (),
            changed_ns=row.changed_ns,
        )
        self._put(row.path, held)
        for origin in row.origins:
            self._index_origin(row.path, origin)

    def _replaced(self, row: FileFacts, content: str | None) -> tuple[str, ...]:
        """What phones stored in a file that holds an edit, `content`, now. What came from no phone is its owner's, and
        nothing could bring it back; a phone may have the edit too."""
        own = self.last.header.place_id if self.last else ""
        phones = [origin for origin in row.origins if origin.source != own and origin.sha256 != content]
        phones.sort(key=lambda origin: origin.order, reverse=True)
        return tuple(dict.fromkeys(origin.sha256 for origin in phones))

    def _index_origin(self, path: str, origin: Origin) -> None:
        self.turn = max(self.turn, origin.turn)
        if origin.source == self.source_id and (in_bin(origin.path) or not in_bin(path)):
            before = self.origins.get(origin.path)
            if before is None or before[1].order <= origin.order:
                self.origins[origin.path] = (path, origin)

    def _put(self, path: str, held: Held) -> None:
        self._drop(path)
        self.held[path] = held
        if held.sha256 is None or held.sha256 == EMPTY or in_bin(path):
            return
        if not held.whole:
            self.bad.setdefault(held.sha256, []).append(path)
            return
        if (other := self.by_content.get(held.sha256)) is None:
            self.by_content[held.sha256] = path
        elif self.held[other].doubtful > held.doubtful:
            self.by_content[held.sha256] = path
            self._also.setdefault(held.sha256, []).append(other)
        else:
            self._also.setdefault(held.sha256, []).append(path)
        if held.size_bytes is not None:
            self.sizes.add(held.size_bytes)

    def _drop(self, path: str) -> None:
        held = self.held.get(path)
        if held is None or held.sha256 is None:
            return
        others = self._also.get(held.sha256, [])
        if path in others:
            others.remove(path)
        elif self.by_content.get(held.sha256) == path:
            del self.by_content[held.sha256]
            if others:
                best = min(others, key=lambda other: self.held[other].doubtful)
                others.remove(best)
                self.by_content[held.sha256] = best
        if path in (bad := self.bad.get(held.sha256, [])):
            bad.remove(path)
            if not bad:
                del self.bad[held.sha256]


def same_date(a_ns: int, b_ns: int) -> bool:
    """Whether two dates are one: equal to FAT's two seconds, or off by whole hours (a zone, daylight saving)."""
    difference = abs(a_ns - b_ns)
    hours, rest = divmod(difference + FAT_STEP_NS, HOUR_NS)
    return rest <= 2 * FAT_STEP_NS and hours <= ZONES_H


def known_columns(header: Header | None) -> tuple[str, ...]:
    """The columns of a manifest, none for none."""
    return header.columns if header else ()


def unread_row(path: str, size_bytes: int | None, mtime_ns: int | None) -> FileFacts:
    """The row of a file of the backup that nobody has read yet."""
    return replace(_row_of(path), size_bytes=size_bytes, mtime_ns=mtime_ns)


def _row_of(path: str) -> FileFacts:
    return FileFacts(path=path, kind=kind_by_name(path))


def _with(origins: Iterable[Origin], fresh: Origin) -> tuple[Origin, ...]:
    kept = [o for o in origins if (o.source, o.path) != (fresh.source, fresh.path)]
    return tuple(sorted([*kept, fresh], key=lambda o: (o.source, path_key(o.path))))
