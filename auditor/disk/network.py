"""Is an address another machine's, in a network of ours? What it takes is written here; only a name is looked up."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import sys
from functools import lru_cache
from pathlib import Path

from auditor.disk.this_machine import is_our_address

_PRIVATE = [
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
        *("fc00::/7", "fe80::/10"),
    )
]
"""RFC 1918, 4193, 3927 and 4291; and 6598, of which private networks are made that lie over others."""

_INTERFACES = Path("/sys/class/net")
_TUNNEL = "65534"
"""ARPHRD_NONE: WireGuard, TUN."""

_VIRTUAL = re.compile(
    r"docker|br-|bridge|virbr|veth|lxc|lxd|podman|vmnet|vboxnet|vEthernet|VMware|VirtualBox|WSL", re.I
)


@lru_cache(maxsize=256)
def addresses(host: str) -> frozenset[str]:
    """The addresses of a host, asked of the network where it is a name; none where nobody knows it."""
    # UnicodeError, of a name that is no host's, is a ValueError.
    with contextlib.suppress(OSError, ValueError):
        found = socket.getaddrinfo(host.rstrip("."), 0, type=socket.SOCK_STREAM)
        return frozenset(str(at[0]) for _, _, _, _, at in found)
    return frozenset()


def is_another_machine(address: str) -> bool:
    """Whether an address is of another machine in a network of this one: a private address, or one of the very network
    that a cable, radio or tunnel of this machine leads to. Those of its own containers and virtual machines are none.
    """
    try:
        at = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if at.is_loopback or at.is_unspecified or at.is_multicast or is_our_address(address):
        return False
    way = _way_to(address)
    if way is None or not _leads_out(way[0]):
        return False
    return any(at in network for network in (*_PRIVATE, way[1]))


def _way_to(address: str) -> tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network] | None:
    """The interface by which an address is reached, and its network. Nothing is sent: a UDP socket only chooses."""
    import psutil

    ours = ""
    with contextlib.suppress(OSError, ValueError):
        family, _, _, _, at = socket.getaddrinfo(address, 9, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as chosen:
            chosen.connect(at)
            ours = str(chosen.getsockname()[0]).partition("%")[0]
    for name, those in psutil.net_if_addrs().items():
        for one in those:
            if one.address.partition("%")[0] == ours:
                return name, _network(ours, one.netmask)
    return None


def _network(address: str, netmask: str | None) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    at = ipaddress.ip_address(address)
    bits = int(ipaddress.ip_address(netmask)).bit_count() if netmask else at.max_prefixlen
    return ipaddress.ip_network(f"{address}/{bits}", strict=False)


def _leads_out(interface: str) -> bool:
    """Whether an interface leads out of this machine. A bridge does if a device is a part of it."""
    if sys.platform != "linux":
        return not _VIRTUAL.match(interface)
    at = _INTERFACES / interface
    if (at / "device").exists() or (at / "phy80211").exists():
        return True
    with contextlib.suppress(OSError):
        if (at / "type").read_text("ascii").strip() == _TUNNEL:
            return True
    parts = [*at.glob("lower_*"), *at.glob("brif/*")]
    return any((part.resolve() / "device").exists() for part in parts)
