"""Does any row refer to a row of another organization? Asked of every foreign key.

The catalogue of models says which there are, so a new table is never forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.apps import apps
from django.db.models import F, ForeignKey, Model, Q

from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True)
class TenantReference:
    """Two ways from a row of `model` to an organization (ORM paths to its id), which must lead to the same one."""

    model: type[Model]
    left: str
    right: str

    def __str__(self) -> str:
        return f"{self.model._meta.label}: {self.left} and {self.right}"


@dataclass(frozen=True, slots=True)
class CrossingRow:
    """A row for which the two ways of `reference` end at different organizations (their ids)."""

    reference: TenantReference
    pk: Any
    left: int
    right: int

    def __str__(self) -> str:
        found = self.reference
        return f"{found.model._meta.label} {self.pk}: {found.left} is {self.left}, but {found.right} is {self.right}"


def tenant_references() -> list[TenantReference]:
    """Every pair of ways to an organization that one row has: its own column, and one for each tenant row it refers to.

    Tables that join two tenant tables (many-to-many) have no column of their own: there the two sides are compared.
    """
    references: list[TenantReference] = []
    for model in apps.get_models(include_auto_created=True):
        keys = [key for key in model._meta.concrete_fields if isinstance(key, ForeignKey)]
        own = [key.attname for key in keys if key.related_model is Organization]
        through = [f"{key.name}__{name}" for key in keys for name in _organization_columns(key.related_model)]
        if own:
            references += [TenantReference(model, left, right) for left in own for right in through]
        else:
            references += [TenantReference(model, left, right) for left, right in combinations(through, 2)]
    return references


def references_across_tenants() -> Iterator[CrossingRow]:
    """Every row that refers to a row of another organization; a row without an organization belongs to nobody and may."""
    for found in tenant_references():
        # The base manager knows no scope: this is the one question that is asked of all tenants at once.
        rows = found.model._base_manager.filter(
            Q(**{f"{found.left}__lt": F(found.right)}) | Q(**{f"{found.left}__gt": F(found.right)})
        )
        for pk, left, right in rows.order_by("pk").values_list("pk", found.left, found.right):
            yield CrossingRow(found, pk, left, right)


def _organization_columns(model: Any) -> list[str]:
    return [
        key.attname for key in model._meta.concrete_fields if isinstance(key, ForeignKey) and key.related_model is Organization
    ]
