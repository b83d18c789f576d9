"""The timeline on a customer's page: its tabs, its pages and what each costs."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from engagement.tiers.models import TierChange
from loyalty_project import clock
from organizations.locations.models import Till
from tests.back_office import page_of
from tests.customers.profile.admin.forms import CUSTOMERS
from tests.factories.bills import BillFactory
from tests.factories.coupons import hold, open_series
from tests.factories.interactions import InteractionFactory
from tests.factories.locations import till_actor
from tests.factories.messages import OutboxMessageFactory
from tests.factories.notes import NoteFactory
from tests.factories.points import PointsAccountFactory, facts, give_points
from tests.factories.programs import TierFactory
from tests.factories.tickets import TicketFactory

# What the first screen asks: session, member of staff, the limit to stores, customer, identifiers, organization; balances, the
# version of the configuration, purchases, last sale, consents, notes, requests, tickets; inherited identifiers; and the
# adjustments that the sidebar counts.
FIRST_SCREEN = 17
# All: points, bills and their points, coupons and their redemptions, tiers, five of messages, merges; cards, audit, fields.
TABS = {"all": 15, "points": 1, "bills": 2, "coupons": 2, "tiers": 1, "messages": 5, "audit": 3}


def timeline_page(customer: Customer) -> str:
    """The address of the customer's timeline alone."""
    return reverse("admin:customers_customer_timeline", args=[customer.pk])


def member_account(customer: Customer) -> PointsAccount:
    """The account of a customer who joined the default program without points."""
    known = PointsAccount.objects.filter(customer=customer).first()
    return known or PointsAccountFactory(organization=customer.organization, customer=customer, membership=False)


def happen(customer: Customer, till: Till, times: int) -> None:
    """Something of every kind, as many times; half of it in the same moment."""
    organization = customer.organization
    account = member_account(customer)
    program, membership = account.program, customer.memberships.get()
    low, high = TierFactory(program=program), TierFactory(program=program, position=2)
    series, now = open_series(organization), clock.now()
    for number in range(times):
        at = now - number // 2 * timedelta(hours=1)
        bill = BillFactory(till=till, customer=customer, number=f"N-{number}", billed_at=at)
        give_points(account, 10, facts=facts(at, bill_id=bill.pk))
        give_points(account, 5, facts=facts(at))
        hold(customer, series, by=till_actor(till))
        NoteFactory(customer=customer)
        InteractionFactory(customer=customer)
        OutboxMessageFactory(customer=customer)
        TicketFactory(customer=customer)
        TierChange.objects.create(
            organization=organization, membership=membership, kind="UPGRADE", from_tier=low, to_tier=high, changed_at=at,
            recorded_at=at, to_expires_on=(at - number * timedelta(days=1)).date(), made_by="system:tiers",
        )  # fmt: skip


def timeline_of(browser: Client, customer: Customer, **query: str) -> Any:
    return browser.get(timeline_page(customer), query).context["timeline"]


@pytest.mark.parametrize("times", [1, 100])
@pytest.mark.parametrize("tab", TABS)
def test_a_page_costs_the_same_for_any_number_of_rows(
    administrator: Client, anna: Customer, till: Till, tab: str, times: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    happen(anna, till, times)
    administrator.get(page_of(CUSTOMERS, anna))  # the process remembers the configuration
    with django_assert_num_queries(FIRST_SCREEN + TABS[tab]):
        answer = administrator.get(page_of(CUSTOMERS, anna), {"tab": tab})
    assert len(answer.context["timeline"].rows) >= (1 if tab == "audit" else min(times, 25))


@pytest.mark.parametrize("tab", ["all", "points", "messages"])
def test_older_rows_follow_and_none_is_left_out_or_shown_twice(
    administrator: Client, anna: Customer, till: Till, tab: str
) -> None:
    happen(anna, till, 30)
    keys, before = [], ""
    while not keys or before:
        timeline = timeline_of(administrator, anna, tab=tab, before=before)
        keys += [row.key for row in timeline.rows]
        before = timeline.older
    assert keys == sorted(set(keys), reverse=True)
    # All: bills with their points, other points, coupons, tiers, messages of four kinds, and the registration.
    assert len(keys) == {"all": 8 * 30 + 1, "points": 2 * 30, "messages": 4 * 30}[tab]


def test_a_fragment_has_the_timeline_alone(administrator: Client, anna: Customer) -> None:
    page = administrator.get(timeline_page(anna), {"tab": "audit"}).content.decode()
    assert "Registered" in page
    assert "<html" not in page


@pytest.mark.parametrize("query", [{"tab": "nothing"}, {"before": "x"}, {"before": "9" * 40 + ".1.1"}])
def test_an_unknown_tab_or_key_means_the_newest_of_all(administrator: Client, anna: Customer, query: dict[str, str]) -> None:
    timeline = timeline_of(administrator, anna, **query)
    assert (timeline.tab.name, timeline.is_first) == ("all", True)


def test_tabs_without_permission_are_not_there(seller: Client, administrator: Client, anna: Customer, till: Till) -> None:
    happen(anna, till, 1)
    assert [row.icon for row in timeline_of(administrator, anna).rows].count("sms") == 1
    assert [row.icon for row in timeline_of(seller, anna).rows].count("sms") == 0


def test_what_is_due_is_settled_before_points_are_shown(administrator: Client, anna: Customer, till: Till) -> None:
    give_points(member_account(anna), 40, opens_at=clock.now() - timedelta(days=1))
    rows = timeline_of(administrator, anna, tab="points").rows
    assert [(row.title, row.points, row.balance) for row in rows] == [
        ("Promised points released", "+40", "40"),
        ("Promised", "(+40)", "0"),
    ]
