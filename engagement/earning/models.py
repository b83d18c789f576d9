"""Days for which occasions were awarded."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class OccasionRun(TenantModel):
    """The last day for which an organization's occasions were awarded; a row for each organization that has had a run."""

    last_day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization"], name="occasion_run_unique")]

    def __str__(self) -> str:
        return f"until {self.last_day}"
