"""Rows of saved views."""

from django.db import models

from organizations.staff.models import StaffMember
from organizations.tenancy.scoping import TenantModel


class SavedView(TenantModel):
    """Filters and order of a list of the back office, saved by a member of staff under a name. Only that member sees it.

    `query` has the parameters of the list's address, without the text of the search box and without a single customer: a view
    holds no personal data.
    """

    member = models.ForeignKey(StaffMember, on_delete=models.PROTECT, related_name="saved_views")
    list_name = models.CharField(max_length=60, db_collation="C", help_text="The list's model, as app.model")
    name = models.CharField(max_length=40)
    query = models.JSONField()

    class Meta:
        ordering = ["name", "pk"]
        permissions = [("export_lists", "Can export lists of the back office")]
        constraints = [
            models.UniqueConstraint(fields=["organization", "member", "list_name", "name"], name="saved_view_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name
