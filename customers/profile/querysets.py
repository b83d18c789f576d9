"""Querysets of rows that belong to customers."""

from typing import Self, TypeVar

from django.db import models
from django.db.models import Exists, OuterRef

from customers.profile.models import Customer
from organizations.tenancy.scoping import TenantManager

Row = TypeVar("Row", bound=models.Model)


class CustomerRows(models.QuerySet[Row]):
    """Rows that refer to their customer by the column `customer`. A merge keeps some of the victim's as history."""

    def unmerged(self) -> Self:
        """Rows of customers who were not merged into another one."""
        # Merged customers are few and have an index of their own.
        return self.filter(~Exists(Customer.objects.filter(pk=OuterRef("customer_id"), merged_into__isnull=False)))


CustomerRowsManager = TenantManager.from_queryset(CustomerRows)
