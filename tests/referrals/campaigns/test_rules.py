"""Terms of campaigns: days, amounts, numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from referrals.campaigns.descriptions import describe_events, describe_limits, describe_period, describe_reward
from referrals.campaigns.rules import CampaignTerms, RewardTerms

ZONE = ZoneInfo("Asia/Kolkata")


def terms(**more: Any) -> CampaignTerms:
    return CampaignTerms.from_json({"name": "Friends", "kind": "referral", **more})


def test_terms_in_their_shortest_form() -> None:
    plain = terms()
    assert plain.is_referral
    assert (plain.channels, plain.reward_on, plain.waiting_days, plain.reward_every) == ({"MOBILE", "EMAIL"}, frozenset(), 0, 1)
    assert (plain.referrer_reward, plain.max_rewards, plain.takes_back) == (None, None, False)
    assert not terms(kind="BULK").is_referral


@pytest.mark.parametrize(
    ("moment", "runs"),
    [
        ("2026-01-31T18:29:59", False),
        ("2026-01-31T18:30:00", True),
        ("2026-02-28T18:29:59", True),
        ("2026-02-28T18:30:00", False),
    ],
)
def test_days_are_those_of_the_zone_both_included(moment: str, runs: bool) -> None:  # noqa: FBT001
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert terms(starts="2026-02-01", ends="2026-02-28").runs_at(at, ZONE) is runs


def test_amounts_days_and_numbers() -> None:
    limited = terms(min_amount=30, waiting_days=14, reward_every=3)
    assert [limited.is_enough(Decimal(amount)) for amount in ("29.999", "30")] == [False, True]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert limited.due_at(now) == now + timedelta(days=14)
    assert [number for number in range(1, 8) if limited.rewards_referee_number(number)] == [3, 6]


def test_rewards() -> None:
    assert RewardTerms.from_json(None) is RewardTerms.from_json({}) is None
    both = terms(referrer_reward={"points": 12.5, "coupon_series": "TENTH"}).referrer_reward
    assert both == RewardTerms(points=Decimal("12.5"), coupon_series="TENTH")
    assert describe_reward(both) == "12.5 points and a coupon of TENTH"
    assert describe_reward(None) == "nothing"


def test_terms_in_sentences() -> None:
    assert describe_period(terms()) == "without an end"
    assert describe_period(terms(starts="2026-01-01", ends="2026-02-01")) == "from 2026-01-01, until 2026-02-01"
    assert describe_events(terms(), currency="USD") == "never"
    full = terms(
        reward_on=["TRANSACTION", "REGISTRATION"], min_amount=30, waiting_days=1, take_back_on_return=True, reward_every=2,
        max_rewards=20,
    )  # fmt: skip
    assert describe_events(full, currency="USD") == (
        "when the referee registers and when the referee buys for the first time; a first bill from 30.00 USD on; after 1 day; "
        "taken back if the first bill comes back"
    )
    assert describe_limits(full) == "for one of 2 referees, at most 20 times"
    assert describe_limits(terms()) == "for every referee"
