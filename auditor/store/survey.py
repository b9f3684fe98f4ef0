"""A backup's listing beside its rows: which files are as they were written, and which only reading them can explain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from auditor.places import Entry, EntryKind
from auditor.store.index import Held, same_date


@dataclass(frozen=True, slots=True)
class Survey:
    """A backup's listing beside its rows.

    `known` are files that have a row, `new` those that have none; `gone` are rows whose file is not there, with what
    lies in its place ("" for nothing); `unreadable` is what could not be looked at, whatever is in it.
    """

    known: tuple[Entry, ...] = ()
    new: tuple[Entry, ...] = ()
    gone: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[Entry, ...] = ()


def survey(listing: Sequence[Entry], held: Mapping[str, Held]) -> Survey:
    """Lays the listing beside the rows, by path alone."""
    here = {e.path: e for e in listing if e.kind is EntryKind.FILE and not e.error}
    unreadable = tuple(e for e in listing if e.error and e.kind in {EntryKind.FILE, EntryKind.FOLDER})
    others = {e.path: "a link lies in its place" if e.kind is EntryKind.LINK else "what lies in its place is no file"
              for e in listing if e.kind in {EntryKind.LINK, EntryKind.SPECIAL}}  # fmt: skip
    folders = {folder for path in here for folder in _above(path)}
    unseen = {e.path for e in unreadable}
    blind = tuple(e.path + "/" for e in unreadable if e.kind is EntryKind.FOLDER)
    gone = {
        path: others.get(path, "a folder lies in its place" if path in folders else "")
        for path in held
        if path not in here and path not in unseen and not (blind and path.startswith(blind)) and "" not in unseen
    }
    return Survey(
        tuple(e for path, e in here.items() if path in held),
        tuple(e for path, e in here.items() if path not in held),
        gone,
        unreadable,
    )


def as_written(entry: Entry, held: Held) -> bool:
    """Whether a file's size and date, and the time of its last change, are those of its row, as far as both say it, and
    nothing bad is known of it."""
    if held.sha256 is None:
        return True
    now, then = entry.mtime_ns, held.mtime_ns
    agree = now is None or then is None or same_date(now, then)
    touched = None not in (entry.changed_ns, held.changed_ns) and entry.changed_ns != held.changed_ns
    return entry.size_bytes == held.size_bytes and agree and not touched and held.whole


def may_be_moved(looked: Survey, held: Mapping[str, Held]) -> set[str]:
    """The files that may hold what is gone or was replaced, and so what another file was stored with: only reading them
    can tell."""
    replaced = [e.path for e in looked.known if not as_written(e, held[e.path])]
    lost = [held[path] for path in (*looked.gone, *replaced) if held[path].sha256]
    sizes, contents = {h.size_bytes for h in lost}, {h.sha256 for h in lost}
    new = {e.path for e in looked.new if e.size_bytes in sizes}
    known = {
        e.path
        for e in looked.known
        if held[e.path].sha256 in contents or (held[e.path].sha256 is None and e.size_bytes in sizes)
    }
    return new | known


def _above(path: str) -> Iterable[str]:
    while (cut := path.rfind("/")) > 0:
        path = path[:cut]
        yield path
