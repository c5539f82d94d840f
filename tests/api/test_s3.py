"""Files and backups in a bucket, switched on and off while the service runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pyvips

from tenfold.blobs.s3 import S3Blobs
from tenfold.blobs.s3_location import S3Location
from tests.contracts.blobs import keys
from tests.planted import open_collection, plant
from tests.seaweed import ACCESS_KEY, SECRET, free_ports, seaweed
from tests.stores import SQLITE_ONLY, is_mariadb
from tests.targets import Tenfold

ALBUM = open_collection(
    "album", {"name": "page", "type": "file", "maxSelect": 1, "thumbs": ["40x30"]}
)
RECORDS = "/api/collections/album/records"
SETTLED_S = 20.0


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with seaweed(tmp_path_factory.mktemp("weed")) as started:
        for bucket in ("pages", "archives"):
            # SeaweedFS makes a bucket when its administrator first puts something into it.
            asyncio.run(bucket_of(started, bucket).put("first", b"x"))
            asyncio.run(bucket_of(started, bucket).delete("first"))
        yield started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Tenfold]:
    started = Tenfold(tmp_path / "data", workers=2)
    plant(started.dir, [ALBUM])
    started.upsert_superuser()
    started.start()
    yield started
    started.kill()


@pytest.fixture
def client(server: Tenfold) -> Iterator[httpx.Client]:
    headers = {"Authorization": server.token}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as opened:
        yield opened


def bucket_of(endpoint: str, bucket: str) -> S3Blobs:
    return S3Blobs(S3Location(bucket, "us-east-1", endpoint, ACCESS_KEY, SECRET, True))


def s3(endpoint: str, bucket: str, **more: Any) -> dict[str, Any]:
    place = {"bucket": bucket, "region": "us-east-1", "endpoint": endpoint}
    keys = {"accessKey": ACCESS_KEY, "secret": SECRET, "forcePathStyle": True}
    return {"enabled": True} | place | keys | more


def add(client: httpx.Client, name: str, body: bytes) -> tuple[str, str]:
    """A new record's key in a bucket, and the path of its file."""
    made = client.post(RECORDS, files=[("page", (name, body))]).raise_for_status().json()
    key = f"{made['collectionId']}/{made['id']}/{made['page']}"
    return key, f"/api/files/album/{made['id']}/{made['page']}"


def wait_until(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + SETTLED_S
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.1)


def test_files_move_to_a_bucket_and_back(client: httpx.Client, endpoint: str) -> None:
    body = pyvips.Image.black(400, 300, bands=3).write_to_buffer(".png")
    client.patch("/api/settings", json={"s3": s3(endpoint, "pages")}).raise_for_status()
    key, path = add(client, "a.png", body)
    assert key in asyncio.run(keys(bucket_of(endpoint, "pages")))
    whole = client.get(path)
    for answer in (whole, *(client.get(path) for _ in range(4))):  # whichever worker answers
        assert (answer.content, answer.headers["content-type"]) == (body, "image/png")
    part = client.get(path, headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    known = client.get(path, headers={"If-None-Match": whole.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    head = client.head(path)
    assert (head.headers["content-length"], head.content) == (str(len(body)), b"")
    thumb = pyvips.Image.new_from_buffer(client.get(f"{path}?thumb=40x30").content, "")
    assert (thumb.width, thumb.height) == (40, 30)
    client.delete(f"{RECORDS}/{key.split('/')[1]}").raise_for_status()
    wait_until(lambda: not asyncio.run(keys(bucket_of(endpoint, "pages"))))
    client.patch("/api/settings", json={"s3": {"enabled": False}}).raise_for_status()
    assert client.get(add(client, "b.txt", b"here")[1]).content == b"here"
    assert not asyncio.run(keys(bucket_of(endpoint, "pages")))


def test_a_big_file_comes_from_a_bucket_whole_and_in_parts(
    client: httpx.Client, endpoint: str
) -> None:
    body = b"%PDF-1.4\n" + bytes(range(256)) * 8_000
    client.patch("/api/settings", json={"s3": s3(endpoint, "pages")}).raise_for_status()
    _, path = add(client, "a.pdf", body)
    whole = client.get(path)
    assert (whole.content, whole.headers["content-type"]) == (body, "application/pdf")
    assert whole.headers["accept-ranges"] == "bytes"
    head = client.head(path)
    names = ("etag", "last-modified", "content-length", "content-type", "content-disposition")
    assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]
    etag = whole.headers["etag"]
    for asked, status, expected in (
        ({"Range": "bytes=1000000-1000999"}, 206, body[1_000_000:1_001_000]),
        ({"Range": "bytes=0-8", "If-Range": etag}, 206, body[:9]),
        ({"Range": "bytes=0-8", "If-Range": '"other"'}, 200, body),
        ({"If-None-Match": etag}, 304, b""),
        ({"If-None-Match": '"other"'}, 200, body),
        ({"If-Match": '"other"'}, 412, b""),
        ({"If-Modified-Since": whole.headers["last-modified"]}, 304, b""),
    ):
        answer = client.get(path, headers=asked)
        assert (answer.status_code, answer.content) == (status, expected), asked
    with client.stream("GET", path) as cut:
        assert cut.status_code == 200
    assert client.get(path).content == body
    assert client.get(path + "x").status_code == 404


@pytest.mark.skipif(is_mariadb(), reason=SQLITE_ONLY)
def test_backups_in_a_bucket(client: httpx.Client, server: Tenfold, endpoint: str) -> None:
    settings = {"backups": {"s3": s3(endpoint, "archives")}}
    client.patch("/api/settings", json=settings).raise_for_status()
    _, kept = add(client, "kept.txt", b"kept")
    client.post("/api/backups", json={"name": "x.zip"}).raise_for_status()
    assert asyncio.run(keys(bucket_of(endpoint, "archives"))) == {"x.zip"}
    assert [b["key"] for b in client.get("/api/backups").json()] == ["x.zip"]
    token = client.post("/api/files/token").json()["token"]
    assert client.get(f"/api/backups/x.zip?token={token}").content.startswith(b"PK\x03\x04")
    _, later = add(client, "later.txt", b"later")
    client.post("/api/backups/x.zip/restore").raise_for_status()
    wait_until(lambda: not (server.dir / ".restore").exists())
    wait_until(lambda: answered(server, later) == 404)
    assert answered(server, kept) == 200
    client.delete("/api/backups/x.zip").raise_for_status()
    assert not asyncio.run(keys(bucket_of(endpoint, "archives")))


def answered(server: Tenfold, path: str) -> int:
    try:
        return httpx.get(server.url + path, timeout=10).status_code
    except httpx.TransportError:
        return 0


def test_the_test_of_a_bucket(client: httpx.Client, endpoint: str) -> None:
    def tested(settings: dict[str, Any], filesystem: str) -> httpx.Response:
        client.patch("/api/settings", json=settings).raise_for_status()
        return client.post("/api/settings/test/s3", json={"filesystem": filesystem})

    assert tested({"s3": s3(endpoint, "pages")}, "storage").status_code == 204
    backups = {"backups": {"s3": s3(endpoint, "archives")}}
    assert tested(backups, "backups").status_code == 204
    wrong = tested({"s3": s3(endpoint, "pages", secret="a-wrong-secret")}, "storage")
    assert wrong.status_code == 400
    assert wrong.json()["message"].startswith("Failed to test the S3 filesystem.")
    assert "a-wrong-secret" not in wrong.text


def test_a_bucket_that_is_away(client: httpx.Client) -> None:
    away = s3(f"http://127.0.0.1:{free_ports(1)[0]}", "pages")
    client.patch("/api/settings", json={"s3": away}).raise_for_status()
    answer = client.post(RECORDS, files=[("page", ("a.txt", b"x"))])
    assert answer.status_code == 503
    assert client.get(f"{RECORDS}?perPage=1").json()["items"] == []
