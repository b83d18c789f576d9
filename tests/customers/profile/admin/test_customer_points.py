"""Points, purchases and bills on a customer's page, by the role of the reader."""

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
from tests.back_office import list_of, log_in, page_of, shown
from tests.factories.bills import BillFactory
from tests.factories.customers import CustomerFactory
from tests.factories.points import PointsAccountFactory, facts, give_points
from tests.factories.program_files import club, loaded
from tests.factories.staff import StaffMemberFactory


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
    customer = CustomerFactory(organization=store.organization, registered_store=store)
    account = PointsAccountFactory(organization=store.organization, customer=customer)
    give_points(account, 100, facts=facts(note="Hello"))
    return account


def page(browser: Client, account: PointsAccount) -> str:
    return browser.get(page_of("customers_customer", account.customer)).content.decode()


def test_the_page_shows_points_tier_and_the_next_one(administrator: Client, account: PointsAccount) -> None:
    now = clock.now()
    give_points(account, 20, expiry=Expiry(on=(now + timedelta(days=40)).date()))
    give_points(account, 30, opens_at=now + timedelta(days=3))
    account.program.memberships.update(tier=account.program.tiers.get(name="Gold"), tier_since=now)
    text_of_page = page(administrator, account)
    for text in (
        "Club",
        "<b>Gold</b>",
        "<b>120</b> points",
        f"{now + timedelta(days=40):%Y-%m-%d}",
        "in 40 days",
        "(+30)",
        "Hello",
    ):
        assert text in text_of_page
    assert "The highest tier" in text_of_page
    assert page_of("engagement_pointsaccount", account) in text_of_page
    assert "Goodwill" in text_of_page


def test_points_have_their_worth_and_the_next_tier_its_distance(store: Store, till: Till) -> None:
    organization = loaded(club(enrolment=None, points_to_currency=Decimal("0.01")))
    customer = CustomerFactory(organization=organization, registered_store=store)
    account = PointsAccountFactory(organization=organization, customer=customer)
    give_points(account, "6057")
    PointsAccount.objects.update(purchases=660)
    account.program.memberships.update(tier=account.program.tiers.get(name="Bronze"), tier_since=clock.now())
    administrator = log_in(StaffMemberFactory(organization=organization, role="org_admin", username="ola"))
    text_of_page = page(administrator, account)
    for text in ("<b>6,057</b> points", "= 60.57 USD", "340.00 USD to Silver", "660.00 of 1,000.00 USD", 'value="66"'):
        assert text in text_of_page


def test_the_page_shows_purchases_and_the_latest_bills(administrator: Client, account: PointsAccount, till: Till) -> None:
    assert "No bills yet" in page(administrator, account)
    bill = BillFactory(till=till, customer=account.customer, number="B-77", amount=Decimal(1250), with_line=True)
    PurchaseTotals.objects.create(
        organization=account.organization, customer=account.customer, amount=Decimal(9876), bills=3, last_billed_at=clock.now()
    )
    text_of_page = page(administrator, account)
    for text in ("B-77", "<b>1,250.00 USD</b>", "9,876.00 USD in 3 bills", page_of("engagement_bill", bill)):
        assert text in text_of_page


def test_links_lead_to_the_rows_of_the_customer_alone(administrator: Client, account: PointsAccount, till: Till) -> None:
    other = PointsAccountFactory(organization=account.organization)
    give_points(other, 5)
    bill = BillFactory(till=till, customer=account.customer, number="B-1", with_line=True)
    BillFactory(till=till, customer=other.customer, number="B-2", with_line=True)
    query = {"customer": str(account.customer_id)}
    assert shown(administrator.get(list_of("engagement_bill"), query)) == [bill]
    (entry,) = shown(administrator.get(list_of("engagement_pointsentry"), query))
    assert entry.account == account


def test_a_program_that_awards_nothing_is_marked(administrator: Client, account: PointsAccount) -> None:
    Program.objects.update(is_paused=True)
    assert "paused" in page(administrator, account)
    Program.objects.update(is_active=False)
    assert '<span class="bo-badge bad">off</span>' in page(administrator, account)


def test_who_only_looks_is_offered_no_adjustment(auditor: Client, account: PointsAccount) -> None:
    text_of_page = page(auditor, account)
    assert "Club" in text_of_page
    assert "Goodwill" not in text_of_page


def test_store_staff_see_everything_about_their_customer(account: PointsAccount, store: Store, till: Till) -> None:
    seller = log_in(StaffMemberFactory(organization=store.organization, role="store_staff", stores=[store], username="robin"))
    BillFactory(till=till, customer=account.customer, number="B-77", with_line=True)
    text_of_page = page(seller, account)
    assert "B-77" in text_of_page
    assert "+100" in text_of_page
    assert "Goodwill" not in text_of_page
