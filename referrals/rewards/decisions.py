"""Decisions of staff on rewards that are held for review."""

from typing import Final

from django.db import transaction

from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from engagement.programs.catalog import current_catalog
from loyalty_project import clock
from loyalty_project.db.locks import ask_to_repeat
from organizations.audit.actors import Actor
from referrals.rewards.giving import give_rewards
from referrals.rewards.models import Reward
from referrals.rewards.services import lock_rewards, store_rewards

State: Final = Reward.State


class RewardStateError(ValueError):
    """The reward cannot be decided so. The text is the reason, for users. Nothing has changed."""


@transaction.atomic
def approve_reward(pk: int, *, reason: str, by: Actor) -> Reward:
    """Approve a held reward: given at once, or promised until it is due. One that is approved already is returned unchanged.

    Raises `RewardStateError` for one that was rejected or cancelled, or that cannot be given; `django.db` errors for locks.
    """
    customer, reward = _lock(pk)
    if reward.state in {State.GIVEN, State.PROMISED, State.TAKEN_BACK}:
        return reward
    if reward.state != State.HELD:
        raise RewardStateError(f"The reward is already {reward.get_state_display()}.")
    now = clock.now()
    reward.decided_at, reward.decided_by, reward.decision_reason = now, by.name, reason
    reward.state = State.PROMISED
    if reward.due_at <= now:
        give_rewards([reward], customers={customer.pk: customer}, catalog=current_catalog(), by=by, now=now)
        if reward.state == State.REFUSED:
            raise RewardStateError(f"It cannot be given now: {reward.problem}.")
    store_rewards([reward], by=by)
    return reward


@transaction.atomic
def reject_reward(pk: int, *, reason: str, by: Actor) -> Reward:
    """Reject a held reward with a reason. A rejected one is returned unchanged. Raises as `approve_reward`."""
    _customer, reward = _lock(pk)
    if reward.state == State.REJECTED:
        return reward
    if reward.state != State.HELD:
        raise RewardStateError(f"The reward is already {reward.get_state_display()}.")
    reward.state, reward.decision_reason = State.REJECTED, reason
    reward.decided_at, reward.decided_by = clock.now(), by.name
    store_rewards([reward], by=by)
    return reward


def _lock(pk: int) -> tuple[Customer, Reward]:
    """The receiver and the reward, locked in this order."""
    receiver = Reward.objects.values_list("receiver_id", flat=True).get(pk=pk)
    customer = lock_customer(receiver, may_be_erased=True)
    (reward,) = lock_rewards(Reward.objects.filter(pk=pk))
    if reward.receiver_id != receiver:
        ask_to_repeat("a merge was made or undone meanwhile")
    return customer, reward
