"""The sale that a return refers to, and the customer whose sale it is (docs/protocol.md, tills' part 3.1, 3.5)."""

from collections.abc import Sequence

from django.db.models import BigIntegerField, CharField, Q

from engagement.bills.batch import Batch
from engagement.bills.codes import BillCode
from engagement.bills.draft import BillDraft
from engagement.bills.models import ANONYMOUS, RETURNS, Bill
from engagement.bills.returns import choose_sale
from loyalty_project.db.lookups import is_any_of
from loyalty_project.protocol.errors import LoyaltyError, Notice


def owners_of_returned(drafts: Sequence[BillDraft]) -> set[int]:
    """Ids of the customers whose sales come back by returns that name no customer; lock them too. At most one query."""
    nameless = [draft for draft in drafts if draft.is_return and draft.customer_id is None]
    if not nameless:
        return set()
    numbers = {draft.sale_number for draft in nameless if draft.sale_number}
    ids = {draft.sale_id for draft in nameless if draft.sale_id is not None}
    named = Q(is_any_of("pk", ids, BigIntegerField())) | Q(is_any_of("number", numbers, CharField()))
    candidates = list(Bill.objects.filter(named, customer__isnull=False).exclude(type__in=RETURNS | ANONYMOUS))
    sales = (_loyalty_sale(draft, candidates) for draft in nameless)
    return {sale.customer_id for sale in sales if sale is not None and sale.customer_id is not None}


def find_returned_sale(draft: BillDraft, batch: Batch, notices: list[Notice]) -> Bill | None:
    """The sale that a return refers to; None if the return is recorded without a sale. Adds warnings to `notices`.

    A return without a customer becomes that of the sale's customer: `draft` changes. A part of a mixed bill whose sale is not
    found is recorded without it. Raises `LoyaltyError`.
    """
    if draft.sale_id is not None:
        sale = batch.by_id.get(draft.sale_id)
        if sale is None or sale.is_return:
            raise LoyaltyError(BillCode.UNKNOWN_SALE_ID)
        if draft.customer_id is not None and sale.customer_id != draft.customer_id:
            raise LoyaltyError(BillCode.OTHER_CUSTOMERS_BILL)
        return _take_owner(draft, sale, notices)
    named = batch.sales.get(draft.sale_number, [])
    if draft.type in ANONYMOUS:
        return _sale_of_anonymous_return(draft, named, notices)
    if draft.part_of is not None and not draft.sale_number:
        notices.append(Notice(BillCode.SALE_NOT_FOUND))
        return None
    loyalty_sales = [sale for sale in named if sale.type not in ANONYMOUS]
    own = [sale for sale in loyalty_sales if draft.customer_id in {None, sale.customer_id}]
    sale = choose_sale(draft, own)
    if sale is not None:
        return _take_owner(draft, sale, notices)
    if not own and (loyalty_sales or draft.sale_number in batch.sold_numbers):
        raise LoyaltyError(BillCode.OTHER_CUSTOMERS_BILL)
    if not batch.policy.unknown_bill_return and draft.part_of is None:
        raise LoyaltyError(BillCode.SALE_NOT_FOUND)
    notices.append(Notice(BillCode.SALE_NOT_FOUND))
    return None


def _loyalty_sale(draft: BillDraft, sales: Sequence[Bill]) -> Bill | None:
    if draft.sale_id is not None:
        return next((sale for sale in sales if sale.pk == draft.sale_id), None)
    named = [sale for sale in sales if sale.number == draft.sale_number]
    # An anonymous return is of a loyalty sale only if no other sale is possible.
    return None if draft.type in ANONYMOUS and len(named) > 1 else choose_sale(draft, named)


def _sale_of_anonymous_return(draft: BillDraft, named: Sequence[Bill], notices: list[Notice]) -> Bill | None:
    sale = choose_sale(draft, [sale for sale in named if sale.type in ANONYMOUS])
    if sale is not None:
        return sale
    loyalty_sales = [sale for sale in named if sale.type not in ANONYMOUS and draft.part_of is None]
    if len(loyalty_sales) > 1:
        raise LoyaltyError(BillCode.SEVERAL_SALES)
    if loyalty_sales:
        return _take_owner(draft, loyalty_sales[0], notices)
    notices.append(Notice(BillCode.SALE_NOT_FOUND))
    return None


def _take_owner(draft: BillDraft, sale: Bill, notices: list[Notice]) -> Bill:
    """Make the return that of the sale's customer; the sale."""
    if sale.customer_id is not None:
        if draft.type in ANONYMOUS:
            draft.type = Bill.Type.RETURN
            notices.append(Notice(BillCode.ONE_LOYALTY_SALE))
        draft.customer_id = sale.customer_id
    return sale
