"""Every error Tenfold raises on purpose, and what a client sees of it.

TenfoldError
├── RequestError            the client can mend it: carries an HTTP status and a safe message
│   ├── BadRequest          400, may carry one FieldError per key
│   ├── Unauthorized        401
│   ├── Forbidden           403
│   ├── NotFound            404
│   ├── PayloadTooLarge     413
│   └── TooManyRequests     429
├── Unavailable             503: retry later; nothing was written (or the outcome is named)
└── OperatorError           a setting, file or engine is wrong; for the log and the CLI
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

NOT_LOADED = "An error occurred while loading the submitted data."
"""What a client is told of a body that can't be read."""
NOT_VALID = "An error occurred while validating the submitted data."
"""What a client is told of a body that was read, before what is wrong with each key."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """Why one key of the input was refused.

    `code` is stable (`validation_required`), `message` is for people, `params` fills the
    message's figures (`{"min": 8}`) and is sent beside it when not empty; `extra` holds
    further keys that stand beside `code` and `message`.
    """

    code: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict[str, object])
    extra: Mapping[str, object] = field(default_factory=dict[str, object])


FieldErrors = Mapping[str, "FieldError | FieldErrors"]


class TenfoldError(Exception):
    """Root of all deliberate errors."""


class RequestError(TenfoldError):
    """An error whose status, message and per-key data may be shown to the client."""

    status = 400
    default_message = "Something went wrong while processing your request."

    def __init__(self, message: str = "", errors: FieldErrors | None = None) -> None:
        super().__init__(message or self.default_message)
        self.message = message or self.default_message
        self.errors: FieldErrors = errors or {}


class BadRequest(RequestError):
    """The input can't be accepted."""


class Unauthorized(RequestError):
    """A valid token is needed."""

    status = 401
    default_message = "Missing or invalid authentication."


class Forbidden(RequestError):
    """The caller is known and may not do this."""

    status = 403
    default_message = "You are not allowed to perform this request."


class NotFound(RequestError):
    """There is no such thing, or the caller may not know of it."""

    status = 404
    default_message = "The requested resource wasn't found."


class PayloadTooLarge(RequestError):
    """The body is over the limit."""

    status = 413
    default_message = "Request entity too large"


class TooManyRequests(RequestError):
    """A rate limit is used up."""

    status = 429
    default_message = "Too Many Requests."


class Unavailable(TenfoldError):
    """A part the request needs is away or overloaded; the same request may be sent again.

    `message` is shown to the client.
    """

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OperatorError(TenfoldError):
    """Something only the operator can mend; `hint` says how."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
