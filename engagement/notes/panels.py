"""The table of the latest notes, on a customer's page."""

from typing import Final

from django.urls import reverse
from django.utils.html import format_html

from customers.profile.models import Customer
from engagement.notes.models import Note
from organizations.back_office.history import actor_label
from organizations.back_office.tables import Table, table, with_note
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

SHOWN: Final = 5


def notes_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:  # noqa: ARG001 - signature of all panels
    """The latest notes, with a link to add one; None without permission. One query."""
    if not seen_by.has_perm("engagement.view_note"):
        return None
    latest = Note.objects.filter(customer=customer).order_by("-noted_at", "-pk")[:SHOWN]
    rows = [(note.noted_at, note.description, with_note(actor_label(note.made_by), note.associate_id)) for note in latest]
    may_add = seen_by.has_perm("engagement.add_note")
    address = reverse("admin:engagement_note_write", args=[customer.pk])
    return table(
        "Notes",
        ("Date", "Note", "By"),
        rows,
        empty="No notes.",
        link=f"{reverse('admin:engagement_note_changelist')}?customer={customer.pk}" if rows else "",
        footer=format_html('<a class="bo-link" href="{}">Add note</a>', address) if may_add else "",
    )
