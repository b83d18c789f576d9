"""Members of staff, with a role in one organization, perhaps limited to some of its stores."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from organizations.locations.models import Store
from organizations.tenancy.models import Organization


class StaffMember(AbstractUser):
    """A log-in of the back office. Without an organization: an operator of the installation, who must be a superuser."""

    class Role(models.TextChoices):
        ORG_ADMIN = "org_admin", "organization administrator"
        STORE_MANAGER = "store_manager", "store manager"
        STORE_STAFF = "store_staff", "store staff"
        CARE_AGENT = "care_agent", "customer care agent"
        AUDITOR = "auditor", "auditor"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="staff")
    role = models.CharField(max_length=20, choices=Role, blank=True)
    stores = models.ManyToManyField(Store, blank=True, related_name="staff", help_text="None: every store of the organization")

    class Meta(AbstractUser.Meta):
        verbose_name = "member of staff"
        verbose_name_plural = "staff"
        permissions = [
            ("view_personal_data", "Can see the personal data of every customer in sight"),
            ("reveal_personal_data", "Can see the personal data of one customer at a time, for a reason"),
        ]
        constraints = [
            models.CheckConstraint(
                name="staff_has_organization_or_is_superuser",
                condition=models.Q(organization__isnull=False, is_superuser=False)
                | models.Q(is_superuser=True, organization=None),
            )
        ]
