"""Events that an endpoint listens to."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class Event(TenantModel):
    """Something that happened. It is written in the transaction of what it announces, and only if an endpoint listens.

    `uid` is the id that receivers see, by which they recognise a repetition.
    """

    uid = models.UUIDField()
    kind = models.CharField(max_length=50, db_collation="C")
    version = models.PositiveSmallIntegerField(help_text="Version of the facts' form")
    customer_id = models.BigIntegerField(null=True, blank=True, help_text="`user_id` of the customer; blank: a test")
    occurred_at = models.DateTimeField(help_text="When it happened")
    recorded_at = models.DateTimeField(help_text="When it was written here")
    facts = models.JSONField()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["organization", "uid"], name="webhook_event_uid_unique")]
        indexes = [
            models.Index(fields=["organization", "customer_id"], name="webhook_event_of_customer"),
            models.Index(fields=["organization", "recorded_at"], name="webhook_event_recorded"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"
