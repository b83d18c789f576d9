"""Matches of the search box: the best first, each customer once, with what matched."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from customers.finding.matches import Match, find_matches
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.search.staff import LookedUp, Reach
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.locations import till_actor
from use_cases.merging import merge_customers


def find(term: str, organization: Organization, *, limit: int = 10) -> list[Match]:
    return find_matches(term, Reach(organizations=[organization]), limit=limit)


@pytest.mark.parametrize(
    ("term", "kind", "value", "is_whole"),
    [
        ("9812300001", LookedUp.MOBILE, "919812300001", True),
        ("+91 98123-00001", LookedUp.MOBILE, "919812300001", True),
        ("98123", LookedUp.MOBILE, "919812300001", False),
        ("0001", LookedUp.MOBILE_END, "919812300001", False),
        ("00 001", LookedUp.MOBILE_END, "919812300001", False),
        ("2300001", LookedUp.MOBILE_END, "919812300001", False),
        ("anna.rao@EXAMPLE.com", LookedUp.EMAIL, "anna.rao@example.com", True),
        ("anna.rao@", LookedUp.EMAIL, "anna.rao@example.com", False),
        ("nw-0001", LookedUp.EXTERNAL_ID, "NW-0001", True),
        ("NW-", LookedUp.EXTERNAL_ID, "NW-0001", False),
        ("gold0001", LookedUp.CARD, "GOLD0001", True),
        ("GOLD", LookedUp.CARD, "GOLD0001", False),
        ("x-77", LookedUp.CARD_EXTERNAL_ID, "X-77", True),
        ("anna", LookedUp.NAME, "anna", False),
        ("rao anna", LookedUp.BOTH_NAMES, "rao", False),
        ("anan rao", LookedUp.SIMILAR_NAME, "rao", False),
    ],
)
def test_a_match_says_what_matched(anna: Customer, term: str, kind: LookedUp, value: str, *, is_whole: bool) -> None:
    if kind == LookedUp.EMAIL:
        Customer.objects.update(firstname_folded="", lastname_folded="")
    CardFactory(series=CardSeriesFactory(organization=anna.organization), number="GOLD0001", external_id="X-77", customer=anna)
    assert find(term, anna.organization) == [Match(customer_id=anna.pk, kind=kind, value=value, is_whole=is_whole)]


@pytest.mark.parametrize("term", ["001", "+0001", "1" * 16, "12001"])
def test_other_digits_are_not_the_end_of_a_mobile(anna: Customer, term: str) -> None:
    assert find(term, anna.organization) == []


def test_a_whole_number_comes_before_its_beginning_and_end(till: Till) -> None:
    begins = register(till, external_id="56780")
    ends = register(till, mobile="9812345678")
    whole = register(till, external_id="5678")
    assert [match.customer_id for match in find("5678", till.organization)] == [whole.pk, ends.pk, begins.pk]
    assert len(find("5678", till.organization, limit=2)) == 2


def test_a_merged_customer_is_found_as_the_survivor_alone(anna: Customer, till: Till) -> None:
    twin = register(till, firstname="Anna", mobile="9812300002")
    merge_customers(survivor=anna.pk, victim=twin.pk, by=till_actor(till))
    for term in ("anna", "9812300002", "0002"):
        assert {match.customer_id for match in find(term, till.organization)} == {anna.pk}
    assert find(str(twin.pk), till.organization) == []


def test_a_former_mobile_is_not_found_by_its_end(anna: Customer) -> None:
    Identifier.objects.filter(kind="mobile").update(state="FORMER", exclusive=False)
    assert find("0001", anna.organization) == []


def test_matches_cost_three_queries_and_five_more_without_any(
    anna: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count, terms in ((3, ("98123", "0001", "anna rao")), (8, ("anan rao",)), (3, ("x9", "98770000"))):
        for term in terms:
            with django_assert_num_queries(count):
                find(term, anna.organization)


def test_every_look_up_is_a_range_of_an_index(till: Till) -> None:
    customers = Customer.objects.bulk_create(
        Customer(
            organization=till.organization,
            registered_store=till.store,
            firstname_folded=f"anna{n:05}",
            lastname_folded=f"rao{n:05}",
            registered_on="2026-01-01T00:00:00Z",
            updated_on="2026-01-01T00:00:00Z",
        )
        for n in range(4000)
    )
    values = [(customer, f"9198{number:08}") for number, customer in enumerate(customers)]
    Identifier.objects.bulk_create(
        Identifier(organization=till.organization, customer=customer, kind="mobile", value=value, value_folded=value)
        for customer, value in values
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer, customers_identifier")
    with CaptureQueriesContext(connection) as queries:
        for stores in (frozenset[int](), frozenset({till.store_id})):
            for term in ("0077", "919800000077", "anna00077"):
                assert find_matches(term, Reach(organizations=[till.organization], stores=stores), limit=8)
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on customers_identifier" not in plan
            assert "Seq Scan on customers_customer" not in plan
