"""How do the rows of one kind become what a document names? Matched by natural key: made, changed, switched off, left alone.

What the document no longer names is switched off, never deleted; named again, it is switched on. Every difference becomes a
printed line with its YAML path and an audit entry; a secret appears in neither.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from organizations.audit.services import Change
from organizations.locations.models import Place, Till
from organizations.organization_file.differences import shown
from organizations.tenancy.models import Organization

Row = Any


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row that the document names. `values` by attribute; `secret` only if the document gives one."""

    key: Hashable
    path: str
    values: Mapping[str, Any]
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Where a kind of row keeps the hashes of its secret, and how they are made and proved."""

    word: str
    attributes: Sequence[str]
    put: Callable[[Row, str], None]
    proves: Callable[[Row, str], bool]
    missing: Callable[[Row], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One kind of row: its natural key, and where its attributes stand in the document."""

    model: type[Model]
    key_of: Callable[[Row], Hashable]
    told: Callable[[Row], str]
    words: Mapping[str, str] = field(default_factory=dict)
    related: Sequence[str] = ()
    secret: Secret | None = None


class RowChanges:
    """Brings tables to what a document names, and keeps what happened: printed `lines`, `notes`, and audited `changes`."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.lines: list[str] = []
        self.notes: list[str] = []
        self.changes: list[Change] = []

    def present(self, table: Table) -> dict[Hashable, Row]:
        """The organization's rows by natural key, in the model's own order."""
        rows = table.model._default_manager.filter(organization=self.organization)
        return {table.key_of(row): row for row in (rows.select_related(*table.related) if table.related else rows)}

    def bring(self, table: Table, wanted: Sequence[Wanted]) -> dict[Hashable, Row]:
        """Make the table what `wanted` says; returns the named rows by natural key."""
        present = self.present(table)
        named: dict[Hashable, Row] = {}
        new: list[Wanted] = []
        for want in wanted:
            if want.key in present:
                named[want.key] = present[want.key]
                self._change(table, present[want.key], want)
            else:
                named[want.key] = _unsaved(table, want, self.organization)
                new.append(want)
        table.model._default_manager.bulk_create([named[want.key] for want in new])
        for want in new:
            self._note_creation(table, named[want.key], want)
        for key, row in present.items():
            if key not in named and row.is_active:
                self._switch_off(table, row)
        for want in wanted:
            row = named[want.key]
            if table.secret and row.is_active and table.secret.missing(row):
                self.notes.append(f"{want.path}: has no {table.secret.word} and cannot log in")
        return named

    def note(self, row: Model, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Record a change of `row` that was made elsewhere, attribute by attribute of the document."""
        self.lines += [f"{path}.{word}: {shown(old[word])} -> {shown(new[word])}" for word in new]
        self._audit("changed", row, old=old, new=new)

    def _change(self, table: Table, row: Row, want: Wanted) -> None:
        different = {name: value for name, value in want.values.items() if getattr(row, name) != value}
        old = {table.words.get(name, name): plain(getattr(row, name)) for name in different}
        new = {table.words.get(name, name): plain(value) for name, value in different.items()}
        for name, value in different.items():
            setattr(row, name, value)
        self.lines += [f"{want.path}.{word}: {shown(old[word])} -> {shown(new[word])}" for word in new]
        attributes = list(different)
        if table.secret and want.secret is not None and not table.secret.proves(row, want.secret):
            table.secret.put(row, want.secret)
            attributes += table.secret.attributes
            self.lines.append(f"{want.path}.{table.secret.word}: changed")
            new[table.secret.word] = "changed"
        if attributes:
            row.save(update_fields=attributes)
            self._audit("changed", row, old=old, new=new)

    def _note_creation(self, table: Table, row: Row, want: Wanted) -> None:
        self.lines.append(f"{want.path}: created {table.told(row)}")
        new = {table.words.get(name, name): plain(value) for name, value in want.values.items()}
        if table.secret and want.secret is not None:
            new[table.secret.word] = "set"
        self._audit("created", row, old={}, new=new)

    def _switch_off(self, table: Table, row: Row) -> None:
        row.is_active = False
        row.save(update_fields=["is_active"])
        self.lines.append(f"{table.told(row)}: no longer named, deactivated")
        self._audit("deactivated", row, old={"active": True}, new={"active": False})

    def _audit(self, action: str, row: Model, *, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.changes.append(Change(action=action, object_type=str(row._meta.model_name), object_id=row.pk, old=old, new=new))


def _unsaved(table: Table, want: Wanted, organization: Organization) -> Row:
    row = table.model(organization=organization, **want.values)
    if table.secret and want.secret is not None:
        table.secret.put(row, want.secret)
    return row


def plain(value: Any) -> Any:
    """A value as JSON: a row (a place or a till) is told by its code."""
    return value.code if isinstance(value, Place | Till) else value
