"""Descriptions of customer/preferences (docs/protocol.md 4.12)."""

from typing import Final

from loyalty_project.openapi.common import FIELDS, IDENTIFIERS, IDENTITY, ITEM_STATUS, LOOKUP_CODES, MEMBER_CARE, flag
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import container, record, rows, text

_CODES: Final = (*LOOKUP_CODES, 1000, 1013)
READ: Final = Operation(
    section="4.12",
    summary="Read customers' preferences",
    parameters=(*IDENTIFIERS, flag("user_id", "Adds `user_id`."), MEMBER_CARE),
    answer={
        "customers": container(
            "customer",
            record(
                "`custom_fields` also has the pseudo field PREFERRED_STORE. A failed item has the value asked for.",
                required=tuple(ITEM_STATUS),
                user_id=text(),
                id=text("Of a failed item that was asked for by it."),
                **IDENTITY,
                custom_fields=FIELDS,
                **ITEM_STATUS,
            ),
        )
    },
    codes=(*_CODES, 1029, 1031),
)
WRITE: Final = Operation(
    section="4.12",
    summary="Store preferences of customers",
    body=record(
        required=("customer",),
        customer=rows(
            record(
                "Blank values change nothing.",
                user_id=text("The first identifier that is supplied counts."),
                id=text("The same as `user_id`."),
                mobile=text(),
                email=text(),
                external_id=text(),
                local_id=text("Echoed."),
                store=record("The preferred store: either is enough, both must agree.", code=text(), id=text()),
                custom_fields=FIELDS,
            ),
            "Up to BATCH_LIMIT customers.",
        ),
    ),
    answer={
        "customers": container(
            "customer",
            record(
                "A failed item has the identifiers and `local_id` as sent.",
                required=tuple(ITEM_STATUS),
                user_id=text(),
                id=text("Of a failed item that was sent with it."),
                **IDENTITY,
                local_id=text(),
                custom_fields=FIELDS,
                store=record(id=text(), code=text(), name=text(), status=text(choices=("SUCCESS", "FAILED"))),
                **ITEM_STATUS,
            ),
        )
    },
    codes=(*_CODES, 1017, 1030, 1035, 1053, 1150, 91021),
)
