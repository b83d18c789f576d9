"""The last activity of an account, after which points with the expiry `last_activity` expire (docs/protocol.md 2.7)."""

from datetime import date

from engagement.points.ledger.posting import AccountState
from engagement.programs.expiry_rules import Activity
from engagement.programs.rules import ProgramRules


def keep_alive(state: AccountState, activity: Activity, *, on: date, rules: ProgramRules) -> None:
    """Note an activity of that day, if it keeps points alive by these rules; in memory."""
    if activity in rules.keeps_points_alive:
        state.account.last_active_on = max(state.account.last_active_on or on, on)
        state.is_changed = True
