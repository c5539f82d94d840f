"""HTTP to places that may be hostile: little time, small bodies, and no way to the inside."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.auth.oauth2.profile import ProviderFailed
from tenfold.auth.oauth2.public_addresses import Address, is_public, resolve
from tenfold.lazy import LazyModule

if TYPE_CHECKING:
    import httpx
else:
    httpx = LazyModule("httpx")

TIME_LIMIT_S = 15.0
ANSWER_LIMIT_BYTES = 1 << 20
MAX_REDIRECTS = 3
MAX_CONNECTIONS = 64
AGENT = "Tenfold"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"accept-encoding": "identity", "user-agent": AGENT}


class Fetched(msgspec.Struct, frozen=True):
    """An answer, read whole."""

    status: int
    content_type: str
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON. Raises: ProviderFailed."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ProviderFailed("the answer is no JSON") from error


class Fetcher:
    """Asks other servers; its two clients are made when they are first needed.

    `may_reach` tells which addresses `fetch_public` may go to.
    """

    def __init__(
        self,
        *,
        time_limit_s: float = TIME_LIMIT_S,
        may_reach: Callable[[Address], bool] = is_public,
    ) -> None:
        self._time_limit_s = time_limit_s
        self._may_reach = may_reach
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._trusted: ssl.SSLContext | None = None

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        follow: bool = False,
    ) -> Fetched:
        """Ask a server that the owner of a collection has named. Raises: ProviderFailed."""
        await self._load()
        async with self._limits():
            sent, target = _HEADERS | dict(headers), httpx.URL(url)
            for _ in range(MAX_REDIRECTS + 1):
                answer = await self._send(method, target, sent, content)
                if not follow or answer.status_code not in _REDIRECTS:
                    return await _read(answer, ANSWER_LIMIT_BYTES)
                await answer.aclose()
                before, target = target, target.join(answer.headers.get("location", ""))
                method, content = "GET", None
                if target.netloc != before.netloc or target.scheme != before.scheme:
                    sent.pop("authorization", None)
            raise ProviderFailed("too many redirects")

    async def fetch_public(self, url: str, limit_bytes: int) -> Fetched:
        """GET what a stranger has named, from the public internet only.

        Names are resolved once and that address is used, so that an address can't change
        between the check and the request. Raises: ProviderFailed.
        """
        await self._load()
        async with self._limits():
            target = httpx.URL(url)
            for _ in range(MAX_REDIRECTS + 1):
                answer = await self._send_pinned(target)
                if answer.status_code not in _REDIRECTS:
                    return await _read(answer, limit_bytes)
                await answer.aclose()
                target = target.join(answer.headers.get("location", ""))
            raise ProviderFailed("too many redirects")

    async def close(self) -> None:
        """Let go of all connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _send(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes | None
    ) -> httpx.Response:
        client = await self._client(is_public=False)
        request = client.build_request(method, url, headers=headers, content=content)
        return await client.send(request, stream=True)

    async def _send_pinned(self, url: httpx.URL) -> httpx.Response:
        if url.scheme not in ("http", "https") or not url.host:
            raise ProviderFailed("the address is none of the web")
        addresses = await resolve(url.host, url.port or (443 if url.scheme == "https" else 80))
        if not addresses or not all(map(self._may_reach, addresses)):
            raise ProviderFailed("the address is not a public one")
        client = await self._client(is_public=True)
        request = client.build_request(
            "GET",
            url.copy_with(host=str(addresses[0]), username=None, password=None),
            headers=_HEADERS | {"host": url.netloc.decode("ascii", "ignore")},
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        return await client.send(request, stream=True)

    async def _load(self) -> None:
        # Loading code and certificates takes long enough to be noticed by other requests.
        if self._trusted is None:
            self._trusted = await asyncio.to_thread(lambda: httpx.create_ssl_context())

    async def _client(self, *, is_public: bool) -> httpx.AsyncClient:
        assert self._trusted is not None, "loaded before the first request"
        if is_public not in self._clients:
            # A proxy of the environment would resolve names anew, so it is not used for
            # what has to stay outside.
            self._clients[is_public] = httpx.AsyncClient(
                timeout=self._time_limit_s,
                limits=httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=8),
                trust_env=not is_public,
                verify=self._trusted,
            )
        return self._clients[is_public]

    @asynccontextmanager
    async def _limits(self) -> AsyncGenerator[None]:
        """All of it within the time limit; every failure as ProviderFailed."""
        try:
            async with asyncio.timeout(self._time_limit_s):
                yield
        except TimeoutError as error:
            raise ProviderFailed("no answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
            raise ProviderFailed(f"no usable answer ({type(error).__name__})") from error


async def _read(answer: httpx.Response, limit_bytes: int) -> Fetched:
    """The body up to a limit. Raises: ProviderFailed when it is longer or packed."""
    try:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise ProviderFailed("the answer is packed, though it must not be")
        body = bytearray()
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > limit_bytes:
                raise ProviderFailed("the answer is too long")
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Fetched(answer.status_code, kind, bytes(body))
    finally:
        await answer.aclose()
