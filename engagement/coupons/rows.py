"""Coupons and their redemptions as reads have them, and the page that a read asks for (docs/protocol.md 4.5, 4.7, 4.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engagement.coupons.rules import SeriesTerms
from organizations.locations.names import LocationName


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponQuery:
    """A page of coupons: the first `limit` after `offset` in this `order` (SQL), and the values of the `conditions`."""

    order: str
    conditions: tuple[str, ...]
    values: Mapping[str, Any]
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class UseRow:
    """A redemption that was not reversed."""

    pk: int
    redeemed_at: datetime
    transaction_number: str
    till: LocationName | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponRow:
    """A coupon with its terms; `redemptions`, the oldest first, only if the read asks for them."""

    pk: int
    series_id: int
    terms: SeriesTerms
    code: str
    issued_at: datetime
    valid_till: datetime
    uses: int
    most_uses: int | None
    transaction_number: str
    till: LocationName | None
    redemptions: Sequence[UseRow] = ()


@dataclass(frozen=True, slots=True)
class CouponPage:
    """A page of a customer's coupons, and the number of all that meet the conditions."""

    coupons: Sequence[CouponRow]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponUseRow:
    """A redemption with its coupon."""

    pk: int
    code: str
    series_id: int
    terms: SeriesTerms
    transaction_number: str
    redeemed_at: datetime
    till: LocationName | None


@dataclass(frozen=True, slots=True)
class CouponUsePage:
    """A page of a customer's redemptions of coupons, reversed ones included, and the number of all of them."""

    redemptions: Sequence[CouponUseRow]
    count: int
