"""Members with 20 ledger entries and 5 bills each, made by the same services as in operation: the imports."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.core.management import call_command
from django.db.models import Count

from benchmarks.organization import ORGANIZATION, TILL
from benchmarks.people import MOBILE, file_rows, mobile
from engagement.points.models import PointsAccount
from loyalty_project import clock
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

BILLS: Final = 5
# The welcome award, two awards for each bill, and spendings.
ENTRIES: Final = 20
_SPENDINGS: Final = ENTRIES - 1 - 2 * BILLS


class ImportFailedError(Exception):
    """An import failed or rejected rows, or did not write what it should."""


def make_members(organization: Organization, count: int) -> None:
    """Register the customers from 1 to `count`, with their bills of the last weeks and their points.

    Raises ImportFailedError unless each of them has `ENTRIES` entries and `BILLS` bills then.
    """
    now = clock.now().astimezone(organization.zone)
    import_file("import_customers", file_rows(1, count, till=TILL))
    import_file("import_transactions", _bills(count, now))
    import_file("import_points", _spendings_of(count, now))
    with organization_scope(organization):
        depths = set(PointsAccount.objects.annotate(depth=Count("entries")).values_list("depth", flat=True))
    if depths != {ENTRIES}:
        raise ImportFailedError(f"The members have {sorted(depths)} ledger entries, not {ENTRIES}.")


def import_file(command: str, rows: Iterable[Sequence[str]]) -> None:
    """Import a file with these rows, header first. Raises ImportFailedError unless every row is created."""
    with tempfile.TemporaryDirectory() as folder:
        import_path(command, *write_file(Path(folder) / "rows.csv", rows))


def write_file(path: Path, rows: Iterable[Sequence[str]]) -> tuple[Path, int]:
    """Write the rows, header first; return the path and the number of rows behind the header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        count = sum(1 for row in rows if writer.writerow(row))
    return path, count - 1


def import_path(command: str, path: Path, count: int) -> None:
    """Import the file with so many rows. Raises ImportFailedError unless every row is created."""
    output = io.StringIO()
    call_command(command, str(path), organization=ORGANIZATION, no_progress=True, stdout=output)
    if f"created={count} updated=0 unchanged=0 rejected=0" not in output.getvalue():
        raise ImportFailedError(f"{command}: {output.getvalue()}")


def _bills(count: int, now: datetime) -> Iterator[list[str]]:
    yield [MOBILE, "number", "billing_time", "amount", "till_code"]
    for week in range(BILLS, 0, -1):
        at = _written(now - timedelta(weeks=week))
        for number in range(1, count + 1):
            yield [mobile(number), f"{number}-{week}", at, str(1000 + number % 50 * 100), TILL]


def _spendings_of(count: int, now: datetime) -> Iterator[list[str]]:
    yield [MOBILE, "kind", "points", "occurred_at", "reference", "till_code"]
    for hour in range(_SPENDINGS, 0, -1):
        at = _written(now - timedelta(hours=hour))
        for number in range(1, count + 1):
            yield [mobile(number), "REDEEM", str(1 + number % 5), at, f"{number}-{hour}", TILL]


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
