"""Run a workload against a prepared site, and say what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tenfold.measure.latencies import merged, percentile_ms, summary
from tenfold.measure.load import (
    KINDS,
    Gathered,
    ListenJob,
    LoadJob,
    Processes,
    Site,
    Tally,
)
from tenfold.measure.rate import count_of
from tenfold.measure.results import GeneratorUse, RealtimeResult, RunResult, Slot
from tenfold.measure.workload import Workload

BUSY_RATIO = 0.9
"""A generator process that takes more of a core than this is the limit itself."""

LATE_MS = 5.0
LATE_SHARE = 0.5
"""So is one that sends late by more than this much, and by this share of the p99 latency."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How the generator works: connections over all processes, seconds until it gives up."""

    connections: int = 64
    timeout_s: float = 10.0
    seed: int = 1


def run(
    processes: Processes,
    site: Site,
    workload: Workload,
    effort: Effort = Effort(),
    *,
    target: str = "",
    round_: int = 1,
) -> RunResult:
    """One run. Raises: OperatorError when it can't be carried out at all."""
    parts = processes.count
    jobs = [
        LoadJob(
            site=site,
            workload=workload,
            part=part,
            parts=parts,
            connections=max(1, effort.connections // parts),
            timeout_s=effort.timeout_s,
            seed=f"{effort.seed}/{round_}",
        )
        for part in range(parts)
    ]
    rate = workload.rate
    listen = ListenJob(site, workload.realtime_subscribers, rate.warmup_s, rate.duration_s)
    unix_minus_monotonic = time.time() - time.monotonic()
    gathered = processes.run(jobs, listen if workload.realtime_subscribers else None)
    return _result(
        gathered,
        jobs,
        target=target,
        round_=round_,
        started_at=unix_minus_monotonic + gathered.started_at + rate.warmup_s,
    )


def _result(
    gathered: Gathered, jobs: list[LoadJob], *, target: str, round_: int, started_at: float
) -> RunResult:
    tallies, workload = gathered.loads, jobs[0].workload
    duration_s = workload.rate.duration_s
    by_kind = [
        merged(slot.counts[kind] for tally in tallies for slot in tally.slots)
        for kind in range(len(KINDS))
    ]
    all_counts = merged(by_kind)
    latencies = summary(all_counts)
    good = sum(slot.good for tally in tallies for slot in tally.slots)
    measured_from = gathered.started_at + workload.rate.warmup_s
    took_s = max(duration_s, max(tally.last_at for tally in tallies) - measured_from)
    planned = count_of(workload.rate.points())
    sent = sum(tally.sent for tally in tallies)
    return RunResult(
        target=target,
        url=jobs[0].site.address.url,
        round=round_,
        started_at=started_at,
        workload=workload,
        planned=planned,
        sent=sent,
        good=good,
        errors=_errors(tallies),
        took_s=took_s,
        planned_per_s=planned / duration_s,
        sent_per_s=sent / duration_s,
        good_per_s=good / took_s,
        received_bytes=sum(tally.received_bytes for tally in tallies),
        latencies=latencies,
        by_kind={
            kind: summary(counts) for kind, counts in zip(KINDS, by_kind, strict=True) if counts
        },
        slots=_slots(tallies),
        generator=_generator_use(gathered, jobs, latencies.p99_ms),
        realtime=_realtime(gathered, workload),
    )


def _errors(tallies: list[Tally]) -> dict[str, int]:
    """By kind, the most frequent first."""
    total: dict[str, int] = {}
    for tally in tallies:
        for why, count in tally.errors.items():
            total[why] = total.get(why, 0) + count
    return dict(sorted(total.items(), key=lambda item: -item[1]))


def _slots(tallies: list[Tally]) -> list[Slot]:
    slots: list[Slot] = []
    slot_s = tallies[0].slot_s
    for number, parts in enumerate(zip(*(tally.slots for tally in tallies), strict=True)):
        counts = merged(kind for part in parts for kind in part.counts)
        planned, good = sum(part.planned for part in parts), sum(part.good for part in parts)
        p50, p99 = percentile_ms(counts, 50), percentile_ms(counts, 99)
        slots.append(Slot(number * slot_s, planned, good, planned - good, p50, p99))
    return slots


def _generator_use(gathered: Gathered, jobs: list[LoadJob], p99_ms: float) -> GeneratorUse:
    tallies = gathered.loads
    ratios = [tally.cpu_s / tally.wall_s for tally in tallies if tally.wall_s]
    listened = gathered.listened
    if listened and listened.wall_s:
        ratios.append(listened.cpu_s / listened.wall_s)
    cpu_s = sum(tally.cpu_s for tally in tallies)
    # The clock of a short run is looked at only ten times a second.
    share = min((t.wall_s / jobs[0].workload.rate.duration_s for t in tallies), default=0.0)
    sent = sum(tally.sent for tally in tallies) * share
    late_p99_ms = percentile_ms(merged(tally.late for tally in tallies), 99)
    busiest = max([*(tally.busiest_ratio for tally in tallies), *ratios], default=0.0)
    return GeneratorUse(
        processes=len(jobs),
        connections=sum(job.connections for job in jobs),
        cpu_s=cpu_s,
        cpu_ratio=max(ratios, default=0.0),
        busiest_ratio=busiest,
        cpu_us_per_request=cpu_s / sent * 1e6 if sent else 0.0,
        late_p99_ms=late_p99_ms,
        scheduling=tallies[0].scheduling,
        limit=_limit(busiest, late_p99_ms, p99_ms),
    )


def _limit(busiest_ratio: float, late_p99_ms: float, p99_ms: float) -> str:
    if busiest_ratio > BUSY_RATIO:
        return f"a generator process took {busiest_ratio:.0%} of a core: add --processes"
    if late_p99_ms > LATE_MS and late_p99_ms > LATE_SHARE * p99_ms:
        return (
            f"requests left {late_p99_ms:.0f} ms late (p99), for want of a processor:"
            " lower the rate or use another machine for the load"
        )
    return ""


def _realtime(gathered: Gathered, workload: Workload) -> RealtimeResult | None:
    listened = gathered.listened
    if listened is None:
        return None
    # A write that failed may have been made all the same: more may come than is expected.
    writes = sum(tally.good_writes for tally in gathered.loads)
    return RealtimeResult(
        subscribers=workload.realtime_subscribers,
        connected=listened.connected,
        expected=writes * listened.connected,
        received=listened.received,
        latencies=summary(listened.counts),
    )
