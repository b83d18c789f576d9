"""Rules of returns: which sale, and how much of it (docs/protocol.md 7, "Returns"; tills' part 3.1, 3.3).

Pure functions over bills that the caller has read and locked; they change the sale and its lines in memory.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engagement.bills.codes import BillCode
from engagement.bills.draft import BillDraft, LineDraft
from engagement.bills.models import Bill, BillLine
from loyalty_project.protocol.errors import LoyaltyError

ZERO = Decimal(0)
ReturnType = Bill.ReturnType


@dataclass(frozen=True, slots=True)
class Portion:
    """The part of a sale that a return takes: type, amount, and lines of the sale with quantity and amount."""

    return_type: str
    amount: Decimal
    lines: Sequence[tuple[LineDraft, BillLine, Decimal, Decimal]] = ()


def choose_sale(draft: BillDraft, candidates: Sequence[Bill]) -> Bill | None:
    """The sale that a return refers to, of those with the number it names; None without candidates.

    Preferred, in this order: not later than the return, not fully returned, of the same till, of the same store, the latest.
    """
    if draft.purchased_on is not None:
        candidates = [sale for sale in candidates if sale.billed_on == draft.purchased_on]
    return max(
        candidates,
        key=lambda sale: (
            sale.billed_at <= draft.billed_at,
            not sale.is_returned,
            draft.till is not None and sale.till_id == draft.till.pk,
            draft.store is not None and sale.store_id == draft.store.pk,
            sale.billed_at,
            sale.pk,
        ),
        default=None,
    )


def portion_of(draft: BillDraft, sale: Bill, *, earlier_types: set[str], sale_lines: Sequence[BillLine]) -> Portion:
    """The part of the sale that the return takes. `earlier_types` are the types of the sale's earlier returns.

    Raises `LoyaltyError` with the codes of docs/protocol.md, tills' part 3.3.
    """
    if sale.outlier_status != Bill.Outlier.NORMAL:
        raise LoyaltyError(BillCode.NOT_RETURNABLE)
    if draft.billed_at < sale.billed_at:
        raise LoyaltyError(BillCode.RETURN_BEFORE_SALE)
    if sale.is_returned:
        raise LoyaltyError(BillCode.FULLY_RETURNED)
    return_type, lines = _what_returns(draft, sale_lines)
    if return_type == ReturnType.FULL:
        if earlier_types:
            raise LoyaltyError(BillCode.PARTLY_RETURNED)
        return Portion(return_type, sale.amount)
    if return_type == ReturnType.LINE_ITEM and ReturnType.AMOUNT in earlier_types:
        raise LoyaltyError(BillCode.AMOUNT_RETURN_EXISTS)
    if return_type == ReturnType.LINE_ITEM and lines is not None:
        matches = _match_lines(lines, sale_lines)
        # Lines may be more than the bill, which has a discount of its own: no more comes back than was paid.
        returned = min(sum((amount for *_, amount in matches), ZERO), sale.amount - sale.returned_amount)
        return Portion(return_type, returned, matches)
    if return_type == ReturnType.AMOUNT and ReturnType.LINE_ITEM in earlier_types:
        raise LoyaltyError(BillCode.LINE_RETURN_EXISTS)
    return Portion(return_type, _amount_sent(draft, sale))


def _what_returns(draft: BillDraft, sale_lines: Sequence[BillLine]) -> tuple[str, Sequence[LineDraft] | None]:
    """The type of the return and its lines. A full one whose cancelled lines are not the whole sale returns these lines."""
    if draft.return_type == ReturnType.FULL:
        cancelled = [line for line in draft.lines or () if line.is_cancelled]
        if cancelled and not _covers(cancelled, sale_lines):
            return ReturnType.LINE_ITEM, cancelled
    return draft.return_type or (ReturnType.LINE_ITEM if draft.lines else ReturnType.AMOUNT), draft.lines


def _covers(lines: Sequence[LineDraft], sale_lines: Sequence[BillLine]) -> bool:
    """True if the lines bring back all that was sold; so they do if nothing is known of the lines of the sale."""
    left: defaultdict[str, Decimal] = defaultdict(Decimal)
    for sold in sale_lines:
        left[sold.item_code] += sold.quantity
    for line in lines:
        left[line.item_code] -= line.quantity
    return all(quantity <= 0 for quantity in left.values())


def _amount_sent(draft: BillDraft, sale: Bill) -> Decimal:
    if draft.amount is None or draft.amount <= 0:
        raise LoyaltyError(BillCode.INVALID_AMOUNT)
    if draft.amount > sale.amount - sale.returned_amount:
        raise LoyaltyError(BillCode.AMOUNT_ABOVE_LEFT)
    return draft.amount


def take_portion(sale: Bill, portion: Portion, *, sale_lines: Sequence[BillLine]) -> None:
    """Add the portion to the returned amounts of the sale and its lines."""
    for _, line, quantity, amount in portion.lines:
        line.returned_quantity += quantity
        line.returned_amount += amount
    sale.returned_amount += portion.amount
    is_whole = sale.returned_amount >= sale.amount
    if not sale.amount and portion.return_type == ReturnType.LINE_ITEM:
        # Nothing was paid: the quantities decide.
        is_whole = all(line.returned_quantity >= line.quantity for line in sale_lines)
    sale.is_returned = is_whole


def _match_lines(drafts: Sequence[LineDraft], lines: Sequence[BillLine]) -> list[tuple[LineDraft, BillLine, Decimal, Decimal]]:
    """The lines of the sale that each returned line is taken from; it may be spread over several lines of the item."""
    if not drafts:
        raise LoyaltyError(BillCode.LINES_MISSING)
    taken: dict[int, tuple[Decimal, Decimal]] = {}
    matches: list[tuple[LineDraft, BillLine, Decimal, Decimal]] = []
    for draft in drafts:
        same = [line for line in lines if line.item_code == draft.item_code]
        if not same:
            raise LoyaltyError(BillCode.NO_SUCH_LINE)
        # By serial first, then by order.
        same.sort(key=lambda line: (not draft.serial or line.serial != draft.serial, line.position))
        if draft.quantity > sum((line.quantity for line in same), ZERO):
            raise LoyaltyError(BillCode.QUANTITY_ABOVE_BOUGHT)
        for line, quantity, amount in _spread(draft, same, taken):
            before = taken.get(id(line), (ZERO, ZERO))
            taken[id(line)] = (before[0] + quantity, before[1] + amount)
            matches.append((draft, line, quantity, amount))
    return matches


def _spread(
    draft: LineDraft, same: Sequence[BillLine], taken: dict[int, tuple[Decimal, Decimal]]
) -> list[tuple[BillLine, Decimal, Decimal]]:
    """The lines that the returned line is taken from, with quantity and amount. `taken` is what earlier lines took."""
    parts: list[tuple[BillLine, Decimal, Decimal]] = []
    quantity_left = draft.quantity
    amount_left = draft.amount
    for line in same:
        quantity_taken, amount_taken = taken.get(id(line), (ZERO, ZERO))
        returnable = line.quantity - line.returned_quantity - quantity_taken
        quantity = min(quantity_left, returnable)
        if quantity <= 0:
            continue
        unreturned = line.amount - line.returned_amount - amount_taken
        # The last part of a line takes the rest of its amount, so that the parts add up.
        price = unreturned if quantity == returnable else (line.amount * quantity / line.quantity).quantize(Decimal("0.001"))
        # An earlier return may have taken more than its share of the amount.
        amount = min(price if amount_left is None else amount_left, unreturned)
        if amount_left is not None:
            amount_left -= amount
        parts.append((line, quantity, amount))
        quantity_left -= quantity
        if not quantity_left:
            break
    if quantity_left:
        raise LoyaltyError(BillCode.QUANTITY_ABOVE_LEFT)
    if amount_left:
        raise LoyaltyError(BillCode.LINE_AMOUNT_ABOVE_LEFT)
    return parts
