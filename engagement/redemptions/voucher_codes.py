"""Codes of redemptions: six random letters or digits (docs/protocol.md, tills' part 4.3)."""

import secrets
from string import ascii_letters, digits
from typing import Final

from django.db.models import CharField

from engagement.redemptions.models import Redemption
from loyalty_project.db.lookups import is_any_of

ALPHABET: Final = ascii_letters + digits
LENGTH: Final = 6
_MOST_DRAWS: Final = 10


def draw_codes(count: int) -> list[str]:
    """Draw `count` codes that no redemption of the scope's organization has. One query, and another after a collision.

    A race breaks `redemption_code_unique`.
    """
    free: set[str] = set()
    while len(free) < count:
        drawn = {draw_code() for _ in range(count - len(free))}
        taken = Redemption.objects.filter(is_any_of("code", drawn, CharField())).values_list("code", flat=True)
        free |= drawn.difference(taken)
    return list(free)


def draw_code() -> str:
    """A code that is taken once in 57 billion times the number of redemptions."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def replace_taken() -> str:
    """A free code in place of one that is taken: one query for each draw. After ten draws it is the last, free or not."""
    for _ in range(_MOST_DRAWS):
        code = draw_code()
        if not Redemption.objects.filter(code=code).exists():
            break
    return code
