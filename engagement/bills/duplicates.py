"""Bills sent again: the same content is unchanged, other content is error 604 (docs/protocol.md, tills' part 2.4)."""

from collections.abc import Iterable

from engagement.bills.codes import BillCode
from engagement.bills.draft import ORGANIZATION, BillDraft
from engagement.bills.models import Bill, BillIdentity
from loyalty_project.protocol.errors import LoyaltyError
from organizations.policies import Policy


def check_same_bill(draft: BillDraft, bill: Bill, stored: Bill, policy: Policy) -> None:
    """Check that `bill`, built of the draft, equals the stored bill of its identity. Raises `LoyaltyError` 604."""
    # The sale decides the amount of a full return and of a return by lines, whatever amount was sent.
    is_priced_by_sale = stored.return_type == Bill.ReturnType.FULL or (
        stored.return_type == Bill.ReturnType.LINE_ITEM and draft.lines is not None
    )
    amount_counts = draft.amount is not None and not is_priced_by_sale
    is_same = (
        bill.type == stored.type
        and bill.customer_id == stored.customer_id
        and bill.discount == stored.discount
        and (not draft.time_is_sent or bill.billed_at == stored.billed_at)
        and bill.returned_number == stored.returned_number
        and bill.stated_points == stored.stated_points
        and (draft.lines is None or bill.content == stored.content)
        and (not amount_counts or (bill.amount, bill.gross_amount) == (stored.amount, stored.gross_amount))
        and (not draft.return_type or draft.return_type == stored.return_type or _names_lines(draft, stored))
    )
    if not is_same or policy.strict_duplicate_bill:
        raise LoyaltyError(BillCode.DUPLICATE_NUMBER)


def _names_lines(draft: BillDraft, stored: Bill) -> bool:
    """True if a full return by its cancelled lines was recorded as one of these lines."""
    is_by_lines = (draft.return_type, stored.return_type) == (Bill.ReturnType.FULL, Bill.ReturnType.LINE_ITEM)
    return is_by_lines and any(line.is_cancelled for line in draft.lines or ())


def check_days_around(identity: BillIdentity, known: Iterable[BillIdentity], policy: Policy) -> None:
    """Check that the policy lets the number be used again on the day of the bill. Raises `LoyaltyError` 604.

    It may be unique for some days before and after the bill; that of a return for ever.
    """
    days = policy.bill_number_unique_days
    is_unique_for_ever = identity.is_return and policy.return_number_unique and identity.scope == ORGANIZATION
    if not (days or is_unique_for_ever):
        return
    same = (other for other in known if other[:-1] == identity[:-1])
    if any(is_unique_for_ever or abs((other.billed_on - identity.billed_on).days) < days for other in same):
        raise LoyaltyError(BillCode.DUPLICATE_NUMBER)
