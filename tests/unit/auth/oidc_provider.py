"""A small real OpenID Connect provider on a loopback port, for tests.

It serves /token, /userinfo, /userinfo/emails, /jwks and /avatar.png. What it answers may be
changed between requests, and `seen` remembers what clients sent.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63"
    "fccfc0f01f0005050102cf2c1b3b0000000049454e44ae426082"
)


@dataclass
class Seen:
    """One request as the provider received it."""

    path: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Provider:
    """What the server answers, and what it was asked."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    user: dict[str, Any] = field(default_factory=dict[str, Any])
    emails: Any = None
    token: dict[str, Any] = field(default_factory=dict[str, Any])
    statuses: dict[str, int] = field(default_factory=dict[str, int])
    redirects: dict[str, str] = field(default_factory=dict[str, str])
    bodies: dict[str, bytes] = field(default_factory=dict[str, bytes])
    headers: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    delays_s: dict[str, float] = field(default_factory=dict[str, float])
    seen: list[Seen] = field(default_factory=list[Seen])
    url: str = ""

    def id_token(self, claims: dict[str, Any]) -> str:
        """An RS256 id token signed with this provider's key."""
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key)

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and body for a path."""
        status = self.statuses.get(path, 200)
        if path in self.bodies:
            return status, self.bodies[path]
        known: dict[str, Any] = {
            "/token": {"access_token": "at-1", "token_type": "Bearer", "expires_in": 3600}
            | self.token,
            "/userinfo": self.user,
            "/userinfo/emails": self.emails,
            "/jwks": {"keys": [self.key.as_dict(private=False) | {"kid": "k1", "alg": "RS256"}]},
        }
        if path == "/avatar.png":
            return status, PNG
        return (status, json.dumps(known[path]).encode()) if path in known else (404, b"{}")


@contextmanager
def running() -> Generator[Provider]:
    """A provider that listens until the block ends."""
    provider = Provider()

    class Answerer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("content-length", "0"))).decode())

        def _answer(self, text: str) -> None:
            path = urlsplit(self.path).path
            form = {k: v[0] for k, v in parse_qs(text).items()}
            headers = {k.lower(): v for k, v in self.headers.items()}
            provider.seen.append(Seen(self.path, headers, form))
            time.sleep(provider.delays_s.get(path, 0))
            if path in provider.redirects:
                self.send_response(302)
                self.send_header("location", provider.redirects[path])
                self.send_header("content-length", "0")
                self.end_headers()
                return
            status, body = provider.answer(path)
            kind = "image/png" if path.endswith(".png") else "application/json"
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            for name, value in provider.headers.get(path, {}).items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answerer)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
