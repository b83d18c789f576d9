"""How do rows follow their customer into another one, and back? Whatever an app has of customers says so in its list `MOVES`.

The list names every model whose rows go to the survivor of a merge, with what happens at each uniqueness that they may meet
there (docs/protocol.md 7, "Merge against a uniqueness"). What stays with the victim as history stands in the list `STAYS`, with
the reason; what needs more than a move has a service of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db.models import Exists, Model, OuterRef, QuerySet, UniqueConstraint

from organizations.tenancy.scoping import TenantModel


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedRows:
    """Rows of `model` go where `column` points.

    Where a uniqueness named in `gives_way` lets only one of them exist, the survivor's stays theirs, and the victim's is kept
    as the victim's history. Every uniqueness that the column is part of is named there.
    """

    model: type[TenantModel]
    column: str = "customer"
    gives_way: Sequence[str] = ()

    @property
    def label(self) -> str:
        """Under which the rows are noted."""
        return f"{self.model._meta.label_lower}.{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRows:
    """Rows of `model` that `column` ties to a customer do not move, because ..."""

    model: type[Model]
    column: str = "customer"
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """The rows that followed, by id, as they were right afterwards; `kept` are those that stayed with the victim."""

    ids: list[int]
    kept: list[int]
    digest: str


def move_rows(move: MovedRows, *, victim: int, survivor: int) -> Transfer:
    """Give the victim's rows to the survivor (ids), but for those of which the survivor has one. Call it under both locks."""
    rows = _rows(move).filter(**{f"{move.column}_id": victim}).order_by("pk")
    movable = rows
    for name in move.gives_way:
        movable = movable.exclude(_rival(move, name, {f"{move.column}_id": survivor}))
    ids = list(movable.values_list("pk", flat=True))
    _rows(move).filter(pk__in=ids).update(**{f"{move.column}_id": survivor})
    kept = list(rows.values_list("pk", flat=True))
    return Transfer(ids=ids, kept=kept, digest=digest_of(_rows(move).filter(pk__in=ids)))


def move_rows_back(move: MovedRows, ids: Sequence[int], *, victim: int) -> None:
    """Give these rows to the victim again. Call it under both locks, where nothing has touched the rows."""
    _rows(move).filter(pk__in=ids).update(**{f"{move.column}_id": victim})


def gave_way(move: MovedRows, kept: Sequence[int], *, to: Sequence[int]) -> bool:
    """Whether any of the rows `kept` stayed where it was because of one of the rows `to`, which had moved before."""
    return any(_rows(move).filter(_rival(move, name, {"pk__in": to}), pk__in=kept).exists() for name in move.gives_way)


def rows_changed(move: MovedRows, ids: Sequence[int], digest: str) -> bool:
    """Whether any of the rows is another one than when it moved, or gone."""
    return digest_of(_rows(move).filter(pk__in=ids)) != digest


def digest_of(rows: QuerySet[Any]) -> str:
    """A digest of the rows' stored columns, the same as long as nothing has changed in any of them."""
    columns = [one.attname for one in rows.model._meta.concrete_fields]
    return digest_values(rows.order_by("pk").values_list(*columns))


def digest_values(rows: Iterable[Any]) -> str:
    """A digest of values as the database gives them."""
    digest = sha256()
    for row in rows:
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _rows(move: MovedRows) -> QuerySet[Any]:
    return move.model._default_manager.all()


def _rival(move: MovedRows, name: str, among: Mapping[str, Any]) -> Exists:
    """The condition that there is a row among these, as the survivor's are, which this uniqueness lets exist only once."""
    constraint = next(one for one in move.model._meta.constraints if one.name == name)
    if not isinstance(constraint, UniqueConstraint):
        raise TypeError(f"{name} is no uniqueness")
    others = [one for one in constraint.fields if one not in {move.column, "organization"}]
    rivals = _rows(move).filter(**among, **{one: OuterRef(one) for one in others})
    if constraint.condition is not None:
        rivals = rivals.filter(constraint.condition)
    return Exists(rivals)
