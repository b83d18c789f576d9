"""Movements of points: award, spend, take back, reverse, merge. They decide which lots pay (docs/protocol.md 7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engagement.numbers.rounding import MOST_POINTS, TooManyPointsError
from engagement.points.expiry import NEVER, Expiry
from engagement.points.ledger.posting import (
    ZERO,
    AccountState,
    EntryContext,
    InsufficientPointsError,
    Kind,
    Take,
    pay_debt,
    pick,
    post,
    touch,
)
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from loyalty_project.db.instances import new_instance
from loyalty_project.protocol.numbers import plain_digits
from organizations.locations.models import Store, Till

# Totals that a merge adds to the survivor's account. The balance and the promised points move with the lots.
_TOTALS = (
    "lifetime", "redeemed", "expired", "returned", "promised_returned", "adjusted", "purchases", "visits",
)  # fmt: skip


def award(
    state: AccountState,
    points: Decimal,
    *,
    facts: EntryContext,
    expiry: Expiry = NEVER,
    kind: str = PointsLot.Kind.REGULAR,
    opens_at: datetime | None = None,
    as_adjustment: bool = False,
) -> PointsEntry:
    """Credit points (> 0) as a new lot; with `opens_at` they are promised until then.

    The entry explains when they may be spent and when they expire.
    """
    facts = facts.explained(**_terms(expiry, opens_at, state.zone))
    if opens_at is None:
        entry = post(state, Kind.ADJUST if as_adjustment else Kind.AWARD, points=points, facts=facts)
    else:
        entry = post(state, Kind.PROMISE, promised=points, facts=facts)
    lot = new_instance(
        PointsLot,
        organization_id=state.account.organization_id,
        account=state.account,
        entry=entry,
        bill_id=facts.bill_id,
        kind=kind,
        points=points,
        left=points,
        awarded_at=facts.occurred_at,
        opens_at=opens_at,
        is_open=opens_at is None,
        expires_on=expiry.on,
        moves=expiry.moves,
        moves_months=expiry.months,
    )
    state.new_lots.append(lot)
    touch(state, lot)
    if opens_at is None:
        pay_debt(state, entry)
    return entry


def _terms(expiry: Expiry, opens_at: datetime | None, zone: ZoneInfo) -> dict[str, Any]:
    """First and last day of points, as figures of an explanation."""
    terms: dict[str, Any] = {} if opens_at is None else {"credited_on": opens_at.astimezone(zone).date().isoformat()}
    if expiry.moves:
        return {**terms, "moves": str(expiry.moves), "months": expiry.months}
    return {**terms, "good_until": expiry.on.isoformat() if expiry.on else None}


def spend(state: AccountState, points: Decimal, *, kind: Kind, facts: EntryContext) -> PointsEntry:
    """Debit points (> 0) by a redemption, an adjustment or an imported expiry. Raises `InsufficientPointsError`."""
    takes, available = pick(state.spendable(), points)
    if available < points or state.account.balance < points:
        raise InsufficientPointsError
    return post(state, kind, points=-points, takes=takes, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """Result of a claim for points of a returned bill: `taken` and `promised` were taken, the rest could not be."""

    taken: Decimal
    promised: Decimal
    spent: Decimal
    shortfall: Decimal
    lapsed: Decimal


def take_back(
    state: AccountState, claim: Decimal, *, own: Sequence[PointsLot], claimed_spent: Decimal, facts: EntryContext
) -> TakenBack:
    """Take back points (> 0) of a bill whose lots are `own` (all of them, empty ones too): docs/protocol.md 7, "Returns".

    First from its promised points, then from its own lots. For points already spent (less `claimed_spent`, which earlier
    returns claimed), other lots pay, first expiring first, down to the account's floor; the shortfall is forgiven. Expired
    points are not taken back.
    """
    promised_takes, promised = pick([lot for lot in own if not lot.is_open], claim)
    ours = {id(lot) for lot in own}
    own_takes, from_own = pick([lot for lot in state.spendable() if id(lot) in ours], claim - promised)
    rest = claim - promised - from_own
    spent = min(rest, max(sum((lot.spent for lot in own), ZERO) - claimed_spent, ZERO))
    from_others = min(spent, max(state.account.balance - from_own - state.account.floor, ZERO))
    other_takes, _ = pick([lot for lot in state.spendable() if id(lot) not in ours], from_others)
    outcome = TakenBack(
        taken=from_own + from_others,
        promised=promised,
        spent=spent,
        shortfall=spent - from_others,
        lapsed=rest - spent,
    )
    post(
        state,
        Kind.RETURN,
        points=-outcome.taken,
        promised=-promised,
        takes=[*promised_takes, *own_takes, *other_takes],
        facts=facts.explained(
            claimed=plain_digits(claim),
            from_promised=plain_digits(promised),
            from_own=plain_digits(from_own),
            from_others=plain_digits(from_others),
            shortfall=plain_digits(outcome.shortfall),
            lapsed=plain_digits(outcome.lapsed),
        ),
    )
    return outcome


def reverse(
    state: AccountState,
    entry: PointsEntry,
    points: Decimal,
    *,
    taken: Iterable[Take],
    facts: EntryContext,
    kind: Kind = Kind.REVERSAL,
) -> tuple[PointsEntry, Decimal]:
    """Give points (> 0) of a redemption back to their lots, last spent first; return the entry and the points that lapsed.

    With the kind ADJUST, points of a debiting adjustment.

    `taken` are the takes of `entry`, in order, less what earlier reversals gave back. Points return with the lots' expiry:
    those whose last day is over expire in the same moment (docs/protocol.md 4.7). Raises `InsufficientPointsError` for more
    than was taken.
    """
    given: list[Take] = []
    rest = points
    for lot, amount in reversed(list(taken)):
        back = min(rest, amount)
        if back:
            given.append((lot, -back))
            rest -= back
    if rest:
        raise InsufficientPointsError
    reversal = post(state, kind, points=points, takes=given, reverses=entry, facts=facts)
    pay_debt(state, reversal)
    late = [lot for lot, _ in given if lot.left and _is_over(state, lot, facts.occurred_at)]
    lapsed = sum((lot.left for lot in late), ZERO)
    if lapsed:
        post(
            state,
            Kind.EXPIRE,
            points=-lapsed,
            takes=[(lot, lot.left) for lot in late],
            facts=replace(facts, reference="").explained(because="expired before the reversal"),
        )
    return reversal, lapsed


def totals_of(account: PointsAccount) -> dict[str, Any]:
    """Totals of an account that a merge moves, besides its lots."""
    return {name: getattr(account, name) for name in _TOTALS}


def move(
    origin: AccountState,
    target: AccountState,
    *,
    lots: Sequence[PointsLot],
    totals: Mapping[str, Any],
    facts: EntryContext,
    places: Mapping[int, tuple[Till | None, Store | None]],
) -> None:
    """Move lots, with their expiry, and a part of the cached totals to another account of the same program.

    Each lot leaves by a MERGE_OUT and arrives by a MERGE_IN, as a new lot that names its origin. `places` are the till and
    store that gave each lot's points, by the lot's id. Raises `TooManyPointsError`; then the states must not be written.
    """
    if any(getattr(target.account, name) + value > MOST_POINTS for name, value in totals.items()):
        raise TooManyPointsError
    for lot in lots:
        till, store = places[lot.pk]
        _move_lot(lot, origin, target, replace(facts, bill_id=lot.bill_id, till=till, store=store))
    for name, value in totals.items():
        setattr(target.account, name, getattr(target.account, name) + value)
        setattr(origin.account, name, getattr(origin.account, name) - value)
    origin.is_changed = target.is_changed = True


def move_debt(origin: AccountState, target: AccountState, *, facts: EntryContext) -> Decimal:
    """Move a balance below zero to the target, which pays what it can and owes the rest; return the debt."""
    debt = max(-origin.account.balance, ZERO)
    if debt:
        post(origin, Kind.MERGE_OUT, points=debt, facts=facts)
        takes, _ = pick(target.spendable(), debt)
        target.account.floor = min(target.account.floor, target.account.balance - debt)
        post(target, Kind.MERGE_IN, points=-debt, takes=takes, facts=facts)
    origin.account.floor = ZERO
    return debt


def _move_lot(lot: PointsLot, origin: AccountState, target: AccountState, facts: EntryContext) -> None:
    left = lot.left
    points, promised = (left, ZERO) if lot.is_open else (ZERO, left)
    post(origin, Kind.MERGE_OUT, points=-points, promised=-promised, takes=[(lot, left)], facts=facts)
    entry = post(target, Kind.MERGE_IN, points=points, promised=promised, facts=facts)
    arrived = PointsLot(
        organization_id=target.account.organization_id,
        account=target.account,
        entry=entry,
        bill_id=lot.bill_id,
        kind=lot.kind,
        points=left,
        left=left,
        awarded_at=lot.awarded_at,
        opens_at=lot.opens_at,
        is_open=lot.is_open,
        expires_on=lot.expires_on,
        moves=lot.moves,
        moves_months=lot.moves_months,
        moved_from=lot,
    )
    target.new_lots.append(arrived)
    touch(target, arrived)
    if lot.is_open:
        pay_debt(target, entry)


def _is_over(state: AccountState, lot: PointsLot, at: datetime) -> bool:
    moment = state.due_moment(lot)
    return moment is not None and moment <= at
