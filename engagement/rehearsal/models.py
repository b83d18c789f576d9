"""Rehearsals that staff ask for: the draft, how far a worker is, and the result, which is kept for a while."""

from django.db import models

from engagement.programs.models import Program
from organizations.tenancy.scoping import TenantModel


class Rehearsal(TenantModel):
    """A draft of a program's rules on the bills of the last days. The program knows nothing of it.

    `draft` is like the rules of a version. `result` is what `services.result_of` makes; customers are in it by id alone.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    draft = models.JSONField()
    days = models.PositiveIntegerField()
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=120)
    done = models.PositiveBigIntegerField(default=0, help_text="Bills that were replayed")
    total = models.PositiveBigIntegerField(default=0, help_text="Bills to be replayed; 0 before it begins")
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Draft of {self.program}"
