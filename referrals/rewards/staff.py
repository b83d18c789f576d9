"""What the current user of the back office may do with rewards."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest

from organizations.back_office.current_user import member_of
from organizations.back_office.queues import Queue
from referrals.rewards.models import Reward

DECIDE: Final = "referrals.decide_reward"


def held_rewards(request: HttpRequest) -> QuerySet[Reward] | None:
    """Rewards that are held for review; None for users who do not decide."""
    if not member_of(request).has_perm(DECIDE):
        return None
    return Reward.objects.filter(state=Reward.State.HELD)


REWARDS: Final = Queue(
    "Rewards held for review", "card_giftcard", "referrals.reward", held_rewards, (("state__exact", "HELD"),)
)
