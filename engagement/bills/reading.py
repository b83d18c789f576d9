"""A bill as a till sends it: read into a draft and what belongs to it (docs/protocol.md, tills' part 2.1, 2.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from customers.lookup.references import references_in
from engagement.bills.draft import BillDraft, LineDraft
from engagement.bills.models import ANONYMOUS, Bill
from engagement.bills.reader import LONG, SHORT, BillContext, Reader
from engagement.bills.sent_extras import read_bill_source, read_currency, read_details, read_field_values, read_listed
from engagement.bills.sent_lines import CANCELLED, read_lines
from engagement.numbers.money import read_money
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.plain_text import read_code
from loyalty_project.protocol.values import Item, child, optional, read_id, text

# What a sale with returned lines is.
_MIXED: Final[Mapping[str, str]] = {Bill.Type.REGULAR: Bill.Type.MIXED, Bill.Type.NOT_INTERESTED: Bill.Type.NI_MIXED}


@dataclass(slots=True, kw_only=True)
class SentBill:
    """A bill as sent. `draft` is what is recorded; the customer of `references` is filled in later.

    type: as sent, whatever the draft becomes.
    customer: the block about the customer, which may register or update one.
    number, parent_number, sale_id: of a return, the numbers that name its sale and itself, in either order (3.1).
    points_redemptions, coupon_redemptions: ids of earlier redemptions that the bill lists.
    """

    draft: BillDraft
    type: str
    customer: Item
    references: Mapping[str, str]
    parent_number: str = ""
    points_redemptions: Sequence[str] = ()
    coupon_redemptions: Sequence[str] = ()
    notices: list[Notice] = field(default_factory=list)

    @property
    def is_anonymous(self) -> bool:
        """True if the bill has no customer: what it says of one is ignored."""
        return self.type in ANONYMOUS


def read_bill(item: Item, context: BillContext) -> SentBill:
    """Read a bill. Raises `LoyaltyError` 400 for a list or an object in place of a value, and for lists that are too long."""
    reader = Reader(context)
    notices: list[Notice] = []
    lines = read_lines(item, reader, notices)
    kind = _kind(item, lines)
    customer = child(item, "customer")
    references = {} if kind in ANONYMOUS else references_in(customer)
    billed_at = reader.time(text(item, "billing_time"))
    draft = BillDraft(
        type=kind,
        number=text(item, "number"),
        billed_at=billed_at or context.now,
        time_is_sent=billed_at is not None,
        gross_amount=reader.money(item, "gross_amount"),
        discount=reader.money(item, "discount") or Decimal(0),
        till=context.by.till,
        store=context.by.store,
        lines=lines,
        outlier_status=text(item, "outlier_status").upper() or Bill.Outlier.NORMAL,
        delivery_status=reader.short(text(item, "delivery_status").upper(), most=SHORT) or "DELIVERED",
        notes=reader.words(item, "notes", most=LONG),
        source=read_bill_source(item, context, notices),
        currency=read_currency(item, reader),
        field_values=read_field_values(item, context, notices),
        details=read_details(item, lines, reader, notices),
        names_customer=bool(references),
    )
    if draft.is_return:
        _read_return(item, draft, reader)
    else:
        draft.amount = reader.money(item, "amount")
    draft.unread = reader.unread
    code = text(item, "referral_code")
    return SentBill(
        draft=draft,
        type=kind,
        customer={"referral_code": code, **customer} if code and not text(customer, "referral_code") else customer,
        references=references,
        parent_number=read_code(reader.words(item, "parent_bill_number", most=SHORT)),
        points_redemptions=read_listed(item, "points_redemptions", "pointsRedemptions"),
        coupon_redemptions=read_listed(item, "coupon_redemptions", "couponRedemptions"),
        notices=notices,
    )


def _kind(item: Item, lines: Sequence[LineDraft]) -> str:
    """The type of the bill: a sale with a returned line is a mixed one."""
    kind = text(item, "type").upper() or Bill.Type.REGULAR
    has_returned = any(line.is_returned for line in lines)
    return _MIXED.get(kind, kind) if has_returned else kind


def _read_return(item: Item, draft: BillDraft, reader: Reader) -> None:
    """Read what only returns have. The type of their lines says nothing, but for cancelled ones."""
    draft.lines = [replace(line, is_returned=False, sale_number="", purchased_on=None) for line in draft.lines or ()]
    given = text(item, "return_type").upper()
    draft.return_type = Bill.ReturnType.LINE_ITEM if given == CANCELLED else given
    draft.purchased_on = reader.day(text(item, "purchase_time"))
    if named := optional(item, "id"):
        # 0, which no bill has, for what is not an id.
        draft.sale_id = read_id(named)
    by_lines = not given and bool(draft.lines)
    if by_lines or draft.return_type in {Bill.ReturnType.FULL, Bill.ReturnType.LINE_ITEM}:
        # The sale gives these their amount, whatever was sent.
        sent = read_money(text(item, "amount"), reader.context.currency)
        draft.amount = sent if sent is not None and sent >= 0 else None
    else:
        draft.amount = reader.money(item, "amount")
