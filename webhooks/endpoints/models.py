"""Endpoints, their secrets, and how they are doing."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from organizations.tenancy.scoping import TenantModel


class Endpoint(TenantModel):
    """An address to which events are delivered. A part of the configuration: each change raises its version.

    A paused endpoint gets nothing for the time being, but its events are kept for seven days each. One that is switched off
    is not listened for at all.
    """

    class PausedBecause(models.TextChoices):
        STAFF = "STAFF", "by staff"
        FAILURES = "FAILURES", "after failures"

    name = models.CharField(max_length=100)
    url = models.CharField("address", max_length=500, db_collation="C")
    events = ArrayField(models.CharField(max_length=50, db_collation="C"), help_text="The kinds of events that it gets")
    is_active = models.BooleanField(default=True)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_because = models.CharField(max_length=8, choices=PausedBecause, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "webhook endpoint"
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="webhook_endpoint_name_unique"),
            models.CheckConstraint(
                condition=models.Q(paused_at=None, paused_because="")
                | models.Q(paused_at__isnull=False) & ~models.Q(paused_because=""),
                name="webhook_endpoint_pause_has_cause",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EndpointSecret(TenantModel):
    """A secret that signs what an endpoint gets, until it is retired. `sealed` is readable with `SECRET_KEY` alone."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="secrets")
    sealed = models.TextField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Secret {self.pk}"


class EndpointHealth(TenantModel):
    """How an endpoint is doing: failures in a row, and until when it is left alone. Written with each round of deliveries."""

    endpoint = models.OneToOneField(Endpoint, on_delete=models.PROTECT, related_name="health")
    failures = models.PositiveIntegerField(default=0, help_text="Rounds in a row in which every delivery failed")
    failing_since = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "endpoint healths"

    def __str__(self) -> str:
        return f"Health of endpoint {self.endpoint_id}"
