"""SQLite and MariaDB, the same odd records in both, asked the same at random."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.filters import Checked, FilterError, check, check_sort
from tenfold.records import body
from tenfold.schema.actor import Actor, RequestFacts
from tenfold.schema.parse import parse_collection
from tenfold.schema.record import Record
from tenfold.store.mariadb import MariadbStore
from tenfold.store.mariadb_location import MariadbLocation
from tenfold.store.select import Query, compile_image
from tenfold.store.sqlite import SqliteStore
from tests import wild
from tests.engines.mariadb import running
from tests.unit.filters.odd import ACCOUNTS, PEOPLE, inserting

T = TypeVar("T")

many = settings(max_examples=150, deadline=None, derandomize=True, database=None)


class Side:
    """One store with the odd records, and the loop that it lives on."""

    def __init__(
        self,
        store: SqliteStore | MariadbStore,
        runner: asyncio.Runner,
        records: list[Record],
        callers: list[Record | None],
    ) -> None:
        self.store = store
        self.runner = runner
        self.records = records
        self.callers = callers

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def facts(self, at: int, sent: dict[str, Any]) -> RequestFacts:
        caller = self.callers[at]
        actor = Actor(caller, is_superuser=False) if caller else None
        return RequestFacts(actor=actor, query={"q": "a"}, body=sent)

    def checked(self, text: str) -> Checked:
        catalog = self.store.catalog
        return check(text, catalog.by_id[wild.WILD], catalog, hidden_allowed=True)

    def ids(self, text: str, sort: str, at: int, sent: dict[str, Any]) -> list[str] | str:
        """The ids that a filter gives in a sort's order; what is wrong, when it is refused."""
        catalog = self.store.catalog
        collection = catalog.by_id[wild.WILD]
        try:
            where = ((self.checked(text), self.facts(at, sent)),) if text else ()
            order = check_sort(sort, collection, catalog, hidden_allowed=True)
            found = self.run(self.store.select(Query(collection, where, order)))
            assert self.run(self.store.count(Query(collection, where))) == len(found)
        except FilterError:
            return "refused"
        return [record.id for record in found]

    def held(self, text: str, at: int, sent: dict[str, Any]) -> list[bool] | str:
        """Of which records a rule holds when they are looked at one by one."""
        try:
            condition = (self.checked(text), self.facts(at, sent))
            return [self.run(self._holds(condition, record)) for record in self.records]
        except FilterError:
            return "refused"

    async def _holds(self, condition: Any, record: Record) -> bool:
        store = self.store
        if isinstance(store, SqliteStore):
            statement = compile_image(condition, record.values, store.catalog)
        else:
            described = store.described
            statement = compile_image(
                condition, record.values, described.catalog, described.dialect
            )
        return bool((await store.rows(statement.sql, tuple(statement.params)))[0][0])


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    folder = tmp_path_factory.mktemp("same")
    with running(folder / "server") as server, asyncio.Runner() as runner:
        location = MariadbLocation.parse(server.url(server.new_database()))
        stores = SqliteStore(folder / "sqlite"), MariadbStore(location, folder / "mariadb")
        made = [runner.run(_plant(store, runner)) for store in stores]
        yield made[0], made[1]
        for store in stores:
            runner.run(store.close())


async def _plant(store: SqliteStore | MariadbStore, runner: asyncio.Runner) -> Side:
    await store.open()
    collections = [parse_collection(c) for c in (PEOPLE, *wild.COLLECTIONS)]
    await store.write(lambda tx: tx.save_collections(collections))
    catalog = store.catalog
    rows = {"people": ACCOUNTS, **wild.rows()}
    people, _, records = [
        await store.write(inserting(catalog.by_name[name], rows[name]))
        for name in ("people", "wilder", "wild")
    ]
    found = [await store.find_many(r[0].collection, [x.id for x in r]) for r in (records, people)]
    return Side(store, runner, list(found[0].values()), [None, *found[1].values()])


def both(sides: tuple[Side, Side], text: str, sort: str, at: int, sent: dict[str, Any]) -> None:
    ours, theirs = (side.ids(text, sort, at, sent) for side in reversed(sides))
    assert ours == theirs


@many
@given(wild.RULES, st.sampled_from((0, 1, 2)))
def test_filters(sides: tuple[Side, Side], text: str, at: int) -> None:
    both(sides, text, "id", at, {})


@many
@given(wild.SORTS)
def test_sorts(sides: tuple[Side, Side], sort: str) -> None:
    both(sides, "", f"{sort},id", 0, {})


BODIES = st.dictionaries(
    st.sampled_from(["t", "n", "b", "s", "m", "own", "rs", "x"]),
    st.sampled_from([*wild.TEXTS, 0, 1, 2.5, True, None, ["a"], ["a", "b"], {"k": 1}]),
    max_size=4,
)
BODY_RULES = st.builds(
    "@request.body.{} {} {}".format,
    st.sampled_from(
        (
            "t n b s m m:length m:each m:changed own own.name rs.t x x.k x:isset t:isset t:lower"
            " t:changed n:changed b:changed"
        ).split()
    ),
    st.sampled_from(wild.OPERATORS),
    wild.operands(["t", "n", "own", "@request.auth.id", "m", "@request.body.x"]),
)


@many
@given(BODY_RULES, BODIES, st.sampled_from((0, 1)))
def test_rules_about_the_body(
    sides: tuple[Side, Side], text: str, sent: dict[str, Any], at: int
) -> None:
    both(sides, text, "id", at, sent)


@settings(many, max_examples=60)
@given(wild.RULES, st.sampled_from((0, 1)))
def test_rules_about_a_record_alone(sides: tuple[Side, Side], text: str, at: int) -> None:
    ours, theirs = (side.held(text, at, {}) for side in reversed(sides))
    assert ours == theirs


TEXTS = st.text(max_size=6) | st.text("aAbBéÉß%_\\ \0'", max_size=6)


@settings(many, max_examples=60)
@given(st.lists(TEXTS, min_size=2, max_size=8), TEXTS)
def test_texts(sides: tuple[Side, Side], texts: list[str], asked: str) -> None:
    """Every Unicode text comes back, compares, sorts and matches as on SQLite."""
    answers = [side.run(_texts(side, texts, asked)) for side in sides]
    assert answers[0] == answers[1]


class _Undone(Exception):
    pass


async def _texts(side: Side, texts: list[str], asked: str) -> list[object]:
    answers: list[object] = []
    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    quoted = "'" + asked.encode("utf-8", "replace").decode().replace("'", "") + "'"

    async def work(tx: Any) -> None:
        collection = tx.catalog.by_id[wild.WILDER]
        await tx.truncate(collection)
        for at, text in enumerate(clean):
            record = body.blank(collection)
            record.values |= {"id": f"text{at:011}", "t": text}
            await tx.insert(record)
        for operator in ("=", "!=", "<", ">=", "~", "!~"):
            where = _where(f"t {operator} {quoted}", tx.catalog)
            if where is not None:
                found = await tx.select(Query(collection, where))
                answers.append((operator, sorted(r.id for r in found)))
        order = check_sort("t,id", collection, tx.catalog, hidden_allowed=True)
        answers.append([(r.id, r["t"]) for r in await tx.select(Query(collection, (), order))])
        raise _Undone

    try:
        await side.store.write(work)
    except _Undone:
        return answers
    raise AssertionError


def _where(text: str, catalog: Any) -> Any:
    try:
        checked = check(text, catalog.by_id[wild.WILDER], catalog, hidden_allowed=True)
    except FilterError:
        return None
    return ((checked, RequestFacts()),)
