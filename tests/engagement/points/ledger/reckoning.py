"""A points account reckoned a second time, from the rules alone (docs/protocol.md 7): what the ledger is held against.

Nothing of the ledger's code is used: whole points, moments in UTC, calendar arithmetic of its own.
"""

from calendar import monthrange
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo


class RefusedError(Exception):
    """There is not enough."""


@cache
def day_is_over(day: date, zone: ZoneInfo) -> datetime:
    """The first moment at which the calendar of `zone` shows a later day, found by looking at it every quarter of an hour."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    while moment.astimezone(zone).date() <= day:
        moment += timedelta(minutes=15)
    return moment


def so_many_months_on(day: date, months: int) -> date:
    for _ in range(months):
        first = day.replace(day=1) + timedelta(days=31)
        day = first.replace(day=1)
    return day


def same_day(day: date, months: int) -> date:
    month = so_many_months_on(day, months)
    return month.replace(day=min(day.day, monthrange(month.year, month.month)[1])) if months else day


@dataclass(eq=False)
class Batch:
    """Points that came together. `gone` counts what became of them."""

    points: int
    came_at: datetime
    opens_at: datetime | None
    good_until: date | None
    moves_with: str
    months: int
    sale: int | None
    is_open: bool
    gone: Counter[str] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        return self.points - self.gone.total()


@dataclass
class Spending:
    """What was spent at once: how much of which batch, less what came back."""

    parts: list[tuple[Batch, int]]


@dataclass
class Reckoning:
    """The account. `log` has what happened: (figure, effect on the balance, effect on the promised points)."""

    zone: ZoneInfo
    allow_negative: bool = False
    batches: list[Batch] = field(default_factory=list)
    log: list[tuple[str, int, int]] = field(default_factory=list)
    billed_on: date | None = None
    earned_on: date | None = None
    tier_until: date | None = None
    debt: int = 0
    claimed_when_spent: Counter[int] = field(default_factory=Counter)

    def sum_of(self, figure: str) -> int:
        return sum(points for name, points, _ in self.log if name == figure)

    @property
    def balance(self) -> int:
        return sum(points for _, points, _ in self.log)

    @property
    def promised(self) -> int:
        return sum(promised for _, _, promised in self.log)

    def last_day(self, batch: Batch) -> date | None:
        if batch.moves_with == "tier":
            return self.tier_until
        since = {"bill": self.billed_on, "earning": self.earned_on}.get(batch.moves_with)
        if batch.moves_with in {"bill", "earning"}:
            came_on = (batch.opens_at or batch.came_at).astimezone(self.zone).date()
            return same_day(came_on if since is None or since < came_on else since, batch.months)
        return batch.good_until

    def due(self, batch: Batch) -> datetime | None:
        if not batch.left:
            return None
        if not batch.is_open:
            return batch.opens_at
        day = self.last_day(batch)
        if day is None:
            return None
        over = day_is_over(day, self.zone)
        return over if batch.opens_at is None or batch.opens_at < over else batch.opens_at

    def next_due(self) -> datetime | None:
        return min((due for batch in self.batches if (due := self.due(batch))), default=None)

    def in_order(self) -> list[Batch]:
        """The spendable batches, first expiring first, never expiring last, then as they came."""
        open_ones = [batch for batch in self.batches if batch.is_open and batch.left]
        never = date(9999, 12, 31)
        return sorted(open_ones, key=lambda batch: ((self.last_day(batch) or never), batch.came_at))

    def pass_time(self, until: datetime) -> None:
        while (moment := self.next_due()) is not None and moment <= until:
            for batch in self.batches:
                if not batch.is_open and batch.left and batch.opens_at == moment:
                    batch.is_open = True
                    self.log.append(("lifetime", batch.left, -batch.left))
                    self._settle_debt(batch)
            over = [batch for batch in self.batches if batch.is_open and batch.left and self.due(batch) == moment]
            self._expire(over)

    def credit(self, batch: Batch, *, figure: str = "lifetime") -> None:
        self.batches.append(batch)
        if batch.is_open:
            self.log.append((figure, batch.points, 0))
            self._settle_debt(batch)
        else:
            self.log.append(("promise", 0, batch.points))

    def spend(self, points: int, *, figure: str) -> Spending:
        if sum(batch.left for batch in self.in_order()) < points:
            raise RefusedError
        spending = Spending(self._take(self.in_order(), points, "expired" if figure == "expired" else "spent"))
        self.log.append((figure, -points, 0))
        return spending

    def give_back(self, spending: Spending, points: int, now: datetime) -> None:
        if points > sum(amount for _, amount in spending.parts):
            raise RefusedError
        self.log.append(("redeemed", points, 0))
        rest, touched = points, []
        for index in range(len(spending.parts) - 1, -1, -1):
            batch, amount = spending.parts[index]
            back = min(rest, amount)
            if back:
                spending.parts[index] = (batch, amount - back)
                batch.gone["spent"] -= back
                rest -= back
                touched.append(batch)
        paid = min(self.debt, points)
        self._take(self.in_order(), paid, "spent")
        self.debt -= paid
        self._expire([batch for batch in touched if batch.left and (due := self.due(batch)) is not None and due <= now])

    def bring_back(self, sale: int, claim: int) -> None:
        own = [batch for batch in self.batches if batch.sale == sale]
        spent_of_own = sum(batch.gone["spent"] for batch in own) - self.claimed_when_spent[sale]
        promised = sum(amount for _, amount in self._take([batch for batch in own if not batch.is_open], claim, "returned"))
        kept = sum(
            amount
            for _, amount in self._take([batch for batch in self.in_order() if batch in own], claim - promised, "returned")
        )
        spent = max(min(claim - promised - kept, spent_of_own), 0)
        self.claimed_when_spent[sale] += spent
        others = sum(
            amount for _, amount in self._take([batch for batch in self.in_order() if batch not in own], spent, "spent")
        )
        owed = spent - others if self.allow_negative else 0
        self.debt += owed
        self.log.append(("returned", -kept - others - owed, -promised))

    def _take(self, batches: list[Batch], points: int, cause: str) -> list[tuple[Batch, int]]:
        parts = []
        for batch in batches:
            amount = min(points, batch.left)
            if amount > 0:
                batch.gone[cause] += amount
                points -= amount
                parts.append((batch, amount))
        return parts

    def _settle_debt(self, batch: Batch) -> None:
        paid = min(self.debt, batch.left)
        batch.gone["spent"] += paid
        self.debt -= paid

    def _expire(self, batches: list[Batch]) -> None:
        points = sum(batch.left for batch in batches)
        for batch in batches:
            batch.gone["expired"] += batch.left
        if points:
            self.log.append(("expired", -points, 0))
