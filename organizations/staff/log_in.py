"""Log-in of staff, with permissions by role, never by groups or single grants (docs/back-office.md).

Each app lists what its roles may do in `<app>/permissions.py`; the setting STAFF_PERMISSIONS names their composition. No role
may delete: rows are switched off, and the audit keeps what they were.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.utils.module_loading import import_string

from loyalty_project.client_ip import UNKNOWN_ADDRESS, client_address
from organizations.credentials.failed_attempts import UNKNOWN_NAME, is_proven
from organizations.credentials.verification_cache import refuse_credential, verify_cached
from organizations.staff.models import StaffMember
from organizations.staff.permissions import Permissions, StaffPermissions

LONGEST_NAME: Final = 150  # of the column
# The setting AUTHENTICATION_BACKENDS names it.
BACKEND: Final = "organizations.staff.log_in.RoleBackend"


def credential_name(username: str) -> str:
    """The name under which failures of a log-in are counted."""
    return f"staff:{username}"


def counted_name(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The user name under which the lock counts (AXES_USERNAME_CALLABLE): one for all that do not exist."""
    typed = str((credentials or {}).get("username") or request.POST.get("username", ""))
    known: dict[str, str] = request.__dict__.setdefault("_counted_names", {})
    if typed not in known:
        exists = is_storable(typed) and StaffMember.objects.filter(username=typed).exists()
        known[typed] = typed if exists else UNKNOWN_NAME
    return known[typed]


def is_storable(username: str) -> bool:
    """True if a column could hold the name."""
    return "\0" not in username and len(username) <= LONGEST_NAME


def is_known_at_address(request: HttpRequest, credentials: Mapping[str, Any] | None) -> bool:
    """True if this user logged in from this address lately: others' guesses do not lock it out (AXES_WHITELIST_CALLABLE)."""
    username = (credentials or {}).get("username")
    return bool(username) and is_proven(credential_name(str(username)), client_address(request))


@cache
def staff_permissions() -> StaffPermissions:
    """The permissions of all apps, from the setting STAFF_PERMISSIONS."""
    composed: StaffPermissions = import_string(settings.STAFF_PERMISSIONS)
    return composed


def permissions_of(member: StaffMember) -> Permissions:
    """Permissions of this member of staff: those of the role, reduced if the member is limited to stores."""
    if not member.is_active or member.organization_id is None:
        return frozenset()
    composed = staff_permissions()
    allowed = composed.by_role.get(member.role, frozenset())
    return allowed & composed.within_stores if own_store_ids(member) else allowed


def own_store_ids(member: StaffMember) -> frozenset[int]:
    """Ids of the stores that `member` is limited to; empty: every store of the organization. One query a request."""
    known: frozenset[int] | None = getattr(member, "_own_store_ids", None)
    if known is None:
        links = StaffMember.stores.through._default_manager.filter(staffmember_id=member.pk)
        known = frozenset(links.values_list("store_id", flat=True))
        member._own_store_ids = known  # type: ignore[attr-defined]  # lives as long as the request's member of staff
    return known


class RoleBackend(ModelBackend):
    """Log-in by user name and password, with permissions by role.

    Passwords are checked like the secrets of tills: one at a time in a process, and names that do not exist cost the same until
    their address has tried too many (organizations/credentials/verification_cache.py).
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_kwargs: Any
    ) -> StaffMember | None:
        """The member of staff, if the password is right. Raises `VerificationUnavailableError` if too many checks wait."""
        if not username or not password:
            return None
        address = client_address(request) if request else UNKNOWN_ADDRESS
        member = StaffMember.objects.filter(username=username).first()
        if member is None or not self.user_can_authenticate(member):
            refuse_credential(password, address=address)
            return None
        good = verify_cached(
            credential_name(username),
            stored_hash=member.password,
            secret=password,
            address=address,
            verify=lambda _stored, typed: member.check_password(typed),
        )
        return member if good else None

    def get_user(self, user_id: Any) -> StaffMember | None:
        """The member of staff of a session, with the organization, while the log-in is not switched off."""
        member = StaffMember.objects.select_related("organization").filter(pk=user_id).first()
        return member if member is not None and self.user_can_authenticate(member) else None

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Permissions of the role; none for a single object. Django does not ask for superusers."""
        return set(permissions_of(user_obj)) if obj is None and isinstance(user_obj, StaffMember) else set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:  # noqa: ARG002 - Django's signature
        """None: groups are not used."""
        return set()
