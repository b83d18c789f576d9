"""The figures of a real shop: those of CDNOW are reckoned from its two CSV files, by nothing but sums over their rows.

23,570 customers with 69,659 purchases come in by the import commands, and a refresh counts them. `make test` takes every 100th
customer, `make prove` all of them.
"""

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
import time_machine

from engagement.figures.models import ActiveCustomers, DayFigures, PointsFigures, TierFigures
from engagement.figures.periods import Period
from engagement.figures.reading import read_figures
from engagement.figures.refreshing import refresh_figures
from loyalty_project.db.trusted_time import forget_database_time
from organizations.organization_file.reading import read_document
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check
from tests.imports import run_import
from use_cases.organization_file import load_organization

FULL = os.environ.get("REGULARS_PROOFS") == "full"
DATA: Final = Path(__file__).parents[4] / "shared/data/cdnow"
EVERY: Final = 1 if FULL else 100
# The purchases end on June 30.
NIGHT: Final = datetime(1998, 7, 1, 1, tzinfo=ZoneInfo("America/New_York"))

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the purchases are not at {DATA}"),
]


@dataclass
class Reckoned:
    """Sums over the rows of the files, by day where nothing else is said."""

    joined: Counter[date] = field(default_factory=Counter)
    bills: Counter[date] = field(default_factory=Counter)
    sales: defaultdict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    points: Counter[date] = field(default_factory=Counter)
    buyers: defaultdict[date, set[str]] = field(default_factory=lambda: defaultdict(set))
    of_customer: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def rows_of(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def reckon(customers: list[dict[str, str]], bills: list[dict[str, str]]) -> Reckoned:
    reckoned = Reckoned()
    for row in customers:
        reckoned.joined[date.fromisoformat(row["registered_on"][:10])] += 1
    for row in bills:
        day, amount = date.fromisoformat(row["billing_time"][:10]), Decimal(row["amount"])
        reckoned.bills[day] += 1
        reckoned.sales[day] += amount
        # A point for each whole dollar.
        reckoned.points[day] += int(amount)
        reckoned.buyers[day].add(row["external_id"])
        reckoned.of_customer[row["external_id"]] += amount
    return reckoned


def load(customers: list[dict[str, str]], bills: list[dict[str, str]], folder: Path) -> Organization:
    organization = load_organization(check(read_document((DATA / "organization.yaml").read_bytes()))).organization
    for command, rows in (("import_customers", customers), ("import_transactions", bills)):
        path = folder / f"{command}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        outcome = run_import(command, path, code="cdnow")
        assert (outcome.status, outcome.counts) == (0, (len(rows), 0, 0, 0)), outcome.err
    return organization


def days_of(period: Period) -> list[date]:
    return [period.first_day + timedelta(days=days) for days in range(period.days)]


def test_the_figures_of_a_real_shop_are_reckoned_from_its_files(tmp_path: Path) -> None:
    customers = [row for number, row in enumerate(rows_of("customers.csv")) if number % EVERY == 0]
    names = {row["external_id"] for row in customers}
    bills = [row for row in rows_of("transactions.csv") if row["external_id"] in names]
    reckoned = reckon(customers, bills)
    with time_machine.travel(NIGHT):
        forget_database_time()
        organization = load(customers, bills, tmp_path)
        with organization_scope(organization):
            refresh_figures(organization)
            # The night's refresh counts every day anew, and finds the same.
            assert refresh_figures(organization, complete=True).changed == 0
    with organization_scope(organization):
        stored = {row.day: [0, 0, Decimal(0)] for row in DayFigures.objects.all()}
        for row in DayFigures.objects.all():
            assert row.customer_bills == row.bills
            for place, value in enumerate((row.joined, row.bills, row.sales)):
                stored[row.day][place] += value
        assert stored == {
            day: [reckoned.joined[day], reckoned.bills[day], reckoned.sales[day]]
            for day in reckoned.joined.keys() | reckoned.bills.keys()
        }
        moved = PointsFigures.objects.all()
        assert {row.day: row.earned for row in moved if row.earned} == {
            day: points for day, points in reckoned.points.items() if points
        }
        assert not any(row.redeemed or row.expired or row.returned or row.adjusted for row in moved)
        assert {(row.first_day, row.last_day): row.customers for row in ActiveCustomers.objects.filter(stores=[])} == {
            (period.first_day, period.last_day): len(set().union(*(reckoned.buyers[day] for day in days_of(period))))
            for end in [date(1998, 6, 30)]
            for days in (7, 30, 90)
            for period in (Period.ending(end, days), Period.ending(end, days).before)
        }
        members: Counter[str] = Counter()
        for row in TierFigures.objects.select_related("tier"):
            assert row.tier is not None
            members[row.tier.name] += row.members
        tiers = Counter(
            "Collector" if spent >= 1000 else "Fan" if spent >= 200 else "Listener"
            for spent in (reckoned.of_customer[name] for name in names)
        )
        assert members == tiers
        assert sum(row.points for row in TierFigures.objects.all()) == reckoned.points.total()
        spring = Period.ending(date(1998, 6, 30), 90)
        sums = read_figures(spring, stores=()).of(spring)
        assert (sums.bills, sums.earned) == tuple(
            sum(of[day] for day in days_of(spring)) for of in (reckoned.bills, reckoned.points)
        )
        if FULL:
            # The figures that come with the data.
            assert (reckoned.joined.total(), reckoned.bills.total()) == (23_570, 69_659)
            assert sum(row[2] for row in stored.values()) == Decimal("2500315.63")
