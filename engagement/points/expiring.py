"""Points that expire soon: whose, how many, and when (docs/operating.md, `list_expiring`)."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q
from django.db.models.expressions import RawSQL

from engagement.points.ledger.zone_change import LAST_DAYS
from engagement.programs.catalog import CurrentProgram
from engagement.tiers.rules import end_of
from organizations.tenancy.models import Organization
from organizations.tenancy.statements import fetch_rows

# Days ahead in a program whose rules name none.
USUAL_NOTICE: Final = 30

# Open lots of accounts, whose last day is within a period.
_SOON: Final = f"""FROM ({LAST_DAYS}) AS lot
JOIN unnest(%(programs)s::bigint[], %(firsts)s::date[], %(lasts)s::date[]) AS period (program_id, first, last)
    ON period.program_id = lot.program_id AND lot.last_day BETWEEN period.first AND period.last
WHERE lot.is_open AND lot.due_at <= %(until)s"""
_ACCOUNTS: Final = f"SELECT lot.account_id {_SOON}"
_EXPIRING: Final = f"""SELECT lot.account_id, lot.customer_id, lot.program_id, lot.last_day, sum(lot."left")
{_SOON} AND (%(accounts)s::bigint[] IS NULL OR lot.account_id = ANY(%(accounts)s::bigint[]))
GROUP BY 1, 2, 3, 4 ORDER BY array_position(%(programs)s::bigint[], lot.program_id), 4, 2
"""
_NAMED: Final = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Points of a customer in a program that may be spent for the last time on `last_day`."""

    account_id: int
    customer_id: int
    program: str
    points: Decimal
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days of a program, `first` and `last` included."""

    program: CurrentProgram
    first: date
    last: date


def days_of_notice(programs: Iterable[CurrentProgram], *, on: date) -> list[Period]:
    """The single days that are as many days after `on` as the rules of each program say."""
    days = ((current, on + timedelta(days=number)) for current in programs for number in current.rules.expiry_notice_days)
    return [Period(program=current, first=day, last=day) for current, day in days]


def periods_of_notice(programs: Iterable[CurrentProgram], *, on: date, days: int | None = None) -> list[Period]:
    """From `on` to so many days later; by default as many as the longest notice of each program."""
    return [
        Period(
            program=current,
            first=on,
            last=on + timedelta(days=days or max(current.rules.expiry_notice_days, default=USUAL_NOTICE)),
        )
        for current in programs
    ]


def expiring_points(
    periods: Sequence[Period], *, organization: Organization, accounts: Collection[int] | None = None
) -> Iterator[Expiring]:
    """The points whose last day is within the periods, of all accounts or of these (ids): one query, none without periods.

    A row for each account and last day, by program in the order given, the earliest day first.
    """
    if not periods:
        return
    names = {period.program.program.pk: period.program.program.name for period in periods}
    values = {**_values(periods, organization), "accounts": None if accounts is None else list(accounts)}
    for account_id, customer_id, program_id, last_day, points in fetch_rows(_EXPIRING, values):
        yield Expiring(
            account_id=account_id, customer_id=customer_id, program=names[program_id], points=points, last_day=last_day
        )


def has_expiring_points(periods: Sequence[Period], *, organization: Organization) -> Q:
    """The condition of accounts of the organization with points whose last day is within the periods."""
    if not periods:
        return Q(pk__in=())
    values = {**_values(periods, organization), "organization": organization.pk}
    # Conditions of the ORM name their parameters by position.
    given = [values[name] for name in _NAMED.findall(_ACCOUNTS)]
    accounts = RawSQL(_NAMED.sub("%s", _ACCOUNTS), given)  # noqa: S611 - constants
    return Q(organization=organization, due_at__lte=values["until"], pk__in=accounts)


def _values(periods: Sequence[Period], organization: Organization) -> dict[str, Any]:
    return {
        "programs": [period.program.program.pk for period in periods],
        "firsts": [period.first for period in periods],
        "lasts": [period.last for period in periods],
        # An account is due no later than its points expire.
        "until": end_of(max(period.last for period in periods), organization.zone),
        "zone": organization.timezone,
    }
