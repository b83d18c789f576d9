"""Likely duplicates: evidence of a pair, and updates of the list (docs/back-office.md)."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from customers.cards.models import Card
from customers.duplicates.models import DuplicateCandidate
from customers.duplicates.services import LARGEST_GROUP, Evidence, State, dismiss_candidate, find_duplicates, likely_pairs
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import register
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.customers import IdentifierFactory
from tests.factories.sources import SourceProfileFactory
from use_cases.merging import merge_customers, undo_merge

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(organization: Organization):
    """Makes a customer with these identifiers, straight into the database: many are no two people's at once."""

    def make(firstname: str = "", lastname: str = "", **identifiers: str) -> Customer:
        moment = datetime(2024, 1, 1, tzinfo=UTC)
        customer = Customer.objects.create(
            organization=organization,
            firstname=firstname,
            lastname=lastname,
            firstname_folded=firstname.casefold(),
            lastname_folded=lastname.casefold(),
            registered_on=moment,
            updated_on=moment,
        )
        for kind, value in identifiers.items():
            is_first = not Identifier.objects.filter(kind=kind, value=value).exists()
            IdentifierFactory(customer=customer, kind=kind, value=value, exclusive=is_first)
        return customer

    return make


def likely(organization: Organization) -> dict[tuple[int, int], list[Evidence]]:
    return likely_pairs(organization).pairs


@pytest.mark.parametrize(
    ("value", "other", "is_likely"),
    [
        ("anna.rao@example.com", "annarao@example.com", True),
        ("anna.rao+shop@example.com", "an.narao@example.com", True),
        ("anna+a@example.com", "anna+b@example.com", True),
        ("anna@example.com", "anna@example.com", False),  # the same address twice: the policy allows it
        ("anna@example.com", "anna@example.org", False),
        ("anna@example.com", "ann@example.com", False),
        ("+a@example.com", ".+b@example.com", False),  # nothing is left of either
        ("anna@a.example.com", "anna@aexample.com", False),  # dots of the domain count
    ],
)
def test_emails_alike_but_for_dots_and_plus(organization, person, value, other, is_likely):
    first, second = person(email=value), person(email=other)
    assert likely(organization) == ({(first.pk, second.pk): [Evidence.EMAIL]} if is_likely else {})


@pytest.mark.parametrize(
    ("value", "other", "is_likely"),
    [
        ("919812345678", "449812345678", True),  # two digits each
        ("9715012345678", "15012345678", True),  # three digits and one
        ("75012345678", "4475012345678", False),
        ("919812345678", "919812345678", False),  # the same number twice: the policy allows it
        ("919812345678", "9198123456789", False),
    ],
)
def test_mobiles_alike_but_for_the_country(organization, person, value, other, is_likely):
    first, second = person(mobile=value), person(mobile=other)
    assert likely(organization) == ({(first.pk, second.pk): [Evidence.MOBILE]} if is_likely else {})


def test_former_identifiers_are_no_evidence(organization, person):
    person(email="anna.rao@example.com")
    person(email="annarao@example.com").identifiers.update(state="FORMER")
    assert likely(organization) == {}


@pytest.fixture
def namesakes(organization, person):
    """Anna, Anna in capitals, and a customer with another name."""
    return person("Anna", "Rao"), person("ANNA", "Rao"), person("Bo", "Rao")


def note_card(customer: Customer, number: str) -> None:
    customer.comm_channels = [{"type": "CARD_NUMBER", "value": number, "primary": False, "verified": False}]
    customer.save()


def issue_card(customer: Customer, number: str, external_id: str = "") -> None:
    series = CardSeriesFactory(organization=customer.organization, code=number)
    CardFactory(series=series, number=number, external_id=external_id, customer=customer, status=Card.Status.ISSUED)


def take_for_external_id(customer: Customer, number: str) -> None:
    IdentifierFactory(customer=customer, kind="external_id", value=number, exclusive=False)


@pytest.mark.parametrize(
    ("of_first", "of_others"),
    [
        (lambda customer: note_card(customer, "P-1"), lambda customer: note_card(customer, "P-1")),
        (lambda customer: issue_card(customer, "P-1"), lambda customer: note_card(customer, "P-1")),
        (lambda customer: issue_card(customer, "P-1"), lambda customer: take_for_external_id(customer, "P-1")),
        (lambda customer: issue_card(customer, "X-1", external_id="P-1"), lambda customer: note_card(customer, "P-1")),
    ],
    ids=["noted twice", "issued and noted", "issued and taken for an external id", "issued, noted by its external id"],
)
def test_the_same_name_and_card_number(organization, namesakes, of_first, of_others):
    anna, again, bo = namesakes
    of_first(anna)
    for other in (again, bo):
        of_others(other)
    assert likely(organization) == {(anna.pk, again.pk): [Evidence.CARD]}


def test_external_ids_that_are_no_cards_share_no_card(organization, namesakes, person):
    for customer in namesakes:
        take_for_external_id(customer, "P-1")
    note_card(person(), "P-2")
    note_card(person(), "P-2")
    assert likely(organization) == {}


def test_the_same_name_at_the_same_source_account(organization, namesakes, person):
    anna, again, bo = namesakes
    elsewhere, nameless, other = person("Anna", "Rao"), person(), person()
    for customer in (anna, again, bo, nameless, other):
        SourceProfileFactory(customer=customer, account="main")
    SourceProfileFactory(customer=elsewhere, account="outlet")
    assert likely(organization) == {(anna.pk, again.pk): [Evidence.SOURCE_ACCOUNT]}


def test_all_evidence_of_a_pair_is_listed_once_in_order(organization, person):
    pair = [person("Anna", "Rao", email=f"anna{dot}rao@example.com") for dot in (".", "")]
    for customer in pair:
        customer.comm_channels = [{"type": "CARD_NUMBER", "value": number} for number in ("P-1", "P-2")]
        customer.save()
    assert likely(organization) == {(pair[0].pk, pair[1].pk): [Evidence.CARD, Evidence.EMAIL]}


def test_three_alike_are_three_pairs_and_a_large_group_is_none(organization, person):
    three = [person(email=f"anna+{n}@example.com").pk for n in range(3)]
    for n in range(LARGEST_GROUP + 1):
        person(email=f"info+{n}@example.com")
    search = likely_pairs(organization)
    assert set(search.pairs) == {(three[0], three[1]), (three[0], three[2]), (three[1], three[2])}
    assert search.large_groups == {Evidence.EMAIL: 1}


def test_customers_of_another_organization_are_no_duplicates(organization, person, stranger: Till):
    person(email="anna.rao@example.com")
    register(stranger, email="annarao@example.com")
    assert likely(organization) == {}
    with organization_scope(stranger.organization):
        assert likely(stranger.organization) == {}


@pytest.mark.parametrize("pairs", [1, 3])
def test_queries_do_not_grow_with_the_pairs(organization, person, pairs, django_assert_num_queries):
    for n in range(pairs):
        person(email=f"anna.rao{n}@example.com")
        person(email=f"annarao{n}@example.com")
    # Savepoint, settings, four kinds of evidence, back to the savepoint and its end (8); savepoint, timeout, what is stored,
    # new pairs, the savepoint's end (5).
    with django_assert_num_queries(13):
        assert find_duplicates(organization).new == pairs


# --- the list


@pytest.fixture
def pair(organization, person) -> DuplicateCandidate:
    person(email="anna.rao@example.com")
    person(email="annarao@example.com")
    assert str(find_duplicates(organization)) == "new=1 known=0 gone=0 dismissed=0"
    return DuplicateCandidate.objects.get()


def test_a_second_search_finds_the_same(organization, pair):
    assert str(find_duplicates(organization)) == "new=0 known=1 gone=0 dismissed=0"
    again = DuplicateCandidate.objects.get()
    assert (again.pk, again.found_on, again.evidence, again.state) == (pair.pk, pair.found_on, ["EMAIL"], State.OPEN)


def test_evidence_is_updated(organization, pair):
    for customer in (pair.first, pair.second):
        IdentifierFactory(customer=customer, value=f"{'91' if customer == pair.first else '44'}981234")
    assert find_duplicates(organization).evidence == {Evidence.MOBILE: 1, Evidence.EMAIL: 1}
    assert DuplicateCandidate.objects.get().evidence == ["MOBILE", "EMAIL"]


def test_pairs_without_evidence_are_deleted(organization, pair):
    pair.second.identifiers.update(value="other@example.com")
    assert str(find_duplicates(organization)) == "new=0 known=0 gone=1 dismissed=0"
    assert not DuplicateCandidate.objects.exists()


def test_a_dismissal_is_kept_by_later_searches(organization, pair):
    by = command_actor("test", organization)
    assert dismiss_candidate(pair, by=by)
    assert str(find_duplicates(organization)) == "new=0 known=0 gone=0 dismissed=1"
    pair.second.identifiers.update(value="other@example.com")
    assert str(find_duplicates(organization)) == "new=0 known=0 gone=0 dismissed=0"
    kept = DuplicateCandidate.objects.get()
    assert (kept.state, kept.decided_by) == (State.DISMISSED, "command:test")
    entry = AuditEntry.objects.get(object_type="duplicatecandidate", object_id=pair.pk)
    assert (entry.action, entry.new) == ("dismissed", {"customers": [pair.first_id, pair.second_id], "evidence": ["EMAIL"]})


def test_a_pair_is_dismissed_once(organization, pair):
    assert dismiss_candidate(pair, by=command_actor("one", organization))
    assert not dismiss_candidate(pair, by=command_actor("another", organization))
    assert DuplicateCandidate.objects.get().decided_by == "command:one"
    assert AuditEntry.objects.filter(action="dismissed").count() == 1


def test_a_merge_closes_the_victims_open_pairs(organization, pair, person):
    third = person(email="an.narao@example.com")
    assert find_duplicates(organization).new == 2
    by = command_actor("test", organization)
    merge = merge_customers(survivor=pair.first_id, victim=pair.second_id, by=by).merge
    states = {(row.first_id, row.second_id): row.state for row in DuplicateCandidate.objects.all()}
    assert states == {(pair.first_id, pair.second_id): State.MERGED, (pair.first_id, third.pk): State.OPEN}
    assert DuplicateCandidate.objects.get(pk=pair.pk).decided_by == "command:test"
    assert str(find_duplicates(organization)) == "new=0 known=1 gone=0 dismissed=0"
    undo_merge(merge, reason="they are two", by=by)
    again = DuplicateCandidate.objects.get(pk=pair.pk)
    assert (again.state, again.decided_by, again.decided_on) == (State.OPEN, "", None)
    assert str(find_duplicates(organization)) == "new=1 known=2 gone=0 dismissed=0"


def test_a_pair_is_unique_and_ordered(organization, pair):
    for first, second in [(pair.first, pair.second), (pair.second, pair.first)]:
        with pytest.raises(IntegrityError), transaction.atomic():
            DuplicateCandidate.objects.create(
                organization=organization, first=first, second=second, evidence=["EMAIL"], found_on=pair.found_on
            )
    assert str(pair) == f"{pair.first_id} and {pair.second_id}"
