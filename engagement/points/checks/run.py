"""Runs all checks of the ledger over the data of an organization (docs/ledger.md, "How to check")."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from engagement.points.checks.check import Check
from engagement.points.checks.queries import CHECKS
from loyalty_project.db.whole_reads import whole_read
from loyalty_project.protocol.numbers import plain_digits
from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that breaks a check: the figure, its expected value, and the value found."""

    check: Check
    row_id: int
    figure: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        difference = f"{self.figure} is {_plain(self.found)}, expected {_plain(self.expected)}"
        return f"{self.check.name}: {self.check.table} {self.row_id}: {difference}"


def check_ledger(organization: Organization) -> Iterator[Finding]:
    """Rows that break a check, check by check. Reads only, takes no locks."""
    for check in CHECKS:
        with whole_read(), connection.cursor() as cursor:
            cursor.execute(check.sql, {"organization": organization.pk})
            rows = cursor.fetchall()
        for row in rows:
            yield Finding(check, *row)


def _plain(value: Any) -> str:
    return plain_digits(value) if isinstance(value, Decimal) else str(value)
