"""Are two remotes one account of one service, under two names? What both hold would be one copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.model import Device
from auditor.places import Place
from auditor.places.rclone_remotes import Leaf

Rooms = Mapping[str, Device]
"""How full the services are that remotes are made of, by their words; those are left out that do not tell."""


def ask_rooms(places: Sequence[Place | None]) -> Rooms:
    """How full each service is that two places may have in common under two names; each is asked once."""
    leaves = [(place, leaf) for place in places if place is not None for leaf in place.behind]
    asked = {
        leaf.words: (place, leaf)
        for place, leaf in leaves
        if any(_is_asked(leaf, b) for other, b in leaves if other is not place)
    }
    told = {words: place.room_of(leaf) for words, (place, leaf) in asked.items()}
    return {words: room for words, room in told.items() if room is not None}


def may_share(one: Leaf, other: Leaf, rooms: Rooms) -> bool:
    """Whether two folders of services may have files in common: of one name, by their paths alone; of two names, where
    the service seems to be one account by its room or, where it does not say its room, by the paths too."""
    if not one.may_be_one_service(other):
        return False
    if _is_asked(one, other) and one.words in rooms and other.words in rooms:
        return _is_one_room(rooms[one.words], rooms[other.words])
    return one.may_overlap(other)


def _is_asked(one: Leaf, other: Leaf) -> bool:
    """Whether how full they are tells one account from two: two protocols may count differently."""
    is_one_kind = one.kind == other.kind and not one.is_unknown
    return one.remote != other.remote and is_one_kind and one.may_be_one_service(other)


def _is_one_room(one: Device, other: Device) -> bool:
    """Whether two answers, seconds apart, may be of one account: mail may arrive between them.

    They may differ by a thousandth of the room, but no more than a hundredth of what is in it: two new accounts, which
    have the same room, are told apart by the little that is in them.
    """
    total, frees = one.storage_total_bytes, (one.storage_free_bytes, other.storage_free_bytes)
    if total is None or total != other.storage_total_bytes:
        return False
    known = [free for free in frees if free is not None]
    if len(known) < len(frees):
        return True
    return max(known) - min(known) <= min(total // 1000, (total - min(known)) // 100)
