"""Registering, matching and firing hooks."""

import asyncio
import time
from contextvars import ContextVar

import pytest

from tenfold.errors import BadRequest, OperatorError
from tenfold.hooks import (
    AuthEvent,
    HookFailed,
    HookRegistry,
    ListEvent,
    RecordEvent,
    Reply,
    RouteEvent,
    ViewEvent,
)
from tenfold.schema.actor import NOBODY
from tenfold.schema.collection import Collection
from tenfold.schema.fields import TextField
from tenfold.schema.record import Record

pytestmark = pytest.mark.anyio

POSTS = Collection(id="posts_id", name="posts", fields=(TextField(name="id"),))
PAGES = Collection(id="pages_id", name="pages", fields=(TextField(name="id"),))


def event(collection: Collection = POSTS) -> RecordEvent:
    return RecordEvent(collection=collection, record=Record(collection, {"id": "a"}))


def request(**more: str) -> RouteEvent:
    return RouteEvent(
        method="GET",
        path="/",
        params=more,
        query={},
        headers={},
        client_ip="127.0.0.1",
        actor=None,
    )


def test_nothing_registered_has_nothing() -> None:
    assert not HookRegistry().has("before_create", POSTS)


def test_has_by_name_id_and_all() -> None:
    hooks = HookRegistry()

    @hooks.before_create("posts")
    def by_name(event: RecordEvent) -> None: ...

    @hooks.after_create("posts_id")
    def by_id(event: RecordEvent) -> None: ...

    @hooks.view()
    def for_all(event: ViewEvent) -> None: ...

    assert hooks.has("before_create", POSTS) and not hooks.has("before_create", PAGES)
    assert hooks.has("after_create", POSTS) and not hooks.has("after_create", PAGES)
    assert hooks.has("view", POSTS) and hooks.has("view", PAGES)
    assert not hooks.has("before_update", POSTS)


def test_brackets_are_asked_for() -> None:
    with pytest.raises(TypeError, match=r"@hooks.before_create\(\)"):
        HookRegistry().before_create(lambda e: None)  # pyright: ignore[reportArgumentType, reportUnknownLambdaType]


async def test_order_is_that_of_registration() -> None:
    hooks, ran = HookRegistry(), list[str]()

    @hooks.before_create("posts")
    async def first(event: RecordEvent) -> None:
        ran.append("first")

    @hooks.before_create()
    def second(event: RecordEvent) -> None:
        ran.append("second")

    @hooks.before_create("posts_id", "pages")
    async def third(event: RecordEvent) -> None:
        ran.append("third")

    await hooks.before("before_create", event())
    assert ran == ["first", "second", "third"]


async def test_hook_may_change_the_record() -> None:
    hooks = HookRegistry()

    @hooks.before_create("posts")
    def change(event: RecordEvent) -> None:
        event.record.values["id"] = "b"

    fired = event()
    await hooks.before("before_create", fired)
    assert fired.record.id == "b"


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_request_error_passes_and_ends(kind: str) -> None:
    hooks, ran = HookRegistry(), list[str]()

    def refuse(event: RecordEvent) -> None:
        raise BadRequest("no")

    async def refuse_async(event: RecordEvent) -> None:
        refuse(event)

    hooks.before_create("posts")(refuse if kind == "sync" else refuse_async)

    @hooks.before_create("posts")
    def later(event: RecordEvent) -> None:
        ran.append("later")

    with pytest.raises(BadRequest, match="no"):
        await hooks.before("before_create", event())
    assert not ran


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_other_failure_is_clean_and_logged(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = HookRegistry()

    def fail(event: RecordEvent) -> None:
        raise ZeroDivisionError("secret detail")

    async def fail_async(event: RecordEvent) -> None:
        fail(event)

    hooks.before_create("posts")(fail if kind == "sync" else fail_async)
    with pytest.raises(HookFailed) as failure:
        await hooks.before("before_create", event())
    assert failure.value.status == 500
    assert "secret" not in failure.value.message
    assert "secret detail" in caplog.text and "test_registry.py" in caplog.text


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_time_limit_holds(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    hooks = HookRegistry(limit_s=0.05)

    def slow(event: RecordEvent) -> None:
        time.sleep(0.3)

    async def slow_async(event: RecordEvent) -> None:
        await asyncio.sleep(5)

    hooks.before_create("posts")(slow if kind == "sync" else slow_async)
    with pytest.raises(HookFailed):
        await hooks.before("before_create", event())
    assert "0.05 s" in caplog.text


async def test_endless_nesting_is_cut() -> None:
    hooks, depth = HookRegistry(), [0]

    @hooks.before_create()
    async def again(event: RecordEvent) -> None:
        depth[0] += 1
        await hooks.before("before_create", event)

    with pytest.raises(HookFailed):
        await hooks.before("before_create", event())
    assert depth[0] == 10


async def test_context_reaches_a_thread() -> None:
    hooks, seen = HookRegistry(), list[str]()
    current: ContextVar[str] = ContextVar("current")

    @hooks.before_create()
    def look(event: RecordEvent) -> None:
        seen.append(current.get())

    current.set("transaction")
    await hooks.before("before_create", event())
    assert seen == ["transaction"]


async def test_after_hooks_all_run(caplog: pytest.LogCaptureFixture) -> None:
    hooks, ran = HookRegistry(), list[str]()

    @hooks.after_create()
    def fail(event: RecordEvent) -> None:
        raise RuntimeError("late")

    @hooks.after_create()
    def refuse(event: RecordEvent) -> None:
        raise BadRequest("too late to refuse")

    @hooks.after_create()
    def last(event: RecordEvent) -> None:
        ran.append("last")

    await hooks.after("after_create", event())
    assert ran == ["last"]
    assert "too late to refuse" in caplog.text


async def test_view_hides_and_adds() -> None:
    hooks = HookRegistry()

    @hooks.view("posts")
    def show(event: ViewEvent) -> None:
        event.hide("title")
        event.put("shout", event.record.id.upper())

    records = [Record(POSTS, {"id": "a"}), Record(POSTS, {"id": "b"})]
    seen = await hooks.enrich("view", POSTS, records, NOBODY)
    assert [(e.hidden, e.extra) for e in seen] == [({"title"}, {"shout": s}) for s in "AB"]


async def test_list_may_drop_records() -> None:
    hooks = HookRegistry()

    @hooks.list("posts")
    def drop(event: ListEvent) -> None:
        event.records = [r for r in event.records if r.id != "a"]

    records = [Record(POSTS, {"id": "a"}), Record(POSTS, {"id": "b"})]
    assert [r.id for r in await hooks.listed(POSTS, records, NOBODY)] == ["b"]


async def test_auth_may_refuse() -> None:
    hooks = HookRegistry()

    @hooks.auth()
    async def refuse(event: AuthEvent) -> None:
        raise BadRequest(f"not by {event.method}")

    with pytest.raises(BadRequest, match="not by password"):
        await hooks.authenticated(
            AuthEvent(collection=POSTS, record=Record(POSTS, {"id": "a"}), method="password")
        )


async def test_routes_reply_with_what_they_return() -> None:
    hooks = HookRegistry()
    results: list[object] = [{"a": 1}, "text", b"bytes", None, Reply(b"x", 201), object()]

    def register(number: int, result: object) -> None:
        @hooks.route("get", f"/{number}")
        def answer(event: RouteEvent) -> object:
            return result

    for n, result in enumerate(results):
        register(n, result)
    replies = [await route.respond(request()) for route in hooks.routes[:-1]]
    assert [(r.status, r.body) for r in replies] == [
        (200, b'{"a":1}'),
        (200, b"text"),
        (200, b"bytes"),
        (204, b""),
        (201, b"x"),
    ]
    with pytest.raises(HookFailed):
        await hooks.routes[-1].respond(request())


def test_bad_json_of_a_request_is_its_fault() -> None:
    with pytest.raises(BadRequest):
        request().json()


async def test_service_is_there_once_bound() -> None:
    hooks = HookRegistry()
    with pytest.raises(OperatorError):
        _ = hooks.records
