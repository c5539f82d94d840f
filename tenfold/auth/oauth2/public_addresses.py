"""Which addresses a request on a stranger's behalf may go to: the public internet's only."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from tenfold.auth.oauth2.profile import ProviderFailed

Address = IPv4Address | IPv6Address

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""NAT64: these lead to any IPv4 address, private ones too."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, whichever way it is written."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour or address.teredo or address in _TRANSLATED:
            return False
    return address.is_global and not address.is_multicast


async def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host. Raises: ProviderFailed when it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ProviderFailed(f"{host[:100]} has no address") from error
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
