"""Rows of tickets and of the comments on them."""

from typing import ClassVar, Final

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from organizations.locations.models import Store, Till
from organizations.staff.sight import shown_value
from organizations.tenancy.scoping import TenantModel

CODE_LENGTH: Final = 9
LONGEST_SUBJECT: Final = 250
LONGEST_TEXT: Final = 4000
LONGEST_NAME: Final = 150


class Ticket(TenantModel):
    """A question or complaint of a customer (docs/protocol.md 4.10).

    Status, priority and department are words of the organization (`tickets.choices`) in upper case. `closed_at` says whether
    the ticket is closed: it is set when the ticket gets a status that closes, and a later change of the organization's list
    makes no difference to it. A customer has one open ticket of a subject.
    """

    class Source(models.TextChoices):
        EMAIL = "EMAIL", "e-mail"
        INTOUCH = "INTOUCH", "back office"
        CALLCENTER = "CALLCENTER", "call centre"
        CLIENT = "CLIENT", "store or app"
        MICROSITE = "MICROSITE", "website"
        SOCIAL = "SOCIAL", "social network"

    class Type(models.TextChoices):
        STORE = "STORE", "of a store"
        CUSTOMER = "CUSTOMER", "of a customer"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tickets", db_index=False)
    code = models.CharField(max_length=CODE_LENGTH, db_collation="C", help_text="Nine lower-case letters and digits")
    subject = models.CharField(max_length=LONGEST_SUBJECT)
    # Compared without case.
    subject_folded = models.CharField(max_length=300, db_collation="C", editable=False)
    message = models.TextField(blank=True)
    status = models.CharField(max_length=100, db_collation="C")
    priority = models.CharField(max_length=100, db_collation="C")
    department = models.CharField(max_length=100, blank=True, db_collation="C")
    type = models.CharField(max_length=8, choices=Type, default=Type.CUSTOMER)
    reported_from = models.CharField(max_length=10, choices=Source, default=Source.CLIENT)
    assigned_to = models.CharField(
        max_length=LONGEST_NAME,
        blank=True,
        db_collation="C",
        help_text="User name of a member of staff, or as a caller has it",
    )
    field_values = models.JSONField(default=dict, blank=True, help_text="Canonical values of ticket fields by field id")
    created_at = models.DateTimeField("created")
    recorded_at = models.DateTimeField()
    due_at = models.DateTimeField("due", null=True, blank=True, help_text="By the priority; blank: no limit")
    closed_at = models.DateTimeField("closed", null=True, blank=True, help_text="Blank: the ticket is open")
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    made_by = models.CharField(max_length=120)

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "code"], name="ticket_code_unique"),
            models.UniqueConstraint(
                fields=["organization", "customer", "subject_folded"],
                condition=models.Q(closed_at=None),
                name="ticket_open_subject_unique",
            ),
            models.CheckConstraint(condition=~models.Q(subject_folded=""), name="ticket_has_a_subject"),
        ]
        indexes = [
            models.Index(fields=["organization", "customer", "-created_at", "-id"], name="ticket_of_customer"),
            models.Index(fields=["organization", "-created_at", "-id"], name="ticket_newest"),
            models.Index(
                fields=["organization", "assigned_to", "-created_at"], condition=models.Q(closed_at=None), name="ticket_open"
            ),
            models.Index(
                fields=["organization", "due_at"], condition=models.Q(closed_at=None, due_at__isnull=False), name="ticket_due"
            ),
        ]

    def __str__(self) -> str:
        """The subject as the current user of the back office may see it."""
        return str(shown_value(self.subject, customer_id=self.customer_id))

    @property
    def is_open(self) -> bool:
        """True until the ticket gets a status that closes it."""
        return self.closed_at is None


class TicketComment(TenantModel):
    """A note of staff on a ticket, for colleagues. The database refuses to change or delete one."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="comments", db_index=False)
    text = models.TextField()
    at = models.DateTimeField()
    made_by = models.CharField(max_length=120)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["organization", "ticket", "id"], name="ticket_comment_of_ticket")]

    def __str__(self) -> str:
        return f"Comment {self.pk}"
