"""Answers of the tills' calls about points: pure functions from results to objects (docs/protocol.md, tills' part 4)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from customers.api.echoes import LONGEST_ECHO
from engagement.redemptions.codes import PointsCode
from engagement.redemptions.redeeming import Redeemable, Redeemed
from engagement.redemptions.reversing import Reversed
from loyalty_project.api.plain import plain_warnings
from loyalty_project.protocol.numbers import plain_digits, read_plain
from loyalty_project.protocol.values import Item

NO_BILL: Final = -1
_LONGEST_NUMBER: Final = 40
Identity = Mapping[str, Any]


def redeemable_points(identifiers: Identity, redeemable: Redeemable, *, is_money: bool) -> dict[str, Any]:
    """The answer of isredeemable (tills' part 4.1)."""
    return {
        **identifiers,
        "points": redeemable.points,
        "is_redeemable": "true",
        "points_redeem_value": redeemable.value,
        "points_redeem_local_value": redeemable.value,
        "input_type": _input_type(is_money=is_money),
        "points_currency_ratio": plain_digits(redeemable.ratio),
    }


def refused_question(identifiers: Identity, asked: str, *, is_money: bool) -> dict[str, Any]:
    """The answer of isredeemable without its status, if the points may not be redeemed: the points as asked for."""
    return {
        **identifiers,
        "points": printed_number(asked),
        "is_redeemable": "false",
        "points_redeem_value": 0,
        "points_redeem_local_value": 0,
        "input_type": _input_type(is_money=is_money),
        "points_currency_ratio": "0",
    }


def validation_code(identity: Identity, points: Decimal | int) -> dict[str, Any]:
    """The answer of validationcode; the code itself is never part of it (tills' part 4.2)."""
    return {**identity, "points": points}


def redeemed_points(identity: Identity, redeemed: Redeemed) -> dict[str, Any]:
    """The answer of redeem, with its only effect (tills' part 4.3)."""
    redemption = redeemed.redemption
    effect = {
        "id": redemption.pk,
        "case_value": "false",
        "num_points": redemption.points,
        "currency_value": redeemed.value,
        "validation_code": redemption.validation_code,
        "points_redemption_summary_id": str(redemption.pk),
        "redeemed_on_bill_number": redemption.transaction_number,
        "redeemed_on_bill_id": NO_BILL if redeemed.bill_id is None else redeemed.bill_id,
        "type": "points",
    }
    return {
        **identity,
        "redemption_id": redemption.code,
        "points_redeemed": plain_digits(redemption.points),
        "redemption_purpose": redemption.purpose,
        "redeemed_value": redeemed.value,
        "redeemed_local_value": redeemed.value,
        "balance": redeemed.balance,
        "side_effects": {"effect": [effect]},
    }


def refused_redemption(identity: Identity, item: Item) -> dict[str, Any]:
    """The answer of redeem without its status, if nothing was redeemed: what was sent, no redemption and no balance."""
    return {
        **identity,
        "points_redeemed": _echo(item, "points_redeemed"),
        "redemption_purpose": _echo(item, "redemption_purpose"),
        "redeemed_value": 0,
        "redeemed_local_value": 0,
        "side_effects": {"effect": []},
    }


def reversed_points(identity: Identity, reversed_: Reversed) -> dict[str, Any]:
    """The answer of reverse (tills' part 4.4)."""
    return {
        **identity,
        "redemption_id": reversed_.redemption.code,
        "reversal_id": str(reversed_.reversal.pk),
        "points_reversed": plain_digits(reversed_.reversal.points),
        "balance": reversed_.balance,
    }


def refused_reversal(identity: Identity, item: Item) -> dict[str, Any]:
    """The answer of reverse without its status, if nothing was reversed."""
    return {
        **identity,
        "redemption_id": _echo(item, "redemption_id"),
        "reversal_id": None,
        "points_reversed": "0",
        "balance": None,
    }


def printed_number(text: str) -> Decimal | int:
    """A number that a call sent; 0 for other text, and for a number of more than 40 characters."""
    return (read_plain(text.strip()) if len(text) <= _LONGEST_NUMBER else None) or 0


def _input_type(*, is_money: bool) -> str:
    return "currency" if is_money else "points"


def _echo(item: Item, key: str) -> str:
    value = item.get(key)
    return value.strip()[:LONGEST_ECHO] if isinstance(value, str) else ""


def plainly_reversed(organization_id: int, identifier: Mapping[str, str], done: Reversed) -> dict[str, Any]:
    """The answer of /v2/points/reverse without its errors and warnings. `identifier` is as sent."""
    return {
        "orgId": organization_id,
        "identifier": identifier,
        "customerId": done.customer_id,
        "redemptionId": done.redemption.code,
        "reversalId": done.reversal.pk,
        "pointsToBeReversed": done.reversal.points,
        "pointsReversed": done.reversal.points,
        "pointsReversedDetails": {"available": done.available, "expired": done.lapsed},
    }


def refused_plain_reversal(organization_id: int, identifier: Mapping[str, str], item: Item) -> dict[str, Any]:
    """The answer of /v2/points/reverse without its errors and warnings, if nothing was reversed."""
    return {
        "orgId": organization_id,
        "identifier": identifier,
        "customerId": None,
        "redemptionId": _echo(item, "redemptionId"),
        "reversalId": None,
        "pointsToBeReversed": printed_number(_echo(item, "pointsToBeReversed")),
        "pointsReversed": 0,
        "pointsReversedDetails": {"available": 0, "expired": 0},
    }


def plain_answer(body: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of /v2 from an item with its status: warnings and errors by code and message."""
    status = body["item_status"]
    refusal = {"code": int(status["code"]), "message": status["message"]}
    return {
        **{key: value for key, value in body.items() if key != "item_status"},
        "warnings": plain_warnings(status, PointsCode),
        "errors": [] if status["success"] == "true" else [refusal],
    }
