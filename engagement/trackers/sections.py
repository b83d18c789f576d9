"""Block of customer/get about trackers (docs/protocol.md 4.5)."""

from typing import Any

from engagement.points.sections import PointsView
from engagement.trackers.values import tracker_values
from loyalty_project.protocol.codes import Code


def add_trackers(payloads: dict[int, dict[str, Any]], view: PointsView) -> None:
    """`trackers`: values at this moment. A query for each tracker; warning 1099 if one fails."""
    with view.reading.may_fail(Code.TRACKERS_FAILED):
        memberships = {
            key: membership
            for key, membership in view.balances.memberships.items()
            if view.program_id in {None, key.program_id}
        }
        rows = tracker_values(memberships, catalog=view.catalog, organization=view.reading.organization, now=view.now)
        for customer_id, payload in payloads.items():
            payload["trackers"] = {"tracker": rows.get(customer_id, [])}
