"""Are the files of two remotes, or of a remote and a folder here, surely two? Only a reason says so, never that nothing
says otherwise: a copy too few is a question, one too many a loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from auditor.disk.mounts import Mount
from auditor.disk.network import addresses, is_another_machine
from auditor.disk.this_machine import is_our_address, is_this_machine
from auditor.model import Device
from auditor.places import Place
from auditor.places.rclone_remotes import Leaf
from auditor.places.rclone_services import is_lent, service_at


class Apart(StrEnum):
    """Why two sides hold no file in common."""

    SERVICE = "a service of the net holds one of them, and not the other"
    FOLDERS = "they are two folders, or buckets, of one account"
    MACHINES = "they are on two machines of one network"
    ENCRYPTED = "what lies there is encrypted"
    PACKED = "one lies in an archive"
    PHONE = "one is a phone on a cable, which no server shows"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked in this run, and what the user said. Lists are asked nothing.

    `rooms` are how full servers are, by the words of the remote; those are left out that do not tell. `addresses` are
    of the servers that the user named, by host in lower case. `off_site` and `by_hand` are labels of backups: kept
    elsewhere, by the policy, and copied by hand from the source.
    """

    rooms: Mapping[str, Device] = field(default_factory=dict)
    addresses: Mapping[str, frozenset[str]] = field(default_factory=dict)
    off_site: frozenset[str] = frozenset()
    by_hand: frozenset[str] = frozenset()

    def machines(self, leaf: Leaf) -> frozenset[str]:
        """The addresses of a server, if all are of another machine in this network; else none."""
        each = [self.addresses.get(host.lower(), frozenset()) for host in leaf.hosts]
        found = frozenset().union(*each)
        return found if each and all(each) and all(map(is_another_machine, found)) else frozenset()

    def is_here(self, leaf: Leaf) -> bool:
        """Whether a server is this very machine, by what is written here or by its address."""
        found = (at for host in leaf.hosts for at in self.addresses.get(host.lower(), ()))
        return any(is_this_machine(host.lower()) for host in leaf.hosts) or any(map(is_our_address, found))


def ask(
    places: Sequence[Place | None], off_site: frozenset[str] = frozenset(), by_hand: frozenset[str] = frozenset()
) -> Asked:
    """Asks where the servers are that the remotes lead to, and how full those are that two of them may be."""
    leaves = [(place, leaf) for place in places if place is not None for leaf in place.behind]
    servers = [(place, leaf) for place, leaf in leaves if leaf.hosts and not (leaf.is_public or leaf.is_unknown)]
    rooms = {
        leaf.words: place.room_of(leaf)
        for place, leaf in {leaf.words: (place, leaf) for place, leaf in servers}.values()
        if any(other is not place and b.remote != leaf.remote for other, b in servers)
    }
    hosts = {host.lower() for _, leaf in servers for host in leaf.hosts if host}
    told = {words: room for words, room in rooms.items() if room is not None}
    return Asked(told, {host: addresses(host) for host in hosts}, off_site, by_hand)


def remotes(one: Leaf, other: Leaf, asked: Asked) -> Apart | None:
    """Why two services, servers or folders of one hold no file in common; None where nothing says so. Folders of this
    machine are not asked about: they are compared by where they lie."""
    if one.is_unknown or other.is_unknown:
        return None
    if not one.may_overlap(other) and one.has_paths_of(other):
        return Apart.FOLDERS
    if one.is_public and other.is_public:
        if one.where.service != other.where.service:
            return Apart.SERVICE
        return Apart.FOLDERS if one.is_bucket and not one.where.may_be_one_account(other.where) else None
    for service, server in ((one, other), (other, one)):
        if service.is_public:
            if asked.is_here(server):  # a gateway: what it shows may be kept by any service
                return None
            is_other = bool(server.hosts) and not is_lent(service.where.service, server.kind)
            return Apart.SERVICE if is_other or asked.machines(server) else None
    ours, theirs = asked.machines(one), asked.machines(other)
    if ours and theirs and not ours & theirs and _are_two_rooms(one, other, asked):
        return Apart.MACHINES
    return None


def _are_two_rooms(one: Leaf, other: Leaf, asked: Asked) -> bool:
    """Whether two servers are filled to two degrees: one box may have an address at each of its sockets. Of one server
    two rooms say nothing, as each of its users may have one.

    Of one box two answers, seconds apart, may differ by a thousandth of the room, but no more than a hundredth of what
    is in it.
    """
    rooms = [room for leaf in (one, other) if (room := asked.rooms.get(leaf.words)) is not None]
    totals = [room.storage_total_bytes for room in rooms if room.storage_total_bytes is not None]
    frees = [room.storage_free_bytes for room in rooms if room.storage_free_bytes is not None]
    if len(totals) < 2 or totals[0] != totals[1]:
        return len(totals) == 2
    return len(frees) == 2 and max(frees) - min(frees) > min(totals[0] // 1000, (totals[0] - min(frees)) // 100)


def folder(leaf: Leaf, mounts: Sequence[Mount], asked: Asked) -> Apart | None:
    """Why a remote shows no file of a folder that is seen by these mounts; None where nothing says so."""
    if leaf.is_unknown or any(mount.may_show_a_service for mount in mounts):
        return None
    if leaf.hidden:
        return Apart.ENCRYPTED
    if leaf.is_public:
        if any(mount.host and is_this_machine(mount.host.lower()) for mount in mounts):  # a gateway
            return None
        named = [service_at(mount.host) for mount in mounts if mount.host]
        return None if leaf.where.service in named else Apart.SERVICE
    if asked.machines(leaf) and not any(mount.is_of_another_machine for mount in mounts):
        return Apart.MACHINES
    return None
