"""Reach of staff in services: what an action implies needs the permission for it, and sight of everybody it concerns."""

from dataclasses import replace

import pytest

from customers.merging.models import Merge
from customers.permissions import MERGE_CUSTOMERS
from customers.profile.models import Customer
from organizations.audit.actors import Actor
from organizations.locations.models import Store, Till
from organizations.staff.reach import OutOfReachError, StaffReach, current_reach, reach_of, staff_reach
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.identity_requests import ask, staff
from tests.factories.staff import StaffMemberFactory
from use_cases.identity import approve_request
from use_cases.merging import MERGE_PERMISSION, merge_customers, undo_merge

OLD, OTHER = "919812300001", "919812300002"


@pytest.fixture
def usha(indiranagar: Till) -> Customer:
    return register(indiranagar, firstname="Usha", mobile=OTHER)


def actor(organization: Organization, *stores: Store, may_merge: bool = True) -> Actor:
    permissions = frozenset(MERGE_CUSTOMERS) if may_merge else frozenset()
    reach = StaffReach(permissions=permissions, stores=frozenset(store.pk for store in stores))
    return replace(staff(organization), reach=reach)


def test_the_merge_permission_is_the_one_of_the_roles() -> None:
    assert frozenset({MERGE_PERMISSION}) == MERGE_CUSTOMERS


def test_a_merge_needs_the_permission_and_sight_of_both(
    organization: Organization, store: Store, indiranagar: Till, anna: Customer, usha: Customer
) -> None:
    both = (store, indiranagar.store)
    for by in (
        actor(organization, store),
        actor(organization, indiranagar.store),
        actor(organization, *both, may_merge=False),
        actor(organization, may_merge=False),
    ):
        with pytest.raises(OutOfReachError):
            merge_customers(survivor=anna.pk, victim=usha.pk, by=by)
    assert not Merge.objects.exists()
    merge = merge_customers(survivor=anna.pk, victim=usha.pk, by=actor(organization, *both)).merge
    for by in (actor(organization, store), actor(organization, may_merge=False)):
        with pytest.raises(OutOfReachError):
            undo_merge(merge, reason="Two people", by=by)
    assert undo_merge(merge, reason="Two people", by=actor(organization)).undone_at


def test_an_approval_that_merges_needs_what_a_merge_needs(
    organization: Organization, store: Store, till: Till, anna: Customer, usha: Customer
) -> None:
    request = ask(till, "mobile", OLD, OTHER)
    for by in (actor(organization, store), actor(organization, may_merge=False)):
        with pytest.raises(OutOfReachError):
            approve_request(request.pk, by=by)
    request.refresh_from_db()
    assert request.status == "PENDING"
    assert approve_request(request.pk, by=actor(organization)).status == "APPROVED"


def test_an_approval_without_a_merge_needs_no_sight_of_others(
    organization: Organization, store: Store, till: Till, anna: Customer
) -> None:
    request = ask(till, "mobile", OLD, "919812300009")
    assert approve_request(request.pk, by=actor(organization, store, may_merge=False)).status == "APPROVED"


def test_reach_is_that_of_role_and_stores(organization: Organization, store: Store, indiranagar: Till) -> None:
    limited = reach_of(StaffMemberFactory(organization=organization, role="store_manager", stores=[store]))
    assert (limited.may("customers.merge_customers"), limited.may("engagement.view_program")) == (True, False)
    assert [limited.covers(pk) for pk in (store.pk, indiranagar.store.pk, None)] == [True, False, False]
    agent = reach_of(StaffMemberFactory(organization=organization, role="care_agent"))
    assert (agent.covers(None), agent.may("organizations.change_store")) == (True, False)
    operator = StaffMemberFactory(operator=True)
    assert reach_of(operator).may("organizations.change_store")
    operator.is_active = False
    assert not reach_of(operator).may("organizations.change_store")


def test_pages_print_within_the_reach_of_the_current_user(organization: Organization, store: Store) -> None:
    member = StaffMemberFactory(organization=organization, role="store_staff", stores=[store])
    with staff_reach(member):
        assert current_reach().stores == {store.pk}
    assert current_reach().stores == frozenset()
