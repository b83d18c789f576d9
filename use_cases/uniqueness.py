"""Changes of the settings of uniqueness: refused while customers share values, else carried out on all identifiers at once."""

from collections.abc import Mapping
from typing import Any

from customers.identifiers.exclusivity import SharedValuesError, align_rows, check_exclusive
from customers.identifiers.rules import UNIQUENESS_SETTINGS
from loyalty_project.db.locks import lock
from organizations.organization_file.problems import Problem
from organizations.policies import Policy
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


def hold_settings(code: str) -> Mapping[str, Any] | None:
    """The stored settings of the organization, held until the transaction ends; None without such an organization.

    No identifier is added in between (`settings_guard`). Raises `django.db.OperationalError` if it is not free in time (55P03).
    """
    organization = lock(Organization.objects.filter(code=code)).first()
    return None if organization is None else organization.flags


def find_obstacle(organization: Organization, *, before: Mapping[str, Any], after: Mapping[str, Any]) -> Problem | None:
    """The setting that cannot change because customers share values, with the first of them; None if all can.

    Call it in a transaction that holds the settings `before`.
    """
    try:
        with organization_scope(organization):
            check_exclusive(Policy.from_flags(before), Policy.from_flags(after))
    except SharedValuesError as error:
        changed = next(name for name in UNIQUENESS_SETTINGS if before.get(name) != after.get(name))
        return Problem(changed, str(error))
    return None


def changes_uniqueness(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """True if a setting differs that decides which identifiers belong to one customer only."""
    return any(before.get(name) != after.get(name) for name in UNIQUENESS_SETTINGS)


def follow_settings(organization: Organization, *, before: Mapping[str, Any]) -> None:
    """Make all identifiers follow the organization's settings, in the transaction that changed them from `before`."""
    with organization_scope(organization):
        align_rows(Policy.from_flags(before), organization.policy)
