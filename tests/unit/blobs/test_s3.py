"""Blobs in S3: the contract against a real SeaweedFS, and what happens without one."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tenfold.blobs import Blobs, BlobsUnavailable
from tenfold.blobs.probe import probe
from tenfold.blobs.s3 import S3Blobs, S3Location
from tests.contracts.blobs import BlobsContract, keys

pytestmark = pytest.mark.anyio

ACCESS_KEY, SECRET = "tenfold", "tenfold-secret"
START_LIMIT_S = 30.0


def free_ports(count: int) -> list[int]:
    """Free ports whose neighbours at +10000 (SeaweedFS puts gRPC there) exist and are free."""
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < count:
            one, two = (stack.enter_context(socket.socket()) for _ in range(2))
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            if port > 55_000:
                continue
            try:
                two.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            found.append(port)
    return found


def weed_command() -> str:
    beside_python = Path(sys.executable).parent / "weed"
    found = str(beside_python) if beside_python.exists() else shutil.which("weed")
    if not found:
        pytest.skip("SeaweedFS (weed) is not installed")
    return found


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("weed")
    identity = {
        "name": "tenfold",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    master, volume, filer, s3 = free_ports(4)
    command = [
        weed_command(),
        "-logtostderr=true",
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-master.port={master}",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
        f"-volume.port={volume}",
        "-volume.max=20",
        "-filer",
        f"-filer.port={filer}",
        "-s3",
        f"-s3.port={s3}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={folder}/s3.json",
    ]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as process,
    ):
        try:
            wait_until_ready(process, f"http://127.0.0.1:{s3}", folder / "log")
            yield f"http://127.0.0.1:{s3}"
        finally:
            process.kill()


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            if httpx.get(url, timeout=2).status_code < 500:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail("SeaweedFS did not start in time: " + log.read_text()[-2000:])


def location(endpoint: str, secret: str = SECRET) -> S3Location:
    return S3Location("tenfold", "us-east-1", endpoint, ACCESS_KEY, secret, force_path_style=True)


async def empty_bucket(endpoint: str) -> Blobs:
    # SeaweedFS makes a bucket when its administrator first puts something into it.
    blobs = S3Blobs(location(endpoint))
    await blobs.put("first", b"x")
    for key in await keys(blobs):
        await blobs.delete(key)
    return blobs


class TestS3Blobs(BlobsContract):
    @pytest.fixture
    async def blobs(self, endpoint: str) -> Blobs:
        return await empty_bucket(endpoint)


async def test_a_wrong_secret_is_said_so_without_telling_it(endpoint: str) -> None:
    where = location(endpoint, "a-wrong-secret")
    with pytest.raises(BlobsUnavailable) as caught:
        await probe(S3Blobs(where))
    assert "a-wrong-secret" not in str(caught.value)
    assert "a-wrong-secret" not in repr(where)


async def test_an_absent_store_is_unavailable_soon() -> None:
    blobs = S3Blobs(location(f"http://127.0.0.1:{free_ports(1)[0]}"))
    started = time.monotonic()
    with pytest.raises(BlobsUnavailable):
        await blobs.put("c/r/a", b"x")
    assert time.monotonic() - started < 20


async def test_a_big_file_goes_up_in_parts(endpoint: str, tmp_path: Path) -> None:
    blobs = S3Blobs(location(endpoint))
    path = tmp_path / "big"
    path.write_bytes(b"0123456789abcdef" * (20 * 1024 * 1024 // 16))
    await blobs.put_file("c/r/big", path)
    assert (await blobs.head("c/r/big")).size_bytes == path.stat().st_size
    read = await blobs.get("c/r/big", path.stat().st_size - 3)
    assert b"".join([chunk async for chunk in read.chunks]) == b"def"
