"""`tenfold certs`: the fleet's own authority and certificates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from tenfold.cli.console import out
from tenfold.cli.fleet import DEFAULT, FleetDir, fleet_folder
from tenfold.cluster.certificates import RENEW_BEFORE, Certificate
from tenfold.cluster.folder import subjects
from tenfold.cluster.supervisor import supervising


def certs(
    *,
    dir: FleetDir = DEFAULT,
    renew: Annotated[
        bool, Parameter(help="Make all certificates anew, whether or not they expire.", negative=())
    ] = False,
) -> None:
    """Make and renew the certificates that the parts of a fleet know each other by.

    The fleet has an authority of its own, good for ten years; the parts' certificates are good
    for 397 days. This makes what is missing, renews what expires within 60 days, and shows all.
    A running fleet takes new ones over by itself, one part after another. `tenfold up` does the
    same at its start.

    For example:

        tenfold certs
        tenfold certs --renew --dir /srv/fleet
    """
    folder = fleet_folder(dir)
    topology = folder.make("split", None)
    found = folder.certificates.ensure(subjects(topology), renew=renew)
    out.print(_table(found))
    is_changed = any(certificate.is_new for certificate in found)
    if is_changed and supervising(folder):
        out.print("The fleet takes them over within seconds, one part after another.")


def _table(found: list[Certificate]) -> Table:
    now = datetime.now(UTC)
    shown = Table("certificate", "valid for", "expires", box=None, header_style="bold")
    shown.add_column("days left", justify="right")
    shown.add_column("")
    for one in found:
        days = one.days_left(now)
        colour = "red" if days < 0 else "yellow" if days < RENEW_BEFORE.days else "green"
        shown.add_row(
            escape(one.name),
            escape(", ".join(one.names)) or "signing",
            f"{one.expires_at:%Y-%m-%d}",
            f"[{colour}]{days}[/]",
            "new" if one.is_new else "",
        )
    return shown
