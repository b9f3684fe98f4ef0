"""What a backup holds: an index small enough for any backup, and the rows of its next generation.

The rows themselves stay in the last generation and stream through once, when the next one is written; what a run adds
or corrects is laid over them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from operator import itemgetter
from typing import Any

from auditor import companions
from auditor.copier.ledger import Ledger, left_rows
from auditor.manifest.jsonl import Manifest
from auditor.manifest.rows import path_key
from auditor.model import Damage, Depth, DigestOrigin, ErrorKind, FileFacts, Header, Origin, Soundness, Trouble
from auditor.readers.sniff import kind_by_name

ROTTED = "rotted"
"""Damage code: same date, other bytes than were stored."""

SPOILT = "spoilt"
"""Damage code: another date and other bytes, but no edit: it is empty now, or damaged where it was not."""

EDITED = "edited in the backup"
STORED = "sha256 as stored: "
"""Begins the note that keeps a bad file's digest as it should be: without it, rot would alarm only once."""

LOST = Trouble(ErrorKind.MISSING, "it was in the backup and is not any more")

HOUR_NS = 3_600_000_000_000
FAT_STEP_NS = 2_000_000_000
_ZONES_H = 26

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
    """One row in short. `sha256` None where its bytes were never read; `whole` False where it is known to be bad.
    `read_at` "" where it was never read. `spoilt`: bad under a date of its own; `broken`: damaged when it was stored.
    """

    size_bytes: int | None
    mtime_ns: int | None
    sha256: str | None
    whole: bool = True
    lost: bool = False
    read_at: str = ""
    spoilt: bool = False
    broken: bool = False

    def change(self, mtime_ns: int | None, sha256: str) -> Change:
        """What it means that the file has this date and this content now."""
        if self.sha256 in (None, sha256):
            return Change.NONE
        if self.lost or self.spoilt:
            return Change.EDIT
        # Where the manifest has no dates, an edit cannot be told from rot: the worse is said.
        same = self.mtime_ns is None or (mtime_ns is not None and same_date(mtime_ns, self.mtime_ns))
        return Change.ROT if same or not self.whole else Change.EDIT


@dataclass(slots=True)
class Holdings:
    """The backup as its rows tell, for one source.

    `held` by path in the backup; `by_content` the path of a whole copy by SHA-256; `origins` what each path of this
    source last held, with where that lies in the backup; `sizes` the sizes of whole copies.
    """

    source_id: str
    last: Manifest | None
    held: dict[str, Held] = field(default_factory=dict)
    by_content: dict[str, str] = field(default_factory=dict)
    origins: dict[str, tuple[str, Origin]] = field(default_factory=dict)
    sizes: set[int] = field(default_factory=set)
    _rows: dict[str, FileFacts] = field(default_factory=dict)  # new and corrected ones
    _more: dict[str, list[Origin]] = field(default_factory=dict)  # origins found for rows that stay as they are
    _facts: dict[str, dict[str, object]] = field(default_factory=dict)  # corrections of rows that stay
    _stored: dict[str, str | None] = field(default_factory=dict)  # digests to be noted, None: no more
    _moved: dict[str, str] = field(default_factory=dict)  # new path -> old path

    @classmethod
    def read(cls, ledger: Ledger, source_id: str) -> Holdings:
        """The last generation and what killed runs wrote down after it.

        Raises: BadManifest where the last generation is missing or not as it was written.
        """
        last = ledger.latest()
        holdings = cls(source_id, last)
        for row in last.rows() if last else ():
            holdings.index(row)
        for row in left_rows(ledger):
            if row.digests:
                holdings.add(row)
            else:
                for origin in row.origins:
                    holdings.add_origin(row.path, origin)
        return holdings

    @property
    def changed(self) -> bool:
        """Whether the next generation would differ from the last one."""
        return bool(self._rows or self._more or self._facts or self._stored or self._moved)

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
        for corrections in (self._facts, self._more, self._stored):
            corrections.pop(row.path, None)
        self._rows[row.path] = row
        self.index(row)

    def add_origin(self, path: str, origin: Origin) -> None:
        """The backup's file at `path` also has the content of this origin."""
        if row := self._rows.get(path):
            self._rows[path] = replace(row, origins=_with(row.origins, origin))
        else:
            self._more.setdefault(path, []).append(origin)
        self._index_origin(path, origin)

    def found(
        self,
        path: str,
        size_bytes: int,
        mtime_ns: int | None,
        sha256: str,
        read_at: str,
        spoilt: str | None = None,
    ) -> None:
        """The bytes of a file of the backup were read: says so, and whether they are still those of its row.

        `spoilt` says, in words, why other bytes under another date are no edit; None where they are one.
        """
        held = self.held.get(path)
        read = {"size_bytes": size_bytes, "mtime_ns": mtime_ns, "digests": {"sha256": sha256}, "read_at": read_at}
        stated = {**read, "digest_origin": DigestOrigin.READ, "error": None, "soundness": None, "damage": ()}
        change = held.change(mtime_ns, sha256) if held else Change.NONE
        if held is None:
            self._rows[path] = replace(_row_of(path), **stated)  # type: ignore[arg-type]
        elif change is Change.NONE and (held.sha256 is None or not held.whole):
            self._correct(path, **stated)
            self._stored[path] = None
        elif change is Change.NONE:
            self._correct(path, mtime_ns=mtime_ns, read_at=read_at)
        elif change is Change.ROT or spoilt is not None:
            bad = replace(held, size_bytes=size_bytes, mtime_ns=mtime_ns, whole=False, lost=False, read_at=read_at)
            detail = f"its bytes changed though its date did not: {held.sha256} was stored, {sha256} was read"
            damage = Damage(ROTTED, detail) if change is Change.ROT else Damage(SPOILT, spoilt or "")
            self._correct(path, **{**stated, "soundness": Soundness.DAMAGED, "damage": (damage,)}, **_NO_LONGER_KNOWN)
            self._stored[path] = held.sha256
            self._drop(path)
            self._put(path, replace(bad, spoilt=change is Change.EDIT))
            return
        else:
            self._correct(path, **stated, **_NO_LONGER_KNOWN, notes=(EDITED,))
        self._drop(path)
        self._put(path, Held(size_bytes, mtime_ns, sha256, read_at=read_at, broken=held is not None and held.broken))

    def lost(self, path: str) -> None:
        """A row whose file is gone keeps its origins, and proves nothing any more."""
        held = self.held[path]
        if held.lost:
            return
        self._drop(path)
        self.held[path] = replace(held, whole=False, lost=True)
        self._correct(path, error=LOST, digests={}, soundness=None, digest_origin=None, **_NO_LONGER_KNOWN)

    def moved(self, old: str, new: str, mtime_ns: int | None) -> None:
        """The content of a lost row was found under another name: the row moves there with its origins."""
        held = self.held.pop(old)
        self._facts.pop(old, None)
        self._moved[new] = old
        self._correct(new, mtime_ns=mtime_ns)
        self._put(new, replace(held, mtime_ns=mtime_ns))
        for source_path, (path, origin) in list(self.origins.items()):
            if path == old:
                self.origins[source_path] = (new, origin)

    def origins_at(self, path: str) -> tuple[Origin, ...]:
        """Every origin of one file, of all sources. Reads the last generation: only for the rare repair."""
        row = self._rows.get(path)
        if row is None:
            row = next((r for r in (self.last.rows() if self.last else ()) if r.path == path), None)
        return self._corrected(row).origins if row else ()

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
                elif row.path not in self._rows and row.path in self.held:
                    yield path_key(row.path), self._corrected(row)
            moved.extend(arrivals)

        moved: list[tuple[bytes, FileFacts]] = []
        if self._moved:  # rare: their place in the order is known only after all were seen
            merged = sorted([*kept(), *moved, *self._new()], key=itemgetter(0))
            yield from (row for _, row in merged)
        else:
            yield from (row for _, row in heapq.merge(kept(), self._new(), key=itemgetter(0)))

    def columns(self, depth: Depth, known: tuple[str, ...]) -> tuple[str, ...]:
        """The columns of the next generation: those of the last and those of this run."""
        before = self.last.header.columns if self.last else ()
        return tuple(dict.fromkeys((*before, *known, "origins")))

    def _new(self) -> list[tuple[bytes, FileFacts]]:
        return sorted(((path_key(p), self._corrected(r)) for p, r in self._rows.items()), key=itemgetter(0))

    def _corrected(self, row: FileFacts) -> FileFacts:
        if facts := self._facts.get(row.path):
            row = replace(row, **facts)  # type: ignore[arg-type]
        if row.path in self._stored:
            row = replace(row, notes=_with_stored(row.notes, self._stored[row.path]))
        for origin in self._more.get(row.path, ()):
            row = replace(row, origins=_with(row.origins, origin))
        return row

    def _correct(self, path: str, **facts: object) -> None:
        self._facts.setdefault(path, {}).update(facts)

    def index(self, row: FileFacts) -> None:
        """Takes a row of the last generation into account."""
        codes = {damage.code for damage in row.damage}
        lost = row.error_kind is ErrorKind.MISSING
        content = row.sha256
        whole = not (lost or codes & {ROTTED, SPOILT})
        if not whole and (stored := _stored(row)):
            content = stored
        elif not whole and row.origins and EDITED not in row.notes:
            content = max(row.origins, key=lambda origin: origin.seen).sha256
        broken = whole and row.soundness is Soundness.DAMAGED
        held = Held(
            row.size_bytes, row.mtime_ns, content, whole, lost, row.read_at or "", spoilt=SPOILT in codes, broken=broken
        )
        self._put(row.path, held)
        for origin in row.origins:
            self._index_origin(row.path, origin)

    def _index_origin(self, path: str, origin: Origin) -> None:
        if origin.source == self.source_id:
            before = self.origins.get(origin.path)
            if before is None or before[1].seen <= origin.seen:
                self.origins[origin.path] = (path, origin)

    def _put(self, path: str, held: Held) -> None:
        self.held[path] = held
        if held.whole and held.sha256 is not None:
            self.by_content.setdefault(held.sha256, path)
            if held.size_bytes is not None:
                self.sizes.add(held.size_bytes)

    def _drop(self, path: str) -> None:
        held = self.held.get(path)
        if held and held.sha256 and self.by_content.get(held.sha256) == path:
            del self.by_content[held.sha256]


def same_date(a_ns: int, b_ns: int) -> bool:
    """Whether two dates are one: equal to FAT's two seconds, or off by whole hours (a zone, daylight saving)."""
    difference = abs(a_ns - b_ns)
    hours, rest = divmod(difference + FAT_STEP_NS, HOUR_NS)
    return rest <= 2 * FAT_STEP_NS and hours <= _ZONES_H


def known_columns(header: Header | None) -> tuple[str, ...]:
    """The columns of a manifest, none for none."""
    return header.columns if header else ()


def unread_row(path: str, size_bytes: int | None, mtime_ns: int | None) -> FileFacts:
    """The row of a file of the backup that nobody has read yet."""
    return replace(_row_of(path), size_bytes=size_bytes, mtime_ns=mtime_ns)


def _row_of(path: str) -> FileFacts:
    return FileFacts(path=path, kind=kind_by_name(path))


def _stored(row: FileFacts) -> str | None:
    return next((note.removeprefix(STORED) for note in row.notes if note.startswith(STORED)), None)


def _with_stored(notes: tuple[str, ...], sha256: str | None) -> tuple[str, ...]:
    kept = tuple(note for note in notes if not note.startswith(STORED))
    return kept if sha256 is None else (*kept, STORED + sha256)


def _with(origins: Iterable[Origin], fresh: Origin) -> tuple[Origin, ...]:
    kept = [o for o in origins if (o.source, o.path) != (fresh.source, fresh.path)]
    return tuple(sorted([*kept, fresh], key=lambda o: (o.source, path_key(o.path))))
