"""Where a fleet keeps what it knows: one folder, readable by its owner only.

fleet.json      the stage, its slot of loopback addresses, the public address
certs/          the authority and the certificates
secrets/        one file a secret
parts/NAME/     configuration and data of each part
logs/           one log a part, and the fleet's own
run/            who runs: process ids with their start times
"""

from __future__ import annotations

import socket
import zlib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tenfold.cluster.certificates import Certificates, Subject
from tenfold.cluster.topology import Addresses, Part, Topology, split
from tenfold.durable import replace_private
from tenfold.engines import ENGINES, Endpoint, Node, Tls
from tenfold.errors import OperatorError
from tenfold.settings import KEYS, Settings

STAGES = ("split",)
_HARD_TO_QUOTE = set("?#&%;\"'`\\ \n\r\t")
MOST_SLOTS = 250
_PROBED_PORTS = (3306, 8333)


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `fleet.json` holds."""

    stage: str
    slot: int
    http: str


@dataclass(frozen=True, slots=True)
class FleetFolder:
    """The paths of a fleet, and the values that are made of its files."""

    path: Path

    @property
    def certificates(self) -> Certificates:
        return Certificates(self.path / "certs")

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def run(self) -> Path:
        return self.path / "run"

    def part(self, name: str) -> Path:
        return self.path / "parts" / name

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def plan(self) -> Plan:
        """What was decided at the first start. Raises: OperatorError when there is no fleet."""
        try:
            return msgspec.json.decode((self.path / "fleet.json").read_bytes(), type=Plan)
        except (FileNotFoundError, NotADirectoryError):
            raise OperatorError(
                f"{self.path} holds no fleet", hint=f"tenfold up split --dir {self.path}"
            ) from None
        except msgspec.DecodeError as error:
            raise OperatorError(f"{self.path}/fleet.json can't be read: {error}") from None

    def make(self, stage: str, http: str | None) -> Topology:
        """Make what the fleet needs before anything runs, or bring it up to date.

        Raises: OperatorError when the folder can't be used; ValueError for a bad `http`.
        """
        if _HARD_TO_QUOTE & set(str(self.path)):
            raise OperatorError(f"{self.path}: engines can't use a folder of this name")
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("secrets", "logs", "run", "parts"):
            (self.path / name).mkdir(mode=0o700, exist_ok=True)
        plan = self._planned(stage, KEYS["http"].parse(http) if http else None)
        replace_private(self.path / "fleet.json", msgspec.json.encode(plan) + b"\n")
        topology = topology_of(plan)
        self._make_secrets(topology)
        self.certificates.ensure(subjects(topology))
        return topology

    def topology(self) -> Topology:
        """The topology of the fleet that was made here. Raises: OperatorError."""
        return topology_of(self.plan())

    def node(self, topology: Topology, part: Part) -> Node:
        """A part as its engine wants to see it."""
        certificates = self.certificates
        return Node(
            name=part.name,
            endpoint=Endpoint(topology.address_of(part), part.port),
            folder=self.part(part.name),
            secrets=self.secrets,
            tls=Tls(
                certificates.authority,
                certificates.certificate(part.name),
                certificates.key(part.name),
            ),
            peers={
                other.role: Endpoint(topology.address_of(other), other.port)
                for other in topology.needs(part)
            },
            slot=self.plan().slot,
            options={"hooks": str(self.path / "hooks"), "public": str(self.path / "public")},
        )

    def _planned(self, stage: str, http: str | None) -> Plan:
        if not (self.path / "fleet.json").exists():
            return Plan(stage, _free_slot(self.path), http or Settings().http)
        known = self.plan()
        if known.stage != stage:
            raise OperatorError(f"{self.path} holds a fleet of the stage {known.stage}")
        return Plan(stage, known.slot, http or known.http)

    def _make_secrets(self, topology: Topology) -> None:
        for part in topology.parts:
            for name, make in ENGINES[part.engine].secrets.items():
                path = self.secrets / name
                if not path.exists():
                    replace_private(path, make().encode() + b"\n")


def topology_of(plan: Plan) -> Topology:
    """The topology that a plan stands for."""
    host, _, port = plan.http.rpartition(":")
    addresses = Addresses.on_loopback(plan.slot, host.strip("[]") or "0.0.0.0")
    return split(addresses, int(port), public_ports=(int(port),))


def subjects(topology: Topology) -> list[Subject]:
    """Whom the authority signs certificates for."""
    return [
        Subject(part.name, (topology.address_of(part),))
        for part in topology.parts
        if ENGINES[part.engine].has_certificate
    ]


def _free_slot(path: Path) -> int:
    """A slot of loopback addresses where nobody listens; the same for a path if possible."""
    first = zlib.crc32(str(path).encode())
    for offset in range(MOST_SLOTS):
        slot = 1 + (first + offset) % MOST_SLOTS
        if _is_free(slot):
            return slot
    raise OperatorError("no loopback addresses are left on this machine")


def _is_free(slot: int) -> bool:
    addresses = Addresses.on_loopback(slot, "127.0.0.1")
    with ExitStack() as stack:
        try:
            for address in (addresses.database, addresses.objects):
                for port in _PROBED_PORTS:
                    stack.enter_context(socket.create_server((address, port)))
        except OSError:
            return False
    return True
