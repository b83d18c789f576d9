"""What the current user of the back office may do with rewards."""

from typing import Final

from django.http import HttpRequest

from organizations.back_office.counting import COUNTED
from organizations.back_office.current_user import member_of
from referrals.rewards.models import Reward

DECIDE: Final = "referrals.decide_reward"


def count_held(request: HttpRequest) -> int:
    """Number of rewards that are held for review; 0 for users who do not decide. One query."""
    if not member_of(request).has_perm(DECIDE):
        return 0
    return Reward.objects.filter(state=Reward.State.HELD).values("pk")[:COUNTED].count()
