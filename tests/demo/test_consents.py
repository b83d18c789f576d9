"""Consents of the demo."""

from datetime import UTC, datetime, timedelta

import pytest

from customers.profile.models import Customer
from demo.consents import demo_decisions, record_demo_consents
from loyalty_project import clock
from organizations.locations.models import Till
from subscriptions.models import ConsentChange
from tests.factories.locations import till_actor
from tests.use_cases.test_registration import register

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CUSTOMERS = [Customer(pk=number, registered_on=NOW - timedelta(days=number % 700, hours=1)) for number in range(1, 501)]


def test_decisions_are_the_same_at_every_run_and_not_in_the_future():
    decisions = demo_decisions(CUSTOMERS, now=NOW)
    assert decisions == demo_decisions(CUSTOMERS, now=NOW)
    registered = {customer.pk: customer.registered_on for customer in CUSTOMERS}
    assert all(registered[decision.customer_id] <= decision.at <= NOW for decision in decisions)
    assert [decision.at for decision in decisions] == sorted(decision.at for decision in decisions)


def test_some_customers_change_their_consent_once_or_twice():
    answers: dict[tuple[int, str, str, str], list[bool]] = {}
    for decision in demo_decisions(CUSTOMERS, now=NOW):
        key = (decision.customer_id, *decision.choice.pair)
        answers.setdefault(key, []).append(decision.choice.is_subscribed)
    assert len({key[0] for key in answers}) < len(CUSTOMERS)
    assert {tuple(history) for history in answers.values()} == {(True,), (False,), (True, False), (True, False, True)}


def test_unsubscribing_names_the_message_and_a_reason():
    refusals = [decision for decision in demo_decisions(CUSTOMERS, now=NOW) if decision.choice.campaign_id]
    assert refusals
    for decision in refusals:
        assert decision.reason
        assert decision.choice.outbox_id
        assert not decision.choice.is_subscribed


def test_customers_who_registered_just_now_have_decisions():
    assert demo_decisions([], now=NOW) == []
    today = [Customer(pk=number, registered_on=NOW - timedelta(seconds=1)) for number in range(1, 301)]
    assert max(decision.at for decision in demo_decisions(today, now=NOW)) <= NOW + timedelta(seconds=1)


@pytest.mark.django_db
def test_consents_are_recorded_in_the_order_of_their_moments(till: Till) -> None:
    items = [{"mobile": str(9_812_300_000 + number), "registered_on": "2025-01-01"} for number in range(20)]
    customers = [register(till, **item).customer for item in items]
    now = clock.now()
    record_demo_consents(customers, by=till_actor(till), now=now)
    changes = list(ConsentChange.objects.order_by("pk"))
    assert {change.customer for change in changes} <= set(customers)
    assert [change.at for change in changes] == sorted(change.at for change in changes)
    assert changes[-1].at <= now
