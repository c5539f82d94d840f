"""What a row of the request log says, and which settings shape it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import unquote

import msgspec

from tenfold.administration.stored import StoredSettings
from tenfold.errors import RequestError
from tenfold.schema.actor import Actor
from tenfold.schema.collection import Collection
from tenfold.schema.fields import JSONField, NumberField, TextField
from tenfold.schema.values.dates import date_text
from tenfold.schema.values.generate import generate
from tenfold.store.logs import LogRow
from tenfold.telemetry import redact

INFO = 0
WARNING = 4
ERROR = 8

LOGS = Collection(
    id="_logs",
    name="_logs",
    system=True,
    fields=(
        TextField(id="id", name="id"),
        NumberField(id="level", name="level"),
        TextField(id="message", name="message"),
        JSONField(id="data", name="data"),
        TextField(id="created", name="created"),
    ),
)
"""The log as a collection, so that filters and sorts work on it as on records."""

MAX_TEXT = 2_000
NO_CAP = 1 << 62


class LoggedRequest(Protocol):
    """What the log reads of a request."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query_string(self) -> str: ...
    @property
    def client_ip(self) -> str: ...
    @property
    def remote_ip(self) -> str: ...
    @property
    def actor(self) -> Actor | None: ...
    def header(self, name: str) -> str: ...


class Activity(Protocol):
    """An answered request."""

    @property
    def request(self) -> LoggedRequest: ...
    @property
    def status(self) -> int: ...
    @property
    def duration_s(self) -> float: ...
    @property
    def error(self) -> BaseException | None: ...


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """What the settings want of the log."""

    keeps_info: bool
    keeps_errors: bool
    has_ip: bool
    has_auth_id: bool
    max_days: int
    max_bytes: int

    @classmethod
    def of(cls, settings: StoredSettings) -> LogPolicy:
        logs = settings.logs
        return cls(
            keeps_info=logs.max_days > 0 and logs.min_level <= INFO,
            keeps_errors=logs.max_days > 0 and logs.min_level <= ERROR,
            has_ip=logs.log_ip,
            has_auth_id=logs.log_auth_id,
            max_days=logs.max_days,
            max_bytes=logs.max_data_size or NO_CAP,
        )


def row_of(activity: Activity, policy: LogPolicy, now: datetime) -> LogRow:
    """The row of a request; secrets in its address are masked."""
    request, status = activity.request, activity.status
    url = redact(_url(request))
    data: dict[str, Any] = {"auth": request.actor.record.collection.name if request.actor else ""}
    if policy.has_auth_id and request.actor:
        data["authId"] = request.actor.record.id
    if status >= 400:
        data["details"] = _details(activity.error)
        data["error"] = redact(_message(activity.error))
    data["execTime"] = round(activity.duration_s * 1000, 6)
    data["method"] = request.method
    data["referer"] = _cut(redact(request.header("referer")))
    if policy.has_ip:
        data["remoteIP"] = request.remote_ip
    data["status"] = status
    data["type"] = "request"
    data["url"] = _cut(url)
    data["userAgent"] = _cut(request.header("user-agent"))
    if policy.has_ip:
        data["userIP"] = request.client_ip
    level = ERROR if status >= 400 else INFO
    message = _cut(f"{request.method} {unquote(url)}")
    return LogRow(new_id(), level, message, _encode(data, policy.max_bytes), date_text(now))


def sampled_row(count: int, now: datetime) -> LogRow:
    """The row that says how many requests have no row of their own."""
    data = msgspec.json.encode({"leftOut": count, "type": "sampling"}).decode()
    message = f"{count} more requests were answered that this log leaves out"
    return LogRow(new_id(), INFO, message, data, date_text(now))


def new_id() -> str:
    return generate("[a-z0-9]{15}")


def _url(request: LoggedRequest) -> str:
    return f"{request.path}?{request.query_string}" if request.query_string else request.path


def _message(error: BaseException | None) -> str:
    if isinstance(error, RequestError):
        return error.message
    return "Something went wrong while processing your request." if error else ""


def _details(error: BaseException | None) -> object:
    """What the client was not told: the cause of the error, or the keys it was told of."""
    if error is None:
        return None
    if isinstance(error, RequestError):
        if error.errors:
            return sorted(error.errors)
        cause = error.__cause__
        return redact(str(cause) or type(cause).__name__)[:MAX_TEXT] if cause else None
    return redact(f"{type(error).__name__}: {error}")[:MAX_TEXT]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "..."


def _encode(data: dict[str, Any], max_bytes: int) -> str:
    encoded = msgspec.json.encode(data)
    if len(encoded) <= max_bytes:
        return encoded.decode()
    kept: dict[str, Any] = {"__pb_truncated__": True}
    size = len(msgspec.json.encode(kept))
    for key, value in data.items():
        size += len(key) + len(msgspec.json.encode(value)) + 4
        if size > max_bytes:
            break
        kept[key] = value
    return msgspec.json.encode(kept).decode()
