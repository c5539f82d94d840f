"""The load generator: an open loop in several processes, every answer checked."""

from tenfold.measure.load.asks import KINDS
from tenfold.measure.load.caller import Caller
from tenfold.measure.load.generator import Generator, LoadJob
from tenfold.measure.load.processes import Gathered, Processes
from tenfold.measure.load.site import Address, Site
from tenfold.measure.load.subscribers import ListenJob
from tenfold.measure.load.tally import ListenTally, Tally

__all__ = [
    "KINDS",
    "Address",
    "Caller",
    "Gathered",
    "Generator",
    "ListenJob",
    "ListenTally",
    "LoadJob",
    "Processes",
    "Site",
    "Tally",
]
