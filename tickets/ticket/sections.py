"""The tickets of customers in one statement, with their filters (docs/protocol.md 4.10)."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from tickets.ticket.fields import load_ticket_fields
from tickets.ticket.models import Ticket
from tickets.ticket.serializers import ListedTicketSerializer

# The part that the section prints.
TICKETS: Final = "tickets"
MOST_ROWS: Final = 1000
_COLUMNS: Final = (
    "code", "status", "priority", "department", "subject", "message", "field_values", "type", "reported_from", "assigned_to",
    "created_at",
)  # fmt: skip


@lru_cache(maxsize=256)
def tickets_of_customers(conditions: tuple[str, ...]) -> Section:
    """The latest 1,000 tickets that meet these conditions, the newest first. `options` of the reading has their parameters."""
    return Section(
        columns=("tickets.rows",),
        joins=f"""LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array({", ".join(f"ticket.{column}" for column in _COLUMNS)})
        ORDER BY ticket.created_at DESC, ticket.id DESC)::text AS rows
    FROM (
        SELECT ticket.* FROM tickets_ticket AS ticket
        WHERE ticket.organization_id = %(organization)s AND ticket.customer_id = customer.id
            {"".join(f" AND {condition}" for condition in conditions)}
        ORDER BY ticket.created_at DESC, ticket.id DESC
        LIMIT {MOST_ROWS}
    ) AS ticket
) AS tickets ON true""",  # noqa: S608 - made of constants
        parameters=_parameters,
        display=_display,
    )


def _parameters(reading: Reading) -> Mapping[str, Any]:
    values: Mapping[str, Any] = reading.options
    return values


def _display(values: Values, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    tickets = [_read(row) for row in (orjson.loads(values[0]) if values[0] else ())]
    context = {"fields": reading.part(load_ticket_fields), "zone": reading.zone}
    serializer = ListedTicketSerializer(context=context)
    return {TICKETS: {"ticket": [serializer.to_representation(ticket) for ticket in tickets]}}


def _read(row: list[Any]) -> Ticket:
    """The row as an unsaved instance."""
    *columns, created_at = row
    return Ticket(**dict(zip(_COLUMNS, columns, strict=False)), created_at=datetime.fromisoformat(created_at))
