"""Rows of the outbox."""

from django.db import models
from django.db.models import Q

from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from organizations.tenancy.scoping import TenantModel


class OutboxMessage(TenantModel):
    """A message to one customer by one channel. Recipient and text are encrypted; the text is emptied when it expires.

    It is written in the transaction of what causes it. A job sends it, again after growing delays, until it expires.
    """

    class Channel(models.TextChoices):
        SMS = "SMS", "SMS"
        EMAIL = "EMAIL", "e-mail"

    class State(models.TextChoices):
        QUEUED = "QUEUED", "waiting"
        SENT = "SENT", "sent"
        FAILED = "FAILED", "failed"

    class Sender(models.TextChoices):
        SMTP = "SMTP", "mail server"
        WEBHOOK = "WEBHOOK", "webhook"
        STAFF = "STAFF", "nobody: staff read it here"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="outbox_messages", db_index=False)
    channel = models.CharField(max_length=5, choices=Channel)
    purpose = models.CharField(max_length=8, choices=ValidationCode.Purpose)
    recipient = models.TextField("encrypted recipient", help_text="Mobile number or e-mail address, encrypted")
    text = models.TextField("encrypted text", blank=True, help_text="Encrypted; blank after it expired")
    state = models.CharField(max_length=6, choices=State, default=State.QUEUED)
    sender = models.CharField("sent by", max_length=7, choices=Sender, blank=True)
    tries = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=40, blank=True, db_collation="C", help_text="Why the last try failed")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="After this moment it is not sent, and its text is emptied")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "message"
        permissions = [("read_outboxmessage", "Can read the text of messages that have not expired")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="QUEUED", finished_at=None) | ~Q(state="QUEUED") & Q(finished_at__isnull=False),
                name="outbox_message_finished_has_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "customer"], name="outbox_message_of_customer"),
            models.Index(fields=["organization", "-id"], name="outbox_message_newest"),
            models.Index(fields=["organization", "created_at"], name="outbox_message_created"),
            models.Index(fields=["organization", "expires_at"], condition=~Q(text=""), name="outbox_message_with_text"),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"
