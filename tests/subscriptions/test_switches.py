"""The switches of consents on a customer's page."""

import pytest
from django.test import Client
from django.urls import reverse

from customers.profile.models import Customer
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from subscriptions.switches import consent_switches
from tests.back_office import list_of, page_of, register
from tests.factories.consents import choice, say

pytestmark = pytest.mark.django_db


def test_every_pair_is_a_switch_with_its_answer_and_what_is_sent(till: Till, organization: Organization) -> None:
    customer = register(till, mobile="9812345678")
    say(till, customer, choice("SMS", "BULK", yes=False), choice("SMS", "TRANS"))
    switches = consent_switches(customer, organization=organization)
    assert [
        (switch.name, switch.label, switch.value, switch.verdict.is_allowed, switch.verdict.why) for switch in switches
    ] == [
        ("SMS-TRANS", "SMS, about purchases", "1", True, "subscribed"),
        ("SMS-BULK", "SMS, offers and news", "0", False, "unsubscribed"),
        ("EMAIL-TRANS", "E-mail, about purchases", "", False, "no e-mail address"),
        ("EMAIL-BULK", "E-mail, offers and news", "", False, "no e-mail address"),
    ]


def test_the_organizations_opt_in_type_counts(asha: Customer, organization: Organization) -> None:
    assert {switch.verdict.is_allowed for switch in consent_switches(asha, organization=organization)} == {True}
    organization.flags = {"OPT_IN_TYPE": "RESTRICTED_SINGLE"}
    assert {switch.verdict.is_allowed for switch in consent_switches(asha, organization=organization)} == {False}


def test_the_page_of_a_customer_has_the_switches_and_the_way_to_the_log(
    agent: Client, auditor: Client, till: Till, asha: Customer
) -> None:
    say(till, asha, choice(yes=False))
    page = " ".join(agent.get(page_of("customers_customer", asha)).content.decode().split())
    decide = reverse("admin:subscriptions_consentchange_decide", args=[asha.pk])
    for text in ('name="initial-SMS-BULK" value="0"', "no answer: may be sent", decide):
        assert text in page
    assert f"{list_of('subscriptions_consentchange')}?customer={asha.pk}" in page
    page = auditor.get(page_of("customers_customer", asha)).content.decode()
    assert "SMS, offers and news" in page
    assert decide not in page
