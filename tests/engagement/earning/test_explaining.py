"""Why did a recorded sale bring its points, or none?"""

from decimal import Decimal
from typing import Any

import pytest

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.earning.explaining import explain_sale, obstacle_to_earning
from engagement.points.models import PointsEntry
from engagement.programs.catalog import load_catalog
from tests.factories.bills import NOON, Shop
from tests.factories.customers import CustomerFactory
from tests.factories.program_files import club, load

pytestmark = pytest.mark.django_db


def rule(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "award": {"per": 100, "points": 5}, **more}


def why(bill: Bill) -> list[tuple[str, Decimal | None, str]]:
    shares = list(bill.points.select_related("account__program"))
    entries = list(PointsEntry.objects.filter(bill=bill).select_related("program_version__program").order_by("pk"))
    explained = explain_sale(bill, shares=shares, entries=entries, catalog=load_catalog(), organization=bill.organization)
    return [(row.rule, row.points, row.why) for program in explained for row in program.rules]


def sold(shop: Shop, customer: Customer, number: str = "1", amount: int = 200) -> Bill:
    shop.record(shop.draft(number, amount, customer_id=customer.pk, billed_at=NOON), now=NOON)
    return Bill.objects.select_related("customer").get(number=number)


def test_each_rule_has_its_points_or_its_reason(shop: Shop, asha: Customer) -> None:
    load(
        club(
            earning=[
                rule("base"),
                rule("big", when={"min_amount": 500}),
                rule("double", award={"multiply": 2}, group="extra"),
                rule("triple", award={"multiply": 3}, group="extra"),
            ]
        )
    )
    rows = {name: (points, text) for name, points, text in why(sold(shop, asha))}
    assert rows["base"][0] == 10
    assert "gives 5 points per 100 of 200" in rows["base"][1]
    assert rows["big"] == (None, "The amount is below 500.")
    assert rows["double"] == (None, "Of the group extra the rule triple gives most.")
    assert rows["triple"][0] == 20


def test_a_cap_counts_what_came_before_the_bill_alone(shop: Shop, asha: Customer) -> None:
    load(club(earning=[rule("daily", max_points_per_day=15)]))
    first, second, third = (sold(shop, asha, number) for number in "123")
    assert [row[1] for row in (*why(first), *why(second))] == [10, 5]
    assert why(third) == [("daily", None, "Its cap of 15 points for a day is reached.")]


def test_a_rule_that_would_give_points_only_today_says_so(shop: Shop, asha: Customer) -> None:
    load(club(earning=[rule("base", when={"min_amount": 500})]))
    bill = sold(shop, asha)
    bill.amount = Decimal(900)
    assert why(bill)[0][2].startswith("It gave nothing when the bill came.")


def test_points_that_a_file_stated_come_from_no_rule(shop: Shop, asha: Customer) -> None:
    draft = shop.draft("1", 200, customer_id=asha.pk, billed_at=NOON)
    draft.stated_points = Decimal(7)
    shop.record(draft, now=NOON)
    ((name, points, text),) = why(Bill.objects.select_related("customer").get(number="1"))
    assert (name, points) == ("", 7)
    assert "stated with the bill" in text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"customer": None}, "It has no customer, so nobody earns points for it."),
        ({"outlier_status": "OUTLIER"}, "It is marked as outlier, so it earns nothing."),
        ({"type": "RETURN"}, ""),
        ({}, "is not a loyalty member, so it earns nothing."),
    ],
)
def test_a_sale_that_counted_nowhere_has_its_reason(shop: Shop, values: dict[str, Any], sentence: str) -> None:
    customer = CustomerFactory(organization=shop.organization, type="NON_LOYALTY")
    bill = Bill(**{"organization": shop.organization, "customer": customer, "type": "REGULAR", **values})
    said = obstacle_to_earning(bill, has_shares=False)
    assert said.endswith(sentence) if sentence else said == ""
    assert obstacle_to_earning(bill, has_shares=True) == ""


def test_a_member_of_other_programs_alone_earned_nothing(shop: Shop, asha: Customer) -> None:
    bill = Bill(organization=shop.organization, customer=asha, type="REGULAR")
    assert obstacle_to_earning(bill, has_shares=False).startswith("The customer was in no program")
