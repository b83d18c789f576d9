"""Giving rewards: points in the default program, and coupons (docs/protocol.md 2.7 "MLM", 4.11)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.coupons.catalog import load_series
from engagement.coupons.issuing import CouponOrder, check_is_open, check_may_get, make_coupons
from engagement.coupons.models import Coupon
from engagement.numbers.rounding import TooManyPointsError, round_points
from engagement.points.activity import keep_alive
from engagement.points.expiry import Expiry, ExpiryError, expiry_of
from engagement.points.explanations import REFERRAL
from engagement.points.field_dates import field_dates
from engagement.points.ledger.movements import award
from engagement.points.ledger.posting import AccountState, EntryContext
from engagement.points.ledger.repository import lock_accounts, settle_states, write_accounts
from engagement.points.ledger.tiers import attach_tiers
from engagement.points.models import PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.expiry_rules import Activity
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.configuration import current_configuration
from referrals.rewards.models import Reward
from referrals.webhook_events import announce_rewards

State = Reward.State
_NO_POINTS: Final = "points: "
_NO_COUPON: Final = "coupon: "


def reference_of(reward: Reward) -> str:
    """The reference of a reward's ledger entry and coupon: unique for each customer, so that neither is given twice."""
    return f"referral:{reward.pk}"


def give_rewards(
    rewards: Sequence[Reward], *, customers: Mapping[int, Customer], catalog: ProgramCatalog, by: Actor, now: datetime
) -> None:
    """Give these rewards, in memory GIVEN or REFUSED afterwards with the reason of what was not given.

    The caller stores them. Their ids are drawn; `customers` are the receivers, locked. A constant number of statements. Call it
    in a transaction.
    """
    if not rewards:
        return
    problems: dict[int, list[str]] = {reward.pk: [] for reward in rewards}
    _give_points([reward for reward in rewards if reward.points], customers, catalog, problems, by=by, now=now)
    _give_coupons([reward for reward in rewards if reward.coupon_series], customers, problems, by=by, now=now)
    for reward in rewards:
        reward.problem = "; ".join(problems[reward.pk])[:250]
        is_given = reward.entry is not None or reward.coupon is not None
        reward.state = State.GIVEN if is_given else State.REFUSED
        reward.given_at = now if is_given else None
    announce_rewards([reward for reward in rewards if reward.state == State.GIVEN], organization=by.organization)


def _give_points(
    rewards: Sequence[Reward],
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    problems: Mapping[int, list[str]],
    *,
    by: Actor,
    now: datetime,
) -> None:
    current = catalog.default
    if not rewards:
        return
    if current is None or current.program.is_paused:
        reason = "there is no active default program" if current is None else "the program is paused"
        for reward in rewards:
            problems[reward.pk].append(_NO_POINTS + reason)
        return
    organization = by.organization
    states = lock_accounts({reward.receiver_id for reward in rewards}, zone=organization.zone)
    settle_states(states.values(), until=now, recorded_at=now)
    attach_tiers(
        [state for state in states.values() if state.tier is None],
        until=now,
        first={reward.receiver_id: now for reward in rewards},
        catalog=catalog,
        customers=customers,
        policy=organization.policy,
        made_by=by.name,
    )
    for reward in rewards:
        customer = customers[reward.receiver_id]
        state = states.get(AccountKey(customer.pk, current.program.pk))
        if reason := _award_or_reason(reward, customer, state, current, catalog, by=by, now=now):
            problems[reward.pk].append(_NO_POINTS + reason)
    write_accounts(states.values())
    for reward in rewards:
        if (entry := reward.entry) is not None:
            # The entry has its id by now.
            reward.entry = entry


def _award_or_reason(
    reward: Reward,
    customer: Customer,
    state: AccountState | None,
    current: CurrentProgram,
    catalog: ProgramCatalog,
    *,
    by: Actor,
    now: datetime,
) -> str:
    """Post the points; the reason why they are not given, "" if they are."""
    if state is None:
        return "the customer is not in the default program"
    if blocks(customer, Block.POINTS_ISSUE, by.organization.policy):
        return "the customer's status forbids them"
    try:
        is_posted = _award(reward, customer, state, current, catalog, by=by, now=now)
    except ExpiryError as error:
        return str(error)
    except TooManyPointsError:
        return "they have too many digits"
    return "" if is_posted else "they round to nothing"


def _award(
    reward: Reward,
    customer: Customer,
    state: AccountState,
    current: CurrentProgram,
    catalog: ProgramCatalog,
    *,
    by: Actor,
    now: datetime,
) -> bool:
    """Post the points; False if they round to nothing. Raises `ExpiryError` and `TooManyPointsError`."""
    points = round_points(reward.points or Decimal(0), current.rules.precision)
    if not points:
        return False
    day = now.astimezone(state.zone).date()
    expiry: Expiry = expiry_of(
        current.rules.default_expiry,
        awarded_on=day,
        registered_on=customer.registered_on.astimezone(state.zone).date(),
        field_date=field_dates(customer, catalog.date_fields),
    )
    if expiry.moves == PointsLot.Moves.ROLLING:
        state.account.last_earned_on = max(state.account.last_earned_on or day, day)
    facts = EntryContext(
        occurred_at=now,
        recorded_at=now,
        made_by=by.name,
        reference=reference_of(reward),
        version=current.version,
        till=by.till,
        store=by.store,
        explanation={
            "because": REFERRAL,
            "campaign": reward.campaign.token,
            "event": reward.event.kind,
            "role": reward.role,
            "fixed": str(reward.points),
        },
    )
    reward.entry = award(state, points, facts=facts, expiry=expiry)
    keep_alive(state, Activity.AWARD, on=day, rules=current.rules)
    state.advance_tier(now)
    return True


def _give_coupons(
    rewards: Sequence[Reward],
    customers: Mapping[int, Customer],
    problems: Mapping[int, list[str]],
    *,
    by: Actor,
    now: datetime,
) -> None:
    if not rewards:
        return
    catalog = current_configuration().part(load_series)
    orders: list[tuple[Reward, CouponOrder]] = []
    for reward in rewards:
        customer, current = customers[reward.receiver_id], catalog.by_code.get(reward.coupon_series)
        if current is None:
            problems[reward.pk].append(f"{_NO_COUPON}there is no series {reward.coupon_series}")
            continue
        try:
            check_may_get(customer, by.organization.policy)
            check_is_open(current, now, by=by)
        except LoyaltyError as refusal:
            problems[reward.pk].append(_NO_COUPON + refusal.code.sentence)
            continue
        order = CouponOrder(
            current=current,
            customer_id=customer.pk,
            issued_at=now,
            till=by.till,
            store=by.store,
            reference=reference_of(reward),
        )
        orders.append((reward, order))
    for (reward, _), made in zip(orders, make_coupons([order for _, order in orders], by=by), strict=True):
        if isinstance(made, Coupon):
            reward.coupon = made
        else:
            problems[reward.pk].append(_NO_COUPON + made.code.sentence)
