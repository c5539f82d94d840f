"""Messages between the worker processes of a service, and what they count together."""

from tenfold.bus.contract import Bus, Receiver
from tenfold.bus.counters import Counters

__all__ = ["Bus", "Counters", "Receiver"]
