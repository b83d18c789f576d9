"""Answers to tills' bills: the customer and figures after the bill, kept for the same bill sent again.

docs/protocol.md, tills' part 2.4, 2.5.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.db.models import BigIntegerField

from customers.identifiers.sections import identifiers
from customers.lookup.services import LookupQuery, find_each
from customers.lookup.statement import Found
from customers.profile.reading import Reading, merged
from customers.registration.context import InputContext
from engagement.bills.codes import BillCode
from engagement.bills.models import SHOWING_POINTS, Bill, BillAnswer
from engagement.bills.payloads import printed_purchases
from engagement.bills.reading import SentBill
from engagement.bills.sections import PURCHASES
from engagement.points.balances import Balance
from engagement.points.sections import core_of, core_points
from engagement.programs.catalog import load_catalog
from loyalty_project.db.instances import new_instance
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError, Notice, in_numeric_order
from loyalty_project.protocol.json_text import to_json
from organizations.audit.actors import Actor
from organizations.configuration import Configuration
from use_cases.purchases import Purchase

# The figures of a bill's answer that are kept for the same bill sent again.
FIGURES: Final = (
    "lifetime_points", "loyalty_points", "current_slab", "tier_expiry_date", "points_summaries", "lifetime_purchases",
)  # fmt: skip
# The tables of the codes of kept warnings.
_TABLES: Final[Mapping[str, Mapping[int, CodeTable]]] = {
    table.__name__: {int(code): code for code in table} for table in (Code, BillCode)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """What all bills of a call at a till share."""

    configuration: Configuration
    context: InputContext
    by: Actor
    defer_awards: bool = False

    @property
    def reading(self) -> Reading:
        """What the sections of a customer read by."""
        return Reading(configuration=self.configuration, query={}, store=self.by.store, now=self.context.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledItem:
    """Result of a till's bill. `type` is as sent. `customer` is None for an anonymous one; `figures` are those after the bill.

    deducted, balance: points that its returns took back, and those to spend after it; None for a sale.
    """

    type: str
    bill: Bill
    customer: Found | None
    figures: Mapping[str, Any] = field(default_factory=dict)
    effects: Sequence[Mapping[str, Any]] = ()
    deducted: Decimal | None = None
    balance: Decimal | None = None
    notices: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The customer and their figures after a bill, and warnings about these; nothing for a bill that was sent as anonymous."""

    customer: Found | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[Notice] = ()


def named_after(bill: Bill, sent: SentBill) -> int | None:
    """The customer (id) whose figures the answer to the bill prints."""
    return None if sent.is_anonymous else bill.customer_id


def known_after(named: Found | Code | None, main: Purchase, billing: Billing) -> After | None:
    """What was read for the bill, and written with it: no statement. None if that is not enough."""
    states, customer = main.award.states, main.customer
    if not isinstance(named, Found) or not named.parts or not states or customer is None:
        return None
    is_same = customer.updated_on == named.customer.updated_on and customer.erased_at is None
    reading = billing.reading
    by_membership = {key: state for key, state in states.items() if state.membership is not None}
    is_whole = all(state.joined == by_membership.keys() for state in states.values())
    if not is_same or not is_whole or reading.part(load_catalog).is_bound_to_card_series:
        return None
    balances = {key: Balance(membership=state.membership, state=state) for key, state in by_membership.items()}
    figures = core_of(balances, named.customer, reading)
    totals = main.recorded.totals
    is_exact = reading.policy.exact_lifetime_purchases
    figures["lifetime_purchases"] = printed_purchases(totals.amount, is_exact=is_exact) if totals else 0
    return After(customer=named, figures=figures, warnings=reading.warnings_of(customer.pk))


def read_after(customers: Collection[int | None], billing: Billing) -> dict[int | None, After]:
    """The customers by id, with identifiers and present figures: one statement, none without customers."""
    after: dict[int | None, After] = {None: After()}
    ids = [customer_id for customer_id in dict.fromkeys(customers) if customer_id is not None]
    if not ids:
        return after
    reading = billing.reading
    each = find_each(
        LookupQuery(key="id", values=[str(customer_id) for customer_id in ids]),
        organization=billing.by.organization,
        policy=billing.by.organization.policy,
        country_code="",
        sections=(identifiers(reading), core_points(reading), PURCHASES),
        reading=reading,
    )
    for customer_id, (_, found) in zip(ids, each, strict=True):
        if not isinstance(found, Found):
            raise LoyaltyError(BillCode.CUSTOMER_NOT_FOUND)
        parts = merged(found.parts)
        figures = {key: parts.get(key) for key in FIGURES}
        figures["lifetime_purchases"] = figures["lifetime_purchases"] or 0
        after[customer_id] = After(customer=found, figures=figures, warnings=reading.warnings_of(customer_id))
    return after


def shows_points(bill: Bill) -> bool:
    """True for bills whose answer says how many points they took back, and how many there are to spend."""
    return bill.type in SHOWING_POINTS


def balance_after(bill: Bill, after: After, billing: Billing) -> Decimal:
    """Points to spend after the bill; 0 without a customer."""
    if bill.customer_id is None:
        return Decimal(0)
    figures = after.figures or read_after([bill.customer_id], billing)[bill.customer_id].figures
    return Decimal(figures["loyalty_points"])


def keep_answers(items: Sequence[BilledItem]) -> None:
    """Store the answers to new bills for the same bills sent again."""
    insert_rows(
        [
            new_instance(
                BillAnswer,
                organization_id=item.bill.organization_id,
                bill_id=item.bill.pk,
                content=to_json(_content(item)).decode(),
            )
            for item in items
        ]
    )


def _content(item: BilledItem) -> dict[str, Any]:
    return {
        "figures": dict(item.figures),
        "effects": list(item.effects),
        "deducted": item.deducted,
        "balance": item.balance,
        "warnings": [
            {"code": int(notice.code), "of": type(notice.code).__name__, "x": notice.x, "y": notice.y}
            for notice in item.notices
        ],
    }


def first_answers(bills: Sequence[tuple[Bill, SentBill]], billing: Billing) -> list[BilledItem]:
    """The answers that stored bills got first, with warning 604; present figures and no effects for an imported bill.

    Two statements for any number of bills, none without bills.
    """
    if not bills:
        return []
    stored = BillAnswer.objects.filter(is_any_of("bill_id", {bill.pk for bill, _ in bills}, BigIntegerField()))
    kept = dict(stored.values_list("bill_id", "content"))
    after = read_after([named_after(*sent) for sent in bills], billing)
    return [_first_answer(bill, sent, kept.get(bill.pk), after[named_after(bill, sent)], billing) for bill, sent in bills]


def _first_answer(bill: Bill, sent: SentBill, kept: str | None, after: After, billing: Billing) -> BilledItem:
    repeated = Notice(BillCode.DUPLICATE_NUMBER)
    if kept is None:
        return BilledItem(
            type=sent.type,
            bill=bill,
            customer=after.customer,
            figures=after.figures,
            deducted=Decimal(0) if shows_points(bill) else None,
            balance=balance_after(bill, after, billing) if shows_points(bill) else None,
            notices=[repeated],
        )
    content = json.loads(kept, parse_float=Decimal)
    first = [_kept_notice(**warning) for warning in content["warnings"]]
    return BilledItem(
        type=sent.type,
        bill=bill,
        customer=after.customer,
        figures=content["figures"] or after.figures,
        effects=content["effects"],
        deducted=content["deducted"],
        balance=content["balance"],
        notices=in_numeric_order([*first, repeated]),
    )


def _kept_notice(*, code: int, of: str, x: str, y: str) -> Notice:
    """A warning as `_content` writes it."""
    return Notice(_TABLES[of][code], x=x, y=y)
