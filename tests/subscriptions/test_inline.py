"""Pairs that come with a registration (docs/protocol.md 4.1)."""

import pytest
from django.db import DatabaseError, transaction

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from subscriptions.inline import keep_inline
from subscriptions.models import ConsentChange
from tests.back_office import register
from tests.factories.consents import AT, history, without_table
from tests.factories.locations import till_actor

pytestmark = pytest.mark.django_db


def pair(channel="SMS", priority="BULK", answer="1", scope=""):
    return {"channel": channel, "priority": priority, "scope": scope, "is_subscribed": answer}


def not_saved(channel, priority):
    return Notice(Code.SUBSCRIPTION_PAIR_NOT_SAVED, x=channel, y=priority)


def test_valid_pairs_are_kept_and_others_reported(till, asha):
    pairs = [pair(), pair("pigeon"), pair("email", "urgent"), pair("email", answer="maybe"), pair("EMAIL", scope="ALL,STORE")]
    (kept,) = keep_inline([(asha.pk, pairs)], at=AT, by=till_actor(till))
    assert kept.is_changed
    assert kept.notices == [
        not_saved("PIGEON", "BULK"),
        not_saved("EMAIL", "URGENT"),
        not_saved("EMAIL", "BULK"),
        not_saved("EMAIL", "BULK"),
    ]
    assert history(asha) == [("SMS", "BULK", 1, None, True)]
    assert ConsentChange.objects.get().at == AT


def test_every_item_has_its_own_outcome(till, asha):
    bo = register(till, mobile="9812345679")
    items = [(asha.pk, [pair()]), (bo.pk, [pair("FAX")]), (bo.pk, [pair(answer="0")]), (asha.pk, [pair()])]
    kept = keep_inline(items, at=AT, by=till_actor(till))
    assert [outcome.is_changed for outcome in kept] == [True, False, True, False]
    assert [len(outcome.notices) for outcome in kept] == [0, 1, 0, 0]


def test_no_consents_cost_no_queries(till, asha, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert keep_inline([], at=AT, by=till_actor(till)) == []
        (kept,) = keep_inline([(asha.pk, [pair("FAX")])], at=AT, by=till_actor(till))
    assert not kept.is_changed


def test_a_database_error_of_one_customer_is_reported(till, asha):
    with without_table("subscriptions_consentchange"):
        (kept,) = keep_inline([(asha.pk, [pair(), pair("FAX"), pair("EMAIL", "TRANS")])], at=AT, by=till_actor(till))
    assert not kept.is_changed
    assert kept.notices == [not_saved("FAX", "BULK"), not_saved("SMS", "BULK"), not_saved("EMAIL", "TRANS")]
    assert history(asha) == []


def test_what_it_refuses_of_several_is_raised(till, asha):
    bo = register(till, mobile="9812345679")
    with without_table("subscriptions_consentchange"), pytest.raises(DatabaseError), transaction.atomic():
        keep_inline([(asha.pk, [pair()]), (bo.pk, [pair()])], at=AT, by=till_actor(till))


def test_of_a_pair_that_is_sent_twice_the_last_counts(till, asha):
    pairs = [pair(answer=answer) for answer in "0101"] + [pair("EMAIL")]
    (kept,) = keep_inline([(asha.pk, pairs)], at=AT, by=till_actor(till))
    assert kept.is_changed
    assert history(asha) == [("SMS", "BULK", 1, None, True), ("EMAIL", "BULK", 1, None, True)]
