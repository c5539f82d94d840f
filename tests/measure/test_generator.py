"""The open loop: planned times are kept, stalls show, hostile servers neither fool nor hang it."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tenfold.errors import OperatorError
from tenfold.measure.latencies import merged, percentile_ms
from tenfold.measure.load.connection import precise_loop, trusted
from tenfold.measure.load.generator import Generator, LoadJob
from tenfold.measure.load.site import Address
from tenfold.measure.load.tally import Tally
from tenfold.measure.rate import count_of
from tenfold.measure.workload import Workload
from tests.measure.servers import (
    Answer,
    StubServer,
    answer_rightly,
    ok,
    right_body,
    views,
)

LOOPBACK = ipaddress.ip_address("127.0.0.1")


def job_of(
    server: StubServer, workload: Workload, connections: int = 8, timeout_s: float = 5.0
) -> LoadJob:
    return LoadJob(server.site(), workload, 0, 1, connections, timeout_s, "1")


def run(job: LoadJob) -> Tally:
    async def work() -> Tally:
        generator = Generator(job)
        await generator.prepare()
        return await generator.run(time.monotonic() + 0.05)

    with asyncio.Runner(loop_factory=precise_loop) as runner:
        return runner.run(work())


def good(tally: Tally) -> int:
    return sum(slot.good for slot in tally.slots)


def planned(tally: Tally) -> int:
    return sum(slot.planned for slot in tally.slots)


def p_ms(tally: Tally, percentile: float) -> float:
    return percentile_ms(merged(c for slot in tally.slots for c in slot.counts), percentile)


@pytest.mark.parametrize("arrivals", ["even", "poisson"])
def test_everything_planned_is_sent_once(arrivals: str) -> None:
    workload = views(300, 1.5, 0.5, arrivals=arrivals)
    with StubServer(answer_rightly) as server:
        tally = run(job_of(server, workload))
        assert server.requests == 600
    assert tally.sent == planned(tally) == good(tally) == count_of(workload.rate.points()) == 450
    assert not tally.errors


def test_rate_is_kept() -> None:
    """What arrives at the server comes at the planned rate, within 1%."""
    arrived: list[float] = []

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        arrived.append(time.monotonic())
        await answer_rightly(head, writer)

    with StubServer(answer) as server:
        tally = run(job_of(server, views(400, 3)))
    assert good(tally) == len(arrived) == 1_200
    # Of the first and last tenth the medians, so that a hiccup of the machine doesn't matter.
    first, last = statistics.median(arrived[:121]), statistics.median(arrived[-121:])
    assert (1_200 - 121) / (last - first) == pytest.approx(400, rel=0.01)


def test_stall_is_in_the_latencies() -> None:
    """No coordinated omission: of 3 s one is stalled, so a third of all requests waited."""
    stalls_at = time.monotonic() + 1.5

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal stalls_at
        if time.monotonic() >= stalls_at:
            stalls_at = float("inf")
            # Nobody else is served meanwhile: that is the point.
            time.sleep(1.0)
        await answer_rightly(head, writer)

    with StubServer(answer) as server:
        stalls_at = time.monotonic() + 1.0
        tally = run(job_of(server, views(200, 3)))
    assert tally.sent == planned(tally) == good(tally) == 600
    assert p_ms(tally, 99) > 900
    assert p_ms(tally, 80) > 200
    assert p_ms(tally, 50) < 200


async def wrong_id(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(ok(b'{"id":"other","text":"%b"}' % (b"x" * 40)))


async def wrong_size(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(ok(right_body(head).replace(b"xx", b"x", 1)))


async def half_a_json(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(ok(right_body(head)[:-5]))


async def other_json(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(ok(b"[1]"))


async def too_many(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\n{}")


async def truncated(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(ok(right_body(head))[:-5])
    writer.close()


async def hang_up(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def garbage(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff SSH-2.0 hello\r\n\r\n")


async def surplus(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(ok(right_body(head)) + b"HTTP/1.1 200 OK\r\n")


async def endless_head(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10_000)


async def huge(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")


async def endless_chunks(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        await writer.drain()


async def silence(head: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drip(head: bytes, writer: asyncio.StreamWriter) -> None:
    for byte in ok(right_body(head)):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (wrong_id, "wrong id"),
        (wrong_size, "wrong size"),
        (half_a_json, "not JSON"),
        (other_json, "wrong JSON"),
        (too_many, "status 429"),
        (truncated, "truncated answer"),
        (hang_up, "connection closed"),
        (garbage, "unreadable answer"),
        (surplus, "unreadable answer"),
        (endless_head, "unreadable answer"),
        (huge, "unreadable answer"),
        (endless_chunks, "unreadable answer"),
        (silence, "timeout"),
        (drip, "timeout"),
    ],
)
def test_hostile_answers_are_errors(answer: Answer, why: str) -> None:
    """Each planned request is counted once, whatever the server does, and the run ends."""
    with StubServer(answer) as server:
        started = time.monotonic()
        tally = run(job_of(server, views(20, 0.5), connections=10, timeout_s=0.5))
        assert time.monotonic() - started < 30
    assert planned(tally) == 10
    assert good(tally) == 0
    assert sum(tally.errors.values()) == 10
    assert tally.errors[why]


def test_connections_that_the_server_ends_are_replaced() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(right_body(head)).replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        writer.close()

    with StubServer(answer) as server:
        tally = run(job_of(server, views(50, 1), connections=2))
    assert good(tally) == 50


def test_without_free_connections_requests_fail_in_time() -> None:
    with StubServer(silence) as server:
        tally = run(job_of(server, views(50, 1), connections=1, timeout_s=0.4))
    assert sum(tally.errors.values()) == planned(tally) == 50
    assert tally.errors["not sent: no free connection"] > 30
    assert tally.errors["timeout"] + tally.errors["not sent: no free connection"] == 50
    assert p_ms(tally, 50) >= 399


def test_a_server_that_goes_away() -> None:
    with StubServer(answer_rightly) as server:
        job = job_of(server, views(50, 1, 0.2), timeout_s=0.3)

        async def work() -> Tally:
            generator = Generator(job)
            await generator.prepare()
            running = asyncio.create_task(generator.run(time.monotonic()))
            await asyncio.sleep(0.6)
            await asyncio.to_thread(server.stop)
            return await running

        with asyncio.Runner(loop_factory=precise_loop) as runner:
            tally = runner.run(work())
    assert planned(tally) == 50
    assert 10 < good(tally) < 40
    assert tally.errors["not sent: can't connect"]


def test_nothing_listens() -> None:
    with StubServer(answer_rightly) as server:
        site = server.site()
    job = LoadJob(site, views(10, 1), 0, 1, 4, 1.0, "1")
    with pytest.raises(OperatorError, match="can't connect"):
        run(job)
    assert site.address == Address("127.0.0.1", server.port, "127.0.0.1")


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that the machine trusts is needed, and enough."""
    path = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    trusted.cache_clear()
    with StubServer(answer_rightly, tls) as server:
        with pytest.raises(OperatorError, match="can't connect"):
            run(job_of(server, views(20, 0.5)))
        trusted.cache_clear()
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        tally = run(job_of(server, views(20, 0.5)))
    trusted.cache_clear()
    assert good(tally) == 10
