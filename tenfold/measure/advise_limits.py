"""Rules for what is simply full, when no single cause explains it. Pure."""

from __future__ import annotations

from tenfold.measure.advise_figures import MIN_S, Figures
from tenfold.measure.advise_gain import FULL, Rule, carried_without, gain
from tenfold.measure.advise_values import Finding, Gain, Step

CONTENTION = 0.05
"""The share of a worker's work that queues for the others, until `tenfold knee` has measured it."""

EVEN_SHARE = 0.7
LOW_MEMORY_RATIO = 0.05
SWAPPING_BYTES_PER_S = 1e6
STOLEN_RATIO = 0.1


def generator(figures: Figures) -> Finding | None:
    """The load generator could not keep up: the run says nothing of the server."""
    use = figures.run.generator
    if not use.limit:
        return None
    return Finding(
        name="generator",
        title="the load generator was the limit",
        evidence=[use.limit, f"the workers were {figures.worker_busiest:.0%} busy"],
        step=Step(
            "move_generator",
            "Make the load from another machine, with more --processes, or at a lower rate; this"
            " run says nothing of the server.",
        ),
        gain=Gain(1.0, 1.0, 1.0, "high", "of the server nothing is known"),
        share=1.0,
        cost=0,
    )


def few_workers(figures: Figures) -> Finding | None:
    """A worker's interpreter is full while cores are free: add a worker."""
    if figures.worker_busiest < FULL or figures.server is None:
        return None
    machine, workers = figures.machine, figures.workers
    served = figures.served_per_s
    server_s = machine.server_cores / served
    generator_s = machine.generator_cores / served
    room = machine.cores - machine.others_cores - machine.profiler_cores
    by_cores = room / max(server_s + generator_s, MIN_S) / served
    by_law = (workers + 1) / workers / (1 + CONTENTION * workers) * (1 + CONTENTION * (workers - 1))
    ratio = min(by_cores, by_law)
    if ratio < 1.1:
        return None
    return Finding(
        name="few_workers",
        title="the workers are busy while cores are free",
        evidence=[
            f"{workers} worker{'s' if workers > 1 else ''}, the busiest"
            f" {figures.worker_busiest:.0%} busy",
            f"{figures.free_cores:.1f} of {machine.cores} cores are free",
            f"an answer costs the server {server_s * 1e6:,.0f} µs, the generator"
            f" {generator_s * 1e6:,.0f} µs",
        ],
        step=Step(
            "add_worker",
            f"Start {workers + 1} workers instead of {workers} (--workers {workers + 1}).",
            {"workers": str(workers + 1)},
            is_here=True,
        ),
        gain=Gain(
            ratio,
            max(1.0, ratio * 0.75),
            ratio * 1.25,
            "medium",
            f"min(cores: {room:.2f}/({server_s * 1e6:.0f}+{generator_s * 1e6:.0f} µs)"
            f"/{served:,.0f}/s = {by_cores:.2f}, USL with contention {CONTENTION:g}: {by_law:.2f})",
        ),
        share=figures.worker_busiest,
        cost=1,
    )


def uneven_workers(figures: Figures) -> Finding | None:
    """One worker does the work while others wait: connections stay with who accepted them."""
    if figures.workers < 2 or figures.worker_busiest < FULL:
        return None
    if figures.worker_busy > EVEN_SHARE * figures.worker_busiest:
        return None
    ratio = figures.worker_busiest / max(figures.worker_busy, MIN_S)
    by_cores = carried_without(figures) / figures.served_per_s
    return Finding(
        name="uneven_workers",
        title="connections are spread unevenly over the workers",
        evidence=[
            f"the busiest of {figures.workers} workers is {figures.worker_busiest:.0%} busy, the"
            f" mean is {figures.worker_busy:.0%}",
        ],
        step=Step(
            "spread_connections",
            "Let clients, or the proxy before the server, open connections over time instead of"
            " all at once, and more of them: each stays with the worker that took it.",
        ),
        gain=gain(min(ratio, by_cores), "low", f"min({ratio:.2f} if even, cores: {by_cores:.2f})"),
        share=1 - 1 / ratio,
        cost=1,
    )


def full_processor(figures: Figures) -> Finding | None:
    """All cores are busy with the server's work."""
    machine = figures.machine
    if machine.cpu_ratio < FULL or machine.server_cores < 0.3 * machine.cores:
        return None
    served = figures.served_per_s
    server_s = machine.server_cores / served
    # The generator on the same machine takes a share that real clients bring themselves.
    alone = machine.cores / max(server_s, MIN_S) / served
    return Finding(
        name="full_processor",
        title="the processor is full",
        evidence=[
            f"{machine.cpu_ratio:.0%} of {machine.cores} cores: server"
            f" {machine.server_cores:.2f}, load generator {machine.generator_cores:.2f},"
            f" others {machine.others_cores:.2f}",
            f"an answer costs the server {server_s * 1e6:,.0f} µs, so the cores would carry"
            f" {machine.cores / max(server_s, MIN_S):,.0f}/s without the generator",
        ],
        step=Step(
            "bigger_machine",
            "Move to a machine with twice the cores; where that is not to be had, to stage"
            " `balanced`: several app servers behind a balancer.",
        ),
        gain=Gain(
            2.0 * alone / max(alone, 1.0) if alone < 1 else 2.0,
            1.6,
            2.0 * max(1.0, alone),
            "medium",
            f"twice the cores; without the generator on them x{alone:.2f} more",
        ),
        share=machine.cpu_ratio,
        cost=3,
    )


def neighbours(figures: Figures) -> Finding | None:
    """Other programs of the machine, or of its host, take the processor."""
    machine = figures.machine
    taken = machine.others_cores / machine.cores + machine.stolen_ratio
    if machine.cpu_ratio < FULL and machine.stolen_ratio < STOLEN_RATIO:
        return None
    if taken < 0.25:
        return None
    rest = max(1 - taken, 0.05)
    return Finding(
        name="neighbours",
        title="other programs take the processor",
        evidence=[
            f"others take {machine.others_cores:.2f} of {machine.cores} cores,"
            f" {machine.stolen_ratio:.0%} are taken by the host",
            f"tasks waited for a core {machine.cpu_pressure_ratio:.0%} of the time",
        ],
        step=Step("stop_neighbours", "Stop them, or give the server a machine of its own."),
        gain=Gain(
            min(1 / rest, 4.0), 1.0, 1 / rest, "low", f"1/(1-{taken:.2f}) of the cores come back"
        ),
        share=taken,
        cost=3,
    )


def little_memory(figures: Figures) -> Finding | None:
    """The machine is out of memory."""
    machine = figures.machine
    is_low = machine.memory_available_ratio < LOW_MEMORY_RATIO
    if not is_low and machine.swapped_bytes_per_s < SWAPPING_BYTES_PER_S:
        return None
    return Finding(
        name="little_memory",
        title="memory is short",
        evidence=[
            f"{machine.memory_available_ratio:.0%} of the memory is free,"
            f" {machine.swapped_bytes_per_s / 1e6:,.1f} MB/s are swapped"
        ],
        step=Step(
            "bigger_machine", "Add memory, or lower cache_bytes: swapping is worse than reading."
        ),
        gain=Gain(1.5, 1.0, 5.0, "low", "what swapping costs is not known before"),
        share=1.0,
        cost=3,
    )


def full_disk_queue(figures: Figures) -> Finding | None:
    """The disk is busy all the time."""
    machine = figures.machine
    if machine.disk_ratio < FULL or machine.io_wait_ratio < 0.1:
        return None
    return Finding(
        name="full_disk",
        title="the disk is busy all the time",
        evidence=[
            f"{machine.disk_ratio:.0%} busy, {machine.disk_writes_per_s:,.0f} writes/s of"
            f" {machine.disk_write_ms:.2f} ms",
            f"the processor waits for it {machine.io_wait_ratio:.0%} of the time",
        ],
        step=Step(
            "faster_disk",
            "Use a faster disk, or stage `split`: the database and files on machines of their own.",
        ),
        gain=Gain(1.5, 1.0, 3.0, "low", "how fast another disk is, is not known before"),
        share=machine.disk_ratio,
        cost=3,
    )


LIMITS: tuple[Rule, ...] = (
    little_memory,
    uneven_workers,
    few_workers,
    full_processor,
    full_disk_queue,
    neighbours,
)
"""In the order in which they are believed."""
