"""Whom one change may reach and what they get; the same question is answered once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tenfold.errors import RequestError
from tenfold.filters import Checked, FilterError, check, reserved
from tenfold.realtime.audience import Group
from tenfold.realtime.clients import key_of
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection, RuleName
from tenfold.schema.record import Record
from tenfold.store.contract import Action, Store

Render = Callable[[Record, RequestFacts, str, str], Awaitable[bytes]]
"""The JSON object of a record as a caller sees it, given expand and fields."""

IsPersonal = Callable[[Collection], bool]
"""Whether callers may see a collection's records differently for reasons unknown here."""

_FROM_ACTOR = frozenset({"auth", "auth_record"})
_FROM_OPTIONS = frozenset({"query", "headers"})


class Reach:
    """The answers for one change. Not shared between changes: the data may differ."""

    def __init__(
        self, store: Store, render: Render, is_personal: IsPersonal, action: Action, record: Record
    ) -> None:
        self._store = store
        self._render = render
        self._record = record
        self._tail = b',"action":"' + action.encode() + b'"}\n\n'
        self._is_personal = is_personal(record.collection)
        self._rules: dict[RuleName, Checked | bool] = {}
        self._filters: dict[str, Checked | None] = {}
        self._passes: dict[Any, bool] = {}
        self._bodies: dict[Any, bytes] = {}
        self._frames: dict[Any, bytes] = {}

    async def frame(self, rule: RuleName, group: Group) -> bytes | None:
        """The frame for a group, or None when the rule keeps the record from it."""
        if not await self._allows(rule, group) or not await self._picks(group):
            return None
        view = self._view(group)
        key = (group.subscription.text, view)
        frame = self._frames.get(key)
        if frame is None:
            body = self._bodies.get(view)
            if body is None:
                body = self._bodies[view] = await self._body(group)
            head = group.subscription.frame_head
            frame = self._frames[key] = b"".join((head, b'data:{"record":', body, self._tail))
        return frame

    async def _allows(self, name: RuleName, group: Group) -> bool:
        facts = group.facts
        if facts.is_superuser:
            return True
        rule = self._rules.get(name)
        if rule is None:
            rule = self._rules[name] = self._rule(name)
        if isinstance(rule, bool):
            return rule
        return await self._holds(rule, group)

    async def _picks(self, group: Group) -> bool:
        """Whether the filter among a subscription's options picks the record."""
        text = group.subscription.filter
        if not text:
            return True
        if reserved(text) and not group.facts.is_superuser:
            return False
        if text not in self._filters:
            self._filters[text] = self._check(text, hidden_allowed=False)
        checked = self._filters[text]
        return checked is not None and await self._holds(checked, group)

    def _check(self, text: str, *, hidden_allowed: bool) -> Checked | None:
        """The expression, or None when it can't be read (any longer): nothing passes then."""
        collection, catalog = self._record.collection, self._store.catalog
        try:
            return check(text, collection, catalog, hidden_allowed=hidden_allowed)
        except FilterError:
            return None

    async def _holds(self, checked: Checked, group: Group) -> bool:
        """Ask once for all groups that differ only in what the expression does not read."""
        facts = group.facts
        key = (
            id(checked),
            key_of(facts.actor) if facts.actor and checked.reads & _FROM_ACTOR else None,
            group.subscription.text if checked.reads & _FROM_OPTIONS else None,
        )
        passes = self._passes.get(key)
        if passes is None:
            try:
                passes = await self._store.holds((checked, facts), self._record)
            except FilterError:
                # It names what this kind of caller does not have.
                passes = False
            self._passes[key] = passes
        return passes

    def _rule(self, name: RuleName) -> Checked | bool:
        text = self._record.collection.rule(name)
        if text is None or not text.strip():
            return text is not None
        # The schema may have moved on under the rule: nobody passes until it is mended.
        return self._check(text, hidden_allowed=True) or False

    def _view(self, group: Group) -> Any:
        """A key that groups share exactly when they see the same JSON."""
        subscription, actor = group.subscription, group.actor
        fields = subscription.fields
        if actor and actor.is_superuser and not subscription.expand and not self._is_personal:
            return "superuser", fields
        options = self._record.collection.auth
        is_managed = options is not None and bool(options.manage_rule)
        if subscription.expand or self._is_personal or is_managed:
            return group, fields
        is_own = actor is not None and key_of(actor) == (
            self._record.collection.id,
            self._record.id,
        )
        return is_own, fields

    async def _body(self, group: Group) -> bytes:
        facts, subscription = group.facts, group.subscription
        record = self._record.copy()
        try:
            body = await self._render(record, facts, subscription.expand, subscription.fields)
        except RequestError:
            # Options that can't be followed are left aside, as if they were not given.
            body = await self._render(self._record.copy(), facts, "", "")
        if b"\n" in body or b"\r" in body:
            # Only a JSON field's own layout has line breaks, and they would break the frame.
            return msgspec.json.format(body, indent=-1)
        return body
