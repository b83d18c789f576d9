"""Answers to tills about coupons: pure functions (docs/protocol.md, tills' part 5)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from engagement.coupons.models import Coupon, CouponRedemption
from engagement.coupons.rules import DiscountType, SeriesTerms
from loyalty_project.protocol.numbers import plain_digits

Body = dict[str, Any]
Texts = Mapping[str, str]

UNLIMITED: Final = -1
# What a value is without a limit, and without anything to print.
NO_LIMIT: Final = "0"
ON_BILL: Final = "BILL"
# A failed item has at least these keys: clients read them before they look at its status.
FAILED_USE: Final[Body] = {
    "customer": {"mobile": "", "email": "", "external_id": ""},
    "code": "",
    "discount_code": "",
    "series_code": "",
    "series_info": [],
    "is_absolute": "false",
    "coupon_value": "",
    "transaction": {"amount": "0.00", "number": ""},
    "side_effects": {"effect": []},
}
FAILED_ISSUE: Final[Body] = {
    "code": "",
    "series_id": "",
    "description": "",
    "discount_code": "",
    "valid_till": "",
    "discount_type": "",
    "discount_value": "",
    "discount_upto": NO_LIMIT,
    "discount_on": ON_BILL,
    "detailed_info": "",
    "customer": {"mobile": "", "email": "", "external_id": ""},
}
FAILED_REACTIVATION: Final[Body] = {"redemptionId": "", "code": "", "redemptions_left": 0}
_TYPES: Final[Mapping[DiscountType, str]] = {DiscountType.FLAT: "ABS", DiscountType.PERC: "PERC"}
_MONEY: Final = Decimal("0.01")


def printed_customer(identifiers: Texts, *, user_id: int | None = None) -> Body:
    """The customer of a coupon by `identifiers`, those that were sent for an unknown one. `user_id` only if it is asked for."""
    known = {key: identifiers.get(key, "") for key in ("mobile", "email", "external_id")}
    others = {key: value for key, value in identifiers.items() if key not in known}
    return {**known, **others, **({"user_id": str(user_id)} if user_id is not None else {})}


def asked_coupon(
    *,
    code: str,
    identifiers: Texts,
    coupon: Coupon | None,
    terms: SeriesTerms | None,
    uses_left: int | None,
    is_own: bool,
    is_redeemable: bool,
) -> Body:
    """Answer to the question whether a coupon may be redeemed, None for an unknown one.

    `uses_left` None: unlimited. Uses of another customer are not counted (`is_own`).
    """
    return {
        "mobile": identifiers.get("mobile", ""),
        "code": code,
        "is_redeemable": _flag(is_redeemable),
        "redemptions_left": _left(uses_left),
        "no_of_redemptions_by_user": coupon.uses if coupon and is_own else 0,
        "coupon_value": plain_digits(terms.discount_value) if terms else "",
        "customer": printed_customer(identifiers),
    }


def series_info(coupon: Coupon, terms: SeriesTerms, zone: ZoneInfo, *, is_extended: bool) -> Body:
    """The terms of a coupon; `is_extended` adds limits, and products and categories, which are always empty."""
    last_day = _last_day(coupon, zone)
    info: Body = {
        "id": str(coupon.series_id),
        "description": terms.description,
        "discount_code": terms.discount_code,
        "valid_till": last_day,
        "discount_type": _TYPES[terms.discount_type],
        "discount_value": plain_digits(terms.discount_value),
        "discount_on": ON_BILL,
        "detailed_info": "",
    }
    if is_extended:
        info |= {
            "min_bill_amount": _limit(terms.min_bill_amount),
            "max_bill_amount": NO_LIMIT,
            "redemptions_per_coupon": str(coupon.most_uses or NO_LIMIT),
            "valid_till_date": last_day,
            "series_code": str(coupon.series_id),
            "series_type": "",
            "tag": "",
            "discount_upto": _limit(terms.max_discount),
            "same_user_multiple_redeem": _flag(coupon.most_uses != 1),
            "any_user": _flag(coupon.customer_id is None),
            "productInfo": [],
            "products": {"product": []},
            "categories": None,
        }
    return info


def used_coupon(redemption: CouponRedemption, terms: SeriesTerms, identifiers: Texts) -> Body:
    """A redemption of a coupon."""
    coupon = redemption.coupon
    return {
        "customer": printed_customer(identifiers),
        "redemptionId": str(redemption.pk),
        "code": coupon.code,
        "discount_code": terms.discount_code,
        "series_code": str(coupon.series_id),
        "series_info": [],
        "is_absolute": _flag(terms.discount_type is DiscountType.FLAT),
        "coupon_value": plain_digits(terms.discount_value),
        "transaction": {"amount": _money(redemption.amount), "number": redemption.transaction_number},
        "side_effects": {"effect": []},
    }


def issued_coupon(coupon: Coupon, terms: SeriesTerms, customer: Body, zone: ZoneInfo) -> Body:
    """A coupon that was issued."""
    return {
        "code": coupon.code,
        "series_id": str(coupon.series_id),
        "description": terms.description,
        "discount_code": terms.discount_code,
        "valid_till": _last_day(coupon, zone),
        "discount_type": _TYPES[terms.discount_type],
        "discount_value": plain_digits(terms.discount_value),
        "discount_upto": _limit(terms.max_discount),
        "discount_on": ON_BILL,
        "detailed_info": "",
        "customer": customer,
    }


def reactivated_coupon(redemption: CouponRedemption, coupon: Coupon, uses_left: int | None) -> Body:
    """A coupon whose redemption was taken back."""
    return {"redemptionId": str(redemption.pk), "code": coupon.code, "redemptions_left": _left(uses_left)}


def failed_use(*, code: str, number: str, references: Texts) -> Body:
    """A redemption that was refused, as it was asked for."""
    transaction = {**FAILED_USE["transaction"], "number": number}
    return {**FAILED_USE, "customer": printed_customer(references), "code": code, "transaction": transaction}


def failed_issue(*, series: str, references: Texts) -> Body:
    """A coupon that was not issued, as it was asked for."""
    return {**FAILED_ISSUE, "series_id": series, "customer": printed_customer(references)}


def _last_day(coupon: Coupon, zone: ZoneInfo) -> str:
    return coupon.valid_till.astimezone(zone).date().isoformat()


def _left(uses_left: int | None) -> int:
    return UNLIMITED if uses_left is None else uses_left


def _limit(value: Decimal | None) -> str:
    return NO_LIMIT if value is None else plain_digits(value)


def _money(value: Decimal | None) -> str:
    """Two decimals, three if the third is not 0: what currencies of three decimals have."""
    amount = value or Decimal(0)
    return f"{amount:.2f}" if amount == amount.quantize(_MONEY) else f"{amount:.3f}"


def _flag(value: bool) -> str:  # noqa: FBT001 - a value to be printed
    return "true" if value else "false"
