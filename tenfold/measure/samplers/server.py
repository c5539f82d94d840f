"""What a Tenfold tells of itself: `GET /api/metrics/workers`. Other products tell nothing."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from tenfold.errors import OperatorError
from tenfold.measure.target import Credentials

ASK_LIMIT_S = 30.0
NOT_FOUND = 404


class StatementMoment(msgspec.Struct, frozen=True):
    """One shape of SQL so far."""

    sql: str
    count: int
    total_s: float
    longest_s: float
    rows: int
    plan: list[str]


class Hottest(msgspec.Struct, frozen=True):
    """The record that was changed most often, and how many changes there were in all."""

    collection: str = ""
    record: str = ""
    count: int = 0
    total: int = 0


class WorkerMoment(msgspec.Struct, frozen=True):
    """One worker at one moment; `at` is Unix time, samples are (name, value, labels)."""

    pid: int
    at: float
    threads: dict[str, str]
    settings: dict[str, Any]
    samples: list[tuple[str, float, list[tuple[str, str]]]]
    statements: list[StatementMoment]
    hooks: dict[str, tuple[int, float]]
    hottest: Hottest

    def totals(self) -> dict[str, float]:
        """Samples by name and labels, such as `tenfold_requests_total{family=view,lane=fast}`."""
        return {_key(name, labels): value for name, value, labels in self.samples}


def superuser_token(url: str, credentials: Credentials) -> str:
    """A fresh token. Raises: OperatorError."""
    body = {"identity": credentials.email, "password": credentials.password}
    path = f"{url}/api/collections/_superusers/auth-with-password"
    try:
        answer = httpx.post(path, json=body, timeout=ASK_LIMIT_S)
    except httpx.HTTPError as error:
        raise OperatorError(f"{path} can't be asked: {error}") from None
    if not answer.is_success:
        raise OperatorError(
            f"{url} refuses {credentials.email} (status {answer.status_code})",
            hint="name a superuser of it with --superuser EMAIL:PASSWORD",
        )
    return str(answer.json()["token"])


def look_at_workers(url: str, token: str) -> dict[str, WorkerMoment] | None:
    """All workers by number; None for a server that has no such figures.

    Raises: OperatorError when it doesn't answer.
    """
    try:
        answer = httpx.get(
            f"{url}/api/metrics/workers", headers={"Authorization": token}, timeout=ASK_LIMIT_S
        )
    except httpx.HTTPError as error:
        raise OperatorError(f"{url} does not tell its figures: {error}") from None
    if answer.status_code == NOT_FOUND:
        return None
    if not answer.is_success:
        raise OperatorError(
            f"{url}/api/metrics/workers answers with status {answer.status_code}",
            hint="a superuser may ask for it",
        )
    try:
        return msgspec.json.decode(answer.content, type=dict[str, WorkerMoment])
    except msgspec.DecodeError as error:
        raise OperatorError(f"{url} tells figures that can't be read: {error}") from None


def _key(name: str, labels: list[tuple[str, str]]) -> str:
    shown = ",".join(f"{key}={value}" for key, value in sorted(labels))
    return f"{name}{{{shown}}}" if shown else name
