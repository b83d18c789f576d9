"""What do a program's trackers show?"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from customers.profile.models import Customer
from engagement.bills.draft import LineDraft
from engagement.bills.models import Bill
from engagement.programs.models import Membership, Tier
from engagement.programs.rules import TrackerRule
from engagement.programs.windows import first_day
from engagement.trackers.sections import trackers
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import DAY, NOON, Shop, member
from tests.factories.program_files import club, loaded
from tests.reads import read_parts

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 20)
TYPES = (
    "BILL_AMOUNT", "BILL_DISCOUNT", "BILL_GROSS_AMOUNT", "BILL_QUANTITY", "LINEITEM_AMOUNT", "LINEITEM_QTY",
    "LINEITEM_COUNT", "CUSTOMER_VISITS", "POINTS",
)  # fmt: skip


@pytest.mark.parametrize(
    ("tracker", "first"),
    [
        ({"mode": "MOVING_WINDOW", "days": 30}, date(2026, 4, 21)),
        ({"mode": "MOVING_WINDOW", "days": 1}, TODAY),
        ({"mode": "CYCLIC_WINDOW", "every_days": 90, "from": "2026-01-01"}, date(2026, 4, 1)),
        ({"mode": "CYCLIC_WINDOW", "every_days": 10, "from": "2026-05-25"}, date(2026, 5, 15)),
        ({"mode": "CALENDAR_BASED_CYCLIC_WINDOW", "period": "month"}, date(2026, 5, 1)),
        ({"mode": "CALENDAR_BASED_CYCLIC_WINDOW", "period": "quarter"}, date(2026, 4, 1)),
        ({"mode": "CALENDAR_BASED_CYCLIC_WINDOW", "period": "year"}, date(2026, 1, 1)),
        ({"mode": "TIER_CHANGE_WINDOW"}, None),
    ],
)
def test_windows_begin_by_mode(tracker: dict[str, Any], first: date | None) -> None:
    assert first_day(TrackerRule.from_json({"name": "T", "type": "POINTS", **tracker}), TODAY) == first


@pytest.fixture
def northwind() -> Iterator[Organization]:
    trackers: list[dict[str, Any]] = [
        {"name": tracker_type, "type": tracker_type, "mode": "MOVING_WINDOW", "days": 3} for tracker_type in TYPES
    ]
    trackers.append({"name": "since", "type": "CUSTOMER_VISITS", "mode": "TIER_CHANGE_WINDOW"})
    organization = loaded(club(trackers=trackers), {"name": "South", "bound_to": {"zones": ["south"]}, "earning": []})
    with organization_scope(organization):
        yield organization


def rows_of(*customers: Customer, at: datetime = NOON + 2 * DAY) -> list[list[dict[str, str]]]:
    parts = read_parts([trackers], *customers, query={"tracker_info": "true"}, now=at)
    return [parts[customer.pk]["trackers"]["tracker"] for customer in customers]


def values(*customers: Customer) -> list[dict[str, str]]:
    return [{row["name"]: row["value"] for row in rows} for rows in rows_of(*customers)]


def test_each_measure_is_net_of_returns(northwind: Organization, shop: Shop) -> None:
    asha = member(northwind, "Club", "South")
    lines = [
        LineDraft(item_code="TEA", quantity=Decimal(2), amount=Decimal(60)),
        LineDraft(item_code="CUP", amount=Decimal(40)),
    ]
    shop.record(shop.draft("1", 100, customer_id=asha.pk, discount=Decimal(10), lines=lines))
    shop.record(shop.draft("2", 50, customer_id=asha.pk, outlier_status="TEST", lines=lines))
    shop.record(shop.draft("3", 50, customer_id=asha.pk, billed_at=NOON - DAY))
    shop.record(shop.returned("1", customer_id=asha.pk, lines=[LineDraft(item_code="TEA", quantity=Decimal(1))]))
    assert values(asha) == [
        {
            "BILL_AMOUNT": "70",
            "BILL_DISCOUNT": "10",
            "BILL_GROSS_AMOUNT": "80",
            "BILL_QUANTITY": "2",
            "LINEITEM_AMOUNT": "70",
            "LINEITEM_QTY": "2",
            "LINEITEM_COUNT": "1",
            "CUSTOMER_VISITS": "1",
            "POINTS": "3.5",
            "since": "2",
        }
    ]


def test_a_row_is_printed_as_on_the_wire(northwind: Organization, shop: Shop) -> None:
    asha = member(northwind)
    (rows,) = rows_of(asha, at=datetime(2026, 3, 2, 20, 0, tzinfo=UTC))
    program_id = Membership.objects.get().program_id
    assert rows[0] == {
        "id": f"{program_id}-1",
        "name": "BILL_AMOUNT",
        "condition_id": "1",
        "type": "BILL_AMOUNT",
        "value": "0",
        "updated_on": "2026-03-03 01:30:00",
    }
    assert len(rows) == 10
    assert shop.till.is_active


def test_windows_of_tiers_are_each_customers_own(northwind: Organization, shop: Shop) -> None:
    people = [member(northwind) for _ in range(2)]
    for number in range(2):
        for customer in people:
            shop.record(shop.draft(f"{customer.pk}.{number}", 10, customer_id=customer.pk, billed_at=NOON + number * DAY))
    bronze = Tier.objects.get(name="Bronze")
    Membership.objects.filter(customer=people[0]).update(tier=bronze, tier_since=NOON + timedelta(hours=20))
    assert [value["since"] for value in values(*people)] == ["1", "2"]


def test_what_comes_before_a_change_of_its_day_does_not_count(northwind: Organization, shop: Shop) -> None:
    asha = member(northwind)
    for hours in (0, 1, 2, 3):
        shop.record(shop.draft(str(hours), 10, customer_id=asha.pk, billed_at=NOON + timedelta(hours=hours)))
    changed_at = NOON + timedelta(hours=1)
    # The change came by the bill of that moment, which does not count either: as in the evaluation of tiers.
    brought_by = Bill.objects.get(billed_at=changed_at).pk
    Membership.objects.update(
        tier=Tier.objects.get(name="Bronze"),
        tier_since=changed_at,
        tier_since_order=brought_by,
        tier_counts_from=changed_at,
        tier_counts_order=brought_by,
    )
    assert values(asha)[0]["since"] == "2"


def test_without_a_tier_the_window_begins_with_the_membership(northwind: Organization, shop: Shop) -> None:
    asha = member(northwind)
    for number in range(3):
        shop.record(shop.draft(str(number), 10, customer_id=asha.pk, billed_at=NOON + (number - 1) * DAY))
    Membership.objects.update(tier=None, tier_since=None, enrolled_on=NOON)
    assert values(asha)[0]["since"] == "2"


def test_a_bill_that_counts_in_two_programs_is_counted_once_in_each(northwind: Organization, shop: Shop) -> None:
    asha = member(northwind, "Club", "South")
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    shop.record(shop.returned("1", 40, customer_id=asha.pk))
    assert values(asha)[0]["BILL_AMOUNT"] == "60"
