"""Codes of redemptions: six random letters or digits (docs/protocol.md, tills' part 4.3)."""

import secrets
from string import ascii_letters, digits
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import CharField

from engagement.redemptions.models import Redemption
from loyalty_project.db.errors import constraint_name
from loyalty_project.db.lookups import is_any_of

ALPHABET: Final = ascii_letters + digits
LENGTH: Final = 6
_MOST_DRAWS: Final = 10
_CONSTRAINT = "redemption_code_unique"


def draw_codes(count: int) -> list[str]:
    """Draw `count` codes that no redemption of the scope's organization has. One query, and another after a collision.

    A race breaks `redemption_code_unique`.
    """
    free: set[str] = set()
    while len(free) < count:
        drawn = {_draw() for _ in range(count - len(free))}
        taken = Redemption.objects.filter(is_any_of("code", drawn, CharField())).values_list("code", flat=True)
        free |= drawn.difference(taken)
    return list(free)


def insert_redemption(redemption: Redemption) -> None:
    """Store a new redemption with a new code; draw again if the code is taken."""
    for left in reversed(range(_MOST_DRAWS)):
        redemption.code = _draw()
        try:
            with transaction.atomic():
                redemption.save(force_insert=True)
        except IntegrityError as error:
            if constraint_name(error) != _CONSTRAINT or not left:
                raise
        else:
            return


def _draw() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
