"""Points and coupons that members get for reaching a tier: `on_entry` of its rule (docs/organization-file.md)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from django.db.models import BigIntegerField

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.coupons.catalog import load_series
from engagement.coupons.issuing import CouponOrder, check_is_open, check_may_get, make_coupons
from engagement.numbers.rounding import TooManyPointsError, round_points
from engagement.points.expiry import Expiry, ExpiryError, expiry_of
from engagement.points.explanations import TIER
from engagement.points.field_dates import field_dates
from engagement.points.ledger.movements import award
from engagement.points.ledger.posting import AccountState, EntryContext
from engagement.points.models import PointsLot
from engagement.programs.catalog import CurrentProgram, current_catalog
from engagement.programs.rules import EntryGift
from engagement.tiers.member import EVALUATED_BY
from engagement.tiers.rules import Change, ChangeKind
from loyalty_project.db.lookups import is_any_of
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.configuration import current_configuration
from organizations.fields.models import FieldDefinition
from organizations.policies import Policy

log: Final = structlog.get_logger(__name__)
Given = set[tuple[str, datetime]]


def give_entry_gifts(states: Sequence[AccountState], *, now: datetime) -> None:
    """Give what every tier brings that was reached since the states were read, dated when it was reached.

    Points are awarded in memory, coupons are issued at once. One query for the customers if there are any gifts, and a constant
    number of statements for coupons. Nothing is given in a paused program, to customers whose label or fraud status forbids
    it, if the expiry gives no day, and of a series that is over or has issued all. Points that lift to a further tier bring its
    gift too.
    """
    entered = [state for state in states if _next_gift(state, set())]
    if not entered:
        return
    ids = {state.account.customer_id for state in entered}
    rows = Customer.objects.filter(is_any_of("id", ids, BigIntegerField())).select_related("organization", "status_label")
    customers = {customer.pk: customer for customer in rows}
    organization = next(iter(customers.values())).organization
    by = Actor(organization=organization, source=AuditEntry.Source.COMMAND, name=EVALUATED_BY)
    orders: list[tuple[AccountState, Change, CouponOrder]] = []
    for state in entered:
        customer = customers[state.account.customer_id]
        for change, gift in give_entry_points(state, customer, policy=organization.policy, given=set(), now=now):
            if gift.coupon_series:
                orders += [(state, change, order) for order in _orders_of(change, gift, customer, by=by)]
    # The last coupon of a series goes to the bill that was sent first.
    orders.sort(key=lambda ordered: ordered[1].bill_id or 0)
    for (state, change, order), made in zip(orders, make_coupons([order for *_, order in orders], by=by), strict=True):
        if isinstance(made, LoyaltyError):
            _log_missing(order.current.series.code, order.customer_id, made)
        else:
            state.coupons.append((change.bill_id, made))


def give_entry_points(
    state: AccountState,
    customer: Customer,
    *,
    policy: Policy,
    given: Given,
    now: datetime,
    fields: Sequence[FieldDefinition] | None = None,
) -> list[tuple[Change, EntryGift]]:
    """Award the points of all tiers that were reached and are not in `given`, in memory; return their gifts, coupons included.

    `given` gets the tiers reached. `fields` are those that hold dates, the configuration's if None.
    """
    gets_points = not blocks(customer, Block.POINTS_ISSUE, policy)
    gifts: list[tuple[Change, EntryGift]] = []
    while (following := _next_gift(state, given)) is not None:
        change, gift, current = following
        given.add((change.after.tier, change.at))
        if gift.points and gets_points:
            _give_points(state, change, gift, current, customer, now=now, fields=fields)
        gifts.append((change, gift))
    return gifts


def _orders_of(change: Change, gift: EntryGift, customer: Customer, *, by: Actor) -> list[CouponOrder]:
    """The order of the gift's coupon; none if the customer may not get it or the series is over."""
    current = current_configuration().part(load_series).by_code[gift.coupon_series]
    try:
        check_may_get(customer, by.organization.policy)
        check_is_open(current, change.at, by=by)
    except LoyaltyError as refusal:
        _log_missing(gift.coupon_series, customer.pk, refusal)
        return []
    return [CouponOrder(current=current, customer_id=customer.pk, issued_at=change.at)]


def _log_missing(series: str, customer_id: int | None, refusal: LoyaltyError) -> None:
    log.info("entry_coupon_not_issued", series=series, customer=customer_id, code=int(refusal.code))


def _next_gift(state: AccountState, given: Given) -> tuple[Change, EntryGift, CurrentProgram] | None:
    """The first upgrade whose gift is not given yet."""
    if state.tier is None or state.tier.current.program.is_paused:
        return None
    for change in state.tier.state.changes:
        rule = state.tier.current.rules.tier(change.after.tier)
        is_new = change.kind == ChangeKind.UPGRADE and (change.after.tier, change.at) not in given
        if is_new and rule is not None and rule.on_entry is not None:
            return change, rule.on_entry, state.tier.current
    return None


def _give_points(
    state: AccountState,
    change: Change,
    gift: EntryGift,
    current: CurrentProgram,
    customer: Customer,
    *,
    now: datetime,
    fields: Sequence[FieldDefinition] | None,
) -> None:
    try:
        expiry = _expiry(state, change, gift, current, customer, fields)
        points = round_points(gift.points, current.rules.precision)
    except (ExpiryError, TooManyPointsError) as error:
        log.warning("entry_gift_not_given", account=state.account.pk, tier=change.after.tier, reason=str(error))
        return
    if not points:
        return
    day = change.at.astimezone(state.zone).date()
    if expiry.moves == PointsLot.Moves.ROLLING:
        state.account.last_earned_on = max(state.account.last_earned_on or day, day)
    facts = EntryContext(
        occurred_at=change.at,
        recorded_at=now,
        made_by=EVALUATED_BY,
        version=current.version,
        explanation={"because": TIER, "tier": change.after.tier},
    )
    award(state, points, facts=facts, expiry=expiry)
    reached = state.tier.state.reached if state.tier else None
    state.advance_tier(max(change.at, reached or change.at))


def _expiry(
    state: AccountState,
    change: Change,
    gift: EntryGift,
    current: CurrentProgram,
    customer: Customer,
    fields: Sequence[FieldDefinition] | None,
) -> Expiry:
    rule = gift.expiry or current.rules.default_expiry
    if fields is None:
        fields = current_catalog().date_fields if current.rules.reads_customer_fields else ()
    return expiry_of(
        rule,
        awarded_on=change.at.astimezone(state.zone).date(),
        registered_on=customer.registered_on.astimezone(state.zone).date(),
        field_date=field_dates(customer, fields),
    )
