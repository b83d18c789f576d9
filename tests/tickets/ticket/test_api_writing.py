"""POST customer/tickets (docs/protocol.md 4.10)."""

import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organizations.audit.models import AuditEntry
from organizations.credentials.tokens import issue_token
from tests.api import fields
from tests.back_office import register
from tests.factories.credentials import ApiClientFactory
from tests.factories.fields import FieldFactory
from tests.tickets.ticket.calls import KETTLE, post
from tickets.choices.models import TicketChoice
from tickets.ticket.models import Ticket

pytestmark = pytest.mark.django_db


def test_a_new_ticket_has_the_usual_words_and_a_code(api, asha):
    answer = post(api)
    assert (answer.http.status_code, answer.status) == (200, {"success": "true", "code": 200, "message": "SUCCESS"})
    code = answer.item["ticket"]["code"]
    assert re.fullmatch("[0-9a-z]{9}", code)
    assert answer.item == {
        "email": "asha@example.com",
        "mobile": "919812345678",
        "external_id": "NW-1",
        "id": str(asha.pk),
        "ticket": {
            "code": code,
            "status": "OPEN",
            "priority": "MEDIUM",
            "department": "",
            "subject": "Broken kettle",
            "message": "It leaks",
            "custom_fields": {"field": []},
        },
        "item_status": {
            "success": "true",
            "code": "1300",
            "message": "Ticket added successfully",
            "warnings": {"warning": []},
        },
    }
    ticket = Ticket.objects.get()
    assert (ticket.customer, ticket.reported_from, ticket.type, ticket.assigned_to) == (asha, "CLIENT", "CUSTOMER", "")
    assert (ticket.made_by, ticket.till, ticket.store) == ("till:mgroad.till1", api.till, api.till.store)


def test_words_are_read_in_any_case_and_echoed_in_capitals(api, asha):
    sent = {"status": "inProgress", "priority": "high", "department": "store", "type": "Store", "reported_from": "email"}
    printed = post(api, **sent, assigned_to="robin").item["ticket"]
    assert (printed["status"], printed["priority"], printed["department"]) == ("INPROGRESS", "HIGH", "STORE")
    ticket = Ticket.objects.get()
    assert (ticket.type, ticket.reported_from, ticket.assigned_to) == ("STORE", "EMAIL", "robin")


@pytest.mark.parametrize("key", ["mobile", "email", "external_id", "id", "user_id"])
def test_every_identifier_finds_the_customer(api, asha, key):
    sent = {"mobile": "+91 98123-45678", "email": "ASHA@example.com", "external_id": "NW-1"}.get(key, str(asha.pk))
    assert post(api, item={key: sent}).item["id"] == str(asha.pk)


def test_the_identifier_may_stand_in_the_query(api, asha):
    assert post(api, "email=asha@example.com", item={}).code == "1300"
    assert post(api, "mobile=9812345670", item={"id": str(asha.pk)}, subject="Other").code == "1300"
    assert Ticket.objects.filter(customer=asha).count() == 2


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({}, "1015"),
        ({"mobile": " "}, "1015"),
        ({"mobile": "9812345670"}, "1012"),
        ({"mobile": "12ab"}, "1042"),
        ({"id": "999999999"}, "1011"),
        ({"id": "abc"}, "400"),
        ({"mobile": {"x": "y"}}, "400"),
    ],
)
def test_a_customer_who_is_not_found_gets_no_ticket(api, asha, item, code):
    answer = post(api, item=item)
    assert (answer.http.status_code, answer.status["code"], answer.code) == (200, 500, code)
    assert {key: value for key, value in answer.item.items() if key != "item_status"} == {
        key: value for key, value in item.items() if isinstance(value, str) and value.strip()
    }
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("subject", ["", " ", None, "0", "\u200b", "\u200d"])
def test_a_blank_subject_is_1303(api, asha, subject):
    answer = post(api, subject=subject, status="NONE")
    assert (answer.code, answer.message) == ("1303", "Ticket subject must not be empty.")
    assert not Ticket.objects.exists()


def test_an_item_without_a_ticket_is_1303(api, asha):
    answer = api.call("POST", "tickets", "", {"root": {"customer": [{"mobile": "9812345678"}]}})
    assert answer.code == "1303"


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "SLEEPING"},
        {"priority": "URGENT"},
        {"department": "KITCHEN"},
        {"type": "DOG"},
        {"reported_from": "PIGEON"},
        {"subject": "x" * 251},
        {"message": "x" * 4001},
        {"assigned_to": "x" * 151},
        {"ticket_code": "zzzzzzzzz"},
        {"code": "zzzzzzzzz"},
    ],
)
def test_what_cannot_be_stored_is_1302(api, asha, wrong):
    answer = post(api, **wrong)
    assert (answer.code, answer.message) == ("1302", "Ticket registration failed.")
    assert not Ticket.objects.exists()


def test_a_word_that_was_switched_off_is_1302_and_stays_on_its_tickets(api, asha):
    code = post(api, department="STORE").item["ticket"]["code"]
    TicketChoice.objects.filter(code="STORE").update(is_active=False)
    assert post(api, subject="Other", department="STORE").code == "1302"
    assert post(api, ticket_code=code, priority="LOW").item["ticket"]["department"] == "STORE"


def test_an_object_in_place_of_text_is_400(api, asha):
    assert post(api, message={"x": "y"}).code == "400"


def test_the_same_subject_in_any_case_is_1301(api, asha, till):
    post(api)
    answer = post(api, subject="BROKEN  Kettle")
    assert (answer.code, answer.message) == ("1301", "A ticket already exists with the same subject.")
    register(till, mobile="9812345679")
    assert post(api, item={"mobile": "9812345679"}).code == "1300"
    assert Ticket.objects.filter(customer=asha).count() == 1


def test_a_closed_ticket_leaves_its_subject_free(api, asha):
    code = post(api).item["ticket"]["code"]
    assert post(api, ticket_code=code, status="CLOSE").item["ticket"]["status"] == "CLOSE"
    assert Ticket.objects.get().closed_at is not None
    assert post(api).code == "1300"
    # Opened again, it would be the second open one.
    assert post(api, ticket_code=code, status="OPEN").code == "1301"
    assert not Ticket.objects.get(code=code).is_open


def test_a_ticket_may_be_closed_when_it_is_recorded(api, asha):
    assert [post(api, status="CLOSE").code for _ in range(2)] == ["1300", "1300"]


def test_a_code_changes_that_ticket_by_what_is_supplied(api, asha):
    code = post(api, department="STORE").item["ticket"]["code"]
    changed = post(api, subject="", message=None, code=code.upper(), status="INPROGRESS", priority="0").item["ticket"]
    assert (changed["code"], changed["status"], changed["priority"]) == (code, "INPROGRESS", "MEDIUM")
    assert (changed["subject"], changed["message"], changed["department"]) == ("Broken kettle", "It leaks", "STORE")
    (changed_at, opened_at) = AuditEntry.objects.filter(object_type="ticket")
    assert (opened_at.action, changed_at.action, changed_at.new) == ("opened", "changed", {"status": "INPROGRESS"})


def test_a_code_of_another_customer_is_1302(api, asha, till):
    register(till, mobile="9812345679")
    code = post(api, item={"mobile": "9812345679"}).item["ticket"]["code"]
    assert post(api, ticket_code=code, status="CLOSE").code == "1302"


def test_closing_and_reopening_are_noted(api, asha):
    code = post(api).item["ticket"]["code"]
    for status in ("CLOSE", "OPEN"):
        post(api, ticket_code=code, status=status)
    assert list(AuditEntry.objects.filter(object_type="ticket").values_list("action", flat=True)) == [
        "reopened",
        "closed",
        "opened",
    ]
    assert Ticket.objects.get().is_open


def test_the_priority_decides_when_a_ticket_is_due(api, asha):
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False):
        code = post(api, priority="HIGH").item["ticket"]["code"]
    assert f"{Ticket.objects.get().due_at:%F %T}" == "2026-03-01 14:00:00"
    post(api, ticket_code=code, priority="LOW")
    assert Ticket.objects.get().due_at is None


def test_fields_are_stored_and_wrong_ones_are_warnings(api, asha, organization):
    FieldFactory(organization=organization, category="ticket", name="order_number")
    FieldFactory(organization=organization, category="ticket", name="bought", type="date")
    FieldFactory(organization=organization, category="ticket", name="parts", type="multi", options=["Lid", "Cord"])
    FieldFactory(organization=organization, category="ticket", name="colour", type="enum", options=["Red"])
    sent = fields(ORDER_NUMBER="4711", bought="soon", parts=["cord", "lid"], colour="Blue", shape="round", order=" ")
    answer = post(api, custom_fields=sent)
    assert (answer.code, answer.warnings) == ("1300", ["1017", "1017", "1018"])
    assert answer.message.startswith("Ticket added successfully, Provided custom field is invalid, ")
    assert answer.item["ticket"]["custom_fields"] == fields(order_number="4711", parts='["Lid","Cord"]')
    code = answer.item["ticket"]["code"]
    again = post(api, ticket_code=code, custom_fields=fields(bought="2026/1/2")).item["ticket"]["custom_fields"]
    assert again == fields(bought="2026-01-02", order_number="4711", parts='["Lid","Cord"]')


def test_a_new_ticket_needs_its_mandatory_fields(api, asha, organization):
    FieldFactory(organization=organization, category="ticket", name="order_number", is_mandatory=True)
    assert post(api).code == "1302"
    code = post(api, custom_fields=fields(order_number="1")).item["ticket"]["code"]
    assert post(api, ticket_code=code, status="INPROGRESS").code == "1300"


def test_of_a_list_of_tickets_the_first_counts(api, asha):
    item = {"mobile": "9812345678", "ticket": [{"subject": "first"}, {"subject": "second"}]}
    assert api.call("POST", "tickets", "", {"customer": item}).item["ticket"]["subject"] == "first"
    assert Ticket.objects.count() == 1


def test_more_than_one_item_is_1060(api, asha):
    item = {"mobile": "9812345678", "ticket": KETTLE}
    answer = api.call("POST", "tickets", "", {"root": {"customer": [item, item]}})
    assert (answer.http.status_code, answer.status["code"]) == (400, 1060)


def test_a_body_without_a_customer_is_400(api):
    assert api.call("POST", "tickets", "", {"root": {"ticket": KETTLE}}).status["code"] == 400
    assert api.call("PUT", "tickets", "", {}).status["code"] == 405
    assert api.call("POST", "tickets", "", {"root": {"customer": ["nonsense", {}]}}).status["code"] == 1060


def test_a_ticket_is_read_and_printed_in_xml(api, asha, organization):
    FieldFactory(organization=organization, category="ticket", name="order_number")
    body = (
        "<root><customer><mobile>9812345678</mobile><ticket><subject>Broken kettle</subject><message>It\nleaks</message>"
        "<custom_fields><field><name>order_number</name><value>4711</value></field></custom_fields></ticket></customer></root>"
    )
    tree = api.call("POST", "tickets", "format=xml", body, Content_Type="application/xml").xml
    assert tree.findtext("status/message") == "SUCCESS"
    ticket = tree.find("customers/customer/ticket")
    assert [element.tag for element in ticket] == [
        "code", "status", "priority", "department", "subject", "message", "custom_fields",
    ]  # fmt: skip
    assert (ticket.findtext("message"), ticket.findtext("custom_fields/field/value")) == ("It\nleaks", "4711")
    listed = api.call("GET", "tickets", "format=xml&mobile=9812345678").xml
    assert listed.findtext("customer/tickets/ticket/subject") == "Broken kettle"
    assert [element.tag for element in listed.find("customer")] == [
        "firstname", "lastname", "email", "mobile", "external_id", "id", "tickets", "item_status",
    ]  # fmt: skip


def test_a_key_opens_one_ticket_and_repeats_its_answer(api, asha):
    first, again = (post(api, key="k1") for _ in range(2))
    assert (first.code, again.is_replayed, again.item) == ("1300", True, first.item)
    refused, repeated = (post(api, key="k2") for _ in range(2))
    assert (refused.code, repeated.code, repeated.is_replayed) == ("1301", "1301", True)
    other = post(api, key="k1", subject="Other")
    assert (other.http.status_code, other.status["code"]) == (422, 400)
    assert Ticket.objects.count() == 1


def test_a_ticket_that_the_database_refuses_is_1302(api, asha):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tickets_ticket RENAME TO hidden")
    assert post(api).code == "1302"
    # What failed by itself may succeed later: no key keeps it.
    assert post(api, key="k").code == "1302"
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE hidden RENAME TO tickets_ticket")
    assert post(api, key="k").code == "1300"


def test_an_attribution_that_is_unknown_is_a_warning(api, asha, words, till):
    token = issue_token(ApiClientFactory(till=till))
    headers = {"X-CAP-API-OAUTH-TOKEN": token, "X-CAP-API-ATTRIBUTION-ENTITY-CODE": "nowhere"}
    body = {"root": {"customer": [{"mobile": "9812345678", "ticket": KETTLE}]}}
    assert api.call("POST", "tickets", "", body, Authorization="", **headers).warnings == ["91021"]


def test_a_write_costs_the_same_with_one_ticket_and_with_three(api, asha):
    post(api)

    def cost(subject: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert post(api, subject=subject).code == "1300"
        return len(captured)

    # Caller, transaction (2), customer, lock, free code, id, ticket, audit.
    assert [cost(subject) for subject in ("second", "third", "fourth")] == [9, 9, 9]
