"""What does somebody who sends a bill say? A `BillDraft`: read, in canonical form, not yet judged against what is stored."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engagement.bills.codes import BillCode
from engagement.bills.models import RETURNS, Bill
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import from_wall
from loyalty_project.protocol.numbers import plain_digits
from organizations.locations.models import Store, Till
from organizations.policies import Policy

ZERO = Decimal(0)
Identity = tuple[bool, str, str, date]
MOST_MONEY = Decimal("999999999999.999")
# The longest values that columns hold (docs/protocol.md, tills' part 1.3).
NUMBER_LENGTH = 50
_LINE_FIELDS = ("item_code", "quantity", "rate", "value", "discount", "amount")
_LINE_SIGNS = (
    ("quantity", BillCode.NEGATIVE_QUANTITY),
    ("amount", BillCode.NEGATIVE_LINE_AMOUNT),
    ("value", BillCode.NEGATIVE_LINE_VALUE),
    ("rate", BillCode.NEGATIVE_LINE_RATE),
    ("discount", BillCode.NEGATIVE_LINE_DISCOUNT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """One line of a bill, amounts in the bill's currency."""

    item_code: str
    quantity: Decimal = Decimal(1)
    rate: Decimal = ZERO
    value: Decimal = ZERO
    discount: Decimal = ZERO
    amount: Decimal | None = None
    serial: str = ""
    description: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def net(self) -> Decimal:
        """The amount after discount; value less discount where none was sent."""
        return self.value - self.discount if self.amount is None else self.amount


@dataclass(slots=True, kw_only=True)
class BillDraft:
    """One bill or return as it was sent. `amount` of a return is positive, None where it is not sent.

    `lines` is None where lines are no part of what was sent (imports bring them apart). A return names its sale by `sale_id`,
    or by `sale_number` with the day of purchase where that is known; its own `number` may be "" (then its sale and its content
    tell it apart). `time_is_sent` is False where `billed_at` is just when the bill came: the same bill then comes later again.
    `stated_points` are given if a file states them; then no rule runs.
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

    @property
    def is_return(self) -> bool:
        """Whether something is brought back."""
        return self.type in RETURNS


def check_draft(draft: BillDraft, *, policy: Policy, zone: ZoneInfo, now: datetime) -> None:
    """What is wrong with a bill by itself, in the order of docs/protocol.md's tills' part, 6.1. Raises `LoyaltyError`."""
    if draft.type not in Bill.Type.values:
        raise LoyaltyError(BillCode.INVALID_TYPE)
    if not draft.number and not draft.is_return:
        raise LoyaltyError(BillCode.INVALID_NUMBER)
    if max(len(draft.number), len(draft.sale_number)) > NUMBER_LENGTH:
        raise LoyaltyError(BillCode.TOO_LONG)
    _check_amounts(draft, policy)
    for line in draft.lines or ():
        _check_line(line, policy, is_returned=draft.is_return)
    if draft.billed_at > now + timedelta(days=policy.max_future_billing_days):
        raise LoyaltyError(BillCode.TOO_FAR_AHEAD)
    if draft.billed_at < from_wall(datetime.combine(policy.min_billing_date, datetime.min.time()), zone):
        raise LoyaltyError(BillCode.TOO_FAR_BACK)
    if draft.outlier_status not in Bill.Outlier.values:
        raise LoyaltyError(BillCode.INVALID_OUTLIER_STATUS)
    if draft.is_return and draft.return_type not in Bill.ReturnType.values:
        raise LoyaltyError(BillCode.INVALID_RETURN_TYPE)


def _check_amounts(draft: BillDraft, policy: Policy) -> None:
    amount = draft.amount
    if amount is None:
        if not draft.is_return:
            raise LoyaltyError(BillCode.INVALID_AMOUNT)
    else:
        if amount < 0:
            raise LoyaltyError(BillCode.NEGATIVE_AMOUNT)
        if not draft.is_return:
            _check_within(amount, policy.min_bill_amount, policy.max_bill_amount)
        if amount == 0 and not policy.zero_bill and not draft.is_return:
            raise LoyaltyError(BillCode.INVALID_AMOUNT)
    if draft.gross_amount is not None and draft.gross_amount < 0:
        raise LoyaltyError(BillCode.NEGATIVE_GROSS_AMOUNT)
    if draft.discount < 0:
        raise LoyaltyError(BillCode.NEGATIVE_DISCOUNT)
    if max(amount or ZERO, draft.gross_amount or ZERO, draft.discount, (amount or ZERO) + draft.discount) > MOST_MONEY:
        raise LoyaltyError(BillCode.INVALID_AMOUNT)


def _check_line(line: LineDraft, policy: Policy, *, is_returned: bool) -> None:
    """A returned line without an amount is worth what the sale says, and no limit of sales is meant for it."""
    if not line.item_code:
        raise LoyaltyError(BillCode.LINE_WITHOUT_ITEM)
    net = line.amount or ZERO if is_returned else line.net
    for name, code in _LINE_SIGNS:
        value = net if name == "amount" else getattr(line, name)
        if value < 0:
            raise LoyaltyError(code)
        if value > MOST_MONEY:
            raise LoyaltyError(BillCode.INVALID_AMOUNT)
    if not is_returned:
        _check_within(net, policy.min_line_amount, policy.max_line_amount)


def _check_within(amount: Decimal, low: Decimal | None, high: Decimal | None) -> None:
    if (low is not None and amount < low) or (high is not None and amount > high):
        raise LoyaltyError(BillCode.INVALID_AMOUNT)


def identity_of(draft: BillDraft, *, policy: Policy, zone: ZoneInfo) -> Identity:
    """What names the bill for ever: a return or not, the scope of its number, the number, and the day (tills' part 2.4).

    A return without a number of its own is told from others of its sale by its content (3.2).
    """
    scope, number = _scope(draft, policy), draft.number
    if not number:
        number = draft.sale_number or str(draft.sale_id)
        when = draft.billed_at.isoformat() if draft.time_is_sent else ""
        told = f"{draft.return_type} {draft.amount} {when} {draft.purchased_on or ''} {content_of(draft)}"
        scope = f"{scope}:{hashlib.sha256(told.encode()).hexdigest()[:16]}"
    return draft.is_return, scope, number, draft.billed_at.astimezone(zone).date()


def _scope(draft: BillDraft, policy: Policy) -> str:
    """Within what the number is unique: the till, or what a policy widens that to."""
    is_wide = policy.bill_number_unique or (draft.is_return and bool(draft.number) and policy.return_number_unique)
    if not is_wide and draft.till is not None and not policy.bill_number_unique_in_store:
        return f"till:{draft.till.pk}"
    if not is_wide and draft.store is not None:
        return f"store:{draft.store.pk}"
    return "organization"


def content_of(draft: BillDraft) -> str:
    """A digest of the lines as sent, by which the same bill again is told from another; "" without lines."""
    if not draft.lines:
        return ""
    told = [[_told(getattr(line, name) if name != "amount" else line.net) for name in _LINE_FIELDS] for line in draft.lines]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _told(value: str | Decimal) -> str:
    return value if isinstance(value, str) else plain_digits(value)
