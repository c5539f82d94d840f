"""Posts get an address from their title, may not shout, and show how long they take to read.

Needs a collection `posts` with the text fields `title`, `slug` and `body`.
"""

import re

from tenfold.hooks import BadRequest, FieldError, RecordEvent, ViewEvent, hooks

WORDS_PER_MINUTE = 200


@hooks.before_create("posts")
@hooks.before_update("posts")
def fill_slug(event: RecordEvent) -> None:
    """Runs in the write's transaction: what it raises undoes the write."""
    title: str = event.record["title"]
    if title and title == title.upper() and any(c.isalpha() for c in title):
        raise BadRequest(
            "Failed to save the post.",
            {"title": FieldError("validation_shouting", "Please don't shout.")},
        )
    if not event.record["slug"]:
        event.record.values["slug"] = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


@hooks.view("posts")
def add_reading_time(event: ViewEvent) -> None:
    """Runs for every post that is shown; nothing of it is stored."""
    words = len(event.record["body"].split())
    event.put("readingMinutes", max(1, round(words / WORDS_PER_MINUTE)))
    if event.actor is None:
        event.hide("body")
