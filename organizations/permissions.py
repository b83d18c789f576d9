"""Permissions of each role on organizations: configuration, staff, audit, imports and idempotency keys."""

from typing import Final

from organizations.staff.permissions import Role, StaffPermissions, permissions
from organizations.staff.reach import REVEAL_PERMISSION, VIEW_PERMISSION

_APP: Final = "organizations"
_CONFIGURATION: Final = "zone concept store till apiclient fielddefinition cardseries sourceaccount"

VIEW_SHOPS: Final = permissions(_APP, "view", "store till")
VIEW_CONFIGURATION: Final = permissions(_APP, "view", f"organization {_CONFIGURATION}")
CHANGE_CONFIGURATION: Final = permissions(_APP, "add change", _CONFIGURATION) | permissions(_APP, "change", "organization")
VIEW_STAFF: Final = permissions(_APP, "view", "staffmember")
CHANGE_STAFF: Final = permissions(_APP, "add change", "staffmember")
VIEW_AUDIT: Final = permissions(_APP, "view", "auditentry")
VIEW_IMPORTS: Final = permissions(_APP, "view", "importrun")
IMPORT_FILES: Final = frozenset({"organizations.import_files"})
# Files of points, tiers, coupons, bills and referrals know none of the limits that staff have by hand.
IMPORT_POINTS: Final = frozenset({"organizations.import_points"})
VIEW_IDEMPOTENCY_KEYS: Final = permissions(_APP, "view", "idempotencykey")
# The rows of a list as a file, for users who see the list.
EXPORT_LISTS: Final = frozenset({"organizations.export_lists"})
# Personal data of customers: in full for those who serve them, for others masked, and revealed one at a time with a reason.
VIEW_PERSONAL_DATA: Final = frozenset({VIEW_PERMISSION})
REVEAL_PERSONAL_DATA: Final = frozenset({REVEAL_PERMISSION})

# A member limited to stores who could change configuration or staff could lift the limit. A file may name any store.
ORGANIZATION_PERMISSIONS: Final = StaffPermissions(
    by_role={
        Role.ORG_ADMIN: (
            VIEW_CONFIGURATION | CHANGE_CONFIGURATION | VIEW_STAFF | CHANGE_STAFF
            | VIEW_AUDIT | VIEW_IMPORTS | IMPORT_FILES | IMPORT_POINTS | VIEW_IDEMPOTENCY_KEYS | EXPORT_LISTS
            | VIEW_PERSONAL_DATA
        ),
        Role.STORE_MANAGER: VIEW_SHOPS | VIEW_IMPORTS | IMPORT_FILES | EXPORT_LISTS | VIEW_PERSONAL_DATA,
        Role.STORE_STAFF: VIEW_PERSONAL_DATA,
        Role.CARE_AGENT: VIEW_AUDIT | VIEW_PERSONAL_DATA,
        Role.AUDITOR: VIEW_CONFIGURATION | VIEW_STAFF | VIEW_AUDIT | VIEW_IMPORTS | REVEAL_PERSONAL_DATA,
    },
    within_stores=VIEW_SHOPS | EXPORT_LISTS | VIEW_PERSONAL_DATA | REVEAL_PERSONAL_DATA,
)  # fmt: skip
