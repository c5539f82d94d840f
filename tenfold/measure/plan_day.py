"""A day in steps of ten seconds: a wave, spikes, and what an autoscaler would make of them. Pure.

The policy is that of most autoscalers: servers follow a wanted utilisation, start after a delay,
leave slowly; it is kept from thrashing by waiting between two steps.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

STEP_S = 10.0
DAY_S = 86_400.0
STEPS = int(DAY_S / STEP_S)


@dataclass(frozen=True, slots=True)
class Policy:
    """How servers come and go. Ratios are of what one server carries."""

    fewest: int = 2
    most: int = 1_000
    wanted_ratio: float = 0.6
    out_above_ratio: float = 0.75
    in_below_ratio: float = 0.4
    starts_in_s: float = 90.0
    out_every_s: float = 60.0
    in_every_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Spike:
    """Load that comes all at once: a push message, a mention."""

    at_s: float
    lasts_s: float
    ratio: float
    """How many times the load of the hour."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The state at one moment."""

    at_s: float
    wanted_per_s: float
    carried_per_s: float
    servers: int


@dataclass(frozen=True, slots=True)
class Day:
    """What came of a day. `fixed_servers` carry its busiest moment without scaling."""

    ticks: list[Tick]
    spikes: list[Spike]
    server_hours: float
    fixed_servers: int
    most_servers: int
    late_ratio: float
    """The share of requests that came while the servers were too few."""
    late_s: float

    @property
    def saved_ratio(self) -> float:
        """The share of the fixed servers' hours that scaling spares."""
        fixed = self.fixed_servers * 24
        return 1 - self.server_hours / fixed if fixed else 0.0


def day_load(mean_per_s: float, peak_ratio: float, spikes: list[Spike]) -> list[float]:
    """Requests a second at each step: a wave around the mean, with spikes on top.

    The wave alone reaches at most twice the mean; what the peak needs beyond that, spikes do.
    """
    swing = min(1.0, max(0.0, peak_ratio - 1))
    load: list[float] = []
    for step in range(STEPS):
        at_s = step * STEP_S
        wave = mean_per_s * (1 - swing * math.cos(2 * math.pi * at_s / DAY_S))
        for spike in spikes:
            if spike.at_s <= at_s < spike.at_s + spike.lasts_s:
                wave *= spike.ratio
        load.append(wave)
    return load


def usual_spikes(peak_ratio: float, seed: int = 1) -> list[Spike]:
    """Three spikes by day, the highest of which makes the peak."""
    rng = random.Random(seed)
    ratio = max(1.2, peak_ratio / 2)
    return [
        Spike(12 * 3_600.0, 900.0, ratio),
        *(
            Spike(rng.uniform(8, 22) * 3_600, rng.uniform(300, 1_800), ratio * 0.7)
            for _ in range(2)
        ),
    ]


def simulate_day(
    load: list[float], server_per_s: float, policy: Policy, spikes: list[Spike]
) -> Day:
    """Run the policy through a day. `server_per_s` is what one server carries."""
    servers = _fitting(load[0], server_per_s, policy)
    starting: list[float] = []
    last_out = last_in = -DAY_S
    ticks: list[Tick] = []
    late = total = late_s = 0.0
    for step, wanted in enumerate(load):
        at_s = step * STEP_S
        servers += sum(ready <= at_s for ready in starting)
        starting = [ready for ready in starting if ready > at_s]
        room = servers * server_per_s
        used = wanted / room
        if used > policy.out_above_ratio and at_s - last_out >= policy.out_every_s:
            more = _fitting(wanted, server_per_s, policy) - servers - len(starting)
            if more > 0:
                starting += [at_s + policy.starts_in_s] * more
                last_out = at_s
        elif used < policy.in_below_ratio and at_s - max(last_in, last_out) >= policy.in_every_s:
            fewer = max(policy.fewest, servers - max(1, servers // 10))
            if fewer < servers:
                servers, last_in = fewer, at_s
        carried = min(wanted, servers * server_per_s)
        late += wanted - carried
        late_s += STEP_S if carried < wanted else 0.0
        total += wanted
        ticks.append(Tick(at_s, wanted, carried, servers))
    return Day(
        ticks=ticks,
        spikes=spikes,
        server_hours=sum(tick.servers for tick in ticks) * STEP_S / 3_600,
        fixed_servers=_fitting(max(load), server_per_s, policy),
        most_servers=max(tick.servers for tick in ticks),
        late_ratio=late / total if total else 0.0,
        late_s=late_s,
    )


def _fitting(wanted_per_s: float, server_per_s: float, policy: Policy) -> int:
    needed = math.ceil(wanted_per_s / (server_per_s * policy.wanted_ratio))
    return min(policy.most, max(policy.fewest, needed))
