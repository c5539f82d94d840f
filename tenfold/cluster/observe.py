"""How the parts of a fleet are right now."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from tenfold.cluster.folder import FleetFolder
from tenfold.cluster.processes import Running, find, members, resident_bytes
from tenfold.cluster.topology import Part, Topology
from tenfold.engines import ENGINES, Engine, Node, Unhealthy


@dataclass(frozen=True, slots=True)
class Wanted:
    """A part as it should be: its engine, its node, its rendered files, and their digest."""

    part: Part
    needs: tuple[str, ...]
    engine: Engine
    node: Node
    files: dict[str, str]
    digest: str


@dataclass(frozen=True, slots=True)
class Observed:
    """A part as it is; `problem` is empty when a probe has succeeded."""

    part: Part
    address: str
    running: Running | None
    problem: str
    age_s: float
    memory_bytes: int


def identity(folder: FleetFolder, part: str) -> str:
    """What tells a part of this folder from all other processes of the machine."""
    return f"{folder.path}:{part}"


def wanted(folder: FleetFolder, topology: Topology) -> list[Wanted]:
    """All parts in the order of their start, as the files in the folder want them now."""
    return [_wanted(folder, topology, part) for part in topology.in_start_order()]


def running(folder: FleetFolder, part: str) -> Running | None:
    """The process of a part, if it runs."""
    return find(folder.run / part, identity(folder, part))


async def problem(engine: Engine, node: Node) -> str:
    """What is wrong with a running part; empty when it does its work."""
    try:
        await engine.probe(node)
    except Unhealthy as error:
        return str(error)
    except Exception as error:  # a driver's own ways to fail are not all known
        return f"the probe failed: {type(error).__name__}"
    return ""


async def observe(folder: FleetFolder, topology: Topology) -> list[Observed]:
    """All parts, probed at the same time."""
    parts = list(topology.in_start_order())
    return await asyncio.gather(*(_observed(folder, topology, part) for part in parts))


def described(
    folder: FleetFolder, topology: Topology, part: Part, found: Running | None, problem: str
) -> Observed:
    """A part with what the system tells of its processes."""
    pids = members(folder.run / part.name, identity(folder, part.name)) if found else []
    return Observed(
        part=part,
        address=f"{topology.address_of(part)}:{part.port}",
        running=found,
        problem=problem,
        age_s=found.process.age_s if found else 0.0,
        memory_bytes=resident_bytes(pids),
    )


async def _observed(folder: FleetFolder, topology: Topology, part: Part) -> Observed:
    found = running(folder, part.name)
    if found is None:
        return described(folder, topology, part, None, "does not run")
    wrong = await problem(ENGINES[part.engine], folder.node(topology, part))
    return described(folder, topology, part, found, wrong)


def _wanted(folder: FleetFolder, topology: Topology, part: Part) -> Wanted:
    engine, node = ENGINES[part.engine], folder.node(topology, part)
    files = dict(engine.render(node))
    return Wanted(
        part=part,
        needs=tuple(other.name for other in topology.needs(part)),
        engine=engine,
        node=node,
        files=files,
        digest=_digest(engine, node, files),
    )


def _digest(engine: Engine, node: Node, files: dict[str, str]) -> str:
    """Changes whenever a restart would make a difference."""
    command = engine.command(node)
    told = [repr(sorted(files.items())), repr(command.argv), repr(sorted(command.env.items()))]
    told += [f"{name}={node.secret(name)}" for name in sorted(engine.secrets)]
    if engine.has_certificate:
        told += [path.read_text() for path in (node.tls.ca, node.tls.certificate)]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]
