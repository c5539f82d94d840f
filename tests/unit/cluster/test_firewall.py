"""Rules as text; tests/fleet/test_network.py loads them into real network namespaces."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenfold.cluster.firewall import rules
from tenfold.cluster.topology import Addresses, Outgoing, split

SPLIT = split(Addresses("10.0.0.1", "10.0.0.2", "10.0.0.3"), port=80)


def accepted(host: str, chain: str, **changes: object) -> list[str]:
    """The lines of a chain that follow from the topology."""
    topology = replace(SPLIT, **changes)  # pyright: ignore[reportArgumentType]
    text = rules(topology, topology.host(host))
    body = text.partition(f"chain {chain} {{")[2].partition("\t}")[0]
    return [line.strip() for line in body.splitlines() if "tcp dport" in line]


def test_the_web_host() -> None:
    assert accepted("web", "input") == ["tcp dport { 80, 443 } accept"]
    assert accepted("web", "output") == [
        "ip daddr { 10.0.0.2 } tcp dport 3306 accept",
        "ip daddr { 10.0.0.3 } tcp dport 8333 accept",
    ]


def test_the_others_answer_the_web_host_only() -> None:
    assert accepted("database", "input") == ["ip saddr { 10.0.0.1 } tcp dport 3306 accept"]
    assert accepted("objects", "input") == ["ip saddr { 10.0.0.1 } tcp dport 8333 accept"]
    assert accepted("database", "output") == accepted("objects", "output") == []


def test_ssh_and_places_outside() -> None:
    ssh = ("10.9.0.7/24", "2001:db8::1")
    assert accepted("database", "input", ssh_from=ssh) == [
        "ip saddr { 10.9.0.0/24 } tcp dport 22 accept",
        "ip6 saddr { 2001:db8::1 } tcp dport 22 accept",
        "ip saddr { 10.0.0.1 } tcp dport 3306 accept",
    ]
    relay = (Outgoing("web", "192.0.2.25", 587),)
    assert "ip daddr { 192.0.2.25 } tcp dport 587 accept" in accepted(
        "web", "output", outgoing=relay
    )


@pytest.mark.parametrize("bad", ["all", "1.2.3.4 } accept; {", "10.0.0.0/33", ""])
def test_what_is_no_address_never_gets_into_the_rules(bad: str) -> None:
    with pytest.raises(ValueError):
        accepted("web", "input", ssh_from=(bad,))
