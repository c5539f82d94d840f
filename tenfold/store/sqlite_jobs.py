"""Background jobs and cron slots in the tables of a SQLite store."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec

from tenfold.store.contract import Transaction
from tenfold.store.jobs import DeadJob, Job
from tenfold.store.sqlite import SqliteStore
from tenfold.store.sqlite_transaction import SqliteTransaction

T = TypeVar("T")

KEPT_DONE_S = 86_400.0
"""How long the end of a job with a key is remembered."""

KEPT_DEAD_S = 30 * 86_400.0
KEPT_MINUTES = 24 * 60
NOW = "unixepoch('subsec')"

INSERT = f"""
INSERT INTO _jobs (id, name, key, payload, state, due_at, attempt, attempts, claim, error)
VALUES (?, ?, ?, ?, 'waiting', coalesce(?, {NOW}), 0, ?, '', '')
"""
COUNT_RUNNING = f"""
SELECT name, count(*) FROM _jobs WHERE state = 'running' AND due_at > {NOW} GROUP BY name
"""
BURY_ABANDONED = f"""
UPDATE _jobs SET state = 'dead', due_at = {NOW}, error = 'its worker died'
WHERE name = ? AND state = 'running' AND due_at <= {NOW} AND attempt >= attempts
"""
CLAIM = f"""
UPDATE _jobs SET state = 'running', due_at = {NOW} + ?, attempt = attempt + 1, claim = ?
WHERE id IN (
    SELECT id FROM _jobs
    WHERE name = ? AND state IN ('waiting', 'running') AND due_at <= {NOW}
    ORDER BY due_at LIMIT ?
) RETURNING id, name, payload, attempt, claim
"""
FORGET_DONE = f"""
DELETE FROM _jobs WHERE state = 'done' AND due_at < {NOW} - {KEPT_DONE_S}
"""
FORGET_DEAD = f"""
DELETE FROM _jobs WHERE state = 'dead' AND due_at < {NOW} - {KEPT_DEAD_S}
"""


class SqliteJobs:
    """See `JobStore`."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def enqueue(
        self,
        name: str,
        payload: Any,
        *,
        key: str,
        run_at: float | None,
        attempts: int,
        then: Callable[[], None],
    ) -> str:
        text = msgspec.json.encode(payload).decode()

        async def work(tx: SqliteTransaction) -> str:
            if key:
                find = "SELECT id FROM _jobs WHERE name = ? AND key = ?"
                if known := await tx.run(find, (name, key)):
                    return known[0][0]
            job_id = secrets.token_hex(10)
            await tx.run(INSERT, (job_id, name, key, text, run_at, attempts))
            tx.after_commit(then)
            return job_id

        return await self._write(work)

    async def claim(self, limits: Mapping[str, int], lease_s: float, count: int) -> list[Job]:
        async def work(tx: SqliteTransaction) -> list[Job]:
            running = dict(await tx.run(COUNT_RUNNING))
            claimed: list[Job] = []
            for name, limit in limits.items():
                await tx.run(BURY_ABANDONED, (name,))
                free = limit - running.get(name, 0) if limit else count
                take = min(free, count - len(claimed))
                if take > 0:
                    claim = secrets.token_hex(8)
                    rows = await tx.run(CLAIM, (lease_s, claim, name, take))
                    claimed += [_job(row) for row in rows]
            return claimed

        return await self._write(work)

    async def renew(self, jobs: list[Job], lease_s: float) -> set[str]:
        sql = f"""
        UPDATE _jobs SET due_at = {NOW} + ?
        WHERE id = ? AND claim = ? AND state = 'running' RETURNING id
        """

        async def work(tx: SqliteTransaction) -> set[str]:
            found = [await tx.run(sql, (lease_s, job.id, job.claim)) for job in jobs]
            return {rows[0][0] for rows in found if rows}

        return await self._write(work)

    async def finish(self, job: Job) -> None:
        done = f"""
        UPDATE _jobs SET state = 'done', due_at = {NOW}
        WHERE id = ? AND claim = ? AND state = 'running'
        """
        drop = "DELETE FROM _jobs WHERE id = ? AND key = '' AND state = 'done'"

        async def work(tx: SqliteTransaction) -> None:
            await tx.run(done, (job.id, job.claim))
            await tx.run(drop, (job.id,))
            await tx.run(FORGET_DONE)

        await self._write(work)

    async def fail(self, job: Job, error: str, retry_after_s: float | None) -> None:
        sql = f"""
        UPDATE _jobs SET state = ?, due_at = {NOW} + ?, error = ?
        WHERE id = ? AND claim = ? AND state = 'running'
        """
        state = "dead" if retry_after_s is None else "waiting"

        async def work(tx: SqliteTransaction) -> None:
            await tx.run(sql, (state, retry_after_s or 0.0, error, job.id, job.claim))
            await tx.run(FORGET_DEAD)

        await self._write(work)

    async def due_in(self, names: list[str]) -> float | None:
        marks = ", ".join("?" * len(names))
        sql = f"""
        SELECT min(due_at) - {NOW} FROM _jobs
        WHERE state IN ('waiting', 'running') AND name IN ({marks})
        """
        rows = await self._store.rows(sql, tuple(names))
        seconds = rows[0][0]
        return None if seconds is None else max(0.0, seconds)

    async def dead(self, limit: int) -> list[DeadJob]:
        sql = """
        SELECT id, name, payload, attempt, error FROM _jobs
        WHERE state = 'dead' ORDER BY due_at DESC LIMIT ?
        """
        rows = await self._store.rows(sql, (limit,))
        return [DeadJob(i, name, _decode(text), n, error) for i, name, text, n, error in rows]

    async def revive(self, job_id: str) -> bool:
        sql = f"""
        UPDATE _jobs SET state = 'waiting', due_at = {NOW}, attempt = 0
        WHERE id = ? AND state = 'dead' RETURNING id
        """

        async def work(tx: SqliteTransaction) -> bool:
            return bool(await tx.run(sql, (job_id,)))

        return await self._write(work)

    async def claim_slot(self, cron_id: str, minute: int) -> bool:
        insert = "INSERT OR IGNORE INTO _cron_runs (cron_id, minute) VALUES (?, ?) RETURNING 1"
        forget = "DELETE FROM _cron_runs WHERE cron_id = ? AND minute < ?"

        async def work(tx: SqliteTransaction) -> bool:
            is_first = bool(await tx.run(insert, (cron_id, minute)))
            if is_first:
                await tx.run(forget, (cron_id, minute - KEPT_MINUTES))
            return is_first

        return await self._write(work)

    async def _write(self, work: Callable[[SqliteTransaction], Awaitable[T]]) -> T:
        async def run(tx: Transaction) -> T:
            return await work(cast(SqliteTransaction, tx))

        return await self._store.write(run)


def _job(row: tuple[Any, ...]) -> Job:
    job_id, name, text, attempt, claim = row
    return Job(job_id, name, _decode(text), attempt, claim)


def _decode(text: str) -> Any:
    return msgspec.json.decode(text)
