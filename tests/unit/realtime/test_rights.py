"""Who gets which change, and what each sees of it."""

import asyncio

import pytest

from tenfold.realtime import Proof
from tenfold.schema.actor import Actor
from tenfold.schema.collection import Catalog
from tenfold.store.contract import COLLECTIONS, Change
from tests.unit.realtime.box import USERS, Log, listener, posts, proof, until
from tests.unit.realtime.conftest import StartWorkers

pytestmark = pytest.mark.anyio

OWN = "owner = @request.auth.id && @request.auth.id != ''"


async def test_list_rule_for_all_view_rule_for_one(start: StartWorkers) -> None:
    log = Log(posts("title = 'a'", "title = 'b'"))
    (worker,) = await start(log)
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts/*", "posts/1", "posts/2"], None)
    log.commit("create", posts(), {"id": "1", "title": "a"})
    log.commit("create", posts(), {"id": "2", "title": "b"})
    log.commit("update", posts(), {"id": "1", "title": "b"})
    log.commit("delete", posts(), {"id": "2", "title": "b"})
    await until(lambda: len(client.events) == 4)
    assert [(name, e["action"]) for name, e in client.events] == [
        ("posts/*", "create"),
        ("posts/2", "create"),
        ("posts/1", "update"),
        ("posts/2", "delete"),
    ]


async def test_no_rule_is_for_superusers_only(start: StartWorkers) -> None:
    log = Log(posts(None, None))
    (worker,) = await start(log)
    ann = log.commit("create", USERS, {"id": "ann", "tokenKey": "k"})
    user, root = await listener(worker), await listener(worker)
    await worker.realtime.subscribe(user.id, ["posts/*", "posts/a"], proof(ann))
    await worker.realtime.subscribe(root.id, ["posts/*", "posts/a"], proof(ann))
    identity = worker.realtime._audience.identity(("users_id", "ann"))  # pyright: ignore[reportPrivateUsage]
    assert identity is not None
    log.commit("create", posts(), {"id": "a"})
    await asyncio.sleep(0.05)
    assert user.events == root.events == []
    identity.actor = Actor(ann, is_superuser=True)
    log.commit("create", posts(), {"id": "a", "secret": "s"})
    await until(lambda: len(root.events) == 2)
    assert root.events[0][1]["record"]["secret"] == "s"


async def test_rule_is_asked_for_every_actor(start: StartWorkers) -> None:
    log = Log(posts(OWN))
    (worker,) = await start(log)
    ann = log.commit("create", USERS, {"id": "ann", "tokenKey": "k1"})
    bob = log.commit("create", USERS, {"id": "bob", "tokenKey": "k2"})
    clients = [await listener(worker) for _ in range(3)]
    for client, who in zip(clients, (proof(ann), proof(bob), None), strict=True):
        await worker.realtime.subscribe(client.id, ["posts"], who)
    log.commit("create", posts(), {"id": "a", "owner": "ann"})
    log.commit("create", posts(), {"id": "b", "owner": "bob"})
    await until(lambda: all(c.events for c in clients[:2]))
    await asyncio.sleep(0.03)
    assert [[e["record"]["id"] for _, e in c.events] for c in clients] == [["a"], ["b"], []]


async def test_rule_that_reads_no_caller_is_asked_once(start: StartWorkers) -> None:
    log = Log(posts("title = 'a'"))
    (worker,) = await start(log)
    clients = [await listener(worker) for _ in range(20)]
    for n, client in enumerate(clients):
        who = log.commit("create", USERS, {"id": f"u{n}", "tokenKey": "k"})
        await worker.realtime.subscribe(client.id, ["posts"], proof(who))
    log.commit("create", posts(), {"id": "a", "title": "a"})
    await until(lambda: all(c.events for c in clients))
    assert (worker.store.asked, worker.rendered) == (1, 1)


async def test_options_reach_rule_and_rendering(start: StartWorkers) -> None:
    log = Log(posts("@request.query.x = '1' || @request.headers.x_y = '2'"))
    (worker,) = await start(log)
    client = await listener(worker)
    wanted = [
        'posts?options={"query":{"x":1,"fields":"title"}}',
        'posts/*?options={"headers":{"X-Y":"2"}}',
    ]
    refused = ["posts", 'posts?options={"query":{"x":true}}', "posts/*?options=bad"]
    await worker.realtime.subscribe(client.id, [*wanted, *refused], None)
    log.commit("create", posts(), {"id": "a", "title": "t"})
    await until(lambda: len(client.events) == 2)
    found = dict(client.events)
    assert found[wanted[0]]["record"] == {"title": "t"}
    assert found[wanted[1]]["record"]["id"] == "a"


async def test_mail_address_and_expand_are_per_receiver(start: StartWorkers) -> None:
    log = Log()
    (worker,) = await start(log)
    ann = log.commit("create", USERS, {"id": "ann", "tokenKey": "k", "email": "a@b.co"})
    bob = log.commit("create", USERS, {"id": "bob", "tokenKey": "k", "email": "b@b.co"})
    expanding = 'users?options={"query":{"expand":"x"}}'
    clients = [await listener(worker) for _ in range(3)]
    for client, who in zip(clients, (proof(ann), proof(bob), None), strict=True):
        await worker.realtime.subscribe(client.id, ["users/*", expanding], who)
    log.commit("update", USERS, {**ann.values, "name": "x"})
    await until(lambda: all(len(c.events) == 2 for c in clients))
    seen = [dict(c.events) for c in clients]
    emails = [s["users/*"]["record"].get("email") for s in seen]
    assert emails == ["a@b.co", None, None]
    assert [s[expanding]["record"]["expand"] for s in seen] == ["ann", "bob", ""]
    assert all("tokenKey" not in str(c.text) for c in clients)


async def test_rights_follow_the_auth_record(start: StartWorkers) -> None:
    log = Log(posts("@request.auth.name = 'boss'"))
    (worker,) = await start(log)
    ann = log.commit("create", USERS, {"id": "ann", "tokenKey": "k", "name": "boss"})
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts"], proof(ann))
    log.commit("create", posts(), {"id": "1"})
    log.commit("update", USERS, {**ann.values, "name": "nobody"})
    log.commit("create", posts(), {"id": "2"})
    log.commit("update", USERS, {**ann.values, "name": "boss"})
    log.commit("create", posts(), {"id": "3"})
    await until(lambda: len(client.events) == 2)
    assert [e["record"]["id"] for _, e in client.events] == ["1", "3"]


@pytest.mark.parametrize("ending", ["password", "deleted", "collection"])
async def test_lost_auth_makes_a_guest(start: StartWorkers, ending: str) -> None:
    log = Log(posts("owner = @request.auth.id"))
    (worker,) = await start(log)
    ann = log.commit("create", USERS, {"id": "ann", "tokenKey": "k", "email": "a@b.co"})
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts", "users"], proof(ann))
    if ending == "password":
        log.commit("update", USERS, {**ann.values, "tokenKey": "k2"})
    elif ending == "deleted":
        log.commit("delete", USERS, ann.values)
    else:
        log.catalog = Catalog((posts("owner = @request.auth.id"),), 2)
        log.changes.append(Change(len(log.changes) + 1, COLLECTIONS, "users_id", "delete"))
    log.commit("create", posts(), {"id": "1", "owner": "ann"})
    log.commit("create", posts(), {"id": "2", "owner": ""})
    await until(lambda: any(e["record"]["id"] == "2" for _, e in client.events))
    assert "1" not in [e["record"]["id"] for _, e in client.events]
    users = [e["record"] for name, e in client.events if name == "users"]
    # Their own delete is still theirs to see; after a new password they are a guest at once.
    assert [("email" in record) for record in users] == {
        "password": [False],
        "deleted": [True],
        "collection": [],
    }[ending]
    other = log.commit("create", USERS, {"id": "bob", "tokenKey": "k"})
    if ending != "collection":
        await worker.realtime.subscribe(client.id, ["posts"], proof(other))


async def test_broken_rule_lets_nobody_pass(start: StartWorkers) -> None:
    log = Log(posts("no_such_field = 1", ""))
    (worker,) = await start(log)
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts/*", "posts/a"], None)
    log.commit("create", posts(), {"id": "a"})
    await until(lambda: bool(client.events))
    assert [name for name, _ in client.events] == ["posts/a"]


async def test_json_layout_can_not_break_the_frame(start: StartWorkers) -> None:
    log = Log(posts())
    (worker,) = await start(log)
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts"], None)
    log.commit("create", posts(), {"id": "a"})
    image = log.changes[-1].image.replace("null", '{\n\n"event": "x\\n"\r}')
    log.changes[-1] = Change(len(log.changes), "posts_id", "a", "create", image)
    await until(lambda: bool(client.events))
    assert client.events[0][1]["record"]["meta"] == {"event": "x\n"}


async def test_failing_rendering_harms_no_later_change(
    start: StartWorkers, caplog: pytest.LogCaptureFixture
) -> None:
    log = Log(posts())
    (worker,) = await start(log)
    client = await listener(worker)
    await worker.realtime.subscribe(client.id, ["posts"], None)
    log.commit("create", posts(), {"id": "a"})
    log.changes[-1] = Change(len(log.changes), "posts_id", "a", "create", "{not json")
    log.commit("create", posts(), {"id": "b"})
    await until(lambda: bool(client.events))
    assert client.events[0][1]["record"]["id"] == "b"
    assert "could not be sent" in caplog.text


def test_proof_travels_without_the_key() -> None:
    ann = Log().commit("create", USERS, {"id": "ann", "tokenKey": "very secret"})
    assert b"very secret" not in Proof.of(Actor(ann, is_superuser=False), 0).key_digest
