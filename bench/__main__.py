"""Measure Tenfold: beside PocketBase, as the data grows, at rest, at its start, on MariaDB.

Beside PocketBase both servers hold the same records; PocketBase runs as it comes, Tenfold with
every write durable. Rounds alternate between the two, so that noise of the machine meets both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import comparison, footprint, growth, split, wrk
from bench.comparison import Effort
from bench.dataset import make
from bench.screen import console
from tests.targets import PocketBase, Tenfold

PARTS = ("comparison", "footprint", "split", "growth")


def main() -> None:
    """Run what the arguments ask for."""
    arguments = _arguments()
    effort = Effort(arguments.seconds, arguments.rounds, arguments.only)
    results: dict[str, Any] = {"versions": _versions()}
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
        if {"comparison", "footprint"} & set(arguments.parts):
            with console.status(f"making {arguments.records:,} records"):
                dataset = make(Path(folder), arguments.records)
            if "footprint" in arguments.parts:
                sizes = footprint.measure(dataset)
                console.print(footprint.table(sizes))
                results["footprint"] = [asdict(one) for one in sizes]
            if "comparison" in arguments.parts:
                rows = comparison.compare(dataset, effort)
                console.print(comparison.table(rows, dataset, effort))
                results["comparison"] = [asdict(row) | {"ratio": row.ratio} for row in rows]
    if "split" in arguments.parts:
        with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
            found = split.measure(
                Path(folder), arguments.records, arguments.seconds, arguments.rounds
            )
        console.print(split.table(found))
        results["split"] = [asdict(row) for row in found]
    if "growth" in arguments.parts:
        grown = growth.grow(arguments.sizes)
        console.print(growth.table(grown))
        results["growth"] = [asdict(size) for size in grown]
    console.print(results["versions"])
    if arguments.json:
        arguments.json.write_text(json.dumps(results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=f"some of {PARTS}")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=5, help="length of one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="compare rows whose name contains this")
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(size) for size in text.split(",")],
        default=[10_000, 100_000, 1_000_000],
        help="records of the growth steps, such as 10000,100000",
    )
    parser.add_argument("--json", type=Path, help="also write the figures to a file")
    return parser.parse_args()


def _versions() -> str:
    programs = [[Tenfold.program(), "--version"], [PocketBase.program(), "--version"]]
    printed = [subprocess.run(p, capture_output=True, text=True).stdout.strip() for p in programs]
    machine = f"Python {platform.python_version()}; {os.cpu_count()} cores"
    return "; ".join([*printed, wrk.version().strip(), machine])


if __name__ == "__main__":
    main()
