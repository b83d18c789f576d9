"""Rows of one table made equal to what a document names: created, changed, switched off or left alone.

Rows are matched by natural key. A row that the document no longer names is switched off, never deleted; named again, it is
switched on. Every difference becomes a printed line with its YAML path and an audit entry. Secrets appear in neither.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.db.models import Model

from organizations.audit.services import Change
from organizations.organization_file.differences import shown
from organizations.tenancy.models import Organization

Row = Any


@dataclass(frozen=True, slots=True)
class WantedRow:
    """A row that the document names. `values` by attribute; `secret` only if the document gives one."""

    key: Hashable
    path: str
    values: Mapping[str, Any]
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """The secret of a kind of row: its key in the file, the attributes with its hashes, and how it is set and verified."""

    key: str
    attributes: Sequence[str]
    set: Callable[[Row, str], None]
    matches: Callable[[Row, str], bool]
    is_missing: Callable[[Row], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One kind of row: its natural key, its label in printed lines, and the file's keys of attributes named otherwise."""

    model: type[Model]
    key_of: Callable[[Row], Hashable]
    label: Callable[[Row], str]
    file_keys: Mapping[str, str] = field(default_factory=lambda: {"is_active": "active"})
    related: Sequence[str] = ()
    secret: Secret | None = None

    def by_file_key(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values` under the file's keys, as JSON."""
        return {self.file_keys.get(name, name): plain(value) for name, value in values.items()}


class RowChanges:
    """Applies a document to tables and collects the result: printed `lines`, `notes`, and audited `changes`.

    `is_new`: the organization was created in this transaction and has no rows but those applied here.
    """

    def __init__(self, organization: Organization, *, is_new: bool = False) -> None:
        self.organization, self.is_new = organization, is_new
        self.lines: list[str] = []
        self.notes: list[str] = []
        self.changes: list[Change] = []
        self._applied: dict[type[Model], dict[Hashable, Row]] = {}

    def existing(self, table: Table) -> dict[Hashable, Row]:
        """The organization's rows by natural key, in the model's own order."""
        if self.is_new and table.model not in self._applied:
            return {}
        rows = table.model._default_manager.filter(organization=self.organization)
        return {table.key_of(row): row for row in (rows.select_related(*table.related) if table.related else rows)}

    def applied(self, table: Table) -> Mapping[Any, Row]:
        """The rows that the document names, by natural key, once the table was applied."""
        return self._applied[table.model]

    def apply(self, table: Table, wanted: Sequence[WantedRow]) -> dict[Hashable, Row]:
        """Make the table equal to `wanted`; returns the named rows by natural key."""
        existing = self.existing(table)
        named: dict[Hashable, Row] = {}
        new: list[WantedRow] = []
        for want in wanted:
            if want.key in existing:
                named[want.key] = existing[want.key]
                self._change(table, existing[want.key], want)
            else:
                named[want.key] = _unsaved(table, want, self.organization)
                new.append(want)
        table.model._default_manager.bulk_create([named[want.key] for want in new])
        for want in new:
            self._record_creation(table, named[want.key], want)
        for key, row in existing.items():
            if key not in named and row.is_active:
                self._switch_off(table, row)
        for want in wanted:
            row = named[want.key]
            if table.secret and row.is_active and table.secret.is_missing(row):
                self.notes.append(f"{want.path}: has no {table.secret.key} and cannot log in")
        self._applied[table.model] = named
        return named

    def record_change(self, row: Model, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Record a change of `row` that the caller made; `old` and `new` by the file's keys."""
        self.lines += [f"{path}.{key}: {shown(old[key])} -> {shown(new[key])}" for key in new]
        self._audit("changed", row, old=old, new=new)

    def _change(self, table: Table, row: Row, want: WantedRow) -> None:
        different = {name: value for name, value in want.values.items() if getattr(row, name) != value}
        old = table.by_file_key({name: getattr(row, name) for name in different})
        new = table.by_file_key(different)
        for name, value in different.items():
            setattr(row, name, value)
        self.lines += [f"{want.path}.{key}: {shown(old[key])} -> {shown(new[key])}" for key in new]
        attributes = list(different)
        if table.secret and want.secret is not None and not table.secret.matches(row, want.secret):
            table.secret.set(row, want.secret)
            attributes += table.secret.attributes
            self.lines.append(f"{want.path}.{table.secret.key}: changed")
            new[table.secret.key] = "changed"
        if attributes:
            row.save(update_fields=attributes)
            self._audit("changed", row, old=old, new=new)

    def _record_creation(self, table: Table, row: Row, want: WantedRow) -> None:
        self.lines.append(f"{want.path}: created {table.label(row)}")
        new = table.by_file_key(want.values)
        if table.secret and want.secret is not None:
            new[table.secret.key] = "set"
        self._audit("created", row, old={}, new=new)

    def _switch_off(self, table: Table, row: Row) -> None:
        row.is_active = False
        row.save(update_fields=["is_active"])
        self.lines.append(f"{table.label(row)}: no longer named, deactivated")
        self._audit("deactivated", row, old={"active": True}, new={"active": False})

    def _audit(self, action: str, row: Model, *, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.changes.append(Change(action=action, object_type=str(row._meta.model_name), object_id=row.pk, old=old, new=new))


def _unsaved(table: Table, want: WantedRow, organization: Organization) -> Row:
    row = table.model(organization=organization, **want.values)
    if table.secret and want.secret is not None:
        table.secret.set(row, want.secret)
    return row


def plain(value: Any) -> Any:
    """A value as JSON: a row that another one refers to is printed as its code."""
    return cast("Any", value).code if isinstance(value, Model) else value
