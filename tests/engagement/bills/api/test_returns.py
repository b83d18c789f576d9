"""What do returns and mixed bills do, over HTTP? (docs/protocol.md, tills' part 3)"""

from typing import Any

import pytest

from customers.profile.models import Customer
from engagement.bills.models import Bill, BillLine
from engagement.events.models import DeferredEvent
from engagement.points.checks.run import check_ledger
from engagement.programs.models import Program
from loyalty_project import clock
from tests.api import Api
from tests.engagement.bills.api.tills import BASKET, CUP, JAM, TEA, BillAnswer, BillTill, set_flags
from tests.factories.bills import Shop
from tests.factories.locations import TillFactory
from tests.factories.programs import ProgramVersionFactory

pytestmark = pytest.mark.django_db
DAY = "2026-03-04"


@pytest.fixture
def number(till: BillTill) -> str:
    """The number of a sale of the basket, which earned 25 points."""
    return str(till.sell(500, billing_time=DAY, line_items=BASKET).item["number"])


def taken(answer: BillAnswer) -> tuple[int, float, float]:
    """The code, the points taken back, and the balance, which are numbers."""
    return answer.number, answer.item["points_deducted"], answer.item["points_balance"]


def lines(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"line_items": {"line_item": list(rows)}}


def test_a_full_return_takes_all_points(till: BillTill, number: str) -> None:
    answer = till.give_back(number, "full ", amount=1)
    assert taken(answer) == (600, 25, 50)
    assert (answer.item["type"], answer.item["number"], answer.item["parent_bill_number"]) == ("RETURN", number, "")
    assert (answer.item["customer"]["lifetime_purchases"], answer.item["customer"]["lifetime_points"]) == ("0", "75")
    assert till.give_back(number, parent_bill_number="R-9").number == 633


def test_parts_of_an_amount_add_up(till: BillTill, number: str) -> None:
    answers = [till.give_back(number, "AMOUNT", amount=part, parent_bill_number=f"R{part}") for part in (33, 467)]
    assert [answer.item["points_deducted"] for answer in answers] == [1.6, 23.4]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"return_type": "AMOUNT"}, 601), ({"return_type": "AMOUNT", "amount": 0}, 601),
        ({"return_type": "AMOUNT", "amount": "500.01"}, 630), ({"return_type": "LINE_ITEM"}, 1635),
        ({"return_type": "LINE_ITEM", **lines({"item_code": "HAT"})}, 688),
        ({"return_type": "LINE_ITEM", **lines({"item_code": "TEA", "qty": 5, "amount": 100})}, 626),
        ({"return_type": "LINE_ITEM", **lines({"item_code": "TEA", "qty": 1, "amount": "120.01"})}, 678),
        ({"return_type": "SOME", "amount": 1}, 628), ({"return_type": "FULL", "billing_time": "2026-03-03"}, 624),
        ({"return_type": "FULL", "id": 999999}, 620), ({"return_type": "FULL", "number": "NONE"}, 625),
        ({"return_type": "FULL", "customer": {"mobile": "919812345679"}}, 668),
    ],
)  # fmt: skip
def test_a_return_is_refused(till: BillTill, number: str, more: dict[str, Any], code: int) -> None:
    assert till.send({"type": "RETURN", "number": number, **more}).number == code
    assert (Bill.objects.count(), Customer.objects.count()) == (1, 1)


def test_kinds_of_returns_do_not_mix(till: BillTill, number: str) -> None:
    assert till.give_back(number, "LINE_ITEM", **lines({**TEA, "qty": 1, "amount": 30})).number == 600
    assert till.give_back(number, "AMOUNT", amount=30).number == 635
    assert till.give_back(number, "FULL").number == 639
    other = till.sell(500, line_items=BASKET).item["number"]
    assert till.give_back(other, "AMOUNT", amount=30).number == 600
    assert till.give_back(other, "LINE_ITEM", **lines(CUP)).number == 632


def test_pieces_above_what_is_left_are_629(till: BillTill, number: str) -> None:
    parts = [{"item_code": "TEA", "qty": 3, "amount": 90}, {"item_code": "TEA", "qty": 2, "amount": 20}]
    answers = [till.give_back(number, "LINE_ITEM", parent_bill_number=f"R{n}", **lines(part)) for n, part in enumerate(parts)]
    assert [answer.number for answer in answers] == [600, 629]


def test_a_full_return_with_cancelled_lines_returns_these(till: BillTill, number: str) -> None:
    cancelled = {**TEA, "qty": 2, "amount": 60, "return_type": "cancelled"}
    first = till.give_back(number, "FULL", amount=500, parent_bill_number="R1", **lines(cancelled))
    assert taken(first) == (600, 3, 72)
    again = till.give_back(number, "FULL", amount=500, parent_bill_number="R1", **lines(cancelled))
    assert (again.number, again.warnings) == (600, ["604"])
    assert Bill.objects.get(type="RETURN").return_type == "LINE_ITEM"


def test_cancelled_lines_that_are_the_whole_sale_return_it(till: BillTill, number: str) -> None:
    rows = [{**line, "type": "cancelled"} for line in (TEA, JAM, CUP)]
    assert taken(till.give_back(number, "FULL", **lines(*rows))) == (600, 25, 50)
    assert Bill.objects.get(type="RETURN").return_type == "FULL"


def test_the_sale_is_named_in_either_order_or_by_its_id(till: BillTill, number: str) -> None:
    first = till.give_back(number, "AMOUNT", amount=10, parent_bill_number="R-1")
    second = till.give_back("R-2", "AMOUNT", amount=10, parent_bill_number=number)
    sale = Bill.objects.get(number=number, type="REGULAR")
    third = till.give_back("R-3", "AMOUNT", amount=10, id=sale.pk)
    assert [answer.number for answer in (first, second, third)] == [600] * 3
    assert (second.item["number"], second.item["parent_bill_number"]) == ("R-2", number)
    assert sorted(sale.returns.values_list("number", flat=True)) == ["R-1", "R-2", "R-3"]


def test_a_return_without_its_sale_may_be_kept(shop: Shop, till: BillTill) -> None:
    set_flags(shop, CONF_ALLOW_NOT_EXISTING_BILL_RETURN=1)
    till.sell(500)
    answer = till.give_back("NONE", "LINE_ITEM", customer={"mobile": till.mobile}, **lines(TEA))
    assert (answer.number, answer.warnings, answer.item["customer"]["lifetime_purchases"]) == (600, ["625"], "500")
    assert BillLine.objects.get().item_code == "TEA"


def test_a_return_is_replayed_by_its_number_or_content(till: BillTill, number: str) -> None:
    for more in ({"parent_bill_number": "R-1"}, {"billing_time": "2026-03-05 10:00:00"}):
        first, again = (till.give_back(number, "AMOUNT", amount=100, **more) for _ in range(2))
        assert (again.warnings, again.item["id"]) == (["604"], first.item["id"])
        assert again.item["points_deducted"] == 5
    assert till.give_back(number, "AMOUNT", amount=101, parent_bill_number="R-1").number == 604
    assert Bill.objects.filter(type="RETURN").count() == 2


def test_numbers_of_returns_may_be_unique_for_ever(shop: Shop, till: BillTill) -> None:
    set_flags(shop, IS_RETURN_BILL_UNIQUE=1)
    other = BillTill(Api(TillFactory(store=shop.till.store, code="blr.till2")))
    first, second = (till.sell(100, billing_time=DAY).item["number"] for _ in range(2))
    assert till.give_back(first, parent_bill_number="R-1", billing_time="2026-03-05").number == 600
    assert other.give_back(second, parent_bill_number="R-1", billing_time="2026-03-06").number == 604


def test_a_mixed_bill_earns_and_takes_back(till: BillTill, number: str) -> None:
    back = {**JAM, "qty": 1, "amount": 90, "type": "return", "transaction_number": number}
    answer = till.sell(300, type="REGULAR", **lines({"item_code": "HAT", "amount": 300}, back))
    assert (answer.number, answer.warnings, answer.item["type"]) == (600, [], "MIXED")
    assert taken(answer) == (600, 4.5, 85.5)
    assert answer.effects("points")[0]["awarded_points"] == 15
    assert answer.item["customer"]["lifetime_purchases"] == "710"
    mixed = Bill.objects.get(type="MIXED")
    assert list(mixed.lines.values_list("item_code", flat=True)) == ["HAT"]
    assert list(mixed.parts.values_list("type", "return_type", "amount")) == [("RETURN", "LINE_ITEM", 90)]
    assert list(check_ledger(Customer.objects.get().organization)) == []


def test_a_mixed_bill_is_kept_if_its_points_cannot_be_computed(till: BillTill, number: str) -> None:
    huge = {"earning": [{"name": "base", "award": {"per": 0.001, "points": 999999999999}}]}
    ProgramVersionFactory(program=Program.objects.get(), number=9, rules=huge, made_at=clock.now())
    back = {**JAM, "qty": 1, "amount": 90, "type": "return", "transaction_number": number}
    answer = till.sell(300, **lines({"item_code": "HAT", "amount": 300}, back))
    assert (answer.number, answer.warnings, answer.effects("points")) == (600, ["1087"], [])
    kept = Bill.objects.get(type="MIXED")
    deferred = sorted(event.payload["bill"] for event in DeferredEvent.objects.all())
    assert deferred == sorted([kept.pk, kept.parts.get().pk])


@pytest.mark.parametrize("odd", [{"discount": 5}, {"value": 999999999999, "qty": 1}])
def test_the_sum_of_returned_lines_refuses_no_mixed_bill(till: BillTill, number: str, odd: dict[str, Any]) -> None:
    back = [{"item_code": code, "qty": 1, "type": "return", "transaction_number": number, **odd} for code in ("TEA", "JAM")]
    assert till.sell(300, **lines({"item_code": "HAT", "amount": 300}, *back)).number == 600
    assert Bill.objects.get(type="RETURN").amount == 120


@pytest.mark.parametrize("own", ["", "R-1"])
def test_a_return_by_id_has_the_number_that_is_not_the_sales(till: BillTill, number: str, own: str) -> None:
    sale = Bill.objects.get(number=number)
    for sent, parent in ((number, own or number), ("", own), (own, number)):
        answer = till.give_back(sent, "AMOUNT", id=sale.pk, amount=10, parent_bill_number=parent)
        assert (answer.number, Bill.objects.get(pk=answer.item["id"]).number) == (600, own or number)


def test_a_line_whose_rate_is_odd_can_be_returned(till: BillTill) -> None:
    odd = {"item_code": "TEA", "qty": 1000, "rate": 900_000_000_000, "value": 1, "amount": 1}
    number = till.sell(1, **lines(odd)).item["number"]
    assert till.give_back(number, "LINE_ITEM", **lines({"item_code": "TEA", "qty": 1000})).number == 600


def test_a_return_that_names_no_sale_may_be_kept(shop: Shop, till: BillTill) -> None:
    set_flags(shop, CONF_ALLOW_NOT_EXISTING_BILL_RETURN=1)
    answer = till.give_back("", "AMOUNT", amount=10, customer={"mobile": till.mobile})
    assert (answer.number, Bill.objects.get(type="RETURN").identity.number) == (600, "-")


def test_a_mixed_bill_is_replayed_whole(till: BillTill, number: str) -> None:
    back = {**JAM, "type": "return", "transaction_number": number}
    sent = till.sale(300, **lines({"item_code": "HAT", "amount": 300}, back))
    first, again = till.send(sent), till.send(sent)
    assert (again.warnings, again.item["id"], again.item["points_deducted"]) == (["604"], first.item["id"], 9)
    other = till.send({**sent, **lines({"item_code": "HAT", "amount": 300}, {**back, "transaction_number": "B-0"})})
    assert other.number == 604
    assert Bill.objects.count() == 3


def test_lines_of_several_sales_come_back_each_to_its_own(till: BillTill, number: str) -> None:
    other = till.sell(200, **lines(CUP)).item["number"]
    rows = [{**CUP, "type": "return", "transaction_number": sold} for sold in (number, other)]
    assert till.sell(10, **lines({"item_code": "HAT", "amount": 10}, *rows)).number == 600
    sales = Bill.objects.filter(number__in=[number, other], type="REGULAR")
    assert set(sales.values_list("returned_amount", flat=True)) == {200}


@pytest.mark.parametrize("named", ["NONE", "", "N" * 80])
def test_a_returned_line_without_its_sale_is_kept_without_effect(till: BillTill, named: str) -> None:
    row = {**JAM, "type": "return", "transaction_number": named}
    answer = till.sell(300, **lines({"item_code": "HAT", "amount": 300}, row))
    assert (answer.number, answer.warnings) == (600, ["625"])
    assert (answer.item["points_deducted"], answer.item["customer"]["lifetime_purchases"]) == (0, "300")
    assert set(BillLine.objects.values_list("item_code", flat=True)) == {"HAT", "JAM"}


def test_a_refused_returned_line_refuses_the_mixed_bill(till: BillTill, number: str) -> None:
    row = {**JAM, "qty": 3, "type": "return", "transaction_number": number}
    assert till.sell(300, **lines({"item_code": "HAT", "amount": 300}, row)).number == 626
    assert Bill.objects.count() == 1


def test_anonymous_returns_find_anonymous_sales(till: BillTill) -> None:
    sold = till.sell(400, type="NOT_INTERESTED", billing_time=DAY).item["number"]
    back = {"type": "NOT_INTERESTED_RETURN", "number": sold, "return_type": "FULL"}
    first, second = till.send({**back, "parent_bill_number": "R1"}), till.send({**back, "parent_bill_number": "R2"})
    assert (first.number, first.warnings, "customer" in first.item) == (600, [], False)
    assert second.number == 633


def test_an_anonymous_return_may_be_of_the_only_loyalty_sale(shop: Shop, till: BillTill, number: str) -> None:
    back = {"type": "NOT_INTERESTED_RETURN", "return_type": "AMOUNT", "amount": 100}
    answer = till.send({**back, "number": number})
    assert (answer.number, answer.warnings, answer.item["type"]) == (600, ["9616"], "NOT_INTERESTED_RETURN")
    assert ("customer" in answer.item, answer.item["points_deducted"], answer.item["points_balance"]) == (False, 5, 70)
    other = BillTill(Api(TillFactory(store=shop.till.store, code="blr.till2")))
    other.send(other.sale(100, number=number))
    assert till.send({**back, "number": number}).number == 9614
    assert till.send({**back, "number": "NONE"}).warnings == ["625"]


def test_anonymous_mixed_bills_look_among_anonymous_sales(till: BillTill, number: str) -> None:
    row = {**JAM, "type": "return", "transaction_number": number}
    answer = till.sell(300, type="NOT_INTERESTED", **lines({"item_code": "HAT", "amount": 300}, row))
    assert (answer.number, answer.item["type"], answer.warnings, "customer" in answer.item) == (600, "NI_MIXED", ["625"], False)
