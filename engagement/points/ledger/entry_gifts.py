"""Points that members get for reaching a tier: `on_entry` of its rule (docs/organization-file.md)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from django.db.models import BigIntegerField

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
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

log: Final = structlog.get_logger(__name__)
Given = set[tuple[str, datetime]]


def give_entry_gifts(states: Sequence[AccountState], *, now: datetime) -> None:
    """Award, in memory, the points of every tier that was reached since the states were read, dated when it was reached.

    One query for the customers if there are any such points. Nothing is given in a paused program, to customers whose label
    forbids points, and where the expiry gives no day. Points that lift to a further tier bring its gift too.
    """
    entered = [state for state in states if _next_gift(state, set())]
    if not entered:
        return
    ids = {state.account.customer_id for state in entered}
    rows = Customer.objects.filter(is_any_of("id", ids, BigIntegerField())).select_related("organization", "status_label")
    customers = {customer.pk: customer for customer in rows}
    for state in entered:
        customer = customers[state.account.customer_id]
        if blocks(customer, Block.POINTS_ISSUE, customer.organization.policy):
            continue
        given: Given = set()
        while (following := _next_gift(state, given)) is not None:
            change, gift, current = following
            given.add((change.after.tier, change.at))
            _give(state, change, gift, current, customer, now=now)


def _next_gift(state: AccountState, given: Given) -> tuple[Change, EntryGift, CurrentProgram] | None:
    """The first upgrade whose points are not given yet."""
    if state.tier is None or state.tier.current.program.is_paused:
        return None
    for change in state.tier.state.changes:
        rule = state.tier.current.rules.tier(change.after.tier)
        is_new = change.kind == ChangeKind.UPGRADE and (change.after.tier, change.at) not in given
        if is_new and rule is not None and rule.on_entry is not None and rule.on_entry.points:
            return change, rule.on_entry, state.tier.current
    return None


def _give(
    state: AccountState, change: Change, gift: EntryGift, current: CurrentProgram, customer: Customer, *, now: datetime
) -> None:
    try:
        expiry = _expiry(state, change, gift, current, customer)
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


def _expiry(state: AccountState, change: Change, gift: EntryGift, current: CurrentProgram, customer: Customer) -> Expiry:
    rule = gift.expiry or current.rules.default_expiry
    fields = current_catalog().date_fields if current.rules.reads_customer_fields else ()
    return expiry_of(
        rule,
        awarded_on=change.at.astimezone(state.zone).date(),
        registered_on=customer.registered_on.astimezone(state.zone).date(),
        field_date=field_dates(customer, fields),
    )
