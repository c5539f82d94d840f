"""The suite that every database must pass; `open_store` opens one on the same data each time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tenfold.filters import check
from tenfold.schema.actor import NOBODY
from tenfold.schema.collection import Collection
from tenfold.schema.fields import (
    BoolField,
    DateField,
    GeoPointField,
    JSONField,
    NumberField,
    RelationField,
    SelectField,
    TextField,
)
from tenfold.schema.record import Record
from tenfold.store.contract import (
    COLLECTIONS,
    PARAMS,
    Change,
    Conflict,
    NotUnique,
    SchemaRefused,
    Store,
    Transaction,
)
from tenfold.store.select import Query

OpenStore = Callable[[], Awaitable[Store]]

POSTS = Collection(
    id="posts",
    name="posts",
    fields=(
        TextField(id="f_id", name="id", primary_key=True),
        TextField(id="f_title", name="title"),
        NumberField(id="f_number", name="number"),
        BoolField(id="f_done", name="done"),
        DateField(id="f_at", name="at"),
        SelectField(id="f_tags", name="tags", values=("a", "b"), max_select=2),
        RelationField(id="f_parent", name="parent", collection_id="posts", max_select=1),
        JSONField(id="f_extra", name="extra"),
        GeoPointField(id="f_place", name="place"),
    ),
    indexes=("CREATE UNIQUE INDEX `posts_title` ON `posts` (`title`) WHERE `title` != ''",),
)

HARD_VALUES: list[dict[str, Any]] = [
    {},
    {"title": "naïve 漢字 🙂 \U0010ffff \u0000 '\"`;--"},
    {"title": "a" * 100_000},
    {"title": " spaces stay \t\n "},
    {"number": 0.1 + 0.2},
    {"number": -(2.0**53)},
    {"number": 1e308, "done": True},
    {"at": "2026-01-31 23:59:59.123Z", "tags": ["b", "a"]},
    {"extra": msgspec.Raw(b'{"a":[1,2.50,null,"x"]}')},
    {"extra": msgspec.Raw(b'"text"')},
    {"place": {"lon": -179.123456789, "lat": 89.5}},
]


def post(record_id: str, **values: Any) -> Record:
    """A record of POSTS that is not stored yet."""
    blank = {f.name: f.zero() for f in POSTS.fields}
    return Record(POSTS, {**blank, "id": record_id, **values})


async def insert(store: Store, *records: Record) -> None:
    """Store records in one transaction."""

    async def work(tx: Transaction) -> None:
        for record in records:
            await tx.insert(record)

    await store.write(work)


def plain(record: Record | None) -> dict[str, Any] | None:
    """A record's values, JSON ones decoded."""
    if record is None:
        return None
    return {
        k: msgspec.json.decode(v) if isinstance(v, msgspec.Raw) else v
        for k, v in record.values.items()
    }


@pytest.mark.anyio
class StoreContract:
    """Inherit it and give a fixture `open_store`."""

    @pytest.fixture
    async def store(self, open_store: OpenStore) -> AsyncIterator[Store]:
        store = await open_store()
        await store.write(lambda tx: tx.save_collections([POSTS]))
        yield store
        await store.close()

    # --- records ------------------------------------------------------------------------

    @pytest.mark.parametrize("values", HARD_VALUES)
    async def test_values_survive_exactly(self, store: Store, values: dict[str, Any]) -> None:
        record = post("one", **values)
        await insert(store, record)
        found = await store.find(POSTS, "one")
        assert plain(found) == plain(record)
        assert found is not None and found.rev == record.rev > 0

    async def test_an_update_replaces_all_values_and_the_revision(self, store: Store) -> None:
        await insert(store, post("one", title="old", number=1.0))
        found = await store.find(POSTS, "one")
        assert found is not None
        before = found.rev
        found.values["title"] = "new"
        await store.write(lambda tx: tx.update(found))
        again = await store.find(POSTS, "one")
        assert again is not None
        assert (again["title"], again["number"]) == ("new", 1.0)
        assert again.rev == found.rev > before

    async def test_an_update_of_an_old_revision_is_a_conflict(self, store: Store) -> None:
        await insert(store, post("one"))
        first, second = await store.find(POSTS, "one"), await store.find(POSTS, "one")
        assert first is not None and second is not None
        await store.write(lambda tx: tx.update(first))
        with pytest.raises(Conflict):
            await store.write(lambda tx: tx.update(second))

    async def test_a_delete_is_final_and_happens_once(self, store: Store) -> None:
        await insert(store, post("one"))
        found = await store.find(POSTS, "one")
        assert found is not None
        await store.write(lambda tx: tx.delete(found))
        assert await store.find(POSTS, "one") is None
        with pytest.raises(Conflict):
            await store.write(lambda tx: tx.delete(found))

    async def test_a_unique_index_names_its_columns(self, store: Store) -> None:
        await insert(store, post("one", title="same"))
        with pytest.raises(NotUnique) as caught:
            await insert(store, post("two", title="same"))
        assert caught.value.columns == ("title",)
        with pytest.raises(NotUnique) as caught:
            await insert(store, post("one"))
        assert caught.value.columns == ("id",)

    async def test_ids_and_texts_tell_case_and_accents_apart(self, store: Store) -> None:
        await insert(store, post("a", title="e"), post("A", title="é"), post("á", title="E"))
        assert {r["title"] for r in await store.find_by(POSTS, {"title": "e"})} == {"e"}
        lax = await store.find_by(POSTS, {"title": "e"}, ignore_case=True)
        assert {r["title"] for r in lax} == {"e", "E"}
        assert set(await store.find_many(POSTS, ["a", "A", "á", "x"])) == {"a", "A", "á"}

    async def test_find_many_takes_thousands(self, store: Store) -> None:
        await insert(store, *(post(f"r{n}") for n in range(1200)))
        found = await store.find_many(POSTS, [f"r{n}" for n in range(1300)])
        assert len(found) == 1200
        assert await store.find_many(POSTS, []) == {}

    # --- queries ------------------------------------------------------------------------

    async def test_select_filters_limits_and_counts(self, store: Store) -> None:
        await insert(store, *(post(f"r{n}", number=float(n)) for n in range(10)))
        checked = check("number > 3", POSTS, store.catalog, hidden_allowed=True)
        where = ((checked, NOBODY),)
        assert await store.count(Query(POSTS, where)) == 6
        assert len(await store.select(Query(POSTS, where, limit=4))) == 4
        assert len(await store.select(Query(POSTS, where, limit=4, offset=4))) == 2

    async def test_a_rule_may_look_at_a_record_that_is_not_stored(self, store: Store) -> None:
        await insert(store, post("one", title="parent"))
        checked = check('parent.title = "parent"', POSTS, store.catalog, hidden_allowed=True)
        assert await store.holds((checked, NOBODY), post("two", parent="one"))
        assert not await store.holds((checked, NOBODY), post("two", parent="none"))

    # --- transactions -------------------------------------------------------------------

    async def test_a_failing_write_is_undone_alone(self, store: Store) -> None:
        async def half(tx: Transaction) -> None:
            await tx.insert(post("half"))
            raise ZeroDivisionError

        outcomes = await asyncio.gather(
            *(insert(store, post(f"r{n}")) for n in range(20)),
            store.write(half),
            insert(store, post("r1")),
            return_exceptions=True,
        )
        assert [type(o) for o in outcomes if o] == [ZeroDivisionError, NotUnique]
        assert await store.find(POSTS, "half") is None
        assert await store.count(Query(POSTS)) == 20

    async def test_a_transaction_sees_its_own_writes_and_others_do_not(self, store: Store) -> None:
        async def work(tx: Transaction) -> None:
            await tx.insert(post("one"))
            assert await tx.find(POSTS, "one") is not None
            assert await store.current().find(POSTS, "one") is not None
            assert await store.find(POSTS, "one") is None

        await store.write(work)
        assert await store.find(POSTS, "one") is not None

    async def test_a_write_inside_a_write_joins_it(self, store: Store) -> None:
        async def fails(tx: Transaction) -> None:
            await tx.insert(post("inner"))
            raise ZeroDivisionError

        async def work(tx: Transaction) -> None:
            await tx.insert(post("outer"))
            await insert(store, post("joined"))
            with pytest.raises(ZeroDivisionError):
                await store.write(fails)

        await store.write(work)
        found = await store.find_many(POSTS, ["outer", "joined", "inner"])
        assert set(found) == {"outer", "joined"}

    @pytest.mark.parametrize("outer_fails", [False, True])
    async def test_a_write_that_outlives_its_transaction_harms_nothing(
        self, store: Store, outer_fails: bool
    ) -> None:
        async def slow(tx: Transaction) -> None:
            await tx.insert(post("first"))
            await asyncio.sleep(0.05)
            await tx.insert(post("second"))

        async def late() -> None:
            await asyncio.sleep(0.1)
            await insert(store, post("late"))

        loose: list[asyncio.Task[None]] = []

        async def work(tx: Transaction) -> None:
            loose.append(asyncio.ensure_future(store.write(slow)))
            loose.append(asyncio.ensure_future(late()))
            await asyncio.sleep(0.01)
            if outer_fails:
                raise ZeroDivisionError

        results = await asyncio.gather(
            store.write(work), insert(store, post("other")), return_exceptions=True
        )
        await asyncio.gather(*loose)
        assert [type(r) for r in results] == [
            ZeroDivisionError if outer_fails else type(None),
            type(None),
        ]
        found = await store.find_many(POSTS, ["first", "second", "late", "other"])
        joined = set[str]() if outer_fails else {"first", "second"}
        assert set(found) == {"late", "other"} | joined

    async def test_what_follows_waits_for_the_outcome(self, store: Store) -> None:
        told: list[str] = []

        async def undone() -> None:
            told.append("undone")

        async def fails(tx: Transaction) -> None:
            tx.after_commit(lambda: told.append("never"))
            tx.after_rollback(undone)
            raise ZeroDivisionError

        async def work(tx: Transaction) -> None:
            tx.after_commit(lambda: told.append("committed"))
            tx.after_rollback(undone)
            with pytest.raises(ZeroDivisionError):
                await store.write(fails)
            assert told == ["undone"]

        await store.write(work)
        assert told == ["undone", "committed"]

    async def test_an_action_that_fails_stops_no_other_and_no_answer(self, store: Store) -> None:
        told: list[str] = []

        def fails() -> None:
            raise ZeroDivisionError

        async def work(tx: Transaction) -> str:
            tx.after_commit(fails)
            tx.after_commit(lambda: told.append("second"))
            return "done"

        assert await store.write(work) == "done"
        assert told == ["second"]

    async def test_a_caller_that_gives_up_takes_no_other_write_along(self, store: Store) -> None:
        tasks = [asyncio.create_task(insert(store, post(f"r{n}"))) for n in range(10)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        found = await store.find_many(POSTS, [f"r{n}" for n in range(10)])
        assert set(found) >= {f"r{n}" for n in range(10) if n != 3}

    async def test_many_writers_of_one_record_lose_no_update(self, store: Store) -> None:
        await insert(store, post("one"))

        async def add(tx: Transaction) -> None:
            found = await tx.find(POSTS, "one")
            assert found is not None
            found.values["number"] += 1
            await tx.update(found)

        await asyncio.gather(*(store.write(add) for _ in range(50)))
        found = await store.find(POSTS, "one")
        assert found is not None and found["number"] == 50

    # --- the change log -----------------------------------------------------------------

    async def test_each_write_has_one_change_in_commit_order(self, store: Store) -> None:
        start = await store.last_seq()
        heard: list[Change] = []
        store.listen(heard.append)
        await insert(store, post("one", title="x"))
        found = await store.find(POSTS, "one")
        assert found is not None
        await store.write(lambda tx: tx.update(found))
        await store.write(lambda tx: tx.delete(found))
        changes = await store.changes(start, 100)
        assert [c.action for c in changes] == ["create", "update", "delete"]
        assert {c.record_id for c in changes} == {"one"}
        assert [c.seq for c in changes] == sorted({c.seq for c in changes})
        assert all(msgspec.json.decode(c.image)["title"] == "x" for c in changes)
        assert heard == changes
        assert await store.last_seq() == changes[-1].seq
        assert await store.changes(start, 1) == changes[:1]

    async def test_a_revision_is_its_change(self, store: Store) -> None:
        record = post("one")
        await insert(store, record)
        assert record.rev == await store.last_seq()

    async def test_undone_writes_leave_no_change(self, store: Store) -> None:
        start = await store.last_seq()
        await insert(store, post("one", title="same"))
        with pytest.raises(NotUnique):
            await insert(store, post("two", title="same"))
        assert len(await store.changes(start, 100)) == 1

    async def test_truncate_tells_of_every_record(self, store: Store) -> None:
        await insert(store, *(post(f"r{n}") for n in range(5)))
        start = await store.last_seq()
        await store.write(lambda tx: tx.truncate(POSTS))
        assert await store.count(Query(POSTS)) == 0
        changes = await store.changes(start, 100)
        assert sorted(c.record_id for c in changes) == [f"r{n}" for n in range(5)]
        assert {c.action for c in changes} == {"delete"}

    async def test_params_are_kept_told_and_removed(self, store: Store) -> None:
        heard: list[Change] = []
        store.listen(heard.append)
        await store.write(lambda tx: tx.set_param("k", '{"a":1}'))
        assert await store.param("k") == '{"a":1}'
        await store.write(lambda tx: tx.set_param("k", None))
        assert await store.param("k") is None
        assert [(c.collection_id, c.record_id, c.image) for c in heard] == [
            (PARAMS, "k", '{"a":1}'),
            (PARAMS, "k", ""),
        ]

    # --- several of them on the same data ----------------------------------------------

    async def test_another_process_sees_what_was_acknowledged(
        self, store: Store, open_store: OpenStore
    ) -> None:
        other = await open_store()
        try:
            heard: list[Change] = []
            other.listen(heard.append)
            await insert(store, post("one", title="from the first"))
            assert (await other.find(POSTS, "one")) is not None
            other.poll()
            assert [c.record_id for c in heard] == ["one"]
            await insert(other, post("two"))
            assert (await store.find(POSTS, "two")) is not None
            await asyncio.gather(
                *(insert(s, post(f"{n}{i}")) for n, s in enumerate((store, other)) for i in "abc")
            )
            assert await store.count(Query(POSTS)) == await other.count(Query(POSTS)) == 8
        finally:
            await other.close()

    async def test_another_process_sees_new_collections(
        self, store: Store, open_store: OpenStore
    ) -> None:
        other = await open_store()
        try:
            renamed = replace(POSTS, name="articles", indexes=())
            await store.write(lambda tx: tx.save_collections([renamed]))
            found = other.catalog.find("articles")
            assert found is not None and found.id == "posts"
            assert other.catalog.find("posts") is found, "an id finds it, too"
        finally:
            await other.close()

    async def test_data_is_there_after_a_restart(self, open_store: OpenStore) -> None:
        first = await open_store()
        await first.write(lambda tx: tx.save_collections([POSTS]))
        await insert(first, post("one", title="kept"))
        seq = await first.last_seq()
        await first.close()
        second = await open_store()
        try:
            kept = second.catalog.find("posts")
            assert kept is not None
            found = await second.find(kept, "one")
            assert found is not None and found["title"] == "kept"
            assert await second.last_seq() == seq
        finally:
            await second.close()

    # --- the schema ---------------------------------------------------------------------

    async def test_a_refused_schema_change_leaves_all_as_it_was(self, store: Store) -> None:
        await insert(store, post("one", number=1.0), post("two", number=1.0))
        index = "CREATE UNIQUE INDEX `posts_number` ON `posts` (`number`)"
        changed = replace(POSTS, indexes=(index,), fields=POSTS.fields[:-1])
        with pytest.raises(SchemaRefused):
            await store.write(lambda tx: tx.save_collections([changed]))
        assert store.catalog.find("posts") is not None
        found = await store.find(POSTS, "one")
        assert found is not None and found["place"] == {"lon": 0, "lat": 0}

    async def test_a_schema_change_is_told(self, store: Store) -> None:
        heard: list[Change] = []
        store.listen(heard.append)
        await store.write(lambda tx: tx.save_collections([], [POSTS]))
        assert store.catalog.find("posts") is None
        assert [(c.collection_id, c.record_id) for c in heard] == [(COLLECTIONS, "posts")]
