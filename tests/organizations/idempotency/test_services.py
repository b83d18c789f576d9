"""Replay of calls with an idempotency key."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from loyalty_project.api.formats import Format
from loyalty_project.api.renderers import render
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.outcomes import Outcome
from organizations.audit.actors import Actor
from organizations.idempotency import services
from organizations.idempotency.models import IdempotencyKey, KeptAnswer
from organizations.idempotency.services import KeyedCall, open_keyed_call, prune_keys
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.locations import TillFactory, till_actor

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def open_call(by: Actor, *, key: str = "k", action: str = "customer/add", content: str = "a" * 64) -> KeyedCall:
    return open_keyed_call(key, action=action, content=content, by=by)


def answer(call: KeyedCall, body: dict[str, object], position: int = 0) -> Outcome:
    """Work one item of the call: claim it, and keep `body`; what was kept before."""
    with transaction.atomic():
        kept = call.claim(position)
        if kept is None:
            call.keep(position, Outcome(body, succeeded=True, subject=7))
        return kept or Outcome(body, succeeded=True)


def test_one_key_and_content_is_one_call(till: Till) -> None:
    by = till_actor(till)
    assert open_call(by) == open_call(by)
    assert IdempotencyKey.objects.count() == 1


def test_other_content_under_the_key_is_refused(till: Till) -> None:
    open_call(till_actor(till))
    with pytest.raises(RequestRefusedError) as refused:
        open_call(till_actor(till), content="b" * 64)
    assert (refused.value.http_status, refused.value.body_code) == (422, 400)
    assert IdempotencyKey.objects.get().content == "a" * 64


def test_credentials_actions_and_organizations_do_not_meet(till: Till, store: Store, stranger: Till) -> None:
    here = till_actor(till)
    calls = [
        open_call(here),
        open_call(here, action="customer/update", content="b" * 64),
        open_call(here, key="K", content="c" * 64),
        open_call(till_actor(TillFactory(store=store, code="mgroad.till2")), content="d" * 64),
    ]
    with organization_scope(stranger.organization):
        elsewhere = Actor(organization=stranger.organization, source=here.source, name=here.name)
        calls.append(open_call(elsewhere, content="e" * 64))
    assert len({call.key_id for call in calls}) == 5


def test_an_answer_comes_back_as_it_was_in_both_formats(till: Till) -> None:
    body = {
        "z": Decimal("1234567890123456.780"),
        "a": ["x", {"c": None, "b": "1.50"}],
        "whole": Decimal("5.000"),
        "count": 10**20 // 10**2,
        "empty": {"field": []},
        "odd": "a\x01\r\n<&>\U0001f600",
        "lone": "\ud800",
    }
    call = open_call(till_actor(till))
    answer(call, body)
    kept = answer(call, {"other": "1"})
    assert (kept.replayed, kept.succeeded) == (True, True)
    assert list(kept.body) == list(body)
    for wanted in Format:
        assert render({"response": kept.body}, wanted) == render({"response": body}, wanted)
    assert KeptAnswer.objects.get().subject_id == 7


def test_a_claim_that_is_undone_is_free_again(till: Till) -> None:
    call = open_call(till_actor(till))
    with transaction.atomic():
        assert call.claim(0) is None
        transaction.set_rollback(True)
    assert not answer(call, {"a": "1"}).replayed


def test_a_call_costs_a_query_and_each_item_two(till: Till, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    by = till_actor(till)
    with django_assert_num_queries(1):
        call = open_call(by)
    for _ in range(2):  # claimed and kept, then claimed and read
        with transaction.atomic(), django_assert_num_queries(2):
            if call.claim(0) is None:
                call.keep(0, Outcome({"a": "1"}, succeeded=True))


def keys_of(organization: Organization) -> list[str]:
    with organization_scope(organization):
        return sorted(IdempotencyKey.objects.values_list("key", flat=True))


def test_keys_go_72_hours_after_their_last_use_with_their_answers(till: Till) -> None:
    by = till_actor(till)
    with time_machine.travel(NOON, tick=False) as now:
        answer(open_call(by, key="old"), {"a": "1"})
        answer(open_call(by, key="used"), {"a": "1"})
        now.shift(timedelta(hours=71))
        answer(open_call(by, key="used"), {"a": "1"})
        answer(open_call(by, key="young"), {"a": "1"})
        assert prune_keys() == 0
        now.shift(timedelta(hours=1))
        assert prune_keys() == 1
    assert keys_of(by.organization) == ["used", "young"]
    assert sorted(KeptAnswer.objects.values_list("key__key", flat=True)) == ["used", "young"]


def test_many_keys_go_in_batches_and_only_this_organizations(
    till: Till, stranger: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_PRUNED_AT_ONCE", 2)
    with time_machine.travel(NOON, tick=False) as now:
        for number in range(4):
            answer(open_call(till_actor(till), key=f"k{number}"), {"a": "1"})
        with organization_scope(stranger.organization):
            open_call(till_actor(stranger))
        now.shift(timedelta(hours=73))
        assert prune_keys() == 4
    assert (keys_of(till.organization), keys_of(stranger.organization)) == ([], ["k"])
    assert not KeptAnswer.objects.exists()
