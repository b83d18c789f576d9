"""GET customer/tickets (docs/protocol.md 4.10)."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.back_office import register
from tests.factories.locations import StoreFactory, TillFactory
from tests.factories.organizations import OrganizationFactory
from tests.factories.tickets import TicketFactory
from tests.reads import SURE_READ_STATEMENTS
from tests.tickets.ticket.calls import get, post, subjects, tickets
from tickets.ticket.models import Ticket

pytestmark = pytest.mark.django_db


def test_tickets_are_listed_with_the_newest_first(api, asha):
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False):
        post(api, subject="first", assigned_to="robin")
    with time_machine.travel("2026-03-02T10:00:00Z", tick=False):
        post(api, subject="second")
    answer = get(api)
    assert answer.status == {"success": "true", "code": 200, "message": "SUCCESS"}
    customer = {key: value for key, value in answer.customer.items() if key not in {"tickets", "item_status"}}
    assert customer == {
        "firstname": "Asha",
        "lastname": "",
        "email": "asha@example.com",
        "mobile": "919812345678",
        "external_id": "NW-1",
        "id": str(asha.pk),
    }
    assert answer.customer["item_status"]["message"] == "Ticket retrieved successfully"
    assert answer.customer["item_status"]["code"] == "1300"
    second, first = tickets(answer)
    assert (second["subject"], first["subject"]) == ("second", "first")
    assert first == {
        "code": first["code"],
        "status": "OPEN",
        "priority": "MEDIUM",
        "department": "",
        "subject": "first",
        "message": "It leaks",
        "custom_fields": {"field": []},
        "type": "CUSTOMER",
        "reported_from": "CLIENT",
        "assigned_to": "robin",
        "created_on": "2026-03-01 15:30:00",
    }


def test_a_customer_without_tickets_has_an_empty_list(api, asha):
    answer = get(api)
    assert (answer.customer["item_status"]["code"], answer.customer["tickets"]) == ("1300", {"ticket": []})


def test_filters_choose_tickets(api, asha):
    post(api, subject="a", priority="HIGH", department="STORE", type="STORE")
    code = post(api, subject="b", status="CLOSE", reported_from="SOCIAL").item["ticket"]["code"]
    assert subjects(api, "status=open") == ["a"]
    assert subjects(api, "priority=medium") == ["b"]
    assert subjects(api, "department=Store") == ["a"]
    assert subjects(api, f"ticket_code={code.upper()}") == ["b"]
    assert subjects(api, "reported_from=social") == ["b"]
    assert subjects(api, "type=STORE") == ["a"]
    assert subjects(api, "status=SLEEPING") == []
    assert subjects(api, "status=&priority=0") == ["b", "a"]
    assert subjects(api, "status=CLOSE&type=STORE") == []


def test_dates_are_inclusive_and_of_the_organizations_zone(api, asha):
    for day in ("2026-02-28T18:29:59Z", "2026-02-28T18:30:00Z", "2026-03-02T18:29:59Z", "2026-03-02T18:30:00Z"):
        with time_machine.travel(day, tick=False):
            post(api, subject=day)
    assert subjects(api, "start_date=2026-03-01&end_date=2026-03-02") == ["2026-03-02T18:29:59Z", "2026-02-28T18:30:00Z"]
    assert subjects(api, "start_date=2026-03-03") == ["2026-03-02T18:30:00Z"]
    assert subjects(api, "end_date=2026-02-28+23:59:59") == ["2026-02-28T18:29:59Z"]


def test_an_unreadable_filter_is_400_for_the_item(api, asha):
    answer = get(api, "mobile=9812345678&start_date=soon")
    assert (answer.status["code"], answer.customer["item_status"]["code"]) == (500, "400")


@pytest.mark.parametrize(
    ("query", "code"), [("mobile=9812345670", "1012"), ("id=999999999", "1011"), ("mobile=12ab", "1042"), ("mobile=", "1015")]
)
def test_a_read_of_an_unknown_customer_says_so(api, asha, query, code):
    answer = get(api, query)
    assert (answer.status["code"], answer.customer["item_status"]["code"]) == (500, code)


def test_a_read_without_an_identifier_is_400(api):
    assert get(api, "status=OPEN").status["code"] == 400


def test_several_customers_are_read_at_once(api, asha, till, organization):
    register(till, mobile="9812345679")
    post(api)
    answer = get(api, "mobile=9812345679,9812345678,9812345670")
    assert answer.status["code"] == 201
    assert [len(customer.get("tickets", {}).get("ticket", [])) for customer in answer.customers] == [0, 1, 0]
    organization.flags = {"BATCH_LIMIT": 2}
    organization.save()
    assert get(api, "mobile=9812345679,9812345678,9812345670").status["code"] == 1060


def test_a_read_is_one_statement_for_one_and_for_three_tickets(api, asha):
    costs = []
    for number in (1, 2, 3):
        TicketFactory(customer=asha)
        get(api)
        with CaptureQueriesContext(connection) as captured:
            assert len(tickets(get(api, "mobile=9812345678&status=OPEN"))) == number
        costs.append(len(captured))
    assert costs == [SURE_READ_STATEMENTS] * 3


def test_member_care_access_stays_in_the_callers_store(api, asha, store):
    elsewhere = Api(TillFactory(store=StoreFactory(organization=store.organization)))
    answer = get(elsewhere, "mobile=9812345678&member_care_access=true")
    assert answer.customer["item_status"]["code"] == "1044"


def test_a_merged_customer_leads_to_the_survivors_tickets(api, asha, till):
    twin = register(till, mobile="9812345679")
    Customer.objects.filter(pk=twin.pk).update(merged_into=asha)
    post(api)
    answer = get(api, f"id={twin.pk}")
    assert (len(tickets(answer)), answer.customer["item_status"]["warnings"]["warning"]) == (1, ["91009"])
    assert post(api, item={"id": str(twin.pk)}, subject="Other").warnings == ["91009"]


def test_tickets_of_another_organization_are_never_seen(api, asha):
    foreign = OrganizationFactory(code="foreign", with_program=True, base_country="IN")
    till = TillFactory(store=StoreFactory(organization=foreign))
    with organization_scope(foreign):
        stranger = register(till, mobile="9812345678")
    foreign_api = Api(till)
    code = post(foreign_api).item["ticket"]["code"]
    assert post(api, ticket_code=code, status="CLOSE").code == "1302"
    assert tickets(get(api, f"mobile=9812345678&ticket_code={code}")) == []
    assert get(api, f"id={stranger.pk}").customer["item_status"]["code"] == "1011"
    assert [ticket["code"] for ticket in tickets(get(foreign_api))] == [code]


def test_an_organization_without_words_has_the_usual_ones(till, asha, organization: Organization):
    api = Api(till)
    printed = post(api, priority="high", status="INPROGRESS").item["ticket"]
    assert (printed["status"], printed["priority"]) == ("INPROGRESS", "HIGH")
    assert post(api, ticket_code=printed["code"], status="close").code == "1300"
    assert not Ticket.objects.get().is_open
    assert post(api, department="STORE").code == "1302"
