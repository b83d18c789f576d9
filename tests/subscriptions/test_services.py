"""Keeping and reading consents, for one customer or for many."""

import pytest

from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from subscriptions.models import Consent, ConsentChange
from subscriptions.services import Decision, consents_of, decide, keep_decisions
from tests.back_office import register
from tests.factories.consents import AT, choice, history, say
from tests.factories.locations import till_actor

pytestmark = pytest.mark.django_db


def answers(customer):
    return {pair[:2]: consent.is_subscribed for pair, consent in consents_of([customer.pk])[customer.pk].items()}


def test_a_customer_without_consents_is_exported_too(asha):
    assert consents_of([asha.pk]) == {asha.pk: {}}


def test_the_last_consent_counts_and_every_change_is_logged(till, asha):
    assert say(till, asha, choice(yes=True), choice("EMAIL", "TRANS", yes=False)) == [True, True]
    assert say(till, asha, choice(yes=False)) == [True]
    assert answers(asha) == {("SMS", "BULK"): False, ("EMAIL", "TRANS"): False}
    assert history(asha) == [
        ("SMS", "BULK", 1, None, True),
        ("EMAIL", "TRANS", 1, None, False),
        ("SMS", "BULK", 2, True, False),
    ]
    assert Consent.objects.get(channel="SMS").decided_at == AT


def test_a_repeated_consent_is_not_logged_again(till, asha):
    assert say(till, asha, choice(yes=True), choice(yes=True)) == [True, False]
    assert say(till, asha, choice(yes=True)) == [False]
    assert history(asha) == [("SMS", "BULK", 1, None, True)]


def test_later_decisions_of_a_batch_see_earlier_decisions(till, asha):
    assert say(till, asha, *(choice(yes=yes) for yes in (True, False, True))) == [True, True, True]
    assert answers(asha) == {("SMS", "BULK"): True}
    assert history(asha) == [
        ("SMS", "BULK", 1, None, True),
        ("SMS", "BULK", 2, True, False),
        ("SMS", "BULK", 3, False, True),
    ]
    assert Consent.objects.get().revision == 3


def test_the_log_has_actor_time_source_and_reason(till, asha):
    by = Actor(
        organization=till.organization,
        source=AuditEntry.Source.API,
        name="client:crm",
        till=till,
        request_id="00000000-0000-0000-0000-000000000001",
        user_context={"USER-CONTEXT-ENTITY-TYPE": "AGENT"},
    )
    opt_out = choice(yes=False, campaign_id=7, outbox_id=8)
    audited = AuditEntry.objects.count()
    assert decide(Decision(customer_id=asha.pk, choice=opt_out, at=AT, reason="Asked by telephone"), by=by)
    entry = ConsentChange.objects.get()
    assert (entry.organization, entry.customer, entry.scope, entry.at) == (asha.organization, asha, "ALL", AT)
    assert (entry.source, entry.actor, entry.request_id) == ("API", "client:crm", by.request_id)
    assert entry.context == {"USER-CONTEXT-ENTITY-TYPE": "AGENT"}
    assert (entry.reason, entry.campaign_id, entry.outbox_id) == ("Asked by telephone", 7, 8)
    assert AuditEntry.objects.count() == audited


@pytest.mark.parametrize(("count", "queries"), [(1, 3), (3, 3), (60, 1)])
def test_the_number_of_queries_does_not_grow_with_the_customers(till, count, queries, django_assert_num_queries):
    """What they said, then consents and log by INSERT, or (uncounted) by COPY; afterwards one UPDATE for all."""
    customers = [register(till, mobile=str(9_800_000_000 + number)) for number in range(count)]
    by = till_actor(till)

    def decisions(*, yes: bool) -> list[Decision]:
        return [Decision(customer_id=customer.pk, choice=choice(yes=yes), at=AT) for customer in customers]

    with django_assert_num_queries(queries):
        keep_decisions(decisions(yes=True), by=by)
    with django_assert_num_queries(2 if count == 60 else 3):
        keep_decisions(decisions(yes=False), by=by)
    assert Consent.objects.filter(is_subscribed=False, revision=2).count() == count
    assert ConsentChange.objects.count() == 2 * count
    with django_assert_num_queries(1):
        assert len(consents_of([customer.pk for customer in customers])) == count


def test_consents_stay_in_their_organization(till, asha, stranger_api):
    say(till, asha, choice())
    other = register(stranger_api.till, mobile="9812345678")
    assert answers(asha) == {("SMS", "BULK"): True}
    assert consents_of([other.pk]) == {other.pk: {}}
