"""How does a customer spend points at a till? The question whether it may be, and the redemption (tills' part 4.1, 4.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q, Sum

from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import Purpose, present_code, use_code
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import EntryContext, Kind, end_of
from engagement.points.ledger.repository import States, lock_accounts, settle_states, write_accounts
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram
from engagement.redemptions.bill_links import NamedBill, find_bill
from engagement.redemptions.codes import PointsCode
from engagement.redemptions.duplicates import find_earlier
from engagement.redemptions.models import Redemption
from engagement.redemptions.otp import confirm, send_code
from engagement.redemptions.requests import RedeemableQuestion, RedemptionOrder
from engagement.redemptions.rules import (
    MOST_DECIMALS,
    check_limits,
    check_precision,
    points_worth,
    read_points,
    read_redemption_time,
    start_of_day,
)
from engagement.redemptions.target import Target, check_not_blocked, choose_program, find_customer, first_reference, write_order
from engagement.redemptions.voucher_codes import insert_redemption
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor

ZERO = Decimal(0)
LONGEST_NUMBER = 100
LONGEST_NOTE = 250
BECAUSE = "redemption"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """Points were spent, now or by an earlier call that said the same (`is_replay`). `balance` is what was left then."""

    customer_id: int
    redemption: Redemption
    balance: Decimal
    value: Decimal
    bill_id: int | None
    notices: Sequence[Notice] = ()
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemable:
    """The points may be redeemed at this moment, and are worth so much money."""

    customer_id: int
    points: Decimal
    value: Decimal
    ratio: Decimal
    notices: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _RedemptionRequest:
    """An order that may be looked at against the account: who, what, in which program, when."""

    order: RedemptionOrder
    customer: Customer
    standing: CurrentProgram
    points: Decimal
    at: datetime
    now: datetime
    by: Actor

    @property
    def key(self) -> AccountKey:
        """The account that pays."""
        return AccountKey(self.customer.pk, self.standing.program.pk)


def redeem_points(order: RedemptionOrder, *, by: Actor) -> Redeemed:
    """Spend points, first expiring first; or tell what an earlier call with the same content came to.

    Raises `LoyaltyError` with the codes of docs/protocol.md, tills' part 6.2, in the order given there. Call it in a
    transaction, and commit that also on `CountedRefusalError` (808): a wrong code counts. The customer's lock and the
    account's come first; `points_balance_above_floor`, `points_entry_reference_unique` and `redemption_code_unique` stand
    under them.
    """
    organization, now = by.organization, clock.now()
    wish = _read(order, by=by, now=now)
    states = lock_accounts([wish.customer.pk], zone=organization.zone)
    earlier = find_earlier(
        order, customer_id=wish.customer.pk, program_id=wish.key.program_id, points=wish.points, at=wish.at, now=now, by=by
    )
    if earlier is not None:
        return _redeemed(earlier, wish.customer, is_replay=True)
    settle_states(states.values(), until=now, recorded_at=now)
    _check_account(states, wish.key, wish.points, wish.standing, for_group=order.for_group, by=by, now=now)
    code = _confirmed(wish)
    state = states[wish.key]
    day = wish.at.astimezone(organization.zone).date()
    named = find_bill(order.transaction_number, customer_id=wish.customer.pk, store=by.store, day=day)
    entry = spend(state, wish.points, kind=Kind.REDEEM, facts=_facts(wish, named))
    write_accounts(states.values())
    redemption = Redemption(
        organization=organization,
        account=state.account,
        entry=entry,
        points=wish.points,
        purpose=order.purpose,
        transaction_number=order.transaction_number,
        bill=named.bill,
        validation_code=order.validation_code.strip().upper() if code else "",
        custom_fields=_usable(order.custom_fields),
    )
    insert_redemption(redemption)
    if code is not None:
        use_code(code, now=now)
    return _redeemed(redemption, wish.customer)


def check_redeemable(question: RedeemableQuestion, *, by: Actor) -> Redeemable:
    """Whether the points may be redeemed at this moment; nothing is spent, and no code is used up.

    Raises `LoyaltyError` with the codes and in the order of `redeem_points`, but 824; a wrong code has counted then. A code
    that is wanted and cannot be told is warning 876. Opens its own transactions: call it outside of one.
    """
    organization, now = by.organization, clock.now()
    references, order = first_reference(question.references)
    customer = Customer.objects.get(pk=find_customer(references, order, by=by, country_code=question.country_code))
    choice = choose_program(customer, question.program_id, by=by)
    points = _points_asked(question, choice)
    standing = choice.program()
    check_not_blocked(customer, organization.policy)
    states = settled_accounts([customer.pk], organization=organization)
    key = AccountKey(customer.pk, standing.program.pk)
    _check_account(states, key, points, standing, for_group=question.for_group, by=by, now=now)
    if question.by_missed_call:
        raise LoyaltyError(PointsCode.NO_MISSED_CALL)
    if question.validation_code:
        _check_code(question.validation_code, customer.pk, points, now)
    notices = []
    if question.wants_code and send_code(customer.pk, points, by=by) is None:
        notices.append(Notice(PointsCode.CODE_NOT_ISSUED_TOO))
    ratio = standing.rules.ratio
    return Redeemable(customer_id=customer.pk, points=points, value=points * ratio, ratio=ratio, notices=notices)


def _read(order: RedemptionOrder, *, by: Actor, now: datetime) -> _RedemptionRequest:
    """All that can be said of the order without its account; locks the customer."""
    sequence = write_order(by.organization.policy)
    customer_id = find_customer(order.references, sequence, by=by, country_code=order.country_code)
    customer = lock_customer(customer_id)
    choice = choose_program(customer, order.program_id, by=by)
    points = _in_precision(read_points(order.points), choice)
    if max(len(order.transaction_number), len(order.external_reference)) > LONGEST_NUMBER:
        raise LoyaltyError(PointsCode.INVALID_POINTS)
    if max(len(order.purpose), len(order.notes)) > LONGEST_NOTE:
        raise LoyaltyError(PointsCode.INVALID_POINTS)
    standing = choice.program()
    check_not_blocked(customer, by.organization.policy)
    at = read_redemption_time(order.redeemed_at, zone=by.organization.zone, now=now)
    return _RedemptionRequest(order=order, customer=customer, standing=standing, points=points, at=at, now=now, by=by)


def _in_precision(points: Decimal, choice: Target) -> Decimal:
    return check_precision(points, choice.standing.rules.precision if choice.standing else MOST_DECIMALS)


def _points_asked(question: RedeemableQuestion, choice: Target) -> Decimal:
    asked = read_points(question.amount)
    if not question.is_money:
        return _in_precision(asked, choice)
    return points_worth(asked, choice.program().rules)


def _check_account(
    states: States,
    key: AccountKey,
    points: Decimal,
    standing: CurrentProgram,
    *,
    for_group: bool,
    by: Actor,
    now: datetime,
) -> None:
    """Whether the account can pay by the program's limits: 828, 821, 807, 819, 818. It is settled already."""
    if for_group:
        raise LoyaltyError(PointsCode.NO_GROUP_REDEMPTION)
    limits = standing.rules.redemption
    check_limits(points, limits, spent_today=_spent_today(key, now, by) if limits.max_points_per_day else ZERO)
    if key not in states or states[key].account.balance < points:
        raise LoyaltyError(PointsCode.INSUFFICIENT_POINTS)


def _spent_today(key: AccountKey, now: datetime, by: Actor) -> Decimal:
    """Points redeemed on this day, net of reversals: what happened on it, and what tills back-dated on it."""
    zone = by.organization.zone
    begin, end = start_of_day(now, zone), end_of(now.astimezone(zone).date(), zone)
    of_today = Q(entry__occurred_at__gte=begin, entry__occurred_at__lt=end)
    told_today = Q(entry__recorded_at__gte=begin, entry__explanation__because=BECAUSE)
    spent = Redemption.objects.filter(
        of_today | told_today, account__customer_id=key.customer_id, account__program_id=key.program_id
    ).aggregate(net=Sum(F("points") - F("reversed")))
    return spent["net"] or ZERO


def _confirmed(wish: _RedemptionRequest) -> ValidationCode | None:
    """The code that confirms the wish; None where none is needed. Raises `LoyaltyError` 823, 824 or 808."""
    order, policy = wish.order, wish.by.organization.policy
    if order.by_missed_call:
        raise LoyaltyError(PointsCode.NO_MISSED_CALL)
    if order.validation_code:
        return confirm(order.validation_code, customer_id=wish.customer.pk, points=wish.points, now=wish.now)
    if policy.redemption_otp and not (order.skips_validation and policy.skip_validation):
        raise LoyaltyError(PointsCode.VALIDATION_CODE_REQUIRED)
    return None


def _check_code(given: str, customer_id: int, points: Decimal, now: datetime) -> None:
    """Whether the code is good, without using it up. Raises `LoyaltyError` 808, once a wrong try is stored."""
    with transaction.atomic():
        lock_customer(customer_id)
        code = present_code(given, customer_id=customer_id, purpose=Purpose.POINTS, points=points, now=now)
    if code is None:
        raise LoyaltyError(PointsCode.INVALID_VALIDATION_CODE)


def _facts(wish: _RedemptionRequest, named: NamedBill) -> EntryContext:
    """What the entry tells; with the bill as it was known, so that a replay can answer alike."""
    return EntryContext(
        occurred_at=wish.at,
        recorded_at=wish.now,
        made_by=wish.by.name,
        reference=wish.order.external_reference,
        version=wish.standing.version,
        till=wish.by.till,
        store=wish.by.store,
        note=wish.order.notes,
        explanation={
            "because": BECAUSE,
            "value": plain_digits(wish.points * wish.standing.rules.ratio),
            "bill": named.bill.pk if named.bill else None,
            "bill_is_foreign": named.is_foreign,
        },
    )


def _redeemed(redemption: Redemption, customer: Customer, *, is_replay: bool = False) -> Redeemed:
    """The answer, from what was written when the points were spent."""
    entry = redemption.entry
    version = entry.program_version
    return Redeemed(
        customer_id=customer.pk,
        redemption=redemption,
        balance=entry.balance_after,
        value=redemption.points * version.typed_rules.ratio if version else ZERO,
        bill_id=entry.explanation.get("bill"),
        notices=[Notice(PointsCode.NOT_TIED)] if entry.explanation.get("bill_is_foreign") else [],
        is_replay=is_replay,
    )


def _usable(fields: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The fields that can be kept: with a name and a value, neither too long."""
    read = [(one.get("name", "").strip(), one.get("value", "").strip()) for one in fields]
    return [
        {"name": name, "value": value}
        for name, value in read
        if name and value and len(name) <= LONGEST_NUMBER and len(value) <= LONGEST_NOTE
    ]
