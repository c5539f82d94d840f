"""What a copy from one database into another must keep; a subclass gives `source` and `target`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

from tenfold.schema.collection import Collection
from tenfold.schema.fields import JSONField, TextField
from tenfold.schema.parse import parse_collection
from tenfold.schema.record import Record
from tenfold.store.contract import COLLECTIONS, Change, NotUnique, Transaction
from tenfold.store.copying import BEFORE_ALL, CopyStore, CopyTransaction, JobRows, Row, write_copy
from tenfold.store.jobs import JobStore
from tenfold.store.select import Query
from tenfold.store.statements import NULL
from tests.contracts.jobs import put as put_job
from tests.contracts.store import HARD_VALUES, POSTS, insert, plain, post

PEOPLE = parse_collection(
    {
        "id": "people000000000",
        "name": "people",
        "type": "auth",
        "fields": [{"id": "textname", "name": "name", "type": "text"}],
    }
)
VIEW = Collection(
    id="v",
    name="titles",
    type="view",
    fields=(
        TextField(id="v_id", name="id", primary_key=True),
        TextField(id="v_title", name="title"),
    ),
    view_query="SELECT id, title FROM posts",
)
ODD_VALUES: list[dict[str, Any]] = [
    {"number": 2.0**62},
    {"number": -0.0},
    {"number": 1e-300},
    {"extra": msgspec.Raw(b"12345678901234567")},
    {"extra": msgspec.Raw(b'""')},
    {"extra": msgspec.Raw(b"null")},
    {"extra": msgspec.Raw(b'{ "spaced" : [ ] }')},
    {"tags": ["a"]},
]


@dataclass(frozen=True)
class CopySide:
    """One of the two databases; `open` opens it once more, by another process as it were."""

    open: Callable[[], Awaitable[CopyStore]]
    jobs: Callable[[CopyStore], JobStore]


async def copy(source: CopyStore, target: CopyStore, chunk: int = 5) -> None:
    """Bring collections, rows, params, jobs and the position of a source at rest over."""
    await write_copy(target, lambda tx: tx.adopt(source.catalog.collections))
    for collection in source.catalog.collections:
        number = BEFORE_ALL
        while rows := await source.rows_after(collection, number, chunk):
            number = rows[-1][0]
            await put(target, collection, rows)

    async def rest(tx: CopyTransaction) -> None:
        for key, value in (await source.params()).items():
            await tx.keep_param(key, value)
        await tx.replace_jobs(await source.jobs_rows())
        newest = await target.last_seq()
        await tx.follow(await source.changes(newest, 10_000))

    await write_copy(target, rest)


async def put(store: CopyStore, collection: Collection, rows: list[Row]) -> None:
    await write_copy(store, lambda tx: tx.put_rows(collection, rows))


def shown(rows: list[Row]) -> list[tuple[int, int, dict[str, Any] | None]]:
    """Rows that can be compared."""
    return [(number, record.rev, plain(record)) for number, record in rows]


async def all_rows(store: CopyStore, collection: Collection) -> list[Any]:
    return shown(await store.rows_after(collection, BEFORE_ALL, 10_000))


async def fill(store: CopyStore) -> None:
    """Records of every kind, some of them changed and removed again."""
    await store.write(lambda tx: tx.save_collections([POSTS, PEOPLE, VIEW]))
    values = [*HARD_VALUES, *ODD_VALUES]
    await insert(store, *(post(f"r{100 - n}", **one) for n, one in enumerate(values)))
    await insert(store, *(person(f"p{n}") for n in range(3)))

    async def change(tx: Transaction) -> None:
        updated = await tx.find(POSTS, "r100")
        removed = await tx.find(POSTS, "r98")
        assert updated and removed
        updated.values["title"] = "changed"
        await tx.update(updated)
        await tx.delete(removed)

    await store.write(change)


def person(record_id: str) -> Record:
    blank = {f.name: f.zero() for f in PEOPLE.fields}
    keys = {"email": f"{record_id}@a.co", "tokenKey": record_id * 20, "password": "$2a$10$abc"}
    return Record(PEOPLE, {**blank, "id": record_id, **keys})


@pytest.mark.anyio
class CopyContract:
    """Inherit it and give fixtures `source_side` and `target_side`, both of them empty."""

    @pytest.fixture
    async def source(self, source_side: CopySide) -> AsyncIterator[CopyStore]:
        store = await source_side.open()
        yield store
        await store.close()

    @pytest.fixture
    async def target(self, target_side: CopySide) -> AsyncIterator[CopyStore]:
        store = await target_side.open()
        yield store
        await store.close()

    async def test_all_of_it_arrives_as_it_was(self, source: CopyStore, target: CopyStore) -> None:
        await fill(source)
        await source.write(lambda tx: tx.set_param("k", '{"a": 1}'))
        await copy(source, target)
        names = [c.name for c in source.catalog.collections]
        assert [c.name for c in target.catalog.collections] == names
        for collection in (POSTS, PEOPLE):
            rows = await all_rows(target, collection)
            assert rows == await all_rows(source, collection) != []
            assert await target.count_rows(collection) == len(rows)
        assert await target.params() == await source.params() == {"k": '{"a": 1}'}
        listed = [r.id for r in await target.select(Query(POSTS))]
        assert listed == [r.id for r in await source.select(Query(POSTS))]

    async def test_null_is_told_from_the_text_null(
        self, source: CopyStore, target: CopyStore
    ) -> None:
        await fill(source)
        late = replace(POSTS, fields=(*POSTS.fields, JSONField(id="f_late", name="late")))
        await source.write(lambda tx: tx.save_collections([late]))
        await insert(source, Record(late, {**post("new").values, "late": msgspec.Raw(b"null")}))
        await copy(source, target)
        rows = await target.rows_after(late, BEFORE_ALL, 1000)
        assert {r.id for _, r in rows if r["late"] is not NULL} == {"new"}

    async def test_views_have_no_rows(self, source: CopyStore) -> None:
        await fill(source)
        assert await source.rows_after(VIEW, BEFORE_ALL, 10) == []
        assert await source.rows_of(VIEW, ["r100"]) == []
        assert await source.rows_between(VIEW, 0, 10) == []
        assert await source.count_rows(VIEW) == 0

    async def test_rows_are_found_by_id_and_between_numbers(self, source: CopyStore) -> None:
        await fill(source)
        rows = await all_rows(source, POSTS)
        low, high = rows[2][0], rows[5][0]
        assert shown(await source.rows_between(POSTS, low, high)) == rows[3:6]
        ids = [f"r{n}" for n in range(1000)]
        assert shown(await source.rows_of(POSTS, ids)) == rows
        assert await source.rows_of(POSTS, []) == []

    async def test_large_rows_come_in_smaller_parts(self, source: CopyStore) -> None:
        await source.write(lambda tx: tx.save_collections([POSTS]))
        for at in range(0, 40, 10):
            await insert(
                source, *(post(f"r{at + n}", title=f"{at + n}" * 250_000) for n in range(10))
            )
        numbers: list[int] = [BEFORE_ALL]
        parts = 0
        while rows := await source.rows_after(POSTS, numbers[-1], 1000):
            numbers += [number for number, _ in rows]
            parts += 1
        assert len(numbers) == 41 and parts > 1

    async def test_numbers_below_one(self, source: CopyStore, target: CopyStore) -> None:
        for store in (source, target):
            await store.write(lambda tx: tx.save_collections([POSTS]))
        odd = [(n, post(f"r{n}")) for n in (-(2**40), -1, 0, 1, 2**40)]
        await put(source, POSTS, odd)
        await put(target, POSTS, await source.rows_after(POSTS, BEFORE_ALL, 10))
        assert [n for n, _, _ in await all_rows(target, POSTS)] == [n for n, _ in odd]

    async def test_later_changes_are_brought_over(
        self, source: CopyStore, target: CopyStore
    ) -> None:
        await fill(source)
        await copy(source, target)

        async def change(tx: Transaction) -> None:
            found = await tx.find(POSTS, "r97")
            gone = await tx.find(POSTS, "r96")
            assert found and gone
            found.values["number"] = 5
            await tx.update(found)
            await tx.delete(gone)
            await tx.insert(post("fresh"))

        await source.write(change)

        async def drain(tx: CopyTransaction) -> None:
            changes = await source.changes(await target.last_seq(), 100)
            dirty = list({change.record_id for change in changes})
            await tx.drop_rows(POSTS, dirty)
            await tx.put_rows(POSTS, await source.rows_of(POSTS, dirty))
            await tx.follow(changes)

        await write_copy(target, drain)
        assert await all_rows(target, POSTS) == await all_rows(source, POSTS)
        assert await target.last_seq() == await source.last_seq()

    async def test_the_next_write_goes_on_where_the_copy_ended(
        self, source: CopyStore, target: CopyStore, target_side: CopySide
    ) -> None:
        await fill(source)
        await copy(source, target)
        seq = await target.last_seq()
        assert seq == await source.last_seq()
        assert await target.changes(seq - 3, 10) == await source.changes(seq - 3, 10)
        other = await target_side.open()
        try:
            record = post("next")
            await insert(other, record)
            assert record.rev == await other.last_seq() == await target.last_seq() == seq + 1
            assert [c.seq for c in await target.changes(seq, 10)] == [seq + 1]
            rows = await target.rows_after(POSTS, BEFORE_ALL, 100)
            assert rows[-1][1].id == "next", "its number is the largest"
        finally:
            await other.close()

    async def test_numbers_may_jump_and_are_given_back(self, target: CopyStore) -> None:
        before = await target.last_seq()
        changes = [Change(n, "posts", "r", "create", "{}") for n in (500, 501, 900)]

        async def fail(tx: CopyTransaction) -> None:
            await tx.follow(changes)
            raise LookupError

        async def try_inside(tx: CopyTransaction) -> None:
            with pytest.raises(LookupError):
                await write_copy(target, fail)
            await tx.set_param("k", "{}")

        with pytest.raises(LookupError):
            await write_copy(target, fail)
        assert await target.last_seq() == before
        await write_copy(target, try_inside)
        assert await target.last_seq() == before + 1
        await write_copy(target, lambda tx: tx.follow(changes))
        assert await target.last_seq() == 900
        assert await target.changes(499, 10) == changes
        for wrong in ([changes[2]], [Change(902, "", "", "update"), Change(901, "", "", "update")]):
            with pytest.raises(ValueError):
                await write_copy(target, lambda tx, wrong=wrong: tx.follow(wrong))
        await target.write(lambda tx: tx.set_param("k", None))
        assert await target.last_seq() == 901

    @pytest.mark.parametrize("taken", ["id", "number", "title"])
    async def test_what_is_taken_is_refused_whole(self, target: CopyStore, taken: str) -> None:
        await target.write(lambda tx: tx.save_collections([POSTS]))
        await put(target, POSTS, [(5, post("there", title="same"))])
        before = await all_rows(target, POSTS)
        record = post("there" if taken == "id" else "x", title="same" if taken == "title" else "")
        rows = [(n, post(f"r{n}")) for n in range(10, 100)]
        rows.append((5 if taken == "number" else 200, record))
        with pytest.raises(NotUnique) as refused:
            await put(target, POSTS, rows)
        if taken != "number":
            assert refused.value.columns == (taken,)
        assert await all_rows(target, POSTS) == before

    async def test_only_follow_reaches_the_log(
        self, target: CopyStore, target_side: CopySide
    ) -> None:
        before = await target.last_seq()
        await write_copy(target, lambda tx: tx.adopt([POSTS, VIEW]))
        found = target.catalog.find("posts")
        assert found is not None and target.catalog.find("titles")
        await put(target, found, [(7, post("one"))])
        await write_copy(target, lambda tx: tx.keep_param("__move", '{"a":1}'))
        assert await target.param("__move") == '{"a":1}'
        await write_copy(target, lambda tx: tx.keep_param("__move", None))
        assert await target.params() == {}
        await write_copy(target, lambda tx: tx.drop_rows(found, ["one", "other"]))
        await write_copy(target, lambda tx: tx.drop_rows(found, []))
        assert await target.count_rows(found) == 0
        assert await target.last_seq() == before
        other = await target_side.open()
        try:
            assert other.catalog.find("posts")
            assert await other.count_rows(found) == 0
            assert await other.changes(before, 10) == []
        finally:
            await other.close()

    async def test_what_was_adopted_can_be_renamed_and_removed(self, target: CopyStore) -> None:
        heard: list[Change] = []
        await write_copy(target, lambda tx: tx.adopt([POSTS]))
        await put(target, POSTS, [(7, post("one"))])
        renamed = replace(POSTS, name="articles")
        change = Change(700, COLLECTIONS, "posts", "update")
        target.listen(heard.append)

        async def rename(tx: CopyTransaction) -> None:
            await tx.adopt([renamed])
            await tx.follow([change])

        await write_copy(target, rename)
        assert heard[-1] == change
        assert await all_rows(target, renamed) == shown([(7, post("one"))])
        await write_copy(target, lambda tx: tx.adopt((), [renamed]))
        assert target.catalog.find("posts") is None

    async def test_a_collection_is_emptied(self, target: CopyStore, target_side: CopySide) -> None:
        await target.write(lambda tx: tx.save_collections([POSTS, VIEW]))
        other = await target_side.open()
        await put(target, POSTS, [(n, post(f"r{n}", title=f"{n}")) for n in range(3)])

        async def undone(tx: CopyTransaction) -> None:
            await tx.empty(POSTS)
            raise LookupError

        async def anew(tx: CopyTransaction) -> None:
            await tx.empty(POSTS)
            await tx.put_rows(POSTS, [(1, post("r1", title="1"))])

        with pytest.raises(LookupError):
            await write_copy(target, undone)
        assert await target.count_rows(POSTS) == 3
        seq = await target.last_seq()
        await write_copy(target, anew)
        for store in (target, other):
            view = store.catalog.by_id["v"]
            assert [number for number, _, _ in await all_rows(store, POSTS)] == [1]
            assert [r["title"] for r in await store.select(Query(view))] == ["1"]
            assert await store.last_seq() == seq
        await other.close()

    async def test_jobs_and_slots_replace_what_was_there(
        self,
        source: CopyStore,
        target: CopyStore,
        source_side: CopySide,
        target_side: CopySide,
    ) -> None:
        old, new = source_side.jobs(source), target_side.jobs(target)
        await put_job(old, {"a": "ä"})
        await put_job(old, key="once")
        await old.claim_slot("nightly", 100)
        (held,) = await old.claim({"mail": 0}, 60, 1)
        await put_job(new, 1, name="other", key="k")
        await new.claim_slot("nightly", 101)
        rows = await source.jobs_rows()
        assert len(rows.jobs) == 2 and len(rows.slots) == 1
        await write_copy(target, lambda tx: tx.replace_jobs(rows))
        assert await target.jobs_rows() == rows
        assert await new.renew([held], 60) == {held.id}
        assert not await new.claim_slot("nightly", 100)
        await new.finish(held)
        await write_copy(target, lambda tx: tx.replace_jobs(JobRows([], [])))
        assert await target.jobs_rows() == JobRows([], [])
