"""What is stored that a new redemption has to know of: one statement (docs/protocol.md, tills' part 4.3)."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from engagement.bills.named import NAMED, names_of_bill
from engagement.redemptions.requests import RedemptionRequest
from organizations.locations.models import Store
from organizations.tenancy.statements import fetch_written_rows

# By the index of the accounts' references, that of the accounts' redemptions, those of numbers of bills, and that of codes.
# LIMIT makes the planner begin with the customer's accounts, also where it has no statistics. Sub-selects hide blank values
# from it, which then keeps one plan for all.
_STORED: Final = f"""
SELECT (SELECT %(reference)s::text) <> '' AND EXISTS (
        SELECT FROM engagement_pointsaccount AS account
        JOIN LATERAL (
            SELECT FROM engagement_pointsentry AS entry WHERE entry.organization_id = %(organization)s
                AND entry.account_id = account.id AND entry.kind = 'REDEEM' AND entry.reference = (SELECT %(reference)s::text)
                AND entry.reference <> '' LIMIT 1
        ) AS referred ON true
        WHERE account.organization_id = %(organization)s AND account.customer_id = %(customer)s::bigint
    ) OR (SELECT %(number)s::text) <> '' AND EXISTS (
        SELECT FROM engagement_pointsaccount AS account
        JOIN LATERAL (
            SELECT FROM engagement_redemption AS made WHERE made.organization_id = %(organization)s
                AND made.account_id = account.id AND made.transaction_number = (SELECT %(number)s::text)
                AND made.reversed = 0 LIMIT 1
        ) AS named ON true
        WHERE account.organization_id = %(organization)s AND account.customer_id = %(customer)s::bigint
    ),
    (SELECT %(number)s::text) <> '' AND EXISTS (
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
