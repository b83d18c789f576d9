"""Codes of tickets from the system's secure random source: nine lower-case letters and digits (docs/protocol.md 4.10)."""

import secrets
import string
from typing import Final

from django.db.models import CharField

from loyalty_project.db.lookups import is_any_of
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from tickets.ticket.models import CODE_LENGTH, Ticket

ALPHABET: Final = string.digits + string.ascii_lowercase
_MOST_DRAWS: Final = 10


def draw_codes(count: int) -> list[str]:
    """Draw `count` codes that no ticket of the scope's organization has. One query, and another after a collision.

    A race breaks `ticket_code_unique`. Raises `LoyaltyError` 1302 if no free code is found.
    """
    free: set[str] = set()
    for _ in range(_MOST_DRAWS):
        if len(free) == count:
            return list(free)
        drawn = {"".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(count - len(free))}
        free |= drawn.difference(Ticket.objects.filter(is_any_of("code", drawn, CharField())).values_list("code", flat=True))
    raise LoyaltyError(Code.TICKET_FAILED)
