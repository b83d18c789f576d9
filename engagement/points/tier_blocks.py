"""Blocks of customer/get about the tiers ahead: gaps and criteria (docs/protocol.md 4.5)."""

import re
from datetime import date, timedelta
from typing import Any, Final

from customers.profile.reading import Reading
from engagement.points.balances import Balance
from engagement.points.customer_points import CustomerPoints
from engagement.programs.catalog import CurrentProgram
from engagement.tiers.member import tier_state
from engagement.tiers.payloads import (
    renewal_gap,
    renewal_obstacle,
    retention_criteria,
    tier_above,
    upgrade_criteria,
    upgrade_gap,
    upgrade_obstacle,
)
from loyalty_project.protocol.codes import Code

_UPGRADE_FLAG: Final = "gap_to_upgrade_for"
_RENEWAL_FLAG: Final = "gap_to_renew_for"
DAYS_AHEAD: Final = (_UPGRADE_FLAG, _RENEWAL_FLAG)
# A longer number of days may lead to no date.
_DAYS: Final = re.compile(r"\d{1,5}", re.ASCII)
# The reason that 91013 and 91014 give.
_UNREAD: Final = "activities unavailable"


def days_ahead(reading: Reading, flag: str) -> int | None:
    """The days ahead for which a gap is asked, from 0 to 99,999; None for other text."""
    given = reading.query.get(flag, "")
    return int(given) if _DAYS.fullmatch(given) else None


def asks_gap(reading: Reading) -> bool:
    """True if the query asks for a gap, and for the rows that show one."""
    return reading.wants("mlp") and any(days_ahead(reading, flag) is not None for flag in DAYS_AHEAD)


def _day_asked(view: CustomerPoints, flag: str) -> date | None:
    days = days_ahead(view.reading, flag)
    return None if days is None else view.reading.today + timedelta(days=days)


def gaps(current: CurrentProgram, balance: Balance, view: CustomerPoints) -> dict[str, Any]:
    """`gap_to_upgrade` and `gap_to_renew` where they are asked for and there is anything to say; warnings 91010 to 91014."""
    rules, account, membership = current.rules, balance.account, balance.membership
    if not asks_gap(view.reading) or account is None or membership is None:
        return {}
    tier = membership.tier.name if membership.tier else ""
    state = None
    if view.activities is not None:
        state = tier_state(membership, current, account, view.activities.get(account.pk, ()), zone=view.reading.zone)
    given: dict[str, Any] = {}
    day = _day_asked(view, _UPGRADE_FLAG)
    if day and not view.warn(upgrade_obstacle(rules, tier)) and (following := tier_above(rules, tier)):
        if state:
            given["gap_to_upgrade"] = upgrade_gap(state, following, day=day)
        else:
            view.warn(Code.UPGRADE_CRITERIA_FAILED, x=_UNREAD)
    day = _day_asked(view, _RENEWAL_FLAG)
    if day and not view.warn(renewal_obstacle(rules, tier)) and (rule := rules.tier(tier)):
        if state:
            given["gap_to_renew"] = renewal_gap(state, rule, day=day)
        else:
            view.warn(Code.RENEWAL_CRITERIA_FAILED, x=_UNREAD)
    return given


def tier_update_criteria(view: CustomerPoints) -> dict[str, Any]:
    """`tier_update_criteria`: what the next tier asks for. Warning 91012 in the highest tier."""
    current = view.catalog.by_id.get(view.applicable.program_id or 0)
    tier = view.applicable.tier
    if current is None or view.warn(upgrade_obstacle(current.rules, tier.name if tier else "")):
        return {}
    criteria = upgrade_criteria(current.rules, tier.name if tier else "")
    return {"tier_update_criteria": criteria} if criteria else {}


def membership_retention_criteria(view: CustomerPoints) -> dict[str, Any]:
    """`membership_retention_criteria`: what keeps the tier. Warnings 91010 and 91011 where there is nothing to keep."""
    current = view.catalog.by_id.get(view.applicable.program_id or 0)
    membership, tier = view.applicable.membership, view.applicable.tier
    if current is None or membership is None or view.warn(renewal_obstacle(current.rules, tier.name if tier else "")):
        return {}
    rule = current.rules.tier(tier.name) if tier else None
    if rule is None:
        return {}
    since = membership.tier_counts_from or membership.tier_since or membership.enrolled_on
    criteria = retention_criteria(
        rule,
        since=since.astimezone(view.reading.zone).date(),
        expires_on=membership.tier_expires_on,
        program_id=current.program.pk,
    )
    return {"membership_retention_criteria": criteria}
