"""How do lines come to bills that are stored already? Each once, behind those that are there (docs/imports.md)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db.models import BigIntegerField, CharField, DateField

from engagement.bills.draft import BillDraft, Identity, LineDraft, identity_of
from engagement.bills.models import RETURNS, Bill, BillLine
from loyalty_project.db.locks import lock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_with_ids
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.models import Organization

_Told = tuple[str, str, Decimal, Decimal, Decimal, Decimal]


def add_lines(lines: Sequence[tuple[BillDraft, LineDraft]], *, organization: Organization) -> list[bool | LoyaltyError]:
    """Add each line to the sale that its draft names: whether it is new, or 400 where the customer has no such sale.

    Lines of a sale that agree in item, description, quantity, rate, amount and discount are the same line. Four queries for any
    number; the constraint `bill_line_position_unique` stands under the sales' locks. Call it in a transaction.
    """
    identities = [identity_of(draft, policy=organization.policy, zone=organization.zone) for draft, _ in lines]
    sales = _sales(set(identities))
    ids = [bill.pk for bill in sales.values()]
    told: defaultdict[int, set[_Told]] = defaultdict(set)
    last: defaultdict[int, int] = defaultdict(int)
    for stored in BillLine.objects.filter(is_any_of("bill_id", ids, BigIntegerField())) if ids else ():
        told[stored.bill_id].add(_told(stored, stored.amount))
        last[stored.bill_id] = max(last[stored.bill_id], stored.position)
    results: list[bool | LoyaltyError] = []
    new: list[BillLine] = []
    for (draft, line), identity in zip(lines, identities, strict=True):
        bill = sales.get(identity)
        if bill is None or bill.customer_id != draft.customer_id:
            results.append(LoyaltyError(Code.INVALID_INPUT))
            continue
        is_new = _told(line, line.net) not in told[bill.pk]
        results.append(is_new)
        if is_new:
            told[bill.pk].add(_told(line, line.net))
            last[bill.pk] += 1
            new.append(_line(line, bill, last[bill.pk]))
    insert_with_ids(new)
    return results


def _sales(identities: Collection[Identity]) -> dict[Identity, Bill]:
    if not identities:
        return {}
    found = Bill.objects.exclude(type__in=RETURNS).filter(
        is_any_of("scope", {scope for _, scope, _, _ in identities}, CharField()),
        is_any_of("number", {number for _, _, number, _ in identities}, CharField()),
        is_any_of("billed_on", {day for *_, day in identities}, DateField()),
    )
    return {(False, bill.scope, bill.number, bill.billed_on): bill for bill in lock(found)}


def _told(line: BillLine | LineDraft, amount: Decimal) -> _Told:
    return line.item_code, line.description, line.quantity, line.rate, amount, line.discount


def _line(draft: LineDraft, bill: Bill, position: int) -> BillLine:
    return BillLine(
        organization_id=bill.organization_id,
        bill_id=bill.pk,
        position=position,
        item_code=draft.item_code,
        description=draft.description,
        quantity=draft.quantity,
        rate=draft.rate,
        value=draft.value,
        discount=draft.discount,
        amount=draft.net,
    )
