"""Searches of staff for customers: every look-up is a range of an index."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.search.staff import LIMIT, Reach, find_customers
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.back_office import register
from tests.factories.cards import CardFactory, CardSeriesFactory


def search(term: str, organization: Organization, **reach: Any) -> set[int]:
    return find_customers(term, Reach(organizations=[organization], **reach))


@pytest.mark.parametrize(
    "term",
    [
        "9812300001",
        "919812300001",
        "+91 98123 00001",
        "00919812300001",
        "09812300001",
        "98123",
        "+9198",
        "anna.rao@example.com",
        "ANNA.R",
        "NW-0001",
        "nw-00",
        "anna",
        "RAO",
        "anna rao",
        "  Rao   An ",
    ],
)
def test_a_customer_is_found_by_any_identifier_or_name(anna: Customer, term: str) -> None:
    assert search(term, anna.organization) == {anna.pk}


@pytest.mark.parametrize(
    "term", ["", "  ", "98", "98x", "+44 98123", "nna", "Rao Bela", "\x00", "9812300002", "9" * 25, "9" * 5000]
)
def test_an_unused_value_finds_no_customer(anna: Customer, term: str) -> None:
    assert search(term, anna.organization) == set()


def test_a_customer_is_found_by_id_and_by_card(anna: Customer) -> None:
    series = CardSeriesFactory(organization=anna.organization)
    CardFactory(series=series, number="GOLD00001234", external_id="X-77", customer=anna)
    for term in (str(anna.pk), "GOLD00001234", "gold0000", "x-77"):
        assert search(term, anna.organization) == {anna.pk}


def test_shared_identifiers_find_all_their_customers(till: Till) -> None:
    till.organization.flags = {"CONF_USERS_IS_EMAIL_UNIQUE": 0}
    till.organization.save()
    both = {register(till, mobile=mobile, email="family@example.com").pk for mobile in ("9812300001", "9812300002")}
    assert search("family@example.com", till.organization) == both


def test_former_identifiers_find_no_customer(anna: Customer) -> None:
    Identifier.objects.filter(kind="email").update(state="FORMER", exclusive=False)
    assert search("anna.rao@example.com", anna.organization) == set()


def test_stores_and_organizations_bound_the_reach(anna: Customer, indiranagar: Till, stranger: Till) -> None:
    other = register(indiranagar, firstname="Anna", mobile="9812300009")
    away = register(stranger, firstname="Anna", mobile="9812300001")
    own = frozenset({indiranagar.store_id})
    for term in ("anna", "98123", str(other.pk)):
        assert search(term, anna.organization, stores=own) == {other.pk}
    assert search(str(anna.pk), anna.organization, stores=own) == set()
    with unscoped("as an operator"):
        reach = Reach(organizations=[anna.organization, stranger.organization])
        assert find_customers("9812300001", reach) == {anna.pk, away.pk}


def test_every_look_up_stops_at_the_limit(till: Till) -> None:
    Customer.objects.bulk_create(
        Customer(
            organization=till.organization,
            firstname_folded="anna",
            registered_on="2026-01-01T00:00:00Z",
            updated_on="2026-01-01T00:00:00Z",
        )
        for _ in range(LIMIT + 5)
    )
    assert len(search("anna", till.organization)) == LIMIT


def test_a_search_costs_three_queries_and_scans_no_table(
    anna: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for term in ("98123", "anna rao"):
        with django_assert_num_queries(3):
            search(term, anna.organization)


def test_every_lookup_is_a_range_of_an_index(till: Till) -> None:
    Customer.objects.bulk_create(
        Customer(
            organization=till.organization,
            firstname_folded=f"anna{n:05}",
            lastname_folded=f"rao{n:05}",
            registered_on="2026-01-01T00:00:00Z",
            updated_on="2026-01-01T00:00:00Z",
        )
        for n in range(3000)
    )
    Identifier.objects.bulk_create(
        Identifier(organization=till.organization, customer_id=pk, kind="mobile", value=f"9198{pk:08}")
        for pk in Customer.objects.values_list("pk", flat=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer, customers_identifier")
    with CaptureQueriesContext(connection) as queries:
        search("anna00077", till.organization)
        search("919800000077", till.organization)
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on customers_identifier" not in plan
            assert "Seq Scan on customers_customer" not in plan


@pytest.mark.parametrize("term", ["9" * 5000, "\u0345\u0301" * 20_000, "x" * 301])
def test_a_term_that_is_too_long_is_not_looked_up(anna: Customer, term: str, django_assert_num_queries: DjangoAssertNumQueries):
    with django_assert_num_queries(0):
        assert search(term, anna.organization) == set()
