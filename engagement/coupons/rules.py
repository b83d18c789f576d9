"""Terms of a coupon series as typed values, and rules of coupons: pure functions (docs/organization-file.md, coupon_series)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from engagement.numbers.days import years_later
from engagement.numbers.decimals import decimal
from loyalty_project.protocol.moments import from_wall

LAST_SECOND: Final = time(23, 59, 59)
# Answers print an end of validity for every coupon: one without an end gets a day so many years after its issue.
YEARS_WITHOUT_END: Final = 100
# A coupon is good during the whole second that `valid_till` names.
_SECOND: Final = timedelta(seconds=1)


class DiscountType(StrEnum):
    """What the discount's value is: a percentage of the bill, or an amount of money."""

    PERC = "PERC"
    FLAT = "FLAT"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesTerms:
    """What a version of a series says. None: no limit, or no date.

    `stores` are codes of the stores where its coupons may be redeemed; empty: everywhere. Money is in the currency of the
    organization.
    """

    name: str
    description: str = ""
    discount_type: DiscountType
    discount_value: Decimal
    discount_code: str = ""
    valid_days: int | None = None
    valid_till: date | None = None
    starts_on: date | None = None
    min_bill_amount: Decimal | None = None
    max_discount: Decimal | None = None
    redemptions_per_coupon: int | None = 1
    max_coupons: int | None = None
    max_per_customer: int | None = None
    stores: frozenset[str] = frozenset()
    custom_properties: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], *, code: str) -> "SeriesTerms":
        """From the JSON of a version: the series' part of the organization file in its shortest form."""
        return cls(
            name=stored.get("name") or code,
            description=stored.get("description", ""),
            discount_type=DiscountType(stored["discount_type"]),
            discount_value=Decimal(str(stored["discount_value"])),
            discount_code=stored.get("discount_code", ""),
            valid_days=stored.get("valid_days"),
            valid_till=_day(stored.get("valid_till")),
            starts_on=_day(stored.get("starts_on")),
            min_bill_amount=decimal(stored.get("min_bill_amount")),
            max_discount=decimal(stored.get("max_discount")),
            # 0 and null are unlimited, which a file may write; what it leaves out is 1.
            redemptions_per_coupon=stored.get("redemptions_per_coupon", 1) or None,
            max_coupons=stored.get("max_coupons"),
            max_per_customer=stored.get("max_per_customer"),
            stores=frozenset(stored.get("stores", ())),
            custom_properties=stored.get("custom_properties", {}),
        )

    def last_moment(self, issued_at: datetime, zone: ZoneInfo) -> datetime:
        """End of validity (UTC) of a coupon issued at that time: the last second of its last day in `zone`."""
        issued_on = issued_at.astimezone(zone).date()
        if self.valid_till is not None:
            day = self.valid_till
        elif self.valid_days is not None:
            day = issued_on + timedelta(days=self.valid_days)
        else:
            day = years_later(issued_on, YEARS_WITHOUT_END)
        return from_wall(datetime.combine(day, LAST_SECOND), zone)

    def is_over(self, now: datetime, zone: ZoneInfo) -> bool:
        """True if the last day of the series is past."""
        return self.valid_till is not None and now.astimezone(zone).date() > self.valid_till

    def has_started(self, now: datetime, zone: ZoneInfo) -> bool:
        """True from the first day of the series on."""
        return self.starts_on is None or now.astimezone(zone).date() >= self.starts_on

    def room_for(self, wanted: int, *, issued: int) -> int:
        """How many of the `wanted` coupons may still be issued of a series that has `issued` so many."""
        return wanted if self.max_coupons is None else min(wanted, max(0, self.max_coupons - issued))

    def is_full_for(self, held: int) -> bool:
        """True if a customer who ever got `held` coupons has all that the series allows."""
        return self.max_per_customer is not None and held >= self.max_per_customer

    def is_good_at(self, store_code: str | None) -> bool:
        """True if coupons may be redeemed at the store of this code."""
        return not self.stores or store_code in self.stores


def latest_expired(now: datetime) -> datetime:
    """The latest `valid_till` that is past: coupons up to it have expired."""
    return now - _SECOND


def has_expired(valid_till: datetime, now: datetime) -> bool:
    """True after the second that `valid_till` names."""
    return valid_till <= latest_expired(now)


def uses_left(uses: int, most_uses: int | None) -> int | None:
    """Redemptions that are left; None: unlimited."""
    return None if most_uses is None else max(most_uses - uses, 0)


def folded(code: str) -> str:
    """The form in which codes of coupons are compared: letters A to Z without case, as the unique index has them."""
    return "".join(character.upper() if character.isascii() else character for character in code)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
