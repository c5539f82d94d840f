"""The SQL console: what it may do, its bounds, and that the change log misses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenfold.store import sqlite_console
from tenfold.store.console import QueryRefused
from tenfold.store.contract import Change
from tenfold.store.sqlite import SqliteStore
from tenfold.store.sqlite_console import SqliteConsole, text_of

pytestmark = pytest.mark.anyio

ANN = "insert into users (id, email, tokenKey) values ('ann000000000000', 'ann@example.com', 'k1')"
BOB = "insert into users (id, email, tokenKey) values ('bob000000000000', 'bob@example.com', 'k2')"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def console(store: SqliteStore, tmp_path: Path) -> SqliteConsole:
    return SqliteConsole(store, tmp_path)


@pytest.fixture
def heard(store: SqliteStore) -> list[Change]:
    changes: list[Change] = []
    store.listen(changes.append)
    return changes


async def test_rows_are_those_of_the_last_statement(console: SqliteConsole) -> None:
    outcome = await console.run("select 1; select name, 2 as n from _collections limit 1")
    assert [(c.name, c.type) for c in outcome.columns] == [("name", "TEXT"), ("n", "")]
    assert len(outcome.rows) == 1 and outcome.rows[0][1] == "2"


async def test_rows_are_bounded(console: SqliteConsole) -> None:
    many = "with recursive c(x) as (select 1 union all select x + 1 from c) select x from c"
    assert len((await console.run(many)).rows) == sqlite_console.ROW_LIMIT


async def test_writes_are_logged(
    console: SqliteConsole, store: SqliteStore, heard: list[Change]
) -> None:
    assert (await console.run(f"{ANN}; {BOB}")).affected == 2
    await console.run("update users set name = 'Ann' where email like 'ann%'")
    await console.run("delete from users where email like 'bob%'")
    assert [(c.action, c.record_id[:3]) for c in heard] == [
        ("create", "ann"),
        ("create", "bob"),
        ("update", "ann"),
        ("delete", "bob"),
    ]
    users = store.catalog.find("users")
    assert users
    ann = await store.find(users, "ann000000000000")
    assert ann and ann["name"] == "Ann" and ann.rev == heard[2].seq
    assert '"name":"Ann"' in heard[2].image


async def test_replaced_rows_are_logged_as_deleted(
    console: SqliteConsole, heard: list[Change]
) -> None:
    await console.run(f"{ANN}; {BOB}")
    heard.clear()
    await console.run(
        "insert or replace into users (id, email, tokenKey)"
        " values ('new000000000000', 'ann@example.com', 'k3')"
    )
    await console.run("update users set id = 'bob111111111111' where id like 'bob%'")
    await console.run("update users set rowid = rowid + 100 where id like 'bob%'")
    assert sorted((c.action, c.record_id[:4]) for c in heard[:4]) == [
        ("create", "bob1"),
        ("create", "new0"),
        ("delete", "ann0"),
        ("delete", "bob0"),
    ]
    assert {c.record_id for c in heard[4:]} == {"bob111111111111"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "  ",
        "selec",
        "select * from nowhere",
        "create table t (a)",
        "drop table users",
        "alter table users add column x",
        "create trigger t after insert on users begin select 1; end",
        "create temp table t (a)",
        "delete from _changes",
        "update _params set value = 1",
        "insert into _collections values (1, 2, 3, 4)",
        "update sqlite_master set sql = ''",
        "pragma user_version = 9",
        "pragma journal_mode = delete",
        "pragma writable_schema = 1",
        "attach 'x.db' as x",
        "vacuum",
        "vacuum into 'x.db'",
        "begin",
        "commit",
        "savepoint a",
        "reindex",
        "select load_extension('x')",
        "select * from users where id = ?",
        "update users set verified = 'maybe'",
        "update users set id = ''",
        "update users set avatar = x'00ff'",
        "select randomblob(100000000)",
        "x" * 300_000,
    ],
)
async def test_refused(console: SqliteConsole, heard: list[Change], query: str) -> None:
    await console.run(ANN)
    heard.clear()
    with pytest.raises(QueryRefused):
        await console.run(query)
    assert not heard
    assert (await console.run("select count(*), max(name) from users")).rows == [["1", ""]]


async def test_nothing_is_kept_when_a_part_fails(
    console: SqliteConsole, heard: list[Change]
) -> None:
    with pytest.raises(QueryRefused, match="UNIQUE constraint failed"):
        await console.run(f"{ANN}; {ANN}")
    assert not heard


ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c)"


async def test_slow_reads_end(console: SqliteConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_console, "READ_LIMIT_S", 0.1)
    with pytest.raises(QueryRefused, match="took longer"):
        await console.run(f"{ENDLESS} select count(*) from c")


async def test_slow_writes_end_and_harm_nobody(
    console: SqliteConsole, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt loses SQLite's transaction: other writes must not have been in it."""
    monkeypatch.setattr(sqlite_console, "WRITE_LIMIT_S", 0.2)
    await console.run(ANN)
    slow = console.run(f"{ENDLESS} update users set name = (select count(*) from c)")
    params = [store.write(lambda tx, n=n: tx.set_param(f"p{n}", "{}")) for n in range(5)]
    ended = await asyncio.gather(slow, *params, return_exceptions=True)
    assert isinstance(ended[0], QueryRefused)
    assert ended[1:] == [None] * 5
    assert await store.param("p4") == "{}"


async def test_too_many_rows_at_once(
    console: SqliteConsole, monkeypatch: pytest.MonkeyPatch, heard: list[Change]
) -> None:
    monkeypatch.setattr("tenfold.store.sqlite_console_changes.ROWS_AT_MOST", 1)
    with pytest.raises(QueryRefused):
        await console.run(f"{ANN}; {BOB}")
    assert not heard
    await console.run(ANN)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (1, "1"),
        (2.0, "2"),
        (1.5, "1.5"),
        (1e6, "1e+06"),
        (123456.0, "123456"),
        (1234567.5, "1.2345675e+06"),
        (1e-5, "1e-05"),
        (-0.0, "-0"),
        (float("inf"), "+Inf"),
        (b"AB\xff", "AB\ufffd"),
    ],
)
def test_values_look_as_in_pocketbase(value: object, text: str | None) -> None:
    assert text_of(value) == text
