"""Rows of likely duplicates: two customers, the evidence, and the decision."""

from django.db import models

from customers.profile.models import Customer
from organizations.tenancy.scoping import TenantModel


class DuplicateCandidate(TenantModel):
    """Two customers who may be one person, the lower id first. Each search renews the evidence; decisions stay."""

    class Evidence(models.TextChoices):
        CARD = "CARD", "same name and card number"
        SOURCE_ACCOUNT = "SOURCE_ACCOUNT", "same name, at the same source account"
        MOBILE = "MOBILE", "mobiles alike but for the country"
        EMAIL = "EMAIL", "e-mails alike but for dots or plus"

    class State(models.TextChoices):
        OPEN = "OPEN", "open"
        DISMISSED = "DISMISSED", "not the same person"
        MERGED = "MERGED", "merged"

    first = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    second = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    evidence = models.JSONField(
        help_text="The kinds of evidence, in their order; the values themselves stand with the customers"
    )
    state = models.CharField(max_length=9, choices=State, default=State.OPEN, db_collation="C")
    found_on = models.DateTimeField(help_text="When the pair was first found")
    decided_by = models.CharField(max_length=120, blank=True, help_text="As in the audit")
    decided_on = models.DateTimeField(null=True, blank=True)

    class Meta:
        # Open ones first: OPEN is the last of the three words.
        ordering = ["-state", "-pk"]
        verbose_name = "likely duplicate"
        constraints = [
            models.UniqueConstraint(fields=["organization", "first", "second"], name="duplicate_candidate_unique"),
            models.CheckConstraint(name="duplicate_candidate_ordered", condition=models.Q(first__lt=models.F("second"))),
        ]
        indexes = [
            models.Index(fields=["organization", "state", "-id"], name="duplicate_candidate_of_state"),
            models.Index(fields=["organization", "second"], name="duplicate_candidate_of_second"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"
