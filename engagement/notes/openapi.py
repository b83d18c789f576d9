"""Descriptions of customer/notes (docs/protocol.md 4.8)."""

from typing import Final

from loyalty_project.openapi.common import IDENTIFIERS, IDENTITY, ITEM_STATUS, LOOKUP_CODES, MEMBER_CARE, NAMES, flag, plain
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import Properties, anything, container, record, rows, text

_CUSTOMER: Final[Properties] = {"user_id": text(), **NAMES, **IDENTITY, "associate_id": text("If the call names one.")}
READ: Final = Operation(
    section="4.8",
    summary="Read a customer's notes",
    parameters=(
        *IDENTIFIERS,
        flag("user_id", "Adds `user_id`."),
        plain("associate_id", "Notes of this associate; at most 100 characters."),
        MEMBER_CARE,
    ),
    answer={
        "customer": record(
            "A failed item has the value asked for.",
            required=tuple(ITEM_STATUS),
            **_CUSTOMER,
            notes=container("note", record(id=text(), description=text(), added_on=text()), "The newest first, at most 1000."),
            **ITEM_STATUS,
        )
    },
    codes=(*LOOKUP_CODES, 1000, 1028),
)
WRITE: Final = Operation(
    section="4.8",
    summary="Add or update notes of a customer",
    details="With the `id` of a note in the call, the status counts the items.",
    body=record(
        required=("customer",),
        customer=rows(
            record(
                user_id=text("The first identifier that is supplied counts."),
                id=text("The same as `user_id`."),
                mobile=text(),
                email=text(),
                external_id=text(),
                associate_id=text("At most 100 characters."),
                notes=record(
                    note=rows(
                        record(
                            id=text("The note to update; without it the note is added."),
                            date=text("YYYY-MM-DD HH:MM:SS; now by default."),
                            description=text("At most 255 characters."),
                        )
                    )
                ),
                loyalty_id=anything("Ignored."),
            ),
            "One item.",
        ),
    ),
    answer={
        "customer": record(
            "A failed item has the identifiers as sent.",
            required=tuple(ITEM_STATUS),
            **_CUSTOMER,
            id=text("Of a failed item that was sent with it."),
            notes=container("note", record(id=text('"-1": the note was not stored.'), date=text(), description=text())),
            **ITEM_STATUS,
        )
    },
    codes=(*LOOKUP_CODES, 1000, 1036, 1037, 91021),
)
