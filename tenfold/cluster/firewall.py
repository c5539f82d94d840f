"""Who may reach a host, as nftables rules that follow from the topology alone.

Everything is refused, in and out, but: answers, loopback, what ICMP must carry, public ports,
SSH from an allow-list, and the flows between the parts.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable

from tenfold.cluster.topology import Host, Topology

SSH_PORT = 22

_RULES = """\
# Host {name} of the stage {stage}. Made by Tenfold from the topology: change that, not this.
table inet tenfold
delete table inet tenfold
table inet tenfold {{
\tchain input {{
\t\ttype filter hook input priority filter; policy drop;
\t\tiif lo accept
\t\tct state established,related accept
\t\tct state invalid drop
\t\tip protocol icmp icmp type {{ echo-request, destination-unreachable, time-exceeded }} accept
\t\ticmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, \
packet-too-big, destination-unreachable }} accept
{input}\t}}
\tchain forward {{
\t\ttype filter hook forward priority filter; policy drop;
\t}}
\tchain output {{
\t\ttype filter hook output priority filter; policy drop;
\t\toif lo accept
\t\tct state established,related accept
\t\tip protocol icmp icmp type {{ destination-unreachable, time-exceeded }} accept
\t\ticmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, \
packet-too-big, destination-unreachable }} accept
{output}\t}}
}}
"""


def rules(topology: Topology, host: Host) -> str:
    """The rules of one host, for `nft -f`; loading them again replaces them at once."""
    return _RULES.format(
        name=host.name,
        stage=topology.stage,
        input="".join(f"\t\t{line}\n" for line in _incoming(topology, host)),
        output="".join(f"\t\t{line}\n" for line in _outgoing(topology, host)),
    )


def _incoming(topology: Topology, host: Host) -> Iterable[str]:
    if host.public_ports:
        yield f"tcp dport {_set(map(str, sorted(host.public_ports)))} accept"
    for family, addresses in _by_family(topology.ssh_from).items():
        yield f"{family} saddr {_set(addresses)} tcp dport {SSH_PORT} accept"
    sources: dict[int, list[str]] = defaultdict(list)
    for flow in topology.flows():
        if flow.target == host.name:
            sources[flow.port].append(topology.host(flow.source).address)
    for port, addresses in sorted(sources.items()):
        for family, some in _by_family(addresses).items():
            yield f"{family} saddr {_set(some)} tcp dport {port} accept"


def _outgoing(topology: Topology, host: Host) -> Iterable[str]:
    wanted = [
        (topology.host(flow.target).address, flow.port)
        for flow in topology.flows()
        if flow.source == host.name
    ]
    wanted += [(out.address, out.port) for out in topology.outgoing if out.host == host.name]
    for address, port in wanted:
        for family, some in _by_family([address]).items():
            yield f"{family} daddr {_set(some)} tcp dport {port} accept"


def _by_family(addresses: Iterable[str]) -> dict[str, list[str]]:
    """Addresses and ranges by what nftables calls their family. Raises: ValueError."""
    found: dict[str, list[str]] = defaultdict(list)
    for address in addresses:
        network = ipaddress.ip_network(address, strict=False)
        is_single = network.num_addresses == 1
        shown = str(network.network_address) if is_single else str(network)
        found["ip" if network.version == 4 else "ip6"].append(shown)
    return found


def _set(members: Iterable[str]) -> str:
    return "{ " + ", ".join(members) + " }"
