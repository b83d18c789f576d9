"""Descriptions of the calls about coupons (docs/protocol.md, tills' part 5)."""

from collections.abc import Sequence
from typing import Any, Final

from engagement.coupons.codes import CouponCode
from loyalty_project.openapi.common import REFERENCES, TILL_ITEM_STATUS, choice, flag, plain
from loyalty_project.openapi.operations import Operation, Parameter
from loyalty_project.openapi.plain import PlainOperation
from loyalty_project.openapi.shapes import Properties, Schema, container, either, one_or_many, record, rows, text
from loyalty_project.protocol.codes import Code

_TRUTH: Final = ("true", "false")
_PARAMETERS: Final[Sequence[Parameter]] = tuple(plain(name, meaning) for name, meaning in REFERENCES.items())
_SENT_REFERENCES: Final[Properties] = {name: text(meaning) for name, meaning in REFERENCES.items()}
_SENT_CUSTOMER: Final = record(
    "The customer, by one or several references.",
    **_SENT_REFERENCES,
    card_details=record(card_number=text("The same as `card_number`.")),
)
_TILL: Final[Properties] = {"till_id": text("Of API clients: the till, by code or id; unknown: warning 91020.")}
_KNOWN_BY: Final[Properties] = {
    "mobile": text('"" without one.'),
    "email": text('"" without one.'),
    "external_id": text('"" without one.'),
}
_CUSTOMER: Final = record("A failed item also has the other references that were sent.", required=tuple(_KNOWN_BY), **_KNOWN_BY)
_ISSUED_TO: Final = record(
    "A failed item also has the other references that were sent.",
    required=tuple(_KNOWN_BY),
    **_KNOWN_BY,
    user_id=text("With `user_id=true`."),
)
# Beside the noun's own: of any item of a body.
_WARNINGS: Final = (
    Code.INVALID_INPUT,
    Code.SURVIVOR_RETRIEVED,
    Code.INVALID_REGISTRATION_TILL,
    Code.INVALID_ATTRIBUTION_TILL,
)
_LEFT: Final[Schema] = {"type": "integer", "description": "Redemptions that are left; -1 is unlimited."}
_TERMS: Final[Properties] = {
    "description": text(),
    "discount_code": text(),
    "valid_till": text("The last day, YYYY-MM-DD."),
    "discount_type": text("ABS is an amount of money."),
    "discount_value": text(),
    "discount_on": text(choices=("BILL",)),
    "detailed_info": text('Always "".'),
}
_EXTENDED: Final[Properties] = {
    "min_bill_amount": text('"0" without one.'),
    "max_bill_amount": text('Always "0".'),
    "redemptions_per_coupon": text('"0" is unlimited.'),
    "valid_till_date": text("The same as `valid_till`."),
    "series_code": text("The id of the series."),
    "series_type": text('Always "".'),
    "tag": text('Always "".'),
    "discount_upto": text('The most that is taken off; "0" without a limit.'),
    "same_user_multiple_redeem": text(choices=_TRUTH),
    "any_user": text('"true" for a printed code that nobody has used.', choices=_TRUTH),
    "productInfo": {"type": "array", "items": {}, "description": "Always empty."},
    "products": container("product", {}, "Always empty."),
    "categories": {"type": "null"},
}
_STATUS_TWICE: Final = record(
    "The outcome.",
    required=("success", "status", "code", "message", "warnings"),
    success=text(choices=_TRUTH),
    status=text("The same as `success`.", choices=_TRUTH),
    code={"type": "integer", "description": "700, or the code of the refusal."},
    message=text(),
    warnings=container("warning", text()),
)
_USE_CODES: Final = (
    CouponCode.NO_USES_LEFT,
    CouponCode.DONE,
    CouponCode.CUSTOMER_NOT_FOUND,
    CouponCode.OTHER_CUSTOMERS,
    CouponCode.ALREADY_REDEEMED,
    CouponCode.SERIES_EXPIRED,
    CouponCode.EXPIRED,
    CouponCode.BILL_REFUSED,
    CouponCode.UNKNOWN_CODE,
    CouponCode.NOT_CREATED,
    CouponCode.INVALID_AMOUNT,
    CouponCode.OTHER_STORE,
    CouponCode.REDEMPTION_BY_FRAUD,
    CouponCode.BLOCKED_BY_STATUS,
)
_BILL: Final = "718 says which: the transaction number is missing, or the amount is below the minimum of the coupon."
IS_REDEEMABLE: Final = Operation(
    section="Tills 5.1",
    summary="Ask if a coupon can be redeemed",
    details=f"Nothing is written. A coupon that cannot be redeemed is a failed item: `status.code` is 500. {_BILL}",
    parameters=(
        *_PARAMETERS,
        plain("code", "The coupon, in any case; without it the call is 400."),
        plain("amount", "Of the bill: checked against the minimum of the coupon."),
        choice("details", "Adds `series_info`.", "true", "extended"),
        choice("coupon_code_case", "How the answer writes the code.", "UPPER", "LOWER", "AS_IT_IS"),
    ),
    answer={
        "coupons": record(
            required=("redeemable",),
            redeemable=record(
                required=(
                    "mobile",
                    "code",
                    "is_redeemable",
                    "redemptions_left",
                    "no_of_redemptions_by_user",
                    "coupon_value",
                    "customer",
                    "item_status",
                ),
                mobile=text(),
                code=text(),
                is_redeemable=text(choices=_TRUTH),
                redemptions_left=_LEFT,
                no_of_redemptions_by_user={"type": "integer"},
                coupon_value=text('The discount; "" of an unknown coupon.'),
                customer=_CUSTOMER,
                series_info=record(
                    "With `details`, of a known coupon.",
                    required=("id", *_TERMS),
                    id=text("Of the series."),
                    **_TERMS,
                    **_EXTENDED,
                ),
                item_status=_STATUS_TWICE,
            ),
        )
    },
    codes=(*_USE_CODES, Code.SURVIVOR_RETRIEVED),
)
REDEEM: Final = Operation(
    section="Tills 5.2",
    summary="Redeem a coupon",
    details=_BILL,
    parameters=tuple(plain(name, f"{meaning} Counts if the body names no customer.") for name, meaning in REFERENCES.items()),
    body=record(
        required=("coupon",),
        coupon=one_or_many(
            record(
                code=text("In any case; this or `id`."),
                id=text("The id of the coupon."),
                customer=_SENT_CUSTOMER,
                transaction=one_or_many(
                    record(
                        number=text("The bill's number or its id; at most 100 characters."),
                        amount=either("string", "number"),
                        discount=either("string", "number", meaning="That the till gives."),
                    ),
                    "The first one counts.",
                ),
                redemption_time=text("YYYY-MM-DD HH:MM:SS; now by default."),
                custom_fields=record(field=rows(record(name=text(), value=text()))),
                **_TILL,
            ),
            "One item.",
        ),
    ),
    answer={
        "coupons": record(
            required=("coupon",),
            coupon=record(
                required=(
                    "customer",
                    "code",
                    "discount_code",
                    "series_code",
                    "series_info",
                    "is_absolute",
                    "coupon_value",
                    "transaction",
                    "side_effects",
                    "item_status",
                ),
                customer=_CUSTOMER,
                redemptionId=text("Not of a failed item."),
                code=text(),
                discount_code=text(),
                series_code=text("The id of the series."),
                series_info={"type": "array", "items": {}, "description": "Always empty."},
                is_absolute=text('"true": the value is money. "false" of a failed item.', choices=_TRUTH),
                coupon_value=text(),
                transaction=record(amount=text("With two decimals.", example="250.00"), number=text()),
                side_effects=container("effect", {}, "Always empty."),
                **TILL_ITEM_STATUS,
            ),
        )
    },
    codes=(*_USE_CODES, CouponCode.INVALID_CODE, CouponCode.FAILED, CouponCode.INVALID_TIME, *_WARNINGS),
)
ISSUE: Final = Operation(
    section="Tills 5.3",
    summary="Issue coupons",
    parameters=(flag("user_id", "Adds `customer.user_id`."),),
    body=record(
        required=("coupon",),
        coupon=one_or_many(
            record(
                series_id=text("The external id of a series, our own id, or its code, tried in this order."),
                id=text("The same as `series_id`."),
                customer=_SENT_CUSTOMER,
                external_reference_number=text("At most 100 characters: sent again, it gets the same coupon."),
                **_TILL,
            )
        ),
    ),
    answer={
        "coupon": one_or_many(
            record(
                "A failed item has the series as sent; its other texts are blank.",
                required=(
                    "code",
                    "series_id",
                    "description",
                    "valid_till",
                    "discount_value",
                    "discount_upto",
                    "discount_on",
                    "customer",
                    "item_status",
                ),
                code=text(),
                series_id=text(),
                **_TERMS,
                discount_upto=text('The most that is taken off; "0" without a limit.'),
                customer=_ISSUED_TO,
                **TILL_ITEM_STATUS,
            )
        )
    },
    codes=(
        CouponCode.DONE,
        CouponCode.CUSTOMER_NOT_FOUND,
        CouponCode.INVALID_SERIES,
        CouponCode.FAILED,
        CouponCode.SERIES_EXPIRED,
        CouponCode.NOT_CREATED,
        CouponCode.BLOCKED_BY_STATUS,
        CouponCode.ISSUE_TO_FRAUD,
        *_WARNINGS,
    ),
)
REACTIVATE: Final = Operation(
    section="Tills 5.4",
    summary="Take redemptions of coupons back",
    details="A redemption that was taken back before is a success with warning 510.",
    body=record(
        required=("coupon",),
        coupon=one_or_many(record(redemption_id=text("`redemptionId` of coupon/redeem."), **_TILL)),
    ),
    answer={
        "coupons": container(
            "coupon",
            record(
                required=("redemptionId", "code", "redemptions_left", "item_status"),
                redemptionId=text("Of a failed item as sent."),
                code=text(),
                redemptions_left=_LEFT,
                **TILL_ITEM_STATUS,
            ),
        )
    },
    codes=(
        CouponCode.INVALID_REDEMPTION,
        CouponCode.NO_REDEMPTION,
        CouponCode.DONE,
        CouponCode.FAILED,
        Code.INVALID_INPUT,
        Code.INVALID_REGISTRATION_TILL,
        Code.INVALID_ATTRIBUTION_TILL,
    ),
)
_PROBLEM: Final = record(
    required=("code", "message"), code={"type": "integer"}, message=text(), redemptionId=text("Which; not of refused calls.")
)
_PLAIN: Final = record(
    required=("success", "warnings", "errors"),
    success={"type": "boolean", "description": "True without errors."},
    warnings=rows(_PROBLEM, "510: taken back before."),
    errors=rows(_PROBLEM),
)
REACTIVATE_PLAIN: Final = PlainOperation(
    path="/v2/coupon/reactivate",
    name="post_v2_coupon_reactivate",
    tag="coupon",
    summary="Take redemptions of coupons back, in plain JSON",
    section="Tills 5.4",
    body=record(required=("redemptionIds",), redemptionIds=rows(either("string", "integer"))),
    answer=_PLAIN,
    done="At least one redemption was taken back, now or before.",
    refusal=_PLAIN,
    refused="No redemption was taken back, or the body has none.",
)


def add_reactivation_path(result: dict[str, Any], **_context: object) -> dict[str, Any]:
    """Hook of drf-spectacular: the document with the address in version 2, which has no envelope."""
    return REACTIVATE_PLAIN.add_to(result)
