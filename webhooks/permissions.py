"""Permissions of each role on webhooks. Deliveries show data of customers, and endpoints decide where they go."""

from typing import Final

from organizations.staff.permissions import Role, StaffPermissions, permissions

_APP: Final = "webhooks"

VIEW_ENDPOINTS: Final = permissions(_APP, "view", "endpoint")
CHANGE_ENDPOINTS: Final = permissions(_APP, "add change", "endpoint")
VIEW_DELIVERIES: Final = permissions(_APP, "view", "delivery")
REPLAY_DELIVERIES: Final = permissions(_APP, "replay", "delivery")

WEBHOOK_PERMISSIONS: Final = StaffPermissions(
    by_role={
        Role.ORG_ADMIN: VIEW_ENDPOINTS | CHANGE_ENDPOINTS | VIEW_DELIVERIES | REPLAY_DELIVERIES,
        Role.STORE_MANAGER: frozenset(),
        Role.STORE_STAFF: frozenset(),
        Role.CARE_AGENT: frozenset(),
        Role.AUDITOR: VIEW_ENDPOINTS | VIEW_DELIVERIES,
    },
    within_stores=frozenset(),
)
