"""Which addresses of the network a URL may lead to, and what a name resolves to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_EMBEDDING: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible, of old
        "::ffff:0:0/96",  # IPv4-mapped
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
    )
)
"""IPv6 networks that lead to an IPv4 address, any at all, so also to a private one."""


def is_public(address: Address) -> bool:
    """Whether `address` is one of the open internet: one host, of no special use."""
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return not address.is_site_local and not any(address in net for net in _EMBEDDING)
    return True


def is_permitted(address: Address, networks: Sequence[Network]) -> bool:
    """Whether `address` is public, or in one of `networks`, which the operator has named."""
    return is_public(address) or any(address in network for network in networks)


async def resolve(host: str, port: int) -> list[Address]:
    """The addresses of `host`, the preferred first. Raises OSError where there are none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
