"""Terms of a referral campaign in sentences, for the back office: pure functions."""

from collections.abc import Iterator

from engagement.numbers.display import format_money, format_points
from referrals.campaigns.rules import CampaignTerms, RewardTerms

_EVENTS = {"REGISTRATION": "registers", "TRANSACTION": "buys for the first time"}


def describe_terms(terms: CampaignTerms, *, currency: str) -> dict[str, str]:
    """Words for each thing that the terms say, by title."""
    return {
        "Name": terms.name,
        "Kind": terms.kind,
        "It runs": describe_period(terms),
        "Invitations by": " and ".join(sorted(terms.channels)).lower(),
        "Existing customers": "may be referred" if terms.allows_existing else "may not be referred",
        "It rewards": describe_events(terms, currency=currency),
        "The referrer gets": describe_reward(terms.referrer_reward),
        "The referee gets": describe_reward(terms.referee_reward),
        "The referrer is rewarded": describe_limits(terms),
    }


def describe_period(terms: CampaignTerms) -> str:
    """The days on which it runs: "from 2026-01-01, without an end"."""
    start = f"from {terms.starts}, " if terms.starts else ""
    return f"{start}until {terms.ends}" if terms.ends else f"{start}without an end"


def describe_reward(reward: RewardTerms | None) -> str:
    """What one side gets: "100 points and a coupon of WELCOME10"; "nothing" without a reward."""
    parts = []
    if reward is not None and reward.points:
        parts.append(f"{format_points(reward.points)} points")
    if reward is not None and reward.coupon_series:
        parts.append(f"a coupon of {reward.coupon_series}")
    return " and ".join(parts) or "nothing"


def describe_events(terms: CampaignTerms, *, currency: str) -> str:
    """When rewards are given: "when the referee registers, after 14 days"."""
    events = [_EVENTS[event] for event in _EVENTS if event in terms.reward_on]
    if not events:
        return "never"
    return "; ".join([f"when the referee {' and when the referee '.join(events)}", *_conditions(terms, currency)])


def describe_limits(terms: CampaignTerms) -> str:
    """How often a referrer is rewarded."""
    limits = []
    if terms.reward_every > 1:
        limits.append(f"for one of {terms.reward_every:,} referees")
    if terms.max_rewards is not None:
        limits.append(f"at most {terms.max_rewards:,} times")
    return ", ".join(limits) or "for every referee"


def _conditions(terms: CampaignTerms, currency: str) -> Iterator[str]:
    if terms.min_amount is not None:
        yield f"a first bill from {format_money(terms.min_amount)} {currency} on"
    if terms.waiting_days:
        yield f"after {terms.waiting_days:,} day{'' if terms.waiting_days == 1 else 's'}"
    if terms.takes_back:
        yield "taken back if the first bill comes back"
