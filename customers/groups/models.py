"""Rows of user groups, for example families, and their members."""

from typing import ClassVar

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from organizations.tenancy.scoping import TenantModel


class UserGroup(TenantModel):
    """Customers who belong together. A customer may be in several groups (docs/protocol.md 4.5)."""

    external_id = models.CharField(max_length=100, db_collation="C", help_text="Its id in the retailer's own system")
    name = models.CharField(max_length=200, db_collation="C")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["external_id"]
        verbose_name = "user group"
        constraints = [models.UniqueConstraint(fields=["organization", "external_id"], name="user_group_external_id_unique")]

    def __str__(self) -> str:
        return self.name


class GroupMembership(TenantModel):
    """A customer in a group. A group has at most one primary member."""

    class Role(models.TextChoices):
        PRIMARY = "PRIMARY", "primary"
        MEMBER = "MEMBER", "member"

    group = models.ForeignKey(UserGroup, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="group_memberships", db_index=False)
    role = models.CharField(max_length=7, choices=Role, default=Role.MEMBER)

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "group", "customer"], name="group_membership_unique"),
            models.UniqueConstraint(
                fields=["organization", "group"], condition=models.Q(role="PRIMARY"), name="group_membership_one_primary"
            ),
        ]
        indexes = [models.Index(fields=["organization", "customer"], name="group_membership_of_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} in {self.group_id}"
