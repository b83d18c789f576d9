"""Recommendations of the demo: the recommender finds what the demo's buyers take along."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from customers.profile.models import Customer
from demo.bills import TOGETHER, Buyer, demo_bills
from demo.recommendations import recommend_demo_products
from engagement.bills.models import Bill, BillLine
from engagement.recommendations.models import ItemPair, Recommendation
from engagement.recommendations.panels import recommendations_panel
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.bills import BillFactory
from tests.factories.customers import CustomerFactory
from tests.factories.staff import StaffMemberFactory

NOW = datetime(2026, 3, 1, 12)
TILLS = ("harbour.till1", "harbour.lunenburg1", "harbour.web1")
BUYERS = [Buyer(till, NOW - timedelta(days=days)) for days in range(1, 700, 2) for till in TILLS]


@pytest.fixture
def customers(organization: Organization, till: Till) -> Iterator[list[Customer]]:
    """Some customers; the organization has the demo's bills of a year, as rows."""
    with time_machine.travel(NOW.replace(tzinfo=UTC) + timedelta(hours=12), tick=False):
        bills = [bill for bill in demo_bills(BUYERS, now=NOW) if not bill.sale]
        stored = Bill.objects.bulk_create(
            BillFactory.build(
                organization=organization, customer=None, till=till, number=bill.number, billed_at=bill.at.replace(tzinfo=UTC)
            )
            for bill in bills
        )
        BillLine.objects.bulk_create(
            BillLine(
                organization=organization, bill=row, position=position, item_code=line.item, description=line.description,
                quantity=Decimal(line.quantity), rate=line.price,
            )
            for row, bill in zip(stored, bills, strict=True)
            for position, line in enumerate(bill.lines, start=1)
        )  # fmt: skip
        yield CustomerFactory.create_batch(8, organization=organization)


def test_the_recommender_finds_what_the_demo_sells_together(customers: list[Customer], organization: Organization) -> None:
    pairs = recommend_demo_products(customers, organization=organization, now=NOW.replace(tzinfo=UTC))
    assert pairs == ItemPair.objects.count() > 2 * sum(map(len, TOGETHER.values()))
    for item, along in TOGETHER.items():
        strongest = ItemPair.objects.filter(item_code=item).order_by("-lift")
        assert {row.other_code for row in strongest[: len(along)]} == set(along)
        assert min(row.lift for row in strongest[: len(along)]) > 2
        # What was not seeded is near to chance.
        assert all(row.lift < 2 for row in strongest[len(along) :])


def test_a_buyer_of_a_tent_is_recommended_what_goes_with_it(
    customers: list[Customer], organization: Organization, till: Till
) -> None:
    bill = BillFactory(till=till, customer=customers[1])
    BillLine.objects.create(organization=organization, bill=bill, position=1, item_code="TENT-2P")
    recommend_demo_products(customers, organization=organization, now=NOW.replace(tzinfo=UTC))
    agent = StaffMemberFactory(organization=organization, role="care_agent")
    panel = recommendations_panel(customers[1], organization=organization, seen_by=agent)
    assert panel is not None
    assert [why for *_, why in panel.rows[:2]] == ["bought together with Tent for two"] * 2


def test_some_customers_have_products_of_a_campaign(customers: list[Customer], organization: Organization) -> None:
    for _ in range(2):
        recommend_demo_products(customers, organization=organization, now=NOW.replace(tzinfo=UTC))
        assert Recommendation.objects.count() == 4
    assert {row.customer for row in Recommendation.objects.filter(item_sku="RAFT-2")} == {customers[0], customers[7]}
