"""Tiers reckoned from the CSV files and the table, by the contract alone (organization.md; customer-v1.md 2.7, 4.5).

Nothing of the product is imported. Moments are wall times of the shop's zone. One member is taken at a time, with all that ever
happened to them at hand, so that each figure is a plain sum over a part of it.

    python -m tests.engagement.tiers.cdnow.reckoning FOLDER [DATE]

prints members by tier and rows of the history by kind, as of the end of DATE.
"""

import csv
import sys
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from tests.engagement.tiers.cdnow.table import LADDERS, Asked, Ladder, Tier, Window

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Bill:
    """A purchase, by its position in the file."""

    position: int
    at: datetime
    amount: Decimal


@dataclass(frozen=True)
class Shopper:
    """A customer of the files, with their purchases in the order of time, then of the file."""

    name: str
    registered: datetime
    bills: tuple[Bill, ...]


@dataclass(frozen=True)
class Row:
    """A row of the history."""

    kind: str
    before: str
    after: str
    at: datetime
    until_before: date | None
    until_after: date | None


@dataclass(frozen=True)
class Held:
    """A member's tier at the end of a night, since when, its last day, and the history, the oldest row first."""

    tier: str
    since: datetime
    until: date | None
    history: tuple[Row, ...]


def shoppers(folder: Path, names: Collection[str] | None = None) -> list[Shopper]:
    """The customers of the files, or those with these external ids."""
    bills: defaultdict[str, list[Bill]] = defaultdict(list)
    for position, row in enumerate(rows_of(folder / "transactions.csv")):
        at = datetime.fromisoformat(row["billing_time"])
        bills[row["external_id"]].append(Bill(position, at, Decimal(row["amount"])))
    return [
        Shopper(
            row["external_id"],
            datetime.fromisoformat(row["registered_on"]),
            tuple(sorted(bills[row["external_id"]], key=lambda bill: (bill.at, bill.position))),
        )
        for row in rows_of(folder / "customers.csv")
        if names is None or row["external_id"] in names
    ]


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


# --- the calendar


def later(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day(lasts: tuple[str, int], start: date) -> date:
    unit, number = lasts
    if unit == "months":
        return later(start, number)
    if unit == "end of month":
        return later(later(start.replace(day=1), number + 1), 0) - DAY
    return date(start.year + number, 12, 31)


def next_last_day(lasts: tuple[str, int], last: date) -> date:
    """Counted from the last day of the validity before; a validity that would end on that very day ends a period later."""
    found = last_day(lasts, last)
    return found if found > last else last_day(lasts, last + DAY)


def over(day: date) -> datetime:
    return datetime.combine(day + DAY, time.min)


def window_start(window: Window, today: date) -> date:
    if window.kind == "MOVING":
        return today - window.days * DAY + DAY
    if window.kind == "CYCLIC":
        return today - ((today - window.start).days % window.days) * DAY
    return date(today.year, (today.month - 1) // window.months * window.months + 1, 1)


# --- a member


@dataclass
class Member:
    """A shopper in one program. What `began` the tier and the validity is the number of purchases made by then."""

    shopper: Shopper
    ladder: Ladder
    tier: int = 0
    until: date | None = None
    in_grace: bool = False
    made: int = 0
    tier_began: int = 0
    validity_began: int = 0
    since: datetime = field(init=False)
    changed: datetime = field(init=False)
    earned: list[list[tuple[int, date]]] = field(default_factory=list)  # by purchase: points, and their last day
    history: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.since = self.changed = self.shopper.registered

    def live(self, night: datetime) -> None:
        """Go on to the night: ends of validities come before purchases of the same moment."""
        while True:
            bill = self.shopper.bills[self.made] if self.made < len(self.shopper.bills) else None
            end = self.end()
            if end is not None and end <= night and (bill is None or end <= bill.at):
                self.come_to_the_end(end)
            elif bill is not None and bill.at <= night:
                self.buy(bill)
            else:
                return

    def held(self) -> Held:
        return Held(self.rule.name, self.since, self.until, tuple(self.history))

    @property
    def rule(self) -> Tier:
        return self.ladder.tiers[self.tier]

    # --- figures

    def figure(self, name: str, *, first: int, last: int, today: date) -> Decimal:
        """A figure after the purchases up to `last`; what is counted by validity begins with the purchase `first`."""
        if name == "PURCHASES":
            return self.added("AMOUNT", 0, last)
        if name == "LIFETIME_POINTS":
            return self.added("POINTS", 0, last)
        if name == "CURRENT_POINTS":
            return Decimal(sum(points for earned in self.earned[:last] for points, good in earned if good >= today))
        windows = dict(self.ladder.windows)
        if name not in windows:
            return self.added(name, first, last)
        window = windows[name]
        if window.kind == "CHANGE":
            return self.added(window.adds, self.tier_began, last)
        start = window_start(window, today)
        before = sum(1 for bill in self.shopper.bills[:last] if bill.at.date() < start)
        return self.added(window.adds, before, last)

    def added(self, what: str, first: int, last: int) -> Decimal:
        bills = self.shopper.bills[first:last]
        if what == "VISITS":
            return Decimal(len(bills))
        if what == "POINTS":
            return Decimal(sum(points for earned in self.earned[first:last] for points, _ in earned))
        return sum((bill.amount for bill in bills), Decimal(0))

    def meets(self, asked: Asked | None, *, last: int, today: date, within_validity: bool = False) -> bool:
        """True if one of the alternatives is met. `within_validity`: purchases and points ever are those of the validity."""
        if asked is None:
            return False
        inside = {"PURCHASES": "AMOUNT", "LIFETIME_POINTS": "POINTS"} if within_validity else {}
        met = [
            self.figure(inside.get(name, name), first=self.validity_began, last=last, today=today) >= threshold
            for name, threshold in asked.conditions
        ]
        return any(all(met[position - 1] for position in together) for together in asked.alternatives)

    # --- what happens

    def buy(self, bill: Bill) -> None:
        """A purchase: it earns by the tier before it, may lift, and in grace may renew."""
        today = bill.at.date()
        self.earned.append(
            [
                (int(bill.amount * rule.points / rule.dollars), today + rule.good_days * DAY if rule.good_days else date.max)
                for rule in self.ladder.earning
                if not rule.tiers or self.rule.name in rule.tiers
            ]
        )
        self.made += 1
        tiers = enumerate(self.ladder.tiers)
        target = max([number for number, tier in tiers if self.meets(tier.reached, last=self.made, today=today)], default=0)
        if target > self.tier:
            for number in range(self.tier + 1, target + 1):
                self.enter("UPGRADE", number, bill.at, counted_from=self.made)
        elif self.in_grace and self.meets(self.rule.kept, last=self.made, today=today):
            self.enter("RENEW", self.tier, bill.at, counted_from=self.made)

    def end(self) -> datetime | None:
        """The moment at which the end of the validity, or of its grace, is due."""
        if self.until is None:
            return None
        due = over(self.until + self.rule.grace * DAY) if self.in_grace else over(self.until)
        return max(due, self.changed)

    def come_to_the_end(self, at: datetime) -> None:
        """The validity is over, or its grace. The next one is counted from the last day of this one."""
        assert self.until is not None
        inside = sum(1 for bill in self.shopper.bills[: self.made] if bill.at < over(self.until))
        following = max(inside, self.validity_began)
        is_kept = self.meets(self.rule.kept, last=inside, today=self.until)
        if self.rule.leads_to == "none" or (is_kept and not self.in_grace):
            self.enter("RENEW", self.tier, at, counted_from=following)
        elif self.rule.grace and not self.in_grace:
            self.in_grace = True
        else:
            target = self.lower(inside)
            self.enter("RENEW" if target == self.tier else "DOWNGRADE", target, at, counted_from=following)

    def lower(self, inside: int) -> int:
        """The tier that the member falls to; `fitting` looks at the validity that ended."""
        if self.rule.leads_to == "lowest":
            return 0
        if self.rule.leads_to == "previous":
            return self.tier - 1
        assert self.until is not None
        for number in range(self.tier, 0, -1):
            if self.meets(self.ladder.tiers[number].reached, last=inside, today=self.until, within_validity=True):
                return number
        return 0

    def enter(self, kind: str, target: int, at: datetime, *, counted_from: int) -> None:
        """Begin a validity, for which purchases count from this one on: never the one that began it."""
        before, until_before = self.rule, self.until
        self.tier, self.changed, self.in_grace, self.validity_began = target, at, False, counted_from
        if kind != "RENEW":
            self.tier_began, self.since = self.made, at
        if self.rule.lasts is None:
            self.until = None
        elif kind == "UPGRADE" or until_before is None:
            self.until = last_day(self.rule.lasts, at.date())
        else:
            self.until = next_last_day(self.rule.lasts, until_before)
        self.history.append(Row(kind, before.name, self.rule.name, at, until_before, self.until))


def held_after(
    folder: Path, program: str, nights: Iterable[datetime], names: Collection[str] | None = None
) -> Iterator[dict[str, Held]]:
    """What every member of the program holds after each of the nights, by external id."""
    members = [Member(shopper, LADDERS[program]) for shopper in shoppers(folder, names)]
    for night in nights:
        for member in members:
            member.live(night)
        yield {member.shopper.name: member.held() for member in members}


def figures(held: Mapping[str, Held]) -> dict[str, int]:
    """Members by tier, and rows of the history by kind."""
    tiers = Counter(of_member.tier for of_member in held.values())
    kinds = Counter(row.kind for of_member in held.values() for row in of_member.history)
    return {**dict(sorted(tiers.items())), **{kind: kinds[kind] for kind in ("UPGRADE", "DOWNGRADE", "RENEW")}}


if __name__ == "__main__":
    until = date.fromisoformat(sys.argv[2]) if len(sys.argv) > 2 else date(1998, 6, 30)
    for name in LADDERS:
        (found,) = held_after(Path(sys.argv[1]), name, [over(until)])
        sys.stdout.write(f"{name}: {figures(found)}\n")
