"""Description of customer/coupons (docs/protocol.md 4.9)."""

from typing import Final

from loyalty_project.openapi.common import (
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
    plain,
    whole,
)
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import container, record, rows, text

_USE: Final = record(id=text(), date=text(), transaction_number=text(nullable=True), redeemed_at=PLACE)
_COUPON: Final = record(
    id=text(),
    series_id=text(),
    series_name=text(),
    redemption_count={"type": "integer"},
    created_date=text("ISO in UTC."),
    valid_till=text(),
    code=text(),
    transaction_number=text(nullable=True),
    issued_at=PLACE,
    purpose=text(),
    custom_properties=container("custom_property", record(name=text(), value=text())),
    redemptions=record("Without the key if there are none.", redemption=rows(_USE)),
)
COUPONS: Final = Operation(
    section="4.9",
    summary="Read a page of a customer's coupons",
    parameters=(
        *IDENTIFIERS,
        *IDENTIFIER_PAIR,
        *PERIOD,
        plain("status", "One or several of active, unredeemed, redeemed, expired, joined by `;`."),
        whole("series_id", "Of this series."),
        plain("store_id", "Redeemable at the store of this id or code, else 1150."),
        choice("order_by", "Order.", "created_date", "created_by", "amount", "valid_till"),
        choice("sort_order", "Direction.", "desc", "asc"),
        whole("limit", "Coupons of a page: 100 by default, 1000 at most."),
        whole("offset", "Coupons to skip."),
        MEMBER_CARE,
    ),
    leading={
        "pagination": record(required=("limit", "offset", "total"), limit=text(), offset=text(), total={"type": "integer"})
    },
    answer={
        "customers": container(
            "customer",
            record(
                required=tuple(ITEM_STATUS),
                **NAMES,
                **IDENTITY,
                id=text(),
                coupons=container("coupon", _COUPON),
                **ITEM_STATUS,
            ),
        )
    },
    codes=(*LOOKUP_CODES, 1000, 1150),
)
