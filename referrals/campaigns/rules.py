"""Terms of a referral campaign as typed values: pure functions (docs/organization-file.md, referral_campaigns)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

# The kind of campaigns that customers refer others by; all others are code 1203.
REFERRAL: Final = "REFERRAL"
CHANNELS: Final = ("MOBILE", "EMAIL")
EVENTS: Final = ("REGISTRATION", "TRANSACTION")


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardTerms:
    """What one side gets: points in the default program, and a coupon of a series (code). Either may be missing."""

    points: Decimal | None = None
    coupon_series: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "RewardTerms | None":
        """The reward of a version; None without one."""
        if not stored:
            return None
        points = stored.get("points")
        return cls(points=None if points is None else Decimal(str(points)), coupon_series=stored.get("coupon_series") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignTerms:
    """What a version of a campaign says. None: no limit, or no date.

    `reward_on` are the events that are rewarded. `min_amount` is that of the first bill, in the organization's currency.
    """

    name: str
    kind: str
    starts: date | None = None
    ends: date | None = None
    channels: frozenset[str] = frozenset(CHANNELS)
    allows_existing: bool = False
    reward_on: frozenset[str] = frozenset()
    referrer_reward: RewardTerms | None = None
    referee_reward: RewardTerms | None = None
    min_amount: Decimal | None = None
    waiting_days: int = 0
    reward_every: int = 1
    max_rewards: int | None = None
    takes_back: bool = False

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "CampaignTerms":
        """From the JSON of a version: the campaign's part of the organization file in its shortest form."""
        amount = stored.get("min_amount")
        return cls(
            name=stored["name"],
            kind=stored["kind"],
            starts=_day(stored.get("starts")),
            ends=_day(stored.get("ends")),
            channels=frozenset(stored.get("channels") or CHANNELS),
            allows_existing=stored.get("allow_existing_customers", False),
            reward_on=frozenset(stored.get("reward_on", ())),
            referrer_reward=RewardTerms.from_json(stored.get("referrer_reward")),
            referee_reward=RewardTerms.from_json(stored.get("referee_reward")),
            min_amount=None if amount is None else Decimal(str(amount)),
            waiting_days=stored.get("waiting_days") or 0,
            reward_every=stored.get("reward_every") or 1,
            max_rewards=stored.get("max_rewards"),
            takes_back=stored.get("take_back_on_return", False),
        )

    @property
    def is_referral(self) -> bool:
        """True for a campaign that customers can refer others by."""
        return self.kind.upper() == REFERRAL

    def runs_at(self, moment: datetime, zone: ZoneInfo) -> bool:
        """True from the first to the last day, both included, in the organization's zone."""
        day = moment.astimezone(zone).date()
        return (self.starts is None or day >= self.starts) and (self.ends is None or day <= self.ends)

    def due_at(self, moment: datetime) -> datetime:
        """The moment at which the reward of an event of this moment is given."""
        return moment + timedelta(days=self.waiting_days)

    def is_enough(self, amount: Decimal) -> bool:
        """True if a first bill of this amount is rewarded."""
        return self.min_amount is None or amount >= self.min_amount

    def rewards_referee_number(self, number: int) -> bool:
        """True if the referrer is rewarded for this referee; the first is number 1."""
        return number % self.reward_every == 0


def _day(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None
