"""Whose figures stand for a customer at a till?"""

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import NamedTuple

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.points.balances import NOTHING, Balance, figures_at, memberships_of
from engagement.points.settlement import settled_accounts
from engagement.programs.catalog import ApplicablePrograms, load_catalog
from engagement.programs.models import Membership, Program
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.customers import LONG_AGO, CustomerFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.program_documents import club, loaded

pytestmark = pytest.mark.django_db


class Northwind(NamedTuple):
    organization: Organization
    club: Program
    south: Program


def read_figures(ids: Collection[int], there: ApplicablePrograms, *, organization: Organization) -> dict[int, Balance]:
    """As every read of a call puts them together."""
    accounts, memberships = settled_accounts(ids, organization=organization), memberships_of(ids)
    return {one: figures_at(one, there, accounts=accounts, memberships=memberships) for one in ids}


@pytest.fixture
def northwind() -> Iterator[Northwind]:
    organization = loaded(
        club(), {"name": "South club", "bound_to": {"zones": ["south"]}, "earning": [], "tiers": [{"name": "Only"}]}
    )
    with organization_scope(organization):
        yield Northwind(organization, Program.objects.get(name="Club"), Program.objects.get(name="South club"))


def figures_in(northwind: Northwind, customer: Customer, store: str) -> Balance:
    there = load_catalog().programs_for(Store.objects.get(code=store))
    return read_figures([customer.pk], there, organization=northwind.organization)[customer.pk]


def in_both(northwind: Northwind) -> Customer:
    account = PointsAccountFactory(organization=northwind.organization, program=northwind.club)
    give_points(account, 10)
    give_points(
        PointsAccountFactory(organization=northwind.organization, program=northwind.south, customer=account.customer), 7
    )
    return account.customer


def test_the_tills_program_gives_the_customers_balance(northwind: Northwind) -> None:
    customer = in_both(northwind)
    assert figures_in(northwind, customer, "blr").loyalty_points == 7
    assert figures_in(northwind, customer, "del").loyalty_points == 10


def test_who_is_not_in_the_tills_program_shows_the_default_one(northwind: Northwind) -> None:
    account = PointsAccountFactory(organization=northwind.organization, program=northwind.club)
    give_points(account, 10)
    figures = figures_in(northwind, account.customer, "blr")
    assert (figures.program_id, figures.loyalty_points) == (northwind.club.pk, 10)


def test_who_is_in_no_program_has_nothing(northwind: Northwind) -> None:
    figures = figures_in(northwind, CustomerFactory(organization=northwind.organization), "blr")
    assert figures == NOTHING
    assert (figures.program_id, figures.current_slab) == (None, None)
    assert {
        figures.lifetime_points, figures.loyalty_points, figures.delayed_points, figures.delayed_returned_points,
        figures.total_returned_points,
    } == {Decimal(0)}  # fmt: skip


def test_a_member_without_an_account_has_a_tier_and_no_points(northwind: Northwind) -> None:
    customer = CustomerFactory(organization=northwind.organization)
    tier = northwind.club.tiers.get(name="Silver")
    Membership.objects.create(
        organization=northwind.organization, customer=customer, program=northwind.club, enrolled_on=LONG_AGO, tier=tier,
        tier_since=LONG_AGO,
    )  # fmt: skip
    figures = figures_in(northwind, customer, "del")
    assert (figures.current_slab, figures.lifetime_points) == ("Silver", 0)


def test_every_figure_is_the_accounts(northwind: Northwind) -> None:
    account = PointsAccountFactory(organization=northwind.organization, program=northwind.club)
    type(account).objects.filter(pk=account.pk).update(
        floor=-100, lifetime=20, redeemed=25, returned=3, balance=-8, promised=4, promised_returned=2
    )
    figures = figures_in(northwind, account.customer, "del")
    assert (figures.lifetime_points, figures.loyalty_points) == (20, 0)
    assert (figures.delayed_points, figures.delayed_returned_points, figures.total_returned_points) == (4, 2, 5)


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_the_customers(
    northwind: Northwind, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ids = [in_both(northwind).pk for _ in range(count)]
    there = load_catalog().programs_for(None)
    with django_assert_num_queries(3):
        assert {one.loyalty_points for one in read_figures(ids, there, organization=northwind.organization).values()} == {10}
