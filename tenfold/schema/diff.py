"""From an old description to a new one: the steps that a table has to take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.fields import Field
from tenfold.schema.view_query import mentioned_names


@dataclass(frozen=True, slots=True)
class CreateTable:
    collection: Collection


@dataclass(frozen=True, slots=True)
class DropTable:
    name: str


@dataclass(frozen=True, slots=True)
class RenameTable:
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class AddColumn:
    table: str
    field: Field


@dataclass(frozen=True, slots=True)
class DropColumn:
    table: str
    name: str


@dataclass(frozen=True, slots=True)
class RenameColumn:
    table: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ConvertColumn:
    """Bring a column's values from one field's form to another's; `name` stays."""

    table: str
    name: str
    old: Field
    new: Field


@dataclass(frozen=True, slots=True)
class CreateIndex:
    table: str
    text: str


@dataclass(frozen=True, slots=True)
class DropIndex:
    table: str
    text: str


@dataclass(frozen=True, slots=True)
class CreateView:
    collection: Collection


@dataclass(frozen=True, slots=True)
class DropView:
    name: str


Step = (
    CreateTable
    | DropTable
    | RenameTable
    | AddColumn
    | DropColumn
    | RenameColumn
    | ConvertColumn
    | CreateIndex
    | DropIndex
    | CreateView
    | DropView
)


def diff(before: Collection | None, after: Collection | None) -> list[Step]:
    """The steps from `before` (None: not there yet) to `after` (None: gone), in order.

    A field is known by its id; one that takes the name of a field that goes also takes its
    values, as far as they can be converted.
    """
    if after is None:
        return _drop(before)
    if before is None or before.type != after.type:
        return [*_drop(before), *_create(after)]
    if after.type == "view":
        # What a view looks like follows from its query alone.
        is_same = (before.name, before.view_query) == (after.name, after.view_query)
        return [] if is_same else [DropView(before.name), CreateView(after)]
    return _alter(before, after)


def _drop(before: Collection | None) -> list[Step]:
    if before is None:
        return []
    return [DropView(before.name) if before.type == "view" else DropTable(before.name)]


def _create(after: Collection) -> list[Step]:
    if after.type == "view":
        return [CreateView(after)]
    return [CreateTable(after), *(CreateIndex(after.name, text) for text in after.indexes)]


def _alter(before: Collection, after: Collection) -> list[Step]:
    table = after.name
    steps: list[Step] = []
    if before.name != after.name:
        steps.append(RenameTable(before.name, after.name))
    kept = _pairs(before.fields, after.fields)
    columns = _column_steps(table, before.fields, after.fields, kept)
    # Columns under an index can't be dropped, and an index may speak of any column.
    is_kept = not columns and before.indexes == after.indexes
    if is_kept:
        return steps
    steps += [DropIndex(table, text) for text in before.indexes]
    steps += columns
    return [*steps, *(CreateIndex(table, text) for text in after.indexes)]


def _pairs(old: Iterable[Field], new: Iterable[Field]) -> list[tuple[Field, Field]]:
    """Which old field's values each new field goes on with."""
    by_id = {field.id: field for field in old}
    new = list(new)
    pairs = [(by_id.pop(field.id), field) for field in new if field.id in by_id]
    taken = {field.id for _, field in pairs}
    by_name = {field.name.lower(): field for field in by_id.values()}
    for field in new:
        if field.id not in taken and field.name.lower() in by_name:
            pairs.append((by_name.pop(field.name.lower()), field))
    return pairs


def _column_steps(
    table: str,
    old: tuple[Field, ...],
    new: tuple[Field, ...],
    pairs: list[tuple[Field, Field]],
) -> list[Step]:
    kept_old = {before.id for before, _ in pairs}
    kept_new = {after.id for _, after in pairs}
    return [
        *(DropColumn(table, field.name) for field in old if field.id not in kept_old),
        *_renames(table, pairs),
        *(
            ConvertColumn(table, after.name, before, after)
            for before, after in pairs
            if needs_conversion(before, after)
        ),
        *(AddColumn(table, field) for field in new if field.id not in kept_new),
    ]


def _renames(table: str, pairs: list[tuple[Field, Field]]) -> list[Step]:
    """Rename in two moves where one's new name is another's old one, or differs in case only."""
    changed = [(before.name, after.name) for before, after in pairs if before.name != after.name]
    olds = {old.lower() for old, _ in changed}
    if all(new.lower() not in olds for _, new in changed):
        return [RenameColumn(table, old, new) for old, new in changed]
    # No field can have these names: they would be the revision's.
    waiting = [f"_rev_{at}" for at in range(len(changed))]
    first = (RenameColumn(table, old, w) for (old, _), w in zip(changed, waiting, strict=True))
    second = (RenameColumn(table, w, new) for (_, new), w in zip(changed, waiting, strict=True))
    return [*first, *second]


def needs_conversion(before: Field, after: Field) -> bool:
    """Whether values of one field can't simply be those of the other."""
    return before.storage is not after.storage or before.type != after.type


def plan(
    catalog: Catalog, saved: Iterable[Collection], removed: Iterable[Collection] = ()
) -> list[Step]:
    """All steps that bring the tables of `catalog` to new descriptions, in a safe order.

    Views stand aside while the tables beneath them change, whether they change or not.
    """
    saved, removed = list(saved), list(removed)
    steps = [step for c in removed for step in diff(catalog.by_id.get(c.id), None)]
    steps += [step for c in saved for step in diff(catalog.by_id.get(c.id), c)]
    dropped = {step.name: step for step in steps if isinstance(step, DropView)}
    created = {step.collection.id: step for step in steps if isinstance(step, CreateView)}
    rest: list[Step] = [s for s in steps if not isinstance(s, DropView | CreateView)]
    gone = {c.id for c in removed}
    stay = catalog.without(removed).replace(saved).collections
    for view in affected_views(stay, {name for step in steps for name in _touched(step)}):
        if view.id in catalog.by_id and view.id not in gone:
            old = catalog.by_id[view.id]
            dropped.setdefault(old.name, DropView(old.name))
            created.setdefault(view.id, CreateView(view))
    views = views_in_order(step.collection for step in created.values())
    return [*dropped.values(), *_free_names(rest), *(CreateView(view) for view in views)]


def _touched(step: Step) -> tuple[str, ...]:
    """The tables and views whose readers can't stay while a step is taken."""
    match step:
        case CreateTable() | CreateIndex() | DropIndex() | CreateView():
            return ()
        case RenameTable():
            return (step.old, step.new)
        case DropTable() | DropView():
            return (step.name,)
        case _:
            return (step.table,)


def affected_views(collections: Iterable[Collection], names: Iterable[str]) -> list[Collection]:
    """The views that read from any of the names, or from views that do; sources first."""
    touched = {name.lower() for name in names}
    affected: list[Collection] = []
    if not touched:
        return affected
    for view in views_in_order(c for c in collections if c.type == "view"):
        if not touched.isdisjoint(mentioned_names(view.view_query)):
            touched.add(view.name.lower())
            affected.append(view)
    return affected


def views_in_order(views: Iterable[Collection]) -> list[Collection]:
    """Views after those that they read."""
    waiting = {view.name.lower(): view for view in views}
    ordered: list[Collection] = []
    while waiting:
        first = waiting.pop(next(iter(waiting)))
        under_way = [(first, iter(mentioned_names(first.view_query)))]
        while under_way:
            view, names = under_way[-1]
            below = next((waiting.pop(name) for name in names if name in waiting), None)
            if below is None:
                ordered.append(view)
                under_way.pop()
            else:
                under_way.append((below, iter(mentioned_names(below.view_query))))
    return ordered


def _free_names(steps: Sequence[Step]) -> list[Step]:
    """Drop tables before others take their names, and rename them before new ones do."""
    drops = [step for step in steps if isinstance(step, DropTable)]
    renames = [step for step in steps if isinstance(step, RenameTable)]
    rest = [step for step in steps if not isinstance(step, DropTable | RenameTable)]
    olds = {step.old.lower() for step in renames}
    if any(step.new.lower() in olds for step in renames):
        waiting = [f"_rev_{at}" for at in range(len(renames))]
        pairs = list(zip(renames, waiting, strict=True))
        first = [RenameTable(step.old, w) for step, w in pairs]
        renames = [*first, *(RenameTable(w, step.new) for step, w in pairs)]
    return [*drops, *renames, *rest]
