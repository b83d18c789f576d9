"""Roles: the table of permissions, and what a limit to stores takes away."""

import pytest
from django.test import RequestFactory

from organizations.locations.models import Store
from organizations.staff.log_in import RoleBackend, own_store_ids
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from tests.factories.staff import StaffMemberFactory

Role = StaffMember.Role


@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        (Role.ORG_ADMIN, "organizations.change_store", "organizations.add_organization"),
        (Role.ORG_ADMIN, "organizations.change_staffmember", "organizations.delete_store"),
        (Role.STORE_MANAGER, "organizations.view_till", "organizations.change_till"),
        (Role.STORE_MANAGER, "customers.judge_fraud", "organizations.view_auditentry"),
        (Role.STORE_STAFF, "customers.add_customer", "customers.judge_fraud"),
        (Role.STORE_STAFF, "customers.change_customer", "organizations.view_store"),
        (Role.CARE_AGENT, "customers.change_customer", "customers.add_customer"),
        (Role.CARE_AGENT, "organizations.view_auditentry", "organizations.view_staffmember"),
        (Role.STORE_STAFF, "subscriptions.change_consent", "subscriptions.change_consentchange"),
        (Role.AUDITOR, "organizations.view_staffmember", "customers.change_customer"),
        (Role.AUDITOR, "subscriptions.view_consentchange", "subscriptions.change_consent"),
        (Role.CARE_AGENT, "engagement.retry_deferredevent", "engagement.change_deferredevent"),
        (Role.AUDITOR, "engagement.view_deferredevent", "engagement.retry_deferredevent"),
        (Role.STORE_STAFF, "customers.add_identityrequest", "customers.decide_identityrequest"),
        (Role.STORE_MANAGER, "customers.decide_identityrequest", "customers.change_identityrequest"),
        (Role.AUDITOR, "customers.view_identityrequest", "customers.add_identityrequest"),
    ],
)
def test_a_role_allows_what_its_table_row_lists(organization: Organization, role: str, allowed: str, refused: str) -> None:
    member = StaffMemberFactory(organization=organization, role=role)
    assert member.has_perm(allowed)
    assert not member.has_perm(refused)
    assert member.has_module_perms("customers")


def test_an_administrator_limited_to_stores_cannot_touch_the_organization(organization: Organization, store: Store) -> None:
    member = StaffMemberFactory(organization=organization, role=Role.ORG_ADMIN, stores=[store])
    assert own_store_ids(member) == {store.pk}
    assert member.has_perm("customers.change_customer")
    assert member.has_perm("organizations.view_store")
    assert not member.has_perm("organizations.change_staffmember")
    assert not member.has_perm("organizations.view_auditentry")


def test_who_is_switched_off_or_has_no_role_may_nothing(organization: Organization) -> None:
    nobody = StaffMemberFactory(organization=organization, role="", username="nobody")
    gone = StaffMemberFactory(organization=organization, role=Role.ORG_ADMIN)
    gone.is_active = False
    gone.save()
    assert not nobody.get_all_permissions()
    assert not gone.get_all_permissions()


def test_permissions_are_never_about_one_object(organization: Organization) -> None:
    member = StaffMemberFactory(organization=organization, role=Role.ORG_ADMIN)
    assert not member.has_perm("organizations.change_organization", organization)


def test_a_session_ends_with_the_log_in(organization: Organization) -> None:
    member = StaffMemberFactory(organization=organization, role=Role.ORG_ADMIN)
    user = RoleBackend().get_user(member.pk)
    assert user is not None
    assert user.organization == organization
    member.is_active = False
    member.save()
    assert RoleBackend().get_user(member.pk) is None
    assert RoleBackend().get_user(0) is None


def test_an_operator_may_everything(db: None) -> None:
    assert StaffMemberFactory(operator=True).has_perm("organizations.add_organization")


def test_the_password_is_asked(organization: Organization, rf: RequestFactory) -> None:
    member = StaffMemberFactory(organization=organization, role=Role.ORG_ADMIN)
    request = rf.post("/admin/login/")
    assert RoleBackend().authenticate(request, username=member.username, password="correct-horse-battery") == member
    assert RoleBackend().authenticate(request, username=member.username, password="wrong") is None
