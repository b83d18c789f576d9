"""Bills of tills: customer, returns, points, earlier redemptions, and the answer (docs/protocol.md, tills' part 2, 3)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction

from customers.identifiers.sections import identifiers
from customers.lookup.references import find_by_references, find_each_reference, write_order
from customers.lookup.statement import Found
from engagement.bills.draft import BillDraft
from engagement.bills.mixed import parts_of, returned_lines
from engagement.bills.models import Bill
from engagement.bills.named import number_of_returned
from engagement.bills.reading import SentBill
from engagement.bills.recording import find_recorded
from engagement.coupons.bill_links import link_coupon_uses
from engagement.points.payloads import points_effects
from engagement.programs.catalog import load_catalog
from engagement.redemptions.bill_links import link_listed_redemptions
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import ApartError, LoyaltyError, in_numeric_order
from loyalty_project.protocol.outcomes import repeated_at, unless_refused, work_sound
from referrals.campaigns.catalog import load_campaigns
from referrals.links.services import referrers_of
from use_cases.bill_answers import (
    After,
    BilledItem,
    Billing,
    balance_after,
    first_answers,
    keep_answers,
    known_after,
    named_after,
    read_after,
    shows_points,
)
from use_cases.bill_customers import BillCustomer, customer_of_bill, registers
from use_cases.purchases import Purchase, record_purchases


class _RepeatedBillError(Exception):
    """The bill turned out to be stored already: what was done for it is undone."""

    def __init__(self, bill: Bill) -> None:
        super().__init__(f"bill {bill.pk} is stored")
        self.bill = bill


def record_each(sent_bills: Sequence[SentBill], billing: Billing) -> list[BilledItem | LoyaltyError]:
    """Record the bills of a call as `record_bill` does. Sales of known customers share their statements.

    A refusal is in the place of its bill, and leaves no trace; that of a single bill is raised. Raises `ApartError` for a bill
    that cannot share its statements with the others. Call it in a transaction.
    """
    if len(sent_bills) == 1:
        return [record_bill(sent_bills[0], billing)]
    _check_shared(sent_bills)
    references = [next(iter(sent.references.items()), None) for sent in sent_bills]
    each_found = find_each_reference(
        references,
        by=billing.by,
        country_code=billing.context.country_code,
        reading=billing.reading,
        sections=(identifiers(billing.reading),),
    )
    _check_apart(each_found, billing)
    customers = [unless_refused(_sale_of, sent, found, billing) for sent, found in zip(sent_bills, each_found, strict=True)]
    return work_sound(customers, partial(_record_sales, billing=billing))


def _check_shared(sent_bills: Sequence[SentBill]) -> None:
    """Raise `ApartError` for bills that may write their customer or earlier bills, or have the number of another one."""
    numbers = Counter(sent.draft.number for sent in sent_bills)
    apart = [
        index
        for index, sent in enumerate(sent_bills)
        if sent.draft.is_return or returned_lines(sent.draft) or registers(sent) or numbers[sent.draft.number] > 1
    ]
    if apart:
        raise ApartError(*apart)


def _check_apart(each_found: Sequence[Found | Code | None], billing: Billing) -> None:
    """Raise `ApartError` for bills that may register their customer, have that of an earlier one, or bring them a reward."""
    unknown = [index for index, found in enumerate(each_found) if found is not None and not isinstance(found, Found)]
    if unknown:
        raise ApartError(*unknown)
    customers = [found.customer.pk if isinstance(found, Found) else None for found in each_found]
    if repeated := repeated_at(customers):
        raise ApartError(*repeated)
    named = {customer for customer in customers if customer is not None}
    if not billing.configuration.part(load_campaigns).is_empty and (rewarded := referrers_of(named) & named):
        raise ApartError(*(index for index, customer in enumerate(customers) if customer in rewarded))


# A sale before it is recorded: as it was sent, what its reference led to, and its customer.
_Sale = tuple[SentBill, Found | Code | None, BillCustomer | None]


def _sale_of(sent: SentBill, found: Found | Code | None, billing: Billing) -> _Sale:
    customer = _customer_of(sent, found, billing)
    sent.draft.customer_id = customer.customer_id if customer else None
    return sent, found, customer


def _record_sales(sales: Sequence[_Sale], billing: Billing) -> list[BilledItem | LoyaltyError]:
    """Record sales of different customers, and answer them."""
    results = _recorded([sent.draft for sent, _, _ in sales], billing)
    recorded = [
        (sent, found, result) for (sent, found, _), result in zip(sales, results, strict=True) if isinstance(result, Purchase)
    ]
    after_each = iter(_after_each([sale for sale in recorded if sale[2].recorded.is_new], billing))
    repeated = [(result.recorded.bill, sent) for sent, _, result in recorded if not result.recorded.is_new]
    first_of_each = iter(first_answers(repeated, billing))
    answers: list[BilledItem | LoyaltyError] = []
    new: list[BilledItem] = []
    for (sent, _, customer), result in zip(sales, results, strict=True):
        if isinstance(result, LoyaltyError):
            answers.append(result)
        elif result.recorded.is_new:
            new.append(_answered(sent, customer, [], result, next(after_each), billing))
            answers.append(new[-1])
        else:
            answers.append(next(first_of_each))
    keep_answers(new)
    return answers


def record_bill(sent: SentBill, billing: Billing) -> BilledItem:
    """Record a bill or return of a till with all its effects; the first answer again for one that is stored.

    Raises `LoyaltyError` with the codes of docs/protocol.md, tills' part 6.1, in the order given there; then nothing of the
    item may stay. Call it in a transaction.
    """
    found = None if sent.is_anonymous else _look_up(sent, billing)
    is_plain = sent.is_anonymous or (isinstance(found, Found) and not registers(sent))
    try:
        if is_plain and not returned_lines(sent.draft):
            return _record(sent, found, billing)
        # A bill that was sent before touches neither the profile nor the sales that its lines come from.
        with transaction.atomic():
            _check_new(sent, found, billing)
            return _record(sent, found, billing)
    except _RepeatedBillError as repeated:
        (answer,) = first_answers([(repeated.bill, sent)], billing)
        return answer


def _check_new(sent: SentBill, found: Found | Code | None, billing: Billing) -> None:
    """Look for the sale that this one repeats, before its customer is written. Raises 604, and all that comes before it."""
    if sent.draft.is_return:
        return
    try:
        stored = _find_stored(sent, found, billing)
    except LoyaltyError:
        # Since the customer was looked up, the same bill of another call may have registered them.
        stored = _find_stored(sent, _look_up(sent, billing), billing)
    if stored is not None:
        raise _RepeatedBillError(stored)


def _find_stored(sent: SentBill, found: Found | Code | None, billing: Billing) -> Bill | None:
    draft, organization = sent.draft, billing.by.organization
    draft.customer_id = found.customer.pk if isinstance(found, Found) else None
    now = billing.context.now
    return find_recorded(draft, organization=organization, policy=organization.policy, by=billing.by, now=now)


def _record(sent: SentBill, found: Found | Code | None, billing: Billing) -> BilledItem:
    draft = sent.draft
    draft.customer_id = found.customer.pk if isinstance(found, Found) else None
    if draft.is_return:
        draft.sale_number, draft.number = number_of_returned(
            draft.number, sent.parent_number, sale_id=draft.sale_id, customer_id=draft.customer_id
        )
        if draft.customer_id is None and sent.references:
            # The id of nobody: no sale is theirs.
            draft.customer_id = 0
    customer, refusal = _customer(sent, found, billing)
    if customer is not None:
        draft.customer_id = customer.customer_id
    drafts = [*parts_of(draft), draft]
    *returns, main = (_unless_refused(result) for result in _recorded(drafts, billing))
    if refusal is not None:
        raise refusal
    if not main.recorded.is_new:
        raise _RepeatedBillError(main.recorded.bill)
    (after,) = _after_each([(sent, found, main)], billing)
    answer = _answered(sent, customer, returns, main, after, billing)
    keep_answers([answer])
    return answer


def _recorded(drafts: Sequence[BillDraft], billing: Billing) -> list[Purchase | LoyaltyError]:
    return record_purchases(
        drafts,
        catalog=billing.configuration.part(load_catalog),
        campaigns=billing.configuration.part(load_campaigns),
        by=billing.by,
        now=billing.context.now,
        defer_awards=billing.defer_awards,
    )


def _look_up(sent: SentBill, billing: Billing) -> Found | Code | None:
    """The customer of the references, with their identifiers unless the bill may change them."""
    reading = None if registers(sent) else billing.reading
    return find_by_references(
        sent.references,
        write_order(billing.by.organization.policy),
        by=billing.by,
        country_code=billing.context.country_code,
        sections=() if reading is None else (identifiers(reading),),
        reading=reading,
    )


def _customer(sent: SentBill, found: Found | Code | None, billing: Billing) -> tuple[BillCustomer | None, LoyaltyError | None]:
    """The customer of the bill, or the refusal that is due after those of the bill itself."""
    try:
        return _customer_of(sent, found, billing), None
    except LoyaltyError as refusal:
        if not sent.draft.is_return:
            raise
        return None, refusal


def _customer_of(sent: SentBill, found: Found | Code | None, billing: Billing) -> BillCustomer | None:
    return customer_of_bill(
        sent,
        found,
        context=billing.context,
        configuration=billing.configuration,
        by=billing.by,
        defer_awards=billing.defer_awards,
    )


def _unless_refused(result: Purchase | LoyaltyError) -> Purchase:
    if isinstance(result, LoyaltyError):
        raise result
    return result


# A recorded sale: as it was sent, what its references led to, and the result.
_Recorded = tuple[SentBill, Found | Code | None, Purchase]


def _after_each(recorded: Sequence[_Recorded], billing: Billing) -> list[After]:
    """The customers of new bills and their figures: what is not known already is read with one statement."""
    known = [known_after(found, result, billing) for _, found, result in recorded]
    named = [named_after(result.recorded.bill, sent) for sent, _, result in recorded]
    read = read_after([customer for customer, after in zip(named, known, strict=True) if after is None], billing)
    return [after or read[customer] for customer, after in zip(named, known, strict=True)]


def _answered(
    sent: SentBill,
    customer: BillCustomer | None,
    returns: Sequence[Purchase],
    main: Purchase,
    after: After,
    billing: Billing,
) -> BilledItem:
    """The answer to a new bill, to be kept for the same bill sent again."""
    bill, zone = main.recorded.bill, billing.configuration.zone
    notices = [*sent.notices, *(customer.notices if customer else ()), *main.notices, *after.warnings]
    notices += [notice for part in returns for notice in part.notices]
    notices += link_listed_redemptions(bill, sent.points_redemptions)
    if sent.coupon_redemptions or main.has_coupon_uses:
        notices += link_coupon_uses(bill, sent.coupon_redemptions, zone=zone)
    return BilledItem(
        type=sent.type,
        bill=bill,
        customer=after.customer,
        figures=after.figures,
        effects=_effects(customer, [*returns, main]),
        deducted=sum((part.award.deducted for part in [*returns, main]), Decimal(0)) if shows_points(bill) else None,
        balance=balance_after(bill, after, billing) if shows_points(bill) else None,
        notices=in_numeric_order(notices),
    )


def _effects(customer: BillCustomer | None, purchases: Sequence[Purchase]) -> list[Mapping[str, Any]]:
    """What registration and bill brought: one effect of points for each account."""
    entries = [*(customer.entries if customer else ()), *(entry for part in purchases for entry in part.award.entries)]
    others = [*(customer.effects if customer else ()), *(effect for part in purchases for effect in part.award.effects)]
    return [*points_effects(entries), *others]
