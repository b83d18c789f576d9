"""Changes of members' tiers. The database refuses to change or delete one."""

from django.db import models

from engagement.bills.models import Bill
from engagement.programs.models import Membership, ProgramVersion, Tier
from engagement.tiers.rules import ChangeKind
from organizations.locations.models import Store
from organizations.tenancy.scoping import TenantModel


class TierChange(TenantModel):
    """An upgrade, a downgrade or a renewal of a member's tier (docs/protocol.md 4.5, `slab_history`).

    The first tier of a member leaves no row. `explanation` has what the rules compared.
    """

    class Kind(models.TextChoices):
        UPGRADE = ChangeKind.UPGRADE.value, "upgrade"
        DOWNGRADE = ChangeKind.DOWNGRADE.value, "downgrade"
        RENEW = ChangeKind.RENEW.value, "renewal"

    class Cause(models.TextChoices):
        RULES = "RULES", "the program's rules"
        STAFF = "STAFF", "a member of staff"
        IMPORT = "IMPORT", "an import"
        MERGE = "MERGE", "a merge"

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="tier_changes", db_index=False)
    kind = models.CharField(max_length=9, choices=Kind)
    cause = models.CharField(max_length=6, choices=Cause, default=Cause.RULES)
    from_tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+", db_index=False)
    to_tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+", db_index=False)
    from_expires_on = models.DateField(null=True, blank=True, help_text="Last day of the tier before; blank: it never ended")
    to_expires_on = models.DateField(null=True, blank=True, help_text="Last day as of the change; blank: it never ends")
    changed_at = models.DateTimeField(help_text="When it happened")
    recorded_at = models.DateTimeField(help_text="When it was written here")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    program_version = models.ForeignKey(
        ProgramVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    note = models.CharField(max_length=250, blank=True)
    made_by = models.CharField(max_length=150, help_text="Till, client, member of staff or command")
    explanation = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                # Several validities may end in one moment: after a grace that outlasts them.
                fields=["organization", "membership", "changed_at", "to_tier", "kind", "to_expires_on"],
                name="tier_change_unique",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.membership_id}"
