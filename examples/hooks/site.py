"""Routes of one's own, a cron, and a realtime topic.

Needs the collection `posts`.
"""

from typing import Any

from tenfold.hooks import BadRequest, RouteEvent, hooks


@hooks.route("GET", "/hello/{name}")
def hello(event: RouteEvent) -> dict[str, str]:
    """GET /hello/Ada answers {"message": "Hello Ada!"}."""
    return {"message": f"Hello {event.params['name']}!"}


@hooks.route("POST", "/api/shout", auth="record")
async def shout(event: RouteEvent) -> dict[str, Any]:
    """Signed-in callers send a line to every client that is subscribed to `shouts`."""
    text = event.json().get("text")
    if not text:
        raise BadRequest("There is nothing to shout.")
    assert event.actor
    line: dict[str, Any] = {"from": event.actor.record.id, "text": text}
    await hooks.publish("shouts", line)
    return line


@hooks.cron("drop_empty_posts", "0 3 * * *")
async def drop_empty_posts() -> None:
    """Every night at three (UTC), in one worker: delete posts without a title."""
    for post in await hooks.records.list("posts", "title = ''", limit=500):
        await hooks.records.delete("posts", post.id)
