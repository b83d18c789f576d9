"""How do accounts come out of the database, locked, and how does what became of them go back? In a fixed number of queries."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, QuerySet

from engagement.points.ledger.posting import AccountState
from engagement.points.ledger.settlement import settle
from engagement.points.models import PointsAccount, PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.models import Membership
from loyalty_project.db.locks import lock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, insert_with_ids, update_rows
from loyalty_project.faults import Point, reach

_ACCOUNT_COLUMNS = (
    "balance", "promised", "lifetime", "redeemed", "expired", "returned", "promised_returned", "adjusted", "floor", "purchases",
    "visits", "version", "last_billed_on", "last_earned_on", "due_at",
)  # fmt: skip
_LOT_COLUMNS = ("left", "expired", "returned", "moved", "is_open")


States = dict[AccountKey, AccountState]


def lock_accounts(customer_ids: Iterable[int], *, zone: ZoneInfo) -> States:
    """All accounts of these customers, locked in the order of their ids, with the lots that hold points: three queries.

    Call it in the transaction that writes them, with the customers' locks held before where it takes any. Raises
    `django.db.OperationalError` (55P03) when a lock is not free in time.
    """
    states = _states(lock(_accounts_of(customer_ids)), zone=zone)
    # Also where no lot of now expires with the tier: a lot that comes, or that gets points back, may.
    _learn_tier_ends(states)
    return states


def lock_moved_account(account_id: int, living: AccountState) -> AccountState:
    """An account whose points have moved to the `living` one, locked, for what still happens to its history.

    The living account must be held: nothing waits for a moved one without it.
    """
    account = lock(PointsAccount.objects.filter(pk=account_id)).get()
    account.last_billed_on, account.last_earned_on = living.account.last_billed_on, living.account.last_earned_on
    return AccountState(account=account, zone=living.zone, tier_ends=living.tier_ends)


def read_accounts(customer_ids: Iterable[int], *, zone: ZoneInfo) -> States:
    """The same without locks, for those who only look: two queries, and one more where points expire with a tier."""
    states = _states(_accounts_of(customer_ids).order_by("pk"), zone=zone)
    membership = PointsLot.Moves.MEMBERSHIP
    _learn_tier_ends({key: one for key, one in states.items() if any(lot.moves == membership for lot in one.lots)})
    return states


def _accounts_of(customer_ids: Iterable[int]) -> QuerySet[PointsAccount]:
    those_that_count = PointsAccount.objects.filter(moved_to=None)
    return those_that_count.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))


def _states(accounts: QuerySet[PointsAccount], *, zone: ZoneInfo) -> States:
    states = {one.pk: AccountState(account=one, zone=zone) for one in accounts}
    if states:
        of_these = is_any_of("account_id", states, BigIntegerField())
        for lot in PointsLot.objects.filter(of_these, left__gt=0).order_by("pk"):
            states[lot.account_id].lots.append(lot)
    return {AccountKey(one.account.customer_id, one.account.program_id): one for one in states.values()}


def _learn_tier_ends(states: States) -> None:
    if not states:
        return
    for key, ends in tier_ends_of({key.customer_id for key in states}).items():
        if (state := states.get(key)) is not None:
            state.tier_ends = ends


def tier_ends_of(customer_ids: Iterable[int]) -> dict[AccountKey, date | None]:
    """The last day of the tier in each program that these customers are in; None: it never ends. One query."""
    rows = Membership.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    ends = rows.values_list("customer_id", "program_id", "tier_expires_on")
    return {AccountKey(customer_id, program_id): day for customer_id, program_id, day in ends}


def write_accounts(states: Iterable[AccountState]) -> None:
    """Store what was added to the states, and what it changed. `recorded_at` and all else is as it was posted."""
    changed = [state for state in states if state.is_changed]
    entries = [entry for state in changed for entry in state.entries]
    lots = [lot for state in changed for lot in state.new_lots]
    consumptions = [one for state in changed for one in state.consumptions]
    insert_with_ids(entries)
    for lot in lots:
        lot.entry_id = lot.entry.pk
    insert_with_ids(lots)
    for one in consumptions:
        one.entry_id, one.lot_id = one.entry.pk, one.lot.pk
    for state in changed:
        state.account.due_at = state.next_due()
    insert_rows(consumptions)
    update_rows([lot for state in changed for lot in state.changed_lots.values()], _LOT_COLUMNS)
    update_rows([state.account for state in changed], _ACCOUNT_COLUMNS)
    reach(Point.LEDGER_WRITTEN)
    for state in changed:
        state.entries, state.new_lots, state.consumptions = [], [], []
        state.changed_lots, state.is_changed = {}, False


def settle_states(states: Iterable[AccountState], *, until: datetime, recorded_at: datetime) -> Sequence[AccountState]:
    """Settle each in memory up to `until`; those that changed by it."""
    changed: list[AccountState] = []
    for state in states:
        if state.account.due_at is not None and state.account.due_at <= until:
            settle(state, until, recorded_at=recorded_at)
            # Even where nothing fell due after all, the account learns when it does.
            state.is_changed = True
            changed.append(state)
    return changed
