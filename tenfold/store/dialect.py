"""What differs between database engines when an expression becomes SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from tenfold.filters.plan import Plan
from tenfold.filters.values import MAX_PATTERN_BYTES, Scalar
from tenfold.schema.collection import Collection


class Dialect(Protocol):
    """Renders the constructs that engines spell differently. Arguments are SQL text."""

    name: str
    max_joins: int
    renderer_type: type[Any] | None
    """The kind of Renderer that knows the engine; None: the common one."""

    def kinds(self, plan: Plan, values: Sequence[Scalar]) -> tuple[Any, ...]:
        """What of the values, beside their emptiness, changes the SQL of a plan."""
        ...

    def table(self, collection: Collection) -> str:
        """What holds a collection's records."""
        ...

    def quote(self, name: str) -> str:
        """An identifier."""
        ...

    def same(self, left: str, right: str, *, negate: bool) -> str:
        """Equality for which null equals null only; never null itself."""
        ...

    def like(self, left: str, pattern: str, *, negate: bool) -> str:
        """LIKE without regard to ASCII case, \\ being the escape character."""
        ...

    def anywhere(self, operand: str) -> str:
        """The pattern of a column's text standing anywhere."""
        ...

    def lower(self, operand: str) -> str:
        """Text with A-Z in lower case."""
        ...

    def typed(self, operand: str, *, is_number: bool) -> str:
        """A parameter that converts what it is compared with, as a column would."""
        ...

    def items(self, array: str, alias: str) -> str:
        """A table of the elements of a JSON array."""
        ...

    def item(self, alias: str) -> str:
        """An element in such a table."""
        ...

    def guarded(self, array: str) -> str:
        """A JSON array whatever a column holds: anything else becomes an array of one."""
        ...

    def length(self, array: str) -> str:
        """How many elements a JSON array has; null counts as none."""
        ...

    def part(self, document: str, path: Sequence[str | int]) -> str:
        """A part of a JSON document as a number or text; null when it is not there."""
        ...

    def distance(self, arguments: Sequence[str]) -> str:
        """Kilometres between two points (longitude, latitude, longitude, latitude)."""
        ...

    def formatted(self, arguments: Sequence[str]) -> str:
        """A time as text: format, time, modifiers."""
        ...

    def rowid(self, alias: str) -> str:
        """What grows in the order of insertion."""
        ...

    def random(self) -> str:
        """A random number for every row."""
        ...


class _Sqlite:
    """SQLite's own words; numbers and text compare by its column affinities."""

    name = "sqlite"
    max_joins = 60
    renderer_type: type[Any] | None = None

    def kinds(self, plan: Plan, values: Sequence[Scalar]) -> tuple[Any, ...]:
        return ()

    def table(self, collection: Collection) -> str:
        return self.quote(collection.name)

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def same(self, left: str, right: str, *, negate: bool) -> str:
        return f"{left} IS {'NOT ' if negate else ''}{right}"

    def like(self, left: str, pattern: str, *, negate: bool) -> str:
        return f"{left} {'NOT ' if negate else ''}LIKE {pattern} ESCAPE '\\'"

    def anywhere(self, operand: str) -> str:
        # Longer patterns are an error in SQLite; null matches nothing.
        limit = MAX_PATTERN_BYTES - 2
        return f"IIF(octet_length({operand}) <= {limit}, '%' || {operand} || '%', NULL)"

    def lower(self, operand: str) -> str:
        return f"LOWER({operand})"

    def typed(self, operand: str, *, is_number: bool) -> str:
        return f"CAST({operand} AS {'NUMERIC' if is_number else 'TEXT'})"

    def items(self, array: str, alias: str) -> str:
        return f"json_each({array}) AS {alias}"

    def item(self, alias: str) -> str:
        return f"{alias}.value"

    def guarded(self, array: str) -> str:
        return (
            f"CASE WHEN json_valid({array}) AND json_type({array}) = 'array' THEN {array}"
            f" WHEN {array} IS NULL OR {array} = '' THEN '[]' ELSE json_array({array}) END"
        )

    def length(self, array: str) -> str:
        return f"COALESCE(json_array_length({array}), 0)"

    def part(self, document: str, path: Sequence[str | int]) -> str:
        steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        return (
            f"CASE WHEN json_valid({document}) THEN json_extract({document}, '${steps}')"
            f" ELSE json_extract(json_object('x', {document}), '$.x{steps}') END"
        )

    def distance(self, arguments: Sequence[str]) -> str:
        lon_a, lat_a, lon_b, lat_b = arguments
        cosine = (
            f"cos(radians({lat_a})) * cos(radians({lat_b}))"
            f" * cos(radians({lon_b}) - radians({lon_a}))"
            f" + sin(radians({lat_a})) * sin(radians({lat_b}))"
        )
        return f"(6371 * acos(min(1, max(-1, {cosine}))))"

    def formatted(self, arguments: Sequence[str]) -> str:
        return f"strftime({', '.join(arguments)})"

    def rowid(self, alias: str) -> str:
        return f"{alias}._rowid_"

    def random(self) -> str:
        return "RANDOM()"


SQLITE: Dialect = _Sqlite()
