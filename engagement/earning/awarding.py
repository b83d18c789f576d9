"""Points of recorded bills: sales earn; returns take back (returned_points.py); in each program where the bill counts.

It is a step of its own after the recording. It may fail or be deferred, and is then repeated from the stored bill
(docs/protocol.md, tills' part 2.6).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.bills.codes import BillCode
from engagement.bills.models import Bill
from engagement.earning.batch import AwardBatch, BillAward, count_for_tier, entry_context, open_batch, settle_history
from engagement.earning.returned_points import take_back_return
from engagement.earning.rules import Award, NoAward, Sale, earn
from engagement.numbers.rounding import MOST_POINTS, TooManyPointsError
from engagement.points.errors import PointsStepError
from engagement.points.expiry import Expiry, ExpiryError, PastExpiryError, expiry_of
from engagement.points.field_dates import field_dates
from engagement.points.ledger.movements import award
from engagement.points.ledger.posting import AccountState
from engagement.points.ledger.repository import settle_states, write_accounts
from engagement.points.models import BillPoints, PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.models import ProgramVersion
from engagement.programs.rules import EarningKind, ProgramRules
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """An award with its dates, ready to be posted. `credited_on` is the first day on which the points may be spent."""

    award: Award
    expiry: Expiry
    credited_on: date
    opens_at: datetime | None


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
    """Post the points of new sales and returns, the earliest first, in a constant number of queries.

    `customers` are the bills' customers, locked. With `is_history` accounts are settled up to each bill's moment and no later;
    else everything due by now is settled before and after. Raises `PointsStepError` if the points of a bill cannot be computed;
    then nothing is written. Call it in a transaction.
    """
    countable = sorted((bill for bill in bills if bill.counts), key=lambda bill: (bill.billed_at, bill.pk))
    awards = {bill.pk: BillAward() for bill in bills}
    ids = {bill.customer_id for bill in countable if bill.customer_id is not None}
    loyal = {pk for pk in ids if customers[pk].type == Customer.Type.LOYALTY}
    if not loyal:
        return awards
    batch = open_batch(countable, loyal, customers, catalog, organization, by, now, is_history=is_history)
    if not is_history:
        settle_states(batch.states.values(), until=now, recorded_at=now)
    for bill in countable:
        if bill.customer_id not in loyal:
            continue
        if bill.is_return:
            take_back_return(bill, batch, awards[bill.pk])
        else:
            _award_sale(bill, batch, awards[bill.pk])
    if not is_history:
        settle_states(batch.states.values(), until=now, recorded_at=now)
    for state in batch.states.values():
        if state.tier is not None:
            # Stored activities later than the last bill; what else is due by now was settled.
            state.advance_tier(state.tier.last_moment(now))
    write_accounts(batch.states.values())
    shares = batch.changed_shares.values()
    insert_rows([share_of_bill for share_of_bill in shares if share_of_bill.pk is None])
    update_rows([share_of_bill for share_of_bill in shares if share_of_bill.pk is not None], _BILL_POINTS_COLUMNS)
    return awards


def _award_sale(bill: Bill, batch: AwardBatch, result: BillAward) -> None:
    if bill.pk in batch.shares:
        return
    batch.shares[bill.pk] = []
    customer = batch.customers[bill.customer_id or 0]
    programs = batch.catalog.programs_for(bill.store, card_series=batch.card_series.get(customer.pk, ())).both()
    enrolled = [
        (current, state) for current in programs if (state := batch.states.get(AccountKey(customer.pk, current.program.pk)))
    ]
    is_blocked = blocks(customer, Block.POINTS_ISSUE, batch.policy)
    if is_blocked and enrolled:
        result.notices.append(Notice(BillCode.POINTS_NOT_AWARDED))
    for index, (current, state) in enumerate(enrolled):
        settle_history(bill, state, batch)
        state.account.purchases += bill.amount
        state.account.visits += 1
        state.account.last_billed_on = max(state.account.last_billed_on or bill.billed_on, bill.billed_on)
        state.is_changed = True
        share_of_bill = BillPoints(organization_id=bill.organization_id, bill_id=bill.pk, account_id=state.account.pk)
        batch.shares[bill.pk].append(share_of_bill)
        batch.changed_shares[bill.pk, state.account.pk] = share_of_bill
        share_of_bill.issued = _award_in(bill, current, state, batch, result, is_blocked=is_blocked, takes_stated=index == 0)
        count_for_tier(bill, state, batch)


def _award_in(
    bill: Bill,
    current: CurrentProgram,
    state: AccountState,
    batch: AwardBatch,
    result: BillAward,
    *,
    is_blocked: bool,
    takes_stated: bool,
) -> Decimal:
    """Post what the bill earns in a program; return the points."""
    if is_blocked:
        return ZERO
    if current.program.is_paused:
        result.notices.append(Notice(Code.PROGRAM_PAUSED))
        return ZERO
    version = batch.catalog.version_at(current, bill.billed_at)
    try:
        outcomes = _earnings(bill, version, state, batch, takes_stated=takes_stated)
    except (ExpiryError, TooManyPointsError) as error:
        code = Code.EXPIRY_NOT_COMPUTED if isinstance(error, ExpiryError) else Code.POINTS_NOT_REPRESENTABLE
        raise PointsStepError(code) from error
    earnings = [outcome for outcome in outcomes if isinstance(outcome, Earning)]
    if len(earnings) < len(outcomes):
        result.notices.append(Notice(Code.EXPIRY_NOT_COMPUTED))
    return _post(bill, earnings, version, state, batch, result)


def _post(
    bill: Bill,
    earnings: Sequence[Earning],
    version: ProgramVersion,
    state: AccountState,
    batch: AwardBatch,
    result: BillAward,
) -> Decimal:
    """Post the awards of a bill in one program; return their sum."""
    issued = ZERO
    for earning in earnings:
        if earning.expiry.moves == PointsLot.Moves.ROLLING:
            state.account.last_earned_on = max(state.account.last_earned_on or bill.billed_on, bill.billed_on)
        entry = award(
            state,
            earning.award.points,
            facts=entry_context(bill, batch, version=version, explanation=earning.award.figures),
            expiry=earning.expiry,
            kind=earning.award.kind,
            opens_at=earning.opens_at,
        )
        batch.lots[bill.pk].append(state.new_lots[-1])
        result.entries.append(entry)
        issued += earning.award.points
        if earning.award.is_capped:
            result.notices.append(Notice(Code.POINTS_CAPPED))
    return issued


def _earnings(
    bill: Bill, version: ProgramVersion, state: AccountState, batch: AwardBatch, *, takes_stated: bool
) -> list[Earning | NoAward]:
    """Awards of the bill in a program. Points that a file states are awarded unchanged, in the till's program."""
    customer = batch.customers[bill.customer_id or 0]
    if bill.stated_points is None:
        sale = sale_of(bill, tier_at(bill, state), customer=customer, policy=batch.policy)
        awards = [result for result in earn(version.typed_rules, sale) if isinstance(result, Award)]
    else:
        awards = stated_award(bill.stated_points, version.typed_rules) if takes_stated else []
    if sum((award_of_rule.points for award_of_rule in awards), state.account.lifetime + state.account.promised) > MOST_POINTS:
        raise TooManyPointsError
    return ready(awards, billed_on=bill.billed_on, customer=customer, organization=batch.organization, fields=batch.fields)


def tier_at(bill: Bill, state: AccountState) -> str:
    """The tier by which a bill earns; "" without one."""
    if state.tier is not None:
        return state.tier.name_at(bill.billed_at)
    return state.membership.tier.name if state.membership and state.membership.tier else ""


def sale_of(bill: Bill, tier: str, *, customer: Customer, policy: Policy) -> Sale:
    """A bill of `customer` as earning rules see it."""
    store = bill.store
    return Sale(
        amount=bill.amount,
        day=bill.billed_on,
        store=store.code if store else "",
        zone=store.zone.code if store and store.zone else "",
        concept=store.concept.code if store and store.concept else "",
        tier=tier,
        is_promoted=not blocks(customer, Block.PROMOTIONS, policy),
    )


def stated_award(points: Decimal, rules: ProgramRules) -> list[Award]:
    """Award of points that a file states with the bill, with the expiry of the first earning rule (docs/imports.md)."""
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
) -> list[Earning | NoAward]:
    """Awards with their dates. Promised points are credited on the morning after the delay; their expiry counts from that day.

    An award whose expiry is a date that is past by then is none. Raises `ExpiryError`.
    """
    field_date = field_dates(customer, fields)
    registered_on = customer.registered_on.astimezone(organization.zone).date()
    outcomes: list[Earning | NoAward] = []
    for award_of_rule in awards:
        delay = award_of_rule.delay_days
        credited_on = billed_on + timedelta(days=delay + 1) if delay else billed_on
        try:
            expiry = expiry_of(award_of_rule.expiry, awarded_on=credited_on, registered_on=registered_on, field_date=field_date)
        except PastExpiryError as error:
            outcomes.append(NoAward(rule=award_of_rule.rule, reason=str(error)))
            continue
        opens_at = from_wall(datetime.combine(credited_on, time.min), organization.zone) if delay else None
        outcomes.append(Earning(award=award_of_rule, expiry=expiry, credited_on=credited_on, opens_at=opens_at))
    return outcomes
