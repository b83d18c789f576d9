"""Do the points ledger's sums and pairs hold? Asked of everything that an organization has (docs/ledger.md, "How to check")."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from engagement.points.checks.queries import CHECKS, Check
from loyalty_project.protocol.numbers import plain_digits
from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True)
class Finding:
    """A row for which a check does not hold: which figure of it, what it should be, and what it is."""

    check: Check
    row_id: int
    figure: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        told = f"{self.figure} is {_told(self.found)}, expected {_told(self.expected)}"
        return f"{self.check.name}: {self.check.table} {self.row_id}: {told}"


def check_ledger(organization: Organization) -> Iterator[Finding]:
    """Every row that breaks a check, check by check. Reads only, and waits for nobody."""
    for check in CHECKS:
        with connection.cursor() as cursor:
            cursor.execute(check.sql, {"organization": organization.pk})
            rows = cursor.fetchall()
        for row in rows:
            yield Finding(check, *row)


def _told(value: Any) -> str:
    return plain_digits(value) if isinstance(value, Decimal) else str(value)
