"""Tiers of the members whose accounts are written: read to be evaluated with the points, and written with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db.models import BigIntegerField

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.points.ledger.posting import AccountState
from engagement.programs.catalog import CurrentProgram, ProgramCatalog, current_catalog
from engagement.programs.expiry_rules import Activity as KeptAliveBy
from engagement.programs.models import Membership, Tier
from engagement.programs.rules import TrackerType
from engagement.tiers.activity import read_activities
from engagement.tiers.conditions import history_from
from engagement.tiers.member import EVALUATED_BY, MEMBERSHIP_COLUMNS, MemberTier, held_tier_of
from engagement.tiers.models import TierChange
from engagement.tiers.rules import BALANCE, LIFETIME, Activity, ChangeKind, Ladder, TierState
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
    known_before: datetime | None = None,
) -> None:
    """Read what evaluates the members' tiers from the first new moment (`first`, by customer) to `until`.

    With `known_before` only activities before that moment are known: a replay brings the later ones.
    One statement for activities if any are needed. Without `customers` and the `policy` of their labels, those whose tier
    points may lift are read: one query.
    Call it before the accounts change or are settled, while they are locked: changes that a settlement made would be lost.
    """
    if any(state.tier is not None and state.tier.is_changed for state in states):
        raise ValueError("tiers are attached before the accounts are settled")
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
        known = [
            activity for activity in activities.get(state.account.pk, ()) if known_before is None or activity.at < known_before
        ]
        customer = customers.get(state.account.customer_id)
        state.tier = MemberTier(
            current=current,
            membership=membership,
            made_by=made_by,
            state=TierState(
                ladder=ladder,
                held=held_tier_of(membership, ladder),
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
    for state, membership, current, ladder, first in members:
        start = history_from(ladder, held_tier_of(membership, ladder), first=first, until=until)
        if _may_have_bills(state, current, since=start) or (ladder.reads_points and state.account.version):
            since[state.account.pk] = start
            reads_points |= ladder.reads_points
            reads_lines |= ladder.reads_lines
    return read_activities(since, points=reads_points, lines=reads_lines) if since else {}


def _may_have_bills(state: AccountState, current: CurrentProgram, *, since: datetime) -> bool:
    """False if there are no bills since then: the last activity says so, if bills were activities all the time since."""
    version = current.version
    is_as_then = version.number == 1 or version.made_at <= since
    if not is_as_then or KeptAliveBy.BILL not in version.typed_rules.keeps_points_alive:
        return bool(state.account.visits or state.account.purchases)
    active_on = state.account.last_active_on
    return active_on is not None and active_on >= since.astimezone(state.zone).date()


def _totals_before(state: AccountState, known: Sequence[Activity]) -> dict[str, Decimal]:
    """The figures of the account before the activities."""
    account = state.account
    totals = {TrackerType.BILL_AMOUNT.value: account.purchases, LIFETIME: account.lifetime, BALANCE: account.balance}
    if known:
        for name in totals:
            totals[name] -= sum((activity.figures.get(name, ZERO) for activity in known), ZERO)
    return totals


@dataclass(frozen=True, slots=True, kw_only=True)
class TierSetting:
    """A tier that is set whatever the rules say. Without a last day it has its own validity from `since` on."""

    tier: Tier
    since: datetime
    cause: TierChange.Cause
    made_by: str
    expires_on: date | None = None
    locked_until: date | None = None
    note: str = ""


def set_tier(
    state: AccountState, membership: Membership, current: CurrentProgram, setting: TierSetting, *, now: datetime
) -> TierChange:
    """Set the tier of an account's member in memory; return the row of its history, which `write_accounts` stores.

    The kind of the change follows from the tier before. What happens after `since` counts for the next renewal.
    """
    state.advance_tier(setting.since)
    before = membership.tier or next((tier for tier in current.tiers), setting.tier)
    rule = current.rules.tier(setting.tier.name)
    expires_on = setting.expires_on
    if expires_on is None and rule is not None and rule.validity is not None:
        expires_on = rule.validity.last_day(setting.since.astimezone(state.zone).date())
    row = TierChange(
        organization_id=membership.organization_id,
        membership=membership,
        kind=_kind(before, setting.tier),
        cause=setting.cause,
        from_tier=before,
        to_tier=setting.tier,
        from_expires_on=membership.tier_expires_on,
        to_expires_on=expires_on,
        changed_at=setting.since,
        recorded_at=now,
        program_version=current.version,
        note=setting.note,
        made_by=setting.made_by,
    )
    if state.tier is not None:
        state.tier_rows += state.tier.rows(now)
        state.tier = None
    membership.tier, membership.tier_since, membership.tier_counts_from = setting.tier, setting.since, setting.since
    membership.tier_since_order = membership.tier_counts_order = None
    membership.tier_expires_on, membership.tier_due_on = expires_on, expires_on
    membership.tier_locked_until = setting.locked_until
    state.tier_ends, state.is_changed = expires_on, True
    state.tier_rows.append(row)
    return row


def _kind(before: Tier, after: Tier) -> ChangeKind:
    if before.pk == after.pk:
        return ChangeKind.RENEW
    return ChangeKind.UPGRADE if after.position > before.position else ChangeKind.DOWNGRADE


def write_tiers(states: Sequence[AccountState]) -> dict[int, list[TierChange]]:
    """Store the tiers that changed, and a row for each change: two statements at most. Returns the rows by account (id)."""
    now = clock.now()
    rows: dict[int, list[TierChange]] = {}
    memberships: list[Membership] = []
    for state in states:
        is_evaluated = state.tier is not None and state.tier.is_changed
        new = [*state.tier_rows, *(state.tier.rows(now) if state.tier else ())]
        if (new or is_evaluated) and state.membership is not None:
            rows[state.account.pk] = new
            memberships.append(state.membership)
        state.tier, state.tier_rows = None, []
    insert_rows([row for new in rows.values() for row in new])
    update_rows(memberships, MEMBERSHIP_COLUMNS)
    return rows
