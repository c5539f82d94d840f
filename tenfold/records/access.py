"""Who may do what: a collection's rules as conditions on records."""

from __future__ import annotations

from tenfold.errors import BadRequest, Forbidden, NotFound, RequestError
from tenfold.filters import Checked, FilterError, check
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Catalog, Collection, RuleName
from tenfold.schema.record import Record
from tenfold.store.contract import Reads
from tenfold.store.select import Condition

ONLY_SUPERUSERS = "Only superusers can perform this action."


def rule(collection: Collection, name: RuleName, catalog: Catalog) -> Checked | None:
    """The checked expression of a rule, or None when everyone passes.

    Raises: Forbidden when only superusers pass.
    """
    text = collection.rule(name)
    if text is None:
        raise Forbidden(ONLY_SUPERUSERS)
    return check(text, collection, catalog, hidden_allowed=True) if text.strip() else None


def conditions(
    collection: Collection, name: RuleName, catalog: Catalog, facts: RequestFacts
) -> tuple[Condition, ...]:
    """What a record must fulfil for this caller; nothing for superusers.

    Raises: Forbidden when only superusers pass; BadRequest or NotFound for a broken rule.
    """
    if facts.is_superuser:
        return ()
    try:
        checked = rule(collection, name, catalog)
    except FilterError as error:
        raise _unreadable(name) from error
    return () if checked is None else ((checked, facts),)


def _unreadable(name: RuleName) -> RequestError:
    return BadRequest() if name in ("list", "create") else NotFound()


async def allows(reads: Reads, record: Record, name: RuleName, facts: RequestFacts) -> bool:
    """Whether the caller passes a rule on this record.

    Raises: Forbidden when only superusers pass.
    """
    for condition in conditions(record.collection, name, reads.catalog, facts):
        try:
            if not await reads.holds(condition, record):
                return False
        except FilterError as error:
            raise _unreadable(name) from error
    return True


async def can_manage(reads: Reads, record: Record, facts: RequestFacts) -> bool:
    """Whether the caller has the manage rule's powers over an auth record."""
    if facts.is_superuser:
        return True
    options = record.collection.auth
    if options is None or not options.manage_rule:
        return False
    checked = check(options.manage_rule, record.collection, reads.catalog, hidden_allowed=True)
    return await reads.holds((checked, facts), record)
