"""Queues: one statement counts them all, for those who may see their rows, up to a limit."""

from typing import Any

import pytest
from django.db.models import QuerySet
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from organizations.back_office import queues
from organizations.back_office.queues import Queue, count_queues, queue_label
from organizations.locations.models import Store, Till
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from tests.factories.locations import StoreFactory, TillFactory
from tests.factories.staff import StaffMemberFactory


def all_stores(_request: HttpRequest) -> QuerySet[Any]:
    return Store.objects.all()


def all_tills(_request: HttpRequest) -> QuerySet[Any]:
    return Till.objects.order_by("code")


def of_nobody(_request: HttpRequest) -> None:
    return None


STORES = Queue("Stores", "storefront", "organizations.store", all_stores, (("is_active__exact", "1"),))
TILLS = Queue("Tills", "point_of_sale", "organizations.till", all_tills)
NONE = Queue("Zones", "map", "organizations.zone", of_nobody)
QUEUES = (STORES, TILLS, NONE)


def request_of(member: StaffMember) -> HttpRequest:
    request = RequestFactory().get("/admin/")
    request.user = member
    return request


@pytest.fixture
def manager(organization: Organization) -> HttpRequest:
    return request_of(StaffMemberFactory(organization=organization, role="org_admin"))


def test_all_queues_are_counted_by_one_statement(
    manager: HttpRequest, organization: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    store = StoreFactory(organization=organization)
    for _ in range(3):
        TillFactory(store=store)
    manager.user.has_perm("organizations.view_store")
    with django_assert_num_queries(1):
        assert count_queues(manager, QUEUES) == {STORES: 1, TILLS: 3}
    with django_assert_num_queries(0):
        assert count_queues(manager, QUEUES) == {STORES: 1, TILLS: 3}


def test_counting_stops_at_the_limit(manager: HttpRequest, organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "MOST", 2)
    store = StoreFactory(organization=organization)
    for _ in range(5):
        TillFactory(store=store)
    counted = count_queues(manager, QUEUES)
    assert counted[TILLS] == 3
    assert [queue_label(count) for count in (2, counted[TILLS])] == ["2", "2+"]


def test_rows_of_other_organizations_are_not_counted(manager: HttpRequest, stranger: Till) -> None:
    assert count_queues(manager, QUEUES) == {STORES: 0, TILLS: 0}


def test_who_may_not_see_the_rows_gets_no_number(
    organization: Organization, store: Store, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    care_agent = request_of(StaffMemberFactory(organization=organization, role="care_agent"))
    care_agent.user.has_perm("organizations.view_store")
    with django_assert_num_queries(0):
        assert count_queues(care_agent, QUEUES) == {}


def test_a_queue_leads_to_its_rows() -> None:
    assert STORES.address == "/admin/organizations/store/?is_active__exact=1"
    assert TILLS.address == "/admin/organizations/till/"
