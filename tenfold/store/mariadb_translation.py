"""SQL that people wrote for SQLite (views, index conditions), said for MariaDB.

sqlglot reads it; what it names is looked up, so that a query reaches the tables of collections
and nothing else. It is loaded only where there is such SQL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenfold.schema.collection import Collection
from tenfold.store.mariadb_dialect import quoted


class Untranslatable(Exception):
    """The SQL says what can't be said here."""


def translate_condition(text: str, collection: Collection) -> str:
    """An expression over a collection's columns. Raises: Untranslatable."""
    tree = _parsed(f"SELECT 1 WHERE {text}")
    condition = tree.args["where"].this
    if condition.find(_exp().Query, _exp().Placeholder):
        raise Untranslatable("subqueries prohibited in index expressions")
    known = {field.name.lower(): field.name for field in collection.fields}
    for column in list(condition.find_all(_exp().Column)):
        name = known.get(column.name.lower())
        if name is None and column.this.quoted:
            # SQLite takes names in double quotes that are none for texts.
            column.replace(_exp().Literal.string(column.name))
            continue
        if name is None:
            raise Untranslatable(f"no such column: {column.name}")
        column.set("table", None)
        column.set("this", _exp().to_identifier(quoted(name)[1:-1], quoted=True))
    return _said(condition)


def translate_query(text: str, table_of: Callable[[str], str | None]) -> str:
    """A SELECT over collections; `table_of` gives what stands for a table's name in lower case.

    Raises: Untranslatable.
    """
    tree = _parsed(text)
    if not isinstance(tree, _exp().Query) or tree.find(_exp().Placeholder, _exp().Into):
        raise Untranslatable("only a SELECT can be a view")
    own = {cte.alias_or_name.lower() for cte in tree.find_all(_exp().CTE)}
    for table in list(tree.find_all(_exp().Table)):
        name = table.name
        if isinstance(table.this, _exp().Anonymous):
            _set_source(table, _items(table), table.alias or table.this.name)
            continue
        if name.lower() in own and not table.db:
            continue
        found = None if table.db else table_of(name.lower())
        if found is None:
            raise Untranslatable(f"no such table: {name}")
        _set_source(table, found, table.alias or name)
    if tree.args.get("order") and not tree.args.get("limit"):
        # MariaDB forgets the order of what stands in brackets, unless it is limited.
        tree.set("limit", _exp().Limit(expression=_exp().Literal.number(str(2**63 - 1))))
    return _said(tree)


def _set_source(table: Any, sql: str, name: str) -> None:
    """Ready SQL, as a leaf of the tree, under the name that the query knows it by."""
    table.set("this", _exp().Var(this=sql))
    alias = _exp().TableAlias(this=_exp().to_identifier(name, quoted=True))
    table.set("alias", alias)


def _items(table: Any) -> str:
    """What stands for json_each(array)."""
    function = table.this
    if function.name.lower() != "json_each" or len(function.expressions) != 1:
        raise Untranslatable(f"no such table: {function.name}")
    array = _said(function.expressions[0])
    columns = "id FOR ORDINALITY, value LONGTEXT CHARACTER SET utf8mb4 PATH '$'"
    return f"JSON_TABLE({array}, '$[*]' COLUMNS ({columns}))"


def _exp() -> Any:
    from sqlglot import exp

    return exp


def _parsed(text: str) -> Any:
    from sqlglot import ParseError, TokenError, parse

    try:
        trees = parse(text, read="sqlite")
    except (ParseError, TokenError, RecursionError, ValueError) as error:
        told = str(error).splitlines()[0] if str(error) else "syntax error"
        raise Untranslatable(told) from error
    if len(trees) != 1 or trees[0] is None:
        raise Untranslatable("multiple statements are not supported")
    return trees[0]


def _said(tree: Any) -> str:
    from sqlglot.errors import SqlglotError

    for call in list(tree.find_all(_exp().Anonymous)):
        if call.name.lower() == "total":
            summed = _exp().Sum(this=call.expressions[0])
            call.replace(_exp().Coalesce(this=summed, expressions=[_exp().Literal.number("0e0")]))
    for cast in list(tree.find_all(_exp().Cast)):
        if cast.to.is_type("json", "boolean", "decimal"):
            # To SQLite these words mean a number.
            cast.set("to", _exp().DataType.build("double"))
    for part in list(tree.find_all(_exp().JSONExtract, _exp().JSONExtractScalar)):
        # MariaDB has no ->>.
        found = _exp().Anonymous(this="JSON_EXTRACT", expressions=[part.this, part.expression])
        part.replace(_exp().Anonymous(this="JSON_UNQUOTE", expressions=[found]))
    try:
        return tree.sql(dialect="mysql")
    except (SqlglotError, RecursionError, ValueError) as error:
        raise Untranslatable(str(error)) from error
