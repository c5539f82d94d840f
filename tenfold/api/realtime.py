"""GET and POST /api/realtime: the stream of events and what it is subscribed to."""

from __future__ import annotations

import base64
import binascii
from typing import Any, cast

import msgspec

from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import event_stream, no_content
from tenfold.errors import BadRequest, FieldError, FieldErrors
from tenfold.realtime import Proof, Realtime
from tenfold.schema.values.faults import REQUIRED

MAX_CLIENT_ID = 255
MAX_SUBSCRIPTIONS = 1_000
MAX_SUBSCRIPTION = 2_500


class _Claims(msgspec.Struct):
    exp: float = 0.0


def routes(realtime: Realtime) -> list[Route]:
    """The routes of realtime."""

    async def connect(request: Request) -> Response:
        del request
        return event_stream(realtime.connect())

    async def subscribe(request: Request) -> Response:
        body = await request.json()
        if "form" in request.header("content-type") and isinstance(body.get("subscriptions"), str):
            body["subscriptions"] = [body["subscriptions"]]
        client_id, subscriptions = _form(body)
        proof = None
        if request.actor:
            proof = Proof.of(request.actor, _expiry(request.token))
        await realtime.subscribe(client_id, subscriptions, proof)
        return no_content()

    return [
        Route("GET", "/api/realtime", connect),
        Route("POST", "/api/realtime", subscribe),
    ]


def _form(body: dict[str, Any]) -> tuple[str, list[str]]:
    """Client id and subscriptions. Raises: BadRequest."""
    client_id = body.get("clientId") or ""
    given: Any = body.get("subscriptions") or []
    if not isinstance(client_id, str) or not isinstance(given, list):
        raise BadRequest
    # PocketBase reads null as the empty text.
    subscriptions = ["" if text is None else text for text in cast("list[Any]", given)]
    if not all(isinstance(text, str) for text in subscriptions):
        raise BadRequest
    errors: dict[str, FieldError | FieldErrors] = {}
    if not client_id:
        errors["clientId"] = REQUIRED
    elif len(client_id.encode()) > MAX_CLIENT_ID:
        errors["clientId"] = FieldError(
            "validation_length_out_of_range",
            f"The length must be between 1 and {MAX_CLIENT_ID}.",
            {"max": MAX_CLIENT_ID, "min": 1},
        )
    if len(subscriptions) > MAX_SUBSCRIPTIONS:
        errors["subscriptions"] = _too_long(MAX_SUBSCRIPTIONS)
    elif long := [i for i, text in enumerate(subscriptions) if _is_too_long(text)]:
        errors["subscriptions"] = {str(i): _too_long(MAX_SUBSCRIPTION) for i in long}
    if errors:
        raise BadRequest("", errors)
    return client_id, subscriptions


def _is_too_long(text: str) -> bool:
    return len(text.encode("utf-8", "replace")) > MAX_SUBSCRIPTION


def _too_long(limit: int) -> FieldError:
    message = f"The length must be no more than {limit}."
    return FieldError("validation_length_too_long", message, {"max": limit, "min": 0})


def _expiry(token: str) -> float:
    """When a token (whose signature was checked already) runs out; 0 when it can't be told."""
    try:
        payload = token.split(".")[1]
        raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return msgspec.json.decode(raw, type=_Claims).exp
    except (IndexError, binascii.Error, msgspec.MsgspecError):
        return 0.0
