"""Tickets of a person: what an erasure empties, and an export shows. Their numbers and times stay (docs/back-office.md)."""

from typing import Final

from organizations.personal_data import BLANK, ERASED, NOTHING, PersonalRows

_OF_TICKET: Final = """row.ticket_id IN (
            SELECT ticket.id FROM tickets_ticket AS ticket
            WHERE ticket.organization_id = %(organization)s AND ticket.customer_id = ANY(%(customers)s::bigint[])
        )"""

TICKET_ROWS: Final = (
    PersonalRows(
        name="Tickets",
        table="tickets_ticket",
        # A customer's open tickets differ in their subjects.
        emptied={"subject": ERASED, "subject_folded": "'erased ' || row.id", "message": BLANK, "field_values": NOTHING},
        audited_as="ticket",
    ),
    PersonalRows(name="Comments on tickets", table="tickets_ticketcomment", owned_by=_OF_TICKET, emptied={"text": ERASED}),
)
