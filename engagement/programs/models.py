"""Loyalty programs, versions of their rules, tiers and memberships."""

from functools import cached_property
from typing import ClassVar

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from engagement.programs.rules import ProgramRules
from organizations.card_series.models import CardSeries
from organizations.locations.models import Concept, Zone
from organizations.tenancy.scoping import TenantModel


class Program(TenantModel):
    """A loyalty program (docs/protocol.md 2.7). Its rules are in its versions.

    Other programs may be bound to zones, to concepts or to card series; the default one applies everywhere.
    """

    name = models.CharField(max_length=100, db_collation="C")
    external_id = models.BigIntegerField(
        null=True, blank=True, help_text="The number by which tills know the program, if it is not our own id"
    )
    description = models.TextField(max_length=1000, blank=True)
    is_default = models.BooleanField(default=False, help_text="The one program that is valid everywhere")
    is_active = models.BooleanField(default=True)
    is_paused = models.BooleanField(default=False, help_text="Nothing is awarded for the time being")
    zones = models.ManyToManyField(Zone, blank=True, related_name="programs")
    concepts = models.ManyToManyField(Concept, blank=True, related_name="programs")
    card_series = models.ManyToManyField(CardSeries, blank=True, related_name="programs")

    class Meta:
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="program_name_unique"),
            models.UniqueConstraint(fields=["organization"], condition=models.Q(is_default=True), name="program_one_default"),
            # Deferred: a file may exchange the numbers of two programs.
            models.UniqueConstraint(
                fields=["organization", "external_id"],
                name="program_external_id_unique",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProgramVersion(TenantModel):
    """Rules of a program until a newer version. The database refuses to change or delete one.

    `rules` is the program's part of the organization file in its shortest form, without the columns of the program itself.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(help_text="Counts from 1 without gaps")
    rules = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["program", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "program", "number"], name="program_version_number_unique"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="program_version_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.program}, version {self.number}"

    @cached_property
    def typed_rules(self) -> ProgramRules:
        """The rules as typed values, read once for this instance."""
        return ProgramRules.from_json(self.rules)


class ProgramDraft(TenantModel):
    """Changed rules of a program that are not in force: staff work on them, rehearse them, and then make them a version.

    A program has one draft at most. `rules` are like those of a version, and are checked whenever they are stored. `number` is
    that of the version that the draft began with.
    """

    program = models.OneToOneField(Program, on_delete=models.CASCADE, related_name="draft")
    rules = models.JSONField()
    number = models.PositiveIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=120)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Draft of {self.program}"


class Tier(TenantModel):
    """A level of a program. The rules say how it is reached and kept."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="tiers")
    name = models.CharField(max_length=100, db_collation="C")
    position = models.PositiveIntegerField(help_text="The lowest tier is 1")
    description = models.TextField(max_length=1000, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["program", "position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "program", "name"], name="tier_name_unique"),
            models.CheckConstraint(condition=models.Q(position__gte=1), name="tier_counts_from_one"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    """A customer in a program, with the tier reached; without one if the program has no tiers."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="memberships")
    enrolled_on = models.DateTimeField()
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, blank=True, related_name="memberships", db_index=False)
    tier_since = models.DateTimeField(null=True, blank=True, help_text="When this tier was reached")
    tier_since_order = models.BigIntegerField(
        null=True, blank=True, help_text="Bills of that moment with higher ids came after it; blank: nothing did"
    )
    tier_expires_on = models.DateField(
        null=True, blank=True, help_text="Its last day, in the organization's zone; blank: never ends"
    )

    tier_counts_from = models.DateTimeField(
        null=True, blank=True, help_text="What happens later counts for the next renewal; blank: since the tier was reached"
    )
    tier_counts_order = models.BigIntegerField(
        null=True, blank=True, help_text="Bills of that moment with higher ids count as later; blank: nothing does"
    )
    tier_due_on = models.DateField(
        null=True,
        blank=True,
        help_text="Its end is evaluated after this day; later than its last day in grace or while locked",
    )
    tier_locked_until = models.DateField(null=True, blank=True, help_text="Until this day it is raised, but not lowered")

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "customer", "program"], name="membership_unique"),
            models.CheckConstraint(
                name="membership_tier_has_its_date",
                condition=models.Q(tier__isnull=False, tier_since__isnull=False)
                | models.Q(tier__isnull=True, tier_since__isnull=True, tier_expires_on__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "tier", "customer"], name="membership_of_tier"),
            models.Index(
                fields=["organization", "tier_expires_on"],
                condition=models.Q(tier_expires_on__isnull=False),
                name="membership_tier_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer} in {self.program}"
