"""Does the ledger do, in any order of events, what the rules say? Held step by step against `reckoning`.

Once in memory, for many histories, and for fewer through the database, where check_ledger has the last word.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from engagement.bills.models import Bill
from engagement.points.checks.run import check_ledger
from engagement.points.expiry import Expiry
from engagement.points.ledger.movements import award, reverse, spend, take_back
from engagement.points.ledger.posting import AccountState, InsufficientPointsError, Kind
from engagement.points.ledger.repository import write_accounts
from engagement.points.ledger.settlement import settle
from engagement.points.models import NO_FLOOR, PointsAccount, PointsConsumption, PointsEntry, PointsLot
from engagement.programs.models import Membership, Program, Tier
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.engagement.points.ledger.reckoning import Batch, Reckoning, RefusedError, Spending
from tests.factories.bills import BillFactory
from tests.factories.customers import LONG_AGO
from tests.factories.points import PointsAccountFactory, facts, state_of
from tests.factories.programs import TierFactory

FULL = os.environ.get("REGULARS_PROOFS") == "full"
ZERO = Decimal(0)
ZONES = [ZoneInfo(name) for name in ("America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Halifax", "Europe/Lisbon")]
MOVES = {"": "", "bill": "last_activity", "earning": "rolling", "tier": "membership"}
KINDS = {"redeemed": Kind.REDEEM, "adjusted": Kind.ADJUST, "expired": Kind.EXPIRE}


class MemoryAccount:
    """The pure core alone: one state that is never written."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.state = AccountState(account=PointsAccount(organization_id=1), zone=zone)

    @contextmanager
    def opened(self) -> Iterator[AccountState]:
        yield self.state

    def new_bill(self, number: int, _at: datetime, _sale: int | None = None) -> int:
        return number

    def lots(self, state: AccountState) -> list[PointsLot]:
        return state.new_lots

    def consumed(self, entries: Iterable[PointsEntry]) -> list[PointsConsumption]:
        ids = {id(entry) for entry in entries}
        return [consumption for consumption in self.state.consumptions if id(consumption.entry) in ids]

    def set_tier_end(self, day: date | None) -> None:
        self.state.tier_ends = day


class StoredAccount:
    """Each step in the database: locked, read, changed and written."""

    def __init__(self, organization: Organization) -> None:
        self.account = PointsAccountFactory(organization=organization)

    @contextmanager
    def opened(self) -> Iterator[AccountState]:
        state = state_of(self.account)
        yield state
        write_accounts([state])

    def new_bill(self, number: int, at: datetime, sale: int | None = None) -> int:
        sold = Bill.objects.get(pk=sale) if sale else None
        return BillFactory(
            customer=self.account.customer,
            type=Bill.Type.RETURN if sold else Bill.Type.REGULAR,
            return_of=sold,
            number=f"{self.account.pk}-{number}",
            amount=0,
            billed_at=at,
        ).pk

    def lots(self, state: AccountState) -> list[PointsLot]:
        held = {lot.pk: lot for lot in state.lots}
        stored = PointsLot.objects.filter(account=self.account).order_by("pk")
        return [held.get(lot.pk, lot) for lot in stored]

    def consumed(self, entries: Iterable[PointsEntry]) -> list[PointsConsumption]:
        return list(
            PointsConsumption.objects.filter(entry__in=[entry.pk for entry in entries]).select_related("lot").order_by("pk")
        )

    def set_tier_end(self, day: date | None) -> None:
        of_account = Membership.objects.filter(customer=self.account.customer_id)
        of_account.update(tier=Tier.objects.get(), tier_since=LONG_AGO, tier_expires_on=day)


def still_taken(
    account: MemoryAccount | StoredAccount, state: AccountState, redemption: PointsEntry, reversals: list[PointsEntry]
):
    """What a redemption took from which lot, less what its reversals gave back."""
    lots = {id(lot) if lot.pk is None else lot.pk: lot for lot in account.lots(state)}
    taken: Counter[int] = Counter()
    for part in [*account.consumed([redemption]), *(back for back in account.consumed(reversals) if back.points < 0)]:
        taken[id(part.lot) if part.lot.pk is None else part.lot.pk] += part.points
    return [(lots[key], points) for key, points in taken.items()]


class LedgerMachine(RuleBasedStateMachine):
    """Everything that can happen to an account."""

    account: MemoryAccount | StoredAccount

    def open_account(self, zone: ZoneInfo) -> MemoryAccount | StoredAccount:
        return MemoryAccount(zone)

    @initialize(zone=st.sampled_from(ZONES), allow_negative=st.booleans(), day=st.dates(date(2026, 1, 1), date(2026, 12, 31)))
    def begin(self, zone: ZoneInfo, allow_negative: bool, day: date) -> None:  # noqa: FBT001 - hypothesis passes names
        self.account = self.open_account(zone)
        with self.account.opened() as state:
            self.zone = state.zone
        self.reckoning = Reckoning(zone=self.zone, allow_negative=allow_negative)
        self.now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        self.numbers = 0
        self.sales: dict[int, int] = {}
        self.claimed: Counter[int] = Counter()
        self.claimed_spent: defaultdict[int, Decimal] = defaultdict(Decimal)
        self.redemptions: list[tuple[PointsEntry, list[PointsEntry], Spending]] = []

    def bill(self, at: datetime, sale: int | None = None) -> int:
        self.numbers += 1
        return self.account.new_bill(self.numbers, at, sale)

    @rule(hours=st.integers(1, 24 * 45), settles=st.sampled_from([True, True, True, False]))
    def time_passes(self, hours: int, settles: bool) -> None:  # noqa: FBT001
        self.now += timedelta(hours=hours)
        if settles:
            with self.account.opened() as state:
                settle(state, self.now, recorded_at=self.now)
            self.reckoning.pass_time(self.now)

    @rule(
        points=st.lists(st.integers(1, 60), min_size=1, max_size=2),
        delay=st.sampled_from([0, 0, 1, 10]),
        expiry=st.sampled_from(["never", "day", "bill", "earning", "tier"]),
        value=st.integers(0, 3),
        ago=st.sampled_from([0, 0, 0, 30, 2000]),
    )
    def buys(self, points: list[int], delay: int, expiry: str, value: int, ago: int) -> None:
        at = self.now - timedelta(hours=ago)
        billed_on = at.astimezone(self.zone).date()
        sale = self.bill(at)
        opens_on = billed_on + timedelta(days=delay + 1)
        opens_at = datetime(opens_on.year, opens_on.month, opens_on.day, tzinfo=self.zone).astimezone(UTC) if delay else None
        credited_on = opens_on if delay else billed_on
        good_until = credited_on + timedelta(days=value * 7) if expiry == "day" else None
        moves = expiry if expiry in MOVES else ""
        ours = Expiry(on=good_until, moves=MOVES[moves], months=value if moves in {"bill", "earning"} else None)
        with self.account.opened() as state:
            for awarded in points:
                state.account.last_active_on = max(state.account.last_active_on or billed_on, billed_on)
                if moves == "earning":
                    state.account.last_earned_on = max(state.account.last_earned_on or billed_on, billed_on)
                award(state, Decimal(awarded), facts=facts(at, bill_id=sale), expiry=ours, opens_at=opens_at)
        book = self.reckoning
        book.billed_on = billed_on if book.billed_on is None else max(book.billed_on, billed_on)
        if moves == "earning":
            book.earned_on = billed_on if book.earned_on is None else max(book.earned_on, billed_on)
        for awarded in points:
            book.credit(
                Batch(
                    points=awarded,
                    came_at=at,
                    opens_at=opens_at,
                    good_until=good_until,
                    moves_with=moves,
                    months=value,
                    sale=sale,
                    is_open=not delay,
                )
            )
        self.sales[sale] = sum(points)

    @rule(points=st.integers(1, 30))
    def is_given(self, points: int) -> None:
        with self.account.opened() as state:
            award(state, Decimal(points), facts=facts(self.now), as_adjustment=True)
        batch = Batch(
            points=points, came_at=self.now, opens_at=None, good_until=None, moves_with="", months=0, sale=None, is_open=True
        )
        self.reckoning.credit(batch, figure="adjusted")

    @rule(points=st.integers(1, 90), figure=st.sampled_from(["redeemed", "redeemed", "redeemed", "adjusted", "expired"]))
    def spends(self, points: int, figure: str) -> None:
        try:
            spending = self.reckoning.spend(points, figure=figure)
        except RefusedError:
            with self.account.opened() as state, pytest.raises(InsufficientPointsError):
                spend(state, Decimal(points), kind=KINDS[figure], facts=facts(self.now))
            return
        with self.account.opened() as state:
            entry = spend(state, Decimal(points), kind=KINDS[figure], facts=facts(self.now))
        if figure == "redeemed":
            self.redemptions.append((entry, [], spending))

    @precondition(lambda self: self.redemptions)
    @rule(which=st.integers(0, 1000), points=st.integers(1, 90))
    def takes_a_redemption_back(self, which: int, points: int) -> None:
        entry, reversals, spending = self.redemptions[which % len(self.redemptions)]
        try:
            self.reckoning.give_back(spending, points, self.now)
        except RefusedError:
            with pytest.raises(InsufficientPointsError):
                self.reverse(entry, reversals, points)
        else:
            reversals.append(self.reverse(entry, reversals, points))

    def reverse(self, entry: PointsEntry, reversals: list[PointsEntry], points: int) -> PointsEntry:
        with self.account.opened() as state:
            taken = still_taken(self.account, state, entry, reversals)
            return reverse(state, entry, Decimal(points), taken=taken, facts=facts(self.now))[0]

    @precondition(lambda self: self.sales)
    @rule(which=st.integers(0, 1000), percent=st.sampled_from([10, 50, 100]))
    def brings_back(self, which: int, percent: int) -> None:
        sale = list(self.sales)[which % len(self.sales)]
        claim = self.sales[sale] * percent // 100 - self.claimed[sale]
        if claim <= 0:
            return
        back = self.bill(self.now, sale)
        with self.account.opened() as state:
            own = [lot for lot in self.account.lots(state) if lot.bill_id == sale]
            state.account.floor = NO_FLOOR if self.reckoning.allow_negative else min(ZERO, state.account.balance)
            outcome = take_back(
                state,
                Decimal(claim),
                own=own,
                claimed_spent=self.claimed_spent[sale],
                facts=facts(self.now, bill_id=back, sale_id=sale),
            )
            state.account.floor = min(ZERO, state.account.balance)
        assert outcome.taken + outcome.promised + outcome.shortfall + outcome.lapsed == claim
        self.claimed_spent[sale] += outcome.spent
        self.claimed[sale] += claim
        self.reckoning.bring_back(sale, claim)

    @rule(days=st.none() | st.integers(0, 90))
    def tier_moves(self, days: int | None) -> None:
        ends = None if days is None else self.now.date() + timedelta(days=days)
        self.account.set_tier_end(ends)
        self.reckoning.tier_until = ends
        with self.account.opened() as state:
            state.is_changed = True

    @invariant()
    def figures_agree(self) -> None:
        book = self.reckoning
        with self.account.opened() as state:
            account, lots, due = state.account, self.account.lots(state), state.next_due()
        figures = {name: getattr(account, name) for name in ("lifetime", "redeemed", "expired", "returned", "adjusted")}
        signs = {"lifetime": 1, "adjusted": 1}
        assert figures == {name: signs.get(name, -1) * book.sum_of(name) for name in figures}
        assert (account.balance, account.promised) == (book.balance, book.promised)
        assert [(lot.left, lot.expired, lot.is_open) for lot in lots] == [
            (batch.left, batch.gone["expired"], batch.is_open) for batch in book.batches
        ]
        assert due == book.next_due()
        assert sum(lot.left for lot in lots if lot.is_open) == max(account.balance, 0)
        assert account.version == len(book.log)


def play(machine: type[LedgerMachine], *, histories: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.slow
def test_any_history_in_memory() -> None:
    play(LedgerMachine, histories=1000 if FULL else 40, steps=50)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["America/Halifax", "Asia/Kolkata"])
def test_any_history_through_the_database(organization: Organization, zone: str) -> None:
    organization.timezone = zone
    organization.save()
    program = Program.objects.get(organization=organization, is_default=True)
    TierFactory(program=program, name="Gold", position=1)

    class StoredMachine(LedgerMachine):
        def open_account(self, _zone: ZoneInfo) -> StoredAccount:
            return StoredAccount(organization)

    with organization_scope(organization):
        play(StoredMachine, histories=40 if FULL else 3, steps=30)
    wrong = {finding.check.name for finding in check_ledger(organization)}
    assert PointsEntry.objects.exists()
    # The ledger alone is driven: nothing counts purchases, and reversals are of no redemption that a till knows.
    assert wrong <= {"account_purchases", "purchase_totals", "reversal_entries"}
