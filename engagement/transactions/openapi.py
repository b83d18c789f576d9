"""Description of customer/transactions (docs/protocol.md 4.6)."""

from collections.abc import Mapping
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
    choice,
    flag,
    plain,
    whole,
)
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import Properties, anything, bare_rows, container, number, one_or_many, record, text

_FILTERS: Final[Mapping[str, str]] = {
    "number": "Of the bill; equal.",
    "transaction_id": "Id of the bill.",
    "amount": "Of the bill; equal.",
    "transaction_date": "The billing day.",
    "store_id": "Id or code of the store, else 1150.",
    "store_code": "Code of the store.",
    "store_name": "Name of the store.",
    "till_id": "Id of the till.",
    "till_code": "Code of the till.",
    "till_name": "Name of the till.",
    "entity_code": "Code of the location of `entity_type`.",
    "start_id": "Ids from this one on.",
    "end_id": "Ids up to this one.",
}
_TEXTS: Final[Properties] = {
    name: text()
    for name in (
        "id",
        "number",
        "type",
        "return_type",
        "amount",
        "outlier_status",
        "delivery_status",
        "notes",
        "billing_time",
        "auto_update_time",
        "gross_amount",
        "discount",
        "store",
        "store_code",
        "returned_points_on_bill",
    )
}
_BILL: Final = record(
    **_TEXTS,
    currency=record("Only of a foreign bill."),
    points=anything("Points of the bill; with `mlp` a list, one for each program."),
    points_breakup=record("With `points_breakup`."),
    credit_notes=record("With `credit_notes`."),
    custom_fields=FIELDS,
    extended_fields=FIELDS,
    coupons=bare_rows(record(id=text(), code=text(), series_id=text()), "coupon", "Redeemed with the bill."),
    basket_size={"type": "integer"},
    line_items=container("line_item", record(), "Always empty."),
)  # fmt: skip
TRANSACTIONS: Final = Operation(
    section="4.6",
    summary="Read a page of customers' bills",
    parameters=(
        *IDENTIFIERS,
        *IDENTIFIER_PAIR,
        *(plain(name, meaning) for name, meaning in _FILTERS.items()),
        choice("entity_type", "Kind of a location.", "ZONE", "CONCEPT", "STORE", "TILL", "STR_SERVER"),
        *PERIOD,
        flag("credit_notes", "Adds `credit_notes`."),
        flag("custom_fields", "Fills the values of the bill's fields."),
        flag("points_breakup", "Adds `points_breakup`."),
        flag("mlp", "Points for each program; 1013 for customers who are not LOYALTY."),
        whole("limit", "Bills of a page: 10 by default, 1000 at most."),
        whole("offset", "Bills to skip."),
        choice("sort", "Order.", "trans_date", "trans_id"),
        choice("order", "Direction.", "desc", "asc"),
        MEMBER_CARE,
    ),
    answer={
        "customer": one_or_many(
            record(
                required=tuple(ITEM_STATUS),
                **NAMES,
                user_id=text(),
                **IDENTITY,
                lifetime_points=number(),
                lifetime_purchases=number(),
                loyalty_points=number(),
                current_slab=text(nullable=True),
                registered_on=text(),
                updated_on=text(),
                type=text(),
                source=text(),
                user_groups2=bare_rows(record(id=text(), name=text()), "user_group2"),
                count={"type": "integer", "description": "All that match."},
                start=text(),
                delayed_points=text(),
                delayed_returned_points=text(),
                total_available_points=text(),
                total_returned_points=text(),
                rows=text(),
                transactions=container("transaction", _BILL),
                **ITEM_STATUS,
            )
        )
    },
    codes=(*LOOKUP_CODES, 1013, 1051, 1052, 1150, 91001),
)
