"""How is a bill recorded, once and for ever?"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.bills.draft import LineDraft
from engagement.bills.models import Bill, BillLine, PurchaseTotals
from engagement.bills.recording import record_bills
from engagement.bills.returned_sales import owners_of_returned
from engagement.points.models import PointsEntry
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.models import Organization
from tests.factories.bills import DAY, NOON, Shop, account_of, codes, effects_of, member, open_shop
from tests.factories.customers import CustomerFactory
from tests.factories.locations import TillFactory, till_actor
from tests.factories.points import PointsAccountFactory
from tests.factories.statuses import CustomerStatusFactory, label

pytestmark = pytest.mark.django_db
TEA = LineDraft(item_code="TEA", quantity=Decimal(2), rate=Decimal(50), value=Decimal(100))


def test_a_label_that_forbids_billing_is_681_after_all_else(shop: Shop, northwind: Organization, asha: Customer) -> None:
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    label(asha, CustomerStatusFactory(organization=northwind, blocks=["transactions"]))
    assert shop.refusal(shop.draft("2", 100, customer_id=asha.pk)) == 681
    assert shop.refusal(shop.draft("2", 100, customer_id=asha.pk), is_history=True) == 681
    assert codes(shop.record(shop.draft("1", 100, customer_id=asha.pk))) == [604]
    assert shop.refusal(shop.returned("1", 200, customer_id=asha.pk)) == 630
    assert shop.refusal(shop.returned("1", 40, customer_id=asha.pk)) == 681
    assert shop.refusal(shop.returned("1", 40)) == 681
    sale = Bill.objects.get()
    assert (sale.returned_amount, PurchaseTotals.objects.get().amount) == (0, 100)
    assert codes(shop.record(shop.draft("3", 100, type="NOT_INTERESTED"))) == []


@pytest.mark.parametrize("count", [1, 3])
def test_labels_of_many_customers_take_one_query(shop: Shop, northwind: Organization, count: int) -> None:
    """Besides the usual ones, where anybody has a label."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as context:
            shop.record_all(
                [shop.draft(f"{member.pk}-{Bill.objects.count()}", 10, customer_id=member.pk) for member in members]
            )
        return len(context)

    members = [account.customer for account in PointsAccountFactory.create_batch(count, organization=northwind)]
    queries()
    before = queries()
    for customer in members:
        label(customer, CustomerStatusFactory(organization=northwind))
    assert queries() == before + 1


def test_a_bill_is_stored_as_it_was_sent(shop: Shop, asha: Customer) -> None:
    draft = shop.draft("K7", 90, customer_id=asha.pk, discount=Decimal(10), lines=[TEA], notes="gift", source="WEB")
    purchase = shop.record(draft)
    bill = Bill.objects.get()
    assert (bill.pk, bill.number, bill.amount, bill.gross_amount, bill.discount) == (
        purchase.recorded.bill.pk,
        "K7",
        90,
        100,
        10,
    )
    assert (bill.scope, bill.billed_at, bill.billed_on.isoformat(), bill.recorded_at) == (
        f"till:{shop.till.pk}",
        NOON,
        "2026-03-02",
        NOON + 2 * DAY,
    )
    assert (bill.notes, bill.source, bill.currency, bill.recorded_by, bill.type) == (
        "gift",
        "WEB",
        "USD",
        "till:blr.till1",
        "REGULAR",
    )
    line = BillLine.objects.get()
    assert (line.position, line.item_code, line.quantity, line.rate, line.amount) == (1, "TEA", 2, 50, 100)
    assert effects_of(purchase) == [
        {"awarded_points": Decimal("4.5"), "total_points": Decimal("4.5"), "customer_id": str(asha.pk), "type": "points"}
    ]


def test_the_same_bill_again_is_found_again_and_earns_once(shop: Shop, asha: Customer) -> None:
    draft = shop.draft("1", 100, customer_id=asha.pk, lines=[TEA])
    first = shop.record(draft)
    again = shop.record(draft)
    assert (again.recorded.bill.pk, again.recorded.is_new, codes(again), effects_of(again)) == (
        first.recorded.bill.pk,
        False,
        [604],
        [],
    )
    assert (Bill.objects.count(), PointsEntry.objects.count(), account_of(asha).visits) == (1, 1, 1)


def test_the_same_bill_twice_in_a_batch_is_one(shop: Shop, asha: Customer) -> None:
    results = shop.record_all([shop.draft("1", 100, customer_id=asha.pk)] * 2 + [shop.draft("1", 99, customer_id=asha.pk)])
    first, second, third = results
    assert not isinstance(first, LoyaltyError)
    assert not isinstance(second, LoyaltyError)
    assert (first.recorded.is_new, second.recorded.is_new) == (True, False)
    assert isinstance(third, LoyaltyError)
    assert account_of(asha).balance == 5


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 101},
        {"gross_amount": Decimal(120)},
        {"discount": Decimal(1)},
        {"billed_at": NOON + timedelta(minutes=1)},
        {"type": "MIXED"},
        {"lines": [TEA, TEA]},
        {"stated_points": Decimal(3)},
    ],
)
def test_other_content_under_a_known_identity_is_refused(shop: Shop, asha: Customer, other: dict[str, Any]) -> None:
    shop.record(shop.draft("1", 100, customer_id=asha.pk, lines=[TEA]))
    changed = shop.draft("1", **{"amount": 100, "customer_id": asha.pk, "lines": [TEA], **other})
    assert shop.refusal(changed) == 604
    assert Bill.objects.get().amount == 100


def test_another_customer_or_none_is_other_content(northwind: Organization, shop: Shop, asha: Customer) -> None:
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    assert shop.refusal(shop.draft("1", 100, customer_id=member(northwind).pk)) == 604
    assert shop.refusal(shop.draft("1", 100, type="NOT_INTERESTED")) == 604


def test_notes_and_times_that_were_not_sent_do_not_count_as_content(shop: Shop, asha: Customer) -> None:
    shop.record(shop.draft("1", 100, customer_id=asha.pk, lines=[TEA]))
    again = shop.draft("1", 100, customer_id=asha.pk, notes="again", time_is_sent=False, billed_at=NOON + timedelta(seconds=9))
    assert not shop.record(again).recorded.is_new


def test_strict_tills_are_refused_a_repeat_but_history_is_not(shop: Shop, asha: Customer) -> None:
    shop.flag(STRICT_DUPLICATE_BILL=1)
    draft = shop.draft("1", 100, customer_id=asha.pk)
    shop.record(draft)
    assert shop.refusal(draft) == 604
    assert not shop.record(draft, is_history=True).recorded.is_new


def test_a_number_is_the_tills_on_its_day_unless_the_policy_widens_it(
    northwind: Organization, shop: Shop, asha: Customer
) -> None:
    beside = TillFactory(store=shop.till.store, code="blr.till2")
    away = open_shop(northwind, "del", "del.till1").till
    days = iter(range(100))

    def taken(**more: Any) -> list[bool]:
        """Whether the number is taken at the till beside, in another store, and the day after."""
        at = NOON - 9 * next(days) * DAY
        shop.record(shop.draft("1", 100, customer_id=asha.pk, billed_at=at))
        places = [{"till": beside}, {"till": away}, {"billed_at": at + 2 * DAY}]
        amounts = []
        for row in places:
            (result,) = shop.record_all([shop.draft("1", 7, customer_id=asha.pk, **{"billed_at": at, **row})])
            amounts.append(isinstance(result, LoyaltyError))
        return amounts

    assert taken() == [False, False, False]
    shop.flag(CONF_LOYALTY_BILL_NUMBER_UNIQUE_ONLY_STORE=1)
    assert taken() == [True, False, False]
    shop.flag(CONF_LOYALTY_IS_BILL_NUMBER_UNIQUE=1)
    assert taken() == [True, True, False]
    shop.flag(CONF_LOYALTY_IS_BILL_NUMBER_UNIQUE=0, CONF_LOYALTY_BILL_NUMBER_UNIQUE_ONLY_STORE=0)
    shop.flag(CONF_LOYALTY_BILL_NUMBER_UNIQUE_IN_DAYS=2)
    assert taken() == [False, False, False]
    shop.flag(CONF_LOYALTY_BILL_NUMBER_UNIQUE_IN_DAYS=3)
    assert taken() == [False, False, True]


def test_the_scope_is_the_till_store_or_organization(shop: Shop, asha: Customer) -> None:
    store = shop.till.store
    scopes = [
        shop.record(shop.draft("1", 1, customer_id=asha.pk, till=None, store=store)).recorded.bill.scope,
        shop.record(shop.draft("1", 1, customer_id=asha.pk, till=None)).recorded.bill.scope,
    ]
    assert scopes == [f"store:{store.pk}", "organization"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"type": "GIFT"}, 605),
        ({"number": ""}, 602),
        ({"number": "1" * 51}, 685),
        ({"amount": None}, 601),
        ({"amount": -1}, 631),
        ({"amount": 4}, 601),
        ({"amount": 2001}, 601),
        ({"gross_amount": Decimal(-1)}, 665),
        ({"discount": Decimal(-1)}, 666),
        ({"discount": Decimal(999999999999)}, 601),
        ({"lines": [LineDraft(item_code="")]}, 622),
        ({"lines": [LineDraft(item_code="A", quantity=Decimal(-1))]}, 627),
        ({"lines": [LineDraft(item_code="A", amount=Decimal(-1))]}, 661),
        ({"lines": [LineDraft(item_code="A", value=Decimal(-1), amount=Decimal(5))]}, 662),
        ({"lines": [LineDraft(item_code="A", rate=Decimal(-1), amount=Decimal(5))]}, 663),
        ({"lines": [LineDraft(item_code="A", discount=Decimal(-1), amount=Decimal(5))]}, 664),
        ({"lines": [LineDraft(item_code="A", rate=Decimal(10) ** 12)]}, 601),
        ({"lines": [LineDraft(item_code="A", value=Decimal(1))]}, 601),
        ({"lines": [LineDraft(item_code="A", value=Decimal(1001))]}, 601),
        ({"billed_at": NOON + 4 * DAY}, 643),
        ({"billed_at": NOON.replace(year=1989)}, 644),
        ({"outlier_status": "ODD"}, 1636),
    ],
)
def test_a_bill_is_refused_by_itself(shop: Shop, asha: Customer, more: dict[str, Any], code: int) -> None:
    shop.flag(CONF_LOYALTY_MIN_BILL_AMOUNT=5, CONF_LOYALTY_MAX_BILL_AMOUNT=2000)
    shop.flag(CONF_LOYALTY_MIN_BILL_LINEITEM_AMOUNT=2, CONF_LOYALTY_MAX_BILL_LINEITEM_AMOUNT=1000)
    assert shop.refusal(shop.draft(**{"number": "1", "amount": 100, "customer_id": asha.pk, **more})) == code
    assert not Bill.objects.exists()


def test_bills_for_nothing_are_a_policy(shop: Shop, asha: Customer) -> None:
    assert shop.record(shop.draft("1", 0, customer_id=asha.pk)).recorded.is_new
    shop.flag(CONF_CLIENT_IS_BILL_AMOUNT_ZERO=0)
    assert shop.refusal(shop.draft("2", 0, customer_id=asha.pk)) == 601


def test_a_refused_bill_leaves_the_others(shop: Shop, asha: Customer) -> None:
    good, bad = shop.record_all([shop.draft("1", 100, customer_id=asha.pk), shop.draft("2", -1, customer_id=asha.pk)])
    assert isinstance(bad, LoyaltyError)
    assert not isinstance(good, LoyaltyError)
    assert Bill.objects.get().number == "1"


def test_anonymous_bills_and_outliers_count_for_no_customer(shop: Shop, asha: Customer) -> None:
    shop.record(shop.draft("1", 100, type="NOT_INTERESTED"))
    odd = shop.record(shop.draft("2", 100, customer_id=asha.pk, outlier_status="FRAUD"))
    assert codes(odd) == [9611]
    assert not PurchaseTotals.objects.exists()
    account = account_of(asha)
    assert (account.balance, account.purchases, account.visits, account.last_active_on) == (0, 0, 0, None)


def test_purchases_follow_sales_and_returns_and_know_the_newest_sale(shop: Shop, asha: Customer) -> None:
    shop.record(shop.draft("1", 100, customer_id=asha.pk, billed_at=NOON + DAY))
    shop.record(shop.draft("2", 40, customer_id=asha.pk))
    shop.record(shop.returned("2", 15, customer_id=asha.pk))
    totals = PurchaseTotals.objects.get()
    assert (totals.amount, totals.bills, totals.last_billed_at, totals.last_amount) == (125, 2, NOON + DAY, 100)
    shop.record(shop.draft("3", 60, customer_id=asha.pk, billed_at=NOON + 2 * DAY))
    totals.refresh_from_db()
    assert (totals.amount, totals.bills, totals.last_amount) == (185, 3, 60)


def test_who_owns_a_sale_that_comes_back_without_them_is_found_beforehand(
    northwind: Organization, shop: Shop, asha: Customer
) -> None:
    sale = shop.record(shop.draft("1", 100, customer_id=asha.pk)).recorded.bill
    boris = member(northwind)
    shop.record(shop.draft("2", 100, customer_id=boris.pk))
    shop.record(shop.draft("2", 100, customer_id=asha.pk, billed_at=NOON + DAY))
    assert owners_of_returned([shop.returned("1", 1, customer_id=boris.pk), shop.draft("9", 1)]) == set()
    assert owners_of_returned([shop.returned("", 1, sale_id=sale.pk)]) == {asha.pk}
    assert owners_of_returned([shop.returned("2", 1, billed_at=NOON)]) == {boris.pk}
    assert owners_of_returned([shop.returned("2", 1, type="NOT_INTERESTED_RETURN")]) == set()
    assert owners_of_returned([shop.returned("1", 1, type="NOT_INTERESTED_RETURN")]) == {asha.pk}
    assert owners_of_returned([shop.returned("7", 1), shop.returned("", 1, sale_id=sale.pk + 99)]) == set()


def queries_of(shop: Shop, customers: list[Customer], *, start: int, kind: str) -> int:
    drafts = [shop.draft(str(start + index), 100, customer_id=customer.pk) for index, customer in enumerate(customers)]
    if kind == "returns":
        shop.record_all(drafts)
        drafts = [shop.returned(str(start + index), 50, customer_id=customer.pk) for index, customer in enumerate(customers)]
        drafts += [
            shop.returned(f"no {start + index}", 50, customer_id=customer.pk) for index, customer in enumerate(customers)
        ]
    with CaptureQueriesContext(connection) as queries:
        shop.record_all(drafts)
    return len(queries)


@pytest.mark.parametrize(("kind", "queries"), [("sales", 16), ("returns", 21)])
def test_a_batch_takes_the_same_queries_for_one_or_a_hundred(
    northwind: Organization, shop: Shop, kind: str, queries: int
) -> None:
    people = [member(northwind) for _ in range(100)]
    shop.record_all([shop.draft(str(index), 1, customer_id=customer.pk) for index, customer in enumerate(people)])
    counts = [queries_of(shop, people[:count], start=1000 * count, kind=kind) for count in (1, 3, 40)]
    assert counts == [queries] * 3
    # From fifty rows on some are copied, which is not counted.
    assert queries_of(shop, people, start=100_000, kind=kind) <= queries


def test_history_may_be_recorded_without_customers(northwind: Organization, shop: Shop) -> None:
    with transaction.atomic():
        (recorded,) = record_bills(
            [shop.draft("1", 5, type="NOT_INTERESTED")],
            customers={},
            organization=northwind,
            policy=northwind.policy,
            by=till_actor(shop.till),
            now=NOON,
        )
    assert not isinstance(recorded, LoyaltyError)
    assert CustomerFactory(organization=northwind).bills.count() == 0
