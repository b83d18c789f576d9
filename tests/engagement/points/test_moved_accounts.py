"""Expired and promotional points of a customer who was merged: complete, and read by account."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.points.moved_accounts import with_moved
from loyalty_project import clock
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.factories.bills import DAY, Shop, member
from tests.factories.locations import till_actor
from tests.factories.points import PointsAccountFactory
from tests.factories.program_files import club, loaded
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db
RULES: list[dict[str, Any]] = [
    {"name": "base", "award": {"per": 100, "points": 5}, "expiry": {"kind": "days", "value": 30}},
    {"name": "gift", "award": {"fixed": 2}, "kind": "promotional", "expiry": {"kind": "days", "value": 60}},
]


@pytest.fixture
def northwind() -> Iterator[Organization]:
    organization = loaded(club(earning=RULES))
    with organization_scope(organization):
        yield organization


def spender(shop: Shop, number: str, amount: int, now: datetime) -> Customer:
    """A member whose points of one old bill have expired."""
    customer = member(shop.till.organization)
    at = now - 40 * DAY
    shop.record(shop.draft(number, amount, customer_id=customer.pk, billed_at=at), now=at)
    return customer


@pytest.fixture
def merged(shop: Shop) -> Customer:
    """Two customers with expired points were merged into this one, one after the other."""
    now = clock.now()
    first, second, third = (spender(shop, str(n), amount, now) for n, amount in enumerate((100, 200, 400)))
    for survivor, victim in ((second, third), (first, second)):
        merge_customers(survivor=survivor.pk, victim=victim.pk, by=till_actor(shop.till))
    return first


def test_expired_and_promotional_points_of_merged_customers_are_printed(shop: Shop, merged: Customer) -> None:
    item = Api(shop.till).get(f"id={merged.pk}&expired_points=true&promotion_points=true").item
    assert sorted(int(row["points"]) for row in item["expired_points"]["item"]) == [5, 10, 20]
    assert [row["points"] for row in item["promotion_points"]["transactions"]["item"]] == ["2", "2", "2"]


def test_the_history_of_an_account_is_every_account_that_moved_to_it(shop: Shop, merged: Customer) -> None:
    live = PointsAccount.objects.get(customer=merged, moved_to=None)
    assert set(with_moved([live.pk]).values_list("pk", flat=True)) == set(
        PointsAccount.objects.filter(customer=merged).values_list("pk", flat=True)
    )


def copied(row: Any, **changes: Any) -> Any:
    """An unsaved copy of a row."""
    values = {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}
    return type(row)(**{**values, "id": None, **changes})


@pytest.mark.parametrize(
    ("flag", "asks", "index"),
    [
        ("expired_points", "EXPIRE", "points_entry_expired"),
        ("promotion_points", "promotional", "points_lot_promotional"),
    ],
)
def test_entries_are_read_by_account_and_never_all(shop: Shop, merged: Customer, flag: str, asks: str, index: str) -> None:
    lot = PointsLot.objects.filter(kind="promotional").order_by("pk").select_related("entry").first()
    other = PointsAccountFactory(organization=merged.organization)
    of_kind = lot.entry if asks == "promotional" else PointsEntry.objects.filter(kind=asks).first()
    entries = [copied(of_kind, account_id=other.pk, version=1000 + n, reference="") for n in range(2000)]
    PointsEntry.objects.bulk_create(entries)
    PointsLot.objects.bulk_create([copied(lot, account_id=other.pk, entry_id=entry.pk) for entry in entries])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE engagement_pointsentry, engagement_pointsaccount, engagement_pointslot")
        cursor.execute("ANALYZE engagement_program, customers_customer")
    with CaptureQueriesContext(connection) as queries:
        Api(shop.till).get(f"id={merged.pk}&{flag}=true")
    (asked,) = (query["sql"] for query in queries if "engagement_pointsentry" in query["sql"] and asks in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (COSTS OFF) {asked}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on engagement_pointsentry" not in plan
    assert "Seq Scan on engagement_pointslot" not in plan
    assert re.search(rf"{index}.*\n.*Index Cond: .*account_id", plan), plan
