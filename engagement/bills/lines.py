"""Lines of bills: rows of sold and returned lines, and lines that a file adds to stored bills (docs/imports.md)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import BigIntegerField, CharField, DateField

from engagement.bills.draft import MOST_MONEY, BillDraft, LineDraft, identity_of
from engagement.bills.models import RETURNS, Bill, BillIdentity, BillLine
from engagement.bills.returns import Portion
from loyalty_project.db.instances import new_instance
from loyalty_project.db.locks import lock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_with_ids
from loyalty_project.imports.cells import reason
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.models import Organization

_LineContent = tuple[str, str, Decimal, Decimal, Decimal, Decimal, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class AddedLine:
    """A line of a file on its sale; not new if the sale had it."""

    bill: Bill
    is_new: bool


def sold_line(draft: LineDraft, *, bill: Bill, position: int) -> BillLine:
    """The row of a sold line, not stored."""
    return new_instance(
        BillLine,
        organization_id=bill.organization_id,
        bill_id=bill.pk,
        position=position,
        serial=draft.serial,
        item_code=draft.item_code,
        description=draft.description,
        quantity=draft.quantity,
        rate=draft.rate,
        value=draft.value,
        discount=draft.discount,
        amount=draft.net,
        details=dict(draft.details),
    )


def returned_lines(portion: Portion, *, bill: Bill) -> list[BillLine]:
    """The rows of the lines that a return takes, not stored."""
    return [
        BillLine(
            organization_id=bill.organization_id,
            bill_id=bill.pk,
            position=position,
            serial=draft.serial,
            item_code=draft.item_code,
            description=draft.description or line.description,
            quantity=quantity,
            rate=line.rate,
            value=min(line.rate * quantity, MOST_MONEY),
            discount=draft.discount,
            amount=amount,
            sale_line=line,
            details=dict(draft.details),
        )
        for position, (draft, line, quantity, amount) in enumerate(portion.lines, start=1)
    ]


def add_lines(lines: Sequence[tuple[BillDraft, LineDraft]], *, organization: Organization) -> list[AddedLine | LoyaltyError]:
    """Add each line to the sale that its draft names; error 400 if the customer has no such sale.

    Lines of a sale with the same item, description, quantity, rate, amount, discount and attributes are the same line. Four
    queries for any number of lines. The sales are locked; the constraint `bill_line_position_unique` is underneath. Call it
    in a transaction.
    """
    identities = [identity_of(draft, policy=organization.policy, zone=organization.zone) for draft, _ in lines]
    sales = _lock_sales(set(identities))
    ids = [bill.pk for bill in sales.values()]
    contents: defaultdict[int, set[_LineContent]] = defaultdict(set)
    last_position: defaultdict[int, int] = defaultdict(int)
    for stored in BillLine.objects.filter(is_any_of("bill_id", ids, BigIntegerField())) if ids else ():
        contents[stored.bill_id].add(_content(stored, stored.amount))
        last_position[stored.bill_id] = max(last_position[stored.bill_id], stored.position)
    results: list[AddedLine | LoyaltyError] = []
    new: list[BillLine] = []
    for (draft, line), identity in zip(lines, identities, strict=True):
        bill = sales.get(identity)
        if bill is None or bill.customer_id != draft.customer_id:
            results.append(LoyaltyError(Code.INVALID_INPUT, detail=_no_sale(draft, bill, organization)))
            continue
        is_new = _content(line, line.net) not in contents[bill.pk]
        results.append(AddedLine(bill, is_new))
        if is_new:
            contents[bill.pk].add(_content(line, line.net))
            last_position[bill.pk] += 1
            new.append(sold_line(line, bill=bill, position=last_position[bill.pk]))
    insert_with_ids(new)
    return results


def _no_sale(draft: BillDraft, bill: Bill | None, organization: Organization) -> str:
    """The sentence on a line whose bill is not there."""
    if bill is not None:
        return reason("number", draft.number, "is a bill of another customer")
    day = draft.billed_at.astimezone(organization.zone).date()
    return reason("number", draft.number, f"is not a bill of {day} at this till or store")


def _lock_sales(identities: Collection[BillIdentity]) -> dict[BillIdentity, Bill]:
    if not identities:
        return {}
    sales = Bill.objects.exclude(type__in=RETURNS).filter(
        is_any_of("scope", {identity.scope for identity in identities}, CharField()),
        is_any_of("number", {identity.number for identity in identities}, CharField()),
        is_any_of("billed_on", {identity.billed_on for identity in identities}, DateField()),
    )
    return {bill.identity: bill for bill in lock(sales)}


def _content(line: BillLine | LineDraft, amount: Decimal) -> _LineContent:
    attributes = tuple(sorted(line.attributes.items()))
    return line.item_code, line.description, line.quantity, line.rate, amount, line.discount, attributes
