"""Members whose points expire soon, in the back office."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount, PointsLot
from engagement.programs.models import Membership, Program, ProgramVersion
from loyalty_project import clock
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import list_of, page_of, shown
from tests.factories.customers import LONG_AGO, CustomerFactory
from tests.factories.locations import StoreFactory
from tests.factories.organizations import OrganizationFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.programs import ProgramVersionFactory

EXPIRING = "engagement_expiringpoints"
pytestmark = pytest.mark.django_db


def in_days(number: int, organization: Organization) -> date:
    return clock.now().astimezone(organization.zone).date() + timedelta(days=number)


def give(account: PointsAccount, points: int, days: int, **more: Any) -> None:
    """Points whose last day is so many days away."""
    with transaction.atomic():
        give_points(account, points, expiry=Expiry(on=in_days(days, account.organization)), **more)


def notice(program: Program, *days: int) -> None:
    newest = ProgramVersion.objects.filter(program=program).first()
    assert newest is not None
    rules = {**newest.rules, "expiry_notice_days": list(days)}
    ProgramVersionFactory(program=program, number=newest.number + 1, rules=rules)


def listed(browser: Client, **query: str) -> list[tuple[Any, ...]]:
    """Account, first last day in days from now, points on that day and in all."""
    rows = shown(browser.get(list_of(EXPIRING), query))
    return [(row.pk, (row.last_day - in_days(0, row.organization)).days, row.first_points, row.all_points) for row in rows]


@pytest.fixture
def other(account: PointsAccount, store: Store) -> PointsAccount:
    """Another member of the club."""
    customer = CustomerFactory(organization=store.organization, registered_store=store)
    other: PointsAccount = PointsAccountFactory(organization=store.organization, program=account.program, customer=customer)
    return other


def test_points_within_the_days_of_notice_are_listed(
    administrator: Client, account: PointsAccount, other: PointsAccount
) -> None:
    for owner, points, days in ((account, 5, 0), (account, 7, 0), (account, 20, 30), (account, 99, 31), (other, 3, 29)):
        give(owner, points, days)
    assert listed(administrator) == [(account.pk, 0, 12, 32), (other.pk, 29, 3, 3)]
    notice(account.program, 31, 7)
    assert listed(administrator) == [(account.pk, 0, 12, 131), (other.pk, 29, 3, 3)]
    assert listed(administrator, days="7") == [(account.pk, 0, 12, 12)]
    assert listed(administrator, days="90", program=str(account.program_id))[1:] == [(other.pk, 29, 3, 3)]
    assert listed(administrator, q=str(other.customer_id)) == [(other.pk, 29, 3, 3)]


def test_the_earliest_day_comes_first(administrator: Client, account: PointsAccount, other: PointsAccount) -> None:
    give(account, 5, 20)
    give(other, 5, 10)
    # The end of a tier is due before the points expire.
    Membership.objects.filter(customer=account.customer_id).update(tier_due_on=in_days(5, account.organization))
    give(account, 5, 40)
    assert [row[:2] for row in listed(administrator)] == [(other.pk, 10), (account.pk, 20)]


def test_the_list_shows_tier_and_customer(administrator: Client, account: PointsAccount) -> None:
    silver = account.program.tiers.get(name="Silver")
    Membership.objects.filter(customer=account.customer_id).update(tier=silver, tier_since=LONG_AGO)
    give(account, 1234, 3)
    page = administrator.get(list_of(EXPIRING)).content.decode()
    pages = page_of("customers_customer", account.customer), page_of("engagement_pointsaccount", account)
    for text in ("Anna Rao", *pages, "Silver", "1,234", "days of notice"):
        assert text in page
    row_page = administrator.get(page_of(EXPIRING, account)).content.decode()
    assert "+1,234" in row_page
    assert "Adjust points" not in row_page


def test_promised_spent_and_expired_points_are_not_listed(
    administrator: Client, account: PointsAccount, other: PointsAccount
) -> None:
    give(account, 10, 20, opens_at=clock.now() + timedelta(days=2))
    give(other, 10, -1)
    assert listed(administrator) == []
    other.refresh_from_db()
    assert other.balance == 10
    # What is due on a member who is listed is settled.
    give(other, 1, 5)
    assert listed(administrator) == [(other.pk, 5, 1, 1)]
    other.refresh_from_db()
    assert other.balance == 1


@pytest.mark.parametrize("moves", [PointsLot.Moves.MEMBERSHIP, PointsLot.Moves.ROLLING, PointsLot.Moves.LAST_ACTIVITY])
def test_days_that_move_are_listed(administrator: Client, account: PointsAccount, moves: PointsLot.Moves) -> None:
    silver = account.program.tiers.get(name="Silver")
    ends = in_days(12, account.organization)
    Membership.objects.update(tier=silver, tier_since=LONG_AGO, tier_expires_on=ends, tier_due_on=ends)
    with transaction.atomic():
        give_points(account, 10, expiry=Expiry(moves=moves, months=1))
        PointsAccount.objects.update(
            last_earned_on=ends - timedelta(days=31), last_active_on=ends - timedelta(days=31), due_at=clock.now()
        )
    assert [row[2:] for row in listed(administrator)] == [(10, 10)]


def test_staff_of_a_store_see_its_members(seller: Client, account: PointsAccount) -> None:
    elsewhere = StoreFactory(organization=account.organization, code="elsewhere")
    far = CustomerFactory(organization=account.organization, registered_store=elsewhere)
    for owner in (account, PointsAccountFactory(organization=account.organization, program=account.program, customer=far)):
        give(owner, 5, 3)
    assert [row[0] for row in listed(seller)] == [account.pk]


def test_operators_see_every_organization(operator: Client, account: PointsAccount) -> None:
    give(account, 5, 3)
    with unscoped("tests make their rows"):
        foreign = OrganizationFactory(code="foreign", with_program=True, timezone="America/New_York")
    with organization_scope(foreign):
        abroad = PointsAccountFactory(organization=foreign)
        give(abroad, 6, 4)
    assert {row[0] for row in listed(operator)} == {account.pk, abroad.pk}
    assert [row[0] for row in listed(operator, organization=str(foreign.pk))] == [abroad.pk]


def test_a_program_leads_to_its_members(administrator: Client, account: PointsAccount) -> None:
    notice(account.program, 7, 30)
    page = administrator.get(page_of("engagement_program", account.program)).content.decode()
    assert f'{list_of(EXPIRING)}?program={account.program_id}"' in page
    assert "30 and 7 days ahead" in page


def test_a_list_of_many_costs_as_much_as_of_one(
    administrator: Client, account: PointsAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    give(account, 5, 3)
    administrator.get(list_of(EXPIRING))
    with django_assert_num_queries(10):
        assert len(shown(administrator.get(list_of(EXPIRING)))) == 1
    for _ in range(2):
        customer: Customer = CustomerFactory(organization=account.organization)
        give(PointsAccountFactory(organization=account.organization, program=account.program, customer=customer), 5, 3)
    with django_assert_num_queries(10):
        assert [row.all_points for row in shown(administrator.get(list_of(EXPIRING)))] == [Decimal(5)] * 3


def test_programs_that_are_switched_off_show_nobody(administrator: Client, account: PointsAccount) -> None:
    give(account, 5, 3)
    Program.objects.update(is_active=False)
    assert listed(administrator) == []
