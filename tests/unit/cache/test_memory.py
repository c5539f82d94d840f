"""The bounded in-process cache."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tenfold.cache.memory import ENTRY_OVERHEAD_BYTES, GenerationCache


def test_gives_back_what_was_put() -> None:
    cache: GenerationCache[str, str] = GenerationCache(100_000)
    cache.put("a", "A", 10)
    assert cache.get("a") == "A"


def test_forgets_a_dropped_key() -> None:
    cache: GenerationCache[str, str] = GenerationCache(100_000)
    cache.put("a", "A", 10)
    cache.drop("a")
    assert cache.get("a") is None


def test_does_not_keep_what_takes_too_much_room() -> None:
    cache: GenerationCache[str, str] = GenerationCache(100_000)
    cache.put("big", "x", 50_000)
    assert cache.get("big") is None


def test_a_used_key_outlives_unused_ones() -> None:
    cache: GenerationCache[int, int] = GenerationCache(20 * (ENTRY_OVERHEAD_BYTES + 10))
    for key in range(200):
        cache.put(key, key, 10)
        cache.get(0)
    assert cache.get(0) == 0
    assert cache.get(1) is None


operations = st.lists(
    st.tuples(st.sampled_from(["put", "drop", "get"]), st.integers(0, 20), st.integers(0, 400))
)


@given(operations)
def test_never_gives_a_value_that_was_replaced_or_dropped(
    steps: list[tuple[str, int, int]],
) -> None:
    cache: GenerationCache[int, int] = GenerationCache(5_000)
    truth: dict[int, int] = {}
    for step, (operation, key, size_bytes) in enumerate(steps):
        if operation == "put":
            cache.put(key, step, size_bytes)
            truth[key] = step
        elif operation == "drop":
            cache.drop(key)
            truth.pop(key, None)
        assert cache.get(key) in (None, truth.get(key))


@given(operations)
def test_stays_within_its_room(steps: list[tuple[str, int, int]]) -> None:
    cache: GenerationCache[int, int] = GenerationCache(5_000)
    for operation, key, size_bytes in steps:
        if operation == "put":
            cache.put(key, key, size_bytes)
        assert len(cache) * ENTRY_OVERHEAD_BYTES <= 2 * 5_000
