"""What is stored that a new redemption has to know of: one statement (docs/protocol.md, tills' part 4.3)."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from engagement.bills.named import NAMED, names_of_bill
from engagement.redemptions.requests import RedemptionRequest
from organizations.locations.models import Store
from organizations.tenancy.statements import fetch_written_rows

# By the index of the accounts' references, that of the accounts' redemptions, those of numbers of bills, and that of codes.
_STORED: Final = f"""
SELECT EXISTS (
        SELECT FROM engagement_pointsaccount AS account
        JOIN engagement_pointsentry AS entry ON entry.organization_id = %(organization)s AND entry.account_id = account.id
            AND entry.kind = 'REDEEM' AND entry.reference = %(reference)s::text AND entry.reference <> ''
        WHERE account.organization_id = %(organization)s AND account.customer_id = %(customer)s::bigint
    ) OR EXISTS (
        SELECT FROM engagement_pointsaccount AS account
        JOIN engagement_redemption AS made ON made.organization_id = %(organization)s AND made.account_id = account.id
            AND made.transaction_number = %(number)s::text AND made.transaction_number <> '' AND made.reversed = 0
        WHERE account.organization_id = %(organization)s AND account.customer_id = %(customer)s::bigint
    ),
    %(number)s::text <> '' AND EXISTS (
        SELECT FROM engagement_bill AS stored WHERE stored.organization_id = %(organization)s AND ({NAMED})
    ),
    EXISTS (
        SELECT FROM engagement_redemption AS other
        WHERE other.organization_id = %(organization)s AND other.code = %(drawn)s::text
    ),
    nextval(pg_get_serial_sequence('engagement_redemption', 'id'))
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class Stored:
    """Answers about a request, and a free id.

    may_repeat: a redemption of the customer has its reference number or its bill's number. has_bill: a bill may be the one
    that it names. is_taken: a redemption has the code that was drawn.
    """

    may_repeat: bool
    has_bill: bool
    is_taken: bool
    free_id: int


def read_stored(request: RedemptionRequest, drawn: str, *, customer_id: int, store: Store | None, day: date) -> Stored:
    """Read it for a request of the customer, whose accounts are locked, at this store on this day; `drawn` is a code."""
    values = names_of_bill(request.transaction_number, customer_id=customer_id, store=store, day=day)
    ((may_repeat, has_bill, is_taken, free_id),) = fetch_written_rows(
        _STORED, {**values, "reference": request.external_reference, "drawn": drawn}
    )
    return Stored(may_repeat, has_bill, is_taken, free_id)
