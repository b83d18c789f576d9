"""State of a points account, and the posting of entries to it: pure changes in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engagement.coupons.models import Coupon
from engagement.numbers.days import months_later
from engagement.numbers.rounding import MOST_POINTS, TooManyPointsError
from engagement.points.models import PointsAccount, PointsConsumption, PointsEntry, PointsLot
from engagement.programs.models import Membership, ProgramVersion
from engagement.tiers.member import MemberTier
from engagement.tiers.models import TierChange
from engagement.tiers.rules import Change, end_of
from loyalty_project.db.instances import new_instance
from organizations.locations.models import Store, Till

Kind = PointsEntry.Kind
Take = tuple[PointsLot, Decimal]
ZERO = Decimal(0)


class InsufficientPointsError(Exception):
    """The balance would fall below the account's floor. Nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryContext:
    """Context of a ledger entry: time, place, actor, reason."""

    occurred_at: datetime
    recorded_at: datetime
    made_by: str
    reference: str = ""
    version: ProgramVersion | None = None
    bill_id: int | None = None
    sale_id: int | None = None  # of a return: the sale that came back
    till: Till | None = None
    store: Store | None = None
    note: str = ""
    explanation: Mapping[str, Any] = field(default_factory=dict)

    def explained(self, **figures: Any) -> "EntryContext":
        """The same, with these figures added to the explanation."""
        return replace(self, explanation={**self.explanation, **figures})


@dataclass(slots=True, kw_only=True)
class AccountState:
    """An account with its lots that hold points, and the rows added since it was read.

    `membership` is read with every account that is locked; `tier` is there while the member's tier is evaluated. `coupons`
    are those that reaching a tier brought, each with the id of the bill that lifted the member. `heard` are the kinds of
    webhook events that the organization's endpoints listen to. `joined` are all programs (ids) of the customer, read with
    the memberships; there may be no account in some. `entry_id` and `lot_id` are free ids for the next new rows.
    """

    account: PointsAccount
    zone: ZoneInfo
    lots: list[PointsLot] = field(default_factory=list)
    tier_ends: date | None = None
    membership: Membership | None = None
    tier: MemberTier | None = None
    tier_rows: list[TierChange] = field(default_factory=list)
    entries: list[PointsEntry] = field(default_factory=list)
    new_lots: list[PointsLot] = field(default_factory=list)
    consumptions: list[PointsConsumption] = field(default_factory=list)
    changed_lots: dict[int, PointsLot] = field(default_factory=dict)
    coupons: list[tuple[int | None, Coupon]] = field(default_factory=list)
    is_changed: bool = False
    heard: frozenset[str] = frozenset()
    joined: frozenset[int] = frozenset()
    entry_id: int | None = None
    lot_id: int | None = None

    def last_day(self, lot: PointsLot) -> date | None:
        """The last day of a lot's points, in the organization's zone; None if they never expire."""
        if lot.moves == PointsLot.Moves.MEMBERSHIP:
            return self.tier_ends
        if lot.moves and lot.moves_months is not None:
            awarded_on = (lot.opens_at or lot.awarded_at).astimezone(self.zone).date()
            is_rolling = lot.moves == PointsLot.Moves.ROLLING
            since = self.account.last_earned_on if is_rolling else self.account.last_active_on
            return months_later(max(since or awarded_on, awarded_on), lot.moves_months)
        return lot.expires_on

    def due_moment(self, lot: PointsLot) -> datetime | None:
        """The moment at which the lot opens or expires (the first moment after its last day)."""
        if not lot.is_open:
            return lot.opens_at
        day = self.last_day(lot)
        if day is None:
            return None
        moment = end_of(day, self.zone)
        return max(moment, lot.opens_at) if lot.opens_at else moment

    def next_due(self) -> datetime | None:
        """The earliest moment at which a lot opens or expires, or the end of the tier is evaluated."""
        return min((moment for moment in (self.tier_end(), self.next_lot_due()) if moment is not None), default=None)

    def next_lot_due(self) -> datetime | None:
        """The earliest moment at which a lot opens or expires."""
        return min((moment for lot in self.lots if (moment := self.due_moment(lot)) is not None), default=None)

    def tier_end(self) -> datetime | None:
        """The moment at which the end of the member's tier is evaluated."""
        if self.tier is not None:
            return self.tier.state.next_end()
        day = self.membership.tier_due_on if self.membership else None
        return end_of(day, self.zone) if day else None

    def advance_tier(self, until: datetime) -> list[Change]:
        """Evaluate the member's tier up to `until`, if it is at hand."""
        if self.tier is None:
            return []
        changes = self.tier.advance(until)
        self.tier_ends = self.tier.membership.tier_expires_on
        self.is_changed = self.is_changed or self.tier.is_changed
        return changes

    def spendable(self) -> list[PointsLot]:
        """Open lots in the order of spending: first expiring first, then first awarded (docs/protocol.md 7)."""
        open_lots = [lot for lot in self.lots if lot.is_open and lot.left]
        return sorted(open_lots, key=lambda lot: (self.last_day(lot) or date.max, lot.awarded_at, *_arrival(lot)))


def _arrival(lot: PointsLot) -> tuple[bool, int]:
    """Sort key of a lot by its arrival in the account, stored yet or not.

    A lot that was empty and got points back keeps its position: the same in memory as after a new read.
    """
    return (False, lot.pk) if lot.pk is not None else (True, lot.entry.version)


def post(
    state: AccountState,
    kind: Kind,
    *,
    facts: EntryContext,
    points: Decimal = ZERO,
    promised: Decimal = ZERO,
    takes: Iterable[Take] = (),
    reverses: PointsEntry | None = None,
) -> PointsEntry:
    """Add an entry: update the account's totals by its kind, and take `takes` from the lots (a negative take gives back).

    Every other function that moves points calls this one. Raises `InsufficientPointsError` below the floor, and
    `TooManyPointsError` for figures too large for a column; nothing is changed then.
    """
    account = state.account
    balance = account.balance + points
    if points < 0 and balance < account.floor:
        raise InsufficientPointsError
    if max(balance, account.lifetime + points, account.promised + promised) > MOST_POINTS:
        raise TooManyPointsError
    account.balance = balance
    if points > 0 and account.floor < 0:
        account.floor = min(ZERO, balance)
    account.promised += promised
    account.version += 1
    _count(account, kind, points, promised)
    entry = new_instance(
        PointsEntry,
        organization_id=account.organization_id,
        account=account,
        version=account.version,
        kind=kind,
        points=points,
        promised=promised,
        balance_after=balance,
        occurred_at=facts.occurred_at,
        recorded_at=facts.recorded_at,
        reference=facts.reference,
        reverses=reverses,
        program_version=facts.version,
        bill_id=facts.bill_id,
        till=facts.till,
        store=facts.store,
        note=facts.note,
        made_by=facts.made_by,
        explanation=dict(facts.explanation),
    )
    state.entries.append(entry)
    state.is_changed = True
    if state.tier is not None:
        state.tier.add_points(kind, points, facts.occurred_at, facts.bill_id)
    for lot, taken in takes:
        _consume(state, entry, lot, taken, sale_id=facts.sale_id)
    return entry


def _count(account: PointsAccount, kind: Kind, points: Decimal, promised: Decimal) -> None:
    if kind in {Kind.AWARD, Kind.RELEASE}:
        account.lifetime += points
    elif kind in {Kind.REDEEM, Kind.REVERSAL}:
        account.redeemed -= points
    elif kind == Kind.EXPIRE:
        account.expired -= points
    elif kind == Kind.RETURN:
        account.returned -= points
        account.promised_returned -= promised
    elif kind == Kind.ADJUST:
        account.adjusted += points


def _consume(state: AccountState, entry: PointsEntry, lot: PointsLot, taken: Decimal, *, sale_id: int | None = None) -> None:
    if not taken:
        return
    lot.left -= taken
    if entry.kind == Kind.EXPIRE:
        lot.expired += taken
    elif entry.kind == Kind.RETURN and sale_id is not None and lot.bill_id == sale_id:
        lot.returned += taken
    elif entry.kind == Kind.MERGE_OUT:
        lot.moved += taken
    state.consumptions.append(
        new_instance(PointsConsumption, organization_id=entry.organization_id, entry=entry, lot=lot, points=taken)
    )
    touch(state, lot)


def touch(state: AccountState, lot: PointsLot) -> None:
    """Record that a lot changed; the state's lots are those that hold points."""
    if lot.pk is not None:
        state.changed_lots[lot.pk] = lot
    is_listed = any(listed is lot for listed in state.lots)
    if lot.left and not is_listed:
        state.lots.append(lot)
    elif not lot.left and is_listed:
        state.lots = [listed for listed in state.lots if listed is not lot]


def pick(lots: Sequence[PointsLot], points: Decimal) -> tuple[list[Take], Decimal]:
    """Takes from the lots, in their order, for up to `points`, and their sum."""
    takes: list[Take] = []
    rest = points
    for lot in lots:
        if not rest:
            break
        taken = min(rest, lot.left)
        if taken:
            takes.append((lot, taken))
            rest -= taken
    return takes, points - rest


def pay_debt(state: AccountState, entry: PointsEntry) -> None:
    """Take from the lots what a balance below zero owed before the entry: lots never hold more than the balance."""
    before = entry.balance_after - entry.points
    if before < 0:
        takes, _ = pick(state.spendable(), min(-before, entry.points))
        for lot, taken in takes:
            _consume(state, entry, lot, taken)
