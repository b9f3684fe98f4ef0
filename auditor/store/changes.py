"""What became of a backup's files since their rows were written: unchanged, rotted, moved, overwritten, edited, lost.

A scrub and a backup ask the same questions here, so that neither calls lost what the other calls moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from auditor.disk.durable import WasRead
from auditor.paths import display_path
from auditor.places import Entry
from auditor.places.trash import in_bin
from auditor.store import edits
from auditor.store.index import EMPTY, Change, Held, Index, Moved, unread_row
from auditor.store.survey import Survey


class Fate(StrEnum):
    """What became of one file since it was last read."""

    UNCHANGED = "unchanged"
    ROTTED = "rotted"  # other bytes under the same date: nobody meant that
    SPOILT = "spoilt"  # another date, and empty or damaged now: nobody meant that either
    OVERWRITTEN = "overwritten"  # it holds what another file of the backup was stored with
    EXCHANGED = "exchanged"  # it lies whole under another name, as all do whose names were exchanged or shifted
    EDITED = "edited"  # other bytes and another date
    MOVED = "moved"  # its content lies elsewhere in the backup
    LOST = "lost"
    NEW = "new"  # it is in no manifest yet
    UNREADABLE = "unreadable"
    NOT_READ = "not_read"  # not chosen this time


@dataclass(frozen=True, slots=True)
class Found:
    """One file's fate. `stored` the SHA-256 it should have, None for new files; `read` the one that it has now, None
    where that is no other or was not read; `detail` in words. `besides`: its file has another fate too, or was not
    read."""

    path: str
    fate: Fate
    stored: str | None = None
    detail: str = ""
    read: str | None = None
    besides: bool = False


@dataclass(slots=True)
class Changes:
    """Gathers what is read of a backup's files, and judges when all was read. `read_at` is the time of the run.

    `index` is corrected file by file where nothing speaks against a file, else in `settle`.
    """

    index: Index
    root: Path
    looked: Survey
    read_at: str
    before: dict[str, Held] = field(init=False)
    _stored: dict[str, list[str]] = field(init=False)  # the paths of each content, as it was stored
    _gone: frozenset[str] = field(init=False)  # contents that may lie elsewhere
    _elsewhere: dict[str, str] = field(default_factory=dict, init=False)  # found whole under another row
    _in_bins: dict[str, str] = field(default_factory=dict, init=False)  # contents found in a bin, with their paths
    _now_at: dict[str, str] = field(default_factory=dict, init=False)  # rows whose file has another name now
    _read: dict[str, tuple[Entry, WasRead]] = field(default_factory=dict, init=False)  # what is still to be judged
    _edited: dict[str, str] = field(default_factory=dict, init=False)  # told as edited earlier, and what it replaced

    def __post_init__(self) -> None:
        self.before = dict(self.index.held)
        self._gone = frozenset(h.sha256 for path in self.looked.gone if (h := self.before[path]).sha256) - {EMPTY}
        self._stored = defaultdict(list)
        for path, held in self.before.items():
            if held.sha256 is not None and held.sha256 != EMPTY:
                self._stored[held.sha256].append(path)

    @property
    def moved_to(self) -> set[str]:
        """After `settle`: the files that have the content of one that is gone."""
        return set(self._now_at.values())

    def take(self, entry: Entry, answer: WasRead) -> Found | None:
        """The fate of a file that was read, where its own row decides it; None: `settle` will say. A bin will be
        emptied: what is found there is lost, and what is new there gets no row."""
        held = self.before.get(entry.path)
        if in_bin(entry.path):
            self._in_bins.setdefault(answer.sha256, entry.path)
            if held is None:
                return None
        if held is None or held.sha256 is None or held.sha256 != answer.sha256:
            self._read[entry.path] = (entry, answer)
            return None
        self._correct(entry, answer)
        if answer.sha256 in self._gone and not in_bin(entry.path):
            self._elsewhere.setdefault(answer.sha256, entry.path)
        if lacking := self.index.lacking(held):  # told every time until a backup stores it once more
            detail = "edited earlier, and unchanged since then"
            self._edited[entry.path] = lacking[0]
            return Found(entry.path, Fate.EDITED, lacking[0], detail, held.sha256)
        return Found(entry.path, Fate.UNCHANGED, held.sha256)

    def settle(self, *, mend: bool, complete: bool = True) -> list[Found]:
        """The fates of all others. `mend`: where files were given each other's names, their rows follow their content.

        `complete` False: the reading was stopped, so that nothing is called lost whose content may lie elsewhere.
        """
        found = [
            Found(e.path, Fate.UNREADABLE, h.sha256 if (h := self.before.get(e.path)) else None, str(e.error))
            for e in self.looked.unreadable
        ]
        found += self._moved(complete)
        found += self._changed()
        found = self._exchanged(found, mend=mend)
        found = [self._moved_edit(one) if one.fate in (Fate.MOVED, Fate.EXCHANGED) else one for one in found]
        found += self._replaced(found, complete)
        for entry in self.looked.new:
            if entry.path not in self.index.held and not in_bin(entry.path):
                self.index.add(unread_row(entry.path, entry.size_bytes, entry.mtime_ns))
        return found

    def _moved(self, complete: bool) -> list[Found]:
        """Rows whose file is gone: their content may have been read elsewhere."""
        fresh: dict[str, list[str]] = defaultdict(list)
        for path, (_, answer) in self._read.items():
            if not in_bin(path) and ((held := self.before.get(path)) is None or held.sha256 is None):
                fresh[answer.sha256].append(path)
        known = self._elsewhere
        lying = {answer.sha256: path for path, (_, answer) in self._read.items()}
        found, moves, merges = [], {}, {}
        for path in self.looked.gone:  # nothing lies there, whatever becomes of its row
            if self.before[path].whole:
                self.index.distrust(path)
        for path, instead in self.looked.gone.items():
            held = self.before[path]
            content = held.sha256
            named = [p for p in fresh.get(content or "", ()) if content != EMPTY or _name(p) == _name(path)]
            named.sort(key=lambda p, path=path: (_name(p) != _name(path), p))  # type: ignore[misc]
            if content and named:
                new = named[0]
                fresh[content].remove(new)
                entry, answer = self._read.pop(new)
                if new in self.before:  # it was found by an earlier run that did not read it
                    self.index.forget(new)
                moves[new] = self._move(path, entry, answer)
                known.setdefault(content, new)
                found.append(Found(path, Fate.MOVED, content, f"it lies at {display_path(new)} now"))
            elif content and content in known and not self.index.lacking(held):
                merges[path] = known[content]
                detail = f"its content lies at {display_path(known[content])}"
                found.append(Found(path, Fate.MOVED, content, detail))
            elif (complete or held.lost) and held.replaced and not self.index.lacking(held):
                other = self.index.by_content[held.replaced[0]]
                merges[path] = other
                detail = f"an edit made in the backup is gone; what was stored lies at {display_path(other)}"
                found.append(Found(path, Fate.MOVED if held.lost else Fate.LOST, content, detail))  # lost: it was told
            elif complete or held.lost:
                self.index.lost(path)
                if bin_path := self._in_bins.get(content or ""):
                    instead = f"it lies in a bin now, which will be emptied: {display_path(bin_path)}"
                elif over := lying.get(content or ""):
                    instead = f"its content lies at {display_path(over)}, in the place of another file"
                found.append(Found(path, Fate.LOST, content, instead))
        self._now_at.update((move.old, new) for new, move in moves.items())
        self.index.moved(moves)
        if merges:
            self.index.merge(merges)
        return found

    def _changed(self) -> list[Found]:
        """Files that have other bytes than their row says, or had no row."""
        found, doubts = [], []
        for path, (entry, answer) in self._read.items():
            held = self.before.get(path)
            change = held.change(answer.mtime_ns, answer.sha256) if held else Change.NONE
            if held is None or held.sha256 is None:
                self._correct(entry, answer)
                found.append(Found(path, Fate.NEW, None, "" if held is None else "read for the first time"))
            elif change is Change.NONE:  # an edit was taken back
                self._correct(entry, answer)
                found.append(Found(path, Fate.UNCHANGED, answer.sha256))
            elif other := self._other(path, answer, held):
                self._correct(entry, answer, is_overwritten=True)
                what = "another file" if other == path else display_path(other)
                detail = f"it holds what was stored as {what}"
                found.append(Found(path, Fate.OVERWRITTEN, held.sha256, detail, answer.sha256))
            elif change is Change.ROT:
                self._correct(entry, answer)
                found.append(Found(path, Fate.ROTTED, held.sha256, _sizes(held, answer), answer.sha256))
            else:
                doubts.append((entry, answer, held))
        looked = edits.look(self.root, [(entry, held) for entry, _, held in doubts])
        for entry, answer, held in doubts:
            path = entry.path
            if path in looked.untold:  # its row stays as it is: the next run looks again
                found.append(Found(path, Fate.UNREADABLE, held.sha256, looked.untold[path]))
                continue
            spoilt = looked.spoilt.get(path)
            self._correct(entry, answer, spoilt=spoilt)
            detail = spoilt or _sizes(held, answer)
            found.append(Found(path, Fate.SPOILT if spoilt else Fate.EDITED, held.sha256, detail, answer.sha256))
        return [self._still_here(one) if one.fate is Fate.EDITED else one for one in found]

    def _still_here(self, edited: Found) -> Found:
        """What an edit replaced may lie whole in other files."""
        held = self.index.held[edited.path]
        if lacking := self.index.lacking(held):
            return replace(edited, stored=lacking[0])
        other = self.index.by_content[held.replaced[0]]
        return replace(edited, fate=Fate.MOVED, detail=f"it was edited; what was stored lies at {display_path(other)}")

    def _other(self, path: str, answer: WasRead, held: Held) -> str | None:
        """The other file of the backup that was stored with what this one holds now."""
        others = [other for other in self._stored.get(answer.sha256, ()) if other != path]
        if others:
            return others[0]
        return path if held.overwritten == answer.sha256 else None

    def _exchanged(self, found: list[Found], *, mend: bool) -> list[Found]:
        """Where files were given each other's names, what was called overwritten or lost is called exchanged. `mend`:
        the rows follow their content, and what lies nowhere any more keeps a row where there is room for it."""
        displaced = {
            path: held
            for path, held in self.index.held.items()
            if not held.whole and held.sha256 != EMPTY
            if path in self.looked.gone or (held.overwritten and path in self._read)
        }
        homes: dict[str, list[str]] = defaultdict(list)
        for path, (_, answer) in self._read.items():
            if in_bin(path):
                continue
            if path in displaced or (held := self.before.get(path)) is None or held.sha256 is None:
                homes[answer.sha256].append(path)
        row_at = {there.pop(): path for path, held in displaced.items() if (there := homes.get(held.sha256 or ""))}
        to = {row: home for home, row in row_at.items()}
        elsewhere = {path: other for path in displaced.keys() - to if (other := self._copy_of(path))}
        lost = self._out_of_the_way(
            [path for path in displaced if path not in {*to, *elsewhere, *self.looked.gone}], row_at
        )
        to = {row: home for home, row in row_at.items()}
        lies = to | elsewhere
        found = [
            replace(one, fate=Fate.EXCHANGED, detail=f"it lies at {display_path(lies[one.path])} now", read=None)
            if one.path in lies
            else one
            for one in found
        ]
        if not mend:
            return found
        self.index.merge(elsewhere)
        fresh = row_at.keys() - displaced.keys()
        merged = self.index.origins_of(fresh)  # a fresh one may have taken in what another row told
        for home in fresh:
            self.index.forget(home)  # it was taken for a new file
        gone = {free: _unmoved(row, self.before[row]) for row, free in lost.items()}
        self.index.moved(gone | {home: self._move(row, *self._read[home]) for row, home in to.items()})
        for free in gone:
            self.index.lost(free)
            self.index.read_now.discard(free)
        for home, origins in merged.items():
            for origin in origins:
                self.index.add_origin(home, origin)
        for path in ((to.keys() | elsewhere.keys()) - row_at.keys()) & self._read.keys():
            self._correct(*self._read[path])  # its row went, and it is there: a copy of another
        self._now_at.update(to)
        return [one for one in found if one.path not in row_at or one.path in {*lies, *lost}]

    def _out_of_the_way(self, rows: Sequence[str], row_at: dict[str, str]) -> dict[str, str]:
        """The rows of overwritten files whose own content lies nowhere, by the paths that they get: where names were
        shifted along a chain, its last one is free. Where none is, such a row keeps its path, so the row of what lies
        there keeps its own too, and so on: these go out of `row_at`."""
        free = {}
        for row in rows:
            chain = [row]
            while chain[-1] not in self.looked.gone and chain[-1] in row_at:
                chain.append(row_at[chain[-1]])
            if chain[-1] in self.looked.gone:
                free[row] = chain[-1]
            else:
                for path in chain:
                    row_at.pop(path, None)
        return free

    def _copy_of(self, path: str) -> str | None:
        """A file that holds whole what was stored as `path`, all of it, where a phone stored more than one version."""
        held = self.index.held[path]
        return None if self.index.lacking(held) else self.index.by_content.get(held.sha256 or "")

    def _moved_edit(self, moved: Found) -> Found:
        """What was edited and moved lacks, at its new place too, what a phone stored there."""
        home = self._now_at.get(moved.path)
        if home is None or not (lacking := self.index.lacking(held := self.index.held[home])):
            return moved
        return Found(home, Fate.EDITED, lacking[0], "edited earlier, and moved since then", held.sha256)

    def _replaced(self, found: Sequence[Found], complete: bool) -> list[Found]:
        """What phones stored, an edit replaced, and no other fate tells of: the edit rotted since then, say, or is gone
        itself. Told every time until a backup stores it once more."""
        told = {*self._edited.values(), *(one.stored for one in found)} | (frozenset() if complete else self._gone)
        edited = self._edited.keys() | {one.path for one in found if one.fate is Fate.EDITED}
        return [
            Found(
                path, Fate.EDITED, untold[0], "edited earlier; what was stored lies nowhere in the backup", besides=True
            )
            for path, held in self.index.held.items()
            if held.replaced and path not in edited
            if (untold := [content for content in self.index.lacking(held) if content not in told])
        ]

    def _move(self, old: str, entry: Entry, answer: WasRead) -> Moved:
        return Moved(old, answer.size_bytes, answer.mtime_ns, self.read_at, entry.changed_ns)

    def _correct(self, entry: Entry, answer: WasRead, spoilt: str | None = None, is_overwritten: bool = False) -> None:
        now = answer.size_bytes, answer.mtime_ns, answer.sha256, self.read_at
        # The listing is older than the reading: what changed in between is read again the next time.
        self.index.found(entry.path, *now, spoilt=spoilt, is_overwritten=is_overwritten, changed_ns=entry.changed_ns)


def _unmoved(path: str, held: Held) -> Moved:
    return Moved(path, held.size_bytes, held.mtime_ns, held.read_at, held.changed_ns)


def _sizes(held: Held, answer: WasRead) -> str:
    """What a person can see of a change; the digests are in the report for machines."""
    if held.size_bytes is None or held.size_bytes == answer.size_bytes:
        return "as long as before, with other bytes"
    return f"{held.size_bytes:,} bytes were stored; now it has {answer.size_bytes:,}"


def _name(path: str) -> str:
    return path.rpartition("/")[2]
