"""A server to measure: where it is, who may prepare it, and whether that is allowed."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tenfold.errors import OperatorError
from tenfold.measure.load import Address

CALL_LIMIT_S = 30.0
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Credentials:
    """A superuser of a target."""

    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Target:
    """A server that speaks PocketBase's API, and its superuser."""

    name: str
    address: Address
    credentials: Credentials


def find_address(url: str, *, may_be_remote: bool) -> Address:
    """Where a URL leads to. Raises: OperatorError when that is wrong, or not allowed.

    The name is looked up once: what was checked is what is then loaded.
    """
    scheme, name, port = _parts(url)
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise OperatorError(f"{name} can't be found: {error}") from None
    host = str(found[0][4][0])
    if not may_be_remote and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        raise OperatorError(
            f"{name} is not this machine",
            hint="load can bring a server down; where you may do that, add --allow-remote",
        )
    return Address(host=host, port=port, name=name, is_tls=scheme == "https")


def _parts(url: str) -> tuple[str, str, int]:
    """Scheme, name and port. Raises: OperatorError."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port or PORTS[parts.scheme]
        if parts.hostname and parts.path in ("", "/") and not parts.query and not parts.username:
            return parts.scheme, parts.hostname, port
    except (ValueError, KeyError):
        pass
    raise OperatorError(f"{url} is no address to measure", hint="write it as http://127.0.0.1:8090")


def find_target(url: str, credentials: Credentials, *, may_be_remote: bool) -> Target:
    """A target that answers; its name says which product it is. Raises: OperatorError."""
    address = find_address(url, may_be_remote=may_be_remote)
    try:
        answer = httpx.get(f"{address.url}/api/health", timeout=CALL_LIMIT_S)
    except httpx.HTTPError as error:
        raise OperatorError(
            f"nothing answers at {address.url}: {error}", hint="is the server running?"
        ) from None
    if not answer.is_success or "API is healthy" not in answer.text:
        raise OperatorError(f"{address.url} does not speak PocketBase's API")
    product = "Tenfold" if answer.headers.get("server") == "Tenfold" else "PocketBase"
    return Target(f"{product} {address.authority}", address, credentials)
