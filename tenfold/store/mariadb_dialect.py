"""The words of MariaDB and MySQL for what a filter needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from tenfold.filters.operands import Compare, Formatted, Joined, Lower, Operand, Test, Value
from tenfold.filters.plan import Plan
from tenfold.filters.values import MAX_PATTERN_BYTES, Scalar
from tenfold.schema.collection import Collection
from tenfold.store.mariadb_connection import collation_of
from tenfold.store.mariadb_expression import MariadbRenderer
from tenfold.store.mariadb_sides import kind_of

LONGEST_NAME = 64


def quoted(name: str) -> str:
    """An identifier; one that is too long for the server gets a shorter name of its own."""
    if len(name) > LONGEST_NAME:
        name = f"{name[:47]}_{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return '"' + name.replace('"', '""') + '"'


class MariadbDialect:
    """SQL over the tables of one catalog; `source` gives what holds a collection's records."""

    name = "mariadb"
    max_joins = 50
    renderer_type: type[Any] | None = MariadbRenderer

    def __init__(self, flavour: str, source: Callable[[Collection], str]) -> None:
        self.collation = collation_of(flavour)
        self.is_mysql = flavour == "mysql"
        self._source = source
        self._formats: dict[Plan, frozenset[int]] = {}

    def kinds(self, plan: Plan, values: Sequence[Scalar]) -> tuple[Any, ...]:
        """Per value: null, number, text that spells one, other text, or what a format says."""
        formats = self._formats.get(plan)
        if formats is None:
            formats = self._formats[plan] = frozenset(_format_slots(plan.root))
        return tuple(
            ("format", value) if slot in formats else kind_of(value)
            for slot, value in enumerate(values)
        )

    def table(self, collection: Collection) -> str:
        return self._source(collection)

    def quote(self, name: str) -> str:
        return quoted(name)

    def same(self, left: str, right: str, *, negate: bool) -> str:
        return f"NOT ({left} <=> {right})" if negate else f"{left} <=> {right}"

    def like(self, left: str, pattern: str, *, negate: bool) -> str:
        # Like SQLite, LIKE reads up to a NUL.
        left, pattern = (self.lower(f"SUBSTRING_INDEX({t}, CHAR(0), 1)") for t in (left, pattern))
        return f"{left} {'NOT ' if negate else ''}LIKE {pattern} ESCAPE '\\'"

    def anywhere(self, operand: str) -> str:
        limit = MAX_PATTERN_BYTES - 2
        return f"IF(OCTET_LENGTH({operand}) <= {limit}, CONCAT('%', {operand}, '%'), NULL)"

    def lower(self, operand: str) -> str:
        # LOWER() of utf8mb4 knows all alphabets. Through a character set whose only letters
        # with case are A-Z the bytes of all others pass unchanged.
        latin = f"LOWER(CONVERT(CAST({operand} AS BINARY) USING tis620))"
        return f"CONVERT(CAST({latin} AS BINARY) USING utf8mb4) COLLATE {self.collation}"

    def typed(self, operand: str, *, is_number: bool) -> str:
        return f"CAST({operand} AS {'DOUBLE' if is_number else 'CHAR'})"

    def items(self, array: str, alias: str) -> str:
        return f"JSON_TABLE({array}, '$[*]' COLUMNS (value JSON PATH '$')) AS {alias}"

    def item(self, alias: str) -> str:
        return self.json_text(f"{alias}.value")

    def json_text(self, json: str) -> str:
        """The text that SQLite's json_extract would give for what is no number."""
        whole = json if self.is_mysql else f"JSON_COMPACT({json})"
        return (
            f"(CASE JSON_TYPE({json}) WHEN 'STRING' THEN JSON_UNQUOTE({json})"
            f" WHEN 'NULL' THEN NULL ELSE {whole} END COLLATE {self.collation})"
        )

    def json_is(self, json: str, word: str) -> str:
        """Whether a part of a document is `true`, `false` or `null`."""
        return f"{json} COLLATE {self.collation} = '{word}'"

    def guarded(self, array: str) -> str:
        text = f"CAST({array} AS CHAR)"
        return (
            f"CASE WHEN JSON_VALID({text}) AND JSON_TYPE({text}) = 'ARRAY' THEN {text}"
            f" WHEN {text} IS NULL OR {text} = '' THEN '[]' ELSE JSON_ARRAY({text}) END"
        )

    def length(self, array: str) -> str:
        return f"COALESCE(JSON_LENGTH({array}), 0)"

    def part(self, document: str, path: Sequence[str | int]) -> str:
        """A part of a document as JSON; null when it is not there."""
        at, tests = "$", list[str]()
        for step in path:
            if isinstance(step, int):
                # [0] of what is no array would be that thing itself.
                tests.append(f"JSON_TYPE(JSON_EXTRACT({document}, '{at}')) = 'ARRAY'")
                at += f"[{step}]"
            else:
                at += f'."{step}"'
        found = f"JSON_EXTRACT({document}, '{at}')"
        return f"CASE WHEN {' AND '.join(tests)} THEN {found} END" if tests else found

    def distance(self, arguments: Sequence[str]) -> str:
        lon_a, lat_a, lon_b, lat_b = arguments
        cosine = (
            f"COS(RADIANS({lat_a})) * COS(RADIANS({lat_b}))"
            f" * COS(RADIANS({lon_b}) - RADIANS({lon_a}))"
            f" + SIN(RADIANS({lat_a})) * SIN(RADIANS({lat_b}))"
        )
        return f"(6371 * ACOS(LEAST(1, GREATEST(-1, {cosine}))))"

    def formatted(self, arguments: Sequence[str]) -> str:
        raise NotImplementedError("the renderer writes formats out")

    def rowid(self, alias: str) -> str:
        return f"{alias}._row"

    def random(self) -> str:
        return "RAND()"


def _format_slots(test: Test) -> set[int]:
    """The values that shape the SQL of a strftime call."""
    if isinstance(test, Joined):
        return {slot for part in test.parts for slot in _format_slots(part)}
    return {slot for side in (test.left, test.right) for slot in _formats_of(test, side)}


def _formats_of(test: Compare, operand: Operand) -> set[int]:
    if isinstance(operand, Lower):
        return _formats_of(test, operand.operand)
    if not isinstance(operand, Formatted):
        return set()
    return {argument.slot for argument in operand.arguments if isinstance(argument, Value)}
