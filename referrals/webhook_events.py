"""Webhook events of referrals (docs/webhooks.md): announced when a reward is given."""

from collections.abc import Sequence
from typing import Any, Final

from loyalty_project import clock
from loyalty_project.protocol.numbers import plain_digits
from organizations.tenancy.models import Organization
from referrals.rewards.models import Reward
from webhooks.announcing import Announcement, announce
from webhooks.events.kinds import EventKind

REWARDED: Final = EventKind(name="referral.rewarded", meaning="a referrer or a referee was rewarded")
EVENTS: Final = (REWARDED,)


def announce_rewards(rewards: Sequence[Reward], *, organization: Organization) -> None:
    """Announce rewards that are given now, each for the customer who gets it. Statements as `announce`."""
    if REWARDED.name not in organization.announced_events:
        return
    now = clock.now()
    announce(
        [
            Announcement(kind=REWARDED, customer_id=reward.receiver_id, occurred_at=now, facts=_facts(reward))
            for reward in rewards
        ]
    )


def _facts(reward: Reward) -> dict[str, Any]:
    return {
        "campaign": reward.campaign.token,
        "role": reward.role,
        "points": plain_digits(reward.points) if reward.entry is not None and reward.points is not None else None,
        "coupon_series": reward.coupon_series if reward.coupon is not None else None,
    }
