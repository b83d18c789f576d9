"""Codes of redemptions: six random letters or digits (docs/protocol.md, tills' part 4.3)."""

import secrets
from string import ascii_letters, digits
from typing import Final

from django.db import DEFAULT_DB_ALIAS
from django.db.models import CharField

from engagement.redemptions.models import Redemption
from loyalty_project.db.lookups import is_any_of
from loyalty_project.protocol.json_text import to_plain_json
from organizations.tenancy.statements import fetch_written_rows

ALPHABET: Final = ascii_letters + digits
LENGTH: Final = 6
_MOST_DRAWS: Final = 10
_COLUMNS: Final = (
    "account_id", "entry_id", "code", "points", "reversed", "purpose", "transaction_number", "bill_id", "validation_code",
    "custom_fields",
)  # fmt: skip
_LAST_INSERT: Final = f"""
INSERT INTO engagement_redemption (organization_id, {", ".join(_COLUMNS)})
VALUES (%(organization)s, {", ".join(f"%({name})s" for name in _COLUMNS)})
RETURNING id
"""  # noqa: S608 - made of constants
_INSERT: Final = _LAST_INSERT.replace("RETURNING", "ON CONFLICT (organization_id, code) DO NOTHING RETURNING")


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
    """Store a new redemption with a new code; draw again if the code is taken. One statement, unless it is.

    Raises `django.db.IntegrityError` with the constraint's name if all codes that were drawn are taken.
    """
    for left in reversed(range(_MOST_DRAWS)):
        redemption.code = _draw()
        values = {name: getattr(redemption, name) for name in _COLUMNS}
        values["custom_fields"] = to_plain_json(redemption.custom_fields).decode()
        rows = fetch_written_rows(_INSERT if left else _LAST_INSERT, values)
        if rows:
            redemption.pk = rows[0][0]
            redemption._state.adding, redemption._state.db = False, DEFAULT_DB_ALIAS
            return


def _draw() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
