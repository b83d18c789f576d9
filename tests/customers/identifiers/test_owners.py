"""The customer that a value identifies (docs/protocol.md 7)."""

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.identifiers.models import Identifier
from customers.identifiers.owners import Owner, owners_of
from customers.profile.models import Customer
from organizations.policies import Policy
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory, IdentifierFactory

pytestmark = pytest.mark.django_db
EMAIL = "desk@example.com"
SHARED = Policy(email_unique=False)


@pytest.fixture
def people(organization: Organization) -> list[Customer]:
    return CustomerFactory.create_batch(3, organization=organization)


def give(customer: Customer, state: str = "CURRENT", *, exclusive: bool = False) -> None:
    IdentifierFactory(customer=customer, kind="email", value=EMAIL, state=state, exclusive=exclusive)


def owner(policy: Policy = SHARED) -> Owner | None:
    return owners_of("email", [EMAIL], policy).get(EMAIL)


def test_the_only_customer_with_a_value_owns_it(people: list[Customer]) -> None:
    assert owner() is None
    give(people[0])
    give(people[1], "FORMER")
    assert owner() == Owner(people[0].pk, is_inherited=False)


@pytest.mark.parametrize("state", ["CURRENT", "MERGED"])
def test_a_value_of_two_customers_belongs_to_neither(people: list[Customer], state: str) -> None:
    give(people[0])
    give(people[1], state)
    assert owner() is None


def test_a_value_that_came_twice_by_merges_has_one_owner(people: list[Customer]) -> None:
    give(people[0], "MERGED")
    give(people[0], "MERGED")
    assert owner() == Owner(people[0].pk, is_inherited=True)
    give(people[0])
    assert owner() == Owner(people[0].pk, is_inherited=False)


def test_an_exclusive_row_decides_where_the_policy_asks_for_one(people: list[Customer]) -> None:
    give(people[0])
    give(people[1], exclusive=True)
    assert owner(Policy()) == Owner(people[1].pk, is_inherited=False)
    assert owner() is None


def test_a_value_of_many_customers_is_judged_by_two_ends_of_an_index(
    people: list[Customer], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    crowd = CustomerFactory.create_batch(20, organization=people[0].organization)
    for customer in crowd:
        give(customer)
    with django_assert_num_queries(1) as queries:
        assert owner() is None
    assert "min(identifier.customer_id)" in queries[0]["sql"]
    assert Identifier.objects.filter(value=EMAIL).count() == 20
