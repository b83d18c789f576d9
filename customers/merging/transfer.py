"""Rows that follow their customer in a merge, and back when it is undone.

Each app lists in its `merge_policy` every model with a customer. `MOVED` go to the survivor, with the unique constraints that
they may violate there (docs/protocol.md 7, "Merge against a uniqueness"). `KEPT` stay with the victim, with the reason.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, UniqueConstraint

from organizations.tenancy.scoping import TenantModel


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedRows:
    """Rows of `model` whose `column` is set to the survivor.

    `conflicts` names every unique constraint with that column, conditional ones included. If a row would violate one, the
    survivor's row counts, and the victim's row stays with the victim as history. Digests leave out the columns `undigested`, so
    that merges can still be undone: those that were added after merges had been recorded, and those that other systems change
    at any time.
    """

    model: type[TenantModel]
    column: str = "customer"
    conflicts: Sequence[str] = ()
    undigested: Sequence[str] = ()

    @property
    def label(self) -> str:
        """Key of the rows in `Merge.moved`."""
        return f"{self.model._meta.label_lower}.{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRows:
    """Rows of `model` that do not follow their customer, with the reason."""

    model: type[Model]
    column: str = "customer"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Result of a move: ids of moved rows, ids of rows kept with the victim, digest of the moved rows."""

    ids: list[int]
    kept: list[int]
    digest: str


def move_rows(move: MovedRows, *, victim: int, survivor: int) -> Transfer:
    """Move the victim's rows to the survivor, except those in conflict. Call it under the locks of both customers."""
    rows = _rows(move).filter(**{f"{move.column}_id": victim}).order_by("pk")
    movable = rows
    for name in move.conflicts:
        movable = movable.exclude(_rival(move, name, {f"{move.column}_id": survivor}))
    ids = list(movable.values_list("pk", flat=True))
    _rows(move).filter(pk__in=ids).update(**{f"{move.column}_id": survivor})
    kept = list(rows.values_list("pk", flat=True))
    return Transfer(ids=ids, kept=kept, digest=_digest_of_moved(move, ids))


def move_rows_back(move: MovedRows, ids: Sequence[int], *, victim: int) -> None:
    """Move these rows back to the victim. Call it under both locks, if the rows are unchanged (`rows_changed`)."""
    _rows(move).filter(pk__in=ids).update(**{f"{move.column}_id": victim})


def was_blocked_by(move: MovedRows, kept: Sequence[int], *, earlier: Sequence[int]) -> bool:
    """True if one of the rows `kept` conflicts with one of the rows that an `earlier` merge moved (ids)."""
    return any(_rows(move).filter(_rival(move, name, {"pk__in": earlier}), pk__in=kept).exists() for name in move.conflicts)


def rows_changed(move: MovedRows, ids: Sequence[int], digest: str) -> bool:
    """True if any of the rows was changed or deleted since it moved."""
    return _digest_of_moved(move, ids) != digest


def digest_of(rows: QuerySet[Any], *, without: Collection[str] = ()) -> str:
    """Digest of the rows' columns except `without`: equal as long as no row changes."""
    columns = [column.attname for column in rows.model._meta.concrete_fields if column.attname not in without]
    return digest_values(rows.order_by("pk").values_list(*columns))


def digest_values(rows: Iterable[Any]) -> str:
    """Digest of values as the database returns them."""
    digest = sha256()
    for row in rows:
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _digest_of_moved(move: MovedRows, ids: Sequence[int]) -> str:
    return digest_of(_rows(move).filter(pk__in=ids), without=move.undigested)


def _rows(move: MovedRows) -> QuerySet[Any]:
    return move.model._default_manager.all()


def _rival(move: MovedRows, name: str, among: Mapping[str, Any]) -> Q:
    """Condition that a row and one of the rows `among` violate a unique constraint together."""
    constraint = next(candidate for candidate in move.model._meta.constraints if candidate.name == name)
    if not isinstance(constraint, UniqueConstraint):
        raise TypeError(f"{name} is not a unique constraint")
    columns = [column for column in constraint.fields if column not in {move.column, "organization"}]
    rivals = _rows(move).filter(**among, **{column: OuterRef(column) for column in columns})
    if constraint.condition is None:
        return Q(Exists(rivals))
    return constraint.condition & Q(Exists(rivals.filter(constraint.condition)))
