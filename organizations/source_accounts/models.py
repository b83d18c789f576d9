"""Accounts of the organization at other sources, for example at WeChat."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class SourceAccount(TenantModel):
    """An account of the organization at another source, for example its WeChat account."""

    source = models.CharField(max_length=20, db_collation="C")
    account = models.CharField(max_length=100, db_collation="C")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["source", "account"]
        constraints = [models.UniqueConstraint(fields=["organization", "source", "account"], name="source_account_unique")]

    def __str__(self) -> str:
        return f"{self.source} {self.account}"
