"""Rules about hooks: user code that computes, or waits while it holds others up. Pure."""

from __future__ import annotations

from tenfold.measure.advise_database import hot_evidence
from tenfold.measure.advise_figures import MIN_S, Figures
from tenfold.measure.advise_gain import FULL, MATTERS, gain_without, serial_gain
from tenfold.measure.advise_values import Finding, Step
from tenfold.measure.profile_values import HookUse

FEW_STACKS = 50


def hook_cpu(figures: Figures) -> Finding | None:
    """A hook computes on the event loop, or in a thread, and holds everything else up."""
    hook = _slowest_hook(figures)
    if hook is None or figures.worker_busiest < FULL:
        return None
    seen = figures.stack_share(_file_of(hook))
    share = min(1.0, hook.total_s * figures.loop_share)
    # A hook that waits is seen in few stacks; a full machine lets few be taken at all.
    is_seen = seen >= MATTERS / 2 or sum(figures.stacks.values()) < FEW_STACKS
    if share < MATTERS or not is_seen:
        return None
    each_ms = hook.total_s / hook.count * 1_000
    return Finding(
        name="hook_cpu",
        title="a hook takes the processor",
        evidence=[
            f"workers are {figures.worker_busiest:.0%} busy",
            f"{hook.place} ran {hook.count:,} times for {each_ms:.2f} ms:"
            f" {share:.0%} of the workers' time",
            f"{seen:.0%} of the stacks pass through its file",
        ],
        step=Step(
            "mend_hook",
            f"Make {hook.place} faster, or leave its work to a job (@hooks.job).",
            {"place": hook.place},
        ),
        gain=gain_without(figures, hook.total_s * figures.ran_ratio, "medium", "the hook's"),
        share=share,
        cost=2,
    )


def hook_holds_writer(figures: Figures) -> Finding | None:
    """A hook waits for something inside the transaction: all other writes wait along."""
    hook, server = _slowest_hook(figures), figures.server
    if hook is None or server is None or figures.writer_busy < FULL:
        return None
    held_s = server.writer.work_s + server.writer.commit_s
    share = min(hook.total_s, server.writer.work_s) / max(held_s, MIN_S)
    if share < MATTERS or figures.worker_busy > FULL:
        return None
    each_ms = hook.total_s / hook.count * 1_000
    return Finding(
        name="write_lock",
        title="writes wait for one that holds the turn to write",
        evidence=[
            f"the writer is {figures.writer_busy:.0%} busy, the workers only"
            f" {figures.worker_busy:.0%}",
            f"{hook.place} waits {each_ms:.1f} ms inside the transaction, {hook.count:,} times:"
            f" {share:.0%} of the time in which the turn to write was held",
            *hot_evidence(figures),
        ],
        step=Step(
            "mend_hook",
            f"Let {hook.place} wait outside the transaction: as an after-hook, or as a job.",
            {"place": hook.place},
        ),
        gain=serial_gain(figures, share, "medium", "the hook's waiting"),
        share=share,
        cost=2,
    )


def _slowest_hook(figures: Figures) -> HookUse | None:
    hooks = figures.server.hooks if figures.server else []
    return max(hooks, key=lambda hook: hook.total_s, default=None)


def _file_of(hook: HookUse) -> str:
    """The name of the file as it stands in stacks: of `burn (/x/y/posts.py:3)` it is posts.py."""
    return hook.place.rpartition("(")[2].rpartition(":")[0].rpartition("/")[2] or hook.place
