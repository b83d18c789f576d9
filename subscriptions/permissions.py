"""Permissions of each role on consents and their log."""

from typing import Final

from organizations.staff.permissions import Role, StaffPermissions, permissions

VIEW_CONSENTS: Final = permissions("subscriptions", "view", "consent consentchange")
CHANGE_CONSENTS: Final = permissions("subscriptions", "change", "consent")

SUBSCRIPTION_PERMISSIONS: Final = StaffPermissions(
    by_role={
        Role.ORG_ADMIN: VIEW_CONSENTS | CHANGE_CONSENTS,
        Role.STORE_MANAGER: VIEW_CONSENTS | CHANGE_CONSENTS,
        Role.STORE_STAFF: VIEW_CONSENTS | CHANGE_CONSENTS,
        Role.CARE_AGENT: VIEW_CONSENTS | CHANGE_CONSENTS,
        Role.AUDITOR: VIEW_CONSENTS,
    },
    within_stores=VIEW_CONSENTS | CHANGE_CONSENTS,
)
