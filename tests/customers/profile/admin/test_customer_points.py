"""What a customer's page tells of points, purchases and bills, to whom."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from engagement.bills.models import PurchaseTotals
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from loyalty_project import clock
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import list_of, log_in, make_staff, page_of, shown
from tests.factories.points import facts, give_points, make_account, make_customer
from tests.factories.program_documents import club, loaded
from tests.factories.purchases import make_bill


@pytest.fixture
def organization(db: None) -> Iterator[Organization]:
    """Northwind with the program Club."""
    with unscoped("tests make their rows"):
        organization = loaded(club(enrolment=None))
    with organization_scope(organization):
        yield organization


@pytest.fixture
def account(store: Store) -> PointsAccount:
    """A member's at MG Road, with 100 points."""
    customer = make_customer(store.organization, registered_store=store)
    account = make_account(store.organization, customer=customer)
    give_points(account, 100, facts=facts(note="Hello"))
    return account


def page(browser: Client, account: PointsAccount) -> str:
    return browser.get(page_of("customers_customer", account.customer)).content.decode()


def test_the_page_tells_points_tier_and_what_is_next(administrator: Client, account: PointsAccount) -> None:
    now = clock.now()
    give_points(account, 20, expiry=Expiry(on=(now + timedelta(days=40)).date()))
    give_points(account, 30, opens_at=now + timedelta(days=3))
    account.program.memberships.update(tier=account.program.tiers.get(name="Gold"), tier_since=now)
    told = page(administrator, account)
    for text in ("Club", "Gold", "120", f"after {now + timedelta(days=40):%Y-%m-%d}", "+30 promised", "(Hello)"):
        assert text in told
    assert page_of("engagement_pointsaccount", account) in told
    assert "Adjust points" in told


def test_the_page_tells_purchases_and_the_latest_bills(administrator: Client, account: PointsAccount, till: Till) -> None:
    assert "No bill." in page(administrator, account)
    bill = make_bill(till, account.customer, "B-77", "1250")
    PurchaseTotals.objects.create(
        organization=account.organization, customer=account.customer, amount=Decimal(9876), bills=3, last_billed_at=clock.now()
    )
    told = page(administrator, account)
    for text in ("B-77", "1,250.00", "9,876.00", page_of("engagement_bill", bill)):
        assert text in told


def test_links_lead_to_the_rows_of_the_customer_alone(administrator: Client, account: PointsAccount, till: Till) -> None:
    other = make_account(account.organization)
    give_points(other, 5)
    bill = make_bill(till, account.customer, "B-1")
    make_bill(till, other.customer, "B-2")
    query = {"customer": str(account.customer_id)}
    assert shown(administrator.get(list_of("engagement_bill"), query)) == [bill]
    (entry,) = shown(administrator.get(list_of("engagement_pointsentry"), query))
    assert entry.account == account
    assert len(shown(administrator.get(list_of("engagement_pointsentry"), {"customer": "x"}))) == 2


def test_a_program_that_awards_nothing_is_marked(administrator: Client, account: PointsAccount) -> None:
    Program.objects.update(is_paused=True)
    assert "paused" in page(administrator, account)
    Program.objects.update(is_active=False)
    assert '<span class="bo-badge bad">off</span>' in page(administrator, account)


def test_who_only_looks_is_offered_no_adjustment(auditor: Client, account: PointsAccount) -> None:
    told = page(auditor, account)
    assert "Club" in told
    assert "Adjust points" not in told


def test_store_staff_see_everything_about_their_customer(account: PointsAccount, store: Store, till: Till) -> None:
    seller = log_in(make_staff(store.organization, "store_staff", store, username="robin"))
    make_bill(till, account.customer, "B-77")
    told = page(seller, account)
    assert "B-77" in told
    assert "+100" in told
    assert "Adjust points" not in told
