"""Points that expire soon: whose, how many, and when (docs/operating.md, `list_expiring`)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from engagement.points.ledger.zone_change import LAST_DAYS
from engagement.programs.catalog import CurrentProgram
from organizations.tenancy.models import Organization
from organizations.tenancy.statements import fetch_rows

_EXPIRING: Final = f"""
SELECT lot.customer_id, lot.last_day, sum(lot."left")
FROM ({LAST_DAYS}) AS lot
WHERE lot.program_id = %(program)s AND lot.is_open AND lot.last_day = ANY(%(days)s::date[])
GROUP BY 1, 2 ORDER BY 2, 1
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Points of a customer in a program that may be spent for the last time on `last_day`."""

    customer_id: int
    program: str
    points: Decimal
    last_day: date


def expiring_points(programs: Sequence[CurrentProgram], *, on: date, organization: Organization) -> Iterator[Expiring]:
    """The points whose last day is as many days after `on` as the rules of their program say: one query for each program."""
    for current in programs:
        days = [on + timedelta(days=number) for number in current.rules.expiry_notice_days]
        if not days:
            continue
        values = {"program": current.program.pk, "days": days, "zone": organization.timezone}
        for customer_id, last_day, points in fetch_rows(_EXPIRING, values):
            yield Expiring(customer_id=customer_id, program=current.program.name, points=points, last_day=last_day)
