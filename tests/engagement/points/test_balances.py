"""Balances of customers: all of them, and the one that counts at a till."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
import time_machine
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.points.balances import NO_BALANCE, Balance, read_balances
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Program
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.customers import LONG_AGO, CustomerFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.program_files import club, loaded
from tests.factories.programs import MembershipFactory

pytestmark = pytest.mark.django_db


class Northwind(NamedTuple):
    organization: Organization
    club: Program
    south: Program


@pytest.fixture
def northwind() -> Iterator[Northwind]:
    organization = loaded(
        club(), {"name": "South club", "bound_to": {"zones": ["south"]}, "earning": [], "tiers": [{"name": "Only"}]}
    )
    with organization_scope(organization):
        yield Northwind(organization, Program.objects.get(name="Club"), Program.objects.get(name="South club"))


def balance_in(northwind: Northwind, customer: Customer, store: str) -> Balance:
    programs = load_catalog().programs_for(Store.objects.get(code=store))
    return read_balances([customer.pk], organization=northwind.organization).applicable(customer.pk, programs)


def in_both(northwind: Northwind) -> Customer:
    account = PointsAccountFactory(organization=northwind.organization, program=northwind.club)
    give_points(account, 10)
    give_points(
        PointsAccountFactory(organization=northwind.organization, program=northwind.south, customer=account.customer), 7
    )
    return account.customer


def test_the_tills_program_counts_first(northwind: Northwind) -> None:
    customer = in_both(northwind)
    assert balance_in(northwind, customer, "blr").spendable == 7
    assert balance_in(northwind, customer, "del").spendable == 10


def test_customers_outside_the_tills_program_show_the_default_one(northwind: Northwind) -> None:
    account = PointsAccountFactory(organization=northwind.organization, program=northwind.club)
    give_points(account, 10)
    balance = balance_in(northwind, account.customer, "blr")
    assert (balance.program_id, balance.spendable) == (northwind.club.pk, 10)


def test_customers_in_no_program_have_no_balance(northwind: Northwind) -> None:
    balance = balance_in(northwind, CustomerFactory(organization=northwind.organization), "blr")
    assert balance == NO_BALANCE
    assert (balance.program_id, balance.current_slab) == (None, None)
    assert {
        balance.totals.lifetime, balance.spendable, balance.totals.promised, balance.totals.promised_returned,
        balance.total_returned,
    } == {Decimal(0)}  # fmt: skip


def test_a_member_without_an_account_has_a_tier_and_no_points(northwind: Northwind) -> None:
    customer = CustomerFactory(organization=northwind.organization)
    tier = northwind.club.tiers.get(name="Silver")
    MembershipFactory(customer=customer, program=northwind.club, tier=tier, tier_since=LONG_AGO)
    balance = balance_in(northwind, customer, "del")
    assert (balance.current_slab, balance.totals.lifetime) == ("Silver", 0)


def test_totals_are_those_of_the_account(northwind: Northwind) -> None:
    account = PointsAccountFactory(organization=northwind.organization, program=northwind.club)
    type(account).objects.filter(pk=account.pk).update(
        floor=-100, lifetime=20, redeemed=25, returned=3, balance=-8, promised=4, promised_returned=2
    )
    balance = balance_in(northwind, account.customer, "del")
    assert (balance.totals.lifetime, balance.spendable) == (20, 0)
    assert (balance.totals.promised, balance.totals.promised_returned, balance.total_returned) == (4, 2, 5)


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_the_customers(
    northwind: Northwind, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    accounts = PointsAccountFactory.create_batch(count, organization=northwind.organization, program=northwind.club)
    for account in accounts:
        give_points(account, 10)
        PointsAccountFactory(organization=northwind.organization, program=northwind.south, customer=account.customer)
    ids = [account.customer_id for account in accounts]
    catalog = load_catalog()
    programs = catalog.programs_for(None)
    with django_assert_num_queries(1):
        balances = read_balances(ids, organization=northwind.organization)
        assert {balances.applicable(pk, programs).spendable for pk in ids} == {10}
        assert {len(balances.in_active_programs(pk, catalog)) for pk in ids} == {2}


def only_balance(organization: Organization, account: PointsAccount) -> Balance:
    (balance,) = read_balances([account.customer_id], organization=organization).of_customer(account.customer_id).values()
    return balance


@pytest.fixture
def noon(northwind: Northwind) -> Iterator[datetime]:
    noon = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
    with time_machine.travel(noon, tick=False):
        yield noon


def test_a_balance_knows_the_next_expiry_and_release(northwind: Northwind, noon: datetime) -> None:
    account = PointsAccountFactory(organization=northwind.organization, program=northwind.club)
    with transaction.atomic():
        for points, day in ((10, date(2026, 5, 31)), (5, date(2026, 5, 31)), (20, date(2026, 12, 31))):
            give_points(account, points, expiry=Expiry(on=day))
        give_points(account, 100)
        for days in (9, 3):
            give_points(account, 7, opens_at=noon + timedelta(days=days))
    balance = only_balance(northwind.organization, account)
    assert (balance.totals.balance, balance.totals.promised) == (135, 14)
    assert (balance.expires_on, balance.expiring) == (date(2026, 5, 31), 15)
    assert balance.released_at == noon + timedelta(days=3)


def test_points_that_are_due_are_settled(northwind: Northwind, noon: datetime) -> None:
    account = PointsAccountFactory(organization=northwind.organization, program=northwind.club)
    with transaction.atomic():
        give_points(account, 10, expiry=Expiry(on=date(2026, 3, 1)))
    with time_machine.travel(noon + timedelta(days=1), tick=False):
        balance = only_balance(northwind.organization, account)
    assert (balance.spendable, balance.expires_on, balance.expiring) == (0, None, 0)
    account.refresh_from_db()
    assert account.expired == 10


def test_a_member_without_an_account_has_an_empty_balance(northwind: Northwind) -> None:
    account = PointsAccountFactory(organization=northwind.organization, program=northwind.club)
    PointsAccount.objects.all().delete()
    balance = only_balance(northwind.organization, account)
    assert (balance.account, balance.expires_on, balance.released_at) == (None, None, None)


def test_a_balance_is_found_by_customer_and_program(northwind: Northwind) -> None:
    customer = in_both(northwind)
    balances = read_balances([customer.pk], organization=northwind.organization)
    assert balances.of(AccountKey(customer.pk, northwind.south.pk)).spendable == 7
    assert balances.of(AccountKey(customer.pk, 0)) == NO_BALANCE
