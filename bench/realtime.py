"""How many events a second reach 500 subscribers."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

SUBSCRIBERS = 500
EVENTS = 400
WRITERS = 16
PATIENCE_S = 60.0
NEEDLE = b'"action":"create"'


@dataclass
class Subscriber:
    """One SSE connection that counts the events it is sent."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    received: int = 0
    tail: bytes = b""

    async def count(self, expected: int) -> None:
        """Read until the expected number of events has come."""
        while self.received < expected:
            block = await self.reader.read(1 << 16)
            if not block:
                raise ConnectionError("the server ended a stream")
            seen = self.tail + block
            self.received += seen.count(NEEDLE)
            self.tail = seen[1 - len(NEEDLE) :]


async def measure(base_url: str, collection: str) -> float:
    """Events delivered per second, over all subscribers, until every one has every event."""
    subscribers = [await _subscribe(base_url, collection) for _ in range(SUBSCRIBERS)]
    started = time.perf_counter()
    async with asyncio.timeout(PATIENCE_S):
        counting = [asyncio.create_task(s.count(EVENTS)) for s in subscribers]
        await _write(base_url, collection)
        await asyncio.gather(*counting)
    took_s = time.perf_counter() - started
    for subscriber in subscribers:
        subscriber.writer.close()
    return SUBSCRIBERS * EVENTS / took_s


async def _subscribe(base_url: str, collection: str) -> Subscriber:
    host = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port, limit=1 << 20)
    writer.write(f"GET /api/realtime HTTP/1.1\r\nHost: {host.netloc}\r\n\r\n".encode())
    client_id = ""
    while not client_id:
        line = (await reader.readline()).decode()
        if line.startswith("data:"):
            client_id = json.loads(line[5:])["clientId"]
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{base_url}/api/realtime",
            json={"clientId": client_id, "subscriptions": [f"{collection}/*"]},
        )
        answer.raise_for_status()
    return Subscriber(reader, writer)


async def _write(base_url: str, collection: str) -> None:
    left = iter(range(EVENTS))

    async def write_some() -> None:
        async with httpx.AsyncClient(base_url=base_url, timeout=30) as client:
            for n in left:
                body = {"title": f"event {n}", "body": "x" * 850, "group": -2}
                answer = await client.post(f"/api/collections/{collection}/records", json=body)
                answer.raise_for_status()

    await asyncio.gather(*(write_some() for _ in range(WRITERS)))
