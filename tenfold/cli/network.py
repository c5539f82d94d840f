"""`tenfold network`: who may talk to whom, as firewall rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.table import Table

from tenfold.cli.console import out
from tenfold.cluster.firewall import rules
from tenfold.cluster.topology import Addresses, Outgoing, Topology, split
from tenfold.errors import OperatorError


def network(
    stage: Annotated[Literal["split"], Parameter(help="Which stage: split.")],
    /,
    *,
    web: Annotated[str, Parameter(help="Address of the web host.")],
    database: Annotated[str, Parameter(help="Address of the database host.")],
    objects: Annotated[str, Parameter(help="Address of the object store's host.")],
    ssh_from: Annotated[
        tuple[str, ...], Parameter(help="Address or range that may use SSH; may be repeated.")
    ] = (),
    outgoing: Annotated[
        tuple[str, ...],
        Parameter(help="ADDRESS:PORT that the web host may reach outside; may be repeated."),
    ] = (),
    out_dir: Annotated[
        Path | None, Parameter(help="Write HOST.nft files here instead of showing the flows.")
    ] = None,
) -> None:
    """Show or write the nftables rules of every host of a stage.

    They follow from the stage alone: only 80 and 443 of the web host are public, the other hosts
    answer the web host on one port each, SSH answers the allow-list, and no host opens a
    connection to anywhere else. Load them with nft -f HOST.nft.

    For example:

        tenfold network split --web 10.0.0.1 --database 10.0.0.2 --objects 10.0.0.3
        tenfold network split --web 10.0.0.1 --database 10.0.0.2 --objects 10.0.0.3
          --ssh-from 10.9.0.0/24 --outgoing 192.0.2.25:587 --out-dir rules
    """
    planned = split(Addresses(web, database, objects), port=80)
    topology = Topology(
        stage=stage,
        hosts=planned.hosts,
        parts=planned.parts,
        ssh_from=ssh_from,
        outgoing=tuple(_outgoing(place) for place in outgoing),
    )
    try:
        texts = {host.name: rules(topology, host) for host in topology.hosts}
    except ValueError as error:
        raise OperatorError(str(error)) from None
    if out_dir is None:
        out.print(_table(topology))
        return
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out_dir / f"{name}.nft").write_text(text)
        out.print(f"nft -f {out_dir / name}.nft  # on host {name}")


def _outgoing(place: str) -> Outgoing:
    address, _, port = place.rpartition(":")
    if not address or not port.isdecimal():
        raise OperatorError(f"--outgoing must be ADDRESS:PORT, not {place}")
    return Outgoing("web", address.strip("[]"), int(port))


def _table(topology: Topology) -> Table:
    shown = Table("from", "to", "port", box=None, header_style="bold")
    for host in topology.hosts:
        for port in host.public_ports:
            shown.add_row("everywhere", f"{host.name} ({host.address})", str(port))
        for source in topology.ssh_from:
            shown.add_row(source, f"{host.name} ({host.address})", "22")
    for flow in topology.flows():
        target = topology.host(flow.target)
        shown.add_row(flow.source, f"{target.name} ({target.address})", str(flow.port))
    for place in topology.outgoing:
        shown.add_row(place.host, place.address, str(place.port))
    return shown
