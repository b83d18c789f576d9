"""Filters of the list of tickets."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from loyalty_project import clock
from organizations.back_office.current_user import member_of, organization_of
from organizations.back_office.filters import NamedFilter, Rows
from organizations.back_office.parameters import Shape, is_search_text
from organizations.configuration import current_configuration
from tickets.choices.catalog import STANDARD, load_ticket_choices
from tickets.choices.models import TicketChoice

Kind = TicketChoice.Kind


def open_tickets(rows: Rows) -> Rows:
    """Tickets that are not closed, of customers who were not merged into another one."""
    tickets: Any = rows.filter(closed_at=None)
    unmerged: Rows = tickets.unmerged()
    return unmerged


class StateFilter(NamedFilter):
    """Open tickets unless something else is asked for."""

    title, parameter_name = "tickets", "state"
    options: ClassVar[Mapping[str, tuple[str, Callable[[Rows], Rows]]]] = {
        "mine": ("assigned to me", open_tickets),
        "nobodys": ("assigned to nobody", lambda rows: open_tickets(rows).filter(assigned_to="")),
        "overdue": ("overdue", lambda rows: open_tickets(rows).filter(due_at__lt=clock.now())),
        "closed": ("closed", lambda rows: rows.exclude(closed_at=None)),
        "all": ("all tickets", lambda rows: rows),
    }
    unfiltered = staticmethod(open_tickets)

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        rows = super().queryset(request, queryset)
        return rows.filter(assigned_to=member_of(request).get_username()) if self.value() == "mine" else rows


class WordFilter(DropdownFilter):
    """By a word of the organization. `kind` is also the ticket's column in upper case."""

    kind: ClassVar[str]

    @classmethod
    def parameters(cls, model: type[Model], path: str) -> dict[str, Shape]:  # noqa: ARG003 - the same for all filters
        """A short text."""
        return {str(cls.parameter_name): is_search_text}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(word, word) for word in _words(request, self.kind)]

    def has_output(self) -> bool:
        """True if there is a choice, or if a value was given: Django would leave out a filter without choices."""
        return bool(self.lookup_choices) or self.value() is not None

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value()
        if value is None:
            return queryset
        if value not in {word for word, _label in self.lookup_choices}:
            messages.warning(request, f"The {self.title} of this address does not exist: nothing is shown.")
            return queryset.none()
        return queryset.filter(**{self.kind.lower(): value})


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


def _words(request: HttpRequest, kind: str) -> Iterable[str]:
    """The organization's words; for operators, who see every organization, those of all."""
    if organization_of(request) is not None:
        return current_configuration().part(load_ticket_choices).words[kind]
    known = TicketChoice.objects.filter(kind=kind, is_active=True).order_by("code").values_list("code", flat=True)
    return dict.fromkeys([*STANDARD[kind], *known])
