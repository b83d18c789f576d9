"""The figures counted directly: row by row in Python, from the rows that the refresh reads by SQL."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.figures.models import ActiveCustomers, DayFigures, PointsFigures, TierFigures
from engagement.figures.periods import Period
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Membership
from organizations.tenancy.models import Organization

# The column that each kind of entry goes to, and its sign.
MOVES = {
    "AWARD": ("earned", 1),
    "RELEASE": ("earned", 1),
    "REDEEM": ("redeemed", -1),
    "REVERSAL": ("redeemed", -1),
    "EXPIRE": ("expired", -1),
    "RETURN": ("returned", -1),
    "ADJUST": ("adjusted", 1),
}
Figures = dict[Any, dict[str, Any]]


def stored(model: type[Any], *keys: str) -> Figures:
    """The stored rows, by their keys."""
    rows = model.objects.values()
    return {
        tuple(row[key] if key != "stores" else tuple(row[key]) for key in keys): {
            name: value for name, value in row.items() if name not in {"id", "organization_id", *keys}
        }
        for row in rows
    }


def days_stored() -> Figures:
    return stored(DayFigures, "store_id", "day")


def points_stored() -> Figures:
    return stored(PointsFigures, "program_id", "store_id", "day")


def days_of(organization: Organization) -> Figures:
    """Registrations and sales by store and day."""
    figures: Figures = defaultdict(lambda: {"joined": 0, "bills": 0, "customer_bills": 0, "sales": Decimal(0)})

    def on(moment: datetime) -> date:
        return moment.astimezone(organization.zone).date()

    for customer in Customer.objects.filter(merged_into=None):
        figures[customer.registered_store_id, on(customer.registered_on)]["joined"] += 1
    for bill in Bill.objects.filter(outlier_status="NORMAL"):
        row = figures[bill.store_id, on(bill.billed_at)]
        if bill.is_return:
            row["sales"] -= bill.amount
        else:
            row["sales"] += bill.amount
            row["bills"] += 1
            row["customer_bills"] += bill.counts
    return dict(figures)


def points_of(organization: Organization) -> Figures:
    """Movements of points by program, store and day."""
    columns = ("earned", "redeemed", "expired", "returned", "adjusted")
    figures: Figures = defaultdict(lambda: dict.fromkeys(columns, Decimal(0)))
    for entry in PointsEntry.objects.select_related("account"):
        if entry.kind in MOVES:
            day = entry.occurred_at.astimezone(organization.zone).date()
            column, sign = MOVES[entry.kind]
            figures[entry.account.program_id, entry.store_id, day][column] += sign * entry.points
    return dict(figures)


def active_in(period: Period, organization: Organization, stores: Iterable[int] = ()) -> int:
    """Customers who bought within the period at one of these stores, or anywhere."""
    bought = {
        bill.customer_id
        for bill in Bill.objects.all()
        if bill.counts and not bill.is_return and bill.billed_at.astimezone(organization.zone).date() in period
        if not stores or bill.store_id in stores
    }
    return len(bought)


def assert_figures_agree(organization: Organization) -> None:
    """Every stored figure is the one counted directly, and all points moved add up to the balances."""
    assert days_stored() == days_of(organization)
    assert points_stored() == points_of(organization)
    for row in ActiveCustomers.objects.all():
        assert row.customers == active_in(Period(row.first_day, row.last_day), organization, row.stores), row
    net: Counter[int] = Counter()
    for moved in PointsFigures.objects.all():
        net[moved.program_id] += moved.earned - moved.redeemed - moved.expired - moved.returned + moved.adjusted  # type: ignore[assignment]
    held: Counter[int] = Counter()
    for account in PointsAccount.objects.all():
        held[account.program_id] += account.balance  # type: ignore[assignment]
    assert {pk: points for pk, points in net.items() if points} == {pk: points for pk, points in held.items() if points}
    by_tier: Counter[tuple[int, int | None, int | None]] = Counter(
        Membership.objects.filter(customer__merged_into=None).values_list("program", "tier", "customer__registered_store")
    )
    rows = TierFigures.objects.all()
    assert {(row.program_id, row.tier_id, row.store_id): row.members for row in rows if row.members} == by_tier
    of_rows: Counter[int] = Counter()
    for row in rows:
        of_rows[row.program_id] += row.points  # type: ignore[assignment]
    assert {pk: points for pk, points in of_rows.items() if points} == {pk: points for pk, points in held.items() if points}
