"""The same bill, or the same return, at the same moment: one bill, one award, and nothing is taken back twice.

Twins show that the test can fail: without the locks a constraint refuses, without the constraint the locks suffice.
"""

from collections import Counter

import pytest
from django.db import IntegrityError, connection, transaction

from customers.profile import locks
from customers.profile.models import Customer
from engagement.bills import batch
from engagement.bills.draft import BillDraft
from engagement.bills.models import Bill, PurchaseTotals
from engagement.points.ledger import repository
from engagement.points.models import PointsEntry
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.bills import Shop, account_of, member
from tests.factories.locations import TillFactory
from tests.races import all_read_before, race, remove_row_locks

WORKERS = 4
ROUNDS = 6

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def record_at_once(shop: Shop, lanes: list[list[BillDraft]]) -> Counter[str]:
    """Each lane's drafts, all lanes together; how often each result came."""

    def work(draft: BillDraft) -> str:
        with organization_scope(shop.organization):
            try:
                (result,) = shop.record_all([draft])
            except IntegrityError:
                return "constraint"
            if isinstance(result, LoyaltyError):
                return str(int(result.code))
            return "new" if result.recorded.is_new else "known"

    return Counter(race(lanes, work))


def sales(shop: Shop, customer: Customer) -> list[list[BillDraft]]:
    return [[shop.draft(str(number), 100, customer_id=customer.pk) for number in range(ROUNDS)] for _ in range(WORKERS)]


def test_the_same_bill_in_several_threads_is_one(shop: Shop, asha: Customer) -> None:
    assert record_at_once(shop, sales(shop, asha)) == {"new": ROUNDS, "known": ROUNDS * (WORKERS - 1)}
    account = account_of(asha)
    assert (Bill.objects.count(), account.balance, account.visits) == (ROUNDS, 5 * ROUNDS, ROUNDS)


def test_the_same_bill_at_two_tills_of_a_store_is_one_by_policy(shop: Shop, asha: Customer) -> None:
    shop.flag(CONF_LOYALTY_BILL_NUMBER_UNIQUE_ONLY_STORE=1)
    other = TillFactory(store=shop.till.store, code="blr.till2")
    here, away, *_ = sales(shop, asha)
    for draft in away:
        draft.till = other
    assert record_at_once(shop, [here, away]) == {"new": ROUNDS, "known": ROUNDS}
    assert account_of(asha).balance == 5 * ROUNDS


def test_the_same_number_for_different_people_is_one_bill(northwind: Organization, shop: Shop, asha: Customer) -> None:
    results = record_at_once(shop, [*sales(shop, asha)[:2], *sales(shop, member(northwind))[:2]])
    # Those who looked before the other's was stored run into the constraint.
    assert (results["new"], results["known"], results["604"] + results["constraint"]) == (ROUNDS, ROUNDS, 2 * ROUNDS)
    assert Bill.objects.count() == ROUNDS


def test_numbers_of_near_days_are_one_bill_by_policy(northwind: Organization, shop: Shop) -> None:
    shop.flag(CONF_LOYALTY_BILL_NUMBER_UNIQUE_IN_DAYS=2)
    today, tomorrow = sales(shop, member(northwind))[0], sales(shop, member(northwind))[0]
    for draft in tomorrow:
        draft.billed_at = shop.returned("", 1).billed_at
    assert record_at_once(shop, [today, tomorrow]) == {"new": ROUNDS, "604": ROUNDS}


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    remove_row_locks(monkeypatch, locks, batch, repository)
    monkeypatch.setattr(batch, "lock_values", lambda values: None)


def test_twin_without_the_locks_runs_into_the_constraint(
    northwind: Organization, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch)
    with all_read_before(batch, "insert_rows", workers=WORKERS):
        results = record_at_once(shop, [sales(shop, member(northwind))[0][:1] for _ in range(WORKERS)])
    assert results == {"new": 1, "constraint": WORKERS - 1}
    assert Bill.objects.count() == 1


def test_twin_without_the_constraint_stays_right_by_the_locks(shop: Shop, asha: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'bill_identity_unique'")
        (definition,) = cursor.fetchone()
        cursor.execute("DROP INDEX bill_identity_unique")
    try:
        assert record_at_once(shop, sales(shop, asha)) == {"new": ROUNDS, "known": ROUNDS * (WORKERS - 1)}
        assert (Bill.objects.count(), account_of(asha).balance) == (ROUNDS, 5 * ROUNDS)
    finally:
        with unscoped("the index needs clean rows"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE engagement_bill CASCADE")
            cursor.execute(definition)


def test_concurrent_returns_take_a_sale_back_once(shop: Shop, asha: Customer) -> None:
    with transaction.atomic():
        for draft in sales(shop, asha)[0]:
            shop.record(draft)
    lanes = [
        [
            shop.returned(str(number), number=f"R{number}.{lane}", customer_id=asha.pk, return_type="FULL")
            for number in range(ROUNDS)
        ]
        for lane in range(WORKERS)
    ]
    assert record_at_once(shop, lanes) == {"new": ROUNDS, "633": ROUNDS * (WORKERS - 1)}
    account = account_of(asha)
    assert (account.balance, account.returned, account.purchases) == (0, 5 * ROUNDS, 0)
    assert PurchaseTotals.objects.get().amount == 0
    assert PointsEntry.objects.filter(kind="RETURN").count() == ROUNDS


def test_the_same_return_twice_takes_back_once(shop: Shop, asha: Customer) -> None:
    for draft in sales(shop, asha)[0]:
        shop.record(draft)
    lanes = [[shop.returned(str(number), 40, customer_id=asha.pk) for number in range(ROUNDS)] for _ in range(2)]
    assert record_at_once(shop, lanes) == {"new": ROUNDS, "known": ROUNDS}
    assert account_of(asha).balance == 3 * ROUNDS


def test_an_anonymous_sale_comes_back_once(shop: Shop) -> None:
    for number in range(ROUNDS):
        shop.record(shop.draft(str(number), 100, type="NOT_INTERESTED"))
    lanes = [
        [shop.returned(str(number), 60, number=f"R{number}.{lane}", type="NOT_INTERESTED_RETURN") for number in range(ROUNDS)]
        for lane in range(WORKERS)
    ]
    assert record_at_once(shop, lanes) == {"new": ROUNDS, "630": ROUNDS * (WORKERS - 1)}
    assert set(Bill.objects.filter(type="NOT_INTERESTED").values_list("returned_amount", flat=True)) == {60}
