"""Tickets in the back office: the list, the page of one, and what staff do there."""

from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.adjustments.models import PointsAdjustment
from engagement.coupons.models import Coupon
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Program
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from tests.back_office import confirmed, list_of, log_in, page_of, register, shown, text_of
from tests.factories.bills import BillFactory
from tests.factories.coupons import open_series
from tests.factories.customers import CustomerFactory
from tests.factories.fields import FieldFactory
from tests.factories.locations import StoreFactory, TillFactory
from tests.factories.points import PointsAccountFactory
from tests.factories.programs import ProgramFactory
from tests.factories.staff import StaffMemberFactory
from tests.factories.tickets import OPENED, TicketFactory, use_words
from tickets.choices.models import TicketChoice
from tickets.links.services import ONLY_ADDS
from tickets.ticket.models import Ticket

pytestmark = pytest.mark.django_db
TICKETS = "tickets_ticket"


@pytest.fixture
def ticket(asha: Customer, words: Organization) -> Ticket:
    made: Ticket = TicketFactory(customer=asha, code="ab12cd34e", subject="Broken kettle", message="It leaks")
    return made


def action(ticket: Ticket, name: str) -> str:
    return page_of(TICKETS, ticket).replace("/change/", f"/{name}/")


def form_errors(answer: HttpResponse) -> dict[str, list[str]]:
    return {name: [strip_tags(error) for error in errors] for name, errors in answer.context["form"].errors.items()}  # type: ignore[attr-defined]  # test clients add it


def typed(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """What the form at `address` sends, with what the page showed beside what was typed."""
    form = client.get(address).context["form"]
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    before = {f"initial-{name}": value for name, value in values.items() if form.fields[name].show_hidden_initial}
    sent = {**values, **before, **changes}
    return {name: value for name, value in sent.items() if value is not None and value is not False}


# --- the list


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    agent: Client, asha: Customer, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        TicketFactory(customer=asha)
    agent.get(list_of(TICKETS))
    # Session, member of staff, the limit to stores, the queues, the words of three filters, the count, tickets, own views.
    with django_assert_num_queries(10):
        answer = agent.get(list_of(TICKETS))
    assert len(shown(answer)) == count


def test_open_tickets_are_listed_with_the_newest_first(agent: Client, asha: Customer) -> None:
    first = TicketFactory(customer=asha)
    second = TicketFactory(customer=asha, created_at=OPENED.replace(day=6))
    TicketFactory(customer=asha, closed=True)
    assert shown(agent.get(list_of(TICKETS))) == [second, first]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("state=mine", "b"),
        ("state=nobodys", "ac"),
        ("state=overdue", "c"),
        ("state=closed", "d"),
        ("state=all", "abcd"),
        ("status={INPROGRESS}", "c"),
        ("priority={HIGH}", "c"),
        ("department={STORE}", "a"),
        ("q=a00000000", "a"),
        ("q=A00000000", "a"),
        ("q=9812345678", "abc"),
        ("q=nobody", ""),
        ("created_at_from=2026-01-06", "c"),
    ],
)
def test_tickets_are_filtered_and_searched(agent: Client, asha: Customer, query: str, codes: str) -> None:
    TicketFactory(customer=asha, code="a00000000", department="STORE")
    TicketFactory(customer=asha, code="b00000000", assigned_to="robin")
    TicketFactory(
        customer=asha, code="c00000000", priority="HIGH", status="INPROGRESS", due_at=OPENED, created_at=OPENED.replace(day=6)
    )
    TicketFactory(customer=asha, code="d00000000", closed=True, due_at=OPENED)
    query = query.format_map(dict(TicketChoice.objects.values_list("code", "pk")))
    assert sorted(ticket.code[0] for ticket in shown(agent.get(f"{list_of(TICKETS)}?{query}"))) == list(codes)


def test_a_word_that_does_not_exist_shows_nothing_with_a_sentence(agent: Client, ticket: Ticket) -> None:
    answer = agent.get(f"{list_of(TICKETS)}?department=999999999")
    assert shown(answer) == []
    assert "The department of this address does not exist" in text_of(answer)


def test_operators_choose_from_the_words_of_all(ticket: Ticket, words: Organization) -> None:
    foreign = TicketFactory()
    use_words(foreign.organization)
    operator = log_in(StaffMemberFactory(operator=True))
    assert set(shown(operator.get(list_of(TICKETS)))) == {ticket, foreign}
    theirs = TicketChoice._base_manager.get(organization=foreign.organization, code="OPEN")
    answer = operator.get(f"{list_of(TICKETS)}?status={theirs.pk}")
    assert shown(answer) == [foreign]
    assert f"{foreign.organization}: OPEN" in answer.content.decode()
    assert operator.get(page_of(TICKETS, foreign)).status_code == 200


def test_staff_of_a_store_see_tickets_of_its_customers(ticket: Ticket, store: Store) -> None:
    elsewhere = TillFactory(store=StoreFactory(organization=store.organization))
    other = TicketFactory(customer=register(elsewhere, mobile="9812345679"))
    clerk = log_in(StaffMemberFactory(organization=store.organization, role="store_staff", stores=[store]))
    assert shown(clerk.get(list_of(TICKETS))) == [ticket]
    assert clerk.get(page_of(TICKETS, other)).status_code == 302
    assert clerk.post(action(other, "comment"), {"comment": "x"}).status_code == 302
    assert not other.comments.exists()


# --- the page


def test_the_page_shows_everything_about_a_ticket(agent: Client, asha: Customer, till: Till, words: Organization) -> None:
    order = FieldFactory(organization=words, category="ticket", name="order_number")
    with time_machine.travel("2026-01-06T12:00:00Z", tick=False):
        ticket = TicketFactory(
            customer=asha, till=till, store=till.store, message="It leaks\nbadly", priority="HIGH", due_at=OPENED,
            field_values={str(order.pk): "4711"}, assigned_to="robin", reported_from="EMAIL",
        )  # fmt: skip
        agent.post(action(ticket, "comment"), {"comment": "Rang back"})
        page = agent.get(page_of(TICKETS, ticket))
    text = text_of(page)
    for shown_text in (
        ticket.subject, ticket.code, "It leaks", "OPEN overdue", "Priority HIGH", "Assigned to robin", "MG Road",
        "order_number 4711", "Came by e-mail of a customer", "Due 2026-01-05 17:30", "robin (staff) 2026-01-06 17:30 Rang back",
        "Commented",
    ):  # fmt: skip
        assert shown_text in text, shown_text
    assert "/reopen/" not in page.content.decode()


def test_an_auditor_reads_and_changes_nothing(ticket: Ticket, words: Organization) -> None:
    auditor = log_in(StaffMemberFactory(organization=words, role="auditor"))
    page = auditor.get(page_of(TICKETS, ticket)).content.decode()
    assert ticket.code in page
    assert not [name for name in ("comment", "edit", "points", "coupon", "link") if action(ticket, name) in page]
    for name in ("comment", "edit", "reopen", "points", "coupon", "link"):
        assert auditor.post(action(ticket, name), {}).status_code == 403


# --- working on it


def test_a_comment_is_added(agent: Client, ticket: Ticket) -> None:
    assert form_errors(agent.post(action(ticket, "comment"), {"comment": " \u200b "})) == {
        "comment": ["This field is required."]
    }
    assert agent.post(action(ticket, "comment"), {"comment": "Rang back\ntwice"})["Location"] == page_of(TICKETS, ticket)
    assert [comment.text for comment in ticket.comments.all()] == ["Rang back\ntwice"]


def test_a_ticket_is_assigned_and_changed(agent: Client, ticket: Ticket, words: Organization) -> None:
    StaffMemberFactory(organization=words, role="auditor", username="aiko")
    StaffMemberFactory(organization=words, role="store_staff", username="ines")
    address = action(ticket, "edit")
    choices = agent.get(address).context["form"].fields["assigned_to"].choices
    assert [name for name, _label in choices] == ["", "ines", "robin"]
    sent = typed(agent, address, assigned_to="ines", priority="HIGH", department="STORE", comment="Ask the shop")
    assert agent.post(address, sent).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.assigned_to, ticket.priority, ticket.department, ticket.status) == ("ines", "HIGH", "STORE", "OPEN")
    assert f"{ticket.due_at:%F %T}" == "2026-01-05 16:00:00"
    assert [comment.text for comment in ticket.comments.all()] == ["Ask the shop"]


def test_two_who_change_a_ticket_do_not_undo_each_other(agent: Client, ticket: Ticket) -> None:
    address = action(ticket, "edit")
    seen = typed(agent, address)
    agent.post(address, typed(agent, address, status="INPROGRESS", assigned_to="robin"))
    agent.post(address, {**seen, "priority": "LOW"})
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assigned_to, ticket.priority) == ("INPROGRESS", "robin", "LOW")


def test_a_ticket_is_given_back_to_nobody(agent: Client, asha: Customer) -> None:
    ticket = TicketFactory(customer=asha, assigned_to="a-caller's", department="STORE")
    address = action(ticket, "edit")
    agent.post(address, typed(agent, address, assigned_to="", department=""))
    ticket.refresh_from_db()
    assert (ticket.assigned_to, ticket.department) == ("", "")


def test_a_closed_ticket_is_reopened_with_a_reason(agent: Client, asha: Customer) -> None:
    ticket = TicketFactory(customer=asha, closed=True, subject="Kettle")
    assert action(ticket, "reopen") in agent.get(page_of(TICKETS, ticket)).content.decode()
    address = action(ticket, "reopen")
    assert agent.post(address, typed(agent, address, reason="It leaks again")).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.status, ticket.is_open) == ("OPEN", True)
    answer = agent.post(address, {"status": "OPEN", "reason": "Again"})
    assert form_errors(answer) == {"__all__": ["The ticket is open already."]}


def test_a_second_open_ticket_of_a_subject_is_refused_in_words(agent: Client, ticket: Ticket, asha: Customer) -> None:
    closed = TicketFactory(customer=asha, closed=True, subject=ticket.subject)
    sentence = {"__all__": ["A ticket already exists with the same subject. (1301)"]}
    assert form_errors(agent.post(action(closed, "reopen"), {"status": "OPEN", "reason": "x"})) == sentence
    address = opening(asha)
    assert form_errors(agent.post(address, typed(agent, address, subject="BROKEN KETTLE"))) == sentence


def opening(customer: Customer) -> str:
    return reverse("admin:customers_customer_open_ticket", args=[customer.pk])


def test_staff_open_a_ticket_for_a_customer(agent: Client, asha: Customer) -> None:
    address = opening(asha)
    assert address in agent.get(page_of("customers_customer", asha)).content.decode()
    assert form_errors(agent.post(address, typed(agent, address, subject="\u200d"))) == {"subject": ["Enter a subject."]}
    sent = typed(agent, address, subject="Late parcel", message="Where is it?", assigned_to="robin")
    for _ in range(2):
        assert agent.post(address, sent)["Location"] == page_of("customers_customer", asha)
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.reported_from, ticket.made_by) == ("Late parcel", "CALLCENTER", "staff:robin")
    page = text_of(agent.get("/admin/"))
    assert f"ticket {ticket.code} was opened." in page
    assert "nothing more was done" in page


def test_the_former_address_leads_to_that_page(agent: Client, asha: Customer, stranger: Till) -> None:
    former = reverse("admin:tickets_ticket_open", args=[asha.pk])
    assert agent.get(former)["Location"] == opening(asha)
    assert agent.get(reverse("admin:tickets_ticket_open", args=[999_999_999]))["Location"] == "/admin/"


def test_points_are_given_with_a_new_ticket_after_their_preview(agent: Client, asha: Customer) -> None:
    address = opening(asha)
    sent = typed(agent, address, subject="Late parcel", points="50")
    shown = agent.post(address, sent)
    assert "New balance: 50 points" in text_of(shown)
    assert not Ticket.objects.exists()
    assert agent.post(address, confirmed(sent)).status_code == 302
    entry = PointsEntry.objects.get(kind="ADJUST")
    assert (entry.points, entry.note) == (50, f"Ticket {Ticket.objects.get().code}: Late parcel")
    assert form_errors(agent.post(address, {**sent, "points": "-1"}))["points"] == [ONLY_ADDS]


def test_points_above_the_limit_wait_with_their_ticket(agent: Client, asha: Customer) -> None:
    address = opening(asha)
    sent = typed(agent, address, subject="Late parcel", points="5000")
    assert "A colleague approves the points first." in text_of(agent.post(address, sent))
    agent.post(address, confirmed(sent))
    assert "+5,000 points wait for approval by a colleague." in text_of(agent.get("/admin/"))


# --- goodwill and links


def test_points_are_given_from_a_ticket(agent: Client, ticket: Ticket) -> None:
    address = action(ticket, "points")
    sent = typed(agent, address, points="50", never_expires="on")
    assert sent["reason"] == "Broken kettle"
    assert form_errors(agent.post(address, {**sent, "points": "-5"}))["points"] == [
        "Goodwill adds points. To take points, adjust them on the page of the account."
    ]
    assert "reason" in form_errors(agent.post(address, {**sent, "reason": "x" * 240}))
    assert agent.post(address, confirmed(sent))["Location"] == page_of(TICKETS, ticket)
    entry = PointsEntry.objects.get(kind="ADJUST")
    assert (entry.points, entry.note) == (50, "Ticket ab12cd34e: Broken kettle")
    page = text_of(agent.get(page_of(TICKETS, ticket)))
    assert "+50 points" in page
    assert "goodwill" in page
    assert "Ticket ab12cd34e: Broken kettle" in text_of(agent.get(page_of("engagement_pointsentry", entry)))


def test_the_program_of_the_points_is_chosen_if_there_are_several(agent: Client, ticket: Ticket, asha: Customer) -> None:
    address = action(ticket, "points")
    other = ProgramFactory(organization=asha.organization, name="Outlet")
    account = PointsAccountFactory(organization=asha.organization, customer=asha, program=other)
    assert f"?account={account.pk}" in agent.get(address).content.decode()
    assert "In which program?" in text_of(agent.get(address + "?account=abc"))
    assert "Outlet" in text_of(agent.get(f"{address}?account={account.pk}"))


def test_a_customer_without_an_account_gets_no_points(agent: Client, words: Organization) -> None:
    ticket = TicketFactory(customer=CustomerFactory(organization=words))
    assert "only members get points" in text_of(agent.get(action(ticket, "points")))


def test_a_program_that_is_switched_off_gives_no_points(agent: Client, ticket: Ticket, asha: Customer) -> None:
    account = PointsAccount.objects.get(customer=asha)
    Program.objects.update(is_active=False)
    assert "only members get points" in text_of(agent.get(action(ticket, "points") + f"?account={account.pk}"))
    assert not PointsAdjustment.objects.exists()


def test_a_coupon_is_given_from_a_ticket(agent: Client, ticket: Ticket) -> None:
    series = open_series(ticket.organization, max_per_customer=1)
    address = action(ticket, "coupon")
    sent = typed(agent, address, series=str(series.series.pk))
    assert form_errors(agent.post(address, {**sent, "reason": "x" * 240}))["reason"] == ["Write at most 232 characters."]
    for _ in range(2):
        assert agent.post(address, confirmed(sent)).status_code == 302
    coupon = Coupon.objects.get()
    assert str(coupon) in text_of(agent.get(page_of(TICKETS, ticket)))
    sent = typed(agent, address, series=str(series.series.pk))
    assert form_errors(agent.post(address, sent)) == {"__all__": ["The customer has all the coupons that the series allows."]}


def test_a_bill_is_linked(agent: Client, ticket: Ticket, asha: Customer, till: Till) -> None:
    bill = BillFactory(till=till, customer=asha, number="B-1")
    address = action(ticket, "link")
    assert form_errors(agent.post(address, {"kind": "bill", "name": "B-2"})) == {"__all__": ["The customer has no bill B-2."]}
    assert agent.post(address, {"kind": "bill", "name": "B-1"}).status_code == 302
    page = agent.get(page_of(TICKETS, ticket))
    assert page_of("engagement_bill", bill) in page.content.decode()
    assert "Bill B-1" in text_of(page)
