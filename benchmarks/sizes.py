"""Sizes of a run: a quick one by default, the full one whose figures count, and a tiny one for the tests."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much data is made and how long is measured. Each side runs `rounds` times for `seconds`."""

    name: str
    members: int
    customers: int
    grown: int
    import_rows: int
    beside_rows: int
    beside_seconds: float
    codes: int
    ledger_entries: int
    searches: int
    buyers: int
    rounds: int
    seconds: float
    connections: int = 16


QUICK: Final = Sizes(
    name="quick", members=200, customers=20_000, grown=200_000, import_rows=2_000, beside_rows=50_000, beside_seconds=5,
    codes=50_000, ledger_entries=100_000, searches=20, buyers=1_000, rounds=3, seconds=2,
)  # fmt: skip
FULL: Final = Sizes(
    name="full", members=2_000, customers=100_000, grown=1_000_000, import_rows=20_000, beside_rows=500_000, beside_seconds=15,
    codes=1_000_000, ledger_entries=1_000_000, searches=60, buyers=20_000, rounds=5, seconds=5,
)  # fmt: skip
TINY: Final = Sizes(
    name="tiny", members=4, customers=54, grown=104, import_rows=20, beside_rows=4_000, beside_seconds=0.3,
    codes=200, ledger_entries=200, searches=1, buyers=4, rounds=1, seconds=0.1, connections=2,
)  # fmt: skip
