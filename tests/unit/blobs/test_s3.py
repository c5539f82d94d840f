"""Blobs in S3: the contract against a real SeaweedFS, and what happens without one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tenfold.blobs import Blobs, BlobsUnavailable, s3
from tenfold.blobs.probe import probe
from tenfold.blobs.s3 import S3Blobs
from tenfold.blobs.s3_location import S3Location
from tests.contracts.blobs import BlobsContract, keys
from tests.seaweed import ACCESS_KEY, SECRET, free_ports, seaweed

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with seaweed(tmp_path_factory.mktemp("weed")) as started:
        yield started


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


async def test_a_slow_reader_is_waited_for(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "SILENCE_LIMIT", timedelta(seconds=1))
    blobs = S3Blobs(location(endpoint))
    path = tmp_path / "big"
    path.write_bytes(b"0123456789abcdef" * (20 * 1024 * 1024 // 16))
    await blobs.put_file("c/r/slow", path)
    read = await blobs.get("c/r/slow")
    size = 0
    async for chunk in read.chunks:
        if size == 0:
            await asyncio.sleep(3)
        size += len(chunk)
    assert size == path.stat().st_size
