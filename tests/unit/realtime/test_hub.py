"""Subscribing, delivery and ends of streams, over one worker and over several."""

import asyncio

import pytest

from tenfold.errors import Forbidden, NotFound
from tenfold.realtime import clients
from tenfold.store.contract import Change
from tests.unit.realtime.box import USERS, Listener, Log, listener, posts, proof, until
from tests.unit.realtime.conftest import StartWorkers

pytestmark = pytest.mark.anyio


async def test_greeting_is_exact(start: StartWorkers) -> None:
    (worker,) = await start(Log())
    client = await listener(worker)
    expected = f'id:{client.id}\nevent:PB_CONNECT\ndata:{{"clientId":"{client.id}"}}\n\n'
    assert client.text.decode() == expected
    assert len(client.id) == 40


async def test_frame_is_exact(start: StartWorkers) -> None:
    log = Log(posts())
    (worker,) = await start(log)
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts/*"], None)
    before = len(client.text)
    log.commit("create", posts(), {"id": "a", "title": "x"})
    await until(lambda: bool(client.events))
    assert client.text[before:].decode() == (
        f"id:{client.id}\nevent:posts/*\n"
        'data:{"record":{"collectionId":"posts_id","collectionName":"posts","id":"a",'
        '"meta":null,"owner":"","title":"x"},"action":"create"}\n\n'
    )


async def test_every_form_of_topic(start: StartWorkers) -> None:
    log = Log(posts())
    (worker,) = await start(log)
    client = await listener(worker)
    topics = ["posts", "posts/*", "posts/a", "posts_id", "posts_id/*", "posts_id/a"]
    silent = ["posts/b", "POSTS/*", "users/*", "posts/", "post", ""]
    await worker.realtime.subscribe(client.id, [*topics, *silent], None)
    log.commit("create", posts(), {"id": "a"})
    await until(lambda: len(client.events) >= len(topics))
    await asyncio.sleep(0.03)
    assert sorted(name for name, _ in client.events) == sorted(topics)


async def test_subscribing_again_replaces(start: StartWorkers) -> None:
    log = Log(posts())
    (worker,) = await start(log)
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts/*"], None)
    await worker.realtime.subscribe(client.id, ["posts/b"], None)
    log.commit("create", posts(), {"id": "a"})
    log.commit("create", posts(), {"id": "b"})
    await until(lambda: bool(client.events))
    assert [name for name, _ in client.events] == ["posts/b"]


async def test_earlier_commits_are_not_sent(start: StartWorkers) -> None:
    log = Log(posts())
    (worker,) = await start(log)
    first, late = await listener(worker), await listener(worker)
    await worker.realtime.subscribe(first.id, ["posts"], None)
    log.commit("create", posts(), {"id": "a"})
    await worker.realtime.subscribe(late.id, ["posts"], None)
    log.commit("create", posts(), {"id": "b"})
    await until(lambda: len(first.events) == 2 and len(late.events) == 1)
    assert late.events[0][1]["record"]["id"] == "b"


async def test_subscribing_again_loses_nothing(start: StartWorkers) -> None:
    log = Log(posts())
    (worker,) = await start(log)
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts"], None)
    log.commit("create", posts(), {"id": "a"})
    await worker.realtime.subscribe(client.id, ["posts", "users"], None)
    await until(lambda: len(client.events) == 1)


async def test_order_is_that_of_the_log(start: StartWorkers) -> None:
    log = Log(posts("title ~ 'n'"))
    one, two = await start(log, 2)
    client = await listener(two)
    await one.realtime.subscribe(client.id, ["posts/*"], None)
    for n in range(300):
        log.commit("update", posts(), {"id": "a", "title": f"n{n}"})
        if n % 7 == 0:
            one.store.poll()
            await asyncio.sleep(0)
    await until(lambda: len(client.events) == 300)
    assert [e["record"]["title"] for _, e in client.events] == [f"n{n}" for n in range(300)]


async def test_subscribe_reaches_the_worker_of_the_stream(start: StartWorkers) -> None:
    log = Log(posts())
    one, two = await start(log, 2)
    client = await listener(two)
    await one.realtime.subscribe(client.id, ["posts"], None)
    log.commit("create", posts(), {"id": "a"})
    await until(lambda: bool(client.events))


async def test_unknown_clients_are_not_found(start: StartWorkers) -> None:
    one, two = await start(Log(), 2)
    gone = await listener(two)
    gone.task.cancel()
    for client_id in ("", "x", "x" * 40, one.bus.id + "x" * 32, two.bus.id + "x" * 32):
        with pytest.raises(NotFound):
            await one.realtime.subscribe(client_id, ["posts"], None)


async def test_closed_stream_is_forgotten(start: StartWorkers) -> None:
    (worker,) = await start(Log())
    stream = worker.realtime.connect()
    await anext(stream)
    assert len(worker.realtime._clients) == 1  # pyright: ignore[reportPrivateUsage]
    await stream.aclose()
    assert not worker.realtime._clients  # pyright: ignore[reportPrivateUsage]


async def test_auth_may_be_gained_but_not_changed(start: StartWorkers) -> None:
    log = Log(posts())
    one, two = await start(log, 2)
    ann = log.commit("create", USERS, {"id": "ann", "tokenKey": "k1"})
    bob = log.commit("create", USERS, {"id": "bob", "tokenKey": "k2"})
    for near in (one, two):
        client = await listener(two)
        await near.realtime.subscribe(client.id, ["posts"], None)
        await near.realtime.subscribe(client.id, ["posts"], proof(ann))
        await near.realtime.subscribe(client.id, ["posts"], proof(ann))
        for other in (proof(bob), None):
            with pytest.raises(Forbidden):
                await near.realtime.subscribe(client.id, ["posts"], other)


async def test_revoked_token_proves_nothing(start: StartWorkers) -> None:
    log = Log(posts("owner = @request.auth.id && owner != ''"))
    one, _ = await start(log, 2)
    ann = log.commit("create", USERS, {"id": "ann", "tokenKey": "k1"})
    log.commit("update", USERS, {"id": "ann", "tokenKey": "k2"})
    client = await listener(one)
    await one.realtime.subscribe(client.id, ["posts", "users"], proof(ann))
    log.commit("create", posts(), {"id": "a", "owner": "ann"})
    log.commit("update", USERS, {"id": "ann", "tokenKey": "k2"})
    await until(lambda: bool(client.events))
    assert [name for name, _ in client.events] == ["users"]


async def test_idle_stream_ends(start: StartWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.realtime.box.IDLE_S", 0.05)
    monkeypatch.setattr("tenfold.realtime.hub.SWEEP_S", 0.02)
    (worker,) = await start(Log())
    client = await listener(worker)
    await until(lambda: client.has_ended)


async def test_stream_ends_when_the_token_runs_out(
    start: StartWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.realtime.hub.SWEEP_S", 0.02)
    log = Log(posts())
    (worker,) = await start(log)
    ann = log.commit("create", USERS, {"id": "ann", "tokenKey": "k1"})
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts"], proof(ann, worker.now + 60))
    await asyncio.sleep(0.06)
    assert not client.has_ended
    worker.now += 61
    await until(lambda: client.has_ended)


async def test_stop_ends_streams_after_what_waits(start: StartWorkers) -> None:
    log = Log(posts())
    (worker,) = await start(log)
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["news"], None)
    await worker.realtime.publish("news", b'"last"')
    worker.realtime.stop_streams()
    await until(lambda: client.has_ended)
    assert client.events == [("news", "last")]


async def test_missed_changes_end_the_streams(start: StartWorkers) -> None:
    (worker,) = await start(Log(posts()))
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts"], None)
    for tell in worker.store.listeners:
        tell(Change(0, "*", "", "update"))
    await until(lambda: client.has_ended)


async def test_slow_client_is_cut_and_others_are_not(
    start: StartWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "MAX_WAITING_BYTES", 20_000)
    log = Log(posts())
    (worker,) = await start(log)
    stream = worker.realtime.connect()
    slow_id = (await anext(stream)).split(b"\n")[0][3:].decode()
    quick: Listener = await listener(worker)
    for client_id in (slow_id, quick.id):
        await worker.realtime.subscribe(client_id, ["posts"], None)
    for n in range(200):
        log.commit("create", posts(), {"id": f"r{n}", "title": "x" * 100})
        worker.store.poll()
        await asyncio.sleep(0.001)
    await until(lambda: len(quick.events) == 200)
    rest = [chunk async for chunk in stream]
    assert sum(map(len, rest)) <= 20_000


async def test_nobody_listening_costs_no_work(start: StartWorkers) -> None:
    log = Log(posts())
    (worker,) = await start(log)
    client = await listener(worker)
    log.commit("create", posts(), {"id": "a"})
    worker.store.poll()
    assert not worker.realtime._broadcast._queue  # pyright: ignore[reportPrivateUsage]
    assert client.events == []


async def test_publish_reaches_all_workers(start: StartWorkers) -> None:
    one, two = await start(Log(), 2)
    first, second, other = await listener(one), await listener(two), await listener(two)
    for client in (first, second):
        await one.realtime.subscribe(client.id, ["news"], None)
    await one.realtime.subscribe(other.id, ["weather"], None)
    await one.realtime.publish("news", b'{"a":1}')
    await until(lambda: bool(first.events and second.events))
    assert second.events == [("news", {"a": 1})]
    assert other.events == []


async def test_send_reaches_one_subscribed_client_once(start: StartWorkers) -> None:
    one, two = await start(Log(), 2)
    client = await listener(two)
    assert not await one.realtime.send(client.id, "@oauth2", b"1")
    await one.realtime.subscribe(client.id, ["@oauth2", "news"], None)
    assert await one.realtime.send(client.id, "@oauth2", b"1")
    assert not await one.realtime.send(client.id, "@oauth2", b"2")
    assert not await one.realtime.send("x" * 40, "@oauth2", b"2")
    await one.realtime.publish("news", b"3")
    await until(lambda: len(client.events) == 2)
    assert client.events == [("@oauth2", 1), ("news", 3)]


async def test_payload_can_not_break_the_frame(start: StartWorkers) -> None:
    (worker,) = await start(Log())
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["news"], None)
    await worker.realtime.publish("news", b"1\n\nevent:other\rdata:2")
    await until(lambda: client.text.count(b"\n\n") == 2)
    frame = client.text.split(b"\n\n")[1]
    assert frame.split(b"\n")[2:] == [b"data:1", b"data:", b"data:event:other", b"data:data:2"]
