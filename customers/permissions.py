"""Permissions of each role on customers: profiles, identity requests, merges, duplicates, segments, groups, statuses."""

from typing import Final

from organizations.staff.permissions import Role, StaffPermissions, permissions

_APP: Final = "customers"
_GROUPINGS: Final = "segment usergroup customerstatus"

VIEW_CUSTOMERS: Final = permissions(_APP, "view", "customer card")
ADD_CUSTOMERS: Final = permissions(_APP, "add", "customer")
CHANGE_CUSTOMERS: Final = permissions(_APP, "change", "customer")
# Codenames are stored: `judge_fraud` allows setting statuses, `judge_duplicatecandidate` deciding duplicates.
SET_STATUSES: Final = frozenset({"customers.judge_fraud"})
VIEW_IDENTITY_REQUESTS: Final = permissions(_APP, "view", "identityrequest")
ADD_IDENTITY_REQUESTS: Final = permissions(_APP, "add", "identityrequest")
DECIDE_IDENTITY_REQUESTS: Final = permissions(_APP, "decide", "identityrequest")
VIEW_MERGES: Final = permissions(_APP, "view", "merge")
MERGE_CUSTOMERS: Final = frozenset({"customers.merge_customers"})
VIEW_ERASURES: Final = permissions(_APP, "view", "erasure")
# For good, and everything about a person: not at the shop's desk.
ERASE_CUSTOMERS: Final = frozenset({"customers.erase_customer"})
EXPORT_CUSTOMERS: Final = frozenset({"customers.export_customer"})
_PERSONAL_DATA: Final = VIEW_ERASURES | ERASE_CUSTOMERS | EXPORT_CUSTOMERS
VIEW_MESSAGES: Final = permissions(_APP, "view", "outboxmessage")
# Codes that customers are to know alone.
READ_MESSAGES: Final = permissions(_APP, "read", "outboxmessage")
VIEW_DUPLICATES: Final = permissions(_APP, "view", "duplicatecandidate")
DECIDE_DUPLICATES: Final = permissions(_APP, "judge", "duplicatecandidate")
VIEW_GROUPINGS: Final = permissions(_APP, "view", _GROUPINGS)
CHANGE_GROUPINGS: Final = permissions(_APP, "add change", _GROUPINGS)

_READ: Final = VIEW_CUSTOMERS | VIEW_IDENTITY_REQUESTS | VIEW_MERGES
# Everything about single customers; segments, groups and statuses belong to the whole organization.
_ALL_OF_CUSTOMERS: Final = (
    _READ | ADD_CUSTOMERS | CHANGE_CUSTOMERS | SET_STATUSES | ADD_IDENTITY_REQUESTS | DECIDE_IDENTITY_REQUESTS
    | MERGE_CUSTOMERS | VIEW_DUPLICATES | DECIDE_DUPLICATES | VIEW_MESSAGES
)  # fmt: skip

CUSTOMER_PERMISSIONS: Final = StaffPermissions(
    by_role={
        Role.ORG_ADMIN: _ALL_OF_CUSTOMERS | READ_MESSAGES | _PERSONAL_DATA | VIEW_GROUPINGS | CHANGE_GROUPINGS,
        Role.STORE_MANAGER: _ALL_OF_CUSTOMERS | VIEW_ERASURES,
        Role.STORE_STAFF: _READ | ADD_CUSTOMERS | CHANGE_CUSTOMERS | ADD_IDENTITY_REQUESTS,
        Role.CARE_AGENT: (
            (_ALL_OF_CUSTOMERS - ADD_CUSTOMERS) | READ_MESSAGES | VIEW_ERASURES | EXPORT_CUSTOMERS | VIEW_GROUPINGS
        ),
        Role.AUDITOR: _READ | VIEW_MESSAGES | VIEW_ERASURES | VIEW_DUPLICATES | VIEW_GROUPINGS,
    },
    within_stores=_ALL_OF_CUSTOMERS | READ_MESSAGES | VIEW_ERASURES,
)
