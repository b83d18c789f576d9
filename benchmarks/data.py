"""The data of a run: its organization, with members made by the services and customers filled in by SQL."""

from dataclasses import dataclass
from itertools import cycle, islice, zip_longest

from benchmarks.filler import fill
from benchmarks.members import make_members
from benchmarks.organization import load_bench, require_empty
from benchmarks.people import FILLED
from organizations.tenancy.models import Organization

# Every so-maniest filled customer has ledger entries, so many.
_EVERY = 5
_ENTRIES = 4


@dataclass(slots=True, kw_only=True)
class BenchData:
    """Members have the numbers from 1 on; `filled` customers have those from `FILLED` on."""

    organization: Organization
    members: int
    filled: int = 0

    @property
    def customers(self) -> int:
        """All customers."""
        return self.members + self.filled

    def fill_up_to(self, customers: int) -> None:
        """Fill in customers until there are so many."""
        missing = customers - self.customers
        if missing > 0:
            fill(self.organization, first=FILLED + self.filled, count=missing, every=_EVERY, entries=_ENTRIES)
            self.filled += missing

    def known_numbers(self, count: int) -> list[int]:
        """Numbers of `count` filled customers with entries and bills, spread evenly over all of them."""
        first = -(-FILLED // _EVERY) * _EVERY
        last = FILLED + self.filled - 1
        step = max(_EVERY, (last - first) // count // _EVERY * _EVERY)
        return list(range(first, last + 1, step))[:count]

    def some_numbers(self, count: int) -> list[int]:
        """Numbers of `count` customers, members and others in turn, repeated if there are too few."""
        others = self.known_numbers(count) if self.filled else []
        known = [number for pair in zip_longest(range(1, self.members + 1), others) for number in pair if number is not None]
        return list(islice(cycle(known), count))


def make_data(*, members: int, customers: int) -> BenchData:
    """Load the organization, make the members and fill in the others. Raises NotEmptyError and ImportFailedError."""
    require_empty()
    data = BenchData(organization=load_bench(), members=members)
    make_members(data.organization, members)
    data.fill_up_to(customers)
    return data
