"""Reads, locks and writes accounts of points, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from engagement.points.announcing import announce_movements
from engagement.points.ledger.entry_gifts import give_entry_gifts
from engagement.points.ledger.posting import AccountState
from engagement.points.ledger.settlement import settle
from engagement.points.ledger.tiers import attach_tiers, write_tiers
from engagement.points.models import BillPoints, PointsAccount, PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.models import Membership
from engagement.tiers.models import TierChange
from loyalty_project import clock
from loyalty_project.db.arrays import id_array
from loyalty_project.db.locks import lock
from loyalty_project.db.rows import give_ids, insert_rows, update_rows, written_together
from loyalty_project.db.trusted_time import trusted
from loyalty_project.faults import Point, reach
from organizations.tenancy.rows import lock_rows, read_rows

_ACCOUNT_COLUMNS = (
    "balance", "promised", "lifetime", "redeemed", "expired", "returned", "promised_returned", "adjusted", "floor", "purchases",
    "visits", "version", "last_active_on", "last_earned_on", "due_at",
)  # fmt: skip
_LOT_COLUMNS = ("left", "expired", "returned", "moved", "is_open")
_OF_CUSTOMERS: Final = "stored.customer_id = ANY((SELECT %(customers)s::bigint[])::bigint[])"
_LIVE: Final = f"{_OF_CUSTOMERS} AND stored.moved_to_id IS NULL"
_THAT_HOLD_POINTS: Final = 'stored.account_id = ANY((SELECT %(accounts)s::bigint[])::bigint[]) AND stored."left" > 0'
# What is listened to is read with the accounts, so that it costs no statement.
_HEARD: Final = (("heard", "(SELECT announced_events FROM organizations_organization WHERE id = %(organization)s)"),)


States = dict[AccountKey, AccountState]


def lock_accounts(customer_ids: Iterable[int], *, zone: ZoneInfo) -> States:
    """All accounts of these customers, locked in the order of their ids, with the lots that hold points: three queries.

    Call it in the transaction that writes them, after the customers' locks if any are taken. Raises
    `django.db.OperationalError` (55P03) if a lock is not free in time.
    """
    accounts = lock_rows(PointsAccount, _LIVE, {"customers": id_array(customer_ids)}, further=_HEARD)
    states = _states(accounts, zone=zone)
    # Needed even if no present lot expires with the tier: a new lot, or one that gets points back, may.
    _read_memberships(states)
    return states


def lock_moved_account(account_id: int, living: AccountState) -> AccountState:
    """A moved account, locked, for corrections of its history. Its points are on the `living` account.

    The living account must be locked already: moved accounts are only locked after their living one.
    """
    account = lock(PointsAccount.objects.filter(pk=account_id)).get()
    account.last_active_on, account.last_earned_on = living.account.last_active_on, living.account.last_earned_on
    return AccountState(account=account, zone=living.zone, tier_ends=living.tier_ends, heard=living.heard)


def read_accounts(customer_ids: Iterable[int], *, zone: ZoneInfo) -> States:
    """The same without locks: two queries, and one more if points expire with a tier."""
    accounts = read_rows(PointsAccount, _LIVE, {"customers": id_array(customer_ids)}, further=_HEARD)
    states = _states(accounts, zone=zone)
    membership = PointsLot.Moves.MEMBERSHIP
    _read_memberships({key: state for key, state in states.items() if any(lot.moves == membership for lot in state.lots)})
    return states


def _states(accounts: Iterable[PointsAccount], *, zone: ZoneInfo) -> States:
    states = {
        account.pk: AccountState(account=account, zone=zone, heard=frozenset(account.heard))  # type: ignore[attr-defined]
        for account in accounts
    }
    if states:
        for lot in read_rows(PointsLot, _THAT_HOLD_POINTS, {"accounts": id_array(states)}):
            states[lot.account_id].lots.append(lot)
    return {AccountKey(state.account.customer_id, state.account.program_id): state for state in states.values()}


def _read_memberships(states: States) -> None:
    if not states:
        return
    memberships = memberships_by_key({key.customer_id for key in states})
    joined: defaultdict[int, set[int]] = defaultdict(set)
    for key in memberships:
        joined[key.customer_id].add(key.program_id)
    for key, state in states.items():
        state.joined = frozenset(joined[key.customer_id])
        if (membership := memberships.get(key)) is not None:
            state.membership, state.tier_ends = membership, membership.tier_expires_on


def tier_ends_of(customer_ids: Iterable[int]) -> dict[AccountKey, date | None]:
    """Last day of the tier in each program of these customers, None if it never ends: one query."""
    return {key: membership.tier_expires_on for key, membership in memberships_by_key(customer_ids).items()}


def memberships_by_key(customer_ids: Iterable[int]) -> dict[AccountKey, Membership]:
    """The memberships of these customers, with their tiers: one query."""
    rows = read_rows(Membership, _OF_CUSTOMERS, {"customers": id_array(customer_ids)}, related=("tier",))
    return {AccountKey(membership.customer_id, membership.program_id): membership for membership in rows}


def write_accounts(states: Iterable[AccountState], *, shares: Sequence[BillPoints] = ()) -> None:
    """Store the rows that were added to the states, and those that changed, and announce them to webhook endpoints.

    `shares` are new points of bills, written with them: two statements for all.
    """
    changed = [state for state in states if state.is_changed]
    give_entry_gifts(changed, now=clock.now())
    entries = [entry for state in changed for entry in state.entries]
    lots = [lot for state in changed for lot in state.new_lots]
    consumptions = [consumption for state in changed for consumption in state.consumptions]
    give_ids(entries, lots)
    for lot in lots:
        lot.entry_id = lot.entry.pk
    for consumption in consumptions:
        consumption.entry_id, consumption.lot_id = consumption.entry.pk, consumption.lot.pk
    for state in changed:
        state.account.due_at = state.next_due()
    with written_together():
        insert_rows(entries)
        insert_rows(lots)
        insert_rows(consumptions)
        update_rows([lot for state in changed for lot in state.changed_lots.values()], _LOT_COLUMNS)
        update_rows([state.account for state in changed], _ACCOUNT_COLUMNS)
        tier_changes = write_tiers(changed)
        insert_rows(shares)
    _announce(changed, tier_changes)
    reach(Point.LEDGER_WRITTEN)
    for state in changed:
        state.entries, state.new_lots, state.consumptions = [], [], []
        state.changed_lots, state.is_changed = {}, False


def _announce(states: Sequence[AccountState], tier_changes: Mapping[int, Sequence[TierChange]]) -> None:
    """Announce what was written to endpoints that listen. `tier_changes` by the account's id."""
    # All states are of one organization, and those that are new listen as the others do.
    heard = frozenset().union(*(state.heard for state in states))
    if heard:
        announce_movements(
            ((state.account, state.entries, tier_changes.get(state.account.pk, ())) for state in states), heard=heard
        )


def settle_states(states: Iterable[AccountState], *, until: datetime, recorded_at: datetime) -> Sequence[AccountState]:
    """Settle the accounts in memory up to `until`; return those that were due.

    Nothing is settled that is due only by a clock far ahead of the database's (`loyalty_project.db.trusted_time`).
    """
    due = [state for state in states if _is_due(state, until)]
    if not due:
        return due
    until = trusted(until)
    due = [state for state in due if _is_due(state, until)]
    unread = [state for state in due if state.membership is None]
    if unread:
        _read_memberships({AccountKey(state.account.customer_id, state.account.program_id): state for state in unread})
    attach_tiers([state for state in due if state.tier is None and _may_change_tier(state, until)], until=until)
    for state in due:
        settle(state, until, recorded_at=recorded_at)
        # Written even if nothing was due after all, so that `due_at` is corrected.
        state.is_changed = True
    return due


def _is_due(state: AccountState, until: datetime) -> bool:
    """True if the stored moment has come, or that of a lot, which may have been added since the account was read."""
    return any(moment is not None and moment <= until for moment in (state.account.due_at, state.next_due()))


def _may_change_tier(state: AccountState, until: datetime) -> bool:
    """True if the tier ends by `until`, or promised points are released, which may lift it."""
    end = state.tier_end()
    return (end is not None and end <= until) or any(
        not lot.is_open and lot.opens_at is not None and lot.opens_at <= until for lot in state.lots
    )
