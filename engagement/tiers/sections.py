"""Section of customer/get about the history of tiers, and the column from which gaps are computed (docs/protocol.md 4.5)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.programs.asked import program_asked
from engagement.programs.catalog import ProgramCatalog
from engagement.programs.rules import TrackerRule
from engagement.programs.windows import first_day
from engagement.tiers.activity import ACTIVITIES_OF_GIVEN, activity_of_row, append_activity
from engagement.tiers.payloads import HistoryRow, history_row
from engagement.tiers.rules import Activity, Ladder
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.moments import from_wall
from organizations.locations.names import load_names


def activities_since(first: str) -> str:
    """The column of what members did since the moment `first`, an SQL expression of `membership`; none if that is null.

    A row of JSON for each activity, in the order of `read_activities`.
    """
    return f"""(
        WITH given AS (
            SELECT holder.id AS account_id, {first} AS since
            FROM engagement_membership AS membership
            JOIN engagement_pointsaccount AS holder ON holder.organization_id = %(organization)s
                AND holder.customer_id = customer.id AND holder.program_id = membership.program_id
                AND holder.moved_to_id IS NULL
            WHERE membership.organization_id = %(organization)s AND membership.customer_id = customer.id
        )
        SELECT json_agg(json_build_array(
            account_id, at, bill_id, amount::text, discount::text, gross_amount::text, visits::text, line_amount::text,
            quantity::text, lines::text, earned::text, lifetime::text, balance::text
        ) ORDER BY at, bill_id NULLS FIRST, position)::text
        FROM ({ACTIVITIES_OF_GIVEN}) AS activity
    )"""  # noqa: S608 - made of constants


# What members did since their validity began, or since the first of their trackers' windows did.
ACTIVITIES: Final = activities_since(
    """least(
                coalesce(membership.tier_counts_from, membership.tier_since, membership.enrolled_on),
                membership.tier_since, %(tier_windows)s::timestamptz
            )"""
)


def activity_parameters(reading: Reading, catalog: ProgramCatalog) -> Mapping[str, Any]:
    """The parameter of `ACTIVITIES`: the first moment of any window that a tier's condition looks at; None if there is none."""
    trackers = [tracker for current in catalog.active for tracker in Ladder.of(current.rules, reading.zone).used_trackers]
    return {"tier_windows": first_moment(trackers, reading)}


def first_moment(trackers: Iterable[TrackerRule], reading: Reading) -> datetime | None:
    """The first moment of the windows of these trackers; None if all are since the last change of the tier."""
    days = [day for tracker in trackers if (day := first_day(tracker, reading.today)) is not None]
    return from_wall(datetime.combine(min(days), time.min), reading.zone) if days else None


def activities_by_account(rows: str | None) -> dict[int, list[Activity]]:
    """The value of `ACTIVITIES`, by account id."""
    activities: dict[int, list[Activity]] = {}
    for account_id, at, bill_id, *sums in orjson.loads(rows) if rows else ():
        of_account = activities.setdefault(account_id, [])
        append_activity(of_account, activity_of_row(datetime.fromisoformat(at), bill_id, sums))
    return activities


def _parameters(reading: Reading) -> Mapping[str, Any]:
    return {"history_program": program_asked(reading)}


def _display(values: Values | None, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return {}
    rows = [history_row(row, registered_on=customer.registered_on, zone=reading.zone) for row in _rows(values[0], reading)]
    return {"slab_history": {"history": rows}}


def _rows(rows: str | None, reading: Reading) -> Iterator[HistoryRow]:
    for program_id, before, after, kind, store_id, ends, ended, at, note in orjson.loads(rows) if rows else ():
        yield HistoryRow(
            before=before,
            after=after,
            kind=kind,
            store=reading.part(load_names).store(store_id),
            ends=date.fromisoformat(ends) if ends else None,
            ended=date.fromisoformat(ended) if ended else None,
            at=datetime.fromisoformat(at),
            note=note,
            program_id=program_id,
        )


_HISTORY: Final = Section(
    columns=(
        """(
        SELECT json_agg(json_build_array(
            program.id, before.name, after.name, change.kind, change.store_id, change.to_expires_on, change.from_expires_on,
            change.changed_at, change.note
        ) ORDER BY change.changed_at DESC, change.id DESC)::text
        FROM engagement_membership AS membership
        JOIN engagement_program AS program ON program.organization_id = %(organization)s AND program.id = membership.program_id
            AND program.is_active AND program.id = coalesce(%(history_program)s::bigint, program.id)
        JOIN engagement_tierchange AS change
            ON change.organization_id = %(organization)s AND change.membership_id = membership.id
        JOIN engagement_tier AS before ON before.organization_id = %(organization)s AND before.id = change.from_tier_id
        JOIN engagement_tier AS after ON after.organization_id = %(organization)s AND after.id = change.to_tier_id
        WHERE membership.organization_id = %(organization)s AND membership.customer_id = customer.id
    )""",
    ),
    parameters=_parameters,
    display=_display,
    failure=Code.POINTS_UNAVAILABLE,
)


def history(reading: Reading) -> Section | None:
    """`slab_history`: changes of tiers in active programs, the newest first."""
    return _HISTORY if reading.wants("slab_history") and not reading.wants("basic") else None
