"""The request over granian's RSGI scope; every part is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tenfold.api.addresses import NO_PROXY, TrustedProxy, client_address, peer_address
from tenfold.api.bodies import BodyReader
from tenfold.api.forms import lenient_pairs
from tenfold.api.http import BodyLimits, Route, Upload
from tenfold.api.router import Leaf
from tenfold.api.rsgi import BodyRead, HttpProtocol, Scope
from tenfold.errors import BadRequest
from tenfold.schema.actor import Actor, RequestFacts

USUAL_LIMITS = BodyLimits()


class HttpRequest:
    """One request; see the `Request` protocol for what each part means."""

    __slots__ = (
        "_begun",
        "_headers",
        "_leaf",
        "_limits",
        "_params",
        "_proto",
        "_proxy",
        "_query",
        "_reader",
        "_scope",
        "_segments",
        "_temp_folder",
        "_token",
        "actor",
        "method",
        "path",
    )

    def __init__(
        self,
        scope: Scope,
        proto: HttpProtocol,
        leaf: Leaf,
        segments: list[str],
        *,
        temp_folder: str = "",
        limits: BodyLimits = USUAL_LIMITS,
        proxy: Callable[[], TrustedProxy] = lambda: NO_PROXY,
        begun: BodyRead | None = None,
    ) -> None:
        self._scope = scope
        self._proto = proto
        self._leaf = leaf
        self._segments = segments
        self._temp_folder = temp_folder
        self._limits = limits
        self._proxy = proxy
        self._begun = begun
        self._headers: dict[str, str] | None = None
        self._params: dict[str, str] | None = None
        self._query: dict[str, list[str]] | None = None
        self._reader: BodyReader | None = None
        self._token: str | None = None
        self.actor: Actor | None = None
        self.method = scope.method
        self.path = scope.path

    @property
    def route(self) -> Route:
        return self._leaf.route

    @property
    def params(self) -> Mapping[str, str]:
        if self._params is None:
            self._params = self._leaf.params(self._segments)
        return self._params

    @property
    def query_string(self) -> str:
        return self._scope.query_string

    @property
    def query(self) -> Mapping[str, str]:
        return {name: values[0] for name, values in self.query_lists.items()}

    @property
    def query_lists(self) -> Mapping[str, list[str]]:
        if self._query is None:
            self._query = {}
            text = self._scope.query_string
            for name, value in lenient_pairs(text) if text else ():
                self._query.setdefault(name, []).append(value)
        return self._query

    @property
    def headers(self) -> Mapping[str, str]:
        if self._headers is None:
            self._headers = {}
            for name, value in self._scope.headers.items():
                self._headers.setdefault(name, value)
        return self._headers

    def header(self, name: str) -> str:
        return self._scope.headers.get(name) or ""

    @property
    def host(self) -> str:
        return self._scope.authority or self.header("host")

    @property
    def scheme(self) -> str:
        return self._scope.scheme

    @property
    def query_text(self) -> str:
        """The query as it was sent."""
        return self._scope.query_string

    @property
    def client(self) -> str:
        """The other end of the connection as "address:port"."""
        return self._scope.client

    @property
    def remote_ip(self) -> str:
        return peer_address(self._scope.client)

    @property
    def client_ip(self) -> str:
        return client_address(self._proxy(), self._scope.headers.items, self.remote_ip)

    @property
    def token(self) -> str:
        if self._token is None:
            self._token = bare_token(self.header("authorization"))
        return self._token

    async def body(self) -> bytes:
        return await self._body_reader().read()

    async def json(self) -> dict[str, Any]:
        return await self._body_reader().object()

    async def facts(self, context: str = "default") -> RequestFacts:
        body = await self.json()
        return RequestFacts(
            actor=self.actor,
            method=self.method,
            context=context,
            query=self.query,
            headers=self._rule_headers(),
            body=body,
        )

    def uploads(self) -> list[Upload]:
        """The files received so far; whoever runs the request removes them at its end."""
        return self._reader.uploads if self._reader is not None else []

    def refuse_large_body(self) -> None:
        """Refuse by Content-Length alone, before the handler. Raises: PayloadTooLarge."""
        self._body_reader().refuse_large()

    async def leaves_body(self) -> bool:
        """Whether a part of the body is left unread, so that the connection can't go on."""
        if self._reader is None and not self._has_body():
            return False
        reader = self._body_reader()
        if not reader.is_taken:
            await reader.skip()
        return not reader.is_taken

    def _has_body(self) -> bool:
        length = self.header("content-length")
        return length not in ("", "0") or bool(self.header("transfer-encoding"))

    def _rule_headers(self) -> dict[str, str]:
        return {
            name.replace("-", "_"): value for name, value in self.headers.items() if name != "host"
        }

    def _body_reader(self) -> BodyReader:
        if self._reader is None:
            limit = self._leaf.route.body_limit_bytes
            if limit is None:
                limit = self._limits.size_bytes
            elif not isinstance(limit, int):
                limit = limit(self)
            length = declared_length(self.header("content-length")) if self._has_body() else 0
            self._reader = BodyReader(
                self._proto,
                content_type=self.header("content-type"),
                content_length=length,
                limit_bytes=limit,
                temp_folder=self._temp_folder,
                time_limit_s=self._limits.time_s,
                begun=self._begun,
            )
        return self._reader


def bare_token(authorization: str) -> str:
    """The token of an Authorization value, with or without "Bearer "."""
    text = authorization.strip()
    if text[:7].lower() == "bearer ":
        return text[7:].strip()
    return text


def declared_length(text: str) -> int | None:
    """The Content-Length, or None when there is none. Raises: BadRequest."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise BadRequest()
    return int(text[:20])
