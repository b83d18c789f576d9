"""Permissions of each role on tickets and on the words that they use."""

from typing import Final

from organizations.staff.permissions import Role, StaffPermissions, permissions

_APP: Final = "tickets"

VIEW_TICKETS: Final = permissions(_APP, "view", "ticket")
# Open, comment, assign, change, reopen and link. Goodwill takes the permission of what is given.
CHANGE_TICKETS: Final = permissions(_APP, "change", "ticket")
VIEW_CHOICES: Final = permissions(_APP, "view", "ticketchoice")
CHANGE_CHOICES: Final = permissions(_APP, "add change", "ticketchoice")

TICKET_PERMISSIONS: Final = StaffPermissions(
    by_role={
        Role.ORG_ADMIN: VIEW_TICKETS | CHANGE_TICKETS | VIEW_CHOICES | CHANGE_CHOICES,
        Role.STORE_MANAGER: VIEW_TICKETS | CHANGE_TICKETS,
        Role.STORE_STAFF: VIEW_TICKETS | CHANGE_TICKETS,
        Role.CARE_AGENT: VIEW_TICKETS | CHANGE_TICKETS,
        Role.AUDITOR: VIEW_TICKETS | VIEW_CHOICES,
    },
    within_stores=VIEW_TICKETS | CHANGE_TICKETS,
)
