"""Rows of tenants as instances, by conditions written by hand: what hot paths read without the ORM's compiler."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json import loads
from typing import Any, Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.base import ModelState

from loyalty_project.db.locks import for_update
from loyalty_project.db.statements import Rows, fetch_written
from organizations.tenancy.scoping import TenantModel, spans_organizations
from organizations.tenancy.statements import fetch_rows, fetch_written_rows

_ORGANIZATION: Final = "%(organization)s"
Row = TypeVar("Row", bound=TenantModel)


def read_rows(
    model: type[Row],
    condition: str,
    values: Mapping[str, Any],
    *,
    related: Sequence[str] = (),
    further: Sequence[tuple[str, str]] = (),
    order: str = "stored.id",
) -> list[Row]:
    """The rows in scope that meet `condition`, which calls them `stored`: one statement. Raises `OutsideScopeError`.

    `condition` and `order` are constants: the statement is composed once a process, and prepared. Rows of the foreign keys
    `related` come with them, and are called by the key's name; `further` are attributes with their expressions.
    """
    reading = _reading_of(model, condition, tuple(related), tuple(further), order)
    return [reading.instance(row) for row in fetch_stored(reading.statement, values)]


def lock_rows(
    model: type[Row], condition: str, values: Mapping[str, Any], *, further: Sequence[tuple[str, str]] = ()
) -> list[Row]:
    """The same rows, locked for update in the order of their ids (`loyalty_project.db.locks`)."""
    reading = _reading_of(model, condition, (), tuple(further), "")
    return [reading.instance(row) for row in fetch_stored(reading.statement, values, locks=True)]


def fetch_stored(statement: str, values: Mapping[str, Any], *, locks: bool = False) -> Rows:
    """The rows of a constant statement on tenants' rows that it calls `stored`, in the scope of one organization or of several.

    One that `locks` rows is never repeated. Raises `OutsideScopeError`.
    """
    if spans_organizations():
        return fetch_written(_of_all(statement), values)
    return (fetch_written_rows if locks else fetch_rows)(statement, values)


@lru_cache(maxsize=500)
def _of_all(statement: str) -> str:
    return statement.replace(_ORGANIZATION, "stored.organization_id")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a model in a statement, from `first` on."""

    model: type[models.Model]
    names: Sequence[str]
    converted: Mapping[str, Callable[[Any], Any]]
    key: int
    first: int

    def instance(self, row: Sequence[Any]) -> Any:
        """The row as an instance; None for a related one that there is not."""
        if row[self.first + self.key] is None:
            return None
        made = self.model.__new__(self.model)
        made._state = state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        values = made.__dict__
        values.update(zip(self.names, row[self.first :], strict=False))
        for name, convert in self.converted.items():
            if values[name] is not None:
                values[name] = convert(values[name])
        return made


@dataclass(frozen=True, slots=True)
class _Reading:
    """A composed statement, and how its rows become instances."""

    statement: str
    own: Columns
    related: Sequence[tuple[Any, Columns]]
    further: Sequence[str]

    def instance(self, row: Sequence[Any]) -> Any:
        made = self.own.instance(row)
        if self.further:
            made.__dict__.update(zip(self.further, row[-len(self.further) :], strict=True))
        for field, columns in self.related:
            field.set_cached_value(made, columns.instance(row))
        return made


@lru_cache(maxsize=500)
def _reading_of(
    model: type[TenantModel],
    condition: str,
    related: tuple[str, ...],
    further: tuple[tuple[str, str], ...],
    order: str,
) -> _Reading:
    """The reading in this order; with a lock on the rows if there is none."""
    own = columns_of(model, 0)
    written = listed(model, "stored")
    joins, keys = [], []
    for name in related:
        field: Any = model._meta.get_field(name)
        keys.append((field, columns_of(field.related_model, len(written))))
        written += listed(field.related_model, name)
        joins.append(
            f'LEFT JOIN "{field.related_model._meta.db_table}" AS {name}'
            f' ON {name}.organization_id = %(organization)s AND {name}.id = stored."{field.column}"'
        )
    written += [expression for _, expression in further]
    statement = (
        f'SELECT {", ".join(written)} FROM "{model._meta.db_table}" AS stored {" ".join(joins)}'  # noqa: S608 - constants
        f" WHERE stored.organization_id = %(organization)s AND ({condition})"
    )
    text = f"{statement} ORDER BY {order}" if order else for_update(statement, "stored")
    return _Reading(text, own, keys, [name for name, _ in further])


def listed(model: type[models.Model], alias: str) -> list[str]:
    """The columns of a model in a statement that calls its rows `alias`."""
    return [f'{alias}."{field.column}"' for field in model._meta.concrete_fields]


def columns_of(model: type[models.Model], first: int) -> Columns:
    """The columns of a model in the order of `listed`."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    converted = {field.attname: convert for field in fields if (convert := _conversion(field)) is not None}
    return Columns(model, names, converted, names.index(model._meta.pk.attname), first)


def _conversion(field: Any) -> Callable[[Any], Any] | None:
    """What Django makes of a value of this column; None if nothing."""
    if isinstance(field, models.JSONField) and field.decoder is None:
        return loads
    if hasattr(field, "from_db_value"):
        return lambda value: field.from_db_value(value, None, connection)
    return None
