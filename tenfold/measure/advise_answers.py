"""Rules about answers: whether they are remembered, how big they are, who is told. Pure."""

from __future__ import annotations

from tenfold.measure.advise_figures import MIN_S, Figures
from tenfold.measure.advise_gain import FULL, MATTERS, gain_without
from tenfold.measure.advise_values import Finding, Step

HIT_RATIO_WANTED = 0.95
BIG_ANSWER_BYTES = 32_000
SMALL_ANSWER_RATIO = 10
SMALL_ANSWER_S = 40e-6
"""What an answer of a kilobyte costs the server (measured here)."""

MEGABYTE = 1 << 20


def small_cache(figures: Figures) -> Finding | None:
    """Records are read again and again because they are forgotten for want of room."""
    server = figures.server
    if server is None or figures.worker_busiest < FULL:
        return None
    use = server.records
    asked = use.hits + use.misses
    if use.hit_ratio > HIT_RATIO_WANTED or asked < figures.run.good * 0.3:
        return None
    routed_s = sum(server.request_s.values())
    missed_s = max(0.0, figures.main_cores * figures.took_s - routed_s)
    share = missed_s / max(figures.serving_cores * figures.took_s, MIN_S)
    share *= min(1.0, use.misses / max(1, asked) / 0.05)
    if share < MATTERS / 2:
        return None
    evicting = use.evictions > 0.1 * use.misses
    return Finding(
        name="cold_cache",
        title="the cache of records is too small" if evicting else "the cache is cold",
        evidence=[
            f"{use.hit_ratio:.1%} of {asked:,} records were remembered,"
            f" {use.evictions:,} were forgotten for want of room",
            f"{use.used_bytes / MEGABYTE:.1f} of {use.limit_bytes / MEGABYTE:.1f} MB are used",
            f"reading them again is {share:.0%} of the workers' time",
        ],
        step=_cache_step(figures) if evicting else Step("wait", "Nothing: it fills as it is used."),
        gain=gain_without(figures, missed_s, "medium", "for reading again"),
        share=share,
        cost=0,
    )


def _cache_step(figures: Figures) -> Step:
    assert figures.server
    settings, use = figures.server.settings, figures.server.records
    now = int(settings.get("cache_bytes", 0))
    each = use.used_bytes / use.entries if use.entries else 4_000
    # A quarter of the room is for lists, and half of the rest is what was used before.
    wanted = 3 * each * figures.run.workload.records
    memory = figures.machine.memory_available_ratio
    value = max(int(wanted), 8 * now, 16 * MEGABYTE) // MEGABYTE * MEGABYTE
    return Step(
        "set",
        f"Raise cache_bytes from {now / MEGABYTE:.1f} to {value / MEGABYTE:.0f} MB a worker"
        f" (TENFOLD_CACHE_BYTES={value}); {memory:.0%} of the memory is free.",
        {"setting": "cache_bytes", "value": str(value)},
        is_here=True,
    )


def big_answers(figures: Figures) -> Finding | None:
    """Answers are so large that moving their bytes is most of the work."""
    if figures.answer_bytes < BIG_ANSWER_BYTES:
        return None
    if max(figures.worker_busiest, figures.machine.cpu_ratio) < FULL:
        return None
    per_s = figures.run.received_bytes / figures.run.took_s
    cost_s = figures.server_cpu_s
    small_s = cost_s / SMALL_ANSWER_RATIO + SMALL_ANSWER_S
    share = 1 - min(1.0, small_s / max(cost_s, MIN_S))
    if share < MATTERS:
        return None
    return Finding(
        name="big_answers",
        title="answers are big",
        evidence=[
            f"an answer has {figures.answer_bytes / 1_000:,.0f} KB on average,"
            f" {per_s / 1e6:,.0f} MB/s leave the server",
            f"each costs {cost_s * 1e6:,.0f} µs of processor,"
            f" {cost_s / figures.answer_bytes * 1e9:.2f} ns a byte",
        ],
        step=Step(
            "shrink_answers",
            "Ask for the fields that are shown only (`fields=`), for smaller pages, and keep large"
            " texts in files, which a CDN can carry.",
        ),
        gain=gain_without(
            figures,
            share * figures.serving_cores * figures.took_s,
            "low",
            "for nine tenths of the bytes",
        ),
        share=share,
        cost=2,
    )


def fan_out(figures: Figures) -> Finding | None:
    """Telling subscribers of each write is most of the work."""
    share = figures.stack_share("tenfold/realtime/")
    if figures.worker_busiest < FULL or share < MATTERS:
        return None
    told = figures.run.realtime
    events = told.received / figures.run.took_s if told else 0.0
    return Finding(
        name="fan_out",
        title="telling subscribers of writes takes the workers' time",
        evidence=[
            f"{share:.0%} of the stacks are in realtime",
            f"{events:,.0f} events/s to {told.connected if told else 0:,} subscribers",
        ],
        step=Step(
            "narrow_topics",
            "Let clients subscribe to the records they show, not to whole collections (`*`).",
        ),
        gain=gain_without(
            figures,
            share / 2 * figures.serving_cores * figures.took_s,
            "low",
            "for events nobody looks at (half of all, at a guess)",
        ),
        share=share,
        cost=2,
    )
