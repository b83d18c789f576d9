"""Settlement of an account: release of promised points and expiry, each at the moment it is due.

Every write and every read settles first (docs/protocol.md 7, "What is due").
"""

from datetime import datetime
from decimal import Decimal

from engagement.points.ledger.posting import ZERO, AccountState, EntryContext, Kind, pay_debt, post, touch
from engagement.points.models import PointsEntry, PointsLot
from engagement.tiers.rules import ChangeKind

SETTLED_BY = "system:settling"


def settle(state: AccountState, until: datetime, *, recorded_at: datetime) -> None:
    """Release and expire everything due up to `until`, in the order of its moments; entries carry those moments.

    The end of a tier comes first: points that expire with it last on if it is renewed.
    """
    while (moment := state.next_due() if state.tier else state.next_lot_due()) is not None and moment <= until:
        if state.tier is not None and state.tier_end() == moment:
            _end_tier(state, moment, recorded_at=recorded_at)
            continue
        due = [lot for lot in state.lots if state.due_moment(lot) == moment]
        facts = EntryContext(occurred_at=moment, recorded_at=recorded_at, made_by=SETTLED_BY)
        for lot in due:
            if not lot.is_open:
                _release(state, lot, facts)
        expiring = [lot for lot in due if lot.is_open and lot.left and state.due_moment(lot) == moment]
        # Points released just now may expire in the same moment; open lots expire in one entry.
        if expiring:
            _expire(state, expiring, facts)
    state.advance_tier(until)


def _end_tier(state: AccountState, moment: datetime, *, recorded_at: datetime) -> None:
    """Evaluate the end of the tier. What expires with it is lost with the tier."""
    last_day = state.tier_ends
    changes = state.advance_tier(moment)
    if last_day is not None and any(change.kind == ChangeKind.DOWNGRADE for change in changes):
        lots = [lot for lot in state.lots if lot.is_open and lot.left and lot.moves == PointsLot.Moves.MEMBERSHIP]
        if lots:
            facts = EntryContext(occurred_at=moment, recorded_at=recorded_at, made_by=SETTLED_BY)
            _expire_lots(state, lots, {last_day.isoformat()}, facts)


def _release(state: AccountState, lot: PointsLot, facts: EntryContext) -> PointsEntry:
    lot.is_open = True
    entry = post(
        state,
        Kind.RELEASE,
        points=lot.left,
        promised=-lot.left,
        facts=EntryContext(
            occurred_at=facts.occurred_at,
            recorded_at=facts.recorded_at,
            made_by=facts.made_by,
            bill_id=lot.bill_id,
            explanation={"because": "release", "promised_on": lot.awarded_at.astimezone(state.zone).date().isoformat()},
        ),
    )
    touch(state, lot)
    pay_debt(state, entry)
    return entry


def _expire(state: AccountState, lots: list[PointsLot], facts: EntryContext) -> PointsEntry:
    return _expire_lots(state, lots, {day.isoformat() for lot in lots if (day := state.last_day(lot)) is not None}, facts)


def _expire_lots(state: AccountState, lots: list[PointsLot], last_days: set[str], facts: EntryContext) -> PointsEntry:
    takes = [(lot, lot.left) for lot in lots]
    points: Decimal = sum((left for _, left in takes), ZERO)
    return post(
        state,
        Kind.EXPIRE,
        points=-points,
        takes=takes,
        facts=facts.explained(because="expiry", last_day=max(last_days)),
    )
