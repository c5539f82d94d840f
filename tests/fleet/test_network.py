"""The private network of a stage, proved on real hosts: namespaces with nftables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tenfold.cluster.firewall import rules
from tenfold.cluster.topology import Addresses, Topology, split
from tests.fleet.namespaces import Lab, lab

ADDRESSES = {
    "web": "10.231.9.1",
    "database": "10.231.9.2",
    "objects": "10.231.9.3",
    "internet": "10.231.9.50",
    "admin": "10.231.9.77",
}
PORTS = [22, 25, 53, 80, 443, 3306, 4567, 8080, 8090, 8333, 8888, 9333, 18333, 19333]
HOSTS = ("web", "database", "objects")


def stage() -> Topology:
    addresses = Addresses(*(ADDRESSES[host] for host in HOSTS))
    return replace(split(addresses, port=80), ssh_from=(ADDRESSES["admin"],))


@pytest.fixture(scope="module")
def hosts() -> Iterator[Lab]:
    with lab(ADDRESSES, PORTS) as made:
        everything = {(host, port) for host in ADDRESSES for port in PORTS if host != "internet"}
        assert made.answering("internet", PORTS) == everything, "the lab itself is broken"
        topology = stage()
        for name in HOSTS:
            made.load(name, rules(topology, topology.host(name)))
        yield made


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("internet", {("web", 80), ("web", 443)}),
        ("web", {("database", 3306), ("objects", 8333)}),
        ("database", set[tuple[str, int]]()),
        ("objects", set[tuple[str, int]]()),
        ("admin", {("web", 80), ("web", 443), *((host, 22) for host in HOSTS)}),
    ],
)
def test_who_reaches_what(hosts: Lab, source: str, allowed: set[tuple[str, int]]) -> None:
    """The hosts outside the stage have no rules: what they answer is what may leave."""
    found = hosts.answering(source, PORTS)
    outside = {"internet", "admin"} - {source}
    if source in HOSTS:
        assert found == allowed
    else:
        assert {place for place in found if place[0] not in outside} == allowed


def test_loading_the_rules_again_replaces_them(hosts: Lab) -> None:
    topology = stage()
    closed = replace(topology, ssh_from=())
    hosts.load("web", rules(closed, closed.host("web")))
    assert ("web", 22) not in hosts.answering("admin", [22])
    hosts.load("web", rules(topology, topology.host("web")))
    assert ("web", 22) in hosts.answering("admin", [22])
