"""From a connection to a handler and back: every request passes through `Gateway`.

Order: lanes | path, route | preflight, CORS | actor | superuser allow-list | rate limit |
superuser_only | body size | handler | answer | activity log. Errors become answers here.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

import msgspec

from tenfold.api.addresses import NO_PROXY, TrustedProxy
from tenfold.api.bodies import BrokenBody, SlowBody
from tenfold.api.errors import error_response
from tenfold.api.headers import SERVER, Cors, with_defaults
from tenfold.api.http import BodyLimits, Headers, Request, Response, Route
from tenfold.api.request import USUAL_LIMITS, HttpRequest
from tenfold.api.router import Leaf, Router, clean_path
from tenfold.api.rsgi import BodyRead, HttpProtocol, ProtocolClosed, Scope
from tenfold.api.sending import Sender
from tenfold.errors import Forbidden, NotFound, PayloadTooLarge, Unauthorized
from tenfold.schema.actor import Actor

_log = logging.getLogger("tenfold.api")

NEEDS_TOKEN = "The request requires valid record authorization token."
NOT_ALLOWED = "The authorized record is not allowed to perform this action."

# Errors after which the rest of a body is not wanted, so that the connection is closed.
CUTTING = (SlowBody, BrokenBody, PayloadTooLarge)

# The server would close the connection anyway, but the client must not send on it again.
_CLOSE: Headers = (("connection", "close"),)

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


class Activity(msgspec.Struct, frozen=True):
    """One request that was answered, for the activity log. `error` is its private cause."""

    request: Request
    status: int
    duration_s: float
    error: BaseException | None


Authenticator = Callable[[str, Request], Awaitable[Actor | None]]
RateLimit = Callable[[Request], Awaitable[None]]
SuperuserAdmission = Callable[[Request], None]
ActivityLog = Callable[[Activity], None]
FastLane = Callable[[Scope, HttpProtocol], bool]
AsyncStep = Callable[[], Awaitable[None]]


async def nobody(token: str, request: Request) -> Actor | None:
    """An authenticator that knows no token."""
    return None


async def _missing(request: Request) -> Response:
    raise NotFound()


_MISSING = Leaf(Route("", "/", _missing), ())


class Gateway:
    """The RSGI application. One per worker process; its parts are injected by app.py.

    The lanes may answer a request at once, before all else, and must not block: first
    `instant_lane` on the server's I/O thread (thread-safe, never touches the loop; it saves the
    hop to the loop, about half the time of a bare answer), then `fast_lane` on the loop.
    `on_start` is complete before the first connection is accepted; `on_stopping` is told of a
    stop while requests still run, so that endless streams can end; `on_stop` comes after the
    last request.
    """

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        authenticate: Authenticator = nobody,
        rate_limit: RateLimit | None = None,
        admit_superuser: SuperuserAdmission | None = None,
        log: ActivityLog | None = None,
        fast_lane: FastLane | None = None,
        instant_lane: FastLane | None = None,
        proxy: Callable[[], TrustedProxy] = lambda: NO_PROXY,
        cors: Cors | None = None,
        temp_folder: str = "",
        limits: BodyLimits = USUAL_LIMITS,
        on_start: Sequence[AsyncStep] = (),
        on_stopping: Sequence[Callable[[], None]] = (),
        on_stop: Sequence[AsyncStep] = (),
    ) -> None:
        self.routes = tuple(routes)
        self.router = Router(self.routes)
        self.fast_lane = fast_lane
        self.instant_lane = instant_lane
        self._authenticate = authenticate
        self._rate_limit = rate_limit
        self._admit_superuser = admit_superuser
        self._activity_log = log
        self._proxy = proxy
        self._cors = cors or Cors()
        self._temp_folder = temp_folder
        self.limits = limits
        self._on_start = on_start
        self._on_stopping = on_stopping
        self._on_stop = on_stop
        self._sender = Sender()

    async def start(self) -> None:
        """Run the start steps, in order."""
        for step in self._on_start:
            await step()

    def begin_stop(self) -> None:
        """Tell endless streams to end; running requests go on."""
        for step in self._on_stopping:
            step()
        self._sender.cut_endless()

    async def stop(self) -> None:
        """Run the stop steps, last first; each runs even if another fails."""
        for step in reversed(self._on_stop):
            try:
                await step()
            except Exception:
                _log.exception("A stop step failed.")

    async def answer(
        self, scope: Scope, proto: HttpProtocol, begun: BodyRead | None = None
    ) -> None:
        """Answer one request by the routes; `begun` is what `begin_read` gave for it."""
        path = scope.path
        method = scope.method
        if ("//" in path or "/." in path) and (cleaned := clean_path(path)) != path:
            _redirect(proto, cleaned, scope.query_string)
            return
        origin = scope.headers.get("origin")
        if method == "OPTIONS":
            asked = scope.headers.get("access-control-request-headers") or ""
            proto.response_empty(204, self._cors.preflight_headers(origin or "", asked))
            return
        segments = path.split("/")
        leaf = self.router.find(method, segments) or _MISSING
        request = HttpRequest(
            scope,
            proto,
            leaf,
            segments,
            temp_folder=self._temp_folder,
            limits=self.limits,
            proxy=self._proxy,
            begun=begun,
        )
        await self._run(request, proto, origin)

    async def _run(self, request: HttpRequest, proto: HttpProtocol, origin: str | None) -> None:
        started_at = perf_counter() if self._activity_log is not None else 0.0
        error: BaseException | None = None
        try:
            response = await self._respond(request)
        except Exception as caught:
            error = caught
            response = _error_answer(request, caught)
        try:
            headers = with_defaults(response.headers)
            if origin:
                headers += self._cors.answer_headers(origin)
            if isinstance(error, CUTTING) or await request.leaves_body():
                headers += _CLOSE
            await self._sender.send(proto, response, headers, request.method, request.client)
        except ProtocolClosed:
            pass
        except Exception as caught:
            # A stream broke off; its head is sent, so the connection was cut.
            error = caught
            _log.error("%s %s broke off", request.method, request.path, exc_info=caught)
        finally:
            _remove_uploads(request)
            if self._activity_log is not None:
                duration_s = perf_counter() - started_at
                self._activity_log(Activity(request, response.status, duration_s, error))
            # Else it, its traceback and this frame would hold each other, and the body, which
            # would hold the connection open.
            error = None

    async def _respond(self, request: HttpRequest) -> Response:
        token = request.token
        if token:
            request.actor = await self._authenticate(token, request)
        actor = request.actor
        if actor is not None and actor.is_superuser and self._admit_superuser is not None:
            self._admit_superuser(request)
        if self._rate_limit is not None:
            await self._rate_limit(request)
        route = request.route
        if route.superuser_only:
            require_superuser(actor)
        if request.method not in _BODILESS:
            request.refuse_large_body()
        return await route.handler(request)


def require_superuser(actor: Actor | None) -> None:
    """Raises: Unauthorized for guests, Forbidden for other actors."""
    if actor is None:
        raise Unauthorized(NEEDS_TOKEN)
    if not actor.is_superuser:
        raise Forbidden(NOT_ALLOWED)


def _redirect(proto: HttpProtocol, path: str, query: str) -> None:
    location = quote(path, safe="/:@!$&'()*+,;=~-._") + (f"?{query}" if query else "")
    proto.response_empty(307, (("location", location), *SERVER))


def _error_answer(request: HttpRequest, error: Exception) -> Response:
    response = error_response(error)
    if response.status == 500:
        _log.error("%s %s failed", request.method, request.path, exc_info=error)
    return response


def _remove_uploads(request: HttpRequest) -> None:
    for upload in request.uploads():
        Path(upload.path).unlink(missing_ok=True)
