"""Bills of tills: customer, returns, points, earlier redemptions, and the answer (docs/protocol.md, tills' part 2, 3)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from customers.identifiers.sections import identifiers
from customers.lookup.references import find_by_references, write_order
from customers.lookup.services import LookupQuery, find_each
from customers.lookup.statement import Found
from customers.profile.reading import Reading, merged
from customers.registration.context import InputContext
from engagement.bills.codes import BillCode
from engagement.bills.mixed import parts_of, returned_lines
from engagement.bills.models import SHOWING_POINTS, Bill, BillAnswer
from engagement.bills.named import number_of_returned
from engagement.bills.payloads import printed_purchases
from engagement.bills.reading import SentBill
from engagement.bills.recording import find_recorded
from engagement.bills.sections import PURCHASES
from engagement.coupons.bill_links import link_coupon_uses
from engagement.points.balances import Balance
from engagement.points.payloads import points_effects
from engagement.points.sections import core_of, core_points
from engagement.programs.catalog import load_catalog
from engagement.redemptions.bill_links import link_listed_redemptions
from loyalty_project.db.rows import insert_rows, new_instance
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError, Notice, in_numeric_order
from loyalty_project.protocol.json_text import to_json
from organizations.audit.actors import Actor
from organizations.configuration import Configuration
from referrals.campaigns.catalog import load_campaigns
from use_cases.bill_customers import BillCustomer, customer_of_bill, registers
from use_cases.purchases import Purchase, record_purchases

# The figures of a bill's answer that are kept for the same bill sent again.
FIGURES: Final = (
    "lifetime_points", "loyalty_points", "current_slab", "tier_expiry_date", "points_summaries", "lifetime_purchases",
)  # fmt: skip
# The tables of the codes of kept warnings.
_TABLES: Final[Mapping[str, Mapping[int, CodeTable]]] = {
    table.__name__: {int(code): code for code in table} for table in (Code, BillCode)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledItem:
    """Result of a till's bill. `customer` is None for an anonymous one; `figures` are those after the bill.

    deducted, balance: points that its returns took back, and those to spend after it; None for a sale.
    """

    bill: Bill
    customer: Found | None
    figures: Mapping[str, Any] = field(default_factory=dict)
    effects: Sequence[Mapping[str, Any]] = ()
    deducted: Decimal | None = None
    balance: Decimal | None = None
    notices: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """What all bills of a call share."""

    configuration: Configuration
    context: InputContext
    by: Actor
    defer_awards: bool = False


class _RepeatedBillError(Exception):
    """The bill turned out to be stored already: what was done for it is undone."""

    def __init__(self, bill: Bill) -> None:
        super().__init__(f"bill {bill.pk} is stored")
        self.bill = bill


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
        return _first_answer(repeated.bill, sent, billing)


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
    draft, now = sent.draft, billing.context.now
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
    purchases = record_purchases(
        drafts,
        catalog=billing.configuration.part(load_catalog),
        campaigns=billing.configuration.part(load_campaigns),
        by=billing.by,
        now=now,
        defer_awards=billing.defer_awards,
    )
    *returns, main = (_recorded(result) for result in purchases)
    if refusal is not None:
        raise refusal
    if not main.recorded.is_new:
        raise _RepeatedBillError(main.recorded.bill)
    return _answered(sent, found, customer, returns, main, billing)


def _look_up(sent: SentBill, billing: Billing) -> Found | Code | None:
    """The customer of the references, with their identifiers unless the bill may change them."""
    reading = None if registers(sent) else _reading(billing)
    return find_by_references(
        sent.references,
        write_order(billing.by.organization.policy),
        by=billing.by,
        country_code=billing.context.country_code,
        sections=() if reading is None else (identifiers(reading),),
        reading=reading,
    )


def _reading(billing: Billing) -> Reading:
    return Reading(configuration=billing.configuration, query={}, store=billing.by.store, now=billing.context.now)


def _customer(sent: SentBill, found: Found | Code | None, billing: Billing) -> tuple[BillCustomer | None, LoyaltyError | None]:
    """The customer of the bill, or the refusal that is due after those of the bill itself."""
    try:
        return customer_of_bill(
            sent,
            found,
            context=billing.context,
            configuration=billing.configuration,
            by=billing.by,
            defer_awards=billing.defer_awards,
        ), None
    except LoyaltyError as refusal:
        if not sent.draft.is_return:
            raise
        return None, refusal


def _recorded(result: Purchase | LoyaltyError) -> Purchase:
    if isinstance(result, LoyaltyError):
        raise result
    return result


def _answered(
    sent: SentBill,
    named: Found | Code | None,
    customer: BillCustomer | None,
    returns: Sequence[Purchase],
    main: Purchase,
    billing: Billing,
) -> BilledItem:
    """The answer to a new bill, which is kept for the same bill sent again."""
    bill, zone = main.recorded.bill, billing.configuration.zone
    notices = [*sent.notices, *(customer.notices if customer else ()), *main.notices]
    notices += [notice for part in returns for notice in part.notices]
    notices += link_listed_redemptions(bill, sent.points_redemptions)
    if sent.coupon_redemptions or main.has_coupon_uses:
        notices += link_coupon_uses(bill, sent.coupon_redemptions, zone=zone)
    found, figures, warnings = _known_after(named, main, billing) or _customer_after(bill, sent, billing)
    notices += warnings
    item = BilledItem(
        bill=bill,
        customer=found,
        figures=figures,
        effects=_effects(customer, [*returns, main]),
        deducted=sum((part.award.deducted for part in [*returns, main]), Decimal(0)) if _shows_points(bill) else None,
        balance=_balance(bill, figures, billing) if _shows_points(bill) else None,
        notices=in_numeric_order(notices),
    )
    _keep(item)
    return item


def _effects(customer: BillCustomer | None, purchases: Sequence[Purchase]) -> list[Mapping[str, Any]]:
    """What registration and bill brought: one effect of points for each account."""
    entries = [*(customer.entries if customer else ()), *(entry for part in purchases for entry in part.award.entries)]
    others = [*(customer.effects if customer else ()), *(effect for part in purchases for effect in part.award.effects)]
    return [*points_effects(entries), *others]


def _shows_points(bill: Bill) -> bool:
    """True for bills whose answer says how many points they took back."""
    return bill.type in SHOWING_POINTS


def _customer_after(bill: Bill, sent: SentBill, billing: Billing) -> tuple[Found | None, dict[str, Any], Sequence[Notice]]:
    """The customer and their figures after the bill; nothing for a bill that was sent as anonymous."""
    if bill.customer_id is None or sent.is_anonymous:
        return None, {}, ()
    return _read_customer(bill.customer_id, billing)


def _known_after(
    named: Found | Code | None, main: Purchase, billing: Billing
) -> tuple[Found, dict[str, Any], Sequence[Notice]] | None:
    """The same without a statement: from what was read for the bill, and written with it. None if that is not enough."""
    states, customer = main.award.states, main.customer
    if not isinstance(named, Found) or not named.parts or not states or customer is None:
        return None
    is_same = customer.updated_on == named.customer.updated_on and customer.erased_at is None
    reading = _reading(billing)
    by_membership = {key: state for key, state in states.items() if state.membership is not None}
    is_whole = all(state.joined == by_membership.keys() for state in states.values())
    if not is_same or not is_whole or reading.part(load_catalog).is_bound_to_card_series:
        return None
    balances = {key: Balance(membership=state.membership, state=state) for key, state in by_membership.items()}
    figures = core_of(balances, named.customer, reading)
    totals = main.recorded.totals
    is_exact = reading.policy.exact_lifetime_purchases
    figures["lifetime_purchases"] = printed_purchases(totals.amount, is_exact=is_exact) if totals else 0
    return named, figures, reading.warnings_of(customer.pk)


def _balance(bill: Bill, figures: Mapping[str, Any], billing: Billing) -> Decimal:
    """Points to spend after the bill; 0 without a customer."""
    if bill.customer_id is None:
        return Decimal(0)
    if not figures:
        _, figures, _ = _read_customer(bill.customer_id, billing)
    return Decimal(figures["loyalty_points"])


def _read_customer(customer_id: int, billing: Billing) -> tuple[Found, dict[str, Any], Sequence[Notice]]:
    """The customer with identifiers and present figures, and warnings about these: one statement."""
    reading = _reading(billing)
    sections = (identifiers(reading), core_points(reading), PURCHASES)
    ((_, found),) = find_each(
        LookupQuery(key="id", values=[str(customer_id)]),
        organization=billing.by.organization,
        policy=billing.by.organization.policy,
        country_code="",
        sections=sections,
        reading=reading,
    )
    if not isinstance(found, Found):
        raise LoyaltyError(BillCode.CUSTOMER_NOT_FOUND)
    parts = merged(found.parts)
    figures = {key: parts.get(key) for key in FIGURES}
    figures["lifetime_purchases"] = figures["lifetime_purchases"] or 0
    return found, figures, reading.warnings_of(customer_id)


def _keep(item: BilledItem) -> None:
    content = {
        "figures": dict(item.figures),
        "effects": list(item.effects),
        "deducted": item.deducted,
        "balance": item.balance,
        "warnings": [
            {"code": int(notice.code), "of": type(notice.code).__name__, "x": notice.x, "y": notice.y}
            for notice in item.notices
        ],
    }
    bill = item.bill
    insert_rows(
        [new_instance(BillAnswer, organization_id=bill.organization_id, bill_id=bill.pk, content=to_json(content).decode())]
    )


def _first_answer(bill: Bill, sent: SentBill, billing: Billing) -> BilledItem:
    """The answer that the bill got first, with warning 604; present figures and no effects for an imported bill."""
    kept = BillAnswer.objects.filter(bill=bill).values_list("content", flat=True).first()
    found, figures, _ = _customer_after(bill, sent, billing)
    repeated = Notice(BillCode.DUPLICATE_NUMBER)
    if kept is None:
        return BilledItem(
            bill=bill,
            customer=found,
            figures=figures,
            deducted=Decimal(0) if _shows_points(bill) else None,
            balance=_balance(bill, figures, billing) if _shows_points(bill) else None,
            notices=[repeated],
        )
    content = json.loads(kept, parse_float=Decimal)
    first = [_kept_notice(**warning) for warning in content["warnings"]]
    return BilledItem(
        bill=bill,
        customer=found,
        figures=content["figures"] or figures,
        effects=content["effects"],
        deducted=content["deducted"],
        balance=content["balance"],
        notices=in_numeric_order([*first, repeated]),
    )


def _kept_notice(*, code: int, of: str, x: str, y: str) -> Notice:
    """A warning as `_keep` wrote it."""
    return Notice(_TABLES[of][code], x=x, y=y)
