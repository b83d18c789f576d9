"""Rows about the database and imports: look-ups as a check of the machine, and an import beside COPY of what it wrote."""

import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.data import BenchData
from benchmarks.members import import_path, write_file
from benchmarks.organization import TILL
from benchmarks.people import NEW_IN_FILES, file_rows, mobile
from benchmarks.results import Result
from benchmarks.servers import database
from benchmarks.yardsticks.copying import copy_again, last_ids
from benchmarks.yardsticks.lookups import lookups_a_second

# Measured on two idle cores: prepared point look-ups a second through psycopg, on one connection.
_LOOKUPS: Final = 3_500
# With less than this share of it the machine was busy, and ratios are better than the truth.
_TOLERANCE: Final = 0.3
_LOOKED_UP: Final = 5_000


def measure_lookups(data: BenchData, *, rounds: int, seconds: float) -> Result:
    """Row: look-ups of customers by mobile, in the database alone: is the machine free?"""
    numbers = [*range(1, data.members + 1), *(data.known_numbers(_LOOKED_UP) if data.filled else ())]
    values = [mobile(number) for number in numbers]
    rates = [
        lookups_a_second(database(), organization=data.organization.pk, values=values, seconds=seconds) for _ in range(rounds)
    ]
    return Result(
        name="look-ups in the database", unit="calls/s", yardstick=rates, floor=_TOLERANCE * _LOOKUPS, note="checks the machine"
    )


def measure_import(*, rows: int, rounds: int) -> Result:
    """Row: new customers, so many in each of `rounds` files; behind each import, the COPY of all that it wrote."""
    ours, bare, copied = [], [], {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            path, count = write_file(
                Path(folder) / f"customers{number}.csv", file_rows(NEW_IN_FILES + number * rows, rows, till=TILL)
            )
            before = last_ids(database())
            begun = time.perf_counter()
            import_path("import_customers", path, count)
            ours.append(count / (time.perf_counter() - begun))
            again = copy_again(database(), before)
            bare.append(count / again.seconds)
            copied = dict(again.rows)
    return Result(
        name="import_customers, beside COPY",
        unit="rows/s",
        yardstick=bare,
        ours=ours,
        note=f"{rounds} files of {rows:,} rows; {sum(copied.values()) / rows:.1f} rows in {len(copied)} tables for each",
        more={"copied": copied},
    )
