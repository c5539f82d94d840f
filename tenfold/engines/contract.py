"""What every engine must tell: its files, its command, whether it is well, how it ends.

An engine holds no state: all it knows of an instance comes with the `Node`. So the same file
runs a rehearsal on loopback addresses and, rendered by other hands, a host of its own.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tenfold.errors import OperatorError, TenfoldError

_PLACES = ("/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/usr/bin")


class Unhealthy(TenfoldError):
    """An engine does not do its work (yet); the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that must be installed, and the exact command that installs it."""

    name: str
    install: str

    def find(self) -> str | None:
        """Its path: beside this Python, on the PATH, or where Debian puts daemons."""
        beside = Path(sys.executable).parent / self.name
        if beside.exists():
            return str(beside)
        return shutil.which(self.name) or shutil.which(self.name, path=":".join(_PLACES))

    def path(self) -> str:
        """Like `find`. Raises: OperatorError when it is missing."""
        found = self.find()
        if found is None:
            raise OperatorError(f"{self.name} is missing", hint=self.install)
        return found


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: to start, to be unwell before a restart, to end after SIGTERM before SIGKILL."""

    start_s: float
    sick_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class Command:
    """What starts an engine in the foreground.

    `env` comes on top of a bare environment, or of the caller's own: user code wants that.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    inherits_environment: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a part listens."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tls:
    """The authority's certificate, and a part's own certificate and key."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Node:
    """One instance of an engine on one host.

    `folder` is its own; `secrets` holds files of mode 600. `peers` are the parts it may talk
    to, by role. `slot` sets instances on one machine apart where an address can't (0 on a host
    of its own).
    """

    name: str
    endpoint: Endpoint
    folder: Path
    secrets: Path
    tls: Tls
    peers: Mapping[str, Endpoint] = field(default_factory=dict[str, Endpoint])
    slot: int = 0
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    def secret(self, name: str) -> str:
        """A secret by name, as the file holds it."""
        return (self.secrets / name).read_text().strip()


class Engine(Protocol):
    """How to run one product."""

    @property
    def programs(self) -> tuple[Program, ...]:
        """What must be installed."""
        ...

    @property
    def has_certificate(self) -> bool:
        """Whether it needs a certificate of its own."""
        ...

    @property
    def limits(self) -> Limits:
        """How long it may take."""
        ...

    @property
    def secrets(self) -> Mapping[str, Callable[[], str]]:
        """The secrets it reads, by name, with what makes each of them anew."""
        ...

    def render(self, node: Node) -> Mapping[str, str]:
        """Its configuration: texts by file name below the node's folder."""
        ...

    def prepare(self, node: Node) -> None:
        """Make what the first start needs; nothing when it is there. Blocks for seconds."""
        ...

    def command(self, node: Node) -> Command:
        """What starts it, in the node's folder. SIGTERM ends it."""
        ...

    async def settle(self, node: Node) -> None:
        """Bring a running engine to what the node wants; repeated after every start.

        Raises: Unhealthy while it does not answer.
        """
        ...

    async def probe(self, node: Node) -> None:
        """Do a little real work, as its users would. Raises: Unhealthy."""
        ...

    def tidy(self, node: Node) -> None:
        """Remove what it leaves outside its folder once it has ended."""
        ...
