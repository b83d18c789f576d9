"""What answers print of purchases and bills: pure functions (docs/protocol.md 1.9, 4.5)."""

from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from engagement.bills.models import Bill
from loyalty_project.protocol.moments import write_moment


def printed_purchases(amount: Decimal, *, is_exact: bool) -> Decimal:
    """A customer's purchases as printed: whole, rounded half up, or exact by policy (docs/protocol.md 1.9)."""
    return amount if is_exact else amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)


def bill_row(bill: Bill, zone: ZoneInfo) -> dict[str, str]:
    """One row of `transactions` in customer/get."""
    return {
        "id": str(bill.pk),
        "number": bill.number,
        "type": bill.type,
        "created_date": write_moment(bill.billed_at, zone),
        "store": bill.store.name if bill.store else "",
    }
