"""Descriptions of the tills' calls about points (docs/protocol.md, tills' part 4)."""

from typing import Any, Final

from engagement.redemptions.codes import PointsCode
from loyalty_project.openapi.common import FIELDS, IDENTITY, REFERENCES, TILL_ITEM_STATUS, choice, flag, plain
from loyalty_project.openapi.operations import Operation, codes_of
from loyalty_project.openapi.plain import PlainOperation
from loyalty_project.openapi.shapes import Properties, container, either, number, record, rows, text

_REFERENCES: Final = (
    plain("id", "The customer's id. Of several references the first in this order counts; without any the call is 400."),
    *(plain(name, meaning) for name, meaning in REFERENCES.items() if name != "id"),
)
_PROGRAM: Final = plain("program_id", "A program by its `external_id` or our id; blank or 0: the till's, else the default one.")
_OPTIONS: Final = (
    _PROGRAM,
    flag("skip_validation", "No validation code is needed, if the organization allows it."),
    choice("validation_type", "How the customer confirms; MISSED_CALL is refused.", "SMS", "MISSED_CALL", "INVALID"),
    plain("user_group2_id", "Any parameter that begins with `user_group2_` is refused: 828."),
    flag("use_default_user_group2", "Refused: 828."),
)
_CUSTOMER: Final = record(
    "References to the customer: the id, the primary identifier and the others, in this order.",
    id=text(),
    user_id=text("The same as `id`."),
    mobile=text(),
    email=text(),
    external_id=text(),
    card_number=text(),
    card_external_id=text(),
    card_details=record(card_number=text()),
)
_WHO: Final[Properties] = {**IDENTITY, "user_id": text("Null if unknown.", nullable=True)}
_POINTS: Final = either("string", "number", meaning="Above 0.")
_TILL: Final = text("Code or id of the till, for API clients.")
# Warnings of any write; the last two only of API clients.
_OF_WRITES: Final = (400, 91009, 91020, 91021)

IS_REDEEMABLE: Final = Operation(
    section="Tills 4.1",
    summary="Ask if points can be redeemed",
    parameters=(
        *_REFERENCES,
        plain("points", "The points; without any amount the call is 400."),
        flag("currency_input", "The amount is money, rounded up to points."),
        plain("currency_value", "The money; `points` by default."),
        flag("issue_otp", "If the points can be redeemed, a validation code is sent."),
        plain("validation_code", "Is checked and not used up."),
        *_OPTIONS,
        flag("group_redemption", "Ignored."),
    ),
    answer={
        "points": record(
            redeemable=record(
                "If refused: the points as asked for, and values of 0.",
                required=("is_redeemable", *TILL_ITEM_STATUS),
                **IDENTITY,
                points=number(),
                is_redeemable=text(choices=("true", "false")),
                points_redeem_value=number("Their worth in money."),
                points_redeem_local_value=number("The same."),
                input_type=text(choices=("points", "currency")),
                points_currency_ratio=text("The worth of a point."),
                **TILL_ITEM_STATUS,
            )
        )
    },
    codes=codes_of(PointsCode,
        400, 521, 800, 801, 802, 807, 808, 809, 816, 818, 819, 821, 823, 828, 876, 878, 881, 895, 1101, 3045, 91009,
    ),
)  # fmt: skip
VALIDATION_CODE: Final = Operation(
    section="Tills 4.2",
    summary="Send a one-time code",
    parameters=(*_REFERENCES, plain("points", "The points that the code confirms at most; without them the call is 400.")),
    answer={
        "validation_code": record(
            code=record(
                "The code itself is never part of an answer.",
                required=tuple(TILL_ITEM_STATUS),
                **_WHO,
                points=number(),
                **TILL_ITEM_STATUS,
            )
        )
    },
    codes=codes_of(PointsCode, 200, 400, 521, 801, 802, 809, 816, 860, 881, 3045, 91009),
)
REDEEM: Final = Operation(
    section="Tills 4.3",
    summary="Redeem points",
    parameters=_OPTIONS,
    body=record(
        required=("redeem",),
        redeem=rows(
            record(
                required=("points_redeemed", "customer"),
                points_redeemed=_POINTS,
                customer=_CUSTOMER,
                transaction_number=text("Number of the bill, or its id."),
                validation_code=text(),
                external_reference_number=text("Sent again, the first answer is repeated."),
                redemption_time=text("YYYY-MM-DD HH:MM:SS; now by default."),
                redemption_purpose=text("At most 250 characters."),
                notes=text("At most 250 characters."),
                custom_fields=FIELDS,
                till_id=_TILL,
            ),
            "One item.",
        ),
    ),
    answer={
        "responses": record(
            points=record(
                "A refused item has the customer, what was sent, values of 0 and no effects.",
                required=tuple(TILL_ITEM_STATUS),
                **_WHO,
                redemption_id=text("Six letters or digits, case-sensitive."),
                points_redeemed=text(),
                redemption_purpose=text(),
                redeemed_value=number("Their worth in money."),
                redeemed_local_value=number("The same."),
                balance=number("Points that can be redeemed afterwards."),
                side_effects=container(
                    "effect",
                    record(
                        id={"type": "integer"},
                        case_value=text(),
                        num_points=number(),
                        currency_value=number(),
                        validation_code=text("The code that was used, or blank."),
                        points_redemption_summary_id=text(),
                        redeemed_on_bill_number=text(),
                        redeemed_on_bill_id={"type": "integer", "description": "-1: no bill is known."},
                        type=text(),
                    ),
                ),
                **TILL_ITEM_STATUS,
            )
        )
    },
    codes=codes_of(PointsCode,
        *_OF_WRITES, 521, 800, 801, 802, 807, 808, 809, 816, 818, 819, 821, 823, 824, 828, 859, 873, 878, 881, 895, 903,
        1101, 3045,
    ),
)  # fmt: skip
REVERSE: Final = Operation(
    section="Tills 4.4",
    summary="Reverse a redemption of points",
    body=record(
        required=("reverse",),
        reverse=rows(
            record(
                redemption_id=text("Code or id of the redemption."),
                transaction_number=text("In its place: the bill with the customer's only redemption."),
                points=_POINTS,
                customer=_CUSTOMER,
                external_reference_number=text("Sent again, the first answer is repeated."),
                notes=text("At most 250 characters."),
                till_id=_TILL,
            ),
            "One item.",
        ),
    ),
    answer={
        "responses": record(
            points=record(
                "A refused item has the customer and what was sent.",
                required=tuple(TILL_ITEM_STATUS),
                **_WHO,
                redemption_id=text(),
                reversal_id=text(nullable=True),
                points_reversed=text(),
                balance=number(nullable=True),
                **TILL_ITEM_STATUS,
            )
        )
    },
    codes=codes_of(PointsCode, *_OF_WRITES, 521, 800, 801, 802, 810, 812, 814, 816, 878, 901, 902, 903, 904, 905),
)

_MESSAGES: Final = rows(record(required=("code", "message"), code={"type": "integer"}, message=text()))
_REVERSED: Final[Properties] = {
    "orgId": {"type": "integer"},
    "identifier": record(type=text(), value=text()),
    "customerId": either("integer", "null"),
    "redemptionId": text(),
    "reversalId": either("integer", "null"),
    "pointsToBeReversed": number(),
    "pointsReversed": number(),
    "pointsReversedDetails": record(available=number(), expired=number("Their expiry has passed meanwhile.")),
}


REVERSE_PLAIN: Final = PlainOperation(
    path="/v2/points/reverse",
    name="post_points_reverse_v2",
    tag="points",
    summary="Reverse a redemption of points, in plain JSON",
    section="Tills 4.4",
    body=record(
        required=("redemptionId",),
        redemptionId=text(),
        pointsToBeReversed=either("number", "string", meaning="All that are left by default."),
        identifier=record(type=text("mobile, email, externalId or id."), value=either("string", "integer")),
    ),
    answer=record(required=(*_REVERSED, "warnings", "errors"), **_REVERSED, warnings=_MESSAGES, errors=_MESSAGES),
    done="The points are back.",
    refusal=record(required=("errors",), errors=_MESSAGES),
    refused="The reversal is refused; `errors` has a code of points/reverse.",
)


def add_plain_path(result: dict[str, Any], **_context: object) -> dict[str, Any]:
    """Hook of drf-spectacular: the document with the call of version 2, which has no envelope."""
    return REVERSE_PLAIN.add_to(result)
