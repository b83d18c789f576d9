"""Section of customer/get about points that expired (docs/protocol.md 4.5)."""

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.points import payloads
from engagement.points.models import PointsEntry
from engagement.points.moved_accounts import OWN_ACCOUNTS
from engagement.programs.asked import program_asked, program_parameter
from engagement.programs.catalog import load_catalog
from loyalty_project.protocol.codes import Code


def _display_expired(values: Values | None, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return {}
    rows = [
        (at, payloads.expired_row(Decimal(points), payloads.last_day_of(last_day, at, reading.zone), account_program))
        for at, points, last_day, account_program in _expired_rows(values[0])
    ]
    # Of accounts that are settled in memory only.
    shown = _programs_shown(reading) if reading.unstored else ()
    for key, state in reading.unstored.items():
        if key.customer_id == customer.pk and key.program_id in shown:
            rows += [
                (
                    entry.occurred_at,
                    payloads.expired_row(
                        -entry.points,
                        payloads.last_day_of(entry.explanation.get("last_day"), entry.occurred_at, reading.zone),
                        key.program_id,
                    ),
                )
                for entry in state.entries
                if entry.kind == PointsEntry.Kind.EXPIRE
            ]
    return {"expired_points": {"item": [row for _, row in sorted(rows, key=lambda row: row[0], reverse=True)]}}


def _programs_shown(reading: Reading) -> Collection[int]:
    """Ids of the active programs, or of the one that the call names; none if the database does not give them."""
    catalog = reading.part_or_warning(load_catalog, Code.POINTS_UNAVAILABLE)
    asked = program_asked(reading)
    return {current.program.pk for current in catalog.active if asked in {None, current.program.pk}} if catalog else ()


def _expired_rows(rows: str | None) -> Iterator[tuple[datetime, str, str | None, int]]:
    for at, points, last_day, program_id in orjson.loads(rows) if rows else ():
        yield datetime.fromisoformat(at), points, last_day, program_id


_EXPIRED: Final = Section(
    columns=(
        f"""(
        SELECT json_agg(json_build_array(
            entry.occurred_at, (-entry.points)::text, entry.explanation ->> 'last_day', own.program_id
        ) ORDER BY entry.occurred_at DESC, entry.account_id DESC, entry.version DESC)::text
        FROM {OWN_ACCOUNTS}
        JOIN engagement_pointsentry AS entry ON entry.organization_id = %(organization)s AND entry.account_id = own.id
            AND entry.kind = 'EXPIRE' AND entry.points < 0
        JOIN engagement_membership AS membership ON membership.organization_id = %(organization)s
            AND membership.customer_id = customer.id AND membership.program_id = own.program_id
        WHERE own.organization_id = %(organization)s AND own.customer_id = customer.id
    )""",  # noqa: S608 - made of constants
    ),
    parameters=program_parameter,
    display=_display_expired,
    failure=Code.POINTS_UNAVAILABLE,
)


def expired_points(reading: Reading) -> Section | None:
    """`expired_points`: what expired and when, the newest first. Points that expired before a merge are on moved accounts."""
    return _EXPIRED if reading.wants("expired_points") and not reading.wants("basic") else None
