"""A bill as it was sent, in canonical form, and the checks that need nothing stored."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from engagement.bills.codes import BillCode
from engagement.bills.models import ANONYMOUS, RETURNS, Bill, BillIdentity
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import from_wall
from loyalty_project.protocol.numbers import plain_digits
from loyalty_project.protocol.plain_text import read_code
from organizations.locations.models import Store, Till
from organizations.policies import Policy

ZERO = Decimal(0)
MOST_MONEY = Decimal("999999999999.999")
# The widest scope of numbers.
ORGANIZATION = "organization"
# Number of a return that names no sale.
NO_SALE = "-"
# The length of the column (docs/protocol.md, tills' part 1.3).
NUMBER_LENGTH = 50
_LINE_FIELDS = ("item_code", "quantity", "rate", "value", "discount", "amount")
_TYPES = frozenset(Bill.Type.values)
_OUTLIERS = frozenset(Bill.Outlier.values)
_RETURN_TYPES = frozenset(Bill.ReturnType.values)
# Codes of unread values that are checked together with amounts and lines.
_OF_AMOUNTS = frozenset({BillCode.INVALID_AMOUNT})
_LINE_SIGNS = (
    ("quantity", BillCode.NEGATIVE_QUANTITY),
    ("amount", BillCode.NEGATIVE_LINE_AMOUNT),
    ("value", BillCode.NEGATIVE_LINE_VALUE),
    ("rate", BillCode.NEGATIVE_LINE_RATE),
    ("discount", BillCode.NEGATIVE_LINE_DISCOUNT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """A line of a bill as it was sent; amounts are in the bill's currency.

    is_returned: of a mixed bill, comes back from the sale of `sale_number`, which was made on `purchased_on` if that was sent.
    is_cancelled: of a full return, is among the lines that come back if not all do.
    """

    item_code: str
    quantity: Decimal = Decimal(1)
    rate: Decimal = ZERO
    value: Decimal = ZERO
    discount: Decimal = ZERO
    amount: Decimal | None = None
    serial: str = ""
    description: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    is_returned: bool = False
    is_cancelled: bool = False
    sale_number: str = ""
    purchased_on: date | None = None

    @property
    def net(self) -> Decimal:
        """The amount after discount; value less discount if no amount was sent."""
        return self.value - self.discount if self.amount is None else self.amount

    @property
    def attributes(self) -> Mapping[str, str]:
        """Its attributes by name, at which earning rules look."""
        attributes: Mapping[str, str] = self.details.get("attributes", {})
        return attributes


@dataclass(slots=True, kw_only=True)
class BillDraft:
    """A bill or return as it was sent.

    amount: of a return also positive; None if not sent.
    lines: None if lines are not part of the message (imports bring them in a file of their own).
    sale_id, sale_number, purchased_on: how a return names its sale.
    number: may be "" for a return; its sale and content identify it then.
    time_is_sent: False if `billed_at` is the time of arrival; a repeated bill then arrives with another time.
    stated_points: points that a file states; no rule runs then.
    unread: codes of values that could not be read, which are blank here.
    names_customer: False if a bill that needs a customer does not say whose it is.
    part_of: id of the mixed bill whose returned lines this return has.
    bill_id: the id that the bill gets; None for the next one.
    """

    type: str = Bill.Type.REGULAR
    customer_id: int | None = None
    number: str = ""
    billed_at: datetime
    time_is_sent: bool = True
    amount: Decimal | None = None
    gross_amount: Decimal | None = None
    discount: Decimal = ZERO
    till: Till | None = None
    store: Store | None = None
    lines: Sequence[LineDraft] | None = None
    return_type: str = ""
    sale_id: int | None = None
    sale_number: str = ""
    purchased_on: date | None = None
    outlier_status: str = Bill.Outlier.NORMAL
    delivery_status: str = "DELIVERED"
    notes: str = ""
    source: str = "INSTORE"
    currency: str = ""
    currency_ratio: Decimal = Decimal(1)
    field_values: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    stated_points: Decimal | None = None
    unread: Collection[BillCode] = ()
    names_customer: bool = True
    part_of: int | None = None
    bill_id: int | None = None

    def __post_init__(self) -> None:
        self.number, self.sale_number = read_code(self.number), read_code(self.sale_number)

    @property
    def is_return(self) -> bool:
        """True for a return, anonymous or not."""
        return self.type in RETURNS

    @property
    def sold_lines(self) -> Sequence[LineDraft]:
        """The lines that a sale sells: those of a mixed bill that come back are parts of their own."""
        return [line for line in self.lines or () if not line.is_returned]


def check_draft(draft: BillDraft, *, policy: Policy, zone: ZoneInfo, now: datetime) -> None:
    """Check a bill by itself, in the order of docs/protocol.md, tills' part 6.1. Raises `LoyaltyError`.

    Of what is wrong with amounts, and first with each line, the lowest code counts.
    """
    of_lines = (_wrong_in_line(line, policy, is_returned=draft.is_return or line.is_returned) for line in draft.lines or ())
    amounts = {*(_OF_AMOUNTS & set(draft.unread)), *_wrong_amounts(draft, policy), *filter(None, of_lines)}
    refusal = next(chain(_wrong_in_head(draft), sorted(amounts), _wrong_in_rest(draft, policy, zone, now)), None)
    if refusal is not None:
        raise LoyaltyError(refusal)


def _wrong_in_head(draft: BillDraft) -> Iterator[BillCode]:
    if draft.type not in _TYPES:
        yield BillCode.INVALID_TYPE
    if not draft.number and not draft.is_return:
        yield BillCode.INVALID_NUMBER
    if BillCode.TOO_LONG in draft.unread or max(len(draft.number), len(draft.sale_number)) > NUMBER_LENGTH:
        yield BillCode.TOO_LONG
    if not draft.names_customer and not draft.is_return and draft.type not in ANONYMOUS:
        yield BillCode.CUSTOMER_MISSING


def _wrong_in_rest(draft: BillDraft, policy: Policy, zone: ZoneInfo, now: datetime) -> Iterator[BillCode]:
    if BillCode.INVALID_TIME in draft.unread:
        yield BillCode.INVALID_TIME
    if draft.billed_at > now + timedelta(days=policy.max_future_billing_days):
        yield BillCode.TOO_FAR_AHEAD
    if draft.billed_at < from_wall(datetime.combine(policy.min_billing_date, datetime.min.time()), zone):
        yield BillCode.TOO_FAR_BACK
    if BillCode.CURRENCY_NOT_ACCEPTED in draft.unread:
        yield BillCode.CURRENCY_NOT_ACCEPTED
    if BillCode.INVALID_OUTLIER_STATUS in draft.unread or draft.outlier_status not in _OUTLIERS:
        yield BillCode.INVALID_OUTLIER_STATUS
    if draft.is_return and draft.return_type not in _RETURN_TYPES:
        yield BillCode.INVALID_RETURN_TYPE


def _wrong_amounts(draft: BillDraft, policy: Policy) -> Iterator[BillCode]:
    amount = draft.amount
    if amount is None:
        if not draft.is_return:
            yield BillCode.INVALID_AMOUNT
    elif amount < 0:
        yield BillCode.NEGATIVE_AMOUNT
    elif not draft.is_return and not (
        _is_within(amount, policy.min_bill_amount, policy.max_bill_amount) and (amount or policy.zero_bill)
    ):
        yield BillCode.INVALID_AMOUNT
    if draft.gross_amount is not None and draft.gross_amount < 0:
        yield BillCode.NEGATIVE_GROSS_AMOUNT
    if draft.discount < 0:
        yield BillCode.NEGATIVE_DISCOUNT
    if max(amount or ZERO, draft.gross_amount or ZERO, draft.discount, (amount or ZERO) + draft.discount) > MOST_MONEY:
        yield BillCode.INVALID_AMOUNT


def _wrong_in_line(line: LineDraft, policy: Policy, *, is_returned: bool) -> BillCode | None:
    """What is wrong with a line first. A returned one may leave its amount to the sale, and has no limits of its own."""
    if not line.item_code:
        return BillCode.LINE_WITHOUT_ITEM
    net = line.amount or ZERO if is_returned else line.net
    for name, code in _LINE_SIGNS:
        value = net if name == "amount" else getattr(line, name)
        if value < 0:
            return code
        if value > MOST_MONEY:
            return BillCode.INVALID_AMOUNT
    if not is_returned and not _is_within(net, policy.min_line_amount, policy.max_line_amount):
        return BillCode.INVALID_AMOUNT
    return None


def _is_within(amount: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is None or amount >= low) and (high is None or amount <= high)


def identity_of(draft: BillDraft, *, policy: Policy, zone: ZoneInfo) -> BillIdentity:
    """The identity of the bill. Of a return without a number, a digest of its content is part of the scope (3.2).

    The returned lines of a mixed bill are identified by that bill, its sale and day.
    """
    scope, number = _scope(draft, policy), draft.number
    if draft.part_of is not None:
        scope = f"bill:{draft.part_of}:{draft.purchased_on or ''}"
        number = draft.sale_number or NO_SALE
    elif not number:
        number = draft.sale_number or (NO_SALE if draft.sale_id is None else str(draft.sale_id))
        when = draft.billed_at.isoformat() if draft.time_is_sent else ""
        content = f"{draft.return_type} {draft.amount} {when} {draft.purchased_on or ''} {content_of(draft)}"
        scope = f"{scope}:{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    return BillIdentity(draft.is_return, scope, number, draft.billed_at.astimezone(zone).date())


def _scope(draft: BillDraft, policy: Policy) -> str:
    """The scope in which the number is unique: the till, or a wider one by policy."""
    is_wide = policy.bill_number_unique or (draft.is_return and bool(draft.number) and policy.return_number_unique)
    if not is_wide and draft.till is not None and not policy.bill_number_unique_in_store:
        return f"till:{draft.till.pk}"
    if not is_wide and draft.store is not None:
        return f"store:{draft.store.pk}"
    return ORGANIZATION


def content_of(draft: BillDraft) -> str:
    """A digest of the lines as sent, which distinguishes a repeated bill from a different one; "" without lines."""
    if not draft.lines:
        return ""
    return hashlib.sha256(json.dumps([_line_content(line) for line in draft.lines]).encode()).hexdigest()


def _line_content(line: LineDraft) -> list[str]:
    figures = [_as_text(getattr(line, name) if name != "amount" else line.net) for name in _LINE_FIELDS]
    if not line.is_returned:
        return figures
    return [*figures, "return", line.sale_number, line.purchased_on.isoformat() if line.purchased_on else ""]


def _as_text(value: str | Decimal) -> str:
    return value if isinstance(value, str) else plain_digits(value)
