"""Redemptions as printed: pure functions from rows to the objects of docs/protocol.md 4.7."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from customers.registration.state import CustomerState
from engagement.programs.models import Program
from engagement.redemptions.history import RedemptionPage
from engagement.redemptions.models import Redemption, RedemptionReversal
from loyalty_project.protocol.moments import write_moment
from organizations.locations.payloads import location

NO_BILL = "-1"
NO_TILL = -1


def customer_with_redemptions(
    person: CustomerState,
    page: RedemptionPage | None,
    points: Sequence[Mapping[str, Any]],
    *,
    groups: Sequence[Mapping[str, str]],
    coupons_count: int | None,
    limit: int,
    with_user_id: bool,
) -> dict[str, Any]:
    """The customer of `redemptions`. `page` is None without points in the request, `coupons_count` without coupons."""
    customer = person.customer
    user_id = {"user_id": str(customer.pk)} if with_user_id else {}
    return {
        "mobile": person.identifiers.get("mobile"),
        "email": person.identifiers.get("email"),
        "external_id": person.identifiers.get("external_id"),
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        **user_id,
        "user_groups2": list(groups),
        "rows": limit,
        "coupons_count": coupons_count,
        "points_count": page.count if page else None,
        "coupons_start_id": "",
        "points_start_id": page.redemptions[0].pk if page and page.redemptions else "",
        "redemptions": {"coupons": {"coupon": []}, "points": {"point": list(points)}},
    }


def points_redemption(
    redemption: Redemption, reversals: Sequence[RedemptionReversal], *, by_program: bool, zone: ZoneInfo
) -> dict[str, Any]:
    """A `point`. `by_program` adds the breakups; they have one program, since a redemption is from one program."""
    entry, program = redemption.entry, redemption.account.program
    return {
        "id": redemption.pk,
        "program_id": program.pk,
        "points_redeemed": redemption.points,
        "transaction_number": redemption.transaction_number,
        "bill_id": NO_BILL if redemption.bill_id is None else str(redemption.bill_id),
        "validation_code": redemption.validation_code,
        "redeemed_time": write_moment(entry.occurred_at, zone),
        "redeemed_at": entry.till.code if entry.till else "",
        "redemption_purpose": redemption.purpose,
        "notes": entry.note,
        "external_reference_number": entry.reference,
        "redemption_id": redemption.code,
        "redeemed_store": location(entry.store),
        "redeemed_till": location(entry.till),
        "custom_fields": {"field": list(redemption.custom_fields)},
        "reversals": [_reversal(reversal, program, by_program=by_program, zone=zone) for reversal in reversals],
        "redemption_breakup_by_program": _breakup("points_redeemed", redemption.points, program) if by_program else [],
    }


def _reversal(reversal: RedemptionReversal, program: Program, *, by_program: bool, zone: ZoneInfo) -> dict[str, Any]:
    till_id = reversal.entry.till_id
    return {
        "reversal_id": reversal.pk,
        "points_reversed": reversal.points,
        "reversal_time": write_moment(reversal.entry.occurred_at, zone),
        "reversed_on_till_id": NO_TILL if till_id is None else till_id,
        "reversal_breakup_by_program": _breakup("points_reversed", reversal.points, program) if by_program else [],
    }


def _breakup(name: str, points: Decimal, program: Program) -> list[dict[str, Any]]:
    return [{"program_id": program.pk, name: points, "program_name": program.name}]
