"""Pictures that a person looked at and called different: they are not shown together again on this computer.

A digest names a content, so a file may be moved or copied and stays what it was called.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from auditor.disk import own_notes
from auditor.duplicates.grouping import Group, Member
from auditor.pictures.inventory import Inventory

_NOTES = "different"


def remember(digests: Sequence[str]) -> None:
    """Keeps in mind that files with these SHA-256 show different things, each beside each other one."""
    together = sorted(set(digests))
    key = hashlib.sha256("".join(together).encode()).hexdigest()
    own_notes.change(_NOTES, key, lambda noted: together)


def apart(inventory: Inventory, groups: Iterable[Group]) -> tuple[Group, ...]:
    """The groups without the members that were called different from the file that is kept; a group of which nobody
    else is left goes. The same bytes stay the same, whatever was said."""
    said: dict[str, set[str]] = defaultdict(set)
    for key, digests in own_notes.recall(_NOTES).items():
        for digest in digests if isinstance(digests, list) else ():
            said[str(digest)].add(key)
    if not said:
        return tuple(groups)

    def is_shown(group: Group, member: Member) -> bool:
        kept, other = (inventory.items[k].facts.sha256 or "" for k in (group.kept, member.item))
        return kept == other or not said.get(kept, set()) & said.get(other, set())

    left = (replace(group, members=tuple(m for m in group.members if is_shown(group, m))) for group in groups)
    return tuple(group for group in left if group.members)
