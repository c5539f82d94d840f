"""Sets of IP addresses and ranges, asked very often."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

_KEPT_ANSWERS = 10_000


class AddressSet:
    """Addresses and CIDR ranges; texts that are neither are left out."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._networks = [network for entry in entries if (network := _network(entry))]
        self._answers: dict[str, bool] = {}

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: str) -> bool:
        if not self._networks:
            return False
        answer = self._answers.get(address)
        if answer is None:
            if len(self._answers) >= _KEPT_ANSWERS:
                self._answers.clear()
            answer = self._answers[address] = self._holds(address)
        return answer

    def _holds(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        return any(ip in network for network in self._networks)


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None
