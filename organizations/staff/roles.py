"""What may a role do? Permissions come from the role alone; nobody collects them one by one.

Nobody may delete anything: rows are switched off, and the audit keeps what they were (docs/back-office.md).
"""

from typing import Any, Final

from django.contrib.auth.backends import ModelBackend

from organizations.staff.models import StaffMember

Role = StaffMember.Role
Permissions = frozenset[str]


def _permissions(app: str, actions: str, nouns: str) -> Permissions:
    return frozenset(f"{app}.{action}_{noun}" for action in actions.split() for noun in nouns.split())


_PLACES: Final = "zone concept store till"
_CONFIGURATION: Final = f"{_PLACES} apiclient fielddefinition cardseries sourceaccount"

# --- what there is to be allowed

SEE_CUSTOMERS: Final = _permissions("customers", "view", "customer card")
ADD_CUSTOMERS: Final = _permissions("customers", "add", "customer")
CHANGE_CUSTOMERS: Final = _permissions("customers", "change", "customer")
SEE_CONSENTS: Final = _permissions("subscriptions", "view", "consent consentchange")
CHANGE_CONSENTS: Final = _permissions("subscriptions", "change", "consent")
SEE_IDENTITY_REQUESTS: Final = _permissions("customers", "view", "identityrequest")
MAKE_IDENTITY_REQUESTS: Final = _permissions("customers", "add", "identityrequest")
DECIDE_IDENTITY_REQUESTS: Final = _permissions("customers", "decide", "identityrequest")
SEE_MERGES: Final = _permissions("customers", "view", "merge")
MERGE_CUSTOMERS: Final = frozenset({"customers.merge_customers"})
JUDGE_FRAUD: Final = frozenset({"customers.judge_fraud"})
SEE_DUPLICATES: Final = _permissions("customers", "view", "duplicatecandidate")
JUDGE_DUPLICATES: Final = _permissions("customers", "judge", "duplicatecandidate")
SEE_GROUPINGS: Final = _permissions("customers", "view", "segment usergroup customerstatus")
CHANGE_GROUPINGS: Final = _permissions("customers", "add change", "segment usergroup customerstatus")
_OF_MEMBERS: Final = "membership pointsaccount pointsentry pointslot bill redemption"
SEE_POINTS: Final = _permissions("engagement", "view", _OF_MEMBERS)
ADJUST_POINTS: Final = frozenset({"engagement.adjust_points"})
SEE_PROGRAMS: Final = _permissions("engagement", "view", "program")
PAUSE_PROGRAMS: Final = frozenset({"engagement.pause_program"})
SEE_SHOPS: Final = _permissions("organizations", "view", "store till")
SEE_CONFIGURATION: Final = _permissions("organizations", "view", f"organization {_CONFIGURATION}")
CHANGE_CONFIGURATION: Final = _permissions("organizations", "add change", _CONFIGURATION) | {
    "organizations.change_organization"
}
SEE_STAFF: Final = _permissions("organizations", "view", "staffmember")
CHANGE_STAFF: Final = _permissions("organizations", "add change", "staffmember")
SEE_AUDIT: Final = _permissions("organizations", "view", "auditentry")
SEE_IMPORTS: Final = _permissions("organizations", "view", "importrun")
SEE_KEYS: Final = _permissions("organizations", "view", "idempotencykey")
SEE_DEFERRED: Final = _permissions("engagement", "view", "deferredevent")
RETRY_DEFERRED: Final = _permissions("engagement", "retry", "deferredevent")

# --- who may what

ROLE_PERMISSIONS: Final[dict[str, Permissions]] = {
    Role.ORG_ADMIN: (
        SEE_CUSTOMERS | ADD_CUSTOMERS | CHANGE_CUSTOMERS | SEE_CONSENTS | CHANGE_CONSENTS | JUDGE_FRAUD
        | SEE_IDENTITY_REQUESTS | MAKE_IDENTITY_REQUESTS | DECIDE_IDENTITY_REQUESTS | SEE_MERGES | MERGE_CUSTOMERS
        | SEE_POINTS | ADJUST_POINTS | SEE_PROGRAMS | PAUSE_PROGRAMS
        | SEE_GROUPINGS | CHANGE_GROUPINGS | SEE_CONFIGURATION | CHANGE_CONFIGURATION
        | SEE_STAFF | CHANGE_STAFF | SEE_AUDIT | SEE_IMPORTS | SEE_KEYS | SEE_DEFERRED | RETRY_DEFERRED
        | SEE_DUPLICATES | JUDGE_DUPLICATES
    ),
    Role.STORE_MANAGER: (
        SEE_CUSTOMERS | ADD_CUSTOMERS | CHANGE_CUSTOMERS | SEE_CONSENTS | CHANGE_CONSENTS | JUDGE_FRAUD
        | SEE_IDENTITY_REQUESTS | MAKE_IDENTITY_REQUESTS | DECIDE_IDENTITY_REQUESTS | SEE_MERGES | MERGE_CUSTOMERS
        | SEE_POINTS | ADJUST_POINTS | SEE_PROGRAMS | SEE_SHOPS | SEE_DUPLICATES | JUDGE_DUPLICATES
    ),
    Role.STORE_STAFF: (
        SEE_CUSTOMERS | ADD_CUSTOMERS | CHANGE_CUSTOMERS | SEE_CONSENTS | CHANGE_CONSENTS
        | SEE_IDENTITY_REQUESTS | MAKE_IDENTITY_REQUESTS | SEE_MERGES | SEE_POINTS
    ),
    Role.CARE_AGENT: (
        SEE_CUSTOMERS | CHANGE_CUSTOMERS | SEE_CONSENTS | CHANGE_CONSENTS | JUDGE_FRAUD
        | SEE_IDENTITY_REQUESTS | MAKE_IDENTITY_REQUESTS | DECIDE_IDENTITY_REQUESTS | SEE_MERGES | MERGE_CUSTOMERS
        | SEE_POINTS | ADJUST_POINTS | SEE_PROGRAMS | SEE_GROUPINGS | SEE_AUDIT | SEE_DEFERRED | RETRY_DEFERRED
        | SEE_DUPLICATES | JUDGE_DUPLICATES
    ),
    Role.AUDITOR: (
        SEE_CUSTOMERS | SEE_CONSENTS | SEE_IDENTITY_REQUESTS | SEE_MERGES | SEE_POINTS | SEE_PROGRAMS
        | SEE_GROUPINGS | SEE_CONFIGURATION | SEE_STAFF | SEE_AUDIT | SEE_IMPORTS | SEE_DEFERRED | SEE_DUPLICATES
    ),
}  # fmt: skip

# Whoever is limited to stores has nothing beyond these, whatever the role: what is the whole organization's is not theirs to
# see, and with it they could lift their own limit.
OF_STORES: Final = (
    SEE_CUSTOMERS | ADD_CUSTOMERS | CHANGE_CUSTOMERS | SEE_CONSENTS | CHANGE_CONSENTS
    | SEE_IDENTITY_REQUESTS | MAKE_IDENTITY_REQUESTS | DECIDE_IDENTITY_REQUESTS | SEE_MERGES | MERGE_CUSTOMERS
    | JUDGE_FRAUD | SEE_POINTS | ADJUST_POINTS | SEE_SHOPS | SEE_DUPLICATES | JUDGE_DUPLICATES
)  # fmt: skip


def permissions_of(member: StaffMember) -> Permissions:
    """What this member of staff may do: by the role, less what nobody limited to stores may."""
    if not member.is_active or member.organization_id is None:
        return frozenset()
    allowed = ROLE_PERMISSIONS.get(member.role, frozenset())
    return allowed & OF_STORES if own_store_ids(member) else allowed


def own_store_ids(member: StaffMember) -> frozenset[int]:
    """The ids of the stores that `member` is limited to; empty: every store of the organization. One query a request."""
    known: frozenset[int] | None = getattr(member, "_own_store_ids", None)
    if known is None:
        links = StaffMember.stores.through._default_manager.filter(staffmember_id=member.pk)
        known = frozenset(links.values_list("store_id", flat=True))
        member._own_store_ids = known  # type: ignore[attr-defined]  # lives as long as the request's member of staff
    return known


class RoleBackend(ModelBackend):
    """Django's log-in, with permissions by role. Groups and single permissions count for nothing."""

    def get_user(self, user_id: Any) -> StaffMember | None:
        """The member of staff of a session, with the organization, while the log-in is not switched off."""
        member = StaffMember.objects.select_related("organization").filter(pk=user_id).first()
        return member if member is not None and self.user_can_authenticate(member) else None

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """By the role; none for one object alone. Operators (superusers) are never asked: Django lets them do everything."""
        return set(permissions_of(user_obj)) if obj is None and isinstance(user_obj, StaffMember) else set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:  # noqa: ARG002 - Django's signature
        """None: there are roles instead."""
        return set()
