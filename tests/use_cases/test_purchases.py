"""Purchases whose points cannot be awarded: the bill is kept, the points follow, and a warning gives the reason."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from engagement.bills.draft import BillDraft
from engagement.bills.models import Bill, PurchaseTotals
from engagement.events.deferral import BILL
from engagement.events.models import DeferredEvent
from engagement.points.checks.run import check_ledger
from engagement.points.models import BillPoints, PointsAccount
from engagement.programs.catalog import load_catalog
from loyalty_project import clock
from loyalty_project.db.locks import lock
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from referrals.campaigns.catalog import load_campaigns
from tests.factories.locations import TillFactory, till_actor
from tests.factories.organizations import OrganizationFactory
from tests.factories.points import PointsAccountFactory
from use_cases.deferred_events import work_deferred_events
from use_cases.purchases import Purchase, record_purchases

pytestmark = pytest.mark.django_db(transaction=True)
EARNS = {"earning": [{"name": "base", "award": {"per": 10, "points": 1}}]}
BY_FIELD = {"earning": [{"name": "base", "award": {"per": 10, "points": 1}, "expiry": {"kind": "field", "name": "dob"}}]}
HUGE = {"earning": [{"name": "base", "award": {"per": 0.001, "points": 999999999999}}]}


@pytest.fixture
def rules() -> dict[str, Any]:
    return EARNS


@pytest.fixture
def till(transactional_db: None, rules: dict[str, Any], queue: None) -> Iterator[Till]:
    with unscoped("tests make their rows"):
        organization = OrganizationFactory(code="northwind", with_program=True, program__rules=rules)
        till = TillFactory(store__organization=organization, store__code="blr", code="blr.till1")
    with organization_scope(organization):
        yield till


@pytest.fixture
def account(till: Till) -> PointsAccount:
    return PointsAccountFactory(organization=till.organization)


def bill(
    account: PointsAccount, till: Till, number: str = "B1", amount: int = 100, *, back_of: str = "", **more: Any
) -> Purchase:
    draft = BillDraft(
        customer_id=account.customer_id,
        number=number,
        billed_at=clock.now() - timedelta(hours=1),
        amount=Decimal(amount),
        till=till,
        store=till.store,
        type=Bill.Type.RETURN if back_of else Bill.Type.REGULAR,
        sale_number=back_of,
    )
    with transaction.atomic():
        (purchase,) = record_purchases(
            [draft], catalog=load_catalog(), campaigns=load_campaigns(), by=till_actor(till), now=clock.now(), **more
        )
    assert isinstance(purchase, Purchase)
    return purchase


def codes(purchase: Purchase) -> list[int]:
    return [int(notice.code) for notice in purchase.notices]


def balance(account: PointsAccount) -> int:
    account.refresh_from_db()
    return int(account.balance)


def is_kept_without_points(account: PointsAccount) -> None:
    assert Bill.objects.count() == 1
    assert PurchaseTotals.objects.get().amount == 100
    assert balance(account) == 0
    assert not BillPoints.objects.exists()
    event = DeferredEvent.objects.get()
    assert (event.kind, event.payload, event.worked_at) == (BILL, {"bill": Bill.objects.get().pk}, None)


def test_a_lock_that_is_not_free_puts_the_points_off_with_1090(account: PointsAccount, till: Till) -> None:
    held, done = Event(), Event()

    def hold() -> None:
        with organization_scope(till.organization), transaction.atomic():
            list(lock(PointsAccount.objects.filter(pk=account.pk)))
            held.set()
            done.wait(30)
        connection.close()

    holder = Thread(target=hold)
    holder.start()
    held.wait(30)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        purchase = bill(account, till)
    finally:
        done.set()
        holder.join()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert codes(purchase) == [1090]
    is_kept_without_points(account)
    assert work_deferred_events(till.organization, account.customer_id) == 1
    assert balance(account) == 10
    assert work_deferred_events(till.organization, account.customer_id) == 0
    assert list(check_ledger(till.organization)) == []


def test_a_refusal_of_the_ledger_is_1010(account: PointsAccount, till: Till) -> None:
    """A figure that does not add up, which only a hand in the database can leave behind."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_pointsaccount ADD CONSTRAINT points_balance_below_five CHECK (balance < 5)")
    try:
        assert codes(bill(account, till)) == [1010]
        is_kept_without_points(account)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE engagement_pointsaccount DROP CONSTRAINT points_balance_below_five")


def test_what_takes_too_long_is_1089(account: PointsAccount, till: Till) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$;"
            "CREATE TRIGGER dawdles BEFORE INSERT ON engagement_pointsentry FOR EACH ROW EXECUTE FUNCTION dawdle();"
            "SET statement_timeout = '1s'"
        )
    try:
        assert codes(bill(account, till)) == [1089]
        is_kept_without_points(account)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout; DROP TRIGGER dawdles ON engagement_pointsentry; DROP FUNCTION dawdle()")


def test_any_other_error_of_the_database_is_1086(account: PointsAccount, till: Till) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_billpoints RENAME TO elsewhere")
    try:
        assert codes(bill(account, till)) == [1086]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO engagement_billpoints")
    is_kept_without_points(account)


@pytest.mark.parametrize(("rules", "code"), [(BY_FIELD, 1093), (HUGE, 1087)])
def test_points_that_cannot_be_computed_are_deferred(
    account: PointsAccount, till: Till, rules: dict[str, Any], code: int
) -> None:
    purchase = bill(account, till, amount=100)
    assert codes(purchase) == [code]
    is_kept_without_points(account)


def test_a_bill_behind_waiting_events_waits_with_1094(account: PointsAccount, till: Till) -> None:
    first = bill(account, till, "B1", defer_awards=True)
    second = bill(account, till, "B2")
    assert (codes(first), codes(second)) == ([687], [1094])
    assert work_deferred_events(till.organization, account.customer_id) == 2
    assert balance(account) == 20
    assert codes(bill(account, till, "B3")) == []
    assert balance(account) == 30


def test_a_return_that_waits_breaks_no_check_of_the_ledger(account: PointsAccount, till: Till) -> None:
    sale = bill(account, till, "B1", amount=100)
    bill(account, till, "B2", defer_awards=True)
    assert codes(bill(account, till, "R1", 40, back_of="B1")) == [1094]
    assert [str(finding) for finding in check_ledger(till.organization)] == []
    assert work_deferred_events(till.organization, account.customer_id) == 2
    account.refresh_from_db()
    assert (account.purchases, sale.recorded.bill.points.get().claimed) == (160, 4)
    assert [str(finding) for finding in check_ledger(till.organization)] == []
