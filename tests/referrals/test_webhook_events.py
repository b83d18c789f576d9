"""Rewards of referrals announced to webhook endpoints (docs/webhooks.md)."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from customers.profile.models import Customer
from loyalty_project import clock
from loyalty_project.db.trusted_time import forget_database_time
from organizations.audit.actors import command_actor
from referrals.rewards.decisions import approve_reward, reject_reward
from referrals.rewards.models import Reward
from referrals.rewards.services import give_due_rewards
from tests.factories.coupons import open_series
from tests.factories.locations import till_actor
from tests.factories.referrals import Friends, open_campaign
from tests.factories.webhooks import announced, listen
from tests.imports import run_import, write_lines

pytestmark = pytest.mark.django_db


def facts_of(role: str, **more: str | None) -> dict[str, str | None]:
    return {"campaign": "FRIENDS", "role": role, "points": None, "coupon_series": None, **more}


def test_both_sides_of_a_referral_are_announced(friends: Friends) -> None:
    open_series(friends.organization)
    current = open_campaign(friends.organization, referee_reward={"coupon_series": "TENTH"})
    listen(friends.organization, "referral.rewarded")
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        referee = friends.refer(current).customer
    events = {event.customer_id: event for event in announced()}
    assert {event.kind for event in events.values()} == {"referral.rewarded"}
    assert {f"{event.occurred_at:%F %T}" for event in events.values()} == {"2026-03-01 12:00:00"}
    assert {pk: event.facts for pk, event in events.items()} == {
        friends.asha.pk: facts_of("REFERRER", points="100"), referee.pk: facts_of("REFEREE", coupon_series="TENTH"),
    }  # fmt: skip


def test_what_was_not_given_is_not_announced(friends: Friends) -> None:
    current = open_campaign(
        friends.organization,
        max_rewards=1,
        referrer_reward={"points": 100, "coupon_series": "NONE"},
        referee_reward={"coupon_series": "NONE"},
    )
    listen(friends.organization, "referral.rewarded")
    friends.refer(current)
    friends.refer(current, "9812300002")
    assert [event.facts for event in announced()] == [facts_of("REFERRER", points="100")]


def test_a_promise_is_announced_when_it_is_given(friends: Friends) -> None:
    current = open_campaign(friends.organization, waiting_days=1)
    listen(friends.organization, "referral.rewarded")
    friends.refer(current)
    assert announced() == []
    forget_database_time()
    with time_machine.travel(clock.now() + timedelta(days=2)):
        for _ in range(2):
            list(give_due_rewards(by=command_actor("give_referral_rewards", friends.organization)))
    assert [event.facts for event in announced()] == [facts_of("REFERRER", points="100")]


def test_a_held_reward_is_announced_when_it_is_approved(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    listen(friends.organization, "referral.rewarded")
    for number in (1, 2):
        friends.refer(current, f"981230000{number}", email=f"asha+{number}@example.com")
    by, (first, second) = till_actor(friends.till), Reward.objects.order_by("pk")
    assert announced() == []
    reject_reward(first.pk, reason="The same person", by=by)
    assert announced() == []
    for _ in range(2):
        approve_reward(second.pk, reason="Two sisters", by=by)
    assert [event.customer_id for event in announced()] == [friends.asha.pk]


def test_rewards_by_imported_registrations_and_bills_are_announced(friends: Friends, tmp_path: Path) -> None:
    code = friends.code(open_campaign(friends.organization, reward_on=["REGISTRATION", "TRANSACTION"]))
    listen(friends.organization, "referral.rewarded")
    people = write_lines(tmp_path / "customers.csv", "mobile,referral_code", f"9812300001,{code}", "9812300002,")
    assert run_import("import_customers", people).counts == (2, 0, 0, 0)
    assert [event.customer_id for event in announced()] == [friends.asha.pk]
    referee = Customer.objects.get(referrer_links__isnull=False)
    bills = write_lines(
        tmp_path / "bills.csv", "id,number,billing_time,amount,till_code",
        f"{referee.pk},1,2026-01-05,100,blr.till1", f"{referee.pk},2,2026-01-06,100,blr.till1",
    )  # fmt: skip
    assert run_import("import_transactions", bills).counts == (2, 0, 0, 0)
    assert [event.customer_id for event in announced()] == [friends.asha.pk] * 2


def test_nothing_is_announced_if_nobody_listens(friends: Friends) -> None:
    listen(friends.organization, "customer.registered", is_active=False)
    friends.refer(open_campaign(friends.organization))
    assert friends.points() == 100
    assert announced() == []
