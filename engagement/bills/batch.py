"""The bills, sales and totals that a batch of drafts needs: locked, read once, and changed in memory."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import BigIntegerField, CharField, Q

from customers.profile.models import Customer
from engagement.bills.draft import BillDraft, identity_of
from engagement.bills.models import ANONYMOUS, RETURNS, Bill, BillIdentity, BillLine, PurchaseTotals
from loyalty_project.db.arrays import id_array, moment_array, text_array
from loyalty_project.db.gathering import written_together
from loyalty_project.db.ids import draw_ids, give_ids
from loyalty_project.db.instances import read_instance
from loyalty_project.db.locks import lock, lock_values
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from organizations.audit.actors import Actor
from organizations.policies import Policy
from organizations.tenancy.models import Organization
from organizations.tenancy.rows import read_rows
from organizations.tenancy.statements import fetch_rows

_IS_STORED: Final = 7
# The texts by which anything may name the new bills, in expressions on the row `customer`: their numbers and ids.
BILL_NAMES: Final = "%(numbers)s::text[] || %(given)s::text[] || ARRAY(SELECT id::text FROM drawn)"
_CUSTOMERS: Final = """
WITH drawn AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('engagement_bill', 'id')) AS id
    FROM generate_series(1, (SELECT %(unnumbered)s::integer))
)
SELECT customer.id, totals.id, totals.amount, totals.bills, totals.last_billed_at, totals.last_amount,
    ARRAY(SELECT id FROM drawn),
    EXISTS (SELECT FROM engagement_bill AS stored WHERE stored.organization_id = %(organization)s AND {condition}){further}
FROM unnest((SELECT %(customers)s::bigint[])) AS customer (id)
LEFT JOIN engagement_purchasetotals AS totals
    ON totals.organization_id = %(organization)s AND totals.customer_id = customer.id
"""
# As in `loyalty_project.db.rows`, a sub-select hides the length of an array from the planner.
_NUMBERED: Final = """stored.scope = ANY((SELECT %(scopes)s::text[])::text[])
        AND stored.number = ANY((SELECT %(numbers)s::text[])::text[])"""
_ON_THESE_DAYS: Final = f"{_NUMBERED} AND stored.billed_on = ANY((SELECT %(days)s::date[])::date[])"
_AROUND: Final = f"{_NUMBERED} AND stored.billed_on BETWEEN %(first)s::date AND %(last)s::date"


@dataclass(slots=True, kw_only=True)
class Batch:
    """The state of all bills that the drafts may concern, after the drafts recorded so far.

    unnumbered: how many drafts want an id; ids: those that were drawn for them.
    further, noted: expressions on a row `customer` that are read with the totals, and their values by customer.
    sales: by number. sold_numbers: numbers of loyalty sales of any customer. return_types: of the returns of each sale.
    """

    organization: Organization
    policy: Policy
    by: Actor
    now: datetime
    customers: Mapping[int, Customer]
    unnumbered: int = 0
    ids: Sequence[int] = ()
    further: Sequence[str] = ()
    noted: dict[int, Sequence[Any]] = field(default_factory=dict)
    by_identity: dict[BillIdentity, Bill] = field(default_factory=dict)
    by_id: dict[int, Bill] = field(default_factory=dict)
    sales: defaultdict[str, list[Bill]] = field(default_factory=lambda: defaultdict(list))
    sold_numbers: set[str] = field(default_factory=set)
    return_types: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    lines: defaultdict[int, list[BillLine]] = field(default_factory=lambda: defaultdict(list))
    totals: dict[int, PurchaseTotals] = field(default_factory=dict)
    new_bills: list[Bill] = field(default_factory=list)
    new_lines: list[BillLine] = field(default_factory=list)
    changed_sales: dict[int, Bill] = field(default_factory=dict)
    changed_lines: dict[int, BillLine] = field(default_factory=dict)
    changed_totals: dict[int, PurchaseTotals] = field(default_factory=dict)

    def add(self, bills: Iterable[Bill]) -> None:
        """Make bills available to the drafts that follow, each once."""
        for bill in bills:
            if bill.pk in self.by_id:
                continue
            self.by_id[bill.pk] = bill
            self.by_identity[bill.identity] = bill
            if not bill.is_return:
                self.sales[bill.number].append(bill)


def read_batch(batch: Batch, drafts: Sequence[BillDraft]) -> None:
    """Lock the identities of the drafts, draw the ids of new bills, and read all that the drafts may concern.

    One statement for sales of customers that are not stored yet.
    """
    identity_of_each = [identity_of(draft, policy=batch.policy, zone=batch.organization.zone) for draft in drafts]
    identities = set(identity_of_each)
    # Without the day, because a policy may compare bills of several days.
    lock_values(
        ("bill", batch.organization.pk, *identity[:-1])
        for draft, identity in zip(drafts, identity_of_each, strict=True)
        if not _is_protected(draft, batch)
    )
    returns = [draft for draft in drafts if draft.is_return]
    if returns:
        _read_sales(batch, returns)
    if not batch.customers:
        batch.ids = draw_ids(Bill, batch.unnumbered)
    elif not _read_customers(batch, drafts, identities) and not returns:
        return
    batch.add(bills_with(identities, batch.policy))


def _is_protected(draft: BillDraft, batch: Batch) -> bool:
    """True for the sale of a customer: their lock keeps it apart from itself, `bill_identity_unique` from those of others."""
    return draft.customer_id in batch.customers and not draft.is_return and not batch.policy.bill_number_unique_days


def _read_customers(batch: Batch, drafts: Iterable[BillDraft], identities: Collection[BillIdentity]) -> bool:
    """Read the totals of the customers and what else is noted of them, and draw the ids. True if any such bill is stored."""
    condition, values = _condition_of(identities, batch.policy) if identities else ("false", {"numbers": "{}"})
    statement = _CUSTOMERS.format(condition=condition, further="".join(f", {expression}" for expression in batch.further))
    given = text_array([str(draft.bill_id) for draft in drafts if draft.bill_id is not None])
    values |= {"customers": id_array(batch.customers), "unnumbered": batch.unnumbered, "given": given}
    rows = fetch_rows(statement, values)
    for customer_id, pk, amount, bills, last_at, last_amount, ids, _, *noted in rows:
        batch.ids, batch.noted[customer_id] = ids, noted
        if pk is not None:
            batch.totals[customer_id] = read_instance(
                PurchaseTotals,
                id=pk,
                organization_id=batch.organization.pk,
                customer_id=customer_id,
                amount=amount,
                bills=bills,
                last_billed_at=last_at,
                last_amount=last_amount,
            )
    return any(row[_IS_STORED] for row in rows)


def write_batch(batch: Batch) -> None:
    """Write the new and changed rows in one statement; those of many new bills and lines by COPY."""
    new_bills = sorted(batch.new_bills, key=lambda bill: bill.pk)
    new_ids = {bill.pk for bill in new_bills}
    returned = [line for line in batch.new_lines if line.sale_line is not None]
    if returned:
        # The sale may be new as well.
        give_ids(batch.new_lines)
    for line in returned:
        line.sale_line_id = line.sale_line.pk if line.sale_line else None
    totals = batch.changed_totals.values()
    with written_together():
        insert_rows(new_bills)
        insert_rows(batch.new_lines)
        update_rows([sale for pk, sale in batch.changed_sales.items() if pk not in new_ids], ("returned_amount", "is_returned"))
        update_rows(list(batch.changed_lines.values()), ("returned_quantity", "returned_amount"))
        insert_rows([row for row in totals if row.pk is None])
        update_rows([row for row in totals if row.pk is not None], ("amount", "bills", "last_billed_at", "last_amount"))


def bills_with(identities: Collection[BillIdentity], policy: Policy) -> Iterable[Bill]:
    """The stored bills that may have these identities, or their number on a day that a policy compares: any for returns."""
    return read_rows(Bill, *_condition_of(identities, policy)) if identities else ()


def _condition_of(identities: Collection[BillIdentity], policy: Policy) -> tuple[str, dict[str, Any]]:
    """The condition of such bills, as rows `stored`, and its values."""
    days = {identity.billed_on for identity in identities}
    values: dict[str, Any] = {
        "scopes": text_array({identity.scope for identity in identities}),
        "numbers": text_array({identity.number for identity in identities}),
    }
    if policy.return_number_unique and any(identity.is_return for identity in identities):
        return _NUMBERED, values
    if not policy.bill_number_unique_days:
        return _ON_THESE_DAYS, {**values, "days": moment_array(days)}
    around = timedelta(days=policy.bill_number_unique_days)
    return _AROUND, {**values, "first": min(days) - around, "last": max(days) + around}


def _read_sales(batch: Batch, returns: Sequence[BillDraft]) -> None:
    """Read the sales that the returns may refer to. Lock them: no customer's lock protects an anonymous sale."""
    numbers = {draft.sale_number for draft in returns if draft.sale_number}
    anonymous = {draft.sale_number for draft in returns if draft.sale_number and draft.type in ANONYMOUS}
    by_id = Q(is_any_of("pk", {draft.sale_id for draft in returns if draft.sale_id is not None}, BigIntegerField()))
    numbered = is_any_of("number", numbers, CharField())
    own = Q(numbered, is_any_of("customer_id", batch.customers, BigIntegerField()))
    all_sales = Bill.objects.exclude(type__in=RETURNS)
    sales = list(lock(all_sales.filter(by_id | own | Q(is_any_of("number", anonymous, CharField())))))
    batch.add(sales)
    if numbers:
        loyalty_sales = all_sales.exclude(type__in=ANONYMOUS).filter(numbered).order_by()
        batch.sold_numbers = set(loyalty_sales.values_list("number", flat=True).distinct())
    ids = {sale.pk for sale in sales}
    if ids:
        of_sales = is_any_of("return_of_id", ids, BigIntegerField())
        for sale_id, return_type in Bill.objects.filter(of_sales).values_list("return_of_id", "return_type"):
            if sale_id is not None:
                batch.return_types[sale_id].add(return_type)
    if ids and any(draft.lines for draft in returns):
        for line in BillLine.objects.filter(is_any_of("bill_id", ids, BigIntegerField())).order_by("bill_id", "position"):
            batch.lines[line.bill_id].append(line)
