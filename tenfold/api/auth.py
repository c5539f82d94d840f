"""`/api/collections/{collection}/auth-*` and what belongs to it, but OAuth2 and OTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tenfold.api.dispatch import NEEDS_TOKEN
from tenfold.api.forms import plain_number
from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import json_response, no_content, shaped_json
from tenfold.auth import Auth, Caller, OneStepLeft, SignedIn, forms, impersonate, refresh
from tenfold.auth.flows import (
    auth_methods,
    auth_with_password,
    confirm_email_change,
    confirm_password_reset,
    confirm_verification,
    request_email_change,
    request_password_reset,
    request_verification,
)
from tenfold.errors import NOT_LOADED, BadRequest, FieldError, Forbidden, NotFound, Unauthorized
from tenfold.schema.actor import Actor
from tenfold.schema.collection import Collection

PATH = "/api/collections/{collection}/"
NO_COLLECTION = "Missing or invalid collection context."
NO_AUTH_COLLECTION = "Missing or invalid auth collection context."

TOO_SMALL = FieldError(
    "validation_min_greater_equal_than_required", "Must be no less than 0.", {"threshold": 0}
)

Providers = Callable[[Collection], list[dict[str, Any]]]


def routes(auth: Auth, providers: Providers = lambda _: []) -> list[Route]:
    """The routes; `providers` lists an auth collection's OAuth2 providers for its clients."""
    ends = AuthEndpoints(auth, providers)
    return [
        Route("GET", PATH + "auth-methods", ends.methods, tags=("listAuthMethods",)),
        Route(
            "POST",
            PATH + "auth-with-password",
            ends.with_password,
            tags=("authWithPassword", "auth"),
        ),
        Route("POST", PATH + "auth-refresh", ends.refresh, tags=("authRefresh",)),
        Route(
            "POST",
            PATH + "request-verification",
            ends.request_verification,
            tags=("requestVerification",),
        ),
        Route(
            "POST",
            PATH + "confirm-verification",
            ends.confirm_verification,
            tags=("confirmVerification",),
        ),
        Route(
            "POST",
            PATH + "request-password-reset",
            ends.request_password_reset,
            tags=("requestPasswordReset",),
        ),
        Route(
            "POST",
            PATH + "confirm-password-reset",
            ends.confirm_password_reset,
            tags=("confirmPasswordReset",),
        ),
        Route(
            "POST",
            PATH + "request-email-change",
            ends.request_email_change,
            tags=("requestEmailChange",),
        ),
        Route(
            "POST",
            PATH + "confirm-email-change",
            ends.confirm_email_change,
            tags=("confirmEmailChange",),
        ),
        Route("POST", PATH + "impersonate/{id}", ends.impersonate, superuser_only=True),
    ]


class AuthEndpoints:
    """The handlers of the auth routes."""

    def __init__(self, auth: Auth, providers: Providers) -> None:
        self._auth = auth
        self._providers = providers

    async def methods(self, request: Request) -> Response:
        collection = auth_collection(self._auth, request)
        offered = auth_methods(collection, self._providers(collection))
        return shaped_json(request, offered)

    async def with_password(self, request: Request) -> Response:
        collection = auth_collection(self._auth, request)
        who = await caller(request, "password")
        return sign_in_response(await auth_with_password(self._auth, collection, who))

    async def refresh(self, request: Request) -> Response:
        actor = own_account(self._auth, request)
        who = Caller(await request.facts(), request.client_ip, request.header("user-agent"))
        return sign_in_response(await refresh(self._auth, who, actor, request.token))

    async def request_verification(self, request: Request) -> Response:
        collection = auth_collection(self._auth, request)
        await request_verification(self._auth, collection, await form(request))
        return no_content()

    async def confirm_verification(self, request: Request) -> Response:
        collection = auth_collection(self._auth, request)
        who = await caller(request)
        await confirm_verification(self._auth, collection, who.body, who.facts)
        return no_content()

    async def request_password_reset(self, request: Request) -> Response:
        collection = auth_collection(self._auth, request)
        await request_password_reset(self._auth, collection, await form(request))
        return no_content()

    async def confirm_password_reset(self, request: Request) -> Response:
        collection = auth_collection(self._auth, request)
        who = await caller(request)
        await confirm_password_reset(self._auth, collection, who.body, who.facts)
        return no_content()

    async def request_email_change(self, request: Request) -> Response:
        actor = own_account(self._auth, request)
        await request_email_change(self._auth, actor.record, await form(request))
        return no_content()

    async def confirm_email_change(self, request: Request) -> Response:
        collection = auth_collection(self._auth, request)
        who = await caller(request)
        await confirm_email_change(self._auth, collection, who.body, who.facts)
        return no_content()

    async def impersonate(self, request: Request) -> Response:
        collection = auth_collection(self._auth, request, missing=NO_AUTH_COLLECTION)
        account = await self._auth.store.find(collection, request.params["id"])
        if account is None:
            raise NotFound
        who = await caller(request)
        duration_s = forms.whole(await request.json(), "duration")
        forms.refuse(duration=TOO_SMALL if duration_s < 0 else None)
        return sign_in_response(await impersonate(self._auth, who, account, duration_s))


def auth_collection(auth: Auth, request: Request, *, missing: str = NO_COLLECTION) -> Collection:
    """The auth collection that the path names. Raises: NotFound."""
    found = auth.store.catalog.find(request.params["collection"])
    if found is None:
        raise NotFound(missing)
    if found.type != "auth":
        raise NotFound(NO_AUTH_COLLECTION)
    return found


def own_account(auth: Auth, request: Request) -> Actor:
    """The caller, who must have an account of the collection that the path names.

    Raises: NotFound, Unauthorized, Forbidden.
    """
    collection = auth.store.catalog.find(request.params["collection"])
    if collection is None:
        raise NotFound(NO_COLLECTION)
    actor = request.actor
    if actor is None:
        raise Unauthorized(NEEDS_TOKEN)
    own = actor.record.collection
    if own.id != collection.id:
        raise Forbidden(f"The request requires auth record from {own.name} collection.")
    return actor


async def form(request: Request) -> dict[str, Any]:
    """A body whose values are meant as texts. Raises: BadRequest with the auth room's message."""
    try:
        body = await request.json()
    except BadRequest as error:
        if error.message != BadRequest.default_message:
            raise
        raise BadRequest(NOT_LOADED) from error
    if request.header("content-type").lower().startswith("application/json"):
        return body
    return {name: _as_sent(value) for name, value in body.items()}


async def caller(request: Request, context: str = "default") -> Caller:
    """Who asks, and the form that was sent. Raises: BadRequest."""
    body = await form(request)
    facts = msgspec.structs.replace(await request.facts(context), body=body)
    return Caller(facts, request.client_ip, request.header("user-agent"))


def sign_in_response(result: SignedIn | OneStepLeft) -> Response:
    """The account and its token, or where to go on with a second step."""
    if isinstance(result, OneStepLeft):
        return json_response({"mfaId": result.mfa_id}, 401)
    return json_response(result.body)


def _as_sent(value: Any) -> Any:
    """A form's text before it was taken for a number or a truth value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return plain_number(value) if isinstance(value, float) else str(value)
    return value
