"""Names with a typo: the closest are found, each name is read once, by ranges of indexes."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from customers.finding.matches import find_matches
from customers.finding.similar_names import CANDIDATES, closest, edits, similar_look_ups
from customers.profile.models import Customer
from customers.search.staff import LookedUp, Reach
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.back_office import register

FOUR_LETTERS = st.text(alphabet="abc", max_size=6)


def found(term: str, organization: Organization) -> dict[int, LookedUp]:
    """The kind of match of each customer."""
    matches = find_matches(term, Reach(organizations=[organization]), limit=10)
    return {match.customer_id: match.kind for match in matches}


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("priya", "priya", 0),
        ("priya", "pirya", 1),
        ("priya", "prya", 1),
        ("priya", "priyaa", 1),
        ("priya", "prija", 1),
        ("priya", "pirja", None),
        ("priya", "p", None),
        ("", "", 0),
        ("", "a", 1),
        ("ab", "ba", 1),
    ],
)
def test_edits_are_counted_up_to_the_most(left: str, right: str, expected: int | None) -> None:
    assert edits(left, right, most=1) == edits(right, left, most=1) == expected


@given(FOUR_LETTERS, FOUR_LETTERS)
def test_a_lower_limit_only_hides_a_count(left: str, right: str) -> None:
    count = edits(left, right, most=20)
    assert count is not None
    assert edits(left, right, most=1) == (count if count <= 1 else None)


@given(st.text(alphabet="abcd", min_size=4, max_size=9), st.data())
def test_a_swap_of_two_letters_is_one_edit(word: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(word) - 2))
    typed = word[:index] + word[index + 1] + word[index] + word[index + 2 :]
    assert edits(word, typed, most=1) == (0 if typed == word else 1)


def test_long_words_may_have_two_typos() -> None:
    assert closest("krishnmurti", ["krishnamurthi", "krishnan"]) == ["krishnamurthi"]
    assert closest("priya", ["prija", "pirja", "priya"]) == ["priya", "prija"]


@pytest.mark.parametrize(
    "term",
    [
        "pirya",
        "prya",
        "Priyya",
        "riya",
        "Shrama",
        "sharmaa",
        "xriya",
        "pirya sharma",
        "priya shrama",
        "sharma pirya",
        "Pirya Shar",
    ],
)
def test_a_name_with_a_typo_is_found(till: Till, term: str) -> None:
    priya = register(till, firstname="Priya", lastname="Sharma", mobile="9812300001")
    register(till, firstname="Bela", lastname="Sen", mobile="9812300002")
    assert found(term, till.organization) == {priya.pk: LookedUp.SIMILAR_NAME}


@pytest.mark.parametrize("term", ["xyz", "pri.", "9812x", "p@iya", "priya sen", "a b c d pirya", "p" * 200, "\x00pirya"])
def test_other_terms_find_no_similar_name(till: Till, term: str) -> None:
    register(till, firstname="Priya", lastname="Sharma", mobile="9812300001")
    register(till, firstname="Bela", lastname="Sen", mobile="9812300002")
    assert LookedUp.SIMILAR_NAME not in found(term, till.organization).values()


def test_similar_names_of_other_organizations_and_stores_stay_out(till: Till, indiranagar: Till, stranger: Till) -> None:
    register(stranger, firstname="Priya", mobile="9812300001")
    register(indiranagar, firstname="Priya", mobile="9812300001")
    reach = Reach(organizations=[till.organization], stores=frozenset({till.store_id}))
    assert find_matches("pirya", reach, limit=10) == []
    with unscoped("as an operator"):
        assert similar_look_ups("pirya", Reach(organizations=[till.organization, stranger.organization])) == []


def test_names_are_read_once_each_and_by_index(till: Till, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    Customer.objects.bulk_create(
        Customer(
            organization=till.organization,
            firstname_folded=f"priy{n % 40:02}",
            lastname_folded="sharma",
            registered_on="2026-01-01T00:00:00Z",
            updated_on="2026-01-01T00:00:00Z",
        )
        for n in range(4000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")
    with django_assert_num_queries(4), CaptureQueriesContext(connection) as queries:
        similar_look_ups("priyy", Reach(organizations=[till.organization]))
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {query['sql']}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on customers_customer" not in plan
            assert "Index Only Scan using customer_" in plan
            assert max(map(int, re.findall(r"loops=(\d+)", plan))) <= 41 < CANDIDATES
