"""History of calls that write, and its judge: what was acknowledged is there once, what was refused is not there.

A call is invoked, then acknowledged with the id that its answer names, or refused, or unknown: nobody heard its answer. What an
unknown call asked for may be there, once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from threading import Lock


class Kind(StrEnum):
    """What a call asks for."""

    SALE = "sale"
    RETURN = "return"
    REDEMPTION = "redemption"
    COUPON_USE = "coupon use"


class Outcome(StrEnum):
    """What is known of a call."""

    UNKNOWN = "unknown"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"


@dataclass(slots=True)
class Entry:
    """One thing asked for, by one call or by several equal ones. Its reference is unique among those of its kind.

    amount: money of a sale, points of a redemption.
    """

    kind: Kind
    customer: str
    reference: str
    amount: Decimal = Decimal(0)
    outcome: Outcome = Outcome.UNKNOWN
    named: str = ""
    code: int = 0
    attempts: int = 0

    def acknowledge(self, named: str, code: int) -> None:
        self.outcome, self.named, self.code = Outcome.ACKNOWLEDGED, named, code

    def refuse(self, code: int) -> None:
        self.outcome, self.code = Outcome.REFUSED, code

    def __str__(self) -> str:
        return f"{self.kind} {self.reference} of {self.customer}, {self.outcome} {self.code} after {self.attempts} attempts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that the server shows. `amount` as in `Entry`; `points` that a sale brought, that returns took of it, or 0."""

    kind: Kind
    reference: str
    shown_id: str
    amount: Decimal = Decimal(0)
    points: Decimal = Decimal(0)
    points_taken: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the server shows of a customer at the end."""

    balance: Decimal
    rows: Sequence[Row]


@dataclass(slots=True)
class History:
    """All entries, of any thread."""

    entries: list[Entry] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def invoke(self, kind: Kind, customer: str, reference: str, amount: Decimal = Decimal(0)) -> Entry:
        entry = Entry(kind, customer, reference, amount)
        with self._lock:
            self.entries.append(entry)
        return entry

    def outcomes(self) -> Counter[Outcome]:
        """How many entries have each outcome, also while others are added."""
        return Counter(entry.outcome for entry in self.entries)

    def refusals(self) -> set[int]:
        """The codes of what was refused."""
        return {entry.code for entry in self.entries if entry.outcome is Outcome.REFUSED}


def judge(entries: Iterable[Entry], shown: Mapping[str, Shown]) -> list[str]:
    """Everything that is not as it must be, in words."""
    findings: list[str] = []
    of_customer: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        of_customer[entry.customer].append(entry)
    for customer, seen in shown.items():
        findings += _judge_customer(customer, of_customer.pop(customer, []), seen)
    findings += [f"customer {customer} is not shown" for customer in of_customer]
    return findings


def _judge_customer(customer: str, entries: Sequence[Entry], seen: Shown) -> Iterator[str]:
    rows: dict[tuple[Kind, str], list[Row]] = defaultdict(list)
    for row in seen.rows:
        rows[row.kind, row.reference].append(row)
    for entry in entries:
        yield from _judge_entry(entry, rows.pop((entry.kind, entry.reference), []))
    for kind, reference in rows:
        yield f"{kind} {reference} of {customer} was never asked for"
    balance = sum((_points(row) for row in seen.rows), Decimal(0))
    if balance != seen.balance:
        yield f"the balance of {customer} is {seen.balance}, its rows make {balance}"
    if seen.balance < 0:
        yield f"the balance of {customer} is {seen.balance}"


def _judge_entry(entry: Entry, rows: Sequence[Row]) -> Iterator[str]:
    least, most = {Outcome.ACKNOWLEDGED: (1, 1), Outcome.REFUSED: (0, 0), Outcome.UNKNOWN: (0, 1)}[entry.outcome]
    if not least <= len(rows) <= most:
        yield f"{entry} is there {len(rows)} times"
    for row in rows:
        if entry.outcome is Outcome.ACKNOWLEDGED and row.shown_id != entry.named:
            yield f"{entry} was named {entry.named}, is {row.shown_id}"
        if entry.kind is not Kind.RETURN and row.amount != entry.amount:
            yield f"{entry} was of {entry.amount}, is of {row.amount}"
        if row.kind is Kind.SALE and row.points != int(row.amount):
            yield f"{entry} brought {row.points} points"


def _points(row: Row) -> Decimal:
    """What the row makes of the balance; a return shows on the row of its sale."""
    if row.kind is Kind.REDEMPTION:
        return -row.amount
    return row.points - row.points_taken
