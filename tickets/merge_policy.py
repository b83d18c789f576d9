"""Tickets that move to the survivor when two customers are merged (docs/protocol.md 2.4, 7)."""

from typing import Final

from customers.merging.transfer import KeptRows, MovedRows
from tickets.ticket.models import Ticket

# Of two open tickets of one subject the survivor's counts; the victim's is kept as history.
MOVED: Final = (MovedRows(model=Ticket, conflicts=("ticket_open_subject_unique",)),)
KEPT: Final[tuple[KeptRows, ...]] = ()
