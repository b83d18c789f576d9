"""At which other sources is a customer known? Profiles at WeChat, a web shop, an app."""

from django.db import models

from customers.profile.models import Customer
from organizations.tenancy.scoping import TenantModel


class SourceProfile(TenantModel):
    """A customer's account at a source; `account` tells several accounts of the organization there apart."""

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
