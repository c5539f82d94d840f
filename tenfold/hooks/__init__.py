"""Python code of the operator that runs on events, routes, the clock and jobs.

A file in the `hooks` folder beside the data starts with `from tenfold.hooks import hooks`.
"""

from tenfold.errors import (
    BadRequest,
    FieldError,
    Forbidden,
    NotFound,
    RequestError,
    TooManyRequests,
    Unauthorized,
)
from tenfold.hooks.backend import Backend, HookRecords
from tenfold.hooks.events import (
    AuthEvent,
    JobEvent,
    ListEvent,
    RecordEvent,
    RecordEventName,
    Reply,
    RouteEvent,
    ViewEvent,
)
from tenfold.hooks.registry import HookRegistry
from tenfold.hooks.running import HookFailed
from tenfold.hooks.shared import hooks

__all__ = [
    "AuthEvent",
    "Backend",
    "BadRequest",
    "FieldError",
    "Forbidden",
    "HookFailed",
    "HookRecords",
    "HookRegistry",
    "JobEvent",
    "ListEvent",
    "NotFound",
    "RecordEvent",
    "RecordEventName",
    "Reply",
    "RequestError",
    "RouteEvent",
    "TooManyRequests",
    "Unauthorized",
    "ViewEvent",
    "hooks",
]
