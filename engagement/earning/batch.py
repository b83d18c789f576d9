"""Everything that a batch of recorded bills needs to earn or to take back points, read once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.points.ledger.posting import AccountState, EntryContext
from engagement.points.ledger.repository import States, lock_accounts, settle_states
from engagement.points.ledger.tiers import attach_tiers
from engagement.points.models import BillPoints, PointsEntry, PointsLot
from engagement.programs.catalog import ProgramCatalog
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
    """Effect of a bill on points: its ledger entries, the points that a return took back, and warnings."""

    entries: list[PointsEntry] = field(default_factory=list)
    deducted: Decimal = ZERO
    notices: list[Notice] = field(default_factory=list)


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
    card_series: Mapping[int, Collection[int]]
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
) -> AwardBatch:
    """Lock the accounts of the `loyal` customers, by id, and read what the bills need; call it in a transaction."""
    states = lock_accounts(loyal, zone=organization.zone)
    batch = AwardBatch(
        organization=organization,
        policy=organization.policy,
        catalog=catalog,
        by=by,
        now=now,
        is_history=is_history,
        customers=customers,
        states=states,
        fields=catalog.expiry_fields,
        card_series=catalog.card_series_of(loyal),
    )
    firsts: dict[int, datetime] = {}
    for bill in bills:
        if bill.customer_id is not None:
            firsts[bill.customer_id] = min(bill.billed_at, firsts.get(bill.customer_id, bill.billed_at))
    until = max(firsts.values()) if is_history else now
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
