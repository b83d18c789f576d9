"""Referral statistics as a read has them, and what the read asks for (docs/protocol.md 4.11)."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from organizations.locations.names import LocationName
from referrals.campaigns.catalog import CurrentCampaign


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsQuery:
    """What a read asks for. `begin`, `end` and `store_id` narrow invitees and referees; None: no limit.

    At most `limit` rows of each list, in the order of their times.
    """

    current: CurrentCampaign
    only_code: bool
    with_ids: bool
    begin: datetime | None
    end: datetime | None
    store_id: int | None
    limit: int
    is_descending: bool


class Invitee(NamedTuple):
    """An invitation. `has_come`: the invitee registered with the customer's code."""

    channel: str
    identifier: str
    name: str
    invited_at: datetime
    till: LocationName | None
    has_come: bool


class Referee(NamedTuple):
    """An event of a referee, with the referee's name and identifiers as they are now."""

    kind: str
    at: datetime
    customer_id: int
    firstname: str
    lastname: str
    mobile: str | None
    email: str | None
    external_id: str | None


class CouponReward(NamedTuple):
    """A coupon that the referrer got for an event. `redeemed_at` is the latest redemption that counts."""

    kind: str
    code: str
    valid_till: datetime
    version_id: int
    redeemed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The statistics of one referrer; the lists are empty if only the code was asked for."""

    code: str | None
    invitees: list[Invitee]
    referees: list[Referee]
    coupons: list[CouponReward]
