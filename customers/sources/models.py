"""Rows of customers' accounts at other sources."""

from django.db import models

from customers.profile.models import Customer
from organizations.tenancy.scoping import TenantModel


class SourceProfile(TenantModel):
    """A customer's account at a source (WeChat, a web shop, an app).

    `account` names the organization's own account there, of which it may have several.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="source_profiles", db_index=False)
    source = models.CharField(max_length=20, db_collation="C")
    account = models.CharField(max_length=100, blank=True, db_collation="C")

    class Meta:
        ordering = ["source", "account"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "source", "account"], name="source_profile_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.account}".strip()
