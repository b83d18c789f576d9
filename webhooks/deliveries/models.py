"""Deliveries of events to endpoints, and the log of their attempts."""

from django.db import models

from organizations.tenancy.scoping import TenantModel
from webhooks.endpoints.models import Endpoint
from webhooks.events.models import Event


class Delivery(TenantModel):
    """An event on its way to an endpoint. A worker that takes it sets `next_at` ahead, and counts the attempt."""

    class State(models.TextChoices):
        PENDING = "PENDING", "waiting"
        DELIVERED = "DELIVERED", "delivered"
        FAILED = "FAILED", "failed"

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField("next attempt")
    expires_at = models.DateTimeField(help_text="After this moment it is given up")
    finished_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status of the last answer")
    error = models.CharField(max_length=20, blank=True, db_collation="C", help_text="Why the last attempt failed")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["organization", "event", "endpoint"], name="webhook_delivery_unique"),
            models.CheckConstraint(
                condition=models.Q(state="PENDING", finished_at=None)
                | models.Q(state__in=["DELIVERED", "FAILED"], finished_at__isnull=False),
                name="webhook_delivery_finished_has_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "endpoint", "next_at", "id"],
                condition=models.Q(state="PENDING"),
                name="webhook_delivery_due",
            ),
            models.Index(fields=["expires_at"], condition=models.Q(state="PENDING"), name="webhook_delivery_expires"),
            models.Index(fields=["organization", "-id"], name="webhook_delivery_newest"),
            models.Index(fields=["organization", "endpoint", "-id"], name="webhook_delivery_of_endpoint"),
            models.Index(fields=["organization", "-id"], condition=models.Q(state="FAILED"), name="webhook_delivery_failed"),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"


class Attempt(TenantModel):
    """One request to an endpoint: when, how long it took, and its end. Answers are not kept."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="log", db_index=False)
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=20, blank=True, db_collation="C")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["organization", "delivery", "-id"], name="webhook_attempt_of_delivery")]

    def __str__(self) -> str:
        return f"Attempt {self.pk}"
