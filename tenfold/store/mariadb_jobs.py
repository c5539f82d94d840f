"""Background jobs and cron slots in the tables of a MariaDB store."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec

from tenfold.store.contract import Transaction
from tenfold.store.jobs import DeadJob, Job
from tenfold.store.mariadb import MariadbStore
from tenfold.store.mariadb_lease import NOW
from tenfold.store.mariadb_transaction import MariadbTransaction

T = TypeVar("T")

KEPT_DONE_S = 86_400.0
"""How long the end of a job with a key is remembered."""

KEPT_DEAD_S = 30 * 86_400.0
KEPT_MINUTES = 24 * 60

KEY_HASH = "UNHEX(SHA2(CONCAT(SHA2(?, 256), SHA2(?, 256)), 256))"
FIND_KEY = f"SELECT id FROM _jobs WHERE key_hash = {KEY_HASH}"
INSERT = f"""
INSERT INTO _jobs (id, name, "key", payload, state, due_at, attempt, attempts, claim, error)
VALUES (?, ?, ?, ?, 'waiting', COALESCE(?, {NOW}), 0, ?, '', '')
"""
COUNT_RUNNING = f"""
SELECT name, COUNT(*) FROM _jobs WHERE state = 'running' AND due_at > {NOW} GROUP BY name
"""
FIND_ABANDONED = f"""
SELECT id FROM _jobs
WHERE name = ? AND state = 'running' AND due_at <= {NOW} AND attempt >= attempts
"""
BURY = f"""
UPDATE _jobs SET state = 'dead', due_at = {NOW}, error = 'its worker died' WHERE id = ?
"""
FIND_DUE = f"""
SELECT id, payload, attempt FROM _jobs
WHERE name = ? AND state IN ('waiting', 'running') AND due_at <= {NOW}
ORDER BY due_at LIMIT ?
"""
CLAIM = f"""
UPDATE _jobs SET state = 'running', due_at = {NOW} + ?, attempt = attempt + 1, claim = ?
WHERE id = ?
"""
MINE = "id = ? AND claim = ? AND state = 'running'"
RENEW = f"UPDATE _jobs SET due_at = {NOW} + ? WHERE {MINE}"
FINISH = f"UPDATE _jobs SET state = 'done', due_at = {NOW} WHERE {MINE}"
DROP_DONE = """DELETE FROM _jobs WHERE id = ? AND "key" = '' AND state = 'done'"""
FAIL = f"UPDATE _jobs SET state = ?, due_at = {NOW} + ?, error = ? WHERE {MINE}"
FORGET = f"DELETE FROM _jobs WHERE state = ? AND due_at < {NOW} - ?"
REVIVE = f"""
UPDATE _jobs SET state = 'waiting', due_at = {NOW}, attempt = 0 WHERE id = ? AND state = 'dead'
"""


class MariadbJobs:
    """See `JobStore`. What is read inside a write is right: one group at a time writes."""

    def __init__(self, store: MariadbStore) -> None:
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

        async def work(tx: MariadbTransaction) -> str:
            if key and (known := await tx.read(FIND_KEY, (name, key))):
                return known[0][0]
            job_id = secrets.token_hex(10)
            await tx.run(INSERT, (job_id, name, key, text, run_at, attempts))
            tx.after_commit(then)
            return job_id

        return await self._write(work)

    async def claim(self, limits: Mapping[str, int], lease_s: float, count: int) -> list[Job]:
        async def work(tx: MariadbTransaction) -> list[Job]:
            running = dict(await tx.read(COUNT_RUNNING))
            claimed: list[Job] = []
            for name, limit in limits.items():
                for (job_id,) in await tx.read(FIND_ABANDONED, (name,)):
                    await tx.run(BURY, (job_id,))
                free = limit - running.get(name, 0) if limit else count
                take = min(free, count - len(claimed))
                if take > 0:
                    claimed += await _claim(tx, name, lease_s, take)
            return claimed

        return await self._write(work)

    async def renew(self, jobs: list[Job], lease_s: float) -> set[str]:
        async def work(tx: MariadbTransaction) -> set[str]:
            return {
                job.id for job in jobs if await tx.affected(RENEW, (lease_s, job.id, job.claim))
            }

        return await self._write(work)

    async def finish(self, job: Job) -> None:
        async def work(tx: MariadbTransaction) -> None:
            await tx.run(FINISH, (job.id, job.claim))
            await tx.run(DROP_DONE, (job.id,))
            await tx.run(FORGET, ("done", KEPT_DONE_S))

        await self._write(work)

    async def fail(self, job: Job, error: str, retry_after_s: float | None) -> None:
        state = "dead" if retry_after_s is None else "waiting"

        async def work(tx: MariadbTransaction) -> None:
            await tx.run(FAIL, (state, retry_after_s or 0.0, error, job.id, job.claim))
            await tx.run(FORGET, ("dead", KEPT_DEAD_S))

        await self._write(work)

    async def due_in(self, names: list[str]) -> float | None:
        marks = ", ".join("?" * len(names))
        sql = f"""
        SELECT MIN(due_at) - {NOW} FROM _jobs
        WHERE state IN ('waiting', 'running') AND name IN ({marks})
        """
        rows = await self._store.rows(sql, tuple(names))
        seconds = rows[0][0]
        return None if seconds is None else max(0.0, float(seconds))

    async def dead(self, limit: int) -> list[DeadJob]:
        sql = """
        SELECT id, name, payload, attempt, error FROM _jobs
        WHERE state = 'dead' ORDER BY due_at DESC LIMIT ?
        """
        rows = await self._store.rows(sql, (limit,))
        return [DeadJob(i, name, _decode(text), n, error) for i, name, text, n, error in rows]

    async def revive(self, job_id: str) -> bool:
        async def work(tx: MariadbTransaction) -> bool:
            return await tx.affected(REVIVE, (job_id,)) > 0

        return await self._write(work)

    async def claim_slot(self, cron_id: str, minute: int) -> bool:
        find = "SELECT 1 FROM _cron_runs WHERE cron_id = ? AND minute = ?"
        insert = "INSERT INTO _cron_runs (cron_id, minute) VALUES (?, ?)"
        forget = "DELETE FROM _cron_runs WHERE cron_id = ? AND minute < ?"

        async def work(tx: MariadbTransaction) -> bool:
            if await tx.read(find, (cron_id, minute)):
                return False
            await tx.run(insert, (cron_id, minute))
            await tx.run(forget, (cron_id, minute - KEPT_MINUTES))
            return True

        return await self._write(work)

    async def _write(self, work: Callable[[MariadbTransaction], Awaitable[T]]) -> T:
        async def run(tx: Transaction) -> T:
            return await work(cast(MariadbTransaction, tx))

        return await self._store.write(run)


async def _claim(tx: MariadbTransaction, name: str, lease_s: float, count: int) -> list[Job]:
    claim = secrets.token_hex(8)
    found = await tx.read(FIND_DUE, (name, count))
    for job_id, _, _ in found:
        await tx.run(CLAIM, (lease_s, claim, job_id))
    return [Job(i, name, _decode(text), attempt + 1, claim) for i, text, attempt in found]


def _decode(text: str) -> Any:
    return msgspec.json.decode(text)
