"""Description of customer/redemptions (docs/protocol.md 4.7)."""

from typing import Final

from loyalty_project.openapi.common import (
    FIELDS,
    IDENTIFIER_PAIR,
    IDENTIFIERS,
    IDENTITY,
    ITEM_STATUS,
    LOOKUP_CODES,
    MEMBER_CARE,
    NAMES,
    PERIOD,
    PLACE,
    choice,
    flag,
    plain,
    whole,
)
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import bare_rows, container, either, number, one_or_many, record, text

_COUPON: Final = record(
    id=text(), code=text(), series_id=text(), description=text(), transaction_number=text(nullable=True), redeemed_time=text()
)
_BY_PROGRAM: Final = record(program_id=either("integer", "string"), program_name=text())
_POINT: Final = record(
    id={"type": "integer"},
    program_id={"type": "integer"},
    points_redeemed=number(),
    transaction_number=text(),
    bill_id=text(),
    redeemed_time=text(),
    redemption_id=text(),
    redeemed_store=PLACE,
    redeemed_till=PLACE,
    custom_fields=FIELDS,
    reversals=bare_rows(record(reversal_id={"type": "integer"}, points_reversed=number(), reversal_time=text()), "reversal"),
    redemption_breakup_by_program=bare_rows(_BY_PROGRAM, "program"),
)
_BOUNDS: Final = ("coupons_start_id", "coupons_end_id", "points_start_id", "points_end_id")
REDEMPTIONS: Final = Operation(
    section="4.7",
    summary="Read customers' redemptions of points and coupons",
    parameters=(
        *IDENTIFIERS,
        *IDENTIFIER_PAIR,
        choice("type", "What to read.", "BOTH", "POINTS", "COUPONS"),
        *PERIOD,
        *(whole(name, "Rows: 10 by default, 1000 at most.") for name in ("limit", "coupons_limit", "points_limit")),
        *(whole(name, "A bound of ids, inclusive.") for name in _BOUNDS),
        choice("sort", "Order.", "redeemed_time", "redemption_id"),
        choice("order", "Direction.", "desc", "asc"),
        flag("mlp", "Redemptions of all programs, with the breakup by program."),
        plain("program_id", "Of this program; 1020 for a customer who is not in it."),
        plain("programId", "Another name of `program_id`."),
        plain("external_reference_number", "Equal; coupons have none."),
        plain("merchant_store_id", "Redeemed at the store of this id or code."),
        plain("entity_code", "Redeemed at the till or in the store of this code."),
        flag("user_id", "Adds `user_id`."),
        MEMBER_CARE,
    ),
    answer={
        "customer": one_or_many(
            record(
                "Only a failed customer has an `item_status`.",
                **IDENTITY,
                **NAMES,
                user_id=text(),
                user_groups2=bare_rows(record(id=text(), name=text()), "user_group2"),
                rows={"type": "integer"},
                coupons_count=either("integer", "null"),
                points_count=either("integer", "null"),
                coupons_start_id=either("integer", "string"),
                points_start_id=either("integer", "string"),
                redemptions=record(coupons=container("coupon", _COUPON), points=container("point", _POINT)),
                **ITEM_STATUS,
            )
        )
    },
    codes=(*LOOKUP_CODES, 816, 1013, 1020),
)
