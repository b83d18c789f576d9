"""What does a recorded bill do to its customer's points? It earns, or a return takes back, in each program where it counts.

A step of its own after the bill: it may fail, or be put off, and be worked later from what is stored (docs/protocol.md,
tills' part 2.6).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.bills.codes import BillCode
from engagement.bills.models import Bill
from engagement.earning.rules import Award, Sale, earn
from engagement.numbers.rounding import MOST_POINTS, TooManyPointsError, round_points, share
from engagement.points.bill_points import BillPoints
from engagement.points.errors import PointsStepError
from engagement.points.expiry import Expiry, ExpiryError, expiry_of
from engagement.points.field_dates import field_dates
from engagement.points.ledger.movements import award, take_back
from engagement.points.ledger.posting import AccountState, EntryContext
from engagement.points.ledger.repository import States, lock_accounts, write_accounts
from engagement.points.ledger.settlement import settle
from engagement.points.models import NO_FLOOR, PointsEntry, PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ProgramCatalog
from engagement.programs.models import Membership, ProgramVersion
from engagement.programs.rules import EarningKind, ProgramRules
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.moments import from_wall
from organizations.audit.actors import Actor
from organizations.fields.models import FieldDefinition
from organizations.policies import Policy
from organizations.tenancy.models import Organization

ZERO = Decimal(0)
_BILL_POINTS_COLUMNS = ("claimed", "taken", "claimed_spent")


@dataclass(slots=True, kw_only=True)
class BillAward:
    """What a bill did to points: entries that it made, what a return took back, and warnings."""

    entries: list[PointsEntry] = field(default_factory=list)
    deducted: Decimal = ZERO
    notices: list[Notice] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """An award that is ready to be posted. `credited_on` is the first day on which the points may be spent."""

    award: Award
    expiry: Expiry
    credited_on: date
    opens_at: datetime | None


@dataclass(slots=True, kw_only=True)
class _Batch:
    """All that the step looks at, read once for a batch."""

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


def award_bills(
    bills: Sequence[Bill],
    *,
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    organization: Organization,
    by: Actor,
    now: datetime,
    is_history: bool = False,
) -> dict[int, BillAward]:
    """Let new bills earn and new returns take back, the earliest first, in a number of queries that does not grow.

    `customers` are the bills' customers, locked. With `is_history` each bill is judged as of its own moment, and nothing that
    falls due after it is done; else what is due by now is done before and after. Raises `PointsStepError` where a bill's points
    cannot be worked, and then nothing is written. Call it in a transaction.
    """
    counting = sorted((bill for bill in bills if bill.counts), key=lambda bill: (bill.billed_at, bill.pk))
    counted = {bill.pk: BillAward() for bill in bills}
    ids = {bill.customer_id for bill in counting if bill.customer_id is not None}
    loyal = {pk for pk in ids if customers[pk].type == Customer.Type.LOYALTY}
    if not loyal:
        return counted
    ground = _open(counting, loyal, customers, catalog, organization, by, now, is_history=is_history)
    if not is_history:
        for state in ground.states.values():
            settle(state, now, recorded_at=now)
    for bill in counting:
        if bill.customer_id not in loyal:
            continue
        if bill.is_return:
            _count_return(bill, ground, counted[bill.pk])
        else:
            _count_sale(bill, ground, counted[bill.pk])
    if not is_history:
        for state in ground.states.values():
            settle(state, now, recorded_at=now)
    write_accounts(ground.states.values())
    shares = ground.changed_shares.values()
    insert_rows([one for one in shares if one.pk is None])
    update_rows([one for one in shares if one.pk is not None], _BILL_POINTS_COLUMNS)
    return counted


def _open(
    bills: Sequence[Bill],
    loyal: Collection[int],
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    organization: Organization,
    by: Actor,
    now: datetime,
    *,
    is_history: bool,
) -> _Batch:
    of_these = is_any_of("customer_id", loyal, BigIntegerField())
    states = lock_accounts(loyal, zone=organization.zone)
    memberships = Membership.objects.filter(of_these).select_related("tier")
    ground = _Batch(
        organization=organization,
        policy=organization.policy,
        catalog=catalog,
        by=by,
        now=now,
        is_history=is_history,
        customers=customers,
        states=states,
        memberships={AccountKey(one.customer_id, one.program_id): one for one in memberships},
        fields=list(FieldDefinition.objects.filter(category="extended")) if catalog.reads_customer_fields else [],
        card_series=catalog.card_series_of(loyal),
    )
    for key, state in states.items():
        membership = ground.memberships.get(key)
        state.tier_ends = membership.tier_expires_on if membership else None
    sales = {bill.return_of_id for bill in bills if bill.is_return and bill.return_of_id is not None}
    if sales:
        _read_sales(ground, sales)
    return ground


def _read_sales(ground: _Batch, sales: Collection[int]) -> None:
    """What the returned sales brought. Lots that accounts hold already are those of the accounts."""
    of_these = is_any_of("bill_id", sales, BigIntegerField())
    for one in BillPoints.objects.filter(of_these).order_by("pk"):
        ground.shares.setdefault(one.bill_id, []).append(one)
    held = {lot.pk: lot for state in ground.states.values() for lot in state.lots}
    for lot in PointsLot.objects.filter(of_these).select_related("account").order_by("pk"):
        ground.lots[lot.bill_id or 0].append(held.get(lot.pk, lot))
        if lot.account.moved_to_id is not None:
            ground.moved[lot.account_id] = lot.account.moved_to_id


def _count_sale(bill: Bill, ground: _Batch, counted: BillAward) -> None:
    if bill.pk in ground.shares:
        return
    ground.shares[bill.pk] = []
    customer = ground.customers[bill.customer_id or 0]
    there = ground.catalog.programs_for(bill.store, card_series=ground.card_series.get(customer.pk, ())).both()
    enrolled = [(one, state) for one in there if (state := ground.states.get(AccountKey(customer.pk, one.program.pk)))]
    is_blocked = blocks(customer, Block.POINTS_ISSUE, ground.policy)
    if is_blocked and enrolled:
        counted.notices.append(Notice(BillCode.POINTS_NOT_AWARDED))
    for place, (standing, state) in enumerate(enrolled):
        _enter(bill, state, ground)
        state.account.purchases += bill.amount
        state.account.visits += 1
        state.account.last_billed_on = max(state.account.last_billed_on or bill.billed_on, bill.billed_on)
        state.is_changed = True
        share_of_bill = BillPoints(organization_id=bill.organization_id, bill_id=bill.pk, account_id=state.account.pk)
        ground.shares[bill.pk].append(share_of_bill)
        ground.changed_shares[bill.pk, state.account.pk] = share_of_bill
        if is_blocked:
            continue
        if standing.program.is_paused:
            counted.notices.append(Notice(Code.PROGRAM_PAUSED))
            continue
        version = ground.catalog.version_at(standing, bill.billed_at)
        try:
            earnings = _earnings(bill, version, state, ground, takes_stated=place == 0)
        except (ExpiryError, TooManyPointsError) as error:
            code = Code.EXPIRY_NOT_COMPUTED if isinstance(error, ExpiryError) else Code.POINTS_NOT_REPRESENTABLE
            raise PointsStepError(code) from error
        share_of_bill.issued = _post(bill, earnings, version, state, ground, counted)


def _post(
    bill: Bill,
    earnings: Sequence[Earning],
    version: ProgramVersion,
    state: AccountState,
    ground: _Batch,
    counted: BillAward,
) -> Decimal:
    """Post the awards of a bill in one program; the points that they bring in all."""
    issued = ZERO
    for one in earnings:
        if one.expiry.moves == PointsLot.Moves.ROLLING:
            state.account.last_earned_on = max(state.account.last_earned_on or bill.billed_on, bill.billed_on)
        entry = award(
            state,
            one.award.points,
            facts=_facts(bill, ground, version=version, explanation=one.award.figures),
            expiry=one.expiry,
            kind=one.award.kind,
            opens_at=one.opens_at,
        )
        ground.lots[bill.pk].append(state.new_lots[-1])
        counted.entries.append(entry)
        issued += one.award.points
        if one.award.is_capped:
            counted.notices.append(Notice(Code.POINTS_CAPPED))
    return issued


def _earnings(bill: Bill, version: ProgramVersion, state: AccountState, ground: _Batch, *, takes_stated: bool) -> list[Earning]:
    """What the bill is to earn in a program. Points that a file states are awarded as they are, in the till's program."""
    customer = ground.customers[bill.customer_id or 0]
    if bill.stated_points is None:
        membership = ground.memberships.get(AccountKey(customer.pk, state.account.program_id))
        sale = sale_of(bill, membership, customer=customer, policy=ground.policy)
        awards = [one for one in earn(version.typed_rules, sale) if isinstance(one, Award)]
    else:
        awards = stated_award(bill.stated_points, version.typed_rules) if takes_stated else []
    if sum((one.points for one in awards), state.account.lifetime + state.account.promised) > MOST_POINTS:
        raise TooManyPointsError
    return ready(awards, billed_on=bill.billed_on, customer=customer, organization=ground.organization, fields=ground.fields)


def sale_of(bill: Bill, membership: Membership | None, *, customer: Customer, policy: Policy) -> Sale:
    """The bill of `customer` as earning rules see it."""
    store = bill.store
    return Sale(
        amount=bill.amount,
        day=bill.billed_on,
        store=store.code if store else "",
        zone=store.zone.code if store and store.zone else "",
        concept=store.concept.code if store and store.concept else "",
        tier=membership.tier.name if membership and membership.tier else "",
        is_promoted=not blocks(customer, Block.PROMOTIONS, policy),
    )


def stated_award(points: Decimal, rules: ProgramRules) -> list[Award]:
    """The award of points that were stated with the bill, with the expiry of the first earning rule (docs/imports.md)."""
    if not points:
        return []
    return [
        Award(
            rule="",
            points=points,
            kind=EarningKind.REGULAR,
            delay_days=0,
            expiry=rules.default_expiry,
            is_capped=False,
            figures={"because": "stated"},
        )
    ]


def ready(
    awards: Iterable[Award],
    *,
    billed_on: date,
    customer: Customer,
    organization: Organization,
    fields: Sequence[FieldDefinition],
) -> list[Earning]:
    """The awards with their dates. Promised points are credited on the morning after billing day and delay, and their time
    runs from then on. Raises `ExpiryError`.
    """
    field_date = field_dates(customer, fields)
    registered_on = customer.registered_on.astimezone(organization.zone).date()
    found: list[Earning] = []
    for one in awards:
        credited_on = billed_on + timedelta(days=one.delay_days + 1) if one.delay_days else billed_on
        expiry = expiry_of(one.expiry, awarded_on=credited_on, registered_on=registered_on, field_date=field_date)
        opens_at = from_wall(datetime.combine(credited_on, time.min), organization.zone) if one.delay_days else None
        found.append(Earning(award=one, expiry=expiry, credited_on=credited_on, opens_at=opens_at))
    return found


def _count_return(bill: Bill, ground: _Batch, counted: BillAward) -> None:
    """Take back what the returned part of the sale brought (docs/protocol.md 7, "Returns")."""
    sale = bill.return_of
    if sale is None:
        return
    by_account = {state.account.pk: state for state in ground.states.values()}
    for one in ground.shares.get(sale.pk, ()):
        state = by_account.get(one.account_id)
        if state is None:
            continue
        _enter(bill, state, ground)
        state.account.purchases -= bill.amount
        state.is_changed = True
        if not ground.policy.points_return:
            continue
        standing = ground.catalog.by_id[state.account.program_id]
        claim = _target(one.issued, bill, sale, standing.rules.precision) - one.claimed
        if claim <= 0:
            continue
        state.account.floor = NO_FLOOR if standing.rules.allow_negative else min(ZERO, state.account.balance)
        # Those of accounts that a merge moved here are empty, and tell what had been spent of the sale's points before.
        own = [lot for lot in ground.lots[sale.pk] if ground.moved.get(lot.account_id, lot.account_id) == one.account_id]
        facts = _facts(bill, ground, version=None, explanation={"because": "return", "sale": sale.number})
        outcome = take_back(state, claim, own=own, claimed_spent=one.claimed_spent, facts=replace(facts, sale_id=sale.pk))
        state.account.floor = min(ZERO, state.account.balance)
        one.claimed += claim
        one.taken += outcome.taken + outcome.promised
        one.claimed_spent += outcome.spent
        ground.changed_shares[sale.pk, one.account_id] = one
        counted.entries.append(state.entries[-1])
        counted.deducted += outcome.taken + outcome.promised


def _target(issued: Decimal, bill: Bill, sale: Bill, precision: int) -> Decimal:
    """What is to be back after this return. Whatever comes back of a sale for which nothing was paid takes all."""
    if bill.sale_returned >= sale.amount:
        return issued
    return round_points(share(issued, bill.sale_returned, sale.amount), precision)


def _enter(bill: Bill, state: AccountState, ground: _Batch) -> None:
    """Bring the account to the moment of the bill, where history is told."""
    if ground.is_history:
        settle(state, bill.billed_at, recorded_at=ground.now)


def _facts(bill: Bill, ground: _Batch, *, version: ProgramVersion | None, explanation: Mapping[str, Any]) -> EntryContext:
    return EntryContext(
        occurred_at=bill.billed_at,
        recorded_at=ground.now,
        made_by=ground.by.name,
        version=version,
        bill_id=bill.pk,
        till=bill.till,
        store=bill.store,
        explanation=explanation,
    )
