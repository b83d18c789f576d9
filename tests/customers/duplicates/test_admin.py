"""Likely duplicates in the back office: side by side, with their evidence."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from customers.duplicates.admin import compare
from customers.duplicates.models import DuplicateCandidate
from customers.duplicates.services import find_duplicates
from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from tests.back_office import list_of, log_in, page_of, register, shown
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.sources import SourceProfileFactory
from tests.factories.staff import StaffMemberFactory

PAIRS = "customers_duplicatecandidate"


@pytest.fixture
def anna(till: Till) -> Customer:
    return register(till, firstname="Anna", lastname="Rao", mobile="9812300001", email="anna.rao@example.com")


@pytest.fixture
def again(till: Till) -> Customer:
    return register(till, firstname="Anna", lastname="Rao", mobile="9812300002", email="annarao@example.com")


@pytest.fixture
def pair(anna: Customer, again: Customer) -> DuplicateCandidate:
    find_duplicates(anna.organization)
    return DuplicateCandidate.objects.get()


@pytest.fixture
def manager(store: Store) -> Client:
    """The manager of MG Road."""
    return log_in(StaffMemberFactory(organization=store.organization, role="store_manager", stores=[store], username="mira"))


def dismiss(client: Client, pair: DuplicateCandidate, method: str = "post") -> int:
    status: int = getattr(client, method)(reverse("admin:customers_duplicatecandidate_dismiss", args=[pair.pk])).status_code
    return status


def test_pairs_are_listed_with_what_speaks_for_them(administrator: Client, pair: DuplicateCandidate) -> None:
    page = administrator.get(list_of(PAIRS)).content.decode()
    assert "+91 98123 00001 · anna.rao@example.com" in page
    assert "e-mails alike but for dots or plus" in page


def test_pairs_are_narrowed_by_evidence_and_state_and_found_by_customer(
    administrator: Client, pair: DuplicateCandidate
) -> None:
    for query, is_there in [
        ({"evidence": "EMAIL"}, True),
        ({"evidence": "CARD"}, False),
        ({"state__exact": "OPEN"}, True),
        ({"state__exact": "DISMISSED"}, False),
        ({"q": "annarao@example.com"}, True),
        ({"q": "9812300001"}, True),
        ({"q": "9812300003"}, False),
        ({"q": " "}, True),
    ]:
        assert shown(administrator.get(list_of(PAIRS), query)) == ([pair] if is_there else []), query


def test_open_pairs_come_first(administrator: Client, pair: DuplicateCandidate, till: Till) -> None:
    register(till, mobile="9812300003", email="an.narao@example.com")
    find_duplicates(pair.organization)
    last = DuplicateCandidate.objects.latest("pk")
    assert dismiss(administrator, last) == 302
    assert shown(administrator.get(list_of(PAIRS)))[-1] == last


def test_a_pair_is_shown_side_by_side_with_its_evidence(administrator: Client, pair: DuplicateCandidate) -> None:
    organization, series = pair.organization, CardSeriesFactory(organization=pair.organization)
    CardFactory(series=series, number="GOLD1", customer=pair.first)
    pair.second.comm_channels = [{"type": "CARD_NUMBER", "value": "GOLD1"}, {"type": "LINE", "value": "anna"}]
    pair.second.save()
    SourceProfileFactory(customer=pair.second, account="main")
    find_duplicates(organization)
    pair.refresh_from_db()
    lines = {line.label: line for line in compare(pair)}
    assert (lines["Cards"].first, lines["Cards"].second) == ("GOLD1 (issued)", "GOLD1 (noted)")
    assert {label for label, line in lines.items() if line.is_evidence} == {"Name", "Cards", "E-mail"}
    page = administrator.get(page_of(PAIRS, pair)).content.decode()
    for text in ("anna.rao@example.com", "annarao@example.com", "GOLD1 (noted)", "WECHAT main", "Not the same person"):
        assert text in page


def test_a_pair_leads_to_the_page_on_which_it_is_merged(
    administrator: Client, auditor: Client, pair: DuplicateCandidate
) -> None:
    merge = reverse("admin:customers_customer_merge", args=[pair.first_id, pair.second_id])
    assert merge in administrator.get(page_of(PAIRS, pair)).content.decode()
    assert merge not in auditor.get(page_of(PAIRS, pair)).content.decode()
    assert administrator.post(merge, {"reason": "the same address"}).status_code == 302
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == ("MERGED", "staff:asha")
    page = administrator.get(page_of(PAIRS, pair)).content.decode()
    assert merge not in page
    assert "by asha (staff)" in page


def test_a_dismissed_pair_shows_who_dismissed_it(administrator: Client, auditor: Client, pair: DuplicateCandidate) -> None:
    assert dismiss(administrator, pair) == 302
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == ("DISMISSED", "staff:asha")
    page = auditor.get(page_of(PAIRS, pair)).content.decode()
    assert "by asha (staff)" in page
    assert "<button" not in page.partition("Are these the same person?")[2].partition("</section>")[0]
    history = administrator.get(reverse(f"admin:{PAIRS}_history", args=[pair.pk])).content.decode()
    assert "dismissed" in history.lower()


def test_a_decided_pair_stays_unchanged(administrator: Client, pair: DuplicateCandidate) -> None:
    dismiss(administrator, pair)
    decided = DuplicateCandidate.objects.get().decided_on
    assert dismiss(administrator, pair) == 302
    assert DuplicateCandidate.objects.get().decided_on == decided
    assert AuditEntry.objects.filter(action="dismissed").count() == 1


def test_only_who_may_decides_and_only_by_the_button(
    administrator: Client, auditor: Client, seller: Client, pair: DuplicateCandidate
) -> None:
    assert dismiss(auditor, pair) == 403
    assert dismiss(seller, pair) == 403
    assert seller.get(list_of(PAIRS)).status_code == 403
    assert dismiss(administrator, pair, "get") == 405
    pair.refresh_from_db()
    assert pair.state == "OPEN"


def test_staff_of_a_store_see_the_pairs_of_their_own_customers_alone(
    manager: Client, anna: Customer, again: Customer, indiranagar: Till
) -> None:
    register(indiranagar, mobile="9812300003", email="an.narao@example.com")
    find_duplicates(anna.organization)
    (own,) = shown(manager.get(list_of(PAIRS)))
    assert (own.first, own.second) == (anna, again)
    for other in DuplicateCandidate.objects.exclude(pk=own.pk):
        assert manager.get(page_of(PAIRS, other)).status_code == 302
        assert dismiss(manager, other) == 302
    assert set(DuplicateCandidate.objects.values_list("state", flat=True)) == {"OPEN"}
    assert dismiss(manager, own) == 302
    assert DuplicateCandidate.objects.get(state="DISMISSED") == own


def test_operators_decide_for_the_organization_of_the_pair(operator: Client, pair: DuplicateCandidate) -> None:
    assert operator.get(page_of(PAIRS, pair)).status_code == 200
    assert dismiss(operator, pair) == 302
    pair.refresh_from_db()
    assert pair.decided_by == "staff:operator"


def test_pairs_are_not_added_or_changed_by_hand(administrator: Client, pair: DuplicateCandidate) -> None:
    assert administrator.post(page_of(PAIRS, pair), {"state": "MERGED"}).status_code == 403
    assert administrator.get("/admin/customers/duplicatecandidate/add/").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, pair: DuplicateCandidate, till: Till, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    if rows == 3:
        register(till, mobile="9812300003", email="an.narao@example.com")
        find_duplicates(pair.organization)
    assert DuplicateCandidate.objects.count() == rows
    # Session, member of staff, the limit to stores, pairs, identifiers of the first ones and of the second ones, the count.
    with django_assert_num_queries(8):
        administrator.get(list_of(PAIRS))
