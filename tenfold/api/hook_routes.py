"""Routes that hook files add."""

from __future__ import annotations

from tenfold.api.dispatch import NEEDS_TOKEN, NOT_ALLOWED
from tenfold.api.http import Request, Response, Route
from tenfold.errors import Forbidden, Unauthorized
from tenfold.hooks import HookRegistry, RouteEvent
from tenfold.hooks.extras import HookRoute
from tenfold.schema.actor import Actor


def routes(hooks: HookRegistry) -> list[Route]:
    """A route for each one that the hooks have registered."""
    return [_route(hook) for hook in hooks.routes]


def _route(hook: HookRoute) -> Route:
    async def respond(request: Request) -> Response:
        _admit(hook.auth, request.actor)
        has_body = request.method not in ("GET", "HEAD")
        event = RouteEvent(
            method=request.method,
            path=request.path,
            params=request.params,
            query=request.query,
            headers=request.headers,
            client_ip=request.client_ip,
            actor=request.actor,
            body=await request.body() if has_body else b"",
        )
        reply = await hook.respond(event)
        return Response(reply.status, reply.body, reply.headers)

    return Route(hook.method, hook.pattern, respond, superuser_only=hook.auth == "superuser")


def _admit(auth: str, actor: Actor | None) -> None:
    """Let the callers in whom the hook wants. Raises: Unauthorized, Forbidden."""
    if auth in ("", "superuser"):
        return
    if actor is None:
        raise Unauthorized(NEEDS_TOKEN)
    if auth != "record" and actor.record.collection.name != auth:
        raise Forbidden(NOT_ALLOWED)
