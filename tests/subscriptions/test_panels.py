"""Consents on a customer's page."""

import pytest
from django.test import Client
from subscriptions.panels import consents_panel

from customers.profile.models import Customer
from organizations.back_office.tables import cell
from organizations.locations.models import Till
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from tests.back_office import list_of, page_of, register, table_texts
from tests.factories.consents import AT, choice, say
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db


def rows(customer: Customer, organization: Organization, seen_by: StaffMember) -> list[list[str]]:
    panel = consents_panel(customer, organization=organization, seen_by=seen_by)
    assert panel is not None
    return table_texts(panel)


def test_every_pair_is_listed_with_its_permission_and_reason(till: Till, organization: Organization) -> None:
    customer = register(till, mobile="9812345678")
    say(till, customer, choice("SMS", "BULK", yes=False), choice("SMS", "TRANS"))
    texts = rows(customer, organization, StaffMemberFactory(organization=organization, role="care_agent"))
    assert texts == [
        ["SMS", "transactional", "subscribed", cell(AT), "yes – subscribed", "Change"],
        ["SMS", "bulk", "unsubscribed", cell(AT), "no – unsubscribed", "Change"],
        ["E-mail", "transactional", "no answer", "–", "no – no e-mail address", "Change"],
        ["E-mail", "bulk", "no answer", "–", "no – no e-mail address", "Change"],
    ]


def test_the_organizations_opt_in_type_counts(asha: Customer, organization: Organization) -> None:
    agent = StaffMemberFactory(organization=organization, role="care_agent")
    assert {row[4].partition(" ")[0] for row in rows(asha, organization, agent)} == {"yes"}
    organization.flags = {"OPT_IN_TYPE": "RESTRICTED_SINGLE"}
    assert {row[4].partition(" ")[0] for row in rows(asha, organization, agent)} == {"no"}


def test_who_may_not_change_or_see_is_not_offered_to(asha: Customer, organization: Organization) -> None:
    auditor = StaffMemberFactory(organization=organization, role="auditor")
    assert all("Change" not in row for row in rows(asha, organization, auditor))
    nobody = StaffMemberFactory(organization=organization, role="", username="nobody")
    assert consents_panel(asha, organization=organization, seen_by=nobody) is None


def test_the_page_of_a_customer_has_the_panel_and_the_way_to_the_log(
    agent: Client, auditor: Client, till: Till, asha: Customer
) -> None:
    say(till, asha, choice(yes=False))
    page = agent.get(page_of("customers_customer", asha)).content.decode()
    for text in ("unsubscribed", "has not unsubscribed", f"{list_of('subscriptions_consentchange')}?customer={asha.pk}"):
        assert text in page
    assert "/SMS/BULK/decide/" in page
    assert "/decide/" not in auditor.get(page_of("customers_customer", asha)).content.decode()
