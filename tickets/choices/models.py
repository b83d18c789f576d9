"""Rows of the words that tickets of an organization use."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class TicketChoice(TenantModel):
    """A status, priority or department of tickets (docs/organization-file.md, tickets).

    Tickets hold the code itself, so that one that is switched off stays readable on the tickets that have it.
    """

    class Kind(models.TextChoices):
        STATUS = "STATUS", "status"
        PRIORITY = "PRIORITY", "priority"
        DEPARTMENT = "DEPARTMENT", "department"

    kind = models.CharField(max_length=10, choices=Kind)
    code = models.CharField(max_length=100, db_collation="C", help_text="In upper case, as tickets show it")
    is_closed = models.BooleanField(default=False, help_text="Of a status: it closes a ticket")
    due_hours = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of a priority: hours until a ticket is due. Blank: never"
    )
    position = models.PositiveIntegerField(default=0, help_text="Order in lists")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["kind", "position", "code"]
        verbose_name = "ticket choice"
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind", "code"], name="ticket_choice_unique"),
            models.CheckConstraint(
                condition=models.Q(kind="STATUS") | models.Q(is_closed=False), name="ticket_choice_closed_is_a_status"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="PRIORITY") | models.Q(due_hours=None), name="ticket_choice_due_is_a_priority"
            ),
        ]

    def __str__(self) -> str:
        return self.code
