"""Which rows are of customers who stand? A merge keeps some with the victim as history: lists and counts leave them out."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from customers.profile.models import Customer


def of_standing(rows: QuerySet[Any], *, column: str = "customer") -> QuerySet[Any]:
    """Those of the rows whose `column` refers to a customer who was not merged into another one."""
    # Those who were merged are few, and have an index of their own.
    return rows.filter(~Exists(Customer.objects.filter(pk=OuterRef(f"{column}_id"), merged_into__isnull=False)))
