"""Where a customer stands: tier, points, what is promised, what expires next."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount
from engagement.points.summary import program_summaries
from engagement.programs.models import Program
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.customers import CustomerFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.program_documents import club, loaded

NOON = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)


@pytest.fixture
def organization(db: None) -> Iterator[Organization]:
    with unscoped("tests make their rows"):
        organization = loaded(club(enrolment=None))
    with organization_scope(organization), time_machine.travel(NOON, tick=False):
        yield organization


def test_a_summary_has_the_next_expiry_and_promised_points(organization: Organization) -> None:
    account = PointsAccountFactory(organization=organization)
    with transaction.atomic():
        for points, day in ((10, date(2026, 5, 31)), (5, date(2026, 5, 31)), (20, date(2026, 12, 31))):
            give_points(account, points, expiry=Expiry(on=day))
        give_points(account, 100)
        for days in (9, 3):
            give_points(account, 7, opens_at=NOON + timedelta(days=days))
    (standing,) = program_summaries(account.customer, organization=organization)
    assert standing.account is not None
    assert (standing.account.balance, standing.account.promised) == (135, 14)
    assert (standing.expires_on, standing.expiring) == (date(2026, 5, 31), 15)
    assert standing.released_at == NOON + timedelta(days=3)


def test_what_is_due_is_settled(organization: Organization) -> None:
    account = PointsAccountFactory(organization=organization)
    with transaction.atomic():
        give_points(account, 10, expiry=Expiry(on=date(2026, 3, 1)))
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        (standing,) = program_summaries(account.customer, organization=organization)
    assert standing.account is not None
    assert (standing.account.balance, standing.expires_on) == (0, None)
    account.refresh_from_db()
    assert account.expired == 10


def test_a_member_without_an_account_has_a_summary(organization: Organization) -> None:
    account = PointsAccountFactory(organization=organization)
    PointsAccount.objects.all().delete()
    (standing,) = program_summaries(account.customer, organization=organization)
    assert standing.account is None
    assert program_summaries(CustomerFactory(organization=organization), organization=organization) == []


@pytest.mark.parametrize("programs", [1, 3])
def test_summaries_cost_three_queries_default_program_first(
    organization: Organization, programs: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    customer = CustomerFactory(organization=organization)
    names = ["Outlet", "Away"][: programs - 1]
    for name in names:
        PointsAccountFactory(
            organization=organization, program=Program.objects.create(organization=organization, name=name), customer=customer
        )
    PointsAccountFactory(organization=organization, customer=customer)
    with django_assert_num_queries(3):
        standings = program_summaries(customer, organization=organization)
    assert [one.membership.program.name for one in standings] == ["Club", *sorted(names)]
