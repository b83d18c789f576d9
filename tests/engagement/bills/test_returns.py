"""Which sale is brought back, and how much of it?"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from customers.profile.models import Customer
from engagement.bills.draft import BillDraft, LineDraft
from engagement.bills.models import Bill, BillLine
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.models import Organization
from tests.factories.bills import DAY, NOON, Shop, account_of, codes, member, open_shop
from tests.factories.customers import CustomerFactory
from tests.factories.locations import TillFactory
from tests.factories.program_files import club, load
from use_cases.purchases import Purchase

pytestmark = pytest.mark.django_db


def line(item: str, quantity: str | int = 1, amount: str | int | None = None, **more: Any) -> LineDraft:
    return LineDraft(item_code=item, quantity=Decimal(quantity), amount=None if amount is None else Decimal(amount), **more)


def sell(shop: Shop, customer: Customer | None, number: str, amount: str | int, *lines: LineDraft, **more: Any) -> Bill:
    owner = customer.pk if customer else None
    return shop.record(shop.draft(number, amount, customer_id=owner, lines=lines or None, **more)).recorded.bill


def stored(bill: Bill) -> Bill:
    return Bill.objects.get(pk=bill.pk)


def test_a_full_return_takes_the_whole_amount_whatever_was_sent(shop: Shop, asha: Customer) -> None:
    sale = sell(shop, asha, "1", 200)
    back = shop.record(shop.returned("1", 150, customer_id=asha.pk, return_type="FULL")).recorded.bill
    assert (back.amount, back.gross_amount, back.return_of_id, back.returned_number) == (200, 200, sale.pk, "1")
    assert (stored(sale).returned_amount, stored(sale).is_returned) == (200, True)
    assert account_of(asha).balance == 0


def test_a_full_return_sent_again_with_its_ignored_amount_is_found_again(shop: Shop, asha: Customer) -> None:
    sell(shop, asha, "1", 200)
    draft = shop.returned("1", 150, customer_id=asha.pk, return_type="FULL")
    first = shop.record(draft)
    again = shop.record(draft)
    assert (again.recorded.is_new, again.recorded.bill.pk, codes(again)) == (False, first.recorded.bill.pk, [604])
    assert Bill.objects.filter(type="RETURN").count() == 1


def test_parts_in_amounts_add_up_to_the_whole(shop: Shop, asha: Customer) -> None:
    sale = sell(shop, asha, "1", 130)
    assert account_of(asha).balance == Decimal("6.5")
    shop.record(shop.returned("1", "65.01", customer_id=asha.pk))
    assert account_of(asha).balance == Decimal("3.3")
    assert not stored(sale).is_returned
    shop.record(shop.returned("1", "64.99", customer_id=asha.pk))
    assert account_of(asha).balance == 0
    assert stored(sale).is_returned


# An earlier return, a later one that it refuses, and the code.
REFUSED_BY_AN_EARLIER = [
    ({"amount": 50}, {"return_type": "FULL"}, 639),
    ({"return_type": "FULL"}, {"return_type": "FULL", "number": "R2"}, 633),
    ({"return_type": "FULL"}, {"amount": 1}, 633),
    ({"amount": 50}, {"amount": 51}, 630),
    ({"amount": 50}, {"lines": [line("TEA")]}, 632),
    ({"amount": 50}, {"amount": 10, "return_type": "LINE_ITEM"}, 632),
    ({"lines": [line("TEA")]}, {"amount": 10}, 635),
    ({"lines": [line("TEA")]}, {"return_type": "FULL"}, 639),
    ({"lines": [line("TEA", 2)]}, {"lines": [line("TEA")], "number": "R2"}, 629),
]


@pytest.mark.parametrize(("earlier", "later", "code"), REFUSED_BY_AN_EARLIER)
def test_what_went_before_refuses_a_return(
    shop: Shop, asha: Customer, earlier: dict[str, Any], later: dict[str, Any], code: int
) -> None:
    sale = sell(shop, asha, "1", 100, line("TEA", 2, 60), line("CUP", 1, 40))
    shop.record(shop.returned("1", customer_id=asha.pk, **earlier))
    before = stored(sale).returned_amount
    assert shop.refusal(shop.returned("1", customer_id=asha.pk, **later)) == code
    assert stored(sale).returned_amount == before


@pytest.mark.parametrize("sale_is_stored", [False, True])
@pytest.mark.parametrize(("earlier", "later", "code"), REFUSED_BY_AN_EARLIER)
def test_what_went_before_in_the_same_batch_refuses_a_return(
    shop: Shop, asha: Customer, earlier: dict[str, Any], later: dict[str, Any], code: int, *, sale_is_stored: bool
) -> None:
    drafts = [
        shop.draft("1", 100, customer_id=asha.pk, lines=[line("TEA", 2, 60), line("CUP", 1, 40)]),
        shop.returned("1", customer_id=asha.pk, **earlier),
        shop.returned("1", customer_id=asha.pk, **later),
    ]
    if sale_is_stored:
        shop.record(drafts[0])
    *kept, refused = shop.record_all(drafts[1:] if sale_is_stored else drafts)
    assert isinstance(refused, LoyaltyError)
    assert int(refused.code) == code
    back = kept[-1]
    assert isinstance(back, Purchase)
    assert Bill.objects.get(number="1", type="REGULAR").returned_amount == back.recorded.bill.amount


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"return_type": "SOME"}, 628),
        ({"amount": 0}, 601),
        ({}, 601),
        ({"amount": 101}, 630),
        ({"return_type": "LINE_ITEM", "lines": []}, 1635),
        ({"lines": [line("HAT")]}, 688),
        ({"lines": [line("TEA", 3)]}, 626),
        ({"lines": [line("TEA", 1), line("TEA", 2)]}, 629),
        ({"lines": [line("TEA", 1, 61)]}, 678),
        ({"lines": [line("", 1)]}, 622),
        ({"lines": [line("TEA", -1)]}, 627),
        ({"amount": 10, "billed_at": NOON - timedelta(seconds=1)}, 624),
        ({"amount": 10, "purchased_on": (NOON + DAY).date()}, 625),
    ],
)
def test_a_return_is_refused_by_itself(shop: Shop, asha: Customer, more: dict[str, Any], code: int) -> None:
    sell(shop, asha, "1", 100, line("TEA", 2, 60), line("CUP", 1, 40))
    assert shop.refusal(shop.returned("1", customer_id=asha.pk, **more)) == code
    assert Bill.objects.count() == 1


def test_a_return_may_be_of_the_moment_of_its_sale(shop: Shop, asha: Customer) -> None:
    sell(shop, asha, "1", 100)
    assert shop.record(shop.returned("1", 10, customer_id=asha.pk, billed_at=NOON)).recorded.is_new


def test_the_sale_of_an_outlier_cannot_come_back(shop: Shop, asha: Customer) -> None:
    sell(shop, asha, "1", 100, outlier_status="TEST")
    assert shop.refusal(shop.returned("1", 10, customer_id=asha.pk)) == 608


def test_lines_are_taken_by_serial_first_and_used_up_one_after_the_other(shop: Shop, asha: Customer) -> None:
    sale = sell(shop, asha, "1", 90, line("TEA", 1, 20, serial="1"), line("TEA", 2, 50, serial="2"), line("CUP", 1, 20))
    shop.record(shop.returned("1", customer_id=asha.pk, lines=[line("TEA", 1, serial="2"), line("TEA", 2)]))
    rows = BillLine.objects.filter(bill=sale).order_by("position")
    assert [(row.returned_quantity, row.returned_amount) for row in rows] == [(1, 20), (2, 50), (0, 0)]
    back = Bill.objects.get(type="RETURN")
    parts = back.lines.order_by("position").values_list("sale_line__position", "quantity", "amount")
    assert list(parts) == [(2, 1, 25), (1, 1, 20), (2, 1, 25)]
    assert (back.amount, back.return_type) == (70, "LINE_ITEM")


def test_an_amount_of_several_lines_is_spread_over_them(shop: Shop, asha: Customer) -> None:
    sell(shop, asha, "1", 90, line("TEA", 1, 20), line("TEA", 1, 50))
    shop.record(shop.returned("1", customer_id=asha.pk, lines=[line("TEA", 2, 45)]))
    back = Bill.objects.get(type="RETURN")
    assert list(back.lines.order_by("position").values_list("quantity", "amount")) == [(1, 20), (1, 25)]


def test_thirds_of_a_line_add_up_to_it(shop: Shop, asha: Customer) -> None:
    sale = sell(shop, asha, "1", 100, line("TEA", 3, 100))
    for number in range(3):
        shop.record(shop.returned("1", number=f"R{number}", customer_id=asha.pk, lines=[line("TEA")]))
    amounts = Bill.objects.filter(type="RETURN").order_by("pk").values_list("amount", flat=True)
    assert list(amounts) == [Decimal("33.333"), Decimal("33.333"), Decimal("33.334")]
    assert stored(sale).is_returned


def test_a_line_that_came_back_dearer_before_gives_no_more_than_is_left(shop: Shop, asha: Customer) -> None:
    sale = sell(shop, asha, "1", 100, line("TEA", 4, 100))
    shop.record(shop.returned("1", number="R1", customer_id=asha.pk, lines=[line("TEA", 1, 90)]))
    shop.record(shop.returned("1", number="R2", customer_id=asha.pk, lines=[line("TEA", 1)]))
    assert (stored(sale).returned_amount, stored(sale).is_returned) == (100, True)


@pytest.mark.parametrize("rest", [("BAT", "BALL"), ("BALL", "BAT")])
def test_lines_dearer_than_the_bill_give_what_was_paid(shop: Shop, asha: Customer, rest: tuple[str, str]) -> None:
    sale = sell(shop, asha, "1", 900, line("BALL", 2, 600), line("BAT", 1, 400))
    shop.record(shop.returned("1", number="R1", customer_id=asha.pk, lines=[line("BALL", 1, 300)]))
    assert (stored(sale).returned_amount, stored(sale).is_returned) == (300, False)
    shop.record(shop.returned("1", number="R2", customer_id=asha.pk, lines=[line(item) for item in rest]))
    assert (stored(sale).returned_amount, stored(sale).is_returned) == (900, True)
    assert account_of(asha).balance == 0
    assert shop.refusal(shop.returned("1", number="R3", customer_id=asha.pk, lines=[line("BALL")])) == 633


def test_a_returned_line_knows_no_limits_of_sales(northwind: Organization, shop: Shop, asha: Customer) -> None:
    sell(shop, asha, "1", 100, line("TEA", 2, 100))
    shop.flag(CONF_LOYALTY_MIN_BILL_LINEITEM_AMOUNT=80)
    back = shop.record(shop.returned("1", customer_id=asha.pk, lines=[line("TEA", 1, discount=Decimal(5))]))
    assert back.recorded.bill.amount == 50


def test_a_return_of_a_free_sale_takes_back_all_its_points(northwind: Organization, asha: Customer) -> None:
    load(club(earning=[{"name": "gift", "award": {"fixed": 10}}]))
    shop = open_shop(northwind)
    first = sell(shop, asha, "1", 0, line("TEA", 2, 0))
    assert account_of(asha).balance == 10
    assert shop.refusal(shop.returned("1", 1, customer_id=asha.pk)) == 630
    shop.record(shop.returned("1", customer_id=asha.pk, lines=[line("TEA")]))
    assert (account_of(asha).balance, stored(first).is_returned) == (0, False)
    shop.record(shop.returned("1", number="R2", customer_id=asha.pk, lines=[line("TEA")]))
    assert (account_of(asha).balance, stored(first).is_returned) == (0, True)
    second = sell(shop, asha, "2", 0)
    shop.record(shop.returned("2", customer_id=asha.pk, return_type="FULL"))
    assert (account_of(asha).balance, stored(second).is_returned) == (0, True)


def test_unknown_sales_and_sales_of_others_have_different_codes(northwind: Organization, shop: Shop, asha: Customer) -> None:
    boris = member(northwind)
    sale = sell(shop, boris, "1", 100)
    assert shop.refusal(shop.returned("1", 10, customer_id=asha.pk)) == 668
    assert shop.refusal(shop.returned("", 10, customer_id=asha.pk, sale_id=sale.pk)) == 668
    assert shop.refusal(shop.returned("2", 10, customer_id=asha.pk)) == 625
    assert shop.refusal(shop.returned("", 10, customer_id=asha.pk, sale_id=1)) == 620
    back = shop.record(shop.returned("", 10, sale_id=sale.pk)).recorded.bill
    assert back.customer_id == boris.pk
    assert shop.refusal(shop.returned("", 10, customer_id=boris.pk, sale_id=back.pk)) == 620


def test_a_return_ignores_another_customers_sale_of_the_batch(northwind: Organization, shop: Shop, asha: Customer) -> None:
    boris = member(northwind)
    drafts = [shop.draft("1", 100, customer_id=boris.pk), shop.returned("1", 10, customer_id=asha.pk)]
    _, refused = shop.record_all(drafts)
    assert isinstance(refused, LoyaltyError)
    assert int(refused.code) == 668


def test_a_return_of_an_unknown_sale_is_kept_if_allowed(northwind: Organization, shop: Shop, asha: Customer) -> None:
    shop.flag(CONF_ALLOW_NOT_EXISTING_BILL_RETURN=1)
    sell(shop, asha, "1", 100)
    kept = shop.record(shop.returned("7", 10, customer_id=asha.pk))
    assert (codes(kept), kept.recorded.sale, kept.recorded.bill.return_type) == ([625], None, "AMOUNT")
    assert (account_of(asha).balance, account_of(asha).purchases, asha.purchase_totals.amount) == (5, 100, 100)


def test_a_return_without_customer_is_its_owners(shop: Shop, asha: Customer) -> None:
    sell(shop, asha, "1", 100)
    kept = shop.record(shop.returned("1", 40))
    assert (kept.recorded.bill.customer_id, kept.award.deducted) == (asha.pk, 2)
    assert shop.refusal(shop.returned("2", 40)) == 625


def test_anonymous_sales_come_back_anonymously(shop: Shop) -> None:
    sale = sell(shop, None, "1", 100, type="NOT_INTERESTED")
    kept = shop.record(shop.returned("1", 40, type="NOT_INTERESTED_RETURN"))
    assert (codes(kept), kept.recorded.bill.return_of_id, stored(sale).returned_amount) == ([], sale.pk, 40)
    assert shop.refusal(shop.returned("1", 61, type="NOT_INTERESTED_RETURN")) == 630


def test_an_anonymous_return_of_one_loyalty_sale_is_worked_as_a_return(shop: Shop, asha: Customer) -> None:
    sell(shop, asha, "1", 100)
    draft = shop.returned("1", 40, type="NOT_INTERESTED_RETURN")
    kept = shop.record(draft)
    bill = kept.recorded.bill
    assert (codes(kept), bill.type, bill.customer_id, kept.award.deducted) == ([9616], "RETURN", asha.pk, 2)
    assert asha.purchase_totals.amount == 60
    by_id = shop.record(shop.returned("", 10, type="NOT_INTERESTED_RETURN", sale_id=bill.return_of_id))
    assert (codes(by_id), by_id.recorded.bill.customer_id) == ([9616], asha.pk)


def test_an_anonymous_return_of_several_loyalty_sales_or_none(northwind: Organization, shop: Shop, asha: Customer) -> None:
    sell(shop, asha, "1", 100)
    sell(shop, member(northwind), "1", 100, till=TillFactory(store=shop.till.store, code="blr.till2"))
    assert shop.refusal(shop.returned("1", 10, type="NOT_INTERESTED_RETURN")) == 9614
    kept = shop.record(shop.returned("9", 10, type="NOT_INTERESTED_RETURN"))
    assert (codes(kept), kept.recorded.sale) == ([625], None)


def test_of_several_sales_the_likeliest_is_meant(northwind: Organization, shop: Shop, asha: Customer) -> None:
    other_till = TillFactory(store=shop.till.store, code="blr.till2")
    far = open_shop(northwind, "del", "del.till1").till
    first = sell(shop, asha, "1", 100)
    second = sell(shop, asha, "1", 100, billed_at=NOON + DAY)
    beside = sell(shop, asha, "1", 100, billed_at=NOON + DAY, till=other_till)
    away = sell(shop, asha, "1", 100, billed_at=NOON + DAY, till=far)
    later = NOON + 2 * DAY

    def meant(**more: Any) -> int | None:
        draft = shop.returned("1", customer_id=asha.pk, return_type="FULL", **{"billed_at": later, **more})
        return shop.record(draft, now=later).recorded.bill.return_of_id

    assert meant(purchased_on=NOON.date()) == first.pk
    assert meant() == second.pk
    assert meant(number="R3") == beside.pk
    assert meant(number="R4") == away.pk
    assert shop.refusal(shop.returned("1", number="R5", customer_id=asha.pk, return_type="FULL", billed_at=later)) == 633


def test_no_sale_after_the_return_is_meant_where_an_earlier_one_is_there(shop: Shop, asha: Customer) -> None:
    early = sell(shop, asha, "1", 100)
    sell(shop, asha, "1", 100, billed_at=NOON + 2 * DAY)
    assert shop.record(shop.returned("1", 10, customer_id=asha.pk)).recorded.bill.return_of_id == early.pk


def test_several_returns_of_a_sale_in_one_batch_and_out_of_order(shop: Shop, asha: Customer) -> None:
    drafts = [
        shop.returned("1", 30, customer_id=asha.pk, billed_at=NOON + 2 * DAY),
        shop.returned("1", 50, customer_id=asha.pk, billed_at=NOON + DAY),
        shop.draft("1", 100, customer_id=asha.pk),
        shop.returned("1", 30, customer_id=asha.pk, billed_at=NOON + DAY + timedelta(hours=1)),
    ]
    last, first, sale, second = shop.record_all(drafts)
    assert isinstance(last, LoyaltyError)
    assert int(last.code) == 630
    assert not any(isinstance(result, LoyaltyError) for result in (first, sale, second))
    bills = Bill.objects.filter(type="RETURN").order_by("billed_at")
    assert [(bill.amount, bill.sale_returned) for bill in bills] == [(50, 50), (30, 80)]
    account = account_of(asha)
    assert (account.balance, account.returned, account.purchases, account.visits) == (1, 4, 20, 1)


def test_a_return_recorded_before_one_that_was_earlier_claims_what_is_left(shop: Shop, asha: Customer) -> None:
    sell(shop, asha, "1", 100)
    shop.record(shop.returned("1", 50, customer_id=asha.pk, billed_at=NOON + 2 * DAY))
    early = shop.record(shop.returned("1", 50, customer_id=asha.pk, billed_at=NOON + DAY))
    assert early.award.deducted == Decimal("2.5")
    assert account_of(asha).balance == 0


def test_a_return_in_the_batch_of_its_sale_counts_its_lines(shop: Shop, asha: Customer) -> None:
    drafts = [
        shop.draft("1", 100, customer_id=asha.pk, lines=[line("TEA", 2, 60), line("CUP", 1, 40)]),
        shop.returned("1", customer_id=asha.pk, lines=[line("TEA", 1)]),
    ]
    shop.record_all(drafts)
    rows = BillLine.objects.filter(bill__type="REGULAR").order_by("position")
    assert [(row.returned_quantity, row.returned_amount) for row in rows] == [(1, 30), (0, 0)]
    assert BillLine.objects.get(bill__type="RETURN").sale_line == rows[0]


@pytest.mark.parametrize("is_strict", [0, 1])
def test_returns_without_a_number_are_distinguished_by_content(
    northwind: Organization, shop: Shop, asha: Customer, is_strict: int
) -> None:
    shop.flag(STRICT_DUPLICATE_BILL=is_strict)
    sell(shop, asha, "1", 100)
    draft = shop.returned("1", 10, customer_id=asha.pk)
    shop.record(draft)
    if is_strict:
        assert shop.refusal(draft) == 604
    else:
        assert not shop.record(draft).recorded.is_new
    shop.record(shop.returned("1", 10, customer_id=asha.pk, billed_at=NOON + DAY + timedelta(minutes=1)))
    shop.record(shop.returned("1", 11, customer_id=asha.pk))
    assert Bill.objects.filter(type="RETURN").count() == 3


def test_a_return_without_a_time_sent_again_later_is_the_same(shop: Shop, asha: Customer) -> None:
    sell(shop, asha, "1", 100)
    shop.record(shop.returned("1", 10, customer_id=asha.pk, time_is_sent=False))
    again = shop.returned("1", 10, customer_id=asha.pk, time_is_sent=False, billed_at=NOON + DAY + timedelta(seconds=20))
    assert not shop.record(again).recorded.is_new


def test_a_return_with_its_own_number_is_refused_with_other_content(
    northwind: Organization, shop: Shop, asha: Customer
) -> None:
    sell(shop, asha, "1", 100)
    shop.record(shop.returned("1", 10, number="R1", customer_id=asha.pk))
    assert not shop.record(shop.returned("1", 10, number="R1", customer_id=asha.pk)).recorded.is_new
    assert shop.refusal(shop.returned("1", 11, number="R1", customer_id=asha.pk)) == 604
    # A sale may have the number too.
    assert shop.record(shop.draft("R1", 10, customer_id=asha.pk, billed_at=NOON + DAY)).recorded.is_new
    shop.flag(IS_RETURN_BILL_UNIQUE=1)
    elsewhere = TillFactory(store=shop.till.store, code="blr.till2")
    shop.record(shop.returned("1", 20, number="R2", customer_id=asha.pk))
    assert shop.refusal(shop.returned("1", 21, number="R2", customer_id=asha.pk, till=elsewhere)) == 604


def test_returns_leave_points_by_policy(northwind: Organization, shop: Shop, asha: Customer) -> None:
    shop.flag(CONF_POINTS_RETURN_ENABLED=0)
    sell(shop, asha, "1", 100)
    assert shop.record(shop.returned("1", 40, customer_id=asha.pk)).award.deducted == 0
    account = account_of(asha)
    assert (account.balance, account.purchases, asha.purchase_totals.amount) == (5, 60, 60)


def test_who_is_no_loyalty_customer_has_purchases_alone(northwind: Organization, shop: Shop) -> None:
    chen = CustomerFactory(organization=northwind, type=Customer.Type.NON_LOYALTY)
    sell(shop, chen, "1", 100)
    back = shop.record(shop.returned("1", 40, customer_id=chen.pk))
    assert (back.award.entries, chen.purchase_totals.amount, chen.purchase_totals.bills) == ([], 60, 1)


def test_a_draft_knows_if_it_is_a_return() -> None:
    assert BillDraft(type="RETURN", billed_at=NOON).is_return
    assert not BillDraft(billed_at=NOON).is_return
