"""The stage `split` with its real parts: used through the API, hurt, looked into, ended."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncmy  # pyright: ignore[reportMissingTypeStubs]
import httpx
import psutil
import pytest
from asyncmy.errors import Error  # pyright: ignore[reportMissingTypeStubs]

from tenfold.blobs import BlobsUnavailable
from tenfold.blobs.s3 import S3Blobs
from tenfold.blobs.s3_location import S3Location
from tenfold.engines import Node, mariadb, seaweedfs
from tenfold.engines.mariadb_keys import add_key, newest_key
from tenfold.engines.secret_texts import password
from tenfold.settings import KEYS
from tests.fleet.stage import Stage, running
from tests.targets import Tenfold, free_port

PARTS = ("database-1", "objects-1", "app-1")
RECORDS = "/api/collections/docs/records"
SECRET_TEXT = "MARKER-that-must-not-be-readable-on-a-disk"
DOCS = {
    "name": "docs",
    "type": "base",
    "listRule": "",
    "viewRule": "",
    "createRule": "",
    "fields": [
        {"name": "title", "type": "text"},
        {"name": "page", "type": "file", "maxSelect": 1, "maxSize": 200 << 20},
    ],
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(tmp_path_factory.mktemp("split") / "fleet") as started:
        with started.client() as client:
            client.post("/api/collections", json=DOCS).raise_for_status()
        yield started


class Peak:
    """The most memory that a process and its children held within a block."""

    def __init__(self, pid: int) -> None:
        main = psutil.Process(pid)
        self._processes = [main, *main.children(recursive=True)]
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._before = self._most = self._held()

    @property
    def growth_bytes(self) -> int:
        return self._most - self._before

    def __str__(self) -> str:
        return f"{self._before >> 20} MiB grew by {self.growth_bytes >> 20} MiB"

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(0.02):
            self._most = max(self._most, self._held())

    def _held(self) -> int:
        return sum(process.memory_info().rss for process in self._processes)


def add(stage: Stage, title: str, body: bytes) -> str:
    """A new record's id."""
    answer = httpx.post(
        stage.url + RECORDS,
        data={"title": title},
        files={"page": ("page.txt", body)},
        timeout=60,
    )
    return answer.raise_for_status().json()["id"]


def content(stage: Stage, record_id: str) -> bytes:
    """The file of a record."""
    record = httpx.get(f"{stage.url}{RECORDS}/{record_id}", timeout=60).raise_for_status().json()
    path = f"/api/files/docs/{record_id}/{record['page']}"
    return httpx.get(stage.url + path, timeout=60).raise_for_status().content


def test_records_and_files(stage: Stage) -> None:
    body = os.urandom(100_000)
    record_id = add(stage, "hello", body)
    assert content(stage, record_id) == body
    name = httpx.get(f"{stage.url}{RECORDS}/{record_id}").json()["page"]
    part = httpx.get(
        f"{stage.url}/api/files/docs/{record_id}/{name}", headers={"Range": "bytes=500-599"}
    )
    assert part.status_code == 206
    assert part.content == body[500:600]


def test_status_tells_of_every_part(stage: Stage) -> None:
    told = stage.status()
    assert told["isWell"]
    assert [part["name"] for part in told["parts"]] == list(PARTS)
    assert all(part["pid"] and part["memoryBytes"] > 10 << 20 for part in told["parts"])
    table = stage.run("status")
    assert all(name in table for name in PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_what_is_killed_comes_back(stage: Stage, name: str) -> None:
    body = os.urandom(50_000)
    record_id = add(stage, name, body)
    stage.wait_until_back(name, stage.kill(name))
    stage.wait_until(lambda: stage.status()["isWell"])
    assert content(stage, record_id) == body
    assert content(stage, add(stage, "after", b"more")) == b"more"


def test_a_frozen_part_is_said_to_be_unwell(stage: Stage) -> None:
    pid: int = stage.part("objects-1")["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        stage.wait_until(lambda: not stage.status()["isWell"])
        assert stage.part("objects-1")["problem"]
    finally:
        os.kill(pid, signal.SIGCONT)
    stage.wait_until(lambda: stage.status()["isWell"])


def test_a_killed_up_is_followed_by_another(stage: Stage) -> None:
    before = {part["name"]: part["pid"] for part in stage.status()["parts"]}
    supervisor: int = stage.status()["supervisor"]
    os.kill(supervisor, signal.SIGKILL)
    stage.wait_until(lambda: stage.status()["supervisor"] is None)
    stage.up()
    told = stage.status()
    assert told["supervisor"] not in (None, supervisor)
    assert {part["name"]: part["pid"] for part in told["parts"]} == before
    stage.wait_until_back("objects-1", stage.kill("objects-1"))


def test_a_second_up_is_refused(stage: Stage) -> None:
    command = [Tenfold.program(), "up", "split", "--dir", str(stage.folder.path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "is up already" in done.stderr


@pytest.mark.parametrize("size_bytes", [1 << 20, 100 << 20])
def test_files_stream_through_in_flat_memory(stage: Stage, tmp_path: Path, size_bytes: int) -> None:
    path = tmp_path / "big"
    with path.open("wb") as file:
        for _ in range(size_bytes >> 20):
            file.write(os.urandom(1 << 20))
    with Peak(stage.part("app-1")["pid"]) as peak:
        started = time.monotonic()
        with path.open("rb") as file:
            answer = httpx.post(stage.url + RECORDS, files={"page": file}, timeout=300)
        up_s, started = time.monotonic() - started, time.monotonic()
        record = answer.raise_for_status().json()
        url = f"{stage.url}/api/files/docs/{record['id']}/{record['page']}"
        digest = hashlib.sha256()
        with httpx.stream("GET", url, timeout=300) as stream:
            for chunk in stream.raise_for_status().iter_raw():
                digest.update(chunk)
        down_s = time.monotonic() - started
    assert digest.digest() == hashlib.sha256(path.read_bytes()).digest()
    print(f"{size_bytes >> 20} MiB: {up_s:.2f} s up, {down_s:.2f} s down, {peak}")
    assert peak.growth_bytes < 64 << 20


# --- who may what ---------------------------------------------------------------------------


async def ask(node: Node, statement: str, **options: Any) -> list[tuple[Any, ...]]:
    """Run a statement as the service's user, as its options say."""
    given: dict[str, Any] = {
        "host": node.endpoint.address,
        "port": node.endpoint.port,
        "user": mariadb.SERVICE_USER,
        "password": node.secret(mariadb.SERVICE_PASSWORD),
        "ssl": ssl.create_default_context(cafile=str(node.tls.ca)),
    }
    try:
        connection: Any = await asyncmy.connect(**(given | options))  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    finally:
        # asyncmy leaves the socket of a refused login to the garbage collector, which warns.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    try:
        async with connection.cursor() as cursor:
            await cursor.execute(statement)
            return list(await cursor.fetchall() or ())
    finally:
        await connection.ensure_closed()


@pytest.mark.parametrize(
    "statement",
    [
        "create user mallory@'%' identified by 'x'",
        "grant all on *.* to tenfold@'%'",
        "select * from mysql.global_priv",
        "create database other",
        "set global max_connections = 1",
        "select load_file('/etc/passwd') from mysql.user",
        "select 1 into outfile '/tmp/x'",
        "shutdown",
    ],
)
def test_the_services_user_may_nothing_beyond_its_schema(stage: Stage, statement: str) -> None:
    with pytest.raises(Error):
        asyncio.run(ask(stage.node("database"), statement))


def test_the_services_user_sees_its_schema_only(stage: Stage) -> None:
    seen = asyncio.run(ask(stage.node("database"), "show databases"))
    assert {row[0] for row in seen} == {"information_schema", "tenfold"}
    probe: dict[str, Any] = {
        "user": mariadb.PROBE_USER,
        "password": stage.node("database").secret(mariadb.PROBE_PASSWORD),
    }
    seen = asyncio.run(ask(stage.node("database"), "show databases", **probe))
    assert {row[0] for row in seen} == {"information_schema"}


def test_the_database_speaks_tls_only_and_is_known_by_its_certificate(stage: Stage) -> None:
    node = stage.node("database")
    (row,) = asyncio.run(ask(node, "show status like 'Ssl_version'"))
    assert row[1] in ("TLSv1.2", "TLSv1.3")
    with pytest.raises(Error):
        asyncio.run(ask(node, "select 1", ssl=None))
    with pytest.raises((Error, OSError)):
        asyncio.run(ask(node, "select 1", ssl=ssl.create_default_context()))
    with pytest.raises(Error):
        asyncio.run(ask(node, "select 1", user="root", password=node.secret("database_root")))


def bucket(node: Node, **changes: Any) -> S3Blobs:
    """The bucket of the service, as its user."""
    given: dict[str, Any] = {
        "bucket": seaweedfs.BUCKET,
        "region": seaweedfs.REGION,
        "endpoint": f"https://{node.endpoint}",
        "access_key": seaweedfs.SERVICE_KEY,
        "secret": node.secret(seaweedfs.SERVICE_SECRET),
        "force_path_style": True,
        "ca": str(node.tls.ca),
    }
    return S3Blobs(S3Location(**(given | changes)))


def test_the_object_store_knows_who_may_what(stage: Stage) -> None:
    node = stage.node("objects")
    asyncio.run(bucket(node).put("c/r/mine", b"x"))
    for changes in (
        {"bucket": seaweedfs.PROBE_BUCKET},
        {"bucket": "another"},
        {"secret": "wrong"},
        {"ca": ""},
        {"endpoint": f"http://{node.endpoint}"},
    ):
        with pytest.raises(BlobsUnavailable):
            asyncio.run(bucket(node, **changes).put("c/r/theirs", b"x"))


def test_the_object_store_speaks_tls_only(stage: Stage) -> None:
    node = stage.node("objects")
    context = ssl.create_default_context(cafile=node.tls.ca)
    url = f"https://{node.endpoint}/{seaweedfs.BUCKET}/c/r/mine"
    assert httpx.get(url, verify=context).status_code == 403
    plain = httpx.get(f"http://{node.endpoint}/healthz")
    assert plain.status_code == 400
    assert "HTTPS" in plain.text


def test_its_other_ports_want_a_certificate_of_the_fleet(stage: Stage) -> None:
    node = stage.node("objects")
    context = ssl.create_default_context(cafile=node.tls.ca)
    context.check_hostname = False
    for port in seaweedfs.grpc_ports(node.slot).values():
        for address in (node.endpoint.address, seaweedfs.inner_address(node)):
            try:
                plain = socket.create_connection((address, port), timeout=5)
            except ConnectionRefusedError:
                continue
            with plain, pytest.raises(OSError):
                with context.wrap_socket(plain, server_hostname=address) as tls:
                    tls.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                    if not tls.recv(1):
                        raise ConnectionError


def test_its_loopback_ports_do_nothing_for_strangers(stage: Stage) -> None:
    inner = seaweedfs.inner_address(stage.node("objects"))
    for place in ("9333/dir/assign", "9333/col/delete?collection=x", "8888/", "8888/buckets/"):
        assert httpx.get(f"http://{inner}:{place}").status_code == 404
    chunk = f"http://{inner}:8080/1,01637037d6"
    assert httpx.delete(chunk).status_code == 401
    assert httpx.post(chunk, files={"f": b"x"}).status_code == 401


def test_secrets_are_in_private_files_and_nowhere_else(stage: Stage) -> None:
    path = stage.folder.path
    private = [*stage.folder.secrets.iterdir(), *stage.folder.certificates.folder.iterdir()]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in private)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    texts = [file.read_text().strip() for file in stage.folder.secrets.iterdir()]
    secrets = [line.rpartition(";")[2] for text in texts for line in text.splitlines()]
    told = stage.log() + stage.run("status") + stage.run("status", "--json")
    for pid in stage.processes():
        told += Path(f"/proc/{pid}/cmdline").read_text()
    assert len(secrets) > 8
    assert not [secret for secret in secrets if secret in told]


# --- at rest --------------------------------------------------------------------------------


def on_disk(folder: Path, text: str) -> list[str]:
    """The files below a folder that hold a text."""
    found = subprocess.run(["grep", "-rl", text, str(folder)], capture_output=True, text=True)
    return found.stdout.splitlines()


def test_nothing_readable_lies_on_the_disks(stage: Stage) -> None:
    for number in range(3):
        add(stage, f"{SECRET_TEXT}-{number}", SECRET_TEXT.encode() * 2000 * number + b"x")
    for name in ("database-1", "objects-1"):
        stage.wait_until_back(name, stage.kill(name))
    stage.wait_until(lambda: stage.status()["isWell"])
    assert on_disk(stage.folder.part("objects-1"), SECRET_TEXT) == []
    if "store" in KEYS:
        assert on_disk(stage.folder.part("database-1"), SECRET_TEXT) == []


def test_keys_are_rotated(stage: Stage) -> None:
    record_id = add(stage, "before", b"before")
    keys = stage.folder.secrets / mariadb.KEYS
    assert "encrypted with key 4" in stage.run("keys", "rotate")
    # Nothing needs the old key any more: without it all is still there.
    kept = [line for line in keys.read_text().splitlines() if not line.startswith("3;")]
    pid: int = stage.part("database-1")["pid"]
    keys.write_text("\n".join(kept) + "\n")
    stage.wait_until_back("database-1", pid)
    stage.wait_until(lambda: stage.status()["isWell"])
    assert content(stage, record_id) == b"before"


def test_a_rotation_that_was_cut_short_is_finished(stage: Stage) -> None:
    keys = stage.folder.secrets / mariadb.KEYS
    number = add_key(keys)
    assert f"encrypted with key {number} now" in stage.run("keys", "rotate")
    assert newest_key(keys.read_text()) == number


def test_passwords_are_exchanged(stage: Stage) -> None:
    pids = {part["name"]: part["pid"] for part in stage.status()["parts"]}
    for name in (mariadb.SERVICE_PASSWORD, seaweedfs.SERVICE_SECRET):
        (stage.folder.secrets / name).write_text(password())
    for name in PARTS:
        stage.wait_until_back(name, pids[name])
    stage.wait_until(lambda: stage.status()["isWell"])
    assert content(stage, add(stage, "exchanged", b"exchanged")) == b"exchanged"


def test_renewed_certificates_are_taken_over(stage: Stage) -> None:
    pids = {part["name"]: part["pid"] for part in stage.status()["parts"]}
    assert stage.run("certs", "--renew").count("new") == 2
    for name in ("database-1", "objects-1"):
        stage.wait_until_back(name, pids[name])
    stage.wait_until(lambda: stage.status()["isWell"])
    assert stage.part("app-1")["pid"] == pids["app-1"]
    context = ssl.create_default_context(cafile=stage.node("objects").tls.ca)
    assert httpx.get(f"https://{stage.node('objects').endpoint}/healthz", verify=context)
    assert content(stage, add(stage, "renewed", b"renewed")) == b"renewed"


# --- the end --------------------------------------------------------------------------------


def test_down_leaves_nothing_and_up_finds_everything_again(stage: Stage) -> None:
    record_id = add(stage, "stays", b"stays")
    # A killed `up` must not keep `down` from finding what it has started.
    os.kill(stage.status()["supervisor"], signal.SIGKILL)
    assert "down" in stage.run("down")
    assert stage.processes() == []
    assert "Nothing was running" in stage.run("down")
    stage.http = f"127.0.0.1:{free_port()}"
    stage.url = f"http://{stage.http}"
    stage.up()
    assert content(stage, record_id) == b"stays"


def test_an_up_in_the_foreground_ends_with_a_signal(stage: Stage) -> None:
    stage.run("down")
    command = [Tenfold.program(), "up", "split", "--dir", str(stage.folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as up:
        stage.wait_until(lambda: stage.status()["isWell"])
        up.send_signal(signal.SIGINT)
        told, _ = up.communicate(timeout=60)
    assert up.returncode == 0
    assert "app-1 is well" in told
    assert "app-1 has ended" in told
    assert stage.processes() == []
