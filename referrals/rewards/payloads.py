"""Effects of rewards as add, update and bills print them: pure functions (docs/protocol.md 3)."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from engagement.coupons.payloads import coupon_effect
from engagement.points.payloads import points_effects, raw_effects
from referrals.rewards.models import Reward

Role = Reward.Role


def reward_effects(rewards: Iterable[Reward], *, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Effects of what was given now: points of either side, without the referrer's total, and the referee's coupon."""
    effects: list[dict[str, Any]] = []
    for reward in rewards:
        is_referrer = reward.role == Role.REFERRER
        for effect in points_effects([reward.entry] if reward.entry else []):
            if is_referrer:
                del effect["total_points"]
                effect["is_referrer"] = "true"
            effects.append(effect)
        if reward.coupon is not None and not is_referrer:
            effects.append(coupon_effect(reward.coupon, reward.coupon.version.typed_terms, zone=zone))
    return effects


def raw_reward_effects(rewards: Iterable[Reward], *, zone: ZoneInfo) -> list[dict[str, Any]]:
    """`rawSideEffects` of the same points (docs/protocol.md 4.1)."""
    return [
        {**effect, "isReferrer": "true" if reward.role == Role.REFERRER else "false"}
        for reward in rewards
        if reward.entry is not None
        for effect in raw_effects([reward.entry], customer_id=reward.receiver_id, zone=zone)
    ]
