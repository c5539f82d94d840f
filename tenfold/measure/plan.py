"""Sizing on the back of an envelope: from users and rates to parts, storage, network and money.

Every figure carries the formula that made it. Costs of requests come from what was measured on
this machine; what can't be measured here is an assumption of the price file, and marked so.
"""

from __future__ import annotations

from tenfold.measure.plan_envelope import Envelope
from tenfold.measure.plan_machine import MachineFigures
from tenfold.measure.plan_prices import Prices
from tenfold.measure.plan_stages import Stages
from tenfold.measure.plan_values import Demand, Plan


def plan(demand: Demand, figures: MachineFigures, prices: Prices) -> Plan:
    """Size every stage for a demand."""
    envelope = Envelope(demand, figures, prices)
    stages = Stages(envelope).all()
    return Plan(demand, envelope.lines(), stages, prices.currency)


def server_per_s(demand: Demand, figures: MachineFigures, prices: Prices) -> float:
    """Reads a second that one app server carries when it is quite full."""
    envelope = Envelope(demand, figures, prices)
    return prices.machine["app_cores"] / (envelope.read_us / 1e6)
