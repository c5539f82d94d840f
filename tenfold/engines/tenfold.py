"""Tenfold itself: the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

import httpx

from tenfold.engines.contract import Command, Limits, Node, Program, Unhealthy
from tenfold.engines.mariadb import SCHEMA, SERVICE_PASSWORD, SERVICE_USER
from tenfold.engines.seaweedfs import BUCKET, REGION, SERVICE_KEY, SERVICE_SECRET
from tenfold.engines.secret_texts import password
from tenfold.settings import KEYS

CONFIG = "tenfold.toml"
PROBE_LIMIT_S = 3.0


class Tenfold:
    """The service, with its records and files in other parts of the fleet."""

    programs = (Program("tenfold", "pip install tenfold"),)
    has_certificate = False
    limits = Limits(start_s=60, sick_s=20, stop_s=30)
    secrets: Mapping[str, Callable[[], str]] = {
        SERVICE_PASSWORD: password,
        SERVICE_SECRET: password,
    }

    def render(self, node: Node) -> Mapping[str, str]:
        lines = {
            "dir": str(node.folder / "data"),
            "http": str(node.endpoint),
            "hooks_dir": node.options.get("hooks", str(node.folder / "hooks")),
            "public_dir": node.options.get("public", str(node.folder / "public")),
            "store": _store_url(node),
            "blobs": _blobs_url(node),
        }
        known = {key: value for key, value in lines.items() if key in KEYS and value}
        return {CONFIG: "".join(f"{key} = {_quoted(value)}\n" for key, value in known.items())}

    def prepare(self, node: Node) -> None:
        """Nothing to do: the service makes its data itself."""

    def command(self, node: Node) -> Command:
        argv = (self.programs[0].path(), "serve", "--config", f"{node.folder}/{CONFIG}")
        return Command(argv, inherits_environment=True)

    async def settle(self, node: Node) -> None:
        """Nothing to do: the service migrates its data before it listens."""

    async def probe(self, node: Node) -> None:
        host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(
            node.endpoint.address, node.endpoint.address
        )
        url = f"http://{host}:{node.endpoint.port}/api/health"
        try:
            # Plain HTTP: without this httpx reads all authorities of the system each time.
            async with httpx.AsyncClient(
                timeout=PROBE_LIMIT_S, trust_env=False, verify=False
            ) as client:
                status = (await client.get(url)).status_code
        except httpx.HTTPError as error:
            raise Unhealthy(f"no answer: {str(error) or type(error).__name__}") from error
        if status != 200:
            raise Unhealthy(f"/api/health answers {status}")

    def tidy(self, node: Node) -> None:
        """Nothing to do: all it makes lies in its folder."""


def _store_url(node: Node) -> str:
    database = node.peers.get("database")
    if database is None:
        return ""
    options = f"password_file={_path(node, SERVICE_PASSWORD)}&ca={quote(str(node.tls.ca))}"
    return f"mysql://{SERVICE_USER}@{database}/{SCHEMA}?{options}"


def _blobs_url(node: Node) -> str:
    objects = node.peers.get("objects")
    if objects is None:
        return ""
    options = f"secret_file={_path(node, SERVICE_SECRET)}&ca={quote(str(node.tls.ca))}"
    return f"s3://{SERVICE_KEY}@{objects}/{BUCKET}?region={REGION}&encrypt=AES256&{options}"


def _path(node: Node, secret: str) -> str:
    return quote(str(node.secrets / secret))


def _quoted(text: str) -> str:
    """A TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
