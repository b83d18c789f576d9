"""Reads, locks and writes accounts of points, in a fixed number of queries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from engagement.points.announcing import announce_movements
from engagement.points.ledger.entry_gifts import give_entry_gifts
from engagement.points.ledger.posting import AccountState
from engagement.points.ledger.settlement import settle
from engagement.points.ledger.tiers import attach_tiers, write_tiers
from engagement.points.lot_rows import LOT, read_lot
from engagement.points.models import BillPoints, PointsAccount
from engagement.programs.account_key import AccountKey
from engagement.programs.models import Membership, Tier
from engagement.tiers.models import TierChange
from loyalty_project import clock
from loyalty_project.db.arrays import id_array
from loyalty_project.db.gathering import written_together
from loyalty_project.db.ids import give_ids
from loyalty_project.db.locks import for_update, lock
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.db.trusted_time import trusted
from loyalty_project.faults import Point, reach
from organizations.tenancy.rows import columns_of, fetch_stored, listed, read_rows

_ACCOUNT_COLUMNS = (
    "balance", "promised", "lifetime", "redeemed", "expired", "returned", "promised_returned", "adjusted", "floor", "purchases",
    "visits", "version", "last_active_on", "last_earned_on", "due_at",
)  # fmt: skip
_LOT_COLUMNS = ("left", "expired", "returned", "moved", "is_open")
_OF_CUSTOMERS: Final = "stored.customer_id = ANY((SELECT %(customers)s::bigint[])::bigint[])"
_ACCOUNT: Final = columns_of(PointsAccount, 0)
_MEMBERSHIP: Final = columns_of(Membership, len(_ACCOUNT.names))
_TIER: Final = columns_of(Tier, _MEMBERSHIP.first + len(_MEMBERSHIP.names))
# Live accounts with their membership and its tier, the kinds of events that are listened to, all programs of the customer, and
# the lots that hold points.
_COLUMNS: Final = (*listed(PointsAccount, "stored"), *listed(Membership, "membership"), *listed(Tier, "tier"))
_ACCOUNTS: Final = f"""SELECT {", ".join(_COLUMNS)},
    (SELECT announced_events FROM organizations_organization WHERE id = %(organization)s),
    ARRAY(
        SELECT joined.program_id FROM engagement_membership AS joined
        WHERE joined.organization_id = %(organization)s AND joined.customer_id = stored.customer_id
    ),
    (
        SELECT json_agg(json_build_array({LOT}) ORDER BY lot.id)::text FROM engagement_pointslot AS lot
        WHERE lot.organization_id = %(organization)s AND lot.account_id = stored.id AND lot."left" > 0
    ), {{further}}
FROM engagement_pointsaccount AS stored
LEFT JOIN engagement_membership AS membership ON membership.organization_id = %(organization)s
    AND membership.customer_id = stored.customer_id AND membership.program_id = stored.program_id
LEFT JOIN engagement_tier AS tier ON tier.organization_id = %(organization)s AND tier.id = membership.tier_id
WHERE stored.organization_id = %(organization)s AND {_OF_CUSTOMERS} AND stored.moved_to_id IS NULL"""  # noqa: S608 - made of constants
READ: Final = f"{_ACCOUNTS.format(further='NULL, NULL, true')} ORDER BY stored.id"
# True if nothing changed before the lock was free: the row that was locked is the newest, all else, and `seen`, is of before.
IS_SEEN: Final = """(
        SELECT seen.xmin = stored.xmin FROM engagement_pointsaccount AS seen
        WHERE seen.organization_id = %(organization)s AND seen.id = stored.id
    )"""
# Most who lock an account add an entry and a lot: their ids are drawn with it.
LOCK: Final = for_update(
    _ACCOUNTS.format(
        further=f"""nextval(pg_get_serial_sequence('engagement_pointsentry', 'id')),
    nextval(pg_get_serial_sequence('engagement_pointslot', 'id')), {IS_SEEN}"""
    ),
    "stored",
)
States = dict[AccountKey, AccountState]


def lock_accounts(customer_ids: Iterable[int], *, zone: ZoneInfo) -> States:
    """All accounts of these customers, locked in the order of their ids, with the lots that hold points: one statement.

    It runs twice if another transaction changed an account before its lock was free: whatever changes lots, or a membership
    without the customer's lock, changes their account.

    Call it in the transaction that writes them, after the customers' locks if any are taken. Raises
    `django.db.OperationalError` (55P03) if a lock is not free in time.
    """
    values = {"customers": id_array(customer_ids)}
    rows = fetch_stored(LOCK, values, locks=True)
    if not all(is_seen for *_, is_seen in rows):
        rows = fetch_stored(LOCK, values, locks=True)
    return _states(rows, zone=zone)


def lock_moved_account(account_id: int, living: AccountState) -> AccountState:
    """A moved account, locked, for corrections of its history. Its points are on the `living` account.

    The living account must be locked already: moved accounts are only locked after their living one.
    """
    account = lock(PointsAccount.objects.filter(pk=account_id)).get()
    account.last_active_on, account.last_earned_on = living.account.last_active_on, living.account.last_earned_on
    return AccountState(account=account, zone=living.zone, tier_ends=living.tier_ends, heard=living.heard)


def read_accounts(customer_ids: Iterable[int], *, zone: ZoneInfo) -> States:
    """The same without locks: one statement."""
    return _states(fetch_stored(READ, {"customers": id_array(customer_ids)}), zone=zone)


def _states(rows: Iterable[Any], *, zone: ZoneInfo) -> States:
    states: States = {}
    for row in rows:
        account, membership = _ACCOUNT.instance(row), _MEMBERSHIP.instance(row)
        *_, heard, joined, lots, entry_id, lot_id, _ = row
        if membership is not None:
            Membership.tier.field.set_cached_value(membership, _TIER.instance(row))
        states[AccountKey(account.customer_id, account.program_id)] = AccountState(
            account=account,
            zone=zone,
            lots=[read_lot(lot) for lot in orjson.loads(lots)] if lots else [],
            membership=membership,
            tier_ends=membership.tier_expires_on if membership else None,
            heard=frozenset(heard),
            joined=frozenset(joined),
            entry_id=entry_id,
            lot_id=lot_id,
        )
    return states


def tier_ends_of(customer_ids: Iterable[int]) -> dict[AccountKey, date | None]:
    """Last day of the tier in each program of these customers, None if it never ends: one query."""
    return {key: membership.tier_expires_on for key, membership in memberships_by_key(customer_ids).items()}


def memberships_by_key(customer_ids: Iterable[int]) -> dict[AccountKey, Membership]:
    """The memberships of these customers, with their tiers: one query."""
    rows = read_rows(Membership, _OF_CUSTOMERS, {"customers": id_array(customer_ids)}, related=("tier",))
    return {AccountKey(membership.customer_id, membership.program_id): membership for membership in rows}


def write_accounts(states: Iterable[AccountState], *, shares: Sequence[BillPoints] = ()) -> None:
    """Store the rows that were added to the states, and those that changed, and announce them to webhook endpoints.

    `shares` are new points of bills, written with them: one statement for all, and one before it if an account has several new
    entries or lots.
    """
    changed = [state for state in states if state.is_changed]
    give_entry_gifts(changed, now=clock.now())
    entries = [entry for state in changed for entry in state.entries]
    lots = [lot for state in changed for lot in state.new_lots]
    consumptions = [consumption for state in changed for consumption in state.consumptions]
    for state in changed:
        # The first new rows of an account, so that ids are in the order of versions.
        if state.entries and state.entry_id is not None:
            state.entries[0].pk, state.entry_id = state.entry_id, None
        if state.new_lots and state.lot_id is not None:
            state.new_lots[0].pk, state.lot_id = state.lot_id, None
    give_ids([row for row in (*entries, *lots) if row.pk is None])
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
