"""Points that a bill earns more by lines that a file brought after it (docs/imports.md, Line items)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db.models import BigIntegerField

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.bills.models import Bill
from engagement.earning.awarding import Earning, earnings_of, post_earnings, warning_of
from engagement.earning.batch import AwardBatch, BillAward, Terms, open_batch, settle_history
from engagement.earning.parts import parts_as_json
from engagement.numbers.rounding import TooManyPointsError
from engagement.points.expiry import ExpiryError
from engagement.points.ledger.posting import AccountState
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import BillPoints, PointsEntry
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ProgramCatalog
from engagement.programs.earning_rules import EarningRule
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import update_rows
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor
from organizations.tenancy.models import Organization

ZERO = Decimal(0)
# Points that a bill brought before, by bill, account and rule.
_Before = Mapping[tuple[int, int], Mapping[str, Decimal]]


def award_later_lines(
    bills: Collection[int],
    *,
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    organization: Organization,
    by: Actor,
    now: datetime,
) -> dict[int, BillAward]:
    """Award these sales (ids) what they earn with their lines, less what they were awarded before; by the sale's id.

    As of the billing time, in the programs where a sale has counted. Sales that were returned whole, those with stated points,
    and those whose points wait for a worker are left alone. Nothing is taken back. A constant number of queries; one, if no
    rule looks at lines. `customers` are the sales' customers, locked. Call it in a transaction.
    """
    of_these = is_any_of("pk", bills, BigIntegerField())
    sales = Bill.objects.filter(of_these, is_returned=False, stated_points=None)
    countable = sorted(
        (bill for bill in sales.select_related("till", "store__zone", "store__concept") if bill.counts),
        key=lambda bill: (bill.billed_at, bill.pk),
    )
    loyal = {pk for bill in countable if (pk := bill.customer_id) and customers[pk].type == Customer.Type.LOYALTY}
    if not any(rule.reads_lines for bill in countable for rule in _rules(bill, catalog)):
        return {}
    batch = open_batch(countable, loyal, customers, catalog, organization, by, now, is_history=True)
    ids = [bill.pk for bill in countable]
    shares = {
        (share.bill_id, share.account_id): share
        for share in BillPoints.objects.filter(is_any_of("bill_id", ids, BigIntegerField()))
    }
    before = _awarded_before(ids)
    awards: dict[int, BillAward] = {}
    for bill in countable:
        customer = batch.customers[bill.customer_id or 0]
        if blocks(customer, Block.POINTS_ISSUE, batch.policy):
            continue
        for terms in batch.terms.get(bill.pk, ()):
            state = batch.states.get(AccountKey(customer.pk, terms.current.program.pk))
            share = shares.get((bill.pk, state.account.pk)) if state else None
            if state is None or share is None or terms.current.program.is_paused:
                continue
            settle_history(bill, state, batch)
            result = awards.setdefault(bill.pk, BillAward())
            _award_more(bill, share, terms, state, before.get((bill.pk, state.account.pk), {}), batch, result)
    write_accounts(batch.states.values())
    update_rows(list(batch.changed_shares.values()), ("issued", "of_lines"))
    return awards


def _rules(bill: Bill, catalog: ProgramCatalog) -> list[EarningRule]:
    """The rules by which a bill may earn, those of programs that are bound to card series included."""
    return [rule for current in catalog.active for rule in catalog.version_at(current, bill.billed_at).typed_rules.earning]


def _award_more(
    bill: Bill,
    share: BillPoints,
    terms: Terms,
    state: AccountState,
    before: Mapping[str, Decimal],
    batch: AwardBatch,
    result: BillAward,
) -> None:
    try:
        outcomes = earnings_of(bill, terms.version, state, batch, takes_stated=False)
    except (ExpiryError, TooManyPointsError) as error:
        code = Code.EXPIRY_NOT_COMPUTED if isinstance(error, ExpiryError) else Code.POINTS_NOT_REPRESENTABLE
        result.notices.append(Notice(code))
        return
    by_lines = {rule.name for rule in terms.version.typed_rules.earning if rule.reads_lines}
    earnings = [outcome for outcome in outcomes if isinstance(outcome, Earning)]
    for outcome in outcomes:
        name = outcome.award.rule if isinstance(outcome, Earning) else outcome.rule
        if name in by_lines and (warning := warning_of(outcome)):
            result.notices.append(Notice(warning))
    more = less_before(earnings, before)
    if not more:
        return
    share.issued += post_earnings(bill, more, terms.version, state, batch, result)
    share.of_lines = parts_as_json(part for earning in earnings for part in earning.award.parts)
    batch.changed_shares[bill.pk, state.account.pk] = share


def less_before(earnings: Sequence[Earning], before: Mapping[str, Decimal]) -> list[Earning]:
    """The awards less what each rule gave before. What a rule gave that gives less now is less for the others."""
    now = {earning.award.rule: earning.award.points for earning in earnings}
    surplus = sum((max(points - now.get(rule, ZERO), ZERO) for rule, points in before.items()), ZERO)
    more: list[Earning] = []
    for earning in earnings:
        award = earning.award
        given = min(before.get(award.rule, ZERO), award.points)
        taken = min(surplus, award.points - given)
        surplus -= taken
        points = award.points - given - taken
        if points:
            figures = {**award.figures, "before": plain_digits(given + taken)}
            more.append(replace(earning, award=replace(award, points=points, figures=figures)))
    return more


def _awarded_before(bills: Collection[int]) -> _Before:
    """What rules gave for these bills: one query. Awards of merged customers count for the account that has their points."""
    before: defaultdict[tuple[int, int], defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    entries = PointsEntry.objects.filter(
        is_any_of("bill_id", bills, BigIntegerField()), kind__in=(PointsEntry.Kind.AWARD, PointsEntry.Kind.PROMISE)
    )
    for entry in entries.select_related("account"):
        account_id = entry.account.moved_to_id or entry.account_id
        before[entry.bill_id or 0, account_id][entry.explanation.get("rule", "")] += entry.points + entry.promised
    return before
