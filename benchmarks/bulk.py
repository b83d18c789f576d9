"""Speed of an import beside COPY of the same rows, and of lookups in the database."""

import csv
import io
import tempfile
import time
from pathlib import Path

from django.core.management import call_command

from benchmarks.expectations import COPIED_CUSTOMERS, LOOKUPS, TOLERANCE
from benchmarks.filler import ORGANIZATION, Filled
from benchmarks.people import MOBILE, NEW_IN_FILES, file_rows, person
from benchmarks.servers import database
from benchmarks.tables import Result, Side
from benchmarks.yardsticks.copying import copy_again, last_ids
from benchmarks.yardsticks.lookups import lookups_a_second

_LOOKUP = (
    "SELECT customer_id FROM customers_identifier WHERE organization_id = {} AND kind = 'mobile' AND value = %s AND exclusive"
)


class ImportFailedError(Exception):
    """An import failed or rejected rows."""


def measure_lookups(filled: Filled, *, seconds: float) -> Result:
    """Row: lookups of customers by mobile, in the database alone."""
    values = [person(number)[MOBILE] for number in range(1, filled.customers + 1, 1 + filled.customers // 5000)]
    statement = _LOOKUP.format(filled.organization.pk)
    rate = lookups_a_second(database(), statement=statement, values=values, seconds=seconds)
    return Result(name="database, one lookup", unit="lookups/s", yardstick=Side([rate]), floor=TOLERANCE * LOOKUPS)


def measure_import(*, rows: int, rounds: int) -> Result:
    """Row: `rows` new customers in so many files; behind each import, the COPY of what it wrote. Rates are those of rows."""
    ours, bare = [], []
    size = max(1, rows // rounds)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            path = Path(folder) / f"customers{number}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(file_rows(NEW_IN_FILES + number * size, size))
            before = last_ids(database())
            ours.append(size / _import(path, size))
            bare.append(size / copy_again(database(), before))
    return Result(
        name="import_customers",
        unit="rows/s",
        ours=Side(ours),
        yardstick=Side(bare),
        floor=TOLERANCE * COPIED_CUSTOMERS,
        note=f"{rounds} files of {size:,} rows; beside COPY",
    )


def _import(path: Path, size: int) -> float:
    output = io.StringIO()
    begun = time.perf_counter()
    call_command("import_customers", str(path), organization=ORGANIZATION, no_progress=True, stdout=output)
    seconds = time.perf_counter() - begun
    if output.getvalue().split()[-4:] != [f"created={size}", "updated=0", "unchanged=0", "rejected=0"]:
        raise ImportFailedError(output.getvalue())
    return seconds
