"""The consent log in the back office, and the page on which a consent is changed."""

from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from psycopg.errors import LockNotAvailable
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from subscriptions.models import Consent, ConsentChange
from tests.api import Api
from tests.back_office import list_of, log_in, page_of, register, shown
from tests.factories.consents import choice, history, say
from tests.factories.locations import TillFactory
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db
LOG = "subscriptions_consentchange"
NO = {"SMS-BULK": "0", "reason": "Wrote to us"}


def decide_page(customer: Customer) -> str:
    return reverse("admin:subscriptions_consentchange_decide", args=[customer.pk])


def messages_of(answer: HttpResponse) -> list[str]:
    return [str(message) for message in answer.context["messages"]]  # type: ignore[attr-defined]  # test clients add it


@pytest.fixture
def bo(organization: Organization) -> Customer:
    """Another customer, of another store."""
    return register(
        TillFactory(store__organization=organization, store__code="del.cp", code="cp.till1"),
        mobile="9812345679",
        firstname="Bo",
    )


# --- the log


def test_changes_are_listed_newest_first_in_words(agent: Client, till: Till, asha: Customer) -> None:
    say(till, asha, choice(yes=True), choice("EMAIL", "TRANS", yes=False))
    answer = agent.get(list_of(LOG))
    assert [row.channel for row in shown(answer)] == ["EMAIL", "SMS"]
    page = answer.content.decode()
    for text in ("Asha", "E-mail", "transactional", "subscribed", "unsubscribed", "mgroad.till1 (till)", "API"):
        assert text in page
    assert page_of("customers_customer", asha) in page


@pytest.mark.parametrize("term", ["9812345678", "asha@", "NW-1", "asha"])
def test_changes_are_found_by_anything_of_the_customer(
    agent: Client, till: Till, asha: Customer, bo: Customer, term: str
) -> None:
    say(till, asha, choice())
    say(till, bo, choice())
    assert [row.customer for row in shown(agent.get(list_of(LOG), {"q": term}))] == [asha]
    assert len(shown(agent.get(list_of(LOG), {"q": " "}))) == 2
    assert shown(agent.get(list_of(LOG), {"q": "nobody"})) == []


def test_a_search_with_too_many_results_is_reported(
    agent: Client, till: Till, asha: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.search.admin.LIMIT", 1)
    assert messages_of(agent.get(list_of(LOG), {"q": "asha"})) == [
        "Many customers match; not all are shown. Type more to narrow the search."
    ]


def test_changes_are_narrowed(agent: Client, till: Till, asha: Customer, bo: Customer) -> None:
    say(till, asha, choice(yes=False), choice("EMAIL", "TRANS"))
    say(till, bo, choice("EMAIL"))

    def matches(**query: str) -> list[tuple[str, str, str]]:
        rows = shown(agent.get(list_of(LOG), query))
        return [(row.customer.firstname, row.channel, row.priority) for row in rows]

    assert matches(customer=str(asha.pk)) == [("Asha", "EMAIL", "TRANS"), ("Asha", "SMS", "BULK")]
    assert matches(channel__exact="EMAIL", priority__exact="BULK") == [("Bo", "EMAIL", "BULK")]
    assert matches(new="0") == [("Asha", "SMS", "BULK")]
    assert len(matches(new="1")) == 2
    assert matches(source__exact="IMPORT") == []
    assert len(matches(at_from="2026-03-01", at_to="2026-03-01")) == 3


def test_an_entry_shows_everything(auditor: Client, till: Till, asha: Customer) -> None:
    say(till, asha, choice(yes=True), choice(yes=False, campaign_id=4711, outbox_id=815))
    page = auditor.get(page_of(LOG, ConsentChange.objects.first())).content.decode()
    for text in ("4711", "815", "unsubscribed", "subscribed", "mgroad.till1 (till)"):
        assert text in page


def test_the_log_is_read_only(agent: Client, till: Till, asha: Customer) -> None:
    say(till, asha, choice())
    entry = ConsentChange.objects.get()
    for browser in (agent, log_in(StaffMemberFactory(operator=True))):
        assert browser.get("/admin/subscriptions/consentchange/add/").status_code == 403
        assert browser.post(page_of(LOG, entry), {"reason": "x"}).status_code == 403


def test_staff_of_a_store_see_its_customers_alone(till: Till, asha: Customer, bo: Customer) -> None:
    say(till, asha, choice())
    say(till, bo, choice())
    seller = log_in(StaffMemberFactory(organization=till.organization, role="store_staff", stores=[till.store]))
    assert [row.customer for row in shown(seller.get(list_of(LOG)))] == [asha]
    assert shown(seller.get(list_of(LOG), {"q": "9812345679"})) == []
    assert seller.get(decide_page(asha)).status_code == 200
    assert seller.get(decide_page(bo)).status_code == 302


@pytest.mark.parametrize("rows", [1, 3])
def test_the_log_costs_the_same_for_any_number(
    agent: Client, till: Till, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        say(till, register(till, mobile=str(9_800_000_000 + number)), choice())
    # Session, member of staff, the limit to stores, changes with their customers, the count.
    with django_assert_num_queries(6):
        agent.get(list_of(LOG))


# --- changing one


def test_all_changed_switches_are_recorded_for_one_reason(agent: Client, till: Till, asha: Customer) -> None:
    say(till, asha, choice(yes=True))
    typed = {**NO, "initial-SMS-BULK": "1", "EMAIL-BULK": "1", "initial-EMAIL-BULK": ""}
    answer = agent.post(decide_page(asha), typed, follow=True)
    assert answer.redirect_chain == [(page_of("customers_customer", asha), 302)]
    assert messages_of(answer) == ["Consent of Asha saved. SMS, offers and news: no; E-mail, offers and news: yes."]
    assert history(asha)[-2:] == [("SMS", "BULK", 2, True, False), ("EMAIL", "BULK", 1, None, True)]
    for entry in ConsentChange.objects.all()[:2]:
        assert (entry.source, entry.actor, entry.reason) == ("BACK_OFFICE", "staff:robin", "Wrote to us")
        assert entry.request_id


def test_a_switch_that_was_not_touched_keeps_what_a_till_says_meanwhile(agent: Client, till: Till, asha: Customer) -> None:
    shown = {"SMS-BULK": "1", "initial-SMS-BULK": "1"}
    say(till, asha, choice(yes=False))
    agent.post(decide_page(asha), {**shown, "EMAIL-BULK": "0", "initial-EMAIL-BULK": "", "reason": "Asked"})
    assert history(asha) == [("SMS", "BULK", 1, None, False), ("EMAIL", "BULK", 1, None, False)]


def test_nothing_changed_needs_no_reason_and_writes_nothing(agent: Client, till: Till, asha: Customer) -> None:
    say(till, asha, choice(yes=False))
    answer = agent.post(decide_page(asha), {"SMS-BULK": "0", "initial-SMS-BULK": "0", "reason": ""}, follow=True)
    assert messages_of(answer) == ["Nothing was changed."]
    answer = agent.post(decide_page(asha), NO, follow=True)
    assert messages_of(answer) == ["Nothing was changed."]
    assert len(history(asha)) == 1


def test_a_change_needs_a_reason(agent: Client, asha: Customer) -> None:
    assert "no answer: may be sent" in agent.get(decide_page(asha)).content.decode()
    answer = agent.post(decide_page(asha), {**NO, "reason": " "})
    assert list(answer.context["form"].errors) == ["reason"]
    assert 'name="SMS-BULK" value="0" checked' in " ".join(answer.content.decode().split())
    assert list(agent.post(decide_page(asha), {**NO, "SMS-BULK": "2"}).context["form"].errors) == ["SMS-BULK"]
    assert not Consent.objects.exists()


def test_a_refusal_is_shown_above_the_form(agent: Client, asha: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    def never_free(*_asked: Any) -> Any:
        error = OperationalError("lock not available")
        error.__cause__ = LockNotAvailable()
        raise error

    monkeypatch.setattr("customers.profile.locks.lock_rows", never_free)
    answer = agent.post(decide_page(asha), NO)
    assert "Another action is running for this customer. Try again in a moment." in answer.content.decode()


def test_only_those_who_may_change_the_consents_of_a_known_customer(
    agent: Client, auditor: Client, asha: Customer, stranger_api: Api
) -> None:
    assert auditor.get(decide_page(asha)).status_code == 403
    assert auditor.post(decide_page(asha), NO).status_code == 403
    other = register(stranger_api.till, mobile="9812345678")
    assert agent.post(decide_page(other), NO, follow=True).redirect_chain == [("/admin/", 302)]
    assert not Consent.objects.exists()


def test_an_operator_works_for_the_customers_organization(asha: Customer) -> None:
    log_in(StaffMemberFactory(operator=True, username="root")).post(decide_page(asha), NO)
    with organization_scope(asha.organization):
        assert ConsentChange.objects.get().actor == "staff:root"
