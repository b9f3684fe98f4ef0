"""What `auditor clean` took away from a phone, told where an audit finds nothing on it."""

from __future__ import annotations

from auditor.cleanup.taken import taken_from
from auditor.places import Place
from auditor.words import counted, typed


def told(place: Place | None) -> tuple[str, ...]:
    """A sentence for the verdict, and those that belong under it; none where no clean-up took anything away."""
    if place is None or place.folder is None:
        return ()
    taken = taken_from(place.folder)
    if not (taken.held or taken.purged):
        return ()
    files = counted(taken.held + taken.purged, "file", "files")
    lines = [
        f"Nothing is left to check: `auditor clean` took {files} away from here, and no photo or video came since."
    ]
    if taken.held:
        it, be = ("it", "lies") if taken.held == 1 else ("them", "lie")
        which = f"{taken.held:,} of them" if taken.purged else "It" if taken.held == 1 else "They"
        undo = " and ".join(f"`auditor undo {typed(str(path))}`" for path in taken.journals)
        lines.append(
            f"{which} {be} in the quarantine, and {undo} {'puts' if len(taken.journals) == 1 else 'put'} {it} back."
        )
    if taken.purged:
        were = counted(taken.purged, "file was", "files were")
        lines.append(f"{were} deleted for good by --purge, after the copy that stays was read again.")
    nothing = "Besides these there is nothing" if taken.held else "There is nothing"
    lines.append(f"{nothing} here to lose. Whether the copies are still as they were then, this audit does not say.")
    return tuple(lines)
