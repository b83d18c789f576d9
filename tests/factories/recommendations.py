"""Factories of recommendations and pairs of items; baskets, for the recommender to count."""

from decimal import Decimal
from typing import Any

from factory import SelfAttribute, SubFactory
from factory import Sequence as NextNumber

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.recommendations.models import ItemPair, Recommendation
from organizations.locations.models import Till
from tests.factories.base import TenantFactory
from tests.factories.bills import BillFactory, BillLineFactory, at
from tests.factories.customers import CustomerFactory
from tests.factories.organizations import OrganizationFactory

NAMES = {"TENT": "Tent for two", "BAG": "Sleeping bag", "STOVE": "Gas stove", "SOCK": "Merino socks", "MUG": "Enamel mug"}


class RecommendationFactory(TenantFactory):
    """An imported recommendation."""

    class Meta:
        model = Recommendation

    customer = SubFactory(CustomerFactory)
    organization = SelfAttribute("customer.organization")
    item_sku = NextNumber("SKU{}".format)
    imported_at = at("2026-01-05 12:00:00")


class ItemPairFactory(TenantFactory):
    """A pair of items that the recommender found."""

    class Meta:
        model = ItemPair

    organization = SubFactory(OrganizationFactory)
    item_code = NextNumber("ITEM{}".format)
    other_code = NextNumber("OTHER{}".format)
    bills = 5
    lift = Decimal(2)
    built_at = at("2026-01-05 12:00:00")


def basket(till: Till, *items: str, customer: Customer | None = None, **more: Any) -> Bill:
    """A bill with a line for each item, of 10 rupees each."""
    bill: Bill = BillFactory(till=till, customer=customer, **more)
    for position, item in enumerate(items, start=1):
        BillLineFactory(bill=bill, position=position, item_code=item, description=NAMES.get(item, ""), amount=Decimal(10))
    return bill


def pair(till: Till, item: str, other: str, lift: str = "2") -> ItemPair:
    """A pair of the organization's items, by their names."""
    made: ItemPair = ItemPairFactory(
        organization=till.organization,
        item_code=item,
        item_description=NAMES.get(item, ""),
        other_code=other,
        other_description=NAMES.get(other, ""),
        other_price=Decimal("64.90"),
        lift=Decimal(lift),
    )
    return made
