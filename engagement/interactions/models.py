"""Rows of interactions, and of notifications in the feeds of accounts elsewhere."""

from typing import Final

from django.db import models

from customers.profile.models import Customer
from engagement.interactions.rules import (
    FEEDS,
    HIGHEST_SCORE,
    LONGEST_ADDRESS,
    LONGEST_NAME,
    LONGEST_URL,
    LOWEST_SCORE,
    NETWORKS,
    TYPES,
)
from organizations.tenancy.scoping import TenantModel

_IDENTITY: Final = ("organization", "customer", "network", "type", "occurred_at", "sender", "receiver")


class Contact(TenantModel):
    """One moment between a customer and the organization, as another system knows it. It is imported, and nothing else.

    Two rows of a file are the same if the columns of its unique constraint agree (docs/imports.md).
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="%(class)ss", db_index=False)
    network = models.CharField(max_length=10, db_collation="C")
    type = models.CharField(max_length=12, choices=[(name, name) for name in TYPES], db_collation="C")
    occurred_at = models.DateTimeField("time")
    sender = models.CharField(max_length=LONGEST_ADDRESS, blank=True, db_collation="C")
    receiver = models.CharField(max_length=LONGEST_ADDRESS, blank=True, db_collation="C")
    subject = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    status = models.CharField(max_length=LONGEST_NAME, blank=True)
    delivered_at = models.DateTimeField("delivered", null=True, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=_IDENTITY, name="%(class)s_unique")]
        indexes = [models.Index(fields=["organization", "-occurred_at", "-id"], name="%(class)s_newest")]

    def __str__(self) -> str:
        return f"{self.network} {self.type} {self.pk}"


class Interaction(Contact):
    """A message, check-in, survey or post. Places belong to check-ins, scores and answers to surveys."""

    latitude = models.DecimalField(max_digits=10, decimal_places=7, null=True, blank=True)
    longitude = models.DecimalField(max_digits=10, decimal_places=7, null=True, blank=True)
    survey_name = models.CharField("survey", max_length=LONGEST_NAME, blank=True)
    nps_score = models.PositiveSmallIntegerField("NPS score", null=True, blank=True, help_text="0 to 10; blank: no answer")
    sent_by = models.CharField(max_length=LONGEST_NAME, blank=True)
    response_url = models.CharField("answer", max_length=LONGEST_URL, blank=True)
    completed_at = models.DateTimeField("completed", null=True, blank=True)

    class Meta(Contact.Meta):
        constraints = [
            *Contact.Meta.constraints,
            models.CheckConstraint(name="interaction_network_known", condition=models.Q(network__in=NETWORKS, type__in=TYPES)),
            models.CheckConstraint(
                name="interaction_score_on_scale",
                condition=models.Q(nps_score__isnull=True)
                | models.Q(nps_score__gte=LOWEST_SCORE, nps_score__lte=HIGHEST_SCORE),
            ),
        ]


class Notification(Contact):
    """A notification in the feed of a customer's account at WeChat or WebEngage."""

    class Meta(Contact.Meta):
        constraints = [
            *Contact.Meta.constraints,
            models.CheckConstraint(
                name="notification_network_known", condition=models.Q(network__in=list(FEEDS), type__in=TYPES)
            ),
        ]
