"""What a fleet should look like, as plain values: hosts, the parts on them, who talks to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

DATABASE_PORT, OBJECTS_PORT = 3306, 8333
WEB_PORTS = (80, 443)


@dataclass(frozen=True, slots=True)
class Host:
    """A machine, or a loopback address that stands for one.

    `zone` is what fails together. `public_ports` are open to everybody.
    """

    name: str
    address: str
    zone: str = "a"
    public_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One running instance of an engine.

    `uses` names the roles it talks to; they must be well before its first start.
    """

    name: str
    role: str
    engine: str
    host: str
    port: int
    uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """A connection that is allowed: from one host to a port of another."""

    source: str
    target: str
    port: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A place outside that a host may talk to, such as a mail relay."""

    host: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Topology:
    """A stage: its hosts and parts.

    `ssh_from` are addresses or ranges that may reach every host's SSH.
    """

    stage: str
    hosts: tuple[Host, ...]
    parts: tuple[Part, ...]
    ssh_from: tuple[str, ...] = ()
    outgoing: tuple[Outgoing, ...] = field(default=())

    def host(self, name: str) -> Host:
        """The host of this name; there must be one."""
        return next(host for host in self.hosts if host.name == name)

    def address_of(self, part: Part) -> str:
        return self.host(part.host).address

    def with_role(self, role: str) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.role == role)

    def needs(self, part: Part) -> tuple[Part, ...]:
        """The parts that a part talks to."""
        return tuple(other for role in part.uses for other in self.with_role(role))

    def in_start_order(self) -> Iterator[Part]:
        """Every part, after all that it needs."""
        started: set[str] = set()
        waiting = list(self.parts)
        while waiting:
            ready = [p for p in waiting if all(n.name in started for n in self.needs(p))]
            if not ready:
                raise ValueError("parts that wait for each other")
            yield from ready
            started |= {part.name for part in ready}
            waiting = [part for part in waiting if part not in ready]

    def flows(self) -> tuple[Flow, ...]:
        """Who may talk to whom: follows from what the parts use, and from nothing else."""
        found = {
            Flow(part.host, other.host, other.port): None
            for part in self.parts
            for other in self.needs(part)
            if part.host != other.host
        }
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the hosts of a stage are."""

    web: str
    database: str
    objects: str

    @classmethod
    def on_loopback(cls, slot: int, web: str) -> Self:
        """The addresses of a rehearsal on one machine; every slot has its own."""
        return cls(web=web, database=f"127.77.{slot}.2", objects=f"127.77.{slot}.3")


def split(addresses: Addresses, port: int, public_ports: tuple[int, ...] = WEB_PORTS) -> Topology:
    """The stage `split`: the service, the database and the object store, a host each."""
    return Topology(
        stage="split",
        hosts=(
            Host("web", addresses.web, public_ports=public_ports),
            Host("database", addresses.database),
            Host("objects", addresses.objects),
        ),
        parts=(
            Part("database-1", "database", "mariadb", "database", DATABASE_PORT),
            Part("objects-1", "objects", "seaweedfs", "objects", OBJECTS_PORT),
            Part("app-1", "app", "tenfold", "web", port, uses=("database", "objects")),
        ),
    )
