"""`auth-with-oauth2`, the page that providers send people back to, and the list of providers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import msgspec

from tenfold.api.auth import PATH, auth_collection, caller, form, sign_in_response
from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import redirect, shaped_json
from tenfold.auth.oauth2 import OAuth2SignIn, list_providers
from tenfold.errors import BadRequest, Unavailable

TOPIC = "@oauth2"
SUCCESS = "../_/#/auth/oauth2-redirect-success"
FAILURE = "../_/#/auth/oauth2-redirect-failure"
MAX_STATE = 255
MAX_VALUE = 16_384
MAX_BODY_BYTES = 64 << 10

Send = Callable[[str, str, bytes], Awaitable[bool]]
"""Send one realtime client a message on a topic; whether it was subscribed."""


def routes(sign_in: OAuth2SignIn, send: Send) -> list[Route]:
    """The routes of OAuth2."""
    back = _Redirect(sign_in, send)

    async def with_oauth2(request: Request) -> Response:
        collection = auth_collection(sign_in.auth, request)
        who = await caller(request, "oauth2")
        return sign_in_response(await sign_in(collection, who))

    async def providers(request: Request) -> Response:
        return shaped_json(request, list_providers())

    return [
        Route("POST", PATH + "auth-with-oauth2", with_oauth2, tags=("authWithOAuth2", "auth")),
        Route("GET", "/api/oauth2-redirect", back.take),
        Route("POST", "/api/oauth2-redirect", back.take, body_limit_bytes=MAX_BODY_BYTES),
        Route("GET", "/api/collections/meta/oauth2-providers", providers, superuser_only=True),
    ]


class _Redirect:
    """Hands what a provider says to the client that waits for it, whichever worker has it."""

    def __init__(self, sign_in: OAuth2SignIn, send: Send) -> None:
        self._names = sign_in.names
        self._send = send

    async def take(self, request: Request) -> Response:
        is_form = request.method == "POST"
        # A form post must be followed by a GET of the page.
        status = 303 if is_form else 307
        said = {**request.query, **(await _form(request) if is_form else {})}
        return redirect(SUCCESS if await self._is_handed_on(said) else FAILURE, status)

    async def _is_handed_on(self, said: Mapping[str, Any]) -> bool:
        state, code, error = (_text(said, name) for name in ("state", "code", "error"))
        if not state or len(state) > MAX_STATE:
            return False
        message = {"state": state, "code": code} | ({"error": error} if error else {})
        try:
            is_awaited = await self._send(state, TOPIC, msgspec.json.encode(message))
            if is_awaited and "user" in said:
                await self._names.note(code, _full_name(_text(said, "user")))
        except Unavailable:
            return False
        return is_awaited and bool(code) and not error


async def _form(request: Request) -> dict[str, Any]:
    try:
        return await form(request)
    except BadRequest:
        return {}


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) and len(value) <= MAX_VALUE else ""


def _full_name(user: str) -> str:
    """First and last name in what Apple says of a user at his first sign-in."""
    try:
        told: Any = msgspec.json.decode(user)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    name: Any = cast("dict[str, Any]", told).get("name") if isinstance(told, dict) else None
    if not isinstance(name, dict):
        return ""
    parts: list[Any] = [cast("dict[str, Any]", name).get(k) for k in ("firstName", "lastName")]
    return " ".join(part for part in parts if isinstance(part, str) and part)
