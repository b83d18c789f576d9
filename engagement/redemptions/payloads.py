"""Redemptions as printed: pure functions from rows to the objects of docs/protocol.md 4.7."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from customers.profile.reading import CustomerRow
from engagement.coupons.payloads import coupon_redemption
from engagement.coupons.rows import CouponUsePage
from engagement.redemptions.rows import RedemptionPage, RedemptionQuery, RedemptionRow, ReversalRow
from loyalty_project.protocol.moments import write_moment
from organizations.locations.payloads import printed_name

NO_BILL = "-1"
NO_TILL = -1


def customer_with_redemptions(
    customer: CustomerRow,
    page: RedemptionPage,
    coupons: CouponUsePage | None,
    asked: RedemptionQuery,
    *,
    identifiers: Mapping[str, Any],
    groups: Sequence[Mapping[str, str]],
    zone: ZoneInfo,
) -> dict[str, Any]:
    """The customer of `redemptions`. `coupons` is None if that kind was not asked for."""
    used = [coupon_redemption(use, zone) for use in coupons.redemptions] if coupons else []
    points = [points_redemption(row, by_program=asked.by_program, zone=zone) for row in page.redemptions]
    return {
        "mobile": identifiers.get("mobile"),
        "email": identifiers.get("email"),
        "external_id": identifiers.get("external_id"),
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        **({"user_id": str(customer.pk)} if asked.with_user_id else {}),
        "user_groups2": list(groups),
        "rows": asked.rows,
        "coupons_count": coupons.count if coupons else None,
        "points_count": page.count if asked.points else None,
        "coupons_start_id": coupons.redemptions[0].pk if coupons and coupons.redemptions else "",
        "points_start_id": page.redemptions[0].pk if page.redemptions else "",
        "redemptions": {"coupons": {"coupon": used}, "points": {"point": points}},
    }


def points_redemption(redemption: RedemptionRow, *, by_program: bool, zone: ZoneInfo) -> dict[str, Any]:
    """A `point`. `by_program` adds the breakups; they have one program, since a redemption is from one program."""
    return {
        "id": redemption.pk,
        "program_id": redemption.program_id,
        "points_redeemed": redemption.points,
        "transaction_number": redemption.transaction_number,
        "bill_id": NO_BILL if redemption.bill_id is None else str(redemption.bill_id),
        "validation_code": redemption.validation_code,
        "redeemed_time": write_moment(redemption.redeemed_at, zone),
        "redeemed_at": redemption.till.code if redemption.till else "",
        "redemption_purpose": redemption.purpose,
        "notes": redemption.note,
        "external_reference_number": redemption.reference,
        "redemption_id": redemption.code,
        "redeemed_store": printed_name(redemption.store),
        "redeemed_till": printed_name(redemption.till),
        "custom_fields": {"field": list(redemption.custom_fields)},
        "reversals": [_reversal(reversal, redemption, by_program=by_program, zone=zone) for reversal in redemption.reversals],
        "redemption_breakup_by_program": _breakup("points_redeemed", redemption.points, redemption) if by_program else [],
    }


def _reversal(reversal: ReversalRow, redemption: RedemptionRow, *, by_program: bool, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "reversal_id": reversal.pk,
        "points_reversed": reversal.points,
        "reversal_time": write_moment(reversal.reversed_at, zone),
        "reversed_on_till_id": NO_TILL if reversal.till_id is None else reversal.till_id,
        "reversal_breakup_by_program": _breakup("points_reversed", reversal.points, redemption) if by_program else [],
    }


def _breakup(name: str, points: Decimal, redemption: RedemptionRow) -> list[dict[str, Any]]:
    return [{"program_id": redemption.program_id, name: points, "program_name": redemption.program_name}]
