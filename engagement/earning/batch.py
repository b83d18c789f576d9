"""Everything that a batch of recorded bills needs to earn or to take back points, read once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import BigIntegerField

from customers.profile.models import Customer
from engagement.bills.models import Bill, BillLine
from engagement.earning.circumstances import Circumstances, read_circumstances
from engagement.earning.parts import CameBack
from engagement.points.ledger.posting import AccountState, EntryContext
from engagement.points.ledger.repository import States, lock_accounts, settle_states
from engagement.points.ledger.tiers import attach_tiers
from engagement.points.models import BillPoints, PointsEntry, PointsLot
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.models import ProgramVersion
from engagement.tiers.activity import LineSums, read_line_sums
from engagement.tiers.member import NO_LINES
from loyalty_project.db.lookups import is_any_of
from loyalty_project.protocol.errors import Notice
from organizations.audit.actors import Actor
from organizations.fields.models import FieldDefinition
from organizations.policies import Policy
from organizations.tenancy.models import Organization

ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)
class BillAward:
    """Effect of a bill on points: its ledger entries, the points that a return took back, and warnings.

    `effects` are those that other steps of the bill had, as docs/protocol.md 3 prints them. `states` are all accounts of the
    bill's customer as they were stored afterwards, by program; None if that is not known.
    """

    entries: list[PointsEntry] = field(default_factory=list)
    deducted: Decimal = ZERO
    notices: list[Notice] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)
    states: Mapping[int, AccountState] | None = None


class Terms(NamedTuple):
    """A program in which a sale counts, and the version of its rules by which the sale earns."""

    current: CurrentProgram
    version: ProgramVersion


class ReturnedLine(NamedTuple):
    """A line that a return took, by its position on the sale. Returns are in the order of `moment`."""

    moment: tuple[Decimal, int]
    position: int
    amount: Decimal


@dataclass(slots=True, kw_only=True)
class AwardBatch:
    """Everything that a batch of bills needs, read once."""

    organization: Organization
    policy: Policy
    catalog: ProgramCatalog
    by: Actor
    now: datetime
    is_history: bool
    customers: Mapping[int, Customer]
    states: States
    fields: Sequence[FieldDefinition]
    terms: Mapping[int, Sequence[Terms]]  # by sale
    circumstances: Circumstances
    sold_lines: defaultdict[int, dict[int, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    returned_lines: defaultdict[int, list[ReturnedLine]] = field(default_factory=lambda: defaultdict(list))
    line_sums: Mapping[int, LineSums] = field(default_factory=dict)
    shares: dict[int, list[BillPoints]] = field(default_factory=dict)
    lots: defaultdict[int, list[PointsLot]] = field(default_factory=lambda: defaultdict(list))
    moved: dict[int, int] = field(default_factory=dict)  # accounts that a merge moved, and where to
    changed_shares: dict[tuple[int, int], BillPoints] = field(default_factory=dict)


def open_batch(
    bills: Sequence[Bill],
    loyal: Collection[int],
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    organization: Organization,
    by: Actor,
    now: datetime,
    *,
    is_history: bool,
    states: States | None = None,
) -> AwardBatch:
    """Lock the accounts of the `loyal` customers, by id, and read what the bills need; call it in a transaction.

    `states` are these accounts, if they are locked already.
    """
    if states is None:
        states = lock_accounts(loyal, zone=organization.zone)
    new_sales = [bill for bill in bills if not bill.is_return and bill.customer_id in loyal]
    terms = _terms(new_sales, catalog, catalog.card_series_of(loyal))
    versions = {version.pk: version for of_sale in terms.values() for _, version in of_sale}
    rules = [rule for version in versions.values() for rule in version.typed_rules.earning]
    batch = AwardBatch(
        organization=organization,
        policy=organization.policy,
        catalog=catalog,
        by=by,
        now=now,
        is_history=is_history,
        customers=customers,
        states=states,
        fields=catalog.date_fields,
        terms=terms,
        circumstances=read_circumstances(new_sales, rules),
    )
    firsts: dict[int, datetime] = {}
    for bill in bills:
        if bill.customer_id is not None:
            firsts[bill.customer_id] = min(bill.billed_at, firsts.get(bill.customer_id, bill.billed_at))
    until = max((bill.billed_at for bill in bills), default=now) if is_history else now
    attach_tiers(
        states.values(),
        until=until,
        first=firsts,
        catalog=catalog,
        customers=customers,
        policy=batch.policy,
        made_by=by.name,
    )
    if any(state.tier.state.ladder.reads_lines for state in states.values() if state.tier):
        batch.line_sums = read_line_sums([bill.pk for bill in bills])
    sales = {bill.return_of_id for bill in bills if bill.is_return and bill.return_of_id is not None}
    if sales:
        _read_sales(batch, sales)
    return batch


def _terms(
    sales: Sequence[Bill], catalog: ProgramCatalog, card_series: Mapping[int, Collection[int]]
) -> dict[int, list[Terms]]:
    """The programs where each sale counts, the till's first, with the rules of the billing time."""
    return {
        bill.pk: [
            Terms(current, catalog.version_at(current, bill.billed_at))
            for current in catalog.programs_for(bill.store, card_series=card_series.get(bill.customer_id or 0, ())).both()
        ]
        for bill in sales
    }


def _read_sales(batch: AwardBatch, sales: Collection[int]) -> None:
    """Read the points of the returned sales. Lots that the accounts hold are the accounts' own instances."""
    of_these = is_any_of("bill_id", sales, BigIntegerField())
    for share_of_bill in BillPoints.objects.filter(of_these).order_by("pk"):
        batch.shares.setdefault(share_of_bill.bill_id, []).append(share_of_bill)
    held = {lot.pk: lot for state in batch.states.values() for lot in state.lots}
    for lot in PointsLot.objects.filter(of_these).select_related("account").order_by("pk"):
        batch.lots[lot.bill_id or 0].append(held.get(lot.pk, lot))
        if lot.account.moved_to_id is not None:
            batch.moved[lot.account_id] = lot.account.moved_to_id
    if batch.circumstances.lines or any(share.of_lines for of_sale in batch.shares.values() for share in of_sale):
        read_returned_lines(batch, sales)


def read_returned_lines(batch: AwardBatch, sales: Collection[int]) -> None:
    """Read the lines of these sales, and what all their returns took of them: two queries."""
    sold = BillLine.objects.filter(is_any_of("bill_id", sales, BigIntegerField()), sale_line=None)
    for sale_id, position, amount in sold.values_list("bill_id", "position", "amount"):
        batch.sold_lines[sale_id][position] = amount
    back = BillLine.objects.filter(is_any_of("bill__return_of_id", sales, BigIntegerField()), sale_line__isnull=False)
    columns = ("bill__return_of_id", "bill__sale_returned", "bill_id", "sale_line__position", "amount")
    for sale_id, returned, bill_id, position, amount in back.values_list(*columns):
        batch.returned_lines[sale_id].append(ReturnedLine((returned, bill_id), position, amount))


def came_back(bill: Bill, sale: Bill, batch: AwardBatch) -> CameBack:
    """What has come back of the sale with this return and before it."""
    lines: defaultdict[int, Decimal] = defaultdict(Decimal)
    for line in batch.returned_lines.get(sale.pk, ()):
        if line.moment <= (bill.sale_returned, bill.pk):
            lines[line.position] += line.amount
    return CameBack(amount=sale.amount, returned=bill.sale_returned, sold=batch.sold_lines.get(sale.pk, {}), lines=dict(lines))


def settle_history(bill: Bill, state: AccountState, batch: AwardBatch) -> None:
    """Settle the account up to the moment of a bill of the past."""
    if batch.is_history:
        settle_states([state], until=bill.billed_at, recorded_at=batch.now)


def count_for_tier(bill: Bill, state: AccountState, batch: AwardBatch) -> None:
    """Evaluate the member's tier after the points of the bill were posted: it earned by the tier before it."""
    if state.tier is not None:
        state.tier.add_bill(bill, batch.line_sums.get(bill.pk, NO_LINES))
        state.advance_tier(bill.billed_at)


def entry_context(
    bill: Bill, batch: AwardBatch, *, version: ProgramVersion | None, explanation: Mapping[str, Any]
) -> EntryContext:
    """Context of a ledger entry of the bill: its time, its till and store, the actor, and the figures of the rule."""
    return EntryContext(
        occurred_at=bill.billed_at,
        recorded_at=batch.now,
        made_by=batch.by.name,
        version=version,
        bill_id=bill.pk,
        till=bill.till,
        store=bill.store,
        explanation=explanation,
    )
