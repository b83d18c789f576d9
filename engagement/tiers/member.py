"""A member's tier while it is evaluated: from its rows to the rules, and back to rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from engagement.bills.models import Bill
from engagement.programs.catalog import CurrentProgram
from engagement.programs.models import Membership, Tier
from engagement.programs.rules import TrackerType
from engagement.tiers.activity import LineSums, activity_of_row, figures_of_points
from engagement.tiers.changes import advance
from engagement.tiers.models import TierChange
from engagement.tiers.rules import BALANCE, BEFORE_ALL, LIFETIME, Activity, Change, HeldTier, Ladder, TierState

MEMBERSHIP_COLUMNS: Final = (
    "tier", "tier_since", "tier_since_order", "tier_counts_from", "tier_counts_order", "tier_expires_on", "tier_due_on",
    "tier_locked_until",
)  # fmt: skip
NO_LINES: Final[LineSums] = (Decimal(0), Decimal(0), 0)
EVALUATED_BY: Final = "system:tiers"


def held_tier_of(membership: Membership, ladder: Ladder) -> HeldTier:
    """The tier that a member holds; the lowest since the enrolment for a member of the time before the program had tiers."""
    since = membership.tier_since or membership.enrolled_on
    tier = membership.tier.name if membership.tier else next((rule.name for rule in ladder.tiers), "")
    # A tier that never changed is held since the enrolment.
    is_first = membership.tier_counts_from is None
    return HeldTier(
        tier=tier,
        since=since,
        since_order=BEFORE_ALL if is_first else membership.tier_since_order,
        counts_from=membership.tier_counts_from or since,
        counts_order=BEFORE_ALL if is_first else membership.tier_counts_order,
        expires_on=membership.tier_expires_on,
        due_on=membership.tier_due_on,
        locked_until=membership.tier_locked_until,
    )


class Figures(Protocol):
    """The cached totals of an account that decide about a tier."""

    purchases: Decimal
    lifetime: Decimal
    balance: Decimal


def tier_state(
    membership: Membership, current: CurrentProgram, account: Figures, known: Sequence[Activity], *, zone: ZoneInfo
) -> TierState:
    """The state of a member's tier with the activities that are known, all of them applied and counted in the totals."""
    ladder = Ladder.of(current.rules, zone)
    return TierState(
        ladder=ladder,
        held=held_tier_of(membership, ladder),
        totals={TrackerType.BILL_AMOUNT: account.purchases, LIFETIME: account.lifetime, BALANCE: account.balance},
        activities=list(known),
        done=len(known),
    )


@dataclass(slots=True, kw_only=True)
class MemberTier:
    """The tier of a member in a program, with what was read to evaluate it. `places` are the stores of new bills."""

    current: CurrentProgram
    membership: Membership
    state: TierState
    made_by: str = EVALUATED_BY
    places: dict[int, int | None] = field(default_factory=dict)
    held: Tier | None = field(init=False)

    def __post_init__(self) -> None:
        self.held = self.membership.tier

    def add_bill(self, bill: Bill, lines: LineSums = NO_LINES) -> None:
        """Count a new bill or return, to be applied by `advance`."""
        sign = -1 if bill.is_return else 1
        amount, quantity, number = lines
        sums = (
            *(sign * value for value in (bill.amount, bill.discount, bill.gross_amount)),
            max(sign, 0),
            *(sign * value for value in (amount, quantity, number)),
            *(0, 0, 0),
        )
        self.places[bill.pk] = bill.store_id
        self.state.add(activity_of_row(bill.billed_at, bill.pk, sums))

    def add_points(self, kind: str, points: Decimal, at: datetime, bill_id: int | None) -> None:
        """Count a new entry of the ledger, if the rules look at points."""
        if points and self.state.ladder.reads_points:
            self.state.add(Activity(at=at, figures=figures_of_points(kind, points), bill_id=bill_id))

    def advance(self, until: datetime) -> list[Change]:
        """Apply everything up to `until`; the membership shows the result."""
        changes = advance(self.state, until)
        self._show()
        return changes

    def name_at(self, moment: datetime) -> str:
        """The tier held at the moment, of the changes evaluated now; before them, the one that was read."""
        before = self.state.origin[0]
        return next((change.after.tier for change in reversed(self.state.changes) if change.at <= moment), before.tier)

    def last_moment(self, otherwise: datetime) -> datetime:
        """The moment of the last activity."""
        return self.state.activities[-1].at if self.state.activities else otherwise

    @property
    def is_changed(self) -> bool:
        """True if the membership differs from what was read."""
        return self.state.held != self.state.origin[0]

    def rows(self, recorded_at: datetime) -> list[TierChange]:
        """The changes as new rows."""
        return [
            TierChange(
                organization_id=self.membership.organization_id,
                membership=self.membership,
                kind=change.kind,
                from_tier=self._tier(change.before.tier),
                to_tier=self._tier(change.after.tier),
                from_expires_on=change.before.expires_on,
                to_expires_on=change.after.expires_on,
                changed_at=change.at,
                recorded_at=recorded_at,
                bill_id=change.bill_id,
                store_id=self.places.get(change.bill_id or 0),
                program_version=self.current.version,
                made_by=self.made_by if change.bill_id else EVALUATED_BY,
                explanation=dict(change.figures),
            )
            for change in self.state.changes
        ]

    def _tier(self, name: str) -> Tier | None:
        """The row of a tier; that of the tier which was read, if the rules no longer have it."""
        return next((tier for tier in self.current.tiers if tier.name == name), self.held)

    def _show(self) -> None:
        held, membership = self.state.held, self.membership
        membership.tier = self._tier(held.tier)
        if membership.tier is not None:
            membership.tier_since, membership.tier_since_order = held.since, held.since_order
            membership.tier_counts_from, membership.tier_counts_order = held.counts_from, held.counts_order
        membership.tier_expires_on, membership.tier_due_on = held.expires_on, held.due_on
        membership.tier_locked_until = held.locked_until
