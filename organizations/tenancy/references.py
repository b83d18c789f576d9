"""References across organizations: a check of every foreign key.

The keys are found in Django's registry of models, so that a new table is never forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.apps import apps
from django.db.models import F, ForeignKey, Model, Q

from loyalty_project.db.whole_reads import whole_read
from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True)
class TenantReference:
    """Two ORM paths from a row of `model` to an organization's id, which must be equal."""

    model: type[Model]
    left: str
    right: str

    def __str__(self) -> str:
        return f"{self.model._meta.label}: {self.left} and {self.right}"


@dataclass(frozen=True, slots=True)
class CrossingRow:
    """A row for which the two paths of `reference` lead to different organizations (their ids)."""

    reference: TenantReference
    pk: Any
    left: int
    right: int

    def __str__(self) -> str:
        reference = self.reference
        label = reference.model._meta.label
        return f"{label} {self.pk}: {reference.left} is {self.left}, but {reference.right} is {self.right}"


def tenant_references() -> list[TenantReference]:
    """Every pair of paths from a row to an organization: its own column, and one for each tenant row it refers to.

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
    """Every row that refers to a row of another organization. Rows without an organization may refer to any."""
    for reference in tenant_references():
        # The base manager has no scope: this check covers all tenants.
        rows = reference.model._base_manager.filter(
            Q(**{f"{reference.left}__lt": F(reference.right)}) | Q(**{f"{reference.left}__gt": F(reference.right)})
        )
        with whole_read():
            crossing = list(rows.order_by("pk").values_list("pk", reference.left, reference.right))
        for pk, left, right in crossing:
            yield CrossingRow(reference, pk, left, right)


def _organization_columns(model: Any) -> list[str]:
    return [
        key.attname for key in model._meta.concrete_fields if isinstance(key, ForeignKey) and key.related_model is Organization
    ]
