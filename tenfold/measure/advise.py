"""Name the one bottleneck of a profiled run, and the next, cheapest step that pays."""

from __future__ import annotations

from dataclasses import replace

from tenfold.measure import advise_answers, advise_database, advise_hooks, advise_passwords
from tenfold.measure.advise_figures import Figures, figures_of
from tenfold.measure.advise_gain import Rule
from tenfold.measure.advise_limits import LIMITS, generator
from tenfold.measure.advise_values import NO_GAIN, Advice, Finding, Step
from tenfold.measure.knee import Goal
from tenfold.measure.profile_run import ProfiledRun

STRAINED = 0.8
"""A part that is busier than this will be short soon, even while the goal is kept."""

CAUSES: tuple[Rule, ...] = (
    advise_database.missing_index,
    advise_passwords.password_pool,
    advise_answers.small_cache,
    advise_hooks.hook_cpu,
    advise_hooks.hook_holds_writer,
    advise_database.slow_disk,
    advise_passwords.password_cpu,
    advise_database.hot_key,
    advise_answers.big_answers,
    advise_answers.fan_out,
)
CARRYING = frozenset({"workers", "writer", "password threads", "read threads"})
"""Parts whose rate grows with the load; the others may be busy with something else."""

TINY = 1e-3


USUAL_GOAL = Goal()


def advise(found: ProfiledRun, goal: Goal = USUAL_GOAL) -> Advice:
    """What is short in a run, and what to do about it."""
    figures = figures_of(found, goal)
    parts = figures.parts()
    notes = [*found.profile.notes, *_doubts(figures)]
    busiest = max((p.busy_ratio for p in parts if p.name in CARRYING), default=0.0)
    headroom = 1 / max(busiest, TINY)
    blamed = generator(figures)
    if blamed:
        return Advice(True, blamed, [], parts, headroom, notes)
    causes = [finding for rule in CAUSES if (finding := rule(figures))]
    limits = [finding for rule in LIMITS if (finding := rule(figures))]
    if not figures.broken_by and busiest < STRAINED:
        return Advice(False, _nothing(figures, headroom), [], parts, headroom, notes)
    ranked = [*sorted(causes, key=lambda f: -f.share), *limits]
    if not ranked:
        return Advice(
            bool(figures.broken_by), _unknown(figures, headroom), [], parts, headroom, notes
        )
    return Advice(True, _with_context(ranked[0], figures), ranked[1:], parts, headroom, notes)


def _with_context(finding: Finding, figures: Figures) -> Finding:
    why = figures.broken_by or "the goal is still kept"
    p99 = figures.run.latencies.p99_ms
    waits = figures.run.good_per_s * figures.run.latencies.mean_ms / 1_000
    shown = (
        f"{figures.run.good_per_s:,.0f} good answers/s of {figures.run.planned_per_s:,.0f},"
        f" p99 {p99:,.1f} ms: {why}; {waits:,.1f} requests under way on average (Little)"
    )
    return replace(finding, evidence=[shown, *finding.evidence])


def _nothing(figures: Figures, headroom: float) -> Finding:
    run = figures.run
    return Finding(
        name="none",
        title="nothing is needed",
        evidence=[
            f"{run.good_per_s:,.0f} good answers/s, p99 {run.latencies.p99_ms:,.1f} ms,"
            f" {run.failed:,} failed: the goal is kept",
            f"the busiest part has room for about {headroom:.1f} times the load",
        ],
        step=Step("nothing", "Nothing is needed at this load."),
        gain=NO_GAIN,
        share=0.0,
        cost=0,
    )


def _unknown(figures: Figures, headroom: float) -> Finding:
    if not figures.broken_by:
        return _nothing(figures, headroom)
    return Finding(
        name="unknown",
        title="no part is full",
        evidence=[
            f"{figures.broken_by}, though no part is busier than"
            f" {max((p.busy_ratio for p in figures.parts()), default=0):.0%}"
        ],
        step=Step(
            "look",
            "Look at the profile's stacks and errors: something waits outside of what is measured.",
        ),
        gain=NO_GAIN,
        share=0.0,
        cost=0,
    )


def _doubts(figures: Figures) -> list[str]:
    """What makes the figures doubtful."""
    doubts: list[str] = []
    if figures.server is None:
        doubts.append("the server tells nothing of itself: causes inside it can't be named")
    if figures.server and not figures.stacks:
        doubts.append("there are no stacks: what hooks do is judged by their wall time alone")
    if figures.took_s < 3:
        doubts.append("the run was short: shares are rough")
    return doubts
