"""Filters of `GET customer/tickets` (docs/protocol.md 4.10): of the row `ticket`."""

from typing import Any

from django import forms

from loyalty_project.api.filtersets import CodeField, ColumnFilter, MomentFilter, WireFilterSet


class WordField(forms.CharField):
    """A word in any case; the value is in upper case."""

    def clean(self, value: Any) -> str:
        """The word; "" for a blank one."""
        return str(super().clean(value)).upper()


class WordFilter(ColumnFilter):
    """Tickets with this word. A word that the organization does not have is that of no ticket."""

    field_class = WordField


class TicketCodeField(CodeField):
    """A ticket's code in any case."""

    def clean(self, value: Any) -> str:
        """The code in lower case; "" for a blank one."""
        return super().clean(value).lower()


class TicketCodeFilter(ColumnFilter):
    """The ticket of this code."""

    field_class = TicketCodeField


class TicketFilters(WireFilterSet):
    """Filters of tickets; days and moments are of the organization's zone."""

    status = WordFilter("ticket.status")
    priority = WordFilter("ticket.priority")
    department = WordFilter("ticket.department")
    ticket_code = TicketCodeFilter("ticket.code")
    reported_from = WordFilter("ticket.reported_from")
    type = WordFilter("ticket.type")
    start_date = MomentFilter("ticket.created_at", "from")
    end_date = MomentFilter("ticket.created_at", "until")
