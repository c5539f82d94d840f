"""Check filters, rules and sorts against the catalog, remembering them by text and by shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from tenfold.filters.errors import FilterError
from tenfold.filters.lru import Lru
from tenfold.filters.macros import utc_now
from tenfold.filters.operands import Ordered
from tenfold.filters.parse import read
from tenfold.filters.plan import Plan, plan_sort, plan_test, plan_visibility
from tenfold.filters.predicate import Predicate, PredicateMaker, predicate_maker
from tenfold.filters.sorting import parse_sort
from tenfold.filters.tokens import check_size, split
from tenfold.filters.tree import Expression, SortKey
from tenfold.filters.values import Scalar
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Catalog, Collection

_texts: Lru[tuple[Any, ...], Checked] = Lru(2048)
_forms: Lru[tuple[Any, ...], Form] = Lru(1024)
_sorts: Lru[tuple[Any, ...], CheckedSort] = Lru(512)


@dataclass(eq=False)
class Form:
    """All filters of one shape on one collection: they differ in their constants only.

    `sample` are the constants of one of them. The keys of a sort in place of an expression
    stand for the condition that the client may list what it sorts by.
    Holds the catalog, so that its identity in the caches' keys can't be taken by another.
    """

    expression: Expression | tuple[SortKey, ...]
    sample: tuple[str | float, ...]
    collection: Collection
    catalog: Catalog
    hidden_allowed: bool
    _by_caller: dict[str, Plan] = field(default_factory=dict[str, Plan])

    @cached_property
    def guest_plan(self) -> Plan:
        return self._make(None)

    def plan(self, caller: Collection | None) -> Plan:
        """The checked expression for one kind of caller. Raises: FilterError."""
        if caller is None or not self.guest_plan.needs_caller:
            return self.guest_plan
        found = self._by_caller.get(caller.id)
        if found is None:
            found = self._by_caller[caller.id] = self._make(caller)
        return found

    def _make(self, caller: Collection | None) -> Plan:
        if isinstance(self.expression, tuple):
            plan = plan_visibility(self.expression, self.collection, caller, self.catalog)
            assert plan is not None
            return plan
        return plan_test(
            self.expression,
            len(self.sample),
            self.collection,
            caller,
            self.catalog,
            hidden_allowed=self.hidden_allowed,
        )

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """The plans of every kind of caller for whom there is one, by collection id."""
        plans = {"": self.guest_plan}
        if self.guest_plan.needs_caller:
            for collection in self.catalog.collections:
                if collection.type == "auth":
                    self._add(plans, collection)
        return plans

    def _add(self, plans: dict[str, Plan], collection: Collection) -> None:
        try:
            plans[collection.id] = self.plan(collection)
        except FilterError:
            return

    @cached_property
    def predicate_maker(self) -> PredicateMaker | None:
        return predicate_maker(self.collection, self.plans, self.sample)


@dataclass(frozen=True, eq=False)
class Checked:
    """A filter or rule whose every name is known. Immutable; remembered by `check`."""

    text: str
    form: Form
    constants: tuple[str | float, ...]

    @property
    def collection(self) -> Collection:
        return self.form.collection

    @property
    def collection_id(self) -> str:
        return self.form.collection.id

    @cached_property
    def dependencies(self) -> frozenset[str]:
        """The ids of the collections it reads beside its own record."""
        return frozenset(used for plan in self.form.plans.values() for used in plan.used)

    @property
    def reads(self) -> frozenset[str]:
        """The parts of the request it reads: "auth" is the caller's identity, "auth_record"
        any other field of the caller; the others bear their names in `@request`."""
        return self.form.guest_plan.reads

    @property
    def is_volatile(self) -> bool:
        """Whether the answer changes as time goes by."""
        return self.form.guest_plan.is_volatile

    @cached_property
    def predicate(self) -> Predicate | None:
        """A function that decides it from the record and the request alone, if one can."""
        maker = self.form.predicate_maker
        return maker(self.constants) if maker else None

    def bind(
        self, facts: RequestFacts, now: Callable[[], datetime] = utc_now
    ) -> tuple[Plan, list[Scalar]]:
        """The plan for a caller and all its values. Raises: FilterError."""
        plan = self.form.plan(facts.actor.record.collection if facts.actor else None)
        values: list[Scalar] = list(self.constants)
        for getter in plan.getters:
            values.append(getter(facts, now))
        return plan, values


@dataclass(frozen=True, eq=False)
class CheckedSort:
    """A sort whose every name is known.

    `guard`: what must hold for records that a client sorts so, beside its filter.
    """

    text: str = ""
    keys: tuple[Ordered, ...] = ()
    dependencies: frozenset[str] = frozenset()
    guard: Checked | None = None
    scope: tuple[Collection, Catalog] | None = field(default=None, repr=False)

    @property
    def is_volatile(self) -> bool:
        """Whether the order is left to chance."""
        return any(key.by == "random" for key in self.keys)


NO_SORT = CheckedSort()


def check(
    text: str, collection: Collection, catalog: Catalog, *, hidden_allowed: bool = False
) -> Checked:
    """Read and check a filter or rule. Raises: FilterError (nothing else).

    Rules, and the filters of superusers, may use hidden fields.
    """
    scope = (id(collection), id(catalog), hidden_allowed)
    known = _texts.find((text, scope))
    if known is not None:
        return known
    check_size(text)
    shape, constants = split(text)
    form = _forms.find((shape, scope))
    if form is None:
        expression, written = read(text)
        if written != constants:
            raise FilterError("the constants of the filter are ambiguous")
        form = Form(expression, constants, collection, catalog, hidden_allowed)
        _ = form.guest_plan
        _forms.put((shape, scope), form)
    checked = Checked(text, form, constants)
    _texts.put((text, scope), checked)
    return checked


def check_sort(
    text: str, collection: Collection, catalog: Catalog, *, hidden_allowed: bool = False
) -> CheckedSort:
    """Read and check a sort. Raises: FilterError (nothing else)."""
    if not text:
        return NO_SORT
    scope = (text, id(collection), id(catalog), hidden_allowed)
    known = _sorts.find(scope)
    if known is None:
        parsed = parse_sort(text)
        keys, used = plan_sort(parsed, collection, catalog, hidden_allowed=hidden_allowed)
        guard = None if hidden_allowed else _sort_guard(text, parsed, collection, catalog)
        known = CheckedSort(text, keys, used, guard, (collection, catalog))
        _sorts.put(scope, known)
    return known


def _sort_guard(
    text: str, keys: tuple[SortKey, ...], collection: Collection, catalog: Catalog
) -> Checked | None:
    if plan_visibility(keys, collection, None, catalog) is None:
        return None
    return Checked(text, Form(keys, (), collection, catalog, False), ())


def reserved(text: str) -> str | None:
    """What a filter or sort names that only superusers may, even inside quotes."""
    return next((word for word in ("@request.", "@collection.") if word in text), None)
