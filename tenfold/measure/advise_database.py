"""Rules about the database: indexes, the disk, one hot record. Pure."""

from __future__ import annotations

from tenfold.measure.advise_figures import MIN_S, Figures
from tenfold.measure.advise_gain import FULL, MATTERS, gain_without, serial_gain
from tenfold.measure.advise_index import IndexWish, scans_all, wished_index
from tenfold.measure.advise_values import Finding, Step
from tenfold.measure.profile_values import ServerUse, StatementUse

GOOD_COMMIT_MS = 1.0
"""What a disk that is made for databases takes for a commit with its fsync."""

INDEXED_FIXED_S = 30e-6
INDEXED_ROW_S = 7e-6
"""What a statement takes whose rows an index gives, and for each row (1 KB; measured here)."""

HOT_SHARE = 0.3
GATHERED = 0.9
"""The share of changes that is spared when ten become one."""


def missing_index(figures: Figures) -> Finding | None:
    """A statement walks through a whole table, or sorts it by hand."""
    server = figures.server
    if server is None or max(figures.worker_busiest, figures.read_pool_busy) < FULL:
        return None
    found = [
        (statement, wish)
        for statement in server.statements
        if scans_all(statement.plan) and (wish := wished_index(statement.sql, statement.plan))
    ]
    if not found:
        return None
    statement, wish = max(found, key=lambda pair: pair[0].total_s)
    inline_s, beside_s = _spent(server, statement)
    # What waited for a core meanwhile did not take more of it.
    inline_s = min(inline_s, 0.95 * figures.main_cores * figures.took_s)
    share = inline_s / max(figures.serving_cores * figures.took_s, MIN_S)
    if max(share, figures.read_pool_busy) < MATTERS:
        return None
    return Finding(
        name="missing_index",
        title="an index is missing",
        evidence=[
            f"{statement.count:,} runs of {statement.mean_ms:.2f} ms each: {share:.0%} of the"
            f" workers' time; read threads are {figures.read_pool_busy:.0%} busy",
            f"plan: {'; '.join(statement.plan)}",
            statement.sql[:300],
        ],
        step=_index_step(wish),
        gain=gain_without(
            figures,
            max(0.0, inline_s - _indexed_s(statement)),
            "medium",
            "this statement's",
            beside_s=min(beside_s, figures.read_cores * figures.took_s),
        ),
        share=share,
        cost=0,
    )


def _spent(server: ServerUse, statement: StatementUse) -> tuple[float, float]:
    """Seconds that a statement took of the event loops, and of the read threads.

    A read that is not done within the loop's budget is begun anew in a thread.
    """
    if not server.slow_reads:
        return statement.total_s, 0.0
    beside_s = min(server.slow_read_s, statement.total_s)
    slow_share = min(1.0, statement.count / server.slow_reads)
    return statement.total_s - beside_s + slow_share * server.given_up_s, beside_s


def _indexed_s(statement: StatementUse) -> float:
    return statement.count * INDEXED_FIXED_S + statement.rows * INDEXED_ROW_S


def _index_step(wish: IndexWish) -> Step:
    columns = ", ".join(wish.columns)
    return Step(
        "add_index",
        f"Add an index on {wish.collection} ({columns}): {wish.sql}",
        {"collection": wish.collection, "sql": wish.sql},
        is_here=True,
    )


def slow_disk(figures: Figures) -> Finding | None:
    """Commits wait for the disk: the writer is busy while the workers are not."""
    server = figures.server
    if server is None or figures.writer_busy < FULL or figures.worker_busy > FULL:
        return None
    writer = server.writer
    held_s = writer.commit_s + writer.work_s
    share = writer.commit_s / max(held_s, MIN_S)
    if share < 0.5 or writer.commit_ms < 2 * GOOD_COMMIT_MS:
        return None
    saved = share * (1 - GOOD_COMMIT_MS / writer.commit_ms)
    return Finding(
        name="slow_disk",
        title="the disk is slow to keep what is written",
        evidence=[
            f"the writer is {figures.writer_busy:.0%} busy, the workers only"
            f" {figures.worker_busy:.0%}",
            f"a commit with its fsync takes {writer.commit_ms:.1f} ms for"
            f" {writer.group_size:.1f} writes: {share:.0%} of the writer's time",
            f"the disk was {figures.machine.disk_ratio:.0%} busy,"
            f" {figures.machine.disk_write_ms:.2f} ms a write",
        ],
        step=Step(
            "faster_disk",
            "Put the data folder on a disk with a fast fsync (local NVMe with power-loss"
            f" protection: about {GOOD_COMMIT_MS:g} ms), not on network storage.",
        ),
        gain=serial_gain(figures, saved, "medium", f"commits of more than {GOOD_COMMIT_MS:g} ms"),
        share=share,
        cost=3,
    )


def hot_key(figures: Figures) -> Finding | None:
    """Most writes change the same record: no worker, replica or shard can share them."""
    server = figures.server
    if server is None or not server.changes or _write_share(figures) < MATTERS:
        return None
    if max(figures.worker_busiest, figures.writer_busy) < FULL:
        return None
    hot = server.hot_changes / server.changes
    if hot < HOT_SHARE:
        return None
    share = hot * _write_share(figures)
    return Finding(
        name="hot_key",
        title="one record takes most of the writes",
        evidence=[
            *hot_evidence(figures),
            f"writes are {_write_share(figures):.0%} of the work",
        ],
        step=Step(
            "gather_writes",
            "Gather the changes of that record and write their sum every second (a job, or the"
            " app), or spread it over several records: more workers can't share it.",
            {"collection": server.hot_collection, "record": server.hot_record},
        ),
        gain=gain_without(
            figures,
            GATHERED * share * figures.serving_cores * figures.took_s,
            "low",
            "for changes that ten can share",
        ),
        share=share,
        cost=2,
    )


def hot_evidence(figures: Figures) -> list[str]:
    server = figures.server
    if server is None or not server.changes or server.hot_changes < HOT_SHARE * server.changes:
        return []
    return [
        f"{server.hot_changes / server.changes:.0%} of all changes are of"
        f" {server.hot_collection}/{server.hot_record}"
    ]


def _write_share(figures: Figures) -> float:
    """The share of the answered requests' time that writes took, by what the routes measured."""
    server = figures.server
    if server is None:
        return 0.0
    writes = sum(server.requests.get(f, 0) for f in ("create", "update", "delete"))
    routed = max(1, server.routed)
    # An answer by the lanes takes about a tenth of one by the routes.
    others = server.answered - server.routed
    return writes / (routed + 0.1 * others)
