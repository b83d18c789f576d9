"""Values of trackers: sums over a customer's bills or points in a window of time (docs/protocol.md 4.5).

They are computed when they are read, so late bills and returns need no correction.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, F, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable

from engagement.bills.models import ANONYMOUS, RETURNS, Bill, BillLine
from engagement.points.models import PointsEntry
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ProgramCatalog
from engagement.programs.models import Membership
from engagement.programs.rules import Period, TrackerMode, TrackerRule, TrackerType
from loyalty_project.protocol.moments import from_wall, write_moment
from loyalty_project.protocol.numbers import plain_digits
from organizations.tenancy.models import Organization

ZERO = Decimal(0)
_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}
_OF_BILLS = {
    TrackerType.BILL_AMOUNT: "amount",
    TrackerType.BILL_DISCOUNT: "discount",
    TrackerType.BILL_GROSS_AMOUNT: "gross_amount",
}
_OF_LINES = {
    TrackerType.LINEITEM_AMOUNT: "amount",
    TrackerType.LINEITEM_QTY: "quantity",
    TrackerType.BILL_QUANTITY: "quantity",
}


@dataclass(frozen=True, slots=True)
class Window:
    """First and last day, both included, in the organization's zone."""

    first: date
    last: date


def window_of(tracker: TrackerRule, *, today: date, tier_since: date | None, enrolled_on: date) -> Window:
    """The days that a tracker covers on `today`."""
    first = tier_since or enrolled_on
    if tracker.mode == TrackerMode.MOVING:
        first = today - timedelta(days=tracker.days - 1)
    elif tracker.mode == TrackerMode.CYCLIC and tracker.start is not None:
        first = today - timedelta(days=(today - tracker.start).days % tracker.days)
    elif tracker.mode == TrackerMode.CALENDAR and tracker.period is not None:
        months = _MONTHS[tracker.period]
        first = date(today.year, (today.month - 1) // months * months + 1, 1)
    return Window(first, today)


def tracker_values(
    memberships: Mapping[AccountKey, Membership], *, catalog: ProgramCatalog, organization: Organization, now: datetime
) -> dict[int, list[dict[str, str]]]:
    """The rows of `trackers.tracker[]` by customer: one query for each tracker of the programs, for any number of customers."""
    today = now.astimezone(organization.zone).date()
    rows: defaultdict[int, list[dict[str, str]]] = defaultdict(list)
    for current in catalog.active:
        members = {key.customer_id: row for key, row in memberships.items() if key.program_id == current.program.pk}
        for number, tracker in enumerate(current.rules.trackers if members else (), start=1):
            windows = {
                customer_id: window_of(
                    tracker,
                    today=today,
                    tier_since=row.tier_since.astimezone(organization.zone).date() if row.tier_since else None,
                    enrolled_on=row.enrolled_on.astimezone(organization.zone).date(),
                )
                for customer_id, row in members.items()
            }
            values = _values(tracker.type, windows, current.program.pk, organization)
            for customer_id in members:
                rows[customer_id].append(
                    {
                        "id": f"{current.program.pk}-{number}",
                        "name": tracker.name,
                        "condition_id": str(number),
                        "type": tracker.type,
                        "value": plain_digits(values.get(customer_id, ZERO)),
                        "updated_on": write_moment(now, organization.zone),
                    }
                )
    return rows


def _values(
    measure: TrackerType, windows: Mapping[int, Window], program_id: int, organization: Organization
) -> dict[int, Decimal]:
    """What the measure comes to in each customer's window: one query. Returns count against sales."""
    if measure == TrackerType.POINTS:
        return _points(windows, program_id, organization)
    bill = "bill__" if measure in _OF_LINES or measure == TrackerType.LINEITEM_COUNT else ""
    rows: QuerySet[Any] = BillLine.objects.all() if bill else Bill.objects.all()
    rows = rows.filter(
        _in_windows(windows, bill),
        # A return counts where its sale did.
        Q(**{f"{bill}points__account__program_id": program_id})
        | Q(**{f"{bill}return_of__points__account__program_id": program_id}),
        **{f"{bill}outlier_status": Bill.Outlier.NORMAL},
    ).exclude(**{f"{bill}type__in": ANONYMOUS})
    if measure == TrackerType.CUSTOMER_VISITS:
        rows = rows.exclude(type__in=RETURNS)
    column = _OF_BILLS.get(measure) or _OF_LINES.get(measure)
    amount: Combinable = F(column) if column else Value(Decimal(1))
    is_return = When(**{f"{bill}type__in": RETURNS}, then=-amount)
    signed = Case(is_return, default=amount, output_field=DecimalField(max_digits=30, decimal_places=3))
    return dict(rows.values_list(f"{bill}customer_id").annotate(total=Sum(signed)))


def _points(windows: Mapping[int, Window], program_id: int, organization: Organization) -> dict[int, Decimal]:
    """Points earned: awards and what was released of promises, less what returns took back."""
    condition = Q(pk__in=())
    for window, customers in _grouped(windows).items():
        first = from_wall(datetime.combine(window.first, time.min), organization.zone)
        end = from_wall(datetime.combine(window.last + timedelta(days=1), time.min), organization.zone)
        condition |= Q(account__customer_id__in=customers, occurred_at__gte=first, occurred_at__lt=end)
    kinds = [PointsEntry.Kind.AWARD, PointsEntry.Kind.RELEASE, PointsEntry.Kind.RETURN]
    entries = PointsEntry.objects.filter(condition, account__program_id=program_id, kind__in=kinds)
    return dict(entries.values_list("account__customer_id").annotate(total=Sum("points")))


def _in_windows(windows: Mapping[int, Window], bill: str) -> Q:
    condition = Q(pk__in=())
    for window, customers in _grouped(windows).items():
        condition |= Q(**{f"{bill}customer_id__in": customers, f"{bill}billed_on__range": (window.first, window.last)})
    return condition


def _grouped(windows: Mapping[int, Window]) -> dict[Window, list[int]]:
    grouped: defaultdict[Window, list[int]] = defaultdict(list)
    for customer_id, window in windows.items():
        grouped[window].append(customer_id)
    return grouped
