"""Who is at the other end: the peer, or whom a trusted proxy names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address


@dataclass(frozen=True, slots=True)
class TrustedProxy:
    """The proxy headers (any case) that may name the client, and which end of a list is it."""

    headers: Sequence[str] = ()
    use_leftmost_ip: bool = False


NO_PROXY = TrustedProxy()


def peer_address(client: str) -> str:
    """The address part of "1.2.3.4:567" or "[::1]:567"."""
    address = client.rpartition(":")[0]
    if address.startswith("["):
        address = address[1:-1]
    return _plain(address) or address


def client_address(
    proxy: TrustedProxy, items: Callable[[], Sequence[tuple[str, str]]], peer: str
) -> str:
    """The first valid address in the trusted headers, else the peer's."""
    if not proxy.headers:
        return peer
    received = items()
    for name in proxy.headers:
        wanted = name.lower()
        values = [value for key, value in received if key == wanted]
        listed = ",".join(values).split(",")
        for text in listed if proxy.use_leftmost_ip else reversed(listed):
            address = _plain(text.strip())
            if address:
                return address
    return peer


def _plain(text: str) -> str:
    """A valid address, IPv6 in full and IPv4 behind its mapping as IPv4; "" for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return address.exploded
