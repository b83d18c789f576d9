"""The queue of requests to change identifiers, and the page on which one is decided."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from psycopg.errors import LockNotAvailable
from pytest_django import DjangoAssertNumQueries

from customers.identity_requests.models import IdentityRequest
from customers.profile.models import Customer
from loyalty_project.phone_numbers import format_mobile
from loyalty_project.protocol.codes import Code
from organizations.audit.models import AuditEntry
from organizations.back_office.refusals import sentence_of
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import list_of, log_in, page_of, register, shown
from tests.factories.identity_requests import ask, ask_as, known_by, staff
from tests.factories.staff import StaffMemberFactory
from use_cases.identity import approve_request, reject_request

REQUESTS = "customers_identityrequest"
OLD, NEW, OTHER = "919812300001", "919812300009", "919812300002"


@pytest.fixture
def usha(till: Till) -> Customer:
    return register(till, firstname="Usha", lastname="Iyer", mobile=OTHER)


@pytest.fixture
def waiting(till: Till, anna: Customer) -> IdentityRequest:
    """Anna's mobile is to change."""
    return ask(till, "mobile", OLD, NEW)


@pytest.fixture
def manager(store: Store) -> Client:
    """The manager of MG Road."""
    return log_in(StaffMemberFactory(organization=store.organization, role="store_manager", stores=[store], username="mira"))


def decide_page(request: IdentityRequest, verb: str = "approve") -> str:
    return reverse("admin:customers_identityrequest_decide", args=[request.pk, verb])


def messages_of(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def text_of(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().split())


# --- the list


def test_those_that_wait_come_first_the_longest_waiting_at_the_top(
    administrator: Client, till: Till, organization: Organization, anna: Customer, usha: Customer
) -> None:
    first, second, third, fourth = (ask(till, "mobile", OLD, f"91981230002{number}") for number in range(4))
    reject_request(second.pk, reason="Not proved", by=staff(organization))
    approve_request(first.pk, by=staff(organization))
    assert shown(administrator.get(list_of(REQUESTS))) == [third, fourth, first, second]
    page = administrator.get(list_of(REQUESTS)).content.decode()
    assert "mgroad.till1 (till)" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status__exact": "PENDING"}, 2),
        ({"status__exact": "REJECTED"}, 1),
        ({"kind__exact": "email"}, 1),
        ({"type__exact": "MERGE"}, 1),
        ({"store": "own"}, 2),
        ({"customer": "anna"}, 2),
        ({"customer": "usha"}, 2),
        ({"customer": "999999"}, 0),
        ({"q": "anna"}, 2),
        ({"q": "iyer"}, 2),
        ({"q": "98123 00009"}, 1),
        ({"q": "Anna.Rao@"}, 2),
        ({"q": "anna@new"}, 1),
        ({"q": "nobody"}, 0),
    ],
)
def test_requests_are_narrowed_and_found(
    administrator: Client, till: Till, anna: Customer, usha: Customer, indiranagar: Till, query: dict[str, str], expected: int
) -> None:
    reject_request(ask(till, "mobile", OTHER, NEW).pk, reason="No", by=staff(till.organization))
    ask(till, "mobile", OLD, OTHER)
    ask(indiranagar, "email", "anna.rao@example.com", "anna@new.example.com")
    known = {"own": till.store.pk, "anna": anna.pk, "usha": usha.pk}
    asked = {key: str(known.get(value, value)) for key, value in query.items()}
    assert len(shown(administrator.get(list_of(REQUESTS), asked))) == expected


def test_a_released_old_value_is_found(administrator: Client, organization: Organization, waiting: IdentityRequest) -> None:
    approve_request(waiting.pk, by=staff(organization))
    assert shown(administrator.get(list_of(REQUESTS), {"q": OLD})) == [waiting]


def test_staff_of_a_store_see_what_concerns_its_customers(
    seller: Client, waiting: IdentityRequest, indiranagar: Till, stranger: Till
) -> None:
    register(indiranagar, mobile="9812300007")
    elsewhere = ask(indiranagar, "mobile", "9812300007", "9812300008")
    assert shown(seller.get(list_of(REQUESTS))) == [waiting]
    assert seller.get(page_of(REQUESTS, waiting)).status_code == 200
    assert seller.get(page_of(REQUESTS, elsewhere)).status_code == 302


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, till: Till, anna: Customer, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        ask(till, "mobile", OLD, f"91981230002{number}")
    # Session, member of staff, the limit to stores, stores to choose from, requests with what they name, the count.
    with django_assert_num_queries(7):
        administrator.get(list_of(REQUESTS))


# --- the page of one


def test_the_page_shows_the_request_its_author_and_the_customer(
    administrator: Client, till: Till, waiting: IdentityRequest
) -> None:
    page = text_of(administrator.get(page_of(REQUESTS, waiting)))
    for piece in (
        format_mobile(OLD),
        format_mobile(NEW),
        "mgroad.till1 (till)",
        "MG Road",
        "Anna Rao",
        "anna.rao@example.com",
        "NW-0001",
        "Approve",
    ):
        assert piece in page
    assert "To be merged" not in page
    assert administrator.post(page_of(REQUESTS, waiting), {"status": "APPROVED"}).status_code == 403


def test_the_page_of_a_merge_shows_both_customers(administrator: Client, till: Till, anna: Customer, usha: Customer) -> None:
    request = ask(till, "mobile", OLD, OTHER)
    page = text_of(administrator.get(page_of(REQUESTS, request)))
    assert "To be merged into the customer" in page
    assert "Usha Iyer" in page
    assert "The two customers are merged." in text_of(administrator.get(decide_page(request)))


def test_a_decided_request_shows_its_decision_and_no_actions(
    administrator: Client, organization: Organization, waiting: IdentityRequest
) -> None:
    reject_request(waiting.pk, reason="Not proved", by=staff(organization, "bela"))
    page = text_of(administrator.get(page_of(REQUESTS, waiting)))
    for piece in ("Rejected by", "bela (staff)", "Not proved"):
        assert piece in page
    assert decide_page(waiting) not in page
    history = administrator.get(reverse("admin:customers_identityrequest_history", args=[waiting.pk])).content.decode()
    assert "Rejected" in history


def test_who_may_only_look_is_offered_no_decision(seller: Client, auditor: Client, waiting: IdentityRequest) -> None:
    for browser in (seller, auditor):
        page = browser.get(page_of(REQUESTS, waiting)).content.decode()
        assert "/decide/" not in page
        assert browser.get(decide_page(waiting)).status_code == 403
        assert browser.post(decide_page(waiting, "reject"), {"reason": "x"}).status_code == 403


def test_the_page_shows_what_prevents_approval(
    administrator: Client, till: Till, organization: Organization, anna: Customer, usha: Customer, waiting: IdentityRequest
) -> None:
    to_ushas = ask(till, "mobile", OLD, OTHER)
    approve_request(ask(till, "mobile", OTHER, "9812300007").pk, by=staff(organization))
    page = text_of(administrator.get(page_of(REQUESTS, to_ushas)))
    assert f"{format_mobile(OTHER)} no longer belongs to the account that was to be merged." in page
    assert decide_page(to_ushas) not in page
    assert decide_page(to_ushas, "reject") in page
    register(till, mobile=NEW)
    assert "belongs to another account" in text_of(administrator.get(page_of(REQUESTS, waiting)))
    approve_request(ask(till, "mobile", OLD, "9812300008").pk, by=staff(organization))
    assert f"{format_mobile(OLD)} is no longer the customer&#x27;s mobile." in text_of(
        administrator.get(page_of(REQUESTS, waiting))
    )


# --- deciding


def test_a_request_is_approved(administrator: Client, anna: Customer, waiting: IdentityRequest) -> None:
    answer = administrator.post(decide_page(waiting), {"reason": ""}, follow=True)
    assert answer.redirect_chain == [(page_of(REQUESTS, waiting), 302)]
    assert messages_of(answer) == [f"Mobile {format_mobile(OLD)} → {format_mobile(NEW)}: approved."]
    waiting.refresh_from_db()
    assert (waiting.status, waiting.decided_by) == ("APPROVED", "staff:asha")
    assert known_by(anna)["mobile"] == NEW
    entry = AuditEntry.objects.get(action="approved")
    assert (entry.actor, entry.source) == ("staff:asha", "BACK_OFFICE")
    assert entry.request_id


def test_a_refusal_needs_a_reason(manager: Client, waiting: IdentityRequest) -> None:
    answer = manager.post(decide_page(waiting, "reject"), {"reason": " "})
    assert list(answer.context["form"].errors) == ["reason"]
    manager.post(decide_page(waiting, "reject"), {"reason": "Not proved"})
    waiting.refresh_from_db()
    assert (waiting.status, waiting.reason, waiting.decided_by) == ("REJECTED", "Not proved", "staff:mira")


def test_who_asked_cannot_approve_not_even_an_operator(
    administrator: Client, operator: Client, organization: Organization, anna: Customer
) -> None:
    own = ask_as(staff(organization, "asha"), "mobile", OLD, NEW, is_known=True)
    operators = ask_as(staff(organization, "operator"), "email", "anna.rao@example.com", "anna@example.com", is_known=True)
    for browser, request in ((administrator, own), (operator, operators)):
        assert "You requested this change yourself" in browser.get(page_of(REQUESTS, request)).content.decode()
        answer = browser.post(decide_page(request), {"reason": ""})
        assert "Another user has to approve your own request." in answer.content.decode()
    assert not IdentityRequest.objects.exclude(status="PENDING").exists()
    administrator.post(decide_page(operators), {"reason": ""})
    assert known_by(anna)["email"] == "anna@example.com"


def test_a_store_manager_cannot_merge_customers_of_other_stores(
    manager: Client, till: Till, anna: Customer, indiranagar: Till
) -> None:
    register(indiranagar, firstname="Secret", mobile=OTHER)
    request = ask(till, "mobile", OLD, OTHER)
    page = text_of(manager.get(page_of(REQUESTS, request)))
    assert "A customer of another store." in page
    assert "a colleague who sees both has to approve it" in page
    assert "Secret" not in page
    assert manager.post(decide_page(request), {"reason": ""}).status_code == 403
    manager.post(decide_page(request, "reject"), {"reason": "Not proved"})
    request.refresh_from_db()
    assert request.status == "REJECTED"


def test_a_refusal_by_the_rules_is_shown_with_its_code(administrator: Client, anna: Customer, waiting: IdentityRequest) -> None:
    Customer.objects.filter(pk=anna.pk).update(fraud_status="CONFIRMED")
    answer = administrator.post(decide_page(waiting), {"reason": ""})
    assert str(sentence_of(Code.FRAUD)) in answer.content.decode()


def test_a_lock_that_is_not_free_is_reported(
    administrator: Client, waiting: IdentityRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never_free(rows: Any) -> Any:
        error = OperationalError("lock not available")
        error.__cause__ = LockNotAvailable()
        raise error

    monkeypatch.setattr("customers.identity_requests.services.lock", never_free)
    answer = administrator.post(decide_page(waiting, "reject"), {"reason": "x"})
    assert "Another action is running for this customer. Try again in a moment." in answer.content.decode()


def test_there_is_nothing_else_to_decide(administrator: Client, waiting: IdentityRequest, stranger: Till) -> None:
    assert administrator.get(decide_page(waiting, "forget")).status_code == 404
    with organization_scope(stranger.organization):
        register(stranger, mobile="9812300001")
        foreign = ask(stranger, "mobile", "9812300001", "9812300002")
    assert administrator.post(decide_page(foreign), {"reason": ""}, follow=True).redirect_chain == [("/admin/", 302)]


def test_an_operator_decides_for_the_customers_organization(operator: Client, anna: Customer, waiting: IdentityRequest) -> None:
    assert shown(operator.get(list_of(REQUESTS))) == [waiting]
    operator.post(decide_page(waiting), {"reason": ""})
    assert known_by(anna)["mobile"] == NEW
