"""Rows of forms that were sent."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class Submission(TenantModel):
    """A form of the back office that was sent and did what it says, for one `subject`: the id of a customer or another row.

    `after` is the submission of the same action and subject that was the latest when the form was opened; 0 for none. It is the
    one-time token of the form: all forms that are open at the same time have the same one, and one of them counts.
    """

    action = models.CharField(max_length=40, db_collation="C")
    subject = models.BigIntegerField()
    after = models.BigIntegerField()
    result = models.CharField(max_length=250, help_text="What was done, in a sentence without personal data")
    made_by = models.CharField(max_length=120, help_text="staff:NAME")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "action", "subject", "after"], name="submission_counts_once")
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"
