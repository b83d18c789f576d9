"""Redemption of points at a till, and the check whether points may be redeemed (docs/protocol.md, tills' part 4.1, 4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q, Sum

from customers.lookup.references import first_reference, write_order
from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import Purpose, present_code, use_code
from engagement.bills.named import NamedBill, find_bill
from engagement.numbers.money import round_money
from engagement.points.activity import keep_alive
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import EntryContext, Kind
from engagement.points.ledger.repository import States, lock_accounts, settle_states, write_accounts
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.expiry_rules import Activity
from engagement.redemptions.codes import PointsCode
from engagement.redemptions.duplicates import find_earlier
from engagement.redemptions.models import Redemption
from engagement.redemptions.otp import confirm, send_code
from engagement.redemptions.requests import RedeemableRequest, RedemptionRequest
from engagement.redemptions.rules import (
    MOST_DECIMALS,
    check_limits,
    check_precision,
    points_worth,
    read_points,
    read_redemption_time,
    start_of_day,
)
from engagement.redemptions.stored import read_stored
from engagement.redemptions.target import Target, check_not_blocked, choose_program, find_customer
from engagement.redemptions.voucher_codes import draw_code, replace_taken
from engagement.tiers.rules import end_of
from loyalty_project import clock
from loyalty_project.db.instances import new_instance
from loyalty_project.db.rows import insert_rows
from loyalty_project.protocol.custom_fields import usable_fields
from loyalty_project.protocol.errors import CountedRefusalError, LoyaltyError, Notice
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor

ZERO = Decimal(0)
LONGEST_NUMBER = 100
LONGEST_NOTE = 250
BECAUSE = "redemption"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """Result of a redemption, made now or by an earlier, equal call (`is_replay`). `balance` is the one right after it."""

    customer_id: int
    redemption: Redemption
    balance: Decimal
    value: Decimal
    bill_id: int | None
    notices: Sequence[Notice] = ()
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemable:
    """Points that may be redeemed now, with their value in money."""

    customer_id: int
    points: Decimal
    value: Decimal
    ratio: Decimal
    notices: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _CheckedRequest:
    """A request that passed all checks that need no account, with customer, program, points and times.

    `states` are the customer's accounts, locked.
    """

    request: RedemptionRequest
    customer: Customer
    current: CurrentProgram
    points: Decimal
    at: datetime
    now: datetime
    by: Actor
    states: States

    @property
    def key(self) -> AccountKey:
        """The account that pays."""
        return AccountKey(self.customer.pk, self.current.program.pk)


def redeem_points(
    request: RedemptionRequest, *, by: Actor, customer_id: int | None = None, catalog: ProgramCatalog | None = None
) -> Redeemed:
    """Spend points, first expiring first; the stored result for a repeated call.

    `customer_id` is the customer of the request's references, if they were looked up already; `catalog` has the programs of
    the call's configuration.

    Raises `LoyaltyError` with the codes of docs/protocol.md, tills' part 6.2, in the order given there. Call it in a
    transaction, and commit it also on `CountedRefusalError` (808), because a wrong code is counted. It locks the customer, then
    the accounts; `points_balance_above_floor`, `points_entry_reference_unique` and `redemption_code_unique` are underneath.
    """
    organization, now = by.organization, clock.now()
    checked = _read(request, customer_id, by=by, catalog=catalog, now=now)
    states, drawn = checked.states, draw_code()
    day = checked.at.astimezone(organization.zone).date()
    stored = read_stored(request, drawn, customer_id=checked.customer.pk, store=by.store, day=day)
    if request.validation_code or stored.may_repeat:
        earlier = find_earlier(
            request,
            customer_id=checked.customer.pk,
            program_id=checked.key.program_id,
            points=checked.points,
            at=checked.at,
            now=now,
            by=by,
        )
        if earlier is not None:
            return _redeemed(earlier, checked.customer, by=by, is_replay=True)
    settle_states(states.values(), until=now, recorded_at=now)
    _check_account(states, checked.key, checked.points, checked.current, for_group=request.for_group, by=by, now=now)
    code = _confirmed(checked)
    state = states[checked.key]
    number = request.transaction_number if stored.has_bill else ""
    named = find_bill(number, customer_id=checked.customer.pk, store=by.store, day=day)
    entry = spend(state, checked.points, kind=Kind.REDEEM, facts=_context(checked, named))
    keep_alive(state, Activity.REDEMPTION, on=day, rules=checked.current.rules)
    write_accounts(states.values())
    redemption = new_instance(
        Redemption,
        id=stored.free_id,
        code=replace_taken() if stored.is_taken else drawn,
        organization=organization,
        account=state.account,
        entry=entry,
        points=checked.points,
        purpose=request.purpose,
        transaction_number=request.transaction_number,
        bill=named.bill,
        validation_code=request.validation_code.upper() if code else "",
        custom_fields=usable_fields(request.custom_fields, longest_name=LONGEST_NUMBER, longest_value=LONGEST_NOTE),
    )
    insert_rows([redemption])
    if code is not None:
        use_code(code, now=now)
    return _redeemed(redemption, checked.customer, by=by)


def check_redeemable(
    request: RedeemableRequest, *, by: Actor, customer_id: int | None = None, catalog: ProgramCatalog | None = None
) -> Redeemable:
    """Check whether the points may be redeemed now; nothing is spent, and no code is used up.

    `customer_id` and `catalog` are as in `redeem_points`.

    Raises `LoyaltyError` with the codes and in the order of `redeem_points`, but 824. Warning 876 if a code is requested and
    cannot be sent. A transaction around it has to commit also on `CountedRefusalError` (808), because a wrong code is counted.
    """
    organization, now = by.organization, clock.now()
    if customer_id is None:
        references, sequence = first_reference(request.references)
        customer_id = find_customer(references, sequence, by=by, country_code=request.country_code).customer.pk
    customer = Customer.objects.get(pk=customer_id)
    target = choose_program(customer, request.program_id, by=by, catalog=catalog)
    points = _points_asked(request, target)
    current = target.program()
    check_not_blocked(customer, organization.policy)
    states = settled_accounts([customer.pk], organization=organization)
    key = AccountKey(customer.pk, current.program.pk)
    _check_account(states, key, points, current, for_group=request.for_group, by=by, now=now)
    if request.by_missed_call:
        raise LoyaltyError(PointsCode.NO_MISSED_CALL)
    if request.validation_code:
        _check_code(request.validation_code, customer.pk, points, now)
    notices: list[Notice] = []
    if request.wants_code and send_code(customer.pk, points, by=by) is None:
        notices.append(Notice(PointsCode.CODE_NOT_ISSUED_TOO))
    ratio = current.rules.ratio
    value = round_money(points * ratio, organization.currency)
    return Redeemable(customer_id=customer.pk, points=points, value=value, ratio=ratio, notices=notices)


def _read(
    request: RedemptionRequest, customer_id: int | None, *, by: Actor, catalog: ProgramCatalog | None, now: datetime
) -> _CheckedRequest:
    """Lock the customer and their accounts, and check the request, as far as that needs no account."""
    if customer_id is None:
        sequence = write_order(by.organization.policy)
        customer_id = find_customer(request.references, sequence, by=by, country_code=request.country_code).customer.pk
    customer = lock_customer(customer_id)
    states = lock_accounts([customer.pk], zone=by.organization.zone)
    joined = next((state.joined for state in states.values()), None)
    target = choose_program(customer, request.program_id, by=by, catalog=catalog, joined=joined)
    points = _in_precision(read_points(request.points), target)
    if max(len(request.transaction_number), len(request.external_reference)) > LONGEST_NUMBER:
        raise LoyaltyError(PointsCode.INVALID_POINTS)
    if max(len(request.purpose), len(request.notes)) > LONGEST_NOTE:
        raise LoyaltyError(PointsCode.INVALID_POINTS)
    current = target.program()
    check_not_blocked(customer, by.organization.policy)
    at = read_redemption_time(request.redeemed_at, zone=by.organization.zone, now=now)
    return _CheckedRequest(
        request=request, customer=customer, current=current, points=points, at=at, now=now, by=by, states=states
    )


def _in_precision(points: Decimal, target: Target) -> Decimal:
    return check_precision(points, target.current.rules.precision if target.current else MOST_DECIMALS)


def _points_asked(request: RedeemableRequest, target: Target) -> Decimal:
    asked = read_points(request.amount)
    if not request.is_money:
        return _in_precision(asked, target)
    return points_worth(asked, target.program().rules)


def _check_account(
    states: States,
    key: AccountKey,
    points: Decimal,
    current: CurrentProgram,
    *,
    for_group: bool,
    by: Actor,
    now: datetime,
) -> None:
    """Raise `LoyaltyError` 828, 821, 807, 819 or 818 if limits or balance forbid it. The account is settled already."""
    if for_group:
        raise LoyaltyError(PointsCode.NO_GROUP_REDEMPTION)
    limits = current.rules.redemption
    check_limits(points, limits, spent_today=_spent_today(key, now, by) if limits.max_points_per_day else ZERO)
    if key not in states or states[key].account.balance < points:
        raise LoyaltyError(PointsCode.INSUFFICIENT_POINTS)


def _spent_today(key: AccountKey, now: datetime, by: Actor) -> Decimal:
    """Points redeemed today, net of reversals: those made today, whatever their stated time, and those imported for today.

    A stated time changes no limit (docs/protocol.md, Tills 4.3).
    """
    zone = by.organization.zone
    begin, end = start_of_day(now, zone), end_of(now.astimezone(zone).date(), zone)
    is_made_here = Q(entry__explanation__because=BECAUSE)
    made_today = is_made_here & Q(entry__recorded_at__gte=begin)
    imported_for_today = ~is_made_here & Q(entry__occurred_at__gte=begin, entry__occurred_at__lt=end)
    spent = Redemption.objects.filter(
        made_today | imported_for_today, account__customer_id=key.customer_id, account__program_id=key.program_id
    ).aggregate(net=Sum(F("points") - F("reversed")))
    return spent["net"] or ZERO


def _confirmed(checked: _CheckedRequest) -> ValidationCode | None:
    """The code that confirms the request; None if none is needed. Raises `LoyaltyError` 823, 824 or 808."""
    request, policy = checked.request, checked.by.organization.policy
    if request.by_missed_call:
        raise LoyaltyError(PointsCode.NO_MISSED_CALL)
    if request.validation_code:
        return confirm(request.validation_code, customer_id=checked.customer.pk, points=checked.points, now=checked.now)
    if policy.redemption_otp and not (request.skips_validation and policy.skip_validation):
        raise LoyaltyError(PointsCode.VALIDATION_CODE_REQUIRED)
    return None


def _check_code(given: str, customer_id: int, points: Decimal, now: datetime) -> None:
    """Check the code without using it up. Raises `CountedRefusalError` 808 for a wrong one, which is counted."""
    with transaction.atomic():
        lock_customer(customer_id)
        code = present_code(given, customer_id=customer_id, purpose=Purpose.POINTS, points=points, now=now)
    if code is None:
        raise CountedRefusalError(PointsCode.INVALID_VALIDATION_CODE)


def _context(checked: _CheckedRequest, named: NamedBill) -> EntryContext:
    """Context of the ledger entry. It has the bill as known now, so that a repeated call gets the same answer."""
    return EntryContext(
        occurred_at=checked.at,
        recorded_at=checked.now,
        made_by=checked.by.name,
        reference=checked.request.external_reference,
        version=checked.current.version,
        till=checked.by.till,
        store=checked.by.store,
        note=checked.request.notes,
        explanation={
            "because": BECAUSE,
            "value": plain_digits(checked.points * checked.current.rules.ratio),
            "bill": named.bill.pk if named.bill else None,
            "bill_is_foreign": named.is_foreign,
        },
    )


def _redeemed(redemption: Redemption, customer: Customer, *, by: Actor, is_replay: bool = False) -> Redeemed:
    """The result, from what was written with the redemption. Its worth in money is rounded half up to the currency."""
    entry = redemption.entry
    version = entry.program_version
    worth = redemption.points * version.typed_rules.ratio if version else ZERO
    return Redeemed(
        customer_id=customer.pk,
        redemption=redemption,
        balance=entry.balance_after,
        value=round_money(worth, by.organization.currency),
        bill_id=entry.explanation.get("bill"),
        notices=[Notice(PointsCode.NOT_TIED)] if entry.explanation.get("bill_is_foreign") else [],
        is_replay=is_replay,
    )
