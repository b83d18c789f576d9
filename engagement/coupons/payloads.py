"""Coupons as printed: pure functions from rows to the objects of docs/protocol.md 4.5, 4.7 and 4.9."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engagement.coupons.models import Coupon
from engagement.coupons.rows import CouponRow, CouponUseRow, UseRow
from engagement.coupons.rules import SeriesTerms
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.numbers import plain_digits
from organizations.locations.payloads import printed_name


def coupon_of_profile(coupon: CouponRow, zone: ZoneInfo, *, with_offer: bool = False) -> dict[str, Any]:
    """A coupon of customer/get. `with_offer` adds the terms of its series."""
    printed = {
        "id": str(coupon.pk),
        "series_id": str(coupon.series_id),
        "code": coupon.code,
        "description": coupon.terms.description,
        "created_date": write_moment(coupon.issued_at, zone),
        "valid_till": write_moment(coupon.valid_till, zone),
        "redeemed": _flag(coupon.uses > 0),
        "same_user_multiple_redeem": _flag(coupon.most_uses != 1),
    }
    return {**printed, "offer": offer_of(coupon.terms)} if with_offer else printed


def offer_of(terms: SeriesTerms) -> dict[str, str]:
    """The terms of a series."""
    return {
        "discount_type": terms.discount_type,
        "discount_value": plain_digits(terms.discount_value),
        "discount_code": terms.discount_code,
        "discount_upto": plain_digits(terms.max_discount or Decimal(0)),
        "min_bill_amount": plain_digits(terms.min_bill_amount or Decimal(0)),
        "redemptions_per_coupon": str(terms.redemptions_per_coupon or 0),
    }


def listed_coupon(coupon: CouponRow, zone: ZoneInfo) -> dict[str, Any]:
    """A coupon of customer/coupons."""
    return {
        "id": str(coupon.pk),
        "series_id": str(coupon.series_id),
        "series_name": coupon.terms.name,
        "redemption_count": coupon.uses,
        "created_date": _iso(coupon.issued_at),
        "valid_till": write_moment(coupon.valid_till, zone),
        "code": coupon.code,
        "transaction_number": coupon.transaction_number or None,
        **({"issued_at": printed_name(coupon.till)} if coupon.till else {}),
        "purpose": coupon.terms.description,
        "custom_properties": {"custom_property": _properties(coupon.terms.custom_properties)},
        "redemptions": {"redemption": [_use(use) for use in coupon.redemptions]} if coupon.redemptions else {},
    }


def coupon_redemption(use: CouponUseRow, zone: ZoneInfo) -> dict[str, Any]:
    """A `coupon` of customer/redemptions."""
    return {
        **redeemed_coupon(use),
        "transaction_number": use.transaction_number,
        "redeemed_time": write_moment(use.redeemed_at, zone),
        "redeemed_at": use.till.code if use.till else "",
    }


def redeemed_coupon(use: CouponUseRow) -> dict[str, Any]:
    """A coupon that was redeemed with a bill, by the id of the redemption."""
    return {
        "id": str(use.pk),
        "code": use.code,
        "series_id": str(use.series_id),
        "description": use.terms.description,
        "discount_code": use.terms.discount_code,
        "discount_type": use.terms.discount_type,
    }


def coupon_effect(coupon: Coupon, terms: SeriesTerms, *, zone: ZoneInfo) -> dict[str, Any]:
    """The effect of a coupon that the customer got (docs/protocol.md 3)."""
    return {
        "type": "coupon",
        "coupon_code": coupon.code,
        "description": terms.description,
        "coupon_type": str(terms.discount_type),
        "discount_code": terms.discount_code,
        "discount_value": plain_digits(terms.discount_value),
        "valid_till": write_moment(coupon.valid_till, zone),
        "id": str(coupon.pk),
    }


def _use(use: UseRow) -> dict[str, Any]:
    return {
        "id": str(use.pk),
        "date": _iso(use.redeemed_at),
        "transaction_number": use.transaction_number,
        "redeemed_at": printed_name(use.till),
    }


def _properties(properties: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"name": name, "value": _text(value)} for name, value in sorted(properties.items())]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _flag(value)
    return value if isinstance(value, str) else plain_digits(Decimal(str(value)))


def _flag(value: bool) -> str:  # noqa: FBT001 - a value to be printed
    return "true" if value else "false"


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
