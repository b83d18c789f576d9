"""Descriptions of customer/tickets (docs/protocol.md 4.10)."""

from typing import Final

from loyalty_project.openapi.common import (
    FIELDS,
    IDENTIFIERS,
    IDENTITY,
    ITEM_STATUS,
    LOOKUP_CODES,
    MEMBER_CARE,
    NAMES,
    PERIOD,
    choice,
    plain,
)
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import Properties, container, one_or_many, record, rows, text
from tickets.ticket.models import Ticket

_CODES: Final = (*LOOKUP_CODES, 1300)
_SOURCES: Final = tuple(Ticket.Source.values)
_TYPES: Final = tuple(Ticket.Type.values)
_TICKET: Final[Properties] = {
    "code": text("Nine lower-case letters and digits."),
    "status": text(),
    "priority": text(),
    "department": text(),
    "subject": text(),
    "message": text(),
    "custom_fields": FIELDS,
}
READ: Final = Operation(
    section="4.10",
    summary="Read customers' tickets",
    parameters=(
        *IDENTIFIERS,
        plain("status", "Of this status, in any case."),
        plain("priority", "Of this priority, in any case."),
        plain("department", "Of this department, in any case."),
        plain("ticket_code", "The ticket of this code."),
        choice("reported_from", "Reported from there.", *_SOURCES),
        choice("type", "Of this type.", *_TYPES),
        *PERIOD,
        MEMBER_CARE,
    ),
    answer={
        "customer": one_or_many(
            record(
                "A failed item has the value asked for.",
                required=tuple(ITEM_STATUS),
                **NAMES,
                **IDENTITY,
                id=text(),
                tickets=container(
                    "ticket",
                    record(
                        **_TICKET,
                        type=text(choices=_TYPES),
                        reported_from=text(choices=_SOURCES),
                        assigned_to=text(),
                        created_on=text(),
                    ),
                    "The newest first, at most 1000.",
                ),
                **ITEM_STATUS,
            )
        )
    },
    codes=_CODES,
)
_SENT: Final = record(
    "Words are read in any case.",
    subject=text("Required for a new ticket; at most 250 characters."),
    message=text("At most 4,000 characters."),
    department=text("As the organization configured."),
    status=text("As the organization configured; OPEN by default."),
    priority=text("As the organization configured; MEDIUM by default."),
    ticket_code=text("The ticket to update; blank: a new one."),
    code=text("Another name of `ticket_code`."),
    assigned_to=text("At most 150 characters."),
    reported_from=text(f"One of: {', '.join(_SOURCES)}. CLIENT by default."),
    type=text(f"One of: {', '.join(_TYPES)}. CUSTOMER by default."),
    custom_fields=FIELDS,
)
WRITE: Final = Operation(
    section="4.10",
    summary="Open or update a ticket",
    parameters=[plain(name, "For an item without an identifier.") for name in ("mobile", "email", "external_id", "id")],
    body=record(
        required=("customer",),
        customer=rows(
            record(
                mobile=text("The first identifier that is supplied counts."),
                email=text(),
                external_id=text(),
                id=text(),
                user_id=text("Another name of `id`."),
                ticket=_SENT,
            ),
            "One item.",
        ),
    ),
    answer={
        "customers": container(
            "customer",
            record(
                "A failed item has the identifiers as sent.",
                required=tuple(ITEM_STATUS),
                **IDENTITY,
                id=text(),
                user_id=text("Of a failed item that was sent with it."),
                ticket=record(**_TICKET),
                **ITEM_STATUS,
            ),
        )
    },
    codes=(*_CODES, 1017, 1018, 1301, 1302, 1303, 91021),
)
