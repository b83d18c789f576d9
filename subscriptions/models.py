"""Consents of customers, and the log of their changes."""

from django.db import models

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.tenancy.scoping import TenantModel


class Channel(models.TextChoices):
    """The channel of a message."""

    SMS = "SMS", "SMS"
    EMAIL = "EMAIL", "E-mail"


class Priority(models.TextChoices):
    """The kind of message: about an action of the customer, or to many customers at once."""

    TRANS = "TRANS", "transactional"
    BULK = "BULK", "bulk"


class Scope(models.TextChoices):
    """The sender: the whole organization; narrower scopes do not exist (docs/protocol.md 4.14)."""

    ALL = "ALL", "all"


class ConsentPair(TenantModel):
    """Customer, channel, priority and scope: the columns that the consent and its log share."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="%(class)ss", db_index=False)
    channel = models.CharField(max_length=5, choices=Channel, db_collation="C")
    priority = models.CharField(max_length=5, choices=Priority, db_collation="C")
    scope = models.CharField(max_length=3, choices=Scope, default=Scope.ALL, db_collation="C")
    revision = models.PositiveIntegerField(help_text="Which decision of the customer about this it is; the first is 1")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_pair_known",
                condition=models.Q(channel__in=Channel.values, priority__in=Priority.values, scope__in=Scope.values),
            ),
        ]


class Consent(ConsentPair):
    """The latest explicit choice of a customer about a channel and priority. No row without a choice."""

    is_subscribed = models.BooleanField()
    decided_at = models.DateTimeField()

    class Meta(ConsentPair.Meta):
        constraints = [
            *ConsentPair.Meta.constraints,
            models.UniqueConstraint(fields=["organization", "customer", "channel", "priority", "scope"], name="consent_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}, {self.get_priority_display()}"


class ConsentChange(ConsentPair):
    """A decision of a customer, with its source. The database refuses to change or delete it.

    It is the audit of consents (migration `consent_log_is_append_only`); no other entry is written for them. `revision` has no
    gaps, so that the second of two concurrent changes breaks `consentchange_unique`.
    """

    old = models.BooleanField(null=True, help_text="Blank: nothing had been said before")
    new = models.BooleanField()
    at = models.DateTimeField()
    source = models.CharField(max_length=12, choices=AuditEntry.Source)
    actor = models.CharField(max_length=120, help_text="till:CODE, client:KEY, staff:NAME or command:NAME")
    request_id = models.CharField(max_length=36, blank=True)
    context = models.JSONField(default=dict, blank=True, help_text="The USER-CONTEXT headers of the call, as given")
    reason = models.CharField(max_length=250, blank=True)
    campaign_id = models.BigIntegerField("campaign", null=True, blank=True)
    outbox_id = models.BigIntegerField("outbox", null=True, blank=True)

    class Meta(ConsentPair.Meta):
        ordering = ["-pk"]
        verbose_name = "change of consent"
        verbose_name_plural = "consent log"
        constraints = [
            *ConsentPair.Meta.constraints,
            models.UniqueConstraint(
                fields=["organization", "customer", "channel", "priority", "scope", "revision"], name="consentchange_unique"
            ),
            models.CheckConstraint(
                name="consentchange_changes_something",
                condition=models.Q(old=None, revision=1)
                | (models.Q(old__isnull=False, revision__gt=1) & ~models.Q(old=models.F("new"))),
            ),
        ]
        indexes = [models.Index(fields=["organization", "-id"], name="consentchange_newest")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}, {self.get_priority_display()}: {'yes' if self.new else 'no'}"
