"""What answers print of purchases and bills: pure functions (docs/protocol.md 1.9, 4.5)."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from loyalty_project.protocol.moments import write_moment
from organizations.locations.names import LocationName


def printed_purchases(amount: Decimal, *, is_exact: bool) -> Decimal:
    """A customer's purchases as printed: whole, rounded half up, or exact by policy (docs/protocol.md 1.9)."""
    return amount if is_exact else amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)


def bill_row(
    pk: int, number: str, kind: str, billed_at: datetime, store: LocationName | None, zone: ZoneInfo
) -> dict[str, str]:
    """One row of `transactions` in customer/get."""
    return {
        "id": str(pk),
        "number": number,
        "type": kind,
        "created_date": write_moment(billed_at, zone),
        "store": store.name if store else "",
    }
