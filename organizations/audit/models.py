"""The audit: one append-only table, written by services in the item's transaction."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class AuditEntry(TenantModel):
    """One change of one object. The database refuses to change or delete it (migration `audit_is_append_only`)."""

    class Source(models.TextChoices):
        API = "API"
        IMPORT = "IMPORT"
        BACK_OFFICE = "BACK_OFFICE"
        COMMAND = "COMMAND"

    at = models.DateTimeField()
    source = models.CharField(max_length=12, choices=Source)
    actor = models.CharField(max_length=120, help_text="till:CODE, client:KEY, staff:NAME or command:NAME")
    request_id = models.CharField(max_length=36, blank=True)
    context = models.JSONField(default=dict, help_text="The USER-CONTEXT headers of the call, as given")
    action = models.CharField(max_length=40)
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    old = models.JSONField(default=dict)
    new = models.JSONField(default=dict)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["organization", "object_type", "object_id", "id"], name="audit_of_object")]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"
