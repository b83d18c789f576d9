"""What answers print of tiers: history, criteria and gaps (docs/protocol.md 4.5). Pure functions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from engagement.numbers.days import years_later
from engagement.programs.descriptions import describe_conditions
from engagement.programs.expressions import alternatives_of
from engagement.programs.models import Tier
from engagement.programs.rules import ProgramRules, TierCondition, TierConditions, TierMeasure, TierRule, TrackerRule
from engagement.programs.windows import value_holds_until
from engagement.tiers.conditions import is_renewed, total_of, window_of
from engagement.tiers.rules import TierState
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.numbers import plain_digits
from organizations.locations.names import LocationName
from organizations.locations.payloads import printed_name

# A tier that never ends is shown to end in the far future: so many years after the registration (docs/protocol.md 2.7).
FAR_FUTURE_YEARS: Final = 100
NO_UPGRADE_GAP: Final[Mapping[str, Any]] = {"upgrade_strategy": []}
ZERO: Final = Decimal(0)
_END_OF_DAY: Final = time(23, 59, 59)
_OF_ONE_TOTAL: Final = {TierMeasure.CUMULATIVE_PURCHASES, TierMeasure.LIFETIME_POINTS, TierMeasure.CURRENT_POINTS}


def last_second(day: date | None, *, registered_on: datetime, zone: ZoneInfo) -> str:
    """The last second of a tier with this last day; of the far future for one that never ends."""
    shown = day or years_later(registered_on.astimezone(zone).date(), FAR_FUTURE_YEARS)
    return f"{shown.isoformat()} {_END_OF_DAY.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """A change of a tier as it was read."""

    before: str
    after: str
    kind: str
    store: LocationName | None
    ends: date | None
    ended: date | None
    at: datetime
    note: str
    program_id: int


def history_row(row: HistoryRow, *, registered_on: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """One row of `slab_history.history[]`; the store is left out if there was none."""
    return {
        "to": row.after,
        "from": row.before,
        **({"store": printed_name(row.store)} if row.store else {}),
        "type": row.kind,
        "to_tier_expiry_date": last_second(row.ends, registered_on=registered_on, zone=zone),
        "from_tier_expiry_date": last_second(row.ended, registered_on=registered_on, zone=zone),
        "changed_on": write_moment(row.at, zone),
        "notes": row.note,
        "program_id": str(row.program_id),
    }


def upgrade_obstacle(rules: ProgramRules, tier: str) -> Code | None:
    """The warning if there is no tier above this one."""
    return Code.HIGHEST_TIER if rules.tiers and rules.tiers[-1].name == tier else None


def renewal_obstacle(rules: ProgramRules, tier: str) -> Code | None:
    """The warning if there is nothing to renew: no tier is ever lost, or this is the lowest."""
    if not rules.tiers:
        return None
    if not rules.may_lower:
        return Code.NO_DOWNGRADE_STRATEGY
    return Code.LOWEST_TIER if rules.tiers[0].name == tier else None


def tier_above(rules: ProgramRules, tier: str) -> TierRule | None:
    """The rule of the next tier; that of the first to be reached for a member without a tier."""
    names = [rule.name for rule in rules.tiers]
    position = names.index(tier) if tier in names else 0
    return rules.tiers[position + 1] if position + 1 < len(names) else None


def upgrade_criteria(rules: ProgramRules, tier: str) -> dict[str, str] | None:
    """`tier_update_criteria`: what the next tier asks for, if that is one total; None for trackers and combined conditions."""
    following = tier_above(rules, tier)
    if following is None or following.upgrade is None or len(following.upgrade.conditions) != 1:
        return None
    (condition,) = following.upgrade.conditions
    if condition.measure not in _OF_ONE_TOTAL:
        return None
    return {
        "purchase_type": condition.measure,
        "description": f"{following.name} is reached by {describe_conditions(following.upgrade)}.",
        "min_purchase_value_required": plain_digits(condition.threshold),
    }


def retention_criteria(rule: TierRule, *, since: date, expires_on: date | None, program_id: int) -> dict[str, str]:
    """`membership_retention_criteria`: least visits and purchases within the validity, of so many days, to keep the tier."""
    conditions = rule.renew.conditions if rule.renew else ()
    asked = {condition.measure: condition.threshold for condition in conditions}
    return {
        "min_visits": plain_digits(asked.get(TierMeasure.VISITS, ZERO)),
        "min_purchases": plain_digits(asked.get(TierMeasure.PURCHASE, ZERO)),
        "duration_days": str((expires_on - since).days) if expires_on else "",
        "program_id": str(program_id),
    }


def upgrade_gap(state: TierState, following: TierRule, *, day: date) -> dict[str, Any]:
    """`gap_to_upgrade` on a day: what the next tier asks for, what is there, and what is missing."""
    asked = following.upgrade
    if asked is None:
        return dict(NO_UPGRADE_GAP)
    return {**_expression(asked), "upgrade_strategy": [_upgrade_row(state, condition, day) for condition in asked.conditions]}


def _upgrade_row(state: TierState, condition: TierCondition, day: date) -> dict[str, Any]:
    value = total_of(state, condition, day)
    tracker = state.ladder.trackers.get(condition.tracker)
    return {
        "upgrade_based_on": condition.measure,
        "upgrade_entity_identifers": _tracker(tracker) if tracker else {},
        "upgrade_threshold": plain_digits(condition.threshold),
        "customer_upgrade_entity_values": {
            "current_value": plain_digits(value),
            "gap_to_upgrade": plain_digits(max(condition.threshold - value, ZERO)),
            "value_valid_upto": _valid_until(state, tracker, day).isoformat(),
        },
    }


def _valid_until(state: TierState, tracker: TrackerRule | None, day: date) -> date:
    """The day until which the value lasts: one window after the first activity in it; totals last to the day itself."""
    if tracker is None:
        return day
    counted = [activity for activity in window_of(state, tracker, day) if activity.figures.get(tracker.type)]
    return value_holds_until(tracker, counted[0].at.astimezone(state.ladder.zone).date() if counted else day)


def _tracker(tracker: TrackerRule) -> dict[str, str]:
    return {
        "tracker_name": tracker.name,
        "tracker_type": tracker.type,
        "tracker_mode": tracker.mode,
        "tracker_case_name": tracker.name,
        "tracker_case_period_type": tracker.period.upper() if tracker.period else "DAYS" if tracker.days else "",
        "tracker_case_period_value": str(tracker.days or 1) if tracker.period or tracker.days else "",
    }


def renewal_gap(state: TierState, rule: TierRule, *, day: date) -> dict[str, Any]:
    """`gap_to_renew` on a day: what keeps the tier, what is there of it, and what is missing. Empty if the tier never ends."""
    expires_on = state.held.expires_on
    if expires_on is None:
        return {}
    asked = rule.renew
    is_confirmed = asked is not None and is_renewed(state, rule, day=day)
    return {
        "tier_expiry_date": expires_on.isoformat(),
        "renew_confirmed": "true" if is_confirmed else "false",
        **(_expression(asked) if asked else {}),
        "renew_strategy": [_renewal_row(state, condition, day) for condition in asked.conditions] if asked else [],
    }


def _renewal_row(state: TierState, condition: TierCondition, day: date) -> dict[str, Any]:
    value = total_of(state, condition, day)
    tracker = state.ladder.trackers.get(condition.tracker)
    return {
        "renew_based_on": condition.measure,
        "renew_entity_identifiers": _tracker(tracker) if tracker else {},
        "renew_threshold": plain_digits(condition.threshold),
        "customer_renew_entity_value": plain_digits(value),
        "customer_gap_to_renew_value": plain_digits(max(condition.threshold - value, ZERO)),
    }


def _expression(asked: TierConditions) -> dict[str, Any]:
    """An expression with letters in place of positions, and the positions of which one list must hold as a whole."""
    if isinstance(asked.match, int) or asked.match in {"all", "any"}:
        return {}
    lettered = re.sub(r"\d+", lambda position: _letter(int(position[0])), asked.match.upper())
    return {
        "custom_expression": f"({lettered})",
        "expression_relation": [sorted(together) for together in alternatives_of(asked.match)],
    }


def _letter(position: int) -> str:
    """A for 1, Z for 26, AA for 27."""
    rest, letter = divmod(position - 1, 26)
    return f"{_letter(rest) if rest else ''}{chr(ord('A') + letter)}"


def tier_effect(before: Tier, after: Tier) -> dict[str, str]:
    """The effect of a bill that lifted a member (docs/protocol.md, tills' part 2.5)."""
    return {
        "type": "slab",
        "previous_slab_name": before.name,
        "previous_slab_number": str(before.position),
        "upgraded_slab_name": after.name,
        "upgraded_slab_number": str(after.position),
    }
