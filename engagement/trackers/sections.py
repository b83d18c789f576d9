"""Section `trackers` of customer/get: sums over bills or points in a window of time (docs/protocol.md 4.5).

They are computed when they are read, by the function that evaluates tiers, so late bills and returns need no correction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.points.lot_rows import moment_of
from engagement.programs.asked import program_asked
from engagement.programs.catalog import ProgramCatalog, load_catalog
from engagement.programs.models import Membership
from engagement.programs.rules import TrackerMode, TrackerRule
from engagement.tiers.conditions import tracked
from engagement.tiers.member import held_tier_of
from engagement.tiers.rules import Ladder, TierState
from engagement.tiers.sections import activities_by_account, activities_since, first_moment
from loyalty_project.db.instances import read_instance
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.numbers import plain_digits

Numbered = tuple[int, int, TrackerRule]


def trackers_of(catalog: ProgramCatalog, program_id: int | None = None) -> list[Numbered]:
    """The trackers of the active programs, or of one of them, with program id and number, in the order of print."""
    return [
        (current.program.pk, number, tracker)
        for current in catalog.active
        if program_id in {None, current.program.pk}
        for number, tracker in enumerate(current.rules.trackers, start=1)
    ]


def _parameters(reading: Reading) -> Mapping[str, Any]:
    rules = [tracker for _, _, tracker in trackers_of(reading.part(load_catalog), program_asked(reading))]
    tracks_tiers = any(tracker.mode == TrackerMode.TIER_CHANGE for tracker in rules)
    return {"tracker_windows": first_moment(rules, reading), "tracks_tiers": tracks_tiers}


def _display(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return {}
    states = _states(values, reading)
    rows = [
        {
            "id": f"{program_id}-{number}",
            "name": tracker.name,
            "condition_id": str(number),
            "type": tracker.type,
            "value": plain_digits(tracked(states[program_id], tracker, reading.today)),
            "updated_on": write_moment(reading.now, reading.zone),
        }
        for program_id, number, tracker in trackers_of(reading.part(load_catalog), program_asked(reading))
        if program_id in states
    ]
    return {"trackers": {"tracker": rows}}


def _states(values: Values, reading: Reading) -> dict[int, TierState]:
    """The tier of the customer in each active program, with what happened in the windows: as evaluations see it."""
    memberships, given = values
    activities, catalog = activities_by_account(given), reading.part(load_catalog)
    states: dict[int, TierState] = {}
    for program_id, account_id, enrolled_on, since, order, counts_from in orjson.loads(memberships) if memberships else ():
        if program_id in catalog.by_id:
            membership = read_instance(
                Membership,
                tier_id=None,
                enrolled_on=datetime.fromisoformat(enrolled_on),
                tier_since=moment_of(since),
                tier_since_order=order,
                tier_counts_from=moment_of(counts_from),
                tier_counts_order=None,
                tier_expires_on=None,
                tier_due_on=None,
                tier_locked_until=None,
            )
            ladder, known = Ladder.of(catalog.by_id[program_id].rules, reading.zone), activities.get(account_id, [])
            held = held_tier_of(membership, ladder)
            states[program_id] = TierState(ladder=ladder, held=held, totals={}, activities=known, done=len(known))
    return states


# Since the first window, and since the last change of the tier if a tracker counts from there.
_ACTIVITIES: Final = activities_since(
    """least(
                %(tracker_windows)s::timestamptz,
                CASE WHEN %(tracks_tiers)s THEN coalesce(membership.tier_since, membership.enrolled_on) END
            )"""
)
_TRACKERS: Final = Section(
    columns=(
        """(
        SELECT json_agg(json_build_array(
            membership.program_id, holder.id, membership.enrolled_on, membership.tier_since, membership.tier_since_order,
            membership.tier_counts_from
        ))::text
        FROM engagement_membership AS membership
        JOIN engagement_pointsaccount AS holder ON holder.organization_id = %(organization)s
            AND holder.customer_id = customer.id AND holder.program_id = membership.program_id AND holder.moved_to_id IS NULL
        WHERE membership.organization_id = %(organization)s AND membership.customer_id = customer.id
    )""",
        _ACTIVITIES,
    ),
    parameters=_parameters,
    display=_display,
    failure=Code.TRACKERS_FAILED,
)


def trackers(reading: Reading) -> Section | None:
    """`trackers`: values at this moment, if the query asks for them. Warning 1099 if they cannot be computed."""
    return _TRACKERS if reading.wants("tracker_info") and not reading.wants("basic") else None
