"""Points of recorded bills: sales earn; returns take back (returned_points.py); in each program where the bill counts.

It is a step of its own after the recording. It may fail or be deferred, and is then repeated from the stored bill
(docs/protocol.md, tills' part 2.6).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.bills.codes import BillCode
from engagement.bills.models import Bill
from engagement.coupons.payloads import coupon_effect
from engagement.earning.batch import AwardBatch, BillAward, Terms, count_for_tier, entry_context, open_batch, settle_history
from engagement.earning.circumstances import Circumstances
from engagement.earning.parts import parts_as_json
from engagement.earning.returned_points import take_back_return
from engagement.earning.rules import Award, NoAward, earn
from engagement.earning.sales import Sale, credited_on
from engagement.numbers.rounding import MOST_POINTS, TooManyPointsError
from engagement.points.activity import keep_alive
from engagement.points.errors import PointsStepError
from engagement.points.expiry import Expiry, ExpiryError, PastExpiryError, expiry_of
from engagement.points.field_dates import field_dates
from engagement.points.ledger.movements import award
from engagement.points.ledger.posting import AccountState
from engagement.points.ledger.repository import States, settle_states, write_accounts
from engagement.points.models import BillPoints, PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ProgramCatalog
from engagement.programs.earning_rules import EarningKind
from engagement.programs.expiry_rules import Activity
from engagement.programs.models import ProgramVersion
from engagement.programs.rules import ProgramRules
from engagement.tiers.payloads import tier_effect
from loyalty_project.db.instances import new_instance
from loyalty_project.db.rows import update_rows
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.moments import from_wall
from organizations.audit.actors import Actor
from organizations.fields.models import FieldDefinition
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
    states: States | None = None,
) -> dict[int, BillAward]:
    """Post the points of new sales and returns, the earliest first, in a constant number of queries.

    `customers` are the bills' customers, locked. With `is_history` accounts are settled up to each bill's moment and no later;
    else everything due by now is settled before and after. `states` are all accounts of these customers, if they are locked
    and unchanged. Raises `PointsStepError` if the points of a bill cannot be computed;
    then nothing is written. Call it in a transaction.
    """
    countable = sorted((bill for bill in bills if bill.counts), key=lambda bill: (bill.billed_at, bill.pk))
    awards = {bill.pk: BillAward() for bill in bills}
    ids = {bill.customer_id for bill in countable if bill.customer_id is not None}
    loyal = loyal_of(ids, customers)
    if not loyal:
        return awards
    batch = open_batch(countable, loyal, customers, catalog, organization, by, now, is_history=is_history, states=states)
    if not is_history:
        settle_states(batch.states.values(), until=now, recorded_at=now)
    for bill in countable:
        if bill.customer_id in loyal:
            work_bill(bill, batch, awards[bill.pk])
    if not is_history:
        settle_states(batch.states.values(), until=now, recorded_at=now)
    for state in batch.states.values():
        if state.tier is not None:
            # Stored activities later than the last bill; what else is due by now was settled.
            state.advance_tier(state.tier.last_moment(now))
    shares = batch.changed_shares.values()
    write_accounts(batch.states.values(), shares=[share_of_bill for share_of_bill in shares if share_of_bill.pk is None])
    _add_coupons(awards, batch)
    if not is_history:
        _note_states(countable, awards, batch)
    update_rows([share_of_bill for share_of_bill in shares if share_of_bill.pk is not None], _BILL_POINTS_COLUMNS)
    return awards


def work_bill(bill: Bill, batch: AwardBatch, result: BillAward) -> None:
    """Award a sale, or take back a return, in the states of its batch: in memory. Raises as `award_bills`."""
    if bill.is_return:
        take_back_return(bill, batch, result)
    else:
        _award_sale(bill, batch, result)


def loyal_of(ids: Iterable[int], customers: Mapping[int, Customer]) -> set[int]:
    """Those of the customers (ids) who earn points."""
    return {pk for pk in ids if customers[pk].type == Customer.Type.LOYALTY}


def _note_states(bills: Iterable[Bill], awards: Mapping[int, BillAward], batch: AwardBatch) -> None:
    """Note what was stored of the customer of each bill."""
    states: defaultdict[int, dict[int, AccountState]] = defaultdict(dict)
    for key, state in batch.states.items():
        states[key.customer_id][key.program_id] = state
    for bill in bills:
        awards[bill.pk].states = states.get(bill.customer_id or 0)


def _add_coupons(awards: Mapping[int, BillAward], batch: AwardBatch) -> None:
    """Add the coupons that reaching a tier brought to the effects of the bills that lifted their customers."""
    for state in batch.states.values():
        for bill_id, coupon in state.coupons:
            if bill_id is not None and bill_id in awards:
                effect = coupon_effect(coupon, coupon.version.typed_terms, zone=batch.organization.zone)
                awards[bill_id].effects.append(effect)


def _award_sale(bill: Bill, batch: AwardBatch, result: BillAward) -> None:
    if bill.pk in batch.shares:
        return
    batch.shares[bill.pk] = []
    customer = batch.customers[bill.customer_id or 0]
    enrolled = [
        (terms, state)
        for terms in batch.terms[bill.pk]
        if (state := batch.states.get(AccountKey(customer.pk, terms.current.program.pk)))
    ]
    is_blocked = blocks(customer, Block.POINTS_ISSUE, batch.policy)
    if is_blocked and enrolled:
        result.notices.append(Notice(BillCode.POINTS_NOT_AWARDED))
    for index, (terms, state) in enumerate(enrolled):
        settle_history(bill, state, batch)
        held = state.membership.tier if state.membership else None
        state.account.purchases += bill.amount
        state.account.visits += 1
        keep_alive(state, Activity.BILL, on=bill.billed_on, rules=terms.version.typed_rules)
        state.is_changed = True
        share_of_bill = new_instance(
            BillPoints, organization_id=bill.organization_id, bill_id=bill.pk, account_id=state.account.pk
        )
        batch.shares[bill.pk].append(share_of_bill)
        batch.changed_shares[bill.pk, state.account.pk] = share_of_bill
        if not is_blocked:
            _award_in(bill, terms, share_of_bill, state, batch, result, takes_stated=index == 0)
        count_for_tier(bill, state, batch)
        reached = state.membership.tier if state.membership else None
        # A member of the time before the program had tiers holds the lowest.
        before = held or next(iter(terms.current.tiers), None)
        if before is not None and reached is not None and before.position < reached.position:
            result.effects.append(tier_effect(before, reached))


def _award_in(
    bill: Bill,
    terms: Terms,
    share_of_bill: BillPoints,
    state: AccountState,
    batch: AwardBatch,
    result: BillAward,
    *,
    takes_stated: bool,
) -> None:
    """Post what the bill earns in a program, and keep it in the bill's share."""
    current, version = terms
    if current.program.is_paused:
        result.notices.append(Notice(Code.PROGRAM_PAUSED))
        return
    try:
        outcomes = earnings_of(bill, version, state, batch, takes_stated=takes_stated)
    except (ExpiryError, TooManyPointsError) as error:
        code = Code.EXPIRY_NOT_COMPUTED if isinstance(error, ExpiryError) else Code.POINTS_NOT_REPRESENTABLE
        raise PointsStepError(code) from error
    result.notices += [Notice(warning) for outcome in outcomes if (warning := warning_of(outcome))]
    earnings = [outcome for outcome in outcomes if isinstance(outcome, Earning)]
    share_of_bill.issued = post_earnings(bill, earnings, version, state, batch, result)
    share_of_bill.of_lines = parts_as_json(part for earning in earnings for part in earning.award.parts)


def warning_of(outcome: Earning | NoAward) -> Code | None:
    """The code of a warning about the result of a rule: 1093 or 1097."""
    if isinstance(outcome, NoAward):
        return outcome.warning
    return Code.POINTS_CAPPED if outcome.award.is_capped else None


def post_earnings(
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
        keep_alive(state, Activity.AWARD, on=bill.billed_on, rules=version.typed_rules)
        key = AccountKey(state.account.customer_id, state.account.program_id)
        batch.circumstances.awarded.add(key, earning.award, bill)
    return issued


def earnings_of(
    bill: Bill, version: ProgramVersion, state: AccountState, batch: AwardBatch, *, takes_stated: bool
) -> list[Earning | NoAward]:
    """Awards of the bill in a program. Points that a file states are awarded unchanged, in the till's program."""
    customer = batch.customers[bill.customer_id or 0]
    if bill.stated_points is None:
        sale = sale_of(
            bill,
            tier_at(bill, state),
            rules=version.typed_rules,
            program_id=state.account.program_id,
            customer=customer,
            circumstances=batch.circumstances,
            organization=batch.organization,
            fields=batch.fields,
        )
        results = earn(version.typed_rules, sale)
    else:
        results = stated_award(bill.stated_points, version.typed_rules) if takes_stated else []
    awarded = sum((result.points for result in results if isinstance(result, Award)), ZERO)
    if state.account.lifetime + state.account.promised + awarded > MOST_POINTS:
        raise TooManyPointsError
    return ready(results, billed_on=bill.billed_on, customer=customer, organization=batch.organization, fields=batch.fields)


def tier_at(bill: Bill, state: AccountState) -> str:
    """The tier by which a bill earns; "" without one."""
    if state.tier is not None:
        return state.tier.name_at(bill.billed_at)
    return state.membership.tier.name if state.membership and state.membership.tier else ""


def sale_of(
    bill: Bill,
    tier: str,
    *,
    rules: ProgramRules,
    program_id: int,
    customer: Customer,
    circumstances: Circumstances,
    organization: Organization,
    fields: Sequence[FieldDefinition],
) -> Sale:
    """A bill of `customer` as earning rules see it."""
    store = bill.store
    return Sale(
        amount=bill.amount,
        day=bill.billed_on,
        currency=organization.currency,
        store=store.code if store else "",
        zone=store.zone.code if store and store.zone else "",
        concept=store.concept.code if store and store.concept else "",
        tier=tier,
        is_promoted=not blocks(customer, Block.PROMOTIONS, organization.policy),
        lines=circumstances.lines.get(bill.pk, ()),
        born_on=field_dates(customer, fields)(rules.birthday_field) if rules.birthday_field else None,
        segments=circumstances.segments.get(customer.pk, frozenset()),
        given=circumstances.awarded.before(AccountKey(customer.pk, program_id), rules.earning, bill),
    )


def stated_award(points: Decimal, rules: ProgramRules) -> list[Award | NoAward]:
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
    results: Iterable[Award | NoAward],
    *,
    billed_on: date,
    customer: Customer,
    organization: Organization,
    fields: Sequence[FieldDefinition],
) -> list[Earning | NoAward]:
    """Results in their order, awards with their dates. The expiry of promised points counts from the day they may be spent.

    An award whose expiry is a date that is past by then is none. Raises `ExpiryError`.
    """
    field_date = field_dates(customer, fields)
    registered_on = customer.registered_on.astimezone(organization.zone).date()
    outcomes: list[Earning | NoAward] = []
    for result in results:
        if isinstance(result, NoAward):
            outcomes.append(result)
            continue
        first_day = credited_on(billed_on, result.delay_days)
        try:
            expiry = expiry_of(result.expiry, awarded_on=first_day, registered_on=registered_on, field_date=field_date)
        except PastExpiryError as error:
            outcomes.append(NoAward(rule=result.rule, reason=str(error), warning=Code.EXPIRY_NOT_COMPUTED))
            continue
        opens_at = from_wall(datetime.combine(first_day, time.min), organization.zone) if result.delay_days else None
        outcomes.append(Earning(award=result, expiry=expiry, credited_on=first_day, opens_at=opens_at))
    return outcomes
