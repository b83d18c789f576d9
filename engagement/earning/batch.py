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
from engagement.points.models import BillPoints, PointsEntry, PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ProgramCatalog
from engagement.programs.models import Membership, ProgramVersion
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
    memberships: Mapping[AccountKey, Membership]
    fields: Sequence[FieldDefinition]
    card_series: Mapping[int, Collection[int]]
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
    of_these = is_any_of("customer_id", loyal, BigIntegerField())
    states = lock_accounts(loyal, zone=organization.zone)
    memberships = Membership.objects.filter(of_these).select_related("tier")
    batch = AwardBatch(
        organization=organization,
        policy=organization.policy,
        catalog=catalog,
        by=by,
        now=now,
        is_history=is_history,
        customers=customers,
        states=states,
        memberships={AccountKey(membership.customer_id, membership.program_id): membership for membership in memberships},
        fields=catalog.expiry_fields,
        card_series=catalog.card_series_of(loyal),
    )
    for key, state in states.items():
        membership = batch.memberships.get(key)
        state.tier_ends = membership.tier_expires_on if membership else None
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
