"""Open tickets as the current user of the back office sees them: those that are overdue, and how old they are."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop

from loyalty_project import clock
from organizations.back_office.counting import BoundedCount
from organizations.back_office.current_user import in_own_stores
from organizations.back_office.queues import Queue
from organizations.tenancy.models import Organization
from tickets.ticket.models import Ticket

# Ages of open tickets: the label, and how many days ago a ticket of that age was opened at the latest and at the earliest.
AGES: Final = (
    (gettext_noop("today or yesterday"), 0, 1),
    (gettext_noop("2 or 3 days ago"), 2, 3),
    (gettext_noop("4 to 7 days ago"), 4, 7),
    (gettext_noop("earlier"), 8, None),
)
# More than these are not counted.
MOST_COUNTED: Final = 9_999


def open_tickets(request: HttpRequest) -> QuerySet[Ticket]:
    """Open tickets of customers that the current user sees, without those of merged customers."""
    rows: Any = Ticket.objects.filter(closed_at=None)
    tickets: QuerySet[Ticket] = rows.unmerged()
    return in_own_stores(tickets, request, "customer__registered_store")


def overdue_tickets(request: HttpRequest) -> QuerySet[Ticket]:
    """Open tickets that were due before now."""
    return open_tickets(request).filter(due_at__lt=clock.now())


@dataclass(frozen=True, slots=True)
class TicketAge:
    """Open tickets of an age: how many, at most MOST_COUNTED + 1, and the first and the last day on which they were opened."""

    label: str
    count: int
    first_day: date | None
    last_day: date

    @property
    def address(self) -> str:
        """The address of the list of these tickets."""
        days = {"created_at_from": self.first_day or "", "created_at_to": self.last_day}
        return f"{reverse('admin:tickets_ticket_changelist')}?{urlencode(days)}"


def count_ages(request: HttpRequest, today: date) -> list[TicketAge]:
    """Open tickets by age, the youngest first. One query."""
    tickets = open_tickets(request)
    ages = [
        (label, today - timedelta(days=earliest) if earliest is not None else None, today - timedelta(days=latest))
        for label, latest, earliest in AGES
    ]
    columns = [BoundedCount(tickets.filter(_opened(first, last)), most=MOST_COUNTED) for _label, first, last in ages]
    # The row does not matter: the numbers do not refer to it.
    rows = Organization.objects.order_by("pk").values_list(*columns)[:1]
    counts = next(iter(rows), (0,) * len(ages))
    return [TicketAge(label, count, first, last) for (label, first, last), count in zip(ages, counts, strict=True)]


def _opened(first: date | None, last: date) -> Q:
    """Between the two days of the page's zone, both included."""
    opened = Q(created_at__lt=timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min)))
    return opened & Q(created_at__gte=timezone.make_aware(datetime.combine(first, time.min))) if first else opened


OVERDUE: Final = Queue("Overdue tickets", "support_agent", "tickets.ticket", overdue_tickets, (("state", "overdue"),))
