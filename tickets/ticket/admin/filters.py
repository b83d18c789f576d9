"""Filters of the list of tickets."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils import timezone

from loyalty_project import clock
from organizations.back_office.current_user import member_of, organization_of
from organizations.back_office.filters import NamedFilter, RelatedRowFilter, Rows
from tickets.choices.models import TicketChoice

Kind = TicketChoice.Kind


def open_tickets(rows: Rows) -> Rows:
    """Tickets that are not closed, of customers who were not merged into another one."""
    tickets: Any = rows.filter(closed_at=None)
    unmerged: Rows = tickets.unmerged()
    return unmerged


def _midnight() -> datetime:
    """The end of today, in the page's time zone."""
    return timezone.make_aware(datetime.combine(timezone.localdate() + timedelta(days=1), time.min))


class StateFilter(NamedFilter):
    """Open tickets unless something else is asked for."""

    title, parameter_name = "tickets", "state"
    options: ClassVar[Mapping[str, tuple[str, Callable[[Rows], Rows]]]] = {
        "mine": ("assigned to me", open_tickets),
        "nobodys": ("assigned to nobody", lambda rows: open_tickets(rows).filter(assigned_to="")),
        "due_today": ("due today", lambda rows: open_tickets(rows).filter(due_at__gte=clock.now(), due_at__lt=_midnight())),
        "overdue": ("overdue", lambda rows: open_tickets(rows).filter(due_at__lt=clock.now())),
        "closed": ("closed", lambda rows: rows.exclude(closed_at=None)),
        "all": ("all tickets", lambda rows: rows),
    }
    unfiltered = staticmethod(open_tickets)

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        rows = super().queryset(request, queryset)
        return rows.filter(assigned_to=member_of(request).get_username()) if self.value() == "mine" else rows


class WordFilter(RelatedRowFilter):
    """By a word of the organization, also one that is switched off. `kind` is the ticket's column in upper case."""

    kind: ClassVar[str]

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:
        words = TicketChoice.objects.filter(kind=self.kind)
        if organization_of(request) is None:
            # Operators see the words of every organization.
            named = words.select_related("organization").order_by("organization__name", "position", "code")
            return [(word.pk, f"{word.organization}: {word.code}") for word in named]
        return words.order_by("position", "code").values_list("pk", "code")

    def narrow(self, rows: Rows, pk: int) -> Rows:
        word = TicketChoice.objects.get(pk=pk)
        return rows.filter(organization=word.organization_id, **{self.kind.lower(): word.code})


class StatusFilter(WordFilter):
    """By status."""

    title = parameter_name = "status"
    kind = Kind.STATUS


class PriorityFilter(WordFilter):
    """By priority."""

    title = parameter_name = "priority"
    kind = Kind.PRIORITY


class DepartmentFilter(WordFilter):
    """By department."""

    title = parameter_name = "department"
    kind = Kind.DEPARTMENT
