"""Scope of the back office: the current user's organization, and none before log-in."""

from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from organizations.back_office.middleware import StaffScopeMiddleware
from organizations.locations.models import Store, Till
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import OutsideScopeError, no_scope
from tests.factories.staff import StaffMemberFactory


def stores_seen(rf: RequestFactory, user: StaffMember | AnonymousUser, path: str = "/admin/") -> tuple[set[str], str]:
    """The codes of the stores that a page at `path` sees, and its time zone."""
    seen: list[tuple[set[str], str]] = []

    def page(_request: HttpRequest) -> HttpResponse:
        seen.append((set(Store.objects.values_list("code", flat=True)), timezone.get_current_timezone_name()))
        return HttpResponse()

    request = rf.get(path)
    request.user, request.session = user, SessionStore()
    with no_scope():
        StaffScopeMiddleware(page)(request)
    return seen[0]


def test_staff_see_their_organization_in_its_time_zone(
    rf: RequestFactory, organization: Organization, store: Store, stranger: Till
) -> None:
    assert stores_seen(rf, StaffMemberFactory(organization=organization, role="store_staff")) == (
        {"blr.mgroad"},
        "Asia/Kolkata",
    )
    assert timezone.get_current_timezone() == ZoneInfo("UTC")


def test_operators_see_every_organization(rf: RequestFactory, store: Store, stranger: Till) -> None:
    assert stores_seen(rf, StaffMemberFactory(operator=True)) == ({"blr.mgroad", "bazaar.main"}, "UTC")


def test_nothing_is_shown_before_log_in(rf: RequestFactory, store: Store) -> None:
    with pytest.raises(OutsideScopeError):
        stores_seen(rf, AnonymousUser())


def test_other_addresses_enter_no_scope(rf: RequestFactory, organization: Organization, store: Store) -> None:
    with pytest.raises(OutsideScopeError):
        stores_seen(rf, StaffMemberFactory(organization=organization, role="org_admin"), "/v1.1/customer/get")
