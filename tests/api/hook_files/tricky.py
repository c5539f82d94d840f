"""Hooks that go wrong, or go far, for tests/api/test_hooks.py."""

import asyncio
import time
from typing import Any

from tenfold.hooks import (
    BadRequest,
    JobEvent,
    ListEvent,
    RecordEvent,
    Reply,
    RouteEvent,
    ViewEvent,
    hooks,
)


@hooks.before_create("notes")
async def act(event: RecordEvent) -> None:
    """Do what the note's text asks for, after having written something else."""
    await hooks.records.create("audit", {"text": f"before {event.record['text']}"})
    text: str = event.record["text"]
    if text == "refuse":
        raise BadRequest("No.", {})
    if text == "break":
        raise ZeroDivisionError
    if text == "exit":
        raise SystemExit(3)
    if text == "slow":
        await asyncio.sleep(30)
    if text == "wrong":
        await hooks.records.create("audit", {"text": ""})
    if text == "shape":
        event.record.values |= {"n": "12", "text": 5, "nonsense": 1}
    if text == "invalid":
        event.record.values["mail"] = "none"
    if text == "endless":
        await hooks.records.create("notes", {"text": "endless"})


@hooks.before_create("notes", limit_s=0.3)
def act_in_a_thread(event: RecordEvent) -> None:
    """The same, as a plain function."""
    if event.record["text"] == "thread":
        hooks.wait(hooks.records.create("audit", {"text": "from a thread"}))
    if event.record["text"] == "thread slow":
        time.sleep(0.6)
        hooks.wait(hooks.records.create("audit", {"text": "too late"}))


@hooks.before_update("notes")
async def keep_history(event: RecordEvent) -> None:
    assert event.original
    text = f"{event.original['text']} -> {event.record['text']}"
    await hooks.records.create("audit", {"text": text})


@hooks.after_update("notes")
async def fail_after(event: RecordEvent) -> None:
    raise ZeroDivisionError


@hooks.before_delete("notes")
async def keep_some(event: RecordEvent) -> None:
    if event.record["text"] == "keep":
        raise BadRequest("This one stays.")


@hooks.after_delete("notes")
async def note_end(event: RecordEvent) -> None:
    assert event.tx is None
    await hooks.records.create("audit", {"text": f"gone {event.record['text']}"})


@hooks.view("notes")
def show(event: ViewEvent) -> None:
    event.put("seenBy", event.actor.record.id if event.actor else "guest")
    event.hide("n")


@hooks.list("notes")
def drop_hidden(event: ListEvent) -> None:
    event.records = [r for r in event.records if r["text"] != "unlisted"]


@hooks.route("GET", "/reply/{kind}")
async def reply(event: RouteEvent) -> Any:
    """Every kind of answer."""
    kinds: dict[str, Any] = {
        "text": "hello",
        "bytes": b"\x00\x01",
        "none": None,
        "list": [1, "a"],
        "own": Reply(b"<p>", 201, (("content-type", "text/html"), ("x-own", "1"))),
        "odd": object(),
    }
    if event.params["kind"] == "break":
        raise ZeroDivisionError
    if event.params["kind"] == "query":
        return dict(event.query)
    return kinds[event.params["kind"]]


@hooks.route("POST", "/write", auth="superuser")
async def write(event: RouteEvent) -> dict[str, Any]:
    """Read and write records outside of any write."""
    body = event.json()
    made = await hooks.records.create("audit", body)
    found = await hooks.records.list(
        "audit", "text = {:text} && id = {:id}", values={"text": body["text"], "id": made.id}
    )
    changed = await hooks.records.update("audit", made.id, {"text": f"{made['text']}!"})
    await hooks.records.delete("audit", made.id)
    left = await hooks.records.find("audit", made.id)
    return {"found": len(found), "text": changed["text"], "left": left is not None}


@hooks.job("flaky", attempts=3)
async def flaky(job: JobEvent) -> None:
    await hooks.records.create("audit", {"text": f"flaky {job.attempt}"})
    if job.attempt < 2:
        raise ZeroDivisionError


@hooks.job("hopeless", attempts=1)
async def hopeless(job: JobEvent) -> None:
    raise ValueError("there is no hope")


@hooks.route("POST", "/enqueue/{name}")
async def enqueue(event: RouteEvent) -> str:
    return await hooks.enqueue(event.params["name"], {"a": 1})


@hooks.cron("tick", "0 0 1 1 *")
async def tick() -> None:
    await hooks.records.create("audit", {"text": "tick"})
