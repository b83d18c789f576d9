"""The words of tickets: statuses, priorities and departments."""

from django.contrib import admin

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.columns import value_column
from organizations.back_office.filters import ChoiceFilter, YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from tickets.choices.models import TicketChoice
from tickets.choices.organization_file import TICKET_CHOICE


class TicketChoiceForm(ConfigurationForm):
    """A word; it is stored in upper case."""

    section = TICKET_CHOICE
    words = {"is_active": "active", "is_closed": "closed"}
    natural_key = ("kind", "code")

    def clean_code(self) -> str:
        """The code in upper case."""
        return str(self.cleaned_data["code"]).upper()


@admin.register(TicketChoice)
class TicketChoiceAdmin(BackOfficeAdmin):
    """Statuses, priorities and departments of tickets."""

    form = TicketChoiceForm
    fields = ("kind", "code", "is_closed", "due_hours", "position", "is_active")
    natural_key = ("kind", "code")
    list_display = ("code", "kind", "closes", "due_after", "position", "active")
    list_display_links = ("code",)
    list_filter = (("kind", ChoiceFilter), ("is_active", YesNoFilter))
    search_fields = ("code",)
    sortable_by = ()

    closes = value_column("is_closed", "Closes tickets", lambda is_closed: "yes" if is_closed else None)
    due_after = value_column("due_hours", "Due after hours")
