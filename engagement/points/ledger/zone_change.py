"""Due moments of accounts after the organization's time zone has changed (docs/ledger.md, "What is due").

A lot expires after a day, and promised points are credited on a day. The zone decides when that day begins and ends. A few
statements for any number of accounts.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection

from engagement.tiers.rules import end_of
from loyalty_project.protocol.moments import from_wall
from organizations.tenancy.models import Organization

# Only these accounts depend on a zone. Locked in the usual order, so that what is computed next is what they have.
_LOCK: Final = """
SELECT count(*) FROM (
    SELECT FROM engagement_pointsaccount WHERE organization_id = %(organization)s AND due_at IS NOT NULL ORDER BY id FOR UPDATE
) AS locked
"""
_OPENINGS: Final = """
SELECT DISTINCT lot.opens_at FROM engagement_pointslot AS lot
WHERE lot.organization_id = %(organization)s AND lot.left > 0 AND lot.opens_at IS NOT NULL
"""
_MOVE_OPENINGS: Final = """
UPDATE engagement_pointslot AS lot SET opens_at = given.moment
FROM unnest(%(old)s::timestamptz[], %(new)s::timestamptz[]) AS given (old_moment, moment)
WHERE lot.organization_id = %(organization)s AND lot.left > 0 AND lot.opens_at = given.old_moment
"""
# Lots that hold points, with their last days as `AccountState.last_day` has them.
LAST_DAYS: Final = """
    SELECT account.id AS account_id, account.customer_id, account.program_id, account.due_at,
        lot.is_open, lot.opens_at, lot."left",
        CASE lot.moves
            WHEN 'membership' THEN membership.tier_expires_on
            WHEN 'rolling'
                THEN (greatest(account.last_earned_on, awarded_on) + make_interval(months => lot.moves_months))::date
            WHEN 'last_activity'
                THEN (greatest(account.last_active_on, awarded_on) + make_interval(months => lot.moves_months))::date
            ELSE lot.expires_on
        END AS last_day
    FROM engagement_pointsaccount AS account
    JOIN engagement_pointslot AS lot
        ON lot.organization_id = %(organization)s AND lot.account_id = account.id AND lot.left > 0
    LEFT JOIN engagement_membership AS membership ON membership.organization_id = %(organization)s
        AND membership.customer_id = account.customer_id AND membership.program_id = account.program_id
    CROSS JOIN LATERAL (SELECT (coalesce(lot.opens_at, lot.awarded_at) AT TIME ZONE %(zone)s)::date AS awarded_on) AS award
    WHERE account.organization_id = %(organization)s AND account.due_at IS NOT NULL
"""
# The same with the days after which tiers are evaluated.
_DUE_DAYS: Final = f"""
    SELECT account_id, is_open, opens_at, last_day FROM ({LAST_DAYS}) AS lot
    UNION ALL
    SELECT account.id, true, NULL, membership.tier_due_on
    FROM engagement_pointsaccount AS account
    JOIN engagement_membership AS membership ON membership.customer_id = account.customer_id
        AND membership.program_id = account.program_id AND membership.tier_due_on IS NOT NULL
    WHERE account.organization_id = %(organization)s AND account.due_at IS NOT NULL AND account.moved_to_id IS NULL
"""  # noqa: S608 - constants
_DAYS: Final = f"SELECT DISTINCT last_day FROM ({_DUE_DAYS}) AS due WHERE last_day IS NOT NULL"  # noqa: S608 - constants
_MOVE_DUE: Final = f"""
WITH fresh AS (
    SELECT account_id, min(CASE WHEN NOT is_open THEN opens_at WHEN last_day IS NOT NULL THEN greatest(moment, opens_at) END)
        AS due_at
    FROM ({_DUE_DAYS}) AS due
    LEFT JOIN unnest(%(days)s::date[], %(moments)s::timestamptz[]) AS given (day, moment) ON given.day = due.last_day
    GROUP BY account_id
)
UPDATE engagement_pointsaccount AS account SET due_at = fresh.due_at
FROM fresh WHERE account.id = fresh.account_id AND account.due_at IS DISTINCT FROM fresh.due_at
"""  # noqa: S608 - constants


def move_due_moments(organization: Organization, *, old: ZoneInfo) -> int:
    """Make `due_at` of all accounts right after the zone was changed from `old`; the number of accounts that changed.

    Call it in the transaction that changes the zone. It locks the accounts on which something will be due.
    """
    with connection.cursor() as cursor:
        # Millions of accounts take longer than a call ever should.
        cursor.execute("SET LOCAL statement_timeout = 0")
        given: dict[str, Any] = {"organization": organization.pk, "zone": organization.timezone}
        cursor.execute(_LOCK, given)
        cursor.execute(_OPENINGS, given)
        openings = _changed(_column(cursor.fetchall()), lambda moment: _same_day(moment, old=old, new=organization.zone))
        if openings:
            cursor.execute(_MOVE_OPENINGS, {**given, "old": list(openings), "new": list(openings.values())})
        cursor.execute(_DAYS, given)
        days = _column(cursor.fetchall())
        cursor.execute(_MOVE_DUE, {**given, "days": days, "moments": [end_of(day, organization.zone) for day in days]})
        changed: int = cursor.rowcount
        cursor.execute("RESET statement_timeout")
    return changed


def _same_day(moment: datetime, *, old: ZoneInfo, new: ZoneInfo) -> datetime:
    """The beginning of the same day in the new zone; another time of day is the same moment."""
    day = moment.astimezone(old).date()
    if from_wall(datetime.combine(day, time.min), old) != moment:
        return moment
    return from_wall(datetime.combine(day, time.min), new)


def _changed(moments: Sequence[datetime], change: Callable[[datetime], datetime]) -> dict[datetime, datetime]:
    return {moment: new for moment in moments if (new := change(moment)) != moment}


def _column(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    return [row[0] for row in rows]
