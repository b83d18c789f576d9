"""Tiers of the members whose accounts are written: read to be evaluated with the points, and written with them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db.models import BigIntegerField

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.points.ledger.posting import AccountState
from engagement.programs.catalog import CurrentProgram, ProgramCatalog, current_catalog
from engagement.programs.models import Membership
from engagement.programs.rules import TrackerType
from engagement.tiers.activity import read_activities
from engagement.tiers.member import EVALUATED_BY, MEMBERSHIP_COLUMNS, MemberTier, standing_of
from engagement.tiers.rules import BALANCE, LIFETIME, Activity, Ladder, TierState, history_from
from loyalty_project import clock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from organizations.policies import Policy

ZERO: Final = Decimal(0)


def attach_tiers(
    states: Collection[AccountState],
    *,
    until: datetime,
    first: Mapping[int, datetime] | None = None,
    catalog: ProgramCatalog | None = None,
    customers: Mapping[int, Customer] | None = None,
    policy: Policy | None = None,
    made_by: str = EVALUATED_BY,
) -> None:
    """Read what evaluates the members' tiers from the first new moment (`first`, by customer) to `until`.

    One statement for activities if any are needed. Without `customers` and the `policy` of their labels, those whose tier
    points may lift are read: one query.
    Call it before the accounts change, while they are locked.
    """
    states = [state for state in states if state.membership is not None]
    if not states:
        return
    catalog = catalog or current_catalog()
    members: list[tuple[AccountState, Membership, CurrentProgram, Ladder]] = []
    ladders: dict[int, Ladder] = {}
    for state in states:
        if state.membership is not None:
            current = catalog.by_id[state.account.program_id]
            ladder = ladders.setdefault(current.program.pk, Ladder.of(current.rules, state.zone))
            if ladder.tiers or state.membership.tier_id is not None:
                members.append((state, state.membership, current, ladder))
    if customers is None:
        customers = _customers([state for state, *_, ladder in members if ladder.reads_points])
    firsts = first or {}
    activities = _activities([(*member, firsts.get(member[0].account.customer_id, until)) for member in members], until)
    for state, membership, current, ladder in members:
        known = activities.get(state.account.pk, [])
        customer = customers.get(state.account.customer_id)
        state.tier = MemberTier(
            current=current,
            membership=membership,
            made_by=made_by,
            state=TierState(
                ladder=ladder,
                standing=standing_of(membership, ladder),
                totals=_totals_before(state, known),
                activities=known,
                known_until=firsts.get(state.account.customer_id, until),
                may_rise=customer is None or not blocks(customer, Block.TIER_UPGRADE, policy or customer.organization.policy),
            ),
        )


def _customers(states: Sequence[AccountState]) -> dict[int, Customer]:
    if not states:
        return {}
    ids = {state.account.customer_id for state in states}
    rows = Customer.objects.filter(is_any_of("id", ids, BigIntegerField())).select_related("status_label", "organization")
    return {customer.pk: customer for customer in rows}


def _activities(
    members: Sequence[tuple[AccountState, Membership, CurrentProgram, Ladder, datetime]], until: datetime
) -> dict[int, list[Activity]]:
    """Stored activities by account, of those whose evaluation needs any."""
    since: dict[int, datetime] = {}
    reads_points = reads_lines = False
    for state, membership, _, ladder, first in members:
        start = history_from(ladder, standing_of(membership, ladder), first=first, until=until)
        billed_on = state.account.last_billed_on
        has_later = billed_on is not None and billed_on >= start.astimezone(state.zone).date()
        if has_later or (ladder.reads_points and state.account.version):
            since[state.account.pk] = start
            reads_points |= ladder.reads_points
            reads_lines |= ladder.reads_lines
    return read_activities(since, points=reads_points, lines=reads_lines) if since else {}


def _totals_before(state: AccountState, known: Sequence[Activity]) -> dict[str, Decimal]:
    """The figures of the account before the activities."""
    account = state.account
    totals = {TrackerType.BILL_AMOUNT.value: account.purchases, LIFETIME: account.lifetime, BALANCE: account.balance}
    if known:
        for name in totals:
            totals[name] -= sum((activity.figures.get(name, ZERO) for activity in known), ZERO)
    return totals


def write_tiers(states: Sequence[AccountState]) -> None:
    """Store the tiers that changed, and a row for each change: two statements at most."""
    evaluated = [state.tier for state in states if state.tier is not None]
    changed = [tier for tier in evaluated if tier.is_changed]
    now = clock.now()
    insert_rows([row for tier in changed for row in tier.rows(now)])
    update_rows([tier.membership for tier in changed], MEMBERSHIP_COLUMNS)
    for state in states:
        state.tier = None
