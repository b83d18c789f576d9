"""Idempotency keys and the answers kept under them for 72 hours (docs/protocol.md 1.10)."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class IdempotencyKey(TenantModel):
    """A key of one credential for one action, with a digest of the call's content. Written before the items are processed."""

    credential = models.CharField(max_length=120, db_collation="C", help_text="till:CODE or client:KEY")
    action = models.CharField(max_length=40, db_collation="C", help_text="Resource and action, as in customer/add")
    key = models.CharField(max_length=255, db_collation="C")
    content = models.CharField(max_length=64, help_text="SHA-256 of the items and the query of the call")
    first_used_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "credential", "action", "key"], name="idempotency_key_unique")
        ]
        indexes = [models.Index(fields=["organization", "last_used_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return self.key


class KeptAnswer(TenantModel):
    """The answer of one item of a keyed call. Claimed (blank) and completed in the item's transaction."""

    key = models.ForeignKey(IdempotencyKey, on_delete=models.CASCADE, related_name="answers")
    position = models.PositiveIntegerField(help_text="Of the item in the call; the first is 0")
    succeeded = models.BooleanField(default=False)
    body = models.TextField(blank=True, help_text="The item's answer as JSON text, which keeps its order and its figures")
    subject_id = models.BigIntegerField(null=True, blank=True, help_text="Id of the customer that the answer is about")

    class Meta:
        ordering = ["key", "position"]
        constraints = [models.UniqueConstraint(fields=["organization", "key", "position"], name="kept_answer_unique")]

    def __str__(self) -> str:
        return f"{self.key_id}, item {self.position}"
