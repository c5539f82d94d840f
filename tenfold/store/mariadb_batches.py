"""Many rows in few INSERT statements of few kinds, none larger than a server takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from tenfold.store.copying import row_bytes

ROWS_AT_ONCE = (64, 8, 1)
"""So few numbers that a connection prepares few statements."""

MOST_CHARS = 1 << 18
"""In one statement of several rows: in bytes at most the smallest `max_allowed_packet`, 1 MiB."""

MOST_MARKS = 60_000
"""The protocol counts the values of a statement in 16 bits."""


async def insert_many(
    run: Callable[[str, Sequence[Any]], Awaitable[Any]],
    insert: str,
    rows: Sequence[tuple[Any, ...]],
) -> None:
    """Run INSERTs for all rows; `insert` is the statement up to VALUES."""
    for some in batches(rows):
        marks = f"({', '.join('?' * len(some[0]))})"
        values = [value for row in some for value in row]
        await run(f"{insert} {', '.join([marks] * len(some))}", values)


def batches(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows in order, in parts that one statement takes."""
    sizes = list(accumulate(map(row_bytes, rows), initial=0))
    start = 0
    while start < len(rows):
        width = len(rows[start])

        def fits(count: int, first: int = start, width: int = width) -> bool:
            end = first + count
            return (
                end <= len(rows)
                and sizes[end] - sizes[first] <= MOST_CHARS
                and count * width <= MOST_MARKS
            )

        count = next((n for n in ROWS_AT_ONCE if fits(n)), 1)
        yield rows[start : start + count]
        start += count
